"""boto3 makes, changes, lists and removes functions, their policies and settings."""

import json
import urllib.error
import urllib.request

import pytest
from functions import ECHO, HANDLER, RUNTIME, answer, fetch, role, sha256, zipped

ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:"


@pytest.fixture
def the_role(function_server, names):
    return role(function_server.client("iam"), names())


def test_a_function_is_as_it_was_made(functions, the_role, names):
    name, code = names(), zipped(ECHO)
    made = functions.create_function(
        FunctionName=name, Runtime=RUNTIME, Role=the_role, Handler=HANDLER, Code={"ZipFile": code},
        Description="it echoes", Timeout=5, MemorySize=256, Environment={"Variables": {"bucket": "lake"}},
        Tags={"team": "data"}, Architectures=["arm64"], EphemeralStorage={"Size": 1024}, PackageType="Zip",
        TracingConfig={"Mode": "PassThrough"}, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
        LoggingConfig={"LogFormat": "Text", "LogGroup": "/lake"},
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    functions.get_waiter("function_active_v2").wait(FunctionName=name)
    functions.get_waiter("function_exists").wait(FunctionName=name)
    got = functions.get_function(FunctionName=name)
    expected = {
        "FunctionName": name, "FunctionArn": f"{ARN}function:{name}", "Runtime": RUNTIME, "Role": the_role,
        "Handler": HANDLER, "CodeSize": len(code), "CodeSha256": sha256(code), "Description": "it echoes",
        "Timeout": 5, "MemorySize": 256, "Version": "$LATEST", "Environment": {"Variables": {"bucket": "lake"}},
        "PackageType": "Zip", "Architectures": ["arm64"], "EphemeralStorage": {"Size": 1024}, "State": "Active",
        "LastUpdateStatus": "Successful", "TracingConfig": {"Mode": "PassThrough"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/lake"},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
    }
    configuration = got["Configuration"]
    assert {key: configuration[key] for key in expected} == expected
    assert configuration["LastModified"].endswith("+0000") and len(configuration["RevisionId"]) == 36
    assert got["Tags"] == {"team": "data"} and "Concurrency" not in got
    read = functions.get_function_configuration(FunctionName=f"{ARN}function:{name}")
    assert {key: read[key] for key in expected} == expected


def test_its_code_can_be_downloaded(functions, make_function, who_may, refused):
    code = zipped(ECHO)
    name = make_function(Code={"ZipFile": code})
    where = functions.get_function(FunctionName=name)["Code"]
    assert where["RepositoryType"] == "S3" and fetch(where["Location"]) == code
    assert fetch(where["Location"]) == code, "a link holds for more than once"
    base, word = where["Location"].rsplit("=", 1)
    for wrong in (word[:-1], word[::-1], ""):
        with pytest.raises(urllib.error.HTTPError) as caught:
            fetch(f"{base}={wrong}")
        assert caught.value.code == 403
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(where["Location"], method="PUT", data=b"x"), timeout=30)
    assert caught.value.code == 405
    nobody = who_may({"Effect": "Allow", "Action": "lambda:ListFunctions", "Resource": "*"})("lambda")
    refused("AccessDeniedException", nobody.get_function, FunctionName=name, status=403)


def test_code_comes_from_a_bucket(function_server, functions, make_function, who_may, names, refused, the_role):
    s3, bucket = function_server.client("s3"), names()
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="code/f 1.zip", Body=zipped("def lambda_handler(e, c):\n    return 1\n"))
    s3.put_object(Bucket=bucket, Key="code/f 1.zip", Body=zipped("def lambda_handler(e, c):\n    return 2\n"))
    code = {"S3Bucket": bucket, "S3Key": "code/f 1.zip"}
    name = make_function(Code=code)
    assert answer(functions.invoke(FunctionName=name)) == 2
    functions.update_function_code(FunctionName=name, **code, S3ObjectVersion=old["VersionId"])
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert answer(functions.invoke(FunctionName=name)) == 1
    said = refused(
        "InvalidParameterValueException", functions.update_function_code, FunctionName=name, S3Bucket=bucket,
        S3Key="none.zip", status=400,
    )
    assert said["Error"]["Message"].startswith("Error occurred while GetObject. S3 Error Code: NoSuchKey.")
    may = who_may(
        {"Effect": "Allow", "Action": ["lambda:*", "iam:PassRole"], "Resource": "*"},
    )("lambda")
    refused("AccessDeniedException", may.update_function_code, FunctionName=name, **code, status=403)


def test_code_and_configuration_change(functions, make_function, refused):
    name = make_function("def lambda_handler(e, c):\n    return 'old'\n")
    before = functions.get_function_configuration(FunctionName=name)
    code = zipped("import os\ndef lambda_handler(e, c):\n    return os.environ.get('WORD', 'new')\n")
    stale = {"FunctionName": name, "RevisionId": "00000000-0000-0000-0000-000000000000"}
    refused("PreconditionFailedException", functions.update_function_code, **stale, ZipFile=code, status=412)
    refused("PreconditionFailedException", functions.update_function_configuration, **stale, Timeout=9, status=412)
    dry = functions.update_function_code(FunctionName=name, ZipFile=code, DryRun=True)
    assert dry["CodeSha256"] == sha256(code)
    assert answer(functions.invoke(FunctionName=name)) == "old"
    changed = functions.update_function_code(FunctionName=name, ZipFile=code, RevisionId=before["RevisionId"])
    assert changed["RevisionId"] != before["RevisionId"]
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert answer(functions.invoke(FunctionName=name)) == "new"
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"WORD": "said"}}, Timeout=9, MemorySize=512, Description="d",
    )
    functions.get_waiter("function_updated").wait(FunctionName=name)
    assert answer(functions.invoke(FunctionName=name)) == "said"
    read = functions.get_function_configuration(FunctionName=name)
    assert (read["Timeout"], read["MemorySize"], read["Description"], read["Handler"]) == (9, 512, "d", HANDLER)
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {}})
    assert answer(functions.invoke(FunctionName=name)) == "new"


def test_functions_are_listed_by_pages(functions, make_function, names):
    made = [make_function() for _ in range(3)]
    pages = functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    pages = list(pages)
    assert all(len(page["Functions"]) <= 2 for page in pages) and len(pages) > 1
    listed = [one for page in pages for one in page["Functions"]]
    assert set(made) <= {one["FunctionName"] for one in listed}
    assert all("State" not in one for one in listed), "lists do not tell how a function stands"
    functions.publish_version(FunctionName=made[0])
    everything = functions.get_paginator("list_functions").paginate(FunctionVersion="ALL").build_full_result()
    arns = {one["FunctionArn"] for one in everything["Functions"]}
    assert {f"{ARN}function:{made[0]}:$LATEST", f"{ARN}function:{made[0]}:1"} <= arns


def test_a_function_is_removed(functions, make_function, refused):
    name = make_function()
    gone = functions.delete_function(FunctionName=name)
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    for call in (functions.get_function, functions.invoke, functions.delete_function, functions.get_policy):
        said = refused("ResourceNotFoundException", call, FunctionName=name, status=404)
        assert said["Error"]["Message"] == f"Function not found: {ARN}function:{name}"
        assert said["Type"] == "User"


def test_a_policy_lets_others_in(functions, make_function, who_may, refused):
    name = make_function()
    refused("ResourceNotFoundException", functions.get_policy, FunctionName=name, status=404)
    given = {
        "FunctionName": name, "StatementId": "from-s3", "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::lake", "SourceAccount": ACCOUNT,
    }
    added = functions.add_permission(**given)
    assert added["ResponseMetadata"]["HTTPStatusCode"] == 201
    statement = {
        "Sid": "from-s3", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction", "Resource": f"{ARN}function:{name}",
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": ACCOUNT}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::lake"},
        },
    }
    assert json.loads(added["Statement"]) == statement
    policy = functions.get_policy(FunctionName=name)
    assert json.loads(policy["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}
    refused("ResourceConflictException", functions.add_permission, **given, status=409)
    user = who_may({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"})
    refused("AccessDeniedException", user("lambda").invoke, FunctionName=name, status=403)
    who = user("sts").get_caller_identity()["Arn"]
    functions.add_permission(FunctionName=name, StatementId="user", Action="lambda:InvokeFunction", Principal=who)
    assert answer(user("lambda").invoke(FunctionName=name, Payload=b"1")) == 1
    stale = {"FunctionName": name, "StatementId": "user", "RevisionId": policy["RevisionId"]}
    refused("PreconditionFailedException", functions.remove_permission, **stale, status=412)
    gone = functions.remove_permission(FunctionName=name, StatementId="user")
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused("AccessDeniedException", user("lambda").invoke, FunctionName=name, status=403)
    refused("ResourceNotFoundException", functions.remove_permission, FunctionName=name, StatementId="x", status=404)


def test_how_events_go_is_set(functions, make_function, refused):
    name, target = make_function(), make_function()
    arn = functions.get_function_configuration(FunctionName=target)["FunctionArn"]
    refused("ResourceNotFoundException", functions.get_function_event_invoke_config, FunctionName=name, status=404)
    put = functions.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    assert put["FunctionArn"] == f"{ARN}function:{name}:$LATEST" and put["LastModified"].tzinfo
    assert put["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": arn}}
    functions.update_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    got = functions.get_function_event_invoke_config(FunctionName=name)
    assert (got["MaximumRetryAttempts"], got["MaximumEventAgeInSeconds"]) == (1, 60)
    functions.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=2)
    got = functions.get_function_event_invoke_config(FunctionName=name)
    assert "MaximumEventAgeInSeconds" not in got and "Destination" not in got["DestinationConfig"]["OnFailure"]
    listed = functions.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    assert [one["MaximumRetryAttempts"] for one in listed] == [2]
    wrong = ("InvalidParameterValueException", "ValidationException")
    refused(wrong, functions.put_function_event_invoke_config, FunctionName=name, MaximumRetryAttempts=3, status=400)
    functions.delete_function_event_invoke_config(FunctionName=name)
    refused("ResourceNotFoundException", functions.get_function_event_invoke_config, FunctionName=name, status=404)


def test_reserved_concurrency_and_the_account(functions, make_function, refused):
    name = make_function()
    before = functions.get_account_settings()
    assert before["AccountLimit"]["TotalCodeSize"] == 80530636800
    assert before["AccountLimit"]["CodeSizeUnzipped"] == 262144000
    assert before["AccountLimit"]["ConcurrentExecutions"] == 1000 and before["AccountUsage"]["FunctionCount"] >= 1
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(FunctionName=name)
    put = functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert put["ReservedConcurrentExecutions"] == 0
    said = refused("TooManyRequestsException", functions.invoke, FunctionName=name, status=429)
    assert said["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert said["Type"] == "User" and said["Error"]["Message"] == "Rate Exceeded."
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
    assert functions.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    after = functions.get_account_settings()["AccountLimit"]
    assert after["UnreservedConcurrentExecutions"] == 995
    assert answer(functions.invoke(FunctionName=name, Payload=b"7")) == 7
    refused(
        "InvalidParameterValueException", functions.put_function_concurrency, FunctionName=name,
        ReservedConcurrentExecutions=901, status=400,
    )
    functions.delete_function_concurrency(FunctionName=name)
    assert "Concurrency" not in functions.get_function(FunctionName=name)


def test_tags(functions, make_function, refused):
    name = make_function(Tags={"a": "1"})
    arn = f"{ARN}function:{name}"
    functions.tag_resource(Resource=arn, Tags={"b": "2 x/y", "c": ""})
    functions.untag_resource(Resource=arn, TagKeys=["a", "c"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"b": "2 x/y"}
    assert functions.get_function(FunctionName=name)["Tags"] == {"b": "2 x/y"}
    refused("ResourceNotFoundException", functions.list_tags, Resource=f"{arn}-none", status=404)

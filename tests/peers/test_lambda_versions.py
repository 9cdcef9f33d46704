"""boto3 publishes versions of functions and layers, and makes aliases."""

from functions import RUNTIME, answer, fetch, sha256, zipped

ARN = "arn:aws:lambda:us-east-1:123456789012:"


def test_versions_stay_as_they_are(functions, make_function, refused):
    name = make_function("def lambda_handler(e, c):\n    return c.function_version\n")
    one = functions.publish_version(FunctionName=name, Description="first")
    assert (one["Version"], one["FunctionArn"]) == ("1", f"{ARN}function:{name}:1")
    assert one["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert functions.publish_version(FunctionName=name, Description="first")["Version"] == "1"
    code = zipped("def lambda_handler(e, c):\n    return 'v' + c.function_version\n")
    two = functions.update_function_code(FunctionName=name, ZipFile=code, Publish=True)
    assert two["Version"] == "2"
    refused(
        "InvalidParameterValueException", functions.publish_version, FunctionName=name, CodeSha256="x", status=400
    )
    for qualifier, said in (("1", "1"), ("2", "v2"), ("$LATEST", "v$LATEST")):
        invoked = functions.invoke(FunctionName=name, Qualifier=qualifier)
        assert (answer(invoked), invoked["ExecutedVersion"]) == (said, qualifier)
    pages = functions.get_paginator("list_versions_by_function").paginate(
        FunctionName=name, PaginationConfig={"PageSize": 2}
    )
    assert [one["Version"] for page in pages for one in page["Versions"]] == ["$LATEST", "1", "2"]
    functions.delete_function(FunctionName=name, Qualifier="1")
    refused("ResourceNotFoundException", functions.get_function, FunctionName=name, Qualifier="1", status=404)


def test_aliases_point_to_versions_and_share_out(functions, make_function, refused):
    name = make_function("def lambda_handler(e, c):\n    return c.function_version\n")
    functions.publish_version(FunctionName=name)
    functions.update_function_configuration(FunctionName=name, Description="changed")
    functions.publish_version(FunctionName=name)
    live = functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1", Description="d")
    assert live["AliasArn"] == f"{ARN}function:{name}:live" and live["ResponseMetadata"]["HTTPStatusCode"] == 201
    refused(
        "ResourceConflictException", functions.create_alias, FunctionName=name, Name="live", FunctionVersion="1",
        status=409,
    )
    refused(
        "ResourceNotFoundException", functions.create_alias, FunctionName=name, Name="b", FunctionVersion="9",
        status=404,
    )
    assert answer(functions.invoke(FunctionName=f"{name}:live")) == "1"
    routing = {"AdditionalVersionWeights": {"2": 0.5}}
    changed = functions.update_alias(FunctionName=name, Name="live", RoutingConfig=routing)
    assert changed["RoutingConfig"] == routing and changed["RevisionId"] != live["RevisionId"]
    refused(
        "PreconditionFailedException", functions.update_alias, FunctionName=name, Name="live",
        RevisionId=live["RevisionId"], FunctionVersion="2", status=412,
    )
    # One of a hundred thousand million times all go one way.
    seen = {functions.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] for _ in range(38)}
    assert seen == {"1", "2"}
    functions.create_alias(FunctionName=name, Name="beta", FunctionVersion="2")
    pages = functions.get_paginator("list_aliases").paginate(FunctionName=name, PaginationConfig={"PageSize": 1})
    assert [one["Name"] for page in pages for one in page["Aliases"]] == ["beta", "live"]
    of_two = functions.list_aliases(FunctionName=name, FunctionVersion="2")["Aliases"]
    assert [one["Name"] for one in of_two] == ["beta"]
    functions.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert "RoutingConfig" not in functions.get_alias(FunctionName=name, Name="live")
    refused("ResourceConflictException", functions.delete_function, FunctionName=name, Qualifier="2", status=409)
    gone = functions.delete_alias(FunctionName=name, Name="live")
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused("ResourceNotFoundException", functions.get_alias, FunctionName=name, Name="live", status=404)


def test_layers_are_laid_over_one_another(function_server, functions, make_function, names, refused):
    low, high, bucket = names(), names(), names()
    content = zipped(("python/shared/__init__.py", ""), ("python/shared/a.py", "v = 'low'"),
                     ("python/shared/b.py", "v = 'low'"))
    first = functions.publish_layer_version(
        LayerName=low, Content={"ZipFile": content}, CompatibleRuntimes=[RUNTIME], Description="shared",
        LicenseInfo="MIT", CompatibleArchitectures=["x86_64"],
    )
    assert first["LayerVersionArn"] == f"{ARN}layer:{low}:1" and first["Version"] == 1
    assert first["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert first["Content"]["CodeSha256"] == sha256(content) and fetch(first["Content"]["Location"]) == content
    s3 = function_server.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="layer.zip", Body=zipped(("python/shared/b.py", "v = 'high'"), ("data", "x")))
    second = functions.publish_layer_version(LayerName=high, Content={"S3Bucket": bucket, "S3Key": "layer.zip"})
    arns = [first["LayerVersionArn"], second["LayerVersionArn"]]
    name = make_function(
        "import sys\nfrom shared import a, b\n"
        "def lambda_handler(e, c):\n    return [a.v, b.v, open('/opt/data').read() if e else None]\n",
        Layers=arns,
    )
    invoked = functions.invoke(FunctionName=name, LogType="Tail", Payload=b"false")
    assert answer(invoked) == ["low", "high", None]
    used = functions.get_function_configuration(FunctionName=name)["Layers"]
    assert used[0] == {"Arn": arns[0], "CodeSize": len(content)} and [one["Arn"] for one in used] == arns
    got = functions.get_layer_version(LayerName=low, VersionNumber=1)
    assert fetch(got["Content"]["Location"]) == content and got["LicenseInfo"] == "MIT"
    by_arn = functions.get_layer_version_by_arn(Arn=arns[0])
    assert by_arn["LayerVersionArn"] == arns[0] and by_arn["CompatibleRuntimes"] == [RUNTIME]
    functions.publish_layer_version(LayerName=low, Content={"ZipFile": content})
    pages = functions.get_paginator("list_layer_versions").paginate(LayerName=low, PaginationConfig={"PageSize": 1})
    assert [one["Version"] for page in pages for one in page["LayerVersions"]] == [2, 1]
    listed = functions.list_layers(CompatibleRuntime=RUNTIME)["Layers"]
    newest = {one["LayerName"]: one["LatestMatchingVersion"]["Version"] for one in listed}
    assert newest[low] == 1 and high not in newest
    listed = functions.get_paginator("list_layers").paginate().build_full_result()["Layers"]
    assert {one["LayerName"]: one["LatestMatchingVersion"]["Version"] for one in listed}[low] == 2
    gone = functions.delete_layer_version(LayerName=low, VersionNumber=1)
    assert gone["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused("ResourceNotFoundException", functions.get_layer_version, LayerName=low, VersionNumber=1, status=404)
    assert answer(functions.invoke(FunctionName=name, Payload=b"false")) == ["low", "high", None]

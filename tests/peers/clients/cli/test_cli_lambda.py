"""The AWS command line: every operation of lambda."""

import json

import pytest
from command_line import served
from functions import HANDLER, RUNTIME, fetch, sha256, trust, zipped
from ledger import until

ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}"
FUNCTION = f"{ARN}:function:f"
CODE = """
import boto3, os
def lambda_handler(event, context):
    if "key" in event:
        boto3.client("s3").put_object(Bucket=os.environ["bucket"], Key=event["key"])
    return {"n": event.get("n", 0) + 1, "version": context.function_version}
"""


@pytest.fixture(scope="module", autouse=True)
def bucket(aws):
    aws("s3api create-bucket --bucket lake")


def invoke(aws, options):
    """What the command says, and what the function answers."""
    said = aws(f"lambda invoke --function-name f {options} out.json")
    return said, json.loads((aws.folder / "out.json").read_text())


def test_a_layer(aws):
    content = zipped(("python/shared.py", "v = 1"))
    aws.file("layer.zip", content)
    made = aws("lambda publish-layer-version --layer-name shared --zip-file fileb://layer.zip --description first"
               f" --compatible-runtimes {RUNTIME} --license-info MIT")
    arn = f"{ARN}:layer:shared:1"
    assert (made["LayerVersionArn"], made["Version"], made["Description"]) == (arn, 1, "first")
    assert made["Content"]["CodeSha256"] == sha256(content)
    got = aws("lambda get-layer-version --layer-name shared --version-number 1")
    assert fetch(got["Content"]["Location"]) == content and got["LicenseInfo"] == "MIT"
    by_arn = aws(f"lambda get-layer-version-by-arn --arn {arn}")
    assert (by_arn["LayerVersionArn"], by_arn["CompatibleRuntimes"]) == (arn, [RUNTIME])
    (layer,) = aws("lambda list-layers")["Layers"]
    assert (layer["LayerName"], layer["LatestMatchingVersion"]["Version"]) == ("shared", 1)
    versions = aws("lambda list-layer-versions --layer-name shared")["LayerVersions"]
    assert [one["LayerVersionArn"] for one in versions] == [arn]
    aws("lambda delete-layer-version --layer-name shared --version-number 1")
    assert aws("lambda list-layers") == {"Layers": []}


def test_a_function(aws):
    role = aws("iam create-role --role-name runs --assume-role-policy-document", trust())["Role"]["Arn"]
    aws("iam attach-role-policy --role-name runs --policy-arn arn:aws:iam::aws:policy/AmazonS3FullAccess")
    aws.file("f.zip", zipped(CODE))
    made = aws(f"lambda create-function --function-name f --runtime {RUNTIME} --handler {HANDLER} --role {role}"
               " --zip-file fileb://f.zip --timeout 60 --environment Variables={bucket=lake} --tags team=data")
    assert (made["FunctionArn"], made["CodeSha256"]) == (FUNCTION, sha256(zipped(CODE)))
    aws("lambda wait function-active-v2 --function-name f")
    got = aws("lambda get-function --function-name f")
    assert got["Tags"] == {"team": "data"} and fetch(got["Code"]["Location"]) == zipped(CODE)
    shown = aws("lambda get-function-configuration --function-name f")
    assert (shown["State"], shown["Timeout"]) == ("Active", 60)
    assert shown["Environment"] == {"Variables": {"bucket": "lake"}}
    (listed,) = aws("lambda list-functions")["Functions"]
    assert (listed["FunctionName"], listed["RevisionId"]) == ("f", shown["RevisionId"])


def test_invocations(aws):
    aws.file("event.json", '{"n": 41}')
    said, answer = invoke(aws, "--payload file://event.json --log-type Tail")
    assert answer == {"n": 42, "version": "$LATEST"}
    assert (said["StatusCode"], said["ExecutedVersion"]) == (200, "$LATEST") and said["LogResult"]
    assert aws("lambda invoke --function-name f --invocation-type Event --payload", '{"key": "a"}', "out.json") == {
        "StatusCode": 202,
    }
    aws.file("event.json", '{"key": "b"}')
    assert aws("lambda invoke-async --function-name f --invoke-args event.json") == {"Status": 202}

    def written():
        return [one["Key"] for one in aws("s3api list-objects-v2 --bucket lake").get("Contents", [])] == ["a", "b"]

    until(written, "both events have come to the function")


def test_changes(aws):
    code = zipped(CODE.replace("+ 1", "+ 2"))
    aws.file("f.zip", code)
    changed = aws("lambda update-function-code --function-name f --zip-file fileb://f.zip")
    assert changed["CodeSha256"] == sha256(code)
    aws("lambda wait function-updated-v2 --function-name f")
    changed = aws("lambda update-function-configuration --function-name f --timeout 30 --description second")
    assert (changed["Timeout"], changed["Description"]) == (30, "second")
    aws("lambda wait function-updated-v2 --function-name f")
    assert invoke(aws, "")[1] == {"n": 2, "version": "$LATEST"}


def test_versions_and_aliases(aws):
    made = aws("lambda publish-version --function-name f --description one")
    assert (made["Version"], made["FunctionArn"], made["Description"]) == ("1", f"{FUNCTION}:1", "one")
    versions = aws("lambda list-versions-by-function --function-name f")["Versions"]
    assert [one["Version"] for one in versions] == ["$LATEST", "1"]
    alias = aws("lambda create-alias --function-name f --name live --function-version 1")
    assert (alias["AliasArn"], alias["FunctionVersion"]) == (f"{FUNCTION}:live", "1")
    said, answer = invoke(aws, "--qualifier live")
    assert said["ExecutedVersion"] == answer["version"] == "1"
    aws("lambda update-alias --function-name f --name live --description second --function-version", "$LATEST")
    shown = aws("lambda get-alias --function-name f --name live")
    assert (shown["Description"], shown["FunctionVersion"]) == ("second", "$LATEST")
    assert aws("lambda list-aliases --function-name f") == {"Aliases": [shown]}
    aws("lambda delete-alias --function-name f --name live")
    assert aws("lambda list-aliases --function-name f") == {"Aliases": []}


def test_who_may(aws):
    given = aws("lambda add-permission --function-name f --statement-id s3 --action lambda:InvokeFunction"
                " --principal s3.amazonaws.com --source-arn arn:aws:s3:::lake")
    statement = {
        "Sid": "s3", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Resource": FUNCTION,
        "Action": "lambda:InvokeFunction", "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::lake"}},
    }
    assert json.loads(given["Statement"]) == statement
    assert json.loads(aws("lambda get-policy --function-name f")["Policy"])["Statement"] == [statement]
    aws("lambda remove-permission --function-name f --statement-id s3")
    aws.refused("ResourceNotFoundException", "lambda get-policy --function-name f")


def test_how_events_go(aws):
    put = aws("lambda put-function-event-invoke-config --function-name f --maximum-retry-attempts 0"
              " --maximum-event-age-in-seconds 60")
    assert (put["FunctionArn"], put["MaximumRetryAttempts"]) == (f"{FUNCTION}:$LATEST", 0)
    updated = aws("lambda update-function-event-invoke-config --function-name f --maximum-retry-attempts 1")
    assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (1, 60)
    assert aws("lambda get-function-event-invoke-config --function-name f") == updated
    listed = aws("lambda list-function-event-invoke-configs --function-name f")
    assert listed == {"FunctionEventInvokeConfigs": [updated]}
    aws("lambda delete-function-event-invoke-config --function-name f")
    aws.refused("ResourceNotFoundException", "lambda get-function-event-invoke-config --function-name f")


def test_how_many_at_a_time(aws):
    reserved = {"ReservedConcurrentExecutions": 5}
    assert reserved == aws(
        "lambda put-function-concurrency --function-name f --reserved-concurrent-executions 5")
    assert aws("lambda get-function-concurrency --function-name f") == reserved
    settings = aws("lambda get-account-settings")
    assert settings["AccountLimit"]["UnreservedConcurrentExecutions"] == 995
    assert settings["AccountUsage"]["FunctionCount"] == 1
    aws("lambda delete-function-concurrency --function-name f")
    assert aws("lambda get-function-concurrency --function-name f") is None


def test_tags(aws):
    aws(f"lambda tag-resource --resource {FUNCTION} --tags a=1,b=2")
    aws(f"lambda untag-resource --resource {FUNCTION} --tag-keys team b")
    assert aws(f"lambda list-tags --resource {FUNCTION}") == {"Tags": {"a": "1"}}


def test_the_end(aws):
    aws("lambda delete-function --function-name f")
    assert aws("lambda list-functions") == {"Functions": []}
    said = aws.refused("ResourceNotFoundException", "lambda invoke --function-name f out.json")
    assert f"Function not found: {FUNCTION}" in said


def test_that_was_every_operation(aws):
    assert aws.done("lambda") == served("lambda")

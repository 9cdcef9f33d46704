"""The AWS command line: lambda."""

import json
import urllib.request

import pytest
from aws_process import Aws
from functions import HANDLER, RUNTIME, trust, zipped


@pytest.fixture
def aws(function_server, tmp_path):
    return Aws(function_server, tmp_path)


def test_a_function_from_its_making_to_its_end(aws, tmp_path, names):
    name = names()
    (tmp_path / "trust.json").write_text(trust())
    made = aws.json("iam", "create-role", "--role-name", name, "--assume-role-policy-document", "file://trust.json")
    (tmp_path / "f.zip").write_bytes(zipped("def lambda_handler(e, c):\n    return {'n': e['n'] + 1}\n"))
    created = aws.json(
        "lambda", "create-function", "--function-name", name, "--runtime", RUNTIME, "--handler", HANDLER,
        "--role", made["Role"]["Arn"], "--zip-file", "fileb://f.zip", "--timeout", 60,
        "--environment", "Variables={bucket=lake,stage=dev}", "--tags", "team=data",
    )
    assert created["Environment"]["Variables"] == {"bucket": "lake", "stage": "dev"}
    aws("lambda", "wait", "function-active-v2", "--function-name", name)
    said = aws.json(
        "lambda", "invoke", "--function-name", name, "--payload", '{"n": 41}', "--log-type", "Tail", "out.json",
    )
    assert said["StatusCode"] == 200 and "FunctionError" not in said and said["LogResult"]
    assert json.loads((tmp_path / "out.json").read_text()) == {"n": 42}
    assert name in [one["FunctionName"] for one in aws.json("lambda", "list-functions")["Functions"]]
    code = zipped("def lambda_handler(e, c):\n    return 'new'\n")
    (tmp_path / "f.zip").write_bytes(code)
    aws("lambda", "update-function-code", "--function-name", name, "--zip-file", "fileb://f.zip")
    aws("lambda", "wait", "function-updated-v2", "--function-name", name)
    aws("lambda", "invoke", "--function-name", name, "out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == "new"
    got = aws.json("lambda", "get-function", "--function-name", name)
    with urllib.request.urlopen(got["Code"]["Location"], timeout=30) as response:
        assert response.read() == code
    aws("lambda", "update-function-configuration", "--function-name", name, "--timeout", 7)
    assert aws.json("lambda", "get-function-configuration", "--function-name", name)["Timeout"] == 7
    aws("lambda", "delete-function", "--function-name", name)
    gone = aws("lambda", "get-function", "--function-name", name, check=False)
    assert gone.returncode != 0 and b"(ResourceNotFoundException)" in gone.stderr


def test_what_is_not_there_is_said(aws):
    done = aws("lambda", "list-event-source-mappings", check=False)
    assert done.returncode != 0 and b"(NotImplemented)" in done.stderr
    assert b"lambda:ListEventSourceMappings is not implemented" in done.stderr

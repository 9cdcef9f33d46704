"""What Lambda refuses, and what Stave has not and says so."""

import pathlib

import botocore.loaders
import pytest
from functions import ECHO, HANDLER, RUNTIME, role, zipped

ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:"
ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def the_role(function_server, names):
    return role(function_server.client("iam"), names())


def test_what_is_wrong_is_refused(function_server, functions, make_function, the_role, names, refused):
    name, code = names(), {"ZipFile": zipped(ECHO)}
    new = {"FunctionName": name, "Runtime": RUNTIME, "Role": the_role, "Handler": HANDLER, "Code": code}
    wrong, invalid = "InvalidParameterValueException", "ValidationException"

    def told(code, **changed):
        given = {key: value for key, value in (new | changed).items() if value is not None}
        said = refused(code, functions.create_function, status=400, **given)
        assert said["ResponseMetadata"]["HTTPHeaders"]["x-amzn-errortype"] == said["Error"]["Code"]
        return said["Error"]["Message"]

    assert "Value python2.6 at 'runtime' failed" in told(wrong, Runtime="python2.6")
    assert "'handler'" in told(invalid, Handler="a b")
    assert "'functionName'" in told(invalid, FunctionName="a b")
    assert "'timeout'" in told((wrong, invalid), Timeout=901)
    assert "'memorySize'" in told((wrong, invalid), MemorySize=99_999)
    assert told(wrong, Handler=None).startswith("Handler is mandatory")
    assert told(wrong, Runtime=None).startswith("Runtime is mandatory")
    assert told(wrong, Code={"ZipFile": b"PK but no zip"}).startswith("Could not unzip uploaded file.")
    assert "non-empty zip" in told(wrong, Code={"ZipFile": b""})
    assert "source for function code" in told(wrong, Code={})
    assert "S3Key" in told(wrong, Code={"S3Bucket": "lake"})
    assert "reserved keys" in told(wrong, Environment={"Variables": {"AWS_REGION": "x"}})
    cannot = "The role defined for the function cannot be assumed by Lambda."
    assert told(wrong, Role=f"arn:aws:iam::{ACCOUNT}:role/{names()}") == cannot
    assert told(wrong, Role=role(function_server.client("iam"), names(), service="glue.amazonaws.com")) == cannot
    assert "'role'" in told(invalid, Role="my-role")
    assert "Layer version" in told(wrong, Layers=[f"{ARN}layer:none:1"])
    refused("ResourceNotFoundException", functions.get_function, FunctionName=name, status=404)
    make_function(FunctionName=name, Role=the_role)
    said = refused("ResourceConflictException", functions.create_function, status=409, **new)
    assert said["Error"]["Message"] == f"Function already exist: {name}" and said["Type"] == "User"


def test_what_is_not_there_is_refused_by_its_name(functions, the_role, names, refused):
    new = {
        "FunctionName": names(), "Runtime": RUNTIME, "Role": the_role, "Handler": HANDLER,
        "Code": {"ZipFile": zipped(ECHO)},
    }
    for changed, named in [
        ({"PackageType": "Image", "Code": {"ImageUri": "x"}}, "PackageType Image"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "VpcConfig"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:q"}}, "DeadLetterConfig"),
        ({"TracingConfig": {"Mode": "Active"}}, "TracingConfig"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart"),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, "LogFormat JSON"),
        ({"KMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k"}, "KMSKeyArn"),
        ({"Runtime": "java21"}, "java21"),
    ]:
        said = refused("NotImplemented", functions.create_function, status=501, **new | changed)
        assert named in said["Error"]["Message"], said


def filler(shape):
    """Something that botocore takes for a value of that shape."""
    if shape.type_name == "structure":
        return {name: filler(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [filler(shape.member)] * max(1, shape.metadata.get("min", 1))
    if shape.type_name == "map":
        return {}
    if shape.type_name == "string":
        return (shape.enum or ["x" * max(1, shape.metadata.get("min", 1))])[0]
    return {"blob": b"x", "boolean": True, "timestamp": 0, "float": 1.0, "double": 1.0}.get(
        shape.type_name, shape.metadata.get("min", 1),
    )


def others():
    """The operations of Lambda that Stave does not serve."""
    table = (ROOT / "tools/wire-types/services.toml").read_text().split("[lambda]")[1].split("[logs]")[0]
    model = botocore.loaders.Loader().load_service_model("lambda", "service-2")
    return sorted(set(model["operations"]) - {line.strip(' ",') for line in table.splitlines()})


@pytest.mark.parametrize("operation", others())
def test_an_operation_that_is_not_there_says_its_name(functions, who_may, refused, operation):
    method = botocore.xform_name(operation)
    given = filler(functions.meta.service_model.operation_model(operation).input_shape)
    said = refused("NotImplemented", getattr(functions, method), status=501, **given)
    assert said["Error"]["Message"] == f"lambda:{operation} is not implemented"
    if operation.startswith("ListE"):
        nobody = who_may({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})("lambda")
        said = refused("AccessDeniedException", getattr(nobody, method), status=403, **given)
        assert f"lambda:{operation}" in said["Error"]["Message"]

"""boto3 asks who it is, and takes roles."""

import json

import pytest

from test_iam import ACCOUNT, READ, allow, deny, document, trust


@pytest.fixture(scope="module")
def iam(http_server):
    return http_server.client("iam")


@pytest.fixture
def user(http_server, iam, names):
    """A user with a key: its ARN, and its clients."""
    name = names()
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return arn, lambda service: http_server.client(service, key=(key["AccessKeyId"], key["SecretAccessKey"]))


@pytest.fixture
def role(iam, names, user):
    """A role that the user may take."""
    arn = iam.create_role(RoleName=names(), AssumeRolePolicyDocument=trust({"AWS": user[0]}))["Role"]["Arn"]
    name = arn.split("/")[-1]
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    return arn


def session(http_server, answer, service):
    credentials = answer["Credentials"]
    key = credentials["AccessKeyId"], credentials["SecretAccessKey"]
    return http_server.client(service, key=key, token=credentials["SessionToken"])


def test_who_one_is(http_server, user):
    root = http_server.client("sts").get_caller_identity()
    assert root["Account"] == ACCOUNT and root["Arn"] == f"arn:aws:iam::{ACCOUNT}:root" and root["UserId"] == ACCOUNT
    arn, clients = user
    mine = clients("sts").get_caller_identity()
    assert mine["Arn"] == arn and mine["UserId"].startswith("AIDA")


def test_a_role_is_taken(http_server, user, role, bucket, refused):
    _, clients = user
    refused("AccessDenied", clients("s3").list_buckets, status=403)
    taken = clients("sts").assume_role(RoleArn=role, RoleSessionName="etl")
    assert taken["Credentials"]["AccessKeyId"].startswith("ASIA") and taken["Credentials"]["Expiration"].tzinfo
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.split('/')[-1]}/etl"
    assert taken["AssumedRoleUser"]["Arn"] == who
    assert session(http_server, taken, "sts").get_caller_identity()["Arn"] == who
    s3 = session(http_server, taken, "s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    import requests

    assert requests.get(url, timeout=10).content == b"x"
    # Without its token, with another's, or with one that is made up, it is nobody.
    credentials = taken["Credentials"]
    key = credentials["AccessKeyId"], credentials["SecretAccessKey"]
    for token in (None, "made up", credentials["SessionToken"][:-4] + "AAAA"):
        other = http_server.client("s3", key=key, token=token)
        refused(("InvalidAccessKeyId", "InvalidToken", "InvalidClientTokenId"), other.list_buckets)


def test_a_session_policy_only_takes_away(http_server, user, role, bucket, refused):
    taken = user[1]("sts").assume_role(RoleArn=role, RoleSessionName="less", Policy=READ)
    s3 = session(http_server, taken, "s3")
    s3.list_objects_v2(Bucket=bucket)
    answer = refused("AccessDenied", s3.put_object, Bucket=bucket, Key="k", Body=b"", status=403)
    assert "session policy" in answer["Error"]["Message"]
    wide = user[1]("sts").assume_role(RoleArn=role, RoleSessionName="more", Policy=document(allow("*")))
    refused("AccessDenied", session(http_server, wide, "iam").list_users, status=403)


def test_who_is_not_trusted(http_server, iam, names, role, refused):
    other = names()
    iam.create_user(UserName=other)
    iam.put_user_policy(UserName=other, PolicyName="all", PolicyDocument=document(allow("sts:*")))
    key = iam.create_access_key(UserName=other)["AccessKey"]
    sts = http_server.client("sts", key=(key["AccessKeyId"], key["SecretAccessKey"]))
    answer = refused("AccessDenied", sts.assume_role, RoleArn=role, RoleSessionName="etl", status=403)
    assert "sts:AssumeRole" in answer["Error"]["Message"] and role in answer["Error"]["Message"]
    refused("AccessDenied", sts.assume_role, RoleArn=f"{role}-none", RoleSessionName="etl", status=403)


def test_how_long_and_under_which_name(user, role, refused):
    sts = user[1]("sts")
    refused("ValidationError", sts.assume_role, RoleArn=role, RoleSessionName="etl", DurationSeconds=7200, status=400)
    refused("ValidationError", sts.assume_role, RoleArn=role, RoleSessionName="a b", status=400)
    refused("MalformedPolicyDocument", sts.assume_role, RoleArn=role, RoleSessionName="etl", Policy="{", status=400)


def test_conditions_on_the_session(http_server, iam, names, user, refused):
    statement = json.loads(trust({"AWS": user[0]}))
    statement["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": "secret-id"}}
    arn = iam.create_role(RoleName=names(), AssumeRolePolicyDocument=json.dumps(statement))["Role"]["Arn"]
    sts = user[1]("sts")
    refused("AccessDenied", sts.assume_role, RoleArn=arn, RoleSessionName="etl", status=403)
    sts.assume_role(RoleArn=arn, RoleSessionName="etl", ExternalId="secret-id")


def test_a_session_of_a_user(http_server, iam, user, bucket, refused):
    arn, clients = user
    iam.attach_user_policy(UserName=arn.split("/")[-1], PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    got = clients("sts").get_session_token(DurationSeconds=900)
    assert session(http_server, got, "sts").get_caller_identity()["Arn"] == arn
    session(http_server, got, "s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    iam.put_user_policy(UserName=arn.split("/")[-1], PolicyName="no", PolicyDocument=document(deny("s3:*")))
    refused("AccessDenied", session(http_server, got, "s3").list_buckets, status=403)


def test_what_is_not_served(http_server, refused):
    sts = http_server.client("sts")
    with pytest.raises(Exception, match="(?i)not implemented"):
        sts.decode_authorization_message(EncodedMessage="x")

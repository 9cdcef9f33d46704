"""The AWS command line: every operation of sts."""

import json

from command_line import key_of, served

ACCOUNT = "123456789012"


def test_who_one_is_and_may_become(aws):
    root = aws("sts get-caller-identity")
    assert root == {"UserId": ACCOUNT, "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}
    user = aws("iam create-user --user-name ann")["User"]["Arn"]
    key = aws("iam create-access-key --user-name ann")["AccessKey"]
    assert aws(f"sts get-access-key-info --access-key-id {key['AccessKeyId']}") == {"Account": ACCOUNT}
    session = aws("sts get-session-token --duration-seconds 900", **key_of(key))["Credentials"]
    assert session["AccessKeyId"].startswith("ASIA") and session["Expiration"]
    assert aws("sts get-caller-identity", **key_of(session))["Arn"] == user
    trust = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "sts:AssumeRole"}
    aws("iam create-role --role-name etl --assume-role-policy-document", json.dumps(
        {"Version": "2012-10-17", "Statement": [trust]}))
    taken = aws(
        f"sts assume-role --role-arn arn:aws:iam::{ACCOUNT}:role/etl --role-session-name night", **key_of(key))
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/etl/night"
    assert taken["AssumedRoleUser"]["Arn"] == who and taken["AssumedRoleUser"]["AssumedRoleId"].endswith(":night")
    assert aws("sts get-caller-identity", **key_of(taken["Credentials"]))["Arn"] == who
    said = aws.refused("AccessDenied", "iam list-users", **key_of(taken["Credentials"]))
    assert f"User: {who} is not authorized to perform: iam:ListUsers" in said


def test_that_was_every_operation(aws):
    assert aws.done("sts") == served("sts")

#!/usr/bin/env python3
"""A user with a password that must be changed and a narrow policy. See README.md."""

import pathlib
import sys

import boto3
from botocore.exceptions import ClientError

NAME = "spotify-project"
FIRST, SECOND = "First-Pass-1", "Second-Pass-2"
HERE = pathlib.Path(__file__).resolve().parent


def say(text):
    print(text, flush=True)


def make_user():
    """What an administrator does. Gives back the user's access key."""
    iam = boto3.client("iam")
    user = iam.create_user(UserName=NAME)["User"]
    document = (HERE / "policy.json").read_text()
    policy = iam.create_policy(PolicyName=NAME, PolicyDocument=document)["Policy"]
    iam.attach_user_policy(UserName=NAME, PolicyArn=policy["Arn"])
    iam.create_login_profile(UserName=NAME, Password=FIRST, PasswordResetRequired=True)
    say(f"made {user['Arn']} with {policy['PolicyName']}; its password must be changed")
    return iam.create_access_key(UserName=NAME)["AccessKey"]


def as_user(key):
    """Clients of the user."""
    session = boto3.Session(
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"], region_name="us-east-1"
    )
    return session.client


def change_password(client):
    """What the first sign-in demands."""
    iam = client("iam")
    assert iam.get_login_profile(UserName=NAME)["LoginProfile"]["PasswordResetRequired"] is True
    denied("a weak password", "PasswordPolicyViolation", iam.change_password, OldPassword=FIRST, NewPassword="weak")
    iam.change_password(OldPassword=FIRST, NewPassword=SECOND)
    assert iam.get_login_profile(UserName=NAME)["LoginProfile"]["PasswordResetRequired"] is False
    say("changed the password; it need not be changed again")


def denied(what, code, call, **options):
    """The call must be refused, and so."""
    try:
        call(**options)
    except ClientError as error:
        found = error.response["Error"]
        if found["Code"] not in (code, f"{code}Exception"):
            raise
        say(f"refused: {what}: {found.get('Message', found['Code'])}")
        return
    sys.exit(f"{what} was not refused")


def main():
    client = as_user(make_user())
    change_password(client)
    boto3.client("s3").create_bucket(Bucket="spotify-staging")
    buckets = [one["Name"] for one in client("s3").list_buckets()["Buckets"]]
    assert "spotify-staging" in buckets
    say(f"lists the buckets: {', '.join(buckets)}")
    denied("CloudWatch", "AccessDenied", client("cloudwatch").list_metrics)
    denied("another user", "AccessDenied", client("iam").create_user, UserName="another")
    decisions = boto3.client("iam").simulate_principal_policy(
        PolicySourceArn=client("sts").get_caller_identity()["Arn"],
        ActionNames=["s3:GetObject", "glue:StartJobRun", "athena:StartQueryExecution", "cloudwatch:ListMetrics"],
    )["EvaluationResults"]
    for one in decisions:
        say(f"simulated: {one['EvalActionName']}: {one['EvalDecision']}")
    assert [one["EvalDecision"] for one in decisions] == ["allowed", "allowed", "allowed", "implicitDeny"]
    say("all as it should be")


if __name__ == "__main__":
    main()

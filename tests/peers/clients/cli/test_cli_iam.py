"""The AWS command line: every operation of iam."""

import json

from command_line import key_of, served

ACCOUNT = "123456789012"
ARN = f"arn:aws:iam::{ACCOUNT}"
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


READ = document(Action=["s3:Get*", "s3:List*"], Resource="*")
WRITE = document(Action="s3:Put*", Resource="*")
LISTS = document(
    Action="s3:ListBucket", Resource="arn:aws:s3:::lake", Condition={"StringLike": {"s3:prefix": "raw/*"}},
)


def trust(service):
    return document(Principal={"Service": f"{service}.amazonaws.com"}, Action="sts:AssumeRole")


def test_users(aws):
    made = aws("iam create-user --user-name ann --path /team/ --tags Key=a,Value=1")["User"]
    assert made["Arn"] == f"{ARN}:user/team/ann" and made["UserId"].startswith("AIDA")
    assert aws("iam get-user --user-name ann")["User"] == made
    aws("iam tag-user --user-name ann --tags Key=a,Value=2 Key=b,Value=3")
    aws("iam untag-user --user-name ann --tag-keys b")
    assert aws("iam list-user-tags --user-name ann")["Tags"] == [{"Key": "a", "Value": "2"}]
    aws("iam update-user --user-name ann --new-user-name anna --new-path /staff/")
    (listed,) = aws("iam list-users --path-prefix /staff/")["Users"]
    assert (listed["UserName"], listed["UserId"]) == ("anna", made["UserId"])
    aws("iam delete-user --user-name anna")
    said = aws.refused("NoSuchEntity", "iam get-user --user-name anna")
    assert "when calling the GetUser operation: The user with name anna cannot be found." in said


def test_what_a_user_may(aws):
    aws("iam create-user --user-name ben")
    aws(f"iam put-user-policy --user-name ben --policy-name in --policy-document '{READ}'")
    assert aws("iam list-user-policies --user-name ben")["PolicyNames"] == ["in"]
    shown = aws("iam get-user-policy --user-name ben --policy-name in")
    assert shown == {"UserName": "ben", "PolicyName": "in", "PolicyDocument": json.loads(READ)}
    aws("iam delete-user-policy --user-name ben --policy-name in")
    assert aws("iam list-user-policies --user-name ben")["PolicyNames"] == []
    aws(f"iam attach-user-policy --user-name ben --policy-arn {READ_ONLY}")
    attached = aws("iam list-attached-user-policies --user-name ben")["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyArn": READ_ONLY}]
    aws(f"iam detach-user-policy --user-name ben --policy-arn {READ_ONLY}")
    assert aws("iam list-attached-user-policies --user-name ben")["AttachedPolicies"] == []
    aws(f"iam put-user-permissions-boundary --user-name ben --permissions-boundary {READ_ONLY}")
    boundary = aws("iam get-user --user-name ben")["User"]["PermissionsBoundary"]
    assert boundary == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": READ_ONLY}
    aws("iam delete-user-permissions-boundary --user-name ben")
    assert "PermissionsBoundary" not in aws("iam get-user --user-name ben")["User"]
    aws("iam delete-user --user-name ben")


def test_access_keys(aws):
    aws("iam create-user --user-name cat")
    key = aws("iam create-access-key --user-name cat")["AccessKey"]
    assert key["AccessKeyId"].startswith("AKIA") and len(key["SecretAccessKey"]) == 40
    never = aws(f"iam get-access-key-last-used --access-key-id {key['AccessKeyId']}")
    assert never == {"UserName": "cat", "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}
    assert aws("sts get-caller-identity", **key_of(key))["Arn"] == f"{ARN}:user/cat"
    used = aws(f"iam get-access-key-last-used --access-key-id {key['AccessKeyId']}")["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("sts", "us-east-1") and used["LastUsedDate"]
    aws(f"iam update-access-key --user-name cat --access-key-id {key['AccessKeyId']} --status Inactive")
    (listed,) = aws("iam list-access-keys --user-name cat")["AccessKeyMetadata"]
    assert listed == {
        "UserName": "cat", "AccessKeyId": key["AccessKeyId"], "Status": "Inactive", "CreateDate": key["CreateDate"],
    }
    aws.refused("InvalidClientTokenId", "sts get-caller-identity", **key_of(key))
    aws(f"iam delete-access-key --user-name cat --access-key-id {key['AccessKeyId']}")
    assert aws("iam list-access-keys --user-name cat")["AccessKeyMetadata"] == []
    aws("iam delete-user --user-name cat")


def test_passwords(aws):
    aws("iam create-user --user-name dan")
    own = key_of(aws("iam create-access-key --user-name dan")["AccessKey"])
    made = aws("iam create-login-profile --user-name dan --password First-pass-1 --password-reset-required")
    assert made["LoginProfile"]["UserName"] == "dan" and made["LoginProfile"]["PasswordResetRequired"] is True
    assert aws("iam get-login-profile --user-name dan") == made
    aws("iam attach-user-policy --user-name dan --policy-arn arn:aws:iam::aws:policy/IAMUserChangePassword")
    aws("iam change-password --old-password First-pass-1 --new-password Second-pass-2", **own)
    assert aws("iam get-login-profile --user-name dan")["LoginProfile"]["PasswordResetRequired"] is False
    aws("iam update-login-profile --user-name dan --password Third-pass-3 --password-reset-required")
    assert aws("iam get-login-profile --user-name dan")["LoginProfile"]["PasswordResetRequired"] is True
    aws("iam delete-login-profile --user-name dan")
    aws.refused("NoSuchEntity", "iam get-login-profile --user-name dan")


def test_groups(aws):
    made = aws("iam create-group --group-name readers --path /team/")["Group"]
    assert made["Arn"] == f"{ARN}:group/team/readers" and made["GroupId"].startswith("AGPA")
    aws("iam create-user --user-name eve")
    aws("iam add-user-to-group --group-name readers --user-name eve")
    held = aws("iam get-group --group-name readers")
    assert held["Group"] == made and [one["UserName"] for one in held["Users"]] == ["eve"]
    assert aws("iam list-groups-for-user --user-name eve")["Groups"] == [made]
    aws("iam update-group --group-name readers --new-group-name writers")
    (listed,) = aws("iam list-groups --path-prefix /team/")["Groups"]
    assert (listed["GroupName"], listed["GroupId"]) == ("writers", made["GroupId"])
    aws(f"iam put-group-policy --group-name writers --policy-name in --policy-document '{WRITE}'")
    assert aws("iam list-group-policies --group-name writers")["PolicyNames"] == ["in"]
    shown = aws("iam get-group-policy --group-name writers --policy-name in")
    assert shown == {"GroupName": "writers", "PolicyName": "in", "PolicyDocument": json.loads(WRITE)}
    aws("iam delete-group-policy --group-name writers --policy-name in")
    assert aws("iam list-group-policies --group-name writers")["PolicyNames"] == []
    aws(f"iam attach-group-policy --group-name writers --policy-arn {READ_ONLY}")
    attached = aws("iam list-attached-group-policies --group-name writers")["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [READ_ONLY]
    aws(f"iam detach-group-policy --group-name writers --policy-arn {READ_ONLY}")
    aws.refused("DeleteConflict", "iam delete-group --group-name writers")
    aws("iam remove-user-from-group --group-name writers --user-name eve")
    assert aws("iam get-group --group-name writers")["Users"] == []
    aws("iam delete-group --group-name writers")
    aws("iam delete-user --user-name eve")
    assert aws("iam list-groups")["Groups"] == []


def test_roles(aws):
    aws.file("trust.json", trust("lambda"))
    made = aws(
        "iam create-role --role-name runs --path /team/ --description first --max-session-duration 7200"
        " --assume-role-policy-document file://trust.json --tags Key=a,Value=1"
    )["Role"]
    assert made["Arn"] == f"{ARN}:role/team/runs" and made["RoleId"].startswith("AROA")
    assert made["AssumeRolePolicyDocument"] == json.loads(trust("lambda"))
    aws(f"iam update-assume-role-policy --role-name runs --policy-document '{trust('events')}'")
    aws("iam update-role --role-name runs --description second --max-session-duration 3600")
    shown = aws("iam get-role --role-name runs")["Role"]
    assert shown["AssumeRolePolicyDocument"] == json.loads(trust("events"))
    assert (shown["Description"], shown["MaxSessionDuration"]) == ("second", 3600)
    updated = aws("iam update-role-description --role-name runs --description third")["Role"]
    assert updated["Description"] == "third" and updated["RoleId"] == made["RoleId"]
    (listed,) = aws("iam list-roles --path-prefix /team/")["Roles"]
    assert (listed["RoleName"], listed["Description"]) == ("runs", "third")
    aws("iam tag-role --role-name runs --tags Key=b,Value=2")
    aws("iam untag-role --role-name runs --tag-keys a")
    assert aws("iam list-role-tags --role-name runs")["Tags"] == [{"Key": "b", "Value": "2"}]
    aws("iam delete-role --role-name runs")
    aws.refused("NoSuchEntity", "iam get-role --role-name runs")


def test_what_a_role_may(aws):
    aws(f"iam create-role --role-name may --assume-role-policy-document '{trust('lambda')}'")
    aws(f"iam put-role-policy --role-name may --policy-name in --policy-document '{READ}'")
    assert aws("iam list-role-policies --role-name may")["PolicyNames"] == ["in"]
    shown = aws("iam get-role-policy --role-name may --policy-name in")
    assert shown == {"RoleName": "may", "PolicyName": "in", "PolicyDocument": json.loads(READ)}
    aws("iam delete-role-policy --role-name may --policy-name in")
    aws(f"iam attach-role-policy --role-name may --policy-arn {READ_ONLY}")
    attached = aws("iam list-attached-role-policies --role-name may")["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyArn": READ_ONLY}]
    aws(f"iam detach-role-policy --role-name may --policy-arn {READ_ONLY}")
    aws(f"iam put-role-permissions-boundary --role-name may --permissions-boundary {READ_ONLY}")
    boundary = aws("iam get-role --role-name may")["Role"]["PermissionsBoundary"]
    assert boundary == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": READ_ONLY}
    aws("iam delete-role-permissions-boundary --role-name may")
    assert "PermissionsBoundary" not in aws("iam get-role --role-name may")["Role"]
    aws("iam delete-role --role-name may")


def test_managed_policies(aws):
    made = aws(
        "iam create-policy --policy-name lake --path /team/ --description reads --tags Key=a,Value=1"
        f" --policy-document '{READ}'"
    )["Policy"]
    arn = made["Arn"]
    assert arn == f"{ARN}:policy/team/lake" and made["DefaultVersionId"] == "v1"
    second = aws(f"iam create-policy-version --policy-arn {arn} --set-as-default --policy-document '{WRITE}'")
    assert (second["PolicyVersion"]["VersionId"], second["PolicyVersion"]["IsDefaultVersion"]) == ("v2", True)
    shown = aws(f"iam get-policy-version --policy-arn {arn} --version-id v1")["PolicyVersion"]
    assert shown["Document"] == json.loads(READ) and shown["IsDefaultVersion"] is False
    aws(f"iam set-default-policy-version --policy-arn {arn} --version-id v1")
    versions = aws(f"iam list-policy-versions --policy-arn {arn}")["Versions"]
    assert {one["VersionId"]: one["IsDefaultVersion"] for one in versions} == {"v1": True, "v2": False}
    aws(f"iam delete-policy-version --policy-arn {arn} --version-id v2")
    assert [one["VersionId"] for one in aws(f"iam list-policy-versions --policy-arn {arn}")["Versions"]] == ["v1"]
    aws(f"iam tag-policy --policy-arn {arn} --tags Key=b,Value=2")
    aws(f"iam untag-policy --policy-arn {arn} --tag-keys a")
    assert aws(f"iam list-policy-tags --policy-arn {arn}")["Tags"] == [{"Key": "b", "Value": "2"}]
    aws("iam create-user --user-name fay")
    aws(f"iam attach-user-policy --user-name fay --policy-arn {arn}")
    holders = aws(f"iam list-entities-for-policy --policy-arn {arn}")
    assert [one["UserName"] for one in holders["PolicyUsers"]] == ["fay"]
    assert holders["PolicyGroups"] == holders["PolicyRoles"] == []
    (listed,) = aws("iam list-policies --scope Local")["Policies"]
    assert (listed["Arn"], listed["AttachmentCount"]) == (arn, 1)
    aws(f"iam detach-user-policy --user-name fay --policy-arn {arn}")
    shown = aws(f"iam get-policy --policy-arn {arn}")["Policy"]
    assert (shown["Description"], shown["DefaultVersionId"], shown["AttachmentCount"]) == ("reads", "v1", 0)
    aws(f"iam delete-policy --policy-arn {arn}")
    assert aws("iam list-policies --scope Local")["Policies"] == []
    aws("iam delete-user --user-name fay")


def test_simulation(aws):
    user = aws("iam create-user --user-name gil")["User"]["Arn"]
    aws(f"iam put-user-policy --user-name gil --policy-name in --policy-document '{LISTS}'")
    asked = "--action-names s3:ListBucket --resource-arns arn:aws:s3:::lake --context-entries"
    entry = "ContextKeyName=s3:prefix,ContextKeyValues={},ContextKeyType=string"
    for simulate in (f"simulate-principal-policy --policy-source-arn {user}",
                     f"simulate-custom-policy --policy-input-list '{LISTS}'"):
        for prefix, decision in (("raw/x", "allowed"), ("else", "implicitDeny")):
            (one,) = aws(f"iam {simulate} {asked} {entry.format(prefix)}")["EvaluationResults"]
            assert one["EvalActionName"] == "s3:ListBucket" and one["EvalResourceName"] == "arn:aws:s3:::lake"
            assert one["EvalDecision"] == decision
    keys = aws(f"iam get-context-keys-for-custom-policy --policy-input-list '{LISTS}'")
    assert keys == {"ContextKeyNames": ["s3:prefix"]}
    assert aws(f"iam get-context-keys-for-principal-policy --policy-source-arn {user}") == keys


def test_the_account(aws):
    aws.refused("NoSuchEntity", "iam get-account-password-policy")
    aws("iam update-account-password-policy --minimum-password-length 12 --require-symbols --max-password-age 90")
    policy = aws("iam get-account-password-policy")["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["RequireSymbols"], policy["RequireNumbers"]) == (12, True, False)
    assert (policy["ExpirePasswords"], policy["MaxPasswordAge"]) == (True, 90)
    aws("iam delete-account-password-policy")
    aws.refused("NoSuchEntity", "iam get-account-password-policy")
    aws("iam create-account-alias --account-alias my-lake")
    assert aws("iam list-account-aliases")["AccountAliases"] == ["my-lake"]
    aws("iam delete-account-alias --account-alias my-lake")
    assert aws("iam list-account-aliases")["AccountAliases"] == []
    aws("iam create-group --group-name all")
    aws(f"iam put-group-policy --group-name all --policy-name in --policy-document '{READ}'")
    summary = aws("iam get-account-summary")["SummaryMap"]
    assert (summary["Groups"], summary["UsersQuota"]) == (1, 5000)
    (group,) = aws("iam get-account-authorization-details --filter Group")["GroupDetailList"]
    assert group["GroupName"] == "all"
    assert group["GroupPolicyList"] == [{"PolicyName": "in", "PolicyDocument": json.loads(READ)}]


def test_that_was_every_operation(aws):
    assert aws.done("iam") == served("iam")

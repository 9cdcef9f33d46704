"""boto3 keeps users, groups, roles, policies and keys, and asks what they may."""

import json
import urllib.parse

import pytest

ACCOUNT = "123456789012"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {**allow(action, resource, **more), "Effect": "Deny"}


def trust(principal):
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
    })


LAMBDA = trust({"Service": "lambda.amazonaws.com"})
READ = document(allow(["s3:Get*", "s3:List*"]))


@pytest.fixture(scope="module")
def iam(http_server):
    return http_server.client("iam")


@pytest.fixture
def user(iam, names):
    name = names()
    iam.create_user(UserName=name)
    return name


@pytest.fixture
def keyed(http_server, iam, user):
    """The clients of a user."""
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return lambda service: http_server.client(service, key=(key["AccessKeyId"], key["SecretAccessKey"]))


def test_a_user(iam, names, refused):
    name = names()
    made = iam.create_user(UserName=name, Path="/team/", Tags=[{"Key": "a", "Value": "1"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/{name}" and made["Path"] == "/team/"
    assert made["UserId"].startswith("AIDA") and made["CreateDate"].tzinfo
    got = iam.get_user(UserName=name)["User"]
    assert got["UserId"] == made["UserId"] and got["Tags"] == [{"Key": "a", "Value": "1"}]
    answer = refused("EntityAlreadyExists", iam.create_user, UserName=name.upper(), status=409)
    assert answer["Error"]["Type"] == "Sender" and answer["ResponseMetadata"]["RequestId"]
    iam.update_user(UserName=name, NewUserName=f"{name}-new", NewPath="/")
    assert iam.get_user(UserName=f"{name}-new")["User"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/{name}-new"
    answer = refused("NoSuchEntity", iam.get_user, UserName=name, status=404)
    assert answer["Error"]["Message"] == f"The user with name {name} cannot be found."
    iam.delete_user(UserName=f"{name}-new")
    refused("NoSuchEntity", iam.delete_user, UserName=f"{name}-new", status=404)


def test_names_are_checked(iam, refused):
    for wrong in ("", "a b", "x" * 65, "é"):
        with pytest.raises(Exception, match="ValidationError|Invalid length|parameter"):
            iam.create_user(UserName=wrong)


def test_tags(iam, user, refused):
    iam.tag_user(UserName=user, Tags=[{"Key": "team", "Value": "data"}, {"Key": "b", "Value": "2"}])
    iam.tag_user(UserName=user, Tags=[{"Key": "team", "Value": "lake"}])
    iam.untag_user(UserName=user, TagKeys=["b"])
    assert iam.list_user_tags(UserName=user)["Tags"] == [{"Key": "team", "Value": "lake"}]


def test_groups(iam, user, names, refused):
    group = names()
    made = iam.create_group(GroupName=group)["Group"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:group/{group}" and made["GroupId"].startswith("AGPA")
    iam.add_user_to_group(GroupName=group, UserName=user)
    assert [one["UserName"] for one in iam.get_group(GroupName=group)["Users"]] == [user]
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName=user)["Groups"]] == [group]
    refused("DeleteConflict", iam.delete_group, GroupName=group, status=409)
    refused("DeleteConflict", iam.delete_user, UserName=user, status=409)
    iam.remove_user_from_group(GroupName=group, UserName=user)
    iam.delete_group(GroupName=group)
    refused("NoSuchEntity", iam.get_group, GroupName=group, status=404)


def test_inline_policies(iam, user, refused):
    iam.put_user_policy(UserName=user, PolicyName="in", PolicyDocument=READ)
    got = iam.get_user_policy(UserName=user, PolicyName="in")
    assert got["PolicyDocument"] == json.loads(READ) and got["UserName"] == user
    assert iam.list_user_policies(UserName=user)["PolicyNames"] == ["in"]
    refused("MalformedPolicyDocument", iam.put_user_policy, UserName=user, PolicyName="no", PolicyDocument="{}", status=400)
    iam.delete_user_policy(UserName=user, PolicyName="in")
    refused("NoSuchEntity", iam.get_user_policy, UserName=user, PolicyName="in", status=404)


def test_managed_policies_and_versions(iam, user, names, refused):
    name = names()
    made = iam.create_policy(PolicyName=name, Path="/lake/", PolicyDocument=READ, Description="reads")["Policy"]
    arn = made["Arn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:policy/lake/{name}" and made["DefaultVersionId"] == "v1"
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    assert iam.list_attached_user_policies(UserName=user)["AttachedPolicies"] == [
        {"PolicyName": name, "PolicyArn": arn}
    ]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert [one["UserName"] for one in iam.list_entities_for_policy(PolicyArn=arn)["PolicyUsers"]] == [user]
    for number in range(2, 6):
        version = iam.create_policy_version(PolicyArn=arn, PolicyDocument=READ, SetAsDefault=number == 3)
        assert version["PolicyVersion"]["VersionId"] == f"v{number}"
    refused("LimitExceeded", iam.create_policy_version, PolicyArn=arn, PolicyDocument=READ, status=409)
    versions = {one["VersionId"]: one["IsDefaultVersion"] for one in iam.list_policy_versions(PolicyArn=arn)["Versions"]}
    assert versions == {"v1": False, "v2": False, "v3": True, "v4": False, "v5": False}
    got = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert got["Document"] == json.loads(READ)
    refused("DeleteConflict", iam.delete_policy_version, PolicyArn=arn, VersionId="v3", status=409)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v5")
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn, status=409)
    iam.detach_user_policy(UserName=user, PolicyArn=arn)
    refused("NoSuchEntity", iam.detach_user_policy, UserName=user, PolicyArn=arn, status=404)
    for number in range(1, 5):
        iam.delete_policy_version(PolicyArn=arn, VersionId=f"v{number}")
    iam.delete_policy(PolicyArn=arn)
    refused("NoSuchEntity", iam.get_policy, PolicyArn=arn, status=404)


PUBLIC_PIPELINES = [
    "AmazonS3FullAccess", "AmazonS3ReadOnlyAccess", "AWSGlueConsoleFullAccess", "service-role/AWSGlueServiceRole",
    "AmazonAthenaFullAccess", "service-role/AWSQuicksightAthenaAccess", "service-role/AWSLambdaBasicExecutionRole",
    "service-role/AWSLambdaRole", "CloudWatchLogsFullAccess", "AdministratorAccess", "ReadOnlyAccess",
    "IAMUserChangePassword",
]


@pytest.mark.parametrize("name", PUBLIC_PIPELINES)
def test_policies_of_aws(iam, user, refused, name):
    arn = f"arn:aws:iam::aws:policy/{name}"
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    assert policy["PolicyName"] == name.split("/")[-1] and policy["Path"] == f"/{name}".rsplit("/", 1)[0] + "/"
    document = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]["Document"]
    assert document["Statement"]
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    refused("AccessDenied", iam.delete_policy, PolicyArn=arn, status=403)


def test_lists_of_policies(iam, names):
    name = names()
    arn = iam.create_policy(PolicyName=name, PolicyDocument=READ)["Policy"]["Arn"]
    pages = iam.get_paginator("list_policies")
    local = [one["Arn"] for page in pages.paginate(Scope="Local", PaginationConfig={"PageSize": 1}) for one in page["Policies"]]
    assert arn in local and all(f"::{ACCOUNT}:" in one for one in local)
    aws = [one["Arn"] for page in pages.paginate(Scope="AWS") for one in page["Policies"]]
    assert {f"arn:aws:iam::aws:policy/{one}" for one in PUBLIC_PIPELINES} <= set(aws) and arn not in aws
    assert not [one for page in pages.paginate(Scope="Local", OnlyAttached=True) for one in page["Policies"] if one["Arn"] == arn]


def test_a_role(iam, names, refused):
    name = names()
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=LAMBDA, Description="runs", MaxSessionDuration=7200,
        Tags=[{"Key": "a", "Value": "b"}],
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/{name}" and made["RoleId"].startswith("AROA")
    assert made["AssumeRolePolicyDocument"] == json.loads(LAMBDA)
    got = iam.get_role(RoleName=name)["Role"]
    assert got["MaxSessionDuration"] == 7200 and got["Description"] == "runs"
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
    iam.put_role_policy(RoleName=name, PolicyName="in", PolicyDocument=READ)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust({"Service": "glue.amazonaws.com"}))
    iam.update_role(RoleName=name, Description="other", MaxSessionDuration=3600)
    got = iam.get_role(RoleName=name)["Role"]
    assert got["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "glue.amazonaws.com"}
    assert got["Description"] == "other" and name in [one["RoleName"] for one in everyone(iam, "list_roles", "Roles")]
    refused("MalformedPolicyDocument", iam.update_assume_role_policy, RoleName=name, PolicyDocument=READ, status=400)
    refused("DeleteConflict", iam.delete_role, RoleName=name, status=409)
    iam.delete_role_policy(RoleName=name, PolicyName="in")
    iam.detach_role_policy(
        RoleName=name, PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    )
    iam.delete_role(RoleName=name)
    refused("NoSuchEntity", iam.get_role, RoleName=name, status=404)


def everyone(iam, call, member, **options):
    pages = iam.get_paginator(call).paginate(**options, PaginationConfig={"PageSize": 2})
    return [one for page in pages for one in page[member]]


def test_pages(iam, names):
    path = f"/{names()}/"
    made = [names() for _ in range(5)]
    for name in made:
        iam.create_user(UserName=name, Path=path)
    first = iam.list_users(PathPrefix=path, MaxItems=2)
    assert first["IsTruncated"] and len(first["Users"]) == 2 and first["Marker"]
    listed = [one["UserName"] for one in everyone(iam, "list_users", "Users", PathPrefix=path)]
    assert sorted(listed) == sorted(made)


def test_waiters(iam, user, names):
    fast = {"Delay": 0.1, "MaxAttempts": 2}
    iam.get_waiter("user_exists").wait(UserName=user, WaiterConfig=fast)
    role = names()
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=LAMBDA)
    iam.get_waiter("role_exists").wait(RoleName=role, WaiterConfig=fast)
    arn = iam.create_policy(PolicyName=names(), PolicyDocument=READ)["Policy"]["Arn"]
    iam.get_waiter("policy_exists").wait(PolicyArn=arn, WaiterConfig=fast)


def test_access_keys(http_server, iam, user, refused):
    first, second = (iam.create_access_key(UserName=user)["AccessKey"] for _ in range(2))
    assert first["AccessKeyId"].startswith("AKIA") and len(first["AccessKeyId"]) == 20
    assert len(first["SecretAccessKey"]) == 40 and first["Status"] == "Active"
    refused("LimitExceeded", iam.create_access_key, UserName=user, status=409)
    listed = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert {one["AccessKeyId"] for one in listed} == {first["AccessKeyId"], second["AccessKeyId"]}
    assert "SecretAccessKey" not in listed[0]
    never = iam.get_access_key_last_used(AccessKeyId=first["AccessKeyId"])
    assert never["UserName"] == user and never["AccessKeyLastUsed"]["ServiceName"] == "N/A"
    sts = http_server.client("sts", key=(first["AccessKeyId"], first["SecretAccessKey"]))
    assert sts.get_caller_identity()["Arn"].endswith(f":user/{user}")
    used = iam.get_access_key_last_used(AccessKeyId=first["AccessKeyId"])["AccessKeyLastUsed"]
    assert used["ServiceName"] == "sts" and used["Region"] == "us-east-1"
    iam.update_access_key(UserName=user, AccessKeyId=first["AccessKeyId"], Status="Inactive")
    refused("InvalidClientTokenId", sts.get_caller_identity, status=403)
    s3 = http_server.client("s3", key=(first["AccessKeyId"], first["SecretAccessKey"]))
    refused("InvalidAccessKeyId", s3.list_buckets, status=403)
    iam.update_access_key(UserName=user, AccessKeyId=first["AccessKeyId"], Status="Active")
    sts.get_caller_identity()
    iam.delete_access_key(UserName=user, AccessKeyId=first["AccessKeyId"])
    refused("InvalidClientTokenId", sts.get_caller_identity, status=403)


def test_passwords(iam, keyed, user, refused):
    refused("NoSuchEntity", iam.get_login_profile, UserName=user, status=404)
    refused("PasswordPolicyViolation", iam.create_login_profile, UserName=user, Password="short", status=400)
    made = iam.create_login_profile(UserName=user, Password="First-pass-1", PasswordResetRequired=True)["LoginProfile"]
    assert made["PasswordResetRequired"] is True
    refused("EntityAlreadyExists", iam.create_login_profile, UserName=user, Password="Other-pass-1", status=409)
    own = keyed("iam")
    refused("AccessDenied", own.change_password, OldPassword="First-pass-1", NewPassword="Second-pass-2", status=403)
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/IAMUserChangePassword")
    refused(("AccessDenied", "InvalidUserType"), own.change_password, OldPassword="wrong", NewPassword="Second-pass-2")
    refused("PasswordPolicyViolation", own.change_password, OldPassword="First-pass-1", NewPassword="weak", status=400)
    own.change_password(OldPassword="First-pass-1", NewPassword="Second-pass-2")
    assert iam.get_login_profile(UserName=user)["LoginProfile"]["PasswordResetRequired"] is False
    iam.update_login_profile(UserName=user, Password="Third-pass-3", PasswordResetRequired=True)
    assert iam.get_login_profile(UserName=user)["LoginProfile"]["PasswordResetRequired"] is True
    iam.delete_login_profile(UserName=user)
    refused("NoSuchEntity", iam.get_login_profile, UserName=user, status=404)


def test_the_root_has_no_password_to_change(iam, refused):
    refused("InvalidUserType", iam.change_password, OldPassword="Whatever-1", NewPassword="Whatever-2")


def test_simulation(iam, user, refused):
    iam.put_user_policy(
        UserName=user, PolicyName="in",
        PolicyDocument=document(allow("s3:GetObject", "arn:aws:s3:::lake/*"), deny("s3:*", "arn:aws:s3:::lake/secret/*")),
    )
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    answers = {}
    for key in ("raw/a.json", "secret/a.json"):
        resource = f"arn:aws:s3:::lake/{key}"
        simulated = iam.simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=["s3:GetObject", "s3:PutObject"], ResourceArns=[resource]
        )["EvaluationResults"]
        for one in simulated:
            answers[one["EvalActionName"], one["EvalResourceName"]] = one["EvalDecision"]
    assert answers == {
        ("s3:GetObject", "arn:aws:s3:::lake/raw/a.json"): "allowed",
        ("s3:PutObject", "arn:aws:s3:::lake/raw/a.json"): "implicitDeny",
        ("s3:GetObject", "arn:aws:s3:::lake/secret/a.json"): "explicitDeny",
        ("s3:PutObject", "arn:aws:s3:::lake/secret/a.json"): "explicitDeny",
    }
    condition = {"Condition": {"StringLike": {"s3:prefix": "raw/*"}}}
    for prefix, expected in (("raw/x", "allowed"), ("other", "implicitDeny")):
        (one,) = iam.simulate_custom_policy(
            PolicyInputList=[document(allow("s3:ListBucket", "arn:aws:s3:::lake", **condition))],
            ActionNames=["s3:ListBucket"], ResourceArns=["arn:aws:s3:::lake"],
            ContextEntries=[{"ContextKeyName": "s3:prefix", "ContextKeyValues": [prefix], "ContextKeyType": "string"}],
        )["EvaluationResults"]
        assert one["EvalDecision"] == expected
    keys = iam.get_context_keys_for_custom_policy(
        PolicyInputList=[document(allow("s3:ListBucket", **condition))]
    )["ContextKeyNames"]
    assert keys == ["s3:prefix"]


def test_boundaries(http_server, iam, keyed, user, bucket, refused):
    s3 = keyed("s3")
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    answer = refused("AccessDenied", s3.put_object, Bucket=bucket, Key="k", Body=b"y", status=403)
    assert "permissions boundary" in answer["Error"]["Message"]
    boundary = iam.get_user(UserName=user)["User"]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryArn"].endswith("AmazonS3ReadOnlyAccess")
    iam.delete_user_permissions_boundary(UserName=user)
    s3.put_object(Bucket=bucket, Key="k", Body=b"y")


def test_policies_stand_at_the_door_of_s3(iam, keyed, user, s3, bucket, refused):
    """By action, by prefix, by the user's name in the resource; and what a denial says."""
    for key in (f"home/{user}/a", "home/other/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    own = keyed("s3")
    answer = refused("AccessDenied", own.list_objects_v2, Bucket=bucket, status=403)
    message = answer["Error"]["Message"]
    assert f"user/{user}" in message and "s3:ListBucket" in message and f"arn:aws:s3:::{bucket}" in message
    assert "no identity-based policy allows" in message
    iam.put_user_policy(UserName=user, PolicyName="home", PolicyDocument=document(
        allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::*/home/${aws:username}/*"),
        allow("s3:ListBucket", f"arn:aws:s3:::{bucket}",
              Condition={"StringLike": {"s3:prefix": ["home/${aws:username}/*"]}}),
        deny("s3:PutObject", "arn:aws:s3:::*/home/*/frozen"),
    ))
    assert own.get_object(Bucket=bucket, Key=f"home/{user}/a")["Body"].read() == b"x"
    assert own.list_objects_v2(Bucket=bucket, Prefix=f"home/{user}/")["KeyCount"] == 1
    refused("AccessDenied", own.get_object, Bucket=bucket, Key="home/other/a", status=403)
    refused("AccessDenied", own.list_objects_v2, Bucket=bucket, Prefix="home/", status=403)
    refused("AccessDenied", own.delete_object, Bucket=bucket, Key=f"home/{user}/a", status=403)
    answer = refused("AccessDenied", own.put_object, Bucket=bucket, Key=f"home/{user}/frozen", Body=b"", status=403)
    assert "explicit deny in an identity-based policy" in answer["Error"]["Message"]
    # Who may not list learns nothing of what is there.
    refused("AccessDenied", own.get_object, Bucket=bucket, Key="home/other/none", status=403)
    many = own.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"home/{user}/a"}]})
    assert [one["Code"] for one in many["Errors"]] == ["AccessDenied"]
    refused("AccessDenied", own.copy_object, Bucket=bucket, Key=f"home/{user}/b",
            CopySource={"Bucket": bucket, "Key": "home/other/a"}, status=403)


def test_bucket_policies_let_in_and_keep_out(iam, keyed, user, s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    own, arn = keyed("s3"), iam.get_user(UserName=user)["User"]["Arn"]
    refused("AccessDenied", own.get_object, Bucket=bucket, Key="k", status=403)
    resource = f"arn:aws:s3:::{bucket}/*"
    s3.put_bucket_policy(Bucket=bucket, Policy=document(
        {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "s3:GetObject", "Resource": resource}
    ))
    assert own.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    s3.put_bucket_policy(Bucket=bucket, Policy=document(
        {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": resource,
         "Condition": {"StringNotEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}}
    ))
    answer = refused("AccessDenied", own.put_object, Bucket=bucket, Key="k", Body=b"y", status=403)
    assert "explicit deny in a resource-based policy" in answer["Error"]["Message"]
    own.put_object(Bucket=bucket, Key="k", Body=b"y", ACL="bucket-owner-full-control")


def test_what_the_account_holds(iam, user, names):
    before = iam.get_account_summary()["SummaryMap"]
    group = names()
    iam.create_group(GroupName=group)
    iam.add_user_to_group(GroupName=group, UserName=user)
    iam.put_group_policy(GroupName=group, PolicyName="in", PolicyDocument=READ)
    after = iam.get_account_summary()["SummaryMap"]
    assert after["Groups"] == before["Groups"] + 1 and after["UsersQuota"] == 5000
    details = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    for page in iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 3}):
        for kind in details:
            details[kind] += page.get(kind, [])
    (mine,) = [one for one in details["UserDetailList"] if one["UserName"] == user]
    assert mine["GroupList"] == [group]
    (ours,) = [one for one in details["GroupDetailList"] if one["GroupName"] == group]
    policy = ours["GroupPolicyList"][0]["PolicyDocument"]
    # boto3 leaves these as they come: quoted, as AWS sends them.
    assert (json.loads(urllib.parse.unquote(policy)) if isinstance(policy, str) else policy) == json.loads(READ)
    only = iam.get_account_authorization_details(Filter=["Group"])
    assert only["GroupDetailList"] and not only["UserDetailList"] and not only["Policies"]


def test_password_policy_and_alias(serve, refused):
    """On a server of its own: they are the account's."""
    iam = serve().client("iam")
    refused("NoSuchEntity", iam.get_account_password_policy, status=404)
    iam.update_account_password_policy(
        MinimumPasswordLength=12, RequireSymbols=True, RequireNumbers=True, AllowUsersToChangePassword=True,
        MaxPasswordAge=90, PasswordReusePrevention=2,
    )
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert policy["MinimumPasswordLength"] == 12 and policy["RequireSymbols"] and policy["ExpirePasswords"]
    assert not policy["RequireUppercaseCharacters"] and policy["PasswordReusePrevention"] == 2
    iam.create_user(UserName="u")
    refused("PasswordPolicyViolation", iam.create_login_profile, UserName="u", Password="Nosymbols123", status=400)
    iam.create_login_profile(UserName="u", Password="symbols-are-12")
    iam.delete_account_password_policy()
    refused("NoSuchEntity", iam.get_account_password_policy, status=404)
    iam.create_account_alias(AccountAlias="my-lake")
    assert iam.list_account_aliases()["AccountAliases"] == ["my-lake"]
    iam.delete_account_alias(AccountAlias="my-lake")
    assert iam.list_account_aliases()["AccountAliases"] == []


def test_what_is_not_served_is_refused_by_its_name(http_server, iam, refused):
    for call in (iam.list_saml_providers, iam.list_server_certificates, iam.generate_credential_report):
        with pytest.raises(Exception, match="(?i)not implemented") as caught:
            call()
        assert caught.value.operation_name in str(caught.value)
    for service, operation in (("dynamodb", "list_tables"), ("sqs", "list_queues"), ("kinesis", "list_streams"),
                               ("sns", "list_topics"), ("ec2", "describe_instances")):
        with pytest.raises(Exception, match="(?i)not implemented"):
            getattr(http_server.client(service), operation)()

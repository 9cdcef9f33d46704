//! Every operation that is served, once, as a story: what goes in, and what is in the answer.

use super::*;
use crate::wire::model::{Operation, Protocol, Service};
use crate::wire::text::percent_encoded;
use crate::wire::types;

const ALLOW: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringLike": {"s3:prefix": "a/*"}}}]}"#;
const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}"#;

/// An operation, its parameters, and texts of its result by their paths.
///
/// `$ALLOW` and `$TRUST` stand for a policy, `$KEY` for the access key that was made, and
/// `*` for any text.
type Step = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

const ANN: &str = "UserName=ann";
const BEN: &str = "UserName=ben";
const TEAM: &str = "GroupName=team";
const ETL: &str = "RoleName=etl";
const MINE: &str = "PolicyArn=arn:aws:iam::123456789012:policy/mine";
const READ: &str = "PolicyArn=arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

const IAM: &[Step] = &[
    (
        "CreateUser",
        &[
            ANN,
            "Path=/staff/",
            "Tags.member.1.Key=dept",
            "Tags.member.1.Value=a+b",
        ],
        &[
            ("User/Arn", "arn:aws:iam::123456789012:user/staff/ann"),
            ("User/CreateDate", "2026-11-21T10:00:00Z"),
            ("User/Tags/member/Value", "a b"),
        ],
    ),
    ("CreateUser", &[BEN], &[("User/Path", "/")]),
    (
        "GetUser",
        &[ANN],
        &[("User/UserName", "ann"), ("User/UserId", "*")],
    ),
    (
        "UpdateUser",
        &[BEN, "NewUserName=bea", "NewPath=/staff/"],
        &[],
    ),
    (
        "ListUsers",
        &["PathPrefix=/staff/", "MaxItems=1"],
        &[
            ("Users/member/UserName", "ann"),
            ("IsTruncated", "true"),
            ("Marker", "*"),
        ],
    ),
    (
        "TagUser",
        &[ANN, "Tags.member.1.Key=x", "Tags.member.1.Value="],
        &[],
    ),
    (
        "ListUserTags",
        &[ANN],
        &[("Tags/member/Key", "dept"), ("IsTruncated", "false")],
    ),
    ("UntagUser", &[ANN, "TagKeys.member.1=x"], &[]),
    ("CreateGroup", &[TEAM], &[("Group/GroupName", "team")]),
    ("AddUserToGroup", &[TEAM, ANN], &[]),
    (
        "GetGroup",
        &[TEAM],
        &[
            ("Group/Arn", "arn:aws:iam::123456789012:group/team"),
            ("Users/member/UserName", "ann"),
        ],
    ),
    (
        "ListGroupsForUser",
        &[ANN],
        &[("Groups/member/GroupName", "team")],
    ),
    ("UpdateGroup", &[TEAM, "NewPath=/g/"], &[]),
    ("ListGroups", &[], &[("Groups/member/Path", "/g/")]),
    (
        "CreateRole",
        &[
            ETL,
            "AssumeRolePolicyDocument=$TRUST",
            "Description=moves+data",
            "MaxSessionDuration=7200",
        ],
        &[
            ("Role/RoleName", "etl"),
            ("Role/MaxSessionDuration", "7200"),
            ("Role/AssumeRolePolicyDocument", "$TRUST"),
        ],
    ),
    (
        "GetRole",
        &[ETL],
        &[
            ("Role/Description", "moves data"),
            ("Role/AssumeRolePolicyDocument", "$TRUST"),
        ],
    ),
    ("UpdateRole", &[ETL, "Description=moves"], &[]),
    (
        "UpdateRoleDescription",
        &[ETL, "Description=moves+all"],
        &[("Role/Description", "moves all")],
    ),
    (
        "UpdateAssumeRolePolicy",
        &[ETL, "PolicyDocument=$TRUST"],
        &[],
    ),
    (
        "ListRoles",
        &[],
        &[("Roles/member/Arn", "arn:aws:iam::123456789012:role/etl")],
    ),
    (
        "TagRole",
        &[ETL, "Tags.member.1.Key=x", "Tags.member.1.Value=1"],
        &[],
    ),
    ("ListRoleTags", &[ETL], &[("Tags/member/Value", "1")]),
    ("UntagRole", &[ETL, "TagKeys.member.1=x"], &[]),
    (
        "CreatePolicy",
        &[
            "PolicyName=mine",
            "PolicyDocument=$ALLOW",
            "Description=reads",
        ],
        &[
            ("Policy/DefaultVersionId", "v1"),
            ("Policy/AttachmentCount", "0"),
            ("Policy/IsAttachable", "true"),
        ],
    ),
    (
        "GetPolicy",
        &[MINE],
        &[
            ("Policy/PolicyName", "mine"),
            ("Policy/Description", "reads"),
        ],
    ),
    (
        "CreatePolicyVersion",
        &[MINE, "PolicyDocument=$ALLOW", "SetAsDefault=true"],
        &[
            ("PolicyVersion/VersionId", "v2"),
            ("PolicyVersion/IsDefaultVersion", "true"),
        ],
    ),
    (
        "GetPolicyVersion",
        &[MINE, "VersionId=v1"],
        &[("PolicyVersion/Document", "$ALLOW")],
    ),
    (
        "ListPolicyVersions",
        &[MINE],
        &[("Versions/member/VersionId", "v2")],
    ),
    ("SetDefaultPolicyVersion", &[MINE, "VersionId=v1"], &[]),
    ("DeletePolicyVersion", &[MINE, "VersionId=v2"], &[]),
    (
        "TagPolicy",
        &[MINE, "Tags.member.1.Key=x", "Tags.member.1.Value=1"],
        &[],
    ),
    ("ListPolicyTags", &[MINE], &[("Tags/member/Key", "x")]),
    ("UntagPolicy", &[MINE, "TagKeys.member.1=x"], &[]),
    ("AttachUserPolicy", &[ANN, MINE], &[]),
    ("AttachGroupPolicy", &[TEAM, READ], &[]),
    ("AttachRolePolicy", &[ETL, READ], &[]),
    (
        "ListPolicies",
        &["Scope=Local", "OnlyAttached=true"],
        &[("Policies/member/PolicyName", "mine")],
    ),
    (
        "ListAttachedUserPolicies",
        &[ANN],
        &[("AttachedPolicies/member/PolicyName", "mine")],
    ),
    (
        "ListAttachedGroupPolicies",
        &[TEAM],
        &[(
            "AttachedPolicies/member/PolicyArn",
            "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        )],
    ),
    (
        "ListAttachedRolePolicies",
        &[ETL],
        &[(
            "AttachedPolicies/member/PolicyName",
            "AmazonS3ReadOnlyAccess",
        )],
    ),
    (
        "ListEntitiesForPolicy",
        &[READ],
        &[
            ("PolicyGroups/member/GroupName", "team"),
            ("PolicyRoles/member/RoleName", "etl"),
        ],
    ),
    (
        "PutUserPolicy",
        &[ANN, "PolicyName=own", "PolicyDocument=$ALLOW"],
        &[],
    ),
    (
        "PutGroupPolicy",
        &[TEAM, "PolicyName=own", "PolicyDocument=$ALLOW"],
        &[],
    ),
    (
        "PutRolePolicy",
        &[ETL, "PolicyName=own", "PolicyDocument=$ALLOW"],
        &[],
    ),
    (
        "GetUserPolicy",
        &[ANN, "PolicyName=own"],
        &[("UserName", "ann"), ("PolicyDocument", "$ALLOW")],
    ),
    (
        "GetGroupPolicy",
        &[TEAM, "PolicyName=own"],
        &[("GroupName", "team"), ("PolicyDocument", "$ALLOW")],
    ),
    (
        "GetRolePolicy",
        &[ETL, "PolicyName=own"],
        &[("RoleName", "etl"), ("PolicyDocument", "$ALLOW")],
    ),
    ("ListUserPolicies", &[ANN], &[("PolicyNames/member", "own")]),
    (
        "ListGroupPolicies",
        &[TEAM],
        &[("PolicyNames/member", "own")],
    ),
    ("ListRolePolicies", &[ETL], &[("PolicyNames/member", "own")]),
    (
        "PutUserPermissionsBoundary",
        &[
            ANN,
            "PermissionsBoundary=arn:aws:iam::aws:policy/AdministratorAccess",
        ],
        &[],
    ),
    (
        "PutRolePermissionsBoundary",
        &[
            ETL,
            "PermissionsBoundary=arn:aws:iam::aws:policy/AdministratorAccess",
        ],
        &[],
    ),
    (
        "GetUser",
        &[ANN],
        &[(
            "User/PermissionsBoundary/PermissionsBoundaryArn",
            "arn:aws:iam::aws:policy/AdministratorAccess",
        )],
    ),
    (
        "GetAccountAuthorizationDetails",
        &[
            "Filter.member.1=User",
            "Filter.member.2=Role",
            "Filter.member.3=Group",
            "Filter.member.4=LocalManagedPolicy",
        ],
        &[
            ("UserDetailList/member/GroupList/member", "team"),
            (
                "UserDetailList/member/UserPolicyList/member/PolicyDocument",
                "$ALLOW",
            ),
            ("RoleDetailList/member/AssumeRolePolicyDocument", "$TRUST"),
            (
                "GroupDetailList/member/AttachedManagedPolicies/member/PolicyName",
                "AmazonS3ReadOnlyAccess",
            ),
            (
                "Policies/member/PolicyVersionList/member/Document",
                "$ALLOW",
            ),
        ],
    ),
    (
        "SimulateCustomPolicy",
        &[
            "PolicyInputList.member.1=$ALLOW",
            "ActionNames.member.1=s3:GetObject",
        ],
        &[
            ("EvaluationResults/member/EvalDecision", "implicitDeny"),
            (
                "EvaluationResults/member/MissingContextValues/member",
                "s3:prefix",
            ),
        ],
    ),
    (
        "SimulatePrincipalPolicy",
        &[
            "PolicySourceArn=arn:aws:iam::123456789012:user/staff/ann",
            "ActionNames.member.1=s3:GetObject",
            "ResourceArns.member.1=arn:aws:s3:::lake/a/b",
            "ContextEntries.member.1.ContextKeyName=s3:prefix",
            "ContextEntries.member.1.ContextKeyValues.member.1=a/b",
            "ContextEntries.member.1.ContextKeyType=string",
        ],
        &[
            ("EvaluationResults/member/EvalDecision", "allowed"),
            (
                "EvaluationResults/member/MatchedStatements/member/SourcePolicyType",
                "*",
            ),
            (
                "EvaluationResults/member/PermissionsBoundaryDecisionDetail/AllowedByPermissionsBoundary",
                "true",
            ),
        ],
    ),
    (
        "GetContextKeysForCustomPolicy",
        &["PolicyInputList.member.1=$ALLOW"],
        &[("ContextKeyNames/member", "s3:prefix")],
    ),
    (
        "GetContextKeysForPrincipalPolicy",
        &["PolicySourceArn=arn:aws:iam::123456789012:user/staff/ann"],
        &[("ContextKeyNames/member", "s3:prefix")],
    ),
    (
        "CreateAccessKey",
        &[ANN],
        &[
            ("AccessKey/Status", "Active"),
            ("AccessKey/SecretAccessKey", "*"),
            ("AccessKey/AccessKeyId", "$KEY"),
        ],
    ),
    (
        "UpdateAccessKey",
        &[ANN, "AccessKeyId=$KEY", "Status=Inactive"],
        &[],
    ),
    (
        "ListAccessKeys",
        &[ANN],
        &[("AccessKeyMetadata/member/Status", "Inactive")],
    ),
    (
        "GetAccessKeyLastUsed",
        &["AccessKeyId=$KEY"],
        &[
            ("UserName", "ann"),
            ("AccessKeyLastUsed/ServiceName", "N/A"),
        ],
    ),
    ("DeleteAccessKey", &[ANN, "AccessKeyId=$KEY"], &[]),
    (
        "CreateLoginProfile",
        &[ANN, "Password=Start-1234", "PasswordResetRequired=true"],
        &[
            ("LoginProfile/UserName", "ann"),
            ("LoginProfile/PasswordResetRequired", "true"),
        ],
    ),
    (
        "UpdateLoginProfile",
        &[ANN, "PasswordResetRequired=false"],
        &[],
    ),
    (
        "GetLoginProfile",
        &[ANN],
        &[("LoginProfile/PasswordResetRequired", "false")],
    ),
    (
        "UpdateAccountPasswordPolicy",
        &["MinimumPasswordLength=10", "MaxPasswordAge=90"],
        &[],
    ),
    (
        "GetAccountPasswordPolicy",
        &[],
        &[
            ("PasswordPolicy/MinimumPasswordLength", "10"),
            ("PasswordPolicy/ExpirePasswords", "true"),
            ("PasswordPolicy/RequireSymbols", "false"),
        ],
    ),
    ("CreateAccountAlias", &["AccountAlias=lake-house"], &[]),
    (
        "ListAccountAliases",
        &[],
        &[("AccountAliases/member", "lake-house")],
    ),
    (
        "GetAccountSummary",
        &[],
        &[
            ("SummaryMap/entry/key", "AccessKeysPerUserQuota"),
            ("SummaryMap/entry/value", "2"),
        ],
    ),
    ("DeleteAccountAlias", &["AccountAlias=lake-house"], &[]),
    ("DeleteAccountPasswordPolicy", &[], &[]),
    ("DeleteLoginProfile", &[ANN], &[]),
    ("DeleteUserPermissionsBoundary", &[ANN], &[]),
    ("DeleteRolePermissionsBoundary", &[ETL], &[]),
    ("DeleteUserPolicy", &[ANN, "PolicyName=own"], &[]),
    ("DeleteGroupPolicy", &[TEAM, "PolicyName=own"], &[]),
    ("DeleteRolePolicy", &[ETL, "PolicyName=own"], &[]),
    ("DetachUserPolicy", &[ANN, MINE], &[]),
    ("DetachGroupPolicy", &[TEAM, READ], &[]),
    ("DetachRolePolicy", &[ETL, READ], &[]),
    ("RemoveUserFromGroup", &[TEAM, ANN], &[]),
    ("DeletePolicy", &[MINE], &[]),
    ("DeleteRole", &[ETL], &[]),
    ("DeleteGroup", &[TEAM], &[]),
    ("DeleteUser", &[ANN], &[]),
];

/// Runs a story; says which operations were in it.
async fn tell(world: &World, service: &'static Service, steps: &[Step]) -> Vec<&'static str> {
    let mut key = String::new();
    let mut told = Vec::new();
    for (action, parameters, expected) in steps {
        let given = parameters
            .join("&")
            .replace("$ALLOW", &percent_encoded(ALLOW))
            .replace("$TRUST", &percent_encoded(TRUST))
            .replace("$KEY", &key);
        let answer = world.ask(service.signing_name, action, &given).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.body);
        let operation = service.operation(action).expect("known");
        told.push(operation.name);
        check(&answer, operation, service, expected, &mut key);
    }
    told
}

fn check(
    answer: &Answer,
    operation: &Operation,
    service: &Service,
    expected: &[(&str, &str)],
    key: &mut String,
) {
    let (action, tree) = (operation.name, answer.tree());
    assert_eq!(tree.name, format!("{action}Response"));
    assert_eq!(answer.headers["content-type"], "text/xml");
    assert_eq!(
        tree.text("ResponseMetadata/RequestId").as_deref(),
        answer.headers["x-amzn-requestid"].to_str().ok()
    );
    let namespace = match service.protocols.first() {
        Some(Protocol::Query { namespace }) => namespace,
        other => panic!("{other:?}"),
    };
    assert!(answer.body.contains(&format!("xmlns=\"{namespace}\"")));
    let Some(shape) = operation.output else {
        assert_eq!(tree.under.len(), 1, "{action}: {}", answer.body);
        return;
    };
    let result = tree.at(&format!("{action}Result")).expect("a result");
    assert_eq!(result.faults(shape), Vec::<String>::new(), "{action}");
    for (path, expected) in expected {
        let text = result.text(path);
        let text = text.unwrap_or_else(|| panic!("{action}: no {path} in {}", answer.body));
        match *expected {
            "*" => assert!(!text.is_empty(), "{action}: {path}"),
            "$KEY" => *key = text,
            "$ALLOW" => assert_eq!(text, percent_encoded(ALLOW), "{action}: {path}"),
            "$TRUST" => assert_eq!(text, percent_encoded(TRUST), "{action}: {path}"),
            expected => assert_eq!(text, expected, "{action}: {path}"),
        }
    }
}

#[tokio::test]
async fn every_operation_of_iam_answers() {
    let world = world();
    let mut told = tell(&world, &types::iam::SERVICE, IAM).await;
    // A user changes its own password, which the root cannot.
    told.push(change_password(&world).await);
    told.sort_unstable();
    told.dedup();
    let served: Vec<&str> = types::iam::SERVICE
        .operations
        .iter()
        .map(|operation| operation.name)
        .collect();
    assert_eq!(told, served);
}

async fn change_password(world: &World) -> &'static str {
    let cat = world.user("cat", "iam:ChangePassword");
    let made = world
        .ask(
            "iam",
            "CreateLoginProfile",
            "UserName=cat&Password=Start-1234",
        )
        .await;
    assert_eq!(made.status, 200, "{}", made.body);
    let parameters = "OldPassword=Start-1234&NewPassword=Other-5678";
    let body = form("iam", "ChangePassword", parameters);
    let changed = world.answer("iam", call(cat, body)).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    "ChangePassword"
}

#[tokio::test]
async fn every_operation_of_sts_answers() {
    let world = world();
    let dan = world.user("dan", "sts:*");
    let made = format!(
        "RoleName=etl&AssumeRolePolicyDocument={}",
        percent_encoded(TRUST)
    );
    assert_eq!(world.ask("iam", "CreateRole", &made).await.status, 200);
    let steps: &[(&str, &str, &[(&str, &str)])] = &[
        (
            "GetCallerIdentity",
            "",
            &[
                ("Account", ACCOUNT),
                ("Arn", "arn:aws:iam::123456789012:user/dan"),
                ("UserId", "*"),
            ],
        ),
        (
            "AssumeRole",
            "RoleArn=arn:aws:iam::123456789012:role/etl&RoleSessionName=night&DurationSeconds=900",
            &[
                (
                    "AssumedRoleUser/Arn",
                    "arn:aws:sts::123456789012:assumed-role/etl/night",
                ),
                ("Credentials/Expiration", "2026-11-21T10:15:00Z"),
                ("Credentials/SessionToken", "*"),
            ],
        ),
        ("GetSessionToken", "", &[("Credentials/AccessKeyId", "*")]),
    ];
    for (action, parameters, expected) in steps {
        let body = form("sts", action, parameters);
        let answer = world.answer("sts", call(dan.clone(), body)).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.body);
        let service = &types::sts::SERVICE;
        let operation = service.operation(action).expect("known");
        check(&answer, operation, service, expected, &mut String::new());
    }
    let key = world
        .ask("iam", "CreateAccessKey", "UserName=dan")
        .await
        .tree();
    let key = key
        .text("CreateAccessKeyResult/AccessKey/AccessKeyId")
        .expect("a key");
    let known = world
        .ask("sts", "GetAccessKeyInfo", &format!("AccessKeyId={key}"))
        .await;
    assert_eq!(
        known
            .tree()
            .text("GetAccessKeyInfoResult/Account")
            .as_deref(),
        Some(ACCOUNT)
    );
}

#[tokio::test]
async fn pages_follow_each_other() {
    let world = world();
    for name in ["a", "b", "c", "d", "e"] {
        let made = world
            .ask("iam", "CreateUser", &format!("UserName={name}"))
            .await;
        assert_eq!(made.status, 200);
    }
    let (mut seen, mut marker) = (Vec::new(), String::new());
    loop {
        let asked = format!("MaxItems=2{marker}");
        let page = world.ask("iam", "ListUsers", &asked).await.tree();
        let users = page.at("ListUsersResult/Users").expect("users");
        seen.extend(users.under.iter().filter_map(|user| user.text("UserName")));
        let truncated = page.text("ListUsersResult/IsTruncated");
        match page.text("ListUsersResult/Marker") {
            Some(next) => marker = format!("&Marker={next}"),
            None => {
                assert_eq!(truncated.as_deref(), Some("false"));
                break;
            }
        }
        assert_eq!(truncated.as_deref(), Some("true"));
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
}

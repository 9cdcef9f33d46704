//! The operations of IAM as a story.

pub const ALLOW: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"StringLike": {"s3:prefix": "a/*"}}}]}"#;
pub const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}"#;

/// An operation, its parameters, and texts of its result by their paths.
///
/// `$ALLOW` and `$TRUST` stand for a policy, `$KEY` for the access key that was made, and
/// `*` for any text.
pub type Step = (
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

pub const IAM: &[Step] = &[
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

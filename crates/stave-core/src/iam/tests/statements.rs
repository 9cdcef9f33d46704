//! Single statements: their actions and variables; how a decision names them and is put.

use super::*;

const GET: &str = r#"{"Sid": "Get", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}"#;
const PUT: &str = r#"{"Sid": "Put", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}"#;
const NEVER: &str = r#"{"Sid": "Never", "Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}"#;

const ALLOWED: Verdict = Verdict::Allowed;
const EXPLICIT: Verdict = Verdict::ExplicitDeny;
const IMPLICIT: Verdict = Verdict::ImplicitDeny;

#[test]
fn actions_are_matched_without_case_and_with_wildcards() {
    let context = Context::new();
    for (element, action, expected) in [
        (r#""Action": "s3:GetObject""#, "s3:GetObject", true),
        (r#""Action": "S3:getobject""#, "s3:GetObject", true),
        (r#""Action": "s3:Get*""#, "s3:GetObjectTagging", true),
        (r#""Action": "s3:Get?bject""#, "s3:GetObject", true),
        (r#""Action": "s3:*""#, "s3express:CreateSession", false),
        (r#""Action": "*""#, "iam:CreateUser", true),
        (r#""Action": "*:*""#, "iam:CreateUser", true),
        (
            r#""Action": ["glue:*", "s3:PutObject"]"#,
            "s3:GetObject",
            false,
        ),
        (r#""NotAction": "iam:*""#, "s3:GetObject", true),
        (
            r#""NotAction": ["iam:*", "s3:get*"]"#,
            "s3:GetObject",
            false,
        ),
    ] {
        let statement = format!(r#"{{"Effect": "Allow", {element}, "Resource": "*"}}"#);
        let allowed = may(&statement, action, "arn:aws:s3:::b/k", &context) == ALLOWED;
        assert_eq!(allowed, expected, "{element} {action}");
    }
}

#[test]
fn variables_mean_something_only_in_the_newer_version() {
    let policy = |version: &str| {
        let text = format!(
            r#"{{{version} "Statement": {{"Effect": "Allow", "Principal": "*", "Action": "s3:*",
                "Resource": "arn:aws:s3:::b/${{aws:username}}/*"}}}}"#
        );
        PolicyDocument::parse(&text, DocumentKind::Resource).unwrap()
    };
    let ann = user("ann");
    let context = Context::of(&ann);
    for (version, resource, expected) in [
        (
            r#""Version": "2012-10-17","#,
            "arn:aws:s3:::b/ann/x",
            ALLOWED,
        ),
        (
            r#""Version": "2012-10-17","#,
            "arn:aws:s3:::b/${aws:username}/x",
            IMPLICIT,
        ),
        (
            r#""Version": "2008-10-17","#,
            "arn:aws:s3:::b/ann/x",
            IMPLICIT,
        ),
        ("", "arn:aws:s3:::b/${aws:username}/x", ALLOWED),
    ] {
        let document = policy(version);
        let request = Request {
            principal: &ann,
            action: "s3:GetObject",
            resource,
            resource_account: ACCOUNT,
            context: &context,
        };
        let policies = Policies {
            resource: ResourcePolicy::Attached(NamedPolicy {
                name: "bucket",
                document: &document,
            }),
            ..Policies::default()
        };
        assert_eq!(
            evaluate(&request, &policies).verdict,
            expected,
            "{version} {resource}"
        );
    }
}

#[test]
fn a_decision_names_its_statements() {
    let documents = [
        identity(GET),
        identity(&format!("{PUT}, {NEVER}, {NEVER}").replacen("Never", "First", 1)),
    ];
    let named = [
        NamedPolicy {
            name: "arn:aws:iam::123456789012:policy/readers",
            document: &documents[0],
        },
        NamedPolicy {
            name: "inline",
            document: &documents[1],
        },
    ];
    let ann = user("ann");
    let context = Context::of(&ann);
    let request = Request {
        principal: &ann,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: ACCOUNT,
        context: &context,
    };
    let identity = Policies {
        identity: &named,
        ..Policies::default()
    };
    let decision = evaluate(&request, &identity);
    assert_eq!(
        decision.decided_by(),
        Some(StatementRef {
            kind: PolicyKind::Identity,
            policy: "inline",
            index: 1,
            sid: Some("First")
        })
    );
    assert_eq!(decision.matched.len(), 2);
    let first = Policies {
        identity: &named[..1],
        ..Policies::default()
    };
    let allowed = evaluate(&request, &first);
    assert_eq!(allowed.decided_by().and_then(|by| by.sid), Some("Get"));
    assert_eq!(allowed.denial(&request), None);
}

#[test]
fn a_denial_is_put_as_aws_puts_it() {
    let ann = user("ann");
    let etl = session("etl", "run");
    let decided = |verdict, kind| Decision {
        verdict,
        kind: Some(kind),
        matched: Vec::new(),
    };
    for (decision, principal, action, resource, expected) in [
        (
            decided(IMPLICIT, PolicyKind::Identity),
            &ann,
            "s3:ListBucket",
            "arn:aws:s3:::b",
            "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: s3:ListBucket on resource: \"arn:aws:s3:::b\" because no identity-based policy allows the s3:ListBucket action",
        ),
        (
            decided(EXPLICIT, PolicyKind::Resource),
            &etl,
            "s3:PutObject",
            "arn:aws:s3:::b/k",
            "User: arn:aws:sts::123456789012:assumed-role/etl/run is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::b/k\" with an explicit deny in a resource-based policy",
        ),
        (
            decided(IMPLICIT, PolicyKind::Boundary),
            &ann,
            "iam:CreateUser",
            "arn:aws:iam::123456789012:user/x",
            "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::123456789012:user/x because no permissions boundary allows the iam:CreateUser action",
        ),
        (
            decided(EXPLICIT, PolicyKind::Session),
            &etl,
            "glue:GetTable",
            "*",
            "User: arn:aws:sts::123456789012:assumed-role/etl/run is not authorized to perform: glue:GetTable on resource: * with an explicit deny in a session policy",
        ),
        (
            decided(IMPLICIT, PolicyKind::Trust),
            &ann,
            "sts:AssumeRole",
            "arn:aws:iam::123456789012:role/r",
            "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/r because no role trust policy allows the sts:AssumeRole action",
        ),
    ] {
        let context = Context::new();
        let request = Request {
            principal,
            action,
            resource,
            resource_account: ACCOUNT,
            context: &context,
        };
        assert_eq!(decision.denial(&request).as_deref(), Some(expected));
    }
}

#[test]
fn the_first_steps_of_the_batch_pipeline() {
    // A user with S3, Glue and Athena, who may change the password, and nothing else.
    let own = r#"{"Effect": "Allow", "Action": ["s3:*", "glue:*", "athena:*"], "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "arn:aws:iam::*:user/${aws:username}"},
        {"Effect": "Allow", "Action": "iam:GetAccountPasswordPolicy", "Resource": "*"}"#;
    let context = Context::of(&user("ann"));
    for (action, resource, expected) in [
        ("s3:ListAllMyBuckets", "*", ALLOWED),
        (
            "iam:ChangePassword",
            "arn:aws:iam::123456789012:user/ann",
            ALLOWED,
        ),
        (
            "iam:ChangePassword",
            "arn:aws:iam::123456789012:user/bob",
            IMPLICIT,
        ),
        ("cloudwatch:ListMetrics", "*", IMPLICIT),
    ] {
        assert_eq!(may(own, action, resource, &context), expected, "{action}");
    }
}

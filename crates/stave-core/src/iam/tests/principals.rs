//! Whom a resource's policy names.

use super::*;

/// Whether a bucket policy's statement allows `principal` by itself.
fn granted(element: &str, principal: &Principal) -> Decision<'static> {
    granted_on("Allow", element, principal)
}

fn granted_on(effect: &str, element: &str, principal: &Principal) -> Decision<'static> {
    let statement =
        format!(r#"{{"Effect": "{effect}", {element}, "Action": "s3:*", "Resource": "*"}}"#);
    // Leaked, so that the tables can be written as expressions.
    let document = Box::leak(Box::new(document(DocumentKind::Resource, &statement)));
    let context = Context::of(principal);
    let request = Request {
        principal,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: ACCOUNT,
        context: &context,
    };
    let policies = Policies {
        resource: ResourcePolicy::Attached(NamedPolicy {
            name: "bucket",
            document,
        }),
        ..Policies::default()
    };
    evaluate(&request, &policies)
}

const ANN: &str = "arn:aws:iam::123456789012:user/ann";
const ROLE: &str = "arn:aws:iam::123456789012:role/service-role/etl";
const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/etl/run";
const ROOT: &str = "arn:aws:iam::123456789012:root";

#[test]
fn an_allow_names_whom_it_names() {
    let lambda = service("lambda.amazonaws.com");
    for (element, principal, expected) in [
        (r#""Principal": "*""#.to_owned(), Principal::Anonymous, true),
        (r#""Principal": {"AWS": "*"}"#.to_owned(), user("ann"), true),
        (
            format!(r#""Principal": {{"AWS": "{ANN}"}}"#),
            user("ann"),
            true,
        ),
        (
            format!(r#""Principal": {{"AWS": "{ANN}"}}"#),
            user("bob"),
            false,
        ),
        (
            format!(r#""Principal": {{"AWS": "{ANN}"}}"#),
            Principal::Anonymous,
            false,
        ),
        (
            r#""Principal": {"AWS": "AIDAAAAAAAAAAAAAAANN"}"#.to_owned(),
            user("ann"),
            true,
        ),
        (
            format!(r#""Principal": {{"AWS": "{ROLE}"}}"#),
            session("etl", "run"),
            true,
        ),
        (
            format!(r#""Principal": {{"AWS": "{SESSION}"}}"#),
            session("etl", "run"),
            true,
        ),
        (
            format!(r#""Principal": {{"AWS": "{SESSION}"}}"#),
            session("etl", "other"),
            false,
        ),
        (
            r#""Principal": {"AWS": "AROAAAAAAAAAAAAAAETL"}"#.to_owned(),
            session("etl", "x"),
            true,
        ),
        // The account alone leaves it to the account's own policies.
        (
            format!(r#""Principal": {{"AWS": "{ROOT}"}}"#),
            user("ann"),
            false,
        ),
        (
            r#""Principal": {"AWS": "123456789012"}"#.to_owned(),
            session("etl", "run"),
            false,
        ),
        (
            r#""Principal": {"Service": "lambda.amazonaws.com"}"#.to_owned(),
            lambda.clone(),
            true,
        ),
        (
            r#""Principal": {"Service": "glue.amazonaws.com"}"#.to_owned(),
            lambda.clone(),
            false,
        ),
        (r#""Principal": "*""#.to_owned(), lambda, true),
        (
            r#""Principal": {"Federated": "accounts.google.com"}"#.to_owned(),
            user("ann"),
            false,
        ),
        (
            format!(r#""NotPrincipal": {{"AWS": "{ANN}"}}"#),
            user("ann"),
            false,
        ),
        (
            format!(r#""NotPrincipal": {{"AWS": "{ANN}"}}"#),
            user("bob"),
            true,
        ),
        (
            format!(r#""NotPrincipal": {{"AWS": "{ROOT}"}}"#),
            user("bob"),
            false,
        ),
    ] {
        let decision = granted(&element, &principal);
        assert_eq!(decision.is_allowed(), expected, "{element} {principal:?}");
    }
}

#[test]
fn a_deny_is_about_whom_it_names() {
    for (element, principal, denied) in [
        (r#""Principal": "*""#.to_owned(), root(ACCOUNT), true),
        (
            format!(r#""Principal": {{"AWS": "{ROOT}"}}"#),
            user("ann"),
            true,
        ),
        (
            format!(r#""Principal": {{"AWS": "{ROLE}"}}"#),
            session("etl", "run"),
            true,
        ),
        (
            format!(r#""Principal": {{"AWS": "{ANN}"}}"#),
            user("bob"),
            false,
        ),
        // To be spared one must be listed with all one's names.
        (
            format!(r#""NotPrincipal": {{"AWS": ["{ANN}", "{ROOT}"]}}"#),
            user("ann"),
            false,
        ),
        (
            format!(r#""NotPrincipal": {{"AWS": "{ANN}"}}"#),
            user("ann"),
            true,
        ),
        (
            format!(r#""NotPrincipal": {{"AWS": ["{ANN}", "{ROOT}"]}}"#),
            user("bob"),
            true,
        ),
        (
            format!(r#""NotPrincipal": {{"AWS": ["{SESSION}", "{ROLE}", "{ROOT}"]}}"#),
            session("etl", "run"),
            false,
        ),
        (
            format!(r#""NotPrincipal": {{"AWS": ["{ROLE}", "{ROOT}"]}}"#),
            session("etl", "run"),
            true,
        ),
        (
            format!(r#""NotPrincipal": {{"AWS": "{ROOT}"}}"#),
            root(ACCOUNT),
            false,
        ),
        (
            format!(r#""NotPrincipal": {{"AWS": "{ROOT}"}}"#),
            Principal::Anonymous,
            true,
        ),
        (
            r#""NotPrincipal": {"Service": "s3.amazonaws.com"}"#.to_owned(),
            service("s3.amazonaws.com"),
            false,
        ),
    ] {
        let decision = granted_on("Deny", &element, &principal);
        let is_denied = decision.verdict == Verdict::ExplicitDeny;
        assert_eq!(is_denied, denied, "{element} {principal:?}");
    }
}

#[test]
fn a_principal_brings_its_keys() {
    type Keys = &'static [(&'static str, Option<&'static str>)];
    let rows: [(Principal, Keys); 4] = [
        (
            user("ann"),
            &[
                ("aws:username", Some("ann")),
                ("aws:userid", Some("AIDAAAAAAAAAAAAAAANN")),
                ("aws:PrincipalArn", Some(ANN)),
                ("aws:PrincipalAccount", Some(ACCOUNT)),
                ("aws:PrincipalType", Some("User")),
            ],
        ),
        (
            session("etl", "run"),
            &[
                ("aws:username", None),
                ("aws:userid", Some("AROAAAAAAAAAAAAAAETL:run")),
                ("aws:PrincipalArn", Some(ROLE)),
                ("aws:PrincipalType", Some("AssumedRole")),
            ],
        ),
        (
            root(ACCOUNT),
            &[
                ("aws:username", None),
                ("aws:userid", Some(ACCOUNT)),
                ("aws:PrincipalArn", Some(ROOT)),
                ("aws:PrincipalType", Some("Account")),
            ],
        ),
        (
            service("glue.amazonaws.com"),
            &[
                ("aws:PrincipalArn", None),
                ("aws:PrincipalIsAWSService", Some("true")),
                ("aws:PrincipalServiceName", Some("glue.amazonaws.com")),
            ],
        ),
    ];
    for (principal, keys) in rows {
        let context = Context::of(&principal);
        for (key, value) in keys {
            assert_eq!(context.single(key), *value, "{principal:?} {key}");
        }
    }
}

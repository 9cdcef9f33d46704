//! Who may do what when several policies apply.

use super::*;

const GET: &str = r#"{"Sid": "Get", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}"#;
const PUT: &str = r#"{"Sid": "Put", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}"#;
const NEVER: &str = r#"{"Sid": "Never", "Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}"#;

const BOTH: &str = r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}"#;

const ANN: &str = r#"{"AWS": "arn:aws:iam::123456789012:user/ann"}"#;
const ROLE: &str = r#"{"AWS": "arn:aws:iam::123456789012:role/service-role/etl"}"#;
const ROLE_SESSION: &str = r#"{"AWS": "arn:aws:sts::123456789012:assumed-role/etl/run"}"#;
const OURS: &str = r#"{"AWS": "123456789012"}"#;
const ZOE: &str = r#"{"AWS": "arn:aws:iam::999988887777:user/zoe"}"#;
const THEIRS: &str = r#"{"AWS": "arn:aws:iam::999988887777:root"}"#;
const ALL: &str = r#""*""#;

type Outcome = (Verdict, Option<PolicyKind>);

/// Statements of the identity, the boundary, the session; the bucket's effect and principal.
/// An empty text is no policy.
type Case<'a> = (&'a str, &'a str, &'a str, (&'a str, &'a str));

const NONE: (&str, &str) = ("", "");

fn allow(principal: &str) -> (&str, &str) {
    ("Allow", principal)
}

fn decide(case: Case, principal: &Principal) -> Outcome {
    let (own, boundary, session, (effect, granted)) = case;
    let read = |statements: &str| (!statements.is_empty()).then(|| identity(statements));
    let (own, boundary, session) = (read(own), read(boundary), read(session));
    let bucket = (!effect.is_empty()).then(|| {
        let statement = format!(
            r#"{{"Effect": "{effect}", "Principal": {granted}, "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::b/*"}}"#
        );
        document(DocumentKind::Resource, &statement)
    });
    let named = |document| NamedPolicy {
        name: "p",
        document,
    };
    let own: Vec<NamedPolicy> = own.iter().map(named).collect();
    let session: Option<Vec<NamedPolicy>> = session.as_ref().map(|d| vec![named(d)]);
    let context = Context::of(principal);
    let request = Request {
        principal,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: ACCOUNT,
        context: &context,
    };
    let policies = Policies {
        identity: &own,
        boundary: boundary.as_ref().map(named),
        session: session.as_deref(),
        resource: bucket
            .as_ref()
            .map_or(ResourcePolicy::None, |d| ResourcePolicy::Attached(named(d))),
    };
    let decision = evaluate(&request, &policies);
    (decision.verdict, decision.kind)
}

const ALLOWED: Verdict = Verdict::Allowed;
const EXPLICIT: Verdict = Verdict::ExplicitDeny;
const IMPLICIT: Verdict = Verdict::ImplicitDeny;
const IDENTITY: Option<PolicyKind> = Some(PolicyKind::Identity);
const RESOURCE: Option<PolicyKind> = Some(PolicyKind::Resource);
const BOUNDARY: Option<PolicyKind> = Some(PolicyKind::Boundary);
const SESSION: Option<PolicyKind> = Some(PolicyKind::Session);

#[test]
fn identity_boundary_and_session_must_all_allow() {
    let (ann, run) = (user("ann"), session("etl", "run"));
    let rows: [(&str, Case, &Principal, Outcome); 14] = [
        ("nothing", ("", "", "", NONE), &ann, (IMPLICIT, IDENTITY)),
        ("allow", (GET, "", "", NONE), &ann, (ALLOWED, IDENTITY)),
        ("other", (PUT, "", "", NONE), &ann, (IMPLICIT, IDENTITY)),
        ("both", (BOTH, "", "", NONE), &ann, (EXPLICIT, IDENTITY)),
        ("b. other", (GET, PUT, "", NONE), &ann, (IMPLICIT, BOUNDARY)),
        ("b. alone", ("", GET, "", NONE), &ann, (IMPLICIT, IDENTITY)),
        ("b. allows", (GET, GET, "", NONE), &ann, (ALLOWED, IDENTITY)),
        (
            "b. denies",
            (GET, NEVER, "", NONE),
            &ann,
            (EXPLICIT, BOUNDARY),
        ),
        ("s. other", (GET, "", PUT, NONE), &run, (IMPLICIT, SESSION)),
        ("s. alone", ("", "", GET, NONE), &run, (IMPLICIT, IDENTITY)),
        ("s. allows", (GET, "", GET, NONE), &run, (ALLOWED, IDENTITY)),
        (
            "s. denies",
            (GET, "", NEVER, NONE),
            &run,
            (EXPLICIT, SESSION),
        ),
        (
            "b. and s.",
            (GET, PUT, PUT, NONE),
            &run,
            (IMPLICIT, BOUNDARY),
        ),
        ("all", (GET, GET, GET, NONE), &run, (ALLOWED, IDENTITY)),
    ];
    for (name, case, principal, expected) in rows {
        assert_eq!(decide(case, principal), expected, "{name}");
    }
}

#[test]
fn a_bucket_policy_allows_by_itself_whom_it_names() {
    let (ann, run) = (user("ann"), session("etl", "run"));
    let nobody = Principal::Anonymous;
    let rows: [(&str, Case, &Principal, Outcome); 16] = [
        ("root", ("", "", "", NONE), &root(ACCOUNT), (ALLOWED, None)),
        (
            "denied root",
            ("", "", "", ("Deny", ALL)),
            &root(ACCOUNT),
            (EXPLICIT, RESOURCE),
        ),
        ("user", ("", "", "", allow(ANN)), &ann, (ALLOWED, RESOURCE)),
        (
            "user, b. silent",
            ("", PUT, "", allow(ANN)),
            &ann,
            (ALLOWED, RESOURCE),
        ),
        (
            "user, b. denies",
            ("", NEVER, "", allow(ANN)),
            &ann,
            (EXPLICIT, BOUNDARY),
        ),
        ("role", ("", "", "", allow(ROLE)), &run, (ALLOWED, RESOURCE)),
        (
            "role, b. silent",
            ("", PUT, "", allow(ROLE)),
            &run,
            (IMPLICIT, BOUNDARY),
        ),
        (
            "role, s. silent",
            ("", "", PUT, allow(ROLE)),
            &run,
            (IMPLICIT, SESSION),
        ),
        (
            "session",
            ("", PUT, PUT, allow(ROLE_SESSION)),
            &run,
            (ALLOWED, RESOURCE),
        ),
        (
            "account",
            ("", "", "", allow(OURS)),
            &ann,
            (IMPLICIT, IDENTITY),
        ),
        (
            "account, identity",
            (GET, "", "", allow(OURS)),
            &ann,
            (ALLOWED, IDENTITY),
        ),
        (
            "everybody",
            ("", "", "", allow(ALL)),
            &ann,
            (ALLOWED, RESOURCE),
        ),
        (
            "somebody else",
            ("", "", "", allow(ZOE)),
            &ann,
            (IMPLICIT, IDENTITY),
        ),
        (
            "denied user",
            (GET, "", "", ("Deny", ANN)),
            &ann,
            (EXPLICIT, RESOURCE),
        ),
        ("nobody", ("", "", "", NONE), &nobody, (IMPLICIT, RESOURCE)),
        (
            "nobody, of all",
            ("", "", "", allow(ALL)),
            &nobody,
            (ALLOWED, RESOURCE),
        ),
    ];
    for (name, case, principal, expected) in rows {
        assert_eq!(decide(case, principal), expected, "{name}");
    }
}

#[test]
fn from_another_account_both_sides_must_allow() {
    let zoe = user_of(OTHER, "zoe");
    let rows: [(&str, Case, &Principal, Outcome); 9] = [
        (
            "identity only",
            (GET, "", "", NONE),
            &zoe,
            (IMPLICIT, RESOURCE),
        ),
        (
            "bucket only",
            ("", "", "", allow(ZOE)),
            &zoe,
            (IMPLICIT, IDENTITY),
        ),
        ("both", (GET, "", "", allow(ZOE)), &zoe, (ALLOWED, IDENTITY)),
        (
            "account",
            (GET, "", "", allow(THEIRS)),
            &zoe,
            (ALLOWED, IDENTITY),
        ),
        (
            "everybody",
            (GET, "", "", allow(ALL)),
            &zoe,
            (ALLOWED, IDENTITY),
        ),
        (
            "boundary",
            (GET, PUT, "", allow(ZOE)),
            &zoe,
            (IMPLICIT, BOUNDARY),
        ),
        (
            "denied",
            (GET, "", "", ("Deny", THEIRS)),
            &zoe,
            (EXPLICIT, RESOURCE),
        ),
        (
            "unnamed root",
            ("", "", "", NONE),
            &root(OTHER),
            (IMPLICIT, RESOURCE),
        ),
        (
            "root",
            ("", "", "", allow(THEIRS)),
            &root(OTHER),
            (ALLOWED, None),
        ),
    ];
    for (name, case, principal, expected) in rows {
        assert_eq!(decide(case, principal), expected, "{name}");
    }
}

#[test]
fn a_role_is_assumed_only_if_its_trust_policy_says_so() {
    let role = "arn:aws:iam::123456789012:role/etl";
    let may_assume = r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::123456789012:role/*"}"#;
    let account = r#"{"AWS": "arn:aws:iam::123456789012:root"}"#;
    let ann = r#"{"AWS": "arn:aws:iam::123456789012:user/ann"}"#;
    let glue = r#"{"Service": "glue.amazonaws.com"}"#;
    let trust = Some(PolicyKind::Trust);
    for (name, own, trusted, principal, expected) in [
        ("trusted by name", "", ann, user("ann"), (ALLOWED, trust)),
        (
            "another is trusted",
            may_assume,
            ann,
            user("bob"),
            (IMPLICIT, trust),
        ),
        (
            "account, no policy",
            "",
            account,
            user("ann"),
            (IMPLICIT, IDENTITY),
        ),
        (
            "account and policy",
            may_assume,
            account,
            user("ann"),
            (ALLOWED, IDENTITY),
        ),
        (
            "service",
            "",
            glue,
            service("glue.amazonaws.com"),
            (ALLOWED, trust),
        ),
        (
            "another service",
            "",
            glue,
            service("lambda.amazonaws.com"),
            (IMPLICIT, trust),
        ),
        (
            "service's role, by a user",
            may_assume,
            glue,
            user("ann"),
            (IMPLICIT, trust),
        ),
        (
            "root is not trusted",
            "",
            glue,
            root(ACCOUNT),
            (IMPLICIT, trust),
        ),
    ] {
        let statement =
            format!(r#"{{"Effect": "Allow", "Principal": {trusted}, "Action": "sts:AssumeRole"}}"#);
        let trust_document = document(DocumentKind::Trust, &statement);
        let own_document = (!own.is_empty()).then(|| identity(own));
        let own: Vec<NamedPolicy> = own_document
            .iter()
            .map(|document| NamedPolicy {
                name: "own",
                document,
            })
            .collect();
        let context = Context::of(&principal);
        let request = Request {
            principal: &principal,
            action: "sts:AssumeRole",
            resource: role,
            resource_account: ACCOUNT,
            context: &context,
        };
        let policies = Policies {
            identity: &own,
            resource: ResourcePolicy::Trust(NamedPolicy {
                name: "trust",
                document: &trust_document,
            }),
            ..Policies::default()
        };
        let decision = evaluate(&request, &policies);
        assert_eq!((decision.verdict, decision.kind), expected, "{name}");
    }
}

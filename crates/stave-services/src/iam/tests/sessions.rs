//! STS: sessions of roles and of oneself, what bounds them, and when they end.

use super::*;

const ANN: &str = r#"{"AWS": "arn:aws:iam::123456789012:user/maya"}"#;

fn request(role: &Role) -> AssumeRole {
    AssumeRole {
        role_arn: role.arn.clone(),
        session_name: "run-1".to_owned(),
        ..AssumeRole::default()
    }
}

/// Who comes in with temporary credentials.
fn comes(world: &World, credentials: &Credentials) -> Result<Caller> {
    let token = Some(credentials.session_token.expose());
    let known = world.iam.known_key(&credentials.access_key_id, token)?;
    assert_eq!(known.secret(), credentials.secret.expose());
    Ok(known.into_caller(&Context::new()))
}

/// A user `maya`, and a role that trusts her and may read S3.
fn with_role() -> (World, Role) {
    let world = world();
    world.user("maya");
    let role = world.role("reader", ANN);
    world
        .iam
        .put_inline_policy(
            &world.root,
            EntityKind::Role,
            "reader",
            "s3",
            &allow("s3:Get*"),
        )
        .expect("put");
    (world, role)
}

#[test]
fn a_session_is_the_role() {
    let (world, role) = with_role();
    let maya = world.caller("maya");
    let session = world
        .iam
        .assume_role(&maya, &request(&role))
        .expect("trusted");
    assert_eq!(
        session.arn,
        "arn:aws:sts::123456789012:assumed-role/reader/run-1"
    );
    assert_eq!(session.id, format!("{}:run-1", role.id));
    assert_eq!(session.packed_policy_percent, None);
    let credentials = &session.credentials;
    assert!(credentials.access_key_id.starts_with("ASIA"));
    assert_eq!(credentials.expires_at.to_string(), "2026-11-21T11:00:00Z");
    let caller = comes(&world, credentials).expect("known");
    let identity = world.iam.caller_identity(&caller);
    assert_eq!((identity.arn, identity.user_id), (session.arn, session.id));
    caller
        .may("s3:GetObject", "arn:aws:s3:::b/k")
        .expect("allowed");
    assert_eq!(
        fault(caller.may("s3:PutObject", "arn:aws:s3:::b/k")),
        DENIED
    );
    assert_eq!(
        caller.context().single("aws:TokenIssueTime"),
        Some("2026-11-21T10:00:00Z")
    );
    assert_eq!(caller.context().single("aws:username"), None);
}

#[test]
fn only_whom_the_role_trusts_may_assume_it() {
    let (world, role) = with_role();
    let (iam, root) = (&world.iam, &world.root);
    world.user("noor");
    world.let_user("noor", "sts:AssumeRole");
    let error = iam
        .assume_role(&world.caller("noor"), &request(&role))
        .expect_err("not her");
    assert_eq!(error.code(), Some("AccessDenied"));
    assert_eq!(
        error.message(),
        "User: arn:aws:iam::123456789012:user/noor is not authorized to perform: sts:AssumeRole \
         on resource: arn:aws:iam::123456789012:role/reader because no role trust policy allows \
         the sts:AssumeRole action"
    );
    assert_eq!(
        fault(iam.assume_role(root, &request(&role))),
        DENIED,
        "root may not"
    );
    let whole = trust(r#"{"AWS": "arn:aws:iam::123456789012:root"}"#);
    iam.update_trust(root, "reader", &whole).expect("updated");
    iam.assume_role(&world.caller("noor"), &request(&role))
        .expect("the account, and her policy");
    assert_eq!(
        fault(iam.assume_role(&world.caller("maya"), &request(&role))),
        DENIED
    );
    let none = AssumeRole {
        role_arn: "arn:aws:iam::123456789012:role/none".to_owned(),
        ..request(&role)
    };
    assert_eq!(fault(iam.assume_role(&world.caller("noor"), &none)), DENIED);
    for wrong in ["nonsense", "arn:aws:iam::123456789012:user/maya"] {
        let wrong = AssumeRole {
            role_arn: wrong.to_owned(),
            ..request(&role)
        };
        assert_eq!(
            fault(iam.assume_role(&world.caller("noor"), &wrong)),
            INVALID
        );
    }
    for name in ["", "a", "a b", &"x".repeat(65)] {
        let wrong = AssumeRole {
            session_name: name.to_owned(),
            ..request(&role)
        };
        assert_eq!(
            fault(iam.assume_role(&world.caller("noor"), &wrong)),
            INVALID,
            "{name}"
        );
    }
}

#[test]
fn the_external_id_is_a_condition() {
    let (world, role) = with_role();
    let guarded = statement(&format!(
        r#"{{"Effect": "Allow", "Principal": {ANN}, "Action": "sts:AssumeRole",
            "Condition": {{"StringEquals": {{"sts:ExternalId": "42-x"}}}}}}"#
    ));
    world
        .iam
        .update_trust(&world.root, "reader", &guarded)
        .expect("updated");
    let with = |external_id: Option<&str>| {
        let request = AssumeRole {
            external_id: external_id.map(str::to_owned),
            ..request(&role)
        };
        world.iam.assume_role(&world.caller("maya"), &request)
    };
    assert_eq!(fault(with(None)), DENIED);
    assert_eq!(fault(with(Some("43-x"))), DENIED);
    assert_eq!(fault(with(Some("?"))), INVALID);
    with(Some("42-x")).expect("right");
}

#[test]
fn session_policies_bound_it() {
    let (world, role) = with_role();
    let maya = world.caller("maya");
    let bounded = AssumeRole {
        policy: Some(statement(
            r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}"#,
        )),
        ..request(&role)
    };
    let session = world.iam.assume_role(&maya, &bounded).expect("trusted");
    assert!(
        session
            .packed_policy_percent
            .is_some_and(|percent| (1..20).contains(&percent))
    );
    let caller = comes(&world, &session.credentials).expect("known");
    caller
        .may("s3:GetObject", "arn:aws:s3:::b/k")
        .expect("allowed by both");
    assert_eq!(
        fault(caller.may("s3:GetObject", "arn:aws:s3:::c/k")),
        DENIED
    );
    assert_eq!(
        fault(caller.may("s3:PutObject", "arn:aws:s3:::b/k")),
        DENIED
    );
    let managed = AssumeRole {
        policy_arns: vec!["arn:aws:iam::aws:policy/AmazonAthenaFullAccess".to_owned()],
        ..request(&role)
    };
    let session = world.iam.assume_role(&maya, &managed).expect("trusted");
    let caller = comes(&world, &session.credentials).expect("known");
    assert_eq!(
        fault(caller.may("s3:GetObject", "arn:aws:s3:::b/k")),
        DENIED
    );
    let unknown = AssumeRole {
        policy_arns: vec!["arn:aws:iam::aws:policy/None".to_owned()],
        ..request(&role)
    };
    assert_eq!(fault(world.iam.assume_role(&maya, &unknown)), NO_SUCH);
    let broken = AssumeRole {
        policy: Some("{}".to_owned()),
        ..request(&role)
    };
    assert_eq!(fault(world.iam.assume_role(&maya, &broken)), MALFORMED);
    let long = AssumeRole {
        policy: Some(" ".repeat(2049)),
        ..request(&role)
    };
    assert_eq!(fault(world.iam.assume_role(&maya, &long)), INVALID);
}

#[test]
fn a_session_ends() {
    let (world, role) = with_role();
    let maya = world.caller("maya");
    let lasting = |seconds| {
        let request = AssumeRole {
            duration_seconds: Some(seconds),
            ..request(&role)
        };
        world.iam.assume_role(&maya, &request)
    };
    for wrong in [0, 899, 3601, 43_201] {
        assert_eq!(fault(lasting(wrong)), INVALID, "{wrong}");
    }
    let session = lasting(900).expect("trusted");
    comes(&world, &session.credentials).expect("known");
    world.wait(899);
    comes(&world, &session.credentials).expect("known");
    world.wait(1);
    let ended = (ErrorKind::Denied, "ExpiredToken");
    assert_eq!(fault(comes(&world, &session.credentials)), ended);
    world
        .iam
        .update_role(&world.root, "reader", None, Some(7200))
        .expect("updated");
    lasting(7200).expect("as the role allows");
}

#[test]
fn a_token_goes_with_its_key_only() {
    let (world, role) = with_role();
    let maya = world.caller("maya");
    let one = world
        .iam
        .assume_role(&maya, &request(&role))
        .expect("trusted")
        .credentials;
    let two = world
        .iam
        .assume_role(&maya, &request(&role))
        .expect("trusted")
        .credentials;
    let unknown = (ErrorKind::Denied, "InvalidClientTokenId");
    let known = |id: &str, token: Option<&str>| fault(world.iam.known_key(id, token));
    assert_eq!(
        known(&one.access_key_id, Some(two.session_token.expose())),
        unknown
    );
    assert_eq!(known(&one.access_key_id, None), unknown);
    assert_eq!(known(&one.access_key_id, Some("")), unknown);
    assert_eq!(
        known(&one.access_key_id, Some(&"A".repeat(20_000))),
        unknown
    );
    let mut bent = one.session_token.expose().as_bytes().to_vec();
    bent[60] = if bent[60] == b'A' { b'B' } else { b'A' };
    let bent = String::from_utf8(bent).expect("text");
    assert_eq!(known(&one.access_key_id, Some(&bent)), unknown);
    assert_ne!(one.secret, two.secret);
    let shown = format!("{:?} {one:?}", world.iam);
    assert!(!shown.contains(one.session_token.expose()), "{shown}");
    assert!(!shown.contains(one.secret.expose()), "{shown}");
    // A second handle on the home knows it too, and a role that is gone has no sessions.
    let other = Iam::open(store(&world.dir, &world.clock), ACCOUNT, options()).expect("opened");
    other
        .known_key(&one.access_key_id, Some(one.session_token.expose()))
        .expect("known");
    other
        .delete_inline_policy(&world.root, EntityKind::Role, "reader", "s3")
        .expect("deleted");
    other.delete_role(&world.root, "reader").expect("deleted");
    assert_eq!(
        known(&one.access_key_id, Some(one.session_token.expose())),
        unknown
    );
    world.role("reader", ANN);
    assert_eq!(
        known(&one.access_key_id, Some(one.session_token.expose())),
        unknown,
        "another role"
    );
}

#[test]
fn roles_can_be_chained_for_an_hour() {
    let (world, role) = with_role();
    let next = world.role("next", &format!(r#"{{"AWS": "{}"}}"#, role.arn));
    let iam = &world.iam;
    iam.update_role(&world.root, "next", None, Some(43_200))
        .expect("updated");
    let first = iam
        .assume_role(&world.caller("maya"), &request(&role))
        .expect("trusted");
    let caller = comes(&world, &first.credentials).expect("known");
    let long = AssumeRole {
        duration_seconds: Some(3601),
        ..request(&next)
    };
    assert_eq!(fault(iam.assume_role(&caller, &long)), INVALID);
    let second = iam.assume_role(&caller, &request(&next)).expect("trusted");
    assert_eq!(
        second.arn,
        "arn:aws:sts::123456789012:assumed-role/next/run-1"
    );
    assert_eq!(
        fault(iam.assume_role(&world.caller("maya"), &request(&next))),
        DENIED,
        "it trusts the role, not her"
    );
}

#[test]
fn services_assume_roles_that_trust_them() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    let role = world.role("etl", r#"{"Service": "glue.amazonaws.com"}"#);
    let session = iam
        .assume_role_as_service("glue.amazonaws.com", &request(&role))
        .expect("trusted");
    let caller = comes(&world, &session.credentials).expect("known");
    assert_eq!(
        caller.principal().arn(),
        "arn:aws:sts::123456789012:assumed-role/etl/run-1"
    );
    let other = iam.assume_role_as_service("lambda.amazonaws.com", &request(&role));
    assert_eq!(fault(other), INVALID);
    world.user("maya");
    let pass = |service| iam.pass_role(&world.caller("maya"), &role.arn, service);
    assert_eq!(fault(pass("glue.amazonaws.com")), DENIED);
    let only_glue = statement(
        r#"{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
            "Condition": {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}}"#,
    );
    iam.put_inline_policy(root, EntityKind::User, "maya", "pass", &only_glue)
        .expect("put");
    pass("glue.amazonaws.com").expect("allowed and trusted");
    assert_eq!(fault(pass("lambda.amazonaws.com")), DENIED);
    assert_eq!(
        fault(iam.pass_role(root, &role.arn, "lambda.amazonaws.com")),
        INVALID
    );
    let none = "arn:aws:iam::123456789012:role/none";
    assert_eq!(
        fault(iam.pass_role(root, none, "glue.amazonaws.com")),
        NO_SUCH
    );
}

#[test]
fn a_session_token_is_oneself_without_iam() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    world.let_user("maya", "*");
    let credentials = iam
        .session_token(&world.caller("maya"), None)
        .expect("given");
    assert_eq!(credentials.expires_at.to_string(), "2026-11-21T22:00:00Z");
    let caller = comes(&world, &credentials).expect("known");
    assert_eq!(
        caller.principal().arn(),
        "arn:aws:iam::123456789012:user/maya"
    );
    caller
        .may("s3:PutObject", "arn:aws:s3:::b/k")
        .expect("as maya may");
    let iam_call = iam.list_users(&caller, None, &NONE);
    assert_eq!(fault(iam_call), (ErrorKind::Denied, "InvalidClientTokenId"));
    assert_eq!(fault(iam.session_token(&caller, None)), DENIED);
    assert_eq!(
        fault(iam.session_token(&world.caller("maya"), Some(899))),
        INVALID
    );
    assert_eq!(
        fault(iam.session_token(&world.caller("maya"), Some(129_601))),
        INVALID
    );
    let of_root = iam.session_token(root, Some(7200)).expect("given");
    assert_eq!(
        of_root.expires_at.to_string(),
        "2026-11-21T11:00:00Z",
        "an hour at most"
    );
    let caller = comes(&world, &of_root).expect("known");
    assert_eq!(
        iam.caller_identity(&caller).arn,
        "arn:aws:iam::123456789012:root"
    );
    assert_eq!(
        fault(iam.caller_as(&caller, "maya")),
        DENIED,
        "only the home's owner"
    );
}

#[test]
fn the_use_of_a_role_is_noted() {
    let (world, role) = with_role();
    let session = world
        .iam
        .assume_role(&world.caller("maya"), &request(&role))
        .expect("trusted");
    let credentials = &session.credentials;
    let token = Some(credentials.session_token.expose());
    let known = world
        .iam
        .known_key(&credentials.access_key_id, token)
        .expect("known");
    let used = world.iam.use_of(&known, "s3", "us-east-1").expect("new");
    world.iam.note_use(&used).expect("noted");
    let role = world.iam.get_role(&world.root, "reader").expect("there");
    assert_eq!(role.used_at, Some(world.clock.now()));
    assert_eq!(role.used_region.as_deref(), Some("us-east-1"));
}

#[test]
fn a_name_in_a_trust_policy_means_who_had_it_then() {
    let (world, role) = with_role();
    let (iam, root) = (&world.iam, &world.root);
    for nobody in [
        "arn:aws:iam::123456789012:user/nobody",
        "arn:aws:iam::123456789012:user/x/maya",
        "arn:aws:iam::123456789012:role/nobody",
        "arn:aws:sts::123456789012:assumed-role/nobody/run",
        "AIDAAAAAAAAAAAAAAAAAA",
    ] {
        let refused =
            iam.update_trust(root, "reader", &trust(&format!(r#"{{"AWS": "{nobody}"}}"#)));
        assert_eq!(fault(refused), MALFORMED, "{nobody}");
    }
    let both = r#"{"AWS": ["arn:aws:iam::123456789012:user/maya", "999988887777"]}"#;
    iam.update_trust(root, "reader", &trust(both))
        .expect("updated");
    iam.update_user(root, "maya", Some("may"), Some("/x/"))
        .expect("renamed");
    let renamed = iam.get_role(root, "reader").expect("there").trust;
    assert!(
        renamed.contains("user/x/may") && renamed.contains("999988887777"),
        "{renamed}"
    );
    iam.assume_role(&world.caller("may"), &request(&role))
        .expect("it followed");
    let id = iam.get_user(root, Some("may")).expect("there").id;
    iam.update_user(root, "may", Some("maya"), Some("/"))
        .expect("renamed");
    iam.delete_user(root, "maya").expect("deleted");
    let orphaned = iam.get_role(root, "reader").expect("there").trust;
    assert!(
        orphaned.contains(&id) && !orphaned.contains("user/"),
        "{orphaned}"
    );
    world.user("maya");
    assert_eq!(
        fault(iam.assume_role(&world.caller("maya"), &request(&role))),
        DENIED,
        "another maya"
    );
}

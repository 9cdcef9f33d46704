//! Signed requests come in as who signed them.

use stave_core::sigv4::{
    Credentials as Signing, Expected, HttpRequest, Presented, Refusal, Signer, sign,
};

use super::*;

const HOST: (&str, &[u8]) = ("host", b"127.0.0.1:4566");

/// Signs `GET /` for S3 with a key, and sends it.
fn send(
    world: &World,
    id: &str,
    secret: &str,
    token: Option<&str>,
) -> Result<Authenticated, Unauthenticated> {
    let now = world.clock.now();
    let plain = HttpRequest {
        method: "GET",
        path: "/",
        query: "",
        headers: &[HOST],
    };
    let signer = Signer {
        credentials: Signing {
            access_key: id,
            secret,
            session_token: token,
        },
        region: "us-east-1",
        service: "s3",
        now,
    };
    let added = sign(&plain, &signer, None);
    let mut headers = vec![HOST];
    headers.extend(added.iter().map(|(name, value)| (*name, value.as_bytes())));
    let request = HttpRequest {
        headers: &headers,
        ..plain
    };
    let presented = Presented::read(&request).expect("read").expect("signed");
    let expected = Expected {
        service: "s3",
        region: Some("us-east-1"),
        now,
        body: Some(b""),
    };
    world
        .iam
        .authenticate(&request, &presented, &expected, &source_ip("10.0.0.1"))
}

#[test]
fn who_signs_comes_in() {
    let world = world();
    world.user("maya");
    world.let_user("maya", "s3:*");
    let made = world
        .iam
        .create_access_key(&world.root, Some("maya"))
        .expect("made");
    let (id, secret) = (made.key.id.as_str(), made.secret.expose());
    let Authenticated { caller, used, .. } = send(&world, id, secret, None).expect("in");
    assert_eq!(
        caller.principal().arn(),
        "arn:aws:iam::123456789012:user/maya"
    );
    assert_eq!(caller.context().single("aws:SourceIp"), Some("10.0.0.1"));
    world.iam.note_use(&used.expect("new")).expect("noted");
    let used = world
        .iam
        .access_key_last_used(&world.root, id)
        .expect("there");
    assert_eq!(
        (used.service.as_deref(), used.used_at),
        (Some("s3"), Some(world.clock.now()))
    );
    let session = world
        .iam
        .session_token(&world.caller("maya"), None)
        .expect("given");
    let (id, token) = (
        session.access_key_id.as_str(),
        Some(session.session_token.expose()),
    );
    send(&world, id, session.secret.expose(), token)
        .expect("in")
        .caller
        .may("s3:ListAllMyBuckets", "*")
        .expect("allowed");
    // The secret of a session is right only together with its token.
    let without = send(&world, id, session.secret.expose(), None);
    assert!(
        matches!(without, Err(Unauthenticated::Key(_))),
        "{without:?}"
    );
}

#[test]
fn nobody_else_does() {
    let world = world();
    world.user("maya");
    let made = world
        .iam
        .create_access_key(&world.root, Some("maya"))
        .expect("made");
    let (id, secret) = (made.key.id.as_str(), made.secret.expose());
    let wrong = send(&world, id, "another secret", None);
    assert!(
        matches!(wrong, Err(Unauthenticated::Signature(Refusal::Mismatch))),
        "{wrong:?}"
    );
    let used = world
        .iam
        .access_key_last_used(&world.root, id)
        .expect("there");
    assert_eq!(used.used_at, None, "it was not used");
    let unknown = send(&world, "AKIAIOSFODNN7EXAMPLE", secret, None);
    assert!(
        matches!(unknown, Err(Unauthenticated::Key(_))),
        "{unknown:?}"
    );
    world
        .iam
        .update_access_key(&world.root, Some("maya"), id, false)
        .expect("updated");
    let inactive = send(&world, id, secret, None);
    assert!(
        matches!(inactive, Err(Unauthenticated::Key(_))),
        "{inactive:?}"
    );
}

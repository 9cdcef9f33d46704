//! Access keys: two a user, sealed where they are kept, and who comes in with them.

use super::*;

#[test]
fn a_user_has_two_keys_at_most() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    let first = iam.create_access_key(root, Some("maya")).expect("made");
    let second = iam.create_access_key(root, Some("maya")).expect("made");
    assert_ne!(first.secret, second.secret);
    assert_eq!(first.key.user.as_deref(), Some("maya"));
    assert_eq!(fault(iam.create_access_key(root, Some("maya"))), LIMIT);
    let listed = iam
        .list_access_keys(root, Some("maya"), &NONE)
        .expect("listed");
    assert_eq!(listed.items, [first.key.clone(), second.key.clone()]);
    world.user("noor");
    assert_eq!(
        fault(iam.delete_access_key(root, Some("noor"), &first.key.id)),
        NO_SUCH
    );
    iam.delete_access_key(root, Some("maya"), &first.key.id)
        .expect("deleted");
    assert_eq!(
        fault(iam.delete_access_key(root, Some("maya"), &first.key.id)),
        NO_SUCH
    );
    assert_eq!(fault(iam.create_access_key(root, Some("nobody"))), NO_SUCH);
    // The root has one from the first start.
    iam.create_access_key(root, None).expect("made");
    assert_eq!(fault(iam.create_access_key(root, None)), LIMIT);
}

#[test]
fn a_key_says_who_comes() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    let maya = world.user("maya");
    world.let_user("maya", "s3:ListAllMyBuckets");
    let made = iam.create_access_key(root, Some("maya")).expect("made");
    let known = iam.known_key(&made.key.id, None).expect("known");
    assert_eq!(known.secret(), made.secret.expose());
    assert_eq!(iam.secret_of(&made.key.id).expect("known"), made.secret);
    let caller = known.into_caller(&source_ip("127.0.0.1"));
    let identity = iam.caller_identity(&caller);
    assert_eq!(identity.arn, "arn:aws:iam::123456789012:user/maya");
    assert_eq!(identity.user_id, maya.id);
    caller.may("s3:ListAllMyBuckets", "*").expect("allowed");
    assert_eq!(
        fault(caller.may("s3:CreateBucket", "arn:aws:s3:::b")),
        DENIED
    );
    assert_eq!(caller.context().single("aws:sourceip"), Some("127.0.0.1"));
    assert_eq!(
        caller.context().single("aws:CurrentTime"),
        Some("2026-11-21T10:00:00Z")
    );
}

#[test]
fn what_changes_is_seen_at_once() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    let id = iam
        .create_access_key(root, Some("maya"))
        .expect("made")
        .key
        .id;
    let comes = || {
        iam.known_key(&id, None)
            .map(|key| key.into_caller(&Context::new()))
    };
    assert_eq!(
        fault(comes().expect("known").may("s3:ListAllMyBuckets", "*")),
        DENIED
    );
    world.let_user("maya", "s3:*");
    comes()
        .expect("known")
        .may("s3:ListAllMyBuckets", "*")
        .expect("allowed");
    // A second handle on the home, as the command line has beside the server.
    let other = Iam::open(store(&world.dir, &world.clock), ACCOUNT, options()).expect("opened");
    other
        .delete_inline_policy(root, EntityKind::User, "maya", "s3--")
        .expect("deleted");
    assert_eq!(
        fault(comes().expect("known").may("s3:ListAllMyBuckets", "*")),
        DENIED
    );
    other
        .update_access_key(root, Some("maya"), &id, false)
        .expect("updated");
    let unknown = (ErrorKind::Denied, "InvalidClientTokenId");
    assert_eq!(fault(comes()), unknown);
    assert_eq!(fault(iam.secret_of(&id)), unknown);
    other
        .update_access_key(root, Some("maya"), &id, true)
        .expect("updated");
    comes().expect("known");
    other
        .delete_access_key(root, Some("maya"), &id)
        .expect("deleted");
    assert_eq!(fault(comes()), unknown);
    for stranger in [
        "",
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        &"A".repeat(200),
    ] {
        assert_eq!(fault(iam.known_key(stranger, None)), unknown, "{stranger}");
    }
}

#[test]
fn secrets_are_sealed_and_bound_to_their_key() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    let made = iam.create_access_key(root, Some("maya")).expect("made");
    let secret = made.secret.expose().as_bytes();
    let mut files = 0;
    for entry in std::fs::read_dir(world.dir.path()).expect("listed") {
        let path = entry.expect("there").path();
        if path.is_file() && path.to_string_lossy().contains("stave.db") {
            files += 1;
            let bytes = std::fs::read(&path).expect("read");
            let holds = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!holds, "{} holds the secret", path.display());
        }
    }
    assert!(files > 0);
    assert_eq!(format!("{:?}", made.secret), "Secret(…)");
    let seal = &iam.0.seal;
    let sealed = seal.seal_secret("AKIA1", &made.secret).expect("sealed");
    assert_eq!(
        seal.open_secret("AKIA1", &sealed).expect("opened"),
        made.secret
    );
    assert!(seal.open_secret("AKIA2", &sealed).is_err(), "another key's");
    let mut broken = sealed.clone();
    broken[30] ^= 1;
    assert!(seal.open_secret("AKIA1", &broken).is_err());
    assert!(seal.open_secret("AKIA1", &sealed[..20]).is_err());
    assert_ne!(
        seal.seal_secret("AKIA1", &made.secret).expect("sealed"),
        sealed
    );
}

#[test]
fn the_last_use_is_noted_now_and_then() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    let id = iam
        .create_access_key(root, Some("maya"))
        .expect("made")
        .key
        .id;
    let last = || iam.access_key_last_used(root, &id).expect("there");
    assert_eq!(last().used_at, None);
    let known = iam.known_key(&id, None).expect("known");
    let used = |service| iam.use_of(&known, service, "us-east-1");
    iam.note_use(&used("s3").expect("new")).expect("noted");
    let first = last();
    assert_eq!(first.used_at, Some(world.clock.now()));
    assert_eq!(first.service.as_deref(), Some("s3"));
    assert_eq!(
        (first.region.as_deref(), first.user.as_deref()),
        (Some("us-east-1"), Some("maya"))
    );
    world.wait(30);
    assert_eq!(used("glue"), None);
    world.wait(31);
    iam.note_use(&used("glue").expect("due")).expect("noted");
    assert_eq!(last().service.as_deref(), Some("glue"));
    assert_eq!(
        fault(iam.access_key_last_used(root, "AKIAIOSFODNN7EXAMPLE")),
        NO_SUCH
    );
}

#[test]
fn two_keys_are_two_however_many_ask_at_once() {
    let world = world();
    world.user("maya");
    let other = Iam::open(store(&world.dir, &world.clock), ACCOUNT, options()).expect("opened");
    let made: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let iam = if number % 2 == 0 { &world.iam } else { &other };
                let root = &world.root;
                scope.spawn(move || usize::from(iam.create_access_key(root, Some("maya")).is_ok()))
            })
            .collect();
        let made = threads
            .into_iter()
            .map(|thread| thread.join().expect("ended"));
        made.sum()
    });
    let listed = world.iam.list_access_keys(&world.root, Some("maya"), &NONE);
    assert_eq!(listed.expect("listed").items.len(), made);
    assert!(made <= 2, "{made}");
}

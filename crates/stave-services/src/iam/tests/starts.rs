//! The first start, and the ones after it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

/// The id and the secret that the credentials file says.
fn credentials(world: &World) -> (String, String) {
    let text = fs::read_to_string(world.store.home().root_credentials()).expect("there");
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.expect("there")
            .trim_start_matches([' ', '='])
            .to_owned()
    };
    assert!(text.starts_with("[default]\n"), "{text}");
    (value("aws_access_key_id"), value("aws_secret_access_key"))
}

#[test]
fn it_makes_a_root_key_in_a_file_for_the_owner_only() {
    let world = world();
    let home = world.store.home();
    assert_eq!(mode(&home.root_credentials()), 0o600);
    assert_eq!(mode(&home.seal_key()), 0o600);
    let (id, secret) = credentials(&world);
    assert!(id.starts_with("AKIA") && id.len() == 20, "{id}");
    assert_eq!(secret.len(), 40);
    let key = world.iam.known_key(&id, None).expect("known");
    assert_eq!(key.secret(), secret);
    let caller = key.into_caller(&Context::new());
    let identity = world.iam.caller_identity(&caller);
    assert_eq!(identity.arn, "arn:aws:iam::123456789012:root");
    assert_eq!(
        (identity.user_id, identity.account),
        (ACCOUNT.to_owned(), ACCOUNT.to_owned())
    );
    caller
        .may("s3:DeleteBucket", "arn:aws:s3:::b")
        .expect("root may all");
}

#[test]
fn later_starts_change_nothing_and_mend_the_file() {
    let world = world();
    let before = credentials(&world);
    fs::remove_file(world.store.home().root_credentials()).expect("removed");
    let iam = Iam::open(store(&world.dir, &world.clock), ACCOUNT, options()).expect("again");
    assert_eq!(credentials(&world), before);
    let keys = iam
        .list_access_keys(&world.root, None, &NONE)
        .expect("listed");
    assert_eq!(keys.items.len(), 1);
    assert_eq!(keys.items[0].user, None);
}

#[test]
fn many_may_start_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| Iam::open(store(&dir, &clock), ACCOUNT, options()).expect("opened"));
        }
    });
    let iam = Iam::open(store(&dir, &clock), ACCOUNT, options()).expect("opened");
    let keys = iam.list_access_keys(&Caller::root(ACCOUNT), None, &NONE);
    assert_eq!(keys.expect("listed").items.len(), 1);
}

#[test]
fn another_account_and_a_lost_key_are_told() {
    let world = world();
    let other = Iam::open(world.store.clone(), "999988887777", options()).expect_err("refused");
    assert_eq!(other.kind(), ErrorKind::Conflict);
    assert!(
        other.hint_text().is_some_and(|hint| hint.contains(ACCOUNT)),
        "{other:?}"
    );
    let none = Iam::open(world.store.clone(), "12", options()).expect_err("refused");
    assert_eq!(none.kind(), ErrorKind::Invalid);
    let seal_key = world.store.home().seal_key();
    let kept = fs::read(&seal_key).expect("read");
    fs::remove_file(&seal_key).expect("removed");
    let lost = Iam::open(world.store.clone(), ACCOUNT, options()).expect_err("refused");
    assert!(lost.message().contains("seal.key"), "{lost}");
    fs::write(&seal_key, &kept[..10]).expect("written");
    fs::set_permissions(&seal_key, fs::Permissions::from_mode(0o600)).expect("changed");
    let short = Iam::open(world.store.clone(), ACCOUNT, options()).expect_err("refused");
    assert!(short.message().contains("32 bytes"), "{short}");
}

#[test]
fn the_alias_stands_for_the_account() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    for wrong in [
        "ab",
        "Lake",
        "-lake",
        "la--ke",
        "lake-",
        "123456789012",
        "la_ke",
    ] {
        assert_eq!(
            fault(iam.create_account_alias(root, wrong)),
            INVALID,
            "{wrong}"
        );
    }
    iam.create_account_alias(root, "spotify-lake")
        .expect("made");
    assert_eq!(
        fault(iam.create_account_alias(root, "spotify-lake")),
        EXISTS
    );
    let aliases = iam.list_account_aliases(root, &NONE).expect("listed");
    assert_eq!(aliases.items, ["spotify-lake"]);
    assert_eq!(fault(iam.delete_account_alias(root, "other")), NO_SUCH);
    iam.delete_account_alias(root, "spotify-lake")
        .expect("deleted");
    assert!(
        iam.list_account_aliases(root, &NONE)
            .expect("listed")
            .items
            .is_empty()
    );
}

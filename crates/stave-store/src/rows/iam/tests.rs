//! IAM's rows come back, hang together, and change as one.

use std::sync::Arc;

use stave_core::{ErrorKind, ManualClock, SequentialIds};

use super::*;
use crate::store::StoreOptions;

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().expect("a directory");
    let at = "2026-11-21T10:00:00.123456Z".parse().expect("a time");
    let (clock, ids) = (
        Arc::new(ManualClock::new(at)),
        Arc::new(SequentialIds::default()),
    );
    let options = StoreOptions { fsync: false };
    let store = Store::open_with(dir.path(), clock, ids, options).expect("a store");
    store
        .iam_write(|rows| rows.make_account("123456789012"))
        .expect("made");
    (dir, store)
}

fn entity(kind: EntityKind, name: &str, path: &str) -> Entity {
    Entity {
        kind,
        id: format!("{}-{name}", kind.as_str()),
        name: name.to_owned(),
        path: path.to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        boundary: None,
        tags: vec![("team".to_owned(), "data".to_owned())],
        trust: None,
        description: None,
        max_session_seconds: None,
        used_at: None,
        used_region: None,
    }
}

fn generation(rows: &Rows<'_>) -> Result<i64> {
    rows.generation()
}

#[test]
fn entities_come_back_by_their_very_name() {
    let (_dir, store) = store();
    let ann = entity(EntityKind::User, "Ann", "/a/");
    let etl = Entity {
        trust: Some("{}".to_owned()),
        description: Some("reads".to_owned()),
        max_session_seconds: Some(3600),
        boundary: Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()),
        ..entity(EntityKind::Role, "ann", "/")
    };
    store
        .iam_write(|rows| {
            rows.add_entity(&ann)?;
            rows.add_entity(&etl)
        })
        .expect("added");
    let twin = entity(EntityKind::User, "ANN", "/");
    let error = store
        .iam_write(|rows| {
            rows.add_entity(&Entity {
                id: "other".to_owned(),
                ..twin.clone()
            })
        })
        .expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    store
        .iam_read(|rows| {
            assert_eq!(rows.entity(EntityKind::User, "Ann")?.as_ref(), Some(&ann));
            assert_eq!(rows.entity(EntityKind::User, "ANN")?, None);
            assert_eq!(rows.entity(EntityKind::Role, "ann")?.as_ref(), Some(&etl));
            assert_eq!(rows.entity_by_id("role-ann")?.as_ref(), Some(&etl));
            assert_eq!(
                rows.count_boundaries("arn:aws:iam::aws:policy/ReadOnlyAccess")?,
                1
            );
            assert_eq!(rows.count_entities(EntityKind::Group)?, 0);
            Ok(())
        })
        .expect("read");
}

#[test]
fn lists_are_by_path_in_pages() {
    let (_dir, store) = store();
    store
        .iam_write(|rows| {
            for (name, path) in [("b", "/x/"), ("A", "/x/y/"), ("c", "/"), ("d", "/x/")] {
                rows.add_entity(&entity(EntityKind::User, name, path))?;
            }
            Ok(())
        })
        .expect("added");
    let names = |path: &str, after: &str, max| {
        let found = store.iam_read(|rows| rows.entities(EntityKind::User, path, after, max));
        let found = found.expect("listed").into_iter().map(|entity| entity.name);
        found.collect::<Vec<_>>()
    };
    assert_eq!(names("/", "", 10), ["A", "b", "c", "d"]);
    assert_eq!(names("/x/", "", 10), ["A", "b", "d"]);
    assert_eq!(names("/x/", "a", 1), ["b"]);
    assert_eq!(names("/x/y/", "", 10), ["A"]);
    assert!(names("/z/", "", 10).is_empty());
}

#[test]
fn what_hangs_on_an_entity_goes_with_it() {
    let (_dir, store) = store();
    let arn = "arn:aws:iam::123456789012:policy/p";
    store
        .iam_write(|rows| {
            rows.add_entity(&entity(EntityKind::User, "ann", "/"))?;
            rows.add_entity(&entity(EntityKind::Group, "all", "/"))?;
            rows.join("user-ann", "group-all")?;
            rows.join("user-ann", "group-all")?;
            rows.attach("user-ann", arn)?;
            rows.put_inline_policy("user-ann", "mine", "{}")?;
            rows.put_inline_policy("user-ann", "mine", "{ }")?;
            rows.add_access_key(&AccessKey {
                id: "AKIA1".to_owned(),
                user_id: Some("user-ann".to_owned()),
                secret: vec![1, 2],
                is_active: true,
                created_at: rows.now(),
                used_at: None,
                used_service: None,
                used_region: None,
            })?;
            rows.put_login(&Login {
                user_id: "user-ann".to_owned(),
                hash: "$argon2id$".to_owned(),
                must_change: true,
                created_at: rows.now(),
                changed_at: rows.now(),
                earlier: vec!["$old".to_owned()],
                failures: 2,
                failed_at: Some(rows.now()),
            })
        })
        .expect("added");
    store
        .iam_note(|rows| rows.note_access_key_used("AKIA1", "s3", "us-east-1"))
        .expect("noted");
    store
        .iam_read(|rows| {
            assert_eq!(rows.groups_of("user-ann", "", 10)?.len(), 1);
            assert_eq!(rows.users_in("group-all", "", 10)?[0].name, "ann");
            assert_eq!(rows.attached("user-ann")?, [arn]);
            assert_eq!(
                (rows.count_attachments(arn)?, rows.attached_to(arn)?.len()),
                (1, 1)
            );
            let inline = rows.inline_policies("user-ann")?;
            assert_eq!(inline, [("mine".to_owned(), "{ }".to_owned())]);
            let key = rows.access_key("AKIA1")?.expect("there");
            assert_eq!(key.used_service.as_deref(), Some("s3"));
            assert_eq!(rows.access_keys(Some("user-ann"))?, [key]);
            assert!(rows.access_keys(None)?.is_empty());
            let login = rows.login("user-ann")?.expect("there");
            assert_eq!((login.must_change, login.failures), (true, 2));
            assert_eq!(login.earlier, ["$old"]);
            Ok(())
        })
        .expect("read");
    store
        .iam_write(|rows| rows.remove_entity("user-ann"))
        .expect("removed");
    store
        .iam_read(|rows| {
            assert!(rows.users_in("group-all", "", 10)?.is_empty());
            assert_eq!(rows.count_attachments(arn)?, 0);
            assert_eq!(rows.access_key("AKIA1")?, None);
            assert_eq!(rows.login("user-ann")?, None);
            Ok(())
        })
        .expect("read");
}

#[test]
fn policies_keep_their_versions() {
    let (_dir, store) = store();
    let policy = Policy {
        arn: "arn:aws:iam::123456789012:policy/Lake".to_owned(),
        name: "Lake".to_owned(),
        path: "/".to_owned(),
        id: "ANPA1".to_owned(),
        description: None,
        default_version: 1,
        last_version: 2,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        tags: Tags::new(),
    };
    store
        .iam_write(|rows| {
            rows.add_policy(&policy)?;
            rows.add_policy_version(&policy.arn, 1, "one")?;
            rows.add_policy_version(&policy.arn, 2, "two")
        })
        .expect("added");
    let same_name = Policy {
        arn: "other".to_owned(),
        name: "LAKE".to_owned(),
        ..policy.clone()
    };
    let error = store
        .iam_write(|rows| rows.add_policy(&same_name))
        .expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    store
        .iam_read(|rows| {
            assert_eq!(rows.policy(&policy.arn)?.as_ref(), Some(&policy));
            assert_eq!(rows.policies("", 10)?.len(), 1);
            assert!(rows.policies("lake", 10)?.is_empty());
            let versions = rows.policy_versions(&policy.arn)?;
            let versions: Vec<u32> = versions.iter().map(|version| version.version).collect();
            assert_eq!(versions, [2, 1]);
            let first = rows.policy_version(&policy.arn, 1)?.expect("there");
            assert_eq!(first.document, "one");
            assert_eq!(rows.count_policy_versions()?, 2);
            Ok(())
        })
        .expect("read");
    store
        .iam_write(|rows| rows.remove_policy(&policy.arn))
        .expect("removed");
    let left = store.iam_read(|rows| Ok(rows.count_policy_versions()? == 0));
    assert!(left.expect("read"));
}

#[test]
fn every_change_is_counted_and_a_note_is_none() {
    let (_dir, store) = store();
    let before = store.iam_read(generation).expect("read");
    let ann = entity(EntityKind::User, "ann", "/");
    store
        .iam_write(|rows| rows.add_entity(&ann))
        .expect("added");
    let after = store.iam_read(generation).expect("read");
    assert!(after > before);
    store
        .iam_note(|rows| rows.note_used("user-ann", Some("us-east-1")))
        .expect("noted");
    assert_eq!(store.iam_read(generation).expect("read"), after);
    let noted = store
        .iam_read(|rows| rows.entity_by_id("user-ann"))
        .expect("read");
    let noted = noted.expect("there");
    assert_eq!(noted.used_region.as_deref(), Some("us-east-1"));
    assert!(noted.used_at.is_some());
}

#[test]
fn the_account_is_made_once() {
    let (_dir, store) = store();
    assert!(
        store
            .iam_write(|rows| rows.make_account("999988887777"))
            .is_err()
    );
    store
        .iam_write(|rows| {
            rows.set_alias(Some("lake"))?;
            rows.set_password_policy(Some("{}"))
        })
        .expect("set");
    let account = store.iam_read(|rows| Ok(rows.account()?.expect("there")));
    let account = account.expect("read");
    assert_eq!(account.account, "123456789012");
    assert_eq!(account.alias.as_deref(), Some("lake"));
    assert_eq!(account.password_policy.as_deref(), Some("{}"));
}

//! Users, groups and roles come, are renamed, and go when nothing hangs on them.

use super::*;

#[test]
fn a_user_is_as_it_was_made() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    let made = iam
        .create_user(
            root,
            NewUser {
                name: "maya".to_owned(),
                path: Some("/data/".to_owned()),
                boundary: Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()),
                tags: vec![("Team".to_owned(), "lake".to_owned())],
            },
        )
        .expect("made");
    assert_eq!(made.arn, "arn:aws:iam::123456789012:user/data/maya");
    assert!(
        made.id.starts_with("AIDA") && made.id.len() == 21,
        "{}",
        made.id
    );
    assert_eq!(made.created_at, world.clock.now());
    assert_eq!(iam.get_user(root, Some("maya")).expect("there"), made);
    let itself = iam.get_user(&world.caller("maya"), None);
    assert_eq!(fault(itself), DENIED, "the boundary allows, no policy does");
    let listed = iam.list_users(root, Some("/data/"), &NONE).expect("listed");
    assert_eq!(listed.items[0].arn, made.arn);
    assert!(listed.items[0].tags.is_empty(), "lists leave tags out");
    assert!(
        iam.list_users(root, Some("/other/"), &NONE)
            .expect("listed")
            .items
            .is_empty()
    );
    let myself = iam.get_user(root, None).expect("root");
    assert_eq!(myself.arn, "arn:aws:iam::123456789012:root");
    assert_eq!(myself.id, ACCOUNT);
}

#[test]
fn names_are_those_of_aws() {
    let world = world();
    let make = |name: &str, path: Option<&str>| {
        let new = NewUser {
            name: name.to_owned(),
            path: path.map(str::to_owned),
            ..NewUser::default()
        };
        world.iam.create_user(&world.root, new)
    };
    for name in ["", "a b", "a/b", "ü", "a*", &"x".repeat(65)] {
        assert_eq!(fault(make(name, None)), INVALID, "{name:?}");
    }
    for path in [
        "data",
        "/data",
        "data/",
        "",
        "/a b/",
        &format!("/{}/", "x".repeat(511)),
    ] {
        assert_eq!(fault(make("maya", Some(path))), INVALID, "{path:?}");
    }
    make("+=,.@-_9", Some("/a/b!/")).expect("made");
    make("maya", None).expect("made");
    assert_eq!(
        fault(make("Maya", None)),
        EXISTS,
        "names are unique without case"
    );
    let error = world
        .iam
        .get_user(&world.root, Some("MAYA"))
        .expect_err("not its name");
    assert_eq!(error.message(), "The user with name MAYA cannot be found.");
}

#[test]
fn pages_go_on_where_the_last_one_ended() {
    let world = world();
    for number in 0..7 {
        world.user(&format!("user{number}"));
    }
    let mut seen = Vec::new();
    let mut marker = None;
    loop {
        let page = page_of(3, marker);
        let users = world
            .iam
            .list_users(&world.root, None, &page)
            .expect("listed");
        assert!(users.items.len() <= 3);
        seen.extend(users.items.into_iter().map(|user| user.name));
        marker = users.marker;
        if marker.is_none() {
            break;
        }
    }
    let names: Vec<String> = (0..7).map(|number| format!("user{number}")).collect();
    assert_eq!(seen, names);
    for wrong in [
        page_of(0, None),
        page_of(1001, None),
        page_of(1, Some("?".to_owned())),
    ] {
        assert_eq!(
            fault(world.iam.list_users(&world.root, None, &wrong)),
            INVALID
        );
    }
}

#[test]
fn a_user_goes_when_nothing_hangs_on_it() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    let policy = world.policy("lake", "s3:*");
    iam.create_group(root, "team", None).expect("made");
    iam.add_user_to_group(root, "team", "maya").expect("added");
    iam.attach_policy(root, EntityKind::User, "maya", &policy.arn)
        .expect("attached");
    world.let_user("maya", "glue:GetJob");
    let key = iam.create_access_key(root, Some("maya")).expect("made");
    iam.create_login_profile(root, Some("maya"), "Correct-horse-1", false)
        .expect("made");
    let refused = || {
        let error = iam.delete_user(root, "maya").expect_err("in use");
        assert_eq!(error.code(), Some("DeleteConflict"));
        error.message().to_owned()
    };
    assert_eq!(
        refused(),
        "Cannot delete entity, must delete policies first."
    );
    iam.delete_inline_policy(root, EntityKind::User, "maya", "glue-GetJob")
        .expect("deleted");
    assert_eq!(
        refused(),
        "Cannot delete entity, must detach all policies first."
    );
    iam.detach_policy(root, EntityKind::User, "maya", &policy.arn)
        .expect("detached");
    assert_eq!(
        refused(),
        "Cannot delete entity, must remove users from group first."
    );
    iam.remove_user_from_group(root, "team", "maya")
        .expect("removed");
    assert_eq!(
        refused(),
        "Cannot delete entity, must delete access keys first."
    );
    iam.delete_access_key(root, Some("maya"), &key.key.id)
        .expect("deleted");
    assert_eq!(
        refused(),
        "Cannot delete entity, must delete login profile first."
    );
    iam.delete_login_profile(root, Some("maya"))
        .expect("deleted");
    iam.delete_user(root, "maya").expect("deleted");
    assert_eq!(fault(iam.delete_user(root, "maya")), NO_SUCH);
}

#[test]
fn renaming_keeps_what_hangs_on_it() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    let before = world.user("maya");
    world.user("noor");
    world.let_user("maya", "s3:ListAllMyBuckets");
    assert_eq!(
        fault(iam.update_user(root, "maya", Some("Noor"), None)),
        EXISTS
    );
    assert_eq!(
        fault(iam.update_user(root, "maya", None, Some("x"))),
        INVALID
    );
    iam.update_user(root, "maya", Some("Maya"), Some("/x/"))
        .expect("renamed");
    let after = iam.get_user(root, Some("Maya")).expect("there");
    assert_eq!(
        (after.id, after.arn.as_str()),
        (before.id, "arn:aws:iam::123456789012:user/x/Maya")
    );
    world
        .caller("Maya")
        .may("s3:ListAllMyBuckets", "*")
        .expect("still allowed");
    assert_eq!(fault(iam.get_user(root, Some("maya"))), NO_SUCH);
}

#[test]
fn groups_hold_users() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    let group = iam.create_group(root, "team", Some("/x/")).expect("made");
    assert_eq!(group.arn, "arn:aws:iam::123456789012:group/x/team");
    assert!(group.id.starts_with("AGPA"), "{}", group.id);
    assert_eq!(fault(iam.create_group(root, "TEAM", None)), EXISTS);
    for name in ["maya", "noor", "ada"] {
        world.user(name);
        iam.add_user_to_group(root, "team", name).expect("added");
        iam.add_user_to_group(root, "team", name)
            .expect("added again");
    }
    assert_eq!(
        fault(iam.add_user_to_group(root, "team", "nobody")),
        NO_SUCH
    );
    let (found, users) = iam
        .get_group(root, "team", &page_of(2, None))
        .expect("there");
    assert_eq!(found, group);
    let names: Vec<&str> = users.items.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["ada", "maya"]);
    let (_, rest) = iam
        .get_group(root, "team", &page_of(2, users.marker))
        .expect("there");
    assert_eq!((rest.items[0].name.as_str(), rest.marker), ("noor", None));
    let error = iam.delete_group(root, "team").expect_err("full");
    assert_eq!(
        error.message(),
        "Cannot delete entity, must remove users from group first."
    );
    iam.remove_user_from_group(root, "team", "ada")
        .expect("removed");
    assert_eq!(
        fault(iam.remove_user_from_group(root, "team", "ada")),
        NO_SUCH
    );
    for number in 0..10 {
        let name = format!("group{number}");
        iam.create_group(root, &name, None).expect("made");
        iam.add_user_to_group(root, &name, "ada").expect("added");
    }
    assert_eq!(fault(iam.add_user_to_group(root, "team", "ada")), LIMIT);
    let groups = iam
        .list_groups_for_user(root, "ada", &NONE)
        .expect("listed");
    assert_eq!(groups.items.len(), 10);
    iam.update_group(root, "team", Some("crew"), None)
        .expect("renamed");
    assert_eq!(
        iam.list_groups(root, Some("/x/"), &NONE)
            .expect("listed")
            .items[0]
            .name,
        "crew"
    );
}

#[test]
fn a_role_says_whom_it_trusts() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    let role = iam
        .create_role(
            root,
            NewRole {
                name: "etl".to_owned(),
                path: Some("/service-role/".to_owned()),
                trust: trust(r#"{"Service": "glue.amazonaws.com"}"#),
                description: Some("reads the lake".to_owned()),
                max_session_seconds: Some(7200),
                ..NewRole::default()
            },
        )
        .expect("made");
    assert_eq!(role.arn, "arn:aws:iam::123456789012:role/service-role/etl");
    assert!(role.id.starts_with("AROA"), "{}", role.id);
    assert_eq!(iam.get_role(root, "etl").expect("there"), role);
    let again = |name: &str, trust: &str, seconds| {
        let new = NewRole {
            name: name.to_owned(),
            trust: trust.to_owned(),
            max_session_seconds: seconds,
            ..NewRole::default()
        };
        fault(iam.create_role(root, new))
    };
    assert_eq!(again("ETL", &role.trust, None), EXISTS);
    assert_eq!(again("other", &allow("s3:*"), None), MALFORMED);
    assert_eq!(again("other", "{", None), MALFORMED);
    assert_eq!(again("other", &role.trust, Some(3599)), INVALID);
    assert_eq!(again("other", &role.trust, Some(43_201)), INVALID);
    let names: Vec<String> = (0..60)
        .map(|n| format!(r#""svc{n:027}.amazonaws.com""#))
        .collect();
    let long = trust(&format!(r#"{{"Service": [{}]}}"#, names.join(",")));
    assert_eq!(again("other", &long, None), LIMIT);
    iam.update_role(root, "etl", Some("writes"), None)
        .expect("updated");
    iam.update_trust(root, "etl", &trust(r#"{"AWS": "123456789012"}"#))
        .expect("updated");
    assert_eq!(fault(iam.update_trust(root, "etl", "[]")), MALFORMED);
    let after = iam.get_role(root, "etl").expect("there");
    assert_eq!(after.description.as_deref(), Some("writes"));
    assert_eq!(after.max_session_seconds, 7200);
    assert!(after.trust.contains("123456789012"));
    let listed = iam.list_roles(root, None, &NONE).expect("listed");
    assert_eq!(listed.items.len(), 1);
    iam.delete_role(root, "etl").expect("deleted");
    assert_eq!(fault(iam.get_role(root, "etl")), NO_SUCH);
}

#[test]
fn tags_are_set_and_taken_away() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    let tag = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    let user = EntityKind::User;
    iam.tag(root, user, "maya", tag("Team", "lake"))
        .expect("tagged");
    iam.tag(root, user, "maya", tag("team", "sea"))
        .expect("tagged");
    iam.tag(root, user, "maya", tag("cost", ""))
        .expect("tagged");
    let tags = iam
        .list_tags(root, user, "maya", &page_of(1, None))
        .expect("listed");
    assert_eq!(tags.items, tag("Team", "sea"));
    let tags = iam
        .list_tags(root, user, "maya", &page_of(1, tags.marker))
        .expect("listed");
    assert_eq!((tags.items, tags.marker), (tag("cost", ""), None));
    iam.untag(root, user, "maya", &["TEAM".to_owned(), "none".to_owned()])
        .expect("untagged");
    assert_eq!(
        iam.get_user(root, Some("maya")).expect("there").tags,
        tag("cost", "")
    );
    for wrong in [
        tag("", "x"),
        tag(&"k".repeat(129), "x"),
        tag("k", &"v".repeat(257)),
        tag("a?", ""),
    ] {
        assert_eq!(fault(iam.tag(root, user, "maya", wrong)), INVALID);
    }
    let input = (ErrorKind::Invalid, "InvalidInput");
    assert_eq!(fault(iam.tag(root, user, "maya", tag("aws:x", ""))), input);
    let twice = [tag("a", ""), tag("A", "")].concat();
    assert_eq!(fault(iam.tag(root, user, "maya", twice)), input);
    let many = (0..50).map(|n| (format!("k{n}"), String::new())).collect();
    assert_eq!(fault(iam.tag(root, user, "maya", many)), LIMIT);
}

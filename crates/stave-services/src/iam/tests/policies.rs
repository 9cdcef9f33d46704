//! Managed and inline policies: versions, limits, and where they are in use.

use stave_core::iam::{DocumentKind, PolicyDocument};

use super::*;

#[test]
fn policies_that_aws_manages_are_there_under_their_arns() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    for name in [
        "AdministratorAccess",
        "AmazonAthenaFullAccess",
        "AmazonS3FullAccess",
        "AmazonS3ReadOnlyAccess",
        "AWSGlueConsoleFullAccess",
        "service-role/AWSGlueServiceRole",
        "service-role/AWSQuicksightAthenaAccess",
        "service-role/AWSLambdaBasicExecutionRole",
        "service-role/AWSLambdaRole",
        "CloudWatchLogsFullAccess",
        "IAMUserChangePassword",
        "ReadOnlyAccess",
    ] {
        let arn = format!("arn:aws:iam::aws:policy/{name}");
        let policy = iam.get_policy(root, &arn).expect("there");
        assert_eq!(policy.arn, arn);
        assert!(policy.id.starts_with("ANPA"), "{}", policy.id);
        let version = iam
            .get_policy_version(root, &arn, &policy.default_version)
            .expect("there");
        assert!(version.is_default);
    }
    for policy in iam.0.aws_managed.values() {
        PolicyDocument::parse(&policy.document, DocumentKind::Identity)
            .unwrap_or_else(|error| panic!("{}: {error} {:?}", policy.name, error.hint_text()));
    }
    let arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
    let change = iam.create_policy_version(root, arn, &allow("s3:*"), true);
    assert_eq!(fault(change), DENIED);
    assert_eq!(fault(iam.delete_policy(root, arn)), DENIED);
}

#[test]
fn a_policy_has_five_versions_at_most() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    let arn = world.policy("Lake", "s3:*").arn;
    assert_eq!(arn, "arn:aws:iam::123456789012:policy/Lake");
    let add =
        |action: &str, default| iam.create_policy_version(root, &arn, &allow(action), default);
    for number in 2..=5 {
        let version = add("s3:Get*", number == 3).expect("added");
        assert_eq!(version.id, format!("v{number}"));
    }
    assert_eq!(fault(add("s3:Put*", false)), LIMIT);
    let listed = iam
        .list_policy_versions(root, &arn, &page_of(2, None))
        .expect("listed");
    let ids = |page: &Page<PolicyVersion>| {
        page.items
            .iter()
            .map(|version| version.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&listed), ["v5", "v4"]);
    let next = page_of(3, listed.marker);
    let listed = iam.list_policy_versions(root, &arn, &next).expect("listed");
    assert_eq!(ids(&listed), ["v3", "v2", "v1"]);
    assert!(listed.items[0].is_default && listed.items[0].document.is_none());
    assert_eq!(fault(iam.delete_policy_version(root, &arn, "v3")), IN_USE);
    iam.delete_policy_version(root, &arn, "v5")
        .expect("deleted");
    assert_eq!(
        add("s3:Put*", false).expect("added").id,
        "v6",
        "numbers are not used again"
    );
    for wrong in ["3", "v", "v0", "v+1", "vx"] {
        assert_eq!(
            fault(iam.set_default_policy_version(root, &arn, wrong)),
            INVALID,
            "{wrong}"
        );
    }
    assert_eq!(
        fault(iam.set_default_policy_version(root, &arn, "v5")),
        NO_SUCH
    );
    iam.set_default_policy_version(root, &arn, "v6")
        .expect("set");
    assert_eq!(
        iam.get_policy(root, &arn).expect("there").default_version,
        "v6"
    );
    assert_eq!(fault(iam.delete_policy(root, &arn)), IN_USE);
    for id in ["v1", "v2", "v3", "v4"] {
        iam.delete_policy_version(root, &arn, id).expect("deleted");
    }
    iam.delete_policy(root, &arn).expect("deleted");
    assert_eq!(fault(iam.get_policy(root, &arn)), NO_SUCH);
}

#[test]
fn the_default_version_is_what_counts() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    let arn = world.policy("Lake", "s3:*").arn;
    iam.attach_policy(root, EntityKind::User, "maya", &arn)
        .expect("attached");
    world
        .caller("maya")
        .may("s3:PutObject", "arn:aws:s3:::b/k")
        .expect("allowed");
    iam.create_policy_version(root, &arn, &allow("s3:Get*"), false)
        .expect("added");
    world
        .caller("maya")
        .may("s3:PutObject", "arn:aws:s3:::b/k")
        .expect("still");
    iam.set_default_policy_version(root, &arn, "v2")
        .expect("set");
    assert_eq!(
        fault(world.caller("maya").may("s3:PutObject", "arn:aws:s3:::b/k")),
        DENIED
    );
}

#[test]
fn documents_are_checked_and_measured() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    let make = |name: &str, document: String| {
        let new = NewPolicy {
            name: name.to_owned(),
            document,
            ..NewPolicy::default()
        };
        iam.create_policy(root, new)
    };
    assert_eq!(fault(make("a", "{}".to_owned())), MALFORMED);
    assert_eq!(fault(make("a", trust(r#"{"AWS": "*"}"#))), MALFORMED);
    let actions: Vec<String> = (0..400)
        .map(|n| format!(r#""s3:GetObject{n:05}""#))
        .collect();
    let long = statement(&format!(
        r#"{{"Effect": "Allow", "Action": [{}], "Resource": "*"}}"#,
        actions.join(",\n          ")
    ));
    assert_eq!(fault(make("a", long.clone())), LIMIT);
    make(
        "a",
        allow("s3:*").replace(',', &format!(",{}", " ".repeat(7000))),
    )
    .expect("white space does not count");
    assert_eq!(fault(make("A", allow("s3:*"))), EXISTS);
    world.user("maya");
    let put = |name: &str, document: &str| {
        iam.put_inline_policy(root, EntityKind::User, "maya", name, document)
    };
    assert_eq!(fault(put("a", &long)), LIMIT);
    assert_eq!(fault(put("a", "nonsense")), MALFORMED);
    let half = statement(&format!(
        r#"{{"Effect": "Allow", "Action": [{}], "Resource": "*"}}"#,
        actions[..50].join(",")
    ));
    put("a", &half).expect("put");
    put("a", &half).expect("in its own place");
    assert_eq!(fault(put("b", &half)), LIMIT, "they count together");
    let found = iam
        .get_inline_policy(root, EntityKind::User, "maya", "a")
        .expect("there");
    assert_eq!(found, half, "as it was written");
    let names = iam
        .list_inline_policies(root, EntityKind::User, "maya", &NONE)
        .expect("listed");
    assert_eq!(names.items, ["a"]);
    assert_eq!(
        fault(iam.get_inline_policy(root, EntityKind::User, "maya", "b")),
        NO_SUCH
    );
    assert_eq!(
        fault(iam.delete_inline_policy(root, EntityKind::User, "maya", "b")),
        NO_SUCH
    );
}

#[test]
fn attachments_are_counted_and_listed() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    world.role("etl", r#"{"Service": "glue.amazonaws.com"}"#);
    iam.create_group(root, "team", None).expect("made");
    let arn = world.policy("Lake", "s3:*").arn;
    let s3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    for (kind, name) in [
        (EntityKind::User, "maya"),
        (EntityKind::Group, "team"),
        (EntityKind::Role, "etl"),
    ] {
        iam.attach_policy(root, kind, name, &arn).expect("attached");
        iam.attach_policy(root, kind, name, &arn)
            .expect("attached again");
        iam.attach_policy(root, kind, name, s3).expect("attached");
        let attached = iam
            .list_attached_policies(root, kind, name, None, &NONE)
            .expect("listed");
        let names: Vec<&str> = attached
            .items
            .iter()
            .map(|policy| policy.name.as_str())
            .collect();
        assert_eq!(names, ["Lake", "AmazonS3ReadOnlyAccess"]);
    }
    assert_eq!(iam.get_policy(root, &arn).expect("there").attachments, 3);
    assert_eq!(fault(iam.delete_policy(root, &arn)), IN_USE);
    iam.put_boundary(root, EntityKind::User, "maya", s3)
        .expect("put");
    let entities = |kind, usage| {
        let listed = iam.list_entities_for_policy(root, s3, kind, None, usage, &NONE);
        let listed = listed
            .expect("listed")
            .items
            .into_iter()
            .map(|entity| entity.name);
        listed.collect::<Vec<_>>()
    };
    assert_eq!(entities(None, None), ["team", "etl", "maya"]);
    assert_eq!(entities(Some(EntityKind::Role), None), ["etl"]);
    assert_eq!(
        entities(None, Some(PolicyUsage::PermissionsBoundary)),
        ["maya"]
    );
    let none = "arn:aws:iam::123456789012:policy/none";
    assert_eq!(
        fault(iam.attach_policy(root, EntityKind::User, "maya", none)),
        NO_SUCH
    );
    assert_eq!(
        fault(iam.detach_policy(root, EntityKind::User, "maya", none)),
        NO_SUCH
    );
    for number in 0..8 {
        let arn = world.policy(&format!("p{number}"), "s3:*").arn;
        iam.attach_policy(root, EntityKind::User, "maya", &arn)
            .expect("attached");
    }
    let eleventh = world.policy("p8", "s3:*").arn;
    assert_eq!(
        fault(iam.attach_policy(root, EntityKind::User, "maya", &eleventh)),
        LIMIT
    );
}

#[test]
fn lists_are_filtered() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    let arn = world.policy("Lake", "s3:*").arn;
    world.policy("Sea", "s3:*");
    iam.attach_policy(root, EntityKind::User, "maya", &arn)
        .expect("attached");
    let names = |filter: PolicyFilter| {
        let page = iam
            .list_policies(root, &filter, &page_of(1000, None))
            .expect("listed");
        page.items
            .into_iter()
            .map(|policy| policy.name)
            .collect::<Vec<_>>()
    };
    let local = PolicyFilter {
        scope: PolicyScope::Local,
        ..PolicyFilter::default()
    };
    assert_eq!(names(local.clone()), ["Lake", "Sea"]);
    assert_eq!(
        names(PolicyFilter {
            only_attached: true,
            ..PolicyFilter::default()
        }),
        ["Lake"]
    );
    let service = PolicyFilter {
        path_prefix: Some("/service-role/".to_owned()),
        ..PolicyFilter::default()
    };
    assert!(names(service).contains(&"AWSGlueServiceRole".to_owned()));
    let bounding = PolicyFilter {
        usage: Some(PolicyUsage::PermissionsBoundary),
        ..local
    };
    assert!(names(bounding).is_empty());
    let all = names(PolicyFilter::default());
    assert_eq!(all.len(), iam.0.aws_managed.len() + 2);
    let first = iam
        .list_policies(root, &PolicyFilter::default(), &page_of(5, None))
        .expect("listed");
    let rest = page_of(1000, first.marker);
    let rest = iam
        .list_policies(root, &PolicyFilter::default(), &rest)
        .expect("listed");
    assert_eq!(first.items.len() + rest.items.len(), all.len());
    iam.tag_policy(root, &arn, vec![("a".to_owned(), "b".to_owned())])
        .expect("tagged");
    assert_eq!(
        iam.list_policy_tags(root, &arn, &NONE)
            .expect("listed")
            .items
            .len(),
        1
    );
    iam.untag_policy(root, &arn, &["a".to_owned()])
        .expect("untagged");
    assert!(
        iam.list_policy_tags(root, &arn, &NONE)
            .expect("listed")
            .items
            .is_empty()
    );
}

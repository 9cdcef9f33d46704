//! What the account has, in one list, and how much of it.

use super::*;

fn filled() -> World {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    world.user("noor");
    world.let_user("maya", "s3:*");
    iam.create_group(root, "team", None).expect("made");
    iam.add_user_to_group(root, "team", "maya").expect("added");
    world.role("etl", r#"{"Service": "glue.amazonaws.com"}"#);
    let arn = world.policy("Lake", "s3:*").arn;
    iam.create_policy_version(root, &arn, &allow("s3:Get*"), true)
        .expect("added");
    iam.attach_policy(root, EntityKind::Role, "etl", &arn)
        .expect("attached");
    world
}

#[test]
fn all_hangs_together() {
    let world = filled();
    let (iam, root) = (&world.iam, &world.root);
    let local = [
        DetailFilter::User,
        DetailFilter::Group,
        DetailFilter::Role,
        DetailFilter::LocalManagedPolicy,
    ];
    let details = iam
        .account_authorization_details(root, &local, &NONE)
        .expect("listed");
    let names: Vec<&str> = details
        .entities
        .iter()
        .map(|entity| entity.name.as_str())
        .collect();
    assert_eq!(names, ["maya", "noor", "team", "etl"]);
    let maya = &details.entities[0];
    assert_eq!(maya.groups, ["team"]);
    assert_eq!(maya.inline[0].1, allow("s3:*"));
    let etl = &details.entities[3];
    assert_eq!(etl.attached[0].name, "Lake");
    assert!(
        etl.trust
            .as_deref()
            .is_some_and(|trust| trust.contains("glue.amazonaws.com"))
    );
    let [lake] = &details.policies[..] else {
        panic!("{:?}", details.policies);
    };
    assert_eq!(
        (
            lake.policy.attachments,
            lake.policy.default_version.as_str()
        ),
        (1, "v2")
    );
    let versions: Vec<&str> = lake
        .versions
        .iter()
        .map(|version| version.id.as_str())
        .collect();
    assert_eq!(versions, ["v2", "v1"]);
    assert_eq!(
        lake.versions[1].document.as_deref(),
        Some(allow("s3:*").as_str())
    );
}

#[test]
fn filters_and_pages_go_over_all_kinds() {
    let world = filled();
    let (iam, root) = (&world.iam, &world.root);
    let only = |filter| {
        let found = iam
            .account_authorization_details(root, &[filter], &NONE)
            .expect("listed");
        (found.entities.len(), found.policies.len())
    };
    assert_eq!(only(DetailFilter::User), (2, 0));
    assert_eq!(only(DetailFilter::Group), (1, 0));
    assert_eq!(only(DetailFilter::LocalManagedPolicy), (0, 1));
    assert_eq!(
        only(DetailFilter::AwsManagedPolicy).1,
        iam.0.aws_managed.len()
    );
    let (mut entities, mut policies, mut pages) = (0, 0, 0);
    let mut marker = None;
    loop {
        let page = page_of(3, marker);
        let found = iam
            .account_authorization_details(root, &[], &page)
            .expect("listed");
        assert!(found.entities.len() + found.policies.len() <= 3);
        entities += found.entities.len();
        policies += found.policies.len();
        pages += 1;
        marker = found.marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!((entities, policies), (4, iam.0.aws_managed.len() + 1));
    assert_eq!(pages, (entities + policies).div_ceil(3));
}

#[test]
fn the_summary_counts() {
    let world = filled();
    let summary = world.iam.account_summary(&world.root).expect("counted");
    let figure = |name: &str| {
        summary
            .iter()
            .find(|(known, _)| *known == name)
            .expect(name)
            .1
    };
    assert_eq!(
        (figure("Users"), figure("Groups"), figure("Roles")),
        (2, 1, 1)
    );
    assert_eq!((figure("Policies"), figure("PolicyVersionsInUse")), (1, 2));
    assert_eq!(
        (figure("AccountAccessKeysPresent"), figure("UsersQuota")),
        (1, 5000)
    );
    let sorted = summary.is_sorted_by_key(|(name, _)| *name);
    assert!(sorted, "{summary:?}");
}

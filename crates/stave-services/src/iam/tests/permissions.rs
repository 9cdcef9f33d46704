//! Every operation asks first: by path, by tag, and without telling what exists.

use super::*;

#[test]
fn nobody_may_anything_without_a_policy() {
    let world = world();
    let iam = &world.iam;
    world.user("maya");
    let role = world.role("etl", r#"{"Service": "glue.amazonaws.com"}"#);
    let arn = world.policy("Lake", "s3:*").arn;
    let maya = &world.caller("maya");
    let user = EntityKind::User;
    let new_role = NewRole {
        name: "mine".to_owned(),
        trust: role.trust,
        ..NewRole::default()
    };
    let new_policy = NewPolicy {
        name: "mine".to_owned(),
        document: allow("*"),
        ..NewPolicy::default()
    };
    let simulation = Simulation {
        actions: vec!["s3:GetObject".to_owned()],
        ..Simulation::default()
    };
    let itself = "arn:aws:iam::123456789012:user/maya";
    let all = [
        iam.create_user(
            maya,
            NewUser {
                name: "me".to_owned(),
                ..NewUser::default()
            },
        )
        .map(drop),
        iam.get_user(maya, None).map(drop),
        iam.update_user(maya, "maya", Some("boss"), None),
        iam.delete_user(maya, "maya"),
        iam.list_users(maya, None, &NONE).map(drop),
        iam.create_group(maya, "mine", None).map(drop),
        iam.get_group(maya, "mine", &NONE).map(drop),
        iam.add_user_to_group(maya, "mine", "maya"),
        iam.list_groups_for_user(maya, "maya", &NONE).map(drop),
        iam.create_role(maya, new_role).map(drop),
        iam.get_role(maya, "etl").map(drop),
        iam.update_trust(maya, "etl", &trust(r#"{"AWS": "*"}"#)),
        iam.update_role(maya, "etl", Some("x"), None),
        iam.create_policy(maya, new_policy).map(drop),
        iam.get_policy(maya, &arn).map(drop),
        iam.create_policy_version(maya, &arn, &allow("*"), true)
            .map(drop),
        iam.set_default_policy_version(maya, &arn, "v1"),
        iam.list_policies(maya, &PolicyFilter::default(), &NONE)
            .map(drop),
        iam.attach_policy(
            maya,
            user,
            "maya",
            "arn:aws:iam::aws:policy/AdministratorAccess",
        ),
        iam.list_entities_for_policy(maya, &arn, None, None, None, &NONE)
            .map(drop),
        iam.put_inline_policy(maya, user, "maya", "mine", &allow("*")),
        iam.get_inline_policy(maya, user, "maya", "mine").map(drop),
        iam.put_boundary(maya, user, "maya", &arn),
        iam.delete_boundary(maya, user, "maya"),
        iam.tag(maya, user, "maya", Vec::new()),
        iam.untag(maya, user, "maya", &[]),
        iam.create_access_key(maya, None).map(drop),
        iam.list_access_keys(maya, Some("maya"), &NONE).map(drop),
        iam.access_key_last_used(maya, "AKIAIOSFODNN7EXAMPLE")
            .map(drop),
        iam.create_login_profile(maya, None, "Some-password-1", false)
            .map(drop),
        iam.update_login_profile(maya, "maya", None, Some(false)),
        iam.change_password(maya, "x", "Some-password-1"),
        iam.get_password_policy(maya).map(drop),
        iam.update_password_policy(maya, &PasswordPolicy::default()),
        iam.create_account_alias(maya, "lake"),
        iam.account_summary(maya).map(drop),
        iam.account_authorization_details(maya, &[], &NONE)
            .map(drop),
        iam.simulate_custom_policy(maya, &simulation, &NONE)
            .map(drop),
        iam.simulate_principal_policy(maya, itself, &simulation, &NONE)
            .map(drop),
        iam.context_keys_for_custom_policy(maya, &[]).map(drop),
        iam.pass_role(maya, &role.arn, "glue.amazonaws.com"),
        iam.caller_as(maya, "maya").map(drop),
    ];
    for (number, result) in all.into_iter().enumerate() {
        assert_eq!(fault(result), DENIED, "operation {number}");
    }
}

#[test]
fn the_words_are_those_of_aws() {
    let world = world();
    world.user("maya");
    let error = world
        .iam
        .get_user(&world.caller("maya"), Some("nobody"))
        .expect_err("denied");
    assert_eq!(
        error.message(),
        "User: arn:aws:iam::123456789012:user/maya is not authorized to perform: iam:GetUser on \
         resource: arn:aws:iam::123456789012:user/nobody because no identity-based policy allows \
         the iam:GetUser action"
    );
}

#[test]
fn a_policy_may_name_a_path_and_oneself() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    let at = |name: &str, path: &str| NewUser {
        name: name.to_owned(),
        path: Some(path.to_owned()),
        ..NewUser::default()
    };
    iam.create_user(root, at("noor", "/team/")).expect("made");
    let policy = statement(
        r#"{"Effect": "Allow", "Action": ["iam:*User", "iam:ListUsers"],
            "Resource": "arn:aws:iam::*:user/team/*"},
           {"Effect": "Allow", "Action": "iam:*AccessKey*",
            "Resource": "arn:aws:iam::*:user/${aws:username}"}"#,
    );
    iam.put_inline_policy(root, EntityKind::User, "maya", "lead", &policy)
        .expect("put");
    let maya = &world.caller("maya");
    iam.get_user(maya, Some("noor")).expect("in her team");
    assert_eq!(fault(iam.get_user(maya, Some("maya"))), DENIED);
    iam.create_user(maya, at("ada", "/team/"))
        .expect("in her team");
    assert_eq!(fault(iam.create_user(maya, at("eve", "/"))), DENIED);
    assert_eq!(
        fault(iam.update_user(maya, "noor", None, Some("/"))),
        DENIED,
        "out of it"
    );
    iam.update_user(maya, "noor", Some("nora"), None)
        .expect("within it");
    assert_eq!(
        iam.list_users(maya, Some("/team/"), &NONE)
            .expect("listed")
            .items
            .len(),
        2
    );
    assert_eq!(fault(iam.list_users(maya, None, &NONE)), DENIED);
    iam.create_access_key(maya, None).expect("her own");
    assert_eq!(fault(iam.create_access_key(maya, Some("nora"))), DENIED);
}

#[test]
fn conditions_see_tags_and_policies() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    world.user("noor");
    let team = vec![("team".to_owned(), "lake".to_owned())];
    iam.tag(root, EntityKind::User, "maya", team.clone())
        .expect("tagged");
    let policy = statement(
        r#"{"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*", "Condition":
            {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}},
           {"Effect": "Allow", "Action": "iam:AttachUserPolicy", "Resource": "*", "Condition":
            {"ArnLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonS3*"}}},
           {"Effect": "Allow", "Action": "iam:TagUser", "Resource": "*", "Condition":
            {"ForAllValues:StringEquals": {"aws:TagKeys": ["cost"]}}},
           {"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*", "Condition":
            {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}}"#,
    );
    iam.put_inline_policy(root, EntityKind::User, "maya", "p", &policy)
        .expect("put");
    let maya = &world.caller("maya");
    assert_eq!(fault(iam.get_user(maya, Some("noor"))), DENIED);
    iam.tag(root, EntityKind::User, "noor", team.clone())
        .expect("tagged");
    iam.get_user(maya, Some("noor")).expect("of her team");
    let attach = |arn| iam.attach_policy(maya, EntityKind::User, "noor", arn);
    attach("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess").expect("allowed");
    assert_eq!(
        fault(attach("arn:aws:iam::aws:policy/AdministratorAccess")),
        DENIED
    );
    let cost = vec![("cost".to_owned(), "7".to_owned())];
    iam.tag(maya, EntityKind::User, "noor", cost)
        .expect("allowed");
    assert_eq!(fault(iam.tag(maya, EntityKind::User, "noor", team)), DENIED);
    let new = |boundary: Option<&str>| NewUser {
        name: "ada".to_owned(),
        boundary: boundary.map(str::to_owned),
        ..NewUser::default()
    };
    assert_eq!(fault(iam.create_user(maya, new(None))), DENIED);
    iam.create_user(maya, new(Some("arn:aws:iam::aws:policy/ReadOnlyAccess")))
        .expect("bounded");
}

#[test]
fn groups_give_their_policies_to_their_users() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    iam.create_group(root, "team", None).expect("made");
    let s3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    iam.attach_policy(root, EntityKind::Group, "team", s3)
        .expect("attached");
    iam.put_inline_policy(
        root,
        EntityKind::Group,
        "team",
        "glue",
        &allow("glue:GetJob"),
    )
    .expect("put");
    assert_eq!(
        fault(world.caller("maya").may("s3:GetObject", "arn:aws:s3:::b/k")),
        DENIED
    );
    iam.add_user_to_group(root, "team", "maya").expect("added");
    world
        .caller("maya")
        .may("s3:GetObject", "arn:aws:s3:::b/k")
        .expect("by the group");
    world
        .caller("maya")
        .may("glue:GetJob", "*")
        .expect("by the group");
    iam.remove_user_from_group(root, "team", "maya")
        .expect("removed");
    assert_eq!(fault(world.caller("maya").may("glue:GetJob", "*")), DENIED);
}

//! What the simulator says is what the policies decide.

use stave_core::iam::Verdict;

use super::*;

const USER_ARN: &str = "arn:aws:iam::123456789012:user/maya";

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn of(actions: &[&str]) -> Simulation {
    Simulation {
        actions: texts(actions),
        ..Simulation::default()
    }
}

#[test]
fn a_principals_policies_decide() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    iam.create_group(root, "team", None).expect("made");
    iam.add_user_to_group(root, "team", "maya").expect("added");
    let own = statement(
        r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::lake/${aws:username}/*"}"#,
    );
    iam.put_inline_policy(root, EntityKind::User, "maya", "own", &own)
        .expect("put");
    let never = statement(r#"{"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}"#);
    iam.put_inline_policy(root, EntityKind::Group, "team", "never", &never)
        .expect("put");
    let athena = "arn:aws:iam::aws:policy/AmazonAthenaFullAccess";
    iam.attach_policy(root, EntityKind::User, "maya", athena)
        .expect("attached");
    let simulation = Simulation {
        resources: texts(&["arn:aws:s3:::lake/maya/k", "arn:aws:s3:::lake/noor/k"]),
        ..of(&["s3:GetObject", "s3:DeleteObject"])
    };
    let page = iam
        .simulate_principal_policy(root, USER_ARN, &simulation, &NONE)
        .expect("simulated");
    let verdicts: Vec<Verdict> = page.items.iter().map(|result| result.verdict).collect();
    let expected = [
        Verdict::Allowed,
        Verdict::ImplicitDeny,
        Verdict::ExplicitDeny,
        Verdict::ExplicitDeny,
    ];
    assert_eq!(verdicts, expected);
    assert_eq!(page.items[0].matched[0].source, "user_maya_own");
    assert_eq!(page.items[0].matched[0].kind.as_str(), "user");
    assert_eq!(page.items[2].matched[0].kind, SourceKind::Group);
    assert!(page.items[1].matched.is_empty());
    let query =
        iam.simulate_principal_policy(root, USER_ARN, &of(&["athena:ListWorkGroups"]), &NONE);
    let query = &query.expect("simulated").items[0];
    assert_eq!(query.verdict, Verdict::Allowed);
    let by = &query.matched[0];
    assert_eq!(
        (by.source.as_str(), by.kind),
        ("AmazonAthenaFullAccess", SourceKind::AwsManaged)
    );
    let group = "arn:aws:iam::123456789012:group/team";
    let denied = iam.simulate_principal_policy(root, group, &of(&["s3:DeleteObject"]), &NONE);
    assert_eq!(
        denied.expect("simulated").items[0].verdict,
        Verdict::ExplicitDeny
    );
    let none = "arn:aws:iam::123456789012:user/none";
    assert_eq!(
        fault(iam.simulate_principal_policy(root, none, &of(&["s3:GetObject"]), &NONE)),
        NO_SUCH
    );
}

#[test]
fn policies_can_be_tried_before_anybody_has_them() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    let guarded = statement(
        r#"{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
            "Condition": {"StringLike": {"s3:prefix": "home/*"}}}"#,
    );
    let mut simulation = Simulation {
        policies: vec![allow("glue:*"), guarded],
        ..of(&["s3:ListBucket"])
    };
    let run = |simulation: &Simulation| {
        let page = iam
            .simulate_custom_policy(root, simulation, &NONE)
            .expect("simulated");
        page.items.into_iter().next().expect("one")
    };
    let without = run(&simulation);
    assert_eq!(without.verdict, Verdict::ImplicitDeny);
    assert_eq!(without.missing_context, ["s3:prefix"]);
    simulation.context = vec![("s3:prefix".to_owned(), texts(&["home/maya"]))];
    let with = run(&simulation);
    assert_eq!(with.verdict, Verdict::Allowed);
    assert!(with.missing_context.is_empty());
    let by = &with.matched[0];
    assert_eq!(
        (by.source.as_str(), by.kind.as_str()),
        ("PolicyInputList.2", "none")
    );
    simulation.boundaries = vec![allow("glue:*")];
    let bounded = run(&simulation);
    assert_eq!(
        (bounded.verdict, bounded.boundary_allows),
        (Verdict::ImplicitDeny, Some(false))
    );
    simulation.boundaries = vec![allow("s3:*")];
    assert_eq!(run(&simulation).boundary_allows, Some(true));
    let keys = iam
        .context_keys_for_custom_policy(root, &simulation.policies)
        .expect("read");
    assert_eq!(keys, ["s3:prefix"]);
}

#[test]
fn the_resources_policy_takes_part() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    world.user("maya");
    let simulation = Simulation {
        resources: texts(&["arn:aws:s3:::lake/k"]),
        caller_arn: Some(USER_ARN.to_owned()),
        resource_policy: Some(statement(&format!(
            r#"{{"Effect": "Allow", "Principal": {{"AWS": "{USER_ARN}"}},
                "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*"}}"#
        ))),
        ..of(&["s3:GetObject", "s3:PutObject"])
    };
    let page = iam
        .simulate_custom_policy(root, &simulation, &NONE)
        .expect("simulated");
    assert_eq!(page.items[0].verdict, Verdict::Allowed);
    assert_eq!(page.items[0].matched[0].kind, SourceKind::Resource);
    assert_eq!(page.items[1].verdict, Verdict::ImplicitDeny);
    let elsewhere = Simulation {
        resource_owner: Some("arn:aws:iam::999988887777:root".to_owned()),
        ..simulation
    };
    let page = iam
        .simulate_custom_policy(root, &elsewhere, &NONE)
        .expect("simulated");
    assert_eq!(
        page.items[0].verdict,
        Verdict::ImplicitDeny,
        "another account: both must allow"
    );
}

#[test]
fn wrong_input_is_told_and_results_come_in_pages() {
    let world = world();
    let (iam, root) = (&world.iam, &world.root);
    let input = (ErrorKind::Invalid, "InvalidInput");
    for actions in [&[][..], &["s3"], &["s3:"], &["s3:Get*"]] {
        let result = iam.simulate_custom_policy(root, &of(actions), &NONE);
        assert_eq!(fault(result), input, "{actions:?}");
    }
    let broken = Simulation {
        policies: texts(&["{"]),
        ..of(&["s3:GetObject"])
    };
    assert_eq!(
        fault(iam.simulate_custom_policy(root, &broken, &NONE)),
        input
    );
    let many: Vec<String> = (0..101).map(|n| format!("arn:aws:s3:::b/{n}")).collect();
    let hundred: Vec<String> = (0..100).map(|n| format!("s3:Action{n}")).collect();
    let too_many = Simulation {
        actions: hundred,
        resources: many,
        ..Simulation::default()
    };
    assert_eq!(
        fault(iam.simulate_custom_policy(root, &too_many, &NONE)),
        input
    );
    let five = of(&["s3:A", "s3:B", "s3:C", "s3:D", "s3:E"]);
    let first = iam
        .simulate_custom_policy(root, &five, &page_of(2, None))
        .expect("simulated");
    let next = page_of(4, first.marker);
    let second = iam
        .simulate_custom_policy(root, &five, &next)
        .expect("simulated");
    let actions = first
        .items
        .iter()
        .chain(&second.items)
        .map(|result| result.action.as_str());
    assert_eq!(
        actions.collect::<Vec<_>>(),
        ["s3:A", "s3:B", "s3:C", "s3:D", "s3:E"]
    );
    assert_eq!(second.marker, None);
}

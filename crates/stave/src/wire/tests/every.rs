//! Every operation that is served, once, as a story: what goes in, and what is in the answer.

use super::steps::{ALLOW, IAM, Step, TRUST};
use super::*;
use crate::wire::model::{Operation, Protocol, Service};
use crate::wire::text::percent_encoded;
use crate::wire::types;

/// Texts of a result by their paths.
type Expected = &'static [(&'static str, &'static str)];

/// Runs a story; says which operations were in it.
async fn tell(world: &World, service: &'static Service, steps: &[Step]) -> Vec<&'static str> {
    let mut key = String::new();
    let mut told = Vec::new();
    for (action, parameters, expected) in steps {
        let given = parameters
            .join("&")
            .replace("$ALLOW", &percent_encoded(ALLOW))
            .replace("$TRUST", &percent_encoded(TRUST))
            .replace("$KEY", &key);
        let answer = world.ask(service.signing_name, action, &given).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.body);
        let operation = service.operation(action).expect("known");
        told.push(operation.name);
        check(&answer, operation, service, expected, &mut key);
    }
    told
}

fn check(
    answer: &Answer,
    operation: &Operation,
    service: &Service,
    expected: &[(&str, &str)],
    key: &mut String,
) {
    let (action, tree) = (operation.name, answer.tree());
    assert_eq!(tree.name, format!("{action}Response"));
    assert_eq!(answer.headers["content-type"], "text/xml");
    assert_eq!(
        tree.text("ResponseMetadata/RequestId").as_deref(),
        answer.headers["x-amzn-requestid"].to_str().ok()
    );
    let namespace = match service.protocols.first() {
        Some(Protocol::Query { namespace }) => namespace,
        other => panic!("{other:?}"),
    };
    assert!(answer.body.contains(&format!("xmlns=\"{namespace}\"")));
    let Some(shape) = operation.output else {
        assert_eq!(tree.under.len(), 1, "{action}: {}", answer.body);
        return;
    };
    let result = tree.at(&format!("{action}Result")).expect("a result");
    assert_eq!(result.faults(shape), Vec::<String>::new(), "{action}");
    for (path, expected) in expected {
        let text = result.text(path);
        let text = text.unwrap_or_else(|| panic!("{action}: no {path} in {}", answer.body));
        match *expected {
            "*" => assert!(!text.is_empty(), "{action}: {path}"),
            "$KEY" => *key = text,
            "$ALLOW" => assert_eq!(text, percent_encoded(ALLOW), "{action}: {path}"),
            "$TRUST" => assert_eq!(text, percent_encoded(TRUST), "{action}: {path}"),
            expected => assert_eq!(text, expected, "{action}: {path}"),
        }
    }
}

#[tokio::test]
async fn every_operation_of_iam_answers() {
    let world = world();
    let mut told = tell(&world, &types::iam::SERVICE, IAM).await;
    // A user changes its own password, which the root cannot.
    told.push(change_password(&world).await);
    told.sort_unstable();
    told.dedup();
    let served: Vec<&str> = types::iam::SERVICE
        .operations
        .iter()
        .map(|operation| operation.name)
        .collect();
    assert_eq!(told, served);
}

async fn change_password(world: &World) -> &'static str {
    let cat = world.user("cat", "iam:ChangePassword");
    let made = world
        .ask(
            "iam",
            "CreateLoginProfile",
            "UserName=cat&Password=Start-1234",
        )
        .await;
    assert_eq!(made.status, 200, "{}", made.body);
    let parameters = "OldPassword=Start-1234&NewPassword=Other-5678";
    let body = form("iam", "ChangePassword", parameters);
    let changed = world.answer("iam", call(cat, body)).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    "ChangePassword"
}

#[tokio::test]
async fn every_operation_of_sts_answers() {
    let world = world();
    let dan = world.user("dan", "sts:*");
    let made = format!(
        "RoleName=etl&AssumeRolePolicyDocument={}",
        percent_encoded(TRUST)
    );
    assert_eq!(world.ask("iam", "CreateRole", &made).await.status, 200);
    let steps: &[(&str, &str, Expected)] = &[
        (
            "GetCallerIdentity",
            "",
            &[
                ("Account", ACCOUNT),
                ("Arn", "arn:aws:iam::123456789012:user/dan"),
                ("UserId", "*"),
            ],
        ),
        (
            "AssumeRole",
            "RoleArn=arn:aws:iam::123456789012:role/etl&RoleSessionName=night&DurationSeconds=900",
            &[
                (
                    "AssumedRoleUser/Arn",
                    "arn:aws:sts::123456789012:assumed-role/etl/night",
                ),
                ("Credentials/Expiration", "2026-11-21T10:15:00Z"),
                ("Credentials/SessionToken", "*"),
            ],
        ),
        ("GetSessionToken", "", &[("Credentials/AccessKeyId", "*")]),
    ];
    for (action, parameters, expected) in steps {
        let body = form("sts", action, parameters);
        let answer = world.answer("sts", call(dan.clone(), body)).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.body);
        let service = &types::sts::SERVICE;
        let operation = service.operation(action).expect("known");
        check(&answer, operation, service, expected, &mut String::new());
    }
    let key = world
        .ask("iam", "CreateAccessKey", "UserName=dan")
        .await
        .tree();
    let key = key
        .text("CreateAccessKeyResult/AccessKey/AccessKeyId")
        .expect("a key");
    let known = world
        .ask("sts", "GetAccessKeyInfo", &format!("AccessKeyId={key}"))
        .await;
    assert_eq!(
        known
            .tree()
            .text("GetAccessKeyInfoResult/Account")
            .as_deref(),
        Some(ACCOUNT)
    );
}

#[tokio::test]
async fn pages_follow_each_other() {
    let world = world();
    for name in ["a", "b", "c", "d", "e"] {
        let made = world
            .ask("iam", "CreateUser", &format!("UserName={name}"))
            .await;
        assert_eq!(made.status, 200);
    }
    let (mut seen, mut marker) = (Vec::new(), String::new());
    loop {
        let asked = format!("MaxItems=2{marker}");
        let page = world.ask("iam", "ListUsers", &asked).await.tree();
        let users = page.at("ListUsersResult/Users").expect("users");
        seen.extend(users.under.iter().filter_map(|user| user.text("UserName")));
        let truncated = page.text("ListUsersResult/IsTruncated");
        let Some(next) = page.text("ListUsersResult/Marker") else {
            assert_eq!(truncated.as_deref(), Some("false"));
            break;
        };
        marker = format!("&Marker={next}");
        assert_eq!(truncated.as_deref(), Some("true"));
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
}

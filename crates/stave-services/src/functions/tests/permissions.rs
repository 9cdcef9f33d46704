//! Who may do what: by its own policies, by the function's, and as whom a function runs.

use stave_core::Credential;
use stave_core::iam::Context;

use super::*;
use crate::iam::{EntityKind, NewUser};

const CODE: &str = "def lambda_handler(event, context):\n    return 1\n";

impl World {
    fn user(&self, name: &str, actions: &[&str]) -> Caller {
        let new = NewUser {
            name: name.to_owned(),
            ..NewUser::default()
        };
        self.iam.create_user(&self.root, new).expect("made");
        if !actions.is_empty() {
            let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
                "Action": actions, "Resource": "*"}]})
            .to_string();
            self.iam
                .put_inline_policy(&self.root, EntityKind::User, name, "p", &policy)
                .expect("put");
        }
        self.iam.caller_as(&self.root, name).expect("there")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_asks_first() {
    let world = world();
    world.make("f", CODE).await;
    let ann = world.user("ann", &[]);
    let functions = &world.functions;
    let error = functions
        .invoke(&ann, request("f", &json!({})))
        .await
        .expect_err("refused");
    assert!(error.message().starts_with("User: arn:aws:iam::123456789012:user/ann is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:123456789012:function:f"), "{error}");
    // What is not there is not told to who may not ask.
    assert_eq!(
        fault(functions.get_configuration(&ann, "none", None)),
        DENIED
    );
    assert_eq!(
        fault(functions.list_functions(&ann, false, &PageRequest::default())),
        DENIED
    );
    assert_eq!(fault(functions.delete_function(&ann, "f", None)), DENIED);
    assert_eq!(fault(functions.put_concurrency(&ann, "f", 1)), DENIED);
    assert_eq!(fault(functions.get_policy(&ann, "f", None)), DENIED);
    assert_eq!(
        fault(functions.publish_version(&ann, "f", None, None, None)),
        DENIED
    );
    let new = new_function(
        "g",
        zipped(&[("lambda_function.py", CODE)]),
        Settings::default(),
    );
    assert_eq!(
        fault(functions.create_function(&ann, new.clone()).await),
        DENIED
    );
    // Without iam:PassRole nobody gives a function a role.
    let bob = world.user("bob", &["lambda:*"]);
    let error = functions
        .create_function(&bob, new.clone())
        .await
        .expect_err("refused");
    assert!(error.message().contains("iam:PassRole"), "{error}");
    let cleo = world.user("cleo", &["lambda:*", "iam:PassRole"]);
    functions.create_function(&cleo, new).await.expect("made");
    world.role("other", "glue.amazonaws.com");
    let settings = Settings {
        role: Some("arn:aws:iam::123456789012:role/other".to_owned()),
        ..Settings::default()
    };
    let changed = functions
        .update_configuration(&cleo, "g", settings, None)
        .await;
    assert_eq!(fault(changed), WRONG, "the role does not trust Lambda");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_lets_a_service_in() {
    let world = world();
    world.make("f", CODE).await;
    let (functions, root) = (&world.functions, &world.root);
    let from = |bucket: &str| {
        functions.service_caller("s3.amazonaws.com", &format!("arn:aws:s3:::{bucket}"))
    };
    let ask =
        |caller: Caller| async move { functions.invoke(&caller, request("f", &json!({}))).await };
    assert_eq!(fault(ask(from("mine")).await), DENIED);
    let new = NewPermission {
        statement_id: "s3".to_owned(),
        action: "lambda:InvokeFunction".to_owned(),
        principal: "s3.amazonaws.com".to_owned(),
        source_arn: Some("arn:aws:s3:::mine".to_owned()),
        source_account: Some(ACCOUNT.to_owned()),
        organization: None,
    };
    let statement = functions
        .add_permission(root, "f", None, &new, None)
        .expect("added");
    let statement: Value = serde_json::from_str(&statement).expect("JSON");
    assert_eq!(
        statement,
        json!({
            "Sid": "s3",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": ACCOUNT},
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::mine"},
            },
        })
    );
    assert_eq!(
        fault(functions.add_permission(root, "f", None, &new, None)),
        TAKEN
    );
    assert!(ask(from("mine")).await.is_ok());
    assert_eq!(fault(ask(from("other")).await), DENIED);
    let policy = functions.get_policy(root, "f", None).expect("there");
    let document: Value = serde_json::from_str(&policy.document).expect("JSON");
    assert_eq!(
        (&document["Id"], &document["Statement"][0]),
        (&json!("default"), &statement)
    );
    let ann = world.user("ann", &[]);
    assert_eq!(fault(ask(ann.clone()).await), DENIED);
    let to_ann = NewPermission {
        statement_id: "ann".to_owned(),
        action: "lambda:InvokeFunction".to_owned(),
        principal: "arn:aws:iam::123456789012:user/ann".to_owned(),
        ..NewPermission::default()
    };
    assert_eq!(
        fault(functions.add_permission(root, "f", None, &to_ann, Some("stale"))),
        STALE
    );
    functions
        .add_permission(root, "f", None, &to_ann, Some(&policy.revision))
        .expect("added");
    assert!(ask(ann).await.is_ok());
    functions
        .remove_permission(root, "f", None, "s3", None)
        .expect("removed");
    assert_eq!(
        fault(functions.remove_permission(root, "f", None, "s3", None)),
        GONE
    );
    assert_eq!(fault(ask(from("mine")).await), DENIED);
    functions
        .remove_permission(root, "f", None, "ann", None)
        .expect("removed");
    assert_eq!(fault(functions.get_policy(root, "f", None)), GONE);
    let bad = NewPermission {
        principal: "nobody at all".to_owned(),
        ..new.clone()
    };
    assert_eq!(
        fault(functions.add_permission(root, "f", None, &bad, None)),
        WRONG
    );
    assert_eq!(
        fault(functions.add_permission(root, "f", Some("$LATEST"), &new, None)),
        WRONG
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_the_roles_and_are_replaced_before_they_end() {
    let world = world();
    world.let_role("s3:GetObject");
    let code = "import os\ndef lambda_handler(event, context):\n    return [os.environ['AWS_ACCESS_KEY_ID'], os.environ['AWS_SESSION_TOKEN'], os.getpid()]\n";
    world.make("who", code).await;
    let first = body(&world.invoke("who", json!({})).await);
    let caller = |said: &Value| {
        let id = said[0].as_str().unwrap_or_else(|| panic!("no key: {said}"));
        let token = said[1].as_str();
        world
            .iam
            .known_key(id, token)
            .map(|key| key.into_caller(&Context::new()))
    };
    let role = caller(&first).expect("a session");
    assert_eq!(role.credential(), Credential::AssumedRole);
    assert!(role.may("s3:GetObject", "arn:aws:s3:::b/k").is_ok());
    assert!(role.may("s3:PutObject", "arn:aws:s3:::b/k").is_err());
    world.turn(3000);
    assert_eq!(
        body(&world.invoke("who", json!({})).await)[2],
        first[2],
        "they last"
    );
    world.turn(560);
    let later = body(&world.invoke("who", json!({})).await);
    assert_ne!(later[2], first[2], "they would end");
    assert!(caller(&later).is_ok());

    world.iam.update_trust(&world.root, "runs", &json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}]}).to_string()).expect("changed");
    world.turn(3600);
    let refused = world
        .functions
        .invoke(&world.root, request("who", &json!({})))
        .await;
    assert_eq!(fault(refused), (ErrorKind::Denied, "AccessDeniedException"));
}

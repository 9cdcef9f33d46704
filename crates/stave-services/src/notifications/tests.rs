//! What happens to objects reaches the functions and rules that ask for it.

use serde_json::Value;
use stave_core::ObjectKey;
use stave_store::{BucketStore as _, PutBody, PutOptions};

use super::*;
use crate::schedules::tests::{ACCOUNT, FUNCTION, World, open, world};
use crate::schedules::{NewRule, Target};

struct Bucket {
    world: World,
    notifications: Notifications,
    name: BucketName,
}

fn buckets(store: &Store) -> Buckets {
    Buckets::new(stave_store::Buckets::new(store.buckets(), Vec::new()))
}

async fn bucket() -> Bucket {
    let world = world();
    let targets = Arc::clone(&world.targets) as Arc<dyn Targets>;
    let buckets = buckets(&world.store);
    let schedules = world.schedules.clone();
    let notifications = Notifications::new(world.store.clone(), buckets, schedules, targets);
    let name = BucketName::new("lake").expect("a name");
    world
        .store
        .buckets()
        .create_bucket(&name)
        .await
        .expect("made");
    Bucket {
        world,
        notifications,
        name,
    }
}

impl Bucket {
    fn notify(&self, configuration: &NotificationConfiguration) -> Result<()> {
        let root = &self.world.root;
        self.notifications
            .put_configuration(root, &self.name, configuration, false)
    }

    async fn put(&self, key: &str) {
        let key = ObjectKey::new(key).expect("a key");
        let body = PutBody::Bytes("hello".into());
        let buckets = self.world.store.buckets();
        buckets
            .put(&self.name, &key, body, PutOptions::default())
            .await
            .expect("put");
    }

    async fn delete(&self, key: &str) {
        let key = ObjectKey::new(key).expect("a key");
        self.world
            .store
            .buckets()
            .delete(&self.name, &key)
            .await
            .expect("deleted");
    }

    /// Works until nothing is left; says what functions got.
    async fn told(&self) -> Vec<Value> {
        while self.notifications.work().await.expect("worked") != Worked::default() {}
        self.world.schedules.work().await.expect("worked");
        let got = self.world.targets.take().into_iter();
        got.map(|shipment| serde_json::from_str(&shipment.payload).expect("JSON"))
            .collect()
    }
}

fn function(id: &str, events: &[&str], filters: &[(&str, &str)]) -> FunctionNotification {
    FunctionNotification {
        id: Some(id.to_owned()),
        function_arn: FUNCTION.to_owned(),
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        filters: filters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

fn functions(functions: &[FunctionNotification]) -> NotificationConfiguration {
    NotificationConfiguration {
        functions: functions.to_vec(),
        ..NotificationConfiguration::default()
    }
}

const CREATED: &[&str] = &["s3:ObjectCreated:*"];

#[tokio::test]
async fn a_function_gets_the_record_of_what_it_asks_for() {
    let bucket = bucket().await;
    let filters = [("prefix", "raw_data/"), ("suffix", ".json")];
    bucket
        .notify(&functions(&[function("t", CREATED, &filters)]))
        .expect("put");
    for key in ["raw_data/a 1:2.json", "raw_data/a.csv", "other/a.json"] {
        bucket.put(key).await;
    }
    bucket.delete("raw_data/a 1:2.json").await;
    let told = bucket.told().await;
    assert_eq!(told.len(), 1);
    let record = &told[0]["Records"][0];
    let elements = &record["responseElements"];
    let expected = serde_json::json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-11-21T10:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:123456789012"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": elements,
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "t",
            "bucket": {
                "name": "lake",
                "ownerIdentity": {"principalId": ACCOUNT},
                "arn": "arn:aws:s3:::lake",
            },
            "object": {
                "key": "raw_data/a+1%3A2.json",
                "size": 5,
                "eTag": "5d41402abc4b2a76b9719d911017c592",
                "sequencer": "0000000000000001",
            },
        },
    });
    assert_eq!(record.to_string(), expected.to_string());
    assert_eq!(
        elements["x-amz-request-id"].as_str().expect("an id").len(),
        16
    );
    assert!(bucket.told().await.is_empty());
}

#[tokio::test]
async fn events_go_by_kind_and_nothing_before_it_was_asked_for() {
    let bucket = bucket().await;
    bucket.put("before").await;
    let removed = function("removed", &["s3:ObjectRemoved:*"], &[]);
    let copied = function("copied", &["s3:ObjectCreated:Copy"], &[]);
    bucket.notify(&functions(&[removed, copied])).expect("put");
    bucket.put("a").await;
    bucket.delete("a").await;
    let told = bucket.told().await;
    assert_eq!(told.len(), 1);
    let record = &told[0]["Records"][0];
    assert_eq!(record["eventName"], "ObjectRemoved:Delete");
    let object = record["s3"]["object"].as_object().expect("an object");
    assert!(!object.contains_key("size") && !object.contains_key("eTag"));
    // Nobody is told any more.
    bucket
        .notify(&NotificationConfiguration::default())
        .expect("put");
    bucket.put("b").await;
    assert!(bucket.told().await.is_empty());
    let read = bucket
        .notifications
        .configuration(&bucket.world.root, &bucket.name);
    assert_eq!(read.expect("read"), NotificationConfiguration::default());
}

#[tokio::test]
async fn eventbridge_is_told_everything() {
    let bucket = bucket().await;
    let (schedules, root) = (&bucket.world.schedules, &bucket.world.root);
    let rule = NewRule {
        name: "created".to_owned(),
        bus: None,
        description: None,
        schedule: None,
        pattern: Some(
            r#"{"source": ["aws.s3"], "detail-type": ["Object Created"], "detail":
                {"bucket": {"name": ["lake"]}, "object": {"key": [{"suffix": ".json"}]}}}"#
                .to_owned(),
        ),
        is_enabled: true,
        role_arn: None,
        tags: Vec::new(),
    };
    schedules.put_rule(root, &rule).expect("put");
    let target = Target {
        id: "t".to_owned(),
        arn: FUNCTION.to_owned(),
        ..Target::default()
    };
    schedules
        .put_targets(root, None, "created", &[target])
        .expect("put");
    let bridged = NotificationConfiguration {
        event_bridge: true,
        ..Default::default()
    };
    bucket.notify(&bridged).expect("put");
    bucket.put("a b.json").await;
    bucket.put("c.csv").await;
    let told = bucket.told().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["detail"]["object"]["key"], "a b.json");
    assert_eq!(told[0]["detail"]["reason"], "PutObject");
}

#[tokio::test]
async fn a_thousand_objects_are_told_once_by_two_processes_that_die() {
    let bucket = bucket().await;
    bucket
        .notify(&functions(&[function("t", CREATED, &[])]))
        .expect("put");
    for n in 0..1000 {
        bucket.put(&format!("k{n:04}")).await;
    }
    // One process takes some and dies; two others then work at once.
    let taken = bucket.world.store.take_events(CONSUMER, 10).expect("taken");
    assert_eq!(taken.events.len(), 10);
    let store = open(&bucket.world.dir, &bucket.world.clock);
    let other = Notifications::new(
        store.clone(),
        buckets(&store),
        bucket.world.other(crate::schedules::Missed::RunOnce),
        Arc::clone(&bucket.world.targets) as Arc<dyn Targets>,
    );
    std::thread::scope(|scope| {
        for notifications in [&bucket.notifications, &other, &other] {
            scope.spawn(|| {
                while notifications.pass_some_on().expect("worked") != Worked::default() {}
            });
        }
    });
    let mut keys: Vec<String> = bucket
        .told()
        .await
        .iter()
        .map(|told| told["Records"][0]["s3"]["object"]["key"].to_string())
        .collect();
    keys.sort();
    assert_eq!(keys.len(), 1000);
    keys.dedup();
    assert_eq!(keys.len(), 1000);
}

#[tokio::test]
async fn a_bucket_that_is_gone_holds_nobody_up() {
    let bucket = bucket().await;
    bucket
        .notify(&functions(&[function("t", CREATED, &[])]))
        .expect("put");
    bucket.put("a").await;
    bucket.delete("a").await;
    bucket
        .world
        .store
        .buckets()
        .delete_bucket(&bucket.name)
        .await
        .expect("removed");
    assert!(bucket.told().await.is_empty());
}

/// Configurations that are wrong, and what is to be found in the words.
fn wrong() -> Vec<(NotificationConfiguration, &'static str)> {
    let ambiguous = "Configuration is ambiguously defined. Cannot have overlapping suffixes in two \
                     rules if the prefixes are overlapping for the same event type.";
    let put = ["s3:ObjectCreated:Put"];
    vec![
        (
            functions(&[function("a", &["s3:Foo"], &[])]),
            "The event 's3:Foo' is not supported",
        ),
        (functions(&[function("a", &[], &[])]), "at least one event"),
        (
            functions(&[function("a", CREATED, &[("infix", "x")])]),
            "must be either prefix or suffix",
        ),
        (
            functions(&[function("a", CREATED, &[("prefix", "x"), ("Prefix", "y")])]),
            "Cannot specify more than one prefix rule in a filter.",
        ),
        (
            functions(&[function("a", CREATED, &[]), function("b", &put, &[])]),
            ambiguous,
        ),
        (
            functions(&[
                function("a", CREATED, &[("prefix", "x/")]),
                function("b", &put, &[("prefix", "x/y/"), ("suffix", ".json")]),
            ]),
            ambiguous,
        ),
        (
            functions(&[
                function("a", CREATED, &[("prefix", "x/")]),
                function("a", CREATED, &[("prefix", "y/")]),
            ]),
            "IDs must be unique",
        ),
        (
            NotificationConfiguration {
                elsewhere: vec!["arn:aws:sqs:us-east-1:123456789012:q".to_owned()],
                ..Default::default()
            },
            "Stave has no topics and no queues",
        ),
        (
            functions(&[FunctionNotification {
                function_arn: FUNCTION.replace("transform", "shy"),
                ..function("a", CREATED, &[])
            }]),
            "Unable to validate the following destination configurations",
        ),
        (
            functions(&[FunctionNotification {
                function_arn: "function".to_owned(),
                ..function("a", CREATED, &[])
            }]),
            "Unable to validate the following destination configurations",
        ),
    ]
}

#[tokio::test]
async fn wrong_configurations_are_refused() {
    let bucket = bucket().await;
    for (bad, message) in wrong() {
        let error = bucket.notify(&bad).expect_err(message);
        assert!(error.message().contains(message), "{error}");
    }
    for good in [
        functions(&[
            function("a", CREATED, &[("prefix", "x/")]),
            function("b", CREATED, &[("prefix", "y/")]),
        ]),
        functions(&[
            function("a", CREATED, &[("suffix", ".json")]),
            function("b", CREATED, &[("suffix", ".csv")]),
        ]),
        functions(&[
            function("a", CREATED, &[]),
            function("b", &["s3:ObjectRemoved:*"], &[]),
        ]),
    ] {
        bucket.notify(&good).expect("put");
        let read = bucket
            .notifications
            .configuration(&bucket.world.root, &bucket.name);
        assert_eq!(read.expect("read"), good);
    }
    let unnamed = FunctionNotification {
        id: None,
        ..function("", CREATED, &[])
    };
    bucket.notify(&functions(&[unnamed])).expect("put");
    let read = bucket
        .notifications
        .configuration(&bucket.world.root, &bucket.name);
    assert_eq!(
        read.expect("read").functions[0]
            .id
            .as_ref()
            .expect("named")
            .len(),
        36
    );
    let shy = functions(&[FunctionNotification {
        function_arn: FUNCTION.replace("transform", "shy"),
        ..function("a", CREATED, &[])
    }]);
    let root = &bucket.world.root;
    bucket
        .notifications
        .put_configuration(root, &bucket.name, &shy, true)
        .expect("unchecked");
}

#[tokio::test]
async fn the_bucket_s_policy_counts() {
    let bucket = bucket().await;
    let root = &bucket.world.root;
    let deny = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*",
        "Action": "s3:PutBucketNotification", "Resource": "arn:aws:s3:::lake"}}"#;
    let buckets = bucket.world.store.buckets();
    buckets
        .set_bucket_setting(&bucket.name, BucketSetting::Policy, Some(deny))
        .expect("set");
    let put = bucket.notify(&NotificationConfiguration::default());
    assert_eq!(put.expect_err("denied").kind(), ErrorKind::Denied);
    let read = bucket.notifications.configuration(root, &bucket.name);
    read.expect("read");
}

#[tokio::test]
async fn what_was_kept_in_s3_s_words_is_still_read() {
    let bucket = bucket().await;
    let kept = serde_json::json!({
        "LambdaFunctionConfigurations": [{
            "Id": "t",
            "LambdaFunctionArn": FUNCTION,
            "Events": CREATED,
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "raw/"}]}},
        }],
        "EventBridgeConfiguration": {},
    });
    let buckets = bucket.world.store.buckets();
    buckets
        .set_bucket_setting(
            &bucket.name,
            BucketSetting::Notification,
            Some(&kept.to_string()),
        )
        .expect("set");
    let read = bucket
        .notifications
        .configuration(&bucket.world.root, &bucket.name)
        .expect("read");
    let expected = NotificationConfiguration {
        event_bridge: true,
        ..functions(&[function("t", CREATED, &[("prefix", "raw/")])])
    };
    assert_eq!(read, expected);
}

//! Where a bucket's events go: stored with the members of S3's document, carried out by who
//! reads the events.

use std::collections::HashSet;

use s3s::dto::{
    EventBridgeConfiguration, FilterRule, GetBucketNotificationConfigurationInput,
    GetBucketNotificationConfigurationOutput, LambdaFunctionConfiguration,
    NotificationConfigurationFilter, PutBucketNotificationConfigurationInput,
    PutBucketNotificationConfigurationOutput, QueueConfiguration, S3KeyFilter, TopicConfiguration,
};
use s3s::{S3Request, S3Response, S3Result, dto};
use serde::{Deserialize, Serialize};
use stave_store::BucketSetting;

use super::backend::Backend;
use super::bucket_settings::{loaded, stored};
use super::errors::invalid_argument;

/// The most configurations of a bucket.
const MAX_CONFIGURATIONS: usize = 100;

/// Events that happen in Stave, and patterns of them.
const EVENTS: [&str; 12] = [
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete",
    "s3:LifecycleExpiration:*",
];

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Rule {
    name: String,
    value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct KeyFilter {
    filter_rules: Vec<Rule>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Filter {
    key: KeyFilter,
}

/// One target; which kind it is says the list that it stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    id: String,
    #[serde(alias = "LambdaFunctionArn", alias = "QueueArn", alias = "TopicArn")]
    arn: String,
    events: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Filter>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Notification {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lambda_function_configurations: Vec<Target>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_configurations: Vec<Target>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    topic_configurations: Vec<Target>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_bridge_configuration: Option<Empty>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Empty {}

pub(super) async fn get(
    backend: &Backend,
    request: S3Request<GetBucketNotificationConfigurationInput>,
) -> S3Result<S3Response<GetBucketNotificationConfigurationOutput>> {
    let name = &request.input.bucket;
    let setting = BucketSetting::Notification;
    let text = backend.setting(&request, name, setting).await?;
    let stored: Notification = match text {
        Some(text) => loaded(&renamed(&text, false))?,
        None => Notification::default(),
    };
    let some = |list: Vec<Target>| Some(list).filter(|list| !list.is_empty());
    let lambdas = some(stored.lambda_function_configurations);
    let queues = some(stored.queue_configurations);
    let topics = some(stored.topic_configurations);
    Ok(S3Response::new(GetBucketNotificationConfigurationOutput {
        event_bridge_configuration: stored
            .event_bridge_configuration
            .map(|_| EventBridgeConfiguration::default()),
        lambda_function_configurations: lambdas.map(|list| {
            let shown = list.into_iter().map(|target| LambdaFunctionConfiguration {
                events: events(&target),
                filter: shown_filter(target.filter),
                id: Some(target.id),
                lambda_function_arn: target.arn,
            });
            shown.collect()
        }),
        queue_configurations: queues.map(|list| {
            let shown = list.into_iter().map(|target| QueueConfiguration {
                events: events(&target),
                filter: shown_filter(target.filter),
                id: Some(target.id),
                queue_arn: target.arn,
            });
            shown.collect()
        }),
        topic_configurations: topics.map(|list| {
            let shown = list.into_iter().map(|target| TopicConfiguration {
                events: events(&target),
                filter: shown_filter(target.filter),
                id: Some(target.id),
                topic_arn: target.arn,
            });
            shown.collect()
        }),
    }))
}

pub(super) async fn put(
    backend: &Backend,
    request: S3Request<PutBucketNotificationConfigurationInput>,
) -> S3Result<S3Response<PutBucketNotificationConfigurationOutput>> {
    let given = request.input.notification_configuration.clone();
    let notification = read(given)?;
    check(&notification)?;
    let text = renamed(&stored(&notification)?, true);
    let name = &request.input.bucket;
    let setting = BucketSetting::Notification;
    backend
        .set_setting(&request, name, setting, Some(text))
        .await?;
    Ok(S3Response::new(
        PutBucketNotificationConfigurationOutput::default(),
    ))
}

/// Calls the targets' ARNs as S3's document does, or all alike.
fn renamed(text: &str, as_s3: bool) -> String {
    let lists = [
        ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
        ("QueueConfigurations", "QueueArn"),
        ("TopicConfigurations", "TopicArn"),
    ];
    let Ok(mut document) = serde_json::from_str::<serde_json::Value>(text) else {
        return text.to_owned();
    };
    for (list, name) in lists {
        let (from, to) = if as_s3 { ("Arn", name) } else { (name, "Arn") };
        let targets = document.get_mut(list).and_then(|list| list.as_array_mut());
        for target in targets.into_iter().flatten() {
            let Some(target) = target.as_object_mut() else {
                continue;
            };
            if let Some(arn) = target.remove(from) {
                target.insert(to.to_owned(), arn);
            }
        }
    }
    document.to_string()
}

fn read(given: dto::NotificationConfiguration) -> S3Result<Notification> {
    let mut seen = 0;
    let mut target = |id, arn: String, given: Vec<dto::Event>, filter| {
        seen += 1;
        Ok(Target {
            id: Option::unwrap_or_else(id, || format!("configuration-{seen}")),
            arn,
            events: given
                .iter()
                .map(|event| event.as_ref().to_owned())
                .collect(),
            filter: read_filter(filter)?,
        })
    };
    let lambdas = given.lambda_function_configurations.unwrap_or_default();
    let queues = given.queue_configurations.unwrap_or_default();
    let topics = given.topic_configurations.unwrap_or_default();
    Ok(Notification {
        lambda_function_configurations: lambdas
            .into_iter()
            .map(|one| target(one.id, one.lambda_function_arn, one.events, one.filter))
            .collect::<S3Result<_>>()?,
        queue_configurations: queues
            .into_iter()
            .map(|one| target(one.id, one.queue_arn, one.events, one.filter))
            .collect::<S3Result<_>>()?,
        topic_configurations: topics
            .into_iter()
            .map(|one| target(one.id, one.topic_arn, one.events, one.filter))
            .collect::<S3Result<_>>()?,
        event_bridge_configuration: given.event_bridge_configuration.map(|_| Empty {}),
    })
}

fn read_filter(given: Option<NotificationConfigurationFilter>) -> S3Result<Option<Filter>> {
    let rules = given
        .and_then(|given| given.key)
        .and_then(|key| key.filter_rules);
    let Some(rules) = rules.filter(|rules| !rules.is_empty()) else {
        return Ok(None);
    };
    let mut filter_rules: Vec<Rule> = Vec::new();
    for rule in rules {
        let name = rule.name.map(|name| name.as_str().to_ascii_lowercase());
        let name = name.filter(|name| name == "prefix" || name == "suffix");
        let name = name
            .ok_or_else(|| invalid_argument("filter rule name must be either prefix or suffix"))?;
        if filter_rules.iter().any(|other| other.name == name) {
            return Err(invalid_argument(format!(
                "Cannot specify more than one {name} rule in a filter."
            )));
        }
        let value = rule.value.unwrap_or_default();
        filter_rules.push(Rule { name, value });
    }
    Ok(Some(Filter {
        key: KeyFilter { filter_rules },
    }))
}

fn check(notification: &Notification) -> S3Result<()> {
    let all: Vec<&Target> = notification
        .lambda_function_configurations
        .iter()
        .chain(&notification.queue_configurations)
        .chain(&notification.topic_configurations)
        .collect();
    if all.len() > MAX_CONFIGURATIONS {
        return Err(invalid_argument(format!(
            "A bucket has at most {MAX_CONFIGURATIONS} notification configurations"
        )));
    }
    let mut ids = HashSet::new();
    for target in &all {
        if !ids.insert(&target.id) {
            return Err(invalid_argument(
                "Same ID used for multiple configurations. IDs must be unique",
            ));
        }
        if target.events.is_empty() {
            return Err(super::convert::malformed_xml());
        }
        if !target.arn.starts_with("arn:") {
            return Err(invalid_argument("The ARN is not well formed"));
        }
        for event in &target.events {
            let is_known =
                EVENTS.contains(&event.as_str()) || event.starts_with("s3:LifecycleExpiration:");
            if !is_known {
                return Err(invalid_argument(format!(
                    "The event \"{event}\" is not supported for notifications"
                )));
            }
        }
    }
    for (at, one) in all.iter().enumerate() {
        if all[at + 1..].iter().any(|other| overlap(one, other)) {
            return Err(invalid_argument(
                "Configurations overlap. Configurations on the same bucket cannot share a common \
                 event type.",
            ));
        }
    }
    Ok(())
}

/// Whether one event of one object would go to both.
fn overlap(one: &Target, other: &Target) -> bool {
    let covers = |pattern: &str, event: &str| {
        pattern == event
            || pattern
                .strip_suffix('*')
                .is_some_and(|start| event.starts_with(start))
    };
    let shares_event = one.events.iter().any(|a| {
        let mut others = other.events.iter();
        others.any(|b| covers(a, b) || covers(b, a))
    });
    let value = |target: &Target, name: &str| {
        let rules = target
            .filter
            .iter()
            .flat_map(|filter| &filter.key.filter_rules);
        let mut named = rules.filter(|rule| rule.name == name);
        named
            .next()
            .map(|rule| rule.value.clone())
            .unwrap_or_default()
    };
    let (a, b) = (value(one, "prefix"), value(other, "prefix"));
    let shares_prefix = a.starts_with(&b) || b.starts_with(&a);
    let (a, b) = (value(one, "suffix"), value(other, "suffix"));
    let shares_suffix = a.ends_with(&b) || b.ends_with(&a);
    shares_event && shares_prefix && shares_suffix
}

fn events(target: &Target) -> Vec<dto::Event> {
    target
        .events
        .iter()
        .cloned()
        .map(dto::Event::from)
        .collect()
}

fn shown_filter(filter: Option<Filter>) -> Option<NotificationConfigurationFilter> {
    let rules = filter?.key.filter_rules.into_iter().map(|rule| FilterRule {
        name: Some(dto::FilterRuleName::from(rule.name)),
        value: Some(rule.value),
    });
    Some(NotificationConfigurationFilter {
        key: Some(S3KeyFilter {
            filter_rules: Some(rules.collect()),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(events: &[&str], prefix: &str, suffix: &str) -> Target {
        let rule = |name: &str, value: &str| Rule {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        Target {
            id: "x".to_owned(),
            arn: "arn:aws:lambda:us-east-1:123456789012:function:f".to_owned(),
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            filter: Some(Filter {
                key: KeyFilter {
                    filter_rules: vec![rule("prefix", prefix), rule("suffix", suffix)],
                },
            }),
        }
    }

    #[test]
    fn one_event_goes_to_one_target() {
        let created = "s3:ObjectCreated:*";
        let put = "s3:ObjectCreated:Put";
        let one = target(&[created], "raw/", ".csv");
        assert!(overlap(&one, &target(&[put], "", "")));
        assert!(overlap(&one, &target(&[put], "raw/a", ".csv")));
        assert!(!overlap(&one, &target(&[put], "done/", ".csv")));
        assert!(!overlap(&one, &target(&[put], "raw/", ".json")));
        assert!(!overlap(
            &one,
            &target(&["s3:ObjectRemoved:*"], "raw/", ".csv")
        ));
    }

    #[test]
    fn targets_are_stored_as_s3_calls_them() {
        let notification = Notification {
            lambda_function_configurations: vec![target(&["s3:ObjectCreated:*"], "a", "b")],
            ..Notification::default()
        };
        let text = renamed(&stored(&notification).expect("written"), true);
        assert!(
            text.contains("\"LambdaFunctionArn\":\"arn:aws:lambda"),
            "{text}"
        );
        let back: Notification = loaded(&renamed(&text, false)).expect("read");
        assert_eq!(
            back.lambda_function_configurations,
            notification.lambda_function_configurations
        );
    }
}

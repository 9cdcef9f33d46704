//! Whom a bucket tells what, and whether it can be said.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stave_core::{Error, Result};

use super::filter::{Filter, meet};

/// The most configurations of a bucket.
const MAX_CONFIGURATIONS: usize = 100;
/// The longest prefix or suffix, in characters.
const MAX_FILTER_CHARS: usize = 1024;
/// What can be told.
const EVENTS: &[&str] = &[
    "s3:ReducedRedundancyLostObject",
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete",
    "s3:Replication:*",
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationNotTracked",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationReplicatedAfterThreshold",
    "s3:LifecycleTransition",
    "s3:IntelligentTiering",
    "s3:ObjectAcl:Put",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete",
    "s3:ObjectAnnotation:*",
    "s3:ObjectAnnotation:Put",
    "s3:ObjectAnnotation:Delete",
    "s3:ObjectRetention:Put",
];

/// Whom a bucket tells what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotificationConfiguration {
    /// The functions that are invoked.
    pub functions: Vec<FunctionNotification>,
    /// Whether EventBridge is told everything.
    pub event_bridge: bool,
    /// Topics and queues, which Stave does not have.
    #[serde(skip)]
    pub elsewhere: Vec<String>,
}

/// A function that is invoked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FunctionNotification {
    /// Its id; one is made where none is given.
    pub id: Option<String>,
    /// The function's ARN.
    pub function_arn: String,
    /// What it is told: `s3:ObjectCreated:*` …
    pub events: Vec<String>,
    /// Of which objects: pairs of `prefix` or `suffix` and what it is, as they were given.
    pub filters: Vec<(String, String)>,
}

/// An error in S3's words.
pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("InvalidArgument")
}

impl NotificationConfiguration {
    /// Reads what is kept.
    pub(super) fn of_text(text: &str) -> Result<Self> {
        let read = || -> serde_json::Result<Self> {
            let document: Value = serde_json::from_str(text)?;
            match in_s3_words(&document) {
                Some(configuration) => Ok(configuration),
                None => serde_json::from_value(document),
            }
        };
        read().map_err(|error| {
            Error::internal("a bucket's notification configuration is not readable")
                .caused_by(error)
        })
    }

    /// What is to be kept.
    pub(super) fn to_text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| {
            Error::internal("a bucket's notification configuration cannot be kept").caused_by(error)
        })
    }

    /// Gives a name to what has none.
    pub(super) fn name_all(&mut self, mut name: impl FnMut() -> String) {
        for function in &mut self.functions {
            if function.id.as_ref().is_none_or(String::is_empty) {
                function.id = Some(name());
            }
        }
    }

    /// Checks it as S3 does, but for the destinations.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(arn) = self.elsewhere.first() {
            return Err(Error::unsupported(format!(
                "notifications to {arn} are not implemented: Stave has no topics and no queues"
            ))
            .hint("notify a function, or EventBridge"));
        }
        if self.functions.len() > MAX_CONFIGURATIONS {
            return Err(wrong(format!(
                "A bucket has at most {MAX_CONFIGURATIONS} notification configurations."
            )));
        }
        for (index, function) in self.functions.iter().enumerate() {
            let filter = function.check()?;
            for other in &self.functions[..index] {
                check_ids(function, other)?;
                check_overlap((function, &filter), other)?;
            }
        }
        Ok(())
    }
}

/// Reads a document with the members of S3's own, as homes kept it before functions could be told.
fn in_s3_words(document: &Value) -> Option<NotificationConfiguration> {
    let functions = document.get("LambdaFunctionConfigurations");
    let event_bridge = document.get("EventBridgeConfiguration").is_some();
    if functions.is_none() && !event_bridge {
        return None;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let functions = functions.map(items).unwrap_or_default();
    let functions = functions.iter().map(|one| FunctionNotification {
        id: one["Id"].as_str().map(str::to_owned),
        function_arn: text(&one["LambdaFunctionArn"]),
        events: items(&one["Events"]).iter().map(text).collect(),
        filters: items(&one["Filter"]["Key"]["FilterRules"])
            .iter()
            .map(|rule| (text(&rule["Name"]), text(&rule["Value"])))
            .collect(),
    });
    Some(NotificationConfiguration {
        functions: functions.collect(),
        event_bridge,
        elsewhere: Vec::new(),
    })
}

fn check_ids(one: &FunctionNotification, other: &FunctionNotification) -> Result<()> {
    match (&one.id, &other.id) {
        (Some(one), Some(other)) if !one.is_empty() && one == other => Err(wrong(
            "Same ID used for multiple configurations. IDs must be unique",
        )),
        _ => Ok(()),
    }
}

fn check_overlap(
    (one, filter): (&FunctionNotification, &Filter),
    other: &FunctionNotification,
) -> Result<()> {
    let is_common = one
        .events
        .iter()
        .any(|event| other.events.iter().any(|other| meet(event, other)));
    if is_common && filter.overlaps(&other.filter()?) {
        return Err(wrong(
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules \
             if the prefixes are overlapping for the same event type.",
        ));
    }
    Ok(())
}

impl FunctionNotification {
    /// Which objects it is about.
    pub(super) fn filter(&self) -> Result<Filter> {
        let mut filter = Filter::default();
        for (name, value) in &self.filters {
            let part = match name.to_ascii_lowercase().as_str() {
                "prefix" => &mut filter.prefix,
                "suffix" => &mut filter.suffix,
                _ => {
                    return Err(wrong("filter rule name must be either prefix or suffix"));
                }
            };
            if part.is_some() {
                return Err(wrong(format!(
                    "Cannot specify more than one {} rule in a filter.",
                    name.to_ascii_lowercase()
                )));
            }
            if value.chars().count() > MAX_FILTER_CHARS {
                return Err(wrong(format!(
                    "Size of filter rule value cannot exceed {MAX_FILTER_CHARS} bytes in UTF-8"
                )));
            }
            *part = Some(value.clone());
        }
        Ok(filter)
    }

    fn check(&self) -> Result<Filter> {
        if self.id.as_ref().is_some_and(|id| id.chars().count() > 255) {
            return Err(wrong(
                "The ID of a configuration has at most 255 characters.",
            ));
        }
        if self.events.is_empty() {
            return Err(wrong("A configuration must name at least one event."));
        }
        for event in &self.events {
            if !EVENTS.contains(&event.as_str()) {
                return Err(wrong(format!(
                    "The event '{event}' is not supported for notifications"
                )));
            }
        }
        self.filter()
    }
}

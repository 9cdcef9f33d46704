//! What the ARN of a target names.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html>
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html>

use base64::Engine as _;
use bytes::Bytes;
use serde_json::Value;
use stave_core::{Arn, Error, Result};

/// What is served as a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// A function, by its ARN.
    Function(String),
    /// Lambda's Invoke, which the payload is the input of.
    CalledFunction,
    /// A log group.
    LogGroup(String),
    /// Something that Stave does for a while.
    Work(WorkKind),
}

/// What Stave can be told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WorkKind {
    /// A job of that name.
    Job(String),
    /// A crawler of that name.
    Crawler(String),
    /// Glue's StartJobRun, which the payload is the input of.
    StartJobRun,
    /// Glue's StartCrawler, which the payload is the input of.
    StartCrawler,
    /// `stave spotify extract`, with the arguments that the payload names.
    Extract,
}

impl Destination {
    pub fn of(arn: &Arn) -> Result<Self> {
        let (kind, name) = arn.typed_resource();
        Ok(match (arn.service(), kind) {
            ("lambda", "function") => Self::Function(arn.as_str().to_owned()),
            ("logs", "log-group") => Self::LogGroup(name.trim_end_matches(":*").to_owned()),
            ("glue", "job") => Self::Work(WorkKind::Job(name.to_owned())),
            ("glue", "crawler") => Self::Work(WorkKind::Crawler(name.to_owned())),
            ("stave", _) if arn.resource() == "spotify-extract" => Self::Work(WorkKind::Extract),
            ("scheduler", "aws-sdk") => match name {
                "lambda:invoke" => Self::CalledFunction,
                "glue:startJobRun" => Self::Work(WorkKind::StartJobRun),
                "glue:startCrawler" => Self::Work(WorkKind::StartCrawler),
                _ => return Err(unsupported(arn)),
            },
            _ => return Err(unsupported(arn)),
        })
    }
}

fn unsupported(arn: &Arn) -> Error {
    Error::unsupported(format!("the target {arn} is not implemented")).hint(
        "functions, event buses of this account and region, log groups, Glue jobs and crawlers, \
         arn:aws:scheduler:::aws-sdk:lambda:invoke, …:glue:startJobRun, …:glue:startCrawler and \
         arn:aws:stave:REGION:ACCOUNT:spotify-extract are",
    )
}

/// The function and the event of an input of Lambda's Invoke.
pub(super) fn invocation(payload: &str) -> Result<(String, Bytes)> {
    let input = input(payload)?;
    let function = text(&input, "FunctionName")?;
    let event = match input.get("Payload") {
        None => Bytes::new(),
        // The SDKs send blobs in base64; the console's templates have JSON as text.
        Some(Value::String(event)) => {
            let decoded = base64::engine::general_purpose::STANDARD.decode(event);
            match decoded {
                Ok(bytes) if serde_json::from_slice::<Value>(&bytes).is_ok() => bytes.into(),
                _ => Bytes::from(event.clone()),
            }
        }
        Some(event) => Bytes::from(event.to_string()),
    };
    Ok((function, event))
}

/// A payload that is the input of an operation.
pub(super) fn input(payload: &str) -> Result<Value> {
    match serde_json::from_str(payload) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Error::invalid("the target's input is not a JSON object")),
        Err(error) => Err(Error::invalid(format!(
            "the target's input is not JSON: {error}"
        ))),
    }
}

/// A member that must be there.
pub(super) fn text(input: &Value, name: &str) -> Result<String> {
    let found = input.get(name).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| Error::invalid(format!("the target's input has no {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arn: &str) -> Result<Destination> {
        Destination::of(&arn.parse()?)
    }

    #[test]
    fn arns_name_what_is_served() {
        let function = "arn:aws:lambda:us-east-1:123456789012:function:extract:live";
        assert_eq!(
            of(function).expect("served"),
            Destination::Function(function.to_owned())
        );
        assert_eq!(
            of("arn:aws:glue:us-east-1:123456789012:job/a b").expect("served"),
            Destination::Work(WorkKind::Job("a b".to_owned()))
        );
        assert_eq!(
            of("arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/all:*").expect("served"),
            Destination::LogGroup("/aws/events/all".to_owned())
        );
        assert_eq!(
            of("arn:aws:scheduler:::aws-sdk:glue:startCrawler").expect("served"),
            Destination::Work(WorkKind::StartCrawler)
        );
        for other in [
            "arn:aws:sqs:us-east-1:123456789012:queue",
            "arn:aws:scheduler:::aws-sdk:s3:putObject",
            "arn:aws:stave:us-east-1:123456789012:other",
            "arn:aws:events:eu-west-1:123456789012:event-bus/theirs",
        ] {
            let error = of(other).expect_err("refused");
            assert!(error.message().contains(other), "{error}");
        }
    }

    #[test]
    fn an_input_of_invoke_names_function_and_event() {
        for (payload, event) in [
            (r#"{"FunctionName": "f"}"#, ""),
            (
                r#"{"FunctionName": "f", "Payload": {"a": 1}}"#,
                r#"{"a":1}"#,
            ),
            (
                r#"{"FunctionName": "f", "Payload": "{\"a\": 1}"}"#,
                r#"{"a": 1}"#,
            ),
            (
                r#"{"FunctionName": "f", "Payload": "eyJhIjogMX0="}"#,
                r#"{"a": 1}"#,
            ),
        ] {
            let (function, found) = invocation(payload).expect("read");
            assert_eq!((function.as_str(), &*found), ("f", event.as_bytes()));
        }
        assert!(invocation("{}").is_err());
        assert!(invocation("[1]").is_err());
    }
}

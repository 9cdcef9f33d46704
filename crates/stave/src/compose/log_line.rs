//! What of a payload is logged, and of when.

use jiff::Timestamp;
use serde_json::Value;
use stave_core::events::InputTransformer;
use stave_core::{Error, Result};
use stave_services::telemetry::LogLine;

/// The members of the one form that templates for log groups have.
const FORM: [&str; 2] = ["message", "timestamp"];

/// Refuses a template of another form than AWS has for log groups.
pub(super) fn check_template(template: &InputTransformer) -> Result<()> {
    if template.members().is_some_and(is_form) {
        return Ok(());
    }
    Err(Error::invalid(
        "a template for a log group is an object with the members timestamp and message",
    )
    .hint(r#"write {"timestamp": <time>, "message": <text>}"#))
}

fn is_form<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> bool {
    let mut names: Vec<T> = names.into_iter().collect();
    names.sort_by(|one, other| one.as_ref().cmp(other.as_ref()));
    names.iter().map(AsRef::as_ref).eq(FORM)
}

/// The line: the message and the time that a payload of the form of templates names, every other
/// payload as it is, at `now`.
pub(super) fn log_line(payload: String, now: Timestamp) -> Result<LogLine> {
    let value: Value = serde_json::from_str(&payload).map_err(|error| {
        Error::invalid("what is to be logged is no JSON: a value may have broken the template")
            .caused_by(error)
    })?;
    let form = value
        .as_object()
        .filter(|members| is_form(members.keys().map(String::as_str)));
    let Some(form) = form else {
        let at_ms = now.as_millisecond();
        return Ok(LogLine {
            at_ms,
            message: payload,
        });
    };
    let Value::String(message) = &form["message"] else {
        return Err(Error::invalid(
            "the message that is to be logged is no text",
        ));
    };
    Ok(LogLine {
        at_ms: at_ms(&form["timestamp"])?,
        message: message.clone(),
    })
}

/// Milliseconds since 1970, or a time in words.
fn at_ms(timestamp: &Value) -> Result<i64> {
    let read = match timestamp {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => {
            let time = text.parse::<Timestamp>();
            time.ok().map(Timestamp::as_millisecond)
        }
        _ => None,
    };
    read.ok_or_else(|| {
        Error::invalid(format!(
            "the timestamp {timestamp} of what is to be logged is no time"
        ))
        .hint("it is a time like 2026-11-21T10:00:00Z, or milliseconds since 1970")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(payload: &str) -> Option<(i64, String)> {
        let line = log_line(payload.to_owned(), Timestamp::UNIX_EPOCH).ok()?;
        Some((line.at_ms, line.message))
    }

    #[test]
    fn a_payload_of_the_form_names_its_time() {
        for (payload, at_ms, message) in [
            (
                r#"{"timestamp": "1970-01-01T00:00:01Z", "message": "a \"b\""}"#,
                1000,
                "a \"b\"",
            ),
            (r#"{"message": "a", "timestamp": 1500}"#, 1500, "a"),
            // Everything else is logged as it is, now.
            (r#"{"message": "a"}"#, 0, r#"{"message": "a"}"#),
            (r#""a""#, 0, r#""a""#),
        ] {
            assert_eq!(
                logged(payload),
                Some((at_ms, message.to_owned())),
                "{payload}"
            );
        }
    }

    #[test]
    fn what_has_no_time_or_text_is_not_logged() {
        for payload in [
            r#"{"timestamp": "yesterday", "message": "a"}"#,
            r#"{"timestamp": 1.5, "message": "a"}"#,
            r#"{"timestamp": 1, "message": {"a": 1}}"#,
            r#"{"timestamp": 1, "message": "a "b""}"#,
        ] {
            assert_eq!(logged(payload), None, "{payload}");
        }
    }

    #[test]
    fn templates_have_one_form() {
        let check = |template: &str| {
            let paths = [("time", "$.time"), ("text", "$.detail.text")];
            check_template(&InputTransformer::new(paths, template).expect("read"))
        };
        check(r#"{"timestamp": <time>, "message": <text>}"#).expect("the form");
        check(r#"{"message": "it is <text>", "timestamp": "<time>"}"#).expect("the form");
        for wrong in [
            r#""<time> <text>""#,
            r#"{"message": <text>}"#,
            r#"{"timestamp": <time>, "message": <text>, "more": 1}"#,
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}

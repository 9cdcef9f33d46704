//! The policy of a form: until when it may be sent, and with which fields.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use s3s::{S3Error, S3Result};
use serde_json::Value;

use super::errors::s3_error;
use super::form::Form;

/// Fields that no condition need name.
const FREE: [&str; 4] = ["policy", "x-amz-signature", "awsaccesskeyid", "signature"];

#[derive(Debug, PartialEq, Eq)]
enum Condition {
    Equals(String, String),
    StartsWith(String, String),
    Length(u64, u64),
}

/// What a form may say.
#[derive(Debug)]
pub(super) struct PostPolicy {
    expires_at: Timestamp,
    conditions: Vec<Condition>,
}

impl PostPolicy {
    /// Reads a policy in base64.
    pub(super) fn read(text: &str) -> S3Result<Self> {
        let bytes = STANDARD
            .decode(text.trim())
            .map_err(|_| invalid("Invalid Base64"))?;
        let policy: Value = serde_json::from_slice(&bytes).map_err(|_| invalid("Invalid JSON"))?;
        let expires_at = policy["expiration"].as_str();
        let expires_at = expires_at.and_then(|text| text.parse().ok());
        let conditions = policy["conditions"].as_array();
        let conditions = conditions.ok_or_else(|| invalid("Policy missing conditions"))?;
        let mut read = Vec::new();
        for condition in conditions {
            match condition {
                Value::Object(fields) => {
                    for (name, value) in fields {
                        let value = text_of(value)?;
                        read.push(Condition::Equals(name.to_ascii_lowercase(), value));
                    }
                }
                Value::Array(list) => read.push(listed(list)?),
                _ => return Err(invalid("Invalid Condition")),
            }
        }
        Ok(Self {
            expires_at: expires_at.ok_or_else(|| invalid("Policy missing expiration"))?,
            conditions: read,
        })
    }

    /// Checks the fields of a form for `bucket` against the policy.
    pub(super) fn check(&self, form: &Form, bucket: &str, now: Timestamp) -> S3Result<()> {
        if now >= self.expires_at {
            return Err(denied("Policy expired."));
        }
        let value = |name: &str| match name {
            // It stands in the address.
            "bucket" => Some(bucket),
            name => form.field(name),
        };
        for condition in &self.conditions {
            let (holds, shown) = match condition {
                Condition::Equals(name, wanted) => (
                    value(name) == Some(wanted),
                    format!("[\"eq\", \"${name}\", \"{wanted}\"]"),
                ),
                Condition::StartsWith(name, start) => (
                    value(name).is_some_and(|value| begins(name, value, start)),
                    format!("[\"starts-with\", \"${name}\", \"{start}\"]"),
                ),
                Condition::Length(..) => continue,
            };
            if !holds {
                return Err(denied(&format!("Policy Condition failed: {shown}")));
            }
        }
        let is_named = |name: &str| {
            self.conditions.iter().any(|condition| match condition {
                Condition::Equals(other, _) | Condition::StartsWith(other, _) => other == name,
                Condition::Length(..) => false,
            })
        };
        for (name, _) in form.fields() {
            let is_free = FREE.contains(&name.as_str()) || name.starts_with("x-ignore-");
            if !is_free && !is_named(name) {
                return Err(denied(&format!("Extra input fields: {name}")));
            }
        }
        Ok(())
    }

    /// How many bytes the file may have: at least, at most.
    pub(super) fn length(&self) -> (u64, u64) {
        let all = self
            .conditions
            .iter()
            .filter_map(|condition| match condition {
                Condition::Length(least, most) => Some((*least, *most)),
                _ => None,
            });
        all.fold((0, u64::MAX), |(a, b), (least, most)| {
            (a.max(least), b.min(most))
        })
    }
}

/// `Content-Type` may be a list, each of which must begin so.
fn begins(name: &str, value: &str, start: &str) -> bool {
    if name == "content-type" {
        return value.split(',').all(|one| one.trim().starts_with(start));
    }
    value.starts_with(start)
}

fn listed(list: &[Value]) -> S3Result<Condition> {
    let [kind, a, b] = list else {
        return Err(invalid("Invalid Condition: wrong number of arguments"));
    };
    let name = || {
        let name = a.as_str().and_then(|name| name.strip_prefix('$'));
        let name = name.map(str::to_ascii_lowercase);
        name.ok_or_else(|| invalid("Invalid Condition: a field begins with $"))
    };
    let number = |value: &Value| {
        let number = value.as_u64();
        let text = value.as_str().and_then(|text| text.parse().ok());
        number
            .or(text)
            .ok_or_else(|| invalid("Invalid content-length-range"))
    };
    match kind.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("eq") => Ok(Condition::Equals(name()?, text_of(b)?)),
        Some("starts-with") => Ok(Condition::StartsWith(name()?, text_of(b)?)),
        Some("content-length-range") => Ok(Condition::Length(number(a)?, number(b)?)),
        _ => Err(invalid("Invalid Condition: unknown operation")),
    }
}

fn text_of(value: &Value) -> S3Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(invalid("Invalid Condition: a value is no text")),
    }
}

fn invalid(fault: &str) -> S3Error {
    s3_error(
        "InvalidPolicyDocument",
        400,
        format!("Invalid Policy: {fault}."),
    )
}

fn denied(fault: &str) -> S3Error {
    s3_error(
        "AccessDenied",
        403,
        format!("Invalid according to Policy: {fault}"),
    )
}

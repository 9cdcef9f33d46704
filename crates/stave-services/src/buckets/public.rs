//! Whether a bucket lets in who has not signed, and what holds it back from doing so.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stave_core::{Error, Result};

/// What keeps a bucket from being public. As in S3, a new bucket has all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools)]
pub struct PublicAccessBlock {
    /// Public access lists are refused (Stave has none).
    pub block_public_acls: bool,
    /// Public access lists are ignored (Stave has none).
    pub ignore_public_acls: bool,
    /// A policy that makes the bucket public is refused.
    pub block_public_policy: bool,
    /// A policy that makes the bucket public lets nobody in who has not signed.
    pub restrict_public_buckets: bool,
}

impl Default for PublicAccessBlock {
    fn default() -> Self {
        Self {
            block_public_acls: true,
            ignore_public_acls: true,
            block_public_policy: true,
            restrict_public_buckets: true,
        }
    }
}

impl PublicAccessBlock {
    /// What is stored when it was removed.
    pub(super) const REMOVED: &str = "null";

    /// Nothing is held back.
    const NONE: Self = Self {
        block_public_acls: false,
        ignore_public_acls: false,
        block_public_policy: false,
        restrict_public_buckets: false,
    };

    /// Reads what is stored; nothing stored is all of it.
    pub(super) fn read(text: Option<&str>) -> Result<Self> {
        let Some(text) = text else {
            return Ok(Self::default());
        };
        if text == Self::REMOVED {
            return Ok(Self::NONE);
        }
        serde_json::from_str(text)
            .map_err(|error| Error::internal("a public access block is damaged").caused_by(error))
    }

    /// What is stored.
    pub(super) fn text(self) -> Result<String> {
        serde_json::to_string(&self)
            .map_err(|error| Error::internal("a public access block").caused_by(error))
    }
}

/// Condition keys by which a statement for everybody is about somebody after all.
const RESTRICTING: [&str; 9] = [
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:sourceaccount",
    "aws:userid",
];

/// Whether a bucket policy lets everybody in.
///
/// Errs on the side of yes: a condition on a known key with a fixed value is all that counts.
pub(super) fn is_public(policy: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else {
        return true;
    };
    let statements = match &policy["Statement"] {
        Value::Array(statements) => statements.iter().collect(),
        one => vec![one],
    };
    statements.into_iter().any(|statement| {
        let allows = statement["Effect"]
            .as_str()
            .is_some_and(|effect| effect.eq_ignore_ascii_case("allow"));
        allows && names_everybody(statement) && !is_restricted(&statement["Condition"])
    })
}

fn names_everybody(statement: &Value) -> bool {
    let is_star = |value: &Value| match value {
        Value::String(text) => text == "*",
        Value::Array(list) => list.iter().any(|one| one == "*"),
        _ => false,
    };
    let principal = &statement["Principal"];
    statement.get("NotPrincipal").is_some() || is_star(principal) || is_star(&principal["AWS"])
}

fn is_restricted(condition: &Value) -> bool {
    let Value::Object(operators) = condition else {
        return false;
    };
    let restricts = |operator: &str, keys: &Value| {
        let operator = operator.to_ascii_lowercase();
        let is_positive = !operator.contains("not")
            && !operator.ends_with("ifexists")
            && !operator.starts_with("forallvalues")
            && !operator.starts_with("null");
        let Value::Object(keys) = keys else {
            return false;
        };
        is_positive
            && keys.iter().any(|(key, values)| {
                RESTRICTING.contains(&key.to_ascii_lowercase().as_str()) && is_fixed(values)
            })
    };
    operators
        .iter()
        .any(|(operator, keys)| restricts(operator, keys))
}

fn is_fixed(values: &Value) -> bool {
    let fixed = |value: &Value| {
        value.as_str().is_some_and(|text| {
            !text.contains(['*', '?', '$']) && !text.ends_with("/0") && !text.is_empty()
        })
    };
    match values {
        Value::Array(list) => !list.is_empty() && list.iter().all(fixed),
        one => fixed(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_is_who_lets_everybody_in() {
        let policy = |rest: &str| {
            format!(r#"{{"Statement": [{{"Effect": "Allow", "Action": "s3:GetObject", {rest}}}]}}"#)
        };
        for (rest, expected) in [
            (r#""Principal": "*""#, true),
            (r#""Principal": {"AWS": ["x", "*"]}"#, true),
            (r#""Principal": {"AWS": "123456789012"}"#, false),
            (r#""NotPrincipal": {"AWS": "123456789012"}"#, true),
            (
                r#""Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#,
                false,
            ),
            (
                r#""Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#,
                true,
            ),
            (
                r#""Principal": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.1"}}"#,
                true,
            ),
            (
                r#""Principal": "*", "Condition": {"StringLike": {"aws:UserAgent": "x"}}"#,
                true,
            ),
        ] {
            assert_eq!(is_public(&policy(rest)), expected, "{rest}");
        }
        assert!(!is_public(
            r#"{"Statement": {"Effect": "Deny", "Principal": "*"}}"#
        ));
    }
}

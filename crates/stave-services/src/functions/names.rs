//! How functions, versions, aliases and layers are named.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestParameters>

use stave_core::Result;
use stave_store::functions::LATEST;

use super::Functions;
use super::errors::invalid;

/// The version that changes, as AWS calls it.
pub(super) const LATEST_NAME: &str = "$LATEST";

/// A function as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub name: String,
    pub qualifier: Option<Qualifier>,
}

/// Which version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Qualifier {
    Version(u64),
    Alias(String),
}

impl Qualifier {
    pub fn parse(text: &str) -> Result<Self> {
        if text == LATEST_NAME {
            return Ok(Self::Version(LATEST));
        }
        if let Some(version) = version_number(text) {
            return Ok(Self::Version(version));
        }
        if text.is_empty() || text.len() > 128 || !text.bytes().all(is_name_byte) {
            return Err(constraint(text, "qualifier", "(|[a-zA-Z0-9$_-]+)"));
        }
        Ok(Self::Alias(text.to_owned()))
    }
}

/// `$LATEST`, or the number.
pub(super) fn version_name(version: u64) -> String {
    if version == LATEST {
        LATEST_NAME.to_owned()
    } else {
        version.to_string()
    }
}

/// The number of a version that was published.
pub(super) fn version_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number > 0)
}

impl std::fmt::Display for Qualifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Version(version) => f.write_str(&version_name(*version)),
            Self::Alias(name) => f.write_str(name),
        }
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// AWS's words for a member that is not of its form.
pub(super) fn constraint(value: &str, member: &str, pattern: &str) -> stave_core::Error {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: {pattern}"
    ))
}

/// Checks the name of a function, an alias or a layer.
pub(super) fn check_name(name: &str, member: &str, max: usize) -> Result<()> {
    if name.is_empty() || name.len() > max || !name.bytes().all(is_name_byte) {
        return Err(
            constraint(name, member, "[a-zA-Z0-9-_]+").hint(format!("at most {max} characters"))
        );
    }
    Ok(())
}

impl Functions {
    /// Reads a name: `name`, `name:qualifier`, an ARN or the part of one from the account on;
    /// with the qualifier that was given beside it.
    pub(super) fn named(&self, text: &str, beside: Option<&str>) -> Result<Named> {
        let wrong = || {
            constraint(
                text,
                "functionName",
                "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?\
                 (function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?",
            )
        };
        let full = self.arn("function:");

        let rest = if let Some(rest) = text.strip_prefix(&full) {
            rest
        } else if text.starts_with("arn:") {
            // Another region's or account's: it is not here.
            return Err(super::errors::not_found(format!(
                "Function not found: {text}"
            )));
        } else {
            let rest = text
                .strip_prefix(self.account())
                .and_then(|rest| rest.strip_prefix(':'))
                .unwrap_or(text);
            rest.strip_prefix("function:").unwrap_or(rest)
        };
        let (name, inside) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (rest, None),
        };
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_name_byte) {
            return Err(wrong());
        }
        let inside = inside.map(Qualifier::parse).transpose()?;
        let beside = beside.map(Qualifier::parse).transpose()?;
        let qualifier = match (inside, beside) {
            (Some(one), Some(other)) if one != other => {
                return Err(invalid(
                    "The derived qualifier from the function name does not match the specified \
                     qualifier.",
                ));
            }
            (one, other) => one.or(other),
        };
        Ok(Named {
            name: name.to_owned(),
            qualifier,
        })
    }

    /// `arn:aws:lambda:us-east-1:123456789012:` and `resource`.
    pub(super) fn arn(&self, resource: &str) -> String {
        format!(
            "arn:aws:lambda:{}:{}:{resource}",
            self.options().region,
            self.account()
        )
    }

    /// The ARN of a function.
    pub(super) fn function_arn(&self, name: &str) -> String {
        self.arn(&format!("function:{name}"))
    }

    /// The ARN of what was asked for: with its qualifier, if it had one.
    pub(super) fn named_arn(&self, named: &Named) -> String {
        match &named.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.function_arn(&named.name)),
            None => self.function_arn(&named.name),
        }
    }

    /// The ARN of a layer.
    pub(super) fn layer_arn(&self, name: &str) -> String {
        self.arn(&format!("layer:{name}"))
    }

    /// The name of a layer, from a name or an ARN.
    pub(super) fn layer_name<'a>(&self, text: &'a str) -> Result<&'a str> {
        let name = text.strip_prefix(&self.layer_arn("")).unwrap_or(text);
        check_name(name, "layerName", 140)?;
        Ok(name)
    }

    /// Layer and version of a layer version's ARN.
    pub(super) fn layer_version_of(&self, arn: &str) -> Result<(String, u64)> {
        let wrong = || {
            invalid(format!(
                "Layer version {arn} does not exist or is not one of account {} in {}",
                self.account(),
                self.options().region
            ))
            .hint("publish it here first: layers of other accounts cannot be read")
        };
        let rest = arn.strip_prefix(&self.layer_arn("")).ok_or_else(wrong)?;
        let (name, version) = rest.split_once(':').ok_or_else(wrong)?;
        check_name(name, "layerName", 140)?;
        let version = version_number(version).ok_or_else(wrong)?;
        Ok((name.to_owned(), version))
    }
}

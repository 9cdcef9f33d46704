//! The regular expressions that filter patterns may hold: a subset without groups.

use regex::bytes::RegexBuilder;

use super::invalid;
use crate::error::Result;

/// The symbols that stand for themselves.
const SYMBOLS: &str = ":_#=@/;,-";
/// The operators.
const OPERATORS: &str = "^$?[]{}|\\*+.";
/// What may be escaped besides symbols: classes, and a character by two hexadecimal digits.
const CLASSES: &str = "dDsSwWx";
/// The most memory that one expression may take, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// A regular expression that follows the rules of filter patterns.
#[derive(Debug, Clone)]
pub(super) struct Regex(regex::bytes::Regex);

impl Regex {
    pub(super) fn new(text: &str) -> Result<Self> {
        check(text)?;
        RegexBuilder::new(text)
            .unicode(false)
            .size_limit(MAX_BYTES)
            .dfa_size_limit(MAX_BYTES)
            .build()
            .map(Self)
            .map_err(|error| {
                invalid(format!("%{text}% is not a regular expression")).caused_by(error)
            })
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }
}

fn check(text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(invalid(
            "a regular expression of the filter pattern is empty",
        ));
    }
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let known = if c == '\\' {
            match chars.next() {
                Some(escaped) if escaped.is_ascii_alphanumeric() => CLASSES.contains(escaped),
                Some(escaped) => escaped.is_ascii() && !escaped.is_ascii_control(),
                None => false,
            }
        } else {
            c.is_ascii_alphanumeric() || SYMBOLS.contains(c) || OPERATORS.contains(c)
        };
        if !known {
            return Err(invalid(format!(
                "%{text}% holds '{c}', which a regular expression of a filter pattern may not hold so"
            )));
        }
    }
    Ok(())
}

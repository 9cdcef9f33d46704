//! Filter patterns of CloudWatch Logs: which events a metric filter, `FilterLogEvents` or a
//! tail is about.
//!
//! A pattern is terms (`ERROR -"timed out" ?WARN`), a condition on JSON (`{ $.n > 3 }`) or a
//! list of space-delimited fields (`[ip, ..., status=4*]`). Must not know where events come from.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

mod fields;
mod json;
mod regex;
mod scan;
mod terms;
#[cfg(test)]
mod tests;
mod value;

use crate::error::{Error, Result};

/// The longest pattern, in characters.
pub const MAX_PATTERN_CHARS: usize = 1024;
/// The most regular expressions in one pattern.
pub const MAX_REGEXES: usize = 2;

/// A filter pattern that has been read.
#[derive(Debug, Clone)]
pub struct FilterPattern {
    text: String,
    rule: Rule,
}

#[derive(Debug, Clone)]
enum Rule {
    Everything,
    Terms(terms::Terms),
    Json(json::Condition),
    Fields(fields::Fields),
}

impl FilterPattern {
    /// Reads a pattern; a faulty one is an `InvalidParameterException`. An empty one matches
    /// every event.
    pub fn parse(text: &str) -> Result<Self> {
        if text.chars().count() > MAX_PATTERN_CHARS {
            return Err(invalid(format!(
                "the filter pattern is longer than {MAX_PATTERN_CHARS} characters"
            )));
        }
        let mut scan = scan::Scan::new(text);
        scan.skip_space();
        let rule = match scan.peek() {
            None => Rule::Everything,
            Some('{') => Rule::Json(json::read(&mut scan)?),
            Some('[') => Rule::Fields(fields::read(&mut scan)?),
            Some(_) => Rule::Terms(terms::read(&mut scan)?),
        };
        if scan.regexes() > MAX_REGEXES {
            return Err(invalid(format!(
                "the filter pattern holds more than {MAX_REGEXES} regular expressions"
            )));
        }
        Ok(Self {
            text: text.to_owned(),
            rule,
        })
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches every event.
    pub fn is_everything(&self) -> bool {
        matches!(self.rule, Rule::Everything)
    }

    /// Whether an event of that message is meant.
    pub fn matches(&self, message: &str) -> bool {
        match &self.rule {
            Rule::Everything => true,
            Rule::Terms(terms) => terms.matches(message),
            Rule::Json(condition) => json::read_event(message).is_some_and(|v| condition.holds(&v)),
            Rule::Fields(fields) => fields.matches(message),
        }
    }

    /// What the pattern names in a message that it matches: `$.latency` or `$status_code`, and
    /// `$1` for a field without a name. `None` where it does not match.
    pub fn extract(&self, message: &str) -> Option<Vec<(String, String)>> {
        match &self.rule {
            Rule::Everything => Some(Vec::new()),
            Rule::Terms(terms) => terms.matches(message).then(Vec::new),
            Rule::Json(condition) => {
                let event = json::read_event(message)?;
                condition.holds(&event).then(|| condition.extract(&event))
            }
            Rule::Fields(fields) => fields.split(message).map(|found| fields.extract(&found)),
        }
    }

    /// The value that `selector` (`$.latency`, `$bytes`) has in a message that the pattern
    /// matches. `None` where the message has no such value.
    pub fn value(&self, message: &str, selector: &str) -> Option<String> {
        if let Rule::Json(_) = self.rule {
            let event = json::read_event(message)?;
            let selector = json::Selector::parse(selector).ok()?;
            return json::text_of(selector.first(&event)?);
        }
        let found = self.extract(message)?;
        let named = found.into_iter().find(|(name, _)| name == selector);
        named.map(|(_, value)| value)
    }
}

/// The refusal of a pattern.
fn invalid(message: impl Into<String>) -> Error {
    Error::invalid(message)
        .coded("InvalidParameterException")
        .hint("see \"Filter pattern syntax\" in the CloudWatch Logs guide; a phrase with other than letters, digits and _ goes into double quotes")
}

//! Search expressions, as far as they are simple: `{AWS/Lambda,FunctionName}
//! MetricName="Errors" FunctionName="extract"`, each term exact and all of them demanded.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>

use crate::error::{Error, Result};

/// The longest expression, in characters.
pub const MAX_SEARCH_CHARS: usize = 1024;

/// Which metrics are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// The namespace.
    pub namespace: String,
    /// The names of the dimensions: a metric has exactly these.
    pub dimensions: Vec<String>,
    /// What must be equal: `MetricName`, or a dimension.
    pub terms: Vec<(String, String)>,
}

impl Search {
    /// Reads an expression; what is more than simple is refused by name.
    pub fn parse(text: &str) -> Result<Self> {
        if text.chars().count() > MAX_SEARCH_CHARS {
            return Err(fault(format!(
                "it is longer than {MAX_SEARCH_CHARS} characters"
            )));
        }
        let Some((schema, terms)) = text
            .trim_start()
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'))
        else {
            return Err(Error::unsupported(
                "SEARCH without a {Namespace,Dimension} schema is not implemented",
            ));
        };
        let mut names = schema
            .split(',')
            .map(|name| name.trim().trim_matches('"').to_owned());
        let namespace = names.next().unwrap_or_default();
        let dimensions: Vec<String> = names.collect();
        if namespace.is_empty() || dimensions.iter().any(String::is_empty) {
            return Err(fault("its schema has an empty name"));
        }
        Ok(Self {
            terms: read_terms(terms)?,
            namespace,
            dimensions,
        })
    }

    /// Whether a metric is meant.
    pub fn takes(&self, namespace: &str, name: &str, dimensions: &[(String, String)]) -> bool {
        let has = |wanted: &String| dimensions.iter().any(|(name, _)| name == wanted);
        namespace == self.namespace
            && dimensions.len() == self.dimensions.len()
            && self.dimensions.iter().all(has)
            && self.terms.iter().all(|(term, value)| match term.as_str() {
                "MetricName" => name == value,
                term => dimensions.iter().any(|(n, v)| n == term && v == value),
            })
    }
}

fn read_terms(text: &str) -> Result<Vec<(String, String)>> {
    let mut terms = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("AND ") {
            rest = after.trim_start();
            continue;
        }
        if rest.starts_with("OR ") || rest.starts_with("NOT ") || rest.starts_with('(') {
            return Err(Error::unsupported(
                "OR, NOT and parentheses in SEARCH are not implemented",
            ));
        }
        let exact = rest
            .split_once('=')
            .filter(|(name, value)| !name.contains(' ') && value.starts_with('"'))
            .and_then(|(name, value)| Some((name, value[1..].split_once('"')?)));
        let Some((name, (value, after))) = exact else {
            return Err(
                Error::unsupported("SEARCH by partial terms is not implemented")
                    .hint("write each term exactly: MetricName=\"Errors\""),
            );
        };
        terms.push((name.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    Ok(terms)
}

fn fault(message: impl Into<String>) -> Error {
    Error::invalid(format!("invalid search expression: {}", message.into()))
        .coded("ValidationError")
}

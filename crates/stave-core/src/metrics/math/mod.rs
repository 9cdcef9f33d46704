//! Metric math: expressions over series, as `GetMetricData` and alarms evaluate them.
//!
//! Missing values count as 0 in arithmetic and comparisons, divisions by zero are dropped, as
//! the guide says. Must not know where series come from: what `SEARCH` and `METRICS` give is
//! handed in.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>

mod arrays;
mod evaluate;
mod functions;
mod gaps;
mod operators;
mod parse;
mod pick;

use std::collections::BTreeMap;

use super::{Frame, Series};
use crate::error::{Error, Result};

/// The longest expression, in characters.
pub const MAX_EXPRESSION_CHARS: usize = 2048;
/// The most series that an expression may have at hand at once.
pub const MAX_SERIES: usize = 500;

/// An expression that has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    root: parse::Node,
}

/// What an expression, or a part of it, comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Scalar(f64),
    /// A series.
    Series(Series),
    /// Many series.
    Many(Vec<Series>),
}

/// What `SEARCH` is asked: the search expression, the statistic, the period in seconds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SearchCall {
    /// The search expression.
    pub search: String,
    /// The statistic's name.
    pub statistic: String,
    /// The period in seconds; the frame's where it is not said.
    pub period: Option<i64>,
}

/// What an expression can use.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The stretch of time, and the period of series that functions make.
    pub frame: Frame,
    /// Metrics and results of other expressions by id.
    pub values: BTreeMap<String, Value>,
    /// The ids of the request's metrics (not of its expressions), in order.
    pub metrics: Vec<String>,
    /// What searches found.
    pub searches: BTreeMap<SearchCall, Vec<Series>>,
}

impl Expression {
    /// Reads an expression. What is not implemented is refused by name.
    pub fn parse(text: &str) -> Result<Self> {
        if text.chars().count() > MAX_EXPRESSION_CHARS {
            return Err(fault(format!(
                "it is longer than {MAX_EXPRESSION_CHARS} characters"
            )));
        }
        let root = parse::read(text)?;
        evaluate::check(&root)?;
        Ok(Self { root })
    }

    /// The ids that it uses, each once. `METRICS` uses those of the metrics besides.
    pub fn references(&self) -> Vec<String> {
        let mut ids = Vec::new();
        self.root.visit(&mut |node| {
            if let parse::Node::Id(id) = node
                && !ids.contains(id)
            {
                ids.push(id.clone());
            }
        });
        ids
    }

    /// The searches that are to be made for it.
    pub fn searches(&self) -> Vec<SearchCall> {
        let mut searches = Vec::new();
        self.root.visit(&mut |node| {
            if let parse::Node::Call(name, arguments) = node
                && name == "SEARCH"
            {
                searches.extend(evaluate::search_call(arguments));
            }
        });
        searches
    }

    /// What it comes to: a series or many. A number alone is refused, as with AWS.
    pub fn evaluate(&self, inputs: &Inputs) -> Result<Value> {
        match evaluate::evaluate(&self.root, inputs)? {
            Value::Scalar(_) => Err(fault(
                "it comes to a number; an expression must come to one or more time series",
            )
            .hint("TIME_SERIES(…) makes a series of a number")),
            value => Ok(value),
        }
    }
}

fn fault(message: impl Into<String>) -> Error {
    Error::invalid(format!(
        "invalid metric math expression: {}",
        message.into()
    ))
    .coded("ValidationError")
}

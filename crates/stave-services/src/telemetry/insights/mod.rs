//! The query language of Logs Insights, as far as it is told: fields, display, filter, parse,
//! stats, sort, limit and dedup, interpreted event by event. Other commands and functions are
//! refused by name.
//!
//! Pure: events come in one by one, rows come out. Bounds: a query holds at most
//! [`MAX_HELD_ROWS`] rows or groups at once and gives at most [`MAX_RESULT_ROWS`].
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>

mod aggregate;
mod expression;
mod extract;
mod functions;
mod read;
mod row;
mod run;
#[cfg(test)]
mod tests;
mod value;

pub(super) use self::row::Event;
pub(super) use self::run::Run;

use stave_core::{Error, Result};

use self::aggregate::Aggregate;
use self::expression::Expression;
use self::extract::Extract;

/// The most rows that a query gives.
pub const MAX_RESULT_ROWS: usize = 10_000;
/// The most rows or groups that a query holds at once.
pub const MAX_HELD_ROWS: usize = 100_000;
/// The longest query, in characters.
const MAX_QUERY_CHARS: usize = 10_000;

/// A row of a result: fields with their values as text, in order.
pub type QueryRow = Vec<(String, String)>;

/// A query that has been read.
#[derive(Debug, Clone)]
pub(super) struct Program {
    commands: Vec<Command>,
    limit: usize,
}

#[derive(Debug, Clone)]
enum Command {
    Fields(Vec<Named<Expression>>),
    Display(Vec<Named<Expression>>),
    Filter(Expression),
    Parse(Extract),
    Stats(Vec<Named<Aggregate>>, Vec<Named<Expression>>),
    Sort(Vec<(Expression, bool)>),
    Limit(usize),
    Dedup(Vec<Named<Expression>>),
}

/// Something with the name that it has in a row.
#[derive(Debug, Clone)]
struct Named<T> {
    name: String,
    what: T,
}

impl Program {
    /// Reads a query that gives at most `limit` rows where it does not say itself.
    pub(super) fn parse(text: &str, limit: usize) -> Result<Self> {
        if text.chars().count() > MAX_QUERY_CHARS {
            return Err(malformed(format!(
                "the query is longer than {MAX_QUERY_CHARS} characters"
            )));
        }
        let commands = read::commands(text)?;
        let said = commands.iter().rev().find_map(|command| match command {
            Command::Limit(limit) => Some(*limit),
            _ => None,
        });
        Ok(Self {
            commands,
            limit: said.unwrap_or(limit).min(MAX_RESULT_ROWS),
        })
    }
}

/// The refusal of a query.
fn malformed(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("MalformedQueryException")
}

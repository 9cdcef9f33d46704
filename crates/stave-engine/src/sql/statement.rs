//! Statements that were read: found to be of those that are answered, and not yet planned.

use std::time::Instant;

use datafusion::sql::sqlparser::ast::{SetExpr, Statement};
use datafusion::sql::sqlparser::tokenizer::TokenWithSpan;
use stave_core::{Error, Result};

use super::show::Show;
use super::source::Source;
use super::{guard, parse, show};

/// The longest statement, in bytes; Athena's own bound.
const MAX_STATEMENT_BYTES: usize = 262_144;

/// What a statement is for, as Athena tells statements apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementType {
    /// It asks for data.
    Dml,
    /// It asks of tables or of plans: SHOW, DESCRIBE, EXPLAIN.
    Utility,
}

impl StatementType {
    /// Athena's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dml => "DML",
            Self::Utility => "UTILITY",
        }
    }
}

/// A statement that can be answered, if what it names is there.
#[derive(Debug)]
pub struct ReadStatement<'a> {
    pub(super) source: Source<'a>,
    /// When reading it was begun.
    pub(super) begun: Instant,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Show(Show),
    Query(Box<Statement>),
}

impl<'a> ReadStatement<'a> {
    /// Reads a statement. What is no SQL, and what is not served, is refused.
    pub fn read(sql: &'a str) -> Result<Self> {
        let begun = Instant::now();
        if sql.trim().len() > MAX_STATEMENT_BYTES {
            return Err(Error::limit_exceeded(format!(
                "the statement is longer than {MAX_STATEMENT_BYTES} bytes"
            )));
        }
        let source = Source(sql);
        let tokens = parse::tokens(source)?;
        let what = if let Some(show) = show::recognise(source, &tokens)? {
            What::Show(show)
        } else {
            let mut statement = queries_only(source, tokens)?;
            guard::guard(source, &mut statement)?;
            What::Query(Box::new(statement))
        };
        Ok(Self {
            source,
            begun,
            what,
        })
    }

    /// What it is for.
    pub fn statement_type(&self) -> StatementType {
        match &self.what {
            What::Query(statement) if matches!(**statement, Statement::Query(_)) => {
                StatementType::Dml
            }
            What::Query(_) | What::Show(_) => StatementType::Utility,
        }
    }
}

/// The statement that `tokens` are, if it only asks; the others are refused by their
/// names, whether or not the parser knows them.
fn queries_only(source: Source<'_>, tokens: Vec<TokenWithSpan>) -> Result<Statement> {
    const ASKING: &[&str] = &[
        "SELECT", "WITH", "VALUES", "EXPLAIN", "DESCRIBE", "DESC", "TABLE",
    ];
    const KNOWN: &[&str] = &[
        "CREATE",
        "ALTER",
        "DROP",
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
        "MSCK",
        "COPY",
        "SET",
        "RESET",
        "UNLOAD",
        "VACUUM",
        "OPTIMIZE",
        "PREPARE",
        "EXECUTE",
        "DEALLOCATE",
        "USE",
        "TRUNCATE",
        "REFRESH",
        "CALL",
        "GRANT",
        "REVOKE",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "START",
        "ANALYZE",
        "LOAD",
        "CACHE",
        "UNCACHE",
        "ATTACH",
        "INSTALL",
    ];
    let name = parse::name_of(&tokens);
    let first = name.split(' ').next().unwrap_or_default();
    if KNOWN.contains(&first) {
        return Err(refused(&name));
    }
    let asks = ASKING.contains(&first) || first.is_empty();
    let statement = parse::statement(source, tokens)?;
    let inner = match &statement {
        Statement::Explain { statement, .. } => statement.as_ref(),
        other => other,
    };
    match inner {
        Statement::Query(query) if asks => match query.body.as_ref() {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(refused("a statement that changes data"))
            }
            _ => Ok(statement),
        },
        _ => Err(refused(&name)),
    }
}

fn refused(name: &str) -> Error {
    Error::unsupported(format!("{name} is not supported yet")).hint(
        "there is: SELECT, EXPLAIN, SHOW and DESCRIBE; crawlers and jobs make tables, and `stave catalog` changes them",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart() {
        for (sql, expected) in [
            ("SELECT 1", "DML"),
            ("WITH a AS (SELECT 1) TABLE a", "DML"),
            ("VALUES (1)", "DML"),
            ("EXPLAIN SELECT 1", "UTILITY"),
            ("SHOW TABLES", "UTILITY"),
            ("DESCRIBE t", "UTILITY"),
        ] {
            let read = ReadStatement::read(sql).expect(sql);
            assert_eq!(read.statement_type().as_str(), expected, "{sql}");
        }
        for refused in [
            "SELEC 1",
            "CREATE TABLE t (a int)",
            "",
            "SELECT 1; SELECT 2",
        ] {
            assert!(ReadStatement::read(refused).is_err(), "{refused}");
        }
    }
}

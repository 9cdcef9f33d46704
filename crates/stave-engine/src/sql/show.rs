//! The statements that ask the catalog: SHOW and DESCRIBE, answered as Athena does.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html>

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};
use stave_core::catalog::{Column, Partition, Table};
use stave_core::{Error, ErrorKind, Result};

use super::parse;
use super::relations::{Lookup, TableName};
use super::source::Source;

/// A question to the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Show {
    Databases {
        pattern: Option<String>,
    },
    Tables {
        database: Option<String>,
        pattern: Option<String>,
    },
    Columns(TableName),
    Partitions(TableName),
    Describe(TableName),
}

/// The question that `tokens` ask; none when they are another statement.
pub(super) fn recognise(source: Source<'_>, tokens: &[TokenWithSpan]) -> Result<Option<Show>> {
    let mut words = Words {
        source,
        tokens,
        at: 0,
    };
    let show = match words.keyword().as_deref() {
        Some("SHOW") => words.show()?,
        Some("DESCRIBE" | "DESC") if !words.is_query() => {
            if words.take("EXTENDED") || words.take("FORMATTED") {
                return Err(unsupported("DESCRIBE EXTENDED and FORMATTED"));
            }
            words.take("TABLE");
            Show::Describe(words.table()?)
        }
        _ => return Ok(None),
    };
    words.finish()?;
    Ok(Some(show))
}

struct Words<'a> {
    source: Source<'a>,
    tokens: &'a [TokenWithSpan],
    at: usize,
}

impl Words<'_> {
    fn peek(&self) -> Option<String> {
        match &self.tokens.get(self.at)?.token {
            Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
            _ => None,
        }
    }

    fn keyword(&mut self) -> Option<String> {
        let word = self.peek()?;
        self.at += 1;
        Some(word)
    }

    fn take(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|word| word == keyword);
        self.at += usize::from(found);
        found
    }

    fn is_query(&self) -> bool {
        matches!(
            self.tokens.get(self.at).map(|token| &token.token),
            Some(Token::Word(word)) if matches!(word.keyword, Keyword::SELECT | Keyword::WITH)
        )
    }

    fn show(&mut self) -> Result<Show> {
        match self.keyword().as_deref() {
            Some("DATABASES" | "SCHEMAS") => Ok(Show::Databases {
                pattern: self.pattern()?,
            }),
            Some("TABLES") => {
                let named = self.take("IN") || self.take("FROM");
                let database = if named {
                    Some(self.name("a database")?)
                } else {
                    None
                };
                let pattern = self.pattern()?;
                Ok(Show::Tables { database, pattern })
            }
            Some("COLUMNS") => {
                self.expect_in()?;
                let mut table = self.table()?;
                if self.take("IN") || self.take("FROM") {
                    table.database = Some(self.name("a database")?);
                }
                Ok(Show::Columns(table))
            }
            Some("PARTITIONS") => Ok(Show::Partitions(self.table()?)),
            _ => {
                self.at = 0;
                let name = parse::name_of(self.tokens);
                Err(unsupported(&name).hint(
                    "there is: SHOW DATABASES, SHOW TABLES [IN db], SHOW COLUMNS IN t, SHOW PARTITIONS t, DESCRIBE t",
                ))
            }
        }
    }

    fn expect_in(&mut self) -> Result<()> {
        if self.take("IN") || self.take("FROM") {
            Ok(())
        } else {
            Err(self.expected("IN"))
        }
    }

    fn pattern(&mut self) -> Result<Option<String>> {
        let like = self.take("LIKE");
        match self.tokens.get(self.at).map(|token| &token.token) {
            Some(Token::SingleQuotedString(pattern)) => {
                self.at += 1;
                Ok(Some(pattern.clone()))
            }
            _ if like => Err(self.expected("a pattern in single quotes")),
            _ => Ok(None),
        }
    }

    fn name(&mut self, what: &str) -> Result<String> {
        match self.tokens.get(self.at).map(|token| &token.token) {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word.value.to_lowercase())
            }
            _ => Err(self.expected(what)),
        }
    }

    fn table(&mut self) -> Result<TableName> {
        let mut parts = vec![self.name("a table")?];
        while self
            .tokens
            .get(self.at)
            .is_some_and(|token| token.token == Token::Period)
        {
            self.at += 1;
            parts.push(self.name("a name")?);
        }
        let span = self.tokens[self.at - 1].span;
        TableName::of_parts(&parts).map_err(|error| {
            let place = self.source.place(span);
            self.source.error(error.kind(), place, error.message())
        })
    }

    fn expected(&self, what: &str) -> Error {
        let place = match self.tokens.get(self.at) {
            Some(token) => self.source.place(token.span),
            None => self.source.end(),
        };
        self.source
            .error(ErrorKind::Invalid, place, &format!("expected {what} here"))
    }

    fn finish(&self) -> Result<()> {
        if self.at == self.tokens.len() {
            Ok(())
        } else {
            Err(self.expected("the end of the statement"))
        }
    }
}

fn unsupported(what: &str) -> Error {
    Error::unsupported(format!("{what} is not supported yet"))
}

/// The answer to `show`.
pub(super) async fn answer(lookup: &Lookup<'_>, show: &Show) -> Result<RecordBatch> {
    match show {
        Show::Databases { pattern } => {
            let names = lookup.catalog.databases().await?;
            single("database_name", matching(names, pattern.as_deref()))
        }
        Show::Tables { database, pattern } => {
            let database = lookup.database(database.as_deref()).await?;
            let names = lookup.catalog.tables(&database).await?;
            single("tab_name", matching(names, pattern.as_deref()))
        }
        Show::Columns(name) => {
            let table = lookup.table(name).await?;
            single(
                "field",
                table
                    .all_columns()
                    .map(|column| column.name.clone())
                    .collect(),
            )
        }
        Show::Partitions(name) => {
            let table = lookup.table(name).await?;
            let partitions = lookup
                .catalog
                .partitions(&table.database, &table.name)
                .await?;
            single("partition", partition_names(&table, &partitions)?)
        }
        Show::Describe(name) => describe(&lookup.table(name).await?),
    }
}

fn partition_names(table: &Table, partitions: &[Partition]) -> Result<Vec<String>> {
    if table.partition_keys.is_empty() {
        return Err(Error::invalid(format!(
            "table \"{}.{}\" is not partitioned",
            table.database, table.name
        )));
    }
    let mut names: Vec<String> = partitions
        .iter()
        .map(|partition| {
            let pairs = table.partition_keys.iter().zip(&partition.values);
            pairs
                .map(|(key, value)| format!("{}={value}", key.name))
                .collect::<Vec<_>>()
                .join("/")
        })
        .collect();
    names.sort();
    Ok(names)
}

/// Columns and partition keys, and below them the keys once more, as Hive lists them.
fn describe(table: &Table) -> Result<RecordBatch> {
    let mut lines: Vec<[String; 3]> = table.all_columns().map(line).collect();
    if !table.partition_keys.is_empty() {
        let text = |a: &str, b: &str, c: &str| [a.to_owned(), b.to_owned(), c.to_owned()];
        lines.push(text("", "", ""));
        lines.push(text("# Partition Information", "", ""));
        lines.push(text("# col_name", "data_type", "comment"));
        lines.push(text("", "", ""));
        lines.extend(table.partition_keys.iter().map(line));
    }
    let column = |at: usize| -> ArrayRef {
        Arc::new(
            lines
                .iter()
                .map(|line| Some(line[at].as_str()))
                .collect::<StringArray>(),
        )
    };
    batch([
        ("col_name", column(0)),
        ("data_type", column(1)),
        ("comment", column(2)),
    ])
}

fn line(column: &Column) -> [String; 3] {
    let comment = column.comment.clone().unwrap_or_default();
    [column.name.clone(), column.type_name.clone(), comment]
}

fn single(name: &str, values: Vec<String>) -> Result<RecordBatch> {
    batch([(name, Arc::new(StringArray::from(values)) as ArrayRef)])
}

fn batch<const N: usize>(columns: [(&str, ArrayRef); N]) -> Result<RecordBatch> {
    RecordBatch::try_from_iter(columns).map_err(|error| Error::internal(error.to_string()))
}

fn matching(names: Vec<String>, pattern: Option<&str>) -> Vec<String> {
    let Some(pattern) = pattern else {
        return names;
    };
    let pattern = pattern.to_lowercase().replace('%', "*");
    let alternatives: Vec<&str> = pattern.split('|').collect();
    let fits = |name: &String| alternatives.iter().any(|pattern| glob(pattern, name));
    names.into_iter().filter(fits).collect()
}

/// Whether `name` is `pattern`, in which `*` stands for anything.
fn glob(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut left) = name.strip_prefix(head) else {
        return false;
    };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match left.find(piece) {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_hive() {
        for (pattern, name, fits) in [
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "acb", false),
            ("abc", "abcd", false),
            ("*", "", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(glob(pattern, name), fits, "{pattern} {name}");
        }
        let names = vec!["album".to_owned(), "artist".to_owned(), "track".to_owned()];
        assert_eq!(matching(names, Some("al%|tr*")), ["album", "track"]);
    }
}

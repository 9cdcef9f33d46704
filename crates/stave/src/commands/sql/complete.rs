//! What a word may become: keywords, databases, tables, columns, commands.

use stave_core::catalog::Table;
use stave_engine::catalog::Catalog;
use stave_services::catalog::EngineCatalog;
use tokio::runtime::Handle;

/// How many names are offered at most.
const MAX_OFFERED: usize = 500;
/// How many tables of a line are asked for their columns.
const MAX_TABLES: usize = 20;

const COMMANDS: &[&str] = &[".databases", ".help", ".quit", ".tables", ".use"];
const KEYWORDS: &[&str] = &[
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COUNT",
    "CROSS",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "IN",
    "INNER",
    "INTERSECT",
    "IS",
    "JOIN",
    "LEFT",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "RIGHT",
    "SELECT",
    "SHOW",
    "TABLES",
    "THEN",
    "TRUE",
    "UNION",
    "USE",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

/// Looks names up while a line is edited.
#[derive(Debug)]
pub struct Names {
    catalog: EngineCatalog,
    runtime: Handle,
}

impl Names {
    /// The names of `catalog`, asked for on `runtime`, from a thread that is not its own.
    pub fn new(catalog: EngineCatalog, runtime: Handle) -> Self {
        Self { catalog, runtime }
    }

    /// Where the word before `at` begins, and what it may become.
    pub fn complete(&self, line: &str, at: usize, database: Option<&str>) -> (usize, Vec<String>) {
        let before = &line[..at];
        let start = before.rfind(|c: char| !is_of_name(c)).map_or(0, |end| {
            end + before[end..].chars().next().map_or(1, char::len_utf8)
        });
        let word = &before[start..];
        let mut offered = if before.trim_start().starts_with('.') {
            self.of_command(&before[..start], word)
        } else {
            self.of_statement(line, word, database)
        };
        offered.sort();
        offered.dedup();
        offered.truncate(MAX_OFFERED);
        (start, offered)
    }

    fn of_command(&self, before: &str, word: &str) -> Vec<String> {
        match before.trim() {
            "" => beginning(COMMANDS.iter().map(|name| (*name).to_owned()), word),
            ".use" => beginning(self.databases(), word),
            _ => Vec::new(),
        }
    }

    fn of_statement(&self, line: &str, word: &str, database: Option<&str>) -> Vec<String> {
        if let Some((owner, _)) = word.rsplit_once('.') {
            let mut names = self.tables(owner);
            names.extend(self.columns(owner, database));
            return beginning(
                names.into_iter().map(|name| format!("{owner}.{name}")),
                word,
            );
        }
        let mut names = self.databases();
        names.extend(database.map(|name| self.tables(name)).unwrap_or_default());
        names.extend(self.columns_of_line(line, database));
        let mut offered = beginning(names, word);
        if !word.is_empty() {
            let is_lower = word.starts_with(char::is_lowercase);
            let keywords = KEYWORDS.iter().map(|keyword| {
                if is_lower {
                    keyword.to_lowercase()
                } else {
                    (*keyword).to_owned()
                }
            });
            offered.extend(beginning(keywords, word));
        }
        offered
    }

    /// The columns of all tables that the line names.
    fn columns_of_line(&self, line: &str, database: Option<&str>) -> Vec<String> {
        tables_named(line)
            .flat_map(|name| self.columns(name, database))
            .collect()
    }

    // A name that cannot be looked up is not offered: a fault is no reason to stop typing.

    fn databases(&self) -> Vec<String> {
        let all = self.runtime.block_on(self.catalog.databases());
        all.unwrap_or_default()
    }

    fn tables(&self, database: &str) -> Vec<String> {
        let all = self.runtime.block_on(self.catalog.tables(database));
        all.unwrap_or_default()
    }

    /// The columns of `table` or `database.table`.
    fn columns(&self, name: &str, database: Option<&str>) -> Vec<String> {
        let (database, table) = match (name.split_once('.'), database) {
            (Some(parts), _) => parts,
            (None, Some(database)) => (database, name),
            (None, None) => return Vec::new(),
        };
        let found: Option<Table> = self
            .runtime
            .block_on(self.catalog.table(database, table))
            .unwrap_or_default();
        found
            .map(|table| {
                table
                    .all_columns()
                    .map(|column| column.name.clone())
                    .collect()
            })
            .unwrap_or_default()
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// The names that stand after FROM and JOIN.
fn tables_named(line: &str) -> impl Iterator<Item = &str> {
    let mut after = false;
    line.split(|c: char| !is_of_name(c))
        .filter(|word| !word.is_empty())
        .filter(move |word| {
            let is_table = after;
            after = word.eq_ignore_ascii_case("from") || word.eq_ignore_ascii_case("join");
            is_table && !after
        })
        .take(MAX_TABLES)
}

/// The names that begin with `word`, in any case.
fn beginning(names: impl IntoIterator<Item = String>, word: &str) -> Vec<String> {
    let word = word.to_lowercase();
    names
        .into_iter()
        .filter(|name| name.to_lowercase().starts_with(&word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stand_after_from_and_join() {
        let line = "SELECT a FROM spotify.songs s JOIN albums ON x = y";
        let names: Vec<_> = tables_named(line).collect();
        assert_eq!(names, ["spotify.songs", "albums"]);
    }

    #[test]
    fn names_begin_with_the_word_in_any_case() {
        let names = ["songs", "albums"].map(str::to_owned);
        assert_eq!(beginning(names, "SO"), ["songs"]);
    }
}

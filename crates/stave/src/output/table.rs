//! Tables, for eyes or as JSON.

use std::io::{self, IsTerminal};
use std::time::Duration;

use comfy_table::{CellAlignment, ContentArrangement, presets};
use jiff::Timestamp;
use serde_json::{Map, Value};
use stave_core::units;

use super::text;

/// What stands in a row under a heading.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// A number.
    Count(u64),
    /// A number of bytes.
    Bytes(u64),
    /// A moment.
    Time(Timestamp),
    /// A stretch of time; seconds in JSON.
    Took(Duration),
    /// Nothing.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

impl Cell {
    fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text::printable(text).into_owned(),
            Self::Count(count) => units::count(*count),
            Self::Bytes(size) => units::bytes(*size),
            Self::Time(at) => text::time(*at),
            Self::Took(time) => units::duration(*time),
            Self::Empty => String::new(),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Count(number) | Self::Bytes(number) => Value::from(*number),
            Self::Time(at) => Value::from(at.to_string()),
            Self::Took(time) => Value::from(time.as_secs_f64()),
            Self::Empty => Value::Null,
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Count(_) | Self::Bytes(_) | Self::Took(_))
    }
}

/// Rows under headings.
#[derive(Debug, Clone)]
pub struct Table {
    headings: &'static [&'static str],
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with headings in AWS's writing (`CreateTime`), which JSON keeps
    /// and eyes see as `Create time`.
    pub fn new(headings: &'static [&'static str]) -> Self {
        Self {
            headings,
            rows: Vec::new(),
        }
    }

    /// Adds a row: a cell for each heading.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows as objects.
    pub fn to_json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let cells = self.headings.iter().zip(row);
            let members = cells.map(|(name, cell)| ((*name).to_owned(), cell.to_json()));
            Value::Object(members.collect::<Map<_, _>>())
        });
        Value::Array(rows.collect())
    }

    /// The table drawn; within the width of the terminal if it goes to one.
    pub fn render(&self, is_terminal: bool) -> String {
        let mut table = comfy_table::Table::new();
        table
            .load_preset(presets::UTF8_FULL_CONDENSED)
            .set_content_arrangement(if is_terminal {
                ContentArrangement::Dynamic
            } else {
                ContentArrangement::Disabled
            })
            .set_header(self.headings.iter().map(|heading| title(heading)));
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| {
                let drawn = comfy_table::Cell::new(cell.to_text());
                if cell.is_number() {
                    drawn.set_alignment(CellAlignment::Right)
                } else {
                    drawn
                }
            }));
        }
        table.to_string()
    }
}

/// Rows under headings that are known only when they are there, drawn.
pub fn draw(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let arrangement = if io::stdout().is_terminal() {
        ContentArrangement::Dynamic
    } else {
        ContentArrangement::Disabled
    };
    let mut table = comfy_table::Table::new();
    table
        .load_preset(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(arrangement)
        .set_header(headings);
    let mut is_empty = true;
    for row in rows {
        is_empty = false;
        table.add_row(row);
    }
    if is_empty {
        return String::new();
    }
    format!("{table}\n")
}

/// `CreateTime` as `Create time`.
fn title(heading: &str) -> String {
    let mut title = String::new();
    let mut before = ' ';
    for c in heading.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            title.push(' ');
            title.extend(c.to_lowercase());
        } else {
            title.push(c);
        }
        before = c;
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_drawn_or_json() {
        let mut table = Table::new(&["Name", "CreateTime", "Rows"]);
        table.row([
            "a\nb".into(),
            Timestamp::UNIX_EPOCH.into(),
            Cell::Count(1234),
        ]);
        table.row(["c".into(), Cell::Empty, Cell::Count(5)]);
        let drawn = table.render(false);
        assert!(drawn.contains("Create time"), "{drawn}");
        assert!(
            drawn.contains("│ a\\nb ┆ 1970-01-01 00:00:00 ┆ 1,234 │"),
            "{drawn}"
        );
        assert!(
            drawn.contains("│ c    ┆                     ┆     5 │"),
            "{drawn}"
        );
        let expected = serde_json::json!([
            {"Name": "a\nb", "CreateTime": "1970-01-01T00:00:00Z", "Rows": 1234},
            {"Name": "c", "CreateTime": null, "Rows": 5},
        ]);
        assert_eq!(table.to_json(), expected);
    }
}

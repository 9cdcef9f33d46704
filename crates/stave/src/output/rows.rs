//! Rows of a query for eyes: a table, or one line a value when it is too wide.

use std::fmt::Write;

use comfy_table::{Attribute, CellAlignment, ContentArrangement, presets};
use stave_core::Result;
use stave_engine::sql::{QueryResult, ResultColumn};

use super::text;

/// How many rows are drawn at most: they are held to find the widths.
pub const MAX_ROWS: usize = 10_000;
/// How much text is held for that, in bytes.
const MAX_BYTES: usize = 64 << 20;
/// How much of one value is drawn, in characters; the plans of EXPLAIN are long.
const MAX_CELL_CHARS: usize = 10_000;
/// What a column needs to be read where its values are longer, in characters.
const READABLE_WIDTH: usize = 8;
/// What stands between two values: blanks and a line.
const BORDER_WIDTH: usize = 3;
/// What stands for no value.
const NULL: &str = "NULL";

/// The first rows of a result, ready to be drawn.
#[derive(Debug)]
pub struct DrawnRows {
    columns: Vec<ResultColumn>,
    rows: Vec<Vec<Option<String>>>,
    is_cut: bool,
}

impl DrawnRows {
    /// Reads as many rows as can be drawn.
    pub async fn read(result: &mut QueryResult) -> Result<Self> {
        let mut drawn = Self {
            columns: result.columns().to_vec(),
            rows: Vec::new(),
            is_cut: false,
        };
        let mut held = 0;
        while let Some(rows) = result.next().await? {
            for row in 0..rows.len() {
                if drawn.rows.len() == MAX_ROWS || held > MAX_BYTES {
                    drawn.is_cut = true;
                    return Ok(drawn);
                }
                let cells: Vec<_> = rows
                    .row(row)
                    .map(|cell| cell.map(|cell| shortened(&cell)))
                    .collect();
                held += cells.iter().flatten().map(String::len).sum::<usize>();
                drawn.rows.push(cells);
            }
        }
        Ok(drawn)
    }

    /// How many rows there are to draw.
    pub fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Whether the result has more rows than these.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The rows drawn; within the width of the terminal if they go to one.
    pub fn render(&self, is_terminal: bool) -> String {
        let mut table = comfy_table::Table::new();
        table.load_preset(presets::UTF8_FULL_CONDENSED);
        if is_terminal {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            let width = table.width().map_or(usize::MAX, usize::from);
            if self.readable_width() > width {
                return self.render_down(width);
            }
        } else {
            table
                .set_content_arrangement(ContentArrangement::Disabled)
                .force_no_tty();
        }
        table.set_header(
            self.columns
                .iter()
                .map(|column| text::printable(&column.name).into_owned()),
        );
        for row in &self.rows {
            table.add_row(row.iter().zip(&self.columns).map(|(value, column)| {
                let cell = match value {
                    Some(value) => comfy_table::Cell::new(value),
                    None => comfy_table::Cell::new(NULL).add_attribute(Attribute::Dim),
                };
                if is_number(&column.type_name) {
                    cell.set_alignment(CellAlignment::Right)
                } else {
                    cell
                }
            }));
        }
        format!("{table}\n")
    }

    /// The width below which values would be broken into bits.
    fn readable_width(&self) -> usize {
        let of_column = |(at, column): (usize, &ResultColumn)| {
            let cells = self.rows.iter().map(|row| row[at].as_deref());
            let cells = cells.map(|cell| cell.unwrap_or(NULL).chars().count());
            let widest = cells.max().unwrap_or(0).max(column.name.chars().count());
            widest.min(READABLE_WIDTH) + BORDER_WIDTH
        };
        self.columns
            .iter()
            .enumerate()
            .map(of_column)
            .sum::<usize>()
            + 1
    }

    /// A line for each value, for rows that are wider than the terminal.
    fn render_down(&self, width: usize) -> String {
        let names: Vec<_> = self
            .columns
            .iter()
            .map(|column| text::printable(&column.name))
            .collect();
        let widest = names.iter().map(|name| name.chars().count()).max();
        let name_width = widest.unwrap_or(0).min(width / 2);
        let mut drawn = String::new();
        for (at, row) in self.rows.iter().enumerate() {
            let _ = writeln!(drawn, "─ row {} ─", at + 1);
            for (name, value) in names.iter().zip(row) {
                let value = value.as_deref().unwrap_or("\u{1b}[2mNULL\u{1b}[0m");
                let mut name = name.as_ref();
                for line in value.split('\n') {
                    let _ = writeln!(drawn, "{name:name_width$} │ {line}");
                    name = "";
                }
            }
        }
        drawn
    }
}

/// A value that is safe to print, its lines kept, its end left out when it is long.
fn shortened(value: &str) -> String {
    let (value, more) = match value.char_indices().nth(MAX_CELL_CHARS) {
        Some((end, _)) => (&value[..end], "…"),
        None => (value, ""),
    };
    let lines: Vec<_> = value.split('\n').map(text::printable).collect();
    lines.join("\n") + more
}

fn is_number(type_name: &str) -> bool {
    matches!(
        type_name,
        "tinyint" | "smallint" | "integer" | "bigint" | "float" | "real" | "double"
    ) || type_name.starts_with("decimal")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, type_name: &str) -> ResultColumn {
        ResultColumn {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
        }
    }

    fn drawn() -> DrawnRows {
        DrawnRows {
            columns: vec![column("name", "varchar"), column("plays", "bigint")],
            rows: vec![
                vec![Some("One".to_owned()), Some("12345".to_owned())],
                vec![None, Some("5".to_owned())],
                vec![Some(String::new()), None],
            ],
            is_cut: false,
        }
    }

    #[test]
    fn numbers_stand_right_and_null_is_written() {
        let text = drawn().render(false);
        assert!(text.contains("│ One  ┆ 12345 │"), "{text}");
        assert!(text.contains("│ NULL ┆     5 │"), "{text}");
        assert!(text.contains("│      ┆  NULL │"), "{text}");
    }

    #[test]
    fn wide_rows_are_drawn_downwards() {
        let text = drawn().render_down(40);
        assert!(
            text.starts_with("─ row 1 ─\nname  │ One\nplays │ 12345\n"),
            "{text}"
        );
    }

    #[test]
    fn long_values_are_cut_and_control_characters_written_out() {
        assert_eq!(shortened("a\nb\u{1b}c"), "a\nb\\u{1b}c");
        let long = shortened(&"é".repeat(2 * MAX_CELL_CHARS));
        assert_eq!(long.chars().count(), MAX_CELL_CHARS + 1);
        assert!(long.ends_with('…'));
    }
}

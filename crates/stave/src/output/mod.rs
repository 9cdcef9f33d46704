//! What a command says: data to standard output, as a table or as JSON; words
//! to standard error.

pub mod rows;
pub mod table;
pub mod text;

use std::io::{self, BufWriter, IsTerminal, Write};

use serde_json::Value;

pub use self::table::{Cell, Table};
use crate::failure::Failure;

/// How to say it.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

#[expect(
    clippy::unused_self,
    reason = "what is said goes through here, whatever its form"
)]
impl Output {
    /// JSON where a table would be printed, if `json`.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether JSON is asked for.
    pub fn is_json(self) -> bool {
        self.json
    }

    /// Prints a table, or an array with an object for each row.
    pub fn table(self, table: &Table) -> Result<(), Failure> {
        if self.json {
            return self.value(&table.to_json());
        }
        // A table without rows is nothing to look at; the words say it.
        if table.is_empty() {
            return Ok(());
        }
        let text = table.render(io::stdout().is_terminal());
        self.data(format!("{text}\n").as_bytes())
    }

    /// Prints a JSON value.
    pub fn value(self, value: &Value) -> Result<(), Failure> {
        // A `Value` always has a JSON form.
        self.data(format!("{value:#}\n").as_bytes())
    }

    /// Prints bytes as they are.
    pub fn data(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)
            .and_then(|()| out.flush())
            .map_err(Failure::of_stdout)
    }

    /// Many small pieces, to be flushed at the end.
    pub fn writer(self) -> Lines {
        Lines {
            out: BufWriter::with_capacity(1 << 16, io::stdout()),
        }
    }

    /// Says a line on standard error.
    pub fn say(self, line: &str) {
        // Nobody is left to hear of a closed standard error.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// Standard output, buffered.
#[derive(Debug)]
pub struct Lines {
    out: BufWriter<io::Stdout>,
}

impl Lines {
    /// Writes a line.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.out, "{line}").map_err(Failure::of_stdout)
    }

    /// Writes bytes as they are.
    pub fn data(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.out.write_all(bytes).map_err(Failure::of_stdout)
    }

    /// Brings everything out.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::of_stdout)
    }
}

/// A JSON array on standard output, written as it grows.
#[derive(Debug)]
pub struct JsonArray {
    lines: Lines,
    is_empty: bool,
}

impl JsonArray {
    /// Begins the array.
    pub fn begin(output: Output) -> Self {
        Self {
            lines: output.writer(),
            is_empty: true,
        }
    }

    /// Adds a value.
    pub fn push(&mut self, value: &Value) -> Result<(), Failure> {
        let before = if self.is_empty { "[\n  " } else { ",\n  " };
        self.is_empty = false;
        self.lines.data(format!("{before}{value}").as_bytes())
    }

    /// Ends the array.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.lines.line(if self.is_empty { "[]" } else { "\n]" })?;
        self.lines.finish()
    }
}

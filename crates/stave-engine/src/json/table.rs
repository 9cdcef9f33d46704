//! A table over JSON files, its columns found out from a sample of them.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use futures::{StreamExt, TryStreamExt};
use stave_core::hive::HiveType;
use stave_core::{Error, Result};

use super::cursor::Cursor;
use super::cut::{Form, JsonFeed};
use super::decode::{JsonFormat, lines};
use super::paths::{RowPath, for_each_row};
use super::scanner::ranges;
use super::shape::{Flavour, Shape};
use crate::scan::{Feed, TextTable};
use crate::text::TextFile;
use crate::types;

/// The most files that are looked into.
const SAMPLED_FILES: usize = 256;
/// How many bytes of each are read, but for a first value that is longer.
const SAMPLED_BYTES: usize = 1 << 20;
/// How many files are looked into at once.
const SAMPLES_AT_ONCE: usize = 8;

/// How JSON files become a table.
#[derive(Debug, Clone, Default)]
pub struct JsonOptions {
    /// Whose types the columns have.
    pub flavour: Flavour,
    /// Whether names match in any case.
    pub fold_case: bool,
    /// Where the rows are in the values of a file; the values themselves when empty.
    pub paths: Vec<RowPath>,
    /// The columns, all that is read; none means that the data tells.
    pub columns: Option<Vec<(String, HiveType)>>,
}

/// A table of `files`. Its columns are those of the options, or else those of the first MiB
/// of each file, of 256 evenly chosen ones where there are more.
pub async fn json_table(files: Vec<TextFile>, options: JsonOptions) -> Result<TextTable> {
    let columns = match &options.columns {
        Some(columns) => columns.clone(),
        None => found_columns(&files, &options).await?,
    };
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, hive)| Field::new(name, types::to_arrow(hive), true))
        .collect();
    let mut format = JsonFormat::new(Arc::new(Schema::new(fields)));
    format.fold_case = options.fold_case;
    format.paths = options.paths;
    Ok(TextTable::new(Arc::new(format), files))
}

async fn found_columns(
    files: &[TextFile],
    options: &JsonOptions,
) -> Result<Vec<(String, HiveType)>> {
    let step = files.len().div_ceil(SAMPLED_FILES).max(1);
    let samples: Vec<TextFile> = files.iter().step_by(step).cloned().collect();
    let shapes = futures::stream::iter(samples)
        .map(|file| sample(file, &options.paths))
        .buffered(SAMPLES_AT_ONCE);
    let rows = shapes
        .try_fold(Shape::Null, |mut rows, shape| async move {
            rows.add(shape);
            Ok(rows)
        })
        .await?;
    let columns = rows.columns(options.flavour)?;
    if columns.is_empty() {
        let first = files
            .first()
            .map_or("no file at all", |file| file.name.as_str());
        return Err(
            Error::invalid(format!("no JSON object is found in {first}"))
                .hint("rows are objects: one a line, in one array, or one a file; JsonPath leads to those inside"),
        );
    }
    Ok(columns)
}

/// The shape of the first rows of a file.
async fn sample(file: TextFile, paths: &[RowPath]) -> Result<Shape> {
    let mut feed = JsonFeed::new(vec![file], SAMPLED_BYTES);
    let mut rows = Shape::Null;
    if let Some(chunk) = feed.next().await? {
        let mut add = |range: std::ops::Range<usize>| {
            let mut of_value = Shape::Null;
            let mut add = |cursor: &mut Cursor<'_>| {
                if let shape @ Shape::Object(_) = Shape::read(cursor)? {
                    of_value.add(shape);
                }
                Ok(())
            };
            let text = std::str::from_utf8(&chunk.bytes[range]);
            // What is wrong is told when it is read.
            if text.is_ok_and(|text| for_each_row(text, paths, &mut add).is_ok()) {
                rows.add(of_value);
            }
        };
        match Form::of(&chunk.file) {
            Form::Lines => lines(&chunk.bytes).for_each(&mut add),
            Form::Values => ranges(&chunk.bytes).for_each(&mut add),
        }
    }
    Ok(rows)
}

//! A table over JSON files, its columns found out from a sample of them.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use futures::{StreamExt, TryStreamExt};
use stave_core::{Error, Result};

use super::cut::{Form, JsonFeed};
use super::decode::{JsonFormat, lines};
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
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonOptions {
    /// Whose types the columns have.
    pub flavour: Flavour,
    /// Whether names match in any case.
    pub fold_case: bool,
}

/// A table of `files`. Its columns are those of the first MiB of each file, of
/// 256 evenly chosen ones where there are more.
pub async fn json_table(files: Vec<TextFile>, options: JsonOptions) -> Result<TextTable> {
    let step = files.len().div_ceil(SAMPLED_FILES).max(1);
    let samples: Vec<TextFile> = files.iter().step_by(step).cloned().collect();
    let shapes = futures::stream::iter(samples)
        .map(sample)
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
                .hint("rows are objects: one a line, in one array, or one a file"),
        );
    }
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, hive)| Field::new(name, types::to_arrow(hive), true))
        .collect();
    let mut format = JsonFormat::new(Arc::new(Schema::new(fields)));
    format.fold_case = options.fold_case;
    Ok(TextTable::new(Arc::new(format), files))
}

/// The shape of the first rows of a file.
async fn sample(file: TextFile) -> Result<Shape> {
    let mut feed = JsonFeed::new(vec![file], SAMPLED_BYTES);
    let mut rows = Shape::Null;
    if let Some(chunk) = feed.next().await? {
        let mut add = |range: std::ops::Range<usize>| {
            let text = std::str::from_utf8(&chunk.bytes[range]);
            if let Some(Ok(shape @ Shape::Object(_))) = text.ok().map(Shape::of) {
                rows.add(shape);
            }
        };
        match Form::of(&chunk.file) {
            Form::Lines => lines(&chunk.bytes).for_each(&mut add),
            Form::Values => ranges(&chunk.bytes).for_each(&mut add),
        }
    }
    Ok(rows)
}

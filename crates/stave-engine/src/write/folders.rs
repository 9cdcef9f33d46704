//! Spreads the rows of one partition of a plan over the folders that the values
//! of the partition columns name.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, SchemaRef};
use stave_core::{Error, Result};

use super::sink::{Sink, encoding};
use super::{OutputSpec, WrittenFile};

/// The most files that one partition of a plan has open; more values than that
/// close the one that was opened first and begin another file later.
const MAX_OPEN: usize = 128;
/// The folder of NULL, in Hive's words.
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

/// The open files of one partition of a plan.
pub(super) struct Folders {
    spec: Arc<OutputSpec>,
    schema: SchemaRef,
    /// Places of the partition columns, and of the others.
    keys: Vec<usize>,
    values: Vec<usize>,
    partition: usize,
    open: HashMap<String, Sink>,
    opened: std::collections::VecDeque<String>,
    files: usize,
    done: Vec<WrittenFile>,
}

impl Folders {
    pub(super) fn new(spec: Arc<OutputSpec>, schema: &SchemaRef, partition: usize) -> Result<Self> {
        let place = |name: &String| {
            schema.index_of(name).map_err(|_| {
                let names = schema.fields().iter().map(|field| field.name().as_str());
                Error::invalid(format!("partition key \"{name}\" is not a column"))
                    .hint(stave_core::nearest::hint(name, names))
            })
        };
        let keys: Vec<usize> = spec.partition_by.iter().map(place).collect::<Result<_>>()?;
        let values: Vec<usize> = (0..schema.fields().len())
            .filter(|at| !keys.contains(at))
            .collect();
        if values.is_empty() {
            return Err(Error::invalid(
                "every column is a partition key; the files would be empty",
            ));
        }
        let written = schema.project(&values).map_err(encoding)?;
        Ok(Self {
            spec,
            schema: Arc::new(written),
            keys,
            values,
            partition,
            open: HashMap::new(),
            opened: std::collections::VecDeque::new(),
            files: 0,
            done: Vec::new(),
        })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.keys.is_empty() {
            return self.sink("")?.write(batch);
        }
        let rows_of = self.rows_by_folder(batch)?;
        let written = batch.project(&self.values).map_err(encoding)?;
        for (folder, rows) in rows_of {
            let rows = UInt32Array::from(rows);
            let part = take_record_batch(&written, &rows).map_err(encoding)?;
            self.sink(&folder)?.write(&part)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Vec<WrittenFile>> {
        for (_, sink) in self.open.drain() {
            self.done.push(sink.finish()?);
        }
        Ok(self.done)
    }

    fn rows_by_folder(&self, batch: &RecordBatch) -> Result<Vec<(String, Vec<u32>)>> {
        let texts: Vec<(&str, ArrayRef)> = self
            .keys
            .iter()
            .zip(&self.spec.partition_by)
            .map(|(&at, name)| {
                let text = cast(batch.column(at), &DataType::Utf8).map_err(encoding)?;
                Ok((name.as_str(), text))
            })
            .collect::<Result<_>>()?;
        let mut order: Vec<(String, Vec<u32>)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut folder = String::new();
        for row in 0..batch.num_rows() {
            folder.clear();
            for (name, text) in &texts {
                push_folder(&mut folder, name, text, row);
            }
            let place = *places.entry(folder.clone()).or_insert_with(|| {
                order.push((folder.clone(), Vec::new()));
                order.len() - 1
            });
            order[place].1.push(row as u32);
        }
        Ok(order)
    }

    fn sink(&mut self, folder: &str) -> Result<&mut Sink> {
        if !self.open.contains_key(folder) {
            if self.open.len() >= MAX_OPEN
                && let Some(oldest) = self.opened.pop_front()
                && let Some(sink) = self.open.remove(&oldest)
            {
                self.done.push(sink.finish()?);
            }
            // Numbers are unique among the partitions of the plan and the files of each.
            let number = self.partition + self.files * 1000;
            self.files += 1;
            let key = format!("{folder}{}", self.spec.file_name(number));
            let sink = Sink::create(&self.spec.directory, key, &self.spec.format, &self.schema)?;
            self.open.insert(folder.to_owned(), sink);
            self.opened.push_back(folder.to_owned());
        }
        self.open
            .get_mut(folder)
            .ok_or_else(|| Error::internal("an output file was closed too early"))
    }
}

fn push_folder(folder: &mut String, name: &str, text: &ArrayRef, row: usize) {
    let strings = text.as_any().downcast_ref::<StringArray>();
    let value = strings
        .filter(|strings| !strings.is_null(row))
        .map(|strings| strings.value(row));
    escape(folder, name);
    folder.push('=');
    match value {
        Some("") | None => folder.push_str(NULL_FOLDER),
        Some(value) => escape(folder, value),
    }
    folder.push('/');
}

/// Writes a name or value as Hive does in a path: what a path can't hold as `%XX`
/// (`FileUtils.escapePathName` of Apache Hive).
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_control() || "\"#%'*/:=?\\{[]^\u{7f}".contains(c) {
            let _ = write!(out, "%{:02X}", u32::from(c));
        } else {
            out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_paths_as_in_hive() {
        let mut out = String::new();
        escape(&mut out, "a/b: 50% é");
        assert_eq!(out, "a%2Fb%3A 50%25 é");
    }
}

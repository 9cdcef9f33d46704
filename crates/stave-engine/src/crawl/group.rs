//! Makes tables of folders.
//!
//! From the target downwards, a folder is one table when all files below it are of
//! one format and compression and their columns are alike by 70 %; the folders
//! between it and its files are partitions. Of a folder that is not, every file is
//! a table, and every folder in it is looked at in the same way
//! (<https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html>).

use std::collections::{BTreeMap, HashMap, HashSet};

use stave_core::S3Uri;
use stave_core::catalog::Column;

use super::folders::{Below, Folder};
use super::found::{FoundPartition, FoundTable, Statistics};
use super::names::{cleaned, distinct_name, table_name};
use super::schema::{add_columns, likeness};
use crate::classify::{Classification, Sampled};

/// How many percent of the columns two files of a table share at least.
const ALIKE_PERCENT: usize = 70;
/// How many percent of a table's files may be of no known format.
const STRANGE_PERCENT: usize = 30;

/// An object of a crawl.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// What it holds; none when it was not looked into.
    pub sampled: Option<Sampled>,
}

/// How tables are told apart.
#[derive(Debug, Clone, Default)]
pub struct Grouping {
    /// What tables' names begin with (`TablePrefix`).
    pub prefix: String,
    /// Whether files of one format make one table however little their columns
    /// are alike (`TableGroupingPolicy: CombineCompatibleSchemas`).
    pub combine: bool,
    /// The folder level that tables stand at, the bucket being 1 (`TableLevelConfiguration`).
    pub table_level: Option<usize>,
}

/// The tables that `objects` under `target` make. Exclusions are applied before;
/// empty objects and names that begin with `_` or `.` are passed over.
pub fn group(target: &S3Uri, objects: &[Object], options: &Grouping) -> Vec<FoundTable> {
    let root = target.folder();
    let mut order: Vec<usize> = (0..objects.len())
        .filter(|&at| is_data(&root, &objects[at]))
        .collect();
    order.sort_by(|a, b| objects[*a].key.cmp(&objects[*b].key));
    let mut groups = Groups {
        target,
        objects,
        options,
        kinds: Vec::new(),
        kind_of: vec![0; objects.len()],
        found: Vec::new(),
    };
    groups.find_kinds(&order);
    if groups.kinds.is_empty() {
        return Vec::new();
    }
    let mut folder = Folder::default();
    for &at in &order {
        match objects[at].key.strip_prefix(&root) {
            Some(path) => folder.add(path, at, groups.kind_of[at]),
            None => groups.add_file(at),
        }
    }
    groups.visit(&root, &folder);
    let mut found = groups.found;
    set_names_apart(&mut found);
    found
}

fn is_data(root: &str, object: &Object) -> bool {
    let path = object.key.strip_prefix(root).unwrap_or(&object.key);
    let hidden = path.split('/').any(|part| part.starts_with(['_', '.']));
    object.size > 0 && !hidden && !object.key.ends_with('/')
}

/// Of tables with one name the first keeps it.
fn set_names_apart(found: &mut [FoundTable]) {
    let mut taken = HashSet::new();
    for table in found {
        if !taken.insert(table.name.clone()) {
            table.name = distinct_name(&table.name, &table.location);
            taken.insert(table.name.clone());
        }
    }
}

struct Groups<'a> {
    target: &'a S3Uri,
    objects: &'a [Object],
    options: &'a Grouping,
    /// What different files look like.
    kinds: Vec<&'a Sampled>,
    /// Which of those each object is of.
    kind_of: Vec<usize>,
    found: Vec<FoundTable>,
}

impl Groups<'_> {
    /// Finds the kinds of files; one that was not looked into is of its neighbour's.
    fn find_kinds(&mut self, order: &[usize]) {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut last = None;
        let mut waiting = Vec::new();
        for &at in order {
            let Some(sampled) = &self.objects[at].sampled else {
                match last {
                    Some(kind) => self.kind_of[at] = kind,
                    None => waiting.push(at),
                }
                continue;
            };
            let kind = *known.entry(fingerprint(sampled)).or_insert_with(|| {
                self.kinds.push(sampled);
                self.kinds.len() - 1
            });
            self.kind_of[at] = kind;
            last = Some(kind);
            // Those before the first that was looked into are of its kind, which is 0.
            waiting.clear();
        }
    }

    fn same_format(&self, one: usize, other: usize) -> bool {
        let format = |kind: usize| {
            let sampled = self.kinds[kind];
            (
                sampled.classification,
                sampled.compression,
                sampled.csv.map(|csv| csv.delimiter),
            )
        };
        format(one) == format(other)
    }

    /// The kind that most files are of, where all are of one format.
    fn main_kind(&self, kinds: &BTreeMap<usize, usize>) -> Option<usize> {
        let known = |kind: &usize| self.kinds[*kind].classification != Classification::Unknown;
        let most = |(a, x): &(&usize, &usize), (b, y): &(&usize, &usize)| x.cmp(y).then(b.cmp(a));
        kinds
            .iter()
            .filter(|(kind, _)| known(kind))
            .max_by(most)
            .map(|(kind, _)| *kind)
    }

    /// The main kind of a folder that is one table.
    fn uniform(&self, folder: &Folder, combine: bool) -> Option<usize> {
        let main = self.main_kind(&folder.kinds)?;
        let all: usize = folder.kinds.values().sum();
        let mut strange = 0;
        for (&kind, count) in &folder.kinds {
            if self.kinds[kind].classification == Classification::Unknown {
                strange += count;
                continue;
            }
            let alike =
                likeness(&self.kinds[main].columns, &self.kinds[kind].columns) >= ALIKE_PERCENT;
            if !self.same_format(main, kind) || !(combine || alike) {
                return None;
            }
        }
        (strange * 100 <= all * STRANGE_PERCENT).then_some(main)
    }

    fn visit(&mut self, path: &str, folder: &Folder) {
        let level = path.matches('/').count() + 1;
        let wanted = self.options.table_level;
        let deep_enough = wanted.is_none_or(|wanted| level >= wanted);
        let combine = self.options.combine || wanted == Some(level);
        if deep_enough && self.uniform(folder, combine).is_some() {
            self.add_folder(path, folder);
            return;
        }
        for file in &folder.files {
            self.add_file(*file);
        }
        for (name, inner) in &folder.folders {
            self.visit(&format!("{path}{name}/"), inner);
        }
    }

    fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.target.bucket)
    }

    /// One file as a table of its own.
    fn add_file(&mut self, at: usize) {
        let kind = self.kind_of[at];
        if self.kinds[kind].classification == Classification::Unknown {
            return;
        }
        let key = &self.objects[at].key;
        let name = key.rsplit('/').next().unwrap_or(key);
        let table = self.table(name, key, &[(Vec::new(), at)]);
        self.found.extend(table);
    }

    /// A folder with all that is below it as one table.
    fn add_folder(&mut self, path: &str, folder: &Folder) {
        let files = folder.below();
        let name = match path.trim_end_matches('/').rsplit('/').next() {
            None | Some("") => self.target.bucket.as_str().to_owned(),
            Some(name) => name.to_owned(),
        };
        // Files at different depths share only the levels that all of them have.
        let levels = files
            .iter()
            .map(|(folders, _)| folders.len())
            .min()
            .unwrap_or(0);
        let Some(mut table) = self.table(&name, path, &files) else {
            return;
        };
        let keys = partition_keys(levels, &files, &table.columns);
        table.partition_keys = keys
            .iter()
            .map(|(name, _)| Column::new(name, "string"))
            .collect();
        let mut parts: BTreeMap<&[&str], Vec<Below<'_>>> = BTreeMap::new();
        if levels > 0 {
            for (folders, at) in &files {
                parts
                    .entry(&folders[..levels])
                    .or_default()
                    .push((Vec::new(), *at));
            }
        }
        for (folders, files) in parts {
            let location = format!("{path}{}/", folders.join("/"));
            // A folder of strange files only is no part of the table.
            let Some(part) = self.table("", &location, &files) else {
                continue;
            };
            let values = folders
                .iter()
                .zip(&keys)
                .map(|(folder, (_, named))| value(folder, *named));
            table.partitions.push(FoundPartition {
                values: values.collect(),
                location: part.location,
                columns: part.columns,
                paths: part.paths,
                csv: part.csv,
                statistics: part.statistics,
            });
        }
        self.found.push(table);
    }

    /// A table of `files` without partitions; none when no format of them is known.
    fn table(&self, name: &str, key: &str, files: &[Below<'_>]) -> Option<FoundTable> {
        let mut counts = BTreeMap::new();
        for (_, at) in files {
            *counts.entry(self.kind_of[*at]).or_insert(0) += 1;
        }
        let main = self.main_kind(&counts)?;
        let sampled = self.kinds[main];
        let (mut columns, mut paths) = (sampled.columns.clone(), sampled.paths.clone());
        for kind in counts.keys() {
            add_columns(&mut columns, &self.kinds[*kind].columns);
            let more = self.kinds[*kind]
                .paths
                .iter()
                .filter(|path| !sampled.paths.contains(path));
            paths.extend(more.cloned());
        }
        paths.sort();
        paths.dedup();
        let odd = files
            .iter()
            .map(|(_, at)| *at)
            .filter(|at| self.kinds[self.kind_of[*at]].classification == Classification::Unknown);
        Some(FoundTable {
            name: table_name(&self.options.prefix, name),
            location: self.uri(key),
            classification: sampled.classification,
            compression: sampled.compression,
            csv: sampled.csv,
            columns,
            paths,
            partition_keys: Vec::new(),
            partitions: Vec::new(),
            strange: odd.map(|at| self.uri(&self.objects[at].key)).collect(),
            statistics: self.statistics(files),
        })
    }

    fn statistics(&self, files: &[Below<'_>]) -> Statistics {
        let mut all = Statistics::default();
        let (mut records, mut bytes) = (0_u64, 0_u64);
        let mut exact = Some(0_u64);
        for object in files.iter().map(|(_, at)| &self.objects[*at]) {
            all.objects += 1;
            all.bytes += object.size;
            let found = object.sampled.as_ref();
            exact = exact
                .zip(found.and_then(|found| found.exact_records))
                .map(|(sum, more)| sum + more);
            if let Some(found) = found {
                records += found.records_sampled;
                bytes += found.records_sampled * found.average_record_bytes;
            }
        }
        all.average_record_bytes = bytes.checked_div(records).unwrap_or(0);
        let guessed = all.bytes.checked_div(all.average_record_bytes).unwrap_or(0);
        all.records = exact.unwrap_or(guessed);
        all
    }
}

/// What makes files of one kind.
fn fingerprint(sampled: &Sampled) -> String {
    use std::fmt::Write;
    let mut text = format!(
        "{:?} {:?} {:?}",
        sampled.classification, sampled.compression, sampled.csv
    );
    for column in &sampled.columns {
        // Writing to a string does not fail.
        let _ = write!(text, "\0{}\0{}", column.name, column.type_name);
    }
    text.push('\n');
    text.push_str(&sampled.paths.join("\0"));
    text
}

/// The names of the partition keys, and whether the folders carry them as `name=value`.
fn partition_keys(levels: usize, files: &[Below<'_>], columns: &[Column]) -> Vec<(String, bool)> {
    let mut keys: Vec<(String, bool)> = Vec::with_capacity(levels);
    let mut unnamed = 0;
    for level in 0..levels {
        let mut names = files
            .iter()
            .map(|(folders, _)| folders[level].split_once('=').map(|(name, _)| name));
        let first = names.next().flatten().filter(|name| !name.is_empty());
        let name = first
            .filter(|first| names.all(|name| name == Some(first)))
            .map(cleaned);
        let free = |name: &String| {
            columns.iter().all(|column| column.name != *name)
                && keys.iter().all(|(key, _)| key != name)
        };
        let named = name.is_some();
        let name = name.filter(free).unwrap_or_else(|| {
            unnamed += 1;
            format!("partition_{}", unnamed - 1)
        });
        keys.push((name, named));
    }
    keys
}

/// The value that a folder stands for.
fn value(folder: &str, named: bool) -> String {
    match folder.split_once('=') {
        Some((_, value)) if named => unescaped(value),
        _ => folder.to_owned(),
    }
}

/// Undoes the `%XX` with which Hive and Spark write what a folder's name cannot hold.
fn unescaped(value: &str) -> String {
    let bytes = value.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let digits = value.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| value.to_owned())
}

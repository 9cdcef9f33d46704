//! What a crawl changes in the catalog, by the crawler's policy
//! (<https://docs.aws.amazon.com/glue/latest/dg/crawler-schema-changes-prevent.html>).

use jiff::Timestamp;
use stave_core::catalog::{Column, Parameters, Partition, StorageDescriptor, Table};

/// The parameter of a table or partition whose data has vanished: when that was
/// noticed, in milliseconds since 1970.
pub const DEPRECATED: &str = "DEPRECATED_BY_CRAWLER";
/// Differs in every crawl.
const RUN_ID: &str = "CRAWL_RUN_ID";

/// What happens to a table whose columns or form have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpdateBehavior {
    /// The catalog follows.
    #[default]
    UpdateInDatabase,
    /// The change is logged only.
    Log,
}

/// What happens to what has vanished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeleteBehavior {
    /// It is marked.
    #[default]
    DeprecateInDatabase,
    /// It is deleted.
    DeleteFromDatabase,
    /// It is logged only.
    Log,
}

/// A crawler's `SchemaChangePolicy`, and what its configuration adds to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangePolicy {
    /// For what has changed.
    pub update: UpdateBehavior,
    /// For what has vanished.
    pub delete: DeleteBehavior,
    /// Whether columns are only ever added, known ones kept as they are
    /// (`Tables.AddOrUpdateBehavior: MergeNewColumns`).
    pub merge_new_columns: bool,
    /// Whether partitions take the table's columns and form
    /// (`Partitions.AddOrUpdateBehavior: InheritFromTable`).
    pub inherit_from_table: bool,
}

/// What is to be done about a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// Write this table.
    Update(Box<Table>),
    /// Log these changes; they are not made.
    Log(Vec<String>),
}

/// Compares the table that is there with the one that was found.
///
/// What people have added stays: description, owner, comments, parameters. A change
/// of the figures alone is an update under either behaviour.
pub fn merge(old: &Table, new: &Table, policy: ChangePolicy) -> Change {
    let mut next = old.clone();
    next.storage = merged_storage(&old.storage, &new.storage, policy);
    next.partition_keys = with_comments(&old.partition_keys, &new.partition_keys);
    next.table_type.clone_from(&new.table_type);
    next.parameters = merged_parameters(&old.parameters, &new.parameters);
    if same_but_run(old, &next) {
        return Change::None;
    }
    let changes = changes(old, &next);
    if policy.update == UpdateBehavior::Log && !changes.is_empty() {
        return Change::Log(changes);
    }
    next.updated_at = new.updated_at;
    Change::Update(Box::new(next))
}

fn merged_storage(
    old: &StorageDescriptor,
    new: &StorageDescriptor,
    policy: ChangePolicy,
) -> StorageDescriptor {
    let columns = if policy.merge_new_columns {
        let known = |column: &&Column| old.columns.iter().all(|old| old.name != column.name);
        old.columns
            .iter()
            .chain(new.columns.iter().filter(known))
            .cloned()
            .collect()
    } else {
        with_comments(&old.columns, &new.columns)
    };
    let mut serde = new.serde.clone();
    if serde.library == old.serde.library {
        for (name, value) in &old.serde.parameters {
            serde
                .parameters
                .entry(name.clone())
                .or_insert_with(|| value.clone());
        }
    }
    StorageDescriptor {
        columns,
        serde,
        parameters: merged_parameters(&old.parameters, &new.parameters),
        ..new.clone()
    }
}

fn with_comments(old: &[Column], new: &[Column]) -> Vec<Column> {
    let comment = |name: &str| {
        old.iter()
            .find(|old| old.name == name)
            .and_then(|old| old.comment.clone())
    };
    new.iter()
        .map(|column| Column {
            comment: comment(&column.name),
            ..column.clone()
        })
        .collect()
}

/// The new values, and of the old ones those that no crawler writes.
fn merged_parameters(old: &Parameters, new: &Parameters) -> Parameters {
    const OF_CRAWLERS: [&str; 5] = [
        DEPRECATED,
        "delimiter",
        "columnsOrdered",
        "areColumnsQuoted",
        "skip.header.line.count",
    ];
    let kept = old
        .iter()
        .filter(|(name, _)| !OF_CRAWLERS.contains(&name.as_str()));
    kept.chain(new)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn same_but_run(old: &Table, new: &Table) -> bool {
    let mut same = new.clone();
    set_run(&mut same.parameters, &old.parameters);
    set_run(&mut same.storage.parameters, &old.storage.parameters);
    same == *old
}

fn set_run(parameters: &mut Parameters, like: &Parameters) {
    match like.get(RUN_ID) {
        Some(run) => parameters.insert(RUN_ID.to_owned(), run.clone()),
        None => parameters.remove(RUN_ID),
    };
}

/// What changes beyond figures, in words.
fn changes(old: &Table, new: &Table) -> Vec<String> {
    let mut found = column_changes("column", &old.storage.columns, &new.storage.columns);
    found.extend(column_changes(
        "partition key",
        &old.partition_keys,
        &new.partition_keys,
    ));
    let mut differs = |what: &str, old: &str, new: &str| {
        if old != new {
            found.push(format!("{what} is {new:?} instead of {old:?}"));
        }
    };
    differs("location", &old.storage.location, &new.storage.location);
    differs(
        "SerDe",
        &old.storage.serde.library,
        &new.storage.serde.library,
    );
    for name in [
        "classification",
        "compressionType",
        "delimiter",
        "skip.header.line.count",
    ] {
        let value = |table: &Table| table.parameter(name).unwrap_or_default().to_owned();
        differs(name, &value(old), &value(new));
    }
    found
}

fn column_changes(what: &str, old: &[Column], new: &[Column]) -> Vec<String> {
    let mut found = Vec::new();
    for column in new {
        match old.iter().find(|old| old.name == column.name) {
            None => found.push(format!(
                "{what} {:?} of type {} is new",
                column.name, column.type_name
            )),
            Some(old) if old.type_name != column.type_name => found.push(format!(
                "{what} {:?} is of type {} instead of {}",
                column.name, column.type_name, old.type_name
            )),
            Some(_) => (),
        }
    }
    let gone = old
        .iter()
        .filter(|old| new.iter().all(|column| column.name != old.name));
    found.extend(gone.map(|column| format!("{what} {:?} is gone", column.name)));
    let order = |columns: &[Column]| {
        columns
            .iter()
            .map(|column| column.name.clone())
            .collect::<Vec<_>>()
    };
    if found.is_empty() && order(old) != order(new) {
        found.push(format!("the {what}s stand in another order"));
    }
    found
}

/// What is to be done about a table or partition whose data is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vanished {
    /// Nothing: it is marked already, or the policy is to log.
    Log,
    /// Write it with these parameters.
    Deprecate(Parameters),
    /// Delete it.
    Delete,
}

/// What is to be done about something with `parameters` whose data was found gone `at`.
pub fn vanished(parameters: &Parameters, policy: ChangePolicy, at: Timestamp) -> Vanished {
    match policy.delete {
        DeleteBehavior::DeleteFromDatabase => Vanished::Delete,
        DeleteBehavior::DeprecateInDatabase if !parameters.contains_key(DEPRECATED) => {
            let mut marked = parameters.clone();
            marked.insert(DEPRECATED.to_owned(), at.as_millisecond().to_string());
            Vanished::Deprecate(marked)
        }
        _ => Vanished::Log,
    }
}

/// What is to be done about a table's partitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionChanges {
    /// New ones.
    pub add: Vec<Partition>,
    /// Known ones as they are to be from now on.
    pub update: Vec<Partition>,
    /// The values of those to delete.
    pub delete: Vec<Vec<String>>,
    /// Changes that are only logged.
    pub log: Vec<String>,
}

/// Compares the partitions that are there with those that were found; `table` is
/// the table as it will be.
pub fn merge_partitions(
    table: &Table,
    old: &[Partition],
    new: &[Partition],
    policy: ChangePolicy,
    at: Timestamp,
) -> PartitionChanges {
    let mut changes = PartitionChanges::default();
    let known: std::collections::HashMap<&[String], &Partition> = old
        .iter()
        .map(|partition| (partition.values.as_slice(), partition))
        .collect();
    let mut seen = std::collections::HashSet::new();
    for partition in new {
        seen.insert(partition.values.as_slice());
        let mut next = partition.clone();
        if policy.inherit_from_table {
            next.storage.columns.clone_from(&table.storage.columns);
            next.storage.serde = table.storage.serde.clone();
        }
        match known.get(partition.values.as_slice()) {
            None => changes.add.push(next),
            Some(old) => merge_partition(&mut changes, old, next, policy),
        }
    }
    for gone in old
        .iter()
        .filter(|partition| !seen.contains(partition.values.as_slice()))
    {
        match vanished(&gone.parameters, policy, at) {
            Vanished::Delete => changes.delete.push(gone.values.clone()),
            Vanished::Deprecate(parameters) => changes.update.push(Partition {
                parameters,
                ..gone.clone()
            }),
            Vanished::Log => changes
                .log
                .push(format!("partition {:?} is gone", gone.values)),
        }
    }
    changes
}

fn merge_partition(
    changes: &mut PartitionChanges,
    old: &Partition,
    new: Partition,
    policy: ChangePolicy,
) {
    let next = Partition {
        values: new.values,
        storage: merged_storage(&old.storage, &new.storage, policy),
        parameters: merged_parameters(&old.parameters, &new.parameters),
        created_at: old.created_at,
    };
    let mut same = next.clone();
    set_run(&mut same.parameters, &old.parameters);
    set_run(&mut same.storage.parameters, &old.storage.parameters);
    if same == *old {
        return;
    }
    let columns = column_changes("column", &old.storage.columns, &next.storage.columns);
    if policy.update == UpdateBehavior::Log && !columns.is_empty() {
        changes.log.extend(
            columns
                .into_iter()
                .map(|change| format!("partition {:?}: {change}", next.values)),
        );
    } else {
        changes.update.push(next);
    }
}

//! `catalog`.

use jiff::Timestamp;
use serde_json::{Value, json};
use stave_core::Error;
use stave_core::catalog::{Column, Database, Parameters, StorageDescriptor, Table as CatalogTable};

use crate::args::catalog::CatalogCommand;
use crate::args::values::TableName;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Cell, Output, Table, text};

/// How many rows are asked for at once.
const PAGE: usize = 1000;

/// Runs a command on the catalog.
pub async fn run(command: CatalogCommand, stave: &Stave, output: Output) -> Result<(), Failure> {
    match command {
        CatalogCommand::Databases => databases(stave, output).await,
        CatalogCommand::Tables { database } => tables(&database, stave, output).await,
        CatalogCommand::Table { table: name } => table(&name, stave, output).await,
        CatalogCommand::Partitions { table: name } => partitions(&name, stave, output).await,
        CatalogCommand::CreateDatabase { name, description } => {
            let database = Database {
                name,
                description,
                location: None,
                parameters: Parameters::new(),
                created_at: Timestamp::UNIX_EPOCH,
            };
            let made = stave
                .catalog
                .create_database(&stave.caller, database)
                .await?;
            output.say(&format!("made database {}", made.name));
            Ok(())
        }
        CatalogCommand::DropDatabase { name, cascade } => {
            let dropped = stave.catalog.delete_database(&stave.caller, &name, cascade);
            dropped.await.map_err(|error| match error.kind() {
                stave_core::ErrorKind::Conflict => {
                    error.hint("add --cascade to remove them with it")
                }
                _ => error,
            })?;
            output.say(&format!("removed database {name}; its data is still there"));
            Ok(())
        }
        CatalogCommand::DropTable { table } => {
            let TableName { database, table } = table;
            stave
                .catalog
                .delete_table(&stave.caller, &database, &table)
                .await?;
            output.say(&format!(
                "removed table {database}.{table}; its data is still there"
            ));
            Ok(())
        }
    }
}

async fn databases(stave: &Stave, output: Output) -> Result<(), Failure> {
    let mut table = Table::new(&["Name", "Description", "CreateTime"]);
    let mut after: Option<String> = None;
    loop {
        let page = stave
            .catalog
            .list_databases(&stave.caller, after.as_deref(), PAGE)
            .await?;
        after = page.last().map(|database| database.name.clone());
        let is_last = page.len() < PAGE;
        for database in page {
            table.row([
                database.name.into(),
                database.description.into(),
                database.created_at.into(),
            ]);
        }
        if is_last {
            break;
        }
    }
    output.table(&table)?;
    if table.is_empty() && !output.is_json() {
        output.say("the catalog has no database yet; a crawler makes one, or: stave catalog create-database NAME");
    }
    Ok(())
}

async fn tables(database: &str, stave: &Stave, output: Output) -> Result<(), Failure> {
    let mut table = Table::new(&[
        "Name",
        "Classification",
        "Columns",
        "Rows",
        "Location",
        "UpdateTime",
    ]);
    let mut after: Option<String> = None;
    loop {
        let page = stave
            .catalog
            .list_tables(&stave.caller, database, after.as_deref(), PAGE)
            .await?;
        after = page.last().map(|table| table.name.clone());
        let is_last = page.len() < PAGE;
        for found in page {
            let rows = found
                .parameter("recordCount")
                .and_then(|count| count.parse().ok());
            table.row([
                found.name.as_str().into(),
                found.classification().into(),
                Cell::Count(found.all_columns().count() as u64),
                rows.map_or(Cell::Empty, Cell::Count),
                found.storage.location.as_str().into(),
                found.updated_at.into(),
            ]);
        }
        if is_last {
            break;
        }
    }
    output.table(&table)?;
    if table.is_empty() && !output.is_json() {
        output.say(&format!("database {database} has no table yet"));
    }
    Ok(())
}

async fn table(name: &TableName, stave: &Stave, output: Output) -> Result<(), Failure> {
    let TableName { database, table } = name;
    let found = stave
        .catalog
        .get_table(&stave.caller, database, table)
        .await?;
    if output.is_json() {
        return output.value(&table_json(&found));
    }
    let mut about = Table::new(&["Property", "Value"]);
    for (property, value) in properties(&found) {
        about.row([property.into(), value.into()]);
    }
    output.table(&about)?;
    let mut columns = Table::new(&["Column", "Type", "Comment"]);
    for column in &found.storage.columns {
        columns.row(column_cells(column, column.comment.as_deref()));
    }
    for key in &found.partition_keys {
        columns.row(column_cells(
            key,
            key.comment.as_deref().or(Some("partition key")),
        ));
    }
    output.table(&columns)
}

fn column_cells(column: &Column, comment: Option<&str>) -> [Cell; 3] {
    [
        column.name.as_str().into(),
        column.type_name.as_str().into(),
        comment.into(),
    ]
}

fn properties(table: &CatalogTable) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        ("Name", format!("{}.{}", table.database, table.name)),
        ("Description", table.description.clone().unwrap_or_default()),
        ("Table type", table.table_type.clone()),
        ("Location", table.storage.location.clone()),
        ("SerDe", table.storage.serde.library.clone()),
        ("Version", table.version.to_string()),
        ("Created", text::time(table.created_at)),
        ("Updated", text::time(table.updated_at)),
    ]
    .map(|(property, value)| (property.to_owned(), value))
    .into();
    all.retain(|(_, value)| !value.is_empty());
    let parameters = table.parameters.iter();
    all.extend(parameters.map(|(name, value)| (name.clone(), value.clone())));
    all
}

/// The table in the members of Glue's `Table`.
fn table_json(table: &CatalogTable) -> Value {
    json!({
        "Name": table.name,
        "DatabaseName": table.database,
        "Description": table.description,
        "Owner": table.owner,
        "CreateTime": table.created_at.to_string(),
        "UpdateTime": table.updated_at.to_string(),
        "StorageDescriptor": storage_json(&table.storage),
        "PartitionKeys": columns_json(&table.partition_keys),
        "TableType": table.table_type,
        "Parameters": table.parameters,
        "VersionId": table.version.to_string(),
    })
}

fn storage_json(storage: &StorageDescriptor) -> Value {
    json!({
        "Columns": columns_json(&storage.columns),
        "Location": storage.location,
        "InputFormat": storage.input_format,
        "OutputFormat": storage.output_format,
        "Compressed": storage.compressed,
        "SerdeInfo": {
            "SerializationLibrary": storage.serde.library,
            "Parameters": storage.serde.parameters,
        },
        "Parameters": storage.parameters,
    })
}

fn columns_json(columns: &[Column]) -> Value {
    let columns = columns.iter().map(|column| {
        json!({
            "Name": column.name,
            "Type": column.type_name,
            "Comment": column.comment,
        })
    });
    Value::Array(columns.collect())
}

async fn partitions(name: &TableName, stave: &Stave, output: Output) -> Result<(), Failure> {
    let TableName { database, table } = name;
    let found = stave
        .catalog
        .get_table(&stave.caller, database, table)
        .await?;
    if found.partition_keys.is_empty() {
        return Err(Error::invalid(format!(
            "table \"{database}.{table}\" has no partition keys"
        ))
        .into());
    }
    let mut list = Table::new(&["Values", "Location", "CreationTime"]);
    let mut after: Option<Vec<String>> = None;
    loop {
        let page = stave
            .catalog
            .list_partitions(&stave.caller, database, table, after, PAGE)
            .await?;
        let is_last = page.len() < PAGE;
        after = page.last().map(|partition| partition.values.clone());
        for partition in page {
            let keys = found.partition_keys.iter().zip(&partition.values);
            let values: Vec<String> = keys
                .map(|(key, value)| format!("{}={value}", key.name))
                .collect();
            list.row([
                values.join("/").into(),
                partition.storage.location.into(),
                partition.created_at.into(),
            ]);
        }
        if is_last {
            break;
        }
    }
    output.table(&list)
}

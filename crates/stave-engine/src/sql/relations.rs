//! Finds the tables that a statement names, and hands just those to the planner.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider,
};
use datafusion::common::TableReference;
use datafusion::sql::parser::Statement as PlannerStatement;
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast::{
    ObjectName, Spanned, Statement, TableFactor, Visit, Visitor,
};
use stave_core::catalog::Table;
use stave_core::{Error, ErrorKind, Result, nearest};

use super::source::{Place, Source};
use crate::catalog::Catalog;
use crate::tables::HiveTable;
use crate::{Engine, fault};

/// The catalog that names may begin with.
pub(super) const CATALOG: &str = "awsdatacatalog";
/// The database that is meant when none is named or chosen.
pub(super) const DEFAULT_DATABASE: &str = "default";

/// A table as a statement names it, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TableName {
    pub(super) database: Option<String>,
    pub(super) table: String,
}

impl TableName {
    /// `t`, `db.t` or `awsdatacatalog.db.t`.
    pub(super) fn of_parts(parts: &[String]) -> Result<Self> {
        let lower = |part: &String| part.to_lowercase();
        match parts {
            [table] => Ok(Self {
                database: None,
                table: lower(table),
            }),
            [database, table] => Ok(Self {
                database: Some(lower(database)),
                table: lower(table),
            }),
            [catalog, database, table] if catalog.eq_ignore_ascii_case(CATALOG) => Ok(Self {
                database: Some(lower(database)),
                table: lower(table),
            }),
            [catalog, _, _] => Err(
                Error::not_found(format!("there is no catalog \"{catalog}\""))
                    .hint(format!("the one catalog is {CATALOG}")),
            ),
            _ => Err(Error::invalid(
                "a table's name has one to three parts: catalog.database.table",
            )),
        }
    }

    fn of_reference(reference: &TableReference) -> Result<Self> {
        let parts: Vec<String> = [
            reference.catalog(),
            reference.schema(),
            Some(reference.table()),
        ]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect();
        Self::of_parts(&parts)
    }
}

/// Where names are looked up.
#[derive(Debug)]
pub(super) struct Lookup<'a> {
    pub(super) catalog: &'a Arc<dyn Catalog>,
    pub(super) default_database: Option<&'a str>,
}

impl Lookup<'_> {
    /// The database of that name, or the chosen one; an error when it is not there.
    pub(super) async fn database(&self, name: Option<&str>) -> Result<String> {
        let chosen = name
            .or(self.default_database)
            .unwrap_or(DEFAULT_DATABASE)
            .to_lowercase();
        let all = self.catalog.databases().await?;
        if all.contains(&chosen) {
            return Ok(chosen);
        }
        if name.is_none() && self.default_database.is_none() {
            return Err(Error::invalid("no database is chosen").hint(format!(
                "write database.table, or choose one with -d; {}",
                nearest::hint("", all.iter().map(String::as_str))
            )));
        }
        Err(
            Error::not_found(format!("database \"{chosen}\" does not exist"))
                .hint(nearest::hint(&chosen, all.iter().map(String::as_str))),
        )
    }

    /// The table of that name.
    pub(super) async fn table(&self, name: &TableName) -> Result<Table> {
        let chosen = name
            .database
            .as_deref()
            .or(self.default_database)
            .unwrap_or(DEFAULT_DATABASE);
        if let Some(table) = self
            .catalog
            .table(&chosen.to_lowercase(), &name.table)
            .await?
        {
            return Ok(table);
        }
        let database = self.database(name.database.as_deref()).await?;
        let all = self.catalog.tables(&database).await?;
        Err(Error::not_found(format!(
            "table \"{database}.{}\" does not exist",
            name.table
        ))
        .hint(nearest::hint(&name.table, all.iter().map(String::as_str))))
    }
}

/// A catalog for the planner that holds the tables which `statement` names.
pub(super) async fn prefetch(
    engine: &Engine,
    lookup: &Lookup<'_>,
    source: Source<'_>,
    statement: &Statement,
) -> Result<Arc<dyn CatalogProvider>> {
    let (references, written) = named(statement)?;
    let provider = MemoryCatalogProvider::new();
    let mut databases: BTreeMap<String, Arc<MemorySchemaProvider>> = BTreeMap::new();
    for reference in references {
        if written.functions.contains(reference.table()) {
            continue;
        }
        let found = async {
            let name = TableName::of_reference(&reference)?;
            let table = lookup.table(&name).await?;
            let database = name
                .database
                .or(lookup.default_database.map(str::to_lowercase))
                .unwrap_or_else(|| DEFAULT_DATABASE.to_owned());
            let key = table.name.clone();
            let table = HiveTable::new(engine, lookup.catalog, table)?;
            Ok::<_, Error>((database, key, table))
        };
        let (database, key, table) = found
            .await
            .map_err(|error| written.point(source, &reference, error))?;
        let schema = databases.entry(database).or_default();
        schema
            .register_table(key, Arc::new(table))
            .map_err(fault::engine)?;
    }
    for (name, schema) in databases {
        provider
            .register_schema(&name, schema)
            .map_err(fault::engine)?;
    }
    Ok(Arc::new(provider))
}

/// The tables and functions that `statement` names. A function of its own that is not async: the
/// body of an async one is compiled where it is awaited, in each program anew.
fn named(statement: &Statement) -> Result<(Vec<TableReference>, Written)> {
    let wrapped = PlannerStatement::Statement(Box::new(statement.clone()));
    let (references, _) = resolve_table_references(&wrapped, true).map_err(fault::engine)?;
    let mut written = Written::default();
    let _ = statement.visit(&mut written);
    Ok((references, written))
}

/// Where names of tables are written, and which of them are functions.
#[derive(Default)]
struct Written {
    relations: Vec<ObjectName>,
    functions: BTreeSet<String>,
}

impl Visitor for Written {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.relations.push(relation.clone());
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            name,
            args: Some(_),
            ..
        } = factor
        {
            self.functions.insert(last(name));
        }
        ControlFlow::Continue(())
    }
}

fn last(name: &ObjectName) -> String {
    let ident = name.0.last().and_then(|part| part.as_ident());
    ident
        .map(|ident| ident.value.to_lowercase())
        .unwrap_or_default()
}

impl Written {
    fn place(&self, source: Source<'_>, reference: &TableReference) -> Option<Place> {
        let parts = 1
            + usize::from(reference.schema().is_some())
            + usize::from(reference.catalog().is_some());
        let name = self
            .relations
            .iter()
            .find(|name| name.0.len() == parts && last(name) == reference.table())?;
        Some(source.place(name.span()))
    }

    fn point(&self, source: Source<'_>, reference: &TableReference, error: Error) -> Error {
        let about_name = matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::Invalid | ErrorKind::Unsupported
        );
        match self.place(source, reference).filter(|_| about_name) {
            Some(place) => {
                let shown = source.error(error.kind(), place, error.message());
                match error.hint_text() {
                    Some(hint) => shown.hint(hint),
                    None => shown,
                }
            }
            None => error,
        }
    }
}

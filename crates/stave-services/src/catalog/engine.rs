//! The catalog as the engine asks for it, on behalf of one caller.

use async_trait::async_trait;
use stave_core::catalog::{Partition, Table};
use stave_core::{Caller, ErrorKind, Result};

use super::Catalog;

/// How many rows are asked for at once.
const PAGE: usize = 1000;

/// Hands the engine what a caller may see of the catalog.
#[derive(Debug, Clone)]
pub struct EngineCatalog {
    catalog: Catalog,
    caller: Caller,
}

impl EngineCatalog {
    pub(super) fn new(catalog: Catalog, caller: Caller) -> Self {
        Self { catalog, caller }
    }
}

#[async_trait]
impl stave_engine::catalog::Catalog for EngineCatalog {
    async fn databases(&self) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let after = names.last().map(String::as_str);
            let page = self.catalog.list_databases(&self.caller, after, PAGE);
            let page = page.await?;
            let is_last = page.len() < PAGE;
            names.extend(page.into_iter().map(|database| database.name));
            if is_last {
                return Ok(names);
            }
        }
    }

    async fn tables(&self, database: &str) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let after = names.last().map(String::as_str);
            let page = self
                .catalog
                .list_tables(&self.caller, database, after, PAGE)
                .await?;
            let is_last = page.len() < PAGE;
            names.extend(page.into_iter().map(|table| table.name));
            if is_last {
                return Ok(names);
            }
        }
    }

    async fn table(&self, database: &str, name: &str) -> Result<Option<Table>> {
        match self.catalog.get_table(&self.caller, database, name).await {
            Ok(table) => Ok(Some(table)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn partitions(&self, database: &str, table: &str) -> Result<Vec<Partition>> {
        let mut all: Vec<Partition> = Vec::new();
        loop {
            let after = all.last().map(|partition| partition.values.clone());
            let page = self
                .catalog
                .list_partitions(&self.caller, database, table, after, PAGE)
                .await?;
            let is_last = page.len() < PAGE;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
}

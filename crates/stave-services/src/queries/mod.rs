//! Queries: SQL over the Data Catalog, as Athena has them.
//!
//! Must not know how a result is shown or where it is written.

#[cfg(test)]
mod sqllogic;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures::future::BoxFuture;
use stave_core::{Caller, Result};
use stave_engine::Engine;
use stave_engine::sql::QueryResult;

use crate::{Buckets, Catalog};

/// The workgroup that queries run in until there are others.
const WORKGROUP: &str = "primary";

/// The queries service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queries {
    engine: Engine,
    catalog: Catalog,
    buckets: Buckets,
    region: String,
}

impl Queries {
    /// The service that runs on `engine` over `catalog` and `buckets`.
    pub fn new(engine: Engine, catalog: Catalog, buckets: Buckets) -> Self {
        Self {
            engine,
            region: catalog.region().to_owned(),
            catalog,
            buckets,
        }
    }

    /// Starts one statement; names without a database are looked up in `database`.
    /// Its rows come out of the result as it is read; dropping the result stops it.
    pub fn run<'a>(
        &'a self,
        caller: &'a Caller,
        database: Option<&'a str>,
        sql: &'a str,
    ) -> BoxFuture<'a, Result<QueryResult>> {
        Box::pin(async move {
            let workgroup = format!(
                "arn:aws:athena:{}:{}:workgroup/{WORKGROUP}",
                self.region,
                caller.account()
            );
            caller.may("athena:StartQueryExecution", &workgroup)?;
            let catalog: Arc<dyn stave_engine::catalog::Catalog> =
                Arc::new(self.catalog.for_engine(caller));
            let engine = self.buckets.engine_for(&self.engine, caller)?;
            engine.query(&catalog, database, sql).await
        })
    }
}

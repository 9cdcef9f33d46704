//! Queries: SQL over the Data Catalog, as Athena has them.
//!
//! Must not know how a result is shown or where it is written.

mod execution;
#[cfg(test)]
mod sqllogic;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures::future::BoxFuture;
use stave_core::ids::uuid;
use stave_core::{Caller, IdSource, Result};
use stave_engine::Engine;
use stave_engine::sql::{QueryResult, ReadStatement};

use self::execution::Execution;
use crate::announce::Announce;
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
    told: Option<Told>,
}

/// Who is told of executions, and where their ids come from.
#[derive(Debug, Clone)]
struct Told {
    announce: Arc<dyn Announce>,
    ids: Arc<dyn IdSource>,
}

impl Queries {
    /// The service that runs on `engine` over `catalog` and `buckets`.
    pub fn new(engine: Engine, catalog: Catalog, buckets: Buckets) -> Self {
        Self {
            engine,
            region: catalog.region().to_owned(),
            catalog,
            buckets,
            told: None,
        }
    }

    /// The same service, which gives executions an id and tells what becomes of them. It tells as
    /// it works: `announce` should not make it wait.
    pub fn announcing(mut self, announce: Arc<dyn Announce>, ids: Arc<dyn IdSource>) -> Self {
        self.told = Some(Told { announce, ids });
        self
    }

    /// Starts one statement; names without a database are looked up in `database`.
    /// Its rows come out of the result as it is read; dropping the result stops it. One that
    /// cannot be read is no execution, as in Athena.
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
            let statement = ReadStatement::read(sql)?;
            let execution = self.told.as_ref().map(|told| {
                let announce = Arc::clone(&told.announce);
                Execution::begin(uuid(&*told.ids), statement.statement_type(), announce)
            });
            let answered = engine.answer(&catalog, database, statement).await;
            match (answered, execution) {
                (Ok(mut result), Some(execution)) => {
                    result.when_ended(move |ended, statistics| execution.end(ended, statistics));
                    Ok(result)
                }
                (Err(error), Some(execution)) => {
                    execution.fail(&error);
                    Err(error)
                }
                (answered, None) => answered,
            }
        })
    }
}

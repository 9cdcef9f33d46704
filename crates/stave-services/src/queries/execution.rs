//! What is told of the execution of a statement: its states as events, and at its end what it
//! took.
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/athena-events.html>
//! <https://docs.aws.amazon.com/athena/latest/ug/query-metrics-viewing.html>

use std::sync::Arc;
use std::time::{Duration, Instant};

use stave_core::Error;
use stave_core::events::platform::{QueryChange, query_state};
use stave_engine::sql::{Ended, QueryStatistics, StatementType};

use super::WORKGROUP;
use crate::announce::{Announce, Figure};

const NAMESPACE: &str = "AWS/Athena";

/// An execution that has begun. One that is dropped before its end was cancelled.
#[derive(Debug)]
pub(super) struct Execution {
    id: String,
    statement_type: StatementType,
    begun: Instant,
    announce: Arc<dyn Announce>,
    /// The last state that was told, and its number.
    state: Option<&'static str>,
    sequence: u32,
}

impl Execution {
    /// Begins one, of that id.
    pub fn begin(id: String, statement_type: StatementType, announce: Arc<dyn Announce>) -> Self {
        let mut execution = Self {
            id,
            statement_type,
            begun: Instant::now(),
            announce,
            state: None,
            sequence: 0,
        };
        execution.pass("QUEUED", None);
        execution.pass("RUNNING", None);
        execution
    }

    /// Ends it.
    pub fn end(mut self, ended: Ended<'_>, statistics: QueryStatistics) {
        match ended {
            Ended::Succeeded => {
                self.pass("SUCCEEDED", None);
                self.measure("SUCCEEDED", Some(statistics));
            }
            Ended::Failed(error) => self.failed(error),
        }
    }

    /// Ends it with an error.
    pub fn fail(mut self, error: &Error) {
        self.failed(error);
    }

    fn failed(&mut self, error: &Error) {
        self.pass("FAILED", Some(error.message()));
        self.measure("FAILED", None);
    }

    fn has_ended(&self) -> bool {
        !matches!(self.state, None | Some("QUEUED" | "RUNNING"))
    }

    /// Comes to a state.
    fn pass(&mut self, state: &'static str, error: Option<&str>) {
        self.sequence += 1;
        self.announce.announce(query_state(&QueryChange {
            id: &self.id,
            statement_type: self.statement_type.as_str(),
            workgroup: WORKGROUP,
            previous: self.state,
            current: state,
            sequence: self.sequence,
            error,
        }));
        self.state = Some(state);
    }

    /// Tells the times, and of what has succeeded how much was read, where that is known.
    fn measure(&self, state: &str, statistics: Option<QueryStatistics>) {
        let mut figures = vec![self.time(state, "TotalExecutionTime", self.begun.elapsed())];
        if let Some(known) = statistics {
            let engine = known.planning + known.execution;
            figures.push(self.time(state, "EngineExecutionTime", engine));
            figures.push(self.time(state, "QueryPlanningTime", known.planning));
            if self.statement_type == StatementType::Dml && !known.has_read_text {
                #[expect(clippy::cast_precision_loss, reason = "figures are of this type")]
                let bytes = known.scanned_bytes as f64;
                figures.push(self.figure(state, "ProcessedBytes", bytes, "Bytes"));
            }
        }
        self.announce.measure(&figures);
    }

    fn time(&self, state: &str, name: &'static str, time: Duration) -> Figure {
        self.figure(state, name, time.as_secs_f64() * 1000.0, "Milliseconds")
    }

    fn figure(&self, state: &str, name: &'static str, value: f64, unit: &'static str) -> Figure {
        Figure {
            namespace: NAMESPACE,
            name,
            dimensions: vec![
                ("QueryState", state.to_owned()),
                ("QueryType", self.statement_type.as_str().to_owned()),
                ("WorkGroup", WORKGROUP.to_owned()),
            ],
            value,
            unit,
        }
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        if !self.has_ended() {
            self.pass("CANCELLED", None);
            // CloudWatch spells it otherwise.
            self.measure("CANCELED", None);
        }
    }
}

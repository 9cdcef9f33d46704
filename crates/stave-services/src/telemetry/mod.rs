//! CloudWatch: logs with filters and queries, metrics with statistics and math, alarms and
//! dashboards.
//!
//! Callers come with a `Caller` and are asked for permission at the top of each operation. The
//! platform's own services write through [`Sink`], which only takes things into memory: what
//! they do never waits for telemetry. All of this blocks; who runs on an async runtime decides
//! where. Errors carry AWS's codes.
//!
//! Must not know: wire formats, the engine, any other service. What an alarm is to do goes
//! through [`AlarmPort`].

mod alarms;
mod dashboards;
mod errors;
mod insights;
mod logs;
mod metrics;
mod names;
mod pages;
mod prometheus;
mod sink;
#[cfg(test)]
mod tests;
mod waiting;

use std::sync::Arc;

use jiff::Timestamp;
use stave_core::Result;
use stave_store::Store;
use stave_store::telemetry::TelemetryStore;
pub use stave_store::telemetry::{AlarmKind, LogEvent};

pub use self::alarms::{
    Action, ActionsOf, Alarm, AlarmFilter, AlarmHistory, AlarmPort, AlarmTarget, HistoryFilter,
    NewAlarm, NewCompositeAlarm, StateChange, Ticked,
};
pub use self::dashboards::{Dashboard, DashboardEntry};
pub use self::insights::{MAX_RESULT_ROWS, QueryRow};
pub use self::logs::{
    EventPage, FilterEvents, FilterMatch, FilteredEvent, FilteredPage, GetEvents, GroupFilter,
    LogGroup, LogLine, LogStream, Maintained, MetricFilter, MetricFilterQuery, NewLogGroup,
    NewQuery, PutLogs, QueryInfo, QueryResults, QueryStatistics, QueryStatus, RejectedLogs,
    StreamFilter, StreamOrder, TailEvents, TailPage, Transformation,
};
pub use self::metrics::{
    DataPage, DataQuery, DataRequest, DataResult, DataSource, Datapoint, ListedMetric, Metric,
    MetricDatum, MetricFilterList, MetricStat, MetricValue, StatisticsRequest, UNITS,
};
pub use self::pages::{Page, PageRequest};
pub use self::sink::{Flushed, Flusher, Sink, SinkMetric};

/// Tags: names and values.
pub type Tags = std::collections::BTreeMap<String, String>;

/// The telemetry service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    store: TelemetryStore,
    account: String,
    region: String,
    sink: Sink,
    filters: logs::Compiled,
    queries: logs::Queries,
}

impl Telemetry {
    /// The telemetry of the home in `store`.
    pub fn open(store: &Store, account: &str, region: &str) -> Result<Self> {
        let telemetry = TelemetryStore::open(store)?;
        Ok(Self(Arc::new(Parts {
            sink: Sink::new(telemetry.clone()),
            store: telemetry,
            account: account.to_owned(),
            region: region.to_owned(),
            filters: logs::Compiled::default(),
            queries: logs::Queries::default(),
        })))
    }

    /// Whether the home in `store` has telemetry: it is made where it is opened first.
    pub fn is_there(store: &Store) -> bool {
        TelemetryStore::is_there(store)
    }

    fn store(&self) -> &TelemetryStore {
        &self.0.store
    }

    fn now(&self) -> Timestamp {
        self.0.store.now()
    }

    fn now_ms(&self) -> i64 {
        self.now().as_millisecond()
    }

    /// `arn:aws:logs:us-east-1:123456789012:log-group:name`.
    fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.0.region, self.0.account
        )
    }
}

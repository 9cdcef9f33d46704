//! Coming to rest: environments end, and what they wrote is handed over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use stave_core::Result;
use tokio::sync::Notify;

use super::Functions;
use super::ports::{LogEvent, LogSink};

/// How often is looked whether what ran has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How many logs of environments are still being handed over.
#[derive(Debug, Default)]
pub(super) struct OpenLogs {
    count: AtomicUsize,
    closed: Notify,
}

/// The log of one environment; it is open for as long as somebody holds this.
#[derive(Debug)]
struct OpenLog {
    sink: Arc<dyn LogSink>,
    all: Arc<OpenLogs>,
}

impl Drop for OpenLog {
    fn drop(&mut self) {
        self.all.count.fetch_sub(1, Ordering::AcqRel);
        self.all.closed.notify_waiters();
    }
}

#[async_trait]
impl LogSink for OpenLog {
    async fn put(&self, group: &str, stream: &str, events: Vec<LogEvent>) -> Result<()> {
        self.sink.put(group, stream, events).await
    }
}

impl Functions {
    /// Where an environment's lines go.
    pub(super) fn log_sink(&self) -> Arc<dyn LogSink> {
        let all = Arc::clone(&self.0.open_logs);
        all.count.fetch_add(1, Ordering::AcqRel);
        let sink = Arc::clone(&self.ports().logs);
        Arc::new(OpenLog { sink, all })
    }

    /// Ends the environments that wait for an event, and comes back when all that environments
    /// wrote has been handed over. What still runs is waited for.
    pub async fn rest(&self) {
        self.0.pool.retire_idle(Duration::ZERO);
        let all = &self.0.open_logs;
        loop {
            let closed = all.closed.notified();
            tokio::pin!(closed);
            closed.as_mut().enable();
            if all.count.load(Ordering::Acquire) == 0 {
                return;
            }
            // What runs becomes idle without a word.
            let _ = tokio::time::timeout(LOOK_AGAIN, closed).await;
            self.0.pool.retire_idle(Duration::ZERO);
        }
    }
}

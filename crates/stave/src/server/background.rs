//! What runs beside the requests while a server is there: the queue of functions, what is due and
//! what is to be delivered, notifications of buckets, and telemetry.

use std::sync::Arc;
use std::time::Duration;

use stave_core::Result;
use stave_services::functions::Workers;
use stave_services::telemetry::Flusher;
use stave_services::{Notifications, Schedules, Telemetry};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::compose::{AlarmActions, Stave};

/// How often what waits in memory of logs and metrics is written.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
/// How often alarms are looked at that may be due.
const ALARMS_EVERY: Duration = Duration::from_secs(2);
/// How long is waited after a failure, which may last: a full disk.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What runs beside the requests. It ends when this is dropped; what is written as rows goes on
/// with the next server.
pub struct Background {
    tasks: Vec<JoinHandle<()>>,
    _workers: Workers,
    _flusher: Flusher,
}

impl Background {
    /// Starts all of it.
    pub async fn start(stave: &Arc<Stave>) -> Result<Self> {
        let platform = stave.platform()?;
        let workers = platform.functions.start().await?;
        let flusher = Self::flush(stave)?;
        let actions = AlarmActions::new(platform, Handle::current());
        let tasks = vec![
            tokio::spawn(fire(platform.schedules.clone())),
            tokio::spawn(notify(platform.notifications.clone())),
            tokio::spawn(watch(platform.telemetry.clone(), actions)),
        ];
        Ok(Self {
            tasks,
            _workers: workers,
            _flusher: flusher,
        })
    }

    /// Starts only the writing of logs and metrics.
    pub fn flush(stave: &Stave) -> Result<Flusher> {
        stave.platform()?.telemetry.start_flusher(FLUSH_EVERY)
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Fires rules and schedules, and delivers.
async fn fire(schedules: Schedules) {
    loop {
        match schedules.work().await {
            Ok(next) => schedules.wait(next).await,
            Err(error) => {
                tracing::warn!(%error, "rules and schedules were not worked on");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

/// Tells what buckets are to tell.
async fn notify(notifications: Notifications) {
    loop {
        match notifications.work().await {
            Ok(worked) if worked.missed > 0 => {
                tracing::warn!(missed = worked.missed, "events of objects were lost");
            }
            Ok(worked) if worked.events > 0 => {}
            Ok(_) => notifications.wait().await,
            Err(error) => {
                tracing::warn!(%error, "notifications were not worked on");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

/// Looks at alarms and does what they say.
async fn watch(telemetry: Telemetry, actions: AlarmActions) {
    loop {
        tokio::time::sleep(ALARMS_EVERY).await;
        let (telemetry, actions) = (telemetry.clone(), actions.clone());
        match tokio::task::spawn_blocking(move || telemetry.tick(&actions)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "alarms were not looked at"),
            Err(error) => tracing::error!(%error, "looking at alarms broke off"),
        }
    }
}

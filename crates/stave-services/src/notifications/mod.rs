//! S3's event notifications: which buckets tell whom what, and the work that tells it.
//!
//! What happens to objects stands in the store's outbox. [`Notifications::work`] makes of it
//! what functions and EventBridge are to be given, and queues that in the transaction that
//! passes the outbox on: nothing is lost, and nothing is queued twice, by however many
//! processes.
//!
//! Must not know: wire formats, what a function does, how deliveries are made
//! ([`crate::schedules`]).
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html>

mod configuration;
mod filter;
mod record;
#[cfg(test)]
mod tests;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stave_core::{BucketName, Caller, ErrorKind, Result};
use stave_store::{BucketSetting, Store};

pub use self::configuration::{FunctionNotification, NotificationConfiguration};
pub use self::work::Worked;
use crate::Buckets;
use crate::schedules::{Schedules, Sender, Targets};

/// The name under which the outbox is read.
const CONSUMER: &str = "notifications";
/// How often is looked for what other processes have done to objects.
const POLL: Duration = Duration::from_millis(500);

/// The notifications service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notifications(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    store: Store,
    buckets: Buckets,
    schedules: Schedules,
    targets: Arc<dyn Targets>,
    /// Woken when something has happened to an object.
    work: tokio::sync::Notify,
    /// Whether any bucket has been told to tell anybody, as far as this process knows.
    is_asked: AtomicBool,
}

impl Notifications {
    /// The service on the home in `store`, for its `buckets`, which delivers through `schedules`.
    pub fn new(
        store: Store,
        buckets: Buckets,
        schedules: Schedules,
        targets: Arc<dyn Targets>,
    ) -> Self {
        Self(Arc::new(Parts {
            store,
            buckets,
            schedules,
            targets,
            work: tokio::sync::Notify::new(),
            is_asked: AtomicBool::new(true),
        }))
    }

    /// Something has happened to an object of this process: whoever waits may work.
    pub fn wake(&self) {
        if self.0.is_asked.load(Ordering::Relaxed) {
            self.0.work.notify_one();
        }
    }

    /// Waits until there may be something to work on, for a while at most: another process may
    /// have done something.
    pub async fn wait(&self) {
        // Either will do; what comes later is told again.
        let _ = tokio::time::timeout(POLL, self.0.work.notified()).await;
    }

    /// Says whom a bucket tells what, in place of what was said before
    /// (`PutBucketNotificationConfiguration`). Unless the destinations are not to be checked,
    /// functions must be there and let the bucket invoke them. Blocking.
    pub fn put_configuration(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        configuration: &NotificationConfiguration,
        skip_destinations: bool,
    ) -> Result<()> {
        let action = "s3:PutBucketNotification";
        self.0.buckets.permit_here(caller, action, bucket)?;
        let mut configuration = configuration.clone();
        configuration.check()?;
        configuration.name_all(|| stave_core::ids::uuid_of(self.0.store.event_id()));
        if !skip_destinations {
            self.check_destinations(bucket, &configuration)?;
        }
        let buckets = self.0.store.buckets();
        let document = if configuration == NotificationConfiguration::default() {
            None
        } else {
            // Before it is said, so that nothing that happens from then on goes by.
            self.0.store.add_event_consumer(CONSUMER)?;
            self.0.is_asked.store(true, Ordering::Relaxed);
            Some(configuration.to_text()?)
        };
        buckets.set_bucket_setting(bucket, BucketSetting::Notification, document.as_deref())
    }

    /// Whom a bucket tells what (`GetBucketNotificationConfiguration`). Blocking.
    pub fn configuration(
        &self,
        caller: &Caller,
        bucket: &BucketName,
    ) -> Result<NotificationConfiguration> {
        let action = "s3:GetBucketNotification";
        self.0.buckets.permit_here(caller, action, bucket)?;
        self.read(bucket)
    }

    fn read(&self, bucket: &BucketName) -> Result<NotificationConfiguration> {
        let buckets = self.0.store.buckets();
        match buckets.bucket_setting(bucket, BucketSetting::Notification)? {
            Some(text) => NotificationConfiguration::of_text(&text),
            None => Ok(NotificationConfiguration::default()),
        }
    }

    fn check_destinations(
        &self,
        bucket: &BucketName,
        configuration: &NotificationConfiguration,
    ) -> Result<()> {
        for function in &configuration.functions {
            let check = function
                .function_arn
                .parse()
                .and_then(|arn| self.0.targets.check(Sender::Bucket, &bucket.arn(), &arn));
            check.map_err(|error| match error.kind() {
                ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::Invalid => {
                    configuration::wrong(
                        "Unable to validate the following destination configurations",
                    )
                    .hint(format!(
                        "{}: {}",
                        function.function_arn,
                        error.message()
                    ))
                }
                _ => error,
            })?;
        }
        Ok(())
    }
}

//! From the outbox of object events to what functions and EventBridge are to be given.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use stave_core::{BucketName, ErrorKind, Result};
use stave_store::ObjectEvent;

use super::configuration::NotificationConfiguration;
use super::filter::{Filter, is_asked};
use super::record::{Place, bridged, records};
use super::{CONSUMER, Notifications};
use crate::blocking::blocking;
use crate::schedules::{NewDelivery, RetryPolicy, Routed};

/// How many events are worked on at once.
const BATCH: usize = 500;

/// What was worked on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worked {
    /// How many events were passed on, whether anybody asks for them or not.
    pub events: usize,
    /// How many deliveries were queued.
    pub deliveries: usize,
    /// How many events were lost, because nobody worked for too long.
    pub missed: u64,
}

/// What a bucket asks for.
#[derive(Debug, Default)]
struct Asked {
    functions: Vec<(Filter, NotificationFunction)>,
    event_bridge: bool,
}

#[derive(Debug)]
struct NotificationFunction {
    id: String,
    arn: String,
    events: Vec<String>,
}

impl Asked {
    fn new(configuration: NotificationConfiguration) -> Result<Self> {
        let functions = configuration.functions.into_iter().map(|function| {
            let filter = function.filter()?;
            let asked = NotificationFunction {
                id: function.id.unwrap_or_default(),
                arn: function.function_arn,
                events: function.events,
            };
            Ok((filter, asked))
        });
        Ok(Self {
            functions: functions.collect::<Result<_>>()?,
            event_bridge: configuration.event_bridge,
        })
    }

    fn functions<'a>(
        &'a self,
        event: &'a ObjectEvent,
    ) -> impl Iterator<Item = &'a NotificationFunction> {
        let is_meant = |(filter, function): &&(Filter, NotificationFunction)| {
            filter.lets_through(event.key.as_str())
                && function
                    .events
                    .iter()
                    .any(|asked| is_asked(asked, &event.name))
        };
        self.functions
            .iter()
            .filter(is_meant)
            .map(|(_, function)| function)
    }
}

impl Notifications {
    /// Works on some of what has happened since; nothing is left when no events are told.
    pub async fn work(&self) -> Result<Worked> {
        let this = self.clone();
        blocking(&self.0.store, move |_| this.pass_some_on()).await
    }

    /// As [`Self::work`]. Blocking.
    pub fn pass_some_on(&self) -> Result<Worked> {
        let taken = match self.0.store.take_events(CONSUMER, BATCH) {
            // No bucket has ever been told to tell anybody.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.0.is_asked.store(false, Ordering::Relaxed);
                return Ok(Worked::default());
            }
            taken => taken?,
        };
        self.0.is_asked.store(true, Ordering::Relaxed);
        let (Some(first), Some(last)) = (taken.events.first(), taken.events.last()) else {
            return Ok(Worked::default());
        };
        let mut known = HashMap::new();
        let mut routed = Routed::default();
        let mut said = Vec::new();
        for event in &taken.events {
            let asked = self.asked(&mut known, &event.bucket)?;
            for function in asked.functions(event) {
                routed.deliveries.push(self.delivery(event, function)?);
            }
            if asked.event_bridge {
                said.extend(bridged(self.place(), event));
            }
        }
        routed.extend(self.0.schedules.route_platform_events(said)?);
        let is_first =
            self.0
                .schedules
                .queue_object_events(&routed, CONSUMER, (first.seq, last.seq))?;
        if !is_first {
            // Another process did the very same; what comes next is another batch.
            return Ok(Worked {
                events: taken.events.len(),
                ..Worked::default()
            });
        }
        Ok(Worked {
            events: taken.events.len(),
            deliveries: routed.deliveries.len(),
            missed: taken.missed,
        })
    }

    fn asked(
        &self,
        known: &mut HashMap<BucketName, Arc<Asked>>,
        bucket: &BucketName,
    ) -> Result<Arc<Asked>> {
        if let Some(asked) = known.get(bucket) {
            return Ok(Arc::clone(asked));
        }
        let asked = match self.read(bucket) {
            Ok(configuration) => Asked::new(configuration)?,
            // The bucket is gone, and with it whoever was to be told.
            Err(error) if error.kind() == ErrorKind::NotFound => Asked::default(),
            Err(error) => return Err(error),
        };
        let asked = Arc::new(asked);
        known.insert(bucket.clone(), Arc::clone(&asked));
        Ok(asked)
    }

    fn delivery(
        &self,
        event: &ObjectEvent,
        function: &NotificationFunction,
    ) -> Result<NewDelivery> {
        let retry = RetryPolicy::default();
        let age = SignedDuration::from_secs(i64::from(retry.max_age_seconds));
        let expires_at = self.0.store.clock_now().checked_add(age).map_err(|error| {
            stave_core::Error::internal("the clock is beyond its range").caused_by(error)
        })?;
        Ok(NewDelivery {
            id: format!("{} {} {}", event.bucket.arn(), event.seq, function.id),
            source: event.bucket.arn(),
            target: function.arn.clone(),
            role: None,
            payload: records(self.place(), event, &function.id),
            details: None,
            max_attempts: retry.max_attempts + 1,
            expires_at,
        })
    }

    fn place(&self) -> Place<'_> {
        Place {
            account: self.0.schedules.account(),
            region: self.0.schedules.region(),
        }
    }
}

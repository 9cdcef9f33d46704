//! Where records of asynchronous invocations go that do not go to another function: buckets and
//! buses.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use stave_core::{Arn, BucketName, Caller, Error, ObjectKey, Result};
use stave_services::functions::{Delivery, Destinations};
use stave_services::schedules::EventEntry;
use stave_services::{Buckets, Schedules};

use stave_store::blocking;

/// Delivers records.
#[derive(Debug)]
pub(super) struct Deliveries {
    buckets: Buckets,
    schedules: Arc<OnceLock<Schedules>>,
    region: String,
}

/// Where a record can go.
enum Place {
    Bucket(BucketName),
    Bus(Arn),
}

impl Deliveries {
    /// Deliveries to buses go through `schedules`, once they are opened.
    pub fn new(buckets: Buckets, schedules: Arc<OnceLock<Schedules>>, region: &str) -> Self {
        Self {
            buckets,
            schedules,
            region: region.to_owned(),
        }
    }

    fn place(arn: &str) -> Result<Place> {
        let parsed: Arn = arn.parse()?;
        match (parsed.service(), parsed.typed_resource()) {
            ("s3", _) => Ok(Place::Bucket(BucketName::new(parsed.resource())?)),
            ("events", ("event-bus", _)) => Ok(Place::Bus(parsed)),
            (service, _) => Err(Error::unsupported(format!(
                "destinations of {service} are not implemented: {arn}"
            ))
            .coded("InvalidParameterValueException")
            .hint("a function, a bucket or an event bus can be a destination")),
        }
    }
}

#[async_trait]
impl Destinations for Deliveries {
    fn check(&self, arn: &str, on_success: bool) -> Result<()> {
        match Self::place(arn)? {
            // Only failures go to buckets, as in AWS.
            Place::Bucket(_) if on_success => Err(Error::invalid(format!(
                "The destination ARN {arn} is invalid: a bucket takes failures only."
            ))
            .coded("InvalidParameterValueException")),
            Place::Bucket(_) | Place::Bus(_) => Ok(()),
        }
    }

    async fn deliver(&self, caller: &Caller, arn: &str, record: &Delivery) -> Result<()> {
        let bus = match Self::place(arn)? {
            Place::Bucket(bucket) => {
                let key = ObjectKey::new(record.object_key())?;
                let body = record.record.clone();
                self.buckets.put_bytes(caller, &bucket, &key, body).await?;
                return Ok(());
            }
            Place::Bus(bus) => bus,
        };
        let schedules = self.schedules.get().cloned();
        let schedules = schedules.ok_or_else(|| Error::unavailable("rules are not there yet"))?;
        let how = if record.succeeded {
            "Success"
        } else {
            "Failure"
        };
        let function = format!(
            "arn:aws:lambda:{}:{}:function:{}",
            self.region,
            schedules.account(),
            record.function
        );
        let entry = EventEntry {
            at: Some(record.at),
            source: Some("lambda".to_owned()),
            resources: vec![arn.to_owned(), function],
            detail_type: Some(format!("Lambda Function Invocation Result - {how}")),
            detail: Some(record.record.clone()),
            bus: Some(bus.as_str().to_owned()),
        };
        let caller = caller.clone();
        let put = blocking("a record was not put on a bus", move || {
            schedules.put_events(&caller, &[entry])
        });
        match put.await?.into_iter().next() {
            Some(Err((code, message))) => Err(Error::unavailable(message).coded(code)),
            Some(Ok(_)) | None => Ok(()),
        }
    }
}

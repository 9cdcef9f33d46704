//! What rules, schedules and buckets can send to, and how it is sent there.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use stave_core::events::InputTransformer;
use stave_core::{Arn, Caller, Clock, Error, ErrorKind, Result};
use stave_services::functions::{InvocationRequest, InvocationType};
use stave_services::schedules::{Sender, Shipment, Targets};
use stave_services::{Figure, Functions, Iam, Telemetry};

use super::destination::{Destination, invocation};
use super::instruments::measure;
use super::log_line::{check_template, log_line};
use super::work::{Work, Workers};
use stave_store::blocking;

/// The groups that EventBridge may write to without a role, as the policy says that AWS's console
/// gives log groups.
const EVENT_LOGS: &str = "/aws/events/";
const BROKEN: &str = "a delivery broke off";

/// Sends to functions and log groups, and starts jobs, crawlers and extracts.
#[derive(Debug)]
pub(super) struct PlatformTargets {
    pub iam: Iam,
    pub functions: Functions,
    pub telemetry: Telemetry,
    pub workers: Workers,
    pub clock: Arc<dyn Clock>,
    pub region: String,
}

impl PlatformTargets {
    /// Who sends: a session of the role, or the service, which functions let in by their policy.
    async fn sender(&self, shipment: &Shipment) -> Result<Caller> {
        let principal = shipment.sender.principal();
        let Some(role) = shipment.role_arn.clone() else {
            return Ok(self
                .functions
                .service_caller(principal, &shipment.source_arn));
        };
        let iam = self.iam.clone();
        blocking(BROKEN, move || {
            iam.service_session(principal, &role, "delivery")
        })
        .await
    }

    async fn invoke(&self, caller: &Caller, function: &str, payload: Bytes) -> Result<()> {
        let request = InvocationRequest {
            name: function.to_owned(),
            kind: InvocationType::Event,
            payload,
            ..InvocationRequest::default()
        };
        self.functions.invoke(caller, request).await.map(drop)
    }

    /// Writes to a log group, into a stream of the rule's or schedule's. It is there for good
    /// when this returns.
    async fn log(&self, caller: Caller, group: String, shipment: &Shipment) -> Result<()> {
        let telemetry = self.telemetry.clone();
        let owner = Caller::root(self.iam.account());
        let caller = match shipment.role_arn {
            None if group.starts_with(EVENT_LOGS) => owner.clone(),
            _ => caller,
        };
        let stream = shipment.source_arn.splitn(6, ':').last();
        let stream = stream.unwrap_or_default().replace([':', '*'], "-");
        let line = log_line(shipment.payload.clone(), self.clock.now())?;
        blocking(BROKEN, move || {
            match telemetry.create_log_stream(&owner, &group, &stream) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => made?,
            }
            let put = telemetry.put_log_events(&caller, &group, &stream, &[line])?;
            if put.rejected.is_some() {
                return Err(Error::invalid(
                    "what is to be logged is of a time that the log group does not take",
                ));
            }
            Ok(())
        })
        .await
    }

    /// Starts what works on for a while, in a process of its own.
    async fn start(&self, caller: &Caller, id: &str, work: Work) -> Result<()> {
        let resource = format!(
            "arn:aws:{}:{}:{}:{}",
            work.service(),
            self.region,
            self.iam.account(),
            work.resource()
        );
        caller.may(work.action(), &resource)?;
        self.workers.start(id, work).await
    }

    /// Refuses what is in another account or region: it is not to be taken for what is here.
    fn check_place(&self, target: &Arn) -> Result<()> {
        // Operations of the SDK are in no place.
        let is_anywhere = target.region().is_empty() && target.account().is_empty();
        if is_anywhere || (target.region(), target.account()) == (&*self.region, self.iam.account())
        {
            return Ok(());
        }
        Err(Error::unsupported(format!(
            "the target {target} is not implemented: it is not in this account and region"
        )))
    }
}

#[async_trait]
impl Targets for PlatformTargets {
    fn check(&self, sender: Sender, source_arn: &str, target: &Arn) -> Result<()> {
        let destination = Destination::of(target)?;
        self.check_place(target)?;
        if sender != Sender::Bucket {
            return Ok(());
        }
        let Destination::Function(function) = destination else {
            return Err(Error::unsupported(format!(
                "a bucket cannot send to {target}: functions and EventBridge are implemented"
            )));
        };
        let principal = sender.principal();
        let bucket = self.functions.service_caller(principal, source_arn);
        self.functions.may_invoke(&bucket, &function)
    }

    fn check_template(&self, target: &Arn, template: &InputTransformer) -> Result<()> {
        match Destination::of(target)? {
            Destination::LogGroup(_) => check_template(template),
            _ => Ok(()),
        }
    }

    fn needs_role(&self, target: &Arn) -> bool {
        match Destination::of(target) {
            Ok(Destination::Work(_) | Destination::CalledFunction) => true,
            Ok(Destination::LogGroup(group)) => !group.starts_with(EVENT_LOGS),
            Ok(Destination::Function(_)) | Err(_) => false,
        }
    }

    async fn deliver(&self, shipment: &Shipment) -> Result<()> {
        let target: Arn = shipment.target_arn.parse()?;
        let destination = Destination::of(&target)?;
        self.check_place(&target)?;
        let caller = self.sender(shipment).await?;
        match destination {
            Destination::Function(function) => {
                let payload = Bytes::from(shipment.payload.clone());
                self.invoke(&caller, &function, payload).await
            }
            Destination::CalledFunction => {
                let (function, payload) = invocation(&shipment.payload)?;
                self.invoke(&caller, &function, payload).await
            }
            Destination::LogGroup(group) => self.log(caller, group, shipment).await,
            Destination::Work(kind) => {
                let work = Work::read(&kind, &shipment.payload)?;
                self.start(&caller, &shipment.id, work).await
            }
        }
    }

    fn measured(&self, figures: &[Figure]) {
        measure(&self.telemetry, figures);
    }
}

//! What is on the other side: whatever can be a target.

use async_trait::async_trait;
use stave_core::events::InputTransformer;
use stave_core::{Arn, Result};

use crate::announce::Figure;

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A rule of EventBridge.
    Rule,
    /// A schedule.
    Schedule,
    /// A bucket.
    Bucket,
}

impl Sender {
    /// The service's principal, which roles trust and resource policies name.
    pub fn principal(self) -> &'static str {
        match self {
            Self::Rule => "events.amazonaws.com",
            Self::Schedule => "scheduler.amazonaws.com",
            Self::Bucket => "s3.amazonaws.com",
        }
    }

    /// Who an ARN of a source is.
    pub(super) fn of(source: &str) -> Self {
        match source.split(':').nth(2) {
            Some("s3") => Self::Bucket,
            Some("scheduler") => Self::Schedule,
            _ => Self::Rule,
        }
    }
}

/// Something that is brought to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipment {
    /// What makes it one: it may be brought more than once, under the same id.
    pub id: String,
    /// Who sends it.
    pub sender: Sender,
    /// The ARN of the rule, schedule or bucket.
    pub source_arn: String,
    /// The target's ARN.
    pub target_arn: String,
    /// The role that it is sent with; without one the target's own policy must allow it.
    pub role_arn: Option<String>,
    /// What is sent: JSON, for all targets that AWS calls functions.
    pub payload: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

/// The code of the error of a target that can take no more now.
pub const BUSY: &str = "Busy";

/// What can be sent to: functions, and Stave's own jobs, crawlers and extracts.
#[async_trait]
pub trait Targets: std::fmt::Debug + Send + Sync {
    /// Checks that `target` can be sent to: what is of no kind that is served is
    /// [`Unsupported`](stave_core::ErrorKind::Unsupported). For a bucket it must also be there
    /// and let the bucket `source_arn` send to it, as S3 asks.
    fn check(&self, sender: Sender, source_arn: &str, target: &Arn) -> Result<()>;

    /// Checks that `target` takes what such a template makes.
    fn check_template(&self, target: &Arn, template: &InputTransformer) -> Result<()> {
        let _ = (target, template);
        Ok(())
    }

    /// Whether `target` takes something only from who has a role: it has no policy of its own.
    fn needs_role(&self, target: &Arn) -> bool;

    /// Brings something to its target, which has taken it for good when this returns: it is not
    /// awaited what comes of it. Checks that the role, or the target's policy, allows it.
    ///
    /// An `Unavailable` of the code [`BUSY`] is no attempt: it is tried again as long as there is
    /// time. What is `NotFound`, `Denied`, `Invalid` or `Unsupported` is given up, everything else is
    /// tried again. It has to answer within 45 seconds.
    async fn deliver(&self, shipment: &Shipment) -> Result<()>;

    /// Takes what was counted of rules and schedules. Nobody waits for it.
    fn measured(&self, figures: &[Figure]) {
        let _ = figures;
    }
}

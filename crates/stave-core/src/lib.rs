//! The pure rules of Stave: names, ids, errors, limits, time, type names, the
//! Data Catalog's nouns and the job graph.
//!
//! Must not know: tokio, files, SQL, HTTP, arrow. Nothing in here does IO, so
//! everything in here is tested as a table.

#![forbid(unsafe_code)]

pub mod arn;
pub mod caller;
pub mod catalog;
pub mod clock;
pub mod error;
pub mod events;
pub mod hive;
pub mod iam;
pub mod ids;
pub mod job;
pub mod log_filter;
pub mod metrics;
pub mod names;
pub mod nearest;
pub mod schedule;
pub mod sha256;
pub mod sigv4;
pub mod units;

pub use arn::Arn;
pub use caller::{Caller, Credential};
pub use clock::{Clock, ManualClock};
pub use error::{Error, ErrorKind, Result};
pub use ids::{IdSource, SequentialIds};
pub use names::{BucketName, ObjectKey, S3Uri};
pub use sha256::Sha256;

//! The services: one folder each, a struct with its parts and operations
//! `(&Caller, typed arguments) -> Result<T>`. Permission is checked at the top
//! of each operation.
//!
//! Must not know: wire formats, the command line. A service never reads
//! another's rows, it calls the other service.

#![forbid(unsafe_code)]

pub mod announce;
mod blocking;
pub mod buckets;
pub mod catalog;
pub mod compressed;
pub mod crawler;
pub mod extract;
pub mod functions;
pub mod iam;
pub mod jobs;
pub mod notifications;
mod pages;
pub mod queries;
pub mod schedules;
pub mod telemetry;
pub mod transfer;

pub use announce::{Announce, Figure, Silent};
pub use buckets::Buckets;
pub use catalog::Catalog;
pub use crawler::Crawlers;
pub use extract::Extracts;
pub use functions::Functions;
pub use iam::Iam;
pub use jobs::Jobs;
pub use notifications::Notifications;
pub use queries::Queries;
pub use schedules::Schedules;
pub use telemetry::Telemetry;
pub use transfer::Transfer;

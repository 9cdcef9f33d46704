//! What Stave keeps: objects as plain files, everything else as rows of one
//! SQLite database, both under one home directory that several processes may
//! use at the same time.
//!
//! Must not know: any service, any wire protocol, DataFusion.

#![forbid(unsafe_code)]

mod check;
mod database;
mod faults;
mod home;
mod liveness;
pub mod local;
pub mod objects;
mod private_file;
pub mod remote;
mod routes;
mod rows;
mod schema;
mod staging;
mod store;

pub use home::Home;
pub use liveness::LivenessLock;
pub use local::LocalBuckets;
pub use objects::{
    BucketInfo, BucketStore, ByteRange, DeleteFault, ListPage, ListRequest, ObjectInfo, ObjectRead,
    Publication, PutBody, PutOptions, StagedFile,
};
pub use remote::{RemoteBuckets, RemoteConfig};
pub use routes::Buckets;
pub use rows::iam;
pub use rows::{
    BookmarkAdvance, Crawl, CrawlState, Crawler, CrawlerState, Job, JobBookmark, JobRun, LogLine,
    ObjectMove, OnExisting, ReadObject, RunEnd, RunState, TableVersion,
};
pub use staging::Staging;
pub use store::{Store, StoreOptions, Swept};

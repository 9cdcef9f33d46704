//! What Stave keeps: objects as plain files, everything else as rows of one
//! SQLite database, both under one home directory that several processes may
//! use at the same time.
//!
//! Must not know: any service, any wire protocol, DataFusion.

mod blocking;
mod check;
mod database;
mod faults;
mod home;
mod liveness;
pub mod local;
mod md5;
pub mod objects;
mod private_file;
pub mod remote;
mod routes;
mod rows;
mod schema;
mod staging;
mod statements;
mod store;
pub mod telemetry;
mod together;
mod transaction;

pub use blocking::blocking;
pub use home::Home;
pub use liveness::LivenessLock;
pub use local::{BucketSetting, LifecycleDone, LocalBuckets};
pub use objects::{
    BucketInfo, BucketStore, ByteRange, Checksum, ChecksumAlgorithm, ChecksumType, CompleteRequest,
    CompletedPart, CompletedUpload, ContentHeaders, CopyOptions, CopySource, CreatedBy,
    DeleteFault, DeleteMarker, DeleteRequest, DeletedVersion, EtagMatch, ExpectedBody,
    ExpectedChecksum, ListPage, ListRequest, Lookup, MAX_BUCKET_TAGS, MAX_OBJECT_BYTES,
    MAX_OBJECT_TAGS, MAX_PART_BYTES, MAX_PARTS, MIN_PART_BYTES, NULL_VERSION, ObjectDetails,
    ObjectFault, ObjectInfo, ObjectPart, ObjectRead, PartInfo, PartPage, Publication, PutBody,
    PutOptions, ReadConditions, ReadOptions, ReplacedMetadata, StagedFile, Tags, UploadInfo,
    UploadListRequest, UploadOptions, UploadPage, Verdict, VersionEntry, VersionListRequest,
    VersionPage, VersionRead, Versioning, WriteCondition, WriteOptions,
};
pub use remote::{RemoteBuckets, RemoteConfig};
pub use routes::Buckets;
pub use rows::{
    BookmarkAdvance, Crawl, CrawlState, Crawler, CrawlerState, Expiration, Job, JobBookmark,
    JobRun, LifecycleFilter, LifecycleRule, LogLine, ObjectEvent, ObjectMove, OnExisting,
    ReadObject, RunEnd, RunState, TableVersion, TakenEvents,
};
pub use rows::{eventing, functions, iam};
pub use staging::Staging;
pub use store::{Store, StoreOptions, Swept};

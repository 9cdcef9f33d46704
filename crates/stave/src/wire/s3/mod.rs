//! Amazon S3 over HTTP: requests for buckets and objects, answered by the buckets service.
//!
//! The door ([`S3Door`]) checks who has signed with our own SigV4 and takes the signature's
//! framing off the body; the crate s3s, to which the request then goes unsigned, reads its
//! operation; the backend ([`backend`]) calls one operation of the service and writes its answer.
//! s3s checks no signature: it cannot hand over a session token, it would take headers that are
//! not signed and Signature Version 2 for any request, and it has a clock of its own. URLs and
//! forms of Signature Version 2 are taken by our own code ([`version_2`]), for boto3 makes them.
//!
//! Encryption: `AES256` is accepted, for it changes nothing for the client, and is not answered,
//! for objects are plain files. Keys of the client's or of KMS would be a false promise and are
//! refused, as are object locks, access lists other than the bucket owner's, website redirects
//! and appends ([`headers`]).
//!
//! Must not know: how objects are kept, who may do what (the service asks).
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html>

mod answer;
mod authenticate;
mod backend;
mod body;
mod bucket_settings;
mod buckets;
mod complete;
mod conditions;
mod convert;
mod copy;
mod cors;
mod delete;
mod door;
mod errors;
mod form;
mod headers;
mod host;
mod lifecycle;
mod list;
mod multipart;
mod notification;
mod post;
mod post_policy;
mod read;
mod tagging;
#[cfg(test)]
mod tests;
mod tidy;
mod version_2;
mod versions;
mod write;

pub use self::door::{Origin, S3Door, S3Options};

//! The wire protocols: what comes over HTTP, turned into calls of services, and back.

pub mod s3;

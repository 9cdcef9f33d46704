//! The buckets as the engine asks for them.

use std::sync::Arc;

use object_store::ObjectStore;
use stave_core::{BucketName, Result};
use stave_store::BucketStore;

/// Hands the engine the object store of a bucket.
#[derive(Debug, Clone)]
pub struct EngineBuckets(stave_store::Buckets);

impl EngineBuckets {
    pub(super) fn new(store: stave_store::Buckets) -> Self {
        Self(store)
    }
}

impl stave_engine::Buckets for EngineBuckets {
    fn object_store(&self, bucket: &BucketName) -> Result<Arc<dyn ObjectStore>> {
        self.0.object_store(bucket)
    }
}

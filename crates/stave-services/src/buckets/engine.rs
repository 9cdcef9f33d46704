//! The buckets as the engine asks for them, on behalf of one caller.

use std::sync::Arc;

use object_store::ObjectStore;
use stave_core::{BucketName, Caller, Result};
use stave_engine::Engine;
use stave_store::BucketStore;

use super::Buckets;
use super::access::is_root;
use super::guarded::Guarded;

/// Hands the engine the object store of a bucket, with what the caller may read in it.
#[derive(Debug, Clone)]
pub struct EngineBuckets {
    buckets: Buckets,
    caller: Caller,
}

impl Buckets {
    /// The buckets as the engine reads them for `caller`.
    pub fn for_engine(&self, caller: &Caller) -> EngineBuckets {
        EngineBuckets {
            buckets: self.clone(),
            caller: caller.clone(),
        }
    }

    /// The engine, which is the root's, as `caller` may use it.
    pub fn engine_for(&self, engine: &Engine, caller: &Caller) -> Result<Engine> {
        if is_root(caller) {
            return Ok(engine.clone());
        }
        engine.over(Arc::new(self.for_engine(caller)))
    }
}

impl stave_engine::Buckets for EngineBuckets {
    fn object_store(&self, bucket: &BucketName) -> Result<Arc<dyn ObjectStore>> {
        let inner = self.buckets.store.object_store(bucket)?;
        if is_root(&self.caller) {
            return Ok(inner);
        }
        Ok(Arc::new(Guarded {
            inner,
            buckets: self.buckets.clone(),
            caller: self.caller.clone(),
            bucket: bucket.clone(),
        }))
    }
}

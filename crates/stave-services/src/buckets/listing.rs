//! Listing the objects of a bucket.

use futures::stream::{self, BoxStream, StreamExt};
use stave_core::iam::Context;
use stave_core::{BucketName, Caller, Result};
use stave_store::{BucketStore, ListPage, ListRequest};

use super::Buckets;

/// How many objects one page of a long listing holds.
const PAGE: usize = 50_000;

/// The condition keys of a listing.
pub(super) fn listing_keys(prefix: &str, delimiter: Option<&str>) -> Context {
    let mut keys = Context::new().with("s3:prefix", prefix);
    if let Some(delimiter) = delimiter {
        keys.set("s3:delimiter", delimiter);
    }
    keys
}

impl Buckets {
    /// One page of a listing.
    pub async fn list(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        request: &ListRequest,
    ) -> Result<ListPage> {
        let keys = listing_keys(&request.prefix, request.delimiter.as_deref());
        let keys = keys.with("s3:max-keys", request.max.to_string());
        self.permit(caller, "s3:ListBucket", bucket, &keys)?;
        self.store.list(bucket, request).await
    }

    /// As [`Self::list`], with every object's ETag: those of files that were dropped by hand are
    /// found out, which reads each of them once.
    pub async fn list_with_etags(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        request: &ListRequest,
    ) -> Result<ListPage> {
        let mut page = self.list(caller, bucket, request).await?;
        if !self.is_remote(bucket) {
            let local = self.store.local();
            page.objects = local.know_etags(bucket, page.objects).await?;
        }
        Ok(page)
    }

    /// A listing of any length, page by page.
    pub fn pages<'a>(
        &'a self,
        caller: &'a Caller,
        bucket: &'a BucketName,
        request: ListRequest,
    ) -> BoxStream<'a, Result<ListPage>> {
        let first = Some(request.max(PAGE));
        stream::try_unfold(first, move |request| async move {
            let Some(request) = request else {
                return Ok(None);
            };
            // Long pages are ours, not the caller's: they are no `s3:max-keys`.
            let keys = listing_keys(&request.prefix, request.delimiter.as_deref());
            self.permit(caller, "s3:ListBucket", bucket, &keys)?;
            let page = self.store.list(bucket, &request).await?;
            let next = page.next.clone().map(|next| request.after(next));
            Ok(Some((page, next)))
        })
        .boxed()
    }
}

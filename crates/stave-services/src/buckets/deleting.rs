//! Deleting objects, one by one or by prefix.

use futures::StreamExt;
use stave_core::iam::Context;
use stave_core::{BucketName, Caller, Error, ObjectKey, Result};
use stave_store::{
    BucketStore, DeleteFault, DeleteRequest, DeletedVersion, ListRequest, ObjectInfo,
};

use super::access::version_keys;
use super::names::{self, DELETE};
use super::{Buckets, not_remote, object_arn};

/// How many keys are deleted in one request, as in S3.
const DELETE_BATCH: usize = 1000;
/// How many failed keys an error names.
const NAMED_FAULTS: usize = 5;

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deleted {
    /// How many objects.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

impl Buckets {
    /// Deletes an object. Deleting what is not there succeeds, as in S3.
    pub async fn delete(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<()> {
        self.permit_object(caller, &DELETE[..1], (bucket, key, None), Context::new())
            .await?;
        self.store.delete(bucket, key).await
    }

    /// Deletes an object, or a version of it.
    pub async fn delete_version(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        request: DeleteRequest,
    ) -> Result<DeletedVersion> {
        let key = request.key.clone();
        let mut done = self.delete_versions(caller, bucket, vec![request]).await?;
        done.pop().unwrap_or_else(|| {
            Ok(DeletedVersion {
                key,
                version_id: None,
                delete_marker: false,
            })
        })
    }

    /// Deletes objects, or versions of them; says of each what happened, in their order.
    pub async fn delete_versions(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        requests: Vec<DeleteRequest>,
    ) -> Result<Vec<Result<DeletedVersion>>> {
        let access = self.access(caller, bucket)?;
        let mut done: Vec<Option<Result<DeletedVersion>>> = Vec::with_capacity(requests.len());
        let mut allowed = Vec::with_capacity(requests.len());
        for request in requests {
            let id = request.version_id.as_deref();
            let action = names::of(DELETE, id);
            let arn = object_arn(bucket, &request.key);
            match access.may(caller, action, &arn, &version_keys(id)) {
                Ok(()) => {
                    allowed.push(request);
                    done.push(None);
                }
                Err(denied) => done.push(Some(Err(denied))),
            }
        }
        let mut deleted = self.delete_allowed(bucket, allowed).await?.into_iter();
        let missing = || Err(Error::internal("a deletion was not answered"));
        Ok(done
            .into_iter()
            .map(|done| done.or_else(|| deleted.next()).unwrap_or_else(missing))
            .collect())
    }

    async fn delete_allowed(
        &self,
        bucket: &BucketName,
        requests: Vec<DeleteRequest>,
    ) -> Result<Vec<Result<DeletedVersion>>> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        if !self.is_remote(bucket) {
            return self.store.local().delete_versions(bucket, requests).await;
        }
        let is_plain =
            |request: &DeleteRequest| request.version_id.is_none() && request.if_match.is_none();
        if !requests.iter().all(is_plain) {
            return Err(not_remote(bucket, "deleting a version or on a condition"));
        }
        let keys: Vec<ObjectKey> = requests.into_iter().map(|request| request.key).collect();
        let mut faults = self.store.delete_many(bucket, &keys).await?;
        let outcome = |key: ObjectKey| match faults.iter().position(|fault| fault.key == key) {
            Some(at) => Err(faults.swap_remove(at).error),
            None => Ok(DeletedVersion {
                key,
                version_id: None,
                delete_marker: false,
            }),
        };
        Ok(keys.into_iter().map(outcome).collect())
    }

    /// Deletes every object whose key begins with `prefix` and that the caller may delete;
    /// tells `deleted` of each. What can be deleted is, then the error names what could not.
    pub async fn delete_prefix(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        prefix: &str,
        deleted: &mut (dyn FnMut(&ObjectInfo) + Send),
    ) -> Result<Deleted> {
        let access = self.access(caller, bucket)?;
        let mut sum = Deleted::default();
        let mut faults = Vec::new();
        let mut pages = self.pages(caller, bucket, ListRequest::all(prefix));
        while let Some(page) = pages.next().await {
            let mut allowed = Vec::new();
            for object in page?.objects {
                let arn = object_arn(bucket, &object.key);
                match access.may(caller, DELETE[0], &arn, &Context::new()) {
                    Ok(()) => allowed.push(object),
                    Err(error) => faults.push(DeleteFault {
                        key: object.key,
                        error,
                    }),
                }
            }
            for batch in allowed.chunks(DELETE_BATCH) {
                let keys: Vec<ObjectKey> = batch.iter().map(|object| object.key.clone()).collect();
                let failed = self.store.delete_many(bucket, &keys).await?;
                for object in batch {
                    if failed.iter().all(|fault| fault.key != object.key) {
                        sum.objects += 1;
                        sum.bytes += object.size;
                        deleted(object);
                    }
                }
                faults.extend(failed);
            }
        }
        summed(bucket, sum, faults)
    }
}

/// What was deleted, or an error that names what was not.
fn summed(bucket: &BucketName, sum: Deleted, mut faults: Vec<DeleteFault>) -> Result<Deleted> {
    let count = faults.len();
    let Some(first) = faults.first() else {
        return Ok(sum);
    };
    let named: Vec<&str> = faults
        .iter()
        .take(NAMED_FAULTS)
        .map(|fault| fault.key.as_str())
        .collect();
    Err(Error::new(
        first.error.kind(),
        format!(
            "{count} of {} objects of s3://{bucket} could not be deleted: {}{}",
            sum.objects + count as u64,
            named.join(", "),
            if count > NAMED_FAULTS { ", …" } else { "" }
        ),
    )
    .caused_by(faults.swap_remove(0).error))
}

//! Who may do what: the caller's policies together with the bucket's own.

use std::sync::Arc;

use stave_core::iam::{Context, NamedPolicy, PolicyDocument, Principal, ResourcePolicy};
use stave_core::{BucketName, Caller, Error, ErrorKind, ObjectKey, Result};
use stave_store::{BucketSetting, LocalBuckets, ObjectFault};

use super::public::{PublicAccessBlock, is_public};
use super::{Buckets, object_arn};

/// Conditions on the tags that an object has.
const EXISTING_TAG: &str = "s3:ExistingObjectTag/";

/// What a bucket says of who may do what in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Access {
    policy: Option<Arc<PolicyDocument>>,
    /// Whether it shuts out who has not signed, whatever its policy says.
    is_shut: bool,
}

impl Access {
    /// Checks that `caller` may do `action` on `resource`.
    pub(super) fn may(
        &self,
        caller: &Caller,
        action: &str,
        resource: &str,
        keys: &Context,
    ) -> Result<()> {
        if self.is_shut {
            return caller.may_given(action, resource, keys);
        }
        let policy = match &self.policy {
            None => ResourcePolicy::None,
            Some(document) => ResourcePolicy::Attached(NamedPolicy {
                name: "bucket policy",
                document,
            }),
        };
        caller.may_by(action, resource, keys, policy)
    }

    /// Whether `caller` may do all there is, so that no key need be asked about.
    pub(super) fn is_unbound(&self, caller: &Caller) -> bool {
        self.policy.is_none() && is_root(caller)
    }

    /// Whether a decision about `caller` may depend on the tags of an object.
    fn looks_at_tags(&self, caller: &Caller) -> bool {
        let grants = caller.grants();
        let of_session = grants.session.iter().flatten();
        let own = grants.identity.iter().chain(&grants.boundary);
        let own = own.chain(of_session).map(|grant| &grant.document);
        own.chain(&self.policy).any(|document| {
            let mut keys = document.context_keys().into_iter();
            keys.any(|key| {
                key.get(..EXISTING_TAG.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(EXISTING_TAG))
            })
        })
    }
}

/// Whether the caller is the account's root.
pub(super) fn is_root(caller: &Caller) -> bool {
    matches!(caller.principal(), Principal::Root { .. })
}

/// The condition keys of a request for a version.
pub(super) fn version_keys(version_id: Option<&str>) -> Context {
    match version_id {
        Some(id) => Context::new().with("s3:VersionId", id),
        None => Context::new(),
    }
}

/// A bucket's policy and its public access block, as they are kept.
type Said = (Option<String>, Option<String>);

/// What a bucket says; one that is not there says nothing.
fn said_of(local: &LocalBuckets, bucket: &BucketName, is_anonymous: bool) -> Result<Said> {
    let policy = local.bucket_policy(bucket)?;
    let block = match &policy {
        Some(_) if is_anonymous => {
            local.bucket_setting(bucket, BucketSetting::PublicAccessBlock)?
        }
        _ => None,
    };
    Ok((policy, block))
}

impl Buckets {
    /// What `bucket` says of who may do what. A bucket that is not there says nothing: the
    /// operation will. It reads a row or two, which takes less than to hand it to a thread that
    /// may block.
    pub(super) fn access(&self, caller: &Caller, bucket: &BucketName) -> Result<Access> {
        if self.store.is_remote(bucket) {
            return Ok(Access::default());
        }
        let is_anonymous = matches!(caller.principal(), Principal::Anonymous);
        let said = said_of(self.store.local(), bucket, is_anonymous)?;
        self.read_access(bucket, said, is_anonymous)
    }

    /// As [`Self::permit`], on a bucket of this machine. Blocking.
    pub(crate) fn permit_here(
        &self,
        caller: &Caller,
        action: &str,
        bucket: &BucketName,
    ) -> Result<()> {
        self.local(bucket, action.trim_start_matches("s3:"))?;
        let access = self.access(caller, bucket)?;
        access.may(caller, action, &bucket.arn(), &Context::new())
    }

    fn read_access(
        &self,
        bucket: &BucketName,
        (policy, block): Said,
        is_anonymous: bool,
    ) -> Result<Access> {
        let Some(text) = policy else {
            return Ok(Access::default());
        };
        let is_shut = is_anonymous
            && PublicAccessBlock::read(block.as_deref())?.restrict_public_buckets
            && is_public(&text);
        Ok(Access {
            policy: Some(self.policies.read(bucket, &text)?),
            is_shut,
        })
    }

    /// Checks that `caller` may do `action` on the bucket.
    pub(super) fn permit(
        &self,
        caller: &Caller,
        action: &str,
        bucket: &BucketName,
        keys: &Context,
    ) -> Result<()> {
        let access = self.access(caller, bucket)?;
        access.may(caller, action, &bucket.arn(), keys)
    }

    /// Checks that `caller` may do `actions` on an object, or on a version of it.
    pub(super) async fn permit_object(
        &self,
        caller: &Caller,
        actions: &[&str],
        (bucket, key, version_id): (&BucketName, &ObjectKey, Option<&str>),
        mut keys: Context,
    ) -> Result<()> {
        let access = self.access(caller, bucket)?;
        if access.is_unbound(caller) {
            return Ok(());
        }
        if access.looks_at_tags(caller) && !self.store.is_remote(bucket) {
            let id = version_id.map(str::to_owned);
            match self.store.local().object_tags(bucket, key, id).await {
                Ok((tags, _)) => {
                    for (name, value) in tags {
                        keys.set(&format!("{EXISTING_TAG}{name}"), value);
                    }
                }
                // What is not there, or is a delete marker, has no tags.
                Err(error) if is_absent(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let arn = object_arn(bucket, key);
        for action in actions {
            access.may(caller, action, &arn, &keys)?;
        }
        Ok(())
    }

    /// What a read that found nothing answers: who may not list the bucket does not learn
    /// that there is no such object.
    pub(super) fn hide_absent(&self, caller: &Caller, bucket: &BucketName, error: Error) -> Error {
        if error.kind() != ErrorKind::NotFound {
            return error;
        }
        match self.permit(caller, "s3:ListBucket", bucket, &Context::new()) {
            Ok(()) => error,
            Err(denied) => denied,
        }
    }
}

fn is_absent(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
        || ObjectFault::of(error) == Some(ObjectFault::MethodNotAllowed)
}

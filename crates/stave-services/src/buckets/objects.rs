//! Objects: reading, writing and copying them.

use std::collections::HashMap;

use bytes::Bytes;
use stave_core::iam::Context;
use stave_core::{BucketName, Caller, Error, ErrorKind, ObjectKey, Result};
use stave_store::{
    BucketStore, ByteRange, ContentHeaders, CopyOptions, CopySource, DeleteRequest, ExpectedBody,
    ExpectedChecksum, ListRequest, Lookup, ObjectDetails, ObjectInfo, ObjectRead, Publication,
    PutBody, PutOptions, ReadOptions, StagedFile, Verdict, VersionRead, WriteCondition,
    WriteOptions,
};

use super::access::{Access, version_keys};
use super::names::{self, ATTRIBUTES, DELETE, GET, GET_TAGS, PUT, PUT_TAGS};
use super::tagging::request_tags;
use super::{Buckets, not_remote, object_arn};

/// How many keys one page of a listing holds that is checked before a publication.
const PAGE: usize = 50_000;

impl Buckets {
    /// What is known of an object.
    pub async fn head(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<ObjectInfo> {
        self.permit_read(caller, bucket, key, None).await?;
        match self.store.head(bucket, key).await {
            Err(error) => Err(self.hide_absent(caller, bucket, error)),
            found => found,
        }
    }

    /// Reads an object, or a range of it.
    pub async fn get(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        range: Option<ByteRange>,
    ) -> Result<ObjectRead> {
        self.permit_read(caller, bucket, key, None).await?;
        match self.store.get(bucket, key, range).await {
            Err(error) => Err(self.hide_absent(caller, bucket, error)),
            found => found,
        }
    }

    /// Whether there is such an object.
    pub async fn exists(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<bool> {
        match self.head(caller, bucket, key).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // A bucket that is not there is a different matter.
                self.store.head_bucket(bucket).await.map(|()| false)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a version of an object, or a range or part of it, when the conditions hold.
    pub async fn open(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        options: ReadOptions,
    ) -> Result<Lookup<VersionRead>> {
        self.permit_read(caller, bucket, key, options.version_id.as_deref())
            .await?;
        let found = if self.is_remote(bucket) {
            self.open_remote(bucket, key, options).await
        } else {
            self.store.local().open(bucket, key, options).await
        };
        self.shown(caller, bucket, found)
    }

    /// What is known of a version of an object, when the conditions hold.
    pub async fn describe(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        options: ReadOptions,
    ) -> Result<Lookup<ObjectDetails>> {
        self.permit_read(caller, bucket, key, options.version_id.as_deref())
            .await?;
        let found = if self.is_remote(bucket) {
            self.describe_remote(bucket, key, options).await
        } else {
            self.store.local().describe(bucket, key, options).await
        };
        self.shown(caller, bucket, found)
    }

    /// As [`Self::describe`], for who asks for the parts of an object as well
    /// (`GetObjectAttributes`).
    pub async fn attributes(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<String>,
    ) -> Result<Lookup<ObjectDetails>> {
        let id = version_id.as_deref();
        let actions = [names::of(GET, id), names::of(ATTRIBUTES, id)];
        self.permit_object(caller, &actions, (bucket, key, id), version_keys(id))
            .await?;
        let options = ReadOptions {
            version_id,
            ..ReadOptions::default()
        };
        let local = self.local(bucket, "GetObjectAttributes")?;
        let found = local.describe(bucket, key, options).await;
        self.shown(caller, bucket, found)
    }

    /// Writes an object.
    pub async fn put(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        body: PutBody,
        options: PutOptions,
    ) -> Result<ObjectInfo> {
        self.permit_object(caller, &[PUT], (bucket, key, None), Context::new())
            .await?;
        self.store.put(bucket, key, body, options).await
    }

    /// Writes an object of bytes at hand.
    pub async fn put_bytes(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        bytes: impl Into<Bytes>,
    ) -> Result<ObjectInfo> {
        let body = PutBody::Bytes(bytes.into());
        self.put(caller, bucket, key, body, PutOptions::default())
            .await
    }

    /// Writes an object with all that S3 knows of it.
    pub async fn write(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        body: PutBody,
        options: WriteOptions,
    ) -> Result<ObjectDetails> {
        let mut actions = vec![PUT];
        if !options.tags.is_empty() {
            actions.push(PUT_TAGS[0]);
        }
        if matches!(options.condition, WriteCondition::IfMatch(_)) {
            // It tells what is there.
            actions.push(GET[0]);
        }
        let keys = request_tags(&options.tags);
        self.permit_object(caller, &actions, (bucket, key, None), keys)
            .await?;
        if self.is_remote(bucket) {
            let options = remote_options(bucket, &body, options)?;
            let info = self.store.put(bucket, key, body, options).await?;
            return Ok(plain_details(info));
        }
        self.store.local().write(bucket, key, body, options).await
    }

    /// Copies an object, with its content type and metadata.
    pub async fn copy(
        &self,
        caller: &Caller,
        from: (&BucketName, &ObjectKey),
        to: (&BucketName, &ObjectKey),
    ) -> Result<ObjectInfo> {
        self.permit_read(caller, from.0, from.1, None).await?;
        self.permit_object(caller, &[PUT], (to.0, to.1, None), Context::new())
            .await?;
        self.store.copy(from.0, from.1, to.0, to.1, None).await
    }

    /// Copies a version of an object with all that S3 knows of it, or with other metadata.
    pub async fn copy_version(
        &self,
        caller: &Caller,
        source: CopySource,
        bucket: &BucketName,
        key: &ObjectKey,
        options: CopyOptions,
    ) -> Result<ObjectDetails> {
        let id = source.version_id.as_deref();
        let from = (&source.bucket, &source.key, id);
        self.permit_read(caller, from.0, from.1, id).await?;
        self.local(&source.bucket, "CopyObject with all that S3 knows")?;
        let local = self.local(bucket, "CopyObject with all that S3 knows")?;
        let mut actions = vec![PUT];
        let tags = match &options.tags {
            Some(tags) => tags.clone(),
            None => match local
                .object_tags(from.0, from.1, source.version_id.clone())
                .await
            {
                Ok((tags, _)) => tags,
                Err(error) => return Err(self.hide_absent(caller, from.0, error)),
            },
        };
        if !tags.is_empty() {
            if options.tags.is_none() {
                let action = names::of(GET_TAGS, id);
                self.permit_object(caller, &[action], from, version_keys(id))
                    .await?;
            }
            actions.push(PUT_TAGS[0]);
        }
        self.permit_object(caller, &actions, (bucket, key, None), request_tags(&tags))
            .await?;
        local.copy_version(source, bucket, key, options).await
    }

    /// Moves an object: copies it, then deletes the old one. Refuses a move onto itself.
    pub async fn rename(
        &self,
        caller: &Caller,
        from: (&BucketName, &ObjectKey),
        to: (&BucketName, &ObjectKey),
    ) -> Result<ObjectInfo> {
        self.permit_object(caller, &DELETE[..1], (from.0, from.1, None), Context::new())
            .await?;
        if from == to {
            return Err(Error::invalid(format!(
                "s3://{}/{} cannot be moved onto itself",
                from.0, from.1
            )));
        }
        let copied = self.copy(caller, from, to).await?;
        if let (Some(etag), false) = (&copied.etag, self.is_remote(from.0)) {
            // What was written there meanwhile is not what was copied.
            let request = DeleteRequest {
                if_match: Some(etag.clone()),
                ..DeleteRequest::object(from.1.clone())
            };
            self.store.local().delete_version(from.0, request).await?;
        } else {
            self.store.delete(from.0, from.1).await?;
        }
        Ok(copied)
    }

    /// Makes the output of a run visible.
    pub async fn publish(&self, caller: &Caller, publication: Publication) -> Result<()> {
        let mut known: HashMap<&BucketName, Access> = HashMap::new();
        for StagedFile { bucket, key, .. } in &publication.files {
            if !known.contains_key(bucket) {
                known.insert(bucket, self.access(caller, bucket)?);
            }
            if let Some(access) = known.get(bucket) {
                access.may(caller, PUT, &object_arn(bucket, key), &Context::new())?;
            }
        }
        for (bucket, prefix) in &publication.replace {
            self.permit_replacing(caller, bucket, prefix).await?;
        }
        self.store.publish(publication).await
    }

    /// Checks that `caller` may delete each object under `prefix`.
    async fn permit_replacing(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        prefix: &str,
    ) -> Result<()> {
        let access = self.access(caller, bucket)?;
        if access.is_unbound(caller) {
            return Ok(());
        }
        let mut request = ListRequest::all(prefix).max(PAGE);
        loop {
            let page = self.store.list(bucket, &request).await?;
            for object in &page.objects {
                let arn = object_arn(bucket, &object.key);
                access.may(caller, DELETE[0], &arn, &Context::new())?;
            }
            match page.next {
                Some(next) => request = request.after(next),
                None => return Ok(()),
            }
        }
    }

    pub(super) async fn permit_read(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<&str>,
    ) -> Result<()> {
        let action = names::of(GET, version_id);
        let at = (bucket, key, version_id);
        self.permit_object(caller, &[action], at, version_keys(version_id))
            .await
    }

    /// What was found, as far as `caller` may learn of it.
    pub(super) fn shown<T>(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        found: Result<Lookup<T>>,
    ) -> Result<Lookup<T>> {
        match found {
            Err(error) => Err(self.hide_absent(caller, bucket, error)),
            Ok(Lookup::DeleteMarker(marker)) => {
                let absent = Error::not_found(format!("s3://{bucket}/{} is deleted", marker.key));
                match self.hide_absent(caller, bucket, absent) {
                    denied if denied.kind() == ErrorKind::Denied => Err(denied),
                    _ => Ok(Lookup::DeleteMarker(marker)),
                }
            }
            found => found,
        }
    }

    async fn describe_remote(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: ReadOptions,
    ) -> Result<Lookup<ObjectDetails>> {
        if options.version_id.is_some() || options.part_number.is_some() {
            return Err(not_remote(bucket, "reading a version or a part"));
        }
        let details = plain_details(self.store.head(bucket, key).await?);
        let etag = details.info.etag.as_deref().unwrap_or_default();
        match options.conditions.verdict(etag, details.info.modified_at) {
            Verdict::Holds => Ok(Lookup::Found(details)),
            Verdict::NotModified => Ok(Lookup::NotModified(Box::new(details))),
            Verdict::Failed => Err(Error::new(
                ErrorKind::Precondition,
                format!("a condition of the request does not hold for s3://{bucket}/{key}"),
            )),
        }
    }

    async fn open_remote(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        options: ReadOptions,
    ) -> Result<Lookup<VersionRead>> {
        let range = options.range.clone();
        let details = match self.describe_remote(bucket, key, options).await? {
            Lookup::Found(details) => details,
            Lookup::NotModified(details) => return Ok(Lookup::NotModified(details)),
            Lookup::DeleteMarker(marker) => return Ok(Lookup::DeleteMarker(marker)),
        };
        let read = self.store.get(bucket, key, range).await?;
        if read.info.etag != details.info.etag {
            return Err(
                Error::conflict(format!("s3://{bucket}/{key} was overwritten meanwhile"))
                    .hint("try again"),
            );
        }
        Ok(Lookup::Found(VersionRead {
            details,
            range: read.range,
            body: read.body,
        }))
    }
}

/// What a remote bucket can keep of an object; an error for what it cannot.
fn remote_options(
    bucket: &BucketName,
    body: &PutBody,
    options: WriteOptions,
) -> Result<PutOptions> {
    let refused = [
        (!options.tags.is_empty(), "tags"),
        (options.storage_class.is_some(), "a storage class"),
        (
            options.headers != ContentHeaders::default(),
            "headers besides Content-Type",
        ),
        (
            matches!(options.condition, WriteCondition::IfMatch(_)),
            "If-Match",
        ),
    ];
    if let Some((_, what)) = refused.iter().find(|(is_there, _)| *is_there) {
        return Err(not_remote(bucket, &format!("PutObject with {what}")));
    }
    check_remote_body(bucket, body, &options.expected)?;
    Ok(PutOptions {
        content_type: options.content_type,
        user_metadata: options.user_metadata,
        only_if_absent: options.condition == WriteCondition::IfAbsent,
    })
}

/// A remote store does not compare what comes with what was announced: only bytes at hand are.
fn check_remote_body(bucket: &BucketName, body: &PutBody, expected: &ExpectedBody) -> Result<()> {
    if expected.md5.is_some() {
        return Err(not_remote(bucket, "PutObject with Content-MD5"));
    }
    let announced = match &expected.checksum {
        ExpectedChecksum::None => return Ok(()),
        ExpectedChecksum::Value(value) => Some(value.clone()),
        ExpectedChecksum::Trailing(ask) => ask(),
    };
    match (body, expected.algorithm, announced) {
        (PutBody::Bytes(bytes), Some(algorithm), Some(announced)) => {
            if algorithm.of(bytes) == announced {
                return Ok(());
            }
            Err(
                Error::invalid("the body does not have the checksum that was announced")
                    .coded("BadDigest"),
            )
        }
        _ => Err(not_remote(bucket, "PutObject of a stream with a checksum")),
    }
}

/// What is known of an object that is like any other.
fn plain_details(info: ObjectInfo) -> ObjectDetails {
    ObjectDetails {
        info,
        version_id: None,
        is_latest: true,
        headers: ContentHeaders::default(),
        checksum: None,
        parts: Vec::new(),
        tag_count: 0,
    }
}

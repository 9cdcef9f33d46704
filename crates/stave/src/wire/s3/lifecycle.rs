//! Lifecycle rules: expiration, and the end of uploads that are not completed.

use s3s::dto::{
    AbortIncompleteMultipartUpload, DeleteBucketLifecycleInput, DeleteBucketLifecycleOutput,
    ExpirationStatus, GetBucketLifecycleConfigurationInput, GetBucketLifecycleConfigurationOutput,
    LifecycleExpiration, LifecycleRuleAndOperator, LifecycleRuleFilter,
    PutBucketLifecycleConfigurationInput, PutBucketLifecycleConfigurationOutput,
};
use s3s::{S3Request, S3Response, S3Result, dto};
use stave_store::{Expiration, LifecycleFilter, LifecycleRule};

use super::backend::Backend;
use super::convert::{bucket, caller, count, from_time, malformed_xml, tag_set, tags_of_set, time};
use super::errors::{from_service, invalid_argument, not_implemented, s3_error};

pub(super) async fn get(
    backend: &Backend,
    request: S3Request<GetBucketLifecycleConfigurationInput>,
) -> S3Result<S3Response<GetBucketLifecycleConfigurationOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let rules = backend.buckets.lifecycle(caller(&request)?, &bucket).await;
    let rules = rules.map_err(from_service)?;
    if rules.is_empty() {
        return Err(s3_error(
            "NoSuchLifecycleConfiguration",
            404,
            "The lifecycle configuration does not exist",
        ));
    }
    Ok(S3Response::new(GetBucketLifecycleConfigurationOutput {
        rules: Some(rules.into_iter().map(shown).collect()),
        ..GetBucketLifecycleConfigurationOutput::default()
    }))
}

pub(super) async fn put(
    backend: &Backend,
    request: S3Request<PutBucketLifecycleConfigurationInput>,
) -> S3Result<S3Response<PutBucketLifecycleConfigurationOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let given = request.input.lifecycle_configuration.as_ref();
    let given = given.map(|given| given.rules.clone()).unwrap_or_default();
    if given.is_empty() {
        return Err(malformed_xml());
    }
    let rules = given
        .into_iter()
        .enumerate()
        .map(|(at, rule)| read(at, rule));
    let rules = rules.collect::<S3Result<Vec<_>>>()?;
    let set = backend
        .buckets
        .set_lifecycle(caller(&request)?, &bucket, rules);
    set.await.map_err(from_service)?;
    Ok(S3Response::new(
        PutBucketLifecycleConfigurationOutput::default(),
    ))
}

pub(super) async fn delete(
    backend: &Backend,
    request: S3Request<DeleteBucketLifecycleInput>,
) -> S3Result<S3Response<DeleteBucketLifecycleOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let set = backend
        .buckets
        .set_lifecycle(caller(&request)?, &bucket, Vec::new());
    set.await.map_err(from_service)?;
    Ok(S3Response::new(DeleteBucketLifecycleOutput::default()))
}

fn read(at: usize, rule: dto::LifecycleRule) -> S3Result<LifecycleRule> {
    let refused = [
        (rule.transitions.is_some(), "Transition"),
        (
            rule.noncurrent_version_transitions.is_some(),
            "NoncurrentVersionTransition",
        ),
        (
            rule.noncurrent_version_expiration.is_some(),
            "NoncurrentVersionExpiration",
        ),
    ];
    if let Some((_, name)) = refused.iter().find(|(is_there, _)| *is_there) {
        return Err(not_implemented(&format!("The lifecycle action {name}")));
    }
    let expiration = rule.expiration.map(expiration).transpose()?;
    let days = rule
        .abort_incomplete_multipart_upload
        .and_then(|abort| abort.days_after_initiation);
    Ok(LifecycleRule {
        id: rule.id.unwrap_or_else(|| format!("rule-{}", at + 1)),
        enabled: match rule.status.as_str() {
            ExpirationStatus::ENABLED => true,
            ExpirationStatus::DISABLED => false,
            _ => return Err(malformed_xml()),
        },
        filter: filter(rule.prefix, rule.filter)?,
        expiration,
        abort_uploads_after_days: days.map(positive).transpose()?,
    })
}

fn positive(days: i32) -> S3Result<u32> {
    u32::try_from(days)
        .ok()
        .filter(|days| *days > 0)
        .ok_or_else(|| invalid_argument("'Days' for an action must be a positive integer"))
}

fn expiration(given: LifecycleExpiration) -> S3Result<Expiration> {
    if given.expired_object_delete_marker == Some(true) {
        return Err(not_implemented(
            "The lifecycle action ExpiredObjectDeleteMarker",
        ));
    }
    match (given.days, given.date) {
        (Some(days), None) => positive(days).map(Expiration::Days),
        (None, Some(date)) => from_time(&date).map(Expiration::Date),
        _ => Err(malformed_xml()),
    }
}

fn filter(prefix: Option<String>, given: Option<LifecycleRuleFilter>) -> S3Result<LifecycleFilter> {
    let given = given.unwrap_or_default();
    let and = given.and.unwrap_or_default();
    let mut tags = and.tags.unwrap_or_default();
    tags.extend(given.tag);
    let size = |size: Option<i64>| {
        size.map(u64::try_from)
            .transpose()
            .map_err(|_| malformed_xml())
    };
    Ok(LifecycleFilter {
        prefix: given.prefix.or(and.prefix).or(prefix).unwrap_or_default(),
        tags: tags_of_set(tags)?,
        size_greater_than: size(
            given
                .object_size_greater_than
                .or(and.object_size_greater_than),
        )?,
        size_less_than: size(given.object_size_less_than.or(and.object_size_less_than))?,
    })
}

fn shown(rule: LifecycleRule) -> dto::LifecycleRule {
    let status = if rule.enabled {
        ExpirationStatus::ENABLED
    } else {
        ExpirationStatus::DISABLED
    };
    let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    dto::LifecycleRule {
        abort_incomplete_multipart_upload: rule.abort_uploads_after_days.map(|after| {
            AbortIncompleteMultipartUpload {
                days_after_initiation: Some(days(after)),
            }
        }),
        expiration: rule.expiration.map(|expiration| match expiration {
            Expiration::Days(after) => LifecycleExpiration {
                days: Some(days(after)),
                ..LifecycleExpiration::default()
            },
            Expiration::Date(date) => LifecycleExpiration {
                date: Some(time(date)),
                ..LifecycleExpiration::default()
            },
        }),
        filter: Some(shown_filter(rule.filter)),
        id: Some(rule.id),
        noncurrent_version_expiration: None,
        noncurrent_version_transitions: None,
        prefix: None,
        status: ExpirationStatus::from_static(status),
        transitions: None,
    }
}

/// One condition stands by itself, several in `And`.
fn shown_filter(filter: LifecycleFilter) -> LifecycleRuleFilter {
    let (greater, less) = (
        filter.size_greater_than.map(count),
        filter.size_less_than.map(count),
    );
    let conditions = usize::from(!filter.prefix.is_empty())
        + filter.tags.len()
        + usize::from(greater.is_some())
        + usize::from(less.is_some());
    let prefix = Some(filter.prefix);
    let mut tags = tag_set(filter.tags);
    if conditions > 1 {
        return LifecycleRuleFilter {
            and: Some(LifecycleRuleAndOperator {
                object_size_greater_than: greater,
                object_size_less_than: less,
                prefix: prefix.filter(|prefix| !prefix.is_empty()),
                tags: Some(tags).filter(|tags| !tags.is_empty()),
            }),
            ..LifecycleRuleFilter::default()
        };
    }
    let tag = tags.pop();
    let is_other = tag.is_some() || greater.is_some() || less.is_some();
    LifecycleRuleFilter {
        and: None,
        object_size_greater_than: greater,
        object_size_less_than: less,
        prefix: prefix.filter(|_| !is_other),
        tag,
    }
}

//! Buckets as a whole: making, finding, listing and removing them.

use s3s::dto::{
    Bucket, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, DeleteBucketInput,
    DeleteBucketOutput, GetBucketLocationInput, GetBucketLocationOutput, HeadBucketInput,
    HeadBucketOutput, ListBucketsInput, ListBucketsOutput,
};
use s3s::{S3Request, S3Response, S3Result};

use super::backend::Backend;
use super::convert::{bucket, caller, owner, time};
use super::errors::{from_service, invalid_argument, not_implemented, s3_error};

/// The region that has no location constraint, and where making a bucket again succeeds.
const FIRST_REGION: &str = "us-east-1";

pub(super) async fn create(
    backend: &Backend,
    request: S3Request<CreateBucketInput>,
) -> S3Result<S3Response<CreateBucketOutput>> {
    let name = bucket(&request.input.bucket)?;
    let asked = request.input.create_bucket_configuration.as_ref();
    if asked.is_some_and(|asked| asked.location.is_some() || asked.bucket.is_some()) {
        return Err(not_implemented("A directory bucket"));
    }
    let constraint = asked.and_then(|asked| asked.location_constraint.as_ref());
    check_location(
        constraint.map(BucketLocationConstraint::as_str),
        &backend.region,
    )?;
    match backend.buckets.create(caller(&request)?, &name).await {
        Err(error)
            if error.code() == Some("BucketAlreadyOwnedByYou")
                && backend.region == FIRST_REGION => {}
        made => made.map_err(from_service)?,
    }
    Ok(S3Response::new(CreateBucketOutput {
        location: Some(format!("/{name}")),
    }))
}

fn check_location(constraint: Option<&str>, region: &str) -> S3Result<()> {
    let constraint = constraint.filter(|constraint| !constraint.is_empty());
    let message = match constraint {
        None if region == FIRST_REGION => return Ok(()),
        Some(FIRST_REGION) => {
            return Err(s3_error(
                "InvalidLocationConstraint",
                400,
                "The specified location-constraint is not valid",
            ));
        }
        Some(constraint) if constraint == region => return Ok(()),
        None => "The unspecified location constraint is incompatible for the region specific \
                 endpoint this request was sent to."
            .to_owned(),
        Some(constraint) => format!(
            "The {constraint} location constraint is incompatible for the region specific \
             endpoint this request was sent to."
        ),
    };
    Err(s3_error("IllegalLocationConstraintException", 400, message))
}

pub(super) async fn delete(
    backend: &Backend,
    request: S3Request<DeleteBucketInput>,
) -> S3Result<S3Response<DeleteBucketOutput>> {
    let name = bucket(&request.input.bucket)?;
    let removed = backend
        .buckets
        .remove(caller(&request)?, &name, false)
        .await;
    removed.map_err(from_service)?;
    Ok(S3Response::new(DeleteBucketOutput::default()))
}

pub(super) async fn head(
    backend: &Backend,
    request: S3Request<HeadBucketInput>,
) -> S3Result<S3Response<HeadBucketOutput>> {
    let name = bucket(&request.input.bucket)?;
    let found = backend.buckets.head_bucket(caller(&request)?, &name).await;
    found.map_err(from_service)?;
    Ok(S3Response::new(HeadBucketOutput {
        bucket_region: Some(backend.region.clone()),
        ..HeadBucketOutput::default()
    }))
}

pub(super) async fn location(
    backend: &Backend,
    request: S3Request<GetBucketLocationInput>,
) -> S3Result<S3Response<GetBucketLocationOutput>> {
    let name = bucket(&request.input.bucket)?;
    let found = backend.buckets.locate(caller(&request)?, &name).await;
    found.map_err(from_service)?;
    let constraint = (backend.region != FIRST_REGION)
        .then(|| BucketLocationConstraint::from(backend.region.clone()));
    Ok(S3Response::new(GetBucketLocationOutput {
        location_constraint: constraint,
    }))
}

pub(super) async fn list(
    backend: &Backend,
    request: S3Request<ListBucketsInput>,
) -> S3Result<S3Response<ListBucketsOutput>> {
    let input = &request.input;
    let max = match input.max_buckets {
        None => usize::MAX,
        Some(max @ 1..=10_000) => usize::try_from(max).unwrap_or(1),
        Some(_) => {
            return Err(invalid_argument(
                "Argument max-buckets must be an integer between 1 and 10000",
            ));
        }
    };
    let all = backend.buckets.list_buckets(caller(&request)?).await;
    let all = all.map_err(from_service)?;
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let after = input.continuation_token.as_deref().unwrap_or_default();
    let here = |region: &String| *region == backend.region;
    let is_here = input.bucket_region.as_ref().is_none_or(here);
    let asks =
        input.prefix.is_some() || input.max_buckets.is_some() || input.bucket_region.is_some();
    let mut shown: Vec<Bucket> = all
        .into_iter()
        .filter(|one| is_here && one.name.as_str().starts_with(prefix))
        .filter(|one| one.name.as_str() > after)
        .take(max.saturating_add(1))
        .map(|one| Bucket {
            bucket_region: asks.then(|| backend.region.clone()),
            creation_date: one.created_at.map(time),
            name: Some(one.name.to_string()),
        })
        .collect();
    let more = shown.len() > max;
    shown.truncate(max);
    let last = shown.last().and_then(|last| last.name.clone());
    Ok(S3Response::new(ListBucketsOutput {
        buckets: Some(shown),
        continuation_token: last.filter(|_| more),
        owner: Some(owner(&backend.account)),
        prefix: input.prefix.clone(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_made_in_this_region() {
        for (constraint, region, expected) in [
            (None, "us-east-1", None),
            (Some(""), "us-east-1", None),
            (
                Some("us-east-1"),
                "us-east-1",
                Some("InvalidLocationConstraint"),
            ),
            (
                Some("eu-west-1"),
                "us-east-1",
                Some("IllegalLocationConstraintException"),
            ),
            (Some("eu-west-1"), "eu-west-1", None),
            (
                None,
                "eu-west-1",
                Some("IllegalLocationConstraintException"),
            ),
            (
                Some("eu-north-1"),
                "eu-west-1",
                Some("IllegalLocationConstraintException"),
            ),
        ] {
            let outcome = check_location(constraint, region);
            let code = outcome.as_ref().err().map(|error| error.code().as_str());
            assert_eq!(code, expected, "{constraint:?} in {region}");
        }
    }
}

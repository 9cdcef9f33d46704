//! What is said of a bucket as a whole: policy, CORS rules, public access block, ownership, and
//! the one access list that there is.

use s3s::dto::{
    CORSRule, DeleteBucketCorsInput, DeleteBucketCorsOutput, DeleteBucketOwnershipControlsInput,
    DeleteBucketOwnershipControlsOutput, DeleteBucketPolicyInput, DeleteBucketPolicyOutput,
    DeletePublicAccessBlockInput, DeletePublicAccessBlockOutput, GetBucketAclInput,
    GetBucketAclOutput, GetBucketCorsInput, GetBucketCorsOutput, GetBucketOwnershipControlsInput,
    GetBucketOwnershipControlsOutput, GetBucketPolicyInput, GetBucketPolicyOutput,
    GetBucketPolicyStatusInput, GetBucketPolicyStatusOutput, GetPublicAccessBlockInput,
    GetPublicAccessBlockOutput, Grant, Grantee, ObjectOwnership, OwnershipControls,
    OwnershipControlsRule, Permission, PolicyStatus, PublicAccessBlockConfiguration,
    PutBucketAclInput, PutBucketAclOutput, PutBucketCorsInput, PutBucketCorsOutput,
    PutBucketOwnershipControlsInput, PutBucketOwnershipControlsOutput, PutBucketPolicyInput,
    PutBucketPolicyOutput, PutPublicAccessBlockInput, PutPublicAccessBlockOutput, Type,
};
use s3s::{S3Request, S3Response, S3Result};
use serde::{Deserialize, Serialize};
use stave_services::buckets::PublicAccessBlock;
use stave_store::BucketSetting;

use super::backend::Backend;
use super::convert::{bucket, caller, malformed_xml, owner};
use super::errors::{from_service, not_implemented, s3_error};

/// The most CORS rules of a bucket.
const MAX_CORS_RULES: usize = 100;
const OWNERSHIP: &str = ObjectOwnership::BUCKET_OWNER_ENFORCED;

impl Backend {
    /// A setting of the bucket `name`; without one the error `absent`.
    pub(super) async fn setting<T>(
        &self,
        request: &S3Request<T>,
        name: &str,
        setting: BucketSetting,
    ) -> S3Result<Option<String>> {
        let (caller, bucket) = (caller(request)?, bucket(name)?);
        let found = self.buckets.setting(caller, &bucket, setting).await;
        found.map_err(from_service)
    }

    /// Gives the bucket `name` a setting, or takes it away.
    pub(super) async fn set_setting<T>(
        &self,
        request: &S3Request<T>,
        name: &str,
        setting: BucketSetting,
        document: Option<String>,
    ) -> S3Result<()> {
        let (caller, bucket) = (caller(request)?, bucket(name)?);
        self.buckets
            .set_setting(caller, &bucket, setting, document)
            .await
            .map_err(from_service)
    }
}

pub(super) async fn policy(
    backend: &Backend,
    request: S3Request<GetBucketPolicyInput>,
) -> S3Result<S3Response<GetBucketPolicyOutput>> {
    let name = &request.input.bucket;
    let policy = backend
        .setting(&request, name, BucketSetting::Policy)
        .await?;
    let policy = policy.ok_or_else(no_policy)?;
    Ok(S3Response::new(GetBucketPolicyOutput {
        policy: Some(policy),
    }))
}

fn no_policy() -> s3s::S3Error {
    s3_error(
        "NoSuchBucketPolicy",
        404,
        "The bucket policy does not exist",
    )
}

pub(super) async fn put_policy(
    backend: &Backend,
    request: S3Request<PutBucketPolicyInput>,
) -> S3Result<S3Response<PutBucketPolicyOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let caller = caller(&request)?;
    let set = backend
        .buckets
        .set_policy(caller, &bucket, &request.input.policy);
    set.await.map_err(from_service)?;
    Ok(S3Response::new(PutBucketPolicyOutput::default()))
}

pub(super) async fn delete_policy(
    backend: &Backend,
    request: S3Request<DeleteBucketPolicyInput>,
) -> S3Result<S3Response<DeleteBucketPolicyOutput>> {
    let name = &request.input.bucket;
    let setting = BucketSetting::Policy;
    backend.set_setting(&request, name, setting, None).await?;
    Ok(S3Response::new(DeleteBucketPolicyOutput::default()))
}

pub(super) async fn policy_status(
    backend: &Backend,
    request: S3Request<GetBucketPolicyStatusInput>,
) -> S3Result<S3Response<GetBucketPolicyStatusOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let status = backend.buckets.is_public(caller(&request)?, &bucket).await;
    let is_public = status.map_err(from_service)?.ok_or_else(no_policy)?;
    Ok(S3Response::new(GetBucketPolicyStatusOutput {
        policy_status: Some(PolicyStatus {
            is_public: Some(is_public),
        }),
    }))
}

pub(super) async fn public_access(
    backend: &Backend,
    request: S3Request<GetPublicAccessBlockInput>,
) -> S3Result<S3Response<GetPublicAccessBlockOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let found = backend
        .buckets
        .public_access_block(caller(&request)?, &bucket)
        .await;
    let block = found.map_err(from_service)?.ok_or_else(|| {
        s3_error(
            "NoSuchPublicAccessBlockConfiguration",
            404,
            "The public access block configuration was not found",
        )
    })?;
    Ok(S3Response::new(GetPublicAccessBlockOutput {
        public_access_block_configuration: Some(PublicAccessBlockConfiguration {
            block_public_acls: Some(block.block_public_acls),
            block_public_policy: Some(block.block_public_policy),
            ignore_public_acls: Some(block.ignore_public_acls),
            restrict_public_buckets: Some(block.restrict_public_buckets),
        }),
    }))
}

pub(super) async fn put_public_access(
    backend: &Backend,
    request: S3Request<PutPublicAccessBlockInput>,
) -> S3Result<S3Response<PutPublicAccessBlockOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let given = &request.input.public_access_block_configuration;
    let block = PublicAccessBlock {
        block_public_acls: given.block_public_acls == Some(true),
        ignore_public_acls: given.ignore_public_acls == Some(true),
        block_public_policy: given.block_public_policy == Some(true),
        restrict_public_buckets: given.restrict_public_buckets == Some(true),
    };
    backend
        .buckets
        .set_public_access_block(caller(&request)?, &bucket, Some(block))
        .await
        .map_err(from_service)?;
    Ok(S3Response::new(PutPublicAccessBlockOutput::default()))
}

pub(super) async fn delete_public_access(
    backend: &Backend,
    request: S3Request<DeletePublicAccessBlockInput>,
) -> S3Result<S3Response<DeletePublicAccessBlockOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    backend
        .buckets
        .set_public_access_block(caller(&request)?, &bucket, None)
        .await
        .map_err(from_service)?;
    Ok(S3Response::new(DeletePublicAccessBlockOutput::default()))
}

/// CORS rules as they are stored: with the members of S3's document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CorsRule {
    #[serde(rename = "ID", skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) allowed_methods: Vec<String>,
    pub(super) allowed_origins: Vec<String>,
    #[serde(default)]
    pub(super) allowed_headers: Vec<String>,
    #[serde(default)]
    pub(super) expose_headers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_age_seconds: Option<i32>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CorsRules {
    #[serde(rename = "CORSRules")]
    pub(super) rules: Vec<CorsRule>,
}

/// The text of a setting; none of ours fails to be written.
pub(super) fn stored(document: &impl Serialize) -> S3Result<String> {
    serde_json::to_string(document).map_err(s3s::S3Error::internal_error)
}

/// A setting as it was stored.
pub(super) fn loaded<T: for<'a> Deserialize<'a>>(text: &str) -> S3Result<T> {
    serde_json::from_str(text).map_err(s3s::S3Error::internal_error)
}

pub(super) async fn cors(
    backend: &Backend,
    request: S3Request<GetBucketCorsInput>,
) -> S3Result<S3Response<GetBucketCorsOutput>> {
    let name = &request.input.bucket;
    let text = backend.setting(&request, name, BucketSetting::Cors).await?;
    let text = text.ok_or_else(|| {
        s3_error(
            "NoSuchCORSConfiguration",
            404,
            "The CORS configuration does not exist",
        )
    })?;
    let some = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
    let rules = loaded::<CorsRules>(&text)?.rules.into_iter();
    let rules = rules.map(|rule| CORSRule {
        allowed_headers: some(rule.allowed_headers),
        allowed_methods: rule.allowed_methods,
        allowed_origins: rule.allowed_origins,
        expose_headers: some(rule.expose_headers),
        id: rule.id,
        max_age_seconds: rule.max_age_seconds,
    });
    Ok(S3Response::new(GetBucketCorsOutput {
        cors_rules: Some(rules.collect()),
    }))
}

pub(super) async fn put_cors(
    backend: &Backend,
    request: S3Request<PutBucketCorsInput>,
) -> S3Result<S3Response<PutBucketCorsOutput>> {
    let given = request.input.cors_configuration.cors_rules.clone();
    if given.is_empty() || given.len() > MAX_CORS_RULES {
        return Err(malformed_xml());
    }
    let rules = given.into_iter().map(cors_rule).collect::<S3Result<_>>()?;
    let text = stored(&CorsRules { rules })?;
    let name = &request.input.bucket;
    let setting = BucketSetting::Cors;
    backend
        .set_setting(&request, name, setting, Some(text))
        .await?;
    Ok(S3Response::new(PutBucketCorsOutput::default()))
}

fn cors_rule(rule: CORSRule) -> S3Result<CorsRule> {
    if rule.allowed_methods.is_empty() || rule.allowed_origins.is_empty() {
        return Err(malformed_xml());
    }
    let invalid = |message: String| s3_error("InvalidRequest", 400, message);
    for method in &rule.allowed_methods {
        if !["GET", "PUT", "HEAD", "POST", "DELETE"].contains(&method.as_str()) {
            return Err(invalid(format!(
                "Found unsupported HTTP method in CORS config. Unsupported method is {method}"
            )));
        }
    }
    for origin in &rule.allowed_origins {
        if origin.matches('*').count() > 1 {
            return Err(invalid(format!(
                "AllowedOrigin \"{origin}\" can not have more than one wildcard."
            )));
        }
    }
    Ok(CorsRule {
        id: rule.id,
        allowed_methods: rule.allowed_methods,
        allowed_origins: rule.allowed_origins,
        allowed_headers: rule.allowed_headers.unwrap_or_default(),
        expose_headers: rule.expose_headers.unwrap_or_default(),
        max_age_seconds: rule.max_age_seconds,
    })
}

pub(super) async fn delete_cors(
    backend: &Backend,
    request: S3Request<DeleteBucketCorsInput>,
) -> S3Result<S3Response<DeleteBucketCorsOutput>> {
    let name = &request.input.bucket;
    let setting = BucketSetting::Cors;
    backend.set_setting(&request, name, setting, None).await?;
    Ok(S3Response::new(DeleteBucketCorsOutput::default()))
}

/// What is stored when the ownership controls were removed.
const REMOVED: &str = "null";

pub(super) async fn ownership(
    backend: &Backend,
    request: S3Request<GetBucketOwnershipControlsInput>,
) -> S3Result<S3Response<GetBucketOwnershipControlsOutput>> {
    let name = &request.input.bucket;
    let setting = BucketSetting::Ownership;
    // As in S3, a new bucket has them.
    if backend.setting(&request, name, setting).await?.as_deref() == Some(REMOVED) {
        return Err(s3_error(
            "OwnershipControlsNotFoundError",
            404,
            "The bucket ownership controls were not found",
        ));
    }
    Ok(S3Response::new(GetBucketOwnershipControlsOutput {
        ownership_controls: Some(OwnershipControls {
            rules: vec![OwnershipControlsRule {
                object_ownership: ObjectOwnership::from_static(OWNERSHIP),
            }],
        }),
    }))
}

pub(super) async fn put_ownership(
    backend: &Backend,
    request: S3Request<PutBucketOwnershipControlsInput>,
) -> S3Result<S3Response<PutBucketOwnershipControlsOutput>> {
    let rules = &request.input.ownership_controls.rules;
    let [rule] = rules.as_slice() else {
        return Err(malformed_xml());
    };
    if rule.object_ownership.as_str() != OWNERSHIP {
        let asked = rule.object_ownership.as_str();
        return Err(not_implemented(&format!("The object ownership {asked}")));
    }
    let name = &request.input.bucket;
    let setting = BucketSetting::Ownership;
    backend.set_setting(&request, name, setting, None).await?;
    Ok(S3Response::new(PutBucketOwnershipControlsOutput::default()))
}

pub(super) async fn delete_ownership(
    backend: &Backend,
    request: S3Request<DeleteBucketOwnershipControlsInput>,
) -> S3Result<S3Response<DeleteBucketOwnershipControlsOutput>> {
    let name = &request.input.bucket;
    let (setting, removed) = (BucketSetting::Ownership, Some(REMOVED.to_owned()));
    backend
        .set_setting(&request, name, setting, removed)
        .await?;
    Ok(S3Response::new(
        DeleteBucketOwnershipControlsOutput::default(),
    ))
}

pub(super) async fn acl(
    backend: &Backend,
    request: S3Request<GetBucketAclInput>,
) -> S3Result<S3Response<GetBucketAclOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let asked = backend
        .buckets
        .permit_acl(caller(&request)?, &bucket, "s3:GetBucketAcl");
    asked.await.map_err(from_service)?;
    let owner = owner(&backend.account);
    let grantee = Grantee {
        display_name: None,
        email_address: None,
        id: owner.id.clone(),
        type_: Type::from_static(Type::CANONICAL_USER),
        uri: None,
    };
    Ok(S3Response::new(GetBucketAclOutput {
        grants: Some(vec![Grant {
            grantee: Some(grantee),
            permission: Some(Permission::from_static(Permission::FULL_CONTROL)),
        }]),
        owner: Some(owner),
    }))
}

/// Only the access list that every bucket has: its owner's. Others are refused with their header.
pub(super) async fn put_acl(
    backend: &Backend,
    request: S3Request<PutBucketAclInput>,
) -> S3Result<S3Response<PutBucketAclOutput>> {
    let bucket = bucket(&request.input.bucket)?;
    let asked = backend
        .buckets
        .permit_acl(caller(&request)?, &bucket, "s3:PutBucketAcl");
    asked.await.map_err(from_service)?;
    if request.input.access_control_policy.is_some() || request.input.acl.is_none() {
        return Err(not_implemented(
            "PutBucketAcl with another list than private",
        ));
    }
    Ok(S3Response::new(PutBucketAclOutput::default()))
}

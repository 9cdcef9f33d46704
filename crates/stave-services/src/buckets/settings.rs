//! What is said of a bucket as a whole: its policy, where its events go, what becomes of old
//! objects.

use stave_core::iam::{Context, DocumentKind, PolicyDocument};
use stave_core::{BucketName, Caller, Error, ErrorKind, Result};
use stave_store::{BucketSetting, LifecycleRule};

use super::access::is_root;
use super::public::{PublicAccessBlock, is_public};
use super::{Buckets, not_remote};

/// A setting: the action that reads it, the one that changes it, and the one that removes it.
fn actions(setting: BucketSetting) -> [&'static str; 3] {
    match setting {
        BucketSetting::Policy => [
            "s3:GetBucketPolicy",
            "s3:PutBucketPolicy",
            "s3:DeleteBucketPolicy",
        ],
        BucketSetting::Notification => [
            "s3:GetBucketNotification",
            "s3:PutBucketNotification",
            "s3:PutBucketNotification",
        ],
        BucketSetting::Cors => ["s3:GetBucketCORS", "s3:PutBucketCORS", "s3:PutBucketCORS"],
        BucketSetting::PublicAccessBlock => [
            "s3:GetBucketPublicAccessBlock",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketPublicAccessBlock",
        ],
        BucketSetting::Ownership => [
            "s3:GetBucketOwnershipControls",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketOwnershipControls",
        ],
        BucketSetting::Encryption => [
            "s3:GetEncryptionConfiguration",
            "s3:PutEncryptionConfiguration",
            "s3:PutEncryptionConfiguration",
        ],
    }
}

impl Buckets {
    /// A document of a bucket; none when it has none.
    pub async fn setting(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        setting: BucketSetting,
    ) -> Result<Option<String>> {
        let [action, ..] = actions(setting);
        self.permit_setting(caller, action, bucket, setting)?;
        let bucket = bucket.clone();
        self.blocking(move |local| local.bucket_setting(&bucket, setting))
            .await
    }

    /// Gives a bucket a document, a JSON text; with none takes it away. A policy and a public
    /// access block have operations of their own.
    pub async fn set_setting(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        setting: BucketSetting,
        document: Option<String>,
    ) -> Result<()> {
        if let (BucketSetting::Policy, Some(text)) = (setting, &document) {
            return self.set_policy(caller, bucket, text).await;
        }
        let [_, put, delete] = actions(setting);
        let action = if document.is_some() { put } else { delete };
        self.permit_setting(caller, action, bucket, setting)?;
        let bucket = bucket.clone();
        self.blocking(move |local| local.set_bucket_setting(&bucket, setting, document.as_deref()))
            .await
    }

    /// Gives a bucket a policy. One that lets everybody in is refused while the bucket's public
    /// access block says so, which it does from the start.
    pub async fn set_policy(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        policy: &str,
    ) -> Result<()> {
        let [_, action, _] = actions(BucketSetting::Policy);
        self.permit_setting(caller, action, bucket, BucketSetting::Policy)?;
        let document = PolicyDocument::parse(policy, DocumentKind::Resource)
            .map_err(|error| error.coded("MalformedPolicy"))?;
        drop(document);
        check_resources(bucket, policy)?;
        let (bucket, policy) = (bucket.clone(), policy.to_owned());
        self.blocking(move |local| {
            let block = local.bucket_setting(&bucket, BucketSetting::PublicAccessBlock)?;
            if PublicAccessBlock::read(block.as_deref())?.block_public_policy && is_public(&policy)
            {
                return Err(Error::denied(
                    "the policy makes the bucket public, which its public access block prevents",
                )
                .coded("AccessDenied")
                .hint("change the bucket's public access block first (PutPublicAccessBlock)"));
            }
            local.set_bucket_setting(&bucket, BucketSetting::Policy, Some(&policy))
        })
        .await
    }

    /// Whether the policy of a bucket lets everybody in; none when it has no policy.
    pub async fn is_public(&self, caller: &Caller, bucket: &BucketName) -> Result<Option<bool>> {
        let action = "s3:GetBucketPolicyStatus";
        self.permit_setting(caller, action, bucket, BucketSetting::Policy)?;
        let bucket = bucket.clone();
        self.blocking(move |local| {
            let policy = local.bucket_setting(&bucket, BucketSetting::Policy)?;
            Ok(policy.map(|policy| is_public(&policy)))
        })
        .await
    }

    /// What keeps a bucket from being public; none when that was removed.
    pub async fn public_access_block(
        &self,
        caller: &Caller,
        bucket: &BucketName,
    ) -> Result<Option<PublicAccessBlock>> {
        let setting = BucketSetting::PublicAccessBlock;
        let text = self.setting(caller, bucket, setting).await?;
        if text.as_deref() == Some(PublicAccessBlock::REMOVED) {
            return Ok(None);
        }
        PublicAccessBlock::read(text.as_deref()).map(Some)
    }

    /// Says what keeps a bucket from being public; with none, nothing does.
    pub async fn set_public_access_block(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        block: Option<PublicAccessBlock>,
    ) -> Result<()> {
        let text = match block {
            Some(block) => block.text()?,
            None => PublicAccessBlock::REMOVED.to_owned(),
        };
        let setting = BucketSetting::PublicAccessBlock;
        self.set_setting(caller, bucket, setting, Some(text)).await
    }

    /// The lifecycle rules of a bucket.
    pub async fn lifecycle(
        &self,
        caller: &Caller,
        bucket: &BucketName,
    ) -> Result<Vec<LifecycleRule>> {
        let action = "s3:GetLifecycleConfiguration";
        self.permit(caller, action, bucket, &Context::new())?;
        self.local(bucket, "GetBucketLifecycleConfiguration")?;
        let bucket = bucket.clone();
        self.blocking(move |local| local.lifecycle(&bucket)).await
    }

    /// Replaces the lifecycle rules of a bucket; none take them away.
    pub async fn set_lifecycle(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        rules: Vec<LifecycleRule>,
    ) -> Result<()> {
        let action = "s3:PutLifecycleConfiguration";
        self.permit(caller, action, bucket, &Context::new())?;
        self.local(bucket, "PutBucketLifecycleConfiguration")?;
        let bucket = bucket.clone();
        self.blocking(move |local| local.set_lifecycle(&bucket, &rules))
            .await
    }

    /// The CORS rules of a bucket, for a browser that asks whether it may ask: as in S3, nobody
    /// is asked whether it may. None when there are none, or no such bucket.
    pub async fn cors_rules(&self, bucket: &BucketName) -> Result<Option<String>> {
        if self.is_remote(bucket) {
            return Ok(None);
        }
        let bucket = bucket.clone();
        let rules = self
            .blocking(move |local| local.bucket_setting(&bucket, BucketSetting::Cors))
            .await;
        match rules {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            rules => rules,
        }
    }

    /// Checks that the caller may ask who has access to a bucket (`GetBucketAcl`,
    /// `PutBucketAcl`), and that it exists.
    pub async fn permit_acl(
        &self,
        caller: &Caller,
        bucket: &BucketName,
        action: &str,
    ) -> Result<()> {
        self.permit(caller, action, bucket, &Context::new())?;
        self.local(bucket, action)?;
        let bucket = bucket.clone();
        self.blocking(move |local| local.versioning(&bucket).map(|_| ()))
            .await
    }

    /// Checks that the caller may do `action` with a setting. The account's root always may with
    /// the policy: nobody can be locked out of a bucket for good.
    fn permit_setting(
        &self,
        caller: &Caller,
        action: &str,
        bucket: &BucketName,
        setting: BucketSetting,
    ) -> Result<()> {
        if setting == BucketSetting::Policy && is_root(caller) {
            caller.may(action, &bucket.arn())?;
        } else {
            self.permit(caller, action, bucket, &Context::new())?;
        }
        if self.is_remote(bucket) {
            return Err(not_remote(bucket, action.trim_start_matches("s3:")));
        }
        Ok(())
    }
}

/// Refuses a policy that is about another bucket, as S3 does.
fn check_resources(bucket: &BucketName, policy: &str) -> Result<()> {
    let policy: serde_json::Value = serde_json::from_str(policy).map_err(|error| {
        Error::invalid("Policies must be valid JSON")
            .coded("MalformedPolicy")
            .caused_by(error)
    })?;
    let statements = match &policy["Statement"] {
        serde_json::Value::Array(statements) => statements.iter().collect(),
        one => vec![one],
    };
    let texts = |value: &serde_json::Value| -> Vec<String> {
        match value {
            serde_json::Value::String(text) => vec![text.clone()],
            serde_json::Value::Array(list) => list
                .iter()
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        }
    };
    let arn = bucket.arn();
    for statement in statements {
        for name in ["Resource", "NotResource"] {
            for resource in texts(&statement[name]) {
                let rest = resource.strip_prefix(&arn);
                if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '*'])) {
                    return Err(Error::invalid("Policy has invalid resource")
                        .coded("MalformedPolicy")
                        .hint(format!("\"{resource}\" is not {arn} or {arn}/…")));
                }
            }
        }
    }
    Ok(())
}

//! Which buckets lie on which server, and how to be let in.

use std::fmt;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use serde::{Deserialize, Serialize};
use stave_core::{BucketName, Error, Result};

/// A remote server and the buckets that lie on it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteConfig {
    /// The server's address; none for Amazon S3 itself. `http://` is taken at its word.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The region; `us-east-1` when there is none.
    #[serde(default)]
    pub region: Option<String>,
    /// The key's id.
    #[serde(default)]
    pub access_key_id: Option<String>,
    /// The key's secret.
    #[serde(default)]
    pub secret_access_key: Option<String>,
    /// The token of temporary credentials.
    #[serde(default)]
    pub session_token: Option<String>,
    /// Bucket names; `*` in one stands for any characters.
    pub buckets: Vec<String>,
}

impl fmt::Debug for RemoteConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |secret: &Option<String>| secret.as_ref().map(|_| "***");
        f.debug_struct("RemoteConfig")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &hidden(&self.secret_access_key))
            .field("session_token", &hidden(&self.session_token))
            .field("buckets", &self.buckets)
            .finish()
    }
}

impl RemoteConfig {
    /// Whether `bucket` is one of [`Self::buckets`].
    pub fn claims(&self, bucket: &BucketName) -> bool {
        self.buckets
            .iter()
            .any(|pattern| matches(pattern, bucket.as_str()))
    }

    /// The buckets that are named in full.
    pub(super) fn named(&self) -> impl Iterator<Item = BucketName> {
        self.buckets
            .iter()
            .filter_map(|name| BucketName::new(name.as_str()).ok())
    }

    /// A client for one bucket. Without a key of its own it looks for
    /// credentials as AWS's tools do in a container or on EC2.
    pub(super) fn connect(&self, bucket: &BucketName) -> Result<Arc<dyn ObjectStore>> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket.as_str())
            .with_region(self.region.as_deref().unwrap_or("us-east-1"));
        if let Some(endpoint) = &self.endpoint {
            // Path style: other servers rarely have a name for each bucket.
            builder = builder
                .with_endpoint(endpoint.trim_end_matches('/'))
                .with_allow_http(endpoint.starts_with("http://"))
                .with_virtual_hosted_style_request(false);
        }
        match (&self.access_key_id, &self.secret_access_key) {
            (Some(id), Some(secret)) => {
                builder = builder
                    .with_access_key_id(id)
                    .with_secret_access_key(secret);
            }
            (None, None) => {}
            _ => {
                return Err(Error::invalid(format!(
                    "the remote of bucket \"{bucket}\" has half of a key"
                ))
                .hint("set both access_key_id and secret_access_key"));
            }
        }
        if let Some(token) = &self.session_token {
            builder = builder.with_token(token);
        }
        let client = builder.build().map_err(|error| {
            Error::invalid(format!(
                "the remote of bucket \"{bucket}\" is not configured right"
            ))
            .caused_by(error)
        })?;
        Ok(Arc::new(client))
    }
}

/// Whether `name` fits `pattern`, where `*` stands for any characters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(rest) = name.strip_prefix(head) else {
        return false;
    };
    let mut starts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    starts.any(|at| matches(tail, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name, expected) in [
            ("raw", "raw", true),
            ("raw", "raw-2", false),
            ("raw-*", "raw-2", true),
            ("*", "anything", true),
            ("*-lake", "my-lake", true),
            ("*-lake", "my-lake-2", false),
            ("a*b*c", "a-b-b-c", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let config = RemoteConfig {
            secret_access_key: Some("hush".to_owned()),
            session_token: Some("quiet".to_owned()),
            ..RemoteConfig::default()
        };
        let printed = format!(
            "{config:?} {:?}",
            super::super::RemoteBuckets::new(config.clone())
        );
        assert!(
            !printed.contains("hush") && !printed.contains("quiet"),
            "{printed}"
        );
    }

    #[test]
    fn half_a_key_is_refused() {
        let config = RemoteConfig {
            access_key_id: Some("AKIA".to_owned()),
            ..RemoteConfig::default()
        };
        let bucket = BucketName::new("abc").expect("a name");
        assert!(
            config
                .connect(&bucket)
                .expect_err("refused")
                .message()
                .contains("half")
        );
    }
}

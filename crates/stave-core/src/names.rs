//! Buckets, keys and `s3://` addresses, with the rules that S3 has for them.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The longest key that S3 allows, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 1024;

/// A bucket's name, known to follow S3's rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BucketName(String);

impl BucketName {
    /// Checks `name` against S3's rules for general purpose buckets.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        match bucket_fault(&name) {
            None => Ok(Self(name)),
            Some(fault) => Err(Error::invalid(format!("bucket name \"{name}\" {fault}"))
                .hint("3 to 63 characters: lower-case letters, digits, dots and hyphens, beginning and ending with a letter or digit")),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bucket's ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.0)
    }
}

fn bucket_fault(name: &str) -> Option<&'static str> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !(3..=63).contains(&name.len()) {
        Some("is not 3 to 63 characters long")
    } else if !name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-')
    {
        Some("has a character that S3 does not allow")
    } else if !edge(name.chars().next()) || !edge(name.chars().last()) {
        Some("does not begin and end with a letter or digit")
    } else if name.contains("..") {
        Some("has two dots in a row")
    } else if name.parse::<std::net::Ipv4Addr>().is_ok() {
        Some("has the form of an IP address")
    } else if name.starts_with("xn--") || name.ends_with("-s3alias") || name.ends_with("--ol-s3") {
        Some("has a prefix or suffix that S3 reserves")
    } else {
        None
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BucketName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

/// An object's key: 1 to 1,024 bytes of UTF-8, without NUL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Checks `key` against S3's rules.
    pub fn new(key: impl Into<String>) -> Result<Self> {
        let key = key.into();
        if key.is_empty() {
            Err(Error::invalid("an object's key is empty"))
        } else if key.len() > MAX_KEY_BYTES {
            Err(Error::invalid(format!(
                "key of {} bytes is longer than S3's {MAX_KEY_BYTES}",
                key.len()
            )))
        } else if key.contains('\0') {
            Err(Error::invalid("key holds a NUL character"))
        } else {
            Ok(Self(key))
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after the last `/`.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ObjectKey {
    type Err = Error;

    fn from_str(key: &str) -> Result<Self> {
        Self::new(key)
    }
}

/// `s3://bucket/key`: an object, a prefix, or (with no key) a whole bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct S3Uri {
    /// The bucket.
    pub bucket: BucketName,
    /// What stands after the bucket's slash: a key, a prefix, or nothing.
    pub key: String,
}

impl S3Uri {
    /// An address in `bucket`.
    pub fn new(bucket: BucketName, key: impl Into<String>) -> Self {
        Self {
            bucket,
            key: key.into(),
        }
    }

    /// Whether `text` is meant as an S3 address (`s3://`, or Hadoop's `s3a://` and `s3n://`).
    pub fn is_s3(text: &str) -> bool {
        strip_scheme(text).is_some()
    }

    /// The key as that of one object; an error when there is none.
    pub fn object_key(&self) -> Result<ObjectKey> {
        ObjectKey::new(self.key.clone()).map_err(|error| error.within(self))
    }

    /// The key as a folder: ends in `/` unless it is the whole bucket.
    pub fn folder(&self) -> String {
        if self.key.is_empty() || self.key.ends_with('/') {
            self.key.clone()
        } else {
            format!("{}/", self.key)
        }
    }
}

fn strip_scheme(text: &str) -> Option<&str> {
    ["s3://", "s3a://", "s3n://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
}

impl FromStr for S3Uri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let rest = strip_scheme(text).ok_or_else(|| {
            Error::invalid(format!("\"{text}\" is not an S3 address"))
                .hint("write it like s3://bucket/key")
        })?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if key.len() > MAX_KEY_BYTES {
            return Err(Error::invalid(format!(
                "key of {} bytes is longer than S3's {MAX_KEY_BYTES}",
                key.len()
            )));
        }
        Ok(Self::new(BucketName::new(bucket)?, key))
    }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_the_rules() {
        for good in ["abc", "spotify-2023", "a.b-c", &"a".repeat(63)] {
            assert!(BucketName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "ab",
            "Upper",
            "a_b",
            "-abc",
            "abc-",
            "a..b",
            "192.168.0.1",
            "xn--abc",
            "a-s3alias",
            &"a".repeat(64),
        ] {
            assert!(BucketName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_are_what_s3_allows() {
        for good in ["a", "a b:c", "a/", "../x", "//", &"k".repeat(1024)] {
            assert!(ObjectKey::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a\0b", &"k".repeat(1025)] {
            assert!(ObjectKey::new(bad).is_err());
        }
    }

    #[test]
    fn addresses_read_and_print() {
        let uri: S3Uri = "s3://raw/to process/a:b.json".parse().expect("an address");
        assert_eq!(uri.key, "to process/a:b.json");
        assert_eq!(uri.to_string(), "s3://raw/to process/a:b.json");
        let bucket: S3Uri = "s3a://warehouse".parse().expect("an address");
        assert_eq!((bucket.key.as_str(), bucket.folder().as_str()), ("", ""));
        assert!("/tmp/x".parse::<S3Uri>().is_err());
        assert!("s3:///x".parse::<S3Uri>().is_err());
    }
}

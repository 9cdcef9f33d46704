//! Headers that would be a false promise, refused by their names before anything is read.

use http::HeaderMap;
use s3s::{S3Error, S3Result};

use super::errors::{not_implemented, s3_error};

/// Headers that are refused whatever they say, by the beginning of their names.
const REFUSED: [&str; 9] = [
    "x-amz-server-side-encryption-customer-",
    "x-amz-copy-source-server-side-encryption-customer-",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-context",
    "x-amz-object-lock-",
    "x-amz-website-redirect-location",
    "x-amz-grant-",
    "x-amz-write-offset-bytes",
    "x-amz-if-match-",
];

/// Headers that are accepted with these values only.
const ACCEPTED: [(&str, &[&str]); 5] = [
    ("x-amz-server-side-encryption", &["AES256"]),
    (
        "x-amz-server-side-encryption-bucket-key-enabled",
        &["false"],
    ),
    ("x-amz-bucket-object-lock-enabled", &["false"]),
    (
        "x-amz-acl",
        &["private", "bucket-owner-full-control", "bucket-owner-read"],
    ),
    ("x-amz-object-ownership", &["BucketOwnerEnforced"]),
];

/// Headers that name the account a bucket must belong to.
const OWNERS: [&str; 2] = [
    "x-amz-expected-bucket-owner",
    "x-amz-source-expected-bucket-owner",
];

/// Refuses what Stave cannot keep.
pub(super) fn check(headers: &HeaderMap, account: &str) -> S3Result<()> {
    for (name, value) in headers {
        let name = name.as_str();
        if !name.starts_with("x-amz-") {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = value.trim();
        if let Some((_, accepted)) = ACCEPTED.iter().find(|(known, _)| *known == name) {
            if !accepted.iter().any(|one| one.eq_ignore_ascii_case(value)) {
                return Err(refusal(name, value));
            }
        } else if REFUSED.iter().any(|start| name.starts_with(start)) {
            return Err(not_implemented(&format!("The header {name}")));
        } else if OWNERS.contains(&name) && value != account {
            return Err(s3_error("AccessDenied", 403, "Access Denied"));
        }
    }
    Ok(())
}

fn refusal(name: &str, value: &str) -> S3Error {
    let value: String = value.chars().take(64).collect();
    not_implemented(&format!("The header {name} with the value \"{value}\""))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn false_promises_are_refused_by_name() {
        for (name, value, expected) in [
            ("x-amz-server-side-encryption", "AES256", None),
            (
                "x-amz-server-side-encryption",
                "aws:kms",
                Some("NotImplemented"),
            ),
            (
                "x-amz-server-side-encryption-customer-algorithm",
                "AES256",
                Some("NotImplemented"),
            ),
            ("x-amz-acl", "private", None),
            ("x-amz-acl", "public-read", Some("NotImplemented")),
            ("x-amz-grant-read", "id=x", Some("NotImplemented")),
            (
                "x-amz-object-lock-mode",
                "GOVERNANCE",
                Some("NotImplemented"),
            ),
            (
                "x-amz-website-redirect-location",
                "/",
                Some("NotImplemented"),
            ),
            ("x-amz-expected-bucket-owner", "123456789012", None),
            (
                "x-amz-expected-bucket-owner",
                "999988887777",
                Some("AccessDenied"),
            ),
            ("x-amz-request-payer", "requester", None),
            ("x-amz-meta-acl", "public-read", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
            let outcome = check(&headers, "123456789012");
            let code = outcome.as_ref().err().map(|error| error.code().as_str());
            assert_eq!(code, expected, "{name}: {value}");
            if let Err(error) = &outcome
                && expected == Some("NotImplemented")
            {
                assert!(
                    error
                        .message()
                        .is_some_and(|message| message.contains(name))
                );
            }
        }
    }
}

//! Signature Version 2 where stock clients still use it: boto3 signs URLs and forms so, unless
//! told otherwise. Nowhere else is it accepted.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html>

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use jiff::Timestamp;
use s3s::S3Result;
use stave_core::iam::Context;
use stave_core::sigv4::{Payload, Refusal};
use stave_services::Iam;
use stave_services::iam::{KnownKey, Unauthenticated};
use stave_store::ChecksumAlgorithm;

use super::authenticate::Asker;
use super::errors::{from_authentication, from_refusal, s3_error};

/// How many bytes HMAC takes at once.
const BLOCK_BYTES: usize = 64;

/// Parameters that say what of a resource is meant, and so are signed.
const SIGNED_PARAMETERS: [&str; 36] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
    "publicAccessBlock",
];

/// A URL that is signed so.
pub(super) struct SignedUrl {
    key: String,
    signature: String,
    expires: String,
    /// All parameters, decoded.
    parameters: Vec<(String, String)>,
}

impl SignedUrl {
    /// What the query presents; none when it is not signed so.
    pub(super) fn read(query: &str) -> Option<Self> {
        let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let once = |name: &str| {
            let mut found = parameters.iter().filter(|(other, _)| other == name);
            let value = found.next().map(|(_, value)| value.clone());
            value.filter(|_| found.next().is_none())
        };
        Some(Self {
            key: once("AWSAccessKeyId")?,
            signature: once("Signature")?,
            expires: once("Expires")?,
            parameters,
        })
    }

    /// Says who has signed; `bucket` is what the host names.
    pub(super) fn verify(
        &self,
        iam: &Iam,
        region: &str,
        parts: &Parts,
        bucket: Option<&str>,
        keys: Context,
        now: Timestamp,
    ) -> S3Result<Asker> {
        let expires_at: i64 = self.expires.parse().map_err(|_| {
            s3_error(
                "AccessDenied",
                403,
                "Invalid date (should be seconds since epoch)",
            )
        })?;
        if now.as_second() > expires_at {
            return Err(from_refusal(&Refusal::Expired));
        }
        let token = self.parameter("x-amz-security-token");
        let key = known_key(iam, &self.key, token)?;
        let text = self.text(parts, bucket);
        if !is_signed(key.secret(), text.as_bytes(), &self.signature) {
            return Err(from_refusal(&Refusal::Mismatch));
        }
        let keys = keys
            .with("s3:signatureversion", "AWS")
            .with("s3:authType", "REST-QUERY-STRING");
        Ok(Asker {
            used: iam.use_of(&key, "s3", region),
            caller: key.into_caller(&keys),
            payload: Payload::Unsigned,
            is_presigned: true,
        })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self.parameters.iter();
        all.find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// What is signed.
    fn text(&self, parts: &Parts, bucket: Option<&str>) -> String {
        let header = |name: &str| {
            let value = parts.headers.get(name);
            let value = value.and_then(|value| value.to_str().ok());
            value.or_else(|| self.parameter(name)).unwrap_or_default()
        };
        let mut amz: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let of_query = self.parameters.iter();
        let of_query = of_query.map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()));
        let of_headers = parts.headers.iter().filter_map(|(name, value)| {
            let value = value.to_str().ok()?;
            Some((name.as_str().to_owned(), value.trim()))
        });
        for (name, value) in of_headers.chain(of_query) {
            if name.starts_with("x-amz-") {
                amz.entry(name).or_default().push(value);
            }
        }
        let amz: Vec<String> = amz
            .into_iter()
            .map(|(name, values)| format!("{name}:{}\n", values.join(",")))
            .collect();
        let mut signed: Vec<String> = self
            .parameters
            .iter()
            .filter(|(name, _)| SIGNED_PARAMETERS.contains(&name.as_str()))
            .map(|(name, value)| match value.as_str() {
                "" => name.clone(),
                value => format!("{name}={value}"),
            })
            .collect();
        signed.sort();
        let of_host = bucket
            .map(|bucket| format!("/{bucket}"))
            .unwrap_or_default();
        format!(
            "{}\n{}\n{}\n{}\n{}{of_host}{}{}{}",
            parts.method,
            header("content-md5"),
            header("content-type"),
            self.expires,
            amz.concat(),
            parts.uri.path(),
            if signed.is_empty() { "" } else { "?" },
            signed.join("&")
        )
    }
}

/// The access key of that id, for who presents it so.
pub(super) fn known_key(iam: &Iam, id: &str, token: Option<&str>) -> S3Result<KnownKey> {
    iam.known_key(id, token)
        .map_err(|error| from_authentication(Unauthenticated::Key(error), token.is_some()))
}

/// Whether `signature` is that of `text`, in base64.
pub(super) fn is_signed(secret: &str, text: &[u8], signature: &str) -> bool {
    let Some(computed) = hmac_sha1(secret.as_bytes(), text) else {
        return false;
    };
    let claimed = STANDARD.decode(signature).unwrap_or_default();
    // Takes as long whichever byte differs.
    let differing = computed
        .iter()
        .zip(&claimed)
        .fold(0, |bits, (a, b)| bits | (a ^ b));
    computed.len() == claimed.len() && differing == 0
}

/// HMAC with SHA-1 (RFC 2104).
fn hmac_sha1(key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let sha1 = |bytes: &[u8]| STANDARD.decode(ChecksumAlgorithm::Sha1.of(bytes)).ok();
    let mut block = if key.len() > BLOCK_BYTES {
        sha1(key)?
    } else {
        key.to_vec()
    };
    block.resize(BLOCK_BYTES, 0);
    let padded = |pad: u8| block.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let inner = sha1(&[padded(0x36).as_slice(), text].concat())?;
    sha1(&[padded(0x5c), inner].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the documentation, and of RFC 2202.
    #[test]
    fn signatures_are_those_of_the_documentation() {
        let mac = hmac_sha1(b"Jefe", b"what do ya want for nothing?").expect("made");
        assert_eq!(STANDARD.encode(mac), "7/zfauXrL6LSdBbV8YTfnCWafHk=");
        let mac = hmac_sha1(
            &[0xaa; 80],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
        );
        assert_eq!(
            STANDARD.encode(mac.expect("made")),
            "qkrl4VJy0A6VcFY3zoo7Ve1AIRI="
        );
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let query = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D\
            &Expires=1175139620";
        let url = SignedUrl::read(query).expect("signed");
        let request = http::Request::builder()
            .uri(format!("/photos/puppy.jpg?{query}"))
            .header("host", "johnsmith.us-west-1.s3.amazonaws.com");
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let text = url.text(&parts, Some("johnsmith"));
        assert_eq!(text, "GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg");
        assert_eq!(url.signature, "NpgCjnDzrM+WFzoENXmpNDUsSn8=");
        assert!(is_signed(secret, text.as_bytes(), &url.signature));
        assert!(!is_signed(secret, b"other", &url.signature));
        assert!(!is_signed(secret, text.as_bytes(), ""));
    }
}

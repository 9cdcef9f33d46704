//! Signing, for clients and for presigned URLs.

use jiff::Timestamp;

use super::canonical::{HttpRequest, canonical_request, string_to_sign};
use super::encode::encode;
use super::key::{SigningKey, hex, sha256};
use super::scope::{Scope, basic};
use super::{ALGORITHM, MAX_EXPIRES_SECONDS};
use crate::error::{Error, Result};

/// An access key.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The key's id.
    pub access_key: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// The session token of temporary credentials.
    pub session_token: Option<&'a str>,
}

/// What a signature is made for.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// Who signs.
    pub credentials: Credentials<'a>,
    /// The region.
    pub region: &'a str,
    /// The service's signing name.
    pub service: &'a str,
    /// The present moment.
    pub now: Timestamp,
}

/// Headers that proxies and clients change on the way: they are not signed.
const UNSIGNED: [&str; 6] = [
    "authorization",
    "connection",
    "expect",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

/// Signs `request`, which has its `host` header; gives the headers to add, Authorization last.
///
/// `payload` is the body's SHA-256 in hexadecimal, or one of S3's words for another form of body;
/// without it the body is empty.
pub fn sign(
    request: &HttpRequest,
    signer: &Signer,
    payload: Option<&str>,
) -> Vec<(&'static str, String)> {
    let payload = payload.map_or_else(|| hex(&sha256(b"")), str::to_owned);
    let mut added = Vec::new();
    let mut add = |name: &'static str, value: &str| {
        if request.values(name).next().is_none() {
            added.push((name, value.to_owned()));
        }
    };
    add("x-amz-date", &basic(signer.now));
    if signer.service == "s3" {
        add("x-amz-content-sha256", &payload);
    }
    if let Some(token) = signer.credentials.session_token {
        add("x-amz-security-token", token);
    }
    let mut headers = request.headers.to_vec();
    headers.extend(added.iter().map(|(name, value)| (*name, value.as_bytes())));
    let request = HttpRequest {
        headers: &headers,
        ..*request
    };
    let names = names_to_sign(&request);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let signature = signature(&request, signer, &names, &payload);
    let scope = Scope::new(signer.now, signer.region, signer.service);
    let authorization = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
        signer.credentials.access_key,
        names.join(";")
    );
    added.push(("authorization", authorization));
    added
}

/// The query of a URL that anybody may use for `expires_seconds`: at most seven days.
///
/// `request` has its `host` header and whatever other headers its user must send.
pub fn presign(request: &HttpRequest, signer: &Signer, expires_seconds: i64) -> Result<String> {
    if !(1..=MAX_EXPIRES_SECONDS).contains(&expires_seconds) {
        return Err(Error::invalid(format!(
            "a URL can't be valid for {expires_seconds} seconds"
        ))
        .hint("1 second to 604,800 (seven days)"));
    }
    let names = names_to_sign(request);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let scope = Scope::new(signer.now, signer.region, signer.service);
    let credential = format!("{}/{scope}", signer.credentials.access_key);
    let expires = expires_seconds.to_string();
    let mut parameters = vec![
        ("X-Amz-Algorithm", ALGORITHM.to_owned()),
        ("X-Amz-Credential", credential),
        ("X-Amz-Date", basic(signer.now)),
        ("X-Amz-Expires", expires),
        ("X-Amz-SignedHeaders", names.join(";")),
    ];
    if let Some(token) = signer.credentials.session_token {
        parameters.push(("X-Amz-Security-Token", token.to_owned()));
    }
    let mut query: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value.as_bytes(), false)))
        .collect();
    if !request.query.is_empty() {
        query.insert(0, request.query.to_owned());
    }
    let query = query.join("&");
    let signed = HttpRequest {
        query: &query,
        ..*request
    };
    let payload = if signer.service == "s3" {
        "UNSIGNED-PAYLOAD".to_owned()
    } else {
        hex(&sha256(b""))
    };
    let signature = signature(&signed, signer, &names, &payload);
    Ok(format!("{query}&X-Amz-Signature={signature}"))
}

fn signature(request: &HttpRequest, signer: &Signer, names: &[&str], payload: &str) -> String {
    let scope = Scope::new(signer.now, signer.region, signer.service);
    let canonical = canonical_request(request, names, signer.service, payload);
    let text = string_to_sign(&canonical, signer.now, &scope);
    SigningKey::derive(signer.credentials.secret, &scope).sign(text.as_bytes())
}

fn names_to_sign(request: &HttpRequest) -> Vec<String> {
    let mut names: Vec<String> = request
        .headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .filter(|name| !UNSIGNED.contains(&name.as_str()))
        .collect();
    names.sort();
    names.dedup();
    names
}

//! The canonical request: one text for all the ways in which HTTP can write a request.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use super::encode::{decode, encode, normalize, pairs};
use super::key::{hex, sha256};
use super::scope::Scope;
use super::{ALGORITHM, scope};

/// A request as it came over the wire.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// `GET`, `PUT` …
    pub method: &'a str,
    /// The path as sent, percent-encoded.
    pub path: &'a str,
    /// The query as sent, without the `?`.
    pub query: &'a str,
    /// All headers in their order, repeated ones too. HTTP/2's `:authority` comes as `host`.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> HttpRequest<'a> {
    /// The value of a header that stands there once, as text without the space around it.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        let mut values = self.values(name);
        let value = std::str::from_utf8(values.next()?).ok()?;
        values.next().is_none().then(|| value.trim())
    }

    /// All values of a header.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

/// S3 signs the path as it is meant; the others sign it encoded once more, without dot segments.
fn canonical_path(path: &str, service: &str) -> String {
    let path = if path.is_empty() { "/" } else { path };
    if service == "s3" {
        encode(&decode(path), true)
    } else {
        encode(normalize(path).as_bytes(), true)
    }
}

/// Every parameter encoded alike, sorted; `X-Amz-Signature` can't sign itself.
fn canonical_query(query: &str) -> String {
    let mut parameters: Vec<(String, String)> = pairs(query)
        .filter(|(name, _)| name != b"X-Amz-Signature")
        .map(|(name, value)| (encode(&name, false), encode(&value, false)))
        .collect();
    parameters.sort();
    let parameters: Vec<String> = parameters
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parameters.join("&")
}

/// A header's value with single spaces and none around.
fn squeezed(value: &[u8]) -> Vec<u8> {
    let words: Vec<&[u8]> = value
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .collect();
    words.join(&b' ')
}

/// The canonical request, with `signed` header names in their order.
pub(super) fn canonical_request(
    request: &HttpRequest,
    signed: &[&str],
    service: &str,
    payload: &str,
) -> Vec<u8> {
    let mut text = format!(
        "{}\n{}\n{}\n",
        request.method,
        canonical_path(request.path, service),
        canonical_query(request.query)
    )
    .into_bytes();
    for name in signed {
        let values: Vec<Vec<u8>> = request.values(name).map(squeezed).collect();
        text.extend(name.as_bytes());
        text.push(b':');
        text.extend(values.join(&b','));
        text.push(b'\n');
    }
    text.extend(format!("\n{}\n{payload}", signed.join(";")).bytes());
    text
}

/// What is signed: the time, the scope, and the hash of the canonical request.
pub(super) fn string_to_sign(canonical: &[u8], at: jiff::Timestamp, scope: &Scope) -> String {
    format!(
        "{ALGORITHM}\n{}\n{scope}\n{}",
        scope::basic(at),
        hex(&sha256(canonical))
    )
}

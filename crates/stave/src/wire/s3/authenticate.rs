//! Who asks: the signature of a request, in its header or its query, or none at all.

use http::HeaderMap;
use http::request::Parts;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use s3s::S3Result;
use stave_core::iam::{Context, Grants, Principal};
use stave_core::sigv4::{Expected, HttpRequest, Payload, Presented};
use stave_core::{Caller, Credential};
use stave_services::Iam;
use stave_services::iam::KeyUse;

use super::door::Origin;
use super::errors::{from_authentication, from_refusal};
use super::version_2::SignedUrl;

/// Headers that policies may ask about, and their condition keys.
const KEYS: [(&str, &str); 8] = [
    ("x-amz-acl", "s3:x-amz-acl"),
    ("x-amz-content-sha256", "s3:x-amz-content-sha256"),
    ("x-amz-copy-source", "s3:x-amz-copy-source"),
    ("x-amz-metadata-directive", "s3:x-amz-metadata-directive"),
    (
        "x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption",
    ),
    ("x-amz-storage-class", "s3:x-amz-storage-class"),
    ("if-match", "s3:if-match"),
    ("if-none-match", "s3:if-none-match"),
];

/// Somebody who asks, and what is known of the body that comes along.
pub(super) struct Asker {
    pub(super) caller: Caller,
    pub(super) payload: Payload,
    /// Whether the signature stands in the query.
    pub(super) is_presigned: bool,
    /// What is to be noted of the access key.
    pub(super) used: Option<KeyUse>,
}

/// Says who asks; `bucket` is what the host names. Who has not signed is anonymous.
pub(super) fn authenticate(
    iam: &Iam,
    region: &str,
    parts: &Parts,
    bucket: Option<&str>,
    origin: &Origin,
    now: Timestamp,
) -> S3Result<Asker> {
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let mut headers: Vec<(&str, &[u8])> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    if let (false, Some(authority)) = (parts.headers.contains_key("host"), authority) {
        headers.push(("host", authority.as_bytes()));
    }
    let request = HttpRequest {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
    };
    let keys = request_keys(&parts.headers, origin, iam.account());
    let presented = Presented::read(&request).map_err(|refusal| from_refusal(&refusal))?;
    let Some(presented) = presented else {
        if let Some(url) = SignedUrl::read(request.query) {
            return url.verify(iam, region, parts, bucket, keys, now);
        }
        return Ok(Asker {
            caller: anonymous(iam.account(), &keys.at(now)),
            payload: unsigned_payload(&parts.headers),
            is_presigned: false,
            used: None,
        });
    };
    let keys = signature_keys(keys, &presented, parts, now);
    let expected = Expected {
        service: "s3",
        region: Some(region),
        now,
        body: None,
    };
    let has_token = presented.session_token().is_some();
    let authenticated = iam
        .authenticate(&request, &presented, &expected, &keys)
        .map_err(|fault| from_authentication(fault, has_token))?;
    Ok(Asker {
        caller: authenticated.caller,
        payload: authenticated.payload,
        is_presigned: presented.is_presigned(),
        used: authenticated.used,
    })
}

/// Nobody who has signed, at work in `account`.
pub(super) fn anonymous(account: &str, keys: &Context) -> Caller {
    let grants = Grants::default();
    Caller::new(account, Principal::Anonymous, grants, Credential::LongTerm).with_keys(keys)
}

/// The condition keys that any request has.
pub(super) fn request_keys(headers: &HeaderMap, origin: &Origin, account: &str) -> Context {
    let mut keys = Context::new()
        .with("aws:ResourceAccount", account)
        .with("s3:ResourceAccount", account)
        .with("aws:SourceIp", origin.source_ip.to_string())
        .with("aws:SecureTransport", origin.is_tls.to_string());
    if origin.is_tls {
        // No older one is spoken.
        keys.set("s3:TlsVersion", "1.2");
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    for (name, key) in [("user-agent", "aws:UserAgent"), ("referer", "aws:Referer")]
        .iter()
        .chain(&KEYS)
    {
        if let Some(value) = text(name) {
            keys.set(key, value);
        }
    }
    keys
}

fn signature_keys(keys: Context, presented: &Presented, parts: &Parts, now: Timestamp) -> Context {
    let keys = keys.with("s3:signatureversion", "AWS4-HMAC-SHA256").with(
        "s3:authType",
        if presented.is_presigned() {
            "REST-QUERY-STRING"
        } else {
            "REST-HEADER"
        },
    );
    let from_query = || {
        let query = parts.uri.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "X-Amz-Date")
            .map(|(_, date)| date.into_owned())
    };
    let header = parts.headers.get("x-amz-date");
    let date = header
        .and_then(|value| value.to_str().ok().map(str::to_owned))
        .or_else(from_query);
    match date.and_then(|date| parse_date(&date)) {
        Some(at) => {
            let age_ms = (now.as_millisecond() - at.as_millisecond()).max(0);
            keys.with("s3:signatureAge", age_ms.to_string())
        }
        None => keys,
    }
}

/// `20150830T123600Z`.
pub(super) fn parse_date(text: &str) -> Option<Timestamp> {
    let at = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The body of a request without a signature may still be wrapped for its trailers.
fn unsigned_payload(headers: &HeaderMap) -> Payload {
    let claim = headers.get("x-amz-content-sha256");
    if claim.is_some_and(|claim| claim == "STREAMING-UNSIGNED-PAYLOAD-TRAILER") {
        return Payload::Chunked {
            signer: None,
            trailer: true,
        };
    }
    Payload::Unsigned
}

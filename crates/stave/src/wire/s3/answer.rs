//! What every answer carries: the request's ids, and errors that say what they are about.

use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use s3s::{Body, S3Error};

use super::door::Origin;

/// Messages of errors that come without one.
const MESSAGES: [(&str, &str); 6] = [
    ("InvalidBucketName", "The specified bucket is not valid."),
    ("InvalidURI", "Couldn't parse the specified URI."),
    ("KeyTooLongError", "Your key is too long"),
    (
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    ),
    (
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
    ),
    ("MaxMessageLengthExceeded", "Your request was too big."),
];

/// Errors that name the bucket.
const ABOUT_BUCKETS: [&str; 8] = [
    "BucketAlreadyOwnedByYou",
    "BucketNotEmpty",
    "InvalidBucketName",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchCORSConfiguration",
    "NoSuchLifecycleConfiguration",
    "NoSuchTagSet",
];

/// What an answer is about.
pub(super) struct About {
    method: Method,
    resource: String,
    bucket: Option<String>,
    request_id: String,
    region: String,
    /// Whether it is of the one operation whose ETag stands without quotes.
    asks_attributes: bool,
}

/// An error as an answer.
pub(super) fn of_error(error: S3Error) -> Response<Body> {
    error.to_http_response().unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

impl About {
    pub(super) fn new(
        parts: &Parts,
        bucket: Option<String>,
        origin: &Origin,
        region: &str,
    ) -> Self {
        Self {
            method: parts.method.clone(),
            resource: parts.uri.path().to_owned(),
            bucket,
            request_id: origin.request_id.clone(),
            region: region.to_owned(),
            asks_attributes: parts.uri.query().is_some_and(|query| {
                let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
                names.any(|name| name == "attributes")
            }),
        }
    }

    /// The answer with the request's ids.
    pub(super) fn finish(&self, mut response: Response<Body>) -> Response<Body> {
        let host_id = self.host_id();
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED {
            *response.body_mut() = Body::empty();
            response.headers_mut().remove(CONTENT_TYPE);
            response.headers_mut().remove(CONTENT_LENGTH);
        } else if status == StatusCode::OK && response.headers().contains_key(CONTENT_RANGE) {
            // s3s says so of a get only.
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        } else if status == StatusCode::OK && self.asks_attributes {
            unquote_etag(&mut response);
        } else if status.is_client_error() || status.is_server_error() {
            self.complete_error(&mut response, &host_id);
        }
        let headers = response.headers_mut();
        for (name, value) in [
            ("x-amz-request-id", &self.request_id),
            ("x-amz-id-2", &host_id),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        response
    }

    /// The key that the path names.
    fn key(&self) -> String {
        let path = self.resource.trim_start_matches('/');
        let in_path = |bucket: &&String| path.split('/').next() == Some(bucket.as_str());
        let key = match self.bucket.as_ref().filter(in_path) {
            Some(bucket) => path[bucket.len()..].trim_start_matches('/'),
            None => path,
        };
        decoded(key)
    }

    fn host_id(&self) -> String {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(format!("stave/{}", self.request_id))
    }

    /// Writes into an error's document what S3 says there besides code and message.
    fn complete_error(&self, response: &mut Response<Body>, host_id: &str) {
        if self.method == Method::HEAD {
            *response.body_mut() = Body::empty();
            response.headers_mut().remove(CONTENT_LENGTH);
            return;
        }
        let Some(text) = response.body_mut().take_bytes() else {
            return;
        };
        let text = String::from_utf8_lossy(&text).into_owned();
        let Some(start) = text.strip_suffix("</Error>") else {
            *response.body_mut() = Body::from(text);
            return;
        };
        let mut document = start.to_owned();
        if !start.contains("<Message>") {
            let is_of = |code: &str| start.contains(&format!("<Code>{code}</Code>"));
            let known = MESSAGES.iter().find(|(code, _)| is_of(code));
            let message = known.map_or("The request is not valid.", |(_, message)| message);
            document += &element("Message", message);
        }
        if start.contains("<Code>AuthorizationHeaderMalformed</Code>") {
            document += &element("Region", &self.region);
            if let Ok(region) = HeaderValue::from_str(&self.region) {
                response.headers_mut().insert("x-amz-bucket-region", region);
            }
        }
        let is_of = |code: &str| start.contains(&format!("<Code>{code}</Code>"));
        if ["NoSuchKey", "NoSuchVersion"]
            .iter()
            .any(|code| is_of(code))
        {
            document += &element("Key", &self.key());
        }
        if let (Some(bucket), true) = (&self.bucket, ABOUT_BUCKETS.iter().any(|code| is_of(code))) {
            document += &element("BucketName", bucket);
        }
        document += &element("Resource", &self.resource);
        document += &element("RequestId", &self.request_id);
        document += &element("HostId", host_id);
        document += "</Error>";
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        *response.body_mut() = Body::from(document);
    }
}

/// Text that was encoded for a path.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        if let (b'%', Some(byte)) = (first, byte) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Takes the quotes off the ETag of `GetObjectAttributes`, where S3 leaves them out.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html>
fn unquote_etag(response: &mut Response<Body>) {
    let Some(bytes) = response.body_mut().take_bytes() else {
        return;
    };
    let text = String::from_utf8_lossy(&bytes);
    let text = match text.split_once("<ETag>") {
        Some((before, after)) => {
            let (etag, rest) = after.split_once("</ETag>").unwrap_or((after, ""));
            let etag = etag.replace("&quot;", "").replace('"', "");
            format!("{before}<ETag>{etag}</ETag>{rest}")
        }
        None => text.into_owned(),
    };
    response.headers_mut().remove(CONTENT_LENGTH);
    *response.body_mut() = Body::from(text);
}

/// An element of an XML document that holds text.
fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", quick_xml::escape::escape(text))
}

//! The door: a request comes in, is let in or not, and gets its answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::BodyExt;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3Result};
use stave_core::sigv4::Payload;
use stave_core::{Caller, Result};
use stave_services::{Buckets, Iam, Notifications};
use stave_store::blocking;

use super::authenticate::{Asker, authenticate};
use super::backend::Backend;
use super::body::{Incoming, Trailers};
use super::cors::{self, Crossing};
use super::errors::{from_service, s3_error};
use super::headers;
use super::host::Hosts;
use super::post::Poster;
use super::tidy::{check_digests, move_query_to_headers, tidy};
use super::{answer, convert};

/// Bodies up to this are read at once, in bytes.
const SMALL_BYTES: u64 = 256 << 10;

/// How much of a refused body is read, in bytes.
const DRAINED_BYTES: usize = 1 << 20;
/// How long that may take.
const DRAINING: Duration = Duration::from_secs(2);

/// Where a request comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The client's address.
    pub source_ip: IpAddr,
    /// Whether the connection is encrypted.
    pub is_tls: bool,
    /// The request's id, which its answer carries.
    pub request_id: String,
}

/// How the door behaves.
#[derive(Debug, Clone)]
pub struct S3Options {
    /// The region that is served.
    pub region: String,
    /// The account that owns all buckets.
    pub account: String,
    /// The base domains of virtual-host style: `localhost` makes `lake.localhost` a bucket.
    pub hosts: Vec<String>,
    /// The longest body that is a document, in bytes.
    pub max_document_bytes: usize,
}

impl Default for S3Options {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            account: stave_core::caller::DEFAULT_ACCOUNT.to_owned(),
            hosts: ["localhost", "s3.localhost", "s3.localhost.localstack.cloud"]
                .map(str::to_owned)
                .to_vec(),
            // 10,000 parts with checksums are below it.
            max_document_bytes: 4 << 20,
        }
    }
}

/// What the door knows of a request, for the backend.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Who asks.
    pub(super) caller: Caller,
    /// What follows the body.
    pub(super) trailers: Trailers,
    /// The body, where it has been read.
    pub(super) whole: Option<Bytes>,
    /// `Expires` as it came: S3 keeps any text.
    pub(super) expires: Option<String>,
    /// Where the client found the door.
    pub(super) base: String,
}

/// Amazon S3's protocol over the buckets service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct S3Door(Arc<Inside>);

struct Inside {
    iam: Iam,
    buckets: Buckets,
    options: S3Options,
    hosts: Hosts,
    service: S3Service,
}

impl std::fmt::Debug for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Door")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl S3Door {
    /// The door to `buckets`, for whom `iam` knows.
    #[allow(clippy::unnecessary_wraps)]
    pub fn new(
        iam: Iam,
        buckets: Buckets,
        notifications: Notifications,
        options: S3Options,
    ) -> Result<Self> {
        let hosts = Hosts::new(&options.hosts);
        let place = (options.account.as_str(), options.region.as_str());
        let backend = Backend::new(buckets.clone(), notifications, place);
        let mut builder = S3ServiceBuilder::new(backend);
        builder.set_host(hosts.clone());
        let mut config = S3Config::default();
        config.xml_max_body_size = options.max_document_bytes;
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        Ok(Self(Arc::new(Inside {
            iam,
            buckets,
            options,
            hosts,
            service: builder.build(),
        })))
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Body>, origin: Origin) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let mut body = Some(body);
        let crossing = Crossing::of(&parts);
        let bucket = self.bucket_of(&parts);
        let region = &self.0.options.region;
        let asked = answer::About::new(&parts, bucket.clone(), &origin, region);
        let is_preflight = parts.method == Method::OPTIONS;
        let served = match &crossing {
            Some(crossing) if is_preflight => self.preflight(crossing, bucket.as_deref()).await,
            _ => self.serve(parts, &mut body, &origin).await,
        };
        if let (Err(_), Some(body)) = (&served, body) {
            let _ = tokio::time::timeout(DRAINING, drain(body)).await;
        }
        let mut response = asked.finish(served.unwrap_or_else(answer::of_error));
        if let (Some(crossing), false) = (crossing, is_preflight) {
            // Without rules, or with rules that cannot be read, the browser shows the page nothing.
            let rules = self.cors_rules(bucket.as_deref()).await.unwrap_or_default();
            let allowed = crossing.allowed(rules.as_deref()).unwrap_or_default();
            response.headers_mut().extend(allowed.unwrap_or_default());
        }
        response
    }

    async fn preflight(
        &self,
        crossing: &Crossing,
        bucket: Option<&str>,
    ) -> S3Result<Response<Body>> {
        let rules = self.cors_rules(bucket).await?;
        let allowed = crossing.allowed(rules.as_deref())?;
        cors::preflight(allowed, rules.is_some())
    }

    async fn cors_rules(&self, bucket: Option<&str>) -> S3Result<Option<String>> {
        let Some(bucket) = bucket else {
            return Ok(None);
        };
        let bucket = convert::bucket(bucket)?;
        let rules = self.0.buckets.cors_rules(&bucket).await;
        rules.map_err(from_service)
    }

    /// Serves a request. The body is taken when it begins to be read.
    async fn serve(
        &self,
        mut parts: Parts,
        body: &mut Option<Body>,
        origin: &Origin,
    ) -> S3Result<Response<Body>> {
        if is_form(&parts) {
            let poster = Poster {
                iam: &self.0.iam,
                buckets: &self.0.buckets,
                region: &self.0.options.region,
            };
            let bucket = self.form_bucket(&parts)?;
            let body = body.take().unwrap_or_default();
            return poster.post(&parts, &bucket, body, origin).await;
        }
        let asker = self.let_in(&parts, origin).await?;
        if asker.is_presigned {
            move_query_to_headers(&mut parts)?;
        }
        headers::check(&parts.headers, &self.0.options.account)?;
        let trailers = Trailers::default();
        let body = body.take().unwrap_or_default();
        let (body, whole) = self
            .body(&mut parts, body, asker.payload, &trailers)
            .await?;
        let expires = tidy(&mut parts);
        let asked = Asked {
            caller: asker.caller,
            trailers,
            whole,
            expires,
            base: base_of(&parts, origin.is_tls),
        };
        parts.extensions.insert(asked);
        let request = Request::from_parts(parts, body);
        self.0.service.call(request).await.map_err(|fault| {
            tracing::error!(?fault, "a request failed");
            s3_error("InternalError", 500, "We encountered an internal error.")
        })
    }

    /// Says who asks. It reads a row or two, which takes less than to hand it to a thread that may
    /// block; what it writes, now and then, goes there.
    async fn let_in(&self, parts: &Parts, origin: &Origin) -> S3Result<Asker> {
        let inside = &*self.0;
        let now = inside.buckets.now();
        let region = &inside.options.region;
        let host = host_of(parts).unwrap_or_default();
        let bucket = inside.hosts.bucket(&host);
        let mut asker = authenticate(&inside.iam, region, parts, bucket, origin, now)?;
        if let Some(used) = asker.used.take() {
            let iam = inside.iam.clone();
            let noted = blocking("a key's use was not noted", move || iam.note_use(&used));
            // It may be lost: a full disk must not keep people out.
            let _ = noted.await;
        }
        Ok(asker)
    }

    /// The body without what is wrapped around it, and all of it where it is small or a document.
    async fn body(
        &self,
        parts: &mut Parts,
        body: Body,
        payload: Payload,
        trailers: &Trailers,
    ) -> S3Result<(Body, Option<Bytes>)> {
        let is_chunked = matches!(payload, Payload::Chunked { .. });
        let wrapped = number(&parts.headers, "content-length")?;
        let bytes = if is_chunked {
            let decoded = number(&parts.headers, "x-amz-decoded-content-length")?;
            if decoded.is_none() {
                return Err(missing_length());
            }
            decoded
        } else {
            wrapped.or_else(|| http_body::Body::size_hint(&body).exact())
        };
        parts.headers.remove("x-amz-decoded-content-length");
        let incoming = Incoming {
            payload,
            bytes,
            trailers: trailers.clone(),
        };
        let is_object = self.writes_object(parts);
        if is_object && bytes.is_none() {
            return Err(missing_length());
        }
        if let Some(bytes) = bytes {
            parts.headers.insert("content-length", bytes.into());
        }
        if is_object && bytes.is_some_and(|bytes| bytes > SMALL_BYTES) {
            return Ok((incoming.stream(body), None));
        }
        let max = self.0.options.max_document_bytes;
        let whole = incoming.collect(body, max).await?;
        parts.headers.insert("content-length", whole.len().into());
        check_digests(parts, &whole, is_object)?;
        Ok((Body::from(whole.clone()), Some(whole)))
    }

    /// The bucket that a form is sent to.
    fn form_bucket(&self, parts: &Parts) -> S3Result<String> {
        let host = host_of(parts).unwrap_or_default();
        let path = parts.uri.path().trim_matches('/');
        let is_bucket = match self.0.hosts.bucket(&host) {
            Some(_) => path.is_empty(),
            None => !path.contains('/'),
        };
        self.bucket_of(parts).filter(|_| is_bucket).ok_or_else(|| {
            s3_error(
                "MethodNotAllowed",
                405,
                "The specified method is not allowed against this resource.",
            )
        })
    }

    /// The bucket that a request names, and whether it names a key in it.
    pub fn place_of(&self, parts: &Parts) -> Option<(String, bool)> {
        Some((self.bucket_of(parts)?, self.has_key(parts)))
    }

    fn has_key(&self, parts: &Parts) -> bool {
        let host = host_of(parts).unwrap_or_default();
        let path = parts.uri.path().trim_start_matches('/');
        match self.0.hosts.bucket(&host) {
            Some(_) => !path.is_empty(),
            None => path.split_once('/').is_some_and(|(_, key)| !key.is_empty()),
        }
    }

    /// The bucket that a request names, by its host or its path.
    fn bucket_of(&self, parts: &Parts) -> Option<String> {
        let host = host_of(parts).unwrap_or_default();
        let path = parts.uri.path().trim_start_matches('/');
        let bucket = match self.0.hosts.bucket(&host) {
            Some(bucket) => bucket,
            None => path.split('/').next().unwrap_or_default(),
        };
        Some(bucket.to_ascii_lowercase()).filter(|bucket| !bucket.is_empty())
    }

    /// Whether the body is an object's or a part's.
    fn writes_object(&self, parts: &Parts) -> bool {
        let query = parts.uri.query().unwrap_or_default();
        let is_plain = form_urlencoded::parse(query.as_bytes())
            .all(|(name, _)| matches!(&*name, "partNumber" | "uploadId" | "x-id"));
        parts.method == Method::PUT && self.has_key(parts) && is_plain
    }
}

/// Reads what a refused client still sends, as far as it is not much: who writes while the
/// connection is closed does not get to read why.
async fn drain(mut body: Body) {
    let mut left = DRAINED_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(bytes) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn missing_length() -> s3s::S3Error {
    s3_error(
        "MissingContentLength",
        411,
        "You must provide the Content-Length HTTP header.",
    )
}

/// Whether the request is a form of a browser.
fn is_form(parts: &Parts) -> bool {
    let kind = parts.headers.get("content-type");
    let kind = kind.map(HeaderValue::as_bytes).unwrap_or_default();
    let form: &[u8] = b"multipart/form-data";
    parts.method == Method::POST
        && kind
            .get(..form.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(form))
}

/// Where the client found the door: scheme and host.
pub(super) fn base_of(parts: &Parts, is_tls: bool) -> String {
    let scheme = if is_tls { "https" } else { "http" };
    format!("{scheme}://{}", host_of(parts).unwrap_or_default())
}

/// The host that the request is for.
pub(super) fn host_of(parts: &Parts) -> Option<String> {
    let header = parts.headers.get("host");
    let header = header.and_then(|host| host.to_str().ok().map(str::to_owned));
    header.or_else(|| parts.uri.authority().map(ToString::to_string))
}

fn number(headers: &HeaderMap, name: &str) -> S3Result<Option<u64>> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| {
        s3_error(
            "InvalidArgument",
            400,
            format!("The header {name} is not a number of bytes"),
        )
    })
}

//! S3's request metrics (`AWS/S3`, the filter `EntireBucket`): what was asked of each bucket, how
//! it ended and how long it took.
//!
//! Only buckets that are there have metrics: what strangers make up makes no series.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use http_body::{Body as _, Frame, SizeHint};
use s3s::{Body, StdError};
use stave_core::{BucketName, Caller, Result};
use stave_services::Buckets;
use stave_services::telemetry::{Sink, SinkMetric};
use tokio::time::Instant;

use crate::compose::Stave;
use crate::wire::s3::S3Door;

/// The most buckets whose names are remembered.
const MAX_KNOWN: usize = 10_000;
/// The parameters of a list; others ask for something else of a bucket.
const OF_LISTS: &[&str] = &[
    "list-type",
    "prefix",
    "delimiter",
    "marker",
    "max-keys",
    "encoding-type",
    "continuation-token",
    "start-after",
    "fetch-owner",
    "versions",
    "key-marker",
    "version-id-marker",
    "uploads",
    "upload-id-marker",
    "max-uploads",
    "x-id",
];

/// Measures requests to S3.
pub struct Measure {
    sink: Sink,
    buckets: Buckets,
    owner: Caller,
    known: Mutex<HashSet<String>>,
}

/// A request that is being measured.
pub struct Measured {
    bucket: String,
    kind: Option<&'static str>,
    removes_bucket: bool,
    uploaded: u64,
    begun_at: Instant,
}

impl Measure {
    /// Measures requests to the buckets of `stave`.
    pub fn open(stave: &Stave) -> Result<Self> {
        Ok(Self {
            sink: stave.platform()?.telemetry.sink().clone(),
            buckets: stave.buckets.clone(),
            owner: stave.owner(),
            known: Mutex::default(),
        })
    }

    /// Begins to measure a request, if it names a bucket.
    pub fn begin(door: &S3Door, head: &Parts, begun_at: Instant) -> Option<Measured> {
        let (bucket, has_key) = door.place_of(head)?;
        let query = head.uri.query().unwrap_or_default();
        let removes_bucket = head.method == Method::DELETE && !has_key && query.is_empty();
        Some(Measured {
            bucket,
            kind: kind(&head.method, has_key, query),
            removes_bucket,
            uploaded: uploaded(head),
            begun_at,
        })
    }

    /// Ends what was begun, when the answer has gone out.
    pub async fn end(&self, request: Measured, response: Response<Body>) -> Response<Body> {
        if !self
            .is_known(&request, response.status().is_success())
            .await
        {
            return response;
        }
        let is_get = request.kind == Some("GetRequests");
        let measuring = Measuring {
            sink: self.sink.clone(),
            status: response.status().as_u16(),
            first_byte_ms: milliseconds(request.begun_at),
            downloaded: 0,
            is_get,
            request,
        };
        response.map(|body| {
            if body.is_end_stream() {
                // Nothing is to come: there is nothing to wait for.
                drop(measuring);
                return body;
            }
            Body::http_body_unsync(Counted { body, measuring })
        })
    }

    /// Whether the bucket is there.
    async fn is_known(&self, request: &Measured, succeeded: bool) -> bool {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if request.removes_bucket && succeeded {
            known().remove(&request.bucket);
            return true;
        }
        if known().contains(&request.bucket) {
            return true;
        }
        let is_there = succeeded || {
            let Ok(name) = request.bucket.parse::<BucketName>() else {
                return false;
            };
            self.buckets.head_bucket(&self.owner, &name).await.is_ok()
        };
        if is_there {
            let mut known = known();
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
            known.insert(request.bucket.clone());
        }
        is_there
    }
}

/// The metric that counts requests of this kind, beside `AllRequests`.
fn kind(method: &Method, has_key: bool, query: &str) -> Option<&'static str> {
    Some(match *method {
        Method::GET if has_key => "GetRequests",
        Method::GET if is_list(query) => "ListRequests",
        Method::PUT if has_key => "PutRequests",
        Method::DELETE if has_key => "DeleteRequests",
        Method::HEAD => "HeadRequests",
        // Deleting many objects at once is a POST.
        Method::POST
            if query
                .split('&')
                .any(|pair| pair == "delete" || pair == "delete=") =>
        {
            "DeleteRequests"
        }
        Method::POST => "PostRequests",
        _ => return None,
    })
}

fn is_list(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).all(|(name, _)| {
        OF_LISTS.contains(&&*name)
            || name.starts_with("X-Amz-")
            || matches!(&*name, "AWSAccessKeyId" | "Signature" | "Expires")
    })
}

/// How many bytes a request brings.
fn uploaded(head: &Parts) -> u64 {
    let number = |name: &str| -> Option<u64> {
        let value = head.headers.get(name)?;
        value.to_str().ok()?.parse().ok()
    };
    let decoded = number("x-amz-decoded-content-length");
    decoded.or_else(|| number("content-length")).unwrap_or(0)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// Tells what was measured when it is dropped: the answer has gone out then, or nobody wanted
/// the rest.
struct Measuring {
    sink: Sink,
    request: Measured,
    status: u16,
    first_byte_ms: f64,
    downloaded: u64,
    is_get: bool,
}

impl Drop for Measuring {
    fn drop(&mut self) {
        let request = &self.request;
        let dimensions = &[
            ("BucketName", request.bucket.as_str()),
            ("FilterId", "EntireBucket"),
        ];
        let figure = |name, value, unit| SinkMetric {
            namespace: "AWS/S3",
            name,
            dimensions,
            value,
            unit,
        };
        let is = |holds: bool| f64::from(u8::from(holds));
        let always = [
            figure("AllRequests", 1.0, "Count"),
            figure("4xxErrors", is((400..500).contains(&self.status)), "Count"),
            figure("5xxErrors", is(self.status >= 500), "Count"),
            figure("FirstByteLatency", self.first_byte_ms, "Milliseconds"),
            figure(
                "TotalRequestLatency",
                milliseconds(request.begun_at),
                "Milliseconds",
            ),
        ];
        let kind = request.kind.map(|kind| figure(kind, 1.0, "Count"));
        let succeeded = (200..300).contains(&self.status);
        let uploaded = (request.uploaded > 0 && succeeded)
            .then(|| figure("BytesUploaded", request.uploaded as f64, "Bytes"));
        let downloaded = (self.downloaded > 0 && self.is_get)
            .then(|| figure("BytesDownloaded", self.downloaded as f64, "Bytes"));
        let some = [kind, uploaded, downloaded].into_iter().flatten();
        self.sink.put_metrics(always.into_iter().chain(some));
    }
}

/// An answer's body that is counted as it goes.
struct Counted {
    body: Body,
    measuring: Measuring,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StdError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            self.measuring.downloaded += bytes as u64;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_their_kind() {
        for (method, has_key, query, expected) in [
            (Method::GET, true, "", Some("GetRequests")),
            (Method::GET, true, "tagging", Some("GetRequests")),
            (Method::GET, false, "", Some("ListRequests")),
            (
                Method::GET,
                false,
                "list-type=2&prefix=a%2F",
                Some("ListRequests"),
            ),
            (Method::GET, false, "versions", Some("ListRequests")),
            (Method::GET, false, "policy", None),
            (Method::HEAD, true, "", Some("HeadRequests")),
            (
                Method::PUT,
                true,
                "partNumber=1&uploadId=x",
                Some("PutRequests"),
            ),
            (Method::PUT, false, "", None),
            (Method::DELETE, true, "", Some("DeleteRequests")),
            (Method::POST, false, "delete", Some("DeleteRequests")),
            (Method::POST, true, "uploads", Some("PostRequests")),
            (Method::DELETE, false, "", None),
        ] {
            assert_eq!(kind(&method, has_key, query), expected, "{method} {query}");
        }
    }
}

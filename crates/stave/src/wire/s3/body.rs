//! Bodies as they come: what the signature wrapped around them is taken off and checked.
//!
//! A small body is read at once, so that nothing begins before it is known to be right; of a
//! large one the last bytes are an error when it was not.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt};
use http_body_util::{BodyExt, StreamBody};
use s3s::{Body, S3Result, StdError};
use stave_core::sigv4::{BodyHash, ChunkedBody, Payload, Refusal, Trailer};

use super::errors::{from_refusal, s3_error};

const INCOMPLETE: &str =
    "You did not provide the number of bytes specified by the Content-Length HTTP header";
const TIMED_OUT: &str = "Your socket connection to the server was not read from or written to \
                         within the timeout period.";

/// Trailing headers, once the body has ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Trailers(Arc<Mutex<Option<Vec<Trailer>>>>);

impl Trailers {
    fn set(&self, trailers: Vec<Trailer>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(trailers);
    }

    /// The value of a trailing header.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let trailers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = trailers.iter().flatten();
        all.find(|(other, _)| other == name)
            .map(|(_, value)| value.clone())
    }
}

/// What checks a body while it goes by.
enum Check {
    Nothing,
    Hash(Box<BodyHash>),
    Chunks(Box<ChunkedBody>, Trailers),
}

impl Check {
    fn new(payload: Payload, decoded_bytes: u64, trailers: &Trailers) -> Self {
        if let Some(hash) = BodyHash::new(&payload) {
            return Self::Hash(Box::new(hash));
        }
        match ChunkedBody::new(payload, decoded_bytes) {
            Some(chunks) => Self::Chunks(Box::new(chunks), trailers.clone()),
            None => Self::Nothing,
        }
    }

    /// What `bytes` hold.
    fn push(&mut self, bytes: Bytes) -> Result<Bytes, Refusal> {
        match self {
            Self::Nothing => Ok(bytes),
            Self::Hash(hash) => {
                hash.push(&bytes);
                Ok(bytes)
            }
            Self::Chunks(chunks, _) => {
                let mut held = BytesMut::with_capacity(bytes.len());
                chunks.push(&bytes, &mut |data| held.extend_from_slice(data))?;
                Ok(held.freeze())
            }
        }
    }

    fn finish(self) -> Result<(), Refusal> {
        match self {
            Self::Nothing => Ok(()),
            Self::Hash(hash) => hash.finish(),
            Self::Chunks(chunks, trailers) => {
                trailers.set(chunks.finish()?);
                Ok(())
            }
        }
    }
}

/// What is known of a body before it comes.
pub(super) struct Incoming {
    /// What the signature says of it.
    pub(super) payload: Payload,
    /// How many bytes it holds, without what is wrapped around them.
    pub(super) bytes: Option<u64>,
    /// Filled when it has ended.
    pub(super) trailers: Trailers,
}

impl Incoming {
    fn check(self) -> Check {
        Check::new(self.payload, self.bytes.unwrap_or(u64::MAX), &self.trailers)
    }

    /// The whole body; refused when it holds more than `max` bytes.
    pub(super) async fn collect(self, mut body: Body, max: usize) -> S3Result<Bytes> {
        let announced = self.bytes;
        let too_long = || {
            s3_error(
                "MaxMessageLengthExceeded",
                400,
                format!("Your request was too big: more than {max} bytes."),
            )
        };
        if announced.is_some_and(|bytes| bytes > max as u64) {
            return Err(too_long());
        }
        let mut check = self.check();
        let mut held = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| broken(error.as_ref()))?;
            let Ok(bytes) = frame.into_data() else {
                continue;
            };
            let bytes = check
                .push(bytes)
                .map_err(|refusal| from_refusal(&refusal))?;
            if held.len() + bytes.len() > max {
                return Err(too_long());
            }
            held.extend_from_slice(&bytes);
        }
        check.finish().map_err(|refusal| from_refusal(&refusal))?;
        if announced.is_some_and(|bytes| bytes != held.len() as u64) {
            return Err(incomplete());
        }
        Ok(held.freeze())
    }

    /// The body as it comes.
    pub(super) fn stream(self, body: Body) -> Body {
        let state = Some((body, self.check()));
        let stream = stream::try_unfold(state, |state| async move {
            let Some((mut body, mut check)) = state else {
                return Ok::<_, StdError>(None);
            };
            while let Some(frame) = body.frame().await {
                let Ok(bytes) = frame?.into_data() else {
                    continue;
                };
                let bytes = check.push(bytes)?;
                if !bytes.is_empty() {
                    let frame = http_body::Frame::data(bytes);
                    return Ok(Some((frame, Some((body, check)))));
                }
            }
            check.finish()?;
            Ok(None)
        });
        Body::http_body_unsync(StreamBody::new(stream.map(|item| item.map_err(BodyFault))))
    }
}

/// What went wrong with a body under way.
#[derive(Debug)]
struct BodyFault(StdError);

impl std::fmt::Display for BodyFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for BodyFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.0.as_ref())
    }
}

/// Why a body broke off: S3's code and what it says. Who breaks off sends less than it announced;
/// any other reason is the door's, which waits for nobody for ever.
pub(super) fn broken_off(
    fault: &(dyn std::error::Error + 'static),
) -> (&'static str, &'static str) {
    let mut next = Some(fault);
    while let Some(source) = next {
        if source.is::<hyper::Error>() {
            return ("IncompleteBody", INCOMPLETE);
        }
        next = source.source();
    }
    ("RequestTimeout", TIMED_OUT)
}

fn broken(fault: &(dyn std::error::Error + 'static)) -> s3s::S3Error {
    tracing::debug!(%fault, "a body broke off");
    let (code, message) = broken_off(fault);
    s3_error(code, 400, message)
}

fn incomplete() -> s3s::S3Error {
    s3_error("IncompleteBody", 400, INCOMPLETE)
}

/// A service's bytes as the body of an answer.
pub(super) fn answer(
    stream: BoxStream<'static, stave_core::Result<Bytes>>,
) -> s3s::dto::StreamingBlob {
    let frames = stream.map(|item| item.map(http_body::Frame::data));
    s3s::dto::StreamingBlob::from(Body::http_body_unsync(StreamBody::new(frames)))
}

//! The body of a request: it must come at some pace, and what is held in memory has a bound.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use stave_core::{Error, Result};
use tokio::time::{Instant, Sleep, sleep};

use super::Limits;

/// Why a body breaks off.
type Broken = Box<dyn std::error::Error + Send + Sync>;

/// A body that must get on.
pub struct Paced {
    body: Incoming,
    within: Duration,
    slow_after: Duration,
    slowest_bytes_a_second: u64,
    begun_at: Option<Instant>,
    bytes: u64,
    deadline: Option<Pin<Box<Sleep>>>,
    read: Read,
}

/// Whether a body was read to its end, also when it is gone already.
#[derive(Clone)]
pub struct Read(Arc<AtomicBool>);

impl Read {
    /// Whether nothing of the body is left on the connection.
    pub fn is_whole(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Paced {
    /// `body` at the pace that `limits` ask for.
    pub fn new(body: Incoming, limits: &Limits) -> Self {
        let read = Read(Arc::new(AtomicBool::new(body.is_end_stream())));
        Self {
            body,
            read,
            within: limits.stall,
            slow_after: limits.slow_after,
            slowest_bytes_a_second: limits.slowest_bytes_a_second,
            begun_at: None,
            bytes: 0,
            deadline: None,
        }
    }

    /// What tells whether the body was read to its end.
    pub fn read(&self) -> Read {
        self.read.clone()
    }

    /// Whether so few bytes in so long a time mean that somebody holds the connection for its
    /// own sake.
    fn is_too_slow(&mut self) -> bool {
        let taken = self.begun_at.get_or_insert_with(Instant::now).elapsed();
        let least = taken.as_secs().saturating_mul(self.slowest_bytes_a_second);
        taken > self.slow_after && self.bytes < least
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if self.is_too_slow() {
            return Poll::Ready(Some(Err("the body comes too slowly".into())));
        }
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(frame) => {
                self.deadline = None;
                if let Some(Ok(frame)) = &frame {
                    self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                }
                if frame.is_none() || self.body.is_end_stream() {
                    self.read.0.store(true, Ordering::Release);
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                let within = self.within;
                let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(within)));
                if deadline.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                Poll::Ready(Some(Err("the body does not come on".into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The whole body; refused when it is larger than `max` bytes.
pub async fn whole(mut body: Paced, max: usize) -> Result<Bytes> {
    let too_large = || {
        Error::limit_exceeded(format!("the request's body has more than {max} bytes"))
            .coded("RequestEntityTooLargeException")
    };
    if body.size_hint().lower() > max as u64 {
        return Err(too_large());
    }
    // Room for all of it was found before it is read.
    let said = body.size_hint().exact().unwrap_or_default();
    let mut bytes = BytesMut::with_capacity(usize::try_from(said).unwrap_or_default().min(max));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Error::timeout(format!("the request's body did not come whole: {error}"))
                .coded("RequestTimeout")
        })?;
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > max {
                return Err(too_large());
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes.freeze())
}

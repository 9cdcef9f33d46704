//! The sandbox in Spotify's place: made when the first connection comes, and the same for all.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::Request;
use http::header::{HOST, HeaderName, HeaderValue};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use stave_core::Clock;
use stave_spotify::sandbox::{Options, Sandbox};
use tokio::io::{AsyncRead, AsyncWrite};

/// The time for a request's head, and the time that a connection may be idle.
const HEAD: Duration = Duration::from_mins(1);
/// The time for a request to come whole and to be answered.
const CALL: Duration = Duration::from_mins(1);
/// The most bytes of a request's line and headers.
const HEAD_BYTES: usize = 64 << 10;
/// By this the sandbox knows what scheme its links are to have.
const SCHEME: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The sandbox.
pub struct Sandboxed {
    clock: Arc<dyn Clock>,
    made: OnceLock<Sandbox>,
}

impl Sandboxed {
    /// One whose time is that of `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            made: OnceLock::new(),
        }
    }

    fn sandbox(&self) -> io::Result<&Sandbox> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let clock = Arc::clone(&self.clock);
        let made = Sandbox::new(Options::default(), Arc::new(move || clock.now()));
        let made = made.map_err(io::Error::other)?;
        Ok(self.made.get_or_init(|| made))
    }

    /// Answers the requests of a connection as `host` would.
    pub async fn answer<S>(&self, stream: S, host: &'static str) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let router = TowerToHyperService::new(self.sandbox()?.router());
        let service = service_fn(|mut request: Request<Incoming>| {
            let headers = request.headers_mut();
            headers.insert(HOST, HeaderValue::from_static(host));
            headers.insert(SCHEME, HeaderValue::from_static("https"));
            let answer = tokio::time::timeout(CALL, router.call(request));
            async move {
                match answer.await {
                    Ok(answered) => answered.map_err(|never| match never {}),
                    Err(late) => Err(io::Error::from(late)),
                }
            }
        });
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .await
            .map_err(io::Error::other)
    }
}

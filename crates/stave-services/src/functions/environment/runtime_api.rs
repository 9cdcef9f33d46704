//! The Runtime API (2018-06-01) of one environment, on a port of its own: by the port it is known
//! who speaks, so nothing that a process says can be taken for another's.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use stave_core::{Error, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// The largest answer of a function, in bytes.
pub(in super::super) const MAX_ANSWER_BYTES: usize = 6_291_556;
/// The largest report of an error, in bytes.
const MAX_ERROR_BYTES: usize = 256 * 1024;
/// The most connections of one environment at a time.
const MAX_CONNECTIONS: usize = 32;

const PREFIX: &str = "/2018-06-01/runtime/";

/// An event on its way to a function.
#[derive(Debug, Clone)]
pub(in super::super) struct Work {
    pub id: String,
    pub deadline_ms: i64,
    pub arn: String,
    pub trace: String,
    /// JSON.
    pub client_context: Option<String>,
    pub payload: Bytes,
}

/// What a runtime said to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Answer {
    Response(Bytes),
    /// The error's document, and what it calls itself in the header.
    Error(Bytes, Option<String>),
    /// An answer of so many bytes, or more.
    TooLarge(usize),
}

/// How a runtime began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Init {
    Ready,
    Error(Bytes),
}

#[derive(Debug, Default)]
struct State {
    init: Option<Init>,
    waiting: Option<Work>,
    /// The event that has been handed out and not been answered.
    current: Option<String>,
    answer: Option<Answer>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Something came from the service.
    work: Notify,
    /// Something came from the runtime.
    said: Notify,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The API of one environment; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    shared: Arc<Shared>,
    address: SocketAddr,
    listening: JoinHandle<()>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl RuntimeApi {
    /// Listens on a free port of the loopback interface.
    pub async fn listen() -> Result<Self> {
        let failed = |error: std::io::Error| {
            Error::unavailable("cannot listen for a function's runtime").caused_by(error)
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let shared = Arc::new(Shared::default());
        let listening = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            shared,
            address,
            listening,
        })
    }

    /// `127.0.0.1:34567`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits until the runtime is ready or says why it is not.
    pub async fn init(&self) -> Init {
        loop {
            let said = self.shared.said.notified();
            if let Some(init) = self.shared.state().init.clone() {
                return init;
            }
            said.await;
        }
    }

    /// Lays `work` out for the runtime to fetch.
    pub fn give(&self, work: Work) {
        let mut state = self.shared.state();
        state.current = None;
        state.answer = None;
        state.waiting = Some(work);
        drop(state);
        self.shared.work.notify_waiters();
    }

    /// Waits for the answer to what was given last.
    pub async fn answer(&self) -> Answer {
        loop {
            let said = self.shared.said.notified();
            if let Some(answer) = self.shared.state().answer.take() {
                return answer;
            }
            said.await;
        }
    }

    /// Takes back what was given and not fetched; says whether it was still there.
    pub fn take_back(&self) -> bool {
        self.shared.state().waiting.take().is_some()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, and the connections with it.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        if connections.len() < MAX_CONNECTIONS {
            connections.spawn(serve(stream, Arc::clone(&shared)));
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // An answer is one small packet: waiting for more would cost its time again.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(answer(&shared, request).await) }
    });
    // A connection that breaks is the runtime's affair: its end is seen by the process.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let Some(what) = path.strip_prefix(PREFIX) else {
        let message = format!("{path} is not implemented");
        return refusal(StatusCode::NOT_FOUND, "NotImplemented", &message);
    };
    let is_post = request.method() == Method::POST;
    match what.split('/').collect::<Vec<_>>().as_slice() {
        ["invocation", "next"] if request.method() == Method::GET => next(shared).await,
        ["invocation", id, "response"] if is_post => {
            let id = (*id).to_owned();
            let body = read(request, MAX_ANSWER_BYTES).await;
            answered(shared, &id, body, Answer::Response)
        }
        ["invocation", id, "error"] if is_post => {
            let (id, kind) = ((*id).to_owned(), error_type(&request));
            let body = read(request, MAX_ERROR_BYTES).await;
            answered(shared, &id, body, |body| Answer::Error(body, kind))
        }
        ["init", "error"] if is_post => match read(request, MAX_ERROR_BYTES).await {
            Ok(body) => {
                let mut state = shared.state();
                // Only the first word counts: ready, or an error.
                state.init.get_or_insert(Init::Error(body));
                drop(state);
                shared.said.notify_waiters();
                accepted()
            }
            Err(fault) => fault.refusal(),
        },
        _ => refusal(
            StatusCode::NOT_FOUND,
            "NotFound",
            &format!("{} {path} is no call of the Runtime API", request.method()),
        ),
    }
}

fn error_type(request: &Request<Incoming>) -> Option<String> {
    let header = request
        .headers()
        .get("lambda-runtime-function-error-type")?;
    header.to_str().ok().map(str::to_owned)
}

async fn next(shared: &Shared) -> Response<Full<Bytes>> {
    {
        let mut state = shared.state();
        state.init.get_or_insert(Init::Ready);
    }
    shared.said.notify_waiters();
    loop {
        let given = shared.work.notified();
        let work = {
            let mut state = shared.state();
            let work = state.waiting.take();
            if let Some(work) = &work {
                state.current = Some(work.id.clone());
            }
            work
        };
        if let Some(work) = work {
            return event(work);
        }
        given.await;
    }
}

fn event(work: Work) -> Response<Full<Bytes>> {
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", work.id)
        .header("lambda-runtime-deadline-ms", work.deadline_ms)
        .header("lambda-runtime-invoked-function-arn", work.arn)
        .header("lambda-runtime-trace-id", work.trace);
    let response = match work.client_context {
        Some(context) => response.header("lambda-runtime-client-context", context),
        None => response,
    };
    response.body(Full::new(work.payload)).unwrap_or_else(|_| {
        refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "the event cannot be written into headers",
        )
    })
}

enum Unread {
    TooLarge(usize),
    Broken,
}

impl Unread {
    fn refusal(&self) -> Response<Full<Bytes>> {
        match self {
            Self::TooLarge(max) => refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLarge",
                &format!("Exceeded maximum allowed payload size ({max} bytes)."),
            ),
            Self::Broken => refusal(
                StatusCode::BAD_REQUEST,
                "InvalidRequest",
                "the body did not come to its end",
            ),
        }
    }
}

async fn read(request: Request<Incoming>, max: usize) -> Result<Bytes, Unread> {
    let body = Limited::new(request.into_body(), max);
    match body.collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge(max)),
        Err(_) => Err(Unread::Broken),
    }
}

fn answered(
    shared: &Shared,
    id: &str,
    body: Result<Bytes, Unread>,
    answer: impl FnOnce(Bytes) -> Answer,
) -> Response<Full<Bytes>> {
    let (answer, response) = match body {
        Ok(body) => (answer(body), accepted()),
        Err(fault @ Unread::TooLarge(max)) => (Answer::TooLarge(max), fault.refusal()),
        Err(fault @ Unread::Broken) => return fault.refusal(),
    };
    let mut state = shared.state();
    if state.current.as_deref() != Some(id) {
        drop(state);
        return refusal(
            StatusCode::BAD_REQUEST,
            "InvalidRequestID",
            "Invalid request ID",
        );
    }
    state.current = None;
    state.answer = Some(answer);
    drop(state);
    shared.said.notify_waiters();
    response
}

fn accepted() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(br#"{"status":"OK"}"#)));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> Response<Full<Bytes>> {
    let body = serde_json::json!({"errorMessage": message, "errorType": kind});
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response
}

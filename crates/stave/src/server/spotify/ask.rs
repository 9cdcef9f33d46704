//! The request that every connection begins with: CONNECT, and where to.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::destination::Destination;
use super::{HEAD, tunnel};
use crate::server::stall::Stalling;

/// The most bytes of a request's line and headers.
const HEAD_BYTES: usize = 16 << 10;
/// The most headers of a request.
const HEADERS: usize = 64;

/// A connection behind its CONNECT.
pub type Stream = TokioIo<Upgraded>;

/// Where a connection leads.
pub enum Lead {
    /// To the sandbox, in the place of this host.
    Sandbox(&'static str),
    /// There.
    Elsewhere(TcpStream),
}

/// What is agreed on while the request is answered.
type Agreed = Mutex<Option<(OnUpgrade, Lead)>>;

/// Reads what a connection asks for and answers it; the connection and where it leads, if it
/// leads anywhere.
pub async fn ask(stream: Stalling, lookups: &Arc<Semaphore>) -> io::Result<Option<(Stream, Lead)>> {
    let agreed = Agreed::default();
    let service = service_fn(|request| async {
        Ok::<_, Infallible>(match lead(request, lookups).await {
            Ok(lead) => {
                *agreed.lock().unwrap_or_else(PoisonError::into_inner) = Some(lead);
                Response::new(Full::default())
            }
            Err(refused) => refused,
        })
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await
        .map_err(io::Error::other)?;
    let agreed = agreed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Some((upgrade, lead)) = agreed else {
        return Ok(None);
    };
    let stream = upgrade.await.map_err(io::Error::other)?;
    Ok(Some((TokioIo::new(stream), lead)))
}

type Refused = Response<Full<Bytes>>;

async fn lead(
    mut request: Request<Incoming>,
    lookups: &Arc<Semaphore>,
) -> Result<(OnUpgrade, Lead), Refused> {
    if request.method() != Method::CONNECT {
        let why = "this proxy passes HTTPS on, by CONNECT, and answers nothing by itself";
        return Err(refused(StatusCode::METHOD_NOT_ALLOWED, why));
    }
    let there = Destination::of(request.uri().authority())
        .map_err(|why| refused(StatusCode::BAD_REQUEST, why))?;
    let lead = if let Some(host) = there.of_spotify() {
        Lead::Sandbox(host)
    } else {
        let there = tunnel::open(&there, lookups).await;
        Lead::Elsewhere(there.map_err(|(status, why)| refused(status, &why))?)
    };
    Ok((hyper::upgrade::on(&mut request), lead))
}

fn refused(status: StatusCode, why: &str) -> Refused {
    let mut response = Response::new(Full::from(format!("stave: {why}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(CONTENT_TYPE, text);
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

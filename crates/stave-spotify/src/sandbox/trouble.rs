//! Around every call: faults that were asked for, and the list of calls.
//!
//! Must not know what is answered.

use std::io;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, header};
use axum::middleware::Next;
use futures::stream;

use super::errors::{html_page, refusal, text_response};
use super::faults::Effect;
use super::state::{Call, Shared};

/// The largest answer that can be truncated.
const LARGEST: usize = 64 * 1024 * 1024;

/// Passes a call on unless a fault hits it, and remembers it.
pub(super) async fn trouble(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let query = uri.query().unwrap_or_default();
    let effects = shared.faults().next(method.as_str(), uri.path(), query);
    let accounts = !uri.path().starts_with("/v1");
    let mut response = None;
    let mut truncated = false;
    for effect in effects {
        match effect {
            Effect::Delay(time) => tokio::time::sleep(time).await,
            Effect::Status(error) => response = Some(refusal(&error, accounts)),
            Effect::Html => response = Some(html_page(200)),
            Effect::Truncate => truncated = true,
        }
    }
    let mut response = match response {
        Some(response) => response,
        None => next.run(request).await,
    };
    if truncated {
        response = truncate(response).await;
    }
    let target = uri
        .path_and_query()
        .map_or(uri.path(), |both| both.as_str());
    shared.remember(Call {
        at: shared.now(),
        method: method.to_string(),
        target: target.to_owned(),
        status: response.status().as_u16(),
    });
    response
}

/// Announces the whole body, sends half of it, and breaks off.
async fn truncate(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LARGEST).await else {
        return text_response(502, "text/plain", "");
    };
    parts
        .headers
        .insert(header::CONTENT_LENGTH, bytes.len().into());
    let half: Result<Bytes, io::Error> = Ok(bytes.slice(..bytes.len() / 2));
    let end = Err(io::Error::from(io::ErrorKind::ConnectionReset));
    Response::from_parts(parts, Body::from_stream(stream::iter([half, end])))
}

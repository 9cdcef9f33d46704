//! `api.spotify.com/v1`: who calls, whether they may, and then the answer.
//!
//! In this order: token, path, limiters, class of app, scopes, parameters.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, header};
use axum::response::IntoResponse;

use super::errors::{ApiError, json_response, text_response};
use super::oauth::{Bearer, TokenFault};
use super::operations::{Found, Operation, find};
use super::params::Params;
use super::reads;
use super::state::{SandboxState, Shared};
use super::view::{View, remove};

/// The longest path and query that are looked at.
const LONGEST_TARGET: usize = 16 * 1024;

/// Answers every call below `/v1`, and 404 beside it.
pub(super) async fn api(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let path = parts.uri.path();
    if path.len() + query.len() > LONGEST_TARGET {
        return ApiError::new(414, "URI too long").into_response();
    }
    let Some(path) = path.strip_prefix("/v1/") else {
        return ApiError::new(404, "Service not found").into_response();
    };
    let base = base(&parts.headers);
    match answer(
        &shared,
        parts.method.as_str(),
        path,
        query,
        &parts.headers,
        &base,
    ) {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

fn answer(
    shared: &SandboxState,
    method: &str,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    base: &str,
) -> Result<Response<Body>, ApiError> {
    let bearer = bearer(shared, headers)?;
    let path = percent_decoded(path);
    let (operation, ids) = match find(method, &path) {
        Found::Operation(operation, ids) => (operation, ids),
        Found::WrongMethod => return Err(ApiError::new(405, "Method not allowed")),
        Found::Nothing => return Err(ApiError::new(404, "Service not found")),
    };
    let taken = shared
        .limits()
        .take(&bearer.client, operation.bucket, shared.now());
    taken.map_err(|refused| ApiError::limited(refused, shared.options.retry_after))?;
    admit(shared, operation, &bearer)?;
    let Some(read) = operation.read else {
        let message = format!("{} is not implemented by the sandbox", operation.name);
        return Err(ApiError::new(501, message));
    };
    let params = Params::read(query);
    let view = View::new(shared, &bearer, &params, base)?;
    Ok(match reads::answer(&view, read, &ids)? {
        Some(mut value) => {
            remove(shared.options.profile, &mut value);
            json_response(200, &value)
        }
        None => text_response(204, "application/json; charset=utf-8", ""),
    })
}

/// Who calls, from the `Authorization` header.
fn bearer(shared: &SandboxState, headers: &HeaderMap) -> Result<Bearer, ApiError> {
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(ApiError::missing_token)?;
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| ApiError::invalid("Only valid bearer authentication supported"))?;
    let found = shared.grants().bearer(token.trim(), shared.now());
    found.map_err(|fault| match fault {
        TokenFault::Unknown => ApiError::bad_token("Invalid access token"),
        TokenFault::Expired => ApiError::bad_token("The access token expired"),
    })
}

/// Whether this class of app, and this token, may call an operation.
fn admit(shared: &SandboxState, operation: &Operation, bearer: &Bearer) -> Result<(), ApiError> {
    if !operation.open_to(shared.options.profile) {
        return Err(ApiError::forbidden());
    }
    // What is not there needs no user to say so.
    if operation.read.is_none() {
        return Ok(());
    }
    if operation.user && bearer.user.is_none() {
        return Err(ApiError::bad_token("Valid user authentication required"));
    }
    let granted = |scope: &&'static str| bearer.scopes.iter().any(|granted| granted == scope);
    let enough = if operation.any_scope {
        operation.scopes.iter().any(granted)
    } else {
        operation.scopes.iter().all(granted)
    };
    if enough {
        Ok(())
    } else {
        Err(ApiError::new(403, "Insufficient client scope"))
    }
}

/// Scheme and host as the client addressed them, so that links lead back here.
fn base(headers: &HeaderMap) -> String {
    let plain = |host: &&str| {
        let part = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
        !host.is_empty() && host.len() <= 255 && host.bytes().all(part)
    };
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .filter(plain)
        .unwrap_or("127.0.0.1");
    let secure = headers
        .get("x-forwarded-proto")
        .is_some_and(|scheme| scheme == "https");
    format!("{}://{host}", if secure { "https" } else { "http" })
}

/// Decodes `%XX`; what is no UTF-8 then is no id of anything.
fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = (first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

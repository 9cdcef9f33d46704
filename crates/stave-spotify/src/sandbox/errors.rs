//! Errors as both of Spotify's hosts write them.
//!
//! Must not know why something is refused.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::faults::{Flavour, Refusal};
use super::limits::Refused;
use super::sent;

/// An error of `api.spotify.com`: an object with status and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    status: u16,
    message: Option<String>,
    quota: bool,
    retry_after_s: Option<u64>,
    /// What is wrong with the token, for `WWW-Authenticate`.
    token: Option<&'static str>,
}

impl ApiError {
    pub(super) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: Some(message.into()),
            quota: false,
            retry_after_s: None,
            token: None,
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(super) fn forbidden() -> Self {
        Self::new(403, "Forbidden")
    }

    /// A 403 that says nothing more, as some of Spotify's do.
    pub(super) fn forbidden_without_words() -> Self {
        Self {
            message: None,
            ..Self::forbidden()
        }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Resource not found")
    }

    pub(super) fn missing_token() -> Self {
        Self {
            token: Some("missing_token"),
            ..Self::new(401, "No token provided")
        }
    }

    pub(super) fn bad_token(message: &str) -> Self {
        Self {
            token: Some("invalid_token"),
            ..Self::new(401, message)
        }
    }

    pub(super) fn limited(refused: Refused, say_when: bool) -> Self {
        let (message, quota, seconds) = match refused {
            Refused::Rate { retry_after_s } => ("API rate limit exceeded", false, retry_after_s),
            Refused::Quota { retry_after_s } => ("Too many requests", true, retry_after_s),
        };
        Self {
            quota,
            retry_after_s: say_when.then_some(seconds),
            ..Self::new(429, message)
        }
    }

    fn body(&self) -> Value {
        let mut error = json!({ "status": self.status });
        if let Some(message) = &self.message {
            error["message"] = json!(message);
        }
        if self.quota {
            error["reason"] = json!("QUOTA_EXCEEDED");
        }
        json!({ "error": error })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response<Body> {
        let mut response = json_response(self.status, &self.body());
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(token) = self.token {
            let value = format!("Bearer realm=\"spotify\", error=\"{token}\"");
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(header::WWW_AUTHENTICATE, value);
            }
        }
        response
    }
}

/// An error of `accounts.spotify.com`: OAuth's two texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OauthError {
    pub(super) error: &'static str,
    pub(super) description: String,
}

impl OauthError {
    pub(super) fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self {
            error,
            description: description.into(),
        }
    }

    pub(super) fn invalid_grant(description: &str) -> Self {
        Self::new("invalid_grant", description)
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response<Body> {
        let body = json!({ "error": self.error, "error_description": self.description });
        json_response(400, &body)
    }
}

/// A JSON answer with Spotify's headers.
pub(super) fn json_response(status: u16, body: &Value) -> Response<Body> {
    text_response(status, "application/json; charset=utf-8", sent::bytes(body))
}

/// An answer of a content type.
pub(super) fn text_response(
    status: u16,
    content_type: &'static str,
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=0"),
    );
    response
}

/// A page as the proxy before the API sends it.
pub(super) fn html_page(status: u16) -> Response<Body> {
    let title = StatusCode::from_u16(status).map_or_else(|_| status.to_string(), |s| s.to_string());
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\
         <body><h1>{title}</h1><p>The server could not complete your request.</p></body></html>\n"
    );
    text_response(status, "text/html; charset=utf-8", page)
}

/// The answer of a fault. `accounts`: on the host that speaks OAuth.
pub(super) fn refusal(refusal: &Refusal, accounts: bool) -> Response<Body> {
    let status = refusal.status;
    let mut response = match refusal.flavour {
        Flavour::Empty => text_response(status, "application/json; charset=utf-8", ""),
        Flavour::Text => text_response(status, "text/plain", proxy_words(status)),
        Flavour::NoMessage => {
            let error = ApiError {
                message: None,
                ..ApiError::new(status, "")
            };
            error.into_response()
        }
        Flavour::Limit => ApiError::new(status, "Invalid limit").into_response(),
        Flavour::Scope => ApiError::new(status, "Insufficient client scope").into_response(),
        Flavour::Unregistered => {
            ApiError::new(status, "User not registered in the Developer Dashboard").into_response()
        }
        Flavour::Premium => ApiError::new(
            status,
            "Active premium subscription required for the owner of the app.",
        )
        .into_response(),
        Flavour::Quota => {
            let quota = Refused::Quota { retry_after_s: 0 };
            ApiError {
                status,
                ..ApiError::limited(quota, false)
            }
            .into_response()
        }
        Flavour::Usual => usual(status, accounts),
    };
    if let Some(seconds) = refusal.retry_after_s {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn usual(status: u16, accounts: bool) -> Response<Body> {
    match status {
        502 => html_page(status),
        503 | 504 => text_response(status, "text/plain", proxy_words(status)),
        400 if accounts => OauthError::invalid_grant("Refresh token revoked").into_response(),
        401 => ApiError::bad_token("The access token expired").into_response(),
        429 => ApiError::new(status, "API rate limit exceeded").into_response(),
        500 => ApiError::new(status, "Server error.").into_response(),
        _ => {
            let reason = StatusCode::from_u16(status)
                .ok()
                .and_then(|status| status.canonical_reason())
                .unwrap_or("Error");
            ApiError::new(status, reason).into_response()
        }
    }
}

const fn proxy_words(status: u16) -> &'static str {
    match status {
        504 => "upstream request timeout",
        _ => {
            "upstream connect error or disconnect/reset before headers. reset reason: connection failure"
        }
    }
}

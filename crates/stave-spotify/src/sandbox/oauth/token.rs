//! `POST /api/token`: the four grants. Must not know the API.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, header};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::grants::{ACCESS_SECONDS, Granted};
use crate::sandbox::errors::{OauthError, json_response};
use crate::sandbox::params::Params;
use crate::sandbox::state::Shared;

/// Answers with tokens, or with OAuth's error.
pub(in crate::sandbox) async fn token(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    match answer(&shared, &headers, &body) {
        Ok(granted) => {
            let mut body = json!({
                "access_token": granted.access_token,
                "token_type": "Bearer",
                "expires_in": ACCESS_SECONDS,
            });
            if let Some(refresh_token) = granted.refresh_token {
                body["refresh_token"] = json!(refresh_token);
            }
            if !granted.scopes.is_empty() {
                body["scope"] = json!(granted.scopes.join(" "));
            }
            json_response(200, &body)
        }
        Err(error) => error.into_response(),
    }
}

/// Who asks for a token; authenticated when the secret came with it.
struct Client {
    id: String,
    authenticated: bool,
}

fn answer(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Granted, OauthError> {
    let form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let params = match std::str::from_utf8(body) {
        Ok(text) if form => Params::read(text),
        _ => Params::read(""),
    };
    let client = client(shared, headers, &params)?;
    let now = shared.now();
    let missing =
        |name: &str| OauthError::new("invalid_request", format!("{name} must be supplied"));
    match params.get("grant_type") {
        Some("client_credentials") if client.authenticated => {
            Ok(shared.grants().for_client(&client.id, now))
        }
        Some("client_credentials") => Err(invalid_client()),
        Some("authorization_code") => {
            let code = params.get("code").ok_or_else(|| missing("code"))?;
            let redirect_uri = params
                .get("redirect_uri")
                .ok_or_else(|| missing("redirect_uri"))?;
            let verifier = params.get("code_verifier");
            if verifier.is_none() && !client.authenticated {
                return Err(invalid_client());
            }
            shared
                .grants()
                .exchange(code, &client.id, redirect_uri, verifier, now)
                .map_err(OauthError::invalid_grant)
        }
        Some("refresh_token") => {
            let token = params
                .get("refresh_token")
                .ok_or_else(|| missing("refresh_token"))?;
            shared
                .grants()
                .refresh(token, &client.id, client.authenticated, now)
                .map_err(OauthError::invalid_grant)
        }
        Some(_) => Err(OauthError::new(
            "unsupported_grant_type",
            "grant_type must be client_credentials, authorization_code or refresh_token",
        )),
        None => Err(OauthError::new(
            "unsupported_grant_type",
            "grant_type parameter is missing",
        )),
    }
}

/// The client of the Basic header, or else of the form.
fn client(shared: &Shared, headers: &HeaderMap, params: &Params) -> Result<Client, OauthError> {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .map(|value| {
            STANDARD
                .decode(value.trim())
                .ok()
                .and_then(|b| String::from_utf8(b).ok())
        });
    let (id, secret) = match basic {
        Some(pair) => {
            let pair = pair.ok_or_else(invalid_client)?;
            let (id, secret) = pair.split_once(':').ok_or_else(invalid_client)?;
            (id.to_owned(), Some(secret.to_owned()))
        }
        None => (
            params.get("client_id").unwrap_or_default().to_owned(),
            params.get("client_secret").map(str::to_owned),
        ),
    };
    match secret {
        _ if !shared.knows_client(&id) => Err(invalid_client()),
        Some(secret) if !shared.knows_secret(&id, &secret) => {
            Err(OauthError::new("invalid_client", "Invalid client secret"))
        }
        secret => Ok(Client {
            id,
            authenticated: secret.is_some(),
        }),
    }
}

fn invalid_client() -> OauthError {
    OauthError::new("invalid_client", "Invalid client")
}

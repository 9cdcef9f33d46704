//! `GET /authorize`: checks what the client asks for, and sends the browser
//! back with a code. There is no page to look at: consent is an option of the
//! sandbox. Must not know tokens.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, Response, header};
use url::{Host, Url};

use super::grants::{Code, Consented};
use super::is_scope;
use crate::sandbox::errors::text_response;
use crate::sandbox::options::Consent;
use crate::sandbox::params::Params;
use crate::sandbox::state::Shared;

/// Answers with a redirect, or with a text that says what is wrong.
pub(in crate::sandbox) async fn authorize(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    let params = Params::read(query.as_deref().unwrap_or_default());
    match answer(&shared, &params) {
        Ok(location) => redirect(location.as_str()),
        Err(message) => text_response(400, "text/plain; charset=utf-8", message),
    }
}

fn answer(shared: &Shared, params: &Params) -> Result<Url, &'static str> {
    let client = params.get("client_id").unwrap_or_default();
    if !shared.knows_client(client) {
        return Err("INVALID_CLIENT: Invalid client");
    }
    let redirect_uri = params.get("redirect_uri").unwrap_or_default();
    let mut location = allowed_redirect(redirect_uri)?;
    match params.get("response_type") {
        Some("code") => {}
        Some("token") => {
            return Err("unsupported_response_type: the implicit grant was removed on 2025-11-27");
        }
        _ => return Err("response_type must be code"),
    }
    let scopes = scopes(params.get("scope").unwrap_or_default())?;
    let challenge = challenge(params)?;
    let reply = if shared.options.consent == Consent::Deny {
        ("error", "access_denied".to_owned())
    } else {
        let code = Code {
            consented: Consented {
                client: client.to_owned(),
                user: shared.options.user.clone(),
                scopes,
                at: shared.now(),
            },
            redirect_uri: redirect_uri.to_owned(),
            challenge,
        };
        ("code", shared.grants().code(code))
    };
    location.query_pairs_mut().append_pair(reply.0, &reply.1);
    if let Some(state) = params.get("state") {
        location.query_pairs_mut().append_pair("state", state);
    }
    Ok(location)
}

/// HTTPS, a scheme of an app's own, or HTTP on a loopback address; no `localhost`.
fn allowed_redirect(uri: &str) -> Result<Url, &'static str> {
    let url = Url::parse(uri).map_err(|_| "INVALID_CLIENT: Invalid redirect URI")?;
    match (url.scheme(), url.host()) {
        ("http", Some(Host::Ipv4(Ipv4Addr::LOCALHOST) | Host::Ipv6(Ipv6Addr::LOCALHOST))) => {
            Ok(url)
        }
        ("http", _) | (_, Some(Host::Domain("localhost"))) => {
            Err("INVALID_CLIENT: Insecure redirect URI")
        }
        _ => Ok(url),
    }
}

fn scopes(text: &str) -> Result<Vec<String>, &'static str> {
    let mut scopes: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if !scopes.iter().all(|scope| is_scope(scope)) {
        return Err("INVALID_SCOPE: Invalid scope");
    }
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}

fn challenge(params: &Params) -> Result<Option<String>, &'static str> {
    match (
        params.get("code_challenge"),
        params.get("code_challenge_method"),
    ) {
        (None, None) => Ok(None),
        // A SHA-256 is 43 characters of base 64.
        (Some(challenge), Some("S256")) if challenge.len() == 43 => Ok(Some(challenge.to_owned())),
        (Some(_), Some("S256")) => Err("invalid_request: code_challenge must be of 43 characters"),
        _ => Err("invalid_request: code_challenge_method must be S256"),
    }
}

fn redirect(location: &str) -> Response<Body> {
    let mut response = text_response(303, "text/plain; charset=utf-8", "");
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

//! The token endpoint: `POST /api/token` in its four ways.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::client::{
    Clock, Error, Hosts, Result, Secret, agent, bounded, later, message_of, random,
};

const ANSWER_MAX: usize = 64 << 10;
const TRIES: u32 = 4;
const TIMEOUT: Duration = Duration::from_secs(30);

/// What the endpoint gives.
pub(super) struct Granted {
    pub access_token: Secret,
    pub expires_in: Duration,
    pub refresh_token: Option<Secret>,
    pub scopes: Option<BTreeSet<String>>,
}

/// Whether repeating a request can do harm: a code is good for one request only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    Yes,
    No,
}

/// The token endpoint for one client.
#[derive(Debug, Clone)]
pub(super) struct TokenEndpoint {
    http: reqwest::Client,
    hosts: Hosts,
    client_id: String,
    client_secret: Option<Secret>,
}

enum Failed {
    ForGood(Error),
    ForNow(String),
}

impl TokenEndpoint {
    pub fn new(hosts: &Hosts, client_id: &str, client_secret: Option<Secret>) -> Result<Self> {
        let plain = |c: char| c.is_ascii_graphic() && c != ':';
        if client_id.is_empty() || client_id.len() > 128 || !client_id.chars().all(plain) {
            return Err(
                Error::invalid("the client id is empty or has odd characters")
                    .hint("copy it from the app's page at developer.spotify.com/dashboard"),
            );
        }
        Ok(Self {
            http: agent(hosts.accounts(), TIMEOUT)?,
            hosts: hosts.clone(),
            client_id: client_id.to_owned(),
            client_secret,
        })
    }

    /// Asks with `form`. Broken answers are repeated within bounds, on `clock`.
    pub async fn ask(
        &self,
        form: &[(&str, &str)],
        repeat: Repeat,
        clock: &dyn Clock,
    ) -> Result<Granted> {
        let body = self.body(form);
        let tries = if repeat == Repeat::Yes { TRIES } else { 1 };
        let mut why = String::new();
        for tried in 0..tries {
            if tried > 0 {
                let wait = 500u64 << tried;
                let jitter = random()? % (wait / 2);
                clock.sleep(Duration::from_millis(wait + jitter)).await;
            }
            match self.once(&body).await {
                Ok(granted) => return Ok(granted),
                Err(Failed::ForGood(error)) => return Err(error),
                Err(Failed::ForNow(reason)) => why = reason,
            }
        }
        Err(Error::unavailable(format!(
            "Spotify's accounts service did not answer properly in {tries} tries (last: {why})"
        ))
        .hint("try again later"))
    }

    fn body(&self, form: &[(&str, &str)]) -> String {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        if self.client_secret.is_none() {
            body.append_pair("client_id", &self.client_id);
        }
        body.finish()
    }

    async fn once(&self, body: &str) -> std::result::Result<Granted, Failed> {
        let mut request = self
            .http
            .post(self.hosts.account("api/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        if let Some(secret) = &self.client_secret {
            let pair = STANDARD.encode(format!("{}:{}", self.client_id, secret.expose()));
            request = request.header("authorization", format!("Basic {pair}"));
        }
        let answer = request.send().await.map_err(|error| {
            Failed::ForNow(if error.is_timeout() {
                "no answer in time".to_owned()
            } else {
                "no connection".to_owned()
            })
        })?;
        let status = answer.status().as_u16();
        let body = bounded(answer, ANSWER_MAX)
            .await
            .map_err(|_| Failed::ForNow(format!("{status} with a body that broke off")))?;
        match status {
            200..300 => granted(&body)
                .ok_or_else(|| Failed::ForNow(format!("{status} with a body that holds no token"))),
            400..500 if status != 408 && status != 429 => {
                Err(Failed::ForGood(refused(status, &body)))
            }
            _ => Err(Failed::ForNow(status.to_string())),
        }
    }
}

fn granted(body: &[u8]) -> Option<Granted> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: String,
        expires_in: u64,
        refresh_token: Option<String>,
        scope: Option<String>,
    }
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let visible = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    if !visible(&answer.access_token) {
        return None;
    }
    let scopes = |text: String| text.split_whitespace().map(String::from).collect();
    Some(Granted {
        access_token: Secret::new(answer.access_token),
        expires_in: Duration::from_secs(answer.expires_in.min(24 * 3600)),
        refresh_token: answer
            .refresh_token
            .filter(|text| !text.is_empty())
            .map(Secret::new),
        scopes: answer.scope.map(scopes),
    })
}

impl Granted {
    pub fn expires_at(&self, clock: &dyn Clock) -> jiff::Timestamp {
        later(clock.now(), self.expires_in)
    }
}

/// The error of an OAuth error body. Only the code and the description of the
/// two known errors are shown: the host might repeat what was sent.
fn refused(status: u16, body: &[u8]) -> Error {
    #[derive(Deserialize)]
    struct Body {
        error: Option<String>,
    }
    let code = serde_json::from_slice::<Body>(body).ok();
    match code.and_then(|body| body.error).as_deref() {
        Some("invalid_grant") => {
            let said = message_of(body, "");
            let why = ["expired", "revoked"]
                .into_iter()
                .find(|why| said.contains(why));
            Error::login_again(format!(
                "the Spotify login is at its end: the refresh token or code is {}",
                why.unwrap_or("no longer taken")
            ))
        }
        Some("invalid_client") => {
            Error::denied("Spotify does not know this client id with this secret")
                .hint("compare both with the app's page at developer.spotify.com/dashboard")
        }
        Some("invalid_request") => Error::invalid("Spotify finds the token request wrong")
            .hint("the redirect URI must be registered for the app exactly as it is used"),
        _ => Error::denied(format!("Spotify gives no token (status {status})")),
    }
}

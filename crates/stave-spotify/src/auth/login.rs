//! The login of a user in the browser: authorization code with PKCE.

use std::collections::BTreeSet;
use std::time::Duration;

use url::Url;

use super::endpoint::{Repeat, TokenEndpoint};
use super::loopback::Loopback;
use super::pkce::{challenge, random_text, verifier};
use super::token::TokenSet;
use crate::client::{Clock, Error, Hosts, Result, Secret};

/// What a read-only extractor asks for.
pub const SCOPES: [&str; 9] = [
    "playlist-read-collaborative",
    "playlist-read-private",
    "user-follow-read",
    "user-library-read",
    "user-read-email",
    "user-read-playback-position",
    "user-read-private",
    "user-read-recently-played",
    "user-top-read",
];

/// How to log in.
#[derive(Debug, Clone)]
pub struct LoginSettings {
    /// Where Spotify is.
    pub hosts: Hosts,
    /// The app's client id.
    pub client_id: String,
    /// The app's secret, where it has one; PKCE needs none.
    pub client_secret: Option<Secret>,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// The port of the redirect URI; 0 takes any that is free, which needs a
    /// redirect URI registered without a port.
    pub port: u16,
    /// Whether Spotify shows its dialog even where the user agreed before.
    pub show_dialog: bool,
}

impl LoginSettings {
    /// A login for `client_id` with all the scopes of [`SCOPES`], on any free port.
    pub fn new(hosts: Hosts, client_id: &str) -> Self {
        Self {
            hosts,
            client_id: client_id.to_owned(),
            client_secret: None,
            scopes: SCOPES.map(String::from).to_vec(),
            port: 0,
            show_dialog: false,
        }
    }
}

/// A login that waits for the user's browser.
#[derive(Debug)]
pub struct Login {
    endpoint: TokenEndpoint,
    settings: LoginSettings,
    loopback: Loopback,
    verifier: Secret,
    url: Url,
}

impl Login {
    /// Listens on loopback, and makes the URL that the user has to open.
    pub async fn begin(settings: LoginSettings) -> Result<Self> {
        let endpoint = TokenEndpoint::new(
            &settings.hosts,
            &settings.client_id,
            settings.client_secret.clone(),
        )?;
        let state = random_text::<24>()?;
        let loopback = Loopback::listen(settings.port, state.clone()).await?;
        let verifier = verifier()?;
        let mut url = settings.hosts.account("authorize");
        url.query_pairs_mut()
            .append_pair("client_id", &settings.client_id)
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", loopback.redirect_uri())
            .append_pair("state", &state)
            .append_pair("scope", &settings.scopes.join(" "))
            .append_pair("code_challenge_method", "S256")
            .append_pair("code_challenge", &challenge(&verifier));
        if settings.show_dialog {
            url.query_pairs_mut().append_pair("show_dialog", "true");
        }
        Ok(Self {
            endpoint,
            settings,
            loopback,
            verifier,
            url,
        })
    }

    /// The URL to open in the browser.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The redirect URI, which has to be registered for the app.
    pub fn redirect_uri(&self) -> &str {
        self.loopback.redirect_uri()
    }

    /// Waits for the browser, at most `timeout` of real time, and fetches the
    /// tokens. They are not written anywhere yet.
    pub async fn finish(self, timeout: Duration, clock: &dyn Clock) -> Result<TokenSet> {
        let redirect_uri = self.loopback.redirect_uri().to_owned();
        let code = self.loopback.code(timeout).await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", self.verifier.expose()),
        ];
        let granted = self.endpoint.ask(&form, Repeat::No, clock).await?;
        let asked: BTreeSet<String> = self.settings.scopes.iter().cloned().collect();
        if granted.refresh_token.is_none() {
            return Err(Error::unavailable("Spotify gave no refresh token").hint("log in again"));
        }
        Ok(TokenSet {
            expires_at: granted.expires_at(clock),
            access_token: granted.access_token,
            refresh_token: granted.refresh_token,
            scopes: granted.scopes.unwrap_or(asked),
            client_id: self.settings.client_id,
            client_secret: self.settings.client_secret,
            consented_at: clock.now(),
        })
    }
}

//! Logins: in the browser, or by the app alone; kept in a file of mode 600.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use stave_core::{Caller, Error, Result};
use stave_spotify::auth::{
    AppTokens, Consent, Login, LoginSettings, TokenFile, Tokens, UserTokens, consent,
};
use stave_spotify::client::{Clock, Config};
use stave_spotify::sandbox::sign_in;

use super::faults::to_core;
use super::ports::WaitingClock;
use super::{Connection, Extracts};

/// How long a login waits for the browser.
const WAIT: Duration = Duration::from_mins(5);

/// The client id of whoever names none to a sandbox, which takes any.
const SANDBOX_CLIENT: &str = "stave";

/// How to log in.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoginRequest {
    /// The port of the redirect URI; 0 takes any that is free.
    pub port: u16,
    /// Whether Spotify asks again although the user agreed before.
    pub show_dialog: bool,
}

impl Extracts {
    /// Logs a user in. `show` is told the URL to open and the redirect URI;
    /// this then waits for the browser, five minutes at most.
    pub async fn login(
        &self,
        caller: &Caller,
        connection: &Connection,
        request: LoginRequest,
        show: impl FnOnce(&str, &str) + Send,
    ) -> Result<Consent> {
        caller.may("spotify:Login", &self.arn(caller, &connection.account))?;
        // The account's name becomes a file's.
        Config::new(connection.hosts.clone(), &connection.account).map_err(to_core)?;
        let app = connection.app.as_ref();
        let client_id = match (app, connection.is_sandbox) {
            (Some(app), _) => app.client_id.as_str(),
            (None, true) => SANDBOX_CLIENT,
            (None, false) => return Err(no_client_id()),
        };
        self.check_hosts(connection).await?;
        let mut settings = LoginSettings::new(connection.hosts.clone(), client_id);
        settings.port = request.port;
        settings.show_dialog = request.show_dialog;
        let login = Login::begin(settings).await.map_err(to_core)?;
        let url = login.url().to_owned();
        show(&url, login.redirect_uri());
        let clock = WaitingClock::new(Arc::clone(&self.clock), Arc::new(|_| ()));
        let finished = login.finish(WAIT, &clock);
        let tokens = if connection.is_sandbox {
            let signed_in = sign_in(&connection.hosts, &url);
            // Who can't sign in never comes back, so nobody waits for them.
            let both = futures::future::try_join(finished, signed_in);
            both.await.map_err(to_core)?.0
        } else {
            finished.await.map_err(to_core)?
        };
        let file = self.token_file(&connection.account);
        file.replace(&tokens).await.map_err(to_core)?;
        Ok(consent(tokens.consented_at, self.clock.now()))
    }

    /// The token of an account: of its user, or else of the app alone. Also
    /// when the user agreed, for a user of Spotify itself.
    pub(super) async fn tokens(
        &self,
        caller: &Caller,
        connection: &Connection,
        clock: Arc<dyn Clock>,
    ) -> Result<(Arc<dyn Tokens>, Option<Timestamp>)> {
        let file = self.token_file(&connection.account);
        let hosts = connection.hosts.clone();
        if connection.is_sandbox {
            // The sandbox of yesterday is gone, and its tokens with it.
            self.login(caller, connection, LoginRequest::default(), |_, _| ())
                .await?;
            return Ok((Arc::new(UserTokens::new(file, hosts, clock)), None));
        }
        if let Some(tokens) = file.read().map_err(to_core)? {
            let user = UserTokens::new(file, hosts, clock);
            return Ok((Arc::new(user), Some(tokens.consented_at)));
        }
        let Some(app) = &connection.app else {
            return Err(no_client_id());
        };
        let Some(secret) = app.client_secret.clone() else {
            return Err(Error::denied(format!(
                "account \"{}\" has no Spotify login, and the app has no secret",
                connection.account
            ))
            .hint(
                "log in with `stave spotify login`; or, for public playlists alone, \
                 set SPOTIFY_CLIENT_SECRET",
            ));
        };
        let app = AppTokens::new(&hosts, &app.client_id, secret, clock).map_err(to_core)?;
        Ok((Arc::new(app), None))
    }

    /// Where the login of an account is kept.
    pub(super) fn token_file(&self, account: &str) -> TokenFile {
        let folder = self.store.home().spotify();
        TokenFile::new(folder.join(format!("{account}.json")))
    }
}

fn no_client_id() -> Error {
    Error::denied("no Spotify login, and no client id to log in with").hint(
        "make an app at developer.spotify.com/dashboard, set SPOTIFY_CLIENT_ID, then \
         `stave spotify login`; or try it on a sandbox: stave spotify sandbox",
    )
}

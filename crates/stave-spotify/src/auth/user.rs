//! The tokens of a user, out of the token file, renewed by one at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::consent::{Consent, consent};
use super::endpoint::{Repeat, TokenEndpoint};
use super::file::TokenFile;
use super::token::{TokenSet, Tokens};
use crate::client::{Clock, Error, Hosts, Result, Secret};

/// The login in a token file.
///
/// Spotify takes a refresh token once and gives a new one (PKCE), so whoever
/// renews holds the file's lock, looks first whether somebody else has renewed
/// meanwhile, and writes what it got before anybody uses it.
pub struct UserTokens {
    file: TokenFile,
    hosts: Hosts,
    clock: Arc<dyn Clock>,
    kept: tokio::sync::Mutex<Option<TokenSet>>,
}

impl UserTokens {
    /// The login in `file`, which may have been made by another process.
    pub fn new(file: TokenFile, hosts: Hosts, clock: Arc<dyn Clock>) -> Self {
        Self {
            file,
            hosts,
            clock,
            kept: tokio::sync::Mutex::new(None),
        }
    }

    /// How the login stands; nothing where there is none.
    pub fn consent(&self) -> Result<Option<Consent>> {
        let tokens = self.file.read()?;
        Ok(tokens.map(|tokens| consent(tokens.consented_at, self.clock.now())))
    }

    fn read(&self) -> Result<TokenSet> {
        self.file.read()?.ok_or_else(|| {
            Error::login_again(format!(
                "there is no Spotify login at {}",
                self.file.path().display()
            ))
        })
    }

    /// The tokens at hand, or those of the file once these are used up.
    async fn current(&self, refused: Option<&Secret>) -> Result<Secret> {
        let mut kept = self.kept.lock().await;
        let usable = |tokens: &TokenSet| {
            tokens.is_fresh(self.clock.now()) && refused != Some(&tokens.access_token)
        };
        if let Some(tokens) = kept.as_ref().filter(|tokens| usable(tokens)) {
            return Ok(tokens.access_token.clone());
        }
        let read = self.read()?;
        if usable(&read) {
            return Ok(kept.insert(read).access_token.clone());
        }
        let _lock = self.file.lock().await?;
        // Whoever held the lock before has probably done the work.
        let read = self.read()?;
        if usable(&read) {
            return Ok(kept.insert(read).access_token.clone());
        }
        let renewed = self.refresh(read).await?;
        self.file.write(&renewed)?;
        Ok(kept.insert(renewed).access_token.clone())
    }

    async fn refresh(&self, old: TokenSet) -> Result<TokenSet> {
        let Some(refresh_token) = &old.refresh_token else {
            return Err(Error::login_again("the Spotify login can't be renewed"));
        };
        let endpoint = TokenEndpoint::new(&self.hosts, &old.client_id, old.client_secret.clone())?;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose()),
        ];
        let granted = endpoint
            .ask(&form, Repeat::Yes, self.clock.as_ref())
            .await?;
        Ok(TokenSet {
            expires_at: granted.expires_at(self.clock.as_ref()),
            access_token: granted.access_token,
            // The old one stays good where no new one is sent.
            refresh_token: granted.refresh_token.or(old.refresh_token),
            scopes: granted.scopes.unwrap_or(old.scopes),
            client_id: old.client_id,
            client_secret: old.client_secret,
            consented_at: old.consented_at,
        })
    }
}

impl Tokens for UserTokens {
    fn access_token(&self) -> BoxFuture<'_, Result<Secret>> {
        Box::pin(self.current(None))
    }

    fn renew<'a>(&'a self, refused: &'a Secret) -> BoxFuture<'a, Result<Secret>> {
        Box::pin(self.current(Some(refused)))
    }

    fn scopes(&self) -> BoxFuture<'_, Result<Option<BTreeSet<String>>>> {
        Box::pin(async {
            let scopes = self.read()?.scopes;
            Ok((!scopes.is_empty()).then_some(scopes))
        })
    }

    fn is_user(&self) -> bool {
        true
    }
}

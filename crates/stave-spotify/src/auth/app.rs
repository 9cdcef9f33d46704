//! The token of an app alone: client credentials. It reads the catalogue only.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::endpoint::{Repeat, TokenEndpoint};
use super::token::Tokens;
use crate::client::{Clock, Hosts, Result, Secret, later};

const MARGIN: Duration = Duration::from_mins(1);

/// Tokens by client credentials. They are kept in this process only: there is
/// nothing to lose, another one is had for the asking.
pub struct AppTokens {
    endpoint: TokenEndpoint,
    clock: Arc<dyn Clock>,
    kept: tokio::sync::Mutex<Option<(Secret, Timestamp)>>,
}

impl AppTokens {
    /// The tokens of the app `client_id`.
    pub fn new(
        hosts: &Hosts,
        client_id: &str,
        client_secret: Secret,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        Ok(Self {
            endpoint: TokenEndpoint::new(hosts, client_id, Some(client_secret))?,
            clock,
            kept: tokio::sync::Mutex::new(None),
        })
    }

    async fn current(&self, refused: Option<&Secret>) -> Result<Secret> {
        let mut kept = self.kept.lock().await;
        let soon = later(self.clock.now(), MARGIN);
        if let Some((token, expires_at)) = kept.as_ref()
            && soon < *expires_at
            && refused != Some(token)
        {
            return Ok(token.clone());
        }
        let form = [("grant_type", "client_credentials")];
        let granted = self
            .endpoint
            .ask(&form, Repeat::Yes, self.clock.as_ref())
            .await?;
        let expires_at = granted.expires_at(self.clock.as_ref());
        let (token, _) = kept.insert((granted.access_token, expires_at));
        Ok(token.clone())
    }
}

impl Tokens for AppTokens {
    fn access_token(&self) -> BoxFuture<'_, Result<Secret>> {
        Box::pin(self.current(None))
    }

    fn renew<'a>(&'a self, refused: &'a Secret) -> BoxFuture<'a, Result<Secret>> {
        Box::pin(self.current(Some(refused)))
    }

    fn scopes(&self) -> BoxFuture<'_, Result<Option<BTreeSet<String>>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn is_user(&self) -> bool {
        false
    }
}

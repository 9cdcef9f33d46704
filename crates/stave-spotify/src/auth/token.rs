//! A set of tokens, and the trait of whoever has one at hand.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

use crate::client::{Result, Secret, later};

/// A token is renewed this long before its end, so that it outlives the call.
const MARGIN: Duration = Duration::from_mins(1);

/// Gives the token of one login.
pub trait Tokens: Send + Sync {
    /// A token that can be used now.
    fn access_token(&self) -> BoxFuture<'_, Result<Secret>>;

    /// A token in place of `refused`, which Spotify did not take. Where
    /// somebody else has renewed it meanwhile, that one is given.
    fn renew<'a>(&'a self, refused: &'a Secret) -> BoxFuture<'a, Result<Secret>>;

    /// The scopes that were granted; nothing where that isn't known.
    fn scopes(&self) -> BoxFuture<'_, Result<Option<BTreeSet<String>>>>;

    /// Whether this is the login of a user, and not of an app alone.
    fn is_user(&self) -> bool;
}

/// What a login has given.
#[derive(Debug, Clone)]
pub struct TokenSet {
    /// The client id that it was given to.
    pub client_id: String,
    /// The client's secret, where the login used one; PKCE has none.
    pub client_secret: Option<Secret>,
    /// The token that is sent to the API.
    pub access_token: Secret,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// The token that gets the next access token; ends six months after the consent.
    pub refresh_token: Option<Secret>,
    /// What was granted.
    pub scopes: BTreeSet<String>,
    /// When the user agreed.
    pub consented_at: Timestamp,
}

impl TokenSet {
    /// Whether the access token can still be used at `now`.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        later(now, MARGIN) < self.expires_at
    }
}

//! Codes, access tokens and refresh tokens: who was granted what, until when.
//! Must not know HTTP.

use std::collections::{HashMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use sha2::{Digest, Sha256};

use crate::sandbox::world::draw::{Domain, Seed};

/// How long an access token lasts.
pub(super) const ACCESS_SECONDS: i64 = 3_600;
const CODE_SECONDS: i64 = 600;
/// How long a refresh token lasts from consent on; a refresh doesn't extend it.
const REFRESH_MONTHS: i64 = 6;

/// The most of each that are kept; then the oldest go.
const MOST_KEPT: usize = 10_000;

/// What a user has agreed to.
#[derive(Clone, Debug)]
pub(super) struct Consented {
    pub(super) client: String,
    pub(super) user: String,
    pub(super) scopes: Vec<String>,
    pub(super) at: Timestamp,
}

/// A code that waits to be exchanged.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) consented: Consented,
    pub(super) redirect_uri: String,
    /// The SHA-256 of the verifier in base 64, with PKCE.
    pub(super) challenge: Option<String>,
}

/// Who calls with an access token.
#[derive(Clone, Debug)]
pub(in crate::sandbox) struct Bearer {
    pub(in crate::sandbox) client: String,
    /// None: client credentials.
    pub(in crate::sandbox) user: Option<String>,
    pub(in crate::sandbox) scopes: Vec<String>,
    expires_at: Timestamp,
}

/// Why an access token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum TokenFault {
    Unknown,
    Expired,
}

#[derive(Clone, Debug)]
struct Refresh {
    consented: Consented,
    pkce: bool,
    revoked: bool,
}

/// What an exchange gives.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    pub(super) scopes: Vec<String>,
}

/// Everything that was granted.
#[derive(Debug)]
pub(in crate::sandbox) struct Grants {
    seed: Seed,
    made: u64,
    codes: Kept<Code>,
    bearers: Kept<Bearer>,
    refreshes: Kept<Refresh>,
}

impl Grants {
    /// Grants whose tokens are of this seed and moment, so that those of
    /// another start are not taken.
    pub(in crate::sandbox) fn new(seed: Seed, started_at: Timestamp) -> Self {
        let start = started_at.as_millisecond() as u64;
        Self {
            seed: Seed(seed.unique(Domain::Token, start)),
            made: 0,
            codes: Kept::default(),
            bearers: Kept::default(),
            refreshes: Kept::default(),
        }
    }

    fn secret(&mut self, begin: &str, blocks: usize) -> String {
        self.made += 1;
        let mut draw = self.seed.draw(Domain::Token, self.made);
        let bytes: Vec<u8> = (0..blocks)
            .flat_map(|_| draw.next().to_be_bytes())
            .collect();
        format!("{begin}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(super) fn code(&mut self, code: Code) -> String {
        let secret = self.secret("AQ", 12);
        self.codes.insert(secret.clone(), code);
        secret
    }

    /// A token for the app itself.
    pub(super) fn for_client(&mut self, client: &str, now: Timestamp) -> Granted {
        self.grant(client, None, Vec::new(), now)
    }

    /// Exchanges a code, once. An error says why not, as Spotify does.
    pub(super) fn exchange(
        &mut self,
        code: &str,
        client: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
        now: Timestamp,
    ) -> Result<Granted, &'static str> {
        let code = self
            .codes
            .remove(code)
            .ok_or("Invalid authorization code")?;
        let Code {
            consented,
            challenge,
            ..
        } = &code;
        if now.duration_since(consented.at) >= SignedDuration::from_secs(CODE_SECONDS) {
            return Err("Authorization code expired");
        }
        if consented.client != client {
            return Err("Invalid authorization code");
        }
        if code.redirect_uri != redirect_uri {
            return Err("Invalid redirect URI");
        }
        match (challenge, verifier) {
            (Some(challenge), Some(verifier)) if *challenge == s256(verifier) => {}
            (None, None) => {}
            (Some(_), None) => return Err("code_verifier required"),
            _ => return Err("code_verifier was incorrect"),
        }
        let refresh = Refresh {
            consented: consented.clone(),
            pkce: challenge.is_some(),
            revoked: false,
        };
        Ok(self.with_refresh(refresh, now))
    }

    /// Uses a refresh token; one of PKCE is invalid from then on, and the
    /// answer has the next. `authenticated`: the client sent its secret.
    pub(super) fn refresh(
        &mut self,
        token: &str,
        client: &str,
        authenticated: bool,
        now: Timestamp,
    ) -> Result<Granted, &'static str> {
        let refresh = self
            .refreshes
            .get_mut(token)
            .filter(|refresh| refresh.consented.client == client)
            .ok_or("Invalid refresh token")?;
        if refresh.revoked {
            return Err("Refresh token revoked");
        }
        if ended(refresh.consented.at, now) {
            return Err("Refresh token expired");
        }
        if !refresh.pkce && !authenticated {
            return Err("Invalid refresh token");
        }
        if refresh.pkce {
            refresh.revoked = true;
            let refresh = Refresh {
                revoked: false,
                ..refresh.clone()
            };
            return Ok(self.with_refresh(refresh, now));
        }
        let Consented { user, scopes, .. } = refresh.consented.clone();
        Ok(self.grant(client, Some(user), scopes, now))
    }

    fn with_refresh(&mut self, refresh: Refresh, now: Timestamp) -> Granted {
        let Consented {
            client,
            user,
            scopes,
            ..
        } = refresh.consented.clone();
        let mut granted = self.grant(&client, Some(user), scopes, now);
        let token = self.secret("AQ", 12);
        self.refreshes.insert(token.clone(), refresh);
        granted.refresh_token = Some(token);
        granted
    }

    fn grant(
        &mut self,
        client: &str,
        user: Option<String>,
        scopes: Vec<String>,
        now: Timestamp,
    ) -> Granted {
        let access_token = self.secret("BQ", 14);
        let lasts = SignedDuration::from_secs(ACCESS_SECONDS);
        let bearer = Bearer {
            client: client.to_owned(),
            user,
            scopes: scopes.clone(),
            expires_at: now.checked_add(lasts).unwrap_or(now),
        };
        self.bearers.insert(access_token.clone(), bearer);
        Granted {
            access_token,
            refresh_token: None,
            scopes,
        }
    }

    /// Who calls with an access token.
    pub(in crate::sandbox) fn bearer(
        &mut self,
        token: &str,
        now: Timestamp,
    ) -> Result<Bearer, TokenFault> {
        let bearer = self.bearers.get_mut(token).ok_or(TokenFault::Unknown)?;
        if bearer.expires_at <= now {
            return Err(TokenFault::Expired);
        }
        Ok(bearer.clone())
    }
}

/// Whether the refresh tokens of a consent have ended.
fn ended(consented_at: Timestamp, now: Timestamp) -> bool {
    let consented = consented_at.to_zoned(TimeZone::UTC);
    consented
        .checked_add(REFRESH_MONTHS.months())
        .is_ok_and(|end| end.timestamp() <= now)
}

/// PKCE's S256: what the challenge of a verifier is.
pub(super) fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// A map that lets its oldest go.
#[derive(Debug)]
struct Kept<T> {
    map: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            map: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T> Kept<T> {
    fn insert(&mut self, key: String, value: T) {
        if self.order.len() >= MOST_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.map.remove(&oldest);
        }
        self.order.push_back(key.clone());
        self.map.insert(key, value);
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut T> {
        self.map.get_mut(key)
    }

    fn remove(&mut self, key: &str) -> Option<T> {
        self.map.remove(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s256_is_that_of_the_rfc() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            s256(verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let at = Timestamp::UNIX_EPOCH;
        let mut grants = Grants::new(Seed(1), at);
        let first = grants.for_client("c", at).access_token;
        assert!(grants.bearer(&first, at).is_ok());
        for _ in 0..MOST_KEPT {
            grants.for_client("c", at);
        }
        assert_eq!(grants.bearer(&first, at).unwrap_err(), TokenFault::Unknown);
        assert_eq!(grants.bearers.map.len(), MOST_KEPT);
    }
}

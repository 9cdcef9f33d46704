//! From an access key to who it is: its secret, by which the signature is checked, and the
//! caller that the request comes from if the signature is right.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use stave_core::iam::{Context, Grants, Principal};
use stave_core::sigv4::{Expected, HttpRequest, Payload, Presented, Refusal, Scope, SigningKey};
use stave_core::{Caller, Credential, Error, Result};
use stave_store::iam::{EntityKind, Rows};

use super::sign_in::principal_keys;
use super::token::{Session, SessionOf};
use super::{Iam, Secret};

/// How many access keys are remembered; when there are more, all are looked up anew.
const KEPT: usize = 1024;
/// In how many scopes its key for signing is.
const KEPT_SCOPES: usize = 8;
/// The longest session token that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// How often it is noted that an access key is used, in seconds.
const NOTE_SECONDS: i64 = 60;

/// What signs with one secret in some scopes. Deriving it takes longer than the rest of a check, and
/// clients keep to a scope for a day.
#[derive(Debug, Clone, Default)]
struct SigningKeys(Arc<Mutex<Vec<(Scope, SigningKey)>>>);

impl SigningKeys {
    /// The key of `scope`, for `secret`.
    fn of(&self, secret: &Secret, scope: &Scope) -> SigningKey {
        let mut kept = lock(&self.0);
        if let Some((_, key)) = kept.iter().find(|(other, _)| other == scope) {
            return key.clone();
        }
        let key = SigningKey::derive(secret.expose(), scope);
        if kept.len() >= KEPT_SCOPES {
            kept.clear();
        }
        kept.push((scope.clone(), key.clone()));
        key
    }
}

/// An access key that may be used, and who uses it.
#[derive(Debug, Clone)]
pub struct KnownKey {
    id: String,
    secret: Secret,
    signing: SigningKeys,
    caller: Caller,
    /// The unique id of the role whose session it is.
    role_id: Option<String>,
    expires_at: Option<Timestamp>,
}

impl KnownKey {
    /// The secret, by which the request must be signed.
    pub fn secret(&self) -> &str {
        self.secret.expose()
    }

    /// Who asks, with condition keys of the request (`aws:SourceIp` …). Only once the signature
    /// has been found right.
    pub fn into_caller(self, keys: &Context) -> Caller {
        self.caller.with_keys(keys)
    }
}

/// A request whose signature is right.
#[derive(Debug)]
pub struct Authenticated {
    /// Who asks.
    pub caller: Caller,
    /// What the body must be; where it was at hand it has been checked.
    pub payload: Payload,
    /// What is to be noted of it.
    pub used: Option<KeyUse>,
}

/// A use of an access key that is to be noted ([`Iam::note_use`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    key_id: String,
    role_id: Option<String>,
    service: String,
    region: String,
}

/// Why a request is not let in.
#[derive(Debug)]
pub enum Unauthenticated {
    /// The access key is unknown, inactive or expired, or could not be looked up.
    Key(Error),
    /// The signature is wrong, late or incomplete.
    Signature(Refusal),
}

impl From<Error> for Unauthenticated {
    fn from(error: Error) -> Self {
        Self::Key(error)
    }
}

impl From<Refusal> for Unauthenticated {
    fn from(refusal: Refusal) -> Self {
        Self::Signature(refusal)
    }
}

/// An access key's id, and the session token that came with it.
type KeyAndToken = (String, Option<String>);

/// What is remembered of access keys, for as long as nothing in IAM changes.
#[derive(Default)]
pub(super) struct Known {
    keys: Mutex<HashMap<KeyAndToken, (i64, KnownKey)>>,
    noted: Mutex<HashMap<String, Timestamp>>,
}

/// Shows no token.
impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known(…)")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unknown() -> Error {
    Error::denied("The security token included in the request is invalid.")
        .coded("InvalidClientTokenId")
        .hint("check the access key; `stave env` prints one that is valid")
}

fn expired() -> Error {
    Error::denied("The security token included in the request is expired").coded("ExpiredToken")
}

impl Iam {
    /// Says who has signed a request, with condition keys of it (`aws:SourceIp` …), once the
    /// signature has been found right.
    pub fn authenticate(
        &self,
        request: &HttpRequest<'_>,
        presented: &Presented,
        expected: &Expected<'_>,
        keys: &Context,
    ) -> Result<Authenticated, Unauthenticated> {
        let key = self.known_key(presented.access_key(), presented.session_token())?;
        let scope = presented.scope();
        let signing = key.signing.of(&key.secret, scope);
        let verified = presented.verify(request, &signing, expected)?;
        Ok(Authenticated {
            used: self.use_of(&key, &scope.service, &scope.region),
            caller: key.into_caller(keys),
            payload: verified.payload,
        })
    }

    /// The access key of that id, with the session token that came with it.
    pub fn known_key(&self, id: &str, token: Option<&str>) -> Result<KnownKey> {
        if token.is_some_and(|token| token.len() > MAX_TOKEN_BYTES) || id.len() > 128 {
            return Err(unknown());
        }
        let (now, generation) = (self.store().now(), self.store().iam_generation()?);
        let key = (id.to_owned(), token.map(str::to_owned));
        let remembered = lock(&self.0.known.keys).get(&key).cloned();
        let found = match remembered {
            Some((then, found)) if then == generation => found,
            _ => self.look_up(key)?,
        };
        if found.expires_at.is_some_and(|at| at <= now) {
            return Err(expired());
        }
        Ok(KnownKey {
            caller: found.caller.with_keys(&Context::new().at(now)),
            ..found
        })
    }

    /// Reads what is known of an access key, and remembers it.
    fn look_up(&self, (id, token): KeyAndToken) -> Result<KnownKey> {
        let (generation, found) = self.store().iam_read(|rows| {
            let found = match &token {
                None => self.long_term(rows, &id)?,
                Some(token) => self.temporary(rows, &id, token)?,
            };
            Ok((rows.generation()?, found))
        })?;
        let mut keys = lock(&self.0.known.keys);
        if keys.len() >= KEPT {
            keys.clear();
        }
        keys.insert((id, token), (generation, found.clone()));
        Ok(found)
    }

    /// The secret of an access key, temporary ones included. It says nothing about whether the
    /// key is valid: that does [`Self::known_key`], with the token.
    pub fn secret_of(&self, id: &str) -> Result<Secret> {
        if id.starts_with("ASIA") {
            return Ok(self.0.seal.session_secret(id));
        }
        let key = self.store().iam_read(|rows| rows.access_key(id))?;
        let key = key.filter(|key| key.is_active).ok_or_else(unknown)?;
        self.0.seal.open_secret(&key.id, &key.secret)
    }

    /// That a key is used for a service in a region, if that is to be noted: it is now and then,
    /// not at every request.
    pub fn use_of(&self, key: &KnownKey, service: &str, region: &str) -> Option<KeyUse> {
        let now = self.store().now();
        let owner = key.role_id.as_ref().unwrap_or(&key.id);
        let mut noted = lock(&self.0.known.noted);
        let is_recent = |at: &Timestamp| (now.as_second() - at.as_second()).abs() < NOTE_SECONDS;
        if noted.get(owner).is_some_and(is_recent) {
            return None;
        }
        if noted.len() >= KEPT {
            noted.clear();
        }
        noted.insert(owner.clone(), now);
        Some(KeyUse {
            key_id: key.id.clone(),
            role_id: key.role_id.clone(),
            service: service.to_owned(),
            region: region.to_owned(),
        })
    }

    /// Notes that a key was used. A disk that is full must not keep people out: it may be lost.
    /// Blocking.
    pub fn note_use(&self, used: &KeyUse) -> Result<()> {
        self.store().iam_note(|rows| match &used.role_id {
            Some(role_id) => rows.note_used(role_id, Some(&used.region)),
            None => rows.note_access_key_used(&used.key_id, &used.service, &used.region),
        })
    }

    fn long_term(&self, rows: &Rows<'_>, id: &str) -> Result<KnownKey> {
        let key = rows.access_key(id)?.filter(|key| key.is_active);
        let key = key.ok_or_else(unknown)?;
        let caller = match &key.user_id {
            None => Caller::root(self.account()),
            Some(user_id) => {
                let user = rows.entity_by_id(user_id)?.ok_or_else(unknown)?;
                self.user_caller(rows, &user)?
            }
        };
        Ok(KnownKey {
            secret: self.0.seal.open_secret(&key.id, &key.secret)?,
            signing: SigningKeys::default(),
            id: key.id,
            caller,
            role_id: None,
            expires_at: None,
        })
    }

    fn temporary(&self, rows: &Rows<'_>, id: &str, token: &str) -> Result<KnownKey> {
        let session = self.session(id, token).ok_or_else(unknown)?;
        let role_id = match &session.of {
            SessionOf::Role { id, .. } => Some(id.clone()),
            _ => None,
        };
        Ok(KnownKey {
            id: id.to_owned(),
            secret: self.0.seal.session_secret(id),
            signing: SigningKeys::default(),
            caller: self.session_caller(rows, &session)?,
            role_id,
            expires_at: Some(session.expires_at),
        })
    }

    /// Who works in a session.
    pub(super) fn session_caller(&self, rows: &Rows<'_>, session: &Session) -> Result<Caller> {
        let account = self.account();
        let (principal, mut grants, credential, entity) = match &session.of {
            SessionOf::Root => {
                let account = account.to_owned();
                let root = Principal::Root { account };
                (root, Grants::default(), Credential::SessionToken, None)
            }
            SessionOf::User { id } => {
                let user = rows.entity_by_id(id)?.ok_or_else(unknown)?;
                let grants = self.grants(rows, &user)?;
                let principal = self.principal(&user);
                (principal, grants, Credential::SessionToken, Some(user))
            }
            SessionOf::Role { id, session } => {
                let role = rows.entity_by_id(id)?;
                let role = role.filter(|role| role.kind == EntityKind::Role);
                let role = role.ok_or_else(unknown)?;
                let principal = Principal::AssumedRole {
                    account: account.to_owned(),
                    path: role.path.clone(),
                    role: role.name.clone(),
                    role_id: role.id.clone(),
                    session: session.clone(),
                };
                let grants = self.grants(rows, &role)?;
                (principal, grants, Credential::AssumedRole, Some(role))
            }
        };
        grants.session =
            self.session_grants(rows, &session.policy_arns, session.policy.as_deref())?;
        let mut keys = entity
            .as_ref()
            .map(|entity| principal_keys(entity, rows.now()))
            .unwrap_or_default();
        let issued_at = session.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ");
        keys.set("aws:TokenIssueTime", issued_at.to_string());
        keys.set("aws:MultiFactorAuthPresent", "false");
        Ok(Caller::new(account, principal, grants, credential).with_keys(&keys))
    }
}

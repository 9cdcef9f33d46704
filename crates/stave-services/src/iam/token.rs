//! What a session is, as it is sealed into its token: nothing of it is kept here, so nothing has
//! to be found, cleaned up or shared between processes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stave_core::{Error, Result};

use super::{Credentials, Iam, ids};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    pub of: SessionOf,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// The session policy that was passed as text.
    pub policy: Option<String>,
    /// The ARNs of managed policies that bound the session.
    pub policy_arns: Vec<String>,
}

/// Whose session it is. Users and roles are named by their unique ids: a new one of the same
/// name is somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SessionOf {
    Root,
    User { id: String },
    Role { id: String, session: String },
}

impl Iam {
    /// The credentials of a session.
    pub(super) fn credentials_of(&self, session: &Session) -> Result<Credentials> {
        let id = ids::session_key(self.store());
        let sealed = serde_json::to_vec(session)
            .map_err(|error| Error::internal("a session cannot be written").caused_by(error))?;
        Ok(Credentials {
            secret: self.0.seal.session_secret(&id),
            session_token: self.0.seal.seal_token(&id, &sealed)?.into(),
            access_key_id: id,
            expires_at: session.expires_at,
        })
    }

    /// The session of a token, if it is one of ours and goes with the access key.
    pub(super) fn session(&self, access_key_id: &str, token: &str) -> Option<Session> {
        let sealed = self.0.seal.open_token(access_key_id, token)?;
        serde_json::from_slice(&sealed).ok()
    }
}

//! Access keys: two a user, and two of the account's root.

use jiff::Timestamp;
use stave_core::iam::{Context, Principal};
use stave_core::{Caller, Result};
use stave_store::iam::{EntityKind, Rows};

use super::errors::{limit, no_such};
use super::{Iam, Page, PageRequest, Secret, ids};

/// How many access keys a user may have.
const KEYS_PER_USER: usize = 2;

/// An access key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// `AKIA…`.
    pub id: String,
    /// The name of its user; none for the account's root.
    pub user: Option<String>,
    /// Whether it may be used.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An access key that has just been made: the only time that its secret is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccessKey {
    /// The key.
    pub key: AccessKey,
    /// Its secret.
    pub secret: Secret,
}

/// When an access key was last used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// The name of its user; none for the account's root.
    pub user: Option<String>,
    /// When; none if it never was.
    pub used_at: Option<Timestamp>,
    /// For which service: `s3`.
    pub service: Option<String>,
    /// In which region.
    pub region: Option<String>,
}

/// Whose keys.
struct Owner {
    id: Option<String>,
    name: Option<String>,
}

fn no_key(id: &str) -> stave_core::Error {
    no_such(format!("The Access Key with id {id} cannot be found."))
}

impl Owner {
    fn show(&self, key: stave_store::iam::AccessKey) -> AccessKey {
        AccessKey {
            id: key.id,
            user: self.name.clone(),
            is_active: key.is_active,
            created_at: key.created_at,
        }
    }

    /// The key of that id, if it is this owner's.
    fn key(&self, rows: &Rows<'_>, id: &str) -> Result<stave_store::iam::AccessKey> {
        let found = rows.access_key(id)?;
        found
            .filter(|key| key.user_id == self.id)
            .ok_or_else(|| no_key(id))
    }
}

impl Iam {
    /// Whose keys an operation is about: those of the user of that name, or the caller's own.
    fn key_owner(
        &self,
        rows: &Rows<'_>,
        caller: &Caller,
        action: &str,
        user: Option<&str>,
    ) -> Result<Owner> {
        if let (None, Principal::Root { .. }) = (user, caller.principal()) {
            let arn = caller.principal().arn();
            self.permit(caller, action, &arn, &Context::new())?;
            return Ok(Owner {
                id: None,
                name: None,
            });
        }
        let name = match user {
            Some(name) => name,
            None => Self::own_name(caller)?,
        };
        let user = (EntityKind::User, name);
        let user = self.permitted(rows, caller, action, user, Context::new())?;
        Ok(Owner {
            id: Some(user.id),
            name: Some(user.name),
        })
    }

    /// Makes an access key for a user; without a name for the caller itself.
    pub fn create_access_key(&self, caller: &Caller, user: Option<&str>) -> Result<NewAccessKey> {
        self.store().iam_write(|rows| {
            let owner = self.key_owner(rows, caller, "iam:CreateAccessKey", user)?;
            if rows.access_keys(owner.id.as_deref())?.len() >= KEYS_PER_USER {
                return Err(limit(format!(
                    "Cannot exceed quota for AccessKeysPerUser: {KEYS_PER_USER}"
                )));
            }
            let id = ids::access_key(self.store());
            let secret = Secret::generate()?;
            let key = stave_store::iam::AccessKey {
                secret: self.0.seal.seal_secret(&id, &secret)?,
                id,
                user_id: owner.id.clone(),
                is_active: true,
                created_at: rows.now(),
                used_at: None,
                used_service: None,
                used_region: None,
            };
            rows.add_access_key(&key)?;
            Ok(NewAccessKey {
                key: owner.show(key),
                secret,
            })
        })
    }

    /// Says whether an access key may be used.
    pub fn update_access_key(
        &self,
        caller: &Caller,
        user: Option<&str>,
        id: &str,
        is_active: bool,
    ) -> Result<()> {
        self.store().iam_write(|rows| {
            let owner = self.key_owner(rows, caller, "iam:UpdateAccessKey", user)?;
            owner.key(rows, id)?;
            rows.set_access_key_active(id, is_active)
        })
    }

    /// Removes an access key.
    pub fn delete_access_key(&self, caller: &Caller, user: Option<&str>, id: &str) -> Result<()> {
        self.store().iam_write(|rows| {
            let owner = self.key_owner(rows, caller, "iam:DeleteAccessKey", user)?;
            owner.key(rows, id)?;
            rows.remove_access_key(id)
        })
    }

    /// A page of a user's access keys, by id.
    pub fn list_access_keys(
        &self,
        caller: &Caller,
        user: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<AccessKey>> {
        let mut keys: Vec<AccessKey> = self.store().iam_read(|rows| {
            let owner = self.key_owner(rows, caller, "iam:ListAccessKeys", user)?;
            let keys = rows.access_keys(owner.id.as_deref())?.into_iter();
            Ok(keys.map(|key| owner.show(key)).collect())
        })?;
        keys.sort_by(|a, b| a.id.cmp(&b.id));
        page.cut(keys, |key| key.id.clone())
    }

    /// When an access key was last used.
    pub fn access_key_last_used(&self, caller: &Caller, id: &str) -> Result<LastUse> {
        let action = "iam:GetAccessKeyLastUsed";
        self.store().iam_read(|rows| {
            let found = rows.access_key(id)?;
            let user = match found.as_ref().and_then(|key| key.user_id.as_deref()) {
                Some(user_id) => rows.entity_by_id(user_id)?,
                None => None,
            };
            let arn = match &user {
                Some(user) => self.entity_arn(user),
                None => self.arn("user", "/", "*"),
            };
            self.permit(caller, action, &arn, &Context::new())?;
            let key = found.ok_or_else(|| no_key(id))?;
            Ok(LastUse {
                user: user.map(|user| user.name),
                used_at: key.used_at,
                service: key.used_service,
                region: key.used_region,
            })
        })
    }
}

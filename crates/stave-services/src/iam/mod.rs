//! IAM and STS: who there is, what they may do, and how they prove who they are.
//!
//! An operation is one transaction: it finds what is named, asks the policies whether the caller
//! may, checks the rules, and writes. All of it blocks; who runs on an async runtime decides
//! where. Errors carry AWS's codes.
//!
//! Must not know: wire formats, the engine, any other service.
//!
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/welcome.html>

mod access;
mod account;
mod attachments;
mod authenticate;
mod details;
mod documents;
mod entities;
mod errors;
mod groups;
mod ids;
mod inline;
mod keys;
mod logins;
mod managed;
mod names;
mod passwords;
mod policies;
mod roles;
mod secret;
mod sign_in;
mod simulate;
mod simulation;
mod start;
mod sts;
mod tags;
#[cfg(test)]
mod tests;
mod token;
mod trust;
mod users;
mod versions;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use stave_core::Result;
use stave_store::Store;
pub use stave_store::iam::{EntityKind, Tags};

pub use self::account::AccountSummary;
pub use self::attachments::{AttachedPolicy, PolicyEntity, PolicyUsage};
pub use self::authenticate::{Authenticated, KeyUse, KnownKey, Unauthenticated};
pub use self::details::{AccountDetails, DetailFilter, EntityDetail, PolicyDetail};
pub use self::groups::Group;
pub use self::keys::{AccessKey, LastUse, NewAccessKey};
pub use self::logins::LoginProfile;
pub use self::names::{Page, PageRequest};
pub use self::passwords::{PasswordCost, PasswordPolicy};
pub use self::policies::{ManagedPolicy, NewPolicy, PolicyFilter, PolicyScope};
pub use self::roles::{NewRole, Role};
pub use self::secret::Secret;
pub use self::sign_in::SignIn;
pub use self::simulation::{Matched, Simulated, Simulation, SourceKind};
pub use self::sts::{AssumeRole, AssumedRole, CallerIdentity, Credentials};
pub use self::users::{NewUser, User};
pub use self::versions::PolicyVersion;

/// How IAM behaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct IamOptions {
    /// What hashing a password costs.
    pub password_cost: PasswordCost,
}

/// The IAM and STS service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Iam(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    store: Store,
    account: String,
    options: IamOptions,
    seal: secret::Seal,
    aws_managed: BTreeMap<String, managed::AwsManaged>,
    documents: documents::Documents,
    known: authenticate::Known,
    /// Passwords are checked one at a time: attempts cannot overtake their count, and the
    /// memory that hashing takes is taken once.
    turn: Mutex<sign_in::Attempts>,
}

impl Iam {
    /// IAM of the home in `store`. The first start makes the account, its root's access key, and
    /// the files `seal.key` and `root-credentials` of mode 600.
    pub fn open(store: Store, account: &str, options: IamOptions) -> Result<Self> {
        let seal = start::first_start(&store, account)?;
        Ok(Self(Arc::new(Parts {
            store,
            account: account.to_owned(),
            options,
            seal,
            aws_managed: managed::read()?,
            documents: documents::Documents::default(),
            known: authenticate::Known::default(),
            turn: Mutex::default(),
        })))
    }

    /// The twelve digits of the account.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    fn store(&self) -> &Store {
        &self.0.store
    }

    /// `arn:aws:iam::123456789012:user/division/ann`.
    fn arn(&self, kind: &str, path: &str, name: &str) -> String {
        format!("arn:aws:iam::{}:{kind}{path}{name}", self.0.account)
    }
}

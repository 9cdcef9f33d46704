//! IAM and STS in process, with a clock that stands still.

mod authentication;
mod boundaries;
mod details;
mod entities;
mod keys;
mod passwords;
mod permissions;
mod policies;
mod sessions;
mod simulations;
mod starts;
mod story;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use stave_core::iam::Context;
use stave_core::{Clock as _, ErrorKind, ManualClock, SequentialIds};
use stave_store::StoreOptions;
use tempfile::TempDir;

use super::*;
pub(super) use stave_core::Caller;

pub(super) const ACCOUNT: &str = "123456789012";
pub(super) const NONE: PageRequest = PageRequest {
    marker: None,
    max_items: None,
};

/// A home with IAM in it.
pub(super) struct World {
    pub dir: TempDir,
    pub clock: Arc<ManualClock>,
    pub store: Store,
    pub iam: Iam,
    pub root: Caller,
}

pub(super) fn store(dir: &TempDir, clock: &Arc<ManualClock>) -> Store {
    let ids = Arc::new(SequentialIds::default());
    let options = StoreOptions { fsync: false };
    Store::open_with(dir.path(), Arc::clone(clock) as _, ids, options).expect("a store")
}

/// Hashing that takes no time.
pub(super) fn options() -> IamOptions {
    IamOptions {
        password_cost: PasswordCost {
            memory_kib: 8,
            passes: 1,
        },
    }
}

pub(super) fn world() -> World {
    let dir = tempfile::tempdir().expect("a directory");
    let at = "2026-11-21T10:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::new(at));
    let store = store(&dir, &clock);
    let iam = Iam::open(store.clone(), ACCOUNT, options()).expect("opened");
    let root = Caller::root(ACCOUNT);
    World {
        dir,
        clock,
        store,
        iam,
        root,
    }
}

impl World {
    pub fn wait(&self, seconds: i64) {
        let now: Timestamp = self.clock.now();
        let later = now.saturating_add(SignedDuration::from_secs(seconds));
        self.clock.set(later.expect("in range"));
    }

    /// A user of that name.
    pub fn user(&self, name: &str) -> User {
        let new = NewUser {
            name: name.to_owned(),
            ..NewUser::default()
        };
        self.iam.create_user(&self.root, new).expect("made")
    }

    /// A role of that name that trusts `principal`.
    pub fn role(&self, name: &str, principal: &str) -> Role {
        let new = NewRole {
            name: name.to_owned(),
            trust: trust(principal),
            ..NewRole::default()
        };
        self.iam.create_role(&self.root, new).expect("made")
    }

    /// A managed policy that allows `action`.
    pub fn policy(&self, name: &str, action: &str) -> ManagedPolicy {
        let new = NewPolicy {
            name: name.to_owned(),
            document: allow(action),
            ..NewPolicy::default()
        };
        self.iam.create_policy(&self.root, new).expect("made")
    }

    /// Gives a user an inline policy that allows `action`.
    pub fn let_user(&self, user: &str, action: &str) {
        let name = action.replace([':', '*'], "-");
        self.iam
            .put_inline_policy(&self.root, EntityKind::User, user, &name, &allow(action))
            .expect("put");
    }

    /// The user, as it comes in by its policies.
    pub fn caller(&self, user: &str) -> Caller {
        self.iam.caller_as(&self.root, user).expect("there")
    }
}

pub(super) fn allow(action: &str) -> String {
    statement(&format!(
        r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#
    ))
}

pub(super) fn statement(statement: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#)
}

/// A trust policy; `principal` is JSON.
pub(super) fn trust(principal: &str) -> String {
    statement(&format!(
        r#"{{"Effect": "Allow", "Principal": {principal}, "Action": "sts:AssumeRole"}}"#
    ))
}

/// The kind and the code of an error.
pub(super) fn fault<T: std::fmt::Debug>(result: Result<T>) -> (ErrorKind, &'static str) {
    let error = result.expect_err("refused");
    (error.kind(), error.code().unwrap_or("none"))
}

pub(super) const NO_SUCH: (ErrorKind, &str) = (ErrorKind::NotFound, "NoSuchEntity");
pub(super) const EXISTS: (ErrorKind, &str) = (ErrorKind::AlreadyExists, "EntityAlreadyExists");
pub(super) const LIMIT: (ErrorKind, &str) = (ErrorKind::LimitExceeded, "LimitExceeded");
pub(super) const IN_USE: (ErrorKind, &str) = (ErrorKind::Conflict, "DeleteConflict");
pub(super) const INVALID: (ErrorKind, &str) = (ErrorKind::Invalid, "ValidationError");
pub(super) const MALFORMED: (ErrorKind, &str) = (ErrorKind::Invalid, "MalformedPolicyDocument");
pub(super) const WEAK: (ErrorKind, &str) = (ErrorKind::Invalid, "PasswordPolicyViolation");
pub(super) const DENIED: (ErrorKind, &str) = (ErrorKind::Denied, "AccessDenied");

pub(super) fn page_of(max: u32, marker: Option<String>) -> PageRequest {
    PageRequest {
        marker,
        max_items: Some(max),
    }
}

pub(super) fn source_ip(ip: &str) -> Context {
    Context::new().with("aws:SourceIp", ip)
}

//! Signing in with a password: the forced change, expiry, and a limit to attempts.
//!
//! Nobody learns by trying which users exist: a wrong name and a wrong password take as long,
//! are counted alike and answered alike.

use std::collections::HashMap;
use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};
use stave_core::iam::Context;
use stave_core::{Caller, Credential, Error, Result};
use stave_store::iam::{Entity, EntityKind, Login, Rows};

use super::errors::{denied, no_such_entity};
use super::{Iam, passwords};

/// Failed sign-ins before one must wait.
const FREE_FAILURES: u32 = 5;
/// The first wait, in seconds; each failure doubles it.
const FIRST_WAIT_SECONDS: i64 = 5;
/// The longest wait, in seconds.
const MAX_WAIT_SECONDS: i64 = 15 * 60;
/// How many names of nobody are counted.
const KEPT_NAMES: usize = 1024;

const WRONG: &str = "Your authentication information is incorrect. Please try again.";

/// How a sign-in ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// The user is in.
    Done(Caller),
    /// The password is right, and another must be chosen before anything else
    /// ([`Iam::sign_in_changing`]).
    MustChange,
}

/// Failed sign-ins under names that are nobody's.
#[derive(Debug, Default)]
pub(super) struct Attempts(HashMap<String, Failures>);

#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    last_at: Option<Timestamp>,
}

impl Failures {
    fn of(login: &Login) -> Self {
        Self {
            count: login.failures,
            last_at: login.failed_at,
        }
    }

    /// How many seconds are still to be waited.
    fn wait_seconds(self, now: Timestamp) -> i64 {
        let (Some(last_at), Some(beyond)) = (self.last_at, self.count.checked_sub(FREE_FAILURES))
        else {
            return 0;
        };
        let wait = FIRST_WAIT_SECONDS
            .saturating_mul(1 << beyond.min(16))
            .min(MAX_WAIT_SECONDS);
        let until = last_at.saturating_add(SignedDuration::from_secs(wait));
        until.map_or(0, |until| (until.as_second() - now.as_second()).max(0))
    }
}

impl Attempts {
    fn note(&mut self, name: &str, now: Timestamp) {
        if self.0.len() >= KEPT_NAMES {
            self.0.retain(|_, failures| failures.wait_seconds(now) > 0);
        }
        if self.0.len() >= KEPT_NAMES {
            self.0.clear();
        }
        let failures = self.0.entry(name.to_owned()).or_default();
        failures.count = failures.count.saturating_add(1);
        failures.last_at = Some(now);
    }
}

impl Iam {
    /// Signs the user `name` in to `account` (its digits or its alias).
    pub fn sign_in(&self, account: &str, name: &str, password: &str) -> Result<SignIn> {
        let name = self.at_account(account, name)?;
        let (user, login) = self.verified(&name, password, WRONG)?;
        if login.must_change || self.has_expired(&login)? {
            return Ok(SignIn::MustChange);
        }
        self.enter(&user).map(SignIn::Done)
    }

    /// Signs the user `name` in and changes its password, as a must-change or an expired one
    /// demands.
    pub fn sign_in_changing(
        &self,
        account: &str,
        name: &str,
        password: &str,
        new: &str,
    ) -> Result<Caller> {
        let name = self.at_account(account, name)?;
        let (user, login) = self.verified(&name, password, WRONG)?;
        self.has_expired(&login)?;
        self.store().iam_read(|rows| {
            let caller = self.user_caller(rows, &user)?;
            self.may_change_password(rows, &caller, &user.name)
                .map_err(|error| {
                    denied(
                        "Either user is not authorized to perform iam:ChangePassword or entered \
                         password does not comply with account password policy set by administrator",
                    )
                    .hint("attach IAMUserChangePassword, or let all users change their password")
                    .caused_by(error)
                })
        })?;
        if password == new {
            return Err(Error::invalid("The new password is the old one")
                .coded("PasswordPolicyViolation")
                .hint("choose another"));
        }
        self.set_own_password(&user, password, new)?;
        self.enter(&user)
    }

    /// The caller that the user `name` is: for the account's root, who may be anybody
    /// (`--as USER`), and for a session of somebody who has signed in.
    pub fn caller_as(&self, caller: &Caller, name: &str) -> Result<Caller> {
        if *caller != Caller::root(self.account()) {
            return Err(denied(format!(
                "{} is not the account's root: it cannot act as {name}",
                caller.principal().arn()
            )));
        }
        self.store().iam_read(|rows| {
            let user = rows.entity(EntityKind::User, name)?;
            let user = user.ok_or_else(|| no_such_entity(EntityKind::User, name))?;
            self.user_caller(rows, &user)
        })
    }

    /// The name that is looked for: in another account there is nobody.
    fn at_account(&self, account: &str, name: &str) -> Result<String> {
        let alias = self.alias()?;
        if account == self.account() || alias.as_deref() == Some(account) {
            Ok(name.to_owned())
        } else {
            Ok(format!("{name} of another account"))
        }
    }

    /// The user of that name, who knows its password; `wrong` is said otherwise.
    pub(super) fn verified(
        &self,
        name: &str,
        password: &str,
        wrong: &str,
    ) -> Result<(Entity, Login)> {
        let mut attempts = self.0.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let (found, now) = self.store().iam_read(|rows| {
            let Some(user) = rows.entity(EntityKind::User, name)? else {
                return Ok((None, rows.now()));
            };
            let login = rows.login(&user.id)?;
            Ok((login.map(|login| (user, login)), rows.now()))
        })?;
        let failures = match &found {
            Some((_, login)) => Failures::of(login),
            None => attempts.0.get(name).copied().unwrap_or_default(),
        };
        let wait = failures.wait_seconds(now);
        if wait > 0 {
            return Err(Error::limit_exceeded(format!(
                "Too many failed sign-ins: try again in {wait} s"
            ))
            .coded("Throttling"));
        }
        let Some((user, login)) = found else {
            self.0.options.password_cost.hash(password)?;
            attempts.note(name, now);
            return Err(denied(wrong));
        };
        let right = passwords::matches(&login.hash, password);
        if !right || login.failures > 0 {
            self.store().iam_note(|rows| note(rows, &user.id, right))?;
        }
        if right {
            Ok((user, login))
        } else {
            Err(denied(wrong))
        }
    }

    /// Whether a password is too old; an error if it can no longer be changed by its user.
    fn has_expired(&self, login: &Login) -> Result<bool> {
        let (policy, now) = self
            .store()
            .iam_read(|rows| Ok((Self::password_policy(rows)?, rows.now())))?;
        let Some(policy) = policy else {
            return Ok(false);
        };
        let Some(days) = policy.max_age_days else {
            return Ok(false);
        };
        let age = now.as_second() - login.changed_at.as_second();
        let expired = age > i64::from(days) * 24 * 60 * 60;
        if expired && policy.hard_expiry {
            return Err(denied("Your password has expired.")
                .hint("an administrator must set another (UpdateLoginProfile)"));
        }
        Ok(expired)
    }

    /// Notes that the user is in, and says who it is.
    fn enter(&self, user: &Entity) -> Result<Caller> {
        self.store()
            .iam_note(|rows| rows.note_used(&user.id, None))?;
        self.store().iam_read(|rows| {
            let user = rows.entity_by_id(&user.id)?;
            let user = user.ok_or_else(|| denied(WRONG))?;
            self.user_caller(rows, &user)
        })
    }

    /// A user at work.
    pub(super) fn user_caller(&self, rows: &Rows<'_>, user: &Entity) -> Result<Caller> {
        let grants = self.grants(rows, user)?;
        let principal = self.principal(user);
        let caller = Caller::new(self.account(), principal, grants, Credential::LongTerm);
        Ok(caller.with_keys(&principal_keys(user, rows.now())))
    }
}

/// The condition keys of a principal's tags, and of the moment.
pub(super) fn principal_keys(entity: &Entity, now: Timestamp) -> Context {
    let mut keys = Context::new().at(now);
    for (key, value) in &entity.tags {
        keys.set(&format!("aws:PrincipalTag/{key}"), value);
    }
    keys
}

/// Notes how a sign-in went.
fn note(rows: &Rows<'_>, user_id: &str, right: bool) -> Result<()> {
    let Some(mut login) = rows.login(user_id)? else {
        return Ok(());
    };
    if right {
        login.failures = 0;
        login.failed_at = None;
    } else {
        login.failures = login.failures.saturating_add(1);
        login.failed_at = Some(rows.now());
    }
    rows.put_login(&login)
}

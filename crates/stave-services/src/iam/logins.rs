//! Login profiles, the account's password policy, and changing one's own password.

use jiff::Timestamp;
use stave_core::iam::{
    Context, DocumentKind, NamedPolicy, PolicyDocument, Principal, ResourcePolicy,
};
use stave_core::{Caller, Error, Result};
use stave_store::iam::{Entity, EntityKind, Login, Rows};

use super::Iam;
use super::errors::{exists, no_such, no_such_entity};
use super::passwords::{self, PasswordPolicy};

/// The most hashes of earlier passwords that are kept.
const KEPT_PASSWORDS: usize = 24;
/// What the account's flag says, in the policy language: so that a deny stays a deny.
const ALL_MAY_CHANGE: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
    "Principal": "*", "Action": "iam:ChangePassword", "Resource": "*"}}"#;

/// That a user may sign in with a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginProfile {
    /// The user's name.
    pub user: String,
    /// When the profile was made.
    pub created_at: Timestamp,
    /// Whether the user must choose another password at the next sign-in.
    pub must_change: bool,
}

fn no_login(user: &str) -> Error {
    no_such(format!("Login Profile for User {user} cannot be found."))
}

fn show(user: &Entity, login: &Login) -> LoginProfile {
    LoginProfile {
        user: user.name.clone(),
        created_at: login.created_at,
        must_change: login.must_change,
    }
}

impl Iam {
    fn login_user(
        &self,
        rows: &Rows<'_>,
        caller: &Caller,
        action: &str,
        user: Option<&str>,
    ) -> Result<Entity> {
        let name = match user {
            Some(name) => name,
            None => Self::own_name(caller)?,
        };
        self.permitted(
            rows,
            caller,
            action,
            (EntityKind::User, name),
            Context::new(),
        )
    }

    /// The account's password policy; none when it is AWS's own.
    pub(super) fn password_policy(rows: &Rows<'_>) -> Result<Option<PasswordPolicy>> {
        let text = rows.account()?.and_then(|account| account.password_policy);
        let read = |text: String| {
            serde_json::from_str(&text).map_err(|error| {
                Error::internal("the password policy is not readable").caused_by(error)
            })
        };
        text.map(read).transpose()
    }

    /// Checks a new password by the account's rules.
    fn check_new(&self, rows: &Rows<'_>, password: &str) -> Result<()> {
        let policy = Self::password_policy(rows)?;
        let alias = rows.account()?.and_then(|account| account.alias);
        let names = [self.account(), alias.as_deref().unwrap_or(self.account())];
        passwords::check(password, policy.as_ref(), &names)
    }

    /// Lets a user sign in with a password.
    pub fn create_login_profile(
        &self,
        caller: &Caller,
        user: Option<&str>,
        password: &str,
        must_change: bool,
    ) -> Result<LoginProfile> {
        let action = "iam:CreateLoginProfile";
        let check = |rows: &Rows<'_>| {
            let user = self.login_user(rows, caller, action, user)?;
            if rows.login(&user.id)?.is_some() {
                let name = &user.name;
                return Err(exists(format!(
                    "Login Profile for User {name} already exists."
                )));
            }
            Ok(user)
        };
        // Hashing takes long: nobody is to wait for it, and nobody is to cause it who may not.
        self.store().iam_read(|rows| {
            check(rows)?;
            self.check_new(rows, password)
        })?;
        let hash = self.0.options.password_cost.hash(password)?;
        self.store().iam_write(|rows| {
            let user = check(rows)?;
            let login = Login {
                user_id: user.id.clone(),
                hash,
                must_change,
                created_at: rows.now(),
                changed_at: rows.now(),
                earlier: Vec::new(),
                failures: 0,
                failed_at: None,
            };
            rows.put_login(&login)?;
            Ok(show(&user, &login))
        })
    }

    /// A user's login profile; without a name the caller's own.
    pub fn get_login_profile(&self, caller: &Caller, user: Option<&str>) -> Result<LoginProfile> {
        self.store().iam_read(|rows| {
            let user = self.login_user(rows, caller, "iam:GetLoginProfile", user)?;
            let login = rows.login(&user.id)?.ok_or_else(|| no_login(&user.name))?;
            Ok(show(&user, &login))
        })
    }

    /// Sets another password for a user, or says whether it must choose one.
    pub fn update_login_profile(
        &self,
        caller: &Caller,
        user: &str,
        password: Option<&str>,
        must_change: Option<bool>,
    ) -> Result<()> {
        let find = |rows: &Rows<'_>| {
            let user = self.login_user(rows, caller, "iam:UpdateLoginProfile", Some(user))?;
            rows.login(&user.id)?.ok_or_else(|| no_login(&user.name))
        };
        let hash = match password {
            None => None,
            Some(password) => {
                self.store().iam_read(|rows| {
                    find(rows)?;
                    self.check_new(rows, password)
                })?;
                Some(self.0.options.password_cost.hash(password)?)
            }
        };
        self.store().iam_write(|rows| {
            let mut login = find(rows)?;
            if let Some(hash) = hash {
                replace(&mut login, hash, rows.now());
            }
            if let Some(must_change) = must_change {
                login.must_change = must_change;
            }
            rows.put_login(&login)
        })
    }

    /// Lets a user sign in with a password no more.
    pub fn delete_login_profile(&self, caller: &Caller, user: Option<&str>) -> Result<()> {
        self.store().iam_write(|rows| {
            let user = self.login_user(rows, caller, "iam:DeleteLoginProfile", user)?;
            if rows.login(&user.id)?.is_none() {
                return Err(no_login(&user.name));
            }
            rows.remove_login(&user.id)
        })
    }

    /// Changes the caller's own password.
    pub fn change_password(&self, caller: &Caller, old: &str, new: &str) -> Result<()> {
        let Principal::User { name, .. } = caller.principal() else {
            return Err(
                Error::invalid("Only IAM Users can change their own password")
                    .coded("InvalidUserType")
                    .hint("sign in as an IAM user"),
            );
        };
        self.store()
            .iam_read(|rows| self.may_change_password(rows, caller, name).map(drop))?;
        let (user, _) = self.verified(name, old, "The old password was incorrect.")?;
        self.set_own_password(&user, old, new)
    }

    /// Checks that a user may change its own password: by its policies, or because all may.
    pub(super) fn may_change_password(
        &self,
        rows: &Rows<'_>,
        caller: &Caller,
        name: &str,
    ) -> Result<Entity> {
        let found = rows.entity(EntityKind::User, name)?;
        let user = found.ok_or_else(|| no_such_entity(EntityKind::User, name))?;
        let all_may =
            Self::password_policy(rows)?.is_some_and(|policy| policy.allow_users_to_change);
        let everybody = PolicyDocument::parse(ALL_MAY_CHANGE, DocumentKind::Resource)?;
        let policy = if all_may {
            ResourcePolicy::Attached(NamedPolicy {
                name: "account password policy",
                document: &everybody,
            })
        } else {
            ResourcePolicy::None
        };
        let arn = self.entity_arn(&user);
        self.permit_by(caller, "iam:ChangePassword", &arn, &Context::new(), policy)?;
        Ok(user)
    }

    /// Sets the password of a user who has proved to know the old one.
    pub(super) fn set_own_password(&self, user: &Entity, old: &str, new: &str) -> Result<()> {
        let (login, prevented) = self.store().iam_read(|rows| {
            self.check_new(rows, new)?;
            let policy = Self::password_policy(rows)?;
            let prevented = policy.and_then(|policy| policy.reuse_prevention);
            Ok((
                rows.login(&user.id)?,
                prevented.unwrap_or_default() as usize,
            ))
        })?;
        let login = login.ok_or_else(|| no_login(&user.name))?;
        let earlier = login.earlier.iter().take(prevented.saturating_sub(1));
        let reused = (prevented > 0 && new == old)
            || earlier
                .into_iter()
                .any(|hash| passwords::matches(hash, new));
        if reused {
            return Err(Error::invalid(format!(
                "Password should not be one of the last {prevented}"
            ))
            .coded("PasswordPolicyViolation"));
        }
        let hash = self.0.options.password_cost.hash(new)?;
        self.store().iam_write(|rows| {
            let mut login = rows.login(&user.id)?.ok_or_else(|| no_login(&user.name))?;
            replace(&mut login, hash, rows.now());
            login.must_change = false;
            rows.put_login(&login)
        })
    }

    /// The account's password policy.
    pub fn get_password_policy(&self, caller: &Caller) -> Result<PasswordPolicy> {
        self.permit(caller, "iam:GetAccountPasswordPolicy", "*", &Context::new())?;
        self.store()
            .iam_read(Self::password_policy)?
            .ok_or_else(|| self.no_password_policy())
    }

    /// Replaces the account's password policy.
    pub fn update_password_policy(&self, caller: &Caller, policy: &PasswordPolicy) -> Result<()> {
        self.permit(
            caller,
            "iam:UpdateAccountPasswordPolicy",
            "*",
            &Context::new(),
        )?;
        policy.check()?;
        let text = serde_json::to_string(policy).map_err(|error| {
            Error::internal("the password policy cannot be written").caused_by(error)
        })?;
        self.store()
            .iam_write(|rows| rows.set_password_policy(Some(&text)))
    }

    /// Removes the account's password policy: AWS's own holds again.
    pub fn delete_password_policy(&self, caller: &Caller) -> Result<()> {
        self.permit(
            caller,
            "iam:DeleteAccountPasswordPolicy",
            "*",
            &Context::new(),
        )?;
        self.store().iam_write(|rows| {
            if Self::password_policy(rows)?.is_none() {
                return Err(self.no_password_policy());
            }
            rows.set_password_policy(None)
        })
    }

    fn no_password_policy(&self) -> Error {
        no_such(format!(
            "The Password Policy with domain name {} cannot be found.",
            self.account()
        ))
    }
}

/// Puts another password in the place of the present one, which becomes an earlier one.
fn replace(login: &mut Login, hash: String, now: Timestamp) {
    let old = std::mem::replace(&mut login.hash, hash);
    login.earlier.insert(0, old);
    login.earlier.truncate(KEPT_PASSWORDS);
    login.changed_at = now;
    login.failures = 0;
    login.failed_at = None;
}

//! STS: who one is, and being somebody else for a while.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>

use jiff::{SignedDuration, Timestamp};
use stave_core::iam::{
    Context, DocumentKind, NamedPolicy, PolicyDocument, Principal, Request, ResourcePolicy,
    evaluate, limits,
};
use stave_core::{Arn, Caller, Credential, Result};
use stave_store::iam::{Entity, EntityKind, Rows};

use super::errors::{denied, malformed, no_such, validation};
use super::names::check_name;
use super::roles::DEFAULT_SESSION_SECONDS;
use super::token::{Session, SessionOf};
use super::{Iam, Secret};

/// The shortest session, in seconds.
const MIN_SESSION_SECONDS: u32 = 900;
/// The longest session of a role that a session of a role has assumed, in seconds.
const MAX_CHAINED_SECONDS: u32 = 3600;
/// The longest session of `GetSessionToken`, in seconds.
const MAX_TOKEN_SECONDS: u32 = 129_600;
/// How long a session of `GetSessionToken` lasts unless asked for otherwise, in seconds.
const DEFAULT_TOKEN_SECONDS: u32 = 43_200;
/// The longest session of the account's root, in seconds.
const MAX_ROOT_SECONDS: u32 = 3600;
/// The most managed policies that bound one session.
const MAX_POLICY_ARNS: usize = 10;

/// Who one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The unique id, for a session with its name after it.
    pub user_id: String,
    /// Twelve digits.
    pub account: String,
    /// The ARN.
    pub arn: String,
}

/// Temporary credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `ASIA…`.
    pub access_key_id: String,
    /// The secret.
    pub secret: Secret,
    /// What must come with every request.
    pub session_token: Secret,
    /// When they end.
    pub expires_at: Timestamp,
}

/// What a session of a role is to be.
#[derive(Debug, Clone, Default)]
pub struct AssumeRole {
    /// The role's ARN.
    pub role_arn: String,
    /// The session's name.
    pub session_name: String,
    /// A policy that bounds the session.
    pub policy: Option<String>,
    /// Managed policies that bound the session.
    pub policy_arns: Vec<String>,
    /// How long it is to last, in seconds: 900 to what the role allows; 3,600 unless said.
    pub duration_seconds: Option<u32>,
    /// What the trust policy may ask for as `sts:ExternalId`.
    pub external_id: Option<String>,
}

/// A session of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumedRole {
    /// Its credentials.
    pub credentials: Credentials,
    /// The session's ARN.
    pub arn: String,
    /// The role's unique id and the session's name.
    pub id: String,
    /// How much of the room for session policies is used, in percent.
    pub packed_policy_percent: Option<u32>,
}

fn duration(asked: Option<u32>, default: u32, max: u32) -> Result<u32> {
    let seconds = asked.unwrap_or(default);
    if seconds < MIN_SESSION_SECONDS {
        return Err(validation(format!(
            "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to \
             satisfy constraint: Member must have value greater than or equal to \
             {MIN_SESSION_SECONDS}"
        )));
    }
    if seconds > max {
        return Err(validation(format!(
            "1 validation error detected: Value '{seconds}' at 'durationSeconds' failed to \
             satisfy constraint: Member must have value less than or equal to {max}"
        )));
    }
    Ok(seconds)
}

fn ends_at(now: Timestamp, seconds: u32) -> Timestamp {
    let second = Timestamp::from_second(now.as_second()).unwrap_or(now);
    second
        .saturating_add(SignedDuration::from_secs(i64::from(seconds)))
        .unwrap_or(Timestamp::MAX)
}

impl AssumeRole {
    fn check(&self) -> Result<()> {
        check_name("roleSessionName", &self.session_name, 64)?;
        if self.session_name.len() < 2 {
            return Err(validation(
                "The specified value for roleSessionName is invalid. It must have 2 to 64 \
                 characters.",
            ));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b);
        if let Some(id) = &self.external_id
            && (!(2..=1224).contains(&id.len()) || !id.bytes().all(plain))
        {
            return Err(validation(
                "The specified value for externalId is invalid. It must have 2 to 1224 letters, \
                 digits and _+=,.@:/-",
            ));
        }
        if self.policy_arns.len() > MAX_POLICY_ARNS {
            return Err(validation(format!(
                "PolicyArns are {}: there may be {MAX_POLICY_ARNS}",
                self.policy_arns.len()
            )));
        }
        if let Some(policy) = &self.policy {
            if policy.chars().count() > limits::SESSION_POLICY_CHARS {
                return Err(validation(format!(
                    "The session policy is longer than {} characters",
                    limits::SESSION_POLICY_CHARS
                )));
            }
            PolicyDocument::parse(policy, DocumentKind::Identity).map_err(malformed)?;
        }
        Ok(())
    }

    fn packed_percent(&self) -> Option<u32> {
        let arns: usize = self.policy_arns.iter().map(String::len).sum();
        let size = arns + self.policy.as_ref().map_or(0, String::len);
        (size > 0).then(|| (size * 100).div_ceil(limits::SESSION_POLICY_CHARS) as u32)
    }
}

impl Iam {
    /// Who the caller is. Everybody may ask that.
    pub fn caller_identity(&self, caller: &Caller) -> CallerIdentity {
        let principal = caller.principal();
        CallerIdentity {
            user_id: principal.user_id().unwrap_or_default(),
            account: caller.account().to_owned(),
            arn: principal.arn(),
        }
    }

    /// The account that an access key is of (`GetAccessKeyInfo`): only long-term keys of this one are
    /// known.
    pub fn access_key_account(&self, caller: &Caller, id: &str) -> Result<String> {
        caller.may("sts:GetAccessKeyInfo", "*")?;
        let known = self.store().iam_read(|rows| rows.access_key(id))?.is_some();
        if known {
            return Ok(self.account().to_owned());
        }
        Err(validation(format!("Access key {id} is not known"))
            .hint("keys of sessions, and those that are deleted, are not kept"))
    }

    /// Makes a session of a role, whose trust policy must allow it.
    pub fn assume_role(&self, caller: &Caller, request: &AssumeRole) -> Result<AssumedRole> {
        request.check()?;
        if matches!(caller.principal(), Principal::Root { .. }) {
            return Err(denied("Roles may not be assumed by root accounts.")
                .hint("make a user that may, and use its access key"));
        }
        let mut keys = Context::new().with("sts:RoleSessionName", &request.session_name);
        if let Some(id) = &request.external_id {
            keys.set("sts:ExternalId", id);
        }
        let chained = caller.credential() == Credential::AssumedRole;
        self.store().iam_read(|rows| {
            let Some(role) = self.role_of(rows, &request.role_arn)? else {
                return Err(denied(format!(
                    "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
                    caller.principal().arn(),
                    request.role_arn
                )));
            };
            let trust = self.trust(&role)?;
            let policy = ResourcePolicy::Trust(NamedPolicy {
                name: &role.name,
                document: &trust,
            });
            caller.may_by("sts:AssumeRole", &request.role_arn, &keys, policy)?;
            self.session_of(rows, &role, request, chained)
        })
    }

    /// Makes a session of a role for a service of AWS (`lambda.amazonaws.com`), which the role's
    /// trust policy must allow. For services only, after [`Self::pass_role`].
    pub fn assume_role_as_service(
        &self,
        service: &str,
        request: &AssumeRole,
    ) -> Result<AssumedRole> {
        request.check()?;
        self.store().iam_read(|rows| {
            let role = self.role_of(rows, &request.role_arn)?;
            let role = role.ok_or_else(|| no_role(&request.role_arn))?;
            self.check_trusts(&role, &request.role_arn, service)?;
            self.session_of(rows, &role, request, false)
        })
    }

    /// Who a service is that acts under a role, as [`Self::assume_role_as_service`] makes it.
    pub fn service_session(&self, service: &str, role_arn: &str, name: &str) -> Result<Caller> {
        let request = AssumeRole {
            role_arn: role_arn.to_owned(),
            session_name: name.to_owned(),
            ..AssumeRole::default()
        };
        let credentials = self.assume_role_as_service(service, &request)?.credentials;
        let token = credentials.session_token.expose();
        let known = self.known_key(&credentials.access_key_id, Some(token))?;
        Ok(known.into_caller(&Context::new()))
    }

    /// Checks that the caller may hand a role to a service (`iam:PassRole`), and that the role's
    /// trust policy lets the service assume it.
    pub fn pass_role(&self, caller: &Caller, role_arn: &str, service: &str) -> Result<()> {
        let keys = Context::new().with("iam:PassedToService", service);
        self.permit(caller, "iam:PassRole", role_arn, &keys)?;
        self.store().iam_read(|rows| {
            let role = self.role_of(rows, role_arn)?;
            self.check_trusts(&role.ok_or_else(|| no_role(role_arn))?, role_arn, service)
        })
    }

    fn check_trusts(&self, role: &Entity, role_arn: &str, service: &str) -> Result<()> {
        let principal = Principal::Service {
            name: service.to_owned(),
        };
        let context = Context::of(&principal);
        let request = Request {
            principal: &principal,
            action: "sts:AssumeRole",
            resource: role_arn,
            resource_account: self.account(),
            context: &context,
        };
        let trust = self.trust(role)?;
        let policies = stave_core::iam::Policies {
            resource: ResourcePolicy::Trust(NamedPolicy {
                name: &role.name,
                document: &trust,
            }),
            ..stave_core::iam::Policies::default()
        };
        if evaluate(&request, &policies).is_allowed() {
            return Ok(());
        }
        Err(validation(format!(
            "The role {role_arn} cannot be assumed by {service}"
        ))
        .hint("let its trust policy allow sts:AssumeRole to that service"))
    }

    fn session_of(
        &self,
        rows: &Rows<'_>,
        role: &Entity,
        request: &AssumeRole,
        chained: bool,
    ) -> Result<AssumedRole> {
        let allowed = role.max_session_seconds.unwrap_or(DEFAULT_SESSION_SECONDS);
        let asked = duration(request.duration_seconds, DEFAULT_SESSION_SECONDS, 43_200)?;
        if chained && asked > MAX_CHAINED_SECONDS {
            return Err(validation(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed \
                 by role chaining",
            ));
        }
        if asked > allowed {
            return Err(validation(
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            ));
        }
        for arn in &request.policy_arns {
            self.managed_text(rows, arn)?;
        }
        let session = Session {
            of: SessionOf::Role {
                id: role.id.clone(),
                session: request.session_name.clone(),
            },
            issued_at: rows.now(),
            expires_at: ends_at(rows.now(), asked),
            policy: request.policy.clone(),
            policy_arns: request.policy_arns.clone(),
        };
        Ok(AssumedRole {
            credentials: self.credentials_of(&session)?,
            arn: format!(
                "arn:aws:sts::{}:assumed-role/{}/{}",
                self.account(),
                role.name,
                request.session_name
            ),
            id: format!("{}:{}", role.id, request.session_name),
            packed_policy_percent: request.packed_percent(),
        })
    }

    /// Makes a session of the caller itself.
    pub fn session_token(
        &self,
        caller: &Caller,
        duration_seconds: Option<u32>,
    ) -> Result<Credentials> {
        let (of, default, max) = match caller.principal() {
            _ if caller.credential() != Credential::LongTerm => {
                return Err(denied(
                    "Cannot call GetSessionToken with session credentials",
                ));
            }
            Principal::Root { .. } => (SessionOf::Root, MAX_ROOT_SECONDS, MAX_TOKEN_SECONDS),
            Principal::User { id, .. } => (
                SessionOf::User { id: id.clone() },
                DEFAULT_TOKEN_SECONDS,
                MAX_TOKEN_SECONDS,
            ),
            _ => {
                return Err(denied(
                    "Cannot call GetSessionToken with session credentials",
                ));
            }
        };
        let mut seconds = duration(duration_seconds, default, max)?;
        if of == SessionOf::Root {
            // AWS gives less rather than to refuse.
            seconds = seconds.min(MAX_ROOT_SECONDS);
        }
        let now = self.store().iam_read(|rows| Ok(rows.now()))?;
        self.credentials_of(&Session {
            of,
            issued_at: now,
            expires_at: ends_at(now, seconds),
            policy: None,
            policy_arns: Vec::new(),
        })
    }

    /// The role of that very ARN.
    fn role_of(&self, rows: &Rows<'_>, arn: &str) -> Result<Option<Entity>> {
        let parsed: Arn = arn.parse().map_err(|error: stave_core::Error| {
            validation(format!("{arn} is invalid")).caused_by(error)
        })?;
        let name = match parsed.typed_resource() {
            ("role", rest) => rest.rsplit('/').next().unwrap_or(rest),
            _ => return Err(validation(format!("{arn} is invalid")).hint("it names no role")),
        };
        let role = rows.entity(EntityKind::Role, name)?;
        Ok(role.filter(|role| self.entity_arn(role) == arn))
    }

    fn trust(&self, role: &Entity) -> Result<std::sync::Arc<PolicyDocument>> {
        let text = role.trust.as_deref().unwrap_or_default();
        let documents = &self.0.documents;
        documents
            .read(text, DocumentKind::Trust)
            .map_err(|error| error.within(format!("trust policy of role {}", role.name)))
    }
}

fn no_role(arn: &str) -> stave_core::Error {
    no_such(format!("The role {arn} cannot be found."))
}

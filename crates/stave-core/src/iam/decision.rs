//! What was decided, by which statement, and how AWS puts it into words.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>

use super::request::Request;

/// Whether a request may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Something allows it, and nothing denies it.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing allows it.
    ImplicitDeny,
}

/// The kinds of policies that take part in a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// Attached to the user, one of its groups, or the role.
    Identity,
    /// Attached to the resource.
    Resource,
    /// The trust policy of the role that is to be assumed.
    Trust,
    /// The permissions boundary of the user or role.
    Boundary,
    /// Passed when the session was made.
    Session,
}

/// A statement of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementRef<'a> {
    /// The kind of the policy.
    pub kind: PolicyKind,
    /// The policy's name or ARN.
    pub policy: &'a str,
    /// The statement's place in the policy, from 0.
    pub index: usize,
    /// The statement's id.
    pub sid: Option<&'a str>,
}

/// What was decided, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'a> {
    /// Whether the request may go on.
    pub verdict: Verdict,
    /// The kind of policy that decided: denied, was silent, or allowed. None when the account's
    /// root is allowed by being root.
    pub kind: Option<PolicyKind>,
    /// The statements that decided: all that deny, or all that allow.
    pub matched: Vec<StatementRef<'a>>,
}

impl<'a> Decision<'a> {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }

    /// The first statement that decided; none for an implicit deny.
    pub fn decided_by(&self) -> Option<StatementRef<'a>> {
        self.matched.first().copied()
    }

    /// AWS's message of an AccessDenied; none when the request is allowed.
    pub fn denial(&self, request: &Request) -> Option<String> {
        let reason = match self.verdict {
            Verdict::Allowed => return None,
            Verdict::ExplicitDeny => format!("with an explicit deny in {}", self.denier()),
            Verdict::ImplicitDeny => {
                format!(
                    "because no {} allows the {} action",
                    self.silent(),
                    request.action
                )
            }
        };
        // S3 quotes the resource, the others do not.
        let quote = if request.action.to_lowercase().starts_with("s3:") {
            "\""
        } else {
            ""
        };
        Some(format!(
            "User: {} is not authorized to perform: {} on resource: {quote}{}{quote} {reason}",
            request.principal.arn(),
            request.action,
            request.resource,
        ))
    }

    fn denier(&self) -> &'static str {
        match self.kind {
            Some(PolicyKind::Identity) | None => "an identity-based policy",
            Some(PolicyKind::Resource) => "a resource-based policy",
            Some(PolicyKind::Trust) => "the role trust policy",
            Some(PolicyKind::Boundary) => "a permissions boundary",
            Some(PolicyKind::Session) => "a session policy",
        }
    }

    fn silent(&self) -> &'static str {
        match self.kind {
            Some(PolicyKind::Identity) | None => "identity-based policy",
            Some(PolicyKind::Resource) => "resource-based policy",
            Some(PolicyKind::Trust) => "role trust policy",
            Some(PolicyKind::Boundary) => "permissions boundary",
            Some(PolicyKind::Session) => "session policy",
        }
    }
}

//! A simulation: what is asked, and what the answer is made of.

use stave_core::Result;
use stave_core::iam::{Context, Decision, PolicyKind, Principal, Verdict};

use super::errors::invalid_input;

/// The most pairs of actions and resources that are simulated at once.
const MAX_PAIRS: usize = 10_000;
/// The most policies that one simulation is given.
const MAX_POLICIES: usize = 100;

/// What is to be simulated.
#[derive(Debug, Clone, Default)]
pub struct Simulation {
    /// The actions: `s3:GetObject`.
    pub actions: Vec<String>,
    /// The ARNs of resources; `*` unless said.
    pub resources: Vec<String>,
    /// Policies, besides those that the principal has.
    pub policies: Vec<String>,
    /// A permissions boundary, in the place of the one that the principal has: one at most.
    pub boundaries: Vec<String>,
    /// The policy of the resources.
    pub resource_policy: Option<String>,
    /// The account that owns the resources, by its digits or an ARN of it.
    pub resource_owner: Option<String>,
    /// The ARN of the user that asks, whom the resource's policy may name.
    pub caller_arn: Option<String>,
    /// Condition keys with their values.
    pub context: Vec<(String, Vec<String>)>,
}

/// What kind of policy a statement is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// An inline policy of a user.
    User,
    /// An inline policy of a group.
    Group,
    /// An inline policy of a role.
    Role,
    /// A managed policy of AWS.
    AwsManaged,
    /// A managed policy of the account.
    UserManaged,
    /// The policy of the resource.
    Resource,
    /// A policy of the simulation itself.
    None,
}

impl SourceKind {
    /// As AWS writes it: `aws-managed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::AwsManaged => "aws-managed",
            Self::UserManaged => "user-managed",
            Self::Resource => "resource",
            Self::None => "none",
        }
    }
}

/// A statement that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// The policy that it is from: a managed policy's name, `user_ann_mine`, `PolicyInputList.1`.
    pub source: String,
    /// What kind of policy that is.
    pub kind: SourceKind,
}

/// What would be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulated {
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// Whether it would be allowed.
    pub verdict: Verdict,
    /// The statements that decided.
    pub matched: Vec<Matched>,
    /// Condition keys that the policies ask for and nobody gave.
    pub missing_context: Vec<String>,
    /// Whether the permissions boundary allows it, where there is one.
    pub boundary_allows: Option<bool>,
}

/// A decision, which statements made it, and what the boundary alone says.
pub(super) struct Outcome {
    pub verdict: Verdict,
    pub matched: Vec<Matched>,
    pub boundary_allows: Option<bool>,
}

impl Outcome {
    pub fn of(decision: &Decision, boundary_allows: Option<bool>) -> Self {
        let mut matched: Vec<Matched> = decision
            .matched
            .iter()
            .map(|statement| source(statement.kind, statement.policy))
            .collect();
        matched.dedup();
        Self {
            verdict: decision.verdict,
            matched,
            boundary_allows,
        }
    }
}

/// Where a policy of that name is from.
fn source(kind: PolicyKind, policy: &str) -> Matched {
    let managed = policy.rsplit('/').next().unwrap_or(policy);
    let (source, kind) = match policy {
        _ if matches!(kind, PolicyKind::Resource | PolicyKind::Trust) => {
            (policy, SourceKind::Resource)
        }
        _ if policy.starts_with("arn:aws:iam::aws:") => (managed, SourceKind::AwsManaged),
        _ if policy.starts_with("arn:") => (managed, SourceKind::UserManaged),
        _ if policy.starts_with("user_") => (policy, SourceKind::User),
        _ if policy.starts_with("group_") => (policy, SourceKind::Group),
        _ if policy.starts_with("role_") => (policy, SourceKind::Role),
        _ => (policy, SourceKind::None),
    };
    Matched {
        source: source.to_owned(),
        kind,
    }
}

impl Simulation {
    pub(super) fn check(&self) -> Result<()> {
        if self.actions.is_empty() {
            return Err(invalid_input("ActionNames names no action."));
        }
        let pairs = self.actions.len() * self.resources.len().max(1);
        if pairs > MAX_PAIRS || self.policies.len() > MAX_POLICIES {
            return Err(invalid_input(format!(
                "{pairs} pairs of actions and resources by {} policies are more than {MAX_PAIRS} \
                 by {MAX_POLICIES}",
                self.policies.len()
            )));
        }
        for action in &self.actions {
            let named = action.split_once(':');
            if named.is_none_or(|(service, name)| service.is_empty() || name.is_empty())
                || action.contains(['*', '?'])
            {
                return Err(invalid_input(format!("Invalid action: {action}")));
            }
        }
        if self.boundaries.len() > 1 {
            return Err(invalid_input(
                "PermissionsBoundaryPolicyInputList may hold one policy.",
            ));
        }
        Ok(())
    }

    pub(super) fn given_context(&self, principal: Option<&Principal>) -> Context {
        let mut context = principal.map(Context::of).unwrap_or_default();
        for (key, values) in &self.context {
            context.set_all(key, values);
        }
        context
    }

    pub(super) fn owner(&self) -> Option<&str> {
        let owner = self.resource_owner.as_deref()?;
        Some(owner.split(':').nth(4).unwrap_or(owner))
    }
}

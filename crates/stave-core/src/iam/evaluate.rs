//! The decision: all policies that apply to a request, in AWS's order.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>

use super::decision::{Decision, PolicyKind, StatementRef, Verdict};
use super::document::{Effect, PolicyDocument, Statement};
use super::principal::Principal;
use super::principals::Naming;
use super::request::Request;

/// A policy and what it is called.
#[derive(Debug, Clone, Copy)]
pub struct NamedPolicy<'a> {
    /// A managed policy's ARN, an inline policy's name.
    pub name: &'a str,
    /// What it says.
    pub document: &'a PolicyDocument,
}

/// The policy of the resource that is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub enum ResourcePolicy<'a> {
    /// It has none.
    #[default]
    None,
    /// It has one, which within the account may allow by itself.
    Attached(NamedPolicy<'a>),
    /// It is a role, whose trust policy must allow.
    Trust(NamedPolicy<'a>),
}

/// All policies that apply to a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policies<'a> {
    /// Of the user and its groups, or of the role.
    pub identity: &'a [NamedPolicy<'a>],
    /// The permissions boundary of the user or role.
    pub boundary: Option<NamedPolicy<'a>>,
    /// The session policies, if the session was made with any.
    pub session: Option<&'a [NamedPolicy<'a>]>,
    /// The policy of the resource.
    pub resource: ResourcePolicy<'a>,
}

impl<'a> Policies<'a> {
    fn resource(&self) -> Option<(PolicyKind, NamedPolicy<'a>)> {
        match self.resource {
            ResourcePolicy::None => None,
            ResourcePolicy::Attached(policy) => Some((PolicyKind::Resource, policy)),
            ResourcePolicy::Trust(policy) => Some((PolicyKind::Trust, policy)),
        }
    }

    fn must_trust(&self) -> bool {
        matches!(self.resource, ResourcePolicy::Trust(_))
    }
}

/// Decides `request` by `policies`.
///
/// An explicit deny anywhere ends it. Within an account the resource's policy or the identity's
/// must allow (a role's trust policy must in any case); from another account both must.
/// Boundary and session policies bound what the identity's policies allow, and what a resource's
/// policy allows to an account or a role, but not what it allows to a user or session by name.
pub fn evaluate<'a>(request: &Request, policies: &Policies<'a>) -> Decision<'a> {
    if let Some(decision) = explicit_deny(request, policies) {
        return decision;
    }
    let (naming, granting) = resource_allows(request, policies);
    let silent_resource = if policies.must_trust() {
        PolicyKind::Trust
    } else {
        PolicyKind::Resource
    };
    let same_account = request.is_same_account();
    let has_identity = request.principal.account().is_some();
    if naming == Naming::Not && (policies.must_trust() || !same_account || !has_identity) {
        return silent(silent_resource);
    }
    if !has_identity || (same_account && naming == Naming::Itself) {
        return allowed(silent_resource, granting);
    }
    if matches!(request.principal, Principal::Root { .. }) {
        return Decision {
            verdict: Verdict::Allowed,
            kind: None,
            matched: granting,
        };
    }
    identity_allows(request, policies, naming, granting, silent_resource)
}

/// What the identity's side says: its policies, its boundary, its session.
fn identity_allows<'a>(
    request: &Request,
    policies: &Policies<'a>,
    naming: Naming,
    granting: Vec<StatementRef<'a>>,
    resource_kind: PolicyKind,
) -> Decision<'a> {
    let allowing = all(
        policies.identity,
        PolicyKind::Identity,
        Effect::Allow,
        request,
    );
    let by_resource = request.is_same_account() && naming == Naming::Role;
    if allowing.is_empty() && !by_resource {
        return silent(PolicyKind::Identity);
    }
    if let Some(boundary) = policies.boundary
        && all(&[boundary], PolicyKind::Boundary, Effect::Allow, request).is_empty()
    {
        return silent(PolicyKind::Boundary);
    }
    if let Some(session) = policies.session
        && all(session, PolicyKind::Session, Effect::Allow, request).is_empty()
    {
        return silent(PolicyKind::Session);
    }
    if allowing.is_empty() {
        allowed(resource_kind, granting)
    } else {
        allowed(PolicyKind::Identity, allowing)
    }
}

fn explicit_deny<'a>(request: &Request, policies: &Policies<'a>) -> Option<Decision<'a>> {
    let mut denying = Vec::new();
    if let Some((kind, policy)) = policies.resource() {
        denying.extend(
            statements(&policy, kind, Effect::Deny)
                .filter(|(statement, _)| {
                    statement
                        .principals()
                        .is_some_and(|principals| principals.denies(request.principal))
                        && statement.applies(request)
                })
                .map(|(_, place)| place),
        );
    }
    // The account's root has no policies of its own, and nothing but a resource binds it.
    if !matches!(request.principal, Principal::Root { .. }) {
        let deny = Effect::Deny;
        denying.extend(all(policies.identity, PolicyKind::Identity, deny, request));
        denying.extend(all(
            policies.boundary.as_slice(),
            PolicyKind::Boundary,
            deny,
            request,
        ));
        let session = policies.session.unwrap_or_default();
        denying.extend(all(session, PolicyKind::Session, deny, request));
    }
    let kind = denying.first()?.kind;
    Some(Decision {
        verdict: Verdict::ExplicitDeny,
        kind: Some(kind),
        matched: denying,
    })
}

/// How the resource's policy names the principal in what it allows, and the statements that do.
fn resource_allows<'a>(
    request: &Request,
    policies: &Policies<'a>,
) -> (Naming, Vec<StatementRef<'a>>) {
    let mut strongest = Naming::Not;
    let mut granting = Vec::new();
    if let Some((kind, policy)) = policies.resource() {
        for (statement, place) in statements(&policy, kind, Effect::Allow) {
            let naming = statement.principals().map_or(Naming::Not, |principals| {
                principals.allows(request.principal)
            });
            if naming != Naming::Not && statement.applies(request) {
                strongest = strongest.max(naming);
                granting.push(place);
            }
        }
    }
    (strongest, granting)
}

/// The statements of `effect` in `policies` that apply to the request.
fn all<'a>(
    policies: &[NamedPolicy<'a>],
    kind: PolicyKind,
    effect: Effect,
    request: &Request,
) -> Vec<StatementRef<'a>> {
    policies
        .iter()
        .flat_map(|policy| statements(policy, kind, effect))
        .filter(|(statement, _)| statement.applies(request))
        .map(|(_, place)| place)
        .collect()
}

fn statements<'a>(
    policy: &NamedPolicy<'a>,
    kind: PolicyKind,
    effect: Effect,
) -> impl Iterator<Item = (&'a Statement, StatementRef<'a>)> + use<'a> {
    let name = policy.name;
    policy
        .document
        .statements()
        .iter()
        .enumerate()
        .filter(move |(_, statement)| statement.effect() == effect)
        .map(move |(index, statement)| {
            let place = StatementRef {
                kind,
                policy: name,
                index,
                sid: statement.sid(),
            };
            (statement, place)
        })
}

fn allowed(kind: PolicyKind, matched: Vec<StatementRef<'_>>) -> Decision<'_> {
    Decision {
        verdict: Verdict::Allowed,
        kind: Some(kind),
        matched,
    }
}

fn silent<'a>(kind: PolicyKind) -> Decision<'a> {
    Decision {
        verdict: Verdict::ImplicitDeny,
        kind: Some(kind),
        matched: Vec::new(),
    }
}

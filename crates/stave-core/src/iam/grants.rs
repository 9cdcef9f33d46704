//! The policies that come with a principal, kept for as long as it is at work.

use std::sync::Arc;

use super::document::PolicyDocument;
use super::evaluate::{NamedPolicy, Policies, ResourcePolicy};

/// One policy that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// A managed policy's ARN, an inline policy's name.
    pub name: String,
    /// What it says.
    pub document: Arc<PolicyDocument>,
}

/// All policies of a principal: what they allow together is what it may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Of the user and its groups, or of the role.
    pub identity: Vec<Grant>,
    /// The permissions boundary of the user or role.
    pub boundary: Option<Grant>,
    /// The session policies, if the session was made with any.
    pub session: Option<Vec<Grant>>,
}

impl Grants {
    /// Hands `decide` the policies as [`evaluate`](super::evaluate) takes them, together with
    /// that of the resource.
    pub fn with<R>(
        &self,
        resource: ResourcePolicy<'_>,
        decide: impl FnOnce(&Policies<'_>) -> R,
    ) -> R {
        let identity: Vec<NamedPolicy<'_>> = self.identity.iter().map(Grant::named).collect();
        let session: Option<Vec<NamedPolicy<'_>>> = self
            .session
            .as_ref()
            .map(|grants| grants.iter().map(Grant::named).collect());
        decide(&Policies {
            identity: &identity,
            boundary: self.boundary.as_ref().map(Grant::named),
            session: session.as_deref(),
            resource,
        })
    }
}

impl Grant {
    /// The policy as [`evaluate`](super::evaluate) takes it.
    pub fn named(&self) -> NamedPolicy<'_> {
        NamedPolicy {
            name: &self.name,
            document: &self.document,
        }
    }
}

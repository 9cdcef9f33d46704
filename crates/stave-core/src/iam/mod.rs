//! IAM's policy language and how a request is decided by it: pure rules.
//!
//! Documents are read strictly ([`PolicyDocument::parse`]), a [`Request`] says who asks for what,
//! and [`evaluate`] decides as AWS does, saying which statement of which policy decided.
//!
//! Must not know: where policies are kept, who is attached to what, or any wire.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies.html>

mod check;
mod compare;
mod condition;
mod decision;
mod document;
mod evaluate;
mod grants;
pub mod limits;
mod operator;
mod pattern;
mod principal;
mod principals;
mod read;
mod request;
mod resource;
#[cfg(test)]
mod tests;
mod tree;

pub use decision::{Decision, PolicyKind, StatementRef, Verdict};
pub use document::{DocumentKind, Effect, PolicyDocument, Statement};
pub use evaluate::{NamedPolicy, Policies, ResourcePolicy, evaluate};
pub use grants::{Grant, Grants};
pub use principal::Principal;
pub use principals::{PrincipalName, Principals};
pub use request::{Context, Request};

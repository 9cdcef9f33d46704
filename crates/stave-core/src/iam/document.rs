//! A policy document, read and checked.

use super::check;
use super::condition::Condition;
use super::limits::DOCUMENT_CHARS;
use super::pattern::{Pattern, Template};
use super::principals::Principals;
use super::read::{self, RawStatement};
use super::request::Request;
use crate::error::{Error, Result};

/// What a document is for, which decides what may stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// Attached to a user, group or role; also a permissions boundary or a session policy.
    /// It has resources and no principals, and its version is 2012-10-17.
    Identity,
    /// Attached to a resource, like a bucket. It has principals and resources.
    Resource,
    /// A role's trust policy. It has principals, no resources, and STS's actions only.
    Trust,
}

/// What a statement says of the requests that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// They are allowed, unless something denies them.
    Allow,
    /// They are denied, whatever allows them.
    Deny,
}

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument {
    id: Option<String>,
    statements: Vec<Statement>,
}

/// One statement of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    sid: Option<String>,
    effect: Effect,
    principals: Option<Principals>,
    actions: Actions,
    resources: Option<Resources>,
    conditions: Vec<Condition>,
}

/// `Action` or `NotAction`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Actions {
    negated: bool,
    patterns: Vec<Template>,
}

/// `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Resources {
    negated: bool,
    patterns: Vec<Template>,
}

impl PolicyDocument {
    /// Reads a document as AWS does when it is stored.
    ///
    /// What AWS calls a `MalformedPolicyDocument` (S3: `MalformedPolicy`) is an
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) with AWS's message; the hint says where
    /// it is. Quotas are for the caller: see [`limits`](super::limits).
    pub fn parse(text: &str, kind: DocumentKind) -> Result<Self> {
        let chars = text.chars().count();
        if chars > DOCUMENT_CHARS {
            return Err(Error::limit_exceeded(format!(
                "a policy document of {chars} characters is longer than {DOCUMENT_CHARS}"
            )));
        }
        let raw = read::document(text, kind)?;
        check::document(&raw, kind)?;
        let variables = raw.version.as_deref() == Some("2012-10-17");
        let statements = raw
            .statements
            .into_iter()
            .map(|statement| Statement::compile(statement, variables))
            .collect();
        Ok(Self {
            id: raw.id,
            statements,
        })
    }

    /// The document's `Id`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The statements, in their order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The condition keys that the document names, in conditions and in variables; each once,
    /// in alphabetical order (`GetContextKeysForCustomPolicy`).
    pub fn context_keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.statements.iter().flat_map(Statement::keys).collect();
        keys.sort_by_key(|key| key.to_lowercase());
        keys.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        keys
    }
}

impl Statement {
    fn compile(raw: RawStatement, variables: bool) -> Self {
        let template = |text: &String, shape, variables| Template::new(text, shape, variables);
        let conditions = raw
            .conditions
            .iter()
            .map(|condition| Condition {
                operator: condition.operator,
                key: condition.key.clone(),
                values: condition
                    .values
                    .iter()
                    .map(|value| {
                        let test = condition.operator.test;
                        template(value, test.shape(), variables && test.takes_variables())
                    })
                    .collect(),
            })
            .collect();
        Self {
            effect: if raw.effect == "Allow" {
                Effect::Allow
            } else {
                Effect::Deny
            },
            actions: Actions {
                negated: raw.not_action.is_some(),
                patterns: raw
                    .action
                    .iter()
                    .chain(&raw.not_action)
                    .flatten()
                    .map(|action| {
                        template(&action.to_lowercase(), super::pattern::Shape::Text, false)
                    })
                    .collect(),
            },
            resources: (raw.resource.is_some() || raw.not_resource.is_some()).then(|| Resources {
                negated: raw.not_resource.is_some(),
                patterns: raw
                    .resource
                    .iter()
                    .chain(&raw.not_resource)
                    .flatten()
                    .map(|resource| template(resource, super::pattern::Shape::Resource, variables))
                    .collect(),
            }),
            principals: raw.principals,
            sid: raw.sid.filter(|sid| !sid.is_empty()),
            conditions,
        }
    }

    /// The statement's id.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Allow or deny.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Whom a statement of a resource's policy is about.
    pub fn principals(&self) -> Option<&Principals> {
        self.principals.as_ref()
    }

    /// Whether the statement is about the request, its principal aside.
    pub(super) fn applies(&self, request: &Request) -> bool {
        self.covers_action(request.action)
            && self.covers_resource(request)
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(request.context, self.effect))
    }

    fn covers_action(&self, action: &str) -> bool {
        let action = action.to_lowercase();
        let named =
            self.actions.patterns.iter().any(
                |pattern| matches!(pattern, Template::Fixed(pattern) if pattern.matches(&action)),
            );
        named != self.actions.negated
    }

    fn covers_resource(&self, request: &Request) -> bool {
        let Some(resources) = &self.resources else {
            return true;
        };
        let mut unknown = false;
        let named = resources.patterns.iter().any(|template| {
            let pattern = template.fill(request.context);
            unknown |= pattern.is_none();
            pattern.is_some_and(|pattern| Pattern::matches(&pattern, request.resource))
        });
        if resources.negated {
            // A variable without a value must not open a door.
            !named && (!unknown || self.effect == Effect::Deny)
        } else {
            named
        }
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        let of_conditions = self.conditions.iter().flat_map(|condition| {
            std::iter::once(condition.key.as_str())
                .chain(condition.values.iter().flat_map(Template::keys))
        });
        let of_resources = self
            .resources
            .iter()
            .flat_map(|resources| resources.patterns.iter().flat_map(Template::keys));
        of_conditions.chain(of_resources)
    }
}

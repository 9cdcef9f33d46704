//! The `Principal` and `NotPrincipal` elements: whom a resource's policy is about.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use super::principal::Principal;
use crate::arn::{Arn, is_account};

/// Whom a statement of a resource policy is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principals {
    /// `NotPrincipal`: about everybody else.
    pub negated: bool,
    /// The names.
    pub names: Vec<PrincipalName>,
}

/// One name in a `Principal` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalName {
    /// `*`: everybody, signed or not.
    Everybody,
    /// An account, by its digits or its root's ARN.
    Account(String),
    /// A user, a role or a role's session, by its ARN.
    Arn(String),
    /// A user or a role, by its unique id.
    UniqueId(String),
    /// An AWS service.
    Service(String),
    /// An identity provider. Stave has none, so it is nobody.
    Federated(String),
}

/// How a resource policy names a principal, from not at all to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Naming {
    /// Not at all.
    Not,
    /// Its account, which may then say in its own policies who.
    Account,
    /// Its role.
    Role,
    /// Itself, or everybody.
    Itself,
}

impl PrincipalName {
    /// Reads a name of the kind `AWS`.
    pub(super) fn aws(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everybody);
        }
        if is_account(text) {
            return Some(Self::Account(text.to_owned()));
        }
        if is_unique_id(text) {
            return Some(Self::UniqueId(text.to_owned()));
        }
        let arn: Arn = text.parse().ok()?;
        if !is_account(arn.account()) || !arn.region().is_empty() || text.contains(['*', '?']) {
            return None;
        }
        match (arn.service(), arn.typed_resource()) {
            ("iam", ("", "root")) => Some(Self::Account(arn.account().to_owned())),
            ("iam", ("user" | "role", rest))
            | ("sts", ("assumed-role" | "federated-user", rest))
                if !rest.is_empty() =>
            {
                Some(Self::Arn(text.to_owned()))
            }
            _ => None,
        }
    }

    fn names(&self, principal: &Principal) -> Naming {
        let naming = |is: bool, naming| if is { naming } else { Naming::Not };
        match self {
            Self::Everybody => Naming::Itself,
            Self::Account(account) => match principal {
                // The account's root is the account itself.
                Principal::Root { account: own } => naming(own == account, Naming::Itself),
                _ => naming(principal.account() == Some(account), Naming::Account),
            },
            Self::Arn(arn) => {
                if principal.arn() == *arn && principal.account().is_some() {
                    Naming::Itself
                } else {
                    naming(principal.role_arn().as_ref() == Some(arn), Naming::Role)
                }
            }
            Self::UniqueId(id) => match principal {
                Principal::User { id: own, .. } => naming(own == id, Naming::Itself),
                Principal::AssumedRole { role_id, .. } => naming(role_id == id, Naming::Role),
                _ => Naming::Not,
            },
            Self::Service(name) => {
                let is = matches!(principal, Principal::Service { name: own } if own == name);
                naming(is, Naming::Itself)
            }
            Self::Federated(_) => Naming::Not,
        }
    }
}

fn is_unique_id(text: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    (16..=128).contains(&text.len())
        && ["AIDA", "AROA"].iter().any(|kind| text.starts_with(kind))
        && text.bytes().all(alphanumeric)
}

impl Principals {
    /// How an `Allow` names `principal`.
    pub(super) fn allows(&self, principal: &Principal) -> Naming {
        if !self.negated {
            return self.strongest(principal);
        }
        // An allow for everybody but some: nobody who is named in any way.
        if self.strongest(principal) == Naming::Not {
            Naming::Itself
        } else {
            Naming::Not
        }
    }

    /// Whether a `Deny` is about `principal`.
    ///
    /// `NotPrincipal` spares somebody only if every one of its names is listed: the account, for
    /// a session also the role, and itself.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>
    pub(super) fn denies(&self, principal: &Principal) -> bool {
        if !self.negated {
            return self.strongest(principal) != Naming::Not;
        }
        if self.names.contains(&PrincipalName::Everybody) {
            return false;
        }
        let named = |wanted: Naming| {
            self.names
                .iter()
                .any(|name| name.names(principal) == wanted)
        };
        let spared = match principal {
            Principal::Root { .. } | Principal::Service { .. } => named(Naming::Itself),
            Principal::User { .. } => named(Naming::Itself) && named(Naming::Account),
            Principal::AssumedRole { .. } => {
                named(Naming::Itself) && named(Naming::Role) && named(Naming::Account)
            }
            Principal::Anonymous => false,
        };
        !spared
    }

    fn strongest(&self, principal: &Principal) -> Naming {
        self.names
            .iter()
            .map(|name| name.names(principal))
            .max()
            .unwrap_or(Naming::Not)
    }
}

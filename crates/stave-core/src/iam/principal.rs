//! Who asks.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable>

/// Somebody, or something, that makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The account itself.
    Root {
        /// Twelve digits.
        account: String,
    },
    /// An IAM user.
    User {
        /// Twelve digits.
        account: String,
        /// The path: `/` or `/division/`.
        path: String,
        /// The friendly name.
        name: String,
        /// The unique id: `AIDA…`.
        id: String,
    },
    /// A session of a role.
    AssumedRole {
        /// Twelve digits.
        account: String,
        /// The role's path.
        path: String,
        /// The role's friendly name.
        role: String,
        /// The role's unique id: `AROA…`.
        role_id: String,
        /// The session's name.
        session: String,
    },
    /// An AWS service that acts by itself: `lambda.amazonaws.com`.
    Service {
        /// The service principal's name.
        name: String,
    },
    /// Nobody who has signed.
    Anonymous,
}

impl Principal {
    /// The account that the principal belongs to.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Root { account }
            | Self::User { account, .. }
            | Self::AssumedRole { account, .. } => Some(account),
            Self::Service { .. } | Self::Anonymous => None,
        }
    }

    /// The ARN that STS answers and that error messages show; a service shows its name.
    pub fn arn(&self) -> String {
        match self {
            Self::Root { account } => format!("arn:aws:iam::{account}:root"),
            Self::User {
                account,
                path,
                name,
                ..
            } => format!("arn:aws:iam::{account}:user{path}{name}"),
            Self::AssumedRole {
                account,
                role,
                session,
                ..
            } => format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
            Self::Service { name } => name.clone(),
            Self::Anonymous => "anonymous".to_owned(),
        }
    }

    /// The ARN of the role behind a session.
    pub fn role_arn(&self) -> Option<String> {
        match self {
            Self::AssumedRole {
                account,
                path,
                role,
                ..
            } => Some(format!("arn:aws:iam::{account}:role{path}{role}")),
            _ => None,
        }
    }

    /// `aws:userid`: the unique id, for a session with its name after it.
    pub fn user_id(&self) -> Option<String> {
        match self {
            Self::Root { account } => Some(account.clone()),
            Self::User { id, .. } => Some(id.clone()),
            Self::AssumedRole {
                role_id, session, ..
            } => Some(format!("{role_id}:{session}")),
            Self::Service { .. } | Self::Anonymous => None,
        }
    }

    /// The condition keys that follow from the principal.
    pub(super) fn keys(&self) -> Vec<(&'static str, String)> {
        let mut keys = Vec::new();
        let kind = match self {
            Self::Root { .. } => "Account",
            Self::User { .. } => "User",
            Self::AssumedRole { .. } => "AssumedRole",
            Self::Anonymous => "Anonymous",
            Self::Service { name } => {
                keys.push(("aws:PrincipalIsAWSService", "true".to_owned()));
                keys.push(("aws:PrincipalServiceName", name.clone()));
                return keys;
            }
        };
        keys.push(("aws:PrincipalIsAWSService", "false".to_owned()));
        keys.push(("aws:PrincipalType", kind.to_owned()));
        if let Some(account) = self.account() {
            keys.push(("aws:PrincipalAccount", account.to_owned()));
            // For a session it is the role's ARN, not the session's.
            keys.push((
                "aws:PrincipalArn",
                self.role_arn().unwrap_or_else(|| self.arn()),
            ));
        }
        match self.user_id() {
            Some(id) => keys.push(("aws:userid", id)),
            None => keys.push(("aws:userid", "anonymous".to_owned())),
        }
        if let Self::User { name, .. } = self {
            keys.push(("aws:username", name.clone()));
        }
        keys
    }
}

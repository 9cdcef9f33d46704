//! Who asks for an operation. Every service operation takes a `&Caller` and
//! checks it first; there is no other way to say "this is allowed".

use std::sync::Arc;

use crate::arn::is_account;
use crate::error::{Error, Result};
use crate::iam::{Context, Grants, Principal, Request, ResourcePolicy, evaluate};

/// The account that everything belongs to unless configured otherwise.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

/// What somebody has proved itself with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An access key, a password, or the ownership of the home directory.
    LongTerm,
    /// What `GetSessionToken` gave.
    SessionToken,
    /// What `AssumeRole` gave.
    AssumedRole,
}

/// Somebody who has been authenticated, with the policies that say what it may do. Cheap to
/// clone.
///
/// The command line works on the home directory as its owner, so it is the
/// account's root, as AWS's root user is: allowed everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    account: Arc<str>,
    principal: Arc<Principal>,
    grants: Arc<Grants>,
    context: Arc<Context>,
    credential: Credential,
}

impl Caller {
    /// The owner of the home directory.
    pub fn root(account: impl Into<String>) -> Self {
        let account = account.into();
        let principal = Principal::Root {
            account: account.clone(),
        };
        Self::new(&account, principal, Grants::default(), Credential::LongTerm)
    }

    /// `principal`, at work in `account`, with its policies. Only for who has authenticated it.
    pub fn new(
        account: &str,
        principal: Principal,
        grants: Grants,
        credential: Credential,
    ) -> Self {
        Self {
            account: Arc::from(account),
            context: Arc::new(Context::of(&principal)),
            principal: Arc::new(principal),
            grants: Arc::new(grants),
            credential,
        }
    }

    /// The same, with condition keys of its request: `aws:SourceIp`, `aws:CurrentTime` …
    pub fn with_keys(mut self, keys: &Context) -> Self {
        Arc::make_mut(&mut self.context).extend(keys);
        self
    }

    /// The twelve digits of the account that the caller is at work in.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Who it is.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What it has proved itself with.
    pub fn credential(&self) -> Credential {
        self.credential
    }

    /// The policies that say what it may do.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The condition keys of its request.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Checks that the caller may do `action` (`s3:PutObject`) on `resource` (an ARN, or `*`).
    ///
    /// A denial is an [`ErrorKind::Denied`](crate::ErrorKind::Denied) of the code `AccessDenied`
    /// in AWS's words.
    pub fn may(&self, action: &str, resource: &str) -> Result<()> {
        self.decide(action, resource, &self.context, ResourcePolicy::None)
    }

    /// As [`Self::may`], with condition keys of this very action: `s3:prefix`, `iam:PolicyARN`.
    pub fn may_given(&self, action: &str, resource: &str, keys: &Context) -> Result<()> {
        self.may_by(action, resource, keys, ResourcePolicy::None)
    }

    /// As [`Self::may_given`], where the resource has a policy of its own.
    pub fn may_by(
        &self,
        action: &str,
        resource: &str,
        keys: &Context,
        policy: ResourcePolicy<'_>,
    ) -> Result<()> {
        let mut context = Context::clone(&self.context);
        context.extend(keys);
        self.decide(action, resource, &context, policy)
    }

    fn decide(
        &self,
        action: &str,
        resource: &str,
        context: &Context,
        policy: ResourcePolicy<'_>,
    ) -> Result<()> {
        let request = Request {
            principal: &self.principal,
            action,
            resource,
            resource_account: owner(resource).unwrap_or(&self.account),
            context,
        };
        let denial = self.grants.with(policy, |policies| {
            evaluate(&request, policies).denial(&request)
        });
        match denial {
            None => Ok(()),
            Some(message) => Err(Error::denied(message).coded("AccessDenied")),
        }
    }
}

/// The account that an ARN names; S3's name none.
fn owner(resource: &str) -> Option<&str> {
    let account = resource.split(':').nth(4)?;
    is_account(account).then_some(account)
}

impl Default for Caller {
    fn default() -> Self {
        Self::root(DEFAULT_ACCOUNT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::iam::{DocumentKind, Grant, NamedPolicy, PolicyDocument};

    fn ann(statement: &str) -> Caller {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#);
        let document = PolicyDocument::parse(&text, DocumentKind::Identity).expect("a policy");
        let principal = Principal::User {
            account: DEFAULT_ACCOUNT.to_owned(),
            path: "/".to_owned(),
            name: "ann".to_owned(),
            id: "AIDAANNANNANNANNANNA".to_owned(),
        };
        let grants = Grants {
            identity: vec![Grant {
                name: "p".to_owned(),
                document: Arc::new(document),
            }],
            ..Grants::default()
        };
        Caller::new(DEFAULT_ACCOUNT, principal, grants, Credential::LongTerm)
    }

    #[test]
    fn root_may_everything() {
        let root = Caller::default();
        assert!(root.may("s3:PutObject", "arn:aws:s3:::b/k").is_ok());
        assert_eq!(root.account(), DEFAULT_ACCOUNT);
    }

    #[test]
    fn a_user_may_what_its_policies_allow() {
        let ann = ann(r#"{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}"#);
        assert!(ann.may("s3:ListAllMyBuckets", "*").is_ok());
        let error = ann
            .may("cloudwatch:ListMetrics", "*")
            .expect_err("not allowed");
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert_eq!(error.code(), Some("AccessDenied"));
        assert_eq!(
            error.message(),
            "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: \
             cloudwatch:ListMetrics on resource: * because no identity-based policy allows the \
             cloudwatch:ListMetrics action"
        );
    }

    #[test]
    fn keys_of_the_request_and_of_the_action_count() {
        let ann = ann(
            r#"{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*",
            "Condition": {"StringEquals": {"s3:prefix": "${aws:username}/"},
                          "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}"#,
        );
        let near = ann
            .clone()
            .with_keys(&Context::new().with("aws:SourceIp", "10.1.2.3"));
        let prefix = Context::new().with("s3:prefix", "ann/");
        let bucket = "arn:aws:s3:::b";
        assert!(near.may_given("s3:ListBucket", bucket, &prefix).is_ok());
        assert!(near.may("s3:ListBucket", bucket).is_err());
        assert!(ann.may_given("s3:ListBucket", bucket, &prefix).is_err());
    }

    #[test]
    fn a_resource_of_another_account_needs_both_sides() {
        let ann = ann(r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}"#);
        let trust = PolicyDocument::parse(
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}}"#,
            DocumentKind::Trust,
        )
        .expect("a trust policy");
        let policy = ResourcePolicy::Trust(NamedPolicy {
            name: "trust",
            document: &trust,
        });
        let none = Context::new();
        for account in [DEFAULT_ACCOUNT, "999988887777"] {
            let role = format!("arn:aws:iam::{account}:role/etl");
            assert!(ann.may_by("sts:AssumeRole", &role, &none, policy).is_ok());
        }
        let other = "arn:aws:sqs:us-east-1:999988887777:q";
        assert!(ann.may("sts:AssumeRole", other).is_err());
    }
}

//! Who asks for an operation. Every service operation takes a `&Caller` and
//! checks it first; there is no other way to say "this is allowed".

use crate::error::Result;

/// The account that everything belongs to unless configured otherwise.
pub const DEFAULT_ACCOUNT: &str = "123456789012";

/// Somebody who has been authenticated.
///
/// The command line works on the home directory as its owner, so it is the
/// account's root, as AWS's root user is: allowed everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    account: String,
}

impl Caller {
    /// The owner of the home directory.
    pub fn root(account: impl Into<String>) -> Self {
        Self {
            account: account.into(),
        }
    }

    /// The twelve digits of the caller's account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Checks that the caller may do `action` (`s3:PutObject`) on `resource` (an ARN).
    ///
    /// The root user is not limited by identity policies
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>);
    /// it is the only caller there is until users exist.
    pub fn may(&self, _action: &str, _resource: &str) -> Result<()> {
        Ok(())
    }
}

impl Default for Caller {
    fn default() -> Self {
        Self::root(DEFAULT_ACCOUNT)
    }
}

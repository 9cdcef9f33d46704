//! Versions of managed policies: five at most, one of which is the default.

use jiff::Timestamp;
use stave_core::iam::Context;
use stave_core::{Caller, Result};
use stave_store::iam::{Policy, Rows};

use super::errors::{delete_conflict, limit, no_such, validation};
use super::policies::{check_document, version_id};
use super::{Iam, Page, PageRequest};

/// The most versions of a policy.
const VERSIONS_PER_POLICY: usize = 5;

/// A version of a managed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// `v1`.
    pub id: String,
    /// What it says; lists leave it out.
    pub document: Option<String>,
    /// Whether it is the one that counts.
    pub is_default: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

fn no_version(arn: &str, id: &str) -> stave_core::Error {
    no_such(format!(
        "Policy {arn} version {id} does not exist or is not attachable."
    ))
}

/// The number of `v7`.
fn number(id: &str) -> Result<u32> {
    id.strip_prefix('v')
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .filter(|number| *number > 0)
        .ok_or_else(|| {
            validation(format!(
                "The specified value for versionId is invalid. \"{id}\" is not v and a number."
            ))
        })
}

fn show(policy: &Policy, version: stave_store::iam::PolicyVersion) -> PolicyVersion {
    PolicyVersion {
        id: version_id(version.version),
        is_default: version.version == policy.default_version,
        document: Some(version.document),
        created_at: version.created_at,
    }
}

impl Iam {
    /// Adds a version to a policy of ours, and makes it the default if that is wanted.
    pub fn create_policy_version(
        &self,
        caller: &Caller,
        arn: &str,
        document: &str,
        set_as_default: bool,
    ) -> Result<PolicyVersion> {
        self.store().iam_write(|rows| {
            let action = "iam:CreatePolicyVersion";
            let mut policy = self.own_policy(rows, caller, action, arn, Context::new())?;
            if set_as_default {
                let action = "iam:SetDefaultPolicyVersion";
                self.permit_policy(rows, caller, action, arn, Context::new())?;
            }
            check_document(document)?;
            if rows.policy_versions(arn)?.len() >= VERSIONS_PER_POLICY {
                return Err(limit(format!(
                    "A managed policy can have up to {VERSIONS_PER_POLICY} versions. Before you \
                     create a new version, you must delete an existing version."
                )));
            }
            policy.last_version += 1;
            policy.updated_at = rows.now();
            if set_as_default {
                policy.default_version = policy.last_version;
            }
            rows.add_policy_version(arn, policy.last_version, document)?;
            rows.replace_policy(&policy)?;
            Ok(PolicyVersion {
                id: version_id(policy.last_version),
                document: None,
                is_default: set_as_default,
                created_at: rows.now(),
            })
        })
    }

    /// One version of a policy, ours or AWS's.
    pub fn get_policy_version(
        &self,
        caller: &Caller,
        arn: &str,
        id: &str,
    ) -> Result<PolicyVersion> {
        let action = "iam:GetPolicyVersion";
        self.store().iam_read(|rows| {
            self.permit_policy(rows, caller, action, arn, Context::new())?;
            let versions = self.versions(rows, arn)?;
            number(id)?;
            let found = versions.into_iter().find(|version| version.id == id);
            found.ok_or_else(|| no_version(arn, id))
        })
    }

    /// A page of the versions of a policy, newest first.
    pub fn list_policy_versions(
        &self,
        caller: &Caller,
        arn: &str,
        page: &PageRequest,
    ) -> Result<Page<PolicyVersion>> {
        let action = "iam:ListPolicyVersions";
        let versions = self.store().iam_read(|rows| {
            self.permit_policy(rows, caller, action, arn, Context::new())?;
            self.versions(rows, arn)
        })?;
        // Newest first is the falling order of numbers; a page cuts in rising order.
        let rank = |version: &PolicyVersion| {
            let number = number(&version.id).unwrap_or_default();
            format!("{:010}", u32::MAX - number)
        };
        let page = page.cut(versions, rank)?;
        Ok(page.map(|version| PolicyVersion {
            document: None,
            ..version
        }))
    }

    /// All versions of a policy, newest first. Of AWS's only the default is known.
    pub(super) fn versions(&self, rows: &Rows<'_>, arn: &str) -> Result<Vec<PolicyVersion>> {
        if let Some(policy) = self.0.aws_managed.get(arn) {
            return Ok(vec![PolicyVersion {
                id: policy.version.clone(),
                document: Some(policy.document.clone()),
                is_default: true,
                created_at: policy.updated_at,
            }]);
        }
        let Some(policy) = rows.policy(arn)? else {
            return Err(no_such(format!("Policy {arn} was not found.")));
        };
        let versions = rows.policy_versions(arn)?.into_iter();
        Ok(versions.map(|version| show(&policy, version)).collect())
    }

    /// Removes a version of a policy of ours that is not the default.
    pub fn delete_policy_version(&self, caller: &Caller, arn: &str, id: &str) -> Result<()> {
        self.store().iam_write(|rows| {
            let action = "iam:DeletePolicyVersion";
            let policy = self.own_policy(rows, caller, action, arn, Context::new())?;
            let version = number(id)?;
            if rows.policy_version(arn, version)?.is_none() {
                return Err(no_version(arn, id));
            }
            if version == policy.default_version {
                return Err(delete_conflict(
                    "Cannot delete the default version of a policy.",
                ));
            }
            rows.remove_policy_version(arn, version)
        })
    }

    /// Makes a version of a policy of ours the one that counts.
    pub fn set_default_policy_version(&self, caller: &Caller, arn: &str, id: &str) -> Result<()> {
        self.store().iam_write(|rows| {
            let action = "iam:SetDefaultPolicyVersion";
            let mut policy = self.own_policy(rows, caller, action, arn, Context::new())?;
            let version = number(id)?;
            if rows.policy_version(arn, version)?.is_none() {
                return Err(no_version(arn, id));
            }
            policy.default_version = version;
            policy.updated_at = rows.now();
            rows.replace_policy(&policy)
        })
    }
}

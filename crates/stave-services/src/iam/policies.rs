//! Managed policies: the account's own, and those that AWS manages.

use jiff::Timestamp;
use stave_core::iam::{Context, DocumentKind, PolicyDocument, limits};
use stave_core::{Caller, ErrorKind, Result};
use stave_store::iam::{Policy, Rows, Tags};

use super::access::request_tags;
use super::errors::{delete_conflict, denied, exists, limit, malformed, no_such, validation};
use super::managed::AwsManaged;
use super::names::{check_name, check_path, check_path_prefix, check_tags};
use super::{Iam, Page, PageRequest, PolicyUsage};

/// The most managed policies of an account.
const POLICIES_PER_ACCOUNT: usize = 1500;

/// A managed policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedPolicy {
    /// Its ARN.
    pub arn: String,
    /// `ANPA…`.
    pub id: String,
    /// The friendly name.
    pub name: String,
    /// `/`, or `/service-role/`.
    pub path: String,
    /// What it is for.
    pub description: Option<String>,
    /// The version that counts: `v1`.
    pub default_version: String,
    /// How many entities it is attached to.
    pub attachments: usize,
    /// How many entities have it as their boundary.
    pub boundaries: usize,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a version was last added or made the default.
    pub updated_at: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

/// A managed policy that is to be made.
#[derive(Debug, Clone, Default)]
pub struct NewPolicy {
    /// The friendly name.
    pub name: String,
    /// The path; `/` unless said.
    pub path: Option<String>,
    /// What it says.
    pub document: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// Whose policies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PolicyScope {
    /// All.
    #[default]
    All,
    /// Those that AWS manages.
    Aws,
    /// The account's own.
    Local,
}

/// Which policies a list is to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyFilter {
    /// Whose.
    pub scope: PolicyScope,
    /// Only those that are attached to something.
    pub only_attached: bool,
    /// Only those whose path begins so.
    pub path_prefix: Option<String>,
    /// Only those that are used so.
    pub usage: Option<PolicyUsage>,
}

/// A version as AWS writes it.
pub(super) fn version_id(version: u32) -> String {
    format!("v{version}")
}

/// Checks a document that is to become a version of a managed policy.
pub(super) fn check_document(document: &str) -> Result<()> {
    PolicyDocument::parse(document, DocumentKind::Identity).map_err(malformed)?;
    if limits::policy_size(document) > limits::MANAGED_POLICY_CHARS {
        return Err(limit(format!(
            "Cannot exceed quota for PolicySize: {}",
            limits::MANAGED_POLICY_CHARS
        )));
    }
    Ok(())
}

impl Iam {
    pub(super) fn local_policy(rows: &Rows<'_>, policy: Policy) -> Result<ManagedPolicy> {
        Ok(ManagedPolicy {
            attachments: rows.count_attachments(&policy.arn)?,
            boundaries: rows.count_boundaries(&policy.arn)?,
            id: policy.id,
            name: policy.name,
            path: policy.path,
            description: policy.description,
            default_version: version_id(policy.default_version),
            created_at: policy.created_at,
            updated_at: policy.updated_at,
            tags: policy.tags,
            arn: policy.arn,
        })
    }

    pub(super) fn aws_policy(rows: &Rows<'_>, policy: &AwsManaged) -> Result<ManagedPolicy> {
        let arn = policy.arn();
        Ok(ManagedPolicy {
            attachments: rows.count_attachments(&arn)?,
            boundaries: rows.count_boundaries(&arn)?,
            id: super::ids::aws_policy(&arn),
            name: policy.name.clone(),
            path: policy.path.clone(),
            description: None,
            default_version: policy.version.clone(),
            created_at: policy.created_at,
            updated_at: policy.updated_at,
            tags: Tags::new(),
            arn,
        })
    }

    /// The account's own policy of that ARN, if the caller may do `action` on it.
    pub(super) fn own_policy(
        &self,
        rows: &Rows<'_>,
        caller: &Caller,
        action: &str,
        arn: &str,
        keys: Context,
    ) -> Result<Policy> {
        self.permit_policy(rows, caller, action, arn, keys)?;
        if self.0.aws_managed.contains_key(arn) {
            return Err(denied(format!(
                "User: {} is not authorized to perform: {action} on resource: policy {arn}",
                caller.principal().arn()
            ))
            .hint("a policy that AWS manages cannot be changed: make one of your own"));
        }
        rows.policy(arn)?
            .ok_or_else(|| no_such(format!("Policy {arn} was not found.")))
    }

    /// Makes a policy, whose first version is its default.
    pub fn create_policy(&self, caller: &Caller, new: NewPolicy) -> Result<ManagedPolicy> {
        check_name("policyName", &new.name, 128)?;
        let path = new.path.as_deref().unwrap_or("/");
        let arn = self.arn("policy", path, &new.name);
        let keys = request_tags(&new.tags);
        self.permit(caller, "iam:CreatePolicy", &arn, &keys)?;
        if !new.tags.is_empty() {
            self.permit(caller, "iam:TagPolicy", &arn, &keys)?;
        }
        check_path(path)?;
        check_tags(&new.tags)?;
        if new
            .description
            .as_ref()
            .is_some_and(|text| text.chars().count() > 1000)
        {
            return Err(validation(
                "The specified value for description is invalid. It must have at most 1000 \
                 characters.",
            ));
        }
        check_document(&new.document)?;
        self.store().iam_write(|rows| {
            if rows.count_policies()? >= POLICIES_PER_ACCOUNT {
                return Err(limit(format!(
                    "Cannot exceed quota for PoliciesPerAccount: {POLICIES_PER_ACCOUNT}"
                )));
            }
            let policy = Policy {
                arn: arn.clone(),
                path: path.to_owned(),
                id: super::ids::policy(self.store()),
                description: new.description,
                default_version: 1,
                last_version: 1,
                created_at: rows.now(),
                updated_at: rows.now(),
                tags: new.tags,
                name: new.name,
            };
            rows.add_policy(&policy)
                .map_err(|error| match error.kind() {
                    ErrorKind::AlreadyExists => exists(format!(
                        "A policy called {} already exists. Duplicate names are not allowed.",
                        policy.name
                    )),
                    _ => error,
                })?;
            rows.add_policy_version(&arn, 1, &new.document)?;
            Self::local_policy(rows, policy)
        })
    }

    /// The policy of that ARN, ours or AWS's.
    pub fn get_policy(&self, caller: &Caller, arn: &str) -> Result<ManagedPolicy> {
        self.store().iam_read(|rows| {
            self.permit_policy(rows, caller, "iam:GetPolicy", arn, Context::new())?;
            self.find_policy(rows, arn)?
                .ok_or_else(|| no_such(format!("Policy {arn} was not found.")))
        })
    }

    pub(super) fn find_policy(&self, rows: &Rows<'_>, arn: &str) -> Result<Option<ManagedPolicy>> {
        if let Some(policy) = self.0.aws_managed.get(arn) {
            return Self::aws_policy(rows, policy).map(Some);
        }
        let found = rows.policy(arn)?;
        found
            .map(|policy| Self::local_policy(rows, policy))
            .transpose()
    }

    /// Removes a policy of ours that is not in use and has one version.
    pub fn delete_policy(&self, caller: &Caller, arn: &str) -> Result<()> {
        self.store().iam_write(|rows| {
            let none = Context::new();
            let policy = self.own_policy(rows, caller, "iam:DeletePolicy", arn, none)?;
            if rows.count_attachments(arn)? + rows.count_boundaries(arn)? > 0 {
                return Err(delete_conflict(
                    "Cannot delete a policy attached to entities.",
                ));
            }
            if rows.policy_versions(&policy.arn)?.len() > 1 {
                return Err(delete_conflict(
                    "This policy has more than one version. Before you delete a policy, you must \
                     delete the policy's versions. The default version is deleted with the policy.",
                ));
            }
            rows.remove_policy(arn)
        })
    }

    /// A page of the policies, by name. As with AWS, lists leave out descriptions and tags.
    pub fn list_policies(
        &self,
        caller: &Caller,
        filter: &PolicyFilter,
        page: &PageRequest,
    ) -> Result<Page<ManagedPolicy>> {
        let prefix = check_path_prefix(filter.path_prefix.as_deref())?;
        let none = Context::new();
        self.permit(caller, "iam:ListPolicies", "*", &none)?;
        let found = self
            .store()
            .iam_read(|rows| self.all_policies(rows, filter.scope))?;
        let wanted = |policy: &ManagedPolicy| {
            let used = match filter.usage {
                Some(PolicyUsage::PermissionsPolicy) => policy.attachments > 0,
                Some(PolicyUsage::PermissionsBoundary) => policy.boundaries > 0,
                None => true,
            };
            let attached = policy.attachments + policy.boundaries > 0;
            used && policy.path.starts_with(prefix) && (attached || !filter.only_attached)
        };
        let found = found
            .into_iter()
            .filter(wanted)
            .map(|policy| ManagedPolicy {
                description: None,
                tags: Tags::new(),
                ..policy
            });
        page.cut(found.collect(), sort_key)
    }

    /// All policies of `scope`, in the order of [`sort_key`].
    pub(super) fn all_policies(
        &self,
        rows: &Rows<'_>,
        scope: PolicyScope,
    ) -> Result<Vec<ManagedPolicy>> {
        let mut all = Vec::new();
        if scope != PolicyScope::Aws {
            for policy in rows.policies("", POLICIES_PER_ACCOUNT)? {
                all.push(Self::local_policy(rows, policy)?);
            }
        }
        if scope != PolicyScope::Local {
            for policy in self.0.aws_managed.values() {
                all.push(Self::aws_policy(rows, policy)?);
            }
        }
        all.sort_by_cached_key(sort_key);
        Ok(all)
    }
}

/// By name; one of ours and one of AWS's may share it.
fn sort_key(policy: &ManagedPolicy) -> String {
    format!("{} {}", policy.name.to_lowercase(), policy.arn)
}

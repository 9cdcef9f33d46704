//! The account: its alias and its summary.

use stave_core::iam::{Context, limits};
use stave_core::{Caller, Result};
use stave_store::iam::{EntityKind, Rows};

use super::errors::{exists, no_such, validation};
use super::{Iam, Page, PageRequest};

/// Figures of the account, by AWS's names (`GetAccountSummary`).
pub type AccountSummary = Vec<(&'static str, u64)>;

impl Iam {
    /// Gives the account a name that stands for its digits at sign-in.
    pub fn create_account_alias(&self, caller: &Caller, alias: &str) -> Result<()> {
        self.permit(caller, "iam:CreateAccountAlias", "*", &Context::new())?;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let long = (3..=63).contains(&alias.len());
        let digits = alias.bytes().all(|b| b.is_ascii_digit());
        let dashed = alias.starts_with('-') || alias.ends_with('-') || alias.contains("--");
        if !long || !alias.bytes().all(plain) || dashed || (digits && alias.len() == 12) {
            return Err(validation(
                "The specified value for accountAlias is invalid. It must have 3 to 63 lower-case \
                 letters, digits and single dashes, and not be an account's digits.",
            ));
        }
        self.store().iam_write(|rows| {
            let present = rows.account()?.and_then(|account| account.alias);
            if present.as_deref() == Some(alias) {
                return Err(exists(format!("The account alias {alias} already exists.")));
            }
            rows.set_alias(Some(alias))
        })
    }

    /// Takes the account's alias away.
    pub fn delete_account_alias(&self, caller: &Caller, alias: &str) -> Result<()> {
        self.permit(caller, "iam:DeleteAccountAlias", "*", &Context::new())?;
        self.store().iam_write(|rows| {
            let present = rows.account()?.and_then(|account| account.alias);
            if present.as_deref() != Some(alias) {
                return Err(no_such(format!(
                    "The account alias {alias} cannot be found."
                )));
            }
            rows.set_alias(None)
        })
    }

    /// The account's alias, on a page: AWS allows one.
    pub fn list_account_aliases(
        &self,
        caller: &Caller,
        page: &PageRequest,
    ) -> Result<Page<String>> {
        self.permit(caller, "iam:ListAccountAliases", "*", &Context::new())?;
        let alias = self.alias()?;
        page.cut(alias.into_iter().collect(), Clone::clone)
    }

    pub(super) fn alias(&self) -> Result<Option<String>> {
        let alias = |rows: &Rows<'_>| Ok(rows.account()?.and_then(|account| account.alias));
        self.store().iam_read(alias)
    }

    /// How much there is of what, and how much there may be.
    pub fn account_summary(&self, caller: &Caller) -> Result<AccountSummary> {
        self.permit(caller, "iam:GetAccountSummary", "*", &Context::new())?;
        let (users, groups, roles, policies, versions, root_keys) =
            self.store().iam_read(|rows| {
                Ok((
                    rows.count_entities(EntityKind::User)?,
                    rows.count_entities(EntityKind::Group)?,
                    rows.count_entities(EntityKind::Role)?,
                    rows.count_policies()?,
                    rows.count_policy_versions()?,
                    rows.access_keys(None)?.len(),
                ))
            })?;
        let figures = [
            ("AccessKeysPerUserQuota", 2),
            ("AccountAccessKeysPresent", usize::from(root_keys > 0)),
            ("AccountMFAEnabled", 0),
            ("AccountPasswordPresent", 0),
            ("AccountSigningCertificatesPresent", 0),
            ("AssumeRolePolicySizeQuota", limits::TRUST_POLICY_CHARS),
            ("AttachedPoliciesPerGroupQuota", 10),
            ("AttachedPoliciesPerRoleQuota", 10),
            ("AttachedPoliciesPerUserQuota", 10),
            ("GlobalEndpointTokenVersion", 1),
            ("GroupPolicySizeQuota", limits::GROUP_INLINE_CHARS),
            ("Groups", groups),
            ("GroupsPerUserQuota", 10),
            ("GroupsQuota", 300),
            ("InstanceProfiles", 0),
            ("InstanceProfilesQuota", 1000),
            ("MFADevices", 0),
            ("MFADevicesInUse", 0),
            ("Policies", policies),
            ("PoliciesQuota", 1500),
            ("PolicySizeQuota", limits::MANAGED_POLICY_CHARS),
            ("PolicyVersionsInUse", versions),
            ("PolicyVersionsInUseQuota", 10_000),
            ("Providers", 0),
            ("RolePolicySizeQuota", limits::ROLE_INLINE_CHARS),
            ("Roles", roles),
            ("RolesQuota", 1000),
            ("ServerCertificates", 0),
            ("ServerCertificatesQuota", 20),
            ("SigningCertificatesPerUserQuota", 2),
            ("UserPolicySizeQuota", limits::USER_INLINE_CHARS),
            ("Users", users),
            ("UsersQuota", 5000),
            ("VersionsPerPolicyQuota", 5),
        ];
        let figures = figures.into_iter();
        Ok(figures
            .map(|(name, figure)| (name, figure as u64))
            .collect())
    }
}

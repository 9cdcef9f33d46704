//! Everything that the account has, in one list (`GetAccountAuthorizationDetails`).

use jiff::Timestamp;
use stave_core::iam::Context;
use stave_core::{Caller, Result};
use stave_store::iam::{Entity, EntityKind, Rows, Tags};

use super::attachments::attached_policy;
use super::{AttachedPolicy, Iam, ManagedPolicy, Page, PageRequest, PolicyScope, PolicyVersion};

/// What the list is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailFilter {
    /// Users.
    User,
    /// Groups.
    Group,
    /// Roles.
    Role,
    /// The account's own managed policies.
    LocalManagedPolicy,
    /// The policies that AWS manages.
    AwsManagedPolicy,
}

/// A user, group or role with all that hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityDetail {
    /// What it is.
    pub kind: EntityKind,
    /// Its ARN.
    pub arn: String,
    /// The unique id.
    pub id: String,
    /// The friendly name.
    pub name: String,
    /// The path.
    pub path: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// A role's trust policy.
    pub trust: Option<String>,
    /// The inline policies, names with documents.
    pub inline: Vec<(String, String)>,
    /// The managed policies that are attached.
    pub attached: Vec<AttachedPolicy>,
    /// The names of a user's groups.
    pub groups: Vec<String>,
    /// The ARN of the permissions boundary.
    pub boundary: Option<String>,
    /// The tags.
    pub tags: Tags,
    /// When a role was last used.
    pub used_at: Option<Timestamp>,
    /// The region in which it was.
    pub used_region: Option<String>,
}

/// A managed policy with all its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDetail {
    /// The policy.
    pub policy: ManagedPolicy,
    /// Its versions, newest first.
    pub versions: Vec<PolicyVersion>,
}

/// A page of what the account has: entities first, then policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDetails {
    /// Users, groups and roles.
    pub entities: Vec<EntityDetail>,
    /// Managed policies.
    pub policies: Vec<PolicyDetail>,
    /// Where the next page begins; none on the last.
    pub marker: Option<String>,
}

/// One thing of the list.
enum Item {
    Entity(Box<Entity>),
    Policy(Box<ManagedPolicy>),
}

impl Item {
    /// What it is listed by.
    fn key(&self) -> String {
        match self {
            Self::Entity(entity) => {
                let order = match entity.kind {
                    EntityKind::User => 0,
                    EntityKind::Group => 1,
                    EntityKind::Role => 2,
                };
                format!("{order} {}", entity.name.to_lowercase())
            }
            Self::Policy(policy) => format!("3 {}", policy.arn),
        }
    }
}

impl Iam {
    /// A page of what the account has: all of it, or what `filters` name.
    pub fn account_authorization_details(
        &self,
        caller: &Caller,
        filters: &[DetailFilter],
        page: &PageRequest,
    ) -> Result<AccountDetails> {
        let action = "iam:GetAccountAuthorizationDetails";
        self.permit(caller, action, "*", &Context::new())?;
        self.store().iam_read(|rows| {
            let mut items = self.items(rows, filters)?;
            items.sort_by_cached_key(Item::key);
            let Page { items, marker } = page.cut(items, Item::key)?;
            let mut details = AccountDetails {
                entities: Vec::new(),
                policies: Vec::new(),
                marker,
            };
            for item in items {
                match item {
                    Item::Entity(entity) => details.entities.push(self.detail(rows, *entity)?),
                    Item::Policy(policy) => details.policies.push(PolicyDetail {
                        versions: self.versions(rows, &policy.arn)?,
                        policy: *policy,
                    }),
                }
            }
            Ok(details)
        })
    }

    fn items(&self, rows: &Rows<'_>, filters: &[DetailFilter]) -> Result<Vec<Item>> {
        let wanted = |filter| filters.is_empty() || filters.contains(&filter);
        let mut items = Vec::new();
        for (filter, kind) in [
            (DetailFilter::User, EntityKind::User),
            (DetailFilter::Group, EntityKind::Group),
            (DetailFilter::Role, EntityKind::Role),
        ] {
            if wanted(filter) {
                let entities = rows.entities(kind, "/", "", usize::MAX)?.into_iter();
                items.extend(entities.map(|entity| Item::Entity(Box::new(entity))));
            }
        }
        for (filter, scope) in [
            (DetailFilter::LocalManagedPolicy, PolicyScope::Local),
            (DetailFilter::AwsManagedPolicy, PolicyScope::Aws),
        ] {
            if wanted(filter) {
                let policies = self.all_policies(rows, scope)?.into_iter();
                items.extend(policies.map(|policy| Item::Policy(Box::new(policy))));
            }
        }
        Ok(items)
    }

    fn detail(&self, rows: &Rows<'_>, entity: Entity) -> Result<EntityDetail> {
        let groups = match entity.kind {
            EntityKind::User => rows.groups_of(&entity.id, "", usize::MAX)?,
            _ => Vec::new(),
        };
        let attached = rows.attached(&entity.id)?;
        let of_role = entity.kind == EntityKind::Role;
        Ok(EntityDetail {
            arn: self.entity_arn(&entity),
            inline: rows.inline_policies(&entity.id)?,
            attached: attached.iter().map(|arn| attached_policy(arn)).collect(),
            groups: groups.into_iter().map(|group| group.name).collect(),
            kind: entity.kind,
            id: entity.id,
            name: entity.name,
            path: entity.path,
            created_at: entity.created_at,
            trust: entity.trust,
            boundary: entity.boundary,
            tags: entity.tags,
            used_at: entity.used_at.filter(|_| of_role),
            used_region: entity.used_region.filter(|_| of_role),
        })
    }
}

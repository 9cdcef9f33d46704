//! Groups of schedules.

use jiff::Timestamp;
use stave_core::{Caller, Result};
use stave_store::eventing::{Document, Kind, Rows};

use super::super::documents::{GroupText, read, write};
use super::super::errors::{conflict, not_found, quota, validation};
use super::super::names::{Page, PageRequest, Tags, check_name, check_tags, merge_tags};
use super::super::tags::{request_tags, tag_keys};
use super::super::{DEFAULT, Schedules};

/// How many groups there may be.
const MAX_GROUPS: usize = 500;
/// How many tags a group may have.
const MAX_TAGS: usize = 200;

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A group to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Tags,
    /// What tells a request that is repeated from a new one.
    pub client_token: Option<String>,
}

impl Schedules {
    /// The ARN of a group.
    pub(super) fn group_arn(&self, name: &str) -> String {
        self.arn("scheduler", &format!("schedule-group/{name}"))
    }

    /// Makes a group; says its ARN (`CreateScheduleGroup`).
    pub fn create_schedule_group(&self, caller: &Caller, new: &NewGroup) -> Result<String> {
        let arn = self.group_arn(&new.name);
        let keys = request_tags(&new.tags);
        caller.may_given("scheduler:CreateScheduleGroup", &arn, &keys)?;
        check_name("name", &new.name, 64)?;
        check_tags(&new.tags, MAX_TAGS)?;
        let text = write(&GroupText {
            tags: new.tags.clone(),
            client_token: new.client_token.clone(),
        })?;
        self.store().eventing_write(|rows| {
            if let Some(old) = rows.document(Kind::Group, "", &new.name)? {
                let old: GroupText = read(&old.text)?;
                if old.client_token.is_some() && old.client_token == new.client_token {
                    return Ok(());
                }
                return Err(conflict(format!(
                    "Schedule group {} already exists.",
                    new.name
                )));
            }
            if rows.count_documents(Kind::Group, "")? >= MAX_GROUPS {
                return Err(quota(
                    "The number of schedule groups has reached its limit.",
                ));
            }
            rows.add_document(Kind::Group, "", &new.name, &text)
        })?;
        Ok(arn)
    }

    /// What is known of a group (`GetScheduleGroup`).
    pub fn get_schedule_group(&self, caller: &Caller, name: &str) -> Result<Group> {
        caller.may("scheduler:GetScheduleGroup", &self.group_arn(name))?;
        self.store()
            .eventing_read(|rows| Ok(self.group(&group_document(rows, name)?)))
    }

    /// Removes a group with its schedules (`DeleteScheduleGroup`).
    pub fn delete_schedule_group(&self, caller: &Caller, name: &str) -> Result<()> {
        caller.may("scheduler:DeleteScheduleGroup", &self.group_arn(name))?;
        if name == DEFAULT {
            return Err(validation("Default schedule group cannot be deleted."));
        }
        self.store().eventing_write(|rows| {
            group_document(rows, name)?;
            loop {
                let some = rows.documents(Kind::Schedule, name, "", "", 1000)?;
                if some.is_empty() {
                    break;
                }
                for schedule in some {
                    rows.clear_timer(&self.schedule_arn(name, &schedule.name))?;
                    rows.remove_document(Kind::Schedule, name, &schedule.name)?;
                }
            }
            rows.remove_document(Kind::Group, "", name).map(drop)
        })
    }

    /// A page of the groups, by name (`ListScheduleGroups`).
    pub fn list_schedule_groups(
        &self,
        caller: &Caller,
        prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Group>> {
        caller.may("scheduler:ListScheduleGroups", "*")?;
        let (after, max) = (page.after()?, page.max()?);
        let found = self.store().eventing_read(|rows| {
            rows.documents(Kind::Group, "", prefix.unwrap_or_default(), &after, max + 1)
        })?;
        page.page(found, |document| document.name.clone())?
            .try_map(|document| Ok(self.group(&document)))
    }

    /// Sets tags of a group (the Scheduler's `TagResource`).
    pub fn tag_schedule_group(&self, caller: &Caller, arn: &str, tags: Tags) -> Result<()> {
        caller.may_given("scheduler:TagResource", arn, &request_tags(&tags))?;
        check_tags(&tags, MAX_TAGS)?;
        self.change_group(arn, |old| {
            let tags = merge_tags(old, tags);
            check_tags(&tags, MAX_TAGS)?;
            Ok(tags)
        })
    }

    /// Takes tags of a group away (the Scheduler's `UntagResource`).
    pub fn untag_schedule_group(&self, caller: &Caller, arn: &str, keys: &[String]) -> Result<()> {
        caller.may_given("scheduler:UntagResource", arn, &tag_keys(keys))?;
        self.change_group(arn, |mut tags| {
            tags.retain(|(key, _)| !keys.contains(key));
            Ok(tags)
        })
    }

    /// The tags of a group (the Scheduler's `ListTagsForResource`).
    pub fn list_schedule_group_tags(&self, caller: &Caller, arn: &str) -> Result<Tags> {
        caller.may("scheduler:ListTagsForResource", arn)?;
        let name = self.named_group(arn)?;
        self.store().eventing_read(|rows| {
            let text: GroupText = read(&group_document(rows, name)?.text)?;
            Ok(text.tags)
        })
    }

    fn change_group(&self, arn: &str, change: impl FnOnce(Tags) -> Result<Tags>) -> Result<()> {
        let name = self.named_group(arn)?;
        self.store().eventing_write(|rows| {
            let mut text: GroupText = read(&group_document(rows, name)?.text)?;
            text.tags = change(text.tags)?;
            rows.put_document(Kind::Group, "", name, &write(&text)?)
        })
    }

    fn named_group<'a>(&self, arn: &'a str) -> Result<&'a str> {
        arn.strip_prefix(&self.group_arn(""))
            .ok_or_else(|| not_found(format!("Resource {arn} does not exist.")))
    }

    fn group(&self, document: &Document) -> Group {
        Group {
            name: document.name.clone(),
            arn: self.group_arn(&document.name),
            created_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}

/// The document of a group.
pub(super) fn group_document(rows: &Rows<'_>, name: &str) -> Result<Document> {
    rows.document(Kind::Group, "", name)?
        .ok_or_else(|| not_found(format!("Schedule group {name} does not exist.")))
}

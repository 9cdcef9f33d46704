//! Schedules.

use jiff::Timestamp;
use stave_core::{Caller, Result};
use stave_store::eventing::{Document, Kind, Rows};

use super::super::documents::{read, write};
use super::super::errors::{conflict, not_found, quota};
use super::super::names::{Page, PageRequest, check_name};
use super::super::{DEFAULT, Schedules};
use super::ScheduleDefinition;
use super::groups::group_document;

/// How many schedules a group may have: far below AWS's million, which no one machine fires.
const MAX_SCHEDULES: usize = 100_000;

/// A schedule by its name, in a group: the default one unless said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// The group.
    pub group: Option<&'a str>,
    /// The schedule.
    pub name: &'a str,
}

impl<'a> Named<'a> {
    fn group(self) -> &'a str {
        self.group.unwrap_or(DEFAULT)
    }
}

/// A schedule to be made or replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSchedule<'a> {
    /// What it is called.
    pub named: Named<'a>,
    /// What it says.
    pub definition: ScheduleDefinition,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleInfo {
    /// Its name.
    pub name: String,
    /// Its group.
    pub group: String,
    /// Its ARN.
    pub arn: String,
    /// What it says.
    pub definition: ScheduleDefinition,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last replaced.
    pub updated_at: Timestamp,
}

/// Which schedules are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleFilter {
    /// Those of this group.
    pub group: Option<String>,
    /// Those whose names begin so.
    pub prefix: Option<String>,
    /// Those that are, or are not, enabled.
    pub is_enabled: Option<bool>,
}

impl Schedules {
    /// The ARN of a schedule.
    pub(super) fn schedule_arn(&self, group: &str, name: &str) -> String {
        self.arn("scheduler", &format!("schedule/{group}/{name}"))
    }

    /// Makes a schedule; says its ARN (`CreateSchedule`).
    pub fn create_schedule(&self, caller: &Caller, new: &NewSchedule<'_>) -> Result<String> {
        let (group, name) = (new.named.group(), new.named.name);
        let arn = self.schedule_arn(group, name);
        caller.may("scheduler:CreateSchedule", &arn)?;
        check_names(group, name)?;
        self.check_schedule(caller, &arn, &new.definition)?;
        self.store().eventing_write(|rows| {
            group_document(rows, group)?;
            if let Some(old) = rows.document(Kind::Schedule, group, name)? {
                let old: ScheduleDefinition = read(&old.text)?;
                let token = &new.definition.client_token;
                if token.is_some() && old.client_token == *token {
                    return Ok(());
                }
                return Err(conflict(format!("Schedule {name} already exists.")));
            }
            if rows.count_documents(Kind::Schedule, group)? >= MAX_SCHEDULES {
                return Err(quota(format!(
                    "A schedule group has at most {MAX_SCHEDULES} schedules."
                )));
            }
            rows.add_document(Kind::Schedule, group, name, &write(&new.definition)?)?;
            set_timer(rows, &arn, &new.definition)
        })?;
        self.0.work.notify_one();
        Ok(arn)
    }

    /// Replaces a schedule; says its ARN (`UpdateSchedule`).
    pub fn update_schedule(&self, caller: &Caller, new: &NewSchedule<'_>) -> Result<String> {
        let (group, name) = (new.named.group(), new.named.name);
        let arn = self.schedule_arn(group, name);
        caller.may("scheduler:UpdateSchedule", &arn)?;
        self.store()
            .eventing_read(|rows| schedule_document(rows, group, name).map(drop))?;
        self.check_schedule(caller, &arn, &new.definition)?;
        self.store().eventing_write(|rows| {
            let old = schedule_document(rows, group, name)?;
            let old: ScheduleDefinition = read(&old.text)?;
            rows.put_document(Kind::Schedule, group, name, &write(&new.definition)?)?;
            if new.definition.has_times_of(&old) {
                return Ok(());
            }
            set_timer(rows, &arn, &new.definition)
        })?;
        self.0.work.notify_one();
        Ok(arn)
    }

    /// What is known of a schedule (`GetSchedule`).
    pub fn get_schedule(&self, caller: &Caller, named: Named<'_>) -> Result<ScheduleInfo> {
        let (group, name) = (named.group(), named.name);
        caller.may("scheduler:GetSchedule", &self.schedule_arn(group, name))?;
        self.store()
            .eventing_read(|rows| self.schedule(&schedule_document(rows, group, name)?))
    }

    /// Removes a schedule (`DeleteSchedule`).
    pub fn delete_schedule(&self, caller: &Caller, named: Named<'_>) -> Result<()> {
        let (group, name) = (named.group(), named.name);
        let arn = self.schedule_arn(group, name);
        caller.may("scheduler:DeleteSchedule", &arn)?;
        self.store().eventing_write(|rows| {
            schedule_document(rows, group, name)?;
            rows.clear_timer(&arn)?;
            rows.remove_document(Kind::Schedule, group, name).map(drop)
        })
    }

    /// A page of the schedules, by group and name (`ListSchedules`).
    pub fn list_schedules(
        &self,
        caller: &Caller,
        filter: &ScheduleFilter,
        page: &PageRequest,
    ) -> Result<Page<ScheduleInfo>> {
        caller.may("scheduler:ListSchedules", "*")?;
        let (after, max) = (page.after()?, page.max()?);
        let found = self.store().eventing_read(|rows| {
            if let Some(group) = &filter.group {
                group_document(rows, group)?;
            }
            self.listed(rows, filter, &after, max + 1)
        })?;
        page.page(found, |schedule| {
            format!("{}/{}", schedule.group, schedule.name)
        })
    }

    /// The schedules after one that the filter lets through.
    fn listed(
        &self,
        rows: &Rows<'_>,
        filter: &ScheduleFilter,
        after: &str,
        max: usize,
    ) -> Result<Vec<ScheduleInfo>> {
        let (group, name) = after.split_once('/').unwrap_or_default();
        let mut place = (group.to_owned(), name.to_owned());
        let mut listed = Vec::new();
        loop {
            let some = match &filter.group {
                Some(group) => rows.documents(Kind::Schedule, group, "", &place.1, max)?,
                None => rows.documents_under(Kind::Schedule, "", (&place.0, &place.1), max)?,
            };
            for document in &some {
                let schedule = self.schedule(document)?;
                if filter.lets_through(&schedule) && listed.len() < max {
                    listed.push(schedule);
                }
            }
            match some.into_iter().last() {
                Some(last) if listed.len() < max => place = (last.parent, last.name),
                _ => return Ok(listed),
            }
        }
    }

    fn schedule(&self, document: &Document) -> Result<ScheduleInfo> {
        Ok(ScheduleInfo {
            name: document.name.clone(),
            group: document.parent.clone(),
            arn: self.schedule_arn(&document.parent, &document.name),
            definition: read(&document.text)?,
            created_at: document.created_at,
            updated_at: document.updated_at,
        })
    }

    /// The schedule that an ARN names, with its group and name.
    pub(in super::super) fn schedule_of<'a>(
        &self,
        rows: &Rows<'_>,
        arn: &'a str,
    ) -> Result<Option<((&'a str, &'a str), ScheduleDefinition)>> {
        let Some((group, name)) = self.own_schedule(arn) else {
            return Ok(None);
        };
        let document = rows.document(Kind::Schedule, group, name)?;
        document
            .map(|document| Ok(((group, name), read(&document.text)?)))
            .transpose()
    }
}

impl ScheduleFilter {
    fn lets_through(&self, schedule: &ScheduleInfo) -> bool {
        let is_enabled = schedule.definition.is_enabled;
        schedule
            .name
            .starts_with(self.prefix.as_deref().unwrap_or_default())
            && self.is_enabled.is_none_or(|wanted| wanted == is_enabled)
    }
}

/// Sets the timer of a schedule that begins now, or clears it.
fn set_timer(rows: &Rows<'_>, arn: &str, definition: &ScheduleDefinition) -> Result<()> {
    let anchor = definition.start_at.unwrap_or(rows.now());
    let timer = definition.firing(arn, anchor)?.plan.timer_from(rows.now());
    match timer.filter(|_| definition.is_enabled) {
        Some(timer) => rows.set_timer(&timer),
        None => rows.clear_timer(arn),
    }
}

fn check_names(group: &str, name: &str) -> Result<()> {
    check_name("groupName", group, 64)?;
    check_name("name", name, 64)
}

fn schedule_document(rows: &Rows<'_>, group: &str, name: &str) -> Result<Document> {
    rows.document(Kind::Schedule, group, name)?
        .ok_or_else(|| not_found(format!("Schedule {name} does not exist.")))
}

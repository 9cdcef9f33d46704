//! Log groups.

use stave_core::{Caller, Error, Result};
use stave_store::telemetry::GroupRow;

use crate::telemetry::errors::{exists, invalid_parameter, logs_limit, no_such_group};
use crate::telemetry::names::{check_group_name, check_tags, group};
use crate::telemetry::pages::page;
use crate::telemetry::{Page, PageRequest, Tags, Telemetry};

/// The days of retention that there are.
const RETENTION_DAYS: &[u32] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];
/// The most groups of an account.
const MAX_GROUPS: i64 = 10_000;

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// Its name.
    pub name: String,
    /// Its ARN, without `:*`.
    pub arn: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// After how many days its events go; never, where nothing is said.
    pub retention_days: Option<u32>,
    /// How many metric filters it has.
    pub metric_filters: usize,
    /// How large its events are.
    pub stored_bytes: u64,
    /// `STANDARD` or `INFREQUENT_ACCESS`.
    pub class: String,
}

/// A log group to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewLogGroup {
    /// Its name.
    pub name: String,
    /// `STANDARD` where nothing is said.
    pub class: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// Which groups are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupFilter {
    /// The name begins so.
    pub prefix: Option<String>,
    /// The name contains this, in whatever case.
    pub pattern: Option<String>,
    /// Only these, by name or ARN, where any are named.
    pub identifiers: Vec<String>,
    /// Of this class.
    pub class: Option<String>,
}

impl Telemetry {
    /// Makes a log group.
    pub fn create_log_group(&self, caller: &Caller, new: &NewLogGroup) -> Result<()> {
        check_group_name(&new.name)?;
        self.permit_group(caller, "logs:CreateLogGroup", &new.name)?;
        if !new.tags.is_empty() {
            caller.may("logs:TagResource", &self.group_arn(&new.name))?;
        }
        check_tags(&new.tags, invalid_parameter)?;
        if new.name.starts_with("aws/") {
            return Err(invalid_parameter("log group names do not begin with aws/"));
        }
        let class = new.class.as_deref().unwrap_or("STANDARD");
        if !matches!(class, "STANDARD" | "INFREQUENT_ACCESS") {
            return Err(Error::unsupported(format!(
                "the log group class {class} is not implemented"
            )));
        }
        let row = GroupRow {
            id: 0,
            name: new.name.clone(),
            created_ms: self.now_ms(),
            retention_days: None,
            class: class.to_owned(),
            tags: tags_text(&new.tags)?,
        };
        self.store().write(|rows| {
            if rows.group_count()? >= MAX_GROUPS {
                return Err(logs_limit(format!(
                    "there are {MAX_GROUPS} log groups already"
                )));
            }
            let added = rows.add_group(&row)?;
            added.ok_or_else(|| exists("The specified log group already exists"))?;
            Ok(())
        })
    }

    /// Removes a log group with everything in it.
    pub fn delete_log_group(&self, caller: &Caller, name: &str) -> Result<()> {
        self.permit_group(caller, "logs:DeleteLogGroup", name)?;
        let id = self.store().write(|rows| {
            let group = group(rows, name)?;
            rows.remove_group(group.id)?;
            Ok(group.id)
        })?;
        self.store().remove_logs(id)
    }

    /// A page of the log groups, by name.
    pub fn describe_log_groups(
        &self,
        caller: &Caller,
        filter: &GroupFilter,
        request: &PageRequest,
    ) -> Result<Page<LogGroup>> {
        caller.may("logs:DescribeLogGroups", &self.arn("logs", "log-group:*"))?;
        if filter.prefix.is_some() && filter.pattern.is_some() {
            return Err(invalid_parameter(
                "a name prefix and a name pattern cannot be given together",
            ));
        }
        let others = filter.prefix.is_some() || filter.pattern.is_some() || filter.class.is_some();
        if !filter.identifiers.is_empty() && others {
            return Err(invalid_parameter(
                "log group identifiers cannot be given together with other filters",
            ));
        }
        let limit = request.limit(50, invalid_parameter)?;
        let named: Vec<&str> = filter
            .identifiers
            .iter()
            .map(|name| self.group_name(name))
            .collect();
        let mut after = request
            .after("InvalidParameterException")?
            .unwrap_or_default();
        let prefix = filter.prefix.as_deref().unwrap_or_default();
        let pattern = filter.pattern.as_deref().unwrap_or_default().to_lowercase();
        let (found, filters) = self.store().read(|rows| {
            let mut found = Vec::new();
            loop {
                let some = rows.groups(prefix, &after, 1000)?;
                let Some(last) = some.last() else { break };
                after.clone_from(&last.name);
                found.extend(some.into_iter().filter(|row| {
                    row.name.to_lowercase().contains(&pattern)
                        && (named.is_empty() || named.contains(&row.name.as_str()))
                        && filter
                            .class
                            .as_ref()
                            .is_none_or(|class| row.class == *class)
                }));
                if found.len() > limit {
                    break;
                }
            }
            Ok((found, rows.filters(None)?))
        })?;
        let found = page(found, limit, |row| row.name.clone());
        let mut items = Vec::with_capacity(found.items.len());
        for row in found.items {
            let spans = self.store().log_spans(row.id)?;
            items.push(LogGroup {
                arn: self.group_arn(&row.name),
                created_ms: row.created_ms,
                retention_days: row.retention_days,
                metric_filters: filters
                    .iter()
                    .filter(|filter| filter.group == row.id)
                    .count(),
                stored_bytes: spans.values().map(|span| span.bytes).sum(),
                class: row.class,
                name: row.name,
            });
        }
        Ok(Page {
            items,
            next: found.next,
        })
    }

    /// Says after how many days events of a group go; never, without a number.
    pub fn put_retention_policy(
        &self,
        caller: &Caller,
        name: &str,
        days: Option<u32>,
    ) -> Result<()> {
        let action = match days {
            Some(_) => "logs:PutRetentionPolicy",
            None => "logs:DeleteRetentionPolicy",
        };
        self.permit_group(caller, action, name)?;
        if let Some(days) = days.filter(|days| !RETENTION_DAYS.contains(days)) {
            return Err(
                invalid_parameter(format!("{days} is not a number of days of retention"))
                    .hint(format!("one of {RETENTION_DAYS:?}")),
            );
        }
        self.store().write(|rows| {
            let group = group(rows, name)?;
            rows.set_retention(group.id, days)
        })
    }

    /// The tags of a group, which may be given by its ARN.
    pub fn log_group_tags(&self, caller: &Caller, group_or_arn: &str) -> Result<Tags> {
        let name = self.group_name(group_or_arn);
        caller.may("logs:ListTagsForResource", &self.group_arn(name))?;
        let row = self.store().read(|rows| rows.group(name))?;
        read_tags(&row.ok_or_else(no_such_group)?.tags)
    }

    /// Adds tags to a group.
    pub fn tag_log_group(&self, caller: &Caller, group_or_arn: &str, tags: &Tags) -> Result<()> {
        let name = self.group_name(group_or_arn);
        caller.may("logs:TagResource", &self.group_arn(name))?;
        self.change_tags(name, |known| known.extend(tags.clone()))
    }

    /// Removes tags from a group.
    pub fn untag_log_group(
        &self,
        caller: &Caller,
        group_or_arn: &str,
        names: &[String],
    ) -> Result<()> {
        let name = self.group_name(group_or_arn);
        caller.may("logs:UntagResource", &self.group_arn(name))?;
        self.change_tags(name, |known| known.retain(|tag, _| !names.contains(tag)))
    }

    fn change_tags(&self, name: &str, change: impl FnOnce(&mut Tags)) -> Result<()> {
        self.store().write(|rows| {
            let group = group(rows, name)?;
            let mut tags = read_tags(&group.tags)?;
            change(&mut tags);
            check_tags(&tags, invalid_parameter)?;
            rows.set_group_tags(group.id, &tags_text(&tags)?)
        })
    }
}

fn tags_text(tags: &Tags) -> Result<String> {
    serde_json::to_string(tags)
        .map_err(|error| Error::internal("tags are no JSON").caused_by(error))
}

fn read_tags(text: &str) -> Result<Tags> {
    serde_json::from_str(text)
        .map_err(|error| Error::internal("the tags of a log group are damaged").caused_by(error))
}

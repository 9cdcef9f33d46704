//! Names, ARNs and tags: what CloudWatch allows in them.

use stave_core::{Caller, Error, Result};
use stave_store::telemetry::{GroupRow, Rows, StreamRow};

use super::errors::{invalid_parameter, no_such_group, no_such_stream};
use super::{Tags, Telemetry};

/// The most tags of a log group or an alarm.
const MAX_TAGS: usize = 50;

pub(super) fn check_group_name(name: &str) -> Result<()> {
    let known = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
    if (1..=512).contains(&name.len()) && name.chars().all(known) {
        return Ok(());
    }
    Err(invalid_parameter(format!(
        "the log group name \"{name}\" is not 1 to 512 letters, digits, ., _, -, / and #"
    )))
}

pub(super) fn check_stream_name(name: &str) -> Result<()> {
    let length = name.chars().count();
    if (1..=512).contains(&length) && !name.contains([':', '*']) {
        return Ok(());
    }
    Err(invalid_parameter(format!(
        "the log stream name \"{name}\" is not 1 to 512 characters without : and *"
    )))
}

pub(super) fn check_tags(tags: &Tags, refuse: fn(String) -> Error) -> Result<()> {
    if tags.len() > MAX_TAGS {
        return Err(refuse(format!("there are more than {MAX_TAGS} tags")));
    }
    for (name, value) in tags {
        let length = name.chars().count();
        if !(1..=128).contains(&length) || name.starts_with("aws:") {
            return Err(refuse(format!(
                "the tag \"{name}\" is not 1 to 128 characters, or begins with aws:"
            )));
        }
        if value.chars().count() > 256 {
            return Err(refuse(format!(
                "the tag \"{name}\" has more than 256 characters"
            )));
        }
    }
    Ok(())
}

impl Telemetry {
    /// The ARN of a group as policies name it for its tags: without what is in it.
    pub(super) fn group_arn(&self, group: &str) -> String {
        self.arn("logs", &format!("log-group:{group}"))
    }

    /// Asks whether the caller may do `action` with a group. Policies name a group by an ARN
    /// that ends in `:*`.
    pub(super) fn permit_group(&self, caller: &Caller, action: &str, group: &str) -> Result<()> {
        caller.may(action, &format!("{}:*", self.group_arn(group)))
    }

    /// Asks whether the caller may do `action` with a stream.
    pub(super) fn permit_stream(
        &self,
        caller: &Caller,
        action: &str,
        group: &str,
        stream: &str,
    ) -> Result<()> {
        caller.may(
            action,
            &format!("{}:log-stream:{stream}", self.group_arn(group)),
        )
    }

    /// The name of a group that may be given by its ARN.
    pub(super) fn group_name<'a>(&self, name_or_arn: &'a str) -> &'a str {
        let prefix = self.arn("logs", "log-group:");
        let name = name_or_arn.strip_prefix(&prefix).unwrap_or(name_or_arn);
        name.strip_suffix(":*").unwrap_or(name)
    }
}

pub(super) fn group(rows: &Rows<'_>, name: &str) -> Result<GroupRow> {
    rows.group(name)?.ok_or_else(no_such_group)
}

pub(super) fn stream(rows: &Rows<'_>, group: i64, name: &str) -> Result<StreamRow> {
    rows.stream(group, name)?.ok_or_else(no_such_stream)
}

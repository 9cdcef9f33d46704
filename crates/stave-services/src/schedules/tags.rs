//! Tags of buses and rules.

use stave_core::iam::Context;
use stave_core::{Caller, Result};
use stave_store::eventing::Kind;

use super::Schedules;
use super::buses::{MAX_TAGS, bus_document};
use super::documents::{BusText, RuleText, read, write};
use super::errors::not_found;
use super::names::{Tags, check_tags, merge_tags};
use super::rules::rule_text;

/// The condition keys of tags that a request sets.
pub(super) fn request_tags(tags: &Tags) -> Context {
    let mut keys = Context::new();
    for (key, value) in tags {
        keys.set(&format!("aws:RequestTag/{key}"), value);
    }
    if !tags.is_empty() {
        keys.set_all("aws:TagKeys", tags.iter().map(|(key, _)| key));
    }
    keys
}

/// The condition keys of taking tags away.
pub(super) fn tag_keys(keys: &[String]) -> Context {
    Context::new().with_all("aws:TagKeys", keys)
}

impl Schedules {
    /// Sets tags of a bus or rule (`TagResource`).
    pub fn tag_resource(&self, caller: &Caller, arn: &str, tags: Tags) -> Result<()> {
        caller.may_given("events:TagResource", arn, &request_tags(&tags))?;
        check_tags(&tags, MAX_TAGS)?;
        self.change_tags(arn, |old| {
            let tags = merge_tags(old, tags);
            check_tags(&tags, MAX_TAGS)?;
            Ok(tags)
        })
    }

    /// Takes tags of a bus or rule away (`UntagResource`).
    pub fn untag_resource(&self, caller: &Caller, arn: &str, keys: &[String]) -> Result<()> {
        caller.may_given("events:UntagResource", arn, &tag_keys(keys))?;
        self.change_tags(arn, |mut tags| {
            tags.retain(|(key, _)| !keys.contains(key));
            Ok(tags)
        })
    }

    /// The tags of a bus or rule (`ListTagsForResource`).
    pub fn list_tags_for_resource(&self, caller: &Caller, arn: &str) -> Result<Tags> {
        caller.may("events:ListTagsForResource", arn)?;
        self.store().eventing_read(|rows| {
            if let Some(bus) = self.own_bus(arn) {
                let text: BusText = read(&bus_document(rows, bus)?.text)?;
                return Ok(text.tags);
            }
            let (bus, rule) = self.own_rule(arn).ok_or_else(|| unknown(arn))?;
            Ok(rule_text(rows, bus, rule)?.tags)
        })
    }

    fn change_tags(&self, arn: &str, change: impl FnOnce(Tags) -> Result<Tags>) -> Result<()> {
        if let Some(bus) = self.own_bus(arn) {
            return self.change_bus(bus, |text| {
                text.tags = change(std::mem::take(&mut text.tags))?;
                Ok(())
            });
        }
        let (bus, rule) = self.own_rule(arn).ok_or_else(|| unknown(arn))?;
        self.store().eventing_write(|rows| {
            let text = rule_text(rows, bus, rule)?;
            let tags = change(text.tags.clone())?;
            let text = write(&RuleText { tags, ..text })?;
            rows.put_document(Kind::Rule, bus, rule, &text)
        })
    }
}

fn unknown(arn: &str) -> stave_core::Error {
    not_found(format!("Resource {arn} does not exist."))
}

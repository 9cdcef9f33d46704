//! Names, ARNs, tags and pages: what AWS accepts.

use stave_core::{Arn, Result};

use super::errors::{limit, validation};
use super::{DEFAULT, Schedules};
use crate::pages::{cut, name_behind};

/// Tags: keys and values.
pub type Tags = Vec<(String, String)>;

/// How many a page holds at most, and unless asked for otherwise.
const MAX_PAGE: u32 = 100;

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Where the page before said that this one begins.
    pub next_token: Option<String>,
    /// How many at most: 1 to 100.
    pub limit: Option<u32>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub next_token: Option<String>,
}

impl PageRequest {
    /// How many at most.
    pub(super) fn max(&self) -> Result<usize> {
        match self.limit.unwrap_or(MAX_PAGE) {
            max @ 1..=MAX_PAGE => Ok(max as usize),
            max => Err(validation(format!(
                "1 validation error detected: Value '{max}' at 'limit' failed to satisfy \
                 constraint: Member must have value between 1 and {MAX_PAGE}"
            ))),
        }
    }

    /// The name after which the page begins; empty on the first.
    pub(super) fn after(&self) -> Result<String> {
        let Some(token) = &self.next_token else {
            return Ok(String::new());
        };
        name_behind(token).ok_or_else(|| validation("Parameter NextToken is not valid."))
    }

    /// The page of `items`, which are one more than fit if there is a next page.
    pub(super) fn page<T>(
        &self,
        mut items: Vec<T>,
        name: impl Fn(&T) -> String,
    ) -> Result<Page<T>> {
        let next_token = cut(&mut items, self.max()?, name);
        Ok(Page { items, next_token })
    }
}

impl<T> Page<T> {
    pub(super) fn try_map<U>(self, map: impl FnMut(T) -> Result<U>) -> Result<Page<U>> {
        Ok(Page {
            items: self.items.into_iter().map(map).collect::<Result<_>>()?,
            next_token: self.next_token,
        })
    }
}

/// Checks a name of 1 to `max` of AWS's characters.
pub(super) fn check_name(member: &str, name: &str, max: usize) -> Result<()> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
    let fault = if name.is_empty() {
        "Member must have length greater than or equal to 1".to_owned()
    } else if name.len() > max {
        format!("Member must have length less than or equal to {max}")
    } else if !name.bytes().all(plain) {
        "Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+".to_owned()
    } else {
        return Ok(());
    };
    Err(validation(format!(
        "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: \
         {fault}"
    )))
}

/// Checks the length of an optional text.
pub(super) fn check_length(member: &str, text: Option<&str>, max: usize) -> Result<()> {
    if text.is_some_and(|text| text.chars().count() > max) {
        return Err(validation(format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: \
             Member must have length less than or equal to {max}"
        )));
    }
    Ok(())
}

/// Checks tags.
pub(super) fn check_tags(tags: &Tags, max: usize) -> Result<()> {
    if tags.len() > max {
        return Err(limit(format!("There are more than {max} tags.")));
    }
    for (index, (key, value)) in tags.iter().enumerate() {
        let length = key.chars().count();
        if length == 0 || length > 128 || value.chars().count() > 256 {
            return Err(validation(format!(
                "Tag \"{key}\" is not valid: a key has 1 to 128 characters, a value at most 256."
            )));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(validation(format!(
                "Tag \"{key}\" is not valid: keys that begin with aws: are reserved."
            )));
        }
        if tags[..index].iter().any(|(other, _)| other == key) {
            return Err(validation(format!("Tag key \"{key}\" is given twice.")));
        }
    }
    Ok(())
}

/// `tags` with `more` set.
pub(super) fn merge_tags(mut tags: Tags, more: Tags) -> Tags {
    for (key, value) in more {
        match tags.iter_mut().find(|(old, _)| *old == key) {
            Some((_, old)) => *old = value,
            None => tags.push((key, value)),
        }
    }
    tags
}

impl Schedules {
    /// The ARN of a bus.
    pub(super) fn bus_arn(&self, bus: &str) -> String {
        self.arn("events", &format!("event-bus/{bus}"))
    }

    /// The ARN of a rule.
    pub(super) fn rule_arn(&self, bus: &str, rule: &str) -> String {
        if bus == DEFAULT {
            self.arn("events", &format!("rule/{rule}"))
        } else {
            self.arn("events", &format!("rule/{bus}/{rule}"))
        }
    }

    /// The name of the bus that is named, by itself or by its ARN.
    pub(super) fn bus_name<'a>(&self, given: Option<&'a str>) -> Result<&'a str> {
        let Some(given) = given else {
            return Ok(DEFAULT);
        };
        if !given.starts_with("arn:") {
            check_name("eventBusName", given, 256)?;
            return Ok(given);
        }
        self.own_bus(given)
            .ok_or_else(|| super::errors::no_bus(given))
    }

    /// The name of the bus of this account and region that an ARN names.
    pub(super) fn own_bus<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let prefix = self.bus_arn("");
        arn.strip_prefix(&prefix)
            .filter(|name| check_name("eventBusName", name, 256).is_ok())
    }

    /// The bus and the name of the rule that an ARN names.
    pub(super) fn own_rule<'a>(&self, arn: &'a str) -> Option<(&'a str, &'a str)> {
        let rest = arn.strip_prefix(&self.arn("events", "rule/"))?;
        Some(rest.split_once('/').unwrap_or((DEFAULT, rest)))
    }

    /// The group and the name of the schedule that an ARN names.
    pub(super) fn own_schedule<'a>(&self, arn: &'a str) -> Option<(&'a str, &'a str)> {
        let rest = arn.strip_prefix(&self.arn("scheduler", "schedule/"))?;
        rest.split_once('/')
    }

    /// Reads the ARN of a target.
    pub(super) fn target_arn(text: &str) -> Result<Arn> {
        let wrong = || {
            validation(format!(
                "Parameter {text} is not valid. Reason: Provided Arn is not in correct format."
            ))
        };
        if text.len() > 1600 {
            return Err(wrong());
        }
        text.parse().map_err(|_| wrong())
    }
}

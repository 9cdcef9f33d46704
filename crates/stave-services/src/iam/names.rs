//! Names, paths, tags and pages: what AWS accepts.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>

use stave_core::Result;
use stave_store::iam::{EntityKind, Tags};

use super::errors::{invalid_input, limit, validation};
use crate::pages::{cut, name_behind};

/// The most tags of one thing.
pub const MAX_TAGS: usize = 50;
/// How many a page holds unless asked for otherwise.
const DEFAULT_PAGE: u32 = 100;
/// The most that a page holds.
const MAX_PAGE: u32 = 1000;

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Where the page before said that this one begins.
    pub marker: Option<String>,
    /// How many at most: 1 to 1,000; 100 unless said.
    pub max_items: Option<u32>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last.
    pub marker: Option<String>,
}

impl PageRequest {
    /// How many at most.
    pub(super) fn max(&self) -> Result<usize> {
        match self.max_items.unwrap_or(DEFAULT_PAGE) {
            max @ 1..=MAX_PAGE => Ok(max as usize),
            max => Err(validation(format!(
                "MaxItems is {max}: it must be 1 to {MAX_PAGE}"
            ))),
        }
    }

    /// The name after which the page begins; empty on the first.
    pub(super) fn after(&self) -> Result<String> {
        let Some(marker) = &self.marker else {
            return Ok(String::new());
        };
        name_behind(marker)
            .ok_or_else(|| validation("Invalid Marker: it is not one that a page gave"))
    }

    /// The page of `items`, which are one more than fit if there is a next page.
    pub(super) fn page<T>(
        &self,
        mut items: Vec<T>,
        name: impl Fn(&T) -> String,
    ) -> Result<Page<T>> {
        let marker = cut(&mut items, self.max()?, name);
        Ok(Page { items, marker })
    }

    /// The page of `all`, which are in the order of their names.
    pub(super) fn cut<T>(&self, all: Vec<T>, name: impl Fn(&T) -> String) -> Result<Page<T>> {
        let after = self.after()?;
        let max = self.max()?;
        let rest = all
            .into_iter()
            .filter(|item| after.is_empty() || name(item) > after)
            .take(max + 1)
            .collect();
        self.page(rest, name)
    }
}

impl<T> Page<T> {
    pub(super) fn map<U>(self, map: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(map).collect(),
            marker: self.marker,
        }
    }
}

/// Checks the name of an entity.
pub(super) fn check_entity_name(kind: EntityKind, name: &str) -> Result<()> {
    match kind {
        EntityKind::User => check_name("userName", name, 64),
        EntityKind::Group => check_name("groupName", name, 128),
        EntityKind::Role => check_name("roleName", name, 64),
    }
}

/// Checks a name of at most `max` characters.
pub(super) fn check_name(member: &str, name: &str, max: usize) -> Result<()> {
    if name.is_empty() || name.chars().count() > max {
        return Err(validation(format!(
            "The specified value for {member} is invalid. It must have 1 to {max} characters."
        )));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    if !name.bytes().all(plain) {
        return Err(validation(format!(
            "The specified value for {member} is invalid. It must contain only alphanumeric \
             characters and/or the following: +=,.@_-"
        )));
    }
    Ok(())
}

/// Checks the path of something that is named by it.
pub(super) fn check_path(path: &str) -> Result<()> {
    let plain = path.bytes().all(|b| (0x21..=0x7e).contains(&b));
    if path.len() > 512 || !path.starts_with('/') || !path.ends_with('/') || !plain {
        return Err(validation(
            "The specified value for path is invalid. It must begin and end with / and contain \
             only alphanumeric characters and/or / characters.",
        ));
    }
    Ok(())
}

/// Checks the beginning of a path, by which a list is to be filtered.
pub(super) fn check_path_prefix(prefix: Option<&str>) -> Result<&str> {
    let prefix = prefix.unwrap_or("/");
    let plain = prefix.bytes().all(|b| (0x21..=0x7e).contains(&b));
    if prefix.len() > 512 || !prefix.starts_with('/') || !plain {
        return Err(validation(
            "The specified value for pathPrefix is invalid. It must begin with / and contain \
             only alphanumeric characters and/or / characters.",
        ));
    }
    Ok(prefix)
}

/// Checks tags that are to be set.
pub(super) fn check_tags(tags: &Tags) -> Result<()> {
    if tags.len() > MAX_TAGS {
        return Err(limit(format!(
            "Cannot exceed quota for TagsPerEntity: {MAX_TAGS}"
        )));
    }
    let mut seen = std::collections::HashSet::new();
    for (key, value) in tags {
        check_tag(key, value)?;
        if !seen.insert(key.to_lowercase()) {
            return Err(invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
    }
    Ok(())
}

fn check_tag(key: &str, value: &str) -> Result<()> {
    let plain =
        |c: char| c.is_alphanumeric() || c == ' ' || c.is_whitespace() || "_.:/=+-@".contains(c);
    let (keys, values) = (key.chars().count(), value.chars().count());
    if keys == 0 || keys > 128 || values > 256 {
        return Err(validation(format!(
            "The tag \"{key}\" is invalid: its key must have 1 to 128 characters, its value at \
             most 256"
        )));
    }
    if !key.chars().chain(value.chars()).all(plain) {
        return Err(validation(format!(
            "The tag \"{key}\" is invalid: it must contain only letters, numbers, spaces and \
             the following: _.:/=+-@"
        )));
    }
    if key.to_lowercase().starts_with("aws:") {
        return Err(invalid_input(format!(
            "The tag \"{key}\" is invalid: keys that begin with aws: are reserved"
        )));
    }
    Ok(())
}

/// `tags` with `more` set; the case of a key is that in which it was first set.
pub(super) fn merge_tags(mut tags: Tags, more: Tags) -> Tags {
    for (key, value) in more {
        match tags
            .iter_mut()
            .find(|(old, _)| old.eq_ignore_ascii_case(&key))
        {
            Some((_, old)) => *old = value,
            None => tags.push((key, value)),
        }
    }
    tags
}

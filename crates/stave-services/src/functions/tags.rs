//! Tags of functions.

use stave_core::iam::Context;
use stave_core::{Caller, Result};

use super::errors::invalid;
use super::names::Named;
use super::{Functions, Tags};

/// The most tags of a function.
const MAX_TAGS: usize = 50;

/// Checks tags that are to be a function's.
pub(super) fn check(tags: &Tags) -> Result<()> {
    if tags.len() > MAX_TAGS {
        return Err(invalid(format!("A function may have {MAX_TAGS} tags")));
    }
    let plain = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    for (key, value) in tags {
        let (keys, values) = (key.chars().count(), value.chars().count());
        let is_plain = key.chars().chain(value.chars()).all(plain);
        if !(1..=128).contains(&keys) || values > 256 || !is_plain {
            return Err(invalid(format!(
                "The tag \"{key}\" is invalid: its key must have 1 to 128 characters, its value at \
                 most 256: letters, numbers, spaces and _.:/=+-@"
            )));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(invalid(format!(
                "The tag \"{key}\" is invalid: keys that begin with aws: are reserved"
            )));
        }
    }
    Ok(())
}

impl Functions {
    fn tagged(&self, arn: &str) -> Result<Named> {
        if !arn.starts_with("arn:") {
            return Err(invalid(format!("{arn} is not the ARN of a function")));
        }
        self.latest(arn)
    }

    /// Sets tags of a function, which is named by its ARN.
    pub fn tag(&self, caller: &Caller, arn: &str, tags: Tags) -> Result<()> {
        let named = self.tagged(arn)?;
        let mut keys = Context::new();
        for (key, value) in &tags {
            keys.set(&format!("aws:RequestTag/{key}"), value);
        }
        keys.set_all("aws:TagKeys", tags.keys());
        caller.may_given("lambda:TagResource", arn, &keys)?;
        self.store().functions_write(|rows| {
            let function = rows.function(&named.name)?;
            let mut function = function.ok_or_else(|| self.no_function(&named))?;
            function.tags.extend(tags);
            check(&function.tags)?;
            rows.replace_function(&function)
        })
    }

    /// Removes tags of a function, which is named by its ARN.
    pub fn untag(&self, caller: &Caller, arn: &str, keys: &[String]) -> Result<()> {
        let named = self.tagged(arn)?;
        let asked = Context::new().with_all("aws:TagKeys", keys);
        caller.may_given("lambda:UntagResource", arn, &asked)?;
        self.store().functions_write(|rows| {
            let function = rows.function(&named.name)?;
            let mut function = function.ok_or_else(|| self.no_function(&named))?;
            function.tags.retain(|key, _| !keys.contains(key));
            rows.replace_function(&function)
        })
    }

    /// The tags of a function, which is named by its ARN.
    pub fn list_tags(&self, caller: &Caller, arn: &str) -> Result<Tags> {
        let named = self.tagged(arn)?;
        self.store().functions_read(|rows| {
            let function = self.permitted(rows, caller, "lambda:ListTags", &named)?;
            Ok(function.tags)
        })
    }
}

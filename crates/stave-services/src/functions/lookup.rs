//! Finding functions: one by its name, and lists.

use stave_core::iam::Context;
use stave_core::{Caller, Error, Result};
use stave_store::functions::{Function, LATEST, Rows};

use super::definition::{Definition, FunctionVersion};
use super::errors::{invalid, not_found};
use super::names::{LATEST_NAME, Named, Qualifier, version_name};
use super::{Functions, Tags};
use crate::pages::{cut, name_behind};

/// How many a page holds unless asked for otherwise, and at most.
const DEFAULT_PAGE: u32 = 50;

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Where the page before said that this one begins.
    pub marker: Option<String>,
    /// How many at most; more than a page holds is as many as it holds.
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
    pub(super) fn max(&self) -> Result<usize> {
        match self.max_items {
            Some(0) => Err(invalid("MaxItems must be at least 1")),
            max => Ok(max.unwrap_or(DEFAULT_PAGE).min(DEFAULT_PAGE) as usize),
        }
    }

    /// What the page before ended with; none on the first.
    pub(super) fn after(&self) -> Result<Option<String>> {
        let Some(marker) = &self.marker else {
            return Ok(None);
        };
        name_behind(marker).map(Some).ok_or_else(wrong_marker)
    }

    /// As [`Self::after`], a number.
    pub(super) fn after_number(&self) -> Result<Option<u64>> {
        let after = self.after()?;
        after
            .map(|text| text.parse().map_err(|_| wrong_marker()))
            .transpose()
    }

    /// The page of `items`, which are one more than fit if there is a next page.
    pub(super) fn page<T>(
        &self,
        mut items: Vec<T>,
        place: impl Fn(&T) -> String,
    ) -> Result<Page<T>> {
        let marker = cut(&mut items, self.max()?, place);
        Ok(Page { items, marker })
    }
}

fn wrong_marker() -> Error {
    invalid("Invalid Marker: it is not one that a page gave")
}

impl<T> Page<T> {
    pub(super) fn try_map<U>(self, map: impl FnMut(T) -> Result<U>) -> Result<Page<U>> {
        Ok(Page {
            items: self.items.into_iter().map(map).collect::<Result<_>>()?,
            marker: self.marker,
        })
    }
}

impl Functions {
    /// Checks that the caller may do `action` on `arn`, a function's or a layer's, with the tags
    /// of the function.
    pub(super) fn permit(
        rows: &Rows<'_>,
        caller: &Caller,
        action: &str,
        name: &str,
        arn: &str,
    ) -> Result<()> {
        let mut keys = Context::new();
        for (key, value) in rows
            .function(name)?
            .map(|function| function.tags)
            .unwrap_or_default()
        {
            keys.set(&format!("aws:ResourceTag/{key}"), value);
        }
        caller.may_given(action, arn, &keys)
    }

    /// The function that was named, if the caller may do `action` on it.
    pub(super) fn permitted(
        &self,
        rows: &Rows<'_>,
        caller: &Caller,
        action: &str,
        named: &Named,
    ) -> Result<Function> {
        let arn = self.named_arn(named);
        Self::permit(rows, caller, action, &named.name, &arn)?;
        let function = rows.function(&named.name)?;
        function.ok_or_else(|| self.no_function(named))
    }

    pub(super) fn no_function(&self, named: &Named) -> Error {
        not_found(format!("Function not found: {}", self.named_arn(named)))
    }

    /// The version that was named: `$LATEST` without a qualifier, an alias's first.
    pub(super) fn version(&self, rows: &Rows<'_>, named: &Named) -> Result<FunctionVersion> {
        let number = self.version_number(rows, named)?;
        let definition = rows.version(&named.name, number)?;
        let definition = definition.ok_or_else(|| self.no_function(named))?;
        Ok(FunctionVersion {
            name: named.name.clone(),
            arn: self.named_arn(named),
            version: version_name(number),
            definition: Definition::from_json(&definition)?,
        })
    }

    fn version_number(&self, rows: &Rows<'_>, named: &Named) -> Result<u64> {
        match &named.qualifier {
            None => Ok(LATEST),
            Some(Qualifier::Version(version)) => Ok(*version),
            Some(Qualifier::Alias(alias)) => {
                let alias = rows.alias(&named.name, alias)?;
                alias
                    .map(|alias| alias.version)
                    .ok_or_else(|| self.no_function(named))
            }
        }
    }

    /// The configuration of a function (`GetFunctionConfiguration`).
    pub fn get_configuration(
        &self,
        caller: &Caller,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<FunctionVersion> {
        let named = self.named(name, qualifier)?;
        self.store().functions_read(|rows| {
            self.permitted(rows, caller, "lambda:GetFunctionConfiguration", &named)?;
            self.version(rows, &named)
        })
    }

    /// A function with what all its versions have in common: its tags and reserved concurrency
    /// (`GetFunction`). The zip is that of [`Self::code_zip`].
    pub fn get_function(
        &self,
        caller: &Caller,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<(FunctionVersion, Tags, Option<u32>)> {
        let named = self.named(name, qualifier)?;
        self.store().functions_read(|rows| {
            let function = self.permitted(rows, caller, "lambda:GetFunction", &named)?;
            let version = self.version(rows, &named)?;
            Ok((version, function.tags, function.reserved))
        })
    }

    /// The zip of a function's code, as it came.
    pub fn code_zip(
        &self,
        caller: &Caller,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<Vec<u8>> {
        let (version, ..) = self.get_function(caller, name, qualifier)?;
        self.store().function_zip(&version.definition.code.sha256)
    }

    /// A page of the functions by name; with `all_versions`, of their versions.
    pub fn list_functions(
        &self,
        caller: &Caller,
        all_versions: bool,
        page: &PageRequest,
    ) -> Result<Page<FunctionVersion>> {
        caller.may("lambda:ListFunctions", "*")?;
        let after = page.after()?;
        let after = after
            .as_deref()
            .map(|after| {
                let (name, version) = after.split_once(':').ok_or_else(wrong_marker)?;
                let version = version.parse().map_err(|_| wrong_marker())?;
                Ok::<_, Error>((name, version))
            })
            .transpose()?;
        let found = self
            .store()
            .functions_read(|rows| rows.all_versions(after, all_versions, page.max()? + 1))?;
        let page = page.page(found, |(name, version, _)| format!("{name}:{version}"))?;
        page.try_map(|(name, version, definition)| {
            let arn = self.function_arn(&name);
            Ok(FunctionVersion {
                arn: if all_versions {
                    format!("{arn}:{}", version_name(version))
                } else {
                    arn
                },
                name,
                version: version_name(version),
                definition: Definition::from_json(&definition)?,
            })
        })
    }

    /// Removes a function, or one of its versions (`DeleteFunction`).
    pub fn delete_function(
        &self,
        caller: &Caller,
        name: &str,
        qualifier: Option<&str>,
    ) -> Result<()> {
        let named = self.named(name, qualifier)?;
        self.store().functions_write(|rows| {
            self.permitted(rows, caller, "lambda:DeleteFunction", &named)?;
            match &named.qualifier {
                None => rows.remove_function(&named.name).map(drop),
                Some(Qualifier::Version(LATEST)) => Err(invalid(format!(
                    "{LATEST_NAME} version cannot be deleted without deleting the function."
                ))),
                Some(Qualifier::Alias(_)) => Err(invalid(
                    "Deletion of aliases is not currently supported: use DeleteAlias",
                )),
                Some(Qualifier::Version(version)) => {
                    if !rows.aliases(&named.name, Some(*version), "", 1)?.is_empty() {
                        return Err(super::errors::conflict(format!(
                            "Function version {version} is used by an alias"
                        )));
                    }
                    if !rows.remove_version(&named.name, *version)? {
                        return Err(self.no_function(&named));
                    }
                    Ok(())
                }
            }
        })?;
        self.0.pool.retire(&named.name);
        Ok(())
    }
}

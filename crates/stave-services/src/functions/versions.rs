//! Published versions: `$LATEST` as it was, which never changes again.

use stave_core::{Caller, Result};
use stave_store::functions::{LATEST, Rows};

use super::Functions;
use super::definition::{Definition, FunctionVersion};
use super::errors::{conflict, invalid, stale};
use super::lookup::{Page, PageRequest};
use super::names::{Named, Qualifier, version_name};

impl Functions {
    /// Publishes `$LATEST`; when nothing has changed since the last version, that is the answer.
    pub fn publish_version(
        &self,
        caller: &Caller,
        name: &str,
        description: Option<&str>,
        code_sha256: Option<&str>,
        revision: Option<&str>,
    ) -> Result<FunctionVersion> {
        let named = self.latest(name)?;
        if description.is_some_and(|text| text.chars().count() > 256) {
            return Err(invalid("Description must have at most 256 characters"));
        }
        self.store().functions_read(|rows| {
            self.permitted(rows, caller, "lambda:PublishVersion", &named)?;
            let latest = self.version(rows, &named)?.definition;
            if code_sha256.is_some_and(|hash| hash != latest.code.sha256_base64()) {
                return Err(invalid(format!(
                    "CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please \
                     try again with the CodeSHA256 in $LATEST.",
                    code_sha256.unwrap_or_default(),
                    latest.code.sha256_base64()
                )));
            }
            if revision.is_some_and(|revision| revision != latest.revision) {
                return Err(stale());
            }
            Ok(())
        })?;
        self.publish_now(&named.name, description)
    }

    /// Publishes without asking who wants it.
    pub(super) fn publish_now(
        &self,
        name: &str,
        description: Option<&str>,
    ) -> Result<FunctionVersion> {
        let named = Named {
            name: name.to_owned(),
            qualifier: None,
        };
        self.store().functions_write(|rows| {
            let function = rows.function(name)?;
            let mut function = function.ok_or_else(|| self.no_function(&named))?;
            let latest = self.version(rows, &named)?.definition;
            let last = self.published(rows, name, function.last_version)?;
            if let Some(last) = last.filter(|last| is_same(&last.definition, &latest, description))
            {
                return Ok(last);
            }
            if latest.update == super::definition::UpdateStatus::InProgress {
                return Err(conflict(format!(
                    "The operation cannot be performed at this time. An update is in progress for \
                     resource: {}",
                    self.function_arn(name)
                )));
            }
            function.last_version += 1;
            let version = function.last_version;
            rows.replace_function(&function)?;
            let mut definition = latest;
            if let Some(description) = description {
                description.clone_into(&mut definition.description);
            }
            definition.revision = self.uuid();
            rows.put_version(name, version, &definition.to_json()?, &definition.codes())?;
            let published = self.published(rows, name, version)?;
            published.ok_or_else(|| self.no_function(&named))
        })
    }

    fn published(
        &self,
        rows: &Rows<'_>,
        name: &str,
        version: u64,
    ) -> Result<Option<FunctionVersion>> {
        if version == LATEST || rows.version(name, version)?.is_none() {
            return Ok(None);
        }
        let named = Named {
            name: name.to_owned(),
            qualifier: Some(Qualifier::Version(version)),
        };
        self.version(rows, &named).map(Some)
    }

    /// A page of a function's versions, `$LATEST` first.
    pub fn list_versions(
        &self,
        caller: &Caller,
        name: &str,
        page: &PageRequest,
    ) -> Result<Page<FunctionVersion>> {
        let named = self.latest(name)?;
        let after = page.after_number()?;
        let found = self.store().functions_read(|rows| {
            self.permitted(rows, caller, "lambda:ListVersionsByFunction", &named)?;
            rows.versions(&named.name, after, page.max()? + 1)
        })?;
        let page = page.page(found, |(_, version, _)| version.to_string())?;
        page.try_map(|(name, version, text)| {
            let version = version_name(version);
            Ok(FunctionVersion {
                arn: format!("{}:{version}", self.function_arn(&name)),
                name,
                version,
                definition: Definition::from_json(&text)?,
            })
        })
    }
}

/// Whether publishing would say nothing new.
fn is_same(last: &Definition, latest: &Definition, description: Option<&str>) -> bool {
    let settled = Definition {
        revision: last.revision.clone(),
        modified_at: last.modified_at,
        description: description.unwrap_or(&latest.description).to_owned(),
        ..latest.clone()
    };
    *last == settled
}

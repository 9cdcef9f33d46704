//! `UpdateFunctionCode` and `UpdateFunctionConfiguration`.

use stave_core::{Caller, Result};
use stave_store::functions::{LATEST, Rows};

use super::Functions;
use super::code::{CodeSource, keep};
use super::definition::{Definition, FunctionVersion, Reason, State, UpdateStatus};
use super::errors::{conflict, invalid, stale};
use super::names::{Named, Qualifier};
use super::settings::Settings;

/// New code for a function.
#[derive(Debug, Clone)]
pub struct CodeUpdate {
    /// The code.
    pub code: CodeSource,
    /// `x86_64` or `arm64`.
    pub architecture: Option<String>,
    /// Whether a version is published of it.
    pub publish: bool,
    /// Whether it is only checked.
    pub dry_run: bool,
    /// The revision that it is for.
    pub revision: Option<String>,
}

impl Functions {
    /// Gives a function new code.
    pub async fn update_code(
        &self,
        caller: &Caller,
        name: &str,
        update: CodeUpdate,
    ) -> Result<FunctionVersion> {
        const ACTION: &str = "lambda:UpdateFunctionCode";
        let named = self.latest(name)?;
        self.store()
            .functions_read(|rows| self.permitted(rows, caller, ACTION, &named))?;
        let settings = Settings {
            architecture: update.architecture,
            ..Settings::default()
        };
        settings.check()?;
        let zip = self.zip_of(caller, update.code).await?;
        let (this, caller) = (self.clone(), caller.clone());
        let changed = crate::blocking::blocking(self.store(), move |store| {
            let code = keep(store, &zip)?;
            let change = |rows: &Rows<'_>, definition: &mut Definition| {
                definition.code = code;
                settings.apply(definition, None)?;
                Self::check_size(rows, definition)
            };
            let revision = update.revision.as_deref();
            this.change(&caller, ACTION, &named, revision, update.dry_run, change)
        })
        .await?;
        if update.dry_run {
            return Ok(changed);
        }
        // A version is published of what is ready.
        let changed = self.prepare(changed, update.publish).await?;
        if update.publish {
            return self.publish_now(&changed.name, None);
        }
        Ok(changed)
    }

    /// Changes what is set of a function.
    pub async fn update_configuration(
        &self,
        caller: &Caller,
        name: &str,
        settings: Settings,
        revision: Option<&str>,
    ) -> Result<FunctionVersion> {
        const ACTION: &str = "lambda:UpdateFunctionConfiguration";
        let named = self.latest(name)?;
        settings.check()?;
        let (this, caller) = (self.clone(), caller.clone());
        let revision = revision.map(str::to_owned);
        let changed = crate::blocking::blocking(self.store(), move |store| {
            store.functions_read(|rows| this.permitted(rows, &caller, ACTION, &named))?;
            if let Some(role) = &settings.role {
                this.check_role(&caller, role)?;
            }
            let change = |rows: &Rows<'_>, definition: &mut Definition| {
                let layers = settings.layers.as_deref();
                let layers = layers.map(|arns| this.used_layers(rows, &caller, arns));
                settings.apply(definition, layers.transpose()?)?;
                Self::check_size(rows, definition)
            };
            this.change(&caller, ACTION, &named, revision.as_deref(), false, change)
        })
        .await?;
        self.prepare(changed, false).await
    }

    /// A function named for a change, which only `$LATEST` takes.
    pub(super) fn latest(&self, name: &str) -> Result<Named> {
        let named = self.named(name, None)?;
        match named.qualifier {
            None | Some(Qualifier::Version(LATEST)) => Ok(Named {
                qualifier: None,
                ..named
            }),
            Some(_) => Err(invalid(
                "This operation is permitted on the function's $LATEST version only",
            )),
        }
    }

    fn change(
        &self,
        caller: &Caller,
        action: &str,
        named: &Named,
        revision: Option<&str>,
        dry_run: bool,
        change: impl FnOnce(&Rows<'_>, &mut Definition) -> Result<()>,
    ) -> Result<FunctionVersion> {
        self.store().functions_write(|rows| {
            self.permitted(rows, caller, action, named)?;
            let mut version = self.version(rows, named)?;
            let definition = &mut version.definition;
            if revision.is_some_and(|revision| revision != definition.revision) {
                return Err(stale());
            }
            if definition.update == UpdateStatus::InProgress {
                return Err(conflict(format!(
                    "The operation cannot be performed at this time. An update is in progress for \
                     resource: {}",
                    version.arn
                )));
            }
            change(rows, definition)?;
            definition.modified_at = rows.now();
            definition.revision = self.uuid();
            definition.update = UpdateStatus::InProgress;
            definition.update_reason = Some(Reason {
                code: "Creating".to_owned(),
                message: "The function is being updated.".to_owned(),
            });
            if definition.state == State::Failed {
                definition.state = State::Pending;
            }
            if !dry_run {
                rows.put_version(
                    &named.name,
                    LATEST,
                    &definition.to_json()?,
                    &definition.codes(),
                )?;
                Self::check_code_bytes(rows)?;
            }
            Ok(version)
        })
    }
}

//! `CreateFunction`.

use std::collections::BTreeMap;

use bytes::Bytes;
use stave_core::iam::Context;
use stave_core::{Caller, Error, ErrorKind, Result};
use stave_store::functions::LATEST;

use super::code::{CodeSource, keep};
use super::definition::{Code, Definition, FunctionVersion, Packages, Reason, State, UpdateStatus};
use super::errors::{conflict, invalid};
use super::names::Named;
use super::runtimes::Runtime;
use super::settings::Settings;
use super::{Functions, Tags};

/// The service that roles of functions are passed to.
pub(super) const SERVICE: &str = "lambda.amazonaws.com";
/// The largest sum of all zips, in bytes: AWS's 75 GB.
pub(super) const MAX_CODE_BYTES: u64 = 75 * 1024 * 1024 * 1024;

/// A function that is to be made.
#[derive(Debug, Clone)]
pub struct NewFunction {
    /// Its name, or its ARN.
    pub name: String,
    /// Its code.
    pub code: CodeSource,
    /// What is set of it: role, runtime and handler at least.
    pub settings: Settings,
    /// Its tags.
    pub tags: Tags,
    /// Whether a version is published at once.
    pub publish: bool,
}

impl Functions {
    /// Makes a function. It is `Pending` while a virtual environment is made for it.
    pub async fn create_function(
        &self,
        caller: &Caller,
        new: NewFunction,
    ) -> Result<FunctionVersion> {
        let named = self.named(&new.name, None)?;
        if named.qualifier.is_some() {
            return Err(invalid(
                "A new function is named without a version or alias",
            ));
        }
        let mut keys = Context::new();
        for (key, value) in &new.tags {
            keys.set(&format!("aws:RequestTag/{key}"), value);
        }
        if !new.tags.is_empty() {
            keys.set_all("aws:TagKeys", new.tags.keys());
        }
        caller.may_given("lambda:CreateFunction", &self.named_arn(&named), &keys)?;
        new.settings.check()?;
        super::tags::check(&new.tags)?;
        let zip = self.zip_of(caller, new.code).await?;
        let (this, caller) = (self.clone(), caller.clone());
        let publish = new.publish;
        let (settings, tags) = (new.settings, new.tags);
        let made = crate::blocking::blocking(self.store(), move |_| {
            this.create(&caller, &named, &zip, settings, &tags)
        })
        .await?;
        let mut made = self.prepare(made, publish).await?;
        if publish {
            let name = made.name.clone();
            made = self.publish_now(&name, None)?;
        }
        Ok(made)
    }

    fn create(
        &self,
        caller: &Caller,
        named: &Named,
        zip: &Bytes,
        settings: Settings,
        tags: &Tags,
    ) -> Result<FunctionVersion> {
        let role = settings.role.clone().unwrap_or_default();
        self.check_role(caller, &role)?;
        let code = keep(self.store(), zip)?;
        let name = &named.name;
        self.store().functions_write(|rows| {
            let layers = settings.layers.as_deref().unwrap_or_default();
            let layers = self.used_layers(rows, caller, layers)?;
            let mut definition = self.blank(&settings, code)?;
            settings.apply(&mut definition, Some(layers))?;
            rows.add_function(name, tags)
                .map_err(|error| match error.kind() {
                    ErrorKind::AlreadyExists => conflict(format!("Function already exist: {name}")),
                    _ => error,
                })?;
            Self::check_size(rows, &definition)?;
            rows.put_version(name, LATEST, &definition.to_json()?, &definition.codes())?;
            Self::check_code_bytes(rows)?;
            self.version(rows, named)
        })
    }

    /// Checks that the caller may pass the role to Lambda, which it must trust.
    pub(super) fn check_role(&self, caller: &Caller, role: &str) -> Result<()> {
        let passed = self.0.iam.pass_role(caller, role, SERVICE);
        passed.map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::Invalid => {
                let said = "The role defined for the function cannot be assumed by Lambda.";
                match error.hint_text() {
                    Some(hint) => invalid(said).hint(hint.to_owned()),
                    None => invalid(said).hint(error.message().to_owned()),
                }
            }
            _ => error,
        })
    }

    pub(super) fn check_code_bytes(rows: &stave_store::functions::Rows<'_>) -> Result<()> {
        if rows.code_bytes()? > MAX_CODE_BYTES {
            return Err(Error::limit_exceeded("Code storage limit exceeded.")
                .coded("CodeStorageExceededException"));
        }
        Ok(())
    }

    fn blank(&self, settings: &Settings, code: Code) -> Result<Definition> {
        let missing = |member: &str| {
            invalid(format!(
                "{member} is mandatory for functions created with deployment packages."
            ))
        };
        let runtime = settings
            .runtime
            .as_deref()
            .ok_or_else(|| missing("Runtime"))?;
        let runtime: Runtime = runtime.parse()?;
        Ok(Definition {
            runtime,
            handler: settings.handler.clone().ok_or_else(|| missing("Handler"))?,
            role: String::new(),
            description: String::new(),
            timeout_seconds: 3,
            memory_mb: 128,
            environment: BTreeMap::new(),
            layers: Vec::new(),
            architecture: "x86_64".to_owned(),
            ephemeral_mb: 512,
            log_group: None,
            code,
            packages: Packages::Requirements,
            extra_environment: BTreeMap::new(),
            modified_at: self.now(),
            revision: self.uuid(),
            state: State::Pending,
            state_reason: Some(Reason {
                code: "Creating".to_owned(),
                message: "The function is being created.".to_owned(),
            }),
            update: UpdateStatus::InProgress,
            update_reason: None,
        })
    }
}

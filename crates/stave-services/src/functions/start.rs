//! Starting an environment for a version: its credentials, its program, its variables.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use stave_core::iam::Context;
use stave_core::{Caller, Error, Result};

use super::Functions;
use super::create::SERVICE;
use super::definition::FunctionVersion;
use super::environment::{Confinement, Environment, Places, Plan};
use super::errors::io_error;
use super::runtimes::Machine;
use crate::iam::{AssumeRole, AssumedRole};

/// How long the credentials of an environment last, in seconds.
const CREDENTIAL_SECONDS: u32 = 3600;

impl Functions {
    /// Starts an environment.
    pub(super) async fn start_environment(&self, version: &FunctionVersion) -> Result<Environment> {
        let plan = self.plan(version).await?;
        let sink = self.log_sink();
        let confinement = self.confinement().await?;
        Environment::start(plan, confinement, Arc::clone(&self.0.clock), sink).await
    }

    /// What leads functions where they belong. Files of the home that it names are copied into
    /// the environment's folder where the home is hidden: certificates.
    async fn surroundings(
        &self,
        own: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Result<BTreeMap<String, String>> {
        let mut variables = self.ports().surroundings.variables(own)?;
        if !self.confinement().await?.has_namespaces() {
            return Ok(variables);
        }
        let home = self.store().home();
        for value in variables.values_mut() {
            let path = Path::new(value.as_str());
            let is_hidden = path.starts_with(home.root()) && !path.starts_with(home.functions());
            if let (true, Some(name)) = (is_hidden, path.file_name()) {
                let copy = folder.join(name);
                fs::create_dir_all(folder)
                    .and_then(|()| fs::copy(path, &copy))
                    .map_err(|error| io_error(error, "copy", path))?;
                *value = copy.to_string_lossy().into_owned();
            }
        }
        Ok(variables)
    }

    /// What environments are confined by; found out when it is first asked for.
    async fn confinement(&self) -> Result<&Confinement> {
        let found = self.0.confinement.get_or_try_init(|| {
            let this = self.clone();
            crate::blocking::blocking(self.store(), move |store| {
                if !this.options().confine {
                    return Ok(Confinement::default());
                }
                let home = store.home();
                let places = Places {
                    home: home.root().to_owned(),
                    functions: home.functions(),
                };
                Ok(Confinement::find(&places, this.0.worker.folder()))
            })
        });
        found.await
    }

    /// How environments are kept to themselves, in words: by what, and their memory.
    pub async fn confined_by(&self) -> Result<(bool, &'static str)> {
        let found = self.confinement().await?;
        Ok((found.has_namespaces(), found.memory()))
    }

    async fn plan(&self, version: &FunctionVersion) -> Result<Plan> {
        let definition = &version.definition;
        let machine = self.machine(definition).await?;
        let (this, asked) = (self.clone(), version.clone());
        let role = crate::blocking::blocking(self.store(), move |_| this.assume(&asked)).await?;
        let id = format!("{:032x}", self.store().function_id());
        let log_stream = format!(
            "{}/[{}]{id}",
            self.now().strftime("%Y/%m/%d"),
            version.version
        );
        let folder = self.0.worker.folder().join(&id);
        let mut given = self.variables(version, &role, &log_stream);
        given.insert("HOME".to_owned(), folder.to_string_lossy().into_owned());
        // Whoever has only AWS's settings says there what Stave is to give it.
        let mut own = definition.environment.clone();
        own.extend(definition.extra_environment.clone());
        given.extend(self.surroundings(&own, &folder).await?);
        given.extend(own);
        Ok(Plan {
            program: machine.program(&self.0.bootstraps, given)?,
            folder,
            log_group: version.log_group(),
            log_stream,
            label: label(&machine),
            memory_mb: definition.memory_mb,
            expires_at: role.credentials.expires_at,
        })
    }

    /// A session of the function's role. Blocking.
    fn assume(&self, version: &FunctionVersion) -> Result<AssumedRole> {
        // A session's name has two characters at least.
        let session_name = match version.name.as_str() {
            name if name.len() < 2 => format!("{name}-function"),
            name => name.to_owned(),
        };
        let request = AssumeRole {
            role_arn: version.definition.role.clone(),
            session_name,
            duration_seconds: Some(CREDENTIAL_SECONDS),
            ..AssumeRole::default()
        };
        let assumed = self.0.iam.assume_role_as_service(SERVICE, &request);
        assumed.map_err(|error| {
            let said =
                Error::denied("The role defined for the function cannot be assumed by Lambda.")
                    .coded("AccessDeniedException");
            match error.hint_text() {
                Some(hint) => said.hint(hint.to_owned()),
                None => said.hint(error.message().to_owned()),
            }
        })
    }

    /// The function's role, as who asks for something. Blocking.
    pub(super) fn role_caller(&self, version: &FunctionVersion) -> Result<Caller> {
        let assumed = self.assume(version)?;
        let credentials = &assumed.credentials;
        let token = credentials.session_token.expose();
        let known = self
            .0
            .iam
            .known_key(&credentials.access_key_id, Some(token))?;
        Ok(known.into_caller(&Context::new().at(self.now())))
    }

    fn variables(
        &self,
        version: &FunctionVersion,
        role: &AssumedRole,
        log_stream: &str,
    ) -> BTreeMap<String, String> {
        let region = &self.options().region;
        let credentials = &role.credentials;
        let memory = version.definition.memory_mb.to_string();
        let mut variables: Vec<(&str, &str)> = vec![
            ("_HANDLER", &version.definition.handler),
            ("AWS_REGION", region),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_LAMBDA_FUNCTION_NAME", &version.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", &version.version),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream),
            ("AWS_ACCESS_KEY_ID", &credentials.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", credentials.secret.expose()),
            ("AWS_SESSION_TOKEN", credentials.session_token.expose()),
        ];
        let group = version.log_group();
        variables.push(("AWS_LAMBDA_LOG_GROUP_NAME", &group));
        if let Some(endpoint) = &self.options().endpoint_url {
            variables.push(("AWS_ENDPOINT_URL", endpoint));
        }
        variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

/// What is started, in words: `python:3.11.7 (for python3.9, /usr/bin/python3.11)`.
fn label(machine: &Machine) -> String {
    let Some(found) = &machine.interpreter else {
        return machine.runtime.to_string();
    };
    let asked = if found.is_exact {
        String::new()
    } else {
        format!("for {}, ", machine.runtime)
    };
    let path = machine.python.as_ref().unwrap_or(&found.path);
    let kind = match machine.runtime {
        super::runtimes::Runtime::Node(_) => "nodejs",
        _ => "python",
    };
    format!(
        "{kind}:{} ({asked}{})",
        found.version_text(),
        path.display()
    )
}

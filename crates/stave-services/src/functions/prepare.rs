//! Making a function ready: its interpreter is found, its virtual environment is made.

use stave_core::{Error, ErrorKind, Result};
use stave_store::functions::LATEST;

use super::Functions;
use super::definition::{Definition, FunctionVersion, Reason, State, UpdateStatus};
use super::names::Named;
use super::opt;
use super::runtimes::{Machine, Runtime};
use super::venv::Wanted;

impl Functions {
    /// Makes `$LATEST` of a function ready: at once if nothing is to be installed or it is to be
    /// waited for, otherwise behind the caller's back. Answers how it stands then.
    pub(super) async fn prepare(
        &self,
        version: FunctionVersion,
        wait: bool,
    ) -> Result<FunctionVersion> {
        let wanted = match self.wanted(&version.definition).await {
            Ok(wanted) => wanted,
            Err(error) => return self.settle(&version, &Err(error)),
        };
        if wanted.as_ref().is_none_or(|(_, wanted)| wanted.is_ready()) {
            return self.settle(&version, &Ok(()));
        }
        if wait {
            let made = self.machine(&version.definition).await.map(drop);
            return self.settle(&version, &made);
        }
        let (this, behind) = (self.clone(), version.clone());
        tokio::spawn(async move {
            let made = this.machine(&behind.definition).await.map(drop);
            // What cannot be written down is tried again by the next start.
            let _ = this.settle(&behind, &made);
        });
        Ok(version)
    }

    /// The virtual environment that a definition wants, with the interpreter for it.
    async fn wanted(
        &self,
        definition: &Definition,
    ) -> Result<Option<(super::runtimes::Interpreter, Wanted)>> {
        let runtime = definition.runtime;
        if let Runtime::Provided(_) = runtime {
            return Ok(None);
        }
        let interpreter = self.0.interpreters.find(runtime).await?;
        if !matches!(runtime, Runtime::Python(_)) {
            return Ok(None);
        }
        let wanted = Wanted::of(
            self.store(),
            &interpreter,
            &definition.packages,
            &self.store().function_files(&definition.code.sha256),
            &self.options().provided_packages,
        )?;
        Ok(wanted.map(|wanted| (interpreter, wanted)))
    }

    /// What a definition runs on, made if it is not there.
    pub(super) async fn machine(&self, definition: &Definition) -> Result<Machine> {
        let python = match self.wanted(definition).await? {
            Some((interpreter, wanted)) => {
                wanted.make(self.store(), &interpreter).await?;
                Some(wanted.python())
            }
            None => None,
        };
        let interpreter = match definition.runtime {
            Runtime::Provided(_) => None,
            runtime => Some(self.0.interpreters.find(runtime).await?),
        };
        let layers = definition.layers.clone();
        let opt = crate::blocking::blocking(self.store(), move |store| opt::merged(store, &layers));
        Ok(Machine {
            runtime: definition.runtime,
            interpreter,
            python,
            task: self.store().function_files(&definition.code.sha256),
            opt: opt.await?,
        })
    }

    /// Notes how making ready went, unless the function has been changed since.
    fn settle(&self, version: &FunctionVersion, made: &Result<()>) -> Result<FunctionVersion> {
        let named = Named {
            name: version.name.clone(),
            qualifier: None,
        };
        let revision = &version.definition.revision;
        let settled = self.store().functions_write(|rows| {
            let mut now = self.version(rows, &named)?;
            if now.definition.revision != *revision {
                return Ok(now);
            }
            note(&mut now.definition, made.as_ref().err());
            let text = now.definition.to_json()?;
            rows.put_version(&named.name, LATEST, &text, &now.definition.codes())?;
            Ok(now)
        })?;
        self.0.pool.retire(&version.name);
        self.0.queued.notify_one();
        Ok(settled)
    }

    /// Goes on with what a process that died was making ready.
    pub(super) fn resume(&self) -> Result<()> {
        let text = "\"update\":\"InProgress\"";
        let found = self
            .store()
            .functions_read(|rows| rows.versions_saying(text))?;
        for (name, number, text) in found {
            let definition = Definition::from_json(&text)?;
            if number != LATEST || definition.update != UpdateStatus::InProgress {
                continue;
            }
            let version = FunctionVersion {
                arn: self.function_arn(&name),
                name,
                version: super::names::LATEST_NAME.to_owned(),
                definition,
            };
            let this = self.clone();
            tokio::spawn(async move { this.prepare(version, false).await.map(drop) });
        }
        Ok(())
    }
}

fn note(definition: &mut Definition, error: Option<&Error>) {
    let reason = error.map(|error| Reason {
        code: match error.kind() {
            ErrorKind::NotFound | ErrorKind::Invalid => "InvalidRuntime",
            ErrorKind::Unavailable => "DependencyError",
            _ => "InternalError",
        }
        .to_owned(),
        message: match error.hint_text() {
            Some(hint) => format!("{}: {hint}", error.message()),
            None => error.message().to_owned(),
        },
    });
    let was_new = definition.state == State::Pending;
    if was_new {
        definition.state_reason.clone_from(&reason);
        definition.state = if reason.is_some() {
            State::Failed
        } else {
            State::Active
        };
    }
    definition.update = if reason.is_some() {
        UpdateStatus::Failed
    } else {
        UpdateStatus::Successful
    };
    definition.update_reason = reason;
}

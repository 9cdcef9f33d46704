//! Waiting until a function can be invoked: its packages may have to be installed first.

use std::time::{Duration, Instant};

use stave_core::{Error, Result, units};
use stave_services::functions::{Definition, FunctionVersion, Packages, Runtime, UpdateStatus};

use super::Desk;

/// How often is looked.
const LOOK: Duration = Duration::from_millis(100);
/// From when on it is said that something is installed, and how often.
const SAY_AFTER: Duration = Duration::from_millis(500);
const SAY_EVERY: Duration = Duration::from_secs(10);

/// Waits until `function` is ready, and says what takes time; an error when it cannot be made
/// ready.
pub(in crate::commands) async fn wait(desk: &Desk, function: &str) -> Result<FunctionVersion> {
    let begun_at = Instant::now();
    let mut say_at = SAY_AFTER;
    loop {
        let functions = desk.functions()?;
        let version = functions.get_configuration(desk.caller(), function, None)?;
        match version.definition.update {
            UpdateStatus::InProgress => {}
            UpdateStatus::Successful => {
                if begun_at.elapsed() > SAY_AFTER {
                    let took = units::duration(begun_at.elapsed());
                    desk.done(&format!("its packages are there, after {took}"));
                }
                return Ok(version);
            }
            UpdateStatus::Failed => return Err(failed(&version)),
        }
        if begun_at.elapsed() >= say_at {
            let what = if say_at == SAY_AFTER {
                "installs"
            } else {
                "still installs"
            };
            desk.done(&format!(
                "{what} {} ({})",
                packages(&version.definition),
                units::duration(begun_at.elapsed())
            ));
            say_at += SAY_EVERY;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn packages(definition: &Definition) -> String {
    match &definition.packages {
        Packages::These(list) => format!("{} by pip", list.join(", ")),
        Packages::Requirements => "the packages of requirements.txt by pip".to_owned(),
        Packages::None => "what it needs".to_owned(),
    }
}

fn failed(version: &FunctionVersion) -> Error {
    let reason = version.definition.update_reason.as_ref();
    let why = reason.map_or("nobody knows why", |reason| reason.message.as_str());
    let error = Error::unavailable(format!("{} is not ready: {why}", version.name));
    match version.definition.runtime {
        Runtime::Python(_) if why.contains("install") => error.hint(
            "pip takes packages from where its own configuration says; --no-packages does without, \
             when the interpreter has them",
        ),
        _ => error,
    }
}

/// Says which interpreter stands behind the function's runtime.
pub(in crate::commands) async fn say_interpreter(
    desk: &Desk,
    definition: &Definition,
) -> Result<String> {
    if let Runtime::Provided(_) = definition.runtime {
        return Ok(definition.runtime.to_string());
    }
    let found = desk.functions()?.interpreter(definition.runtime).await?;
    Ok(format!(
        "{}, which is {} here ({})",
        definition.runtime,
        found.version_text(),
        found.path.display()
    ))
}

//! What is set of a function, from what was said of it.

use std::collections::BTreeMap;
use std::path::Path;

use stave_core::{Error, Result};
use stave_services::functions::{Definition, PackagedFile, Packages, Runtime, Settings};

use super::{Desk, role};
use crate::args::function::settings::{SettingsArgs, Spotify};
use crate::compose::{SANDBOX, SPOTIFY};

/// The handler that AWS's console begins with.
const USUAL_MODULE: &str = "lambda_function";

/// What is set of a new function, but for its role.
pub(super) async fn of_new(
    desk: &Desk,
    args: SettingsArgs,
    code: &Path,
    files: &[PackagedFile],
) -> Result<Settings> {
    let runtime = match &args.runtime {
        Some(runtime) => runtime.parse()?,
        None => desk.functions()?.usual_python().await?,
    };
    let handler = match &args.handler {
        Some(handler) => handler.clone(),
        None => handler(runtime, code, files)?,
    };
    let mut settings = plain(&args);
    settings.runtime = Some(runtime.to_string());
    settings.handler = Some(handler);
    settings.environment = Some(args.env.into_iter().collect());
    if args.spotify == Some(Spotify::Sandbox) {
        let led = (SPOTIFY.to_owned(), SANDBOX.to_owned());
        settings.extra_environment = Some(BTreeMap::from([led]));
    }
    Ok(settings)
}

/// What is set of a function that is there: what was said.
pub(super) fn of_change(
    desk: &Desk,
    args: SettingsArgs,
    unset: &[String],
    before: &Definition,
) -> Result<Settings> {
    let mut settings = plain(&args);
    if let Some(runtime) = &args.runtime {
        runtime.parse::<Runtime>()?;
    }
    settings.runtime.clone_from(&args.runtime);
    settings.handler.clone_from(&args.handler);
    settings.role = args
        .role
        .as_deref()
        .map(|role| role::named(desk, role))
        .transpose()?;
    if !args.env.is_empty() || !unset.is_empty() {
        let mut environment = before.environment.clone();
        for name in unset {
            environment.remove(name).ok_or_else(|| {
                Error::not_found(format!("there is no environment variable {name}"))
            })?;
        }
        environment.extend(args.env);
        settings.environment = Some(environment);
    }
    if let Some(spotify) = args.spotify {
        let mut extra = before.extra_environment.clone();
        match spotify {
            Spotify::Sandbox => extra.insert(SPOTIFY.to_owned(), SANDBOX.to_owned()),
            Spotify::Real => extra.remove(SPOTIFY),
        };
        settings.extra_environment = Some(extra);
    }
    Ok(settings)
}

/// What is set the same way of a new function and of one that is there.
fn plain(args: &SettingsArgs) -> Settings {
    let packages = if args.no_packages {
        Some(Packages::None)
    } else if args.packages.is_empty() {
        None
    } else {
        Some(Packages::These(args.packages.clone()))
    };
    Settings {
        description: args.description.clone(),
        timeout_seconds: args.timeout,
        memory_mb: args.memory_size,
        layers: (!args.layers.is_empty()).then(|| args.layers.clone()),
        packages,
        ..Settings::default()
    }
}

/// The handler of code that names none.
fn handler(runtime: Runtime, code: &Path, files: &[PackagedFile]) -> Result<String> {
    let has = |name: &str| files.iter().any(|file| file.name == name);
    // What a zip holds is not looked at: AWS's own default is taken.
    let is_zip = code.is_file()
        && code
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    let (usual, extensions, function): (_, &[&str], _) = match runtime {
        Runtime::Python(_) => (USUAL_MODULE, &["py"], "lambda_handler"),
        Runtime::Node(_) => ("index", &["js", "mjs", "cjs"], "handler"),
        // Whatever it is, `bootstrap` alone is asked.
        Runtime::Provided(_) => return Ok("bootstrap".to_owned()),
    };
    let is_usual = |extension: &&&str| has(&format!("{usual}.{extension}"));
    if is_zip || extensions.iter().any(|extension| is_usual(&extension)) {
        return Ok(format!("{usual}.{function}"));
    }
    let sources: Vec<&str> = files
        .iter()
        .filter(|file| !file.name.contains('/'))
        .filter_map(|file| file.name.rsplit_once('.'))
        .filter(|(_, extension)| extensions.contains(extension))
        .map(|(stem, _)| stem)
        .collect();
    match sources.as_slice() {
        [one] => Ok(format!("{one}.{function}")),
        _ => Err(Error::invalid(format!(
            "it is not known which function of {} is to be called",
            code.display()
        ))
        .hint(format!("say it: --handler {usual}.{function}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(runtime: &str, names: &[&str]) -> Option<String> {
        let files: Vec<PackagedFile> = names
            .iter()
            .map(|name| PackagedFile {
                name: (*name).to_owned(),
                path: "x".into(),
                bytes: 1,
                modified_ns: 0,
                is_executable: false,
            })
            .collect();
        let runtime = runtime.parse().expect("a runtime");
        handler(runtime, Path::new("no-such-place"), &files).ok()
    }

    #[test]
    fn a_handler_is_found_where_there_is_one() {
        let found = |runtime: &str, names: &[&str]| of(runtime, names).unwrap_or_default();
        let python = "python3.12";
        for (names, handler) in [
            (
                &["lambda_function.py", "b.py"][..],
                "lambda_function.lambda_handler",
            ),
            (&["extract.py", "lib/b.py"], "extract.lambda_handler"),
            (&["a.py", "b.py"], ""),
            (&["README.md"], ""),
        ] {
            assert_eq!(found(python, names), handler, "{names:?}");
        }
        assert_eq!(found("nodejs20.x", &["index.mjs", "a.js"]), "index.handler");
        assert_eq!(found("provided.al2023", &["bootstrap"]), "bootstrap");
    }
}

//! `function create` and `function update`.

use stave_core::{Error, ErrorKind, Result};
use stave_services::functions::{
    CodeSource, CodeUpdate, FunctionVersion, NewFunction, Packages, Settings, Tags,
};

use super::role::Chosen;
use super::triggers::{self, Triggers};
use super::watch::{Watch, watch};
use super::{Desk, list, pack, ready, role, settings};
use crate::args::function::settings::{CreateArgs, UpdateArgs};
use crate::failure::Failure;
use crate::stop::Stop;

/// Makes a function, its role if none is named, and what starts it.
pub(super) async fn create(args: CreateArgs, desk: &Desk, stop: &Stop) -> Result<(), Failure> {
    let triggers = Triggers::read(&args.triggers)?;
    triggers.check(desk)?;
    let packed = pack(&args.code).await?;
    let functions = desk.functions()?;
    match functions.get_configuration(desk.caller(), &args.name, None) {
        Ok(_) => {
            let error = Error::conflict(format!("the function {} is there already", args.name));
            return Err(error.hint("change it with: stave function update").into());
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    let named = args.settings.role.clone();
    let mut settings = settings::of_new(desk, args.settings, &args.code, &packed.files).await?;
    let chosen = match named {
        Some(role) => Chosen {
            arn: role::named(desk, &role)?,
            is_new: false,
        },
        None => role::made(desk, &args.name)?,
    };
    settings.role = Some(chosen.arn.clone());
    let new = NewFunction {
        name: args.name.clone(),
        code: CodeSource::Zip(packed.zip),
        settings,
        tags: Tags::default(),
        publish: false,
    };
    let made = match functions.create_function(desk.caller(), new).await {
        Ok(made) => made,
        Err(error) => {
            if chosen.is_new {
                role::remove(desk, &args.name, &chosen.arn)?;
            }
            return Err(error.into());
        }
    };
    let on = ready::say_interpreter(desk, &made.definition).await?;
    let handler = &made.definition.handler;
    desk.done(&format!(
        "made the function {}: {handler} on {on}",
        made.name
    ));
    let made = ready::wait(desk, &made.name).await?;
    triggers.apply(desk, &made.name, &made.arn).await?;
    finish(desk, &made).await?;
    if args.watch {
        let watched = Watch::new(&args.name, args.code, packed.files);
        watch(watched, desk, stop).await?;
    }
    Ok(())
}

/// Changes what is given of a function.
pub(super) async fn update(args: UpdateArgs, desk: &Desk, stop: &Stop) -> Result<(), Failure> {
    let triggers = Triggers::read(&args.triggers)?;
    triggers.check(desk)?;
    let functions = desk.functions()?;
    let before = functions.get_configuration(desk.caller(), &args.name, None)?;
    let mut settings =
        settings::of_change(desk, args.settings, &args.unset_env, &before.definition)?;
    if args.requirements {
        settings.packages = Some(Packages::Requirements);
    }
    let mut files = None;
    if let Some(code) = &args.code {
        let packed = pack(code).await?;
        update_code(desk, &args.name, packed.zip).await?;
        files = Some(packed.files);
    }
    if settings != Settings::default() {
        let changed = functions.update_configuration(desk.caller(), &args.name, settings, None);
        changed.await?;
        ready::wait(desk, &args.name).await?;
        desk.done(&format!("changed the settings of {}", args.name));
    }
    let (name, arn) = (&before.name, &before.arn);
    if args.no_schedule && !triggers::remove_schedule(desk, name, arn)? {
        desk.done("no schedule starts it");
    }
    if args.no_on {
        triggers::remove_notifications(desk, name, arn).await?;
    }
    triggers.apply(desk, name, arn).await?;
    let now = functions.get_configuration(desk.caller(), &args.name, None)?;
    finish(desk, &now).await?;
    if let (true, Some(code), Some(files)) = (args.watch, args.code, files) {
        watch(Watch::new(&args.name, code, files), desk, stop).await?;
    }
    Ok(())
}

/// Gives a function new code, and waits until it is ready.
pub(super) async fn update_code(desk: &Desk, name: &str, zip: bytes::Bytes) -> Result<()> {
    let functions = desk.functions()?;
    let update = CodeUpdate {
        code: CodeSource::Zip(zip),
        architecture: None,
        publish: false,
        dry_run: false,
        revision: None,
    };
    functions.update_code(desk.caller(), name, update).await?;
    ready::wait(desk, name).await?;
    desk.done(&format!("updated the code of {name}"));
    Ok(())
}

/// What a script is told.
async fn finish(desk: &Desk, function: &FunctionVersion) -> Result<(), Failure> {
    if desk.output.is_json() {
        return list::show(&function.name, desk).await;
    }
    Ok(())
}

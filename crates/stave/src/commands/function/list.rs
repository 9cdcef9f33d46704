//! `function ls` and `function show`.

use serde_json::{Value, json};
use stave_core::Result;
use stave_services::functions::{FunctionVersion, Packages, PageRequest};
use stave_services::notifications::FunctionNotification;

use super::{Desk, triggers};
use crate::commands::iam;
use crate::compose::SPOTIFY;
use crate::failure::Failure;
use crate::output::Table;

/// Lists the functions.
pub(super) fn list(desk: &Desk) -> Result<(), Failure> {
    let mut table = Table::new(&[
        "FunctionName",
        "Runtime",
        "Handler",
        "Timeout",
        "MemorySize",
        "State",
        "LastModified",
    ]);
    let mut page = PageRequest::default();
    loop {
        let found = desk
            .functions()?
            .list_functions(desk.caller(), false, &page)?;
        for function in found.items {
            let definition = function.definition;
            table.row([
                function.name.into(),
                definition.runtime.to_string().into(),
                definition.handler.into(),
                u64::from(definition.timeout_seconds).into(),
                u64::from(definition.memory_mb).into(),
                definition.state.as_str().into(),
                definition.modified_at.into(),
            ]);
        }
        page.marker = found.marker;
        if page.marker.is_none() {
            break;
        }
    }
    desk.output.table(&table)?;
    if table.is_empty() && !desk.output.is_json() {
        desk.done("there is no function yet; make one with: stave function create NAME --code DIR");
    }
    Ok(())
}

/// Shows a function.
pub(super) async fn show(name: &str, desk: &Desk) -> Result<(), Failure> {
    let (function, ..) = desk.functions()?.get_function(desk.caller(), name, None)?;
    let interpreter = desk.functions()?.interpreter(function.definition.runtime);
    let interpreter = interpreter.await.ok();
    let rules = triggers::rules(desk, &function.arn)?;
    let notifications = triggers::notifications(desk, &function.arn).await?;
    let mut facts = facts(&function);
    facts.push((
        "Interpreter",
        json!(interpreter.map(|found| format!(
            "{} {}",
            found.path.display(),
            found.version_text()
        ))),
    ));
    let rules = rules.into_iter().map(|rule| {
        let what = rule.schedule.or(rule.pattern).unwrap_or_default();
        let off = if rule.is_enabled { "" } else { ", disabled" };
        format!("{}: {what}{off}", rule.name)
    });
    facts.push(("Rules", rules.collect()));
    let notifications = notifications.iter();
    let notifications =
        notifications.map(|(bucket, about)| format!("s3://{bucket}/{}", pattern(about)));
    facts.push(("Notifications", notifications.collect()));
    iam::show(facts, desk.output)
}

fn facts(function: &FunctionVersion) -> Vec<(&'static str, Value)> {
    let definition = &function.definition;
    let layers: Vec<&str> = definition
        .layers
        .iter()
        .map(|layer| layer.arn.as_str())
        .collect();
    let reason = definition.state_reason.as_ref();
    let update_reason = definition.update_reason.as_ref();
    vec![
        ("FunctionName", json!(function.name)),
        ("FunctionArn", json!(function.arn)),
        ("Version", json!(function.version)),
        ("Description", json!(definition.description)),
        ("Runtime", json!(definition.runtime.to_string())),
        ("Handler", json!(definition.handler)),
        ("Role", json!(definition.role)),
        ("Timeout", json!(definition.timeout_seconds)),
        ("MemorySize", json!(definition.memory_mb)),
        ("Environment", json!(definition.environment)),
        ("Layers", json!(layers)),
        ("Packages", packages(&definition.packages)),
        ("Spotify", json!(definition.extra_environment.get(SPOTIFY))),
        ("CodeSize", json!(definition.code.bytes)),
        ("CodeSha256", json!(definition.code.sha256_base64())),
        ("LogGroup", json!(function.log_group())),
        ("LastModified", json!(function.last_modified())),
        ("State", json!(definition.state.as_str())),
        ("StateReason", json!(reason.map(|reason| &reason.message))),
        ("LastUpdateStatus", json!(definition.update.as_str())),
        (
            "LastUpdateStatusReason",
            json!(update_reason.map(|reason| &reason.message)),
        ),
    ]
}

fn packages(packages: &Packages) -> Value {
    match packages {
        Packages::Requirements => json!("requirements.txt"),
        Packages::These(list) => json!(list),
        Packages::None => json!("none"),
    }
}

/// `raw/*.json`.
fn pattern(notification: &FunctionNotification) -> String {
    let part = |name: &str| {
        let mut filters = notification.filters.iter();
        let found = filters.find(|(filter, _)| filter.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str())
    };
    format!("{}*{}", part("prefix"), part("suffix"))
}

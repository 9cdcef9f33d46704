//! `rule`.

use std::path::Path;

use serde_json::{Value, json};
use stave_core::{Error, Result};
use stave_services::Schedules;
use stave_services::schedules::{DeadLetter, NewRule, Page, PageRequest, Rule, Target};

use super::aim::{self, Aim, Archer};
use super::iam::documents;
use crate::args::rule::{RuleCommand, RuleName, RulePutArgs, RuleTestArgs};
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Cell, Output, Table};

/// The id of the target that a rule of the command line has.
const TARGET: &str = "target";

/// Runs a command on rules.
pub async fn run(command: RuleCommand, stave: &Stave, output: Output) -> Result<(), Failure> {
    let schedules = &stave.platform()?.schedules;
    match command {
        RuleCommand::Put(args) => put(*args, stave, output).await,
        RuleCommand::Ls { bus } => ls(&bus, stave, output),
        RuleCommand::Show(named) => show(&named, stave, output),
        RuleCommand::Rm(named) => rm(&named, stave, output),
        RuleCommand::Enable(named) => {
            schedules.enable_rule(&stave.caller, Some(&named.bus), &named.name)?;
            output.say(&format!("enabled rule {}", named.name));
            Ok(())
        }
        RuleCommand::Disable(named) => {
            schedules.disable_rule(&stave.caller, Some(&named.bus), &named.name)?;
            output.say(&format!("disabled rule {}", named.name));
            Ok(())
        }
        RuleCommand::Test(args) => test(args, stave, output).await,
        RuleCommand::DeadLetters { max } => dead_letters(max, stave, output),
    }
}

/// A text that is given, or lies in a file: `@FILE`.
async fn given(text: String) -> Result<String> {
    match text.strip_prefix('@') {
        Some(file) => documents::read(Path::new(file)).await,
        None => Ok(text),
    }
}

async fn put(args: RulePutArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let input = aim::input(&args.target).map_err(Failure::Usage)?;
    let pattern = match args.pattern {
        Some(text) => Some(given(text).await?),
        None => None,
    };
    let RuleName { name, bus } = args.named;
    let schedules = &stave.platform()?.schedules;
    let rule = NewRule {
        name: name.clone(),
        bus: Some(bus.clone()),
        description: args.description,
        schedule: args.schedule,
        pattern,
        is_enabled: !args.disabled,
        role_arn: None,
        tags: Vec::new(),
    };
    let arn = schedules.put_rule(&stave.caller, &rule)?;
    output.say(&format!("put rule {name}"));
    if let Some(target) = &args.target.target {
        let aim = Aim::at(stave, target);
        let archer = Archer::Rule {
            name: &aim::qualified(&bus, &name),
            arn: &arn,
        };
        let role = args.target.role.as_deref();
        let target = Target {
            id: TARGET.to_owned(),
            role_arn: aim.open(stave, archer, role, output)?,
            arn: aim.arn,
            input,
            ..Target::default()
        };
        schedules.put_targets(&stave.caller, Some(&bus), &name, &[target])?;
    }
    aim::remind(stave, output);
    Ok(())
}

fn ls(bus: &str, stave: &Stave, output: Output) -> Result<(), Failure> {
    let schedules = &stave.platform()?.schedules;
    let rules = all(|page| schedules.list_rules(&stave.caller, Some(bus), None, page))?;
    let mut table = Table::new(&["Name", "State", "Schedule", "EventPattern", "Targets"]);
    for rule in rules {
        let targets = targets(schedules, stave, &rule)?;
        let arns: Vec<&str> = targets.iter().map(|target| target.arn.as_str()).collect();
        table.row([
            rule.name.as_str().into(),
            state(&rule).into(),
            rule.schedule.as_deref().unwrap_or_default().into(),
            rule.pattern.as_deref().unwrap_or_default().into(),
            arns.join(", ").into(),
        ]);
    }
    output.table(&table)?;
    if table.is_empty() && !output.is_json() {
        output.say("there is no rule yet; make one with: stave rule put NAME");
    }
    Ok(())
}

fn dead_letters(max: usize, stave: &Stave, output: Output) -> Result<(), Failure> {
    let schedules = &stave.platform()?.schedules;
    let letters = schedules.dead_letters(&stave.caller, None, max)?;
    if output.is_json() {
        let letters: Vec<Value> = letters.iter().map(told).collect();
        return output.value(&letters.into());
    }
    let mut table = Table::new(&["Failed", "Source", "Target", "Attempts", "Error"]);
    for letter in &letters {
        table.row([
            letter.failed_at.into(),
            letter.source.as_str().into(),
            letter.target.as_str().into(),
            Cell::Count(letter.attempts.into()),
            letter.error.as_str().into(),
        ]);
    }
    output.table(&table)?;
    if table.is_empty() {
        output.say("nothing was given up");
    }
    Ok(())
}

fn told(letter: &DeadLetter) -> Value {
    json!({
        "Failed": letter.failed_at.to_string(),
        "Source": letter.source,
        "Target": letter.target,
        "Attempts": letter.attempts,
        "Error": letter.error,
        "Payload": letter.payload,
    })
}

fn show(named: &RuleName, stave: &Stave, output: Output) -> Result<(), Failure> {
    let schedules = &stave.platform()?.schedules;
    let rule = schedules.describe_rule(&stave.caller, Some(&named.bus), &named.name)?;
    let targets = targets(schedules, stave, &rule)?;
    let targets: Vec<Value> = targets.iter().map(shown).collect();
    let facts = vec![
        ("Name", json!(rule.name)),
        ("Arn", json!(rule.arn)),
        ("EventBusName", json!(rule.bus)),
        ("State", json!(state(&rule))),
        ("ScheduleExpression", json!(rule.schedule)),
        ("EventPattern", json!(rule.pattern)),
        ("Description", json!(rule.description)),
        ("RoleArn", json!(rule.role_arn)),
        ("Targets", targets.into()),
    ];
    aim::facts(facts, output)
}

fn shown(target: &Target) -> Value {
    let mut shown = json!({"Id": target.id, "Arn": target.arn});
    let mut set = |name: &str, value: &Option<String>| {
        if let Some(value) = value {
            shown[name] = json!(value);
        }
    };
    set("RoleArn", &target.role_arn);
    set("Input", &target.input);
    set("InputPath", &target.input_path);
    if let Some(template) = &target.input_transformer {
        shown["InputTransformer"] = json!({
            "InputPathsMap": template.paths,
            "InputTemplate": template.template,
        });
    }
    shown
}

fn rm(named: &RuleName, stave: &Stave, output: Output) -> Result<(), Failure> {
    let schedules = &stave.platform()?.schedules;
    let (caller, bus) = (&stave.caller, Some(named.bus.as_str()));
    let rule = schedules.describe_rule(caller, bus, &named.name)?;
    let targets = targets(schedules, stave, &rule)?;
    let ids: Vec<String> = targets.iter().map(|target| target.id.clone()).collect();
    if !ids.is_empty() {
        schedules.remove_targets(caller, bus, &named.name, &ids)?;
    }
    schedules.delete_rule(caller, bus, &named.name)?;
    output.say(&format!("removed rule {}", named.name));
    let archer = Archer::Rule {
        name: &aim::qualified(&named.bus, &named.name),
        arn: &rule.arn,
    };
    let arns: Vec<String> = targets.into_iter().map(|target| target.arn).collect();
    aim::close(stave, archer, &arns, output)?;
    Ok(())
}

async fn test(args: RuleTestArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let schedules = &stave.platform()?.schedules;
    let pattern = match (args.pattern, &args.rule) {
        (Some(pattern), _) => given(pattern).await?,
        (None, Some(name)) => {
            let rule = schedules.describe_rule(&stave.caller, None, name)?;
            rule.pattern
                .ok_or_else(|| Error::invalid(format!("rule {name} has no event pattern")))?
        }
        (None, None) => {
            let error = Error::invalid("no pattern is said");
            return Err(Failure::Usage(error.hint("add --rule or --pattern")));
        }
    };
    let event = documents::read(&args.event).await?;
    let matches = schedules.test_event_pattern(&stave.caller, &pattern, &event)?;
    if output.is_json() {
        return output.value(&json!({"Result": matches}));
    }
    output.data(format!("{matches}\n").as_bytes())
}

fn targets(schedules: &Schedules, stave: &Stave, rule: &Rule) -> Result<Vec<Target>> {
    let bus = Some(rule.bus.as_str());
    all(|page| schedules.list_targets_by_rule(&stave.caller, bus, &rule.name, page))
}

fn state(rule: &Rule) -> &'static str {
    if rule.is_enabled {
        "ENABLED"
    } else {
        "DISABLED"
    }
}

/// All pages of a list.
pub(super) fn all<T>(mut list: impl FnMut(&PageRequest) -> Result<Page<T>>) -> Result<Vec<T>> {
    let mut items = Vec::new();
    let mut page = PageRequest::default();
    loop {
        let found = list(&page)?;
        items.extend(found.items);
        page.next_token = found.next_token;
        if page.next_token.is_none() {
            return Ok(items);
        }
    }
}

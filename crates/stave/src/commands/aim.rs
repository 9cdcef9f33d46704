//! What a rule or a schedule of the command line sends to: its ARN, and the permission or the
//! role that it takes.

use serde_json::{Map, Value, json};
use stave_core::{Error, ErrorKind, Result};
use stave_services::functions::NewPermission;
use stave_services::iam::{EntityKind, NewRole};
use stave_services::schedules::DEFAULT;
use stave_services::telemetry::NewLogGroup;

use crate::args::target::{TargetArgs, TargetName};
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Cell, Output, Table};

/// The groups that EventBridge may write to without a role.
const EVENT_LOGS: &str = "/aws/events/";
/// The policy of a role that is made here.
const POLICY: &str = "target";
/// The longest name of a role.
const MAX_ROLE_NAME: usize = 64;

/// The name of a rule on a bus, or of a schedule in a group, as what is made for it bears it.
pub(super) fn qualified(place: &str, name: &str) -> String {
    if place == DEFAULT {
        return name.to_owned();
    }
    format!("{place}-{name}")
}

/// Who aims, by the qualified name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Archer<'a> {
    /// A rule, with its ARN.
    Rule { name: &'a str, arn: &'a str },
    /// A schedule.
    Schedule { name: &'a str },
}

/// What is sent to.
#[derive(Debug)]
pub(super) struct Aim {
    pub arn: String,
    name: TargetName,
    /// What a role must allow, on what; none where nobody but its giver knows.
    allow: Option<(&'static str, String)>,
}

impl Archer<'_> {
    fn principal(self) -> &'static str {
        match self {
            Self::Rule { .. } => "events.amazonaws.com",
            Self::Schedule { .. } => "scheduler.amazonaws.com",
        }
    }

    /// The role that is made for it; none where its name would be too long.
    pub fn role_name(self) -> Option<String> {
        let name = match self {
            Self::Rule { name, .. } => format!("stave-rule-{name}"),
            Self::Schedule { name } => format!("stave-schedule-{name}"),
        };
        Some(name).filter(|name| name.len() <= MAX_ROLE_NAME)
    }
}

impl Aim {
    /// What `name` names.
    pub fn at(stave: &Stave, name: &TargetName) -> Self {
        let (region, account) = (&stave.config.region.value, &stave.config.account.value);
        let arn = |service: &str, resource: String| {
            format!("arn:aws:{service}:{region}:{account}:{resource}")
        };
        let (arn, action) = match name {
            TargetName::Function(name) => (
                arn("lambda", format!("function:{name}")),
                Some("lambda:InvokeFunction"),
            ),
            TargetName::Job(name) => (arn("glue", format!("job/{name}")), Some("glue:StartJobRun")),
            TargetName::Crawler(name) => (
                arn("glue", format!("crawler/{name}")),
                Some("glue:StartCrawler"),
            ),
            TargetName::Bus(name) => (
                arn("events", format!("event-bus/{name}")),
                Some("events:PutEvents"),
            ),
            TargetName::LogGroup(name) => (
                arn("logs", format!("log-group:{name}")),
                Some("logs:PutLogEvents"),
            ),
            TargetName::SpotifyExtract => (
                arn("stave", "spotify-extract".to_owned()),
                Some("stave:SpotifyExtract"),
            ),
            TargetName::Arn(arn) => (arn.clone(), None),
        };
        let resource = match name {
            // Its streams, and no group whose name goes on.
            TargetName::LogGroup(_) => format!("{arn}:*"),
            _ => arn.clone(),
        };
        Self {
            arn,
            name: name.clone(),
            allow: action.map(|action| (action, resource)),
        }
    }

    /// Sees to it that what sends may send, and says what it made for that; the role to send
    /// with, if it takes one.
    pub fn open(
        &self,
        stave: &Stave,
        archer: Archer<'_>,
        role: Option<&str>,
        output: Output,
    ) -> Result<Option<String>> {
        if let TargetName::LogGroup(group) = &self.name {
            make_group(stave, group, output)?;
        }
        if let Some(role) = role {
            return Ok(Some(role.to_owned()));
        }
        match (archer, &self.name) {
            (Archer::Rule { name, arn }, TargetName::Function(function)) => {
                let_in(stave, (name, arn), function, output)?;
                Ok(None)
            }
            (Archer::Rule { .. }, TargetName::Bus(_) | TargetName::Arn(_)) => Ok(None),
            (Archer::Rule { .. }, TargetName::LogGroup(group)) if group.starts_with(EVENT_LOGS) => {
                Ok(None)
            }
            _ => self.make_role(stave, archer, output).map(Some),
        }
    }

    fn make_role(&self, stave: &Stave, archer: Archer<'_>, output: Output) -> Result<String> {
        let Some((action, resource)) = &self.allow else {
            return Err(
                Error::invalid(format!("the target {} takes a role", self.arn))
                    .hint("give one: --role ARN"),
            );
        };
        let name = archer.role_name().ok_or_else(|| {
            Error::invalid("the name is too long for a role to be made of it")
                .hint("give a role: --role ARN")
        })?;
        let (iam, caller) = (stave.iam()?, &stave.caller);
        let new = NewRole {
            name: name.clone(),
            trust: document(&json!({
                "Effect": "Allow",
                "Principal": {"Service": archer.principal()},
                "Action": "sts:AssumeRole",
            })),
            description: Some("Made by stave for a target".to_owned()),
            ..NewRole::default()
        };
        let role = match iam.create_role(caller, new) {
            Ok(role) => {
                output.say(&format!(
                    "made role {name}, which may {action} on {resource}"
                ));
                role
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                iam.get_role(caller, &name)?
            }
            Err(error) => return Err(error),
        };
        let allow = document(&json!({
            "Effect": "Allow",
            "Action": action,
            "Resource": resource,
        }));
        iam.put_inline_policy(caller, EntityKind::Role, &name, POLICY, &allow)?;
        Ok(role.arn)
    }
}

/// Lets a rule invoke a function.
fn let_in(
    stave: &Stave,
    (rule, rule_arn): (&str, &str),
    function: &str,
    output: Output,
) -> Result<()> {
    let new = NewPermission {
        statement_id: statement_id(rule),
        action: "lambda:InvokeFunction".to_owned(),
        principal: "events.amazonaws.com".to_owned(),
        source_arn: Some(rule_arn.to_owned()),
        ..NewPermission::default()
    };
    let functions = &stave.platform()?.functions;
    match functions.add_permission(&stave.caller, function, None, &new, None) {
        Ok(_) => {
            output.say(&format!("function {function} lets the rule invoke it"));
            Ok(())
        }
        Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::AlreadyExists) => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Takes away what [`Aim::open`] made: the role, and what functions were told.
pub(super) fn close(
    stave: &Stave,
    archer: Archer<'_>,
    targets: &[String],
    output: Output,
) -> Result<()> {
    let caller = &stave.caller;
    if let Archer::Rule { name, .. } = archer {
        let functions = &stave.platform()?.functions;
        for target in targets
            .iter()
            .filter(|target| target.contains(":function:"))
        {
            let id = statement_id(name);
            absent_is_fine(functions.remove_permission(caller, target, None, &id, None))?;
        }
    }
    let Some(role) = archer.role_name() else {
        return Ok(());
    };
    let iam = stave.iam()?;
    absent_is_fine(iam.delete_inline_policy(caller, EntityKind::Role, &role, POLICY))?;
    match iam.delete_role(caller, &role) {
        Ok(()) => output.say(&format!("removed role {role}")),
        // It has been given more than what it was made with: it is somebody's.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

fn absent_is_fine(done: Result<()>) -> Result<()> {
    match done {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn statement_id(rule: &str) -> String {
    format!("stave-rule-{rule}")
}

fn document(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn make_group(stave: &Stave, group: &str, output: Output) -> Result<()> {
    let new = NewLogGroup {
        name: group.to_owned(),
        ..NewLogGroup::default()
    };
    let telemetry = &stave.platform()?.telemetry;
    match telemetry.create_log_group(&stave.caller, &new) {
        Ok(()) => output.say(&format!("made log group {group}")),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// What the target is given in place of the event.
pub(super) fn input(args: &TargetArgs) -> Result<Option<String>> {
    let is = |wanted: fn(&TargetName) -> bool| args.target.as_ref().is_some_and(wanted);
    if !args.arguments.is_empty() {
        if !is(|target| matches!(target, TargetName::Job(_))) {
            return Err(Error::invalid("--arg is for a target that is a job"));
        }
        let pairs = args.arguments.iter();
        let pairs = pairs.map(|(key, value)| (format!("--{key}"), Value::from(value.as_str())));
        let arguments: Map<String, Value> = pairs.collect();
        return Ok(Some(json!({"Arguments": arguments}).to_string()));
    }
    let is_extract = is(|target| *target == TargetName::SpotifyExtract);
    if !is_extract && !args.words.is_empty() {
        return Err(Error::invalid("what follows -- is for spotify-extract"));
    }
    if is_extract && args.words.is_empty() && args.input.is_none() {
        return Err(
            Error::invalid("spotify-extract is not told what to extract")
                .hint("its options follow: … --target spotify-extract -- --all --bucket s3://raw"),
        );
    }
    if is_extract && args.input.is_none() {
        return Ok(Some(json!({"Arguments": args.words}).to_string()));
    }
    Ok(args.input.clone())
}

/// Says that nothing fires yet, if no server runs on the home.
pub(super) fn remind(stave: &Stave, output: Output) {
    if crate::server::announced(stave.store.home()).is_none() {
        output.say("no server runs on this home yet: stave serve fires it");
    }
}

/// Shows one thing: a table of what is known of it, or a JSON object.
pub(super) fn facts(facts: Vec<(&'static str, Value)>, output: Output) -> Result<(), Failure> {
    let facts = facts.into_iter().filter(|(_, value)| !value.is_null());
    if output.is_json() {
        let object: Map<String, Value> = facts
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        return output.value(&object.into());
    }
    let mut table = Table::new(&["Property", "Value"]);
    for (name, value) in facts {
        let text = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        table.row([name.into(), Cell::Text(text)]);
    }
    output.table(&table)
}

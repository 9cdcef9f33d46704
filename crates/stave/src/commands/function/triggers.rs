//! What starts a function: a rule with a schedule, and notifications of buckets; and that the
//! function's policy lets them.

use stave_core::schedule::{Grammar, Schedule};
use stave_core::{BucketName, Error, ErrorKind, Result};
use stave_services::functions::NewPermission;
use stave_services::notifications::{FunctionNotification, NotificationConfiguration};
use stave_services::schedules::{NewRule, PageRequest, Rule, Target};

use super::Desk;
use super::on::On;
use crate::args::function::settings::TriggerArgs;
use crate::failure::Failure;

/// The id of the function among its rule's targets.
const TARGET: &str = "function";
/// The longest name of a rule, without what is behind the function's.
const MAX_NAME: usize = 55;

/// What is to start a function.
#[derive(Debug)]
pub(in crate::commands) struct Triggers {
    schedule: Option<String>,
    on: Vec<On>,
}

impl Triggers {
    /// Reads what was said, as wrong use where it cannot be.
    pub fn read(args: &TriggerArgs) -> Result<Self, Failure> {
        if let Some(schedule) = &args.schedule {
            Schedule::parse(schedule, Grammar::Rule).map_err(Failure::Usage)?;
        }
        let on = args.on.iter().map(|on| on.parse());
        let on = on.collect::<Result<_>>().map_err(Failure::Usage)?;
        Ok(Self {
            schedule: args.schedule.clone(),
            on,
        })
    }

    /// Checks that there is what starts it, before anything is made.
    pub fn check(&self, desk: &Desk) -> Result<()> {
        for on in &self.on {
            let notifications = &desk.platform()?.notifications;
            notifications.configuration(desk.caller(), &on.bucket)?;
        }
        Ok(())
    }

    /// Lets it start the function of that name and ARN, in the place of what of the same kind
    /// did.
    pub async fn apply(&self, desk: &Desk, name: &str, arn: &str) -> Result<()> {
        if let Some(schedule) = &self.schedule {
            set_schedule(desk, name, arn, schedule)?;
        }
        if !self.on.is_empty() {
            set_notifications(desk, name, arn, &self.on).await?;
        }
        Ok(())
    }
}

/// The name of the rule that starts a function.
fn rule_name(function: &str) -> String {
    let short: String = function.chars().take(MAX_NAME).collect();
    format!("{short}-schedule")
}

fn set_schedule(desk: &Desk, name: &str, arn: &str, schedule: &str) -> Result<()> {
    let (schedules, caller) = (&desk.platform()?.schedules, desk.caller());
    let rule = rule_name(name);
    own_rule(desk, &rule, arn)?;
    let rule_arn = schedules.put_rule(
        caller,
        &NewRule {
            name: rule.clone(),
            bus: None,
            description: Some(format!("Starts the function {name}")),
            schedule: Some(schedule.to_owned()),
            pattern: None,
            is_enabled: true,
            role_arn: None,
            tags: stave_services::schedules::Tags::default(),
        },
    )?;
    permit(desk, name, &rule, "events.amazonaws.com", &rule_arn, None)?;
    let target = Target {
        id: TARGET.to_owned(),
        arn: arn.to_owned(),
        ..Target::default()
    };
    if let Some(failed) = schedules
        .put_targets(caller, None, &rule, &[target])?
        .first()
    {
        let why = format!(
            "the rule {rule} does not take the function: {}",
            failed.message
        );
        return Err(Error::invalid(why));
    }
    desk.done(&format!("the rule {rule} starts it: {schedule}"));
    Ok(())
}

/// Whether there is a rule of that name; an error when it starts something else.
fn own_rule(desk: &Desk, rule: &str, arn: &str) -> Result<bool> {
    let (schedules, caller) = (&desk.platform()?.schedules, desk.caller());
    match schedules.describe_rule(caller, None, rule) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        there => drop(there?),
    }
    let targets = schedules.list_targets_by_rule(caller, None, rule, &PageRequest::default())?;
    if targets.items.iter().any(|target| target.arn != arn) {
        return Err(Error::conflict(format!(
            "the rule {rule} is there, and starts something else, too"
        ))
        .hint("change the rule itself, by EventBridge's own operations"));
    }
    Ok(true)
}

/// Removes the rule that starts a function; says whether there was one.
pub(super) fn remove_schedule(desk: &Desk, name: &str, arn: &str) -> Result<bool> {
    let (schedules, caller) = (&desk.platform()?.schedules, desk.caller());
    let rule = rule_name(name);
    if !own_rule(desk, &rule, arn)? {
        return Ok(false);
    }
    schedules.remove_targets(caller, None, &rule, &[TARGET.to_owned()])?;
    schedules.delete_rule(caller, None, &rule)?;
    forbid(desk, name, &rule)?;
    desk.done(&format!("removed the rule {rule}"));
    Ok(true)
}

/// What buckets tell the function, by bucket.
pub(super) async fn notifications(
    desk: &Desk,
    arn: &str,
) -> Result<Vec<(BucketName, FunctionNotification)>> {
    let mut found = Vec::new();
    for (bucket, configuration) in configurations(desk).await? {
        let own = configuration.functions.into_iter();
        let own = own.filter(|notification| notification.function_arn == arn);
        found.extend(own.map(|notification| (bucket.clone(), notification)));
    }
    Ok(found)
}

async fn configurations(desk: &Desk) -> Result<Vec<(BucketName, NotificationConfiguration)>> {
    let buckets = &desk.stave.buckets;
    let service = &desk.platform()?.notifications;
    let mut found = Vec::new();
    for bucket in buckets.list_buckets(desk.caller()).await? {
        if !buckets.is_remote(&bucket.name) {
            let configuration = service.configuration(desk.caller(), &bucket.name)?;
            found.push((bucket.name, configuration));
        }
    }
    Ok(found)
}

/// Has buckets tell a function of `on`, and of nothing else; what they tell others stays.
async fn set_notifications(desk: &Desk, name: &str, arn: &str, on: &[On]) -> Result<()> {
    let (service, caller) = (&desk.platform()?.notifications, desk.caller());
    for (bucket, mut configuration) in configurations(desk).await? {
        let before = configuration.clone();
        let own: Vec<&On> = on.iter().filter(|on| on.bucket == bucket).collect();
        configuration
            .functions
            .retain(|notification| notification.function_arn != arn);
        let new = own.iter().map(|on| on.notification(name, arn));
        configuration.functions.extend(new);
        let statement = statement(&bucket);
        if !own.is_empty() {
            let account = caller.account();
            let source = bucket.arn();
            permit(
                desk,
                name,
                &statement,
                "s3.amazonaws.com",
                &source,
                Some(account),
            )?;
        }
        if configuration == before {
            continue;
        }
        let put = service.put_configuration(caller, &bucket, &configuration, false);
        put.map_err(|error| error.within(format!("the notifications of s3://{bucket}")))?;
        if own.is_empty() {
            forbid(desk, name, &statement)?;
            desk.done(&format!("s3://{bucket} starts it no more"));
        } else {
            desk.done(&format!("new objects in s3://{bucket} start it"));
        }
    }
    Ok(())
}

/// Has no bucket tell a function any more.
pub(super) async fn remove_notifications(desk: &Desk, name: &str, arn: &str) -> Result<()> {
    set_notifications(desk, name, arn, &[]).await
}

/// The id of the statement that lets a bucket invoke a function.
fn statement(bucket: &BucketName) -> String {
    format!("s3-{}", bucket.as_str().replace('.', "_"))
}

fn permit(
    desk: &Desk,
    name: &str,
    statement: &str,
    principal: &str,
    source: &str,
    account: Option<&str>,
) -> Result<()> {
    let new = NewPermission {
        statement_id: statement.to_owned(),
        action: "lambda:InvokeFunction".to_owned(),
        principal: principal.to_owned(),
        source_arn: Some(source.to_owned()),
        source_account: account.map(str::to_owned),
        organization: None,
    };
    let functions = desk.functions()?;
    match functions.add_permission(desk.caller(), name, None, &new, None) {
        // It is what was added before.
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(()),
        added => added.map(drop),
    }
}

fn forbid(desk: &Desk, name: &str, statement: &str) -> Result<()> {
    let functions = desk.functions()?;
    match functions.remove_permission(desk.caller(), name, None, statement, None) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// The rules that start a function.
pub(super) fn rules(desk: &Desk, arn: &str) -> Result<Vec<Rule>> {
    let (schedules, caller) = (&desk.platform()?.schedules, desk.caller());
    let page = PageRequest::default();
    let names = schedules.list_rule_names_by_target(caller, None, arn, &page)?;
    let rules = names.items.iter();
    rules
        .map(|name| schedules.describe_rule(caller, None, name))
        .collect()
}

//! Targets of rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stave_core::events::{InputPath, InputTransformer};
use stave_core::iam::Context;
use stave_core::{Arn, Caller, Error, Result};
use stave_store::eventing::{Document, Kind};

use super::documents::{RuleText, read, write};
use super::errors::{limit, validation};
use super::names::{Page, PageRequest, check_length, check_name};
use super::rules::{rule_text, targets_of};
use super::{Schedules, Sender};

/// How many targets a rule may have.
const MAX_TARGETS: usize = 5;
/// How many targets one request may name.
const MAX_REQUEST: usize = 100;

/// How often and how long a delivery is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// How often it is tried again: 0 to 185.
    pub max_attempts: u32,
    /// For how long, in seconds: 60 to 86,400.
    pub max_age_seconds: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 185,
            max_age_seconds: 86_400,
        }
    }
}

impl RetryPolicy {
    pub(super) fn check(self) -> Result<()> {
        if self.max_attempts > 185 || !(60..=86_400).contains(&self.max_age_seconds) {
            return Err(validation(
                "Parameter RetryPolicy is not valid. Reason: MaximumRetryAttempts is 0 to 185, \
                 MaximumEventAgeInSeconds 60 to 86400.",
            ));
        }
        Ok(())
    }
}

/// A template for what a target is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetTemplate {
    /// The variables, and where their values are.
    #[serde(default)]
    pub paths: BTreeMap<String, String>,
    /// The template.
    pub template: String,
}

impl TargetTemplate {
    pub(super) fn read(&self) -> Result<InputTransformer> {
        let paths = self.paths.iter();
        InputTransformer::new(
            paths.map(|(name, path)| (name.as_str(), path.as_str())),
            &self.template,
        )
    }
}

/// A target of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// Its id within the rule.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// The role that it is reached with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// What it is given in place of the event: a JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Which part of the event it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_path: Option<String>,
    /// What it is given, filled in from the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_transformer: Option<TargetTemplate>,
    /// How often and how long a delivery is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<RetryPolicy>,
    /// Where AWS sends what was given up: a queue, which Stave does not have.
    #[serde(skip)]
    pub dead_letter_arn: Option<String>,
}

/// A target that was not put or not removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedTarget {
    /// Its id.
    pub id: String,
    /// AWS's code for why.
    pub code: String,
    /// Why.
    pub message: String,
}

impl Schedules {
    /// Adds targets to a rule or replaces those of their ids (`PutTargets`).
    pub fn put_targets(
        &self,
        caller: &Caller,
        bus: Option<&str>,
        rule: &str,
        targets: &[Target],
    ) -> Result<Vec<FailedTarget>> {
        let bus = self.bus_name(bus)?;
        let rule_arn = self.rule_arn(bus, rule);
        let arns = targets.iter().map(|target| &target.arn);
        let keys = Context::new().with_all("events:TargetArn", arns);
        caller.may_given("events:PutTargets", &rule_arn, &keys)?;
        for target in targets {
            if let Some(role) = &target.role_arn {
                self.check_role(caller, role, Sender::Rule.principal())?;
            }
        }
        self.check_targets(&rule_arn, targets)?;
        let parent = targets_of(bus, rule);
        self.store().eventing_write(|rows| {
            let text = rule_text(rows, bus, rule)?;
            for target in targets {
                self.check_has_role(target, &text)?;
                rows.put_document(Kind::Target, &parent, &target.id, &write(target)?)?;
            }
            if rows.count_documents(Kind::Target, &parent)? > MAX_TARGETS {
                return Err(limit(
                    "The requested resource exceeds the maximum number allowed.",
                ));
            }
            Ok(())
        })?;
        Ok(Vec::new())
    }

    /// Takes targets from a rule; says which were not there (`RemoveTargets`).
    pub fn remove_targets(
        &self,
        caller: &Caller,
        bus: Option<&str>,
        rule: &str,
        ids: &[String],
    ) -> Result<Vec<FailedTarget>> {
        let bus = self.bus_name(bus)?;
        caller.may("events:RemoveTargets", &self.rule_arn(bus, rule))?;
        check_count("ids", ids.len())?;
        let parent = targets_of(bus, rule);
        self.store().eventing_write(|rows| {
            rule_text(rows, bus, rule)?;
            let mut failed = Vec::new();
            for id in ids {
                if !rows.remove_document(Kind::Target, &parent, id)? {
                    failed.push(FailedTarget {
                        id: id.clone(),
                        code: "ResourceNotFoundException".to_owned(),
                        message: format!("Rule {rule} does not have a target with the Id {id}."),
                    });
                }
            }
            Ok(failed)
        })
    }

    /// A page of the targets of a rule, by id (`ListTargetsByRule`).
    pub fn list_targets_by_rule(
        &self,
        caller: &Caller,
        bus: Option<&str>,
        rule: &str,
        page: &PageRequest,
    ) -> Result<Page<Target>> {
        let bus = self.bus_name(bus)?;
        caller.may("events:ListTargetsByRule", &self.rule_arn(bus, rule))?;
        let (after, max) = (page.after()?, page.max()?);
        let parent = targets_of(bus, rule);
        let found = self.store().eventing_read(|rows| {
            rule_text(rows, bus, rule)?;
            rows.documents(Kind::Target, &parent, "", &after, max + 1)
        })?;
        page.page(found, |document| document.name.clone())?
            .try_map(|document| read(&document.text))
    }

    /// A page of the names of the rules that have a target (`ListRuleNamesByTarget`).
    pub fn list_rule_names_by_target(
        &self,
        caller: &Caller,
        bus: Option<&str>,
        target_arn: &str,
        page: &PageRequest,
    ) -> Result<Page<String>> {
        let bus = self.bus_name(bus)?;
        caller.may("events:ListRuleNamesByTarget", "*")?;
        let (after, max) = (page.after()?, page.max()?);
        let all = self.store().eventing_read(|rows| {
            super::buses::bus_document(rows, bus)?;
            rows.documents_under(Kind::Target, &targets_of(bus, ""), ("", ""), usize::MAX)
        })?;
        let mut names = Vec::new();
        for document in &all {
            let target: Target = read(&document.text)?;
            let name = rule_of(document);
            if target.arn == target_arn && name > after.as_str() && names.last() != Some(&name) {
                names.push(name);
            }
        }
        let names = names.into_iter().take(max + 1).map(str::to_owned);
        page.page(names.collect(), String::clone)
    }

    fn check_template(&self, target: &Target, arn: &Arn) -> Result<()> {
        let Some(template) = &target.input_transformer else {
            return Ok(());
        };
        let checked = self.0.targets.check_template(arn, &template.read()?);
        checked.map_err(|error| wrong_input("InputTransformer", &target.id, &error))
    }

    fn check_has_role(&self, target: &Target, rule: &RuleText) -> Result<()> {
        let has_way = role_of(target, rule).is_some() || self.own_bus(&target.arn).is_some();
        if has_way || !self.0.targets.needs_role(&Self::target_arn(&target.arn)?) {
            return Ok(());
        }
        Err(validation(format!(
            "RoleArn is required for target {}.",
            target.arn
        )))
    }

    fn check_targets(&self, rule_arn: &str, targets: &[Target]) -> Result<()> {
        check_count("targets", targets.len())?;
        for target in targets {
            check_name("id", &target.id, 64)?;
            let arn = Self::target_arn(&target.arn)?;
            check_input(target)?;
            target.retry_policy.unwrap_or_default().check()?;
            if let Some(queue) = &target.dead_letter_arn {
                return Err(no_queue(queue));
            }
            if self.own_bus(&target.arn).is_none() {
                self.0.targets.check(Sender::Rule, rule_arn, &arn)?;
                self.check_template(target, &arn)?;
            }
        }
        Ok(())
    }
}

/// The rule of a target's document.
fn rule_of(target: &Document) -> &str {
    target.parent.split_once('/').map_or("", |(_, rule)| rule)
}

/// What is said to a dead-letter queue.
pub(super) fn no_queue(arn: &str) -> Error {
    Error::unsupported(format!(
        "DeadLetterConfig is not implemented: there is no queue {arn} in Stave"
    ))
    .hint("what is given up is kept in the home and listed as dead letters")
}

fn check_count(member: &str, count: usize) -> Result<()> {
    if (1..=MAX_REQUEST).contains(&count) {
        return Ok(());
    }
    Err(validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member \
         must have length between 1 and {MAX_REQUEST}"
    )))
}

fn check_input(target: &Target) -> Result<()> {
    let id = &target.id;
    let given = [
        target.input.is_some(),
        target.input_path.is_some(),
        target.input_transformer.is_some(),
    ];
    if given.iter().filter(|is| **is).count() > 1 {
        return Err(validation(format!(
            "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
        )));
    }
    check_length("input", target.input.as_deref(), 8192)?;
    if let Some(input) = &target.input {
        serde_json::from_str::<serde::de::IgnoredAny>(input).map_err(|error| {
            validation(format!("Invalid Input for target {id}. Reason: {error}."))
        })?;
    }
    if let Some(path) = &target.input_path {
        InputPath::parse(path).map_err(|error| wrong_input("InputPath", id, &error))?;
    }
    if let Some(template) = &target.input_transformer {
        template
            .read()
            .map_err(|error| wrong_input("InputTransformer", id, &error))?;
    }
    Ok(())
}

fn wrong_input(what: &str, id: &str, error: &Error) -> Error {
    let hint = error.hint_text().unwrap_or_default().to_owned();
    validation(format!(
        "Invalid {what} for target {id}. Reason: {}.",
        error.message()
    ))
    .hint(hint)
}

/// Which role a target is reached with: its own, or its rule's.
pub(super) fn role_of(target: &Target, rule: &RuleText) -> Option<String> {
    target.role_arn.clone().or_else(|| rule.role_arn.clone())
}

//! Rules: an event pattern, a schedule, or both, on a bus.

use stave_core::events::EventPattern;
use stave_core::{Caller, Result};
use stave_store::eventing::{Document, Kind, Rows};

use super::buses::{MAX_TAGS, bus_document};
use super::documents::{RuleText, read, write};
use super::errors::{limit, no_rule, validation};
use super::names::{Page, PageRequest, Tags, check_length, check_name, check_tags};
use super::plan::Plan;
use super::tags::request_tags;
use super::{DEFAULT, Schedules, Sender};

/// How many rules a bus may have.
const MAX_RULES: usize = 300;
/// The longest event pattern, in characters.
const MAX_PATTERN_CHARS: usize = 4096;

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The bus that it is on.
    pub bus: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it fires.
    pub schedule: Option<String>,
    /// Which events it matches.
    pub pattern: Option<String>,
    /// Whether it does anything.
    pub is_enabled: bool,
    /// The role that its targets are reached with that name none.
    pub role_arn: Option<String>,
    /// The account that made it.
    pub created_by: String,
}

/// A rule to be made or replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRule {
    /// Its name.
    pub name: String,
    /// The name or ARN of its bus; the default one unless said.
    pub bus: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// When it fires.
    pub schedule: Option<String>,
    /// Which events it matches.
    pub pattern: Option<String>,
    /// Whether it does anything.
    pub is_enabled: bool,
    /// The role that its targets are reached with that name none.
    pub role_arn: Option<String>,
    /// Its tags, if it is new.
    pub tags: Tags,
}

impl Schedules {
    /// Makes a rule or replaces it; says its ARN (`PutRule`).
    pub fn put_rule(&self, caller: &Caller, new: &NewRule) -> Result<String> {
        let bus = self.bus_name(new.bus.as_deref())?;
        let arn = self.rule_arn(bus, &new.name);
        caller.may_given("events:PutRule", &arn, &request_tags(&new.tags))?;
        if let Some(role) = &new.role_arn {
            self.check_role(caller, role, Sender::Rule.principal())?;
        }
        check_rule(new, bus)?;
        let mut text = RuleText {
            description: new.description.clone(),
            schedule: new.schedule.clone(),
            pattern: new.pattern.clone(),
            enabled: new.is_enabled,
            role_arn: new.role_arn.clone(),
            tags: new.tags.clone(),
        };
        self.store().eventing_write(|rows| {
            bus_document(rows, bus)?;
            let old = rows.document(Kind::Rule, bus, &new.name)?;
            let old: Option<RuleText> = old.map(|old| read(&old.text)).transpose()?;
            if let Some(old) = &old {
                text.tags.clone_from(&old.tags);
            } else if rows.count_documents(Kind::Rule, bus)? >= MAX_RULES {
                return Err(limit(
                    "The requested resource exceeds the maximum number allowed.",
                ));
            }
            rows.put_document(Kind::Rule, bus, &new.name, &write(&text)?)?;
            set_timer(rows, &arn, old.as_ref(), &text)
        })?;
        self.0.work.notify_one();
        Ok(arn)
    }

    /// What is known of a rule (`DescribeRule`).
    pub fn describe_rule(&self, caller: &Caller, bus: Option<&str>, name: &str) -> Result<Rule> {
        let bus = self.bus_name(bus)?;
        caller.may("events:DescribeRule", &self.rule_arn(bus, name))?;
        self.store().eventing_read(|rows| {
            let document = rule_document(rows, bus, name)?;
            self.rule(&document)
        })
    }

    /// Removes a rule that has no targets; not an error where there is none (`DeleteRule`).
    pub fn delete_rule(&self, caller: &Caller, bus: Option<&str>, name: &str) -> Result<()> {
        let bus = self.bus_name(bus)?;
        let arn = self.rule_arn(bus, name);
        caller.may("events:DeleteRule", &arn)?;
        check_name("name", name, 64)?;
        self.store().eventing_write(|rows| {
            bus_document(rows, bus)?;
            if rows.count_documents(Kind::Target, &targets_of(bus, name))? > 0 {
                return Err(validation("Rule can't be deleted since it has targets."));
            }
            rows.clear_timer(&arn)?;
            rows.remove_document(Kind::Rule, bus, name).map(drop)
        })
    }

    /// Lets a rule do its work (`EnableRule`).
    pub fn enable_rule(&self, caller: &Caller, bus: Option<&str>, name: &str) -> Result<()> {
        self.switch(caller, "events:EnableRule", bus, name, true)
    }

    /// Stops a rule from doing its work (`DisableRule`).
    pub fn disable_rule(&self, caller: &Caller, bus: Option<&str>, name: &str) -> Result<()> {
        self.switch(caller, "events:DisableRule", bus, name, false)
    }

    fn switch(
        &self,
        caller: &Caller,
        action: &str,
        bus: Option<&str>,
        name: &str,
        enabled: bool,
    ) -> Result<()> {
        let bus = self.bus_name(bus)?;
        let arn = self.rule_arn(bus, name);
        caller.may(action, &arn)?;
        self.store().eventing_write(|rows| {
            let old = rule_text(rows, bus, name)?;
            let text = RuleText {
                enabled,
                ..old.clone()
            };
            rows.put_document(Kind::Rule, bus, name, &write(&text)?)?;
            set_timer(rows, &arn, Some(&old), &text)
        })?;
        self.0.work.notify_one();
        Ok(())
    }

    /// A page of the rules of a bus, by name (`ListRules`).
    pub fn list_rules(
        &self,
        caller: &Caller,
        bus: Option<&str>,
        prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Rule>> {
        let bus = self.bus_name(bus)?;
        caller.may("events:ListRules", "*")?;
        let (after, max) = (page.after()?, page.max()?);
        let found = self.store().eventing_read(|rows| {
            bus_document(rows, bus)?;
            rows.documents(Kind::Rule, bus, prefix.unwrap_or_default(), &after, max + 1)
        })?;
        page.page(found, |document| document.name.clone())?
            .try_map(|document| self.rule(&document))
    }

    fn rule(&self, document: &Document) -> Result<Rule> {
        let text: RuleText = read(&document.text)?;
        Ok(Rule {
            name: document.name.clone(),
            arn: self.rule_arn(&document.parent, &document.name),
            bus: document.parent.clone(),
            description: text.description,
            schedule: text.schedule,
            pattern: text.pattern,
            is_enabled: text.enabled,
            role_arn: text.role_arn,
            created_by: self.account().to_owned(),
        })
    }
}

/// The parent of a rule's targets.
pub(super) fn targets_of(bus: &str, rule: &str) -> String {
    format!("{bus}/{rule}")
}

fn rule_document(rows: &Rows<'_>, bus: &str, name: &str) -> Result<Document> {
    bus_document(rows, bus)?;
    rows.document(Kind::Rule, bus, name)?
        .ok_or_else(|| no_rule(name, bus))
}

/// What is kept of a rule.
pub(super) fn rule_text(rows: &Rows<'_>, bus: &str, name: &str) -> Result<RuleText> {
    read(&rule_document(rows, bus, name)?.text)
}

/// Sets or clears a rule's timer. One that goes on with the same schedule keeps its time.
fn set_timer(rows: &Rows<'_>, arn: &str, old: Option<&RuleText>, new: &RuleText) -> Result<()> {
    let runs = |text: &RuleText| text.enabled.then(|| text.schedule.clone()).flatten();
    let Some(schedule) = runs(new) else {
        return rows.clear_timer(arn);
    };
    if old.and_then(runs).as_ref() == Some(&schedule) {
        return Ok(());
    }
    let now = rows.now();
    match Plan::of_rule(arn, &schedule, now)?.timer_after(now) {
        Some(timer) => rows.set_timer(&timer),
        None => rows.clear_timer(arn),
    }
}

fn check_rule(new: &NewRule, bus: &str) -> Result<()> {
    check_name("name", &new.name, 64)?;
    check_length("description", new.description.as_deref(), 512)?;
    check_length("scheduleExpression", new.schedule.as_deref(), 256)?;
    check_length("eventPattern", new.pattern.as_deref(), MAX_PATTERN_CHARS)?;
    check_tags(&new.tags, MAX_TAGS)?;
    if new.pattern.is_none() && new.schedule.is_none() {
        return Err(validation(
            "Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ));
    }
    if let Some(schedule) = &new.schedule {
        if bus != DEFAULT {
            return Err(validation(
                "ScheduleExpression is supported only on the default event bus.",
            ));
        }
        Plan::of_rule("", schedule, jiff::Timestamp::UNIX_EPOCH)?;
    }
    if let Some(pattern) = &new.pattern {
        EventPattern::parse(pattern)?;
    }
    Ok(())
}

//! From an event to what its rules' targets are to be given.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use stave_core::Result;
use stave_core::events::{EventPattern, FlatEvent, InputPath, InputTransformer, Matched, seconds};
use stave_store::eventing::{Kind, NewDelivery, Rows};

use super::Schedules;
use super::documents::{RuleText, read};
use super::figures::Matches;
use super::rules::targets_of;
use super::targets::{RetryPolicy, Target, role_of};

/// What the rules of buses say, read and checked, until a document changes.
#[derive(Debug, Default)]
pub(super) struct Compiled(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    generation: i64,
    buses: HashMap<String, Arc<Vec<CompiledRule>>>,
}

/// An enabled rule that has a pattern.
#[derive(Debug)]
struct CompiledRule {
    name: String,
    arn: String,
    pattern: EventPattern,
    targets: Vec<CompiledTarget>,
}

#[derive(Debug)]
struct CompiledTarget {
    target: Target,
    role_arn: Option<String>,
    input: Input,
}

/// What a target is given.
#[derive(Debug)]
enum Input {
    Event,
    Constant(String),
    Path(InputPath),
    Template(InputTransformer),
}

impl CompiledTarget {
    fn new(target: Target, rule: &RuleText) -> Result<Self> {
        let input = if let Some(text) = &target.input {
            Input::Constant(text.clone())
        } else if let Some(path) = &target.input_path {
            Input::Path(InputPath::parse(path)?)
        } else if let Some(template) = &target.input_transformer {
            Input::Template(template.read()?)
        } else {
            Input::Event
        };
        Ok(Self {
            role_arn: role_of(&target, rule),
            target,
            input,
        })
    }

    fn payload(&self, event: &Value, matched: &Matched<'_>) -> String {
        match &self.input {
            Input::Event => event.to_string(),
            Input::Constant(text) => text.clone(),
            // What is not there is nothing.
            Input::Path(path) => path.select(event).unwrap_or_default().to_string(),
            Input::Template(transformer) => transformer.apply(event, matched),
        }
    }

    fn delivery(&self, event: &Value, matched: &Matched<'_>, is_bus: bool) -> Result<NewDelivery> {
        let retry = self.target.retry_policy.unwrap_or_default();
        let id = event["id"].as_str().unwrap_or_default();
        Ok(NewDelivery {
            id: format!("{id} {} {}", matched.rule_arn, self.target.id),
            source: matched.rule_arn.to_owned(),
            target: self.target.arn.clone(),
            role: self.role_arn.clone(),
            // A bus is given the event as it is.
            payload: if is_bus {
                event.to_string()
            } else {
                self.payload(event, matched)
            },
            details: None,
            max_attempts: retry.max_attempts + 1,
            expires_at: expires_at(matched.ingested_at, retry)?,
        })
    }
}

/// What is to be delivered of events, and which rules they have matched.
#[derive(Debug, Default)]
pub(crate) struct Routed {
    /// What is to be delivered.
    pub deliveries: Vec<NewDelivery>,
    /// What has matched, an entry for each event that has.
    pub(super) matches: Vec<Matches>,
}

impl Routed {
    /// Takes more.
    pub fn extend(&mut self, more: Self) {
        self.deliveries.extend(more.deliveries);
        self.matches.extend(more.matches);
    }
}

/// When a delivery that begins at `at` is given up.
pub(super) fn expires_at(at: Timestamp, retry: RetryPolicy) -> Result<Timestamp> {
    at.checked_add(SignedDuration::from_secs(i64::from(retry.max_age_seconds)))
        .map_err(|error| {
            stave_core::Error::internal("the clock is beyond its range").caused_by(error)
        })
}

impl Schedules {
    /// What the targets of the rules on `bus` are to be given of an event. One that came from
    /// another bus is not passed on to a third.
    pub(super) fn route(
        &self,
        bus: &str,
        event: &Value,
        ingested_at: Timestamp,
        was_forwarded: bool,
    ) -> Result<Routed> {
        let mut routed = Routed::default();
        let rules = self.compiled(bus)?;
        if rules.is_empty() {
            return Ok(routed);
        }
        let flat = FlatEvent::new(event);
        let mut names = Vec::new();
        for rule in rules.iter() {
            if !rule.pattern.matches(&flat)? {
                continue;
            }
            let matched = Matched {
                rule_arn: &rule.arn,
                rule_name: &rule.name,
                ingested_at,
            };
            for target in &rule.targets {
                let is_bus = self.own_bus(&target.target.arn).is_some();
                if !(is_bus && was_forwarded) {
                    let delivery = target.delivery(event, &matched, is_bus)?;
                    routed.deliveries.push(delivery);
                }
            }
            names.push(rule.name.clone());
        }
        if !names.is_empty() {
            let bus = bus.to_owned();
            routed.matches.push(Matches { bus, rules: names });
        }
        Ok(routed)
    }

    /// What the targets of a rule are to be given because it is due.
    pub(super) fn scheduled_deliveries(
        &self,
        rows: &Rows<'_>,
        (bus, rule): (&str, &str),
        text: &RuleText,
        due_at: Timestamp,
    ) -> Result<Vec<NewDelivery>> {
        let arn = self.rule_arn(bus, rule);
        let said = stave_core::events::platform::scheduled(&arn, due_at);
        let event = self.event(said, due_at).to_json();
        let matched = Matched {
            rule_arn: &arn,
            rule_name: rule,
            ingested_at: rows.now(),
        };
        compiled_targets(rows, bus, rule, text)?
            .iter()
            .map(|target| {
                let is_bus = self.own_bus(&target.target.arn).is_some();
                target.delivery(&event, &matched, is_bus)
            })
            .collect()
    }

    fn compiled(&self, bus: &str) -> Result<Arc<Vec<CompiledRule>>> {
        self.store().eventing_read(|rows| {
            let generation = rows.generation()?;
            let known = || {
                let known = &self.0.compiled.0;
                known.lock().unwrap_or_else(PoisonError::into_inner)
            };
            {
                let known = known();
                if let Some(rules) = known
                    .buses
                    .get(bus)
                    .filter(|_| known.generation == generation)
                {
                    return Ok(Arc::clone(rules));
                }
            }
            let rules = Arc::new(self.compile(rows, bus)?);
            let mut known = known();
            if known.generation != generation {
                known.buses.clear();
                known.generation = generation;
            }
            known.buses.insert(bus.to_owned(), Arc::clone(&rules));
            Ok(rules)
        })
    }

    fn compile(&self, rows: &Rows<'_>, bus: &str) -> Result<Vec<CompiledRule>> {
        let mut rules = Vec::new();
        for document in rows.documents(Kind::Rule, bus, "", "", usize::MAX)? {
            let text: RuleText = read(&document.text)?;
            let Some(pattern) = text.pattern.as_deref().filter(|_| text.enabled) else {
                continue;
            };
            let targets = compiled_targets(rows, bus, &document.name, &text)?;
            rules.push(CompiledRule {
                arn: self.rule_arn(bus, &document.name),
                pattern: EventPattern::parse(pattern)?,
                name: document.name,
                targets,
            });
        }
        Ok(rules)
    }
}

fn compiled_targets(
    rows: &Rows<'_>,
    bus: &str,
    rule: &str,
    text: &RuleText,
) -> Result<Vec<CompiledTarget>> {
    rows.documents(Kind::Target, &targets_of(bus, rule), "", "", usize::MAX)?
        .iter()
        .map(|document| CompiledTarget::new(read(&document.text)?, text))
        .collect()
}

/// What a schedule without an input gives its target.
pub(super) fn scheduler_event(
    id: &str,
    (account, region): (&str, &str),
    arn: &str,
    due_at: Timestamp,
) -> Value {
    serde_json::json!({
        "version": "0",
        "id": id,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": account,
        "time": seconds(due_at),
        "region": region,
        "resources": [arn],
        "detail": "{}",
    })
}

//! What is counted of rules and schedules, under the names of AWS's own metrics.
//!
//! Of a rule on another bus than the default one the figures have the bus's name besides its own.
//! What waits for a busy target is no attempt. Stave has no dead-letter queues, so nothing of
//! them is counted.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html>
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html>

use super::deliver::{Attempt, End};
use super::{DEFAULT, Schedules};
use crate::announce::Figure;

const EVENTS: &str = "AWS/Events";
const SCHEDULER: &str = "AWS/Scheduler";

/// A metric of rules, and what else it is a figure of than the rule.
#[derive(Debug, Clone, Copy)]
struct OfRules {
    name: &'static str,
    of_bus: bool,
    of_all: bool,
}

const fn of(name: &'static str, of_bus: bool, of_all: bool) -> OfRules {
    OfRules {
        name,
        of_bus,
        of_all,
    }
}

/// Counted for its bus once an event, however many rules it matches.
const MATCHED: OfRules = of("MatchedEvents", false, false);
const TRIGGERED: OfRules = of("TriggeredRules", true, true);
const ATTEMPTS: OfRules = of("InvocationAttempts", true, true);
const RETRIES: OfRules = of("RetryInvocationAttempts", true, true);
const SUCCESSES: OfRules = of("SuccessfulInvocationAttempts", true, true);
const INVOCATIONS: OfRules = of("Invocations", false, true);
const FAILED: OfRules = of("FailedInvocations", false, false);

/// The rules that an event has matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matches {
    /// The bus's name.
    pub bus: String,
    /// The rules' names.
    pub rules: Vec<String>,
}

fn one(
    namespace: &'static str,
    name: &'static str,
    dimensions: Vec<(&'static str, String)>,
) -> Figure {
    Figure {
        namespace,
        name,
        dimensions,
        value: 1.0,
        unit: "Count",
    }
}

fn of_bus(bus: &str) -> Vec<(&'static str, String)> {
    vec![("EventBusName", bus.to_owned())]
}

fn of_rule((bus, rule): (&str, &str)) -> Vec<(&'static str, String)> {
    let mut dimensions = if bus == DEFAULT {
        Vec::new()
    } else {
        of_bus(bus)
    };
    dimensions.push(("RuleName", rule.to_owned()));
    dimensions
}

fn add(figures: &mut Vec<Figure>, metric: OfRules, place: (&str, &str)) {
    figures.push(one(EVENTS, metric.name, of_rule(place)));
    if metric.of_bus {
        figures.push(one(EVENTS, metric.name, of_bus(place.0)));
    }
    if metric.of_all {
        figures.push(one(EVENTS, metric.name, Vec::new()));
    }
}

impl Schedules {
    /// Counts events that have matched rules.
    pub(super) fn count_matches(&self, matches: &[Matches]) {
        let mut figures = Vec::new();
        for Matches { bus, rules } in matches {
            figures.push(one(EVENTS, MATCHED.name, of_bus(bus)));
            for rule in rules {
                add(&mut figures, MATCHED, (bus, rule));
                add(&mut figures, TRIGGERED, (bus, rule));
            }
        }
        self.measured(&figures);
    }

    /// Counts rules, by their ARNs, that have fired because they were due.
    pub(super) fn count_firings(&self, rules: &[String]) {
        let mut figures = Vec::new();
        for place in rules.iter().filter_map(|rule| self.own_rule(rule)) {
            add(&mut figures, TRIGGERED, place);
        }
        self.measured(&figures);
    }

    /// Counts what became of an attempt at a delivery of `source`.
    pub(super) fn count_attempt(&self, source: &str, attempt: Attempt, end: End) {
        let mut figures = Vec::new();
        if let Some(place) = self.own_rule(source) {
            for metric in rule_metrics(attempt, end) {
                add(&mut figures, metric, place);
            }
        } else if let Some((group, _)) = self.own_schedule(source) {
            let group = [("ScheduleGroup", group.to_owned())];
            for name in schedule_metrics(attempt, end) {
                figures.push(one(SCHEDULER, name, group.to_vec()));
            }
        }
        self.measured(&figures);
    }

    fn measured(&self, figures: &[Figure]) {
        if !figures.is_empty() {
            self.0.targets.measured(figures);
        }
    }
}

fn rule_metrics(attempt: Attempt, end: End) -> Vec<OfRules> {
    let mut metrics = Vec::new();
    if let Attempt::Made { is_retry } = attempt {
        metrics.push(ATTEMPTS);
        if is_retry {
            metrics.push(RETRIES);
        }
    }
    match end {
        End::Arrived => metrics.extend([SUCCESSES, INVOCATIONS]),
        End::Retried => {}
        End::GivenUp => metrics.extend([INVOCATIONS, FAILED]),
    }
    metrics
}

fn schedule_metrics(attempt: Attempt, end: End) -> Vec<&'static str> {
    let mut names = Vec::new();
    if attempt != Attempt::TooLate {
        names.push("InvocationAttemptCount");
        match (attempt, end) {
            (_, End::Arrived) => {}
            (Attempt::Busy, _) => names.push("TargetErrorThrottledCount"),
            (_, End::Retried | End::GivenUp) => names.push("TargetErrorCount"),
        }
    }
    if end == End::GivenUp {
        names.push("InvocationDroppedCount");
    }
    names
}

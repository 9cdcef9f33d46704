//! The evaluator: looks at alarms that are due and puts them into the state they are to be in.

use std::collections::BTreeMap;

use stave_core::Result;
use stave_core::metrics::alarm::Evaluation;
use stave_core::metrics::math::Value;
use stave_core::metrics::{AlarmRule, AlarmState, CompositeRule, Frame, Statistic};
use stave_store::telemetry::{AlarmKind, AlarmRow};

use super::act::AlarmPort;
use super::definition::{AlarmTarget, Definition, NewAlarm, state_of};
use crate::telemetry::Telemetry;
use crate::telemetry::metrics::{Evaluated, MetricStat};

/// How many alarms are read at once.
const AT_ONCE: usize = 1000;
/// How often composite alarms are looked at in one tick: as deep as they may stand on each other.
const MAX_DEPTH: usize = 10;

/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ticked {
    /// Alarms that were evaluated.
    pub evaluated: usize,
    /// Alarms that changed their state.
    pub changed: usize,
    /// Actions and tellings that were done.
    pub done: usize,
    /// Alarms that could not be evaluated, and why.
    pub faults: Vec<(String, String)>,
}

/// What an evaluation found, and what it looked at.
struct Found {
    rule: AlarmRule,
    evaluation: Evaluation,
    reason_data: String,
}

impl Telemetry {
    /// Evaluates the alarms that are due now, and does what follows. For a worker, every few
    /// seconds; several processes may do it at once, and each change is made once.
    pub fn tick(&self, port: &dyn AlarmPort) -> Result<Ticked> {
        self.flush()?;
        let mut done = Ticked::default();
        let mut composites = Vec::new();
        let mut after = String::new();
        loop {
            let some = self.store().read(|rows| rows.alarms("", &after, AT_ONCE))?;
            let Some(last) = some.last() else { break };
            after.clone_from(&last.name);
            for row in some {
                match row.kind {
                    AlarmKind::Composite => composites.push(row.name),
                    AlarmKind::Metric => {
                        if let Err(error) = self.evaluate_metric(&row, &mut done) {
                            done.faults.push((row.name, error.to_string()));
                        }
                    }
                }
            }
        }
        for _ in 0..MAX_DEPTH {
            let before = done.changed;
            for name in &composites {
                if let Err(error) = self.evaluate_composite(name, &mut done) {
                    done.faults.push((name.clone(), error.to_string()));
                }
            }
            if done.changed == before {
                break;
            }
        }
        done.done = self.act_on_due(port)?;
        Ok(done)
    }

    fn evaluate_metric(&self, row: &AlarmRow, done: &mut Ticked) -> Result<()> {
        let Definition::Metric(alarm) = Definition::read(row)? else {
            return Ok(());
        };
        let step_ms = alarm.target.period_s().min(60) * 1000;
        let until_ms = self.now_ms().div_euclid(step_ms) * step_ms;
        if until_ms <= row.evaluated_ms {
            return Ok(());
        }
        let found = self.look(&alarm, until_ms / 1000)?;
        done.evaluated += 1;
        let changed = self.store().write(|rows| {
            // Another process was faster, or it is another alarm now.
            let Some(now) = rows.alarm(&row.name)? else {
                return Ok(false);
            };
            if now.evaluated_ms >= until_ms || now.definition != row.definition {
                return Ok(false);
            }
            let old = state_of(&now.state)?;
            let now = AlarmRow {
                evaluated_ms: until_ms,
                ..now
            };
            let state = found.as_ref().and_then(|found| found.evaluation.state);
            match (found.as_ref(), state) {
                (Some(found), Some(state)) if state != old => {
                    let reason = found.rule.reason(&found.evaluation, old, state);
                    self.change_state(rows, now, state, &reason, Some(&found.reason_data))?;
                    Ok(true)
                }
                _ => {
                    rows.put_alarm(&now)?;
                    Ok(false)
                }
            }
        })?;
        done.changed += usize::from(changed);
        Ok(())
    }

    /// Looks at what an alarm watches; `None` where too few samples leave its state as it is.
    fn look(&self, alarm: &NewAlarm, until_s: i64) -> Result<Option<Found>> {
        let rule = alarm.rule()?;
        let period = alarm.target.period_s();
        let frame = Frame {
            start: until_s - period * rule.range() as i64,
            end: until_s,
            period,
        };
        let values: BTreeMap<i64, f64> = match &alarm.target {
            AlarmTarget::Metric(stat) => {
                if alarm.few_samples_ignored && self.has_few_samples(stat, &rule, frame)? {
                    return Ok(None);
                }
                self.fetch(stat, frame, "")?.points.into_iter().collect()
            }
            AlarmTarget::Expressions(queries) => {
                let range = (frame.start, frame.end);
                let mut evaluated = Evaluated::new(self, queries, range, Some(frame.start));
                let returned = queries.iter().find(|query| query.returned);
                let id = returned.map_or("", |query| &query.id);
                match evaluated.value(id)? {
                    Value::Series(series) => series.points.iter().copied().collect(),
                    Value::Many(many) if many.len() == 1 => {
                        many[0].points.iter().copied().collect()
                    }
                    _ => {
                        return Err(crate::telemetry::errors::validation(
                            "the expression of an alarm comes to more than one time series",
                        ));
                    }
                }
            }
        };
        let periods: Vec<(i64, Option<f64>)> = frame
            .times()
            .map(|at| (at, values.get(&at).copied()))
            .collect();
        let evaluation = rule.evaluate(&periods);
        let reason_data = reason_data(alarm, &evaluation, until_s);
        Ok(Some(Found {
            rule,
            evaluation,
            reason_data,
        }))
    }

    /// Whether a percentile is of fewer samples than tell anything: 10 / (1 - p), 10 / p below
    /// the median.
    fn has_few_samples(&self, stat: &MetricStat, rule: &AlarmRule, frame: Frame) -> Result<bool> {
        let Statistic::Percentile(percent) = stat.statistic.parse()? else {
            return Ok(false);
        };
        let share = percent / 100.0;
        let needed = if share >= 0.5 {
            10.0 / (1.0 - share)
        } else {
            10.0 / share
        };
        let from = frame.end - frame.period * rule.evaluation_periods as i64;
        let samples = self.samples(
            stat,
            Frame {
                start: from,
                ..frame
            },
        )?;
        Ok(samples.values().map(|samples| samples.count).sum::<f64>() < needed)
    }

    fn evaluate_composite(&self, name: &str, done: &mut Ticked) -> Result<()> {
        let changed = self.store().write(|rows| {
            let Some(row) = rows.alarm(name)? else {
                return Ok(false);
            };
            let Definition::Composite(alarm) = Definition::read(&row)? else {
                return Ok(false);
            };
            let rule = CompositeRule::parse(&alarm.rule)?;
            let mut states = BTreeMap::new();
            let mut latest = None;
            for child in rule.children() {
                if let Some(row) = rows.alarm(self.alarm_name(child))? {
                    states.insert(child.as_str(), state_of(&row.state)?);
                    latest = latest.max(Some((row.transitioned_ms, row.name, row.state)));
                }
            }
            let holds = rule.holds(&|child| states.get(child).copied());
            let state = if holds {
                AlarmState::Alarm
            } else {
                AlarmState::Ok
            };
            if state_of(&row.state)? == state {
                return Ok(false);
            }
            let reason = match latest {
                Some((_, child, child_state)) => format!(
                    "{} transitioned to {child_state}: the alarm rule is {holds}",
                    self.alarm_arn(&child)
                ),
                None => format!("The alarm rule is {holds}"),
            };
            self.change_state(rows, row, state, &reason, None)?;
            Ok(true)
        })?;
        done.evaluated += 1;
        done.changed += usize::from(changed);
        Ok(())
    }
}

/// What was looked at, as AWS says it.
fn reason_data(alarm: &NewAlarm, evaluation: &Evaluation, until_s: i64) -> String {
    let time = |at_s: i64| {
        let at = jiff::Timestamp::from_second(at_s).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string()
    };
    let known = &evaluation.datapoints;
    let values: Vec<f64> = known.iter().rev().map(|(_, value)| *value).collect();
    let (statistic, unit) = match &alarm.target {
        AlarmTarget::Metric(stat) => (Some(&stat.statistic), stat.unit.as_ref()),
        AlarmTarget::Expressions(_) => (None, None),
    };
    let points: Vec<serde_json::Value> = known
        .iter()
        .map(|(at, value)| serde_json::json!({"timestamp": time(*at), "value": value}))
        .collect();
    let mut data = serde_json::json!({
        "version": "1.0",
        "queryDate": time(until_s),
        "startDate": known.last().map(|(at, _)| time(*at)),
        "statistic": statistic,
        "unit": unit,
        "period": alarm.target.period_s(),
        "recentDatapoints": values,
        "threshold": alarm.threshold,
        "evaluatedDatapoints": points,
    });
    if let Some(data) = data.as_object_mut() {
        data.retain(|_, value| !value.is_null());
    }
    data.to_string()
}

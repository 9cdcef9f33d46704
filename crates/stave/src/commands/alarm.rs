//! `alarm`: what is watched.

use clap::ValueEnum;
use jiff::Timestamp;
use stave_core::Error;
use stave_services::Telemetry;
use stave_services::telemetry::{
    ActionsOf, Alarm, AlarmFilter, AlarmKind, AlarmTarget, HistoryFilter, Metric, MetricStat,
    NewAlarm, NewCompositeAlarm, Tags,
};

use super::logs::all;
use super::metrics::dimensions_text;
use crate::args::alarm::{
    AlarmCommand, AlarmHistoryArgs, AlarmLsArgs, AlarmPutArgs, AlarmSetArgs, State,
};
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Cell, Output, Table, text};

/// Comparisons in short and in AWS's words.
const COMPARISONS: [(&str, &str, &str); 4] = [
    ("gt", ">", "GreaterThanThreshold"),
    ("ge", ">=", "GreaterThanOrEqualToThreshold"),
    ("lt", "<", "LessThanThreshold"),
    ("le", "<=", "LessThanOrEqualToThreshold"),
];

/// Runs a command on alarms.
pub fn run(command: AlarmCommand, stave: &Stave, output: Output) -> Result<(), Failure> {
    let metrics = &stave.platform()?.telemetry;
    match command {
        AlarmCommand::Ls(args) => ls(args, metrics, stave, output),
        AlarmCommand::Put(args) => put(*args, metrics, stave, output),
        AlarmCommand::History(args) => history(args, metrics, stave, output),
        AlarmCommand::Rm { names } => {
            metrics.delete_alarms(&stave.caller, &names)?;
            output.say(&format!(
                "removed {}",
                text::counted(names.len() as u64, "alarm")
            ));
            Ok(())
        }
        AlarmCommand::Set(args) => set(&args, metrics, stave, output),
    }
}

/// AWS's name of a state.
fn state_name(state: State) -> &'static str {
    match state {
        State::Ok => "OK",
        State::Alarm => "ALARM",
        State::InsufficientData => "INSUFFICIENT_DATA",
    }
}

fn ls(
    args: AlarmLsArgs,
    metrics: &Telemetry,
    stave: &Stave,
    output: Output,
) -> Result<(), Failure> {
    let nothing = if args.prefix.is_some() || args.state.is_some() {
        "there is no such alarm"
    } else {
        "there is no alarm yet; make one with: stave alarm put NAME"
    };
    let filter = AlarmFilter {
        prefix: args.prefix,
        kinds: vec![AlarmKind::Metric, AlarmKind::Composite],
        state: args.state.map(|state| state_name(state).to_owned()),
        ..AlarmFilter::default()
    };
    let found = all(usize::MAX, |page| {
        metrics.describe_alarms(&stave.caller, &filter, page)
    })?;
    let mut table = Table::new(&["AlarmName", "StateValue", "Since", "Watches", "StateReason"]);
    for alarm in found {
        table.row([
            alarm.name.as_str().into(),
            alarm.state.as_str().into(),
            Timestamp::from_millisecond(alarm.transitioned_ms)
                .ok()
                .into(),
            watches(&alarm).into(),
            alarm.reason.as_str().into(),
        ]);
    }
    output.table(&table)?;
    if table.is_empty() && !output.is_json() {
        output.say(nothing);
    }
    Ok(())
}

/// `Sum of AWS/Lambda Errors FunctionName=extract > 0, 1 of 1 times 1 m`.
fn watches(alarm: &Alarm) -> String {
    let Some(definition) = &alarm.metric else {
        let composite = alarm.composite.as_ref();
        return composite.map_or_else(String::new, |composite| composite.rule.clone());
    };
    let what = match &definition.target {
        AlarmTarget::Metric(stat) => {
            let metric = &stat.metric;
            let dimensions = dimensions_text(&metric.dimensions);
            let named = format!("{} of {} {}", stat.statistic, metric.namespace, metric.name);
            format!("{named} {dimensions}").trim_end().to_owned()
        }
        AlarmTarget::Expressions(queries) => {
            let returned = queries.iter().find(|query| query.returned);
            returned.map_or_else(String::new, |query| query.id.clone())
        }
    };
    let sign = COMPARISONS
        .iter()
        .find(|(_, _, name)| *name == definition.comparison)
        .map_or(definition.comparison.as_str(), |(_, sign, _)| sign);
    let periods = definition.evaluation_periods;
    format!(
        "{what} {sign} {}, {} of {periods} times {} s",
        definition.threshold,
        definition.datapoints_to_alarm.unwrap_or(periods),
        definition.target.period_s(),
    )
}

fn put(
    args: AlarmPutArgs,
    metrics: &Telemetry,
    stave: &Stave,
    output: Output,
) -> Result<(), Failure> {
    let name = args.name.clone();
    let actions = ActionsOf {
        ok: args.ok_actions.clone(),
        alarm: args.actions.clone(),
        insufficient_data: Vec::new(),
    };
    if let Some(rule) = args.rule {
        let new = NewCompositeAlarm {
            name: args.name,
            description: args.description,
            actions_enabled: true,
            actions,
            rule,
            tags: Tags::new(),
        };
        metrics.put_composite_alarm(&stave.caller, &new)?;
    } else {
        metrics.put_metric_alarm(&stave.caller, &definition(args, actions)?)?;
    }
    let name = text::printable(&name);
    output.say(&format!(
        "put alarm {name}; a running server looks at it: stave alarm ls"
    ));
    Ok(())
}

fn definition(args: AlarmPutArgs, actions: ActionsOf) -> Result<NewAlarm, Failure> {
    let mut metric = args.metric.into_iter();
    let (Some(namespace), Some(metric)) = (metric.next(), metric.next()) else {
        return Err(wrong("--metric takes a namespace and a metric"));
    };
    let [comparison, threshold] = args.when.as_slice() else {
        return Err(wrong("--when takes a comparison and a threshold"));
    };
    let known = COMPARISONS
        .iter()
        .find(|(short, sign, _)| short == comparison || sign == comparison);
    let Some((_, _, comparison)) = known else {
        return Err(wrong(&format!(
            "\"{comparison}\" is not a comparison: use gt, ge, lt or le"
        )));
    };
    let threshold = threshold
        .parse()
        .map_err(|_| wrong(&format!("the threshold \"{threshold}\" is not a number")))?;
    let missing = args.missing.and_then(|missing| missing.to_possible_value());
    Ok(NewAlarm {
        name: args.name,
        description: args.description,
        actions_enabled: true,
        actions,
        target: AlarmTarget::Metric(MetricStat {
            metric: Metric {
                namespace,
                name: metric,
                dimensions: args.dimensions.into_iter().collect(),
            },
            period_s: args.period.as_secs(),
            statistic: args.stat,
            unit: None,
        }),
        comparison: (*comparison).to_owned(),
        threshold,
        evaluation_periods: args.periods,
        datapoints_to_alarm: args.datapoints,
        missing: missing.map(|value| value.get_name().to_owned()),
        few_samples_ignored: false,
        tags: Tags::new(),
    })
}

fn wrong(said: &str) -> Failure {
    Failure::Usage(Error::invalid(said))
}

fn history(
    args: AlarmHistoryArgs,
    metrics: &Telemetry,
    stave: &Stave,
    output: Output,
) -> Result<(), Failure> {
    let filter = HistoryFilter {
        alarm: args.name,
        ..HistoryFilter::default()
    };
    let found = all(args.limit, |page| {
        metrics.describe_alarm_history(&stave.caller, &filter, page)
    })?;
    let mut table = Table::new(&[
        "Timestamp",
        "AlarmName",
        "HistoryItemType",
        "HistorySummary",
    ]);
    for line in found {
        table.row([
            Cell::from(Timestamp::from_millisecond(line.at_ms).ok()),
            line.alarm.into(),
            line.item.into(),
            line.summary.into(),
        ]);
    }
    output.table(&table)?;
    if table.is_empty() && !output.is_json() {
        output.say("nothing became of it within 30 days");
    }
    Ok(())
}

fn set(
    args: &AlarmSetArgs,
    metrics: &Telemetry,
    stave: &Stave,
    output: Output,
) -> Result<(), Failure> {
    let state = state_name(args.state);
    metrics.set_alarm_state(&stave.caller, &args.name, state, &args.reason, None)?;
    output.say(&format!(
        "alarm {} is in {state} until it is looked at again",
        text::printable(&args.name)
    ));
    Ok(())
}

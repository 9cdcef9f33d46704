//! `metrics`: what was measured.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use stave_core::Error;
use stave_services::Telemetry;
use stave_services::telemetry::{Datapoint, Metric, MetricFilterList, StatisticsRequest};

use super::logs::all;
use crate::args::metrics::{MetricsCommand, MetricsGetArgs, MetricsLsArgs};
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::{Output, Table, table, text};

/// Runs a command on metrics.
pub fn run(command: MetricsCommand, stave: &Stave, output: Output) -> Result<(), Failure> {
    let metrics = &stave.platform()?.telemetry;
    match command {
        MetricsCommand::Ls(args) => ls(args, metrics, stave, output),
        MetricsCommand::Get(args) => get(args, metrics, stave, output),
    }
}

fn ls(
    args: MetricsLsArgs,
    metrics: &Telemetry,
    stave: &Stave,
    output: Output,
) -> Result<(), Failure> {
    let dimensions = args.dimensions.into_iter();
    let filter = MetricFilterList {
        namespace: args.namespace,
        name: args.name,
        dimensions: dimensions
            .map(|(name, value)| (name, Some(value)))
            .collect(),
        recently_active: false,
    };
    let found = all(usize::MAX, |page| {
        metrics.list_metrics(&stave.caller, &filter, page)
    })?;
    let mut table = Table::new(&["Namespace", "MetricName", "Dimensions"]);
    for metric in found {
        let dimensions = dimensions_text(&metric.dimensions);
        table.row([
            metric.namespace.into(),
            metric.name.into(),
            dimensions.into(),
        ]);
    }
    output.table(&table)?;
    if table.is_empty() && !output.is_json() {
        output.say("no metric had data within the last two weeks");
    }
    Ok(())
}

/// `FunctionName=extract Resource=extract:live`.
pub(super) fn dimensions_text(dimensions: &BTreeMap<String, String>) -> String {
    let pairs = dimensions.iter();
    pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn get(
    args: MetricsGetArgs,
    metrics: &Telemetry,
    stave: &Stave,
    output: Output,
) -> Result<(), Failure> {
    let now = stave.clock.now();
    let request = StatisticsRequest {
        metric: Metric {
            namespace: args.namespace,
            name: args.name,
            dimensions: args.dimensions.into_iter().collect(),
        },
        from_s: args.since.from(now).as_second(),
        // What is measured in this second counts.
        to_s: args.until.from(now).as_second() + 1,
        period_s: args.period.as_secs(),
        statistics: args.statistics,
        unit: args.unit,
    };
    if request.from_s >= request.to_s {
        return Err(Failure::Usage(Error::invalid(
            "the end is before the beginning",
        )));
    }
    let found = metrics.get_metric_statistics(&stave.caller, &request)?;
    if output.is_json() {
        let points = found.iter().map(|point| to_json(point, &request));
        return output.value(&Value::Array(points.collect()));
    }
    if found.is_empty() {
        output.say("nothing was measured in that time; stave metrics ls shows what was");
        return Ok(());
    }
    let headings = ["Timestamp"]
        .into_iter()
        .chain(request.statistics.iter().map(String::as_str))
        .chain(["Unit"]);
    let headings: Vec<&str> = headings.collect();
    let rows = found.iter().map(|point| {
        let time = Timestamp::from_second(point.at_s).map(text::time);
        let values = request.statistics.iter().map(|name| {
            let value = point.values.get(name);
            value.map(f64::to_string).unwrap_or_default()
        });
        let time = [time.unwrap_or_default()].into_iter();
        time.chain(values).chain([point.unit.clone()]).collect()
    });
    output.data(table::draw(&headings, rows).as_bytes())
}

fn to_json(point: &Datapoint, request: &StatisticsRequest) -> Value {
    let time = Timestamp::from_second(point.at_s);
    let mut object = json!({
        "Timestamp": time.ok().map(|at| at.to_string()),
        "Unit": point.unit,
    });
    for name in &request.statistics {
        object[name] = json!(point.values.get(name));
    }
    object
}

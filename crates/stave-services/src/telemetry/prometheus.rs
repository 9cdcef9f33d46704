//! Metrics as Prometheus reads them: of each series what was measured in its last whole minute.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use stave_core::metrics::{Samples, Statistic};
use stave_core::{Caller, Result};

use super::Telemetry;

/// A series whose last point is older is not shown: five minutes, in seconds.
const SHOWN_S: i64 = 5 * 60;
/// The most series of an answer.
const MAX_SERIES: usize = 10_000;
/// The statistics that a metric is shown as.
const SHOWN: [(&str, Statistic); 5] = [
    ("average", Statistic::Average),
    ("maximum", Statistic::Maximum),
    ("minimum", Statistic::Minimum),
    ("sample_count", Statistic::SampleCount),
    ("sum", Statistic::Sum),
];

impl Telemetry {
    /// The text that Prometheus scrapes: `aws_lambda_errors_sum{function_name="extract"} 3`.
    pub fn prometheus(&self, caller: &Caller) -> Result<String> {
        caller.may("cloudwatch:ListMetrics", "*")?;
        caller.may("cloudwatch:GetMetricData", "*")?;
        self.flush()?;
        let now_s = self.now_ms().div_euclid(1000);
        let whole = now_s - now_s.rem_euclid(60);
        let mut families: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in self
            .store()
            .series(None, None, whole - SHOWN_S, None, MAX_SERIES)?
        {
            let points = self.store().points(row.id, whole - SHOWN_S, whole)?;
            let Some((last, _)) = points.last() else {
                continue;
            };
            let minute = last - last.rem_euclid(60);
            let mut samples = Samples::none();
            for (_, of_second) in points.iter().filter(|(at, _)| *at >= minute) {
                samples.merge(of_second);
            }
            let labels = labels(&row.key.dimensions, &row.key.unit);
            for (suffix, statistic) in &SHOWN {
                let Some(value) = statistic.of(&samples) else {
                    continue;
                };
                let name = format!(
                    "{}_{}_{suffix}",
                    snake(&row.key.namespace),
                    snake(&row.key.name)
                );
                let line = format!("{labels} {value} {}", minute * 1000);
                families.entry(name).or_default().insert(line);
            }
        }
        let mut text = String::new();
        for (name, lines) in families {
            let _ = writeln!(text, "# TYPE {name} gauge");
            for line in lines {
                let _ = writeln!(text, "{name}{line}");
            }
        }
        let (lines, points) = self.sink().dropped();
        for (what, count) in [("log_lines", lines), ("datapoints", points)] {
            let name = format!("stave_telemetry_dropped_{what}_total");
            let _ = writeln!(text, "# TYPE {name} counter\n{name} {count}");
        }
        Ok(text)
    }
}

/// `{function_name="extract",unit="Count"}`. Names that become the same get a number.
fn labels(dimensions: &BTreeMap<String, String>, unit: &str) -> String {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut labels = Vec::new();
    let unit = (unit != "None").then_some(("unit", unit));
    let named = dimensions
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in named.chain(unit) {
        let mut name = snake(name);
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            name = format!("{name}_{count}");
        }
        let value = value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        labels.push(format!("{name}=\"{value}\""));
    }
    if labels.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", labels.join(","))
    }
}

/// A name of letters, digits and underscores: `AWS/Lambda` is `aws_lambda`, `FunctionName` is
/// `function_name`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    for c in name.chars() {
        if c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            snake.push('_');
        }
        if c.is_ascii_alphanumeric() {
            snake.push(c.to_ascii_lowercase());
        } else if !snake.ends_with('_') {
            snake.push('_');
        }
        before = c;
    }
    if snake.starts_with(|c: char| c.is_ascii_digit()) {
        snake.insert(0, '_');
    }
    snake
}

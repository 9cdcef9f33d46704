//! What an alarm looks at, in the form that events and functions are given it in.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use stave_core::ids::uuid_of;

use super::definition::{AlarmTarget, Definition};
use crate::telemetry::metrics::{DataQuery, DataSource, MetricStat};

/// The configuration of the alarm of that ARN.
pub(super) fn configuration(definition: &Definition, arn: &str) -> Value {
    let alarm = match definition {
        Definition::Composite(alarm) => return json!({"alarmRule": alarm.rule}),
        Definition::Metric(alarm) => alarm,
    };
    let metrics: Vec<Value> = match &alarm.target {
        AlarmTarget::Metric(metric) => vec![json!({
            "id": own_id(arn),
            "metricStat": stat(metric),
            "returnData": true,
        })],
        AlarmTarget::Expressions(queries) => queries.iter().map(query).collect(),
    };
    json!({"metrics": metrics})
}

/// An id for the metric of an alarm that gives it none: always the same.
fn own_id(arn: &str) -> String {
    let digest = Sha256::digest(arn);
    let mut some = [0; 16];
    some.copy_from_slice(&digest[..16]);
    uuid_of(u128::from_be_bytes(some))
}

fn stat(metric: &MetricStat) -> Value {
    let mut stat = json!({
        "metric": {
            "namespace": metric.metric.namespace,
            "name": metric.metric.name,
            "dimensions": metric.metric.dimensions,
        },
        "period": metric.period_s,
        "stat": metric.statistic,
    });
    if let Some(unit) = &metric.unit {
        stat["unit"] = Value::from(unit.as_str());
    }
    stat
}

fn query(query: &DataQuery) -> Value {
    let mut said = Map::new();
    said.insert("id".to_owned(), Value::from(query.id.as_str()));
    match &query.source {
        DataSource::Metric(metric) => said.insert("metricStat".to_owned(), stat(metric)),
        DataSource::Expression(text) => {
            said.insert("expression".to_owned(), Value::from(text.as_str()))
        }
    };
    if let Some(label) = &query.label {
        said.insert("label".to_owned(), Value::from(label.as_str()));
    }
    if let Some(period) = query.period_s {
        said.insert("period".to_owned(), Value::from(period));
    }
    said.insert("returnData".to_owned(), Value::from(query.returned));
    Value::Object(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{Metric, NewAlarm, NewCompositeAlarm};

    fn metric() -> MetricStat {
        let dimensions = [("FunctionName".to_owned(), "extract".to_owned())];
        MetricStat {
            metric: Metric {
                namespace: "AWS/Lambda".to_owned(),
                name: "Errors".to_owned(),
                dimensions: dimensions.into_iter().collect(),
            },
            period_s: 60,
            statistic: "Sum".to_owned(),
            unit: None,
        }
    }

    fn told(target: AlarmTarget) -> Value {
        let alarm = NewAlarm {
            name: "a".to_owned(),
            description: Some("not told here".to_owned()),
            actions_enabled: true,
            actions: crate::telemetry::ActionsOf::default(),
            target,
            comparison: "GreaterThanThreshold".to_owned(),
            threshold: 1.0,
            evaluation_periods: 1,
            datapoints_to_alarm: None,
            missing: None,
            few_samples_ignored: false,
            tags: crate::telemetry::Tags::default(),
        };
        configuration(&Definition::Metric(alarm), "arn:a")
    }

    #[test]
    fn an_alarm_on_a_metric() {
        let told = told(AlarmTarget::Metric(metric()));
        let id = told["metrics"][0]["id"].as_str().map(str::len);
        assert_eq!(id, Some(36));
        let stat = json!({
            "metric": {
                "namespace": "AWS/Lambda",
                "name": "Errors",
                "dimensions": {"FunctionName": "extract"},
            },
            "period": 60,
            "stat": "Sum",
        });
        assert_eq!(told["metrics"][0]["metricStat"], stat);
        assert_eq!(told["metrics"][0]["returnData"], true);
    }

    #[test]
    fn an_alarm_on_an_expression_and_one_on_alarms() {
        let query = |id: &str, source, returned| DataQuery {
            id: id.to_owned(),
            source,
            label: None,
            returned,
            period_s: None,
        };
        let told = told(AlarmTarget::Expressions(vec![
            query("m1", DataSource::Metric(metric()), false),
            query("e1", DataSource::Expression("m1 * 2".to_owned()), true),
        ]));
        assert_eq!(told["metrics"][0]["metricStat"]["stat"], "Sum");
        assert_eq!(told["metrics"][0]["returnData"], false);
        let expression = json!({"id": "e1", "expression": "m1 * 2", "returnData": true});
        assert_eq!(told["metrics"][1], expression);

        let composite = NewCompositeAlarm {
            rule: "ALARM(a)".to_owned(),
            ..NewCompositeAlarm::default()
        };
        let told = configuration(&Definition::Composite(composite), "arn:c");
        assert_eq!(told, json!({"alarmRule": "ALARM(a)"}));
    }
}

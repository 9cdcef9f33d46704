use std::collections::BTreeMap;

use super::super::math::{Expression, Inputs, SearchCall, Value};
use super::*;
use crate::error::{ErrorKind, Result};

const FIVE: Frame = Frame {
    start: 0,
    end: 300,
    period: 60,
};

fn inputs() -> Inputs {
    let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
    let all = [
        ("m1", series("one", &some(&[10.0, 20.0, 40.0]))),
        (
            "m2",
            series("two", &[Some(1.0), None, Some(2.0), Some(0.0)]),
        ),
        (
            "metric1",
            series("1", &[Some(30.0), Some(20.0), Some(0.0), Some(0.0)]),
        ),
        (
            "metric2",
            series("2", &[Some(20.0), None, Some(20.0), None]),
        ),
        (
            "if1",
            series("i1", &[Some(1.0), Some(1.0), Some(0.0), Some(0.0), None]),
        ),
        (
            "if2",
            series("i2", &[Some(30.0), None, Some(0.0), Some(0.0), Some(30.0)]),
        ),
        (
            "if3",
            series("i3", &[Some(0.0), Some(0.0), Some(20.0), None, Some(20.0)]),
        ),
        (
            "gap",
            series("gap", &[None, Some(1.0), None, Some(3.0), None]),
        ),
        ("none", series("none", &[])),
    ];
    let values = all.map(|(id, series)| (id.to_owned(), Value::Series(series)));
    Inputs {
        frame: FIVE,
        values: BTreeMap::from(values),
        metrics: vec!["m1".to_owned(), "m2".to_owned()],
        searches: BTreeMap::new(),
    }
}

fn evaluate(text: &str) -> Result<Value> {
    Expression::parse(text)?.evaluate(&inputs())
}

/// The values minute by minute, `-` where there is none; series of an array after `|`.
fn shown(text: &str) -> String {
    let one = |series: &Series| {
        let values = FIVE.times().map(|at| match series.at(at) {
            Some(value) => format!("{value}"),
            None => "-".to_owned(),
        });
        values.collect::<Vec<_>>().join(" ")
    };
    match evaluate(text).unwrap_or_else(|error| panic!("{text}: {error}")) {
        Value::Series(series) => one(&series),
        Value::Many(many) => many.iter().map(one).collect::<Vec<_>>().join(" | "),
        Value::Scalar(number) => format!("{number}"),
    }
}

#[test]
fn expressions() {
    for (text, expected) in [
        ("m1", "10 20 40 - -"),
        ("m1 + m2", "11 20 42 0 -"),
        ("m1 / m2", "10 - 20 - -"),
        ("5 * m1", "50 100 200 - -"),
        ("-5*m1", "-50 -100 -200 - -"),
        ("m1 - 2 * 3 ^ 2", "-8 2 22 - -"),
        ("2 ^ 3 ^ 0 * m1", "20 40 80 - -"),
        ("(m1 - 2) * 3", "24 54 114 - -"),
        ("m1/PERIOD(m1)*6", "1 2 4 - -"),
        ("m1-MIN(m1)", "0 10 30 - -"),
        ("SUM([m1,m2])", "11 20 42 0 -"),
        ("SUM(METRICS())", "11 20 42 0 -"),
        ("SUM(METRICS(\"1\"))", "10 20 40 - -"),
        ("AVG(METRICS())", "5.5 10 21 0 -"),
        ("MIN([m1, m2])", "1 20 2 0 -"),
        ("MAX([m1, m2])", "10 20 40 0 -"),
        ("STDDEV([m1, m2])", "4.5 0 19 0 -"),
        ("DATAPOINT_COUNT([m1, m2])", "2 1 2 1 -"),
        ("METRICS()*100", "1000 2000 4000 - - | 100 - 200 0 -"),
        ("SUM(100/[m1, m2])", "110 5 52.5 - -"),
        ("[m1, m2] - [m2, m1]", "9 20 38 0 - | -9 -20 -38 0 -"),
        ("SUM(m1)/m1", "7 3.5 1.75 - -"),
        ("m1*METRIC_COUNT(METRICS())", "20 40 80 - -"),
        // The guide's table of comparisons.
        ("(metric1 < metric2)", "0 0 1 0 -"),
        ("metric1 >= 30", "1 0 0 0 -"),
        ("metric1 > 15 AND metric2 > 15", "1 0 0 0 -"),
        ("metric1 > 15 || metric2 > 15", "1 1 1 0 -"),
        ("m1 == 20", "0 1 0 - -"),
        ("m1 != 20", "1 0 1 - -"),
        // The guide's tables of IF.
        ("IF(if1, if2, if3)", "30 0 20 - -"),
        ("IF(if1, 5, if3)", "5 5 20 - -"),
        ("IF(if1, if2, 5)", "30 0 5 5 -"),
        ("IF(if1, if2)", "30 0 - - -"),
        ("IF(1, if2, if3)", "30 - 0 0 30"),
        ("IF(0, if2)", "- - - - -"),
        ("IF(m1<40, 10, 2)", "10 10 2 - -"),
        ("FILL(gap, 7)", "7 1 7 3 7"),
        ("FILL(gap, REPEAT)", "- 1 1 3 3"),
        ("FILL(gap, LINEAR)", "- 1 2 3 -"),
        ("FILL(gap, if2)", "30 1 0 3 30"),
        ("FILL(m2, MAX(m1))", "1 40 2 0 40"),
        ("FILL(METRICS(), 0)", "10 20 40 0 0 | 1 0 2 0 0"),
        ("RATE(m1)*60", "- 10 20 - -"),
        ("DIFF(m1)", "- 10 20 - -"),
        ("DIFF_TIME(gap)", "- - - 120 -"),
        ("RUNNING_SUM(m1)", "10 30 70 - -"),
        ("ABS(m1-30)", "20 10 10 - -"),
        ("CEIL(m1/15)", "1 2 3 - -"),
        ("FLOOR(m1/15)", "0 1 2 - -"),
        (
            "LOG10(m1*10)",
            "2 2.3010299956639813 2.6020599913279625 - -",
        ),
        ("TIME_SERIES(MAX(m1))", "40 40 40 40 40"),
        ("MINUTE(m1)", "0 1 2 3 4"),
        ("DAY(m1)", "4 4 4 4 4"),
        (
            "YEAR(m1) + MONTH(m1) + DATE(m1)",
            "1972 1972 1972 1972 1972",
        ),
        ("EPOCH(m1)", "0 60 120 180 240"),
        ("SORT(METRICS(), AVG, ASC)", "1 - 2 0 - | 10 20 40 - -"),
        ("SORT([m2, m1], SUM, DESC, 1)", "10 20 40 - -"),
        ("SLICE([m1, m2, gap], 1)", "1 - 2 0 - | - 1 - 3 -"),
        ("SLICE([m1, m2, gap], 0, 1)", "10 20 40 - -"),
        ("FIRST([m1, m2])", "10 20 40 - -"),
        ("LAST([m1, m2])", "1 - 2 0 -"),
        ("REMOVE_EMPTY([none, m1])", "10 20 40 - -"),
        (
            "IF(FIRST(SORT(METRICS(), AVG, DESC))>10, 1, 0)",
            "0 1 1 - -",
        ),
        ("m1 * 1e-1 + .5", "1.5 2.5 4.5 - -"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn what_is_used_is_known() {
    let text = "a1 + SUM([b, a1]) + SEARCH('{AWS/S3} MetricName=\"x\"', 'Sum', 300)";
    let expression = Expression::parse(text).expect("read");
    assert_eq!(expression.references(), ["a1", "b"]);
    let call = SearchCall {
        search: "{AWS/S3} MetricName=\"x\"".to_owned(),
        statistic: "Sum".to_owned(),
        period: Some(300),
    };
    assert_eq!(expression.searches(), std::slice::from_ref(&call));

    let mut inputs = inputs();
    inputs
        .searches
        .insert(call, vec![series("x", &[Some(7.0)])]);
    let found = Expression::parse("SUM(SEARCH('{AWS/S3} MetricName=\"x\"', 'Sum', 300))")
        .and_then(|expression| expression.evaluate(&inputs))
        .expect("evaluated");
    assert!(matches!(found, Value::Series(series) if series.points == [(0, 7.0)]));
}

#[test]
fn faults_are_refused() {
    let deep = format!("{}m1{}", "(".repeat(200), ")".repeat(200));
    let minuses = format!("{}m1", "-".repeat(200));
    for (text, kind, words) in [
        ("AVG(m1)", ErrorKind::Invalid, "comes to a number"),
        ("1 + 1", ErrorKind::Invalid, "comes to a number"),
        ("m9", ErrorKind::Invalid, "not in the request"),
        ("M1 + 1", ErrorKind::Invalid, "text stands"),
        ("Mx", ErrorKind::Invalid, "lower-case letter"),
        ("m1 +", ErrorKind::Invalid, "was expected"),
        ("(m1", ErrorKind::Invalid, "was expected"),
        ("m1 m2", ErrorKind::Invalid, "an operator or the end"),
        ("", ErrorKind::Invalid, "was expected"),
        ("FOO(m1)", ErrorKind::Invalid, "no function FOO"),
        ("sum(m1)", ErrorKind::Invalid, "no function sum"),
        (
            "ANOMALY_DETECTION_BAND(m1)",
            ErrorKind::Unsupported,
            "ANOMALY_DETECTION_BAND",
        ),
        ("SERVICE_QUOTA(m1)", ErrorKind::Unsupported, "SERVICE_QUOTA"),
        ("IF([m1], 1)", ErrorKind::Invalid, "not arrays"),
        (
            "[m1] + [m1, m2]",
            ErrorKind::Invalid,
            "arrays of 1 and of 2",
        ),
        ("[1]", ErrorKind::Invalid, "a number and not"),
        ("m1 * (1 / 0)", ErrorKind::Invalid, "by zero"),
        ("SORT([m1], MEDIAN, ASC)", ErrorKind::Invalid, "MEDIAN"),
        ("SEARCH(m1)", ErrorKind::Invalid, "SEARCH takes"),
        ("FILL(m1, FOREVER)", ErrorKind::Invalid, "text stands"),
        (deep.as_str(), ErrorKind::Invalid, "nested deeper"),
        (minuses.as_str(), ErrorKind::Invalid, "nested deeper"),
    ] {
        let error = evaluate(text).expect_err(text);
        assert_eq!(error.kind(), kind, "{text}");
        assert!(error.message().contains(words), "{text}: {error}");
    }
}

use super::*;

/// Ten minutes of values, from nine o'clock on.
fn filled() -> (World, i64) {
    let w = world();
    let start = w.now_ms() - 3_600_000;
    let data: Vec<MetricDatum> = (0..10)
        .map(|n| datum("Requests", start + n * 60_000, f64::from(n as i32)))
        .collect();
    w.telemetry
        .put_metric_data(&w.root, "App", &data)
        .expect("put");
    let errors = [
        datum("Errors", start + 60_000, 2.0),
        datum("Errors", start + 180_000, 1.0),
    ];
    w.telemetry
        .put_metric_data(&w.root, "App", &errors)
        .expect("put");
    (w, start / 1000)
}

fn stat(name: &str, period_s: i64) -> DataSource {
    DataSource::Metric(MetricStat {
        metric: metric(name),
        period_s,
        statistic: "Sum".to_owned(),
        unit: None,
    })
}

fn query(id: &str, source: DataSource, returned: bool) -> DataQuery {
    DataQuery {
        id: id.to_owned(),
        source,
        label: None,
        returned,
        period_s: None,
    }
}

#[test]
fn statistics_are_of_periods() {
    let (w, start) = filled();
    let request = StatisticsRequest {
        metric: metric("Requests"),
        from_s: start,
        to_s: start + 600,
        period_s: 300,
        statistics: vec!["Sum".to_owned(), "Maximum".to_owned(), "p50".to_owned()],
        unit: None,
    };
    let found = w
        .telemetry
        .get_metric_statistics(&w.root, &request)
        .expect("found");
    let sums: Vec<(i64, f64, f64)> = found
        .iter()
        .map(|p| (p.at_s - start, p.values["Sum"], p.values["p50"]))
        .collect();
    assert_eq!(sums, [(0, 10.0, 2.0), (300, 35.0, 7.0)]);
    let seconds = StatisticsRequest {
        unit: Some("Seconds".to_owned()),
        ..request.clone()
    };
    assert!(
        w.telemetry
            .get_metric_statistics(&w.root, &seconds)
            .expect("none")
            .is_empty()
    );
    for (bad, code) in [
        (
            StatisticsRequest {
                period_s: 61,
                ..request.clone()
            },
            "InvalidParameterValue",
        ),
        (
            StatisticsRequest {
                from_s: start + 600,
                ..request.clone()
            },
            "InvalidParameterValue",
        ),
        (
            StatisticsRequest {
                from_s: start - 86_400,
                period_s: 60,
                ..request.clone()
            },
            "InvalidParameterCombination",
        ),
        (
            StatisticsRequest {
                statistics: vec![],
                ..request.clone()
            },
            "InvalidParameterCombination",
        ),
        (
            StatisticsRequest {
                statistics: vec!["Median".to_owned()],
                ..request
            },
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(
            fault(w.telemetry.get_metric_statistics(&w.root, &bad)).1,
            code
        );
    }
}

#[test]
fn data_are_refused_where_one_is_wrong() {
    let w = world();
    let now = w.now_ms();
    let put = |datum: MetricDatum| w.telemetry.put_metric_data(&w.root, "App", &[datum]);
    let good = datum("x", now, 1.0);
    put(good.clone()).expect("put");
    put(MetricDatum {
        value: MetricValue::Set {
            count: 2.0,
            sum: 3.0,
            min: 1.0,
            max: 2.0,
        },
        ..good.clone()
    })
    .expect("put");
    let many: BTreeMap<String, String> =
        (0..31).map(|n| (format!("d{n}"), "v".to_owned())).collect();
    for bad in [
        MetricDatum {
            at_ms: Some(now - 15 * 86_400_000),
            ..good.clone()
        },
        MetricDatum {
            at_ms: Some(now + 7_300_000),
            ..good.clone()
        },
        MetricDatum {
            value: MetricValue::Values(vec![(f64::NAN, 1.0)]),
            ..good.clone()
        },
        MetricDatum {
            value: MetricValue::Values(vec![(1.0, 0.0)]),
            ..good.clone()
        },
        MetricDatum {
            value: MetricValue::Values(vec![]),
            ..good.clone()
        },
        MetricDatum {
            value: MetricValue::Values(vec![(1.0, 1.0); 151]),
            ..good.clone()
        },
        MetricDatum {
            value: MetricValue::Set {
                count: 0.0,
                sum: 3.0,
                min: 1.0,
                max: 2.0,
            },
            ..good.clone()
        },
        MetricDatum {
            value: MetricValue::Set {
                count: 1.0,
                sum: 3.0,
                min: 3.0,
                max: 2.0,
            },
            ..good.clone()
        },
        MetricDatum {
            unit: Some("Apples".to_owned()),
            ..good.clone()
        },
        MetricDatum {
            dimensions: many,
            ..good.clone()
        },
        MetricDatum {
            name: String::new(),
            ..good.clone()
        },
    ] {
        assert_eq!(fault(put(bad)).0, ErrorKind::Invalid);
    }
    let root = &w.root;
    assert_eq!(
        fault(
            w.telemetry
                .put_metric_data(root, "AWS/Lambda", std::slice::from_ref(&good))
        )
        .0,
        ErrorKind::Invalid
    );
    assert_eq!(
        fault(w.telemetry.put_metric_data(root, "App", &vec![good; 1001])).0,
        ErrorKind::Invalid
    );
}

#[test]
fn expressions_are_over_metrics_and_each_other() {
    let (w, start) = filled();
    let expression = |text: &str| DataSource::Expression(text.to_owned());
    let mut request = DataRequest {
        queries: vec![
            query("rate", expression("errors / requests * 100"), true),
            query("double", expression("rate * 2"), true),
            query("requests", stat("Requests", 60), false),
            query("errors", stat("Errors", 60), true),
            query(
                "found",
                expression("SEARCH('{App} MetricName=\"Errors\"', 'Sum', 300)"),
                true,
            ),
            query("all", expression("SUM(METRICS())"), true),
        ],
        from_s: start,
        to_s: start + 600,
        ascending: true,
        ..DataRequest::default()
    };
    let page = w
        .telemetry
        .get_metric_data(&w.root, &request)
        .expect("data");
    let points = |id: &str| -> Vec<(i64, f64)> {
        let result = page
            .results
            .iter()
            .find(|result| result.id == id)
            .expect(id);
        result
            .points
            .iter()
            .map(|(at, value)| (at - start, *value))
            .collect()
    };
    let rate = points("rate");
    assert_eq!((rate.len(), rate[0], rate[2].0), (9, (60, 200.0), 180));
    assert_eq!(points("double")[0], (60, 400.0));
    assert_eq!(points("errors"), [(60, 2.0), (180, 1.0)]);
    assert_eq!(points("found"), [(0, 3.0)]);
    assert_eq!(points("all")[1], (60, 3.0));
    let labels: Vec<&str> = page
        .results
        .iter()
        .map(|result| result.label.as_str())
        .collect();
    assert_eq!(labels, ["rate", "double", "Errors", "Errors", "all"]);

    // The same by pages, the latest first.
    let whole: usize = page.results.iter().map(|result| result.points.len()).sum();
    request.ascending = false;
    request.max_datapoints = Some(4);
    let mut count = 0;
    loop {
        let page = w
            .telemetry
            .get_metric_data(&w.root, &request)
            .expect("data");
        for result in &page.results {
            assert!(result.points.windows(2).all(|pair| pair[0].0 > pair[1].0));
            count += result.points.len();
        }
        request.token = page.next;
        if request.token.is_none() {
            break;
        }
    }
    assert_eq!(count, whole);
}

#[test]
fn wrong_requests_for_data_are_refused() {
    let (w, start) = filled();
    let expression = |text: &str| DataSource::Expression(text.to_owned());
    for (queries, words) in [
        (vec![], "1 to 500"),
        (vec![query("A", stat("x", 60), true)], "lower-case"),
        (
            vec![
                query("a", stat("x", 60), true),
                query("a", stat("y", 60), true),
            ],
            "twice",
        ),
        (vec![query("a", stat("x", 60), false)], "to be returned"),
        (vec![query("a", stat("x", 7), true)], "period 7"),
        (
            vec![query("a", expression("b + 1"), true)],
            "\"b\" is not in the request",
        ),
        (
            vec![
                query("a", expression("b"), true),
                query("b", expression("a"), true),
            ],
            "refers to itself",
        ),
        (
            vec![query("a", expression("ANOMALY_DETECTION_BAND(b)"), true)],
            "ANOMALY_DETECTION_BAND",
        ),
        (
            vec![
                query("a", expression("AVG(b)"), true),
                query("b", stat("Requests", 60), false),
            ],
            "comes to a number",
        ),
    ] {
        let request = DataRequest {
            queries,
            from_s: start,
            to_s: start + 600,
            ..DataRequest::default()
        };
        let error = w
            .telemetry
            .get_metric_data(&w.root, &request)
            .expect_err(words);
        assert!(error.message().contains(words), "{words}: {error}");
    }
}

#[test]
fn metrics_are_listed() {
    let (w, _) = filled();
    let mut of_job = datum("Errors", w.now_ms(), 1.0);
    of_job.dimensions = dimensions(&[("Job", "etl")]);
    w.telemetry
        .put_metric_data(&w.root, "App", &[of_job.clone()])
        .expect("put");
    of_job.unit = Some("Count".to_owned());
    w.telemetry
        .put_metric_data(&w.root, "App", &[of_job])
        .expect("put");
    let list = |filter: &MetricFilterList| {
        let mut names = Vec::new();
        let mut request = PageRequest {
            limit: Some(1),
            ..NONE
        };
        loop {
            let page = w
                .telemetry
                .list_metrics(&w.root, filter, &request)
                .expect("listed");
            names.extend(
                page.items
                    .into_iter()
                    .map(|m| format!("{}{}", m.name, m.dimensions.len())),
            );
            request.token = page.next;
            if request.token.is_none() {
                return names;
            }
        }
    };
    assert_eq!(
        list(&MetricFilterList::default()),
        ["Errors1", "Errors0", "Requests0"]
    );
    let of_job = MetricFilterList {
        dimensions: BTreeMap::from([("Job".to_owned(), None)]),
        ..MetricFilterList::default()
    };
    assert_eq!(list(&of_job), ["Errors1"]);
    let named = MetricFilterList {
        name: Some("Requests".to_owned()),
        ..MetricFilterList::default()
    };
    assert_eq!(list(&named), ["Requests0"]);
    w.wait(3 * 3600);
    let recent = MetricFilterList {
        recently_active: true,
        ..MetricFilterList::default()
    };
    assert_eq!(list(&recent), ["Errors1"]);
    w.wait(15 * 86_400);
    assert!(list(&MetricFilterList::default()).is_empty());
}

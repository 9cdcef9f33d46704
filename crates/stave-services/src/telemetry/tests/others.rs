use std::time::Duration;

use super::*;

#[test]
fn nobody_writes_or_reads_who_may_not() {
    let w = world();
    w.group(GROUP, &["s"]);
    w.group("/other", &["s"]);
    let t = &w.telemetry;
    let lines = [line(w.now_ms(), "a")];
    // The policy that Lambda's guide gives a function.
    let arn = format!("arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:*");
    let writer = user(r#"["logs:CreateLogStream", "logs:PutLogEvents"]"#, &arn, "");
    t.create_log_stream(&writer, GROUP, "t").expect("may");
    t.put_log_events(&writer, GROUP, "t", &lines).expect("may");
    assert_eq!(
        fault(t.put_log_events(&writer, "/other", "s", &lines)),
        DENIED
    );
    assert_eq!(
        fault(t.put_log_events(&writer, "/none", "s", &lines)),
        DENIED
    );
    assert_eq!(fault(t.delete_log_group(&writer, GROUP)), DENIED);
    assert_eq!(
        fault(t.filter_log_events(
            &writer,
            &FilterEvents {
                group: GROUP.to_owned(),
                ..FilterEvents::default()
            }
        )),
        DENIED
    );
    let stream = format!("arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}:log-stream:s");
    let one = user("\"logs:PutLogEvents\"", &stream, "");
    t.put_log_events(&one, GROUP, "s", &lines).expect("may");
    assert_eq!(fault(t.put_log_events(&one, GROUP, "t", &lines)), DENIED);

    let condition = r#", "Condition": {"StringEquals": {"cloudwatch:namespace": "App"}}"#;
    let app = user("\"cloudwatch:PutMetricData\"", "*", condition);
    let data = [datum("x", w.now_ms(), 1.0)];
    t.put_metric_data(&app, "App", &data).expect("may");
    assert_eq!(fault(t.put_metric_data(&app, "Other", &data)), DENIED);
    assert_eq!(
        fault(t.list_metrics(&app, &MetricFilterList::default(), &NONE)),
        DENIED
    );
    assert_eq!(fault(t.put_dashboard(&app, "d", "{}")), DENIED);
    assert_eq!(fault(t.delete_alarms(&app, &["a".to_owned()])), DENIED);
    assert_eq!(fault(t.prometheus(&app)), DENIED);
}

#[test]
fn dashboards_are_kept() {
    let w = world();
    let (t, root) = (&w.telemetry, &w.root);
    let body = r#"{"widgets": []}"#;
    for name in ["b", "a"] {
        t.put_dashboard(root, name, body).expect("put");
    }
    assert_eq!(t.get_dashboard(root, "a").expect("there").body, body);
    let one = PageRequest {
        limit: Some(1),
        ..NONE
    };
    let page = t.list_dashboards(root, None, &one).expect("listed");
    assert_eq!(
        (
            page.items[0].name.as_str(),
            page.items[0].size,
            page.next.is_some()
        ),
        ("a", body.len(), true)
    );
    assert_eq!(
        page.items[0].arn,
        "arn:aws:cloudwatch::123456789012:dashboard/a"
    );
    for (name, body) in [
        ("a b", body),
        ("", body),
        ("a", "{"),
        ("a", "{}"),
        ("a", "[]"),
    ] {
        assert_eq!(
            fault(t.put_dashboard(root, name, body)),
            (ErrorKind::Invalid, "InvalidParameterInput")
        );
    }
    assert_eq!(
        fault(t.delete_dashboards(root, &["a".to_owned(), "x".to_owned()])).0,
        ErrorKind::NotFound
    );
    t.get_dashboard(root, "a").expect("nothing was removed");
    t.delete_dashboards(root, &["a".to_owned()])
        .expect("removed");
    assert_eq!(fault(t.get_dashboard(root, "a")).0, ErrorKind::NotFound);
}

#[test]
fn the_platform_writes_without_waiting() {
    let w = world();
    let (t, sink) = (&w.telemetry, w.telemetry.sink().clone());
    for n in 0..3 {
        sink.put_lines(
            "/aws/lambda/f",
            "s",
            vec![line(w.now_ms() + n, "hello"), line(w.now_ms(), "")],
        );
        sink.put_metrics([SinkMetric {
            namespace: "AWS/Lambda",
            name: "Duration",
            dimensions: &[("FunctionName", "f")],
            value: 10.0 * (n as f64),
            unit: "Milliseconds",
        }]);
    }
    sink.put_lines("not a name", "s", vec![line(w.now_ms(), "lost")]);
    assert!(t.flush().is_err());
    assert_eq!(sink.dropped(), (1, 0));
    t.flush().expect("flushed");
    let wanted = FilterEvents {
        group: "/aws/lambda/f".to_owned(),
        ..FilterEvents::default()
    };
    assert_eq!(
        t.filter_log_events(&w.root, &wanted)
            .expect("found")
            .events
            .len(),
        3
    );
    w.wait(60);
    let text = t.prometheus(&w.root).expect("text");
    let at = w.now_ms() - 60_000;
    for expected in [
        "# TYPE aws_lambda_duration_average gauge".to_owned(),
        format!("aws_lambda_duration_average{{function_name=\"f\",unit=\"Milliseconds\"}} 10 {at}"),
        format!(
            "aws_lambda_duration_sample_count{{function_name=\"f\",unit=\"Milliseconds\"}} 3 {at}"
        ),
        "stave_telemetry_dropped_log_lines_total 1".to_owned(),
    ] {
        assert!(
            text.lines().any(|line| line == expected),
            "{expected}\n{text}"
        );
    }
    // Memory is bounded.
    let big = "x".repeat(1024 * 1024 - 100);
    for _ in 0..20 {
        sink.put_lines("/g", "s", vec![line(w.now_ms(), &big)]);
    }
    assert_eq!(sink.dropped().0, 1 + 4);
}

#[test]
fn a_flusher_writes_what_waits_when_it_ends() {
    let w = world();
    let flusher = w
        .telemetry
        .start_flusher(Duration::from_hours(1))
        .expect("started");
    w.telemetry
        .sink()
        .put_lines("/g", "s", vec![line(w.now_ms(), "a")]);
    drop(flusher);
    let wanted = FilterEvents {
        group: "/g".to_owned(),
        ..FilterEvents::default()
    };
    assert_eq!(
        w.telemetry
            .filter_log_events(&w.root, &wanted)
            .expect("found")
            .events
            .len(),
        1
    );
}

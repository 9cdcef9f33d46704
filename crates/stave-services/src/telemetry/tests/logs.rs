use super::*;

#[test]
fn groups_and_streams_come_and_go() {
    let w = world();
    let (t, root) = (&w.telemetry, &w.root);
    w.group(GROUP, &["b", "a"]);
    w.group("/aws/glue/x", &[]);
    let again = NewLogGroup {
        name: GROUP.to_owned(),
        ..NewLogGroup::default()
    };
    assert_eq!(fault(t.create_log_group(root, &again)), EXISTS);
    assert_eq!(fault(t.create_log_stream(root, GROUP, "a")), EXISTS);
    assert_eq!(fault(t.create_log_stream(root, "none", "a")), NO_SUCH);
    assert_eq!(fault(t.create_log_stream(root, GROUP, "a:b")), INVALID);
    let bad = NewLogGroup {
        name: "a b".to_owned(),
        ..NewLogGroup::default()
    };
    assert_eq!(fault(t.create_log_group(root, &bad)), INVALID);

    t.put_retention_policy(root, GROUP, Some(7)).expect("set");
    assert_eq!(fault(t.put_retention_policy(root, GROUP, Some(8))), INVALID);
    let one = PageRequest {
        limit: Some(1),
        ..NONE
    };
    let page = t
        .describe_log_groups(root, &GroupFilter::default(), &one)
        .expect("listed");
    assert_eq!(page.items[0].name, "/aws/glue/x");
    let next = PageRequest {
        token: page.next,
        limit: Some(1),
    };
    let page = t
        .describe_log_groups(root, &GroupFilter::default(), &next)
        .expect("listed");
    assert_eq!(
        (page.items[0].name.as_str(), page.items[0].retention_days),
        (GROUP, Some(7))
    );
    assert_eq!(
        page.items[0].arn,
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/extract"
    );
    assert_eq!(page.next, None);
    let filter = GroupFilter {
        pattern: Some("LAMBDA".to_owned()),
        ..GroupFilter::default()
    };
    assert_eq!(
        t.describe_log_groups(root, &filter, &NONE)
            .expect("listed")
            .items
            .len(),
        1
    );
    let bad = PageRequest {
        token: Some("???".to_owned()),
        ..NONE
    };
    assert_eq!(fault(t.describe_log_groups(root, &filter, &bad)), INVALID);

    let tags = dimensions(&[("team", "data")]);
    let arn = format!("arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}");
    t.tag_log_group(root, &arn, &tags).expect("tagged");
    assert_eq!(t.log_group_tags(root, &arn).expect("tags"), tags);
    t.untag_log_group(root, GROUP, &["team".to_owned()])
        .expect("untagged");
    assert!(t.log_group_tags(root, &arn).expect("tags").is_empty());

    t.delete_log_stream(root, GROUP, "a").expect("deleted");
    assert_eq!(fault(t.delete_log_stream(root, GROUP, "a")), NO_SUCH);
    t.delete_log_group(root, GROUP).expect("deleted");
    assert_eq!(fault(t.delete_log_group(root, GROUP)), NO_SUCH);
}

#[test]
fn what_is_too_old_or_too_new_is_reported() {
    let w = world();
    w.group(GROUP, &["s"]);
    let (t, root, now) = (&w.telemetry, &w.root, w.now_ms());
    let hour = 3_600_000;
    let put = |lines: &[LogLine]| t.put_log_events(root, GROUP, "s", lines);
    let old = now - 14 * 24 * hour;
    let rejected =
        put(&[line(old - 1000, "x"), line(old - 1, "y"), line(old, "kept")]).expect("put");
    assert_eq!(rejected.rejected.expect("some").too_old_to, Some(2));
    let rejected = put(&[line(now, "kept"), line(now + 2 * hour + 1, "z")]).expect("put");
    assert_eq!(rejected.rejected.expect("some").too_new_from, Some(1));
    t.put_retention_policy(root, GROUP, Some(1)).expect("set");
    let rejected = put(&[line(now - 25 * hour, "x"), line(now - 2 * hour, "kept")]).expect("put");
    let expected = RejectedLogs {
        expired_to: Some(1),
        ..RejectedLogs::default()
    };
    assert_eq!(rejected.rejected, Some(expected));

    let bytes = "x".repeat(1_048_576 - 26);
    put(&[line(now, &bytes)]).expect("just fits");
    for bad in [
        vec![],
        vec![line(now, "b"), line(now - 1, "a")],
        vec![line(now, "")],
        vec![line(now, &format!("{bytes}x"))],
        vec![line(now - 24 * hour, "a"), line(now + 1, "b")],
        vec![line(now, "a"); 10_001],
    ] {
        assert_eq!(fault(put(&bad)), INVALID);
    }
    assert_eq!(
        fault(t.put_log_events(root, GROUP, "none", &[line(now, "a")])),
        NO_SUCH
    );
    assert_eq!(
        fault(t.put_log_events(root, "none", "s", &[line(now, "a")])),
        NO_SUCH
    );
}

fn get(w: &World, token: Option<&str>, limit: u32, from_head: bool) -> (Vec<String>, EventPage) {
    let wanted = GetEvents {
        group: GROUP.to_owned(),
        stream: "s".to_owned(),
        page: PageRequest {
            token: token.map(str::to_owned),
            limit: Some(limit),
        },
        from_head,
        ..GetEvents::default()
    };
    let page = w.telemetry.get_log_events(&w.root, &wanted).expect("got");
    (
        page.events
            .iter()
            .map(|event| event.message.clone())
            .collect(),
        page,
    )
}

#[test]
fn tokens_go_both_ways_and_repeat_at_the_ends() {
    let w = world();
    w.group(GROUP, &["s", "other"]);
    let (none, empty) = get(&w, None, 10, true);
    assert!(none.is_empty());
    w.put("s", &["1", "2", "3", "4", "5"]);
    w.put("other", &["x"]);
    assert_eq!(get(&w, Some(&empty.forward), 10, true).0.len(), 5);
    let (last, page) = get(&w, None, 2, false);
    assert_eq!(last, ["4", "5"]);
    let (before, earlier) = get(&w, Some(&page.backward), 2, false);
    assert_eq!(before, ["2", "3"]);
    assert_eq!(get(&w, Some(&earlier.forward), 10, false).0, ["4", "5"]);
    let (first, first_page) = get(&w, Some(&earlier.backward), 2, false);
    assert_eq!(first, ["1"]);
    let (none, at_start) = get(&w, Some(&first_page.backward), 2, false);
    assert!(none.is_empty());
    assert_eq!(at_start.backward, first_page.backward);
    assert_eq!(get(&w, Some(&at_start.forward), 1, false).0, ["1"]);
    let (none, at_end) = get(&w, Some(&page.forward), 2, true);
    assert!(none.is_empty());
    assert_eq!(at_end.forward, page.forward);
    assert_eq!(get(&w, Some(&at_end.backward), 1, true).0, ["5"]);
    w.wait(10);
    w.put("s", &["6"]);
    assert_eq!(get(&w, Some(&at_end.forward), 2, true).0, ["6"]);
    let bad = GetEvents {
        group: GROUP.to_owned(),
        stream: "s".to_owned(),
        page: PageRequest {
            token: Some("f/1/s".to_owned()),
            limit: None,
        },
        ..GetEvents::default()
    };
    assert_eq!(fault(w.telemetry.get_log_events(&w.root, &bad)), INVALID);
}

fn filter(w: &World, change: impl FnOnce(&mut FilterEvents)) -> Vec<String> {
    let mut wanted = FilterEvents {
        group: GROUP.to_owned(),
        page: PageRequest {
            limit: Some(2),
            ..NONE
        },
        ..FilterEvents::default()
    };
    change(&mut wanted);
    let mut found = Vec::new();
    loop {
        let page = w
            .telemetry
            .filter_log_events(&w.root, &wanted)
            .expect("found");
        assert!(page.events.len() <= 2);
        found.extend(
            page.events
                .into_iter()
                .map(|event| format!("{}:{}", event.stream, event.message)),
        );
        wanted.page.token = page.next;
        if wanted.page.token.is_none() {
            return found;
        }
    }
}

#[test]
fn events_are_filtered_over_streams() {
    let w = world();
    w.group(GROUP, &["a1", "a2", "b", "gone"]);
    w.put("a1", &["ERROR one", "INFO two", "ERROR three"]);
    w.put("a2", &[r#"{"n": 5}"#, "ERROR four"]);
    w.put("b", &["ERROR five"]);
    w.put("gone", &["ERROR six"]);
    w.telemetry
        .delete_log_stream(&w.root, GROUP, "gone")
        .expect("deleted");
    assert_eq!(filter(&w, |_| ()).len(), 6);
    let errors = |wanted: &mut FilterEvents| wanted.pattern = Some("ERROR".to_owned());
    assert_eq!(
        filter(&w, errors),
        [
            "a1:ERROR one",
            "b:ERROR five",
            "a2:ERROR four",
            "a1:ERROR three"
        ]
    );
    assert_eq!(
        filter(&w, |f| f.pattern = Some("{ $.n > 4 }".to_owned())),
        [r#"a2:{"n": 5}"#]
    );
    assert_eq!(
        filter(&w, |f| f.stream_prefix = Some("a".to_owned())).len(),
        5
    );
    assert_eq!(
        filter(&w, |f| f.streams = vec!["b".to_owned()]),
        ["b:ERROR five"]
    );
    let now = w.now_ms();
    assert_eq!(
        filter(&w, |f| f.from_ms = Some(now + 2000)),
        ["a1:ERROR three"]
    );
    assert_eq!(filter(&w, |f| f.to_ms = Some(now + 1)).len(), 3);
    let back = filter(&w, |f| f.from_tail = true);
    assert_eq!(back.first().map(String::as_str), Some("a1:ERROR three"));
    assert_eq!(back.len(), 6);
    let bad = FilterEvents {
        group: GROUP.to_owned(),
        pattern: Some("a-b".to_owned()),
        ..FilterEvents::default()
    };
    assert_eq!(fault(w.telemetry.filter_log_events(&w.root, &bad)), INVALID);
}

#[test]
fn streams_are_listed_by_name_and_by_last_event() {
    let w = world();
    w.group(GROUP, &["a", "b", "c"]);
    w.put("b", &["1"]);
    w.wait(60);
    w.put("a", &["2", "3"]);
    let list = |filter: &StreamFilter| {
        let mut names = Vec::new();
        let mut request = PageRequest {
            limit: Some(1),
            ..NONE
        };
        loop {
            let page = w
                .telemetry
                .describe_log_streams(&w.root, GROUP, filter, &request)
                .expect("listed");
            names.extend(page.items.into_iter().map(|stream| stream.name));
            request.token = page.next;
            if request.token.is_none() {
                return names.concat();
            }
        }
    };
    let by = |order, descending| StreamFilter {
        order,
        descending,
        prefix: None,
    };
    assert_eq!(list(&by(StreamOrder::Name, false)), "abc");
    assert_eq!(list(&by(StreamOrder::Name, true)), "cba");
    assert_eq!(list(&by(StreamOrder::LastEvent, true)), "abc");
    assert_eq!(list(&by(StreamOrder::LastEvent, false)), "cba");
    let filter = StreamFilter {
        prefix: Some("a".to_owned()),
        ..StreamFilter::default()
    };
    let page = w
        .telemetry
        .describe_log_streams(&w.root, GROUP, &filter, &NONE)
        .expect("listed");
    let now = w.now_ms();
    assert_eq!(page.items[0].last_event_ms, Some(now + 1000));
    assert_eq!(
        (
            page.items[0].first_event_ms,
            page.items[0].last_ingestion_ms
        ),
        (Some(now), Some(now))
    );
    let groups = w
        .telemetry
        .describe_log_groups(&w.root, &GroupFilter::default(), &NONE);
    assert_eq!(groups.expect("listed").items[0].stored_bytes, 3 * 27);
}

#[test]
fn a_tail_follows_also_what_another_process_writes() {
    let w = world();
    w.group(GROUP, &["a", "b"]);
    let other = open(&w.dir, &w.clock);
    w.put("a", &["before"]);
    let mut wanted = TailEvents {
        group: GROUP.to_owned(),
        pattern: Some("ERROR".to_owned()),
        ..TailEvents::default()
    };
    let page = w.telemetry.tail(&w.root, &wanted).expect("tail");
    assert!(page.events.is_empty());
    w.put("a", &["ERROR 1", "INFO"]);
    other
        .put_log_events(&w.root, GROUP, "b", &[line(w.now_ms() - 5000, "ERROR 2")])
        .expect("put");
    wanted.cursor = Some(page.cursor);
    let page = w.telemetry.tail(&w.root, &wanted).expect("tail");
    let messages: Vec<&str> = page
        .events
        .iter()
        .map(|event| event.message.as_str())
        .collect();
    assert_eq!(messages, ["ERROR 1", "ERROR 2"]);
    wanted.cursor = Some(page.cursor);
    assert!(
        w.telemetry
            .tail(&w.root, &wanted)
            .expect("tail")
            .events
            .is_empty()
    );
    wanted.cursor = Some("x".to_owned());
    assert_eq!(fault(w.telemetry.tail(&w.root, &wanted)), INVALID);
}

#[test]
fn events_go_when_their_retention_is_over() {
    let w = world();
    w.group(GROUP, &["s"]);
    w.telemetry
        .put_retention_policy(&w.root, GROUP, Some(1))
        .expect("set");
    w.put("s", &["old"]);
    w.wait(24 * 3600);
    w.put("s", &["new"]);
    w.wait(1);
    assert_eq!(filter(&w, |_| ()), ["s:new"]);
    let done = w.telemetry.maintain().expect("done");
    assert_eq!((done.sealed, done.removed), (1, 1));
    w.telemetry
        .put_retention_policy(&w.root, GROUP, None)
        .expect("unset");
    assert_eq!(filter(&w, |_| ()), ["s:new"]);
}

fn to(metric: &str, value: &str) -> Transformation {
    Transformation {
        metric: metric.to_owned(),
        namespace: "App".to_owned(),
        value: value.to_owned(),
        ..Transformation::default()
    }
}

#[test]
fn metric_filters_make_metrics_of_events() {
    let w = world();
    w.group(GROUP, &["s"]);
    let (t, root) = (&w.telemetry, &w.root);
    let errors = Transformation {
        default_value: Some(0.0),
        ..to("Errors", "1")
    };
    t.put_metric_filter(root, GROUP, "errors", "ERROR", &errors)
        .expect("put");
    let latency = Transformation {
        dimensions: dimensions(&[("Path", "$.path")]),
        unit: Some("Milliseconds".to_owned()),
        ..to("Latency", "$.ms")
    };
    t.put_metric_filter(root, GROUP, "latency", "{ $.ms = * }", &latency)
        .expect("put");
    w.put(
        "s",
        &[
            "ERROR a",
            "fine",
            r#"{"ms": 20, "path": "/x"}"#,
            r#"{"ms": 40, "path": "/x"}"#,
            r#"{"ms": 1}"#,
        ],
    );
    let statistics = |metric: Metric, statistics: &[&str]| {
        let request = StatisticsRequest {
            metric,
            from_s: w.now_ms() / 1000 - 60,
            to_s: w.now_ms() / 1000 + 60,
            period_s: 60,
            statistics: statistics.iter().map(|s| (*s).to_owned()).collect(),
            unit: None,
        };
        t.get_metric_statistics(root, &request).expect("statistics")
    };
    let found = statistics(metric("Errors"), &["Sum", "SampleCount"]);
    assert_eq!(
        (found[0].values["Sum"], found[0].values["SampleCount"]),
        (1.0, 5.0)
    );
    let of_path = Metric {
        dimensions: dimensions(&[("Path", "/x")]),
        ..metric("Latency")
    };
    let found = statistics(of_path, &["Average", "p100"]);
    assert_eq!(
        (found[0].values["Average"], found[0].values["p100"]),
        (30.0, 40.0)
    );
    assert_eq!(found[0].unit, "Milliseconds");

    let all = t
        .describe_metric_filters(root, &MetricFilterQuery::default(), &NONE)
        .expect("listed");
    let names: Vec<&str> = all
        .items
        .iter()
        .map(|filter| filter.name.as_str())
        .collect();
    assert_eq!(names, ["errors", "latency"]);
    let query = MetricFilterQuery {
        metric: Some(("Errors".to_owned(), "App".to_owned())),
        ..MetricFilterQuery::default()
    };
    assert_eq!(
        t.describe_metric_filters(root, &query, &NONE)
            .expect("listed")
            .items
            .len(),
        1
    );
    let found = t
        .test_metric_filter(root, "[a, b=2]", &["x 1".to_owned(), "x 2".to_owned()])
        .expect("tested");
    assert_eq!((found.len(), found[0].number), (1, 2));
    assert_eq!(found[0].extracted[1], ("$b".to_owned(), "2".to_owned()));
    t.delete_metric_filter(root, GROUP, "errors")
        .expect("deleted");
    assert_eq!(
        fault(t.delete_metric_filter(root, GROUP, "errors")),
        NO_SUCH
    );
    let both = Transformation {
        default_value: Some(0.0),
        ..latency
    };
    assert_eq!(
        fault(t.put_metric_filter(root, GROUP, "x", "a", &both)),
        INVALID
    );
    assert_eq!(
        fault(t.put_metric_filter(root, GROUP, "x", "{", &errors)),
        INVALID
    );
}

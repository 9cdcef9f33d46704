use super::*;

fn finished(w: &World, id: &str) -> QueryResults {
    loop {
        let results = w.telemetry.get_query_results(&w.root, id).expect("known");
        if results.status != QueryStatus::Running {
            return results;
        }
        std::thread::yield_now();
    }
}

fn query(w: &World, text: &str) -> NewQuery {
    let now = w.now_ms() / 1000;
    NewQuery {
        groups: vec![GROUP.to_owned()],
        from_s: now - 60,
        to_s: now + 60,
        text: text.to_owned(),
        limit: None,
    }
}

#[test]
fn queries_run_and_are_remembered() {
    let w = world();
    w.group(GROUP, &["a", "b"]);
    w.put("a", &[r#"{"ms": 10}"#, r#"{"ms": 30}"#]);
    w.put("b", &["no json"]);
    let t = &w.telemetry;
    let id = t
        .start_query(
            &w.root,
            &query(
                &w,
                "filter ispresent(ms) | stats avg(ms) as m by @logStream",
            ),
        )
        .expect("started");
    let found = finished(&w, &id);
    assert_eq!(found.status, QueryStatus::Complete);
    let row = [("@logStream", "a"), ("m", "20")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    assert_eq!(found.rows, [row.to_vec()]);
    assert_eq!(
        (
            found.statistics.records_scanned,
            found.statistics.records_matched
        ),
        (3, 2)
    );
    let late = NewQuery {
        from_s: w.now_ms() / 1000 + 1,
        ..query(&w, "fields @message")
    };
    let id = t.start_query(&w.root, &late).expect("started");
    assert_eq!(finished(&w, &id).rows.len(), 1);
    let all = t
        .describe_queries(&w.root, Some(GROUP), Some(QueryStatus::Complete))
        .expect("listed");
    assert_eq!((all.len(), all[0].id == id), (2, true));
    assert_eq!(fault(t.stop_query(&w.root, &id)), INVALID);
    assert_eq!(fault(t.get_query_results(&w.root, "none")), NO_SUCH);
    let bad = query(&w, "select 1");
    assert_eq!(
        fault(t.start_query(&w.root, &bad)),
        (ErrorKind::Invalid, "MalformedQueryException")
    );
    let none = NewQuery {
        groups: vec!["none".to_owned()],
        ..query(&w, "limit 1")
    };
    assert_eq!(fault(t.start_query(&w.root, &none)), NO_SUCH);
}

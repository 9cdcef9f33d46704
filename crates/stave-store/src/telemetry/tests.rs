//! Segments that are cut anywhere, two writers, the size of things.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stave_core::metrics::Samples;
use stave_core::{ManualClock, SequentialIds};
use tempfile::TempDir;

use super::points::{decode, encode};
use super::*;
use crate::store::StoreOptions;

fn open(dir: &Path) -> TelemetryStore {
    let at = "2026-11-21T10:00:00Z".parse().expect("a time");
    let (clock, ids) = (
        Arc::new(ManualClock::new(at)),
        Arc::new(SequentialIds::default()),
    );
    let options = StoreOptions { fsync: false };
    let store = Store::open_with(dir, clock, ids, options).expect("a store");
    TelemetryStore::open(&store).expect("opened")
}

fn world() -> (TempDir, TelemetryStore) {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path());
    (dir, store)
}

const ALL: LogQuery<'static> = LogQuery {
    from_ms: i64::MIN,
    to_ms: i64::MAX,
    streams: None,
    after: None,
    backward: false,
    limit: usize::MAX,
};

fn append(store: &TelemetryStore, stream: i64, events: &[(i64, &str)]) {
    let events: Vec<NewEvent<'_>> = events
        .iter()
        .map(|(at_ms, message)| NewEvent {
            at_ms: *at_ms,
            message,
        })
        .collect();
    let now = events.last().map_or(0, |event| event.at_ms);
    store
        .append_logs(1, stream, now, &events)
        .expect("appended");
}

fn messages(store: &TelemetryStore, query: &LogQuery<'_>) -> Vec<String> {
    let found = store.find_logs(1, query, &mut |_| true).expect("found");
    found.into_iter().map(|event| event.message).collect()
}

fn segments(dir: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.path().join("telemetry/logs/1")).expect("listed");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("listed").path()).collect();
    paths.sort();
    paths
}

#[test]
fn events_come_in_the_order_of_their_time() {
    let (_dir, store) = world();
    append(&store, 1, &[(10, "a"), (30, "c"), (30, "d")]);
    append(&store, 2, &[(20, "b"), (40, "e")]);
    assert_eq!(messages(&store, &ALL), ["a", "b", "c", "d", "e"]);
    let backward = LogQuery {
        backward: true,
        limit: 2,
        ..ALL
    };
    assert_eq!(messages(&store, &backward), ["e", "d"]);
    let first = LogQuery { limit: 3, ..ALL };
    assert_eq!(messages(&store, &first), ["a", "b", "c"]);
    let found = store.find_logs(1, &first, &mut |_| true).expect("found");
    let after = LogQuery {
        after: Some(found[2].key),
        ..ALL
    };
    assert_eq!(messages(&store, &after), ["d", "e"]);
    let before = LogQuery {
        after: Some(found[2].key),
        backward: true,
        ..ALL
    };
    assert_eq!(messages(&store, &before), ["b", "a"]);
    let part = LogQuery {
        from_ms: 20,
        to_ms: 40,
        ..ALL
    };
    assert_eq!(messages(&store, &part), ["b", "c", "d"]);
    let second = HashSet::from([2]);
    let streams = LogQuery {
        streams: Some(&second),
        ..ALL
    };
    assert_eq!(messages(&store, &streams), ["b", "e"]);
    let spans = store.log_spans(1).expect("spans");
    let expected = StreamSpan {
        first_ms: 20,
        last_ms: 40,
        ingested_ms: 40,
        events: 2,
        bytes: 54,
    };
    assert_eq!(spans.get(&2), Some(&expected));
    assert_eq!(store.find_logs(9, &ALL, &mut |_| true).expect("none"), []);
}

#[test]
fn pages_over_many_blocks_are_whole_and_without_repetition() {
    let (_dir, store) = world();
    let filler = "x".repeat(2000);
    // Several blocks, times out of order within and between them.
    let mut expected = Vec::new();
    for batch in 0..60_i64 {
        let events: Vec<(i64, String)> = (0..20_i64)
            .map(|n| {
                (
                    (batch * 20 + n) * 7919 % 1200,
                    format!("{batch}-{n} {filler}"),
                )
            })
            .collect();
        let borrowed: Vec<(i64, &str)> = events.iter().map(|(at, m)| (*at, m.as_str())).collect();
        append(&store, batch % 3, &borrowed);
        expected.extend(events);
    }
    expected.sort_by_key(|(at, _)| *at);
    for backward in [false, true] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let query = LogQuery {
                after,
                backward,
                limit: 101,
                ..ALL
            };
            let page = store.find_logs(1, &query, &mut |_| true).expect("found");
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            seen.extend(
                page.into_iter()
                    .map(|event| (event.key.at_ms, event.message)),
            );
        }
        if backward {
            seen.reverse();
        }
        assert!(seen.is_sorted_by_key(|(at, _)| *at));
        let (mut a, mut b) = (seen, expected.clone());
        a.sort();
        b.sort();
        assert!(a == b, "backward {backward}");
    }
    let mut count = 0;
    store
        .each_log(1, &ALL, &mut |_| {
            count += 1;
            count < 500
        })
        .expect("seen");
    assert_eq!(count, 500);
}

#[test]
fn a_torn_tail_is_cut_at_every_byte() {
    let (dir, store) = world();
    append(&store, 1, &[(1, "first"), (2, "second")]);
    append(&store, 1, &[(3, "third")]);
    drop(store);
    let path = segments(&dir).remove(0);
    let whole = fs::read(&path).expect("read");
    let ends: Vec<usize> = {
        let mut ends = vec![8];
        let mut at = 8;
        while at < whole.len() {
            let length = u32::from_le_bytes(whole[at..at + 4].try_into().expect("four"));
            at += 8 + length as usize;
            ends.push(at);
        }
        ends
    };
    assert_eq!(ends.len(), 3);
    let kept = |bytes: usize| match bytes {
        n if n >= ends[2] => vec!["first", "second", "third"],
        n if n >= ends[1] => vec!["first", "second"],
        _ => vec![],
    };
    for cut in 0..=whole.len() {
        fs::write(&path, &whole[..cut]).expect("cut");
        // A reader sees what is whole, before anybody mends anything.
        let store = open(dir.path());
        assert_eq!(messages(&store, &ALL), kept(cut), "cut at {cut}");
        append(&store, 1, &[(9, "after")]);
        let mut expected = kept(cut);
        expected.push("after");
        assert_eq!(messages(&store, &ALL), expected, "cut at {cut}");
        assert_eq!(messages(&open(dir.path()), &ALL), expected, "cut at {cut}");
        assert_eq!(segments(&dir), std::slice::from_ref(&path));
    }
    // A bit that fell over ends what can be believed, and nothing after it is.
    for at in 8..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, &bytes).expect("written");
        let found = messages(&open(dir.path()), &ALL);
        assert!(
            found.len() < 3
                && kept(whole.len())
                    .starts_with(&found.iter().map(String::as_str).collect::<Vec<_>>())
        );
    }
}

#[test]
fn two_writers_have_a_segment_each_and_see_both() {
    let (dir, one) = world();
    let two = open(dir.path());
    std::thread::scope(|scope| {
        for (number, store) in [(1, &one), (2, &two)] {
            scope.spawn(move || {
                for n in 0..500 {
                    append(store, number, &[(n, "x"), (n, "y")]);
                }
            });
        }
    });
    assert_eq!(segments(&dir).len(), 2);
    for store in [&one, &two, &open(dir.path())] {
        assert_eq!(messages(store, &ALL).len(), 2000);
    }
    // One ends; another goes on where it left.
    drop(one);
    let three = open(dir.path());
    append(&three, 1, &[(1000, "z")]);
    assert_eq!(segments(&dir).len(), 2);
    assert_eq!(messages(&two, &ALL).len(), 2001);
}

#[test]
fn segments_are_sealed_and_removed_by_age() {
    let (dir, store) = world();
    let day = 24 * 60 * 60 * 1000;
    let text = "a line of a log that says much the same as the line before it ".repeat(4);
    for n in 0..2000 {
        append(&store, n % 5, &[(n, text.as_str())]);
    }
    let before = messages(&store, &ALL);
    let size = fs::metadata(&segments(&dir)[0]).expect("there").len();
    assert_eq!(
        store.maintain_logs(1, 2000, None).expect("done"),
        MaintainedLogs::default()
    );
    let two = open(dir.path());
    assert_eq!(messages(&two, &ALL), before);
    let done = store.maintain_logs(1, day + 2000, Some(0)).expect("done");
    assert_eq!(
        done,
        MaintainedLogs {
            sealed: 1,
            removed: 0
        }
    );
    let sealed = segments(&dir).remove(0);
    assert_eq!(sealed.extension().and_then(|e| e.to_str()), Some("seg"));
    assert!(fs::metadata(&sealed).expect("there").len() * 10 < size);
    for store in [&store, &two, &open(dir.path())] {
        assert_eq!(messages(store, &ALL), before);
        assert_eq!(store.log_spans(1).expect("spans").len(), 5);
        let third = HashSet::from([3]);
        let query = LogQuery {
            streams: Some(&third),
            backward: true,
            limit: 10,
            ..ALL
        };
        assert_eq!(messages(store, &query).len(), 10);
    }
    // The death between putting the sealed segment into place and removing the other.
    fs::write(sealed.with_extension("log"), "STAVELG1").expect("left");
    assert_eq!(messages(&open(dir.path()), &ALL), before);
    append(&store, 1, &[(day + 3000, "later")]);
    store.maintain_logs(1, day + 3000, Some(0)).expect("done");
    assert_eq!(segments(&dir).len(), 2);
    let done = store
        .maintain_logs(1, day + 3000, Some(2500))
        .expect("done");
    assert_eq!(
        done,
        MaintainedLogs {
            sealed: 0,
            removed: 1
        }
    );
    assert_eq!(messages(&two, &ALL), ["later"]);
    store.remove_logs(1).expect("removed");
    assert_eq!(messages(&store, &ALL), Vec::<String>::new());
}

#[test]
fn a_damaged_sealed_segment_is_an_error_and_no_answer() {
    let (dir, store) = world();
    append(&store, 1, &[(1, "hello")]);
    store.maintain_logs(1, i64::MAX, None).expect("sealed");
    let path = segments(&dir).remove(0);
    let whole = fs::read(&path).expect("read");
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        fs::write(&path, &bytes).expect("written");
        let found = open(dir.path()).find_logs(1, &ALL, &mut |_| true);
        // The leading magic is not looked at again.
        assert!(at < 8 || found.is_err(), "byte {at}: {found:?}");
    }
}

#[test]
fn a_tail_gives_everything_once_in_the_order_it_came() {
    let (dir, one) = world();
    let two = open(dir.path());
    append(&one, 1, &[(1, "old")]);
    let (none, mut cursor) = one
        .tail_logs(1, None, 10, None, &mut |_| true)
        .expect("tail");
    assert_eq!(none, []);
    let mut seen = Vec::new();
    for round in 0..6_i64 {
        append(&one, 1, &[(100 - round, "one"), (round, "more")]);
        append(&two, 2, &[(50, "two")]);
        if round == 3 {
            one.maintain_logs(1, i64::MAX, None).expect("sealed");
        }
        let (found, next) = one
            .tail_logs(1, Some(&cursor), 2, None, &mut |_| true)
            .expect("tail");
        assert!(found.len() <= 2);
        seen.extend(found.into_iter().map(|event| event.message));
        cursor = next;
    }
    loop {
        let (found, next) = two
            .tail_logs(1, Some(&cursor), 2, None, &mut |_| true)
            .expect("tail");
        cursor = next;
        if found.is_empty() {
            break;
        }
        seen.extend(found.into_iter().map(|event| event.message));
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for message in seen {
        *counts.entry(message).or_default() += 1;
    }
    let expected = [("more", 6), ("one", 6), ("two", 6)];
    assert_eq!(
        counts,
        BTreeMap::from(expected.map(|(m, n)| (m.to_owned(), n)))
    );
}

fn key(name: &str) -> SeriesKey {
    SeriesKey {
        namespace: "Test".to_owned(),
        name: name.to_owned(),
        dimensions: BTreeMap::from([("Job".to_owned(), "a".to_owned())]),
        unit: "Count".to_owned(),
    }
}

#[test]
fn points_read_back_as_they_were_written() {
    let mut many = Samples::of(0.1, 1.0);
    many.merge(&Samples::of(-2.5, 3.0));
    let all = vec![
        (0, Samples::of(1.0, 1.0)),
        (60, Samples::of(-0.0, 1.0)),
        (61, Samples::of(1e300, 7.0)),
        (120, Samples::of(0.1, 3.0)),
        (180, Samples::set(3.0, 6.0, 1.0, 3.0)),
        (3599, many),
    ];
    let bytes = encode(&all);
    assert_eq!(decode(&bytes).expect("read"), all);
    for cut in 0..bytes.len() {
        let _ = decode(&bytes[..cut]);
    }
    let counters: Vec<_> = (0..60).map(|n| (n * 60, Samples::of(5.0, 1.0))).collect();
    assert!(encode(&counters).len() <= 60 * 3);
}

#[test]
fn points_are_merged_found_and_grow_coarser() {
    let (dir, store) = world();
    let two = open(dir.path());
    let day = 24 * 3600;
    let now = 1_000 * day;
    let add = |store: &TelemetryStore, at: i64, value: f64| {
        let points = vec![(at, Samples::of(value, 1.0))];
        store
            .add_points(&[NewPoints {
                key: key("n"),
                points,
            }])
            .expect("added");
    };
    for minute in 0..20 {
        add(
            if minute % 2 == 0 { &store } else { &two },
            now + minute * 60,
            1.0,
        );
        add(&store, now + minute * 60, 2.0);
    }
    add(&store, now + 7, 5.0);
    let series = store.series_of(&key("n"), false).expect("found");
    assert_eq!((series.len(), series[0].last_at), (1, now + 19 * 60));
    let sums = |from: i64, to: i64| -> Vec<(i64, f64)> {
        let points = store.points(series[0].id, from, to).expect("points");
        points
            .into_iter()
            .map(|(at, samples)| (at - now, samples.sum))
            .collect()
    };
    assert_eq!(sums(now, now + 120), [(0, 3.0), (7, 5.0), (60, 3.0)]);
    assert_eq!(sums(now, now + 3600).len(), 21);
    let age = |after: i64| store.age_points(now + after).expect("aged");
    assert_eq!(age(3 * 3600), RolledPoints::default());
    assert_eq!(age(5 * 3600).coarser, 1);
    assert_eq!(sums(now, now + 120), [(0, 8.0), (60, 3.0)]);
    assert_eq!(age(16 * day).coarser, 1);
    assert_eq!(age(16 * day).coarser, 0);
    assert_eq!(
        sums(now, now + 3600),
        [(0, 20.0), (300, 15.0), (600, 15.0), (900, 15.0)]
    );
    add(&store, now + 601, 1.0);
    assert_eq!(sums(now, now + 3600)[2], (600, 16.0));
    assert_eq!(age(64 * day).coarser, 1);
    assert_eq!(sums(now, now + 3600), [(0, 66.0)]);
    assert_eq!(age(456 * day).removed, 1);
    assert_eq!(store.series(None, None, 0, None, 10).expect("series"), []);
}

#[test]
fn series_are_listed_by_pages() {
    let (_dir, store) = world();
    for name in ["b", "a", "c"] {
        let points = vec![(100, Samples::of(1.0, 1.0))];
        store
            .add_points(&[NewPoints {
                key: key(name),
                points,
            }])
            .expect("added");
    }
    let first = store
        .series(Some("Test"), None, 0, None, 2)
        .expect("series");
    let names: Vec<&str> = first.iter().map(|row| row.key.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let rest = store
        .series(None, None, 100, Some(&first[1].key), 2)
        .expect("series");
    assert_eq!(rest.len(), 1);
    assert_eq!(store.series(None, None, 101, None, 2).expect("series"), []);
    assert_eq!(
        store
            .series(None, Some("b"), 0, None, 2)
            .expect("series")
            .len(),
        1
    );
}

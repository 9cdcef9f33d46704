//! The outbox: every change of an object once, for every consumer.

use super::*;
use crate::TakenEvents;
use crate::objects::Versioning;

fn taken(all: &Fixture, consumer: &str) -> Vec<String> {
    let TakenEvents { events, missed } = all.store.take_events(consumer, 100).expect("taken");
    assert_eq!(missed, 0);
    assert!(events.is_sorted_by(|a, b| a.sequencer() < b.sequencer()));
    let events = events.iter();
    events
        .map(|event| {
            let size = event.size.map_or(String::new(), |size| format!(" {size}"));
            assert_eq!(event.size.is_some(), event.etag.is_some());
            format!("{} {}{size}", event.name, event.key)
        })
        .collect()
}

#[tokio::test]
async fn consumers_hear_of_what_happens_from_then_on() {
    let all = fixture();
    all.put("before", "x").await;
    all.store.add_event_consumer("one").expect("added");
    all.put("a", "12").await;
    all.buckets
        .copy(&all.bucket, at("a"), &all.bucket, at("b"), None)
        .await
        .expect("copied");
    all.store.add_event_consumer("two").expect("added");
    all.buckets
        .delete(&all.bucket, at("a"))
        .await
        .expect("deleted");
    all.buckets
        .delete(&all.bucket, at("a"))
        .await
        .expect("nothing to delete");
    let id = all.begin("m").await;
    let part = all.part("m", &id, 1, "123").await.expect("a part");
    all.complete("m", &id, &[part]).await.expect("complete");
    let expected = [
        "ObjectCreated:Put a 2",
        "ObjectCreated:Copy b 2",
        "ObjectRemoved:Delete a",
        "ObjectCreated:CompleteMultipartUpload m 3",
    ];
    assert_eq!(taken(&all, "one"), expected);
    assert_eq!(taken(&all, "one"), expected, "not acknowledged");
    assert_eq!(taken(&all, "two"), expected[2..]);
    let first = all.store.take_events("one", 1).expect("taken").events;
    all.store
        .acknowledge_events("one", first[0].seq)
        .expect("acknowledged");
    assert_eq!(taken(&all, "one"), expected[1..]);
    // Another process, and a consumer that is known already.
    let other = open(&all.dir);
    other.add_event_consumer("one").expect("added");
    assert_eq!(other.take_events("one", 9).expect("taken").events.len(), 3);
    for consumer in ["one", "two"] {
        let events = all.store.take_events(consumer, 100).expect("taken").events;
        let last = events.last().expect("some").seq;
        all.store
            .acknowledge_events(consumer, last)
            .expect("acknowledged");
        assert!(taken(&all, consumer).is_empty());
    }
    let kept: i64 = all
        .store
        .database()
        .read(|tx| {
            tx.query_row("SELECT count(*) FROM events", [], |row| row.get(0))
                .sql()
        })
        .expect("counted");
    assert_eq!(kept, 0);
    all.put("later", "").await;
    assert_eq!(taken(&all, "one"), ["ObjectCreated:Put later 0"]);
    all.store.remove_event_consumer("one").expect("removed");
    let gone = all.store.take_events("one", 1).expect_err("gone");
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn versions_are_told_apart() {
    let all = fixture();
    all.version(Versioning::Enabled);
    all.store.add_event_consumer("one").expect("added");
    let written = all.write("k", "1").await.version_id;
    let marker = all.remove("k", None).await.0;
    all.remove("k", marker.as_deref()).await;
    all.remove("k", written.as_deref()).await;
    let events = all.store.take_events("one", 9).expect("taken").events;
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.name.as_str(), event.version_id.clone()))
        .collect();
    assert_eq!(
        told,
        [
            ("ObjectCreated:Put", written.clone()),
            ("ObjectRemoved:DeleteMarkerCreated", marker),
            ("ObjectRemoved:Delete", written)
        ]
    );
}

#[tokio::test]
async fn an_upload_that_died_in_its_place_is_told_of() {
    let all = fixture();
    all.store.add_event_consumer("one").expect("added");
    for (crash, expected) in [(CrashPoint::UploadNoted, 0), (CrashPoint::UploadPlaced, 1)] {
        let writer = open(&all.dir);
        writer.crash_at(Some(crash));
        let name = format!("{crash:?}");
        let body = PutBody::Bytes("x".into());
        let put = writer
            .buckets()
            .put(&all.bucket, at(&name), body, PutOptions::default())
            .await;
        assert!(put.is_err());
        drop(writer);
        for _ in 0..2 {
            all.store.sweep().expect("swept");
            assert_eq!(taken(&all, "one").len(), expected, "{crash:?}");
        }
    }
}

//! A process that dies between deciding about versions and moving their files.

use super::multipart::named;
use super::versions::walk_files;
use super::*;
use crate::objects::{DeleteRequest, Versioning};

/// What a client asks for when the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Write,
    Mark,
    DeleteCurrent,
    Complete,
}

type History = Vec<(String, String, bool)>;

/// A bucket with two versions of `k`; says its history and the current version's id.
async fn prepared(versioning: Versioning) -> (Fixture, History, String) {
    let all = fixture();
    all.version(Versioning::Enabled);
    all.write("k", "one").await;
    let id = all.write("k", "two").await.version_id.expect("an id");
    all.write("other", "kept").await;
    all.version(versioning);
    all.store.add_event_consumer("one").expect("added");
    let before = all.history().await;
    (all, before, id)
}

/// Does it in a process of its own, which may die; says whether it was acknowledged.
async fn act(all: &Fixture, deed: Deed, current: &str, crash: Option<CrashPoint>) -> bool {
    let store = open(&all.dir);
    let buckets = store.buckets();
    store.allow_small_parts();
    let done = if deed == Deed::Complete {
        let id = all.begin("k").await;
        let part = all.part("k", &id, 1, "new").await.expect("a part");
        store.crash_at(crash);
        let request = named(&[part]);
        let done = buckets.complete_upload(&all.bucket, at("k"), &id, request);
        done.await.map(|_| ())
    } else {
        store.crash_at(crash);
        match deed {
            Deed::Write => buckets
                .put(&all.bucket, at("k"), "new".into(), PutOptions::default())
                .await
                .map(|_| ()),
            Deed::Mark => buckets.delete(&all.bucket, at("k")).await,
            _ => {
                let request = DeleteRequest::version(key("k"), current);
                let done = buckets.delete_version(&all.bucket, request).await;
                done.map(|_| ())
            }
        }
    };
    done.is_ok()
}

#[tokio::test]
async fn versions_are_seen_as_before_or_as_after() {
    for versioning in [Versioning::Enabled, Versioning::Suspended] {
        for deed in [Deed::Write, Deed::Mark, Deed::DeleteCurrent, Deed::Complete] {
            let (all, before, id) = prepared(versioning).await;
            assert!(act(&all, deed, &id, None).await);
            let after = all.history().await;
            assert_ne!(before, after);
            for crash in [
                CrashPoint::Assembled,
                CrashPoint::Decided,
                CrashPoint::Stepped(1),
                CrashPoint::Stepped(2),
                CrashPoint::Completed,
            ] {
                for sweep_first in [false, true] {
                    let (all, before, id) = prepared(versioning).await;
                    act(&all, deed, &id, Some(crash)).await;
                    if sweep_first {
                        open(&all.dir).sweep().expect("swept");
                        open(&all.dir).sweep_orphans().expect("swept");
                    }
                    let found = all.history().await;
                    let expected = if deed == Deed::Complete && crash == CrashPoint::Assembled {
                        &before
                    } else {
                        &after
                    };
                    assert_eq!(&found, expected, "{versioning:?} {deed:?} {crash:?}");
                    let events = all.store.take_events("one", 9).expect("taken").events;
                    assert_eq!(events.len(), usize::from(expected == &after));
                    all.store.sweep().expect("swept");
                    all.store.sweep_orphans().expect("swept");
                    assert_eq!(&all.history().await, expected);
                    check_files(&all, &found);
                }
            }
        }
    }
}

/// Every version has one file, and there is no other.
fn check_files(all: &Fixture, history: &History) {
    let versions = history.iter().filter(|(_, text, _)| text != "†").count();
    let current = history
        .iter()
        .filter(|(_, text, latest)| *latest && text != "†");
    let aside = walk_files(&all.store.home().versions());
    assert_eq!(aside.len(), versions - current.count(), "{aside:?}");
}

#[tokio::test]
async fn parts_that_no_row_names_are_swept() {
    let all = fixture();
    let id = all.begin("k").await;
    let part = all.part("k", &id, 1, "kept").await.expect("a part");
    all.store.crash_at(Some(CrashPoint::PartPlaced));
    assert!(all.part("k", &id, 1, "lost").await.is_err());
    all.store.crash_at(None);
    assert_eq!(open(&all.dir).sweep_orphans().expect("swept"), 1);
    all.complete("k", &id, &[part]).await.expect("complete");
    assert_eq!(all.text("k").await, "kept");
}

#[tokio::test]
async fn a_completion_that_died_can_be_repeated() {
    for crash in [
        CrashPoint::Assembled,
        CrashPoint::UploadNoted,
        CrashPoint::UploadPlaced,
        CrashPoint::Completed,
    ] {
        let all = fixture();
        let id = all.begin("k").await;
        let parts = [
            all.part("k", &id, 1, "a").await.expect("a part"),
            all.part("k", &id, 2, "b").await.expect("a part"),
        ];
        let dying = open(&all.dir);
        dying.allow_small_parts();
        dying.crash_at(Some(crash));
        let request = named(&parts);
        let done = dying
            .buckets()
            .complete_upload(&all.bucket, at("k"), &id, request)
            .await;
        assert!(done.is_err());
        drop(dying);
        all.store.sweep().expect("swept");
        all.store.sweep_orphans().expect("swept");
        let there = matches!(crash, CrashPoint::UploadPlaced | CrashPoint::Completed);
        assert_eq!(all.keys().await.len(), usize::from(there), "{crash:?}");
        all.complete("k", &id, &parts).await.expect("complete");
        assert_eq!(all.text("k").await, "ab");
        all.store.sweep().expect("swept");
        all.store.sweep_orphans().expect("swept");
        assert!(walk_files(&all.store.home().multipart()).is_empty());
    }
}

#[tokio::test]
async fn a_delete_that_died_tells_nothing_and_loses_nothing_else() {
    let all = fixture();
    all.store.add_event_consumer("one").expect("added");
    all.put("a", "1").await;
    let dying = open(&all.dir);
    dying.crash_at(Some(CrashPoint::Unlinked));
    let deleted = dying.buckets().delete(&all.bucket, at("a")).await;
    assert!(deleted.is_err());
    assert!(all.keys().await.is_empty());
    all.put("a", "2").await;
    assert_eq!(all.text("a").await, "2");
}

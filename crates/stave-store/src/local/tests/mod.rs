//! What is particular to buckets that are folders.

mod buckets;
mod by_hand;
mod conditions;
mod crashes;
mod engine;
mod events;
mod journal_crashes;
mod model;
mod multipart;
mod races;
mod versions;

use std::path::PathBuf;
use std::sync::Arc;

use stave_core::{BucketName, ManualClock, SequentialIds};
use tempfile::TempDir;

use super::*;
use crate::objects::Versioning;
use crate::objects::contract::{self, bucket, key, keys, put, text};
use crate::store::StoreOptions;

/// A key that outlives the request about it.
pub(super) fn at(name: &str) -> &'static ObjectKey {
    Box::leak(Box::new(key(name)))
}

pub(super) struct Fixture {
    pub(super) dir: TempDir,
    pub(super) store: Store,
    pub(super) buckets: LocalBuckets,
    pub(super) bucket: BucketName,
}

pub(super) fn open(dir: &TempDir) -> Store {
    open_with(dir, StoreOptions { fsync: false })
}

fn open_with(dir: &TempDir, options: StoreOptions) -> Store {
    let at = "2026-11-21T10:00:00Z".parse().expect("a time");
    let (clock, ids) = (
        Arc::new(ManualClock::new(at)),
        Arc::new(SequentialIds::default()),
    );
    Store::open_with(dir.path(), clock, ids, options).expect("a store")
}

pub(super) fn fixture() -> Fixture {
    fixture_with(StoreOptions { fsync: false })
}

pub(super) fn fixture_with(options: StoreOptions) -> Fixture {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open_with(&dir, options);
    let buckets = store.buckets();
    let bucket = bucket("lake");
    buckets.create(&bucket).expect("made");
    Fixture {
        dir,
        store,
        buckets,
        bucket,
    }
}

impl Fixture {
    pub(super) fn file(&self, path: &str) -> PathBuf {
        self.store.home().bucket(&self.bucket).join(path)
    }

    pub(super) async fn keys(&self) -> Vec<String> {
        let page = self
            .buckets
            .list(&self.bucket, &ListRequest::all(""))
            .await
            .expect("listed");
        keys(&page).into_iter().map(str::to_owned).collect()
    }

    pub(super) async fn put(&self, name: &str, content: &str) {
        put(&self.buckets, &self.bucket, name, content).await;
    }

    pub(super) async fn text(&self, name: &str) -> String {
        text(&self.buckets, &self.bucket, name).await
    }
}

#[tokio::test]
async fn local_buckets_keep_the_contract() {
    for (fsync, versioning) in [
        (false, None),
        (true, None),
        (false, Some(Versioning::Enabled)),
        (true, Some(Versioning::Enabled)),
        (false, Some(Versioning::Suspended)),
    ] {
        let all = fixture_with(StoreOptions { fsync });
        let two = bucket("second");
        all.buckets.create_bucket(&two).await.expect("made");
        for bucket in [&all.bucket, &two] {
            if let Some(versioning) = versioning {
                all.buckets.set_versioning(bucket, versioning).expect("set");
            }
        }
        let kind = contract::Kind {
            any_key: true,
            own_etags: true,
        };
        contract::run(&all.buckets, &all.bucket, &two, kind).await;
    }
}

#[tokio::test]
async fn buckets_are_made_listed_and_removed() {
    let all = fixture();
    let other = bucket("a-first");
    all.buckets.create_bucket(&other).await.expect("made");
    let error = all.buckets.create_bucket(&other).await.expect_err("there");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let names = |list: Vec<BucketInfo>| {
        list.into_iter()
            .map(|b| b.name.to_string())
            .collect::<Vec<_>>()
    };
    let listed = all.buckets.list_buckets().await.expect("listed");
    assert_eq!(listed[0].created_at, Some(all.store.now()));
    assert_eq!(names(listed), ["a-first", "lake"]);

    all.put("x/y", "1").await;
    let error = all
        .buckets
        .delete_bucket(&all.bucket)
        .await
        .expect_err("not empty");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("x/y"), "{error}");
    all.buckets
        .delete(&all.bucket, &key("x/y"))
        .await
        .expect("deleted");
    all.buckets
        .delete_bucket(&all.bucket)
        .await
        .expect("removed");
    assert_eq!(
        names(all.buckets.list_buckets().await.expect("listed")),
        ["a-first"]
    );
    for error in [
        all.buckets
            .head_bucket(&all.bucket)
            .await
            .expect_err("gone"),
        all.buckets
            .list(&all.bucket, &ListRequest::all(""))
            .await
            .expect_err("gone"),
        all.buckets
            .put(&all.bucket, &key("x"), "".into(), PutOptions::default())
            .await
            .expect_err("gone"),
        all.buckets
            .delete_bucket(&all.bucket)
            .await
            .expect_err("gone"),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.message().contains("lake"), "{error}");
    }
}

#[tokio::test]
async fn a_key_and_a_folder_of_its_name_stand_together() {
    let all = fixture();
    for order in [["a", "a/b"], ["a/b", "a"]] {
        for name in order {
            all.put(name, name).await;
        }
        assert_eq!(all.keys().await, ["a", "a/b"]);
        assert_eq!(
            (all.text("a").await, all.text("a/b").await),
            ("a".into(), "a/b".into())
        );
        all.put("a", "again").await;
        assert_eq!(all.text("a").await, "again");
        all.buckets
            .delete(&all.bucket, &key(order[0]))
            .await
            .expect("deleted");
        assert_eq!(all.keys().await, [order[1]]);
        all.put(order[1], "alone").await;
        assert_eq!(all.text(order[1]).await, "alone");
        all.buckets
            .delete(&all.bucket, &key(order[1]))
            .await
            .expect("deleted");
        assert!(all.keys().await.is_empty());
        let left: Vec<_> = fs::read_dir(all.file("")).expect("a folder").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn ordinary_keys_are_plain_files() {
    let all = fixture();
    all.put("raw data/2024-01-01 10:00.json", "{}").await;
    let path = all.file("raw data/2024-01-01 10:00.json");
    assert_eq!(fs::read_to_string(&path).expect("a file"), "{}");
    let said = all
        .buckets
        .local_path(&all.bucket, &key("raw data/2024-01-01 10:00.json"));
    assert_eq!(said.expect("a path"), path);
}

#[tokio::test]
async fn an_open_reader_keeps_its_version() {
    let all = fixture();
    all.put("k", "old").await;
    let read = all
        .buckets
        .get(&all.bucket, &key("k"), None)
        .await
        .expect("get");
    all.put("k", "newer").await;
    assert_eq!(read.bytes(9).await.expect("bytes"), "old");
}

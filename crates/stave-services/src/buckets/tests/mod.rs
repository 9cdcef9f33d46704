//! What the service adds to the store: long listings, prefixes, moves, force.

mod permissions;
mod policies;

use std::sync::Arc;

use futures::TryStreamExt;
use jiff::Timestamp;
use stave_core::{ErrorKind, ManualClock, SequentialIds};
use stave_store::{ListPage, ListRequest, Store};

use super::*;

async fn service() -> (tempfile::TempDir, Buckets, Caller, BucketName) {
    let dir = tempfile::tempdir().expect("a directory");
    let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
    let store = Store::open(dir.path(), clock, Arc::new(SequentialIds::default())).expect("opened");
    let buckets = Buckets::new(stave_store::Buckets::new(store.buckets(), Vec::new()));
    let (caller, bucket) = (Caller::default(), BucketName::new("lake").expect("a name"));
    buckets.create(&caller, &bucket).await.expect("made");
    for name in ["a", "b/1", "b/2", "b/c/3", "d"] {
        let key = key(name);
        let put = buckets.put_bytes(&caller, &bucket, &key, name);
        put.await.expect("put");
    }
    (dir, buckets, caller, bucket)
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new(name).expect("a key")
}

async fn keys(buckets: &Buckets, caller: &Caller, bucket: &BucketName) -> Vec<String> {
    let pages = buckets.pages(caller, bucket, ListRequest::all(""));
    let pages: Vec<ListPage> = pages.try_collect().await.expect("listed");
    let objects = pages.into_iter().flat_map(|page| page.objects);
    objects.map(|object| object.key.to_string()).collect()
}

#[tokio::test]
async fn a_prefix_is_deleted_and_told() {
    let (_dir, buckets, caller, bucket) = service().await;
    let mut told = Vec::new();
    let deleted = buckets
        .delete_prefix(&caller, &bucket, "b/", &mut |object| {
            told.push(object.key.to_string());
        })
        .await
        .expect("deleted");
    assert_eq!((deleted.objects, deleted.bytes), (3, 11));
    assert_eq!(told, ["b/1", "b/2", "b/c/3"]);
    assert_eq!(keys(&buckets, &caller, &bucket).await, ["a", "d"]);
}

#[tokio::test]
async fn a_rename_moves_once_and_never_onto_itself() {
    let (_dir, buckets, caller, bucket) = service().await;
    let moved = buckets
        .rename(&caller, (&bucket, &key("a")), (&bucket, &key("z")))
        .await
        .expect("moved");
    assert_eq!(moved.size, 1);
    assert!(
        !buckets
            .exists(&caller, &bucket, &key("a"))
            .await
            .expect("asked")
    );
    let d = key("d");
    let onto_itself = buckets.rename(&caller, (&bucket, &d), (&bucket, &d));
    assert_eq!(
        onto_itself.await.expect_err("refused").kind(),
        ErrorKind::Invalid
    );
    assert!(
        buckets
            .exists(&caller, &bucket, &key("d"))
            .await
            .expect("asked")
    );
}

#[tokio::test]
async fn a_full_bucket_goes_only_by_force() {
    let (_dir, buckets, caller, bucket) = service().await;
    let refused = buckets
        .remove(&caller, &bucket, false)
        .await
        .expect_err("full");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    buckets
        .remove(&caller, &bucket, true)
        .await
        .expect("removed");
    assert!(
        buckets
            .list_buckets(&caller)
            .await
            .expect("listed")
            .is_empty()
    );
    let absent = buckets
        .exists(&caller, &bucket, &key("a"))
        .await
        .expect_err("absent");
    assert!(absent.message().contains("bucket"), "{absent}");
}

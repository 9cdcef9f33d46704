//! Several handles on one home at the same time.

use std::collections::HashSet;
use std::time::Duration;

use futures::StreamExt as _;

use super::*;
use crate::objects::{StagedFile, UserMetadata};
use crate::store::StoreOptions;

/// How long may be waited for what takes milliseconds.
const NEVER: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn puts_to_one_key_leave_one_whole_object() {
    let all = fixture();
    let tasks = (0..4_u8).map(|writer| {
        let buckets = if writer % 2 == 0 {
            all.buckets.clone()
        } else {
            open(&all.dir).buckets()
        };
        let bucket = all.bucket.clone();
        tokio::spawn(async move {
            for at in 0..25_usize {
                let letter = char::from(b'a' + writer);
                let content: String = std::iter::repeat_n(letter, 1000 + at).collect();
                let options = PutOptions {
                    content_type: Some(format!("text/{letter}{}", content.len())),
                    ..PutOptions::default()
                };
                let body = PutBody::Bytes(content.into());
                buckets
                    .put(&bucket, &key("k"), body, options)
                    .await
                    .expect("put");
                // Whoever reads finds a body and the row of that body.
                let read = buckets.get(&bucket, &key("k"), None).await.expect("get");
                let said = read.info.content_type.clone();
                let body = read.bytes(4096).await.expect("bytes");
                assert!(body.iter().all(|byte| *byte == body[0]));
                assert_eq!(said, format!("text/{}{}", char::from(body[0]), body.len()));
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("done");
    }
    let rows: i64 = all
        .store
        .database()
        .read(|tx| {
            tx.query_row("SELECT count(*) FROM objects", [], |row| row.get(0))
                .sql()
        })
        .expect("counted");
    assert_eq!(rows, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_and_folders_of_one_name_do_not_lose_each_other() {
    let all = fixture();
    let tasks = ["a", "a/b", "a/b/c", "a/d"].map(|name| {
        let buckets = open(&all.dir).buckets();
        let bucket = all.bucket.clone();
        tokio::spawn(async move {
            for at in 0..20 {
                put(&buckets, &bucket, name, &format!("{name} {at}")).await;
                assert_eq!(text(&buckets, &bucket, name).await, format!("{name} {at}"));
                if at % 3 == 0 {
                    buckets.delete(&bucket, &key(name)).await.expect("deleted");
                    assert!(!buckets.exists(&bucket, &key(name)).await.expect("asked"));
                }
            }
        })
    });
    for task in tasks {
        task.await.expect("done");
    }
    assert_eq!(all.keys().await, ["a", "a/b", "a/b/c", "a/d"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn listings_never_see_half_of_an_output() {
    let all = fixture();
    let (store, bucket) = (all.store.clone(), all.bucket.clone());
    let writer = tokio::task::spawn_blocking(move || {
        for run in 0..30 {
            let run_id = format!("run-{run}");
            let staging = store.staging(&run_id).expect("staging");
            let files = (0..20).map(|part| {
                let path = staging.path().join(part.to_string());
                fs::write(&path, &run_id).expect("written");
                let key = key(&format!("out/{run_id}/{part}"));
                StagedFile {
                    path,
                    bucket: bucket.clone(),
                    key,
                    content_type: None,
                    user_metadata: UserMetadata::new(),
                }
            });
            let files = files.collect();
            let replace = vec![(bucket.clone(), "out/".to_owned())];
            store
                .buckets()
                .publish_files(&Publication {
                    run_id,
                    files,
                    replace,
                    bookmark: None,
                })
                .expect("published");
        }
    });
    let reader = open(&all.dir).buckets();
    let mut seen = HashSet::new();
    while !writer.is_finished() || seen.is_empty() {
        let page = reader
            .list(&all.bucket, &ListRequest::all("out/"))
            .await
            .expect("listed");
        let runs: HashSet<&str> = keys(&page)
            .iter()
            .filter_map(|key| key.split('/').nth(1))
            .collect();
        assert!(runs.len() <= 1, "{runs:?}");
        assert!(
            matches!(page.objects.len(), 0 | 20),
            "{}",
            page.objects.len()
        );
        seen.extend(runs.into_iter().map(str::to_owned));
    }
    writer.await.expect("done");
    let page = reader
        .list(&all.bucket, &ListRequest::all("out/"))
        .await
        .expect("listed");
    assert!(keys(&page).iter().all(|key| key.starts_with("out/run-29/")));
    assert_eq!(page.objects.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_of_many_creates() {
    let all = fixture();
    let tasks = (0..8).map(|_| {
        let (buckets, bucket) = (open(&all.dir).buckets(), all.bucket.clone());
        tokio::spawn(async move {
            let only = PutOptions {
                only_if_absent: true,
                ..PutOptions::default()
            };
            buckets
                .put(&bucket, &key("k"), "x".into(), only)
                .await
                .is_ok()
        })
    });
    let mut created = 0;
    for task in tasks.collect::<Vec<_>>() {
        created += usize::from(task.await.expect("done"));
    }
    assert_eq!(created, 1);
}

/// A small and a large one, then copies of the large one.
async fn put_and_copy(buckets: LocalBuckets, bucket: BucketName, at: usize) {
    let (small, large) = (format!("small-{at}"), format!("large-{at}"));
    put(&buckets, &bucket, &small, "x").await;
    let pieces: Vec<_> = (0..4).map(|_| Ok(vec![b'x'; 100_000].into())).collect();
    let body = PutBody::Stream(futures::stream::iter(pieces).boxed());
    let options = PutOptions::default;
    buckets
        .put(&bucket, &key(&large), body, options())
        .await
        .expect("put");
    for copy in 0..4 {
        let to = key(&format!("copy-{at}-{copy}"));
        buckets
            .copy(&bucket, &key(&large), &bucket, &to, Some(options()))
            .await
            .expect("copied");
    }
}

#[test]
fn all_threads_that_may_block_can_wait_for_the_one_that_brings_in() {
    for fsync in [false, true] {
        let all = fixture_with(StoreOptions { fsync });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(2)
            .enable_all()
            .build()
            .expect("threads");
        let tasks: Vec<_> = (0..16)
            .map(|at| put_and_copy(all.buckets.clone(), all.bucket.clone(), at))
            .map(|work| runtime.spawn(work))
            .collect();
        let done = runtime.block_on(async {
            tokio::time::timeout(NEVER, futures::future::try_join_all(tasks)).await
        });
        // Its end would wait for those that stand still.
        runtime.shutdown_background();
        done.expect("it goes on").expect("done");
        let objects = walk::walk(
            all.store.folders(),
            &all.file(""),
            &ListRequest::all("").max(1000),
        );
        assert_eq!(objects.expect("listed").len(), 16 * 6);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_nobody_waits_for_any_more_is_whole_or_not_there() {
    for fsync in [false, true] {
        let all = fixture_with(StoreOptions { fsync });
        for at in 0..100_u64 {
            let (buckets, bucket) = (all.buckets.clone(), all.bucket.clone());
            let name = format!("k-{at}");
            let task = tokio::spawn(async move { put(&buckets, &bucket, &name, "whole").await });
            tokio::time::sleep(Duration::from_micros(at * 5)).await;
            task.abort();
            let _ = task.await;
        }
        // What had gone far enough goes on without its asker.
        let uploads = all.store.uploads().expect("a folder");
        let left = || {
            let pending = all.store.database().read(|tx| {
                tx.query_row("SELECT count(pending) FROM objects", [], |row| row.get(0))
                    .sql()
            });
            let pending: i64 = pending.expect("counted");
            pending > 0
                || fs::read_dir(uploads.path())
                    .expect("listed")
                    .next()
                    .is_some()
        };
        let settled = async {
            while left() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(NEVER, settled).await.expect("settled");
        for name in all.keys().await {
            assert_eq!(all.text(&name).await, "whole");
        }
    }
}

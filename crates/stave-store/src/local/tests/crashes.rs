//! A process that dies at any step leaves the old or the new, never a mix.

use super::*;
use crate::Swept;
use crate::objects::{StagedFile, UserMetadata};

const RUN: &str = "jr_1";

/// Stages `files` and publishes them in place of what is under `out/`.
fn publish(all: &Fixture, crash: Option<CrashPoint>, files: &[(&str, &str)]) -> Result<()> {
    let staging = all.store.staging(RUN)?;
    let mut publication = Publication {
        run_id: RUN.to_owned(),
        replace: vec![(all.bucket.clone(), "out/".to_owned())],
        ..Publication::default()
    };
    for (at, (name, content)) in files.iter().enumerate() {
        let path = staging.path().join(format!("part-{at}"));
        fs::write(&path, content).at("write", &path)?;
        publication.files.push(StagedFile {
            path,
            bucket: all.bucket.clone(),
            key: key(name),
            content_type: None,
            user_metadata: UserMetadata::new(),
        });
    }
    all.store.crash_at(crash);
    let result = all.buckets.publish_files(&publication);
    if crash.is_some() {
        // The dead clean up nothing; the kernel drops their locks.
        let lock = crate::liveness::lock_path(&all.store.home().staging(), RUN);
        std::mem::forget(staging);
        let _ = fs::remove_file(lock);
    }
    result
}

async fn contents(buckets: &LocalBuckets, bucket: &BucketName) -> Vec<(String, String)> {
    let page = buckets
        .list(bucket, &ListRequest::all(""))
        .await
        .expect("listed");
    let mut found = Vec::new();
    for name in keys(&page) {
        found.push((name.to_owned(), text(buckets, bucket, name).await));
    }
    found
}

fn pairs(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files
        .iter()
        .map(|(name, content)| (String::from(*name), String::from(*content)))
        .collect()
}

const OLD: &[(&str, &str)] = &[
    ("out", "o"),
    ("out/a", "old a"),
    ("out/b", "old b"),
    ("other", "kept"),
];
const OUTPUT: &[(&str, &str)] = &[("out/b", "new b"), ("out/b/c", "new c"), ("out/d", "new d")];

#[tokio::test]
async fn a_publication_is_seen_whole_or_not_at_all() {
    let old = {
        let mut old = pairs(OLD);
        old.sort();
        old
    };
    let new = {
        let mut new = pairs(OUTPUT);
        new.extend(pairs(&[("out", "o"), ("other", "kept")]));
        new.sort();
        new
    };
    for (crash, expected) in [
        (Some(CrashPoint::Staged), &old),
        (Some(CrashPoint::Committed), &new),
        (Some(CrashPoint::Deleted), &new),
        (Some(CrashPoint::Moved(1)), &new),
        (Some(CrashPoint::Moved(2)), &new),
        (Some(CrashPoint::Moved(3)), &new),
        (Some(CrashPoint::Applied), &new),
        (None, &new),
    ] {
        for sweep_first in [true, false] {
            let all = fixture();
            for (name, content) in OLD {
                all.put(name, content).await;
            }
            let _ = publish(&all, crash, OUTPUT);
            // Another process, while the first one hangs there.
            let other = open(&all.dir);
            if sweep_first {
                other.sweep().expect("swept");
            }
            let found = contents(&other.buckets(), &all.bucket).await;
            assert_eq!(&found, expected, "{crash:?}");
            let published = expected == &new;
            let head = other
                .buckets()
                .head(&all.bucket, &key("out/b"))
                .await
                .expect("head");
            assert_eq!(
                head.etag.expect("known").ends_with("-1"),
                published,
                "{crash:?}"
            );
            let swept = other.sweep().expect("swept");
            assert!(swept.staging.is_empty() || !sweep_first, "{swept:?}");
            let left = fs::read_dir(all.store.home().staging())
                .expect("a folder")
                .count();
            assert_eq!(left, 0, "{crash:?}");
        }
    }
}

#[tokio::test]
async fn a_single_read_finishes_a_publication_first() {
    let all = fixture();
    all.put("out/a", "old").await;
    publish(
        &all,
        Some(CrashPoint::Moved(1)),
        &[("out/a", "new"), ("out/b", "new")],
    )
    .expect("committed");
    let other = open(&all.dir).buckets();
    assert_eq!(text(&other, &all.bucket, "out/b").await, "new");
    all.store.crash_at(None);
}

#[tokio::test]
async fn a_committed_publication_outlives_its_staging_folder() {
    let all = fixture();
    let staging = all.store.staging(RUN).expect("staging");
    let path = staging.path().join("part");
    fs::write(&path, "new").expect("written");
    all.store.crash_at(Some(CrashPoint::Committed));
    let file = StagedFile {
        path,
        bucket: all.bucket.clone(),
        key: key("out"),
        content_type: None,
        user_metadata: UserMetadata::new(),
    };
    let publication = Publication {
        run_id: RUN.to_owned(),
        files: vec![file],
        replace: vec![],
        bookmark: None,
    };
    assert!(all.buckets.publish_files(&publication).is_err());
    drop(staging);
    all.store.crash_at(None);
    assert_eq!(all.text("out").await, "new");
    let swept = all.store.sweep().expect("swept");
    assert_eq!(
        swept,
        Swept {
            staging: vec![RUN.to_owned()],
            ..Swept::default()
        }
    );
}

#[tokio::test]
async fn what_cannot_be_published_is_refused() {
    let all = fixture();
    let error = publish(&all, None, &[("x", "1"), ("x", "2")]).expect_err("twice");
    assert!(error.message().contains("s3://lake/x twice"), "{error}");
    let outside = all.dir.path().join("outside");
    fs::write(&outside, "x").expect("written");
    for path in [
        outside,
        all.store.home().staging().join("jr_1/../../../outside"),
    ] {
        let file = StagedFile {
            path,
            bucket: all.bucket.clone(),
            key: key("x"),
            content_type: None,
            user_metadata: UserMetadata::new(),
        };
        let publication = Publication {
            run_id: RUN.to_owned(),
            files: vec![file],
            replace: vec![],
            bookmark: None,
        };
        let error = all.buckets.publish(publication).await.expect_err("outside");
        assert!(
            error.message().contains("not in the staging folder"),
            "{error}"
        );
    }
    assert!(all.keys().await.is_empty());
}

#[tokio::test]
async fn an_upload_that_dies_leaves_the_old_or_the_new_object() {
    let noted = |content: &str| PutOptions {
        content_type: Some(format!("text/{content}")),
        ..PutOptions::default()
    };
    for (crash, expected) in [
        (CrashPoint::UploadNoted, "old"),
        (CrashPoint::UploadPlaced, "newer"),
    ] {
        let all = fixture();
        all.buckets
            .put(&all.bucket, &key("k"), "old".into(), noted("old"))
            .await
            .expect("put");
        all.store.crash_at(Some(crash));
        let died = all
            .buckets
            .put(&all.bucket, &key("k"), "newer".into(), noted("newer"))
            .await;
        assert!(died.is_err());
        drop(all.buckets);
        drop(all.store);
        let other = open(&all.dir);
        for _ in 0..2 {
            let head = other
                .buckets()
                .head(&all.bucket, &key("k"))
                .await
                .expect("head");
            assert_eq!(head.content_type, format!("text/{expected}"));
            assert_eq!(text(&other.buckets(), &all.bucket, "k").await, expected);
            other.sweep().expect("swept");
        }
        let rows: i64 = other
            .database()
            .read(|tx| {
                tx.query_row(
                    "SELECT count(*) FROM objects WHERE pending IS NOT NULL",
                    [],
                    |row| row.get(0),
                )
                .sql()
            })
            .expect("counted");
        assert_eq!(rows, 0);
    }
}

#[tokio::test]
async fn dead_uploads_and_staging_are_swept_and_the_living_left() {
    let all = fixture();
    let living = all.store.staging("alive").expect("staging");
    all.put("k", "makes the folder of uploads").await;
    let home = all.store.home();
    fs::create_dir(home.staging().join("dead")).expect("made");
    fs::create_dir(home.uploads().join("ff")).expect("made");
    fs::write(home.uploads().join("ff/part"), "x").expect("written");
    let swept = open(&all.dir).sweep().expect("swept");
    assert_eq!((swept.staging, swept.uploads), (vec!["dead".to_owned()], 1));
    assert!(living.path().is_dir());
    all.put("k", "still works").await;
    assert_eq!(all.text("k").await, "still works");
}

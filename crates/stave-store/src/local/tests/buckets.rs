//! What is said of a bucket as a whole, and its lifecycle.

use super::*;
use crate::objects::{Tags, Versioning};
use crate::{BucketSetting, Expiration, LifecycleDone, LifecycleFilter, LifecycleRule};

#[tokio::test]
async fn settings_are_kept_until_the_bucket_goes() {
    let all = fixture();
    let (buckets, bucket) = (&all.buckets, &all.bucket);
    assert_eq!(buckets.versioning(bucket).expect("asked"), None);
    for versioning in [Versioning::Enabled, Versioning::Suspended] {
        all.version(versioning);
        let asked = open(&all.dir).buckets().versioning(bucket);
        assert_eq!(asked.expect("asked"), Some(versioning));
    }
    let policy = BucketSetting::Policy;
    let set = |text| buckets.set_bucket_setting(bucket, policy, text);
    set(Some("{\"a\": 1}")).expect("set");
    let asked = buckets.bucket_setting(bucket, policy).expect("asked");
    assert_eq!(asked.as_deref(), Some("{\"a\": 1}"));
    let cors = buckets.bucket_setting(bucket, BucketSetting::Cors);
    assert_eq!(cors.expect("asked"), None);
    assert_eq!(
        set(Some("{")).expect_err("no JSON").kind(),
        ErrorKind::Invalid
    );
    let long = format!("\"{}\"", "x".repeat(20 << 10));
    assert_eq!(
        set(Some(&long)).expect_err("long").kind(),
        ErrorKind::Invalid
    );
    set(None).expect("removed");
    assert_eq!(buckets.bucket_setting(bucket, policy).expect("asked"), None);
    let tags = Tags::from([("a".to_owned(), "b".to_owned())]);
    buckets.set_bucket_tags(bucket, &tags).expect("set");
    assert_eq!(buckets.bucket_tags(bucket).expect("asked"), tags);
    let id = all.begin("k").await;
    all.part("k", &id, 1, "x").await.expect("a part");

    buckets.delete_bucket(bucket).await.expect("removed");
    let gone = buckets.bucket_tags(bucket).expect_err("gone");
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    buckets.create_bucket(bucket).await.expect("made");
    assert!(buckets.bucket_tags(bucket).expect("asked").is_empty());
    assert_eq!(buckets.versioning(bucket).expect("asked"), None);
    assert_eq!(all.store.sweep_orphans().expect("swept"), 1);
}

fn rule(id: &str, prefix: &str) -> LifecycleRule {
    LifecycleRule {
        id: id.to_owned(),
        enabled: true,
        filter: LifecycleFilter {
            prefix: prefix.to_owned(),
            ..LifecycleFilter::default()
        },
        ..LifecycleRule::default()
    }
}

#[tokio::test]
async fn lifecycle_rules_expire_objects_and_uploads() {
    let all = fixture();
    for name in ["logs/1", "logs/22", "keep/1"] {
        all.put(name, name).await;
    }
    let tags = Tags::from([("temporary".to_owned(), "yes".to_owned())]);
    let set = all
        .buckets
        .set_object_tags(&all.bucket, at("keep/1"), None, tags.clone());
    set.await.expect("set");
    all.put("keep/2", "").await;
    all.begin("logs/up").await;
    let mut tagged = rule("tagged", "keep/");
    tagged.filter.tags = tags;
    tagged.expiration = Some(Expiration::Date(
        "2026-12-24T00:00:00Z".parse().expect("a time"),
    ));
    let mut large = rule("large", "logs/");
    large.filter.size_greater_than = Some(6);
    large.expiration = Some(Expiration::Days(1));
    let mut uploads = rule("uploads", "logs/");
    uploads.abort_uploads_after_days = Some(2);
    let mut off = rule("off", "");
    off.enabled = false;
    off.expiration = Some(Expiration::Days(1));
    let rules = vec![tagged, large, uploads, off];
    all.buckets.set_lifecycle(&all.bucket, &rules).expect("set");
    assert_eq!(all.buckets.lifecycle(&all.bucket).expect("asked"), rules);
    // All was written on the 21st at 10:00.
    for (now, expired, aborted, left) in [
        ("2026-11-22T23:59:59Z", 0, 0, 4),
        ("2026-11-23T00:00:00Z", 1, 0, 3),
        ("2026-11-23T00:00:00Z", 0, 0, 3),
        ("2026-11-24T00:00:00Z", 0, 1, 3),
        ("2026-12-24T00:00:00Z", 1, 0, 2),
    ] {
        let done = all
            .buckets
            .apply_lifecycle(now.parse().expect("a time"))
            .expect("applied");
        assert_eq!(done, LifecycleDone { expired, aborted }, "{now}");
        assert_eq!(all.keys().await.len(), left, "{now}");
    }
    assert_eq!(all.keys().await, ["keep/2", "logs/1"]);
}

#[tokio::test]
async fn a_home_from_before_versions_is_brought_up() {
    let dir = tempfile::tempdir().expect("a directory");
    let lake = dir.path().join("buckets/lake");
    fs::create_dir_all(&lake).expect("made");
    fs::write(lake.join("k"), "hello").expect("written");
    let identity = files::Identity::of(&lake.join("k").metadata().expect("there"));
    let old = rusqlite::Connection::open(dir.path().join("stave.db")).expect("opened");
    old.execute_batch(crate::schema::STEPS[0]).expect("made");
    old.execute(
        "INSERT INTO objects VALUES ('lake', 'k', ?1, ?2, 5, 'made-1', 'text/x', '{\"a\":\"b\"}', NULL)",
        (identity.inode, identity.mtime_ns),
    )
    .expect("written");
    old.pragma_update(None, "user_version", 1).expect("set");
    drop(old);
    let (store, bucket) = (open(&dir), bucket("lake"));
    let head = store.buckets().head(&bucket, at("k")).await.expect("head");
    assert_eq!(head.etag.as_deref(), Some("made-1"));
    assert_eq!(head.user_metadata["a"], "b");
    let all = Fixture {
        buckets: store.buckets(),
        dir,
        store,
        bucket,
    };
    all.version(Versioning::Enabled);
    all.write("k", "new").await;
    assert_eq!(all.version_text("k", Some("null")).await, "hello");
}

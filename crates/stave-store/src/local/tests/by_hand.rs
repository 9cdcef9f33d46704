//! Files that come, change and go without asking.

use std::os::unix::fs::symlink;

use super::*;

#[tokio::test]
async fn a_dropped_file_is_an_object_and_a_removed_one_is_none() {
    let all = fixture();
    fs::create_dir_all(all.file("in/deep")).expect("made");
    fs::write(all.file("in/deep/x.csv"), "hello").expect("written");
    let page = all
        .buckets
        .list(&all.bucket, &ListRequest::all(""))
        .await
        .expect("listed");
    assert_eq!(keys(&page), ["in/deep/x.csv"]);
    assert_eq!(
        (page.objects[0].etag.as_deref(), page.objects[0].size),
        (None, 5)
    );
    let head = all
        .buckets
        .head(&all.bucket, &key("in/deep/x.csv"))
        .await
        .expect("head");
    assert_eq!(
        head.etag.as_deref(),
        Some("5d41402abc4b2a76b9719d911017c592")
    );
    assert_eq!(head.content_type, "text/csv");
    let page = all
        .buckets
        .list(&all.bucket, &ListRequest::all(""))
        .await
        .expect("listed");
    assert_eq!(page.objects, [head], "the ETag is kept");

    fs::remove_file(all.file("in/deep/x.csv")).expect("removed");
    assert!(all.keys().await.is_empty());
    assert!(
        !all.buckets
            .exists(&all.bucket, &key("in/deep/x.csv"))
            .await
            .expect("asked")
    );
    let folders = all
        .buckets
        .list(&all.bucket, &ListRequest::folder(""))
        .await
        .expect("listed");
    assert!(
        folders.common_prefixes.is_empty(),
        "an empty folder is nothing"
    );
}

#[tokio::test]
async fn a_file_changed_by_hand_loses_what_was_noted() {
    let all = fixture();
    let options = PutOptions {
        user_metadata: [("a".to_owned(), "b".to_owned())].into(),
        ..PutOptions::default()
    };
    all.buckets
        .put(&all.bucket, &key("x"), "old".into(), options)
        .await
        .expect("put");
    fs::write(all.file("x"), "hello").expect("written");
    let page = all
        .buckets
        .list(&all.bucket, &ListRequest::all(""))
        .await
        .expect("listed");
    assert_eq!(
        (page.objects[0].etag.as_deref(), page.objects[0].size),
        (None, 5)
    );
    let head = all
        .buckets
        .head(&all.bucket, &key("x"))
        .await
        .expect("head");
    assert_eq!(
        head.etag.as_deref(),
        Some("5d41402abc4b2a76b9719d911017c592")
    );
    assert!(head.user_metadata.is_empty());
}

#[tokio::test]
async fn many_dropped_files_are_listed_with_the_known_ones() {
    let all = fixture();
    for at in 0..300 {
        let name = format!("t/{at:04}");
        if at % 2 == 0 {
            all.put(&name, "put").await;
        } else {
            fs::write(all.file(&name), "by hand").expect("written");
        }
    }
    let page = all
        .buckets
        .list(&all.bucket, &ListRequest::all("t/"))
        .await
        .expect("listed");
    assert_eq!(page.objects.len(), 300);
    for (at, object) in page.objects.iter().enumerate() {
        assert_eq!(object.key.as_str(), format!("t/{at:04}"));
        assert_eq!(object.etag.is_some(), at % 2 == 0, "{object:?}");
    }
}

#[tokio::test]
async fn links_lead_nowhere() {
    let all = fixture();
    let outside = tempfile::tempdir().expect("a directory");
    fs::write(outside.path().join("secret"), "secret").expect("written");
    symlink(outside.path(), all.file("folder")).expect("linked");
    symlink(outside.path().join("secret"), all.file("file")).expect("linked");
    assert!(all.keys().await.is_empty());
    let inside = all
        .buckets
        .list(&all.bucket, &ListRequest::all("folder/"))
        .await
        .expect("listed");
    assert!(inside.objects.is_empty());
    for name in ["folder/secret", "file"] {
        let error = all
            .buckets
            .get(&all.bucket, &key(name), None)
            .await
            .expect_err("a link");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        all.buckets
            .delete(&all.bucket, &key(name))
            .await
            .expect("nothing to delete");
        let put = all
            .buckets
            .put(&all.bucket, &key(name), "x".into(), PutOptions::default())
            .await;
        assert_eq!(put.expect_err("in the way").kind(), ErrorKind::Invalid);
    }
    assert_eq!(
        fs::read_to_string(outside.path().join("secret")).expect("there"),
        "secret"
    );
    assert_eq!(fs::read_dir(outside.path()).expect("there").count(), 1);
}

#[tokio::test]
async fn no_key_leaves_the_bucket() {
    let all = fixture();
    for name in [
        "../escaped",
        "../../escaped",
        "a/../../../escaped",
        "/escaped",
        "..",
    ] {
        all.put(name, "x").await;
        assert_eq!(all.text(name).await, "x");
    }
    assert!(!all.dir.path().join("escaped").exists());
    assert!(!all.dir.path().join("buckets/escaped").exists());
    let names = fs::read_dir(all.store.home().buckets()).expect("a folder");
    assert_eq!(names.count(), 1);
}

#[tokio::test]
async fn names_that_no_key_has_are_ignored() {
    let all = fixture();
    for name in ["%~x", "%_short"] {
        fs::write(all.file(name), "x").expect("written");
    }
    fs::create_dir(all.file("%_a")).expect("made");
    fs::write(all.file("%_a/b"), "x").expect("written");
    assert!(all.keys().await.is_empty());
}

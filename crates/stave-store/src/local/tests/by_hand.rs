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

#[tokio::test]
async fn a_large_folder_is_remembered_until_it_changes() {
    let all = fixture();
    fs::create_dir_all(all.file("t/sub")).expect("made");
    for at in 0..400 {
        fs::write(all.file(&format!("t/{at:04}")), "x").expect("written");
    }
    fs::write(all.file("t/sub/y"), "x").expect("written");
    let mut expected: Vec<String> = (0..400).map(|at| format!("t/{at:04}")).collect();
    expected.push("t/sub/y".to_owned());
    let listed = |request: ListRequest| {
        let (buckets, bucket) = (all.buckets.clone(), all.bucket.clone());
        async move {
            let page = buckets.list(&bucket, &request).await.expect("listed");
            let keys = keys(&page).into_iter().map(str::to_owned);
            (keys.collect::<Vec<_>>(), page.common_prefixes)
        }
    };
    let folder = all.file("t");
    let folders = all.store.folders();
    // As long as a tick of the file system's clock may last, nothing is relied on.
    while folders.names(&folder).expect("read").is_none() {
        assert_eq!(listed(ListRequest::all("t/")).await.0, expected);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    for (prefix, after) in [
        ("t/", ""),
        ("t/", "t/0123"),
        ("t/", "t/sub/x"),
        ("t/", "t/sub/y"),
        ("t/03", ""),
        ("t/03", "t/0311x"),
        ("", "t/0398"),
        ("t/s", ""),
        ("t/sub/", ""),
        ("u", ""),
        ("t/", "a"),
    ] {
        let mut want: Vec<_> = expected.clone();
        want.retain(|key| key.starts_with(prefix) && key.as_str() > after);
        let found = listed(ListRequest::all(prefix).after(after)).await;
        assert_eq!(found.0, want, "{prefix:?} after {after:?}");
        let mut folded = ListRequest::folder(prefix).after(after);
        folded.prefix = prefix.to_owned();
        if prefix == "t/" {
            want.retain(|key| !key.starts_with("t/sub/"));
            assert_eq!(listed(folded).await.0, want, "{prefix:?} after {after:?}");
        }
    }
    fs::write(all.file("t/new"), "x").expect("written");
    fs::remove_file(all.file("t/0000")).expect("removed");
    expected.remove(0);
    expected.insert(399, "t/new".to_owned());
    assert_eq!(listed(ListRequest::all("")).await.0, expected);
    all.put("t/0000/x", "under it").await;
    expected.insert(0, "t/0000/x".to_owned());
    assert_eq!(listed(ListRequest::all("")).await.0, expected);
}

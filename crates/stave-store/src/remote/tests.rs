//! Remote buckets over object_store's own memory store.

use object_store::memory::InMemory;

use super::*;
use crate::objects::StagedFile;
use crate::objects::contract::{self, bucket, key, keys, put, text};

fn remote() -> RemoteBuckets {
    let config = RemoteConfig {
        buckets: vec!["one".to_owned(), "two".to_owned(), "out-*".to_owned()],
        ..RemoteConfig::default()
    };
    RemoteBuckets::connecting(
        Arc::new(config),
        Arc::new(|_| Ok(Arc::new(InMemory::new()))),
    )
}

#[tokio::test]
async fn remote_buckets_keep_the_contract() {
    let remote = remote();
    let kind = contract::Kind {
        any_key: false,
        own_etags: false,
    };
    contract::run(&remote, &bucket("one"), &bucket("two"), kind).await;
}

#[tokio::test]
async fn what_object_store_cannot_say_is_refused() {
    let remote = remote();
    for name in ["a//b", "/a", "a/", "../x"] {
        let error = remote
            .head(&bucket("one"), &key(name))
            .await
            .expect_err("refused");
        assert_eq!(error.kind(), stave_core::ErrorKind::Unsupported, "{name}");
    }
    let error = remote
        .create_bucket(&bucket("one"))
        .await
        .expect_err("refused");
    assert_eq!(error.kind(), stave_core::ErrorKind::Unsupported);
    let names = remote.list_buckets().await.expect("listed");
    assert_eq!(names.len(), 2, "patterns are no names");
    assert!(remote.claims(&bucket("out-1")) && !remote.claims(&bucket("other")));
}

#[tokio::test]
async fn a_publication_replaces_what_was_there() {
    let remote = remote();
    let one = bucket("one");
    for name in ["out/a", "out/b", "other"] {
        put(&remote, &one, name, "old").await;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let mut files = Vec::new();
    for (name, content) in [
        ("out/b", "new".to_owned()),
        ("out/c", "x".repeat(9 << 20)),
        ("out/d", String::new()),
    ] {
        let path = dir.path().join(name.replace('/', "-"));
        std::fs::write(&path, content).expect("written");
        files.push(StagedFile {
            path,
            bucket: one.clone(),
            key: key(name),
            content_type: None,
            user_metadata: [("origin".to_owned(), "somewhere".to_owned())].into(),
        });
    }
    let mut publication = Publication {
        run_id: "jr_1".to_owned(),
        files,
        replace: vec![(one.clone(), "out/".to_owned())],
        bookmark: None,
    };
    remote
        .publish(publication.clone())
        .await
        .expect("published");
    let page = remote
        .list(&one, &ListRequest::all(""))
        .await
        .expect("listed");
    assert_eq!(keys(&page), ["other", "out/b", "out/c", "out/d"]);
    assert_eq!(page.objects[2].size, 9 << 20);
    assert_eq!(text(&remote, &one, "out/b").await, "new");
    let new = remote.head(&one, &key("out/b")).await.expect("there");
    assert_eq!(new.user_metadata["origin"], "somewhere");

    publication.files[2].path = dir.path().join("absent");
    publication.files[0].key = key("out/never");
    assert!(remote.publish(publication).await.is_err());
    assert!(
        !remote.exists(&one, &key("out/never")).await.expect("asked"),
        "nothing is completed"
    );
    assert_eq!(text(&remote, &one, "out/b").await, "new");
}

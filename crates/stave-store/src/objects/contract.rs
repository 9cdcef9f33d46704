//! What every kind of bucket promises, as one suite run against each.

use bytes::Bytes;
use futures::{StreamExt, stream};
use stave_core::{BucketName, ErrorKind, ObjectKey};

use super::*;

/// Where the kinds differ.
pub(crate) struct Kind {
    /// Any key that S3 allows can be stored.
    pub(crate) any_key: bool,
    /// ETags are made here, as S3 makes them.
    pub(crate) own_etags: bool,
}

pub(crate) fn bucket(name: &str) -> BucketName {
    BucketName::new(name).expect("a bucket name")
}

pub(crate) fn key(name: &str) -> ObjectKey {
    ObjectKey::new(name).expect("a key")
}

pub(crate) async fn text(store: &dyn BucketStore, bucket: &BucketName, name: &str) -> String {
    let read = store
        .get(bucket, &key(name), None)
        .await
        .expect("an object");
    let bytes = read.bytes(1 << 20).await.expect("its bytes");
    String::from_utf8(bytes.to_vec()).expect("text")
}

pub(crate) async fn put(store: &dyn BucketStore, bucket: &BucketName, name: &str, text: &str) {
    let body = PutBody::Bytes(Bytes::copy_from_slice(text.as_bytes()));
    store
        .put(bucket, &key(name), body, PutOptions::default())
        .await
        .expect("put");
}

pub(crate) fn keys(page: &ListPage) -> Vec<&str> {
    page.objects
        .iter()
        .map(|object| object.key.as_str())
        .collect()
}

/// Runs the suite against `store` and its two empty buckets.
pub(crate) async fn run(store: &dyn BucketStore, one: &BucketName, two: &BucketName, kind: Kind) {
    objects_come_back(store, one, &kind).await;
    ranges(store, one).await;
    bodies(store, one).await;
    conditions(store, one).await;
    clear(store, one).await;
    listings(store, one, &kind).await;
    pages(store, one).await;
    clear(store, one).await;
    copies(store, one, two).await;
    deletes(store, one).await;
}

async fn clear(store: &dyn BucketStore, bucket: &BucketName) {
    let page = store
        .list(bucket, &ListRequest::all(""))
        .await
        .expect("listed");
    let keys: Vec<_> = page.objects.into_iter().map(|object| object.key).collect();
    assert!(
        store
            .delete_many(bucket, &keys)
            .await
            .expect("deleted")
            .is_empty()
    );
}

async fn objects_come_back(store: &dyn BucketStore, bucket: &BucketName, kind: &Kind) {
    let name = key("to process/spotify_raw_2024-06-24 10:33:12.345678 é😀.json");
    let options = PutOptions {
        content_type: Some("text/x-thing".to_owned()),
        user_metadata: [("Origin".to_owned(), "spotify".to_owned())].into(),
        only_if_absent: false,
    };
    let put = store
        .put(bucket, &name, "hello".into(), options)
        .await
        .expect("put");
    let head = store.head(bucket, &name).await.expect("head");
    assert_eq!(put, head);
    assert_eq!((head.size, head.content_type.as_str()), (5, "text/x-thing"));
    assert_eq!(
        head.user_metadata.get("origin").map(String::as_str),
        Some("spotify")
    );
    if kind.own_etags {
        assert_eq!(
            head.etag.as_deref(),
            Some("5d41402abc4b2a76b9719d911017c592")
        );
    }
    let read = store.get(bucket, &name, None).await.expect("get");
    assert_eq!((&read.info, &read.range), (&head, &(0..5)));
    assert_eq!(read.bytes(5).await.expect("bytes"), "hello");
    let read = store.get(bucket, &name, None).await.expect("get");
    assert_eq!(
        read.bytes(4).await.expect_err("too many").kind(),
        ErrorKind::LimitExceeded
    );

    store
        .put(bucket, &name, "again".into(), PutOptions::default())
        .await
        .expect("put");
    let head = store.head(bucket, &name).await.expect("head");
    assert_eq!(
        (head.content_type.as_str(), head.user_metadata.len()),
        ("application/json", 0)
    );

    let absent = key("absent");
    assert_eq!(
        store
            .head(bucket, &absent)
            .await
            .expect_err("absent")
            .kind(),
        ErrorKind::NotFound
    );
    let error = store.get(bucket, &absent, None).await.expect_err("absent");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("absent"), "{error}");
    assert!(!store.exists(bucket, &absent).await.expect("asked"));
    let too_much = PutOptions {
        user_metadata: [("a".to_owned(), "x".repeat(2048))].into(),
        ..PutOptions::default()
    };
    let error = store
        .put(bucket, &absent, "".into(), too_much)
        .await
        .expect_err("too much");
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

async fn ranges(store: &dyn BucketStore, bucket: &BucketName) {
    put(store, bucket, "digits", "0123456789").await;
    for (range, expected) in [
        (ByteRange::Bounded(2..5), "234"),
        (ByteRange::Bounded(8..99), "89"),
        (ByteRange::From(7), "789"),
        (ByteRange::Last(3), "789"),
        (ByteRange::Last(99), "0123456789"),
    ] {
        let read = store
            .get(bucket, &key("digits"), Some(range.clone()))
            .await
            .expect("get");
        assert_eq!(read.range.end - read.range.start, expected.len() as u64);
        assert_eq!(read.bytes(10).await.expect("bytes"), expected, "{range:?}");
    }
    let empty = ByteRange::Bounded(Range { start: 4, end: 4 });
    for range in [ByteRange::From(10), empty] {
        assert!(
            store
                .get(bucket, &key("digits"), Some(range))
                .await
                .is_err()
        );
    }
}

async fn bodies(store: &dyn BucketStore, bucket: &BucketName) {
    let pieces: Vec<Bytes> = (0..41_u8)
        .map(|at| Bytes::from(vec![at; 300_000]))
        .collect();
    let whole: Vec<u8> = pieces.concat();
    // One that panics when it is asked again after its end.
    let stream = stream::unfold(pieces.into_iter(), |mut left| async move {
        left.next().map(|piece| (Ok(piece), left))
    });
    let body = PutBody::Stream(stream.boxed());
    let big = store
        .put(bucket, &key("big"), body, PutOptions::default())
        .await
        .expect("put");
    assert_eq!(big.size, whole.len() as u64);
    let read = store.get(bucket, &key("big"), None).await.expect("get");
    assert!(read.bytes(whole.len()).await.expect("bytes") == whole);

    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    std::fs::write(&file, &whole).expect("written");
    let body = PutBody::File(file);
    store
        .put(bucket, &key("from file"), body, PutOptions::default())
        .await
        .expect("put");
    let read = store
        .get(bucket, &key("from file"), None)
        .await
        .expect("get");
    assert!(read.bytes(whole.len()).await.expect("bytes") == whole);

    put(store, bucket, "empty", "").await;
    assert_eq!(text(store, bucket, "empty").await, "");

    let broken = stream::iter([
        Ok(Bytes::from_static(b"half")),
        Err(Error::unavailable("the line is dead")),
    ]);
    let body = PutBody::Stream(broken.boxed());
    let error = store
        .put(bucket, &key("empty"), body, PutOptions::default())
        .await;
    assert_eq!(error.expect_err("broken").kind(), ErrorKind::Unavailable);
    assert_eq!(text(store, bucket, "empty").await, "");
}

async fn conditions(store: &dyn BucketStore, bucket: &BucketName) {
    let only = PutOptions {
        only_if_absent: true,
        ..PutOptions::default()
    };
    store
        .put(bucket, &key("once"), "first".into(), only.clone())
        .await
        .expect("put");
    let error = store
        .put(bucket, &key("once"), "second".into(), only)
        .await
        .expect_err("there");
    assert_eq!(error.kind(), ErrorKind::Precondition);
    assert_eq!(text(store, bucket, "once").await, "first");
}

async fn listings(store: &dyn BucketStore, bucket: &BucketName, kind: &Kind) {
    let mut all = vec![
        "a",
        "a b",
        "a/b",
        "a/b/c",
        "a/é",
        "a-",
        "a0",
        "b=1/x.csv",
        "b=1/y.csv",
        "b=2/x.csv",
        "Z",
        "😀",
    ];
    if kind.any_key {
        all.extend([
            "a/", "a//", "a//x", "/", "/abs", "..", "../up", "./x", "a/..", "%~", "%+/x", "%_x/y",
        ]);
    }
    let long = format!("long/{}/{}", "p".repeat(300), "q".repeat(600));
    if kind.any_key {
        all.push(&long);
    }
    for name in &all {
        put(store, bucket, name, name).await;
    }
    all.sort_unstable();
    let page = store
        .list(bucket, &ListRequest::all(""))
        .await
        .expect("listed");
    assert_eq!(keys(&page), all);
    assert_eq!(page.next, None);
    for name in &all {
        assert_eq!(text(store, bucket, name).await, *name);
    }
    for prefix in [
        "", "a", "a/", "a/b", "b=", "b=1/x", "zzz", "a ", "long/p", "../", "%", "/",
    ] {
        if !kind.any_key && prefix.starts_with(['/', '.']) {
            continue;
        }
        let expected: Vec<&str> = all
            .iter()
            .copied()
            .filter(|key| key.starts_with(prefix))
            .collect();
        let page = store
            .list(bucket, &ListRequest::all(prefix))
            .await
            .expect("listed");
        assert_eq!(keys(&page), expected, "prefix {prefix:?}");
        for delimiter in ["/", "b", "x."] {
            let request = ListRequest {
                delimiter: Some(delimiter.to_owned()),
                ..ListRequest::all(prefix)
            };
            let page = store.list(bucket, &request).await.expect("listed");
            let (objects, prefixes) = fold(&expected, prefix, delimiter);
            assert_eq!(
                keys(&page),
                objects,
                "prefix {prefix:?} delimiter {delimiter:?}"
            );
            assert_eq!(
                page.common_prefixes, prefixes,
                "prefix {prefix:?} delimiter {delimiter:?}"
            );
        }
    }
}

/// What a listing with a delimiter answers, by definition.
fn fold<'a>(keys: &[&'a str], prefix: &str, delimiter: &str) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut objects, mut prefixes) = (Vec::new(), Vec::new());
    for key in keys {
        match key[prefix.len()..].find(delimiter) {
            None => objects.push(*key),
            Some(at) => prefixes.push(&key[..prefix.len() + at + delimiter.len()]),
        }
    }
    prefixes.dedup();
    (objects, prefixes)
}

/// Pages of any size put together are the whole, on what [`listings`] left.
async fn pages(store: &dyn BucketStore, bucket: &BucketName) {
    for (prefix, delimiter) in [
        ("", None),
        ("", Some("/")),
        ("a", None),
        ("a/", Some("/")),
        ("", Some("b")),
    ] {
        let whole = ListRequest {
            delimiter: delimiter.map(str::to_owned),
            ..ListRequest::all(prefix)
        };
        let expected = store.list(bucket, &whole).await.expect("listed");
        for max in 1..6 {
            let mut request = whole.clone().max(max);
            let mut found = ListPage::default();
            loop {
                let page = store.list(bucket, &request).await.expect("listed");
                assert!(page.objects.len() + page.common_prefixes.len() <= max);
                found.objects.extend(page.objects);
                found.common_prefixes.extend(page.common_prefixes);
                match page.next {
                    Some(next) => request = request.after(next),
                    None => break,
                }
            }
            assert_eq!(found, expected, "prefix {prefix:?} {delimiter:?} by {max}");
        }
    }
    let none = store
        .list(bucket, &ListRequest::all("").max(0))
        .await
        .expect("listed");
    assert_eq!(none, ListPage::default());
}

async fn copies(store: &dyn BucketStore, one: &BucketName, two: &BucketName) {
    let options = PutOptions {
        content_type: Some("text/x-thing".to_owned()),
        user_metadata: [("origin".to_owned(), "here".to_owned())].into(),
        only_if_absent: false,
    };
    store
        .put(one, &key("source"), "text".into(), options)
        .await
        .expect("put");
    for bucket in [one, two] {
        let copied = store
            .copy(one, &key("source"), bucket, &key("kept"), None)
            .await
            .expect("copied");
        assert_eq!(
            (copied.content_type.as_str(), copied.user_metadata.len()),
            ("text/x-thing", 1)
        );
        assert_eq!(text(store, bucket, "kept").await, "text");
        let replace = Some(PutOptions::default());
        let copied = store
            .copy(one, &key("source"), bucket, &key("new.csv"), replace)
            .await
            .expect("copied");
        assert_eq!(
            (copied.content_type.as_str(), copied.user_metadata.len()),
            ("text/csv", 0)
        );
    }
    let error = store
        .copy(one, &key("absent"), two, &key("x"), None)
        .await
        .expect_err("absent");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

async fn deletes(store: &dyn BucketStore, bucket: &BucketName) {
    for name in ["d/1", "d/2", "d/3"] {
        put(store, bucket, name, name).await;
    }
    store.delete(bucket, &key("d/1")).await.expect("deleted");
    store
        .delete(bucket, &key("d/1"))
        .await
        .expect("absent is deleted");
    let faults = store
        .delete_many(bucket, &[key("d/2"), key("d/absent")])
        .await
        .expect("deleted");
    assert!(faults.is_empty(), "{faults:?}");
    let page = store
        .list(bucket, &ListRequest::all("d/"))
        .await
        .expect("listed");
    assert_eq!(keys(&page), ["d/3"]);
}

//! Objects: what clients ask for and get, condition by condition.

use super::*;

pub(super) async fn lake() -> World {
    let world = world();
    world.ask(call("PUT", "/lake")).await;
    world
}

#[tokio::test]
async fn objects_come_back_with_all_that_was_said() {
    let world = lake().await;
    let put = call("PUT", "/lake/a%20b/c.csv")
        .header("content-type", "text/csv")
        .header("cache-control", "max-age=1")
        .header("expires", "some day")
        .header("x-amz-meta-owner", "ann")
        .header("x-amz-tagging", "k=v&l=w%20x")
        .header("x-amz-server-side-encryption", "AES256")
        .body("hello");
    let answer = world.ask(put).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.header("etag"),
        "\"5d41402abc4b2a76b9719d911017c592\""
    );
    assert_eq!(answer.header("x-amz-server-side-encryption"), "");
    for method in ["GET", "HEAD"] {
        let answer = world.ask(call(method, "/lake/a%20b/c.csv")).await;
        assert_eq!(answer.status, 200);
        for (name, value) in [
            ("content-type", "text/csv"),
            ("content-length", "5"),
            ("cache-control", "max-age=1"),
            ("expires", "some day"),
            ("x-amz-meta-owner", "ann"),
            ("accept-ranges", "bytes"),
            ("last-modified", "Sat, 21 Nov 2026 10:00:00 GMT"),
        ] {
            assert_eq!(answer.header(name), value, "{method} {name}");
        }
    }
    let answer = world.ask(call("GET", "/lake/a%20b/c.csv?tagging")).await;
    assert_eq!(answer.text().matches("<Tag>").count(), 2);
}

#[tokio::test]
async fn ranges_and_conditions_hold() {
    let world = lake().await;
    world.put("/lake/a", "0123456789").await;
    let etag = "\"781e5e245d69b566979b86e28d23f2c7\"";
    for (name, value, status, body) in [
        ("range", "bytes=2-4", 206, "234"),
        ("range", "bytes=7-", 206, "789"),
        ("range", "bytes=-2", 206, "89"),
        ("range", "bytes=0-1,3-4", 200, "0123456789"),
        ("range", "bytes=10-", 416, ""),
        ("if-match", etag, 200, "0123456789"),
        ("if-match", "\"x\"", 412, ""),
        ("if-none-match", etag, 304, ""),
        ("if-none-match", "\"x\"", 200, "0123456789"),
        (
            "if-modified-since",
            "Sat, 21 Nov 2026 10:00:00 GMT",
            304,
            "",
        ),
        (
            "if-unmodified-since",
            "Sat, 21 Nov 2026 09:59:59 GMT",
            412,
            "",
        ),
    ] {
        let answer = world.ask(call("GET", "/lake/a").header(name, value)).await;
        assert_eq!(answer.status, status, "{name}: {value}: {}", answer.text());
        if status < 300 {
            assert_eq!(answer.text(), body);
        }
        if status == 304 {
            assert_eq!((answer.header("etag"), answer.body.len()), (etag, 0));
        }
    }
    for (name, value, status) in [
        ("if-none-match", "*", 412),
        ("if-match", "\"x\"", 412),
        ("if-match", etag, 200),
    ] {
        let put = call("PUT", "/lake/a")
            .header(name, value)
            .body("0123456789");
        assert_eq!(world.ask(put).await.status, status, "{name}: {value}");
    }
    let put = call("PUT", "/lake/absent")
        .header("if-match", "\"x\"")
        .body("0");
    assert_eq!(world.ask(put).await.code(), "NoSuchKey");
}

#[tokio::test]
async fn lists_go_on_where_they_ended() {
    let world = lake().await;
    for key in ["a", "b/1", "b/2", "c%26d", "e"] {
        world.put(&format!("/lake/{key}"), "x").await;
    }
    let list = |query: String| {
        let world = &world;
        async move { world.ask(call("GET", &format!("/lake?{query}"))).await }
    };
    let first = list("list-type=2&delimiter=%2F&max-keys=2".to_owned()).await;
    assert_eq!(first.element("IsTruncated"), "true", "{}", first.text());
    assert_eq!(first.element("KeyCount"), "2");
    assert!(
        first.text().contains("<CommonPrefixes><Prefix>b/</Prefix>"),
        "{}",
        first.text()
    );
    let token = first.element("NextContinuationToken");
    let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let rest = list(format!(
        "list-type=2&delimiter=%2F&continuation-token={token}"
    ))
    .await;
    assert_eq!(rest.element("IsTruncated"), "false");
    assert_eq!(rest.element("Key"), "c&amp;d");
    let url = list("list-type=2&encoding-type=url&start-after=b%2F2".to_owned()).await;
    assert_eq!(url.element("Key"), "c%26d");
    let old = list("max-keys=1&delimiter=%2F".to_owned()).await;
    assert_eq!(old.element("NextMarker"), "a");
    let none = list("list-type=2&max-keys=0".to_owned()).await;
    assert_eq!(
        (none.element("KeyCount"), none.element("IsTruncated")),
        ("0".into(), "false".into())
    );
    assert_eq!(
        list("list-type=2&continuation-token=%25".to_owned())
            .await
            .code(),
        "InvalidArgument"
    );
    assert_eq!(
        list("list-type=2&max-keys=-1".to_owned()).await.code(),
        "InvalidArgument"
    );
}

#[tokio::test]
async fn many_are_deleted_quietly_or_not() {
    let world = lake().await;
    for key in ["a", "b", "c"] {
        world.put(&format!("/lake/{key}"), "x").await;
    }
    let delete = |quiet: &str, keys: &[&str]| {
        let objects: Vec<String> = keys
            .iter()
            .map(|key| format!("<Object><Key>{key}</Key></Object>"))
            .collect();
        let objects = objects.concat();
        let document = format!("<Delete><Quiet>{quiet}</Quiet>{objects}</Delete>");
        let md5 = stave_store::objects::md5_of(document.as_bytes());
        let md5 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, md5);
        call("POST", "/lake?delete")
            .header("content-md5", &md5)
            .body(document)
    };
    let told = world.ask(delete("false", &["a", "absent"])).await;
    assert_eq!(
        told.text().matches("<Deleted>").count(),
        2,
        "{}",
        told.text()
    );
    let quiet = world.ask(delete("true", &["b"])).await;
    assert_eq!(
        (quiet.status, quiet.text().contains("Deleted")),
        (200, false)
    );
    let wrong = delete("true", &["c"]).header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==");
    assert_eq!(world.ask(wrong).await.code(), "BadDigest");
    assert_eq!(world.ask(call("HEAD", "/lake/c")).await.status, 200);
    assert_eq!(
        world.ask(call("DELETE", "/lake")).await.code(),
        "BucketNotEmpty"
    );
    assert_eq!(world.ask(call("DELETE", "/lake/c")).await.status, 204);
    assert_eq!(world.ask(call("DELETE", "/lake")).await.status, 204);
}

#[tokio::test]
async fn copies_keep_or_replace_metadata() {
    let world = lake().await;
    let put = call("PUT", "/lake/a")
        .header("x-amz-meta-k", "v")
        .header("x-amz-tagging", "t=1")
        .body("x");
    world.ask(put).await;
    let copy = |to: &str| call("PUT", to).header("x-amz-copy-source", "/lake/a");
    let answer = world.ask(copy("/lake/kept")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(
        answer.text().contains("<CopyObjectResult"),
        "{}",
        answer.text()
    );
    let replaced = copy("/lake/replaced")
        .header("x-amz-metadata-directive", "REPLACE")
        .header("x-amz-tagging-directive", "REPLACE")
        .header("x-amz-meta-l", "w");
    assert_eq!(world.ask(replaced).await.status, 200);
    for (key, k, l, tags) in [("kept", "v", "", "1"), ("replaced", "", "w", "")] {
        let head = world.ask(call("GET", &format!("/lake/{key}"))).await;
        assert_eq!(
            (head.header("x-amz-meta-k"), head.header("x-amz-meta-l")),
            (k, l)
        );
        assert_eq!(head.header("x-amz-tagging-count"), tags, "{key}");
    }
    let onto_itself = world.ask(copy("/lake/a")).await;
    assert_eq!(onto_itself.code(), "InvalidRequest");
    let stale = copy("/lake/b").header("x-amz-copy-source-if-match", "\"x\"");
    assert_eq!(world.ask(stale).await.code(), "PreconditionFailed");
    let absent = call("PUT", "/lake/b").header("x-amz-copy-source", "/lake/absent");
    assert_eq!(world.ask(absent).await.code(), "NoSuchKey");
}

#[tokio::test]
async fn a_file_dropped_by_hand_is_listed_with_its_etag() {
    let world = lake().await;
    std::fs::write(world.dir.path().join("buckets/lake/by-hand"), "hello").expect("written");
    let listed = world.ask(call("GET", "/lake?list-type=2")).await;
    assert_eq!(
        listed.element("ETag"),
        "\"5d41402abc4b2a76b9719d911017c592\""
    );
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused() {
    let world = lake().await;
    let metadata = "m".repeat(2100);
    for (name, value, code) in [
        ("x-amz-meta-k", metadata.as_str(), "MetadataTooLarge"),
        ("x-amz-storage-class", "WARM", "InvalidStorageClass"),
        ("x-amz-storage-class", "GLACIER", "NotImplemented"),
        ("x-amz-storage-class", "STANDARD_IA", ""),
        ("x-amz-tagging", "aws:x=y", "InvalidTag"),
        ("x-amz-tagging", "a=b&a=c", "InvalidArgument"),
    ] {
        let put = call("PUT", "/lake/a").header(name, value).body("x");
        assert_eq!(world.ask(put).await.code(), code, "{name}: {value}");
    }
    let head = world.ask(call("HEAD", "/lake/a")).await;
    assert_eq!(head.header("x-amz-storage-class"), "STANDARD_IA");
}

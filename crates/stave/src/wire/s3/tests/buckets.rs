//! Buckets: versions, uploads in parts, who is let in, what is refused.

use super::objects::lake;
use super::*;

#[tokio::test]
async fn what_is_not_there_says_its_name() {
    let world = lake().await;
    for (request, word) in [
        (call("GET", "/lake?website"), "GetBucketWebsite"),
        (call("GET", "/lake?replication"), "GetBucketReplication"),
        (call("GET", "/lake/a?retention"), "GetObjectRetention"),
        (
            call("PUT", "/lake/a").header("x-amz-acl", "public-read"),
            "x-amz-acl",
        ),
        (
            call("PUT", "/lake/a").header("x-amz-server-side-encryption", "aws:kms"),
            "x-amz-server-side-encryption",
        ),
    ] {
        let answer = world.ask(request).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (501, "NotImplemented")
        );
        assert!(
            answer.element("Message").contains(word),
            "{}",
            answer.text()
        );
    }
    for (request, code) in [
        (call("GET", "/pond"), "NoSuchBucket"),
        (call("GET", "/lake/absent"), "NoSuchKey"),
        (call("PUT", "/No_Such_Name"), "InvalidBucketName"),
        (call("GET", "/lake?policy"), "NoSuchBucketPolicy"),
        (call("GET", "/lake?tagging"), "NoSuchTagSet"),
        (
            call("GET", "/lake?lifecycle"),
            "NoSuchLifecycleConfiguration",
        ),
        (call("GET", "/lake?cors"), "NoSuchCORSConfiguration"),
        (
            call("PUT", "/lake?versioning").body("<Versioning"),
            "MalformedXML",
        ),
        (call("GET", "/lake/a%00b"), "InvalidArgument"),
        (
            call("GET", &format!("/lake/{}", "k".repeat(1025))),
            "KeyTooLongError",
        ),
    ] {
        let target = request.target.clone();
        assert_eq!(world.ask(request).await.code(), code, "{target}");
    }
}

#[tokio::test]
async fn errors_name_what_they_are_about() {
    let world = lake().await;
    let answer = world.ask(call("GET", "/lake/a%20b/c%26d")).await;
    assert_eq!(answer.element("Key"), "a b/c&amp;d");
    let virtual_host = call("GET", "/lake/x").header("host", "lake.localhost");
    assert_eq!(world.ask(virtual_host).await.element("Key"), "x");
    let answer = world.ask(call("GET", "/pond/a")).await;
    assert_eq!(
        (answer.element("BucketName"), answer.element("Key")),
        ("pond".into(), String::new())
    );
}

#[tokio::test]
async fn uploads_in_parts_become_one_object() {
    let world = lake().await;
    let begun = world.ask(call("POST", "/lake/big?uploads")).await;
    let id = begun.element("UploadId");
    assert!(!id.is_empty(), "{}", begun.text());
    let part = |number: u16, body: Bytes| {
        let target = format!("/lake/big?partNumber={number}&uploadId={id}");
        world.ask(call("PUT", &target).body(body))
    };
    let first = part(1, vec![b'x'; 5 << 20].into()).await;
    assert_eq!(first.status, 200, "{}", first.text());
    let second = part(2, Bytes::from_static(b"end")).await;
    let parts = world
        .ask(call("GET", &format!("/lake/big?uploadId={id}")))
        .await;
    assert_eq!(
        parts.text().matches("<Part>").count(),
        2,
        "{}",
        parts.text()
    );
    let uploads = world.ask(call("GET", "/lake?uploads")).await;
    assert_eq!(uploads.element("UploadId"), id);
    let complete = |parts: &[(u16, &str)]| {
        let parts: Vec<String> = parts
            .iter()
            .map(|(number, etag)| {
                format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
            })
            .collect();
        let parts = parts.concat();
        let document = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let target = format!("/lake/big?uploadId={id}");
        world.ask(call("POST", &target).body(document))
    };
    let (one, two) = (first.header("etag"), second.header("etag"));
    assert_eq!(
        complete(&[(2, two), (1, one)]).await.code(),
        "InvalidPartOrder"
    );
    assert_eq!(complete(&[(1, two)]).await.code(), "InvalidPart");
    assert_eq!(complete(&[]).await.code(), "MalformedXML");
    let done = complete(&[(1, one), (2, two)]).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.element("ETag").contains("-2"), "{}", done.text());
    let last = world.ask(call("GET", "/lake/big?partNumber=2")).await;
    assert_eq!((last.status, last.text().as_str()), (206, "end"));
    assert_eq!(last.header("x-amz-mp-parts-count"), "2");
    let gone = world.ask(call("DELETE", "/lake/big?uploadId=none")).await;
    assert_eq!(gone.code(), "NoSuchUpload");
}

#[tokio::test]
async fn versions_are_kept_and_deleted_one_by_one() {
    let world = lake().await;
    let enable = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_eq!(
        world
            .ask(call("PUT", "/lake?versioning").body(enable))
            .await
            .status,
        200
    );
    let first = world.put("/lake/a", "one").await;
    let first = first.header("x-amz-version-id").to_owned();
    world.put("/lake/a", "two").await;
    let marked = world.ask(call("DELETE", "/lake/a")).await;
    assert_eq!(marked.header("x-amz-delete-marker"), "true");
    let marker = marked.header("x-amz-version-id");
    let gone = world.ask(call("GET", "/lake/a")).await;
    assert_eq!(
        (gone.status, gone.header("x-amz-delete-marker")),
        (404, "true")
    );
    let old = world
        .ask(call("GET", &format!("/lake/a?versionId={first}")))
        .await;
    assert_eq!(old.text(), "one");
    let refused = world
        .ask(call("GET", &format!("/lake/a?versionId={marker}")))
        .await;
    assert_eq!(refused.code(), "MethodNotAllowed");
    let listed = world.ask(call("GET", "/lake?versions")).await.text();
    assert_eq!(listed.matches("<Version>").count(), 2, "{listed}");
    assert_eq!(listed.matches("<DeleteMarker>").count(), 1);
    let back = world
        .ask(call("DELETE", &format!("/lake/a?versionId={marker}")))
        .await;
    assert_eq!(back.status, 204);
    assert_eq!(world.ask(call("GET", "/lake/a")).await.text(), "two");
}

#[tokio::test]
async fn a_public_bucket_serves_who_has_not_signed() {
    let world = lake().await;
    world.put("/lake/a", "x").await;
    let policy = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*"}]}"#;
    assert_eq!(
        world.send(call("GET", "/lake/a")).await.code(),
        "AccessDenied"
    );
    let put = || call("PUT", "/lake?policy").body(policy);
    assert_eq!(world.ask(put()).await.code(), "AccessDenied");
    let removed = world.ask(call("DELETE", "/lake?publicAccessBlock")).await;
    assert_eq!(removed.status, 204, "{}", removed.text());
    assert_eq!(world.ask(put()).await.status, 204);
    assert_eq!(world.send(call("GET", "/lake/a")).await.text(), "x");
    assert_eq!(
        world.send(call("GET", "/lake")).await.code(),
        "AccessDenied"
    );
    let shown = call("GET", "/lake/a?response-content-type=text%2Fhtml");
    assert_eq!(world.send(shown).await.code(), "InvalidRequest");
    assert_eq!(world.ask(call("GET", "/lake?policy")).await.text(), policy);
}

#[tokio::test]
async fn pages_of_other_origins_ask_first() {
    let world = lake().await;
    world.put("/lake/a", "x").await;
    let origin = "https://example.com";
    let preflight = || {
        call("OPTIONS", "/lake/a")
            .header("origin", origin)
            .header("access-control-request-method", "GET")
    };
    assert_eq!(world.send(preflight()).await.code(), "AccessForbidden");
    let rules = "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod>\
        <AllowedOrigin>https://*.com</AllowedOrigin></CORSRule></CORSConfiguration>";
    let put = world.ask(call("PUT", "/lake?cors").body(rules)).await;
    assert_eq!(put.status, 200, "{}", put.text());
    let asked = world.send(preflight()).await;
    assert_eq!(asked.status, 200, "{}", asked.text());
    assert_eq!(asked.header("access-control-allow-origin"), origin);
    let got = world
        .ask(call("GET", "/lake/a").header("origin", origin))
        .await;
    assert_eq!(got.header("access-control-allow-origin"), origin);
    let other = call("GET", "/lake/a").header("origin", "https://example.org");
    assert_eq!(
        world.ask(other).await.header("access-control-allow-origin"),
        ""
    );
}

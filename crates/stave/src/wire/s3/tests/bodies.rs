//! Bodies: chunks with and without signatures, trailers, digests, forms.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use stave_core::sigv4::{Scope, SigningKey};
use stave_store::ChecksumAlgorithm;

use super::*;

/// A body in chunks without signatures, with a checksum after it.
fn chunked(bytes: &[u8], checksum: &str) -> Bytes {
    let mut body = Vec::new();
    for chunk in bytes.chunks(65_536) {
        body.extend(format!("{:x}\r\n", chunk.len()).bytes());
        body.extend(chunk);
        body.extend(b"\r\n");
    }
    body.extend(format!("0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n").bytes());
    body.into()
}

async fn put_chunked(world: &World, bytes: &[u8], checksum: &str) -> Answer {
    let put = call("PUT", "/lake/a")
        .header("content-encoding", "aws-chunked")
        .header("x-amz-decoded-content-length", &bytes.len().to_string())
        .header("x-amz-trailer", "x-amz-checksum-crc32")
        .body(chunked(bytes, checksum));
    let payload = Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    let now = world.clock.now();
    world.send(put.signed(&world.key, now, payload)).await
}

#[tokio::test]
async fn chunks_end_with_a_checksum() {
    let world = world();
    world.ask(call("PUT", "/lake")).await;
    // Small ones are read at once, large ones as they come.
    for size in [0, 10, 1_000_000] {
        let bytes = vec![b'x'; size];
        let sum = ChecksumAlgorithm::Crc32.of(&bytes);
        let answer = put_chunked(&world, &bytes, &sum).await;
        assert_eq!(answer.status, 200, "{size}: {}", answer.text());
        assert_eq!(answer.header("x-amz-checksum-crc32"), sum);
        let get = call("GET", "/lake/a").header("x-amz-checksum-mode", "ENABLED");
        let answer = world.ask(get).await;
        assert_eq!(answer.body.len(), size);
        assert_eq!(answer.header("x-amz-checksum-crc32"), sum);
        assert_eq!(answer.header("content-encoding"), "");
        let answer = put_chunked(&world, &bytes, "AAAAAQ==").await;
        assert_eq!(answer.code(), "BadDigest", "{size}");
        let kept = world.ask(call("HEAD", "/lake/a")).await;
        assert_eq!(kept.header("content-length"), size.to_string());
    }
}

#[tokio::test]
async fn a_large_body_is_what_was_signed() {
    let world = world();
    world.ask(call("PUT", "/lake")).await;
    let now = world.clock.now();
    let put = |body: Bytes, signed: &[u8]| {
        let hash = hash_of(signed);
        call("PUT", "/lake/big")
            .body(body)
            .signed(&world.key, now, Some(&hash))
    };
    let (right, wrong) = (vec![b'x'; 600_000], vec![b'y'; 600_000]);
    let answer = world.send(put(wrong.into(), &right)).await;
    assert_eq!(answer.code(), "XAmzContentSHA256Mismatch");
    assert_eq!(world.ask(call("HEAD", "/lake/big")).await.status, 404);
    let short = put(right.clone().into(), &right).header("content-length", "700000");
    let answer = world.send(short).await;
    assert_eq!(answer.code(), "IncompleteBody");
    let answer = world.send(put(right.clone().into(), &right)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let unknown = call("PUT", "/lake/big").body("x");
    let mut unknown = unknown.signed(&world.key, now, Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER"));
    unknown
        .headers
        .retain(|(name, _)| name != "x-amz-decoded-content-length");
    assert_eq!(world.send(unknown).await.code(), "MissingContentLength");
}

#[tokio::test]
async fn digests_are_compared() {
    let world = world();
    world.ask(call("PUT", "/lake")).await;
    let md5 = STANDARD.encode(stave_store::objects::md5_of(b"abc"));
    for (name, value, code) in [
        ("content-md5", md5.as_str(), ""),
        ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"),
        ("content-md5", "x", "InvalidDigest"),
        (
            "x-amz-checksum-sha256",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
            "",
        ),
        (
            "x-amz-checksum-sha1",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "BadDigest",
        ),
        ("x-amz-checksum-crc32", "x", "InvalidRequest"),
    ] {
        let put = call("PUT", "/lake/a").header(name, value).body("abc");
        assert_eq!(world.ask(put).await.code(), code, "{name}: {value}");
    }
}

/// A form for `lake` that allows keys under `raw/`, signed by Ann.
fn form(world: &World, key: &str, extra: &str) -> Call {
    let credential = format!("{}/20261121/us-east-1/s3/aws4_request", world.key.id);
    let policy = format!(
        r#"{{"expiration": "2026-11-21T11:00:00Z", "conditions": [
            {{"bucket": "lake"}}, ["starts-with", "$key", "raw/"],
            {{"x-amz-algorithm": "AWS4-HMAC-SHA256"}}, {{"x-amz-credential": "{credential}"}},
            {{"x-amz-date": "20261121T100000Z"}}, {{"success_action_status": "201"}},
            ["content-length-range", 2, 10]]}}"#
    );
    let policy = STANDARD.encode(policy);
    let scope = Scope {
        date: "20261121".to_owned(),
        region: "us-east-1".to_owned(),
        service: "s3".to_owned(),
    };
    let signature = SigningKey::derive(&world.key.secret, &scope).sign(policy.as_bytes());
    let part = |(name, value): &(&str, &str)| {
        format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let fields = [
        ("key", key),
        ("policy", &policy),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", &credential),
        ("x-amz-date", "20261121T100000Z"),
        ("x-amz-signature", &signature),
        ("success_action_status", "201"),
        (extra, "x"),
    ];
    let fields = fields.iter().filter(|(name, _)| !name.is_empty());
    let mut body = fields.map(part).collect::<Vec<_>>().concat();
    body += "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n";
    call("POST", "/lake")
        .header("content-type", "multipart/form-data; boundary=XX")
        .body(body)
}

fn with_file(mut form: Call, file: &str) -> Call {
    form.body = [&form.body, file.as_bytes(), b"\r\n--XX--\r\n"]
        .concat()
        .into();
    form
}

#[tokio::test]
async fn forms_put_what_their_policy_lets_them() {
    let world = world();
    world.ask(call("PUT", "/lake")).await;
    let answer = world
        .send(with_file(form(&world, "raw/${filename}", ""), "one,2"))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.element("Key"), "raw/a.csv");
    assert_eq!(
        world.ask(call("GET", "/lake/raw/a.csv")).await.text(),
        "one,2"
    );
    for (key, extra, file, code) in [
        ("other/a", "", "one,2", "AccessDenied"),
        ("raw/b", "x-amz-meta-extra", "one,2", "AccessDenied"),
        ("raw/b", "", "1", "EntityTooSmall"),
        ("raw/b", "", "more than ten", "EntityTooLarge"),
    ] {
        let answer = world.send(with_file(form(&world, key, extra), file)).await;
        assert_eq!(
            answer.code(),
            code,
            "{key} {extra} {file}: {}",
            answer.text()
        );
    }
    let unsigned = "--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nraw/b\r\n\
        --XX\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
    let unsigned = form(&world, "", "").body(unsigned);
    assert_eq!(
        world.send(with_file(unsigned, "abc")).await.code(),
        "AccessDenied"
    );
    world
        .clock
        .set("2026-11-21T11:00:00Z".parse().expect("a time"));
    let answer = world
        .send(with_file(form(&world, "raw/b", ""), "one,2"))
        .await;
    assert_eq!(
        answer.element("Message"),
        "Invalid according to Policy: Policy expired."
    );
    assert_eq!(world.ask(call("HEAD", "/lake/raw/b")).await.status, 404);
}

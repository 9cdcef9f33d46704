//! Who is let in, and who is not.

use jiff::SignedDuration;
use stave_core::Caller;
use stave_core::sigv4::{Credentials, HttpRequest, Signer, presign};

use super::*;

#[tokio::test]
async fn who_signs_comes_in() {
    let world = world();
    let answer = world.ask(call("PUT", "/lake")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-amz-request-id"), "REQUEST1");
    assert!(!answer.header("x-amz-id-2").is_empty());
    let answer = world.ask(call("GET", "/")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.element("Name"), "lake");
}

#[tokio::test]
async fn nobody_else_does() {
    let world = world();
    world.ask(call("PUT", "/lake")).await;
    let now = world.clock.now();
    let wrong = Key {
        secret: "wrong".to_owned(),
        ..world.key.clone()
    };
    let unknown = Key {
        id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        ..world.key.clone()
    };
    let late = now - SignedDuration::from_mins(16);
    let tampered = call("GET", "/lake")
        .signed(&world.key, now, None)
        .header("x-amz-meta-x", "unsigned");
    let version_2 = call("GET", "/lake").header("authorization", "AWS AKIA:c2lnbmF0dXJl");
    for (request, status, code) in [
        (call("GET", "/lake"), 403, "AccessDenied"),
        (
            call("GET", "/lake").signed(&wrong, now, None),
            403,
            "SignatureDoesNotMatch",
        ),
        (
            call("GET", "/lake").signed(&unknown, now, None),
            403,
            "InvalidAccessKeyId",
        ),
        (
            call("GET", "/lake").signed(&world.key, late, None),
            403,
            "RequestTimeTooSkewed",
        ),
        (tampered, 403, "AccessDenied"),
        (version_2, 400, "InvalidRequest"),
        (
            call(
                "GET",
                "/lake?AWSAccessKeyId=a&Signature=b&Expires=9999999999",
            ),
            403,
            "InvalidAccessKeyId",
        ),
        (
            call("PUT", "/lake/a")
                .body("b")
                .signed(&world.key, now, Some(&hash_of(b"c"))),
            400,
            "XAmzContentSHA256Mismatch",
        ),
    ] {
        let answer = world.send(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
        assert_eq!(answer.element("RequestId"), "REQUEST1");
        assert_eq!(answer.header("content-type"), "application/xml");
    }
    let answer = world.ask(call("HEAD", "/lake/a")).await;
    assert_eq!((answer.status, answer.body.len()), (404, 0));
}

#[tokio::test]
async fn another_region_is_told() {
    let world = world();
    let signed = call("GET", "/").signed(&world.key, world.clock.now(), None);
    let moved: Vec<_> = signed
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.replace("us-east-1", "eu-west-1")))
        .collect();
    let answer = world
        .send(Call {
            headers: moved,
            ..signed
        })
        .await;
    assert_eq!(answer.code(), "AuthorizationHeaderMalformed");
    assert_eq!(answer.element("Region"), "us-east-1");
}

#[tokio::test]
async fn a_session_comes_in_with_its_token_only() {
    let world = world();
    let ann = Caller::root("123456789012");
    let ann = world.iam.caller_as(&ann, "ann").expect("there");
    let session = world.iam.session_token(&ann, None).expect("given");
    let mut key = Key {
        id: session.access_key_id.clone(),
        secret: session.secret.expose().to_owned(),
        token: Some(session.session_token.expose().to_owned()),
    };
    let now = world.clock.now();
    let answer = world
        .send(call("PUT", "/lake").signed(&key, now, None))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    key.token = None;
    let answer = world.send(call("GET", "/").signed(&key, now, None)).await;
    assert_eq!(answer.code(), "InvalidAccessKeyId");
    key.token = Some("x".to_owned());
    let answer = world.send(call("GET", "/").signed(&key, now, None)).await;
    assert_eq!(answer.code(), "InvalidToken");
}

fn presigned(world: &World, method: &str, path: &str, query: &str, expires: i64) -> String {
    let headers = [("host", HOST.as_bytes())];
    let request = HttpRequest {
        method,
        path,
        query,
        headers: &headers,
    };
    let signer = Signer {
        credentials: Credentials {
            access_key: &world.key.id,
            secret: &world.key.secret,
            session_token: None,
        },
        region: "us-east-1",
        service: "s3",
        now: world.clock.now(),
    };
    let query = presign(&request, &signer, expires).expect("signed");
    format!("{path}?{query}")
}

#[tokio::test]
async fn urls_are_signed_for_a_while() {
    let world = world();
    world.ask(call("PUT", "/lake")).await;
    let url = presigned(&world, "PUT", "/lake/a", "", 60);
    let put = call("PUT", &url).header("content-length", "3").body("abc");
    let answer = world.send(put).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let query = "response-content-type=text%2Fx";
    let url = presigned(&world, "GET", "/lake/a", query, 60);
    let answer = world.send(call("GET", &url)).await;
    assert_eq!(answer.text(), "abc");
    assert_eq!(answer.header("content-type"), "text/x");
    let answer = world.send(call("DELETE", &url)).await;
    assert_eq!(answer.code(), "SignatureDoesNotMatch");
    world
        .clock
        .set(world.clock.now() + SignedDuration::from_secs(61));
    let answer = world.send(call("GET", &url)).await;
    assert_eq!(answer.code(), "AccessDenied");
    assert_eq!(answer.element("Message"), "Request has expired");
}

#[tokio::test]
async fn hosts_name_buckets() {
    let world = world();
    let at = |method, target: &str| call(method, target).header("host", "lake.localhost:4566");
    assert_eq!(world.ask(at("PUT", "/")).await.status, 200);
    assert_eq!(world.ask(at("PUT", "/a/b").body("x")).await.status, 200);
    let answer = world.ask(call("GET", "/lake/a/b")).await;
    assert_eq!(answer.text(), "x");
    let answer = world.ask(at("GET", "/?list-type=2")).await;
    assert_eq!(answer.element("Key"), "a/b");
}

//! Requests for services that are not here.

use http::HeaderValue;

use super::*;

/// The status, the content type and the body of a refusal.
async fn refused(headers: &[(&'static str, &'static str)]) -> (u16, String, Vec<u8>) {
    let world = world();
    let mut call = call(Caller::root(ACCOUNT), String::new());
    call.headers.clear();
    for (name, value) in headers {
        call.headers.insert(*name, HeaderValue::from_static(value));
    }
    assert!(!world.wire.serves("dynamodb"));
    let response = world.wire.answer("dynamodb", call).await;
    let content_type = response.headers()["content-type"]
        .to_str()
        .expect("text")
        .to_owned();
    (
        response.status().as_u16(),
        content_type,
        response.body().to_vec(),
    )
}

#[tokio::test]
async fn a_refusal_is_in_the_protocol_that_the_request_shows() {
    let said = "dynamodb is not implemented";
    let (status, content_type, body) = refused(&[
        ("x-amz-target", "T.Op"),
        ("content-type", "application/x-amz-json-1.0"),
    ])
    .await;
    assert_eq!(
        (status, content_type.as_str()),
        (501, "application/x-amz-json-1.0")
    );
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(
        body,
        serde_json::json!({"__type": "NotImplemented", "message": said})
    );

    let (status, content_type, body) = refused(&[(
        "content-type",
        "application/x-www-form-urlencoded; charset=utf-8",
    )])
    .await;
    assert_eq!((status, content_type.as_str()), (501, "text/xml"));
    let tree = Tree::read(&String::from_utf8(body).expect("text"));
    assert_eq!(tree.text("Error/Code").as_deref(), Some("NotImplemented"));

    let (status, content_type, body) = refused(&[]).await;
    assert_eq!((status, content_type.as_str()), (501, "application/json"));
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body["message"], said);

    let (status, content_type, body) = refused(&[("smithy-protocol", "rpc-v2-cbor")]).await;
    assert_eq!((status, content_type.as_str()), (501, "application/cbor"));
    let expected =
        b"\xa2\x66__type\x6eNotImplemented\x67message\x78\x1bdynamodb is not implemented";
    assert_eq!(body, expected);
}

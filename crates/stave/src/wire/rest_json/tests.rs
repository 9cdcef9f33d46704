//! The codec as tables: members in path, query, headers and body, both ways.

use http::{HeaderValue, Method, Uri};
use serde_json::json;
use stave_core::Caller;

use super::*;
use crate::wire::fault::fault;
use crate::wire::model::{ErrorShape, Protocol};
use crate::wire::shape::{BLOB, BOOLEAN, INTEGER, STRING, TIMESTAMP};

static NAMES: Shape = Shape::list(&STRING);
static MAP: Shape = Shape::map(&STRING, &STRING);
static IN_PARTS: &[Member] = &[
    Member::new("FunctionName", &STRING)
        .at(Location::Uri)
        .required(),
    Member::new("MaxItems", &INTEGER)
        .wire("maxItems")
        .at(Location::Query),
    Member::new("Keys", &NAMES).wire("key").at(Location::Query),
    Member::new("Kind", &STRING)
        .wire("X-Kind")
        .at(Location::Header),
    Member::new("Since", &TIMESTAMP)
        .wire("If-Since")
        .at(Location::Header),
    Member::new("Meta", &MAP)
        .wire("X-Meta-")
        .at(Location::Headers),
    Member::new("Description", &STRING),
    Member::new("Dry", &BOOLEAN),
];
static IN: Shape = Shape::structure(IN_PARTS);
static PAYLOAD_PARTS: &[Member] = &[
    Member::new("Status", &INTEGER).at(Location::Status),
    Member::new("Version", &STRING)
        .wire("X-Version")
        .at(Location::Header),
    Member::new("Payload", &BLOB).at(Location::Payload),
];
static PAYLOAD: Shape = Shape::structure(PAYLOAD_PARTS);
static STRUCTURED_PARTS: &[Member] = &[Member::new("Body", &IN).at(Location::Payload)];
static STRUCTURED: Shape = Shape::structure(STRUCTURED_PARTS);
static OPERATIONS: &[Operation] = &[
    Operation::new("Update")
        .http("PUT", "/functions/{FunctionName}")
        .input(&IN)
        .output(&IN),
    Operation::new("Invoke")
        .http("POST", "/invoke")
        .input(&PAYLOAD)
        .output(&PAYLOAD)
        .status(202),
    Operation::new("Put")
        .http("PUT", "/body")
        .input(&STRUCTURED)
        .output(&STRUCTURED),
    Operation::new("Delete")
        .http("DELETE", "/functions/{FunctionName}")
        .status(204),
];
static SERVICE: Service = Service {
    id: "Trial",
    signing_name: "trial",
    version: "2015-03-31",
    protocols: &[],
    operations: &[],
    others: OPERATIONS,
    errors: &[ErrorShape::new("TooMany", "TooManyRequestsException", 429)],
};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn call(
    method: Method,
    uri: &'static str,
    headers: &[(&'static str, &'static str)],
    body: &str,
) -> Call {
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        all.insert(*name, HeaderValue::from_static(value));
    }
    Call {
        caller: Caller::default(),
        request_id: "r1".to_owned(),
        method,
        uri: Uri::from_static(uri),
        headers: all,
        body: body.to_owned().into(),
    }
}

#[test]
fn members_come_from_where_they_stand() {
    let call = call(
        Method::PUT,
        "/functions/my%20etl?maxItems=5&key=a&key=b%26c",
        &[
            ("x-kind", "fast"),
            ("if-since", "Sat, 21 Nov 2026 12:00:00 GMT"),
            ("x-meta-team", "data"),
        ],
        r#"{"Description": "moves", "Dry": true, "FunctionName": "other", "MaxItems": 9}"#,
    );
    let (operation, input) = decode(&SERVICE, &call).expect("decoded");
    assert_eq!(operation.name, "Update");
    let since = "2026-11-21T12:00:00Z".parse().expect("a moment");
    let expected = vec![
        Some(text("my etl")),
        Some(Value::Integer(5)),
        Some(Value::List(vec![text("a"), text("b&c")])),
        Some(text("fast")),
        Some(Value::Time(since)),
        Some(Value::Map(vec![("team".to_owned(), text("data"))])),
        Some(text("moves")),
        Some(Value::Boolean(true)),
    ];
    assert_eq!(input, Value::Structure(expected));
}

#[test]
fn a_body_may_be_a_member() {
    let bytes = call(Method::POST, "/invoke", &[], "{\"a\": 1");
    let (_, input) = decode(&SERVICE, &bytes).expect("decoded");
    let body = Value::Blob(Bytes::from_static(b"{\"a\": 1"));
    assert_eq!(input, Value::Structure(vec![None, None, Some(body)]));
    let empty = call(Method::POST, "/invoke", &[], "");
    let (_, input) = decode(&SERVICE, &empty).expect("decoded");
    assert_eq!(input, Value::Structure(vec![None; 3]));
    let inner = call(Method::PUT, "/body", &[], r#"{"Description": "x"}"#);
    let (_, input) = decode(&SERVICE, &inner).expect("decoded");
    let mut values = vec![None; IN_PARTS.len()];
    values[6] = Some(text("x"));
    assert_eq!(
        input,
        Value::Structure(vec![Some(Value::Structure(values))])
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    for (call, code, message) in [
        (
            call(Method::GET, "/nowhere", &[], ""),
            "InvalidAction",
            "No operation answers to GET /nowhere",
        ),
        (
            call(Method::PUT, "/functions/a?maxItems=x", &[], ""),
            "MalformedInput",
            "maxItems is \"x\", which it cannot be",
        ),
        (
            call(Method::PUT, "/functions/a", &[("if-since", "soon")], ""),
            "MalformedInput",
            "If-Since is no timestamp",
        ),
        (
            call(Method::PUT, "/functions/a", &[], "[]"),
            "MalformedInput",
            "The body is not an object",
        ),
    ] {
        let error = decode(&SERVICE, &call).expect_err(message);
        assert_eq!((error.code(), error.message()), (Some(code), message));
    }
}

#[test]
fn members_go_where_they_stand() {
    let values = vec![
        Some(Value::Integer(207)),
        Some(text("$LATEST")),
        Some(Value::Blob(Bytes::from_static(b"raw"))),
    ];
    let answer = encode(&OPERATIONS[1], Value::Structure(values), "r1");
    assert_eq!(answer.status(), 207);
    assert_eq!(answer.headers()["x-version"], "$LATEST");
    assert_eq!(answer.body(), "raw");
    let mut values = vec![None; IN_PARTS.len()];
    values[5] = Some(Value::Map(vec![("team".to_owned(), text("data"))]));
    values[6] = Some(text("x"));
    let answer = encode(&OPERATIONS[0], Value::Structure(values.clone()), "r1");
    assert_eq!(answer.headers()["x-meta-team"], "data");
    assert_eq!(answer.body(), "{\"Description\":\"x\"}");
    let inner = Value::Structure(vec![Some(Value::Structure(values))]);
    let answer = encode(&OPERATIONS[2], inner, "r1");
    assert_eq!(answer.body(), "{\"Description\":\"x\"}");
    let quiet = encode(&OPERATIONS[3], Value::Structure(Vec::new()), "r1");
    assert_eq!((quiet.status().as_u16(), quiet.body().len()), (204, 0));
}

#[test]
fn refusals_name_their_error() {
    let error = Error::limit_exceeded("slower").coded("TooMany");
    let fault = fault(&SERVICE, Protocol::RestJson, &error, "r1");
    let answer = refuse(&fault, "r1");
    assert_eq!(answer.status(), 429);
    assert_eq!(
        answer.headers()["x-amzn-errortype"],
        "TooManyRequestsException"
    );
    let body: Json = serde_json::from_slice(answer.body()).expect("JSON");
    assert_eq!(body, json!({"Type": "User", "message": "slower"}));
}

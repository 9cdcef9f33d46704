//! The codec as tables: JSON in, JSON out.

use http::{HeaderValue, Method, Uri};
use serde_json::json;
use stave_core::Caller;

use super::*;
use crate::wire::fault::fault;
use crate::wire::model::{ErrorShape, Protocol};
use crate::wire::shape::{
    BLOB, BOOLEAN, DOCUMENT, DOUBLE, INTEGER, LONG, Member, STRING, Shape, TIMESTAMP,
    TimestampFormat,
};

static NAMES: Shape = Shape::list(&STRING);
static MAP: Shape = Shape::map(&STRING, &LONG);
static ISO: Shape = Shape::timestamp().format(TimestampFormat::Iso8601);
static INNER: &[Member] = &[Member::new("Self", &SHAPE)];
static NESTED: Shape = Shape::structure(INNER);
static MEMBERS: &[Member] = &[
    Member::new("Text", &STRING).wire("text"),
    Member::new("Flag", &BOOLEAN),
    Member::new("Count", &INTEGER),
    Member::new("Size", &LONG),
    Member::new("Ratio", &DOUBLE),
    Member::new("At", &TIMESTAMP),
    Member::new("Iso", &ISO),
    Member::new("Data", &BLOB),
    Member::new("Names", &NAMES),
    Member::new("Map", &MAP),
    Member::new("Inner", &NESTED),
    Member::new("Any", &DOCUMENT),
];
static SHAPE: Shape = Shape::structure(MEMBERS);
static OPERATIONS: &[Operation] = &[
    Operation::new("Try").input(&SHAPE).output(&SHAPE),
    Operation::new("Quiet"),
];
static ERRORS: &[ErrorShape] =
    &[ErrorShape::new("ResourceNotFound", "ResourceNotFoundException", 404).message("Message")];
static SERVICE: Service = Service {
    id: "Trial",
    signing_name: "trial",
    version: "2010-08-01",
    protocols: &[],
    operations: &[],
    others: OPERATIONS,
    errors: ERRORS,
};
const PROTOCOL: Protocol = Protocol::Json {
    version: "1.1",
    target: "Trial_20100801",
};

fn moment() -> jiff::Timestamp {
    "2026-11-21T12:00:00.25Z".parse().expect("a moment")
}

fn structure(place: usize, value: Value) -> Value {
    let mut values = vec![None; MEMBERS.len()];
    values[place] = Some(value);
    Value::Structure(values)
}

fn call(target: Option<&'static str>, body: &str) -> Call {
    let mut headers = HeaderMap::new();
    if let Some(target) = target {
        headers.insert(TARGET, HeaderValue::from_static(target));
    }
    Call {
        caller: Caller::default(),
        request_id: "r1".to_owned(),
        method: Method::POST,
        uri: Uri::from_static("/"),
        headers,
        body: body.to_owned().into(),
    }
}

#[test]
fn values_go_there_and_back() {
    let text = |text: &str| Value::Text(text.to_owned());
    let cases = [
        (0, text("ü"), json!({"text": "ü"})),
        (1, Value::Boolean(false), json!({"Flag": false})),
        (2, Value::Integer(7), json!({"Count": 7})),
        (
            3,
            Value::Integer(1 << 40),
            json!({"Size": 1_099_511_627_776_i64}),
        ),
        (4, Value::Float(0.5), json!({"Ratio": 0.5})),
        (4, Value::Float(f64::INFINITY), json!({"Ratio": "Infinity"})),
        (5, Value::Time(moment()), json!({"At": 1_795_262_400.25})),
        (
            6,
            Value::Time("2026-11-21T12:00:00Z".parse().expect("a moment")),
            json!({"Iso": "2026-11-21T12:00:00Z"}),
        ),
        (
            7,
            Value::Blob(Bytes::from_static(&[0, 1, 2])),
            json!({"Data": "AAEC"}),
        ),
        (
            8,
            Value::List(vec![text("a"), text("b")]),
            json!({"Names": ["a", "b"]}),
        ),
        (
            9,
            Value::Map(vec![("a".to_owned(), Value::Integer(1))]),
            json!({"Map": {"a": 1}}),
        ),
        (
            10,
            Value::Structure(vec![Some(structure(2, Value::Integer(1)))]),
            json!({"Inner": {"Self": {"Count": 1}}}),
        ),
        (
            11,
            Value::Document(json!([1, {"a": null}])),
            json!({"Any": [1, {"a": null}]}),
        ),
    ];
    for (place, value, json) in cases {
        let value = structure(place, value);
        let read = tree::decode(&SHAPE, json.clone(), &Path::WHOLE).expect("read");
        assert_eq!(read.as_ref(), Some(&value), "{json}");
        assert_eq!(tree::encode(&SHAPE, value), json);
    }
}

#[test]
fn null_is_nothing_and_strangers_are_overlooked() {
    let read = tree::decode(
        &SHAPE,
        json!({"text": null, "Stranger": 1, "Map": {"a": null}}),
        &Path::WHOLE,
    );
    assert_eq!(
        read.expect("read"),
        Some(structure(9, Value::Map(Vec::new())))
    );
    let read = tree::decode(&SHAPE, json!({"Count": 10.0}), &Path::WHOLE);
    assert_eq!(read.expect("read"), Some(structure(2, Value::Integer(10))));
}

#[test]
fn what_does_not_fit_is_refused() {
    for (json, message) in [
        (json!([]), "The body is a list: it must be an object"),
        (json!({"text": 1}), "text is a number: it must be a text"),
        (
            json!({"Flag": "true"}),
            "Flag is a text: it must be true or false",
        ),
        (
            json!({"Count": 1.5}),
            "Count is a number: it must be a whole number of 32 bits",
        ),
        (
            json!({"Count": 3_000_000_000_i64}),
            "Count is a number: it must be a whole number of 32 bits",
        ),
        (
            json!({"Size": 1e19}),
            "Size is a number: it must be a whole number of 64 bits",
        ),
        (
            json!({"At": "soon"}),
            "At is a text: it must be a timestamp",
        ),
        (
            json!({"At": 1e300}),
            "At is a number: it must be a timestamp",
        ),
        (json!({"Data": "%"}), "Data is a text: it must be base64"),
        (
            json!({"Names": {"a": 1}}),
            "Names is an object: it must be a list",
        ),
        (
            json!({"Names": ["a", null]}),
            "Names.2 is null: it must be a value",
        ),
        (
            json!({"Map": {"a": true}}),
            "Map.a is true or false: it must be a whole number of 64 bits",
        ),
        (
            json!({"Inner": {"Self": {"text": []}}}),
            "Inner.Self.text is a list: it must be a text",
        ),
    ] {
        let error = tree::decode(&SHAPE, json, &Path::WHOLE).expect_err(message);
        assert_eq!(error.message(), message);
        assert_eq!(error.code(), Some("MalformedInput"));
    }
    let deep = "[".repeat(100_000);
    assert!(body(deep.as_bytes()).is_err());
}

#[test]
fn the_header_names_the_operation() {
    let asked = |target, body: &str| decode(&SERVICE, "Trial_20100801", &call(target, body));
    let (operation, input) = asked(Some("Trial_20100801.Try"), " ").expect("decoded");
    assert_eq!(operation.name, "Try");
    assert_eq!(input, Value::Structure(vec![None; MEMBERS.len()]));
    let (operation, input) = asked(Some("Trial_20100801.Quiet"), "").expect("decoded");
    assert_eq!(
        (operation.name, input),
        ("Quiet", Value::Structure(Vec::new()))
    );
    for (target, body, code) in [
        (None, "", "MissingAction"),
        (Some("Trial_20100801.Fly"), "", "InvalidAction"),
        (Some("Other.Try"), "", "InvalidAction"),
        (Some("Try"), "", "InvalidAction"),
        (Some("Trial_20100801.Try"), "{", "MalformedInput"),
    ] {
        let error = asked(target, body).expect_err(code);
        assert_eq!(error.code(), Some(code), "{target:?}");
    }
}

#[test]
fn answers_and_refusals_have_their_form() {
    let output = structure(2, Value::Integer(1));
    let answer = encode("1.0", &OPERATIONS[0], output, "r1");
    assert_eq!(
        answer.headers()["content-type"],
        "application/x-amz-json-1.0"
    );
    assert_eq!(answer.headers()["x-amzn-requestid"], "r1");
    assert_eq!(answer.body(), "{\"Count\":1}");
    let quiet = encode("1.1", &OPERATIONS[1], Value::Structure(Vec::new()), "r1");
    assert_eq!(quiet.body(), "{}");

    let error = Error::not_found("no table").coded("ResourceNotFound");
    let fault = fault(&SERVICE, PROTOCOL, &error, "r1");
    let mut headers = HeaderMap::new();
    let plain = refuse("1.1", &headers, &fault, "r1");
    assert_eq!(plain.status(), 404);
    assert_eq!(
        plain.body(),
        "{\"__type\":\"ResourceNotFoundException\",\"Message\":\"no table\"}"
    );
    assert!(!plain.headers().contains_key("x-amzn-query-error"));
    headers.insert("x-amzn-query-mode", HeaderValue::from_static("true"));
    let asked = refuse("1.1", &headers, &fault, "r1");
    assert_eq!(
        asked.headers()["x-amzn-query-error"],
        "ResourceNotFound;Sender"
    );
}

//! The codec: what goes in comes out, and what is hostile is refused.

use std::collections::BTreeSet;

use http::Uri;
use stave_core::Caller;

use super::item::Item;
use super::*;
use crate::wire::fault::fault;
use crate::wire::model::{ErrorShape, Protocol};
use crate::wire::shape::{BLOB, BOOLEAN, DOUBLE, INTEGER, LONG, Member, STRING, Shape, TIMESTAMP};

static NAMES: Shape = Shape::list(&STRING);
static MAP: Shape = Shape::map(&STRING, &LONG);
static INNER: &[Member] = &[Member::new("Self", &SHAPE)];
static NESTED: Shape = Shape::structure(INNER);
static MEMBERS: &[Member] = &[
    Member::new("Text", &STRING),
    Member::new("Flag", &BOOLEAN),
    Member::new("Count", &INTEGER),
    Member::new("Size", &LONG),
    Member::new("Ratio", &DOUBLE),
    Member::new("At", &TIMESTAMP),
    Member::new("Data", &BLOB),
    Member::new("Names", &NAMES),
    Member::new("Map", &MAP),
    Member::new("Inner", &NESTED),
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
const PROTOCOL: Protocol = Protocol::Cbor { target: "Trial" };

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| c.to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] * 16 + pair[1])
        .collect()
}

fn written(item: &Item) -> Vec<u8> {
    let mut bytes = Vec::new();
    item.write(&mut bytes);
    bytes
}

fn text(text: &str) -> Item {
    Item::Text(text.to_owned())
}

/// The examples of RFC 8949, appendix A, that are in their shortest forms.
#[test]
fn items_have_their_shortest_forms() {
    for (form, item) in [
        ("00", Item::integer(0)),
        ("17", Item::integer(23)),
        ("1818", Item::integer(24)),
        ("1903e8", Item::integer(1000)),
        ("1a000f4240", Item::integer(1_000_000)),
        ("1b000000e8d4a51000", Item::integer(1_000_000_000_000)),
        ("1bffffffffffffffff", Item::Unsigned(u64::MAX)),
        ("3bffffffffffffffff", Item::Negative(u64::MAX)),
        ("20", Item::integer(-1)),
        ("3863", Item::integer(-100)),
        ("3903e7", Item::integer(-1000)),
        ("3b7fffffffffffffff", Item::integer(i64::MIN)),
        ("f90000", Item::Float(0.0)),
        ("f98000", Item::Float(-0.0)),
        ("f93c00", Item::Float(1.0)),
        ("fb3ff199999999999a", Item::Float(1.1)),
        ("f93e00", Item::Float(1.5)),
        ("f97bff", Item::Float(65504.0)),
        ("fa47c35000", Item::Float(100_000.0)),
        ("fa7f7fffff", Item::Float(f64::from(f32::MAX))),
        ("fb7e37e43c8800759c", Item::Float(1.0e300)),
        ("f90001", Item::Float(5.960_464_477_539_063e-8)),
        ("f90400", Item::Float(0.000_061_035_156_25)),
        ("f9c400", Item::Float(-4.0)),
        ("f97c00", Item::Float(f64::INFINITY)),
        ("f9fc00", Item::Float(f64::NEG_INFINITY)),
        ("f4", Item::Boolean(false)),
        ("f5", Item::Boolean(true)),
        ("f6", Item::Null),
        (
            "c11a514b67b0",
            Item::Tag(1, Box::new(Item::integer(1_363_896_240))),
        ),
        ("4401020304", Item::Bytes(vec![1, 2, 3, 4])),
        ("6449455446", text("IETF")),
        ("62c3bc", text("ü")),
        (
            "83010203",
            Item::Array([1, 2, 3].map(Item::integer).to_vec()),
        ),
        (
            "a26161016162820203",
            Item::Map(vec![
                ("a".to_owned(), Item::integer(1)),
                (
                    "b".to_owned(),
                    Item::Array([2, 3].map(Item::integer).to_vec()),
                ),
            ]),
        ),
    ] {
        assert_eq!(written(&item), hex(form), "{form}");
        assert_eq!(Item::read(&hex(form)).expect(form), item, "{form}");
    }
    assert_eq!(written(&Item::Float(f64::NAN)), hex("f97e00"));
}

#[test]
fn other_forms_are_read_too() {
    let array = Item::Array([1, 2].map(Item::integer).to_vec());
    for (form, item) in [
        ("1800", Item::integer(0)),
        ("1b0000000000000001", Item::integer(1)),
        ("fa3fc00000", Item::Float(1.5)),
        ("fb3ff8000000000000", Item::Float(1.5)),
        ("f7", Item::Null),
        ("9f0102ff", array.clone()),
        ("980201 02", array),
        ("5f42010243030405ff", Item::Bytes(vec![1, 2, 3, 4, 5])),
        ("7f657374726561646d696e67ff", text("streaming")),
        ("7fff", text("")),
        (
            "bf61610161629f0203ffff",
            Item::Map(vec![
                ("a".to_owned(), Item::integer(1)),
                (
                    "b".to_owned(),
                    Item::Array([2, 3].map(Item::integer).to_vec()),
                ),
            ]),
        ),
        (
            "a17f6161ff01",
            Item::Map(vec![("a".to_owned(), Item::integer(1))]),
        ),
    ] {
        assert_eq!(Item::read(&hex(form)).expect(form), item, "{form}");
    }
    for nan in ["f97e00", "fa7fc00000", "fb7ff8000000000000"] {
        assert!(matches!(Item::read(&hex(nan)), Ok(Item::Float(n)) if n.is_nan()));
    }
}

#[test]
fn what_is_no_cbor_is_refused() {
    for wrong in [
        "",
        "18",
        "19ff",
        "1c",
        "1f",
        "3f",
        "62c3",
        "61ff",
        "7f61ff",
        "7f4161ff",
        "5f6161ff",
        "7f7f6161ffff",
        "9f01",
        "8301",
        "a101",
        "a10102",
        "a16161",
        "bf6161ff",
        "bf01",
        "ff",
        "c1",
        "df00",
        "f8ff",
        "fc",
        "fe",
        "f9",
        "fb00",
        "0000",
        "5affffffff00",
        "7bffffffffffffffff",
        "9bffffffffffffffff",
        "bbffffffffffffffff",
    ] {
        let error = Item::read(&hex(wrong)).expect_err(wrong);
        assert_eq!(error.code(), Some("MalformedInput"), "{wrong}");
    }
    // Too deep, too many, and lengths that are only said.
    for deep in [0x81, 0xc1, 0x9f] {
        assert!(Item::read(&vec![deep; 100_000]).is_err());
    }
    let mut many = vec![0x9a, 0, 0x2d, 0xc6, 0xc0];
    many.resize(5 + 3_000_000, 0);
    assert!(Item::read(&many).is_err());
}

/// Numbers that look like chance and are always the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn item(&mut self, depth: u64) -> Item {
        let kinds = if depth < 5 { 10 } else { 7 };
        match self.roll(kinds) {
            0 => Item::Unsigned(self.0 >> self.roll(64)),
            1 => Item::Negative(self.0 >> self.roll(64)),
            2 => Item::Bytes((0..self.roll(300)).map(|n| n as u8).collect()),
            3 => text(&"é".repeat(self.roll(200) as usize)),
            4 => Item::Boolean(self.roll(2) == 0),
            5 => Item::Null,
            6 => match f64::from_bits(self.0) {
                _ if self.roll(3) == 0 => Item::Float(self.roll(4096) as f64 / 8.0),
                number if number.is_nan() => Item::Float(0.1),
                number => Item::Float(number),
            },
            7 => Item::Array((0..self.roll(30)).map(|_| self.item(depth + 1)).collect()),
            8 => {
                let keys: BTreeSet<String> = (0..self.roll(9))
                    .map(|_| self.roll(1000).to_string())
                    .collect();
                let entries = keys.into_iter();
                Item::Map(entries.map(|key| (key, self.item(depth + 1))).collect())
            }
            _ => Item::Tag(self.roll(70_000), Box::new(self.item(depth + 1))),
        }
    }
}

#[test]
fn what_is_written_is_read_again() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2000 {
        let item = dice.item(0);
        let bytes = written(&item);
        assert_eq!(Item::read(&bytes).expect("read"), item);
        // What is cut off, and what has another byte, is refused or read; it ends.
        if !bytes.is_empty() {
            let cut = dice.roll(bytes.len() as u64) as usize;
            assert!(Item::read(&bytes[..cut]).is_err());
            let mut other = bytes.clone();
            other[cut] ^= 1 << dice.roll(8);
            let _ = Item::read(&other);
        }
    }
}

fn asked(path: &'static str, body: Vec<u8>) -> Call {
    let mut headers = HeaderMap::new();
    headers.insert(SMITHY_PROTOCOL, NAME);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(CBOR));
    Call {
        caller: Caller::root("123456789012"),
        request_id: "r".to_owned(),
        method: Method::POST,
        uri: Uri::from_static(path),
        headers,
        body: body.into(),
    }
}

const TRY: &str = "/service/Trial/operation/Try";

fn decoded(item: &Item) -> Result<Value> {
    decode(&SERVICE, "Trial", &asked(TRY, written(item))).map(|(_, value)| value)
}

fn map(entries: Vec<(&str, Item)>) -> Item {
    let entries = entries.into_iter();
    Item::Map(entries.map(|(key, item)| (key.to_owned(), item)).collect())
}

#[test]
fn values_of_all_kinds_go_there_and_back() {
    let time = |item| Item::Tag(1, Box::new(item));
    let item = map(vec![
        ("Text", text("ü")),
        ("Flag", Item::Boolean(true)),
        ("Count", Item::integer(-5)),
        ("Size", Item::integer(1 << 40)),
        ("Ratio", Item::Float(0.5)),
        ("At", time(Item::Float(1.5))),
        ("Data", Item::Bytes(vec![0, 255])),
        ("Names", Item::Array(vec![text("a"), text("")])),
        ("Map", map(vec![("k", Item::integer(1))])),
        (
            "Inner",
            map(vec![("Self", map(vec![("Flag", Item::Boolean(false))]))]),
        ),
    ]);
    let value = decoded(&item).expect("decoded");
    assert_eq!(tree::encode(&SHAPE, value), item);
    // A number may be whole, a moment too; what is null or not known is not there.
    let item = map(vec![
        ("Ratio", Item::integer(2)),
        ("At", time(Item::integer(-1))),
        ("Text", Item::Null),
        ("Other", Item::Array(Vec::new())),
    ]);
    let value = decoded(&item).expect("decoded");
    let expected = map(vec![
        ("Ratio", Item::Float(2.0)),
        ("At", time(Item::integer(-1))),
    ]);
    assert_eq!(tree::encode(&SHAPE, value), expected);
}

#[test]
fn what_does_not_fit_is_told_with_its_place() {
    let big = Item::Unsigned(u64::MAX);
    for (item, told) in [
        (
            Item::Array(Vec::new()),
            "The body is a list: it must be an object",
        ),
        (
            map(vec![("Text", Item::integer(1))]),
            "Text is a whole number: it must be a text",
        ),
        (
            map(vec![("Count", Item::integer(1 << 31))]),
            "Count is a whole number: it must be a whole number of 32 bits",
        ),
        (
            map(vec![("Count", Item::Float(1.0))]),
            "Count is a number: it must be a whole number of 32 bits",
        ),
        (
            map(vec![("Size", big)]),
            "Size is a whole number: it must be a whole number of 64 bits",
        ),
        (
            map(vec![("At", Item::integer(1))]),
            "At is a whole number: it must be a timestamp",
        ),
        (
            map(vec![("Names", Item::Array(vec![text("a"), Item::Null]))]),
            "Names.2 is null: it must be a value",
        ),
        (
            map(vec![
                ("Flag", Item::Boolean(true)),
                ("Flag", Item::Boolean(true)),
            ]),
            "Flag is there twice",
        ),
        (
            map(vec![(
                "Map",
                map(vec![("k", Item::integer(1)), ("k", Item::integer(1))]),
            )]),
            "Map.k is there twice",
        ),
    ] {
        let error = decoded(&item).expect_err(told);
        assert_eq!(
            (error.message(), error.code()),
            (told, Some("MalformedInput"))
        );
    }
}

#[test]
fn the_path_names_the_operation() {
    for path in [TRY, "/under/a/prefix/service/Trial/operation/Try"] {
        let (operation, _) = decode(&SERVICE, "Trial", &asked(path, Vec::new())).expect(path);
        assert_eq!(operation.name, "Try");
    }
    for path in [
        "/",
        "/service/Trial/operation/Other",
        "/service/Other/operation/Try",
        "/service/Trial/operations/Try",
        "/services/Trial/operation/Try",
        "/Try",
    ] {
        let error = decode(&SERVICE, "Trial", &asked(path, Vec::new())).expect_err(path);
        assert_eq!(error.code(), Some("InvalidAction"), "{path}");
    }
    let mut other = asked(TRY, vec![0xa0]);
    other
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let error = decode(&SERVICE, "Trial", &other).expect_err("refused");
    assert_eq!(error.code(), Some("MalformedInput"));
}

#[test]
fn answers_and_refusals_have_their_headers() {
    let empty = Value::Structure(vec![None; MEMBERS.len()]);
    let done = encode(&OPERATIONS[0], empty, "r");
    assert_eq!(
        (done.status().as_u16(), done.body().as_ref()),
        (200, b"\xa0".as_ref())
    );
    assert_eq!(done.headers()["smithy-protocol"], "rpc-v2-cbor");
    assert_eq!(done.headers()["content-type"], "application/cbor");
    let quiet = encode(&OPERATIONS[1], Value::Structure(Vec::new()), "r");
    assert!(quiet.body().is_empty() && !quiet.headers().contains_key("content-type"));

    let error = Error::not_found("gone").coded("ResourceNotFound");
    let fault = fault(&SERVICE, PROTOCOL, &error, "r");
    let mut headers = HeaderMap::new();
    let refused = refuse(&headers, &fault, "r");
    assert_eq!(refused.status(), 404);
    assert!(!refused.headers().contains_key("x-amzn-query-error"));
    let body = Item::read(refused.body()).expect("CBOR");
    let expected = map(vec![
        ("__type", text("ResourceNotFoundException")),
        ("Message", text("gone")),
    ]);
    assert_eq!(body, expected);
    headers.insert("x-amzn-query-mode", HeaderValue::from_static("true"));
    let refused = refuse(&headers, &fault, "r");
    assert_eq!(
        refused.headers()["x-amzn-query-error"],
        "ResourceNotFound;Sender"
    );
}

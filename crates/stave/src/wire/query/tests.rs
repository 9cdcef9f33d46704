//! The codec as tables: forms in, XML out.

use super::*;
use crate::wire::shape::{BLOB, BOOLEAN, DOUBLE, INTEGER, Member, STRING, Shape, TIMESTAMP};

static PAIR_MEMBERS: &[Member] = &[Member::new("Key", &STRING), Member::new("Value", &STRING)];
static PAIR: Shape = Shape::structure(PAIR_MEMBERS);
static PAIRS: Shape = Shape::list(&PAIR);
static NAMED: Shape = Shape::list(&STRING).item("Name");
static FLAT: Shape = Shape::list(&STRING).flattened();
static FLAT_NAMED: Shape = Shape::list(&STRING).item("Zone").flattened();
static MAP: Shape = Shape::map(&STRING, &INTEGER);
static FLAT_MAP: Shape = Shape::map(&STRING, &STRING)
    .entry("Name", "Text")
    .flattened();
static MEMBERS: &[Member] = &[
    Member::new("Text", &STRING),
    Member::new("Flag", &BOOLEAN),
    Member::new("Count", &INTEGER),
    Member::new("Ratio", &DOUBLE),
    Member::new("At", &TIMESTAMP),
    Member::new("Data", &BLOB),
    Member::new("Pairs", &PAIRS),
    Member::new("Names", &NAMED),
    Member::new("Flat", &FLAT).wire("flat"),
    Member::new("Zones", &FLAT_NAMED),
    Member::new("Map", &MAP),
    Member::new("Attributes", &FLAT_MAP).wire("Attribute"),
];
static SHAPE: Shape = Shape::structure(MEMBERS);
static OPERATIONS: &[Operation] = &[Operation::new("Try")
    .input(&SHAPE)
    .output(&SHAPE)
    .wrapper("TryResult")];

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn pair(key: &str, value: Option<&str>) -> Value {
    Value::Structure(vec![Some(text(key)), value.map(text)])
}

/// A form, the member that it sets, and the XML that says the same.
fn cases() -> Vec<(&'static str, usize, Value, &'static str)> {
    let at = "2026-11-21T12:00:00Z".parse().expect("a moment");
    vec![
        ("Text=a+%26+b", 0, text("a & b"), "<Text>a &amp; b</Text>\n"),
        ("Text=", 0, text(""), "<Text></Text>\n"),
        ("Flag=true", 1, Value::Boolean(true), "<Flag>true</Flag>\n"),
        ("Count=-7", 2, Value::Integer(-7), "<Count>-7</Count>\n"),
        ("Ratio=0.5", 3, Value::Float(0.5), "<Ratio>0.5</Ratio>\n"),
        (
            "At=2026-11-21T12:00:00Z",
            4,
            Value::Time(at),
            "<At>2026-11-21T12:00:00Z</At>\n",
        ),
        (
            "Data=AAEC",
            5,
            Value::Blob(Bytes::from_static(&[0, 1, 2])),
            "<Data>AAEC</Data>\n",
        ),
        (
            "Pairs.member.2.Key=b&Pairs.member.1.Key=a&Pairs.member.1.Value=1",
            6,
            Value::List(vec![pair("a", Some("1")), pair("b", None)]),
            "<Pairs><member><Key>a</Key>\n<Value>1</Value>\n</member>\n<member><Key>b</Key>\n\
             </member>\n</Pairs>\n",
        ),
        ("Pairs=", 6, Value::List(Vec::new()), "<Pairs></Pairs>\n"),
        (
            "Names.Name.1=x&Names.Name.10=z&Names.Name.2=y",
            7,
            Value::List(vec![text("x"), text("y"), text("z")]),
            "<Names><Name>x</Name>\n<Name>y</Name>\n<Name>z</Name>\n</Names>\n",
        ),
        (
            "flat.1=x&flat.2=y",
            8,
            Value::List(vec![text("x"), text("y")]),
            "<flat>x</flat>\n<flat>y</flat>\n",
        ),
        (
            "Zone.1=x",
            9,
            Value::List(vec![text("x")]),
            "<Zone>x</Zone>\n",
        ),
        (
            "Map.entry.1.key=a&Map.entry.1.value=1",
            10,
            Value::Map(vec![("a".to_owned(), Value::Integer(1))]),
            "<Map><entry><key>a</key>\n<value>1</value>\n</entry>\n</Map>\n",
        ),
        (
            "Attribute.1.Name=a&Attribute.1.Text=b",
            11,
            Value::Map(vec![("a".to_owned(), text("b"))]),
            "<Attribute><Name>a</Name>\n<Text>b</Text>\n</Attribute>\n",
        ),
    ]
}

#[test]
fn forms_are_read_and_xml_is_written() {
    for (form, place, value, expected) in cases() {
        let read = Form::read(&[form.as_bytes()]).and_then(|form| form.structure(&SHAPE));
        let mut values = vec![None; MEMBERS.len()];
        values[place] = Some(value);
        let value = Value::Structure(values);
        assert_eq!(read.expect(form), value, "{form}");
        let mut xml = Xml::default();
        xml.members(&SHAPE, &value);
        assert_eq!(xml.finish(), expected, "{form}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let deep = format!("{}=x", "a.".repeat(40));
    for (form, message) in [
        ("Count=many", "Count is \"many\", which it cannot be"),
        (
            "Count=3000000000",
            "Count is \"3000000000\", which it cannot be",
        ),
        ("Flag=yes", "Flag is \"yes\", which it cannot be"),
        ("At=soon", "At is \"soon\", which it cannot be"),
        ("Data=%25", "Data is \"%\", which it cannot be"),
        (
            "Text.1=x",
            "Text is a text, and a list or a structure is given",
        ),
        ("Pairs=x", "Pairs is a list, and a text is given"),
        (
            "Pairs.1.Key=x",
            "Pairs.1 is not understood: write Pairs.member.1",
        ),
        (
            "Pairs.member.x.Key=x",
            "Pairs has an item x, which is no number",
        ),
        (
            "Pairs.member.1=x",
            "Pairs is a structure, and a text is given",
        ),
        ("Map.entry.1.key=x", "Map has an entry without value"),
        ("Map.entry.1.value=1", "Map has an entry without key"),
        ("Text=a&Text=b", "The parameter Text is given twice"),
        (&deep, "The name of a parameter has more than 32 parts"),
    ] {
        let read = Form::read(&[form.as_bytes()]).and_then(|form| form.structure(&SHAPE));
        let error = read.expect_err(form);
        assert_eq!(error.message(), message, "{form}");
        assert_eq!(error.code(), Some("MalformedInput"));
    }
    let many = "a=b&".repeat(20_001);
    assert!(Form::read(&[many.as_bytes()]).is_err());
}

#[test]
fn an_answer_has_its_frame() {
    let mut values = vec![None; MEMBERS.len()];
    values[0] = Some(text("\u{1}\r<"));
    let answer = encode("urn:n", &OPERATIONS[0], &Value::Structure(values), "r1");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-amzn-requestid"], "r1");
    let expected = "<TryResponse xmlns=\"urn:n\">\n<TryResult><Text>\u{fffd}&#xD;&lt;</Text>\n\
                    </TryResult>\n<ResponseMetadata><RequestId>r1</RequestId>\n\
                    </ResponseMetadata>\n</TryResponse>\n";
    assert_eq!(answer.body(), expected);
}

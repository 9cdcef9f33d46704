//! What is no pattern, in the words that Amazon EventBridge was seen to answer with.

use super::*;

fn fault(pattern: &str) -> String {
    let error = EventPattern::parse(pattern).expect_err(pattern);
    assert_eq!(error.code(), Some("InvalidEventPatternException"));
    let words = error.message();
    words
        .strip_prefix("Event pattern is not valid. Reason: ")
        .expect("the beginning")
        .to_owned()
}

/// Patterns with words and column, as answered by EventBridge in December 2024.
const SEEN: &[(&str, &str, u32)] = &[
    (
        r#"{"int": 42}"#,
        r#""int" must be an object or an array"#,
        11,
    ),
    (
        r#"{"string": "my-value"}"#,
        r#""string" must be an object or an array"#,
        13,
    ),
    (r#"{"resources": []}"#, "Empty arrays are not allowed", 17),
    (
        r#"{"source": ["aws.health"], "detail": {}}"#,
        "Empty objects are not allowed",
        40,
    ),
    (
        r#"{"detail": {"equal": [{"NUMERIC": ["=", 5]}]}}"#,
        "Unrecognized match type NUMERIC",
        36,
    ),
    (
        r#"{"my_key": [{"EXISTS": true}]}"#,
        "Unrecognized match type EXISTS",
        28,
    ),
    (
        r#"{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}"#,
        "Bad numeric range operator: >",
        49,
    ),
    (
        r#"{"detail": {"c-count": [{"numeric": [">", 0, "<"]}]}}"#,
        "Value of < must be numeric",
        50,
    ),
    (
        r#"{"EventBusArn": [{"wildcard": 123}]}"#,
        "wildcard match pattern must be a string",
        34,
    ),
    (
        r#"{"EventBusArn": [{"wildcard": ["x*"]}]}"#,
        "wildcard match pattern must be a string",
        32,
    ),
    (
        r#"{"time": [{"prefix": ["2022-07-13"]}]}"#,
        "prefix match pattern must be a string",
        23,
    ),
    (
        r#"{"FileName": [{"suffix": 123}]}"#,
        "suffix match pattern must be a string",
        29,
    ),
    (
        r#"{"detail-type": [{"equals-ignore-case": ["ec2"]}]}"#,
        "equals-ignore-case match pattern must be a string",
        42,
    ),
    (
        r#"{"detail": {"sourceIPAddress": [{"cidr": ["bad-type"]}]}}"#,
        "prefix match pattern must be a string",
        43,
    ),
    (
        r#"{"detail": {"state": [{"anything-but": {"equals-ignore-case": 123}}]}}"#,
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
        66,
    ),
    (
        r#"{"detail": {"FileName": [{"anything-but": {"prefix": {"equals-ignore-case": "file"}}}]}}"#,
        "Value of anything-but must be an array or single string/number value.",
        55,
    ),
    (
        r#"["not", "a", "dict", "but valid json"]"#,
        "Filter is not an object",
        2,
    ),
    (
        "this is valid json but not a dict",
        "Unrecognized token 'this': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        5,
    ),
    (
        r"{'bad': 'quotation'}",
        "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
        2,
    ),
    (
        r#"{"not": closed mark""#,
        "Unrecognized token 'closed': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
        15,
    ),
];

#[test]
fn the_words_and_the_places_are_those_of_aws() {
    for (pattern, words, column) in SEEN {
        let place = format!("\n at [Source: (String)\"{pattern}\"; line: 1, column: {column}]");
        assert_eq!(fault(pattern), format!("{words}{place}"));
    }
}

#[test]
fn within_a_list_the_place_is_told_twice() {
    let pattern = r#"{"detail": {"state": [{"anything-but": {"prefix": [123, "test"]}}]}}"#;
    let place = format!("\n at [Source: (String)\"{pattern}\"; line: 1, column: 55]");
    assert_eq!(
        fault(pattern),
        format!("prefix/suffix match pattern must be a string{place}{place}")
    );
}

#[test]
fn a_wildcard_is_told_with_its_place_in_the_text() {
    let bus = "arn:aws:events:us-east-1:**:event-bus/*";
    let pattern = format!(r#"{{"EventBusArn": [{{"wildcard": "{bus}"}}]}}"#);
    let found = fault(&pattern);
    assert!(
        found.starts_with("Consecutive wildcard characters at pos 26\n"),
        "{found}"
    );
    assert!(found.ends_with("; line: 1, column: 72]"), "{found}");
}

#[test]
fn networks_are_told_without_a_place() {
    for (cidr, words) in [
        ("bad-filter", "Malformed CIDR, one '/' required"),
        ("10.0.0.0/x", "Malformed CIDR, mask bits must be an integer"),
        (
            "10.0.0.0/-1",
            "Malformed CIDR, mask bits must not be negative",
        ),
        ("10.0.0.0/32", "IPv4 mask bits must be < 32"),
        ("::/128", "IPv6 mask bits must be < 128"),
        ("xx.11.xx/8", "Nonstandard IP address: xx.11.xx"),
        (
            "xxxx:db8:1234:1a00::/64",
            "Nonstandard IP address: xxxx:db8:1234:1a00::",
        ),
    ] {
        assert_eq!(fault(&format!(r#"{{"a": [{{"cidr": "{cidr}"}}]}}"#)), words);
    }
}

/// Patterns, and what is to be found in the words.
const OTHERS: &[(&str, &str)] = &[
    ("", "Unexpected end-of-input"),
    (
        "{",
        "Unexpected end-of-input: expected close marker for Object",
    ),
    (
        r#"{"a": ["#,
        "Unexpected end-of-input: expected close marker for Array",
    ),
    (r#"{"a" ["b"]}"#, "was expecting colon to separate"),
    (
        r#"{"a": ["b" "c"]}"#,
        "was expecting comma to separate Array entries",
    ),
    (
        r#"{"a": ["b"] "c"}"#,
        "was expecting comma to separate Object entries",
    ),
    (r#"{"a": ["b]}"#, "was expecting closing quote"),
    (r#"{"a": [01]}"#, "Invalid numeric value"),
    (
        r#"{"a": [["b"]]}"#,
        "Match value must be String, number, true, false, or null",
    ),
    (r#"{"a": [{}]}"#, "Match expression name not found"),
    (
        r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#,
        "Only one key allowed",
    ),
    (
        r#"{"a": [{"prefix": {"x": "y"}}]}"#,
        "Unsupported prefix pattern: x",
    ),
    (
        r#"{"a": [{"exists": "yes"}]}"#,
        "must be either true or false.",
    ),
    (
        r#"{"a": [{"numeric": 1}]}"#,
        "Value of numeric must be an array.",
    ),
    (
        r#"{"a": [{"numeric": ["~", 1]}]}"#,
        "Unrecognized numeric range operator: ~",
    ),
    (
        r#"{"a": [{"numeric": ["=", "1"]}]}"#,
        "Value of equals must be numeric",
    ),
    (
        r#"{"a": [{"numeric": ["=", 1, 2]}]}"#,
        "Too many elements in numeric expression",
    ),
    (
        r#"{"a": [{"numeric": [">", 5, "<", 1]}]}"#,
        "Bottom must be less than top",
    ),
    (
        r#"{"a": [{"numeric": ["=", 6e9]}]}"#,
        "between -5.0E9 and 5.0E9, inclusive",
    ),
    (
        r#"{"a": [{"anything-but": []}]}"#,
        "mixed type is not supported",
    ),
    (
        r#"{"a": [{"anything-but": ["x", 1]}]}"#,
        "mixed type is not supported",
    ),
    (
        r#"{"a": [{"anything-but": [null]}]}"#,
        "start|null|boolean is not supported.",
    ),
    (
        r#"{"a": [{"anything-but": {"prefix": ""}}]}"#,
        "Null prefix/suffix not allowed",
    ),
    (
        r#"{"a": [{"anything-but": {"numeric": 1}}]}"#,
        "Unsupported anything-but pattern: numeric",
    ),
    (
        r#"{"a": [{"wildcard": "a\\b"}]}"#,
        "Invalid escape character at pos 2",
    ),
    (
        r#"{"$or": {"a": [1]}}"#,
        "It must be an Array followed with $or.",
    ),
    (
        r#"{"$or": [{"a": [1]}]}"#,
        "at least 2 Objects in $or relationship.",
    ),
    (
        r#"{"$or": [1, 2]}"#,
        "Only JSON object is allowed in array of $or",
    ),
    (
        r#"{"$or": [{"prefix": ["a"]}, {"b": [1]}]}"#,
        "prefix is Ruler reserved fieldName which cannot be used inside $or.",
    ),
];

#[test]
fn other_faults_are_told() {
    for (pattern, words) in OTHERS {
        let found = fault(pattern);
        assert!(found.contains(words), "{pattern}: {found}");
    }
}

#[test]
fn what_is_too_much_is_refused() {
    let many = (0..11)
        .map(|n| format!(r#"{{"$or": [{{"a{n}": [1]}}, {{"b{n}": [2]}}]}}"#))
        .enumerate()
        .map(|(n, or)| format!(r#""x{n}": {or}"#))
        .collect::<Vec<_>>()
        .join(",");
    assert!(fault(&format!("{{{many}}}")).starts_with("Rule is too complex"));
    let deep = format!("{}{}", "{\"a\":".repeat(1001), "}".repeat(1001));
    assert!(fault(&deep).starts_with("It is nested deeper"));
    let long = format!(r#"{{"{}": 1}}"#, "x".repeat(600));
    assert!(
        fault(&long).contains("\"[truncated 107 chars]; line: 1"),
        "{}",
        fault(&long)
    );
    let lines = fault("{\n \"a\":\n 1}");
    assert!(lines.ends_with("; line: 3, column: 3]"), "{lines}");
}

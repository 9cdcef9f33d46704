//! The examples of the documentation, and what it says is refused.

use super::*;

fn matches(pattern: &str, message: &str) -> bool {
    FilterPattern::parse(pattern)
        .unwrap_or_else(|error| panic!("{pattern}: {error}"))
        .matches(message)
}

fn check(pattern: &str, yes: &[&str], no: &[&str]) {
    for message in yes {
        assert!(matches(pattern, message), "{pattern} on {message}");
    }
    for message in no {
        assert!(!matches(pattern, message), "{pattern} not on {message}");
    }
}

#[test]
fn terms() {
    check("", &["", "anything"], &[]);
    check(" ", &["anything"], &[]);
    check(
        "ERROR",
        &["[ERROR 400] BAD REQUEST", "Exiting with ERRORCODE: -1"],
        &["error", ""],
    );
    check(
        "ERROR ARGUMENTS",
        &[
            "[ERROR 419] MISSING ARGUMENTS",
            "[ERROR 420] INVALID ARGUMENTS",
        ],
        &["[ERROR 400] BAD REQUEST"],
    );
    check(
        "?ERROR ?ARGUMENTS",
        &["[ERROR 400] BAD REQUEST", "MISSING ARGUMENTS"],
        &["[INFO] REQUEST"],
    );
    check(
        "?ERROR ?ARGUMENTS REQUEST",
        &["[INFO] REQUEST FAILED", "[ERROR] 400 BAD REQUEST"],
        &["[ERROR] 401"],
    );
    check(
        "\"INTERNAL SERVER ERROR\"",
        &["[ERROR 500] INTERNAL SERVER ERROR"],
        &["[ERROR] INTERNAL"],
    );
    check(
        "ERROR -ARGUMENTS",
        &["[ERROR 400] BAD REQUEST"],
        &["[ERROR 419] MISSING ARGUMENTS"],
    );
    check(
        "\"ERROR\" - \"Exiting\"",
        &["[ERROR] A fatal exception has occurred"],
        &["Exiting with ERRORCODE: -1"],
    );
    check("-a", &["b"], &["a"]);
    check(r#""say \"hi\"""#, &[r#"they say "hi""#], &["say hi"]);
}

#[test]
fn expressions() {
    check(
        "%AUTHORIZED%",
        &["UNAUTHORIZED", "AUTHORIZED 1"],
        &["authorized"],
    );
    check(
        r"%^ERROR 4\d\d%".replace(' ', r"\s").as_str(),
        &["ERROR 401 x"],
        &["x ERROR 401"],
    );
    check("%gray|grey%", &["grey", "gray"], &["gruy"]);
    check("%colou?r%", &["color", "colour"], &["colouur"]);
    check(r"%10\.10\.0\.1%", &["10.10.0.1"], &["10a10b0c1"]);
    check("-%a{2}%", &["aba"], &["aa"]);
    check(
        "{ $.eventName = %Trojan% && $.n = 1 }",
        &[r#"{"eventName": "a Trojan horse", "n": 1}"#],
        &[r#"{"eventName": "a horse", "n": 1}"#],
    );
    check(
        r"[ip=%127\.0\.0\.[1-9]%, user]",
        &["127.0.0.3 ann"],
        &["127.0.0.0 ann"],
    );
}

const TRAIL: &str = r#"{
  "eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111",
  "arrayKey": ["value", "another value"],
  "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
  "SomeObject": null, "ThisFlag": true, "latency": 500.5, "code": "404",
  "user": {"id": 1, "email": "John.Stiles@example.com", "full name": "John"},
  "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
  "actions": ["GET", "PUT", "DELETE"], "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]]
}"#;

#[test]
fn json() {
    for (pattern, expected) in [
        (r#"{ $.eventType = "UpdateTrail" }"#, true),
        ("{$.eventType=UpdateTrail}", true),
        ("{ $.eventType = Update* }", true),
        ("{ $.eventType = *Tra* }", true),
        ("{ $.eventType = update* }", false),
        ("{ $.sourceIPAddress != 123.123.* }", true),
        ("{ $.sourceIPAddress != 111.111.* }", false),
        (r#"{ $.arrayKey[0] = "value" }"#, true),
        (r#"{ $.arrayKey[1] = "value" }"#, false),
        (r#"{ $.arrayKey[*] = "another value" }"#, true),
        ("{ $.objectList[1].id = 2 }", true),
        ("{ $.objectList[*].id = 2 }", true),
        ("{ $.objectList[*].id = 3 }", false),
        ("{ $.SomeObject IS NULL }", true),
        ("{ $.eventType IS NULL }", false),
        ("{ $.SomeOtherObject NOT EXISTS }", true),
        ("{ $.SomeObject NOT EXISTS }", false),
        ("{ $.SomeObject EXISTS }", true),
        ("{ $.ThisFlag IS TRUE }", true),
        ("{ $.ThisFlag IS FALSE }", false),
        ("{ $.latency >= 500 }", true),
        ("{ $.latency > +1000 }", false),
        ("{ $.latency < 10e3 }", true),
        ("{ $.latency < 10e-3 }", false),
        ("{ $.latency = * }", true),
        ("{ $.missing = * }", false),
        ("{ $.missing != a }", false),
        ("{ $.code = 404 }", true),
        ("{ $.code > 400 }", false),
        // An array is no value: neither holds.
        ("{ $.users = 1 }", false),
        ("{ $.users != 1 }", false),
        (
            r#"{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }"#,
            true,
        ),
        (
            r#"{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }"#,
            false,
        ),
        (
            r#"{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }"#,
            true,
        ),
        (
            r#"{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch) && $.actions[2] = nomatch }"#,
            false,
        ),
        ("{ $.coordinates[0][1] = 1 }", true),
        ("{ $.user['full name'] = John }", true),
        (r#"{ $.user.["full name"] = John }"#, true),
    ] {
        assert_eq!(matches(pattern, TRAIL), expected, "{pattern}");
    }
    check(
        "{ $.a = 1 }",
        &[r#"  {"a": 1.0}"#],
        &["a = 1", "{", r#"{"a": "#, ""],
    );
}

const ACCESS: &str =
    r#"127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534"#;

#[test]
fn fields() {
    for (pattern, expected) in [
        (
            "[ip, user, username, timestamp, request, status_code, bytes]",
            true,
        ),
        (
            "[ip, user, username, timestamp, request, status_code]",
            false,
        ),
        ("[..., status_code, bytes]", true),
        ("[ip, user, ..., status_code, bytes]", true),
        ("[ip, user, ...]", true),
        ("[...]", true),
        ("[a, b, c, d, e, f, g, h, ...]", false),
        (
            "[ip, user, username, timestamp, request, status_code, bytes > 1000]",
            true,
        ),
        (
            "[ip, user, username, timestamp, request, status_code = 200, bytes]",
            false,
        ),
        (
            "[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]",
            true,
        ),
        (
            "[ip, user, username, timestamp, request, status_code = 4* && status_code != 403, bytes]",
            true,
        ),
        ("[..., status_code = 403 || status_code = 404, bytes]", true),
        (
            "[..., status_code = 4* && status_code != 404, bytes]",
            false,
        ),
        ("[..., status=4*, bytes>1000]", true),
        ("[..., user > 3]", true),
        ("[ip > 3, ...]", false),
        ("[..., request=*.html*, status_code=4*,]", true),
    ] {
        assert_eq!(matches(pattern, ACCESS), expected, "{pattern}");
    }
    check(
        "[w1=ERROR, w2]",
        &["ERROR message"],
        &["WARN message", "ERROR WARN message"],
    );
    check(
        "[w1=ERROR || w1=WARN, w2]",
        &["ERROR a", "WARN b"],
        &["INFO c"],
    );
    check(
        "[w1!=ERROR&&w1!=WARN, w2]",
        &["INFO message"],
        &["ERROR a", "WARN b"],
    );
    check("[w1=!ERROR, w2]", &["INFO message"], &["ERROR a"]);
    check("[a]", &["\"unclosed"], &["\"two words", ""]);
    // A space is whatever Unicode says; a letter of several bytes is none.
    check(
        "[a=é, b=ü]",
        &["é ü", " é\u{2003}ü\u{a0}", "[é] \"ü\"", "é\tü\r\n"],
        &["éü", "é ü x", "é"],
    );
    check(
        "[first=1, ..., a=2, b=3]",
        &["1 2 3", "1 x 2 3", "1 [x y] \"2\" [3]"],
        &["1 2", "1 3", "1 2 3 4", "2 2 3", "1 [2 3]", ""],
    );
    check("[..., a=2, b=3]", &["2 3", "2 2 3"], &["3", "3 2", ""]);
    check("[..., a]", &["1", "1 2"], &["", " "]);
    check("[a=1, ...]", &["1", "1 2"], &["", "2 1"]);
}

#[test]
fn what_is_named_is_extracted() {
    let pattern = FilterPattern::parse("[..., request=*.html*, status_code=4*,]").expect("read");
    let found = pattern.extract(ACCESS).expect("matches");
    let expected = [
        ("$1", "127.0.0.1"),
        ("$2", "-"),
        ("$3", "frank"),
        ("$4", "10/Oct/2000:13:25:15 -0700"),
        ("$request", "GET /index.html HTTP/1.0"),
        ("$status_code", "404"),
        ("$7", "1534"),
    ];
    let expected: Vec<_> = expected.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec();
    assert_eq!(found, expected);
    assert_eq!(
        pattern.value(ACCESS, "$status_code").as_deref(),
        Some("404")
    );
    assert_eq!(pattern.extract("nothing"), None);

    let pattern = FilterPattern::parse("{ $.latency = * }").expect("read");
    let event = r#"{"latency": 50, "requestType": "GET"}"#;
    assert_eq!(pattern.value(event, "$.latency").as_deref(), Some("50"));
    assert_eq!(
        pattern.value(event, "$.requestType").as_deref(),
        Some("GET")
    );
    assert_eq!(pattern.value(event, "$.nothing"), None);
    assert_eq!(
        pattern.extract(event),
        Some(vec![("$.latency".to_owned(), "50".to_owned())])
    );
}

#[test]
fn faults_are_refused() {
    let deep = format!("{{ {}$.a = 1 }}", "(".repeat(100));
    let long = "a".repeat(1025);
    for (pattern, fault) in [
        ("foo-bar", "Invalid character(s) in term 'foo-bar'"),
        ("a.b", "Invalid character(s)"),
        ("\"open", "not closed"),
        ("%open", "no closing %"),
        ("%something!%", "may not hold"),
        ("%(a)%", "may not hold"),
        ("%é%", "may not hold"),
        ("%[a%", "not a regular expression"),
        ("%%", "is empty"),
        ("%a% %b% %c%", "more than 2"),
        ("{ $.a }", "an operator"),
        ("{ $.a = }", "a value"),
        ("{ $.a > b }", "a number"),
        ("{ $.a = 1", "expected"),
        ("{ $.a = 1 } x", "the end"),
        ("{ a = 1 }", "a selector"),
        ("{ $ = 1 }", "a property"),
        ("{ $.a IS 1 }", "NULL, TRUE or FALSE"),
        ("{ $.a[x] = 1 }", "an index"),
        ("{}", "a selector"),
        ("[a, ..., b, ...]", "more than one ellipsis"),
        ("[a", "an operator"),
        ("[a = 1", "a comma or ]"),
        ("[a=1 && b=2]", "is about \"b\""),
        ("-", "a term"),
        (deep.as_str(), "nested deeper"),
        (long.as_str(), "longer than 1024"),
    ] {
        let error = FilterPattern::parse(pattern).expect_err(pattern);
        assert!(error.message().contains(fault), "{pattern}: {error}");
        assert_eq!(error.code(), Some("InvalidParameterException"));
    }
}

//! What matches what.

use super::*;

/// Checks one field's matchers against values that match and values that do not.
#[expect(clippy::needless_pass_by_value, reason = "tables are shorter so")]
fn check(matchers: Value, good: Value, bad: Value) {
    let pattern = json!({"detail": {"f": matchers}});
    for (values, expected) in [(good, true), (bad, false)] {
        for value in values.as_array().expect("a list") {
            let event = json!({"source": "s", "detail": {"f": value}});
            assert_eq!(matches(&pattern, &event), expected, "{pattern} {event}");
        }
    }
}

#[test]
fn values_are_compared_by_kind() {
    check(
        json!(["a", "b"]),
        json!(["a", "b", ["x", "b"]]),
        json!(["A", "ab", 1, null, [], {}]),
    );
    check(json!([""]), json!([""]), json!([null, " "]));
    check(json!([1]), json!([1, 1.0, 1e0]), json!(["1", 2, true]));
    check(
        json!([123_456_789_012_u64]),
        json!([123_456_789_012_u64]),
        json!(["123456789012", 123_456_789_013_u64]),
    );
    check(json!([0.3]), json!([0.3, 3e-1]), json!([0.30001]));
    check(json!([true]), json!([true]), json!(["true", false, 1]));
    check(
        json!([null]),
        json!([null, [1, null]]),
        json!(["null", "", [], 0]),
    );
    check(
        json!(["10.0.0.1", "2001:db8::1"]),
        json!(["10.0.0.1", "2001:0db8:0:0:0:0:0:1"]),
        json!(["10.0.0.10", "10.0.0"]),
    );
}

#[test]
fn texts_are_compared_in_part() {
    check(
        json!([{"prefix": "a/"}]),
        json!(["a/", "a/b"]),
        json!(["A/b", "b/a/", 1]),
    );
    check(json!([{"prefix": ""}]), json!(["", "x"]), json!([1, null]));
    check(
        json!([{"prefix": {"equals-ignore-case": "EVENT"}}]),
        json!(["event", "Event x"]),
        json!(["even", "xevent"]),
    );
    check(
        json!([{"suffix": ".png"}]),
        json!([".png", "a.png"]),
        json!(["a.PNG", "a.png "]),
    );
    check(
        json!([{"suffix": {"equals-ignore-case": ".Png"}}]),
        json!(["a.PNG", ".png"]),
        json!(["png", "a.png."]),
    );
    check(
        json!([{"equals-ignore-case": "Straße"}]),
        json!(["straße", "STRAßE"]),
        json!(["strasse", "straß"]),
    );
    check(
        json!([{"exactly": "a*"}]),
        json!(["a*"]),
        json!(["ab", "a"]),
    );
}

#[test]
fn wildcards_stand_for_any_text() {
    for (wildcard, good, bad) in [
        ("*", json!(["", "abc"]), json!([1, null])),
        ("a*", json!(["a", "ab"]), json!(["ba"])),
        ("*a", json!(["a", "ba"]), json!(["ab"])),
        (
            "a*b*c",
            json!(["abc", "axbxc", "abcbc"]),
            json!(["abcb", "acb", "ac"]),
        ),
        ("a*a", json!(["aa", "aba"]), json!(["a"])),
        ("*a*", json!(["a", "xax"]), json!(["", "b"])),
        (r"a\*b", json!(["a*b"]), json!(["axb"])),
        (r"a\\*", json!([r"a\", r"a\x"]), json!(["ax", "a*"])),
        ("", json!([""]), json!(["a"])),
    ] {
        check(json!([{"wildcard": wildcard}]), good, bad);
    }
}

#[test]
fn numbers_lie_in_ranges() {
    let range = |terms: Value| json!([{"numeric": terms}]);
    check(
        range(json!(["=", 300])),
        json!([300, 3e2, 300.0]),
        json!(["300", 300.1, null]),
    );
    check(
        range(json!([">", 0, "<=", 5])),
        json!([1e-6, 5]),
        json!([0, 5.1, -1, "3"]),
    );
    check(
        range(json!([">=", 0, "<", 5])),
        json!([0, 4.999]),
        json!([-0.1, 5]),
    );
    check(
        range(json!(["<", 10])),
        json!([9, -4e9, -5e9]),
        json!([10, 11]),
    );
    check(
        range(json!([">=", -1])),
        json!([-1, 5e9]),
        json!([-1.5, 6e9]),
    );
}

#[test]
fn addresses_lie_in_networks() {
    let network = |text: &str| json!([{"cidr": text}]);
    check(
        network("10.0.0.0/24"),
        json!(["10.0.0.0", "10.0.0.255"]),
        json!(["10.0.1.0", "x", 1, "::1", "10.0.0.0/24"]),
    );
    check(
        network("10.0.0.5/24"),
        json!(["10.0.0.1", "10.0.0.9"]),
        json!(["10.0.2.5"]),
    );
    check(network("0.0.0.0/0"), json!(["1.2.3.4"]), json!(["::1"]));
    check(
        network("2001:db8::/32"),
        json!(["2001:db8::1", "2001:0db8:ffff::"]),
        json!(["2001:db9::1", "32.1.13.184"]),
    );
}

#[test]
fn what_is_excluded_does_not_match() {
    let but = |what: Value| json!([{"anything-but": what}]);
    check(
        but(json!("a")),
        json!(["b", "A", 1, null, true]),
        json!(["a", {}]),
    );
    check(
        but(json!(["a", "b"])),
        json!(["c", "ab"]),
        json!(["a", "b"]),
    );
    check(but(json!(1)), json!([2, "1"]), json!([1, 1.0]));
    check(but(json!([1, 2])), json!([3, null]), json!([1, 2.0]));
    check(
        but(json!({"prefix": "in"})),
        json!(["out", 1, null]),
        json!(["in", "init"]),
    );
    check(
        but(json!({"prefix": ["a", "b"]})),
        json!(["c"]),
        json!(["ax", "bx"]),
    );
    check(
        but(json!({"suffix": ".txt"})),
        json!([".txt.gz"]),
        json!(["a.txt"]),
    );
    check(
        but(json!({"suffix": [".a", ".b"]})),
        json!(["x.c"]),
        json!(["x.a"]),
    );
    check(
        but(json!({"equals-ignore-case": "ab"})),
        json!(["b"]),
        json!(["AB", "ab"]),
    );
    check(
        but(json!({"equals-ignore-case": ["a", "b"]})),
        json!(["c"]),
        json!(["A", "B"]),
    );
    check(
        but(json!({"wildcard": "*/lib/*"})),
        json!(["/bin/x"]),
        json!(["/lib/x"]),
    );
    check(
        but(json!({"wildcard": ["a*", "*z"]})),
        json!(["b"]),
        json!(["ab", "xz"]),
    );
    // Of several values in an array one is enough.
    check(
        but(json!("a")),
        json!([["a", "b"]]),
        json!([["a", "a"], []]),
    );
}

#[test]
fn fields_are_there_or_not() {
    let exists = |is: bool| json!({"detail": {"f": [{"exists": is}]}});
    for (event, there) in [
        (json!({"detail": {"f": 1}}), true),
        (json!({"detail": {"f": null}}), true),
        (json!({"detail": {"f": [1]}}), true),
        (json!({"detail": {"f": []}}), false),
        (json!({"detail": {"f": {"g": 1}}}), false),
        (json!({"detail": {}}), false),
        (json!({"source": "s"}), false),
    ] {
        assert_eq!(matches(&exists(true), &event), there, "{event}");
        assert_eq!(matches(&exists(false), &event), !there, "{event}");
    }
    let either = json!({"f": [{"exists": false}, "x"]});
    for (event, expected) in [
        (json!({}), true),
        (json!({"f": "x"}), true),
        (json!({"f": "y"}), false),
    ] {
        assert_eq!(matches(&either, &event), expected, "{event}");
    }
}

#[test]
fn all_fields_must_match_and_one_alternative() {
    let pattern = json!({
        "source": ["s"],
        "$or": [
            {"a": [1], "b": [2]},
            {"c": {"d": [3]}},
            {"$or": [{"e": [4]}, {"f": [5]}]},
        ],
    });
    for (event, expected) in [
        (json!({"source": "s", "a": 1, "b": 2}), true),
        (json!({"source": "s", "a": 1}), false),
        (json!({"source": "s", "c": {"d": 3}}), true),
        (json!({"source": "s", "e": 4}), true),
        (json!({"source": "s", "f": 5}), true),
        (json!({"source": "t", "f": 5}), false),
        (json!({"f": 5}), false),
    ] {
        assert_eq!(matches(&pattern, &event), expected, "{event}");
    }
    let within =
        json!({"detail": {"$or": [{"x": [{"numeric": [">", 5]}]}, {"y": [{"exists": false}]}]}});
    assert!(matches(&within, &json!({"detail": {"x": 6, "y": 1}})));
    assert!(matches(&within, &json!({"detail": {"x": 1}})));
    assert!(!matches(&within, &json!({"detail": {"x": 1, "y": 1}})));
}

#[test]
fn names_may_be_joined_by_dots() {
    let nested = json!({"detail": {"state": {"status": ["running"]}}});
    let dotted = json!({"detail": {"state.status": ["running"]}});
    for pattern in [&nested, &dotted] {
        assert!(matches(
            pattern,
            &json!({"detail": {"state": {"status": "running"}}})
        ));
        assert!(matches(
            pattern,
            &json!({"detail": {"state.status": "running"}})
        ));
    }
}

#[test]
fn fields_of_one_element_belong_together() {
    let pattern =
        |first: &str, last: &str| json!({"employees": {"first": [first], "last": [last]}});
    let flat = json!({"employees": [
        {"first": "Anna", "last": "Smith"}, {"first": "Peter", "last": "Jones"},
    ]});
    let nested = json!({"employees": [[{"first": "Anna", "last": "Smith"}],
        [{"first": "Peter", "last": "Jones"}]]});
    for event in [flat, nested] {
        assert!(matches(&pattern("Anna", "Smith"), &event));
        assert!(matches(&pattern("Peter", "Jones"), &event));
        assert!(!matches(&pattern("Anna", "Jones"), &event));
    }
    // Different arrays have nothing to do with each other; absence is of the same element.
    let two = json!({"a": [{"x": 1}, {"x": 2, "y": 1}], "b": [{"z": 1}, {"z": 2}]});
    let ask = |x: u8, y: Value, z: u8| json!({"a": {"x": [x], "y": y}, "b": {"z": [z]}});
    assert!(matches(&ask(1, json!([{"exists": false}]), 2), &two));
    assert!(!matches(&ask(2, json!([{"exists": false}]), 2), &two));
    assert!(matches(&ask(2, json!([1]), 1), &two));
}

#[test]
fn a_great_comparison_is_refused_and_not_answered() {
    let many: Vec<Value> = (0..2000).map(|n| json!({"x": n, "y": n})).collect();
    let event = json!({"a": many});
    let pattern = json!({"a": {"x": [{"exists": true}], "y": [{"exists": true}]}});
    let pattern = EventPattern::parse(&pattern.to_string()).unwrap();
    let error = pattern.matches(&FlatEvent::new(&event)).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::LimitExceeded);
}

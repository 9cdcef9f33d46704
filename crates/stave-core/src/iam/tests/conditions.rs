//! Every condition operator.

use super::*;

/// Whether an allow with `condition` applies when `key` has `values` (none: the key is missing).
fn holds(condition: &str, key: &str, values: &[&str]) -> bool {
    let mut context = Context::of(&user("ann"));
    if !values.is_empty() {
        context.set_all(key, values.iter().copied());
    }
    let statement = format!(
        r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {condition}}}"#
    );
    may(&statement, "s3:GetObject", "arn:aws:s3:::b/k", &context) == Verdict::Allowed
}

fn check(rows: &[(&str, &str, &str, bool)]) {
    for (operator, wanted, value, expected) in rows {
        let condition = format!(r#"{{"{operator}": {{"k": {wanted}}}}}"#);
        assert_eq!(
            holds(&condition, "K", &[value]),
            *expected,
            "{condition} {value}"
        );
    }
}

#[test]
fn strings() {
    check(&[
        ("StringEquals", r#""abc""#, "abc", true),
        ("StringEquals", r#""abc""#, "Abc", false),
        ("StringEquals", r#"["x", "abc"]"#, "abc", true),
        ("StringEquals", r#""a*""#, "abc", false),
        ("StringEquals", r#""a*""#, "a*", true),
        ("StringEquals", r#""${aws:username}""#, "ann", true),
        ("StringEquals", r#""${*}""#, "*", true),
        ("StringEquals", r#""${aws:FederatedProvider}""#, "", false),
        ("StringNotEquals", r#""abc""#, "abc", false),
        ("StringNotEquals", r#"["x", "abc"]"#, "abc", false),
        ("StringNotEquals", r#"["x", "y"]"#, "abc", true),
        ("StringEqualsIgnoreCase", r#""ÄBC""#, "äbc", true),
        ("StringNotEqualsIgnoreCase", r#""ABC""#, "abc", false),
        ("StringLike", r#""a?c*""#, "abcdef", true),
        (
            "StringLike",
            r#"["", "home/", "home/${aws:username}/*"]"#,
            "home/ann/x",
            true,
        ),
        (
            "StringLike",
            r#"["", "home/", "home/${aws:username}/*"]"#,
            "home/bob/x",
            false,
        ),
        ("StringLike", r#"["", "home/"]"#, "", true),
        ("StringNotLike", r#"["a*", "b*"]"#, "cab", true),
        ("StringNotLike", r#"["a*", "b*"]"#, "bac", false),
        ("StringEquals", "[]", "abc", false),
        ("StringNotEquals", "[]", "abc", true),
    ]);
}

#[test]
fn numbers_and_truth() {
    check(&[
        ("NumericEquals", "10", "10", true),
        ("NumericEquals", r#""10.0""#, "10", true),
        (
            "NumericEquals",
            r#""9007199254740993""#,
            "9007199254740992",
            false,
        ),
        ("NumericEquals", r#""-0""#, "0", true),
        ("NumericEquals", r#""10""#, "ten", false),
        ("NumericNotEquals", "10", "10.00", false),
        ("NumericNotEquals", "10", "11", true),
        ("NumericLessThan", "10", "9.999", true),
        ("NumericLessThan", "10", "10", false),
        ("NumericLessThan", "-5", "-6", true),
        ("NumericLessThan", r#""0.5""#, "0.45", true),
        ("NumericLessThanEquals", "10", "10", true),
        ("NumericLessThanEquals", "[5, 10]", "7", true),
        ("NumericGreaterThan", "9", "10", true),
        ("NumericGreaterThan", "-10", "-9", true),
        ("NumericGreaterThan", "-10", "1", true),
        ("NumericGreaterThanEquals", "10", "9", false),
        ("Bool", "true", "true", true),
        ("Bool", r#""TRUE""#, "true", true),
        ("Bool", r#""false""#, "true", false),
        (
            "BinaryEquals",
            r#""QmluYXJ5VmFsdWVJbkJhc2U2NA==""#,
            "QmluYXJ5VmFsdWVJbkJhc2U2NA==",
            true,
        ),
        ("BinaryEquals", r#""QmluYXJ5""#, "QmluYXJ6", false),
        ("BinaryEquals", r#""no base64!""#, "no base64!", false),
    ]);
}

#[test]
fn dates() {
    check(&[
        (
            "DateEquals",
            r#""2020-04-01T00:00:00Z""#,
            "2020-04-01T02:00:00+02:00",
            true,
        ),
        (
            "DateEquals",
            r#""2020-04-01""#,
            "2020-04-01T00:00:00Z",
            true,
        ),
        ("DateEquals", r#""2020""#, "2020-01-01T00:00Z", true),
        ("DateEquals", r#""2020-04""#, "1585699200", true),
        ("DateEquals", "1585699200", "2020-04-01T00:00:00.000Z", true),
        ("DateNotEquals", r#""2020-04-01""#, "2020-04-02", true),
        (
            "DateLessThan",
            r#""2020-04-01T00:00:00Z""#,
            "2020-03-31T23:59:59.999Z",
            true,
        ),
        (
            "DateLessThan",
            r#""2020-04-01T00:00:00Z""#,
            "2020-04-01T00:00:00Z",
            false,
        ),
        (
            "DateLessThanEquals",
            r#""2020-04-01T00:00:00Z""#,
            "2020-04-01T00:00:00Z",
            true,
        ),
        (
            "DateGreaterThan",
            r#""2020-04-01T00:00:00Z""#,
            "2020-04-01T00:00:00-01:00",
            true,
        ),
        (
            "DateGreaterThanEquals",
            r#""2020-04-01T00:00:00Z""#,
            "no date",
            false,
        ),
    ]);
}

#[test]
fn addresses() {
    check(&[
        ("IpAddress", r#""203.0.113.0/24""#, "203.0.113.77", true),
        ("IpAddress", r#""203.0.113.0/24""#, "203.0.114.1", false),
        ("IpAddress", r#""203.0.113.9/24""#, "203.0.113.77", true),
        ("IpAddress", r#""203.0.113.9""#, "203.0.113.9", true),
        ("IpAddress", r#""203.0.113.9""#, "203.0.113.8", false),
        ("IpAddress", r#""0.0.0.0/0""#, "8.8.8.8", true),
        ("IpAddress", r#""0.0.0.0/0""#, "2001:db8::1", false),
        ("IpAddress", r#""127.0.0.1""#, "::ffff:127.0.0.1", true),
        (
            "IpAddress",
            r#""2001:DB8:1234:5678::/64""#,
            "2001:db8:1234:5678::abcd",
            true,
        ),
        (
            "IpAddress",
            r#""2001:DB8:1234:5678::/64""#,
            "2001:db8:1234:5679::",
            false,
        ),
        ("IpAddress", r#""::/0""#, "2001:db8::1", true),
        (
            "IpAddress",
            r#"["10.0.0.0/8", "2001:db8::/32"]"#,
            "2001:db8::1",
            true,
        ),
        ("IpAddress", r#""10.0.0.0/33""#, "10.0.0.1", false),
        ("IpAddress", r#""10.0.0.0/+8""#, "10.0.0.1", false),
        (
            "NotIpAddress",
            r#"["10.0.0.0/8", "192.168.0.0/16"]"#,
            "192.168.3.4",
            false,
        ),
        (
            "NotIpAddress",
            r#"["10.0.0.0/8", "192.168.0.0/16"]"#,
            "172.16.0.1",
            true,
        ),
    ]);
}

#[test]
fn arns() {
    check(&[
        (
            "ArnEquals",
            r#""arn:aws:iam::*:role/x*""#,
            "arn:aws:iam::123456789012:role/xy",
            true,
        ),
        (
            "ArnLike",
            r#""arn:aws:sns:*:1:*""#,
            "arn:aws:sns:r:2:a:1:b",
            false,
        ),
        (
            "ArnLike",
            r#""arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}""#,
            "arn:aws:iam::123456789012:user/ann",
            true,
        ),
        (
            "ArnNotEquals",
            r#""arn:aws:s3:::b*""#,
            "arn:aws:s3:::bc",
            false,
        ),
        ("ArnNotLike", r#""arn:aws:s3:::b*""#, "arn:aws:s3:::c", true),
    ]);
}

#[test]
fn a_missing_key_fails_what_wants_it_and_passes_what_does_not() {
    for (operator, expected) in [
        ("StringEquals", false),
        ("StringNotEquals", true),
        ("StringLike", false),
        ("StringNotLike", true),
        ("NumericEquals", false),
        ("NumericNotEquals", true),
        ("DateLessThan", false),
        ("DateNotEquals", true),
        ("Bool", false),
        ("IpAddress", false),
        ("NotIpAddress", true),
        ("ArnLike", false),
        ("ArnNotLike", true),
        ("StringEqualsIfExists", true),
        ("StringNotEqualsIfExists", true),
        ("BoolIfExists", true),
        ("ForAllValues:StringEquals", true),
        ("ForAllValues:StringNotEquals", true),
        ("ForAnyValue:StringEquals", false),
        ("ForAnyValue:StringNotEquals", false),
        ("ForAnyValue:StringEqualsIfExists", true),
    ] {
        let condition = format!(r#"{{"{operator}": {{"k": "1"}}}}"#);
        assert_eq!(holds(&condition, "k", &[]), expected, "{operator}");
    }
}

#[test]
fn null_asks_whether_the_key_is_there() {
    assert!(holds(r#"{"Null": {"k": "true"}}"#, "k", &[]));
    assert!(!holds(r#"{"Null": {"k": "true"}}"#, "k", &["v"]));
    assert!(holds(r#"{"Null": {"k": false}}"#, "k", &["v"]));
    assert!(!holds(r#"{"Null": {"k": "false"}}"#, "k", &[]));
}

#[test]
fn keys_with_many_values() {
    for (operator, wanted, values, expected) in [
        (
            "ForAllValues:StringEquals",
            r#"["a", "b"]"#,
            &["a", "b"][..],
            true,
        ),
        (
            "ForAllValues:StringEquals",
            r#"["a", "b"]"#,
            &["a", "c"],
            false,
        ),
        (
            "ForAnyValue:StringEquals",
            r#"["a", "b"]"#,
            &["c", "b"],
            true,
        ),
        (
            "ForAnyValue:StringEquals",
            r#"["a", "b"]"#,
            &["c", "d"],
            false,
        ),
        (
            "ForAllValues:StringNotEquals",
            r#"["a", "b"]"#,
            &["c", "d"],
            true,
        ),
        (
            "ForAllValues:StringNotEquals",
            r#"["a", "b"]"#,
            &["c", "a"],
            false,
        ),
        (
            "ForAnyValue:StringNotEquals",
            r#"["a", "b"]"#,
            &["c", "a"],
            true,
        ),
        (
            "ForAnyValue:StringNotEquals",
            r#"["a", "b"]"#,
            &["b", "a"],
            false,
        ),
        (
            "ForAllValues:StringLike",
            r#""team-*""#,
            &["team-a", "team-b"],
            true,
        ),
        ("StringEquals", r#""a""#, &["a", "b"], true),
        ("StringNotEquals", r#""a""#, &["a", "b"], false),
    ] {
        let condition = format!(r#"{{"{operator}": {{"aws:TagKeys": {wanted}}}}}"#);
        assert_eq!(
            holds(&condition, "aws:tagkeys", values),
            expected,
            "{condition} {values:?}"
        );
    }
}

#[test]
fn all_operators_and_all_keys_must_hold() {
    let context = |prefix: &str, keys: &str| {
        Context::new()
            .with("s3:prefix", prefix)
            .with("s3:max-keys", keys)
    };
    let statement = r#"{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*", "Condition": {
        "StringLike": {"s3:prefix": ["a/*", "b/*"], "s3:max-keys": "*"},
        "NumericLessThanEquals": {"s3:max-keys": "10"}}}"#;
    for (prefix, keys, expected) in [
        ("a/x", "10", Verdict::Allowed),
        ("b/x", "1", Verdict::Allowed),
        ("c/x", "1", Verdict::ImplicitDeny),
        ("a/x", "11", Verdict::ImplicitDeny),
    ] {
        let context = context(prefix, keys);
        assert_eq!(
            may(statement, "s3:ListBucket", "arn:aws:s3:::b", &context),
            expected
        );
    }
}

#[test]
fn a_variable_without_a_value_opens_no_door() {
    let context = Context::new().with("k", "v");
    let missing = r#"{"StringNotEquals": {"k": "${aws:PrincipalTag/none}"}}"#;
    let allow =
        format!(r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {missing}}}"#);
    assert_eq!(may(&allow, "s3:x", "*", &context), Verdict::ImplicitDeny);
    let deny = allow.replace("Allow", "Deny");
    assert_eq!(may(&deny, "s3:x", "*", &context), Verdict::ExplicitDeny);
    let not = |effect: &str| {
        format!(
            r#"{{"Effect": "{effect}", "Action": "*", "NotResource": "arn:aws:s3:::${{aws:PrincipalTag/none}}"}}"#
        )
    };
    assert_eq!(
        may(&not("Allow"), "s3:x", "*", &context),
        Verdict::ImplicitDeny
    );
    assert_eq!(
        may(&not("Deny"), "s3:x", "*", &context),
        Verdict::ExplicitDeny
    );
}

#[test]
fn the_time_of_the_request_is_a_key() {
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let context = Context::new().at(now);
    let statement = |operator: &str, key: &str| {
        format!(
            r#"{{"Effect": "Allow", "Action": "*", "Resource": "*",
                "Condition": {{"{operator}": {{"{key}": "2026-11-21T13:00:00Z"}}}}}}"#
        )
    };
    for (operator, key, expected) in [
        ("DateLessThan", "aws:CurrentTime", Verdict::Allowed),
        ("DateGreaterThan", "aws:CurrentTime", Verdict::ImplicitDeny),
        ("DateLessThan", "aws:EpochTime", Verdict::Allowed),
    ] {
        assert_eq!(
            may(&statement(operator, key), "s3:x", "*", &context),
            expected
        );
    }
}

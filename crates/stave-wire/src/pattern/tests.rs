use super::*;

/// (pattern, what matches, what does not)
type Case = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const CASES: &[Case] = &[
    (
        r"[\w+=,.@-]+",
        &["ann", "a-b@c", "_", "a.b+c=d,e"],
        &["", "a b", "ä", "a/b"],
    ),
    (r"[ -~]+", &["a ~"], &["\u{7f}", ""]),
    (
        r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)",
        &["/", "/a/", "/a/b/"],
        &["", "a", "/a", "//x"],
    ),
    (
        r"((/[A-Za-z0-9\.,\+@=_-]+)*)/",
        &["/", "/a/b/"],
        &["", "/a", "//"],
    ),
    (
        r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?",
        &["v1", "v10.a-b", "v1."],
        &["v0", "1", "v"],
    ),
    (
        r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$",
        &["lake", "a-b", "a1c"],
        &["ab", "-ab", "a--b", "ab-", "A-b"],
    ),
    (
        r"\d{12}",
        &["123456789012"],
        &["12345678901", "1234567890123"],
    ),
    (r"o-[a-z0-9]{10,32}", &["o-0123456789"], &["o-012345678"]),
    (
        r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*",
        &["", "Größe 日本 7-a@b"],
        &["a\nb", "a;b"],
    ),
    (
        r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)",
        &["a1", "1a", "a-b_c"],
        &["123", "a b", ""],
    ),
    (
        r"(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)",
        &["systems", "a"],
        &["system.a", "a$"],
    ),
    (r"[0-9A-Za-z\.\-_]*(?<!\.)", &["a.b", ""], &["a."]),
    (
        r"(?=[/\.\-_A-Za-z0-9]+)((?!aws\.).*)|(\$(\.[\w_-]+)*)",
        &["my.app", "$.a"],
        &["aws.ec2"],
    ),
    (r"^(?!\s*$).+", &["a", " a"], &["", "  "]),
    (
        r"(?!.*[/:\\])[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]+",
        &["a b", "𝄞"],
        &["a/b", "a:b", "\u{1}"],
    ),
    (
        r"^(?:^arn:[a-z]+:x$|^$)",
        &["", "arn:aws:x"],
        &["arn:aws:y"],
    ),
    (
        r"(arn:(aws[a-zA-Z-]*)?:lambda:)?[a-z]{1,3}?",
        &["abc", "arn:aws:lambda:a"],
        &["arn:gcp:lambda:a"],
    ),
    (r"[]a]+", &["]", "a]"], &["b"]),
    (r"[^\u0000-\u001f]{2,}", &["ab", "äöü"], &["a", "a\n"]),
];

#[test]
fn patterns_match_as_in_java() {
    for (text, matching, others) in CASES {
        let program = parse::program(text).unwrap_or_else(|| panic!("{text} is not read"));
        for matching in *matching {
            assert!(program.matches(matching), "{text} on {matching:?}");
        }
        for other in *others {
            assert!(!program.matches(other), "{text} on {other:?}");
        }
    }
}

#[test]
fn what_is_beyond_it_is_not_read() {
    for text in [
        "(a", "a)", "[a", "a++", "[a&&b]", r"\1", r"\p{Lu}", "a{2", "*a",
    ] {
        assert!(parse::program(text).is_none(), "{text}");
    }
}

#[test]
fn no_text_takes_long() {
    let program = parse::program("(a*)*b").expect("read");
    assert!(!program.matches(&"a".repeat(20_000)));
    let policy = parse::program(r"[\u0009\u000A\u000D\u0020-\u00FF]+").expect("read");
    assert!(policy.matches(&"{ }".repeat(40_000)));
}

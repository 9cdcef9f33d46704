//! Wildcards and variables, against tables and against a naive matcher.

use proptest::prelude::*;

use super::super::pattern::{Shape, Template};
use super::Context;

fn matches(shape: Shape, pattern: &str, text: &str) -> bool {
    Template::new(pattern, shape, true)
        .fill(&Context::new())
        .is_some_and(|pattern| pattern.matches(text))
}

#[test]
fn resources_match_part_by_part() {
    for (pattern, resource, expected) in [
        ("*", "arn:aws:s3:::b", true),
        ("*", "*", true),
        ("arn:aws:s3:::*", "*", false),
        ("arn:aws:s3:::b", "arn:aws:s3:::b", true),
        ("arn:aws:s3:::b", "arn:aws:s3:::B", false),
        ("arn:aws:s3:::b*", "arn:aws:s3:::b/k", true),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", false),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/", true),
        (
            "arn:aws:s3:::b/*/x",
            "arn:aws:s3:::b/2023-01-01 10:00/y/x",
            true,
        ),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/:", true),
        ("arn:aws:s3:::b/?", "arn:aws:s3:::b/ä", true),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/*", true),
        ("arn:aws:s3:::b/[a]", "arn:aws:s3:::b/a", false),
        (
            "arn:aws:iam::*:user/x",
            "arn:aws:iam::123456789012:user/x",
            true,
        ),
        // A star that ends a part may go beyond it, another may not.
        ("arn:aws:sqs:us-*:1:q", "arn:aws:sqs:us-east-1:1:q", true),
        ("arn:aws:sqs:us-*-1:q", "arn:aws:sqs:us-east:9:a-1:q", false),
        (
            "arn:aws:sqs:us-*:q",
            "arn:aws:sqs:us-east-1:123456789012:q",
            false,
        ),
        (
            "arn:aws:ec2:us?east-1:1:x",
            "arn:aws:ec2:us:east-1:1:x",
            false,
        ),
        // Parts that are not written are stars.
        ("arn:aws:s3:*", "arn:aws:s3:::b/k", true),
        ("arn:aws:s3", "arn:aws:s3:::b/k", true),
        (
            "arn:aws:glue:us-east-1",
            "arn:aws:glue:us-east-1:123456789012:catalog",
            true,
        ),
        (
            "arn:aws:glue:us-east-1",
            "arn:aws:glue:eu-west-1:123456789012:catalog",
            false,
        ),
        // Escapes stand for themselves.
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", true),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", false),
        ("arn:aws:s3:::b/${?}${$}{x}", "arn:aws:s3:::b/?${x}", true),
        ("arn:aws:s3:::b/${open", "arn:aws:s3:::b/${open", true),
    ] {
        assert_eq!(
            matches(Shape::Resource, pattern, resource),
            expected,
            "{pattern} {resource}"
        );
    }
}

#[test]
fn arns_in_conditions_match_part_by_part() {
    let long = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/x.txt";
    let pattern = "arn:aws:someservice:*:111122223333:finance/*";
    // The example of the operators' page.
    assert!(!matches(Shape::Arn, pattern, long));
    assert!(matches(Shape::Text, pattern, long));
    assert!(matches(
        Shape::Arn,
        pattern,
        "arn:aws:someservice:r:111122223333:finance/a:b"
    ));
    assert!(matches(Shape::Arn, "*", long));
    assert!(!matches(Shape::Arn, "arn:aws:s3", "arn:aws:s3:::b"));
}

#[test]
fn variables_are_filled_in() {
    let context = Context::new()
        .with("aws:username", "ann")
        .with("aws:PrincipalTag/Team", "a*")
        .with_all("aws:TagKeys", ["x", "y"]);
    for (pattern, variables, text, expected) in [
        ("home/${aws:username}/*", true, "home/ann/x", true),
        ("home/${AWS:UserName}/*", true, "home/ann/x", true),
        ("home/${aws:username}/*", true, "home/bob/x", false),
        (
            "home/${aws:username}/*",
            false,
            "home/${aws:username}/x",
            true,
        ),
        ("home/${aws:username}/*", false, "home/ann/x", false),
        ("${aws:PrincipalTag/team}", true, "a*", true),
        // A value's star is no wildcard.
        ("${aws:PrincipalTag/team}", true, "abc", false),
        ("${aws:PrincipalTag/none}", true, "", false),
        ("${aws:PrincipalTag/none, 'dev'}/*", true, "dev/x", true),
        ("${aws:PrincipalTag/none,''}", true, "", true),
        ("${aws:username, 'dev'}", true, "ann", true),
        ("${aws:username, dev}", true, "ann", false),
        // A key with many values is no variable.
        ("${aws:TagKeys}", true, "x", false),
    ] {
        let found = Template::new(pattern, Shape::Text, variables)
            .fill(&context)
            .is_some_and(|pattern| pattern.matches(text));
        assert_eq!(found, expected, "{pattern} {text}");
    }
    let early = Template::new("arn:aws:s3:::${aws:username}", Shape::Resource, true);
    assert!(early.fill(&context).is_some());
    let early = Template::new("arn:aws:s3::${aws:username}:b", Shape::Resource, true);
    assert!(early.fill(&context).is_none(), "before the fifth colon");
}

/// The plainest matcher there is.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
        Some(('?', rest)) => !text.is_empty() && naive(rest, &text[1..]),
        Some((c, rest)) => text.first() == Some(c) && naive(rest, &text[1..]),
    }
}

proptest! {
    #[test]
    fn wildcards_match_as_the_naive_matcher_does(
        pattern in "[ab:ä?*]{0,10}",
        text in "[ab:ä*?]{0,12}",
    ) {
        let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
        prop_assert_eq!(matches(Shape::Text, &pattern, &text), naive(&p, &t));
    }

    #[test]
    fn arns_match_as_their_parts_do(
        parts in proptest::collection::vec("[ab?*]{0,4}", 6),
        texts in proptest::collection::vec("[ab]{0,5}", 6),
        tail in "[ab:]{0,4}",
    ) {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let last = format!("{}{tail}", texts[5]);
        let expected = parts.iter().zip(&texts).take(5).all(|(p, t)| naive(&chars(p), &chars(t)))
            && naive(&chars(&parts[5]), &chars(&last));
        let text = format!("{}:{last}", texts[..5].join(":"));
        prop_assert_eq!(matches(Shape::Arn, &parts.join(":"), &text), expected);
    }

    #[test]
    fn a_text_without_wildcards_matches_itself_only(text in "[a-z:/]{0,20}", other in "[a-z:/]{0,20}") {
        prop_assert!(matches(Shape::Text, &text, &text));
        prop_assert_eq!(matches(Shape::Text, &text, &other), text == other);
    }
}

#[test]
fn a_hostile_pattern_is_matched_in_bounded_time() {
    let pattern = "*a".repeat(1_000);
    let text = format!("{}b", "a".repeat(2_000));
    assert!(!matches(Shape::Text, &pattern, &text));
}

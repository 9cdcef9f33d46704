//! Which documents are taken, and AWS's message for those that are not.

use super::*;
use crate::ErrorKind;

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";
const VERSION: &str = "Policy document must be version 2012-10-17 or greater.";
const NO_RESOURCES: &str = "Policy statement must contain resources.";
const NO_ACTIONS: &str = "Policy statement must contain actions.";

pub(super) fn message(text: &str, kind: DocumentKind) -> Option<String> {
    let error = PolicyDocument::parse(text, kind).err()?;
    assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
    Some(error.message().to_owned())
}

#[test]
fn the_form_is_checked() {
    let good = r#""Effect": "Allow", "Action": "s3:*", "Resource": "*""#;
    for (text, expected) in [
        ("not JSON".to_owned(), Some(SYNTAX)),
        ("[]".to_owned(), Some(SYNTAX)),
        ("{}".to_owned(), Some(SYNTAX)),
        (r#"{"Version": "2012-10-17"}"#.to_owned(), Some(SYNTAX)),
        (
            r#"{"Version": "2012-10-17", "Statement": []}"#.to_owned(),
            Some(SYNTAX),
        ),
        (
            r#"{"Version": "2012-10-17", "Statement": ["x"]}"#.to_owned(),
            Some(SYNTAX),
        ),
        (
            format!(r#"{{"Version": "2012-10-17", "Statement": {{{good}}}}}"#),
            None,
        ),
        (
            format!(r#"{{"Version": "2012-10-17", "Statement": [{{{good}}}, {{{good}}}]}}"#),
            None,
        ),
        (
            format!(r#"{{"Version": "2012-10-17", "Id": "x", "Statement": {{{good}}}}}"#),
            None,
        ),
        (
            format!(r#"{{"Version": "2012-10-17", "Id": ["x"], "Statement": {{{good}}}}}"#),
            Some(SYNTAX),
        ),
        (
            format!(r#"{{"Version": "2013-10-17", "Statement": {{{good}}}}}"#),
            Some(SYNTAX),
        ),
        (
            format!(r#"{{"Version": "2008-10-17", "Statement": {{{good}}}}}"#),
            Some(VERSION),
        ),
        (format!(r#"{{"Statement": {{{good}}}}}"#), Some(VERSION)),
        (
            format!(r#"{{"Version": "2012-10-17", "More": 1, "Statement": {{{good}}}}}"#),
            Some(SYNTAX),
        ),
        (
            format!(
                r#"{{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": {{{good}}}}}"#
            ),
            Some(SYNTAX),
        ),
        (
            format!(r#"{{"Version": "2012-10-17", "Statement": {{{good}, "Effect": "Deny"}}}}"#),
            Some(SYNTAX),
        ),
        (
            format!(r#"{{"Version": "2012-10-17", "Statement": {{{good}}}}} x"#),
            Some(SYNTAX),
        ),
    ] {
        assert_eq!(
            message(&text, DocumentKind::Identity).as_deref(),
            expected,
            "{text}"
        );
    }
}

#[test]
fn of_several_faults_the_one_that_aws_names_is_named() {
    for (text, expected) in [
        // The version before the legacy parser, that before ids, those before actions.
        (
            r#"{"Statement": {"Effect": "denY", "Action": "s3:*", "Resource": "*"}}"#,
            VERSION,
        ),
        (
            r#"{"Version": "2012-10-17", "Statement": [
                {"Sid": "s", "Effect": "aLLow", "Action": "s3:*", "Resource": "*"},
                {"Sid": "s", "Effect": "Allow"}]}"#,
            LEGACY,
        ),
        (
            r#"{"Version": "2012-10-17", "Statement": [
                {"Sid": "s", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
                {"Sid": "s", "Effect": "Allow"}]}"#,
            "Statement IDs (SID) in a single policy must be unique.",
        ),
        // A resource's fault before an action's, a missing action before both.
        (
            r#"{"Version": "2012-10-17", "Statement":
                {"Effect": "Allow", "Action": "s:3:List", "Resource": "x"}}"#,
            "Resource x must be in ARN format or \"*\".",
        ),
        (
            r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny"},
                {"Effect": "Allow", "Action": "x", "Resource": "y"}]}"#,
            NO_ACTIONS,
        ),
        (
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*",
                "Resource": "arn:error:s3:::b", "Condition": {"DateEquals": {"a": "x"}}}}"#,
            LEGACY,
        ),
    ] {
        assert_eq!(
            message(text, DocumentKind::Identity).as_deref(),
            Some(expected),
            "{text}"
        );
    }
}

#[test]
fn resource_and_trust_policies_have_rules_of_their_own() {
    use DocumentKind::{Resource, Trust};
    let rows = [
        // No version is 2008-10-17 there.
        (
            Resource,
            r#""Principal": "*", "Action": "s3:*", "Resource": "*""#,
            None,
        ),
        (
            Resource,
            r#""Sid": "my-id", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*""#,
            None,
        ),
        (
            Resource,
            r#""Action": "s3:*", "Resource": "*""#,
            Some("Missing required field Principal"),
        ),
        (
            Resource,
            r#""Principal": "*", "Action": "s3:*""#,
            Some(NO_RESOURCES),
        ),
        (
            Resource,
            r#""Principal": {}, "Action": "s3:*", "Resource": "*""#,
            Some("Invalid principal in policy"),
        ),
        (
            Resource,
            r#""Principal": "x", "Action": "s3:*", "Resource": "*""#,
            Some(SYNTAX),
        ),
        (
            Resource,
            r#""Principal": "*", "NotPrincipal": "*", "Action": "s3:*", "Resource": "*""#,
            Some(SYNTAX),
        ),
        (
            Resource,
            r#""Principal": {"AWS": "bob"}, "Action": "s3:*", "Resource": "*""#,
            Some("Invalid principal in policy: \"AWS\":\"bob\""),
        ),
        (
            Resource,
            r#""Principal": {"AWS": "arn:aws:iam::123456789012:user/*"}, "Action": "s3:*", "Resource": "*""#,
            Some("Invalid principal in policy: \"AWS\":\"arn:aws:iam::123456789012:user/*\""),
        ),
        (
            Resource,
            r#""Principal": {"AWS": ["123456789012", "arn:aws:iam::123456789012:root", "arn:aws:sts::123456789012:assumed-role/r/s", "AROAAAAAAAAAAAAAAAAA"], "Service": "lambda.amazonaws.com"}, "Action": "s3:*", "Resource": "*""#,
            None,
        ),
        (
            Trust,
            r#""Principal": {"Service": ["glue.amazonaws.com"]}, "Action": "sts:AssumeRole""#,
            None,
        ),
        (
            Trust,
            r#""Principal": {"Federated": "cognito-identity.amazonaws.com"}, "Action": "sts:AssumeRoleWithWebIdentity""#,
            None,
        ),
        (
            Trust,
            r#""Principal": {"Service": "glue"}, "Action": "sts:AssumeRole""#,
            Some("Invalid principal in policy: \"Service\":\"glue\""),
        ),
        (
            Trust,
            r#""Principal": "*", "Action": "sts:AssumeRole", "Resource": "*""#,
            Some("Has prohibited field Resource"),
        ),
        (
            Trust,
            r#""Principal": "*", "Action": "s3:GetObject""#,
            Some("AssumeRole policy may only specify STS AssumeRole actions."),
        ),
        (
            Trust,
            r#""Action": "sts:AssumeRole""#,
            Some("Missing required field Principal"),
        ),
    ];
    for (kind, statement, expected) in rows {
        let text = format!(r#"{{"Statement": {{"Effect": "Allow", {statement}}}}}"#);
        assert_eq!(message(&text, kind).as_deref(), expected, "{statement}");
    }
}

#[test]
fn a_fault_says_where_it_is() {
    let text = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "Action": 1, "Resource": "*"}]}"#;
    let error = PolicyDocument::parse(text, DocumentKind::Identity).unwrap_err();
    assert_eq!(
        error.hint_text(),
        Some("Statement[1].Action is neither a string nor a list of strings")
    );
}

#[test]
fn what_is_too_long_or_too_deep_is_refused() {
    let long = "x".repeat(limits::DOCUMENT_CHARS + 1);
    let error = PolicyDocument::parse(&long, DocumentKind::Identity).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    let deep = "[".repeat(100_000);
    assert_eq!(
        message(&deep, DocumentKind::Identity).as_deref(),
        Some(SYNTAX)
    );
    assert_eq!(limits::policy_size("{ \"a\" :\n\t\"b c\" }"), 10);
}

#[test]
fn the_keys_that_a_document_names_are_listed() {
    let document = identity(
        r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}/*",
            "Condition": {"StringLike": {"s3:prefix": "${aws:PrincipalTag/team, 'x'}/*"},
                          "Bool": {"AWS:SecureTransport": "true"}}},
           {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
            "Condition": {"Bool": {"aws:securetransport": "false"}}}"#,
    );
    assert_eq!(
        document.context_keys(),
        [
            "aws:PrincipalTag/team",
            "AWS:SecureTransport",
            "aws:username",
            "s3:prefix"
        ]
    );
}

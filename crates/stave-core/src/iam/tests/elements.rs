//! What the elements of a statement may hold, and AWS's message where they don't.

use super::documents::message;
use super::*;

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";
const NO_RESOURCES: &str = "Policy statement must contain resources.";
const NO_ACTIONS: &str = "Policy statement must contain actions.";
const NO_VENDOR: &str =
    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
const NOT_QUALIFIED: &str = "Resource vendor must be fully qualified and cannot contain regexes.";

/// The message for a document of one statement, given without its braces.
fn of_statement(statement: &str) -> Option<String> {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": {{{statement}}}}}"#);
    message(&text, DocumentKind::Identity)
}

#[test]
fn the_members_of_a_statement_are_checked() {
    for (statement, expected) in [
        (
            r#""Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "*"]"#,
            None,
        ),
        (
            r#""Effect": "Deny", "NotAction": ["s3:*", "*"], "NotResource": "arn:aws:s3:::b/*""#,
            None,
        ),
        (
            r#""Sid": "a1", "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}"#,
            None,
        ),
        (
            r#""Sid": {}, "Effect": "Allow", "Action": "*", "Resource": "*""#,
            Some(SYNTAX),
        ),
        (
            r#""Effect": "Allow", "Action": "s3:*", "Resource": "*", "Other": 1"#,
            Some(SYNTAX),
        ),
        (r#""Action": "s3:*", "Resource": "*""#, Some(SYNTAX)),
        (
            r#""Effect": "Maybe", "Action": "s3:*", "Resource": "*""#,
            Some(SYNTAX),
        ),
        (
            r#""Effect": "allow", "Action": "s3:*", "Resource": "*""#,
            Some(LEGACY),
        ),
        (
            r#""Effect": "Allow", "Action": {}, "Resource": "*""#,
            Some(SYNTAX),
        ),
        (
            r#""Effect": "Allow", "Action": [["s3:*"]], "Resource": "*""#,
            Some(SYNTAX),
        ),
        (
            r#""Effect": "Allow", "Action": "s3:*", "NotAction": [], "Resource": "*""#,
            Some(SYNTAX),
        ),
        (
            r#""Effect": "Allow", "Action": "s3:*", "Resource": "*", "NotResource": []"#,
            Some(SYNTAX),
        ),
        (r#""Effect": "Allow", "Resource": "*""#, Some(NO_ACTIONS)),
        (
            r#""Effect": "Allow", "Action": [], "Resource": "*""#,
            Some(NO_ACTIONS),
        ),
        (r#""Effect": "Allow""#, Some(NO_ACTIONS)),
        (r#""Effect": "Allow", "Action": "s3:*""#, Some(NO_RESOURCES)),
        (
            r#""Effect": "Allow", "Action": "s3:*", "Resource": []"#,
            Some(NO_RESOURCES),
        ),
        (
            r#""Effect": "Allow", "Action": "invalid", "Resource": "*""#,
            Some(NO_VENDOR),
        ),
        (
            r#""Effect": "Allow", "NotAction": "", "Resource": "*""#,
            Some(NO_VENDOR),
        ),
        (
            r#""Effect": "Allow", "Action": "a a:Get", "Resource": "*""#,
            Some("Vendor a a is not valid"),
        ),
        (
            r#""Effect": "Allow", "Action": "s3:a:b", "Resource": "*""#,
            Some("Actions/Condition can contain only one colon."),
        ),
        (
            r#""Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*""#,
            Some("Policy document should not specify a principal."),
        ),
    ] {
        assert_eq!(of_statement(statement).as_deref(), expected, "{statement}");
    }
}

#[test]
fn resources_are_checked() {
    for (resource, expected) in [
        ("*", None),
        ("arn:aws:s3:::b/${aws:username}/*", None),
        ("arn:aws:s33:::b", None),
        ("arn:aws:fdsasf", None),
        ("arn:aws:cloudwatch:us-east-1::b", None),
        ("arn:aws:iam:::user/x", None),
        ("arn:aws:iam::*:role/a/*", None),
        ("arn:aws:iam::123456789012:*", None),
        ("arn:aws:iam::123456789012:us*", None),
        ("arn:aws:iam::aws:role-template/x", None),
        ("arn:aws:s3:us-east-1:123456789012:accesspoint/x", None),
        (
            "invalid resource",
            Some("Resource invalid resource must be in ARN format or \"*\"."),
        ),
        ("", Some("Resource  must be in ARN format or \"*\".")),
        (
            "a:bsdf",
            Some("Partition \"bsdf\" is not valid for resource \"arn:bsdf:*:*:*:*\"."),
        ),
        (
            "a:b:c:d:e:f:g:h",
            Some("Partition \"b\" is not valid for resource \"arn:b:c:d:e:f:g:h\"."),
        ),
        (
            "aws:s3:::b",
            Some("Partition \"s3\" is not valid for resource \"arn:s3:::b:*\"."),
        ),
        (
            "arn:error:s3:::b",
            Some("Partition \"error\" is not valid for resource \"arn:error:s3:::b\"."),
        ),
        ("arn:aws", Some(NOT_QUALIFIED)),
        ("arn:aws:*:*:*:b", Some(NOT_QUALIFIED)),
        ("arn:aws:s3::b", Some(LEGACY)),
        ("arn:aws::::b", Some(LEGACY)),
        (
            "arn:aws:s3:us-east-1::b",
            Some("Resource arn:aws:s3:us-east-1::b can not contain region information."),
        ),
        (
            "arn:aws:iam:us-east-1::user/x",
            Some("IAM resource arn:aws:iam:us-east-1::user/x cannot contain region information."),
        ),
        (
            "arn:aws:iam:::b",
            Some(
                "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.",
            ),
        ),
    ] {
        let statement = format!(r#""Effect": "Allow", "Action": "s3:*", "Resource": "{resource}""#);
        assert_eq!(of_statement(&statement).as_deref(), expected, "{resource}");
    }
}

#[test]
fn conditions_are_checked() {
    for (condition, expected) in [
        (r#"{"StringEqualsIfExists": {"a": "b"}}"#, None),
        (r#"{"ForAnyValue:StringEqualsIfExists": {"a": "b"}}"#, None),
        (
            r#"{"ForAllValues:StringLike": {"aws:TagKeys": ["a", "b"]}}"#,
            None,
        ),
        (
            r#"{"Bool": {"aws:SecureTransport": true}, "NumericLessThan": {"s3:max-keys": 10}}"#,
            None,
        ),
        (r#"{"DateGreaterThan": {"a": []}}"#, None),
        (r#"{"DateGreaterThan": {}}"#, None),
        (r#"{"unknown": {}}"#, None),
        (r#"{"unknown": {"a": "1"}}"#, Some(SYNTAX)),
        (r#"{"stringequals": {"a": "1"}}"#, Some(SYNTAX)),
        (r#"{"NullIfExists": {"a": "true"}}"#, Some(SYNTAX)),
        (r#"{"ForAnyValue::StringEquals": {"a": "b"}}"#, Some(SYNTAX)),
        (r#"{"StringEquals": {"a": "b", "a": "c"}}"#, Some(SYNTAX)),
        (r#"{"StringEquals": {"a": {}}}"#, Some(SYNTAX)),
        (r#"{"StringEquals": "a"}"#, Some(SYNTAX)),
        (r#"[{"StringEquals": {"a": "b"}}]"#, Some(SYNTAX)),
        (r#""a""#, Some(SYNTAX)),
        (r#"{"DateLessThan": {"a": "2019-07-01T13:20:15Z"}}"#, None),
        (
            r#"{"DateLessThan": {"a": "2016-12-13T21:20:37.593194+00:00"}}"#,
            None,
        ),
        (r#"{"DateLessThan": {"a": "1234567890"}}"#, None),
        (r#"{"DateLessThan": {"a": "sdfdsf"}}"#, Some(LEGACY)),
        (r#"{"DateLessThan": {"a": "234-13"}}"#, Some(LEGACY)),
        (
            r#"{"DateLessThan": {"a": "9223372036854775808"}}"#,
            Some(LEGACY),
        ),
        (
            r#"{"DateLessThan": {"a": "2016-12-13t2:00:00.593194+1"}}"#,
            Some(LEGACY),
        ),
    ] {
        let statement = format!(
            r#""Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {condition}"#
        );
        assert_eq!(of_statement(&statement).as_deref(), expected, "{condition}");
    }
}

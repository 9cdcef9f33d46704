//! Amazon Resource Names: reading, printing, and their six parts.
//!
//! Must not know which resources exist, nor what a service allows in its part.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The longest ARN that AWS takes, in characters.
pub const MAX_ARN_CHARS: usize = 2048;

/// An ARN: `arn:partition:service:region:account:resource`.
///
/// The resource part is everything after the fifth colon, colons included.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn {
    text: String,
    /// Where the five colons stand.
    colons: [usize; 5],
}

impl Arn {
    /// An ARN of the partition `aws`. Region and account may be empty, as they are for S3 and IAM.
    pub fn new(service: &str, region: &str, account: &str, resource: &str) -> Result<Self> {
        format!("arn:aws:{service}:{region}:{account}:{resource}").parse()
    }

    /// The whole ARN as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub fn partition(&self) -> &str {
        self.part(0)
    }

    /// The service's namespace: `s3`, `iam`, `glue`.
    pub fn service(&self) -> &str {
        self.part(1)
    }

    /// The region; empty for services without regions.
    pub fn region(&self) -> &str {
        self.part(2)
    }

    /// The account's twelve digits; empty for S3.
    pub fn account(&self) -> &str {
        self.part(3)
    }

    /// What the service calls the resource: `user/path/name`, `bucket/key`, `table/db/name`.
    pub fn resource(&self) -> &str {
        &self.text[self.colons[4] + 1..]
    }

    /// The resource's type and the rest: `role` and `path/name` of `role/path/name`.
    ///
    /// The type ends at the first `/` or `:`; without one the type is empty.
    pub fn typed_resource(&self) -> (&str, &str) {
        self.resource()
            .split_once(['/', ':'])
            .unwrap_or(("", self.resource()))
    }

    fn part(&self, index: usize) -> &str {
        &self.text[self.colons[index] + 1..self.colons[index + 1]]
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl AsRef<str> for Arn {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl FromStr for Arn {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |fault: &str| {
            Error::invalid(format!("\"{}\" is not an ARN: it {fault}", shortened(text)))
                .hint("write it like arn:aws:iam::123456789012:user/name")
        };
        if text.chars().count() > MAX_ARN_CHARS {
            return Err(wrong("is longer than 2,048 characters"));
        }
        if text.chars().any(char::is_control) {
            return Err(wrong("holds a control character"));
        }
        let mut colons = [0; 5];
        let mut found = text.match_indices(':').map(|(at, _)| at);
        for colon in &mut colons {
            *colon = found
                .next()
                .ok_or_else(|| wrong("has fewer than six parts"))?;
        }
        let arn = Self {
            text: text.to_owned(),
            colons,
        };
        if &text[..colons[0]] != "arn" {
            return Err(wrong("does not begin with \"arn:\""));
        }
        if arn.partition().is_empty() || arn.service().is_empty() {
            return Err(wrong("has an empty partition or service"));
        }
        let account = arn.account();
        if !account.is_empty() && account != "aws" && !is_account(account) {
            return Err(wrong("has an account that is not twelve digits"));
        }
        if arn.resource().is_empty() {
            return Err(wrong("names no resource"));
        }
        Ok(arn)
    }
}

/// Whether `text` is an account's id: twelve digits.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn shortened(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(80)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_parts_are_found() {
        for (text, service, region, account, resource) in [
            ("arn:aws:s3:::b/a:b.json", "s3", "", "", "b/a:b.json"),
            (
                "arn:aws:iam::123456789012:user/div/x",
                "iam",
                "",
                "123456789012",
                "user/div/x",
            ),
            (
                "arn:aws:logs:us-east-1:123456789012:log-group:/aws/x:*",
                "logs",
                "us-east-1",
                "123456789012",
                "log-group:/aws/x:*",
            ),
            (
                "arn:aws:iam::aws:policy/ReadOnlyAccess",
                "iam",
                "",
                "aws",
                "policy/ReadOnlyAccess",
            ),
        ] {
            let arn: Arn = text.parse().unwrap();
            assert_eq!(arn.to_string(), text);
            assert_eq!(
                (arn.partition(), arn.service(), arn.region(), arn.account()),
                ("aws", service, region, account)
            );
            assert_eq!(arn.resource(), resource);
            assert_eq!(
                Arn::new(service, region, account, resource).unwrap(),
                arn,
                "{text}"
            );
        }
    }

    #[test]
    fn the_type_of_a_resource_is_found() {
        for (text, kind, rest) in [
            ("arn:aws:iam::123456789012:role/a/b", "role", "a/b"),
            (
                "arn:aws:lambda:r:123456789012:function:f:1",
                "function",
                "f:1",
            ),
            ("arn:aws:s3:::b", "", "b"),
        ] {
            let arn: Arn = text.parse().unwrap();
            assert_eq!(arn.typed_resource(), (kind, rest));
        }
    }

    #[test]
    fn what_is_no_arn_is_refused() {
        for (text, fault) in [
            ("", "six parts"),
            ("arn:aws:s3:::", "no resource"),
            ("arn:aws:s3::b", "six parts"),
            ("arn::s3:::b", "empty partition"),
            ("arn:aws::::b", "empty partition or service"),
            ("urn:aws:s3:::b", "begin with"),
            ("arn:aws:iam::12345:user/x", "twelve digits"),
            ("arn:aws:s3:::b\n", "control character"),
            (&format!("arn:aws:s3:::{}", "x".repeat(2048)), "2,048"),
        ] {
            let error = text.parse::<Arn>().unwrap_err().to_string();
            assert!(error.contains(fault), "{text}: {error}");
        }
    }
}

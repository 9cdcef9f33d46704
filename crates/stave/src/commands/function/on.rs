//! Which objects start a function: `s3://bucket/prefix*suffix`.

use std::str::FromStr;

use stave_core::{BucketName, Error, S3Uri};
use stave_services::notifications::FunctionNotification;

/// What other tools have in patterns and notifications have not.
const OTHERS: [char; 5] = ['?', '[', ']', '{', '}'];

/// Objects of a bucket whose keys begin and end so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    /// The bucket.
    pub bucket: BucketName,
    prefix: String,
    suffix: String,
}

impl FromStr for On {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let possible = "a notification is about keys that begin and end so: \
                        s3://BUCKET/PREFIX*SUFFIX, s3://BUCKET/PREFIX/ or s3://BUCKET";
        let refused = |why: &str| Error::invalid(format!("\"{text}\" {why}")).hint(possible);
        let uri: S3Uri = text.parse()?;
        if uri.key.contains(OTHERS) {
            return Err(refused("is a pattern that S3's notifications do not have"));
        }
        let (prefix, suffix) = match uri.key.split_once('*') {
            Some((_, rest)) if rest.contains('*') => return Err(refused("has more than one *")),
            Some(both) => both,
            None if uri.key.is_empty() || uri.key.ends_with('/') => (uri.key.as_str(), ""),
            None => return Err(refused("names one object")),
        };
        Ok(Self {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            bucket: uri.bucket,
        })
    }
}

impl On {
    /// What the bucket is to tell the function of that name and ARN.
    pub fn notification(&self, name: &str, arn: &str) -> FunctionNotification {
        let parts = [("prefix", &self.prefix), ("suffix", &self.suffix)];
        let filters = parts.iter().filter(|(_, value)| !value.is_empty());
        FunctionNotification {
            // At most 255 characters; what is the same then is told apart by the service.
            id: Some(self.id(name)),
            function_arn: arn.to_owned(),
            events: vec!["s3:ObjectCreated:*".to_owned()],
            filters: filters
                .map(|(name, value)| ((*name).to_owned(), (*value).clone()))
                .collect(),
        }
    }

    fn id(&self, name: &str) -> String {
        let id = format!("{name} on {}*{}", self.prefix, self.suffix);
        id.chars().take(255).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_prefix_and_a_suffix() {
        let filters = |text: &str| {
            let on: On = text.parse().expect(text);
            assert_eq!(on.bucket.as_str(), "lake", "{text}");
            let notification = on.notification("f", "arn");
            let filters = notification.filters.into_iter();
            filters
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        for (text, expected) in [
            ("s3://lake/raw/*.json", "prefix=raw/ suffix=.json"),
            ("s3://lake/raw/", "prefix=raw/"),
            ("s3://lake/raw/*", "prefix=raw/"),
            ("s3://lake/*.csv", "suffix=.csv"),
            ("s3://lake/a b:c/*", "prefix=a b:c/"),
            ("s3://lake", ""),
            ("s3://lake/*", ""),
        ] {
            assert_eq!(filters(text), expected, "{text}");
        }
    }

    #[test]
    fn what_a_notification_cannot_say_is_refused() {
        for text in [
            "s3://lake/**/x.json",
            "s3://lake/*/x/*.json",
            "s3://lake/raw/one.json",
            "s3://lake/raw/?.json",
            "s3://lake/raw/[0-9].json",
            "s3://lake/raw/{a,b}*",
            "lake/raw/*",
            "s3://",
            "s3://UPPER/*",
        ] {
            let refused = text.parse::<On>();
            assert!(refused.is_err(), "{text}: {refused:?}");
        }
    }
}

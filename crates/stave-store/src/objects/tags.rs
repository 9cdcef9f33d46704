//! Tags of objects and buckets, and S3's rules for them.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>

use std::collections::BTreeMap;

use stave_core::Result;

use super::ObjectFault;

/// Names and values by which objects and buckets are told apart.
pub type Tags = BTreeMap<String, String>;

/// The most tags that an object has.
pub const MAX_OBJECT_TAGS: usize = 10;
/// The most tags that a bucket has.
pub const MAX_BUCKET_TAGS: usize = 50;
/// The longest name and value of a tag in UTF-16 units, as S3 counts them.
const MAX_NAME: usize = 128;
const MAX_VALUE: usize = 256;

/// Refuses tags that S3 refuses.
pub(crate) fn check_tags(tags: &Tags, most: usize) -> Result<()> {
    if tags.len() > most {
        return Err(ObjectFault::InvalidTag.error(format!(
            "{} tags are more than the {most} that S3 allows",
            tags.len()
        )));
    }
    for (name, value) in tags {
        let fault = if name.is_empty() {
            "has an empty key"
        } else if name.encode_utf16().count() > MAX_NAME {
            "has a key of more than 128 characters"
        } else if value.encode_utf16().count() > MAX_VALUE {
            "has a value of more than 256 characters"
        } else if name.starts_with("aws:") {
            "has a key that begins with aws:, which only AWS may use"
        } else if !name.chars().chain(value.chars()).all(is_allowed) {
            "has a character that S3 does not allow in tags"
        } else {
            continue;
        };
        return Err(ObjectFault::InvalidTag
            .error(format!("tag \"{name}\" {fault}"))
            .hint("letters, digits, spaces and + - = . _ : / @ may stand in tags"));
    }
    Ok(())
}

fn is_allowed(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "+-=._:/@".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_follow_the_rules() {
        let one = |name: &str, value: &str| Tags::from([(name.to_owned(), value.to_owned())]);
        for good in [
            Tags::new(),
            one("Größe", "a b+c-d=e.f_g:h/i@j"),
            one("k", ""),
        ] {
            check_tags(&good, MAX_OBJECT_TAGS).expect("fine");
        }
        let many = (0..11).map(|at| (at.to_string(), String::new())).collect();
        for bad in [
            many,
            one("", "x"),
            one("aws:x", "y"),
            one(&"k".repeat(129), ""),
            one("k", &"v".repeat(257)),
            one("k", "<"),
            one("k", "\u{1}"),
        ] {
            let error = check_tags(&bad, MAX_OBJECT_TAGS).expect_err("refused");
            assert_eq!(ObjectFault::of(&error), Some(ObjectFault::InvalidTag));
        }
    }
}

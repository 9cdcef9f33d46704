//! The paths that lead to the rows of a JSON file: `$`, `$.items[*]`,
//! `$['tracks'].items[*]`.

use crate::error::{Error, Result};

/// The most steps of a path.
const MAX_STEPS: usize = 32;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonStep {
    /// Into the member of an object.
    Member(String),
    /// To each element of an array.
    Elements,
}

/// Reads a path. A `[*]` at its front is left out: the elements of an array that is the
/// whole file are values of their own already.
pub fn parse_json_path(path: &str) -> Result<Vec<JsonStep>> {
    let wrong = || {
        Error::unsupported(format!("the path \"{path}\" is not supported"))
            .hint("write it of names and [*], like $.items[*] or $['items'][*].track")
    };
    let mut rest = path.trim().strip_prefix('$').ok_or_else(wrong)?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix("[*]") {
            steps.push(JsonStep::Elements);
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("['") {
            let (name, behind) = behind.split_once("']").ok_or_else(wrong)?;
            steps.push(JsonStep::Member(name.to_owned()));
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            let (name, behind) = behind.split_at(end);
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
            if name.is_empty() || !name.chars().all(plain) {
                return Err(wrong());
            }
            steps.push(JsonStep::Member(name.to_owned()));
            rest = behind;
        } else {
            return Err(wrong());
        }
        if steps.len() > MAX_STEPS {
            return Err(Error::limit_exceeded(format!(
                "the path \"{path}\" has more than {MAX_STEPS} steps"
            )));
        }
    }
    if steps.first() == Some(&JsonStep::Elements) {
        steps.remove(0);
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_or_refused() {
        let member = |name: &str| JsonStep::Member(name.to_owned());
        for (path, steps) in [
            ("$", vec![]),
            ("$[*]", vec![]),
            ("$.items[*]", vec![member("items"), JsonStep::Elements]),
            (
                "$['a b'].c[*][*].d-e",
                vec![
                    member("a b"),
                    member("c"),
                    JsonStep::Elements,
                    JsonStep::Elements,
                    member("d-e"),
                ],
            ),
            ("$[*].x", vec![member("x")]),
        ] {
            assert_eq!(parse_json_path(path).unwrap(), steps, "{path}");
        }
        for path in [
            "",
            "items",
            "$items",
            "$..items",
            "$.items[0]",
            "$.*",
            "$.a[?(@.b)]",
            "$['a",
            "$.a b",
        ] {
            assert!(parse_json_path(path).is_err(), "{path}");
        }
        assert!(parse_json_path(&format!("${}", ".a".repeat(33))).is_err());
    }
}

//! Answers as bytes. A page of tracks tells the same two hundred markets two
//! hundred times: in the answer's value such a list is a word, and becomes the
//! list as it is written.

use std::sync::OnceLock;

use serde::ser::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::params::markets;

/// What the word for a list of markets begins with; no text of an answer does.
const MARK: char = '\u{1}';

/// The word for the first `count` markets.
pub(super) fn first_markets(count: usize) -> Value {
    Value::String(format!("{MARK}{count}"))
}

/// The bytes of an answer.
pub(super) fn bytes(body: &Value) -> Vec<u8> {
    serde_json::to_vec(&Sent(body)).unwrap_or_default()
}

struct Sent<'a>(&'a Value);

impl Serialize for Sent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(list) => serializer.collect_seq(list.iter().map(Sent)),
            Value::Object(members) => {
                serializer.collect_map(members.iter().map(|(name, value)| (name, Sent(value))))
            }
            Value::String(text) => match listed(text) {
                Some(list) => list.serialize(serializer),
                None => serializer.serialize_str(text),
            },
            plain => plain.serialize(serializer),
        }
    }
}

/// The list that a word stands for.
fn listed(text: &str) -> Option<&'static RawValue> {
    static LISTS: OnceLock<Vec<Box<RawValue>>> = OnceLock::new();
    let count: usize = text.strip_prefix(MARK)?.parse().ok()?;
    let lists = LISTS.get_or_init(|| {
        let all: Vec<&str> = markets().collect();
        let lists = (0..=all.len()).map(|count| serde_json::value::to_raw_value(&all[..count]));
        lists.filter_map(Result::ok).collect()
    });
    lists.get(count).map(AsRef::as_ref)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_word_is_sent_as_the_list_that_it_stands_for() {
        let all: Vec<&str> = markets().collect();
        for count in [0, 1, all.len()] {
            let sent = bytes(&json!({ "a": [first_markets(count), "\u{1}x", 1.5, null] }));
            let read: Value = serde_json::from_slice(&sent).unwrap();
            assert_eq!(read, json!({ "a": [all[..count], "\u{1}x", 1.5, null] }));
        }
    }
}

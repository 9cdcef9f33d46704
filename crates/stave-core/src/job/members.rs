//! Writes the members of a node, and what every kind of node has to do for it.

use serde_json::{Map, Value};

use super::fields::Fields;
use super::words::Word;
use super::wrong::Read;

/// The members of a node as they are written.
#[derive(Default)]
pub(super) struct Members(pub Map<String, Value>);

impl Members {
    /// Writes a member.
    pub fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Writes a member that may be absent.
    pub fn put_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    /// Writes a word that may be absent.
    pub fn put_word(&mut self, name: &str, word: Option<impl Word>) {
        self.put_some(name, word.map(Word::as_str));
    }

    /// Writes a list unless it is empty.
    pub fn put_list<T: Clone + Into<Value>>(&mut self, name: &str, list: &[T]) {
        if !list.is_empty() {
            self.put(name, list.to_vec());
        }
    }

    /// Writes a list of maps.
    pub fn put_each<T>(&mut self, name: &str, list: &[T], each: impl Fn(&T, &mut Members)) {
        let maps: Vec<Value> = list
            .iter()
            .map(|item| {
                let mut members = Members::default();
                each(item, &mut members);
                Value::Object(members.0)
            })
            .collect();
        self.put(name, maps);
    }
}

/// What every kind of node can do: be read from its members and be written back.
pub(super) trait Body: Sized {
    /// Reads the members other than `Name` and `Inputs`.
    fn read(fields: &mut Fields<'_>) -> Read<Self>;
    /// Writes the members other than `Name`, `Inputs` and those that were kept.
    fn write(&self, members: &mut Members);
}

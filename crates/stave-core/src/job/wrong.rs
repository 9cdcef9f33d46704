//! An error about a job file that knows the node and the member it is about.

use super::lines;
use crate::error::{Error, Result};

/// What is wrong, and where in the job file.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The node's id and name.
    pub node: Option<(String, String)>,
    /// The member and what is below it: `Columns[0].Keys`.
    pub field: Option<String>,
    /// What is wrong there.
    pub error: Error,
}

pub(super) type Read<T> = Result<T, Wrong>;

impl Wrong {
    /// Something about `field`.
    pub fn at(field: impl Into<String>, error: Error) -> Self {
        Self {
            node: None,
            field: Some(field.into()),
            error,
        }
    }

    /// Something about the node or the file as a whole.
    pub fn whole(error: Error) -> Self {
        Self {
            node: None,
            field: None,
            error,
        }
    }

    /// Says which node it is about, unless that is said already.
    pub fn in_node(mut self, id: &str, name: &str) -> Self {
        self.node
            .get_or_insert_with(|| (id.to_owned(), name.to_owned()));
        self
    }

    /// The error for the user; `text` is the job file, `ids` are its nodes.
    pub fn into_error(self, text: Option<&str>, ids: &[&str]) -> Error {
        let Some((id, name)) = self.node else {
            return match self.field {
                Some(field) => self.error.within(field),
                None => self.error,
            };
        };
        let line = text
            .and_then(|text| lines::line_of(text, &id, self.field.as_deref(), ids))
            .map_or_else(String::new, |line| format!("line {line}: "));
        let node = if id == name {
            format!("node \"{id}\"")
        } else {
            format!("node \"{name}\" ({id})")
        };
        let field = self
            .field
            .map_or_else(String::new, |field| format!(", {field}"));
        self.error.within(format!("{line}{node}{field}"))
    }
}

//! Which objects, and which events, a notification is about.

/// Objects by their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub prefix: Option<String>,
    pub suffix: Option<String>,
}

impl Filter {
    /// Whether the object of that key is meant.
    pub fn lets_through(&self, key: &str) -> bool {
        key.starts_with(self.prefix()) && key.ends_with(self.suffix())
    }

    /// Whether an object can be meant by both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let begins = |one: &str, other: &str| one.starts_with(other) || other.starts_with(one);
        let ends = |one: &str, other: &str| one.ends_with(other) || other.ends_with(one);
        begins(self.prefix(), other.prefix()) && ends(self.suffix(), other.suffix())
    }

    fn prefix(&self) -> &str {
        self.prefix.as_deref().unwrap_or_default()
    }

    fn suffix(&self) -> &str {
        self.suffix.as_deref().unwrap_or_default()
    }
}

/// Whether the event of that name (`ObjectCreated:Put`) is among those that are asked for
/// (`s3:ObjectCreated:*`).
pub(super) fn is_asked(asked: &str, name: &str) -> bool {
    let asked = asked.strip_prefix("s3:").unwrap_or(asked);
    match asked.strip_suffix('*') {
        Some(kind) => name.starts_with(kind),
        None => asked == name,
    }
}

/// Whether an event can be among both that are asked for.
pub(super) fn meet(one: &str, other: &str) -> bool {
    let plain = |asked: &str| {
        asked
            .trim_start_matches("s3:")
            .trim_end_matches('*')
            .to_owned()
    };
    is_asked(one, &plain(other)) || is_asked(other, &plain(one))
}

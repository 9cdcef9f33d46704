//! The `fields` parameter: which parts of an answer are asked for, as in
//! `items(added_at,track(name,album(!images))),total` or `tracks.items.track.id`.
//!
//! Must not know what is filtered.

use serde_json::{Map, Value};

/// How deep parentheses and dots may go.
const MOST_DEPTH: usize = 16;

/// Which members stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// With what stays of each; None: all of it.
    wanted: Vec<(String, Option<Fields>)>,
    excluded: Vec<String>,
}

impl Fields {
    /// Reads a filter; None: it is not well formed.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut rest = text;
        let fields = Self::list(&mut rest, 0)?;
        rest.is_empty().then_some(fields)
    }

    fn list(rest: &mut &str, depth: usize) -> Option<Self> {
        if depth > MOST_DEPTH {
            return None;
        }
        let mut fields = Self::default();
        loop {
            fields.member(rest, depth)?;
            match rest.strip_prefix(',') {
                Some(after) => *rest = after,
                None => return Some(fields),
            }
        }
    }

    fn member(&mut self, rest: &mut &str, depth: usize) -> Option<()> {
        *rest = rest.trim_start();
        let excluded = rest.strip_prefix('!');
        *rest = excluded.unwrap_or(rest);
        let end = rest.find([',', '(', ')', '.']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let name = name.trim().to_owned();
        *rest = after;
        if name.is_empty() {
            return None;
        }
        if excluded.is_some() {
            self.excluded.push(name);
            return Some(());
        }
        let below = if let Some(after) = rest.strip_prefix('(') {
            *rest = after;
            let below = Self::list(rest, depth + 1)?;
            *rest = rest.strip_prefix(')')?;
            Some(below)
        } else if let Some(after) = rest.strip_prefix('.') {
            *rest = after;
            if depth > MOST_DEPTH {
                return None;
            }
            let mut below = Self::default();
            below.member(rest, depth + 1)?;
            Some(below)
        } else {
            None
        };
        self.want(name, below);
        Some(())
    }

    /// The same name may come twice: `a.b,a.c` is `a(b,c)`.
    fn want(&mut self, name: String, below: Option<Self>) {
        let known = self.wanted.iter_mut().find(|(known, _)| *known == name);
        match known {
            None => self.wanted.push((name, below)),
            Some((_, Some(known))) if below.is_some() => {
                let below = below.unwrap_or_default();
                known.excluded.extend(below.excluded);
                for (name, below) in below.wanted {
                    known.want(name, below);
                }
            }
            Some((_, known)) => *known = None,
        }
    }

    /// Keeps of a value what is asked for; of a list, of each element.
    pub(super) fn filter(&self, value: Value) -> Value {
        match value {
            Value::Array(list) => list.into_iter().map(|value| self.filter(value)).collect(),
            Value::Object(members) => Value::Object(self.members(members)),
            other => other,
        }
    }

    fn members(&self, members: Map<String, Value>) -> Map<String, Value> {
        let mut kept = Map::new();
        for (name, value) in members {
            if self.excluded.contains(&name) {
                continue;
            }
            match self.wanted.iter().find(|(wanted, _)| *wanted == name) {
                Some((_, Some(below))) => {
                    kept.insert(name, below.filter(value));
                }
                Some((_, None)) => {
                    kept.insert(name, value);
                }
                // Only exclusions: all the others stay.
                None if self.wanted.is_empty() => {
                    kept.insert(name, value);
                }
                None => {}
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_keep_what_they_name() {
        let page = json!({
            "total": 2, "limit": 1,
            "items": [{"added_at": "x", "track": {"name": "n", "id": "i", "album": {"name": "a", "images": []}}}, null],
        });
        for (fields, kept) in [
            ("total", json!({"total": 2})),
            (
                "items(track(name,album(name)))",
                json!({"items": [{"track": {"name": "n", "album": {"name": "a"}}}, null]}),
            ),
            (
                "items.track.id,items.added_at",
                json!({"items": [{"added_at": "x", "track": {"id": "i"}}, null]}),
            ),
            (
                "items(track(name,album(!images)))",
                json!({"items": [{"track": {"name": "n", "album": {"name": "a"}}}, null]}),
            ),
            ("!items", json!({"total": 2, "limit": 1})),
            ("items(item(name))", json!({"items": [{}, null]})),
            ("items.track, items", json!({"items": page["items"]})),
        ] {
            assert_eq!(
                Fields::read(fields).unwrap().filter(page.clone()),
                kept,
                "{fields}"
            );
        }
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        let deep = "a(".repeat(100);
        let dots = "a.".repeat(100_000);
        for fields in [
            "", "a(", "a(b", "a)", "a,,b", "a.", "!", "a(b))", &deep, &dots,
        ] {
            assert_eq!(
                Fields::read(fields),
                None,
                "{}",
                &fields[..fields.len().min(20)]
            );
        }
    }
}

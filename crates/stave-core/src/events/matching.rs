//! Whether an event is as a pattern asks.
//!
//! Arrays are crushed out: what they hold stands for the field itself. But what is asked of
//! several fields must be found in the same element of an array.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::compile::Branch;
use super::matcher::Matcher;
use crate::error::{Error, Result};

/// How many comparisons one event may cost one pattern.
const MAX_STEPS: usize = 1_000_000;

/// In which elements of which arrays something stands, by array.
type Membership = Vec<(u32, u32)>;

#[derive(Debug)]
struct Field<'a> {
    value: &'a Value,
    membership: Membership,
}

/// An event, laid out by its paths: made once, asked of many patterns.
#[derive(Debug)]
pub struct FlatEvent<'a> {
    fields: BTreeMap<String, Vec<Field<'a>>>,
}

impl<'a> FlatEvent<'a> {
    /// Lays out an event.
    pub fn new(event: &'a Value) -> Self {
        let mut layout = Layout::default();
        layout.value(event);
        Self {
            fields: layout.fields,
        }
    }
}

#[derive(Default)]
struct Layout<'a> {
    fields: BTreeMap<String, Vec<Field<'a>>>,
    path: String,
    membership: Membership,
    arrays: u32,
}

impl<'a> Layout<'a> {
    fn value(&mut self, value: &'a Value) {
        match value {
            Value::Object(members) => {
                let length = self.path.len();
                for (name, value) in members {
                    if length > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(name);
                    self.value(value);
                    self.path.truncate(length);
                }
            }
            Value::Array(elements) => {
                let array = self.arrays;
                self.arrays += 1;
                for (index, element) in (0..).zip(elements) {
                    // A plain value stands for the field: nothing else is found within it.
                    if element.is_object() || element.is_array() {
                        self.membership.push((array, index));
                        self.value(element);
                        self.membership.pop();
                    } else {
                        self.value(element);
                    }
                }
            }
            plain => {
                let field = Field {
                    value: plain,
                    membership: self.membership.clone(),
                };
                match self.fields.get_mut(&self.path) {
                    Some(fields) => fields.push(field),
                    None => {
                        self.fields.insert(self.path.clone(), vec![field]);
                    }
                }
            }
        }
    }
}

/// Both memberships together; none when they are in different elements of one array.
fn joined(one: &Membership, other: &Membership) -> Option<Membership> {
    let mut all = one.clone();
    for (array, index) in other {
        match one.iter().find(|(known, _)| known == array) {
            Some((_, known)) if known != index => return None,
            Some(_) => {}
            None => all.push((*array, *index)),
        }
    }
    all.sort_unstable();
    Some(all)
}

/// Whether an event is as one of the branches asks.
pub(super) fn matches(branches: &[Branch], event: &FlatEvent<'_>) -> Result<bool> {
    let mut steps = 0;
    for branch in branches {
        if matches_branch(branch, event, &mut steps)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Path by path, keeps the elements of arrays in which everything so far was found.
fn matches_branch(branch: &Branch, event: &FlatEvent<'_>, steps: &mut usize) -> Result<bool> {
    let mut found = BTreeSet::from([Membership::new()]);
    for (path, matchers) in branch {
        let fields = event.fields.get(path).map_or(&[][..], Vec::as_slice);
        let may_be_absent = matchers.contains(&Matcher::Absent);
        *steps += fields.len() * matchers.len();
        let good: Vec<&Membership> = fields
            .iter()
            .filter(|field| matchers.iter().any(|matcher| matcher.matches(field.value)))
            .map(|field| &field.membership)
            .collect();
        let mut next = BTreeSet::new();
        for before in found {
            *steps += good.len() + 1;
            check(*steps)?;
            next.extend(
                good.iter()
                    .filter_map(|membership| joined(&before, membership)),
            );
            if may_be_absent {
                *steps += fields.len();
                let is_there = |field: &Field<'_>| joined(&before, &field.membership).is_some();
                if !fields.iter().any(is_there) {
                    next.insert(before);
                }
            }
        }
        if next.is_empty() {
            return Ok(false);
        }
        found = next;
    }
    Ok(true)
}

fn check(steps: usize) -> Result<()> {
    if steps > MAX_STEPS {
        return Err(Error::limit_exceeded(
            "the event's arrays are too large for what the pattern asks of them",
        ));
    }
    Ok(())
}

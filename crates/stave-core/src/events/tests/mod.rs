//! Patterns and transformations as tables.

mod faults;
mod patterns;
mod shapes;
mod transformations;

use serde_json::{Value, json};

use super::*;

fn matches(pattern: &Value, event: &Value) -> bool {
    let pattern = EventPattern::parse(&pattern.to_string())
        .unwrap_or_else(|error| panic!("{pattern}: {error}"));
    pattern.matches(&FlatEvent::new(event)).expect("told")
}

//! Events as EventBridge knows them: what one looks like, which patterns match it, and what a
//! target is given of it.
//!
//! Must not know: where events come from, where they go, or any wire.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html>

mod cidr;
mod compile;
mod event;
mod matcher;
mod matching;
mod path;
pub mod platform;
#[cfg(test)]
mod tests;
mod tokens;
mod transform;
mod wildcard;

use jiff::Timestamp;

pub use event::{Event, NewEvent};
pub use matching::FlatEvent;
pub use path::InputPath;
pub use transform::{InputTransformer, Matched};

use crate::error::Result;

/// What an event must be like.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPattern(Vec<compile::Branch>);

impl EventPattern {
    /// Reads a pattern. A wrong one is an `InvalidEventPatternException` in AWS's words.
    pub fn parse(text: &str) -> Result<Self> {
        compile::compile(text).map(Self)
    }

    /// Whether `event` is as asked. An error where to tell would take too long.
    pub fn matches(&self, event: &FlatEvent<'_>) -> Result<bool> {
        matching::matches(&self.0, event)
    }
}

/// A time as events have it: `2026-11-21T10:00:00Z`.
pub fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

//! EventBridge's handlers: from the wire's types to an operation of the service, and back.
//!
//! Must not know: protocols, who may do what, what a target does.

mod buses;
mod publish;
mod rules;
mod tags;
mod targets;

use stave_core::{Error, Result};
use stave_services::Schedules;
use stave_services::schedules::{FailedTarget, PageRequest};

use super::door::Door;
use super::fault::unsupported;
use super::types::events::{SERVICE, Tag};

/// EventBridge's door.
pub fn door(schedules: &Schedules) -> Door {
    let groups = [
        buses::add,
        publish::add,
        rules::add,
        tags::add,
        targets::add,
    ];
    let door = Door::new(&SERVICE);
    groups
        .into_iter()
        .fold(door, |door, add| add(door, schedules))
}

/// Which page of a list is asked for.
fn page(next_token: Option<String>, limit: Option<i32>) -> PageRequest {
    PageRequest {
        next_token,
        limit: limit.map(count),
    }
}

/// A number that the rules of its shape keep above nothing.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// The tags of a request.
fn tags_of(tags: Option<Vec<Tag>>) -> Vec<(String, String)> {
    let tags = tags.unwrap_or_default().into_iter();
    tags.map(|tag| (tag.key, tag.value)).collect()
}

/// Refuses the first of the named members that was given: nothing is left out unsaid.
fn refuse(members: &[(&str, bool)]) -> Result<()> {
    match members.iter().find(|(_, is_given)| *is_given) {
        Some((member, _)) => Err(not_served(member)),
        None => Ok(()),
    }
}

fn not_served(member: &str) -> Error {
    unsupported(format!("{member} is not implemented"))
}

/// How many entries failed, for answers that count them.
fn failed_count(failed: &[FailedTarget]) -> i32 {
    i32::try_from(failed.len()).unwrap_or(i32::MAX)
}

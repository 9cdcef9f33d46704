//! The handlers of EventBridge's Scheduler: from the wire's types to an operation of the service,
//! and back.
//!
//! Must not know: protocols, who may do what, when a schedule is due.

mod definition;
mod groups;
mod schedules;

use stave_services::Schedules;
use stave_services::schedules::PageRequest;

use super::door::Door;
use super::types::scheduler::SERVICE;

/// The Scheduler's door.
pub fn door(service: &Schedules) -> Door {
    let groups = [groups::add, schedules::add];
    let door = Door::new(&SERVICE);
    groups
        .into_iter()
        .fold(door, |door, add| add(door, service))
}

/// Which page of a list is asked for.
fn page(next_token: Option<String>, max_results: Option<i32>) -> PageRequest {
    PageRequest {
        next_token,
        limit: max_results.map(count),
    }
}

/// A number that the rules of its shape keep above nothing.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

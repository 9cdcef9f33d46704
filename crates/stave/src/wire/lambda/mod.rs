//! Lambda's handlers: from the wire's types to an operation of the service, and back.
//!
//! Must not know: protocols, who may do what, how a function runs.

mod account;
mod aliases;
mod code;
mod events;
mod functions;
mod invoke;
mod layers;
mod permissions;
mod settings;
mod show;

use stave_core::Result;
use stave_services::Functions;
use stave_services::functions::PageRequest;

pub use self::code::{CODE_PATH, download};
use super::door::Door;
use super::fault::unsupported;
use super::types::lambda::SERVICE;

/// Which runtimes there are says the service.
const WORDED_BY_LAMBDA: &[&str] = &["runtime"];

/// Lambda's door.
pub fn door(functions: &Functions) -> Door {
    let groups = [
        account::add,
        aliases::add,
        events::add,
        functions::add,
        invoke::add,
        layers::add,
        permissions::add,
    ];
    let door = Door::new(&SERVICE).leaving(WORDED_BY_LAMBDA);
    groups
        .into_iter()
        .fold(door, |door, add| add(door, functions))
}

/// Which page of a list is asked for.
fn page(marker: Option<String>, max_items: Option<i32>) -> PageRequest {
    PageRequest {
        marker: marker.filter(|marker| !marker.is_empty()),
        max_items: max_items.map(count),
    }
}

/// A number that the rules of its shape keep above nothing.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// The number of a version, which counts from 1.
fn version(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// Refuses what would change the meaning of a request and is not implemented.
fn refuse(operation: &str, given: &[(&str, bool)]) -> Result<()> {
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((member, _)) => Err(unsupported(format!(
            "{member} of lambda:{operation} is not implemented"
        ))),
        None => Ok(()),
    }
}

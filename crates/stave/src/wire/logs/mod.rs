//! CloudWatch Logs' handlers: from the wire's types to an operation of the service, and back.
//!
//! Must not know: protocols, who may do what.

mod events;
mod filters;
mod groups;
mod queries;
mod streams;

use stave_core::{Error, Result};
use stave_services::Telemetry;
use stave_services::telemetry::PageRequest;

use super::door::Door;
use super::fault::unsupported;
use super::types::logs::SERVICE;

/// CloudWatch Logs' door.
pub fn door(telemetry: &Telemetry) -> Door {
    let groups = [
        events::add,
        filters::add,
        groups::add,
        queries::add,
        streams::add,
    ];
    let door = Door::new(&SERVICE).refusing_as("InvalidParameterException");
    groups
        .into_iter()
        .fold(door, |door, add| add(door, telemetry))
}

/// Which page of a list is asked for.
fn page(token: Option<String>, limit: Option<i32>) -> PageRequest {
    PageRequest {
        token,
        limit: limit.map(i32::unsigned_abs),
    }
}

/// A parameter is wrong.
fn invalid(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("InvalidParameterException")
}

/// The group that is named in one of two ways.
fn group(name: Option<String>, identifier: Option<String>) -> Result<String> {
    match (name, identifier) {
        (Some(name), None) | (None, Some(name)) => Ok(name),
        (None, None) => Err(invalid(
            "logGroupName or logGroupIdentifier must be specified",
        )),
        (Some(_), Some(_)) => Err(invalid(
            "logGroupName and logGroupIdentifier cannot be given together",
        )),
    }
}

/// Refuses what would change the meaning of a request and is not there.
fn refuse(given: &[(&str, bool)]) -> Result<()> {
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => Err(unsupported(format!("{name} is not implemented"))),
        None => Ok(()),
    }
}

/// A page of a list whose items are all known: from a token that counts them.
fn counted<T>(
    items: Vec<T>,
    token: Option<&str>,
    limit: Option<i32>,
    most: usize,
) -> Result<(Vec<T>, Option<String>)> {
    let skipped = match token {
        None => 0,
        Some(token) => token
            .parse::<usize>()
            .map_err(|_| invalid("The specified nextToken is invalid."))?,
    };
    let limit = limit.map_or(most, |limit| limit.unsigned_abs() as usize);
    if limit == 0 || limit > most {
        return Err(invalid(format!("{limit} items are not 1 to {most}")));
    }
    let next = (items.len() > skipped.saturating_add(limit)).then(|| (skipped + limit).to_string());
    let page = items.into_iter().skip(skipped).take(limit).collect();
    Ok((page, next))
}

/// A count as a number of 32 bits.
fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

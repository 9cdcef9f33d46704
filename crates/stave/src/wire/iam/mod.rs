//! IAM's handlers: from the wire's types to an operation of the service, and back.
//!
//! Must not know: protocols, who may do what.

mod account;
mod groups;
mod keys;
mod logins;
mod managed;
mod permissions;
mod roles;
mod show;
mod simulate;
mod tags;
mod users;

use stave_services::Iam;
use stave_services::iam::{PageRequest, Tags};

use super::door::Door;
use super::types::iam::{SERVICE, Tag};

/// Names and paths: the service says of them what IAM says.
const WORDED_BY_IAM: &[&str] = &[
    r"[\w+=,.@-]+",
    r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)",
    r"((/[A-Za-z0-9\.,\+@=_-]+)*)/",
];

/// IAM's door.
pub fn door(iam: &Iam) -> Door {
    let groups = [
        account::add,
        groups::add,
        keys::add,
        logins::add,
        managed::add,
        permissions::add,
        roles::add,
        simulate::add,
        tags::add,
        users::add,
    ];
    let door = Door::new(&SERVICE).leaving(WORDED_BY_IAM);
    groups.into_iter().fold(door, |door, add| add(door, iam))
}

/// Which page of a list is asked for.
fn page(marker: Option<String>, max_items: Option<i32>) -> PageRequest {
    PageRequest {
        marker,
        max_items: max_items.map(count),
    }
}

/// A number that the rules of its shape keep above nothing.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// The tags of a request.
fn tags_of(tags: Option<Vec<Tag>>) -> Tags {
    let tags = tags.unwrap_or_default().into_iter();
    tags.map(|tag| (tag.key, tag.value)).collect()
}

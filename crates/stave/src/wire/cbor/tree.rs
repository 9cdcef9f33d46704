//! Values as CBOR, guided by their shape.

use std::collections::HashSet;

use jiff::Timestamp;
use stave_core::{Error, Result};

use super::item::Item;
use crate::wire::json::tree::wanted;
use crate::wire::path::Path;
use crate::wire::shape::{Kind, Location, Member, Shape};
use crate::wire::text;
use crate::wire::value::Value;

/// What marks a number as seconds since 1970.
const EPOCH_SECONDS: u64 = 1;

fn wrong(path: &Path<'_>, is: &Item, wanted: &str) -> Error {
    let is = match is {
        Item::Unsigned(_) | Item::Negative(_) => "a whole number",
        Item::Bytes(_) => "bytes",
        Item::Text(_) => "a text",
        Item::Array(_) => "a list",
        Item::Map(_) => "a map",
        Item::Tag(..) => "a tagged value",
        Item::Boolean(_) => "true or false",
        Item::Null => "null",
        Item::Float(_) => "a number",
    };
    let path = path.sent();
    let path = if path.is_empty() { "The body" } else { &path };
    Error::invalid(format!("{path} is {is}: it must be {wanted}")).coded("MalformedInput")
}

/// The value that `item` says; none where it is null.
pub fn decode(shape: &Shape, item: Item, path: &Path<'_>) -> Result<Option<Value>> {
    Ok(Some(match (&shape.kind, item) {
        (_, Item::Null) => return Ok(None),
        (Kind::Structure(members), Item::Map(entries)) => structure(members, entries, path)?,
        (Kind::List { of, .. }, Item::Array(items)) => {
            let items = items.into_iter().zip(1..).map(|(item, number)| {
                let path = path.item(number);
                decode(of, item, &path)?.ok_or_else(|| wrong(&path, &Item::Null, "a value"))
            });
            Value::List(items.collect::<Result<_>>()?)
        }
        (Kind::Map { value, .. }, Item::Map(entries)) => map(value, entries, path)?,
        (Kind::String, Item::Text(text)) => Value::Text(text),
        (Kind::Boolean, Item::Boolean(value)) => Value::Boolean(value),
        (Kind::Blob, Item::Bytes(bytes)) => Value::Blob(bytes.into()),
        (kind, item) => match scalar(kind, &item) {
            Some(value) => value,
            None => return Err(wrong(path, &item, wanted(kind))),
        },
    }))
}

fn structure(members: &[Member], entries: Vec<(String, Item)>, path: &Path<'_>) -> Result<Value> {
    let mut values: Vec<Option<Value>> = members.iter().map(|_| None).collect();
    for (key, item) in entries {
        let place = members
            .iter()
            .position(|member| member.wire == key && member.location == Location::Body);
        // What is not known is passed over, as AWS does.
        let Some(place) = place else { continue };
        let path = path.member(&key);
        if values[place].is_some() {
            return Err(twice(&path));
        }
        values[place] = decode(members[place].shape, item, &path)?;
    }
    Ok(Value::Structure(values))
}

fn map(of: &Shape, entries: Vec<(String, Item)>, path: &Path<'_>) -> Result<Value> {
    let mut seen = HashSet::with_capacity(entries.len());
    let mut values = Vec::with_capacity(entries.len());
    for (key, item) in entries {
        let path = path.entry(&key);
        if !seen.insert(key.clone()) {
            return Err(twice(&path));
        }
        let value = decode(of, item, &path)?;
        if let Some(value) = value {
            values.push((key, value));
        }
    }
    Ok(Value::Map(values))
}

fn twice(path: &Path<'_>) -> Error {
    Error::invalid(format!("{} is there twice", path.sent())).coded("MalformedInput")
}

fn scalar(kind: &Kind, item: &Item) -> Option<Value> {
    Some(match (kind, item) {
        (Kind::Integer(bits), item) => {
            let whole = whole(item)?;
            if *bits == 32 {
                i32::try_from(whole).ok()?;
            }
            Value::Integer(whole)
        }
        (Kind::Float, Item::Float(number)) => Value::Float(*number),
        (Kind::Float, item) => Value::Float(whole(item)? as f64),
        (Kind::Timestamp(_), Item::Tag(EPOCH_SECONDS, item)) => Value::Time(match &**item {
            Item::Float(seconds) => text::from_seconds(*seconds)?,
            item => Timestamp::from_second(whole(item)?).ok()?,
        }),
        _ => return None,
    })
}

fn whole(item: &Item) -> Option<i64> {
    match item {
        Item::Unsigned(number) => i64::try_from(*number).ok(),
        Item::Negative(number) => i64::try_from(*number).ok().map(|number| -1 - number),
        _ => None,
    }
}

/// A value as an item.
pub fn encode(shape: &Shape, value: Value) -> Item {
    match (&shape.kind, value) {
        (Kind::Structure(members), Value::Structure(values)) => {
            let given = members.iter().zip(values).filter_map(|(member, value)| {
                let value = value.filter(|_| member.location == Location::Body)?;
                Some((member.wire.to_owned(), encode(member.shape, value)))
            });
            Item::Map(given.collect())
        }
        (Kind::List { of, .. }, Value::List(items)) => {
            Item::Array(items.into_iter().map(|item| encode(of, item)).collect())
        }
        (Kind::Map { value: of, .. }, Value::Map(entries)) => {
            let entries = entries.into_iter();
            Item::Map(
                entries
                    .map(|(key, value)| (key, encode(of, value)))
                    .collect(),
            )
        }
        (_, Value::Text(text)) => Item::Text(text),
        (_, Value::Boolean(value)) => Item::Boolean(value),
        (_, Value::Integer(number)) => Item::integer(number),
        (_, Value::Float(number)) => Item::Float(number),
        (_, Value::Time(at)) => {
            let seconds = text::seconds(at);
            let number = if seconds.fract() == 0.0 {
                Item::integer(seconds as i64)
            } else {
                Item::Float(seconds)
            };
            Item::Tag(EPOCH_SECONDS, Box::new(number))
        }
        (_, Value::Blob(bytes)) => Item::Bytes(bytes.to_vec()),
        // The protocol has no documents.
        (_, Value::Document(_) | Value::Structure(_) | Value::List(_) | Value::Map(_)) => {
            Item::Null
        }
    }
}

//! Values as JSON, guided by their shape.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value as Json};
use stave_core::{Error, Result};

use crate::wire::path::Path;
use crate::wire::shape::{Kind, Location, Member, Shape, TimestampFormat};
use crate::wire::text;
use crate::wire::value::Value;

fn wrong(path: &Path<'_>, is: &Json, wanted: &str) -> Error {
    let is = match is {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    };
    let path = path.sent();
    let path = if path.is_empty() { "The body" } else { &path };
    Error::invalid(format!("{path} is {is}: it must be {wanted}")).coded("MalformedInput")
}

/// The value that `json` says; none where it is null.
pub fn decode(shape: &Shape, json: Json, path: &Path<'_>) -> Result<Option<Value>> {
    Ok(Some(match (&shape.kind, json) {
        (Kind::Document, json) => Value::Document(json),
        (_, Json::Null) => return Ok(None),
        (Kind::Structure(members), Json::Object(object)) => structure(members, object, path)?,
        (Kind::List { of, .. }, Json::Array(items)) => {
            let items = items.into_iter().zip(1..).map(|(item, number)| {
                let path = path.item(number);
                decode(of, item, &path)?.ok_or_else(|| wrong(&path, &Json::Null, "a value"))
            });
            Value::List(items.collect::<Result<_>>()?)
        }
        (Kind::Map { value, .. }, Json::Object(object)) => {
            let mut entries = Vec::with_capacity(object.len());
            for (key, json) in object {
                if let Some(value) = decode(value, json, &path.entry(&key))? {
                    entries.push((key, value));
                }
            }
            Value::Map(entries)
        }
        (Kind::String, Json::String(text)) => Value::Text(text),
        (Kind::Boolean, Json::Bool(value)) => Value::Boolean(value),
        (kind, json) => scalar(kind, &json).ok_or_else(|| wrong(path, &json, wanted(kind)))?,
    }))
}

/// The structure whose members stand in `object`; those that stand elsewhere are left out.
pub fn structure(
    members: &[Member],
    mut object: Map<String, Json>,
    path: &Path<'_>,
) -> Result<Value> {
    let values = members.iter().map(|member| {
        if member.location != Location::Body {
            return Ok(None);
        }
        let Some(json) = object.remove(member.wire) else {
            return Ok(None);
        };
        decode(member.shape, json, &path.member(member.wire))
    });
    values.collect::<Result<_>>().map(Value::Structure)
}

/// What a value of that kind must be, in words.
pub fn wanted(kind: &Kind) -> &'static str {
    match kind {
        Kind::Structure(_) | Kind::Map { .. } => "an object",
        Kind::List { .. } => "a list",
        Kind::String => "a text",
        Kind::Boolean => "true or false",
        Kind::Integer(32) => "a whole number of 32 bits",
        Kind::Integer(_) => "a whole number of 64 bits",
        Kind::Float => "a number",
        Kind::Timestamp(_) => "a timestamp",
        Kind::Blob => "base64",
        Kind::Document => "JSON",
    }
}

fn scalar(kind: &Kind, json: &Json) -> Option<Value> {
    Some(match (kind, json) {
        (Kind::Integer(bits), Json::Number(number)) => Value::Integer(whole(number, *bits)?),
        (Kind::Float, Json::Number(number)) => Value::Float(number.as_f64()?),
        (Kind::Float, Json::String(text)) => Value::Float(match text.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            _ => return None,
        }),
        (Kind::Timestamp(_), Json::Number(number)) => {
            Value::Time(text::from_seconds(number.as_f64()?)?)
        }
        (Kind::Timestamp(format), Json::String(text)) => {
            let format = format.unwrap_or(TimestampFormat::Iso8601);
            Value::Time(text::parse_time(text, format)?)
        }
        (Kind::Blob, Json::String(text)) => Value::Blob(STANDARD.decode(text).ok()?.into()),
        _ => return None,
    })
}

fn whole(number: &Number, bits: u32) -> Option<i64> {
    let whole = match number.as_i64() {
        Some(whole) => whole,
        // 10.0 is 10; what a float cannot hold to the unit is not taken for a whole number.
        None => number
            .as_f64()
            .filter(|number| number.fract() == 0.0 && number.abs() < 9e15)? as i64,
    };
    (bits == 64 || i32::try_from(whole).is_ok()).then_some(whole)
}

/// A value as JSON.
pub fn encode(shape: &Shape, value: Value) -> Json {
    match (&shape.kind, value) {
        (Kind::Structure(members), Value::Structure(values)) => {
            let mut object = Map::new();
            for (member, value) in members.iter().zip(values) {
                if let (Some(value), Location::Body) = (value, member.location) {
                    object.insert(member.wire.to_owned(), encode(member.shape, value));
                }
            }
            Json::Object(object)
        }
        (Kind::List { of, .. }, Value::List(items)) => {
            Json::Array(items.into_iter().map(|item| encode(of, item)).collect())
        }
        (Kind::Map { value: of, .. }, Value::Map(entries)) => {
            let entries = entries.into_iter();
            Json::Object(
                entries
                    .map(|(key, value)| (key, encode(of, value)))
                    .collect(),
            )
        }
        (Kind::Timestamp(Some(format)), Value::Time(at))
            if *format != TimestampFormat::UnixTimestamp =>
        {
            Json::String(text::time(at, *format))
        }
        (_, Value::Text(text)) => Json::String(text),
        (_, Value::Boolean(value)) => Json::Bool(value),
        (_, Value::Integer(number)) => Json::from(number),
        (_, Value::Float(number)) => float(number),
        (_, Value::Time(at)) => {
            let seconds = text::seconds(at);
            if seconds.fract() == 0.0 {
                Json::from(seconds as i64)
            } else {
                Json::from(seconds)
            }
        }
        (_, Value::Blob(bytes)) => Json::String(STANDARD.encode(bytes)),
        (_, Value::Document(json)) => json,
        (_, Value::Structure(_) | Value::List(_) | Value::Map(_)) => Json::Null,
    }
}

/// A number; those that JSON cannot say have names.
fn float(number: f64) -> Json {
    let name = if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    Number::from_f64(number).map_or_else(|| Json::from(name), Json::Number)
}

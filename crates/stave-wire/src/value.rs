//! What came over the wire, or is to go: a tree that fits a shape; and the way between it and
//! the types that the handlers use.
//!
//! Must not know: any protocol, any service.

use std::collections::BTreeMap;
use std::vec::IntoIter;

use bytes::Bytes;
use jiff::Timestamp;

/// A value of some shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// The members of a structure, in the order of its shape.
    Structure(Vec<Option<Self>>),
    /// The items of a list.
    List(Vec<Self>),
    /// The entries of a map, in the order in which they came.
    Map(Vec<(String, Self)>),
    /// Text.
    Text(String),
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A moment.
    Time(Timestamp),
    /// Bytes.
    Blob(Bytes),
    /// Any JSON.
    Document(serde_json::Value),
}

/// The members of a structure, taken one after the other in the order of its shape.
#[derive(Debug)]
pub struct Members(IntoIter<Option<Value>>);

impl Members {
    /// The next member, if it is there.
    ///
    /// None of the outer option means that the value does not fit the type.
    pub fn optional<T: FromValue>(&mut self) -> Option<Option<T>> {
        match self.0.next()? {
            Some(value) => T::from_value(value).map(Some),
            None => Some(None),
        }
    }

    /// The next member, which validation has found to be there.
    pub fn required<T: FromValue>(&mut self) -> Option<T> {
        T::from_value(self.0.next()??)
    }
}

impl Value {
    /// The members of a structure.
    pub fn into_members(self) -> Option<Members> {
        match self {
            Self::Structure(members) => Some(Members(members.into_iter())),
            _ => None,
        }
    }
}

/// A type that a value of its shape becomes.
pub trait FromValue: Sized {
    /// The value as this type; none if it is of another shape.
    fn from_value(value: Value) -> Option<Self>;
}

/// A type that becomes a value of its shape.
pub trait IntoValue {
    /// This as a value.
    fn into_value(self) -> Value;
}

/// A member that may be left out, as a value.
pub fn optional<T: IntoValue>(member: Option<T>) -> Option<Value> {
    member.map(IntoValue::into_value)
}

impl FromValue for () {
    fn from_value(_: Value) -> Option<Self> {
        Some(())
    }
}

impl IntoValue for () {
    fn into_value(self) -> Value {
        Value::Structure(Vec::new())
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl IntoValue for String {
    fn into_value(self) -> Value {
        Value::Text(self)
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Boolean(value) => Some(value),
            _ => None,
        }
    }
}

impl IntoValue for bool {
    fn into_value(self) -> Value {
        Value::Boolean(self)
    }
}

impl FromValue for i32 {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Integer(value) => value.try_into().ok(),
            _ => None,
        }
    }
}

impl IntoValue for i32 {
    fn into_value(self) -> Value {
        Value::Integer(self.into())
    }
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Integer(value) => Some(value),
            _ => None,
        }
    }
}

impl IntoValue for i64 {
    fn into_value(self) -> Value {
        Value::Integer(self)
    }
}

impl FromValue for f64 {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Float(value) => Some(value),
            _ => None,
        }
    }
}

impl IntoValue for f64 {
    fn into_value(self) -> Value {
        Value::Float(self)
    }
}

impl FromValue for Timestamp {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Time(at) => Some(at),
            _ => None,
        }
    }
}

impl IntoValue for Timestamp {
    fn into_value(self) -> Value {
        Value::Time(self)
    }
}

impl FromValue for Bytes {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl IntoValue for Bytes {
    fn into_value(self) -> Value {
        Value::Blob(self)
    }
}

impl FromValue for serde_json::Value {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Document(value) => Some(value),
            _ => None,
        }
    }
}

impl IntoValue for serde_json::Value {
    fn into_value(self) -> Value {
        Value::Document(self)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::List(items) => items.into_iter().map(T::from_value).collect(),
            _ => None,
        }
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(IntoValue::into_value).collect())
    }
}

impl<T: FromValue> FromValue for BTreeMap<String, T> {
    fn from_value(value: Value) -> Option<Self> {
        let Value::Map(entries) = value else {
            return None;
        };
        let entries = entries.into_iter();
        entries
            .map(|(key, value)| Some((key, T::from_value(value)?)))
            .collect()
    }
}

impl<T: IntoValue> IntoValue for BTreeMap<String, T> {
    fn into_value(self) -> Value {
        let entries = self.into_iter();
        Value::Map(
            entries
                .map(|(key, value)| (key, value.into_value()))
                .collect(),
        )
    }
}

impl<T: FromValue> FromValue for Box<T> {
    fn from_value(value: Value) -> Option<Self> {
        T::from_value(value).map(Self::new)
    }
}

impl<T: IntoValue> IntoValue for Box<T> {
    fn into_value(self) -> Value {
        (*self).into_value()
    }
}

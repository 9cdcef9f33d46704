//! Finds out the types of JSON values: what kinds there are, and what holds them all.

use stave_core::hive::HiveType;
use stave_core::{Error, Result};

use super::cursor::{Cursor, Fault, Kind};
use super::numbers::{self, Number};

/// The most members an object may have as a type; one with more holds data as names.
const MAX_MEMBERS: usize = 1000;
/// The most columns of a table.
const MAX_COLUMNS: usize = 10_000;
/// How deep types nest; what lies deeper is held as its text.
const MAX_TYPE_DEPTH: usize = 32;

/// Whose types are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flavour {
    /// Names as they are, whole numbers `bigint`.
    #[default]
    Exact,
    /// A crawler's: names in lower case, whole numbers `int` where 32 bits hold them.
    Glue,
}

/// What a set of values looks like. No value at all is [`Shape::Null`].
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Shape {
    /// Nothing but `null`.
    #[default]
    Null,
    /// `true` and `false`.
    Boolean,
    /// Whole numbers of 32 bits.
    Int,
    /// Whole numbers of 64 bits.
    BigInt,
    /// Numbers with a fraction.
    Double,
    /// Strings, or kinds that have nothing in common.
    String,
    /// Arrays.
    Array(Box<Shape>),
    /// Objects, their members as they were first seen.
    Object(Vec<(String, Shape)>),
}

impl Shape {
    /// The shape of one JSON text; the reason when it is none.
    pub fn of(text: &str) -> Result<Self, String> {
        let read = || -> Result<Self, Fault> {
            let mut cursor = Cursor::new(text);
            let shape = Self::read(&mut cursor)?;
            cursor.end()?;
            Ok(shape)
        };
        read().map_err(|fault| fault.reason)
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(match cursor.kind()? {
            Kind::Null => {
                cursor.null()?;
                Self::Null
            }
            Kind::Boolean => {
                cursor.boolean()?;
                Self::Boolean
            }
            Kind::String => {
                cursor.skip()?;
                Self::String
            }
            Kind::Number => match numbers::classify(cursor.number()?) {
                Number::Int => Self::Int,
                Number::BigInt => Self::BigInt,
                Number::Double => Self::Double,
                Number::Text => Self::String,
            },
            Kind::Array => {
                cursor.open()?;
                let (mut items, mut first) = (Self::Null, true);
                while cursor.element(first)? {
                    first = false;
                    items.add(Self::read(cursor)?);
                }
                Self::Array(Box::new(items))
            }
            Kind::Object => Self::read_object(cursor)?,
        })
    }

    fn read_object(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        cursor.open()?;
        let (mut members, mut first) = (Vec::new(), true);
        while let Some(name) = cursor.member(first)? {
            first = false;
            let shape = Self::read(cursor)?;
            // What has more members than a type may have needs no more of them.
            if members.len() <= MAX_COLUMNS {
                let guess = members.len();
                add_member(&mut members, name.as_ref(), shape, guess);
            }
        }
        Ok(Self::Object(members))
    }

    /// Widens this shape so that it holds values of `other` too.
    pub fn add(&mut self, other: Self) {
        *self = match (std::mem::take(self), other) {
            (Self::Null, shape) | (shape, Self::Null) => shape,
            (Self::Array(mut items), Self::Array(others)) => {
                items.add(*others);
                Self::Array(items)
            }
            (Self::Object(mut members), Self::Object(others)) => {
                for (guess, (name, shape)) in others.into_iter().enumerate() {
                    add_member(&mut members, &name, shape, guess);
                }
                Self::Object(members)
            }
            (one, other) if one == other => one,
            (one, other) => match (one.numeric(), other.numeric()) {
                (Some(1), Some(1 | 2)) | (Some(2), Some(1)) => Self::BigInt,
                (Some(_), Some(_)) => Self::Double,
                _ => Self::String,
            },
        };
    }

    fn numeric(&self) -> Option<u8> {
        match self {
            Self::Int => Some(1),
            Self::BigInt => Some(2),
            Self::Double => Some(3),
            _ => None,
        }
    }

    /// The catalog type that holds all values of this shape.
    pub fn hive_type(&self, flavour: Flavour) -> HiveType {
        self.hive_type_at(flavour, 0)
    }

    fn hive_type_at(&self, flavour: Flavour, depth: usize) -> HiveType {
        match self {
            Self::Boolean => HiveType::Boolean,
            Self::Int if flavour == Flavour::Glue => HiveType::Int,
            Self::Int | Self::BigInt => HiveType::BigInt,
            Self::Double => HiveType::Double,
            Self::Array(items) if depth < MAX_TYPE_DEPTH => {
                HiveType::Array(Box::new(items.hive_type_at(flavour, depth + 1)))
            }
            Self::Object(members) if depth < MAX_TYPE_DEPTH && can_be_struct(members) => {
                let fields = named(members, flavour);
                let typed = fields.into_iter().map(|(name, shape)| {
                    let field = shape.hive_type_at(flavour, depth + 1);
                    (name, field)
                });
                HiveType::Struct(typed.collect())
            }
            Self::Null | Self::String | Self::Array(_) | Self::Object(_) => HiveType::String,
        }
    }

    /// The columns of a table whose rows have this shape: the members of an object.
    pub fn columns(&self, flavour: Flavour) -> Result<Vec<(String, HiveType)>> {
        let Self::Object(members) = self else {
            return Ok(Vec::new());
        };
        if members.len() > MAX_COLUMNS {
            return Err(Error::limit_exceeded(format!(
                "the objects have more than {MAX_COLUMNS} different names"
            ))
            .hint("their names seem to be data; write them as values"));
        }
        Ok(named(members, flavour)
            .into_iter()
            .filter(|(name, _)| !name.trim().is_empty())
            .map(|(name, shape)| (name, shape.hive_type_at(flavour, 1)))
            .collect())
    }
}

fn add_member(members: &mut Vec<(String, Shape)>, name: &str, shape: Shape, guess: usize) {
    let place = match members.get(guess) {
        Some((known, _)) if known == name => Some(guess),
        _ => members.iter().position(|(known, _)| known == name),
    };
    match place {
        Some(place) => members[place].1.add(shape),
        None => members.push((name.to_owned(), shape)),
    }
}

/// The members under the names that the catalog has for them.
fn named(members: &[(String, Shape)], flavour: Flavour) -> Vec<(String, Shape)> {
    if flavour == Flavour::Exact {
        return members.to_vec();
    }
    let mut folded = Vec::with_capacity(members.len());
    for (name, shape) in members {
        add_member(&mut folded, &name.to_lowercase(), shape.clone(), usize::MAX);
    }
    folded
}

/// Whether Hive can write an object with these names as a type.
fn can_be_struct(members: &[(String, Shape)]) -> bool {
    let writable = |name: &str| {
        !name.is_empty() && name.trim() == name && !name.contains([',', ':', '<', '>', '(', ')'])
    };
    (1..=MAX_MEMBERS).contains(&members.len()) && members.iter().all(|(name, _)| writable(name))
}

/// The columns that hold all of `records`, each the JSON text of an object.
/// Texts that are none are passed over.
pub fn infer_json<'a>(
    records: impl IntoIterator<Item = &'a str>,
    flavour: Flavour,
) -> Result<Vec<(String, HiveType)>> {
    let mut rows = Shape::Null;
    for record in records {
        if let Ok(shape @ Shape::Object(_)) = Shape::of(record) {
            rows.add(shape);
        }
    }
    rows.columns(flavour)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types_of(records: &[&str], flavour: Flavour) -> String {
        let columns = infer_json(records.iter().copied(), flavour).expect("columns");
        let texts: Vec<String> = columns
            .iter()
            .map(|(name, hive)| format!("{name} {hive}"))
            .collect();
        texts.join("; ")
    }

    #[test]
    fn kinds_widen_to_what_holds_them_all() {
        for (records, expected) in [
            (&[r#"{"a":1}"#, r#"{"a":null}"#][..], "a int"),
            (&[r#"{"a":1}"#, r#"{"a":3000000000}"#], "a bigint"),
            (&[r#"{"a":1}"#, r#"{"a":1.5}"#], "a double"),
            (
                &[r#"{"a":3000000000}"#, r#"{"a":1.5}"#, r#"{"a":1}"#],
                "a double",
            ),
            (&[r#"{"a":1}"#, r#"{"a":"x"}"#], "a string"),
            (&[r#"{"a":true}"#, r#"{"a":1}"#], "a string"),
            (&[r#"{"a":{"b":1}}"#, r#"{"a":1}"#], "a string"),
            (&[r#"{"a":null}"#], "a string"),
            (&[r#"{"a":{}}"#], "a string"),
            (&[r#"{"a":[]}"#], "a array<string>"),
            (&[r#"{"a":[1,null,2.5]}"#], "a array<double>"),
            (
                &[r#"{"a":[{"x":1}]}"#, r#"{"a":[{"y":"z"}],"b":false}"#],
                "a array<struct<x:int,y:string>>; b boolean",
            ),
            (&[r#"{"a":12345678901234567891}"#], "a string"),
            (&[r#"{"a":{"b:c":1}}"#], "a string"),
            (&["[1]", "nonsense", r#"{"a":1"#], ""),
        ] {
            assert_eq!(types_of(records, Flavour::Glue), expected, "{records:?}");
        }
    }

    #[test]
    fn flavours_differ_in_names_and_whole_numbers() {
        let records = [r#"{"Id":1,"id":2.5,"O":{"K":1,"k":"x"}}"#];
        assert_eq!(
            types_of(&records, Flavour::Glue),
            "id double; o struct<k:string>"
        );
        assert_eq!(
            types_of(&records, Flavour::Exact),
            "Id bigint; id double; O struct<K:bigint,k:string>"
        );
    }

    #[test]
    fn types_do_not_nest_without_end() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        let hive = types_of(&[&deep], Flavour::Glue);
        let text = hive.strip_prefix("a ").expect("column a");
        assert_eq!(text.matches("array<").count(), MAX_TYPE_DEPTH - 1);
        assert!(text.parse::<HiveType>().is_ok());
    }

    #[test]
    fn an_object_that_holds_data_as_names_is_text() {
        let members: Vec<String> = (0..1001).map(|at| format!("\"k{at}\":1")).collect();
        let record = format!("{{\"a\":{{{}}}}}", members.join(","));
        assert_eq!(types_of(&[&record], Flavour::Glue), "a string");
    }
}

//! How alike two sets of columns are, and which columns hold both.

use stave_core::catalog::Column;
use stave_core::hive::HiveType;

/// Widens `columns` so that they hold those of `other` too.
pub(super) fn add_columns(columns: &mut Vec<Column>, other: &[Column]) {
    for (guess, column) in other.iter().enumerate() {
        let known = match columns.get(guess) {
            Some(known) if known.name == column.name => Some(guess),
            _ => columns.iter().position(|known| known.name == column.name),
        };
        match known {
            Some(at) if columns[at].type_name == column.type_name => (),
            Some(at) => columns[at].type_name = wider(&columns[at].type_name, &column.type_name),
            None => columns.push(column.clone()),
        }
    }
}

/// The type that holds values of both.
fn wider(one: &str, other: &str) -> String {
    match (one.parse(), other.parse()) {
        (Ok(one), Ok(other)) => merged(one, other).to_string(),
        _ => HiveType::String.to_string(),
    }
}

fn merged(one: HiveType, other: HiveType) -> HiveType {
    match (one, other) {
        (one, other) if one == other => one,
        (HiveType::Array(one), HiveType::Array(other)) => {
            HiveType::Array(Box::new(merged(*one, *other)))
        }
        (HiveType::Struct(mut fields), HiveType::Struct(others)) => {
            for (name, other) in others {
                match fields.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, field)) => *field = merged(field.clone(), other),
                    None => fields.push((name, other)),
                }
            }
            HiveType::Struct(fields)
        }
        (one, other) => {
            match (rank(&one), rank(&other)) {
                (Some(first), Some(second)) if first.max(second) < DOUBLE_RANK => {
                    if first > second { one } else { other }
                }
                (Some(_), Some(_)) => HiveType::Double,
                _ => HiveType::String,
            }
        }
    }
}

const DOUBLE_RANK: u8 = 4;

fn rank(hive: &HiveType) -> Option<u8> {
    match hive {
        HiveType::TinyInt => Some(0),
        HiveType::SmallInt => Some(1),
        HiveType::Int => Some(2),
        HiveType::BigInt => Some(3),
        HiveType::Float | HiveType::Double => Some(DOUBLE_RANK),
        _ => None,
    }
}

/// How many percent of the larger set's columns are in the other one too.
pub(super) fn likeness(one: &[Column], other: &[Column]) -> usize {
    let larger = one.len().max(other.len());
    if larger == 0 {
        return 100;
    }
    let alike = one.iter().enumerate().filter(|(at, column)| {
        let same = |found: &Column| found.name == column.name && fits(column, found);
        other.get(*at).is_some_and(same) || other.iter().any(same)
    });
    alike.count() * 100 / larger
}

/// Whether two columns of one name can be the same one. A column that is empty
/// in one file is a string there; a generated name says nothing.
fn fits(one: &Column, other: &Column) -> bool {
    let (a, b) = (one.type_name.as_str(), other.type_name.as_str());
    if a == b
        || (a.starts_with("struct<") && b.starts_with("struct<"))
        || (a.starts_with("array<") && b.starts_with("array<"))
    {
        return true;
    }
    let number = |name: &str| {
        name.parse()
            .is_ok_and(|hive: HiveType| rank(&hive).is_some())
    };
    let generated = one
        .name
        .strip_prefix("col")
        .is_some_and(|rest| rest.parse::<u32>().is_ok());
    (number(a) && number(b)) || (!generated && (a == "string" || b == "string"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(text: &str) -> Vec<Column> {
        let column = |part: &str| {
            let (name, hive) = part.split_once(' ').expect("a name and a type");
            Column::new(name, hive)
        };
        text.split("; ").map(column).collect()
    }

    #[test]
    fn columns_widen() {
        let mut all = columns("a int; b bigint; c struct<x:int>; d string; e boolean");
        add_columns(
            &mut all,
            &columns("a bigint; b double; c struct<x:double,y:string>; e bigint; f date"),
        );
        assert_eq!(
            all,
            columns("a bigint; b double; c struct<x:double,y:string>; d string; e string; f date")
        );
    }

    #[test]
    fn likeness_is_the_share_of_the_larger() {
        for (one, other, expected) in [
            ("a int; b string", "a int; b string", 100),
            ("a int; b string", "b string; a bigint", 100),
            ("a int", "a string", 100),
            ("col0 bigint", "col0 string", 0),
            ("a int; b int; c int; d int", "a int; b int; c int", 75),
            ("a boolean", "a bigint", 0),
            ("a int", "b int", 0),
        ] {
            assert_eq!(
                likeness(&columns(one), &columns(other)),
                expected,
                "{one} / {other}"
            );
            assert_eq!(
                likeness(&columns(other), &columns(one)),
                expected,
                "{other} / {one}"
            );
        }
    }
}

//! Finds the rows inside a value: a page that holds them in an array, say.

use stave_core::job::JsonStep;

use super::cursor::{Cursor, Fault, Kind};

/// The way from a value of a file to its rows.
pub type RowPath = Vec<JsonStep>;

/// Calls `row` with the cursor at each row of the value `text`: at the value itself without
/// `paths`, else wherever one of them leads. A null at the end of a path is no row. A value
/// that no path leads into is a fault, so that an answer of another shape is not passed over.
pub(super) fn for_each_row(
    text: &str,
    paths: &[RowPath],
    row: &mut dyn FnMut(&mut Cursor<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut cursor = Cursor::new(text);
    if paths.is_empty() {
        row(&mut cursor)?;
        return cursor.end();
    }
    let mut found = false;
    for path in paths {
        let mut cursor = Cursor::new(text);
        found |= walk(&mut cursor, path, row)?;
        cursor.end()?;
    }
    if found {
        Ok(())
    } else {
        Err(Fault::new(
            "none of the source's paths leads to anything in it",
        ))
    }
}

/// Follows `path` from the cursor on; whether there was anything at its end.
fn walk(
    cursor: &mut Cursor<'_>,
    path: &[JsonStep],
    row: &mut dyn FnMut(&mut Cursor<'_>) -> Result<(), Fault>,
) -> Result<bool, Fault> {
    match (path.split_first(), cursor.kind()?) {
        (None, Kind::Null) => cursor.null().map(|()| true),
        (None, _) => row(cursor).map(|()| true),
        (Some((JsonStep::Member(name), rest)), Kind::Object) => {
            cursor.open()?;
            let (mut first, mut found) = (true, false);
            while let Some(member) = cursor.member(first)? {
                first = false;
                if member == name.as_str() {
                    found |= walk(cursor, rest, row).map_err(|fault| fault.under(name))?;
                } else {
                    cursor.skip()?;
                }
            }
            Ok(found)
        }
        (Some((JsonStep::Elements, rest)), Kind::Array) => {
            cursor.open()?;
            let mut count = 0;
            while cursor.element(count == 0)? {
                walk(cursor, rest, row).map_err(|fault| fault.under(&format!("[{count}]")))?;
                count += 1;
            }
            Ok(true)
        }
        _ => cursor.skip().map(|_| false),
    }
}

//! The transforms that change which columns there are: DropFields, SelectFields,
//! SplitFields, RenameField.

use stave_core::job::{DropFields, RenameField, SelectFields, SplitFields, path_text};
use stave_core::{Error, Result};

use super::frame::{Found, Frame, Input, Item, Piece};

/// Leaves columns, or fields inside columns, out.
pub(super) fn drop_fields(node: &DropFields, input: &Input<'_>) -> Result<Frame> {
    let found = input
        .find_all(&node.paths)
        .map_err(|error| error.within("Paths"))?;
    let items = without(input, &found)?;
    if items.is_empty() {
        return Err(Error::invalid("Paths: all columns are dropped"));
    }
    Frame::select(input, items)
}

fn without(input: &Input<'_>, found: &[Found]) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for item in input.items() {
        let paths: Vec<&[String]> = found
            .iter()
            .filter(|found| found.column == item.name)
            .map(|found| found.below.as_slice())
            .collect();
        if let Some(piece) = cut(item.piece, &paths)? {
            items.push(Item::new(item.name, piece));
        }
    }
    Ok(items)
}

/// `piece` without the fields that `paths` lead to; none when nothing is left of it.
fn cut(piece: Piece, paths: &[&[String]]) -> Result<Option<Piece>> {
    if paths.is_empty() {
        return Ok(Some(piece));
    }
    if paths.iter().any(|path| path.is_empty()) {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for (name, part) in piece.parts()? {
        if let Some(part) = cut(part, &below(paths, &name))? {
            parts.push((name, part));
        }
    }
    if parts.is_empty() {
        return Ok(None);
    }
    piece.rebuilt(&parts).map(Some)
}

/// What `paths` say of the field `name`.
fn below<'a>(paths: &[&'a [String]], name: &str) -> Vec<&'a [String]> {
    paths
        .iter()
        .filter_map(|path| path.split_first())
        .filter(|(first, _)| *first == name)
        .map(|(_, rest)| rest)
        .collect()
}

/// Keeps these columns, in the order in which they are named.
pub(super) fn select_fields(node: &SelectFields, input: &Input<'_>) -> Result<Frame> {
    let found = input
        .find_all(&node.paths)
        .map_err(|error| error.within("Paths"))?;
    Frame::select(input, kept(input, &found)?)
}

fn kept(input: &Input<'_>, found: &[Found]) -> Result<Vec<Item>> {
    let mut items: Vec<Item> = Vec::new();
    for first in found {
        if items.iter().any(|item| item.name == first.column) {
            continue;
        }
        let paths: Vec<&[String]> = found
            .iter()
            .filter(|found| found.column == first.column)
            .map(|found| found.below.as_slice())
            .collect();
        let piece = pick(input.column(&first.column)?, &paths)?;
        items.push(Item::new(&first.column, piece));
    }
    Ok(items)
}

/// `piece` with only the fields that `paths` lead to.
fn pick(piece: Piece, paths: &[&[String]]) -> Result<Piece> {
    if paths.iter().any(|path| path.is_empty()) {
        return Ok(piece);
    }
    let mut parts = Vec::new();
    for (name, part) in piece.parts()? {
        let paths = below(paths, &name);
        if !paths.is_empty() {
            parts.push((name, pick(part, &paths)?));
        }
    }
    piece.rebuilt(&parts)
}

/// These columns, and all others.
pub(super) fn split_fields(node: &SplitFields, input: &Input<'_>) -> Result<[Frame; 2]> {
    let found = input
        .find_all(&node.paths)
        .map_err(|error| error.within("Paths"))?;
    let others = without(input, &found)?;
    if others.is_empty() {
        return Err(Error::invalid(
            "Paths: no column is left for the second part",
        ));
    }
    Ok([
        Frame::select(input, kept(input, &found)?)?,
        Frame::select(input, others)?,
    ])
}

/// Gives a column, or a field inside one, another name.
pub(super) fn rename_field(node: &RenameField, input: &Input<'_>) -> Result<Frame> {
    let found = input
        .find(&node.source_path)
        .map_err(|error| error.within("SourcePath"))?;
    let mut target = path_text(&node.target_path);
    if let Some(bare) = target
        .strip_prefix('`')
        .and_then(|name| name.strip_suffix('`'))
    {
        target = bare.to_owned();
    }
    let mut items = input.items();
    for item in items.iter_mut().filter(|item| item.name == found.column) {
        if found.below.is_empty() {
            item.name.clone_from(&target);
        } else {
            // A field is renamed where it stands: the path before its name stays.
            let last = node.target_path.last().unwrap_or(&target);
            item.piece = renamed(
                &item.piece,
                &found.below,
                last.rsplit('.').next().unwrap_or(last),
            )?;
        }
    }
    Frame::select(input, items)
}

fn renamed(piece: &Piece, path: &[String], target: &str) -> Result<Piece> {
    let mut parts = piece.parts()?;
    if let Some((first, rest)) = path.split_first() {
        if rest.is_empty()
            && parts
                .iter()
                .any(|(name, _)| name == target && name != first)
        {
            return Err(Error::invalid(format!(
                "there would be two fields \"{target}\""
            )));
        }
        for (name, part) in parts.iter_mut().filter(|(name, _)| name == first) {
            if rest.is_empty() {
                target.clone_into(name);
            } else {
                *part = renamed(part, rest, target)?;
            }
        }
    }
    piece.rebuilt(&parts)
}

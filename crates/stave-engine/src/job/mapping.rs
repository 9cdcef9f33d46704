//! ApplyMapping: names, orders and types columns.

use stave_core::job::{ApplyMapping, Mapping};
use stave_core::{Error, Result};

use super::cast;
use super::frame::{Frame, Input, Item, Piece};

/// The columns of the mapping, in its order; what is not mapped is left out.
pub(super) fn apply_mapping(node: &ApplyMapping, input: &Input<'_>) -> Result<Frame> {
    let mut items = Vec::with_capacity(node.mapping.len());
    for (at, mapping) in node.mapping.iter().enumerate() {
        let within = |error: Error| error.within(format!("Mapping[{at}]"));
        let found = input.find(&mapping.from_path).map_err(within)?;
        if mapping.dropped != Some(true) {
            let piece = mapped(found.piece, mapping).map_err(within)?;
            items.push(Item::new(mapping.target_name(), piece));
        }
    }
    Frame::select(input, items)
}

fn mapped(piece: Piece, mapping: &Mapping) -> Result<Piece> {
    let piece = match mapping.children.as_slice() {
        [] => piece,
        children => with_children(&piece, children)?,
    };
    match mapping.target_type()? {
        Some(hive) => cast::to(piece, &cast::job_type(&hive)),
        None => Ok(piece),
    }
}

/// The struct with the mapped fields changed, and the others as they are.
fn with_children(piece: &Piece, children: &[Mapping]) -> Result<Piece> {
    let mut parts = piece.parts()?;
    if parts.is_empty() {
        return Err(Error::invalid("Children: the column is no struct"));
    }
    for child in children {
        let [name] = child.from_path.as_slice() else {
            return Err(
                Error::unsupported("Children: FromPath has more than one part")
                    .hint("nest Children, one level for each part"),
            );
        };
        let changed = mapped(piece.field(name)?, child)?;
        let at = parts.iter().position(|(other, _)| other == name);
        match at {
            Some(at) if child.dropped == Some(true) => drop(parts.remove(at)),
            Some(at) => parts[at] = (child.target_name().to_owned(), changed),
            None => {
                return Err(Error::invalid(format!(
                    "Children: \"{name}\" is mapped twice"
                )));
            }
        }
    }
    let twice =
        (1..parts.len()).find(|&at| parts[..at].iter().any(|(name, _)| *name == parts[at].0));
    if let Some(at) = twice {
        return Err(Error::invalid(format!(
            "Children: there would be two fields \"{}\"",
            parts[at].0
        )));
    }
    piece.rebuilt(&parts)
}

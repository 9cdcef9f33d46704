//! Turns the planner's errors into ours: where in the SQL, what is wrong, what was meant.

use datafusion::common::{Column, DataFusionError, SchemaError, TableReference};
use datafusion::sql::sqlparser::tokenizer::Location;
use stave_core::{Error, ErrorKind, nearest};

use super::source::{Place, Source};
use crate::fault;

/// What to do about text in double quotes.
const QUOTES: &str = "double quotes stand around names; text stands in single quotes: 'text'";

/// An error of the planner, pointing into `source` where it can.
pub(super) fn planning(source: Source<'_>, error: DataFusionError) -> Error {
    let diagnostic = error.diagnostic().cloned();
    let place = diagnostic
        .as_ref()
        .and_then(|diagnostic| diagnostic.span)
        .map(|span| {
            let at = |location: datafusion::common::Location| Location {
                line: location.line,
                column: location.column,
            };
            source.between(at(span.start), at(span.end))
        });
    if let DataFusionError::SchemaError(schema, _) = error.find_root() {
        return naming(source, schema, place);
    }
    let Some(diagnostic) = diagnostic else {
        return fault::engine(error);
    };
    let notes = diagnostic.notes.iter().map(|note| note.message.clone());
    let helps = diagnostic.helps.iter().map(|help| help.message.clone());
    let hints: Vec<String> = helps.chain(notes).collect();
    let kind = fault::engine(error).kind();
    let shown = match place {
        Some(place) => source.error(kind, place, &diagnostic.message),
        None => Error::new(kind, diagnostic.message),
    };
    if hints.is_empty() {
        shown
    } else {
        shown.hint(hints.join("; "))
    }
}

/// A name that stands for nothing, or for several things.
fn naming(source: Source<'_>, error: &SchemaError, place: Option<Place>) -> Error {
    let (name, message, hint) = match error {
        SchemaError::FieldNotFound {
            field,
            valid_fields,
        } => not_found(field, valid_fields),
        SchemaError::AmbiguousReference { field } => (
            field.name.clone(),
            format!(
                "column \"{}\" is in more than one of the tables",
                field.name
            ),
            format!("say which is meant: table.{}", field.name),
        ),
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => (
            name.clone(),
            format!("the name \"{name}\" is given twice"),
            "give one of them another name with AS".to_owned(),
        ),
    };
    match place.or_else(|| source.find(&name)) {
        Some(place) => {
            let hint = if source.is_quoted(place) {
                QUOTES.to_owned()
            } else {
                hint
            };
            source.error(ErrorKind::Invalid, place, &message).hint(hint)
        }
        None => Error::invalid(message).hint(hint),
    }
}

fn not_found(field: &Column, valid: &[Column]) -> (String, String, String) {
    let name = field.name.clone();
    let Some(relation) = &field.relation else {
        let names: Vec<&str> = valid.iter().map(Column::name).collect();
        let message = format!("column \"{name}\" does not exist");
        let hint = nearest::hint(&name, names.iter().copied());
        return (name, message, hint);
    };
    let table = relation.table();
    let of_table = valid.iter().filter(|other| {
        other
            .relation
            .as_ref()
            .is_some_and(|relation| relation.table() == table)
    });
    let names: Vec<&str> = of_table.map(Column::name).collect();
    if names.is_empty() {
        let mut tables: Vec<&str> = valid
            .iter()
            .filter_map(|other| other.relation.as_ref().map(TableReference::table))
            .collect();
        tables.dedup();
        let message = format!("table \"{table}\" is not in this part of the query");
        return (
            table.to_owned(),
            message,
            nearest::hint(table, tables.iter().copied()),
        );
    }
    let message = format!("column \"{name}\" does not exist in \"{table}\"");
    let hint = nearest::hint(&name, names.iter().copied());
    (name, message, hint)
}

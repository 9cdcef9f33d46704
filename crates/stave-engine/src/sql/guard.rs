//! What the engine would answer otherwise than Athena is put right in the syntax
//! tree where that is one step, and refused by its name where it is not.
//!
//! The whole of Athena's dialect is more than this; here is what would be silently wrong.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Query, Select, Spanned, Statement, Subscript, TableFactor, TimezoneInfo,
    UnaryOperator, Value, ValueWithSpan, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::Span;
use stave_core::{Error, ErrorKind, Result};

use super::source::Source;

/// Changes `statement` to mean what Athena means by it, or refuses it.
pub(super) fn guard(source: Source<'_>, statement: &mut Statement) -> Result<()> {
    match statement.visit(&mut Guard { source }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Guard<'a> {
    source: Source<'a>,
}

type Flow = ControlFlow<Error>;

impl Guard<'_> {
    fn refuse(&self, span: Span, what: &str) -> Flow {
        let place = self.source.place(span);
        let message = format!("{what} is not supported yet");
        ControlFlow::Break(self.source.error(ErrorKind::Unsupported, place, &message))
    }
}

/// What Athena means by a call of `function`, where that is another expression;
/// missing arguments are put into the call itself.
fn meant(function: &mut Function) -> Option<Expr> {
    let name = function.name.to_string().to_lowercase();
    let FunctionArguments::List(list) = &mut function.args else {
        return None;
    };
    let mut arguments = Vec::with_capacity(list.args.len());
    for argument in &list.args {
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument else {
            return None;
        };
        arguments.push(expr);
    }
    match (name.as_str(), arguments.as_slice()) {
        // NULL in one of them makes the whole NULL.
        ("concat", [first, rest @ ..]) if !rest.is_empty() => {
            let joined = rest
                .iter()
                .fold((*first).clone(), |left, right| Expr::BinaryOp {
                    left: Box::new(left),
                    op: BinaryOperator::StringConcat,
                    right: Box::new((*right).clone()),
                });
            Some(Expr::Nested(Box::new(joined)))
        }
        // Every match is replaced, not the first.
        ("regexp_replace", [_, _]) => {
            list.args.push(text_argument(""));
            list.args.push(text_argument("g"));
            None
        }
        ("regexp_replace", [_, _, _]) => {
            list.args.push(text_argument("g"));
            None
        }
        ("element_at", [root, index]) => Some(Expr::CompoundFieldAccess {
            root: Box::new((*root).clone()),
            access_chain: vec![AccessExpr::Subscript(Subscript::Index {
                index: (*index).clone(),
            })],
        }),
        _ => None,
    }
}

fn is_negative(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            ..
        }
    )
}

fn text_argument(text: &str) -> FunctionArg {
    let value = ValueWithSpan {
        value: Value::SingleQuotedString(text.to_owned()),
        span: Span::empty(),
    };
    FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))
}

fn is_zoned(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz)
            | DataType::Time(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz)
    )
}

/// Whether a timestamp's text names a zone behind the time.
fn names_zone(text: &str) -> bool {
    let time = text
        .trim()
        .get(10..)
        .unwrap_or_default()
        .trim_start_matches('T');
    time.contains(['+', '-']) || time.contains(|c: char| c.is_ascii_alphabetic())
}

impl VisitorMut for Guard<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> Flow {
        if query.for_clause.is_some() || query.settings.is_some() || query.format_clause.is_some() {
            return self.refuse(query.span(), "this clause");
        }
        Flow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> Flow {
        match &select.into {
            Some(into) => self.refuse(into.name.span(), "SELECT INTO"),
            None => Flow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> Flow {
        match factor {
            TableFactor::Table {
                name,
                sample: Some(_),
                ..
            } => self.refuse(name.span(), "TABLESAMPLE"),
            TableFactor::Derived {
                sample: Some(_),
                subquery,
                ..
            } => self.refuse(subquery.span(), "TABLESAMPLE"),
            TableFactor::Table {
                name,
                version: Some(_),
                ..
            } => self.refuse(
                name.span(),
                "time travel (FOR TIMESTAMP AS OF, FOR VERSION AS OF)",
            ),
            TableFactor::Table {
                name,
                with_ordinality: true,
                ..
            } => self.refuse(name.span(), "WITH ORDINALITY"),
            TableFactor::Table {
                name,
                with_hints,
                partitions,
                index_hints,
                json_path,
                ..
            } if !with_hints.is_empty()
                || !partitions.is_empty()
                || !index_hints.is_empty()
                || json_path.is_some() =>
            {
                self.refuse(name.span(), "this clause behind a table")
            }
            _ => Flow::Continue(()),
        }
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> Flow {
        match expr {
            Expr::Cast {
                data_type, expr, ..
            } if is_zoned(data_type) => self.refuse(expr.span(), "TIMESTAMP WITH TIME ZONE"),
            Expr::TypedString(typed) => {
                let is_timestamp = matches!(typed.data_type, DataType::Timestamp(..));
                let text = typed.value.value.clone().into_string().unwrap_or_default();
                if is_zoned(&typed.data_type) || is_timestamp && names_zone(&text) {
                    return self.refuse(typed.value.span, "TIMESTAMP WITH TIME ZONE");
                }
                Flow::Continue(())
            }
            Expr::Substring {
                substring_from: Some(start),
                ..
            } if is_negative(start) => self.refuse(start.span(), "counting from the end in substr"),
            Expr::Function(function) => {
                if let Some(instead) = meant(function) {
                    *expr = instead;
                }
                Flow::Continue(())
            }
            _ => Flow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_seen_behind_the_time_only() {
        for (text, zoned) in [
            ("2024-01-01 00:00:00", false),
            ("2024-01-01", false),
            ("2024-01-01T00:00:00.5", false),
            ("2024-01-01 00:00:00 UTC", true),
            ("2024-01-01 00:00:00+02:00", true),
            ("2024-01-01T00:00:00Z", true),
        ] {
            assert_eq!(names_zone(text), zoned, "{text}");
        }
    }
}

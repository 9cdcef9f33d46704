//! What Spark's grammar has for nested values and the engine's has not: `explode`,
//! `LATERAL VIEW`, and places in arrays that are counted from 0.
//!
//! A query is rewritten as text before it is planned; one without any of these stays as it
//! was written. What cannot be said in the engine's grammar is refused by its name.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    LateralView, ObjectName, Query, Select, SelectItem, SetExpr, Statement, Subscript, TableFactor,
    Value, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::SparkSqlDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError, ParserOptions};
use stave_core::{Error, Result};

/// How deep expressions may nest.
const DEPTH: usize = 128;
/// The column of an `explode` that is given no name.
const UNNAMED: &str = "col";
/// The functions that make rows of a value, and what the engine calls them.
const EXPLODES: [(&str, &str); 2] = [("explode", "unnest"), ("explode_outer", "unnest_outer")];
/// Spark's others, which have no counterpart.
const REFUSED: [&str; 6] = [
    "posexplode",
    "posexplode_outer",
    "inline",
    "inline_outer",
    "stack",
    "json_tuple",
];

/// The query in the engine's grammar.
pub(super) fn rewritten(query: &str) -> Result<String> {
    let lower = query.to_lowercase();
    let marks = [
        "explode",
        "lateral",
        "inline",
        "stack",
        "json_tuple",
        "[",
        // A field of what a function gives.
        ").",
    ];
    if !marks.iter().any(|mark| lower.contains(mark)) {
        return Ok(query.to_owned());
    }
    let mut statements = parser(query)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| wrong(&error))?;
    let [statement] = statements.as_mut_slice() else {
        return Err(Error::invalid("one query is wanted"));
    };
    if !matches!(statement, Statement::Query(_)) {
        return Ok(query.to_owned());
    }
    match statement.visit(&mut Rewriter) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(statement.to_string()),
    }
}

fn wrong(error: &ParserError) -> Error {
    Error::invalid(error.to_string())
}

/// Texts stay escaped as they are written, so that they are printed as they were.
fn parser(text: &str) -> std::result::Result<Parser<'_>, ParserError> {
    Parser::new(&SparkSqlDialect {})
        .with_options(ParserOptions::new().with_unescape(false))
        .with_recursion_limit(DEPTH)
        .try_with_sql(text)
}

fn parsed(text: &str) -> Result<Expr> {
    parser(text)
        .and_then(|mut parser| parser.parse_expr())
        .map_err(|error| wrong(&error))
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let views = match in_body(&mut query.body) {
            Ok(views) => views,
            Err(error) => return ControlFlow::Break(error),
        };
        // ORDER BY is the query's, not the SELECT's.
        query.visit(&mut Renamer(&views))
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let done = match expr {
            Expr::Function(function) => call(function),
            Expr::CompoundFieldAccess { .. } => from_one(expr),
            _ => Ok(()),
        };
        match done {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

/// The columns of lateral views: their view, their name, the relation they are in now.
type Views = Vec<(String, String, Ident)>;

fn in_body(body: &mut SetExpr) -> Result<Views> {
    match body {
        SetExpr::Select(select) => in_select(select),
        SetExpr::SetOperation { left, right, .. } => {
            let mut views = in_body(left)?;
            views.extend(in_body(right)?);
            Ok(views)
        }
        _ => Ok(Views::new()),
    }
}

fn in_select(select: &mut Select) -> Result<Views> {
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr @ Expr::Function(_)) = item
            && exploded(expr).is_some()
        {
            *item = SelectItem::ExprWithAlias {
                expr: expr.clone(),
                alias: Ident::new(UNNAMED),
            };
        }
    }
    let mut views = Views::new();
    for view in std::mem::take(&mut select.lateral_views) {
        let column = add_view(select, &view)?;
        views.push(column);
    }
    Ok(views)
}

/// Puts the rows of `view` into the relation that it stands behind, under that one's name.
fn add_view(select: &mut Select, view: &LateralView) -> Result<(String, String, Ident)> {
    let Some(name) = exploded(&view.lateral_view) else {
        return Err(Error::unsupported(format!(
            "LATERAL VIEW {} is not supported",
            view.lateral_view
        ))
        .hint("LATERAL VIEW [OUTER] explode(array) view AS column is"));
    };
    let [from] = select.from.as_mut_slice() else {
        return Err(behind_many());
    };
    if !from.joins.is_empty() {
        return Err(behind_many());
    }
    let relation = name_of(&from.relation)?;
    let column = match view.lateral_col_alias.as_slice() {
        [] => Ident::new(UNNAMED),
        [one] => one.clone(),
        _ => return Err(Error::invalid("explode gives one column, not several")),
    };
    let outer = if view.outer { "explode_outer" } else { name };
    let argument = argument(&view.lateral_view)
        .ok_or_else(|| Error::invalid(format!("{name} takes one argument")))?;
    let text = format!(
        "SELECT *, {outer}({argument}) AS {column} FROM {}",
        from.relation
    );
    let derived = format!("SELECT 1 FROM ({text}) AS {relation}");
    let query = parser(&derived).and_then(|mut parser| parser.parse_query());
    if let SetExpr::Select(made) = *query.map_err(|error| wrong(&error))?.body
        && let Some(made) = made.from.into_iter().next()
    {
        from.relation = made.relation;
    }
    let view = view.lateral_view_name.to_string().to_lowercase();
    Ok((view, column.value.to_lowercase(), relation))
}

fn behind_many() -> Error {
    Error::unsupported("LATERAL VIEW behind several relations is not supported")
        .hint("put the join into a sub-select with a name, and the view behind that")
}

fn name_of(relation: &TableFactor) -> Result<Ident> {
    let found = match relation {
        TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        } => Some(alias.name.clone()),
        TableFactor::Table { name, .. } => last(name).cloned(),
        _ => None,
    };
    found.ok_or_else(|| {
        Error::invalid("LATERAL VIEW stands behind a relation without a name")
            .hint("give the sub-select a name")
    })
}

fn last(name: &ObjectName) -> Option<&Ident> {
    name.0.last()?.as_ident()
}

/// The name of the function in lower case, if `expr` is a call of one that makes rows.
fn exploded(expr: &Expr) -> Option<&'static str> {
    let Expr::Function(function) = expr else {
        return None;
    };
    let name = last(&function.name)?.value.to_lowercase();
    let found = EXPLODES.iter().find(|(spark, _)| *spark == name);
    found.map(|(spark, _)| *spark)
}

fn argument(expr: &Expr) -> Option<&Expr> {
    let Expr::Function(Function {
        args: FunctionArguments::List(list),
        ..
    }) = expr
    else {
        return None;
    };
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] => Some(argument),
        _ => None,
    }
}

/// Calls the engine's function in the place of Spark's.
fn call(function: &mut Function) -> Result<()> {
    let Some(name) = last(&function.name).map(|name| name.value.to_lowercase()) else {
        return Ok(());
    };
    if REFUSED.contains(&name.as_str()) {
        return Err(Error::unsupported(format!("{name} is not supported"))
            .hint("explode makes rows of an array; fields of a struct are had by a dot"));
    }
    if let Some((_, ours)) = EXPLODES.iter().find(|(spark, _)| *spark == name) {
        function.name = ObjectName::from(vec![Ident::new(*ours)]);
    }
    Ok(())
}

/// Counts the first place of an array in `expr` as the engine does, from 1; those behind it
/// are met again, since what stands before it becomes an expression of its own.
fn from_one(expr: &mut Expr) -> Result<()> {
    let Expr::CompoundFieldAccess { root, access_chain } = expr else {
        return Ok(());
    };
    let mut root = root.as_ref().clone();
    let mut before: Vec<AccessExpr> = Vec::new();
    for access in access_chain.drain(..) {
        match &access {
            AccessExpr::Subscript(Subscript::Index { index }) if !is_text(index) => {
                let place = place(index)?;
                let array = chained(root, std::mem::take(&mut before))?;
                root = parsed(&format!("array_element({array}, {place})"))?;
            }
            AccessExpr::Subscript(Subscript::Slice { .. }) => {
                return Err(Error::unsupported("slices of arrays are not supported"));
            }
            _ => before.push(access),
        }
    }
    *expr = chained(root, before)?;
    Ok(())
}

fn is_text(index: &Expr) -> bool {
    let Expr::Value(value) = index else {
        return false;
    };
    matches!(
        value.value,
        Value::SingleQuotedString(_) | Value::DoubleQuotedString(_)
    )
}

fn place(index: &Expr) -> Result<u64> {
    let text = index.to_string();
    text.parse::<u64>()
        .ok()
        .and_then(|place| place.checked_add(1))
        .ok_or_else(|| {
            Error::unsupported(format!(
                "[{text}]: only a whole number can be a place in an array"
            ))
            .hint("make rows of the array with explode, and choose among them")
        })
}

/// `root` with the accesses behind it: as a path where it is one, by calls where it is not.
fn chained(root: Expr, access_chain: Vec<AccessExpr>) -> Result<Expr> {
    if access_chain.is_empty() {
        return Ok(root);
    }
    // A path of names alone is what names a column of a relation.
    let names = |access: &AccessExpr| match access {
        AccessExpr::Dot(Expr::Identifier(name)) => Some(name.clone()),
        _ => None,
    };
    let rest: Option<Vec<Ident>> = access_chain.iter().map(names).collect();
    match (root, rest) {
        (Expr::Identifier(first), Some(rest)) => {
            Ok(Expr::CompoundIdentifier([vec![first], rest].concat()))
        }
        (Expr::CompoundIdentifier(first), Some(rest)) => {
            Ok(Expr::CompoundIdentifier([first, rest].concat()))
        }
        (root @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)), None) => {
            Ok(Expr::CompoundFieldAccess {
                root: Box::new(root),
                access_chain,
            })
        }
        (root, _) => access_chain
            .iter()
            .try_fold(root, |value, access| field_of(&value, access)),
    }
}

/// A field of a value that is no column.
fn field_of(value: &Expr, access: &AccessExpr) -> Result<Expr> {
    let name = match access {
        AccessExpr::Dot(Expr::Identifier(name)) if name.quote_style.is_some() => name.value.clone(),
        AccessExpr::Dot(Expr::Identifier(name)) => name.value.to_lowercase(),
        AccessExpr::Subscript(Subscript::Index { index }) => {
            return parsed(&format!("get_field({value}, {index})"));
        }
        other => {
            return Err(Error::unsupported(format!(
                "{value}{other} is not supported"
            )));
        }
    };
    parsed(&format!(
        "get_field({value}, '{}')",
        name.replace('\'', "''")
    ))
}

/// Names the columns of lateral views by the relation that they are in now.
struct Renamer<'a>(&'a Views);

impl Renamer<'_> {
    fn relation(&self, view: &Ident, column: &Ident) -> Option<Ident> {
        let same = |text: &str, name: &Ident| text.eq_ignore_ascii_case(&name.value);
        let mut views = self.0.iter();
        let found = views.find(|(found, of, _)| same(found, view) && same(of, column));
        found.map(|(.., relation)| relation.clone())
    }
}

impl VisitorMut for Renamer<'_> {
    type Break = Error;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        match expr {
            Expr::CompoundIdentifier(parts) => {
                if let [view, column, ..] = parts.as_slice()
                    && let Some(relation) = self.relation(view, column)
                {
                    parts[0] = relation;
                }
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                if let (Expr::Identifier(view), Some(AccessExpr::Dot(Expr::Identifier(column)))) =
                    (root.as_mut(), access_chain.first())
                    && let Some(relation) = self.relation(view, column)
                {
                    *view = relation;
                }
            }
            _ => (),
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_written_in_the_engines_grammar() {
        for (query, wanted) in [
            ("select a from t", "select a from t"),
            ("SELECT explode(a) FROM t", "SELECT unnest(a) AS col FROM t"),
            (
                "SELECT t.id, e.x.name FROM t LATERAL VIEW OUTER explode(t.a) e AS x WHERE x.n > 1 ORDER BY e.x.n",
                "SELECT t.id, t.x.name FROM (SELECT *, unnest_outer(t.a) AS x FROM t) AS t WHERE x.n > 1 ORDER BY t.x.n",
            ),
            (
                "SELECT x, y FROM t AS p LATERAL VIEW explode(a) e AS x LATERAL VIEW explode(e.x.b) f AS y",
                "SELECT x, y FROM (SELECT *, unnest(p.x.b) AS y FROM (SELECT *, unnest(a) AS x FROM t AS p) AS p) AS p",
            ),
            (
                "SELECT x.id FROM t LATERAL VIEW explode(a) x AS x",
                "SELECT x.id FROM (SELECT *, unnest(a) AS x FROM t) AS t",
            ),
            (
                "SELECT a.b[0].c[1], m['k'] FROM t",
                "SELECT array_element(get_field(array_element(a.b, 1), 'c'), 2), m['k'] FROM t",
            ),
            (
                r"SELECT 'it''s \d', a[0] FROM t",
                r"SELECT 'it''s \d', array_element(a, 1) FROM t",
            ),
        ] {
            assert_eq!(rewritten(query).expect(query), wanted);
        }
    }

    #[test]
    fn what_cannot_be_said_is_refused_by_its_name() {
        for (query, message) in [
            ("SELECT posexplode(a) FROM t", "posexplode is not supported"),
            ("SELECT inline(a) FROM t", "inline is not supported"),
            (
                "SELECT 1 FROM t LATERAL VIEW inline(a) v AS x, y",
                "LATERAL VIEW inline(a) is not supported",
            ),
            (
                "SELECT 1 FROM t JOIN u ON t.a = u.a LATERAL VIEW explode(a) v AS x",
                "LATERAL VIEW behind several relations is not supported",
            ),
            (
                "SELECT 1 FROM (SELECT 1) LATERAL VIEW explode(a) v AS x",
                "LATERAL VIEW stands behind a relation without a name",
            ),
            ("SELECT a[i] FROM t", "[i]: only a whole number"),
            ("SELECT a[-1] FROM t", "[-1]: only a whole number"),
            ("SELECT explode(", "sql parser error"),
        ] {
            let error = rewritten(query).expect_err(query);
            assert!(error.message().contains(message), "{query}: {error}");
        }
    }
}

//! What the columns of a result are called: as the query writes them, and `_col0`,
//! `_col1` where it gives no name, as Athena does.

use datafusion::sql::sqlparser::ast::{Expr, Ident, Query, SelectItem, SetExpr, Statement};
use datafusion::sql::sqlparser::tokenizer::Span;

use super::source::Source;

/// Stands between a name and a number in names that are given twice.
const TWICE: char = '\u{1}';

/// One item behind SELECT.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Named(String),
    Unnamed,
    /// As many columns as there are.
    All,
}

/// What the query says its columns are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names(Vec<Item>);

impl Names {
    /// The names in `statement`; where one is given twice, as Athena allows and the
    /// planner does not, the second is marked in the tree.
    pub(super) fn take(source: Source<'_>, statement: &mut Statement) -> Self {
        let Statement::Query(query) = statement else {
            return Self::default();
        };
        let Some(items) = items(query) else {
            return Self::default();
        };
        let names = items.iter().map(|item| name(source, item)).collect();
        mark_doubled(items);
        Self(names)
    }

    /// The names of a result whose columns the planner calls `planned`.
    pub(super) fn of(&self, planned: &[&str]) -> Vec<String> {
        let alls = self.0.iter().filter(|item| **item == Item::All).count();
        let fixed = self.0.len() - alls;
        let plain = |name: &&str| name.split(TWICE).next().unwrap_or_default().to_owned();
        if self.0.is_empty()
            || alls > 1
            || planned.len() < fixed
            || alls == 0 && planned.len() > fixed
        {
            return planned.iter().map(plain).collect();
        }
        let mut names = Vec::with_capacity(planned.len());
        for item in &self.0 {
            match item {
                Item::Named(name) => names.push(name.clone()),
                Item::Unnamed => names.push(format!("_col{}", names.len())),
                Item::All => {
                    let from = names.len();
                    names.extend(
                        planned[from..from + planned.len() - fixed]
                            .iter()
                            .map(plain),
                    );
                }
            }
        }
        names
    }
}

/// The items of the SELECT that names the columns: the first of a UNION.
fn items(query: &mut Query) -> Option<&mut Vec<SelectItem>> {
    let mut body = query.body.as_mut();
    loop {
        match body {
            SetExpr::Select(select) => return Some(&mut select.projection),
            SetExpr::SetOperation { left, .. } => body = left.as_mut(),
            SetExpr::Query(inner) => body = inner.body.as_mut(),
            _ => return None,
        }
    }
}

fn name(source: Source<'_>, item: &SelectItem) -> Item {
    let written = |ident: &Ident| Item::Named(source.written(ident));
    match item {
        SelectItem::ExprWithAlias { alias, .. } => written(alias),
        SelectItem::UnnamedExpr(Expr::Identifier(ident)) => written(ident),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
            parts.last().map_or(Item::Unnamed, written)
        }
        SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAliases { .. } => Item::Unnamed,
        SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => Item::All,
    }
}

fn mark_doubled(items: &mut [SelectItem]) {
    let any_all = items.iter().any(|item| {
        matches!(
            item,
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
        )
    });
    let mut seen: Vec<String> = Vec::new();
    for (at, item) in items.iter_mut().enumerate() {
        let (expr, key, plain) = match item {
            SelectItem::ExprWithAlias { expr, alias } => (expr, alias.value.to_lowercase(), false),
            SelectItem::UnnamedExpr(expr) => {
                let name = match &*expr {
                    Expr::Identifier(ident) => Some(ident),
                    Expr::CompoundIdentifier(parts) => parts.last(),
                    _ => None,
                };
                let key = match name {
                    Some(name) => name.value.to_lowercase(),
                    None => format!("{TWICE}{}", expr.to_string().to_lowercase()),
                };
                let plain = name.is_some();
                (expr, key, plain)
            }
            _ => continue,
        };
        if seen.contains(&key) || plain && any_all {
            let alias = Ident {
                value: format!("{key}{TWICE}{at}"),
                quote_style: Some('"'),
                span: Span::empty(),
            };
            let expr = expr.clone();
            *item = SelectItem::ExprWithAlias { expr, alias };
        } else {
            seen.push(key);
        }
    }
}

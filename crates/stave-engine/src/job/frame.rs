//! What stands between nodes: rows as a logical plan whose columns carry no table's
//! name, and the SQL that gives the same rows.

use arrow::datatypes::{DataType, Fields};
use datafusion::common::Column;
use datafusion::functions::core::expr_fn::{get_field, named_struct};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit, when};
use stave_core::job::path_text;
use stave_core::{Error, Result, nearest};

use super::script::{filled, quoted, text};
use crate::fault;

/// The rows that a node gives.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) plan: LogicalPlan,
    /// A SELECT over the names of the node's inputs.
    pub(super) sql: String,
}

impl Frame {
    /// Keeps the rows of `input` and replaces its columns by `items`.
    pub(super) fn select(input: &Input<'_>, items: Vec<Item>) -> Result<Self> {
        let sql = format!("SELECT {}\nFROM {}", select_list(&items), input.cte);
        refuse_twice(&items)?;
        if items.is_empty() {
            return Err(Error::invalid("no column is left"));
        }
        let exprs = items.into_iter().map(Item::into_expr);
        let plan = LogicalPlanBuilder::new(input.plan.clone())
            .project(exprs)
            .and_then(LogicalPlanBuilder::build)
            .map_err(fault::engine)?;
        Ok(Self { plan, sql })
    }
}

/// The columns of a SELECT.
pub(super) fn select_list(items: &[Item]) -> String {
    let columns = items.iter().map(|item| {
        let name = quoted(&item.name);
        let plain = item.piece.sql == name || item.piece.sql.ends_with(&format!(".{name}"));
        if plain && matches!(item.piece.expr, Expr::Column(_)) {
            item.piece.sql.clone()
        } else {
            format!("{} AS {name}", item.piece.sql)
        }
    });
    filled(columns)
}

fn refuse_twice(items: &[Item]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    match items.iter().find(|item| !seen.insert(&item.name)) {
        None => Ok(()),
        Some(item) => Err(
            Error::invalid(format!("there would be two columns \"{}\"", item.name))
                .hint("give one of them another name"),
        ),
    }
}

/// What a node reads: the rows of another, and the name that they have in SQL.
#[derive(Debug, Clone)]
pub(super) struct Input<'a> {
    /// The node's id.
    pub(super) id: &'a str,
    /// The node's name for people.
    pub(super) name: &'a str,
    /// The name in SQL, quoted.
    pub(super) cte: &'a str,
    pub(super) plan: &'a LogicalPlan,
}

/// A value worked out from the columns of a row.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) expr: Expr,
    pub(super) sql: String,
    pub(super) data_type: DataType,
}

/// A column of a result.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) piece: Piece,
}

impl Item {
    pub(super) fn new(name: impl Into<String>, piece: Piece) -> Self {
        let name = name.into();
        Self { name, piece }
    }

    pub(super) fn into_expr(self) -> Expr {
        match &self.piece.expr {
            Expr::Column(column) if column.relation.is_none() && column.name == self.name => {
                self.piece.expr
            }
            _ => self.piece.expr.alias(self.name),
        }
    }
}

/// Where a path leads.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The column's name.
    pub(super) column: String,
    /// The fields inside it that lead to the value.
    pub(super) below: Vec<String>,
    pub(super) piece: Piece,
}

impl Found {
    /// Refuses a path into a column.
    pub(super) fn whole(self) -> Result<Self> {
        if self.below.is_empty() {
            return Ok(self);
        }
        let path = format!("{}.{}", self.column, self.below.join("."));
        Err(
            Error::unsupported(format!("\"{path}\" is a field inside a column"))
                .hint("make a column of it with ApplyMapping first"),
        )
    }
}

impl Input<'_> {
    pub(super) fn fields(&self) -> &Fields {
        self.plan.schema().fields()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.fields().iter().map(|field| field.name().as_str())
    }

    /// A column by its name, which is there.
    pub(super) fn column(&self, name: &str) -> Result<Piece> {
        let field = self.fields().iter().find(|field| field.name() == name);
        match field {
            Some(field) => Ok(column(name, field.data_type())),
            None => Err(self.unknown(name)),
        }
    }

    /// All columns.
    pub(super) fn items(&self) -> Vec<Item> {
        let items = self.fields().iter();
        items
            .map(|field| Item::new(field.name(), column(field.name(), field.data_type())))
            .collect()
    }

    /// What `path` means: a column of that name (dots and all), or a field inside one.
    pub(super) fn find(&self, path: &[String]) -> Result<Found> {
        let whole = path_text(path);
        let bare = bare(&whole);
        if let Ok(piece) = self.column(bare) {
            let column = bare.to_owned();
            return Ok(Found {
                column,
                below: Vec::new(),
                piece,
            });
        }
        let parts: Vec<&str> = match path {
            [one] => one.split('.').collect(),
            parts => parts.iter().map(|part| self::bare(part)).collect(),
        };
        // The column's own name may hold dots: the longest that is one wins.
        for taken in (1..parts.len()).rev() {
            let name = parts[..taken].join(".");
            if let Ok(mut piece) = self.column(&name) {
                for part in &parts[taken..] {
                    piece = piece
                        .field(part)
                        .map_err(|error| error.within(format!("\"{whole}\"")))?;
                }
                let below = parts[taken..]
                    .iter()
                    .map(|part| (*part).to_owned())
                    .collect();
                return Ok(Found {
                    column: name,
                    below,
                    piece,
                });
            }
        }
        Err(self.unknown(&whole))
    }

    /// [`Input::find`] for each path.
    pub(super) fn find_all(&self, paths: &[Vec<String>]) -> Result<Vec<Found>> {
        paths.iter().map(|path| self.find(path)).collect()
    }

    pub(super) fn unknown(&self, name: &str) -> Error {
        Error::invalid(format!("\"{}\" has no column \"{name}\"", self.name))
            .hint(nearest::hint(name, self.names()))
    }
}

/// A name without the backticks that scripts put around one with dots.
fn bare(name: &str) -> &str {
    let inner = name
        .strip_prefix('`')
        .and_then(|name| name.strip_suffix('`'));
    inner.unwrap_or(name)
}

/// A column as a value; its name may hold anything.
pub(super) fn column(name: &str, data_type: &DataType) -> Piece {
    Piece {
        expr: Expr::Column(Column::new_unqualified(name)),
        sql: quoted(name),
        data_type: data_type.clone(),
    }
}

impl Piece {
    /// A field of a struct.
    pub(super) fn field(&self, name: &str) -> Result<Self> {
        let DataType::Struct(fields) = &self.data_type else {
            let kind = crate::types::name_of(&self.data_type);
            return Err(Error::invalid(format!(
                "it is of type {kind} and has no field \"{name}\""
            )));
        };
        let Some((_, field)) = fields.find(name) else {
            let names = fields.iter().map(|field| field.name().as_str());
            return Err(Error::invalid(format!("there is no field \"{name}\""))
                .hint(nearest::hint(name, names)));
        };
        Ok(Self {
            expr: get_field(self.expr.clone(), name),
            sql: format!("{}.{}", self.sql, quoted(name)),
            data_type: field.data_type().clone(),
        })
    }

    /// A struct of other fields, which is NULL where this one is.
    pub(super) fn rebuilt(&self, parts: &[(String, Piece)]) -> Result<Self> {
        let mut arguments = Vec::with_capacity(parts.len() * 2);
        let mut listed = Vec::with_capacity(parts.len());
        let mut fields = Vec::with_capacity(parts.len());
        for (name, part) in parts {
            arguments.push(lit(name.as_str()));
            arguments.push(part.expr.clone());
            listed.push(format!("{}, {}", text(name), part.sql));
            fields.push(arrow::datatypes::Field::new(
                name,
                part.data_type.clone(),
                true,
            ));
        }
        let expr = when(self.expr.clone().is_not_null(), named_struct(arguments))
            .end()
            .map_err(fault::engine)?;
        let listed = listed.join(", ");
        Ok(Self {
            expr,
            sql: format!(
                "CASE WHEN {} IS NOT NULL THEN named_struct({listed}) END",
                self.sql
            ),
            data_type: DataType::Struct(fields.into()),
        })
    }

    /// The fields of a struct, each as a value; none for another type.
    pub(super) fn parts(&self) -> Result<Vec<(String, Piece)>> {
        let DataType::Struct(fields) = &self.data_type else {
            return Ok(Vec::new());
        };
        fields
            .iter()
            .map(|field| Ok((field.name().clone(), self.field(field.name())?)))
            .collect()
    }
}

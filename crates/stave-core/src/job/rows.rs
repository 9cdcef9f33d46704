//! The transforms that change which rows there are.

use super::fields::Fields;
use super::members::{Body, Members};
use super::words::{
    AggFunction, FilterOperation, FilterValueType, JoinType, LogicalOperator, UnionType, Word,
};
use super::wrong::Read;
use super::{ColumnPath, path_text};
use crate::error::Error;

/// The key columns of one side of a join.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JoinColumn {
    /// The input's node id.
    pub from: String,
    /// Its key columns, in the order of the other side's.
    pub keys: Vec<ColumnPath>,
}

/// Joins two inputs where their key columns are equal.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Join {
    /// Which rows are kept.
    pub join_type: JoinType,
    /// The keys of both sides, in any order.
    pub columns: Vec<JoinColumn>,
}

impl Join {
    /// The pairs of key columns: of the first input, of the second. `inputs` are the node's.
    pub fn pairs(&self, inputs: &[String]) -> Vec<(&ColumnPath, &ColumnPath)> {
        let [first, second] = self.columns.as_slice() else {
            return Vec::new();
        };
        let swapped = inputs.first() != Some(&first.from);
        let (left, right) = if swapped {
            (second, first)
        } else {
            (first, second)
        };
        left.keys.iter().zip(&right.keys).collect()
    }
}

impl Body for Join {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        Ok(Self {
            join_type: fields.word_opt("JoinType")?.unwrap_or_default(),
            columns: fields.each("Columns", |side| {
                Ok(JoinColumn {
                    from: side.text("From")?,
                    keys: side.paths_opt("Keys")?,
                })
            })?,
        })
    }

    fn write(&self, members: &mut Members) {
        members.put("JoinType", self.join_type.as_str());
        members.put_each("Columns", &self.columns, |side, member| {
            member.put("From", side.from.clone());
            member.put("Keys", side.keys.clone());
        });
    }
}

/// One value of a filter's expression.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterValue {
    /// Whether it is a column or a constant.
    pub value_type: FilterValueType,
    /// The column's path, or the constant as the only element.
    pub value: ColumnPath,
}

/// One comparison of a filter.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterExpression {
    /// How the values are compared.
    pub operation: FilterOperation,
    /// Whether rows are kept for which it does not hold.
    pub negated: Option<bool>,
    /// What is compared, as written.
    pub values: Vec<FilterValue>,
}

impl FilterExpression {
    /// The column that is compared: the first, in whichever place it stands.
    pub fn column(&self) -> Option<&ColumnPath> {
        let columns = |value: &&FilterValue| value.value_type == FilterValueType::ColumnExtracted;
        self.values.iter().find(columns).map(|value| &value.value)
    }

    /// What it is compared with: the constant, or the second column; ISNULL has none.
    pub fn operand(&self) -> Option<&FilterValue> {
        let column = self
            .values
            .iter()
            .position(|value| value.value_type == FilterValueType::ColumnExtracted)?;
        let mut others = self.values.iter().enumerate();
        others
            .find(|(at, _)| *at != column)
            .map(|(_, value)| value)
            .filter(|_| self.operation != FilterOperation::IsNull)
    }

    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let expression = Self {
            operation: fields.word("Operation")?,
            negated: fields.flag_opt("Negated")?,
            values: fields.each("Values", |value| {
                Ok(FilterValue {
                    value_type: value.word("Type")?,
                    value: value.constant_or_path("Value")?,
                })
            })?,
        };
        if expression.column().is_none() {
            let error = Error::invalid("no column is compared")
                .hint("add {Type: COLUMNEXTRACTED, Value: [column]}");
            return Err(fields.wrong("Values", error));
        }
        let wanted = match expression.operation {
            FilterOperation::IsNull => 1,
            _ => 2,
        };
        // Glue Studio leaves an empty constant beside the column of an ISNULL.
        let spare = wanted == 1 && expression.values.len() == 2;
        if expression.values.len() != wanted && !spare {
            let word = expression.operation.as_str();
            let found = expression.values.len();
            let error = Error::invalid(format!("{word} takes {wanted} values, not {found}"));
            return Err(fields.wrong("Values", error));
        }
        let constant = |value: &&FilterValue| value.value_type == FilterValueType::Constant;
        if let Some(value) = expression.operand().filter(constant)
            && value.value.len() != 1
        {
            let error = Error::invalid("a constant is one text");
            return Err(fields.wrong("Values", error));
        }
        Ok(expression)
    }

    fn write(&self, members: &mut Members) {
        members.put("Operation", self.operation.as_str());
        members.put_some("Negated", self.negated);
        members.put_each("Values", &self.values, |value, member| {
            member.put("Type", value.value_type.as_str());
            member.put("Value", value.value.clone());
        });
    }
}

/// Keeps the rows for which all, or any, of the expressions hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// All or any.
    pub logical_operator: LogicalOperator,
    /// The comparisons, at least one.
    pub filters: Vec<FilterExpression>,
}

impl Body for Filter {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let node = Self {
            logical_operator: fields.word_opt("LogicalOperator")?.unwrap_or_default(),
            filters: fields.each("Filters", FilterExpression::read)?,
        };
        if node.filters.is_empty() {
            return Err(fields.wrong("Filters", Error::invalid("there is no condition")));
        }
        Ok(node)
    }

    fn write(&self, members: &mut Members) {
        members.put("LogicalOperator", self.logical_operator.as_str());
        members.put_each("Filters", &self.filters, FilterExpression::write);
    }
}

/// Keeps one of the rows that are the same.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DropDuplicates {
    /// The columns that are compared; none means all.
    pub columns: Vec<ColumnPath>,
}

impl Body for DropDuplicates {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let columns = fields.paths_opt("Columns")?;
        Ok(Self { columns })
    }

    fn write(&self, members: &mut Members) {
        members.put_list("Columns", &self.columns);
    }
}

/// Puts the rows of its inputs one after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Union {
    /// All rows, or each once.
    pub union_type: UnionType,
}

impl Body for Union {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let union_type = fields.word_opt("UnionType")?.unwrap_or_default();
        Ok(Self { union_type })
    }

    fn write(&self, members: &mut Members) {
        members.put("UnionType", self.union_type.as_str());
    }
}

/// One column of an [`Aggregate`]'s result.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// The column that is aggregated.
    pub column: ColumnPath,
    /// How.
    pub function: AggFunction,
}

impl Aggregation {
    /// The name of the result's column, as Spark gives it: `avg(popularity)`.
    pub fn column_name(&self) -> String {
        let column = path_text(&self.column);
        match self.function {
            AggFunction::CountDistinct => format!("count(DISTINCT {column})"),
            AggFunction::SumDistinct => format!("sum(DISTINCT {column})"),
            function => format!("{}({column})", function.as_str()),
        }
    }
}

/// The most aggregations that Glue takes.
const MAX_AGGREGATIONS: usize = 30;

/// Works figures out over groups of rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Aggregate {
    /// The columns whose equal values make a group; none means one group of all rows.
    pub groups: Vec<ColumnPath>,
    /// The figures, 1 to 30.
    pub aggs: Vec<Aggregation>,
}

impl Body for Aggregate {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let node = Self {
            groups: fields.paths_opt("Groups")?,
            aggs: fields.each("Aggs", |agg| {
                Ok(Aggregation {
                    column: agg.path("Column")?,
                    function: agg.word("AggFunc")?,
                })
            })?,
        };
        if !(1..=MAX_AGGREGATIONS).contains(&node.aggs.len()) {
            let found = node.aggs.len();
            let error = Error::invalid(format!(
                "1 to {MAX_AGGREGATIONS} aggregations are wanted, not {found}"
            ));
            return Err(fields.wrong("Aggs", error));
        }
        Ok(node)
    }

    fn write(&self, members: &mut Members) {
        members.put("Groups", self.groups.clone());
        members.put_each("Aggs", &self.aggs, |agg, member| {
            member.put("Column", agg.column.clone());
            member.put("AggFunc", agg.function.as_str());
        });
    }
}

/// Takes one out of a collection, such as a [`SplitFields`](super::SplitFields) makes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SelectFromCollection {
    /// Which one, from 0.
    pub index: u64,
}

impl Body for SelectFromCollection {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        match fields.whole_opt("Index", u64::from(u16::MAX))? {
            Some(index) => Ok(Self { index }),
            None => Err(fields.wrong("Index", Error::invalid("is missing"))),
        }
    }

    fn write(&self, members: &mut Members) {
        members.put("Index", self.index);
    }
}

/// Writes a sample of the rows as JSON beside the way, and passes all of them on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spigot {
    /// The folder that the sample is written to.
    pub path: String,
    /// How many rows from the start, 0 to 100.
    pub topk: Option<u64>,
    /// The chance of each row to be taken, 0 to 1.
    pub prob: Option<f64>,
}

impl Body for Spigot {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        Ok(Self {
            path: fields.filled_text("Path")?,
            topk: fields.whole_opt("Topk", 100)?,
            prob: fields.ratio_opt("Prob")?,
        })
    }

    fn write(&self, members: &mut Members) {
        members.put("Path", self.path.clone());
        members.put_some("Topk", self.topk);
        members.put_some("Prob", self.prob);
    }
}

/// The name that a query uses for an input.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SqlAlias {
    /// The input's node id.
    pub from: String,
    /// The name in the query.
    pub alias: String,
}

/// Runs a query over its inputs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SparkSql {
    /// The query.
    pub sql_query: String,
    /// The inputs' names in it.
    pub sql_aliases: Vec<SqlAlias>,
}

impl Body for SparkSql {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        fields.keep(&["OutputSchemas"]);
        Ok(Self {
            sql_query: fields.filled_text("SqlQuery")?,
            sql_aliases: fields.each("SqlAliases", |alias| {
                Ok(SqlAlias {
                    from: alias.text("From")?,
                    alias: alias.filled_text("Alias")?,
                })
            })?,
        })
    }

    fn write(&self, members: &mut Members) {
        members.put("SqlQuery", self.sql_query.clone());
        members.put_each("SqlAliases", &self.sql_aliases, |alias, member| {
            member.put("From", alias.from.clone());
            member.put("Alias", alias.alias.clone());
        });
    }
}

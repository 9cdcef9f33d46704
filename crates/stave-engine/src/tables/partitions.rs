//! Which partitions of a table a query needs: their values are rows of a small
//! table, and the filters that touch nothing else are run over it.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{Field, FieldRef, Schema};
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use stave_core::catalog::{Partition, Table};
use stave_core::{Error, Result};

use crate::{fault, types};

/// What Hive calls the folder of a partition whose value is NULL.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// A partition's place among the table's, and its values as the keys' types.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    pub(super) index: usize,
    pub(super) values: Vec<ScalarValue>,
}

/// The fields of a table's partition keys.
pub(super) fn key_fields(table: &Table) -> Result<Vec<FieldRef>> {
    table
        .partition_keys
        .iter()
        .map(|key| {
            let arrow = types::parse(&key.type_name)
                .map_err(|error| error.within(format!("partition key \"{}\"", key.name)))?;
            Ok(Arc::new(Field::new(key.name.to_lowercase(), arrow, true)))
        })
        .collect()
}

/// Whether `filter` can be decided from the partition keys alone.
pub(super) fn decides(filter: &Expr, keys: &[FieldRef]) -> bool {
    let names: HashSet<&str> = keys.iter().map(|key| key.name().as_str()).collect();
    let columns = filter.column_refs();
    !columns.is_empty()
        && columns.iter().all(|column| names.contains(column.name()))
        && !filter.is_volatile()
        && !looks_elsewhere(filter)
}

/// Whether `expr` looks at anything but its own row.
fn looks_elsewhere(expr: &Expr) -> bool {
    expr.exists(|expr| {
        Ok(matches!(
            expr,
            Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
                | Expr::SetComparison(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::Placeholder(_)
        ))
    })
    .unwrap_or(true)
}

/// The partitions whose values `filters` let through.
pub(super) fn choose(
    state: &dyn Session,
    table: &Table,
    keys: &[FieldRef],
    partitions: &[Partition],
    filters: &[Expr],
) -> Result<Vec<Chosen>> {
    let columns = keys
        .iter()
        .enumerate()
        .map(|(at, key)| values(table, key, at, partitions))
        .collect::<Result<Vec<_>>>()?;
    let schema = Arc::new(Schema::new(keys.to_vec()));
    let options = RecordBatchOptions::new().with_row_count(Some(partitions.len()));
    let rows = RecordBatch::try_new_with_options(schema, columns, &options)
        .map_err(|error| Error::internal(error.to_string()))?;
    let keep = match conjunction(filters.iter().cloned()) {
        Some(filter) => Some(decide(state, &rows, filter)?),
        None => None,
    };
    (0..partitions.len())
        .filter(|&row| keep.as_ref().is_none_or(|keep| keep.value(row)))
        .map(|index| {
            let values = rows
                .columns()
                .iter()
                .map(|column| ScalarValue::try_from_array(column, index));
            Ok(Chosen {
                index,
                values: values.collect::<Result<_, _>>().map_err(fault::engine)?,
            })
        })
        .collect()
}

fn values(table: &Table, key: &FieldRef, at: usize, partitions: &[Partition]) -> Result<ArrayRef> {
    let texts: arrow::array::StringArray = partitions
        .iter()
        .map(|partition| {
            let value = partition.values.get(at).map(String::as_str);
            value.filter(|value| *value != NULL_PARTITION)
        })
        .collect();
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(&texts, key.data_type(), &strict).map_err(|error| {
        Error::invalid(format!(
            "table \"{}.{}\": a partition's value of \"{}\" is not of type {}: {error}",
            table.database,
            table.name,
            key.name(),
            types::name_of(key.data_type())
        ))
        .hint("mend the partition's value or the key's type in the catalog")
    })
}

fn decide(state: &dyn Session, rows: &RecordBatch, filter: Expr) -> Result<BooleanArray> {
    // Filters carry the table's name before the column's, the rows do not.
    let filter = datafusion::logical_expr::expr_rewriter::unnormalize_col(filter);
    let schema = DFSchema::try_from(rows.schema()).map_err(fault::engine)?;
    let decided = state
        .create_physical_expr(filter, &schema)
        .and_then(|expr| expr.evaluate(rows)?.into_array(rows.num_rows()))
        .map_err(fault::engine)?;
    let decided = decided
        .as_any()
        .downcast_ref::<BooleanArray>()
        .ok_or_else(|| Error::internal("a filter is not boolean"))?;
    if decided.null_count() == 0 {
        return Ok(decided.clone());
    }
    // What is neither true nor false lets nothing through.
    Ok(arrow::compute::prep_null_mask_filter(decided))
}

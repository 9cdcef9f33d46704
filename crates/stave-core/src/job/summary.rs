//! What decides about a node, in a few words for a drawing.

use super::dynamic::DynamicTransform;
use super::graph::{Graph, Node};
use super::kind::NodeKind;
use super::rows::{Aggregation, FilterExpression, Join, Spigot};
use super::sources::{CsvTypes, S3Files};
use super::targets::TargetOptions;
use super::words::{FilterOperation, JoinType, LogicalOperator, Word, WriteMode};
use super::{ColumnPath, path_text};

/// The longest summary, in characters.
const MAX_CHARACTERS: usize = 100;

impl Graph {
    /// The settings that decide what `node` does, on one line of at most 100 characters.
    pub fn summary(&self, node: &Node) -> String {
        let line: Vec<String> = words(node)
            .split_whitespace()
            .map(|word| word.replace(char::is_control, ""))
            .collect();
        cut(&line.join(" "))
    }
}

fn cut(line: &str) -> String {
    if line.chars().count() <= MAX_CHARACTERS {
        return line.to_owned();
    }
    let kept: String = line.chars().take(MAX_CHARACTERS - 1).collect();
    format!("{}…", kept.trim_end())
}

fn words(node: &Node) -> String {
    match &node.kind {
        NodeKind::Join(join) => join_words(join, node),
        NodeKind::DropFields(fields) => format!("drops {}", paths(&fields.paths)),
        NodeKind::SelectFields(fields) => format!("keeps {}", paths(&fields.paths)),
        NodeKind::SplitFields(fields) => format!("{} | the others", paths(&fields.paths)),
        NodeKind::RenameField(field) => format!(
            "{} to {}",
            path_text(&field.source_path),
            path_text(&field.target_path)
        ),
        NodeKind::ApplyMapping(mapping) => {
            let kept = |dropped: Option<bool>| dropped != Some(true);
            let columns = mapping.mapping.iter().filter(|each| kept(each.dropped));
            format!("{} columns", columns.count())
        }
        NodeKind::Filter(filter) => {
            let joint = match filter.logical_operator {
                LogicalOperator::And => " and ",
                LogicalOperator::Or => " or ",
            };
            let all: Vec<String> = filter.filters.iter().map(condition).collect();
            all.join(joint)
        }
        NodeKind::DropDuplicates(node) if node.columns.is_empty() => "whole rows".to_owned(),
        NodeKind::DropDuplicates(node) => format!("by {}", paths(&node.columns)),
        NodeKind::DropNullFields(_) => "columns without a value".to_owned(),
        NodeKind::FillMissingValues(node) => format!(
            "{} = {} or '{}'",
            node.target(),
            node.imputed_path,
            node.fill_value
        ),
        NodeKind::Union(union) => union.union_type.as_str().to_lowercase(),
        NodeKind::Aggregate(node) => {
            let figures: Vec<String> = node.aggs.iter().map(Aggregation::column_name).collect();
            let figures = figures.join(", ");
            if node.groups.is_empty() {
                figures
            } else {
                format!("{figures} by {}", paths(&node.groups))
            }
        }
        NodeKind::SelectFromCollection(select) => format!("number {}", select.index),
        NodeKind::Spigot(spigot) => spigot_words(spigot),
        NodeKind::SparkSql(sql) => sql.sql_query.clone(),
        NodeKind::DynamicTransform(DynamicTransform::Explode(explode)) => {
            let rows = if explode.outer {
                ", rows without any too"
            } else {
                ""
            };
            format!(
                "explode {} as {}{rows}",
                path_text(&explode.column),
                explode.target()
            )
        }
        NodeKind::DynamicTransform(DynamicTransform::Flatten(flatten)) => {
            let levels = flatten
                .max_levels
                .map(|levels| format!(", {levels} levels"));
            format!("flatten{}", levels.unwrap_or_default())
        }
        kind if kind.is_source() => source_words(kind),
        kind => target_words(kind),
    }
}

fn source_words(kind: &NodeKind) -> String {
    match kind {
        NodeKind::S3CsvSource(source) => {
            let types = match &source.types {
                CsvTypes::Strings => String::new(),
                CsvTypes::Infer => ", types inferred".to_owned(),
                CsvTypes::Declared(columns) => format!(", {} typed", columns.len()),
            };
            format!("{}{types}", files(&source.files))
        }
        NodeKind::S3JsonSource(source) => files(&source.files),
        NodeKind::S3ParquetSource(source) => files(&source.files),
        NodeKind::S3CatalogSource(source) | NodeKind::CatalogSource(source) => {
            let condition = source.partition_predicate.as_ref();
            let condition = condition.map_or_else(String::new, |text| format!(" where {text}"));
            format!("{}.{}{condition}", source.database, source.table)
        }
        _ => String::new(),
    }
}

fn target_words(kind: &NodeKind) -> String {
    match kind {
        NodeKind::S3DirectTarget(target) => format!(
            "{}, {} {}{}",
            target.path,
            target.format.as_str(),
            target.compression.as_deref().unwrap_or_default(),
            options(&target.options)
        ),
        NodeKind::S3GlueParquetTarget(target) => format!(
            "{}, parquet {}{}",
            target.path,
            target.compression.unwrap_or_default().as_str(),
            options(&target.options)
        ),
        NodeKind::S3CatalogTarget(target) => format!(
            "{}.{}{}",
            target.database,
            target.table,
            options(&target.options)
        ),
        _ => String::new(),
    }
}

fn files(files: &S3Files) -> String {
    match files.paths.as_slice() {
        [first, _, ..] => format!("{first} and {} more", files.paths.len() - 1),
        paths => paths.concat(),
    }
}

fn paths(paths: &[ColumnPath]) -> String {
    let texts: Vec<String> = paths.iter().map(|path| path_text(path)).collect();
    texts.join(", ")
}

fn join_words(join: &Join, node: &Node) -> String {
    let rows = match join.join_type {
        JoinType::Equijoin => "inner",
        JoinType::LeftSemi => "left semi",
        JoinType::LeftAnti => "left anti",
        other => other.as_str(),
    };
    let pairs = join.pairs(&node.inputs);
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(left, right)| format!("{} = {}", path_text(left), path_text(right)))
        .collect();
    format!("{rows} on {}", pairs.join(" and "))
}

fn condition(expression: &FilterExpression) -> String {
    let column = expression
        .column()
        .map_or_else(String::new, |path| path_text(path));
    let sign = expression.operation.sign();
    let compared = match (expression.operation, expression.operand()) {
        (FilterOperation::IsNull, _) | (_, None) => format!("{column} {sign}"),
        (_, Some(operand)) => format!("{column} {sign} {}", path_text(&operand.value)),
    };
    if expression.negated == Some(true) {
        format!("not ({compared})")
    } else {
        compared
    }
}

fn spigot_words(spigot: &Spigot) -> String {
    let rows = spigot.topk.map(|rows| format!("{rows} rows"));
    let chance = spigot
        .prob
        .map(|chance| format!("each row with chance {chance}"));
    let words = [Some(spigot.path.clone()), rows, chance];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn options(options: &TargetOptions) -> String {
    let keys = &options.partition_keys;
    let folders = (!keys.is_empty()).then(|| format!(" by {}", paths(keys)));
    let table = options.updated_table();
    let table = table.map(|(database, table)| format!(", table {database}.{table}"));
    let replaces = options.mode == Some(WriteMode::Overwrite);
    let mode = replaces.then(|| ", overwrites".to_owned());
    [folders, table, mode].into_iter().flatten().collect()
}

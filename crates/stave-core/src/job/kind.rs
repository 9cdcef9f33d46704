//! The kinds of nodes: one variant each, read by name and written back.

use super::columns::{
    ApplyMapping, DropFields, DropNullFields, FillMissingValues, RenameField, SelectFields,
    SplitFields,
};
use super::dynamic::DynamicTransform;
use super::fields::Fields;
use super::json_source::S3JsonSource;
use super::kind_names::{GLUE_KINDS, SUPPORTED_KINDS};
use super::members::{Body, Members};
use super::rows::{
    Aggregate, DropDuplicates, Filter, Join, SelectFromCollection, SparkSql, Spigot, Union,
};
use super::sources::{S3CatalogSource, S3CsvSource, S3Files, S3ParquetSource};
use super::targets::{S3CatalogTarget, S3DirectTarget, S3GlueParquetTarget};
use super::wrong::{Read, Wrong};
use crate::error::Error;
use crate::nearest;

/// What a node does: one variant for each supported node type of Glue, of the same name.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // Each variant is described at the struct of its name.
pub enum NodeKind {
    S3CsvSource(S3CsvSource),
    S3JsonSource(S3JsonSource),
    S3ParquetSource(S3ParquetSource),
    S3CatalogSource(S3CatalogSource),
    CatalogSource(S3CatalogSource),
    Join(Join),
    DropFields(DropFields),
    SelectFields(SelectFields),
    RenameField(RenameField),
    ApplyMapping(ApplyMapping),
    Filter(Filter),
    DropDuplicates(DropDuplicates),
    DropNullFields(DropNullFields),
    FillMissingValues(FillMissingValues),
    Union(Union),
    Aggregate(Aggregate),
    SplitFields(SplitFields),
    SelectFromCollection(SelectFromCollection),
    Spigot(Spigot),
    SparkSql(SparkSql),
    DynamicTransform(DynamicTransform),
    S3DirectTarget(S3DirectTarget),
    S3GlueParquetTarget(S3GlueParquetTarget),
    S3CatalogTarget(S3CatalogTarget),
}

impl NodeKind {
    /// Glue's name of the node type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::S3CsvSource(_) => "S3CsvSource",
            Self::S3JsonSource(_) => "S3JsonSource",
            Self::S3ParquetSource(_) => "S3ParquetSource",
            Self::S3CatalogSource(_) => "S3CatalogSource",
            Self::CatalogSource(_) => "CatalogSource",
            Self::Join(_) => "Join",
            Self::DropFields(_) => "DropFields",
            Self::SelectFields(_) => "SelectFields",
            Self::RenameField(_) => "RenameField",
            Self::ApplyMapping(_) => "ApplyMapping",
            Self::Filter(_) => "Filter",
            Self::DropDuplicates(_) => "DropDuplicates",
            Self::DropNullFields(_) => "DropNullFields",
            Self::FillMissingValues(_) => "FillMissingValues",
            Self::Union(_) => "Union",
            Self::Aggregate(_) => "Aggregate",
            Self::SplitFields(_) => "SplitFields",
            Self::SelectFromCollection(_) => "SelectFromCollection",
            Self::Spigot(_) => "Spigot",
            Self::SparkSql(_) => "SparkSQL",
            Self::DynamicTransform(_) => "DynamicTransform",
            Self::S3DirectTarget(_) => "S3DirectTarget",
            Self::S3GlueParquetTarget(_) => "S3GlueParquetTarget",
            Self::S3CatalogTarget(_) => "S3CatalogTarget",
        }
    }

    /// Whether it reads from outside the graph and has no inputs.
    pub fn is_source(&self) -> bool {
        matches!(
            self,
            Self::S3CsvSource(_)
                | Self::S3JsonSource(_)
                | Self::S3ParquetSource(_)
                | Self::S3CatalogSource(_)
                | Self::CatalogSource(_)
        )
    }

    /// Whether it ends the graph: what it writes is the job's result.
    pub fn is_target(&self) -> bool {
        matches!(
            self,
            Self::S3DirectTarget(_) | Self::S3GlueParquetTarget(_) | Self::S3CatalogTarget(_)
        )
    }

    /// Which objects of S3 it reads, if it is a source of such.
    pub fn s3_files(&self) -> Option<&S3Files> {
        match self {
            Self::S3CsvSource(source) => Some(&source.files),
            Self::S3JsonSource(source) => Some(&source.files),
            Self::S3ParquetSource(source) => Some(&source.files),
            _ => None,
        }
    }

    /// The fewest and the most inputs that it takes.
    pub fn input_counts(&self) -> (usize, usize) {
        match self {
            kind if kind.is_source() => (0, 0),
            Self::Join(_) => (2, 2),
            Self::Union(_) => (2, usize::MAX),
            Self::SparkSql(_) => (1, usize::MAX),
            _ => (1, 1),
        }
    }

    /// Reads the members of a node of the type `name`, other than `Name` and `Inputs`.
    pub(super) fn read(name: &str, fields: &mut Fields<'_>) -> Read<Self> {
        Ok(match name {
            "S3CsvSource" => Self::S3CsvSource(Body::read(fields)?),
            "S3JsonSource" => Self::S3JsonSource(Body::read(fields)?),
            "S3ParquetSource" => Self::S3ParquetSource(Body::read(fields)?),
            "S3CatalogSource" => Self::S3CatalogSource(Body::read(fields)?),
            "CatalogSource" => Self::CatalogSource(Body::read(fields)?),
            "Join" => Self::Join(Body::read(fields)?),
            "DropFields" => Self::DropFields(Body::read(fields)?),
            "SelectFields" => Self::SelectFields(Body::read(fields)?),
            "RenameField" => Self::RenameField(Body::read(fields)?),
            "ApplyMapping" => Self::ApplyMapping(Body::read(fields)?),
            "Filter" => Self::Filter(Body::read(fields)?),
            "DropDuplicates" => Self::DropDuplicates(Body::read(fields)?),
            "DropNullFields" => Self::DropNullFields(Body::read(fields)?),
            "FillMissingValues" => Self::FillMissingValues(Body::read(fields)?),
            "Union" => Self::Union(Body::read(fields)?),
            "Aggregate" => Self::Aggregate(Body::read(fields)?),
            "SplitFields" => Self::SplitFields(Body::read(fields)?),
            "SelectFromCollection" => Self::SelectFromCollection(Body::read(fields)?),
            "Spigot" => Self::Spigot(Body::read(fields)?),
            "SparkSQL" => Self::SparkSql(Body::read(fields)?),
            "DynamicTransform" => Self::DynamicTransform(Body::read(fields)?),
            "S3DirectTarget" => Self::S3DirectTarget(Body::read(fields)?),
            "S3GlueParquetTarget" => Self::S3GlueParquetTarget(Body::read(fields)?),
            "S3CatalogTarget" => Self::S3CatalogTarget(Body::read(fields)?),
            other => return Err(Wrong::whole(unknown_kind(other))),
        })
    }

    /// Writes the members, other than `Name` and `Inputs`.
    pub(super) fn write(&self, members: &mut Members) {
        match self {
            Self::S3CsvSource(node) => node.write(members),
            Self::S3JsonSource(node) => node.write(members),
            Self::S3ParquetSource(node) => node.write(members),
            Self::S3CatalogSource(node) | Self::CatalogSource(node) => node.write(members),
            Self::Join(node) => node.write(members),
            Self::DropFields(node) => node.write(members),
            Self::SelectFields(node) => node.write(members),
            Self::RenameField(node) => node.write(members),
            Self::ApplyMapping(node) => node.write(members),
            Self::Filter(node) => node.write(members),
            Self::DropDuplicates(node) => node.write(members),
            Self::DropNullFields(node) => node.write(members),
            Self::FillMissingValues(node) => node.write(members),
            Self::Union(node) => node.write(members),
            Self::Aggregate(node) => node.write(members),
            Self::SplitFields(node) => node.write(members),
            Self::SelectFromCollection(node) => node.write(members),
            Self::Spigot(node) => node.write(members),
            Self::SparkSql(node) => node.write(members),
            Self::DynamicTransform(node) => node.write(members),
            Self::S3DirectTarget(node) => node.write(members),
            Self::S3GlueParquetTarget(node) => node.write(members),
            Self::S3CatalogTarget(node) => node.write(members),
        }
    }
}

/// Refuses a node type: one of Glue's by its name, any other with the nearest that is supported.
pub(super) fn unknown_kind(name: &str) -> Error {
    let supported = SUPPORTED_KINDS.join(", ");
    if GLUE_KINDS.contains(&name) {
        return Error::unsupported(format!("the node type {name} is not supported"))
            .hint(format!("supported are: {supported}"));
    }
    let error = Error::invalid(format!("there is no node type \"{name}\""));
    match nearest::nearest(name, SUPPORTED_KINDS.iter().copied()) {
        Some(meant) => error.hint(format!("did you mean \"{meant}\"?")),
        None => error.hint(format!("supported are: {supported}")),
    }
}

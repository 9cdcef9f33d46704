//! The transforms that change which columns there are and what they hold.

use serde_json::Value;

use super::fields::Fields;
use super::members::{Body, Members};
use super::wrong::Read;
use super::{ColumnPath, path_text};
use crate::error::{Error, Result};
use crate::hive::HiveType;

/// How deep `Children` of a mapping may nest.
const MAX_MAPPING_DEPTH: usize = 32;

/// Leaves columns out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DropFields {
    /// The columns that go.
    pub paths: Vec<ColumnPath>,
}

impl Body for DropFields {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let paths = fields.paths("Paths")?;
        Ok(Self { paths })
    }

    fn write(&self, members: &mut Members) {
        members.put("Paths", self.paths.clone());
    }
}

/// Keeps these columns only.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SelectFields {
    /// The columns that stay.
    pub paths: Vec<ColumnPath>,
}

impl Body for SelectFields {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let paths = some_paths(fields)?;
        Ok(Self { paths })
    }

    fn write(&self, members: &mut Members) {
        members.put("Paths", self.paths.clone());
    }
}

/// Makes a collection of two: these columns (index 0), and all others (index 1).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SplitFields {
    /// The columns of the first.
    pub paths: Vec<ColumnPath>,
}

impl Body for SplitFields {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let paths = some_paths(fields)?;
        Ok(Self { paths })
    }

    fn write(&self, members: &mut Members) {
        members.put("Paths", self.paths.clone());
    }
}

fn some_paths(fields: &mut Fields<'_>) -> Read<Vec<ColumnPath>> {
    let paths = fields.paths("Paths")?;
    if paths.is_empty() {
        let error = Error::invalid("names no column").hint("write Paths: [[column], [column]]");
        return Err(fields.wrong("Paths", error));
    }
    Ok(paths)
}

/// Gives a column another name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RenameField {
    /// The column.
    pub source_path: ColumnPath,
    /// Its new name.
    pub target_path: ColumnPath,
}

impl Body for RenameField {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        Ok(Self {
            source_path: fields.path("SourcePath")?,
            target_path: fields.path("TargetPath")?,
        })
    }

    fn write(&self, members: &mut Members) {
        members.put("SourcePath", self.source_path.clone());
        members.put("TargetPath", self.target_path.clone());
    }
}

/// One line of an [`ApplyMapping`]: a column, its new name and its new type.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mapping {
    /// The column's new name; only a dropped one has none.
    pub to_key: Option<String>,
    /// The column that is read; below `Children`, from the parent on.
    pub from_path: ColumnPath,
    /// The type that the job's author saw; without effect.
    pub from_type: Option<String>,
    /// The type as it is written in the job; [`Mapping::target_type`] says what it means.
    pub to_type: Option<String>,
    /// Whether the column is left out.
    pub dropped: Option<bool>,
    /// Mappings of the fields of a struct.
    pub children: Vec<Mapping>,
}

impl Mapping {
    /// The new name: `ToKey`, or else the last part of the path.
    pub fn target_name(&self) -> &str {
        match (&self.to_key, self.from_path.last()) {
            (Some(key), _) => key,
            (None, Some(last)) => last,
            (None, None) => "",
        }
    }

    /// The type that values are cast to; none when they stay as they are (no type, or a
    /// bare `struct`, `array` or `map`). `decimal` alone is `decimal(10,2)`, as in Glue.
    pub fn target_type(&self) -> Result<Option<HiveType>> {
        match self.to_type.as_deref().map(str::trim) {
            None | Some("") => Ok(None),
            Some(word) => match word.to_ascii_lowercase().as_str() {
                "struct" | "array" | "map" => Ok(None),
                "byte" => Ok(Some(HiveType::TinyInt)),
                "short" => Ok(Some(HiveType::SmallInt)),
                "decimal" => Ok(Some(HiveType::Decimal(10, 2))),
                other => other.parse().map(Some),
            },
        }
    }

    fn read(fields: &mut Fields<'_>, depth: usize) -> Read<Self> {
        if depth > MAX_MAPPING_DEPTH {
            return Err(fields.wrong_here(Error::invalid("Children nest too deep")));
        }
        let mapping = Self {
            to_key: fields.text_opt("ToKey")?.filter(|key| !key.is_empty()),
            from_path: fields.path("FromPath")?,
            from_type: fields.text_opt("FromType")?,
            to_type: fields.text_opt("ToType")?,
            dropped: fields.flag_opt("Dropped")?,
            children: fields.each("Children", |child| Self::read(child, depth + 1))?,
        };
        let dropped = mapping.dropped == Some(true);
        if mapping.to_key.is_none() && !dropped {
            let from = path_text(&mapping.from_path);
            let error = Error::invalid(format!("\"{from}\" has no new name"))
                .hint("add ToKey (it may be the same name), or Dropped: true");
            return Err(fields.wrong("ToKey", error));
        }
        mapping
            .target_type()
            .map_err(|error| fields.wrong("ToType", error))?;
        Ok(mapping)
    }

    fn write(&self, members: &mut Members) {
        members.put_some("ToKey", self.to_key.clone());
        members.put("FromPath", self.from_path.clone());
        members.put_some("FromType", self.from_type.clone());
        members.put_some("ToType", self.to_type.clone());
        members.put_some("Dropped", self.dropped);
        if !self.children.is_empty() {
            members.put_each("Children", &self.children, Self::write);
        }
    }
}

/// Names, orders and types columns; a column that is not mapped is left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ApplyMapping {
    /// The columns of the result, in order.
    pub mapping: Vec<Mapping>,
}

impl Body for ApplyMapping {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let mapping = fields.each("Mapping", |each| Mapping::read(each, 0))?;
        if mapping.iter().all(|each| each.dropped == Some(true)) {
            let error = Error::invalid("keeps no column")
                .hint("write Mapping: [{FromPath: [a], ToKey: a, ToType: long}]");
            return Err(fields.wrong("Mapping", error));
        }
        Ok(Self { mapping })
    }

    fn write(&self, members: &mut Members) {
        members.put_each("Mapping", &self.mapping, Mapping::write);
    }
}

/// A text that stands for null in columns of one type.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NullText {
    /// The text.
    pub value: String,
    /// The type's id, such as `string` or `int`.
    pub datatype: String,
    /// The type's name in Glue Studio; without effect.
    pub label: String,
}

/// Leaves out the columns in which every value is null.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DropNullFields {
    /// Whether an empty string counts as null.
    pub is_empty: Option<bool>,
    /// Whether the string `null` counts as null.
    pub is_null_string: Option<bool>,
    /// Whether the whole number -1 counts as null.
    pub is_neg_one: Option<bool>,
    /// What else counts as null.
    pub null_texts: Vec<NullText>,
}

/// The most placeholders that Glue takes.
const MAX_NULL_TEXTS: usize = 50;

impl Body for DropNullFields {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let mut node = Self::default();
        if let Some(mut boxes) = fields.below("NullCheckBoxList")? {
            node.is_empty = boxes.flag_opt("IsEmpty")?;
            node.is_null_string = boxes.flag_opt("IsNullString")?;
            node.is_neg_one = boxes.flag_opt("IsNegOne")?;
            boxes.finish()?;
        }
        node.null_texts = fields.each("NullTextList", |text| {
            let value = text.text("Value")?;
            let Some(mut datatype) = text.below("Datatype")? else {
                return Err(text.wrong("Datatype", Error::invalid("is missing")));
            };
            let id = datatype.filled_text("Id")?;
            let label = datatype.text_opt("Label")?.unwrap_or_else(|| id.clone());
            datatype.finish()?;
            Ok(NullText {
                value,
                datatype: id,
                label,
            })
        })?;
        if node.null_texts.len() > MAX_NULL_TEXTS {
            let error = Error::invalid(format!("Glue takes {MAX_NULL_TEXTS} at most"));
            return Err(fields.wrong("NullTextList", error));
        }
        Ok(node)
    }

    fn write(&self, members: &mut Members) {
        let mut boxes = Members::default();
        boxes.put_some("IsEmpty", self.is_empty);
        boxes.put_some("IsNullString", self.is_null_string);
        boxes.put_some("IsNegOne", self.is_neg_one);
        if !boxes.0.is_empty() {
            members.put("NullCheckBoxList", boxes.0);
        }
        if !self.null_texts.is_empty() {
            members.put_each("NullTextList", &self.null_texts, |text, member| {
                member.put("Value", text.value.clone());
                let mut datatype = Members::default();
                datatype.put("Id", text.datatype.clone());
                datatype.put("Label", text.label.clone());
                member.put("Datatype", Value::Object(datatype.0));
            });
        }
    }
}

/// Adds a column in which missing values are filled with a constant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FillMissingValues {
    /// The column with missing values.
    pub imputed_path: String,
    /// The column that is added; see [`FillMissingValues::target`].
    pub filled_path: Option<String>,
    /// The constant, as text, cast to the column's type (an extension).
    pub fill_value: String,
}

impl FillMissingValues {
    /// The name of the filled column: `FilledPath`, or `<column>_filled` as in Glue.
    pub fn target(&self) -> String {
        match &self.filled_path {
            Some(path) => path.clone(),
            None => format!("{}_filled", self.imputed_path),
        }
    }
}

impl Body for FillMissingValues {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let imputed_path = fields.filled_text("ImputedPath")?;
        let filled_path = fields
            .text_opt("FilledPath")?
            .filter(|path| !path.is_empty());
        let Some(fill_value) = fields.text_opt("FillValue")? else {
            let error =
                Error::unsupported("filling with values that a model guesses is not supported")
                    .hint("add FillValue with the constant to fill in (Stave's own field)");
            return Err(fields.wrong("FillValue", error));
        };
        Ok(Self {
            imputed_path,
            filled_path,
            fill_value,
        })
    }

    fn write(&self, members: &mut Members) {
        members.put("ImputedPath", self.imputed_path.clone());
        members.put_some("FilledPath", self.filled_path.clone());
        members.put("FillValue", self.fill_value.clone());
    }
}

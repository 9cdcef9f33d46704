//! The transforms for nested data that Glue Studio brings along as
//! `DynamicTransform`s: exploding arrays and maps, flattening structs.
//!
//! Glue runs whatever file such a node names; these two are known by their names
//! and run here, all others are refused by theirs.

use super::fields::Fields;
use super::members::{Body, Members};
use super::wrong::Read;
use super::{ColumnPath, path_text};
use crate::error::{Error, Result};
use crate::nearest;

const EXPLODE: &str = "gs_explode";
const FLATTEN: &str = "gs_flatten";

/// The most levels that a [`Flatten`] can be told.
const MAX_LEVELS: u64 = 64;

/// One of Glue Studio's transforms, told by its `TransformName`.
#[derive(Debug, Clone, PartialEq)]
pub enum DynamicTransform {
    /// `gs_explode`, "Explode Array Or Map Into Rows".
    Explode(Explode),
    /// `gs_flatten`, "Flatten".
    Flatten(Flatten),
}

/// Makes a row of each element of an array, or of each entry of a map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Explode {
    /// The column, or the field inside one (`colName`).
    pub column: ColumnPath,
    /// The column of the elements (`newCol`); none puts them in the column's own place.
    pub new_column: Option<String>,
    /// Whether a row without elements stays, with NULL for the element (`outer`).
    pub outer: bool,
}

/// Makes columns of the fields of structs, named by their paths.
#[derive(Debug, Clone, PartialEq)]
pub struct Flatten {
    /// How many levels of structs are taken apart (`maxLevels`); none means all.
    pub max_levels: Option<u64>,
    /// What stands between the parts of a name (`separator`).
    pub separator: String,
}

impl Default for Flatten {
    fn default() -> Self {
        Self {
            max_levels: None,
            separator: ".".to_owned(),
        }
    }
}

impl Explode {
    /// The name of the column that the elements of an array go to.
    pub fn target(&self) -> String {
        self.new_column
            .clone()
            .unwrap_or_else(|| path_text(&self.column))
    }
}

impl DynamicTransform {
    /// `gs_explode` or `gs_flatten`.
    pub fn transform_name(&self) -> &'static str {
        match self {
            Self::Explode(_) => EXPLODE,
            Self::Flatten(_) => FLATTEN,
        }
    }
}

impl Body for DynamicTransform {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let name = fields.filled_text("TransformName")?;
        let mut parameters = Parameters(fields.each("Parameters", parameter)?);
        let read = match name.as_str() {
            EXPLODE => explode(&mut parameters).map(Self::Explode),
            FLATTEN => flatten(&mut parameters).map(Self::Flatten),
            other => {
                let error = Error::unsupported(format!("the transform {other} is not supported"))
                    .hint(format!(
                        "supported are {EXPLODE} and {FLATTEN}; write others as SparkSQL"
                    ));
                return Err(fields.wrong("TransformName", error));
            }
        };
        let read = read.and_then(|read| parameters.finish(&name).map(|()| read));
        let read = read.map_err(|error| fields.wrong("Parameters", error))?;
        // Where Glue finds the code, and how its form shows the parameters.
        fields.keep(&[
            "Parameters",
            "FunctionName",
            "Path",
            "Version",
            "OutputSchemas",
        ]);
        Ok(read)
    }

    fn write(&self, members: &mut Members) {
        members.put("TransformName", self.transform_name());
    }
}

/// The name of a parameter and its values.
fn parameter(fields: &mut Fields<'_>) -> Read<(String, Vec<String>)> {
    let read = (fields.filled_text("Name")?, fields.texts("Value")?);
    for without_effect in [
        "Type",
        "ValidationRule",
        "ValidationMessage",
        "ListType",
        "IsOptional",
    ] {
        fields.value(without_effect);
    }
    Ok(read)
}

/// Parameters that have not been asked for yet.
struct Parameters(Vec<(String, Vec<String>)>);

impl Parameters {
    /// The value of a parameter; none when it is absent or empty.
    fn text(&mut self, name: &str) -> Result<Option<String>> {
        let Some(at) = self.0.iter().position(|(found, _)| found == name) else {
            return Ok(None);
        };
        let (_, mut values) = self.0.remove(at);
        if values.len() > 1 {
            return Err(Error::invalid(format!("{name} has more than one value")));
        }
        Ok(values.pop().filter(|value| !value.is_empty()))
    }

    /// Refuses what is left.
    fn finish(&self, transform: &str) -> Result<()> {
        let known: &[&str] = match transform {
            EXPLODE => &["colName", "newCol", "outer"],
            _ => &["maxLevels", "separator"],
        };
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) if known.contains(&name.as_str()) => {
                Err(Error::invalid(format!("{name} is given twice")))
            }
            Some((name, _)) => Err(Error::invalid(format!(
                "{transform} has no parameter \"{name}\""
            ))
            .hint(nearest::hint(name, known.iter().copied()))),
        }
    }
}

fn explode(parameters: &mut Parameters) -> Result<Explode> {
    let Some(column) = parameters.text("colName")? else {
        return Err(Error::invalid("colName is missing")
            .hint("write Parameters: [{Name: colName, Type: str, Value: [column]}]"));
    };
    Ok(Explode {
        column: vec![plain(&column).to_owned()],
        new_column: parameters
            .text("newCol")?
            .map(|name| plain(&name).to_owned()),
        outer: match parameters.text("outer")?.as_deref() {
            None | Some("false" | "False") => false,
            Some("true" | "True") => true,
            Some(other) => {
                return Err(Error::invalid(format!(
                    "outer is true or false, not \"{other}\""
                )));
            }
        },
    })
}

/// A name without the backticks that Glue Studio puts around one with dots.
fn plain(name: &str) -> &str {
    let inner = name
        .strip_prefix('`')
        .and_then(|name| name.strip_suffix('`'));
    inner.filter(|name| !name.is_empty()).unwrap_or(name)
}

fn flatten(parameters: &mut Parameters) -> Result<Flatten> {
    let max_levels = parameters.text("maxLevels")?;
    let max_levels = max_levels.map(|text| match text.trim().parse::<u64>() {
        Ok(levels) if levels <= MAX_LEVELS => Ok(levels),
        _ => Err(Error::invalid(format!(
            "maxLevels is a whole number from 0 to {MAX_LEVELS}, not \"{text}\""
        ))),
    });
    Ok(Flatten {
        // Glue Studio's form sends 0 for all.
        max_levels: max_levels.transpose()?.filter(|levels| *levels > 0),
        separator: parameters
            .text("separator")?
            .unwrap_or_else(|| ".".to_owned()),
    })
}

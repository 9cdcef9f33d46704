//! The node that reads JSON files.

use serde_json::Value;

use super::fields::Fields;
use super::json_path::parse_json_path;
use super::members::{Body, Members};
use super::sources::{S3Files, read_types, types_value};
use super::words::FileCompression;
use super::wrong::Read;
use crate::error::Error;
use crate::hive::HiveType;

/// The most paths of one source.
const MAX_PATHS: usize = 16;

/// Reads JSON files: one object a line, one array, or one object a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct S3JsonSource {
    /// Which files.
    pub files: S3Files,
    /// How they are compressed; none means by their names.
    pub compression_type: Option<FileCompression>,
    /// Which values are the rows, see [`parse_json_path`]; none means the values of the file.
    pub json_path: Option<String>,
    /// Several such paths: rows are what any of them leads to (an extension).
    pub json_paths: Vec<String>,
    /// The columns and their types, all that is read; none means by the data (an extension).
    pub types: Option<Vec<(String, HiveType)>>,
}

impl S3JsonSource {
    /// The paths to the rows; none means the values of the file.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.json_path
            .iter()
            .chain(&self.json_paths)
            .map(String::as_str)
    }

    fn read_columns(fields: &mut Fields<'_>) -> Read<Option<Vec<(String, HiveType)>>> {
        let place = fields.place("Types");
        match fields.value("Types") {
            None => Ok(None),
            Some(Value::String(word)) if word == "infer" => Ok(None),
            Some(Value::Object(columns)) if !columns.is_empty() => {
                read_types(columns, &place).map(Some)
            }
            Some(_) => Err(fields.wrong(
                "Types",
                Error::invalid("\"infer\" or a map of column names to types is wanted")
                    .hint("write Types: {id: string, artists: array<struct<id:string>>}"),
            )),
        }
    }
}

impl Body for S3JsonSource {
    fn read(fields: &mut Fields<'_>) -> Read<Self> {
        let json_path = fields.text_opt("JsonPath")?.filter(|path| !path.is_empty());
        if let Some(Err(error)) = json_path.as_deref().map(parse_json_path) {
            return Err(fields.wrong("JsonPath", error));
        }
        let json_paths = fields.texts("JsonPaths")?;
        if json_path.is_some() && !json_paths.is_empty() {
            let error = Error::invalid("there is a JsonPath as well").hint("leave one of them out");
            return Err(fields.wrong("JsonPaths", error));
        }
        if json_paths.len() > MAX_PATHS {
            let error = Error::limit_exceeded(format!("there are more than {MAX_PATHS} paths"));
            return Err(fields.wrong("JsonPaths", error));
        }
        for (at, path) in json_paths.iter().enumerate() {
            parse_json_path(path)
                .map_err(|error| fields.wrong(&format!("JsonPaths[{at}]"), error))?;
        }
        let source = Self {
            files: S3Files::read(fields)?,
            compression_type: fields.word_opt("CompressionType")?,
            json_path,
            json_paths,
            types: Self::read_columns(fields)?,
        };
        fields.keep(&["Multiline"]);
        Ok(source)
    }

    fn write(&self, members: &mut Members) {
        self.files.write(members);
        members.put_word("CompressionType", self.compression_type);
        members.put_some("JsonPath", self.json_path.clone());
        members.put_list("JsonPaths", &self.json_paths);
        members.put_some("Types", self.types.as_deref().map(types_value));
    }
}

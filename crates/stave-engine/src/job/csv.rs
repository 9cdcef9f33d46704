//! The S3CsvSource: its settings as a dialect, its columns from the first header.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use stave_core::job::{BadRows, CsvDialect, CsvTypes, FileCompression, S3CsvSource};
use stave_core::{Error, Result, S3Uri, nearest};

use super::cast;
use super::script::text;
use crate::scan::TextTable;
use crate::text::{
    Chunks, Compression, CsvFormat, Dialect, Matching, TextFile, decode::column_names,
    split_records,
};

/// How many bytes are looked at for a header.
const HEADER_BYTES: usize = 64 << 10;
/// How many bytes are looked at for types.
const SAMPLE_BYTES: usize = 4 << 20;

/// How the files are compressed, where the node says so.
pub(super) fn compression(source: &S3CsvSource) -> Option<Compression> {
    source.compression_type.map(compression_of)
}

pub(super) fn compression_of(word: FileCompression) -> Compression {
    match word {
        FileCompression::None => Compression::None,
        FileCompression::Gzip => Compression::Gzip,
        FileCompression::Bzip2 => Compression::Bzip2,
        FileCompression::Zstd => Compression::Zstd,
    }
}

/// Where bad records go; none when they fail the run.
pub(super) fn rejects_folder(source: &S3CsvSource) -> Result<Option<S3Uri>> {
    match (source.bad_rows, &source.rejects_path) {
        (Some(BadRows::Reject), Some(path)) => path
            .parse()
            .map(Some)
            .map_err(|error: Error| error.within("RejectsPath")),
        _ => Ok(None),
    }
}

/// The source in SQL, as a function over `paths`.
pub(super) fn sql(source: &S3CsvSource, paths: &str) -> String {
    let mut options = vec![paths.to_owned()];
    let dialect = dialect(source).unwrap_or_default();
    if dialect.delimiter != b',' {
        options.push(format!(
            "delimiter => {}",
            text(&char::from(dialect.delimiter).escape_debug().to_string())
        ));
    }
    if dialect.quote != Some(b'"') {
        let quote = dialect.quote.map(|quote| char::from(quote).to_string());
        options.push(format!("quote => {}", text(&quote.unwrap_or_default())));
    }
    if !dialect.header {
        options.push("header => false".to_owned());
    }
    format!("read_csv({})", options.join(", "))
}

/// The table over `files`, of which there is at least one.
pub(super) async fn table(source: &S3CsvSource, files: Vec<TextFile>) -> Result<TextTable> {
    let dialect = dialect(source)?;
    dialect.check()?;
    let sample = sample(&dialect, &files, source).await?;
    let fields = fields(source, &sample)?;
    let matching = if dialect.header {
        Matching::ByName
    } else {
        Matching::ByPosition
    };
    let format = CsvFormat::new(dialect, matching, Arc::new(Schema::new(fields)));
    Ok(TextTable::new(Arc::new(format), files))
}

fn dialect(source: &S3CsvSource) -> Result<Dialect> {
    let ascii = |name: &str, character: Option<char>| match character {
        None => Ok(None),
        Some(character) if character.is_ascii() => Ok(Some(character as u8)),
        Some(character) => Err(Error::invalid(format!(
            "{name}: '{character}' is not an ASCII character"
        ))),
    };
    let mut dialect = match source.dialect.unwrap_or_default() {
        CsvDialect::Rfc4180 => Dialect {
            quote: source.quote_char.byte(),
            ..Dialect::default()
        },
        CsvDialect::Hive => Dialect::hive(b','),
        CsvDialect::OpenCsv => Dialect {
            quote: source.quote_char.byte(),
            ..Dialect::open_csv()
        },
    };
    dialect.delimiter = source.separator.byte();
    if let Some(escape) = ascii("Escaper", source.escaper)? {
        dialect.escape = Some(escape);
    }
    dialect.comment = ascii("Comment", source.comment)?;
    dialect.header = source.with_header.unwrap_or(false);
    dialect.skip_lines = source.skip_lines.unwrap_or(0);
    dialect
        .null_values
        .extend(source.null_values.iter().cloned());
    if source.skip_first == Some(true) {
        if dialect.header {
            return Err(
                Error::unsupported("SkipFirst: the line behind a header is not skipped")
                    .hint("leave SkipFirst out, or set WithHeader: false"),
            );
        }
        dialect.skip_lines += 1;
    }
    Ok(dialect)
}

/// The first records of the first file that has any.
struct Sample {
    file: String,
    names: Vec<String>,
    /// The values of each column in the sample.
    columns: Vec<Vec<Vec<u8>>>,
}

async fn sample(dialect: &Dialect, files: &[TextFile], source: &S3CsvSource) -> Result<Sample> {
    // A file of a header alone has no chunk: its header is read as a record here.
    let plain = Dialect {
        header: false,
        ..dialect.clone()
    };
    let infer = source.types == CsvTypes::Infer;
    let bytes = if infer { SAMPLE_BYTES } else { HEADER_BYTES };
    let mut chunks = Chunks::new(files.to_vec(), plain.clone(), bytes);
    let Some(chunk) = chunks.next().await? else {
        let first = files.first().map_or("", |file| file.name.as_str());
        return Err(
            Error::invalid(format!("{first}: there is no header and no row"))
                .hint("remove empty files, or name another folder in Paths"),
        );
    };
    let width = chunk.file.width;
    let records = split_records(&chunk.bytes, &plain, width);
    let mut columns: Vec<Vec<Vec<u8>>> = vec![Vec::new(); width];
    for (at, field) in records.fields.iter().enumerate() {
        columns[at % width].push(records.value(&chunk.bytes, *field).to_vec());
    }
    let names: Vec<String> = if dialect.header {
        let header = columns.iter_mut().map(|column| {
            if column.is_empty() {
                return String::new();
            }
            String::from_utf8_lossy(&column.remove(0)).into_owned()
        });
        column_names(&header.collect::<Vec<_>>())
    } else {
        (0..width).map(|at| format!("col{at}")).collect()
    };
    Ok(Sample {
        file: chunk.file.name.clone(),
        names,
        columns,
    })
}

fn fields(source: &S3CsvSource, sample: &Sample) -> Result<Vec<Field>> {
    let names = &sample.names;
    if let Some(twice) = (1..names.len()).find(|&at| names[..at].contains(&names[at])) {
        return Err(Error::invalid(format!(
            "{}: the header names the column \"{}\" twice",
            sample.file, names[twice]
        ))
        .hint("rename one of them, or read the file with WithHeader: false and SkipLines: 1"));
    }
    if let CsvTypes::Declared(columns) = &source.types {
        let unknown = columns.iter().find(|(name, _)| !names.contains(name));
        if let Some((name, _)) = unknown {
            return Err(
                Error::invalid(format!("Types: {} has no column \"{name}\"", sample.file))
                    .hint(nearest::hint(name, names.iter().map(String::as_str))),
            );
        }
    }
    let field = |(at, name): (usize, &String)| {
        let data_type = match &source.types {
            CsvTypes::Strings => DataType::Utf8View,
            CsvTypes::Infer => inferred(&sample.columns[at]),
            CsvTypes::Declared(columns) => columns
                .iter()
                .find(|(other, _)| other == name)
                .map_or(DataType::Utf8View, |(_, hive)| cast::job_type(hive)),
        };
        Field::new(name, data_type, true)
    };
    Ok(names.iter().enumerate().map(field).collect())
}

/// The type that all values of a sample have: bigint, double, boolean, or else string.
/// Numbers with leading zeros are names and stay strings.
fn inferred(values: &[Vec<u8>]) -> DataType {
    let values = || {
        values
            .iter()
            .map(|value| value.trim_ascii())
            .filter(|value| !value.is_empty())
    };
    let all = |is: fn(&str) -> bool| values().all(|value| std::str::from_utf8(value).is_ok_and(is));
    if values().next().is_none() {
        DataType::Utf8View
    } else if all(is_whole) {
        DataType::Int64
    } else if all(is_number) {
        DataType::Float64
    } else if all(|value| value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"))
    {
        DataType::Boolean
    } else {
        DataType::Utf8View
    }
}

fn is_whole(value: &str) -> bool {
    !has_leading_zero(value) && value.parse::<i64>().is_ok()
}

fn is_number(value: &str) -> bool {
    let plain = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    plain && !has_leading_zero(value) && value.parse::<f64>().is_ok()
}

fn has_leading_zero(value: &str) -> bool {
    let digits = value.trim_start_matches(['+', '-']).as_bytes();
    digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Grammar;
    use crate::types;

    fn type_names(values: &[&[&str]]) -> Vec<String> {
        let columns = values.iter().map(|column| {
            let column: Vec<Vec<u8>> = column
                .iter()
                .map(|value| value.as_bytes().to_vec())
                .collect();
            types::name_of(&inferred(&column))
        });
        columns.collect()
    }

    #[test]
    fn types_are_those_of_all_values() {
        let columns: &[&[&str]] = &[
            &["1", "-2", ""],
            &["1", "2.5"],
            &["TRUE", "false"],
            &["007", "8"],
            &["2020-01-01"],
            &["", " "],
            &["nan", "1"],
        ];
        let expected = [
            "bigint", "double", "boolean", "string", "string", "string", "string",
        ];
        assert_eq!(type_names(columns), expected);
    }

    #[test]
    fn grammars_keep_the_settings_of_the_node() {
        let source = S3CsvSource {
            separator: stave_core::job::Separator::Pipe,
            dialect: Some(CsvDialect::OpenCsv),
            skip_first: Some(true),
            ..S3CsvSource::default()
        };
        let dialect = dialect(&source).expect("a dialect");
        assert_eq!(dialect.grammar, Grammar::OpenCsv);
        assert_eq!(
            (dialect.delimiter, dialect.escape, dialect.skip_lines),
            (b'|', Some(b'\\'), 1)
        );
    }
}

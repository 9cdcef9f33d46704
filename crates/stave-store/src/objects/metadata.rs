//! Media types and user metadata: what can be guessed, and what is refused.

use stave_core::{Error, ObjectKey, Result};

use super::{DEFAULT_CONTENT_TYPE, MAX_USER_METADATA_BYTES, PutOptions, UserMetadata};

/// The media type that a key's ending stands for.
pub(crate) fn guess_content_type(key: &str) -> &'static str {
    let ending = key.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "csv" => "text/csv",
        "tsv" => "text/tab-separated-values",
        "txt" | "log" => "text/plain",
        "json" => "application/json",
        "jsonl" | "ndjson" => "application/x-ndjson",
        "parquet" => "application/vnd.apache.parquet",
        "gz" => "application/gzip",
        "zst" => "application/zstd",
        "bz2" => "application/x-bzip2",
        "zip" => "application/zip",
        "yaml" | "yml" => "application/yaml",
        "html" => "text/html",
        "py" => "text/x-python",
        "sql" => "application/sql",
        _ => DEFAULT_CONTENT_TYPE,
    }
}

/// Checks content type and user metadata; fills in what can be guessed.
pub(crate) fn resolve_options(
    key: &ObjectKey,
    options: &PutOptions,
) -> Result<(String, UserMetadata)> {
    resolve_metadata(key, options.content_type.as_deref(), &options.user_metadata)
}

/// As [`resolve_options`], of what is given apart.
pub(crate) fn resolve_metadata(
    key: &ObjectKey,
    content_type: Option<&str>,
    user_metadata: &UserMetadata,
) -> Result<(String, UserMetadata)> {
    let content_type = match content_type {
        Some(given) if given.is_empty() || given.chars().any(char::is_control) => {
            return Err(Error::invalid(format!(
                "content type {given:?} is not a media type"
            )));
        }
        Some(given) => given.to_owned(),
        None => guess_content_type(key.as_str()).to_owned(),
    };
    let metadata: UserMetadata = user_metadata
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .collect();
    let size: usize = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > MAX_USER_METADATA_BYTES {
        return Err(Error::invalid(format!(
            "user metadata of {size} bytes is more than S3's {MAX_USER_METADATA_BYTES}"
        ))
        .coded("MetadataTooLarge"));
    }
    Ok((content_type, metadata))
}

//! Where a result is written to: a file or an object, which appears when it is whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use stave_core::{Error, ObjectKey, S3Uri};
use stave_engine::sql::QueryResult;
use stave_services::transfer::Place;
use stave_store::{PutBody, PutOptions};

use super::usage;
use crate::args::query::ResultFormat;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::rows::DrawnRows;
use crate::output::text;

/// Checks what can be known of the target before the query is run.
pub async fn check(place: &Place, stave: &Stave) -> Result<(), Failure> {
    match place {
        Place::Object(uri) => {
            object_key(uri)?;
            let head = stave.buckets.head_bucket(&stave.caller, &uri.bucket);
            Ok(head.await?)
        }
        Place::Local(path) if path.is_dir() => Err(usage(
            &format!("{place} is a directory"),
            "name the file in it",
        )),
        Place::Local(path) => {
            let folder = folder_of(path);
            if folder.is_dir() {
                return Ok(());
            }
            let what = format!("there is no directory {}", folder.display());
            Err(Error::not_found(what).hint("make it first").into())
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn object_key(uri: &S3Uri) -> Result<ObjectKey, Failure> {
    if uri.key.ends_with('/') || uri.key.is_empty() {
        let hint = "write out the whole key, such as s3://bucket/report.csv";
        return Err(usage(&format!("{uri} is a folder"), hint));
    }
    uri.object_key().map_err(Failure::Usage)
}

/// Writes a result to where it is to be, which appears when it is whole.
pub async fn write(
    result: &mut QueryResult,
    format: ResultFormat,
    place: &Place,
    stave: &Stave,
) -> Result<u64, Failure> {
    match place {
        Place::Local(path) => {
            // A link stays one: what it points at is replaced.
            let path = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            if path.exists() && !path.is_file() {
                return write_device(result, format, &path).await;
            }
            let folder = folder_of(&path);
            let aside = Aside(folder.join(format!(".result-{:032x}", stave.ids.next())));
            let rows = write_file(result, format, &aside.0).await?;
            fs::rename(&aside.0, &path).map_err(|error| unwritable(&path, error))?;
            // The rename too is to survive a loss of power.
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(|error| unwritable(&path, error))?;
            Ok(rows)
        }
        Place::Object(uri) => {
            let key = object_key(uri)?;
            let spill = &stave.engine()?.options().spill_dir;
            let aside = Aside(spill.join(format!("result-{:032x}", stave.ids.next())));
            let rows = write_file(result, format, &aside.0).await?;
            let body = PutBody::File(aside.0.clone());
            let options = PutOptions::default();
            let put = stave
                .buckets
                .put(&stave.caller, &uri.bucket, &key, body, options);
            put.await?;
            Ok(rows)
        }
    }
}

/// A file that goes away unless it was moved.
#[derive(Debug)]
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

async fn write_file(
    result: &mut QueryResult,
    format: ResultFormat,
    path: &Path,
) -> Result<u64, Failure> {
    if format == ResultFormat::Parquet {
        return Ok(result.write_parquet(path).await?);
    }
    let file = File::create_new(path).map_err(|error| unwritable(path, error))?;
    let mut out = BufWriter::new(file);
    let rows = write_text(result, format, &mut out).await?;
    out.get_ref()
        .sync_all()
        .map_err(|error| unwritable(path, error))?;
    Ok(rows)
}

/// What is no file (a pipe, a terminal) cannot be replaced: it is written to.
async fn write_device(
    result: &mut QueryResult,
    format: ResultFormat,
    path: &Path,
) -> Result<u64, Failure> {
    if format == ResultFormat::Parquet {
        let what = format!("{} is not a file", path.display());
        return Err(usage(&what, "Parquet is written to files only"));
    }
    let device = File::options().write(true).open(path);
    let mut out = BufWriter::new(device.map_err(|error| unwritable(path, error))?);
    write_text(result, format, &mut out).await
}

async fn write_text(
    result: &mut QueryResult,
    format: ResultFormat,
    out: &mut (dyn Write + Send),
) -> Result<u64, Failure> {
    match format {
        ResultFormat::Csv => Ok(result.write_csv(out).await?),
        ResultFormat::Json => Ok(result.write_json(out).await?),
        ResultFormat::Table | ResultFormat::Parquet => {
            let drawn = DrawnRows::read(result).await?;
            if drawn.is_cut() {
                let rows = text::counted(drawn.len(), "row");
                return Err(Error::limit_exceeded(format!(
                    "the result is larger than a table of {rows}"
                ))
                .hint("write it with --format csv, json or parquet")
                .into());
            }
            out.write_all(drawn.render(false).as_bytes())
                .and_then(|()| out.flush())
                .map_err(|error| Error::internal("cannot write the table").caused_by(error))?;
            Ok(drawn.len())
        }
    }
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Error::invalid(format!("cannot write {}", path.display()))
        .caused_by(error)
        .into()
}

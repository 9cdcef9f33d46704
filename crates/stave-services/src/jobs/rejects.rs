//! Where records go that are no rows: CSV files beside the run's output, which
//! become visible together with it.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use stave_core::job::Node;
use stave_core::{Error, ObjectKey, Result, S3Uri};
use stave_engine::job::RejectsFactory;
use stave_engine::scan::{BadRow, Rejects};
use stave_store::StagedFile;
use stave_store::objects::UserMetadata;

const HEADER: &[u8] = b"file,line,column,reason,record\n";

/// The reject files of one run.
pub(super) struct RunRejects {
    directory: PathBuf,
    prefix: String,
    files: Mutex<Vec<(Arc<RejectFile>, S3Uri)>>,
}

impl RunRejects {
    /// Files in `directory`, named after `prefix`.
    pub(super) fn new(directory: &Path, prefix: &str) -> Self {
        Self {
            directory: directory.join("rejects"),
            prefix: prefix.to_owned(),
            files: Mutex::new(Vec::new()),
        }
    }

    /// The files that have records in them, whole, with the keys they are to get and what is noted of them.
    pub(super) fn finish(&self, user_metadata: &UserMetadata) -> Result<Vec<StagedFile>> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut staged = Vec::new();
        for (number, (file, folder)) in files.iter().enumerate() {
            if !file.finish()? {
                continue;
            }
            let name = format!("{}{}-rejects-{number:05}.csv", folder.folder(), self.prefix);
            staged.push(StagedFile {
                path: file.path.clone(),
                bucket: folder.bucket.clone(),
                key: ObjectKey::new(name)?,
                content_type: Some("text/csv".to_owned()),
                user_metadata: user_metadata.clone(),
            });
        }
        Ok(staged)
    }
}

impl RejectsFactory for RunRejects {
    fn rejects(&self, _node: &Node, folder: &S3Uri) -> Result<Arc<dyn Rejects>> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let file = Arc::new(RejectFile {
            path: self.directory.join(format!("{}.csv", files.len())),
            out: Mutex::new(None),
        });
        files.push((Arc::clone(&file), folder.clone()));
        Ok(file)
    }
}

/// The records that one source set aside; the file is made with the first.
struct RejectFile {
    path: PathBuf,
    out: Mutex<Option<BufWriter<File>>>,
}

impl fmt::Debug for RejectFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RejectFile({})", self.path.display())
    }
}

impl RejectFile {
    fn fault(&self, error: std::io::Error) -> Error {
        Error::internal(format!(
            "{}: rejects cannot be written: {error}",
            self.path.display()
        ))
        .caused_by(error)
    }

    fn open(&self) -> std::io::Result<BufWriter<File>> {
        if let Some(parent) = self.path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut out = BufWriter::new(File::create_new(&self.path)?);
        out.write_all(HEADER)?;
        Ok(out)
    }

    /// Whether there is anything in the file, which is whole now.
    fn finish(&self) -> Result<bool> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        match out.as_mut() {
            None => Ok(false),
            Some(out) => out
                .flush()
                .map(|()| true)
                .map_err(|error| self.fault(error)),
        }
    }
}

impl Rejects for RejectFile {
    fn reject(&self, row: &BadRow) -> Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if out.is_none() {
            *out = Some(self.open().map_err(|error| self.fault(error))?);
        }
        let line = row.line.to_string();
        let column = row.column.as_deref().unwrap_or_default();
        // A record is one line of the file, whatever line breaks it holds.
        let record = row.record.trim_end_matches(['\r', '\n']);
        let record = record.replace('\r', "\\r").replace('\n', "\\n");
        let cells = [row.file.as_str(), &line, column, &row.reason, &record];
        let text = cells.map(quoted).join(",") + "\n";
        match out.as_mut() {
            Some(out) => out
                .write_all(text.as_bytes())
                .map_err(|error| self.fault(error)),
            None => Ok(()),
        }
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

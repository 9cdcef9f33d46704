//! Code as it comes in: a zip, checked and unpacked once, kept by its content.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>

use std::fs::{self, File, OpenOptions};
use std::io::{Cursor, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use stave_core::{Caller, Error, ErrorKind, Result};
use stave_store::Store;
use stave_store::functions::StoredCode;
use zip::ZipArchive;

use super::Functions;
use super::definition::Code;
use super::errors::{invalid, io_error};

/// The largest zip that comes inline, in bytes.
pub(super) const MAX_INLINE_BYTES: usize = 50 * 1024 * 1024;
/// The largest code together with its layers, unpacked, in bytes.
pub(super) const MAX_UNZIPPED_BYTES: u64 = 250 * 1024 * 1024;
/// The most files and folders of one zip.
const MAX_ENTRIES: usize = 100_000;
/// The longest target of a symbolic link, in bytes.
const MAX_TARGET_BYTES: u64 = 4096;

/// Where code comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeSource {
    /// A zip.
    Zip(Bytes),
    /// A zip that lies in a bucket.
    Object {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The version, if it is not the current one.
        version: Option<String>,
    },
}

impl Functions {
    /// The zip of `source`, read as the caller may.
    pub(super) async fn zip_of(&self, caller: &Caller, source: CodeSource) -> Result<Bytes> {
        let zip = match source {
            CodeSource::Zip(zip) if zip.len() > MAX_INLINE_BYTES => {
                return Err(super::errors::too_large(MAX_INLINE_BYTES, "CreateFunction")
                    .hint("put the zip into a bucket and name it there"));
            }
            CodeSource::Zip(zip) => zip,
            CodeSource::Object {
                bucket,
                key,
                version,
            } => {
                let objects = &self.ports().code;
                objects
                    .fetch(
                        caller,
                        &bucket,
                        &key,
                        version.as_deref(),
                        MAX_UNZIPPED_BYTES,
                    )
                    .await
                    .map_err(|error| not_fetched(error, &bucket, &key))?
            }
        };
        if zip.is_empty() {
            return Err(invalid("Uploaded file must be a non-empty zip"));
        }
        Ok(zip)
    }
}

/// Why code could not be had from a bucket, as Lambda says it.
fn not_fetched(error: Error, bucket: &str, key: &str) -> Error {
    let said = |code: &str, error: &Error| {
        let code = error.code().unwrap_or(code);
        format!(
            "S3 Error Code: {code}. S3 Error Message: {}",
            error.message()
        )
    };
    match error.kind() {
        ErrorKind::NotFound => invalid(format!(
            "Error occurred while GetObject. {}",
            said("NoSuchKey", &error)
        ))
        .caused_by(error),
        ErrorKind::Denied => Error::denied(format!(
            "Your access has been denied by S3, please make sure your request credentials have \
             permission to GetObject for {bucket}/{key}. {}",
            said("AccessDenied", &error)
        ))
        .coded("AccessDeniedException")
        .caused_by(error),
        _ => error.within("Error occurred while GetObject"),
    }
}

/// Keeps a zip with what is in it; what is there already is not unpacked again.
pub(super) fn keep(store: &Store, zip: &Bytes) -> Result<Code> {
    let sha256 = hex(&Sha256::digest(zip));
    let code = Code {
        sha256: sha256.clone(),
        bytes: zip.len() as u64,
    };
    if store.functions_write(|rows| rows.touch_code(&sha256))? {
        return Ok(code);
    }
    let draft = store.function_code_draft()?;
    let unzipped_bytes = unpack(zip, &draft.files(), MAX_UNZIPPED_BYTES)?;
    let path = draft.zip();
    fs::write(&path, zip).map_err(|error| io_error(error, "write", &path))?;
    let stored = StoredCode {
        sha256,
        zip_bytes: code.bytes,
        unzipped_bytes,
    };
    store.keep_function_code(draft, &stored)?;
    Ok(code)
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bad_zip(why: impl std::fmt::Display) -> Error {
    invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
        .hint(why.to_string())
}

/// Unpacks a zip of at most `max` bytes into an empty folder; says how many came out.
fn unpack(zip: &Bytes, folder: &Path, max: u64) -> Result<u64> {
    let mut archive = ZipArchive::new(Cursor::new(zip.as_ref())).map_err(bad_zip)?;
    if archive.len() > MAX_ENTRIES {
        return Err(bad_zip(format!(
            "it holds {} files and folders: there may be {MAX_ENTRIES}",
            archive.len()
        )));
    }
    let mut left = max;
    let mut links = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(bad_zip)?;
        let name = entry.name().map_err(bad_zip)?.into_owned();
        let below = safe(&name)?;
        let path = folder.join(&below);
        if entry.is_dir() {
            make_folder(&path)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            make_folder(parent)?;
        }
        if entry.is_symlink() {
            let mut target = String::new();
            let mut bytes = (&mut entry).take(MAX_TARGET_BYTES);
            bytes.read_to_string(&mut target).map_err(bad_zip)?;
            links.push((name, below, target));
            continue;
        }
        let is_executable = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        left -= write(&mut entry, &path, is_executable, left)?;
    }
    // Last, so that nothing is written through one.
    for (name, below, target) in links {
        link(folder, &name, &below, &target)?;
    }
    Ok(max - left)
}

/// The path of an entry, which must stay within the folder.
fn safe(name: &str) -> Result<PathBuf> {
    let path = Path::new(name);
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if name.is_empty() || !plain || name.contains(['\0', '\\']) {
        return Err(bad_zip(format!(
            "the entry {name:?} leads out of its folder"
        )));
    }
    Ok(path
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .collect())
}

fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::NotADirectory => {
            bad_zip("an entry is a file and a folder at once")
        }
        _ => io_error(error, "make the directory", path),
    })
}

fn write(
    entry: &mut impl std::io::Read,
    path: &Path,
    is_executable: bool,
    left: u64,
) -> Result<u64> {
    let mode = if is_executable { 0o755 } else { 0o644 };
    let mut options = OpenOptions::new();
    // The last of two entries of one name counts.
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path);
    let mut file: File = file.map_err(|error| match error.kind() {
        std::io::ErrorKind::IsADirectory => bad_zip("an entry is a file and a folder at once"),
        _ => io_error(error, "write", path),
    })?;
    let mut bytes = entry.take(left + 1);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = bytes.read(&mut buffer).map_err(bad_zip)?;
        if read == 0 {
            break;
        }
        file.write_all(&buffer[..read])
            .map_err(|error| io_error(error, "write", path))?;
    }
    let written = file
        .stream_position()
        .map_err(|error| io_error(error, "write", path))?;
    if written > left {
        return Err(too_much());
    }
    Ok(written)
}

/// What is said when code is too large.
pub(super) fn too_much() -> Error {
    invalid(format!(
        "Unzipped size must be smaller than {MAX_UNZIPPED_BYTES} bytes"
    ))
}

/// A symbolic link that stays within the folder; others are refused.
fn link(folder: &Path, name: &str, below: &Path, target: &str) -> Result<()> {
    let refused = || {
        bad_zip(format!(
            "the link {name:?} leads out of its folder, to {target:?}"
        ))
    };
    let mut depth = below.components().count().saturating_sub(1);
    for part in Path::new(target).components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => depth = depth.checked_sub(1).ok_or_else(refused)?,
            Component::RootDir | Component::Prefix(_) => return Err(refused()),
        }
    }
    // A link to a link could lead on: what is in the way must be a folder itself.
    let path = folder.join(below);
    let mut above = path.parent();
    while let Some(parent) = above.filter(|parent| *parent != folder) {
        if fs::symlink_metadata(parent).is_ok_and(|there| there.is_symlink()) {
            return Err(refused());
        }
        above = parent.parent();
    }
    if fs::symlink_metadata(&path).is_ok() {
        return Err(bad_zip(format!("the entry {name:?} is there twice")));
    }
    std::os::unix::fs::symlink(target, &path).map_err(|error| io_error(error, "make", &path))?;
    // Seen through all links, it must still be inside.
    match path.canonicalize() {
        Ok(real) => {
            let root = folder
                .canonicalize()
                .map_err(|error| io_error(error, "read", folder))?;
            if real.starts_with(root) {
                Ok(())
            } else {
                Err(refused())
            }
        }
        // It leads to nothing, as it may.
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_unpacks_to_too_much_is_refused_when_it_does() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for name in ["a", "b"] {
            zip.start_file(name, options).expect("begun");
            zip.write_all(&vec![0; 50_000]).expect("written");
        }
        let zip = Bytes::from(zip.finish().expect("finished").into_inner());
        assert!(zip.len() < 1000);
        let folder = tempfile::tempdir().expect("a directory");
        let error = unpack(&zip, folder.path(), 99_999).expect_err("refused");
        let said = "Unzipped size must be smaller than 262144000 bytes";
        assert_eq!(error.message(), said);
        let size = fs::metadata(folder.path().join("b")).expect("begun").len();
        assert!(size <= 50_000, "it stops when it is too much");
        assert_eq!(unpack(&zip, folder.path(), 100_000).expect("fits"), 100_000);
    }
}

//! Code as it lies on disk, made the zip that functions take: a folder, a file of source, or a
//! zip that is there already.
//!
//! The same files give the same bytes, whenever and wherever they are packed, so that code that
//! did not change is known by its hash.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use stave_core::{Error, Result};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::code::{MAX_INLINE_BYTES, MAX_UNZIPPED_BYTES, too_much};
use super::errors::{invalid, io_error};

/// The most files of a package.
const MAX_FILES: usize = 20_000;
/// How deep folders may lie in each other; deeper ones are links that lead in a circle, which Linux
/// itself follows 40 times.
const MAX_DEPTH: usize = 30;
/// What is left out wherever it lies: what tools keep beside the code.
const LEFT_OUT: [&str; 10] = [
    ".git",
    ".hg",
    ".svn",
    ".DS_Store",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".ipynb_checkpoints",
    ".tox",
];
/// What a virtual environment has in it: one that lies beside the code is left out.
const VENV: &str = "pyvenv.cfg";

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagedFile {
    /// Its path in the package, with `/`.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its size, in bytes.
    pub bytes: u64,
    /// When it was last changed, in nanoseconds since 1970.
    pub modified_ns: u128,
    /// Whether it can be executed.
    pub is_executable: bool,
}

/// The files that belong into the package of `path`, by name: what [`pack`] packs. Blocking.
pub fn packaged_files(path: &Path) -> Result<Vec<PackagedFile>> {
    let metadata = fs::metadata(path).map_err(|error| io_error(error, "read", path))?;
    let mut found = Vec::new();
    if metadata.is_dir() {
        walk(path, "", 0, &mut found)?;
    } else {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| not_text(path))?;
        found.push(file(name.to_owned(), path, &metadata));
    }
    if found.is_empty() {
        return Err(invalid(format!("there is no file in {}", path.display())));
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The zip of what lies at `path`. Blocking.
pub fn pack(path: &Path) -> Result<Bytes> {
    let files = packaged_files(path)?;
    if let [file] = files.as_slice()
        && file.path == path
        && has_extension(path, "zip")
    {
        return check(read(file, MAX_INLINE_BYTES as u64)?.into());
    }
    let mut zip = Zip::begin();
    let mut left = MAX_UNZIPPED_BYTES;
    for file in &files {
        let content = read(file, left)?;
        left -= content.len() as u64;
        zip.add(&file.name, &content, file.is_executable)?;
    }
    zip.finish()
}

/// The zip of files that lie nowhere: names and contents.
pub fn pack_texts(files: &[(&str, &str)]) -> Result<Bytes> {
    let mut zip = Zip::begin();
    for (name, content) in files {
        zip.add(name, content.as_bytes(), false)?;
    }
    zip.finish()
}

/// A zip that is being written.
struct Zip(ZipWriter<Cursor<Vec<u8>>>);

impl Zip {
    fn begin() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }

    fn add(&mut self, name: &str, content: &[u8], is_executable: bool) -> Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(if is_executable { 0o755 } else { 0o644 });
        let failed =
            |error: ZipError| Error::internal(format!("cannot pack {name}")).caused_by(error);
        self.0.start_file(name, options).map_err(failed)?;
        self.0
            .write_all(content)
            .map_err(|error| failed(error.into()))
    }

    fn finish(self) -> Result<Bytes> {
        let failed = |error: ZipError| Error::internal("cannot pack the code").caused_by(error);
        check(self.0.finish().map_err(failed)?.into_inner().into())
    }
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

fn check(zip: Bytes) -> Result<Bytes> {
    if zip.len() > MAX_INLINE_BYTES {
        return Err(super::errors::too_large(MAX_INLINE_BYTES, "CreateFunction").hint(
            "name packages in a requirements.txt instead of packing them, or put them into a layer",
        ));
    }
    Ok(zip)
}

fn read(file: &PackagedFile, max: u64) -> Result<Vec<u8>> {
    if file.bytes > max {
        return Err(too_much());
    }
    let content = fs::read(&file.path).map_err(|error| io_error(error, "read", &file.path))?;
    if content.len() as u64 > max {
        return Err(too_much());
    }
    Ok(content)
}

fn walk(folder: &Path, above: &str, depth: usize, found: &mut Vec<PackagedFile>) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(invalid(format!(
            "{} lies deeper than {MAX_DEPTH} folders: does a link lead in a circle?",
            folder.display()
        )));
    }
    let failed = |error: std::io::Error| io_error(error, "read", folder);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| not_text(&path))?;
        if LEFT_OUT.contains(&name) || has_extension(&path, "pyc") {
            continue;
        }
        // Links are followed, as zip does.
        let metadata = fs::metadata(&path).map_err(|error| io_error(error, "read", &path))?;
        let below = format!("{above}{name}");
        if metadata.is_dir() {
            if !path.join(VENV).is_file() {
                walk(&path, &format!("{below}/"), depth + 1, found)?;
            }
        } else if metadata.is_file() {
            if found.len() == MAX_FILES {
                return Err(
                    invalid(format!("more than {MAX_FILES} files are to be packed"))
                        .hint("is it the folder of the function's code alone?"),
                );
            }
            found.push(file(below, &path, &metadata));
        }
    }
    Ok(())
}

fn file(name: String, path: &Path, metadata: &fs::Metadata) -> PackagedFile {
    use std::os::unix::fs::PermissionsExt as _;
    let modified = metadata.modified().ok();
    let since = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    PackagedFile {
        name,
        path: path.to_owned(),
        bytes: metadata.len(),
        modified_ns: since.unwrap_or_default().as_nanos(),
        is_executable: metadata.permissions().mode() & 0o111 != 0,
    }
}

fn not_text(path: &Path) -> Error {
    invalid(format!("{} has a name that is no text", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(path: &Path) -> Vec<String> {
        let files = packaged_files(path).expect("found");
        files.into_iter().map(|file| file.name).collect()
    }

    #[test]
    fn a_folder_is_packed_the_same_whenever_it_is() {
        let dir = tempfile::tempdir().expect("a directory");
        let write = |below: &str, text: &str| {
            let path = dir.path().join(below);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(&path, text).expect("written");
            path
        };
        let script = write("run.sh", "#!/bin/sh");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("set");
        write("lambda_function.py", "x = 1");
        write("lib/ö.py", "y = 2");
        for out in [
            ".git/HEAD",
            "__pycache__/a.cpython-313.pyc",
            "lib/old.pyc",
            ".venv/pyvenv.cfg",
            ".venv/lib/huge.py",
        ] {
            write(out, "left out");
        }
        assert_eq!(
            names(dir.path()),
            ["lambda_function.py", "lib/ö.py", "run.sh"]
        );
        let first = pack(dir.path()).expect("packed");
        // Written again, at another time.
        write("lambda_function.py", "x = 1");
        assert_eq!(pack(dir.path()).expect("packed"), first);
        write("lambda_function.py", "x = 2");
        assert_ne!(pack(dir.path()).expect("packed"), first);
        let mut archive = zip::ZipArchive::new(Cursor::new(first)).expect("a zip");
        let mode = |archive: &mut zip::ZipArchive<_>, at| {
            archive
                .by_index(at)
                .expect("there")
                .unix_mode()
                .map(|mode| mode & 0o777)
        };
        assert_eq!(mode(&mut archive, 0), Some(0o644));
        assert_eq!(mode(&mut archive, 2), Some(0o755));
    }

    #[test]
    fn a_file_is_packed_alone_and_a_zip_is_taken_as_it_is() {
        let dir = tempfile::tempdir().expect("a directory");
        let source = dir.path().join("extract.py");
        fs::write(&source, "x = 1").expect("written");
        assert_eq!(names(&source), ["extract.py"]);
        let zip = pack(&source).expect("packed");
        let there = dir.path().join("code.ZIP");
        fs::write(&there, &zip).expect("written");
        assert_eq!(pack(&there).expect("taken"), zip);
    }

    #[test]
    fn what_cannot_be_packed_is_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let error = pack(dir.path()).expect_err("empty");
        assert!(error.message().contains("no file"), "{error}");
        let error = pack(&dir.path().join("none")).expect_err("missing");
        assert!(error.message().contains("none"), "{error}");
        std::os::unix::fs::symlink(dir.path(), dir.path().join("round")).expect("linked");
        let error = pack(dir.path()).expect_err("a circle");
        assert!(error.message().contains("circle"), "{error}");
    }
}

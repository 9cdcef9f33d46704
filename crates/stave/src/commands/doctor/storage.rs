//! Whether the file system of the home keeps what Stave relies on.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use stave_core::{Error, Result, units};

use super::Check;

/// Less free space than this is worth a word.
const LOW_SPACE_BYTES: u64 = 1 << 30;

/// What the file system of `root` does, tried out in `tmp`.
pub(super) fn file_system(root: &Path, tmp: &Path) -> Vec<Check> {
    let check = |name: &str, found| Check {
        name: name.to_owned(),
        found,
    };
    vec![
        check("durable writes", durable_writes(tmp)),
        check("locks", locks(tmp)),
        check("file names", file_names(tmp)),
        check("free space", free_space(root)),
    ]
}

fn refused(what: &str, error: std::io::Error) -> Error {
    Error::unsupported(format!("the file system of the home does not {what}"))
        .hint("move the home to a local disk with --home")
        .caused_by(error)
}

/// A file that is removed when it goes out of scope.
struct Probe(PathBuf);

impl Probe {
    fn new(folder: &Path, name: &str) -> Self {
        Self(folder.join(format!("doctor-{}-{name}", std::process::id())))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// What a put does: write, flush, rename over, flush the folder.
fn durable_writes(folder: &Path) -> Result<String> {
    let (new, old) = (Probe::new(folder, "new"), Probe::new(folder, "old"));
    let failed = |error| refused("flush and rename files", error);
    fs::write(&old.0, "old").map_err(failed)?;
    let mut file = File::create(&new.0).map_err(failed)?;
    file.write_all(b"new").map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&new.0, &old.0).map_err(failed)?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(failed)?;
    if fs::read(&old.0).map_err(failed)? == b"new" {
        return Ok("files are flushed and renamed".to_owned());
    }
    Err(failed(std::io::Error::other(
        "a renamed file has its old content",
    )))
}

fn locks(folder: &Path) -> Result<String> {
    let probe = Probe::new(folder, "lock");
    let failed = |error| refused("lock files", error);
    let file = File::create(&probe.0).map_err(failed)?;
    file.lock().map_err(failed)?;
    let other = File::open(&probe.0).map_err(failed)?;
    if other.try_lock().is_ok() {
        return Err(failed(std::io::Error::other(
            "two locks were granted at once",
        )));
    }
    Ok("files are locked".to_owned())
}

fn file_names(folder: &Path) -> Result<String> {
    let (lower, upper) = (Probe::new(folder, "case"), Probe::new(folder, "CASE"));
    fs::write(&lower.0, "").map_err(|error| refused("hold a file", error))?;
    Ok(if upper.0.exists() {
        "upper and lower case are one: keys that differ in nothing else overwrite each other"
    } else {
        "upper and lower case are told apart"
    }
    .to_owned())
}

fn free_space(root: &Path) -> Result<String> {
    let space = rustix::fs::statvfs(root)
        .map_err(|error| refused("say how much space is free", error.into()))?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    if free < LOW_SPACE_BYTES {
        return Err(
            Error::limit_exceeded(format!("only {} are free", units::bytes(free)))
                .hint("free some space, or move the home with --home"),
        );
    }
    Ok(format!("{} are free", units::bytes(free)))
}

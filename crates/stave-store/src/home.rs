//! The home directory: where each thing lies, and nothing about what is in it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use stave_core::{BucketName, Error, Result};

use crate::faults::IoContext;

/// The directory that holds everything Stave keeps.
///
/// ```text
/// <home>/stave.db              rows
/// <home>/seal.key              what secrets are sealed with in the database
/// <home>/root-credentials      the first access key, in the form of AWS's credentials file
/// <home>/server.json           where the server answers, while one runs
/// <home>/tls/                  the server's own certificate and its key
/// <home>/buckets/<bucket>/<key> objects
/// <home>/versions/<bucket>/    versions that are not current
/// <home>/multipart/<upload>/   parts of objects to come
/// <home>/functions/            code of functions by content, virtual environments, bootstraps
/// <home>/telemetry/            logs, metrics, alarms; made when first needed
/// <home>/tmp/                  what is not an object yet, and who is alive
/// ```
///
/// All are on the same file system as `buckets`, so that a finished file can
/// be renamed into place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// Opens the home at `path`; makes what is missing, readable by its owner only.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        private_dir(path)?;
        let root = path.canonicalize().at("open the home", path)?;
        let home = Self { root };
        for dir in [
            home.buckets(),
            home.versions(),
            home.multipart(),
            home.staging(),
            home.uploads(),
            home.runs(),
            home.crawls(),
            home.extracts(),
            home.function_workers(),
        ] {
            if !dir.is_dir() {
                private_dir(&dir)?;
            }
        }
        Ok(home)
    }

    /// The home itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.root.join("stave.db")
    }

    /// The key that seals the secrets of the database.
    pub fn seal_key(&self) -> PathBuf {
        self.root.join("seal.key")
    }

    /// The access key that the first start makes, in the form of AWS's credentials file.
    pub fn root_credentials(&self) -> PathBuf {
        self.root.join("root-credentials")
    }

    /// The certificate that a server makes for itself, and its key.
    pub fn tls(&self) -> PathBuf {
        self.root.join("tls")
    }

    /// Where the server of this home says that it answers.
    pub fn server_address(&self) -> PathBuf {
        self.root.join("server.json")
    }

    /// The folder of all buckets.
    pub fn buckets(&self) -> PathBuf {
        self.root.join("buckets")
    }

    /// The folder of one bucket.
    pub fn bucket(&self, bucket: &BucketName) -> PathBuf {
        self.root.join("buckets").join(bucket.as_str())
    }

    /// The folder of versions that are not current.
    pub fn versions(&self) -> PathBuf {
        self.root.join("versions")
    }

    /// The folder of uploads in parts.
    pub fn multipart(&self) -> PathBuf {
        self.root.join("multipart")
    }

    /// The folder of what is not an object yet.
    pub fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Where runs write their output before it is published.
    pub fn staging(&self) -> PathBuf {
        self.root.join("tmp/staging")
    }

    /// Where objects are written before they are renamed into place.
    pub fn uploads(&self) -> PathBuf {
        self.root.join("tmp/uploads")
    }

    /// The locks of living runs.
    pub fn runs(&self) -> PathBuf {
        self.root.join("tmp/runs")
    }

    /// The locks of living crawls.
    pub fn crawls(&self) -> PathBuf {
        self.root.join("tmp/crawls")
    }

    /// The locks of living extracts.
    pub fn extracts(&self) -> PathBuf {
        self.root.join("tmp/extracts")
    }

    /// The code of functions and what is made from it; what is in it is made when first needed.
    pub fn functions(&self) -> PathBuf {
        self.root.join("functions")
    }

    /// The folders of those who run functions, and their locks.
    pub fn function_workers(&self) -> PathBuf {
        self.root.join("tmp/functions")
    }

    /// Logs, metrics and alarms: a database of their own and the segments of logs.
    pub fn telemetry(&self) -> PathBuf {
        self.root.join("telemetry")
    }

    /// The logins of Spotify, one file an account; made when the first is written.
    pub fn spotify(&self) -> PathBuf {
        self.root.join("spotify")
    }
}

/// Makes a directory, and those above it, for the owner only.
pub(crate) fn private_dir(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .at("make the directory", path)
}

/// Checks that an id can be a file name of its own.
pub(crate) fn check_id(what: &str, id: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || id.len() > 200 || !id.chars().all(plain) {
        return Err(Error::invalid(format!(
            "{what} id \"{id}\" is not 1 to 200 letters, digits, - and _"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_home_is_private_and_can_be_opened_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("deep/home");
        let home = Home::open(&path).expect("a home");
        assert_eq!(Home::open(&path).expect("again"), home);
        for made in [home.root().to_owned(), home.buckets(), home.staging()] {
            let mode = made.metadata().expect("made").permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", made.display());
        }
    }

    #[test]
    fn ids_cannot_leave_their_folder() {
        assert!(check_id("run", "jr_0a").is_ok());
        for bad in ["", ".", "..", "a/b", "a\0", &"x".repeat(201)] {
            assert!(check_id("run", bad).is_err(), "{bad:?}");
        }
    }
}

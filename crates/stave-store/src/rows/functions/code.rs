//! The code of functions and layers, by the SHA-256 of the zip that it came in.
//!
//! ```text
//! <home>/functions/code/<sha256>/code.zip   the zip as it came
//! <home>/functions/code/<sha256>/files/     what is in it
//! ```
//!
//! A folder comes into its place whole, and only in the transaction that writes its row; one
//! without a row is what a killed process left. What nothing uses is kept for an hour, for who
//! is about to use it.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rusqlite::params;
use stave_core::Result;

use super::Rows;
use crate::faults::IoContext;
use crate::home::{check_id, private_dir};
use crate::liveness::Scratch;
use crate::local::sync_folder;
use crate::statements::Statements as _;
use crate::store::{Store, to_micros};

/// How long code is kept that nothing uses.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// Code that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCode {
    /// The SHA-256 of the zip, in hexadecimal digits.
    pub sha256: String,
    /// The size of the zip, in bytes.
    pub zip_bytes: u64,
    /// The size of what is in it, in bytes.
    pub unzipped_bytes: u64,
}

/// A folder in which code is unpacked before it comes into its place.
#[derive(Debug)]
pub struct CodeDraft {
    // The draft lies in it.
    _uploads: std::sync::Arc<Scratch>,
    folder: PathBuf,
}

impl CodeDraft {
    /// The file for the zip.
    pub fn zip(&self) -> PathBuf {
        self.folder.join("code.zip")
    }

    /// The folder for what is in it.
    pub fn files(&self) -> PathBuf {
        self.folder.join("files")
    }
}

impl Drop for CodeDraft {
    fn drop(&mut self) {
        // Gone when it has come into its place. Left behind, it is swept with the uploads.
        let _ = remove_folder(&self.folder);
    }
}

impl Store {
    /// A new folder to unpack code in.
    pub fn function_code_draft(&self) -> Result<CodeDraft> {
        let uploads = self.uploads()?;
        loop {
            let folder = uploads.path().join(format!("{:032x}", self.next_id()));
            match fs::create_dir(&folder) {
                // Ids of a test's source repeat.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                made => {
                    made.at("make the directory", &folder)?;
                    let draft = CodeDraft {
                        _uploads: uploads,
                        folder,
                    };
                    private_dir(&draft.files())?;
                    return Ok(draft);
                }
            }
        }
    }

    /// Brings a draft into its place. What is there already stays, and is kept for another hour.
    pub fn keep_function_code(&self, draft: CodeDraft, code: &StoredCode) -> Result<()> {
        check_id("code", &code.sha256)?;
        let place = self.function_code(&code.sha256);
        let parent = self.function_codes();
        private_dir(&parent)?;
        self.functions_write(|rows| {
            if !rows.touch_code(&code.sha256)? {
                remove_folder(&place)?;
                fs::rename(&draft.folder, &place).at("put into its place", &place)?;
                // Not before: who sweeps drafts could not remove a folder that is read-only.
                change_mode(&place.join("files"), |mode| mode & !0o222)?;
                if self.options().fsync {
                    sync_folder(&parent)?;
                }
                rows.add_code(code)?;
            }
            Ok(())
        })?;
        drop(draft);
        Ok(())
    }

    /// The folder of code, whether it is there or not.
    pub fn function_code(&self, sha256: &str) -> PathBuf {
        self.function_codes().join(sha256)
    }

    /// The folder of what is in code.
    pub fn function_files(&self, sha256: &str) -> PathBuf {
        self.function_code(sha256).join("files")
    }

    /// The zip as it came, if it is there.
    pub fn function_zip(&self, sha256: &str) -> Result<Vec<u8>> {
        let path = self.function_zip_path(sha256);
        fs::read(&path).at("read", &path)
    }

    /// Where the zip lies, if it is there.
    pub fn function_zip_path(&self, sha256: &str) -> PathBuf {
        self.function_code(sha256).join("code.zip")
    }

    fn function_codes(&self) -> PathBuf {
        self.home().functions().join("code")
    }

    /// Removes code that nothing has used for an hour; says how many. For a worker, from time
    /// to time.
    pub fn sweep_function_code(&self) -> Result<usize> {
        let parent = self.function_codes();
        let entries = match fs::read_dir(&parent) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            entries => entries.at("list", &parent)?,
        };
        let before = self.now().saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
        let mut swept = 0;
        for entry in entries {
            let entry = entry.at("list", &parent)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            swept += self.functions_write(|rows| {
                if !rows.forget_unused_code(&name, before)? {
                    return Ok(0);
                }
                remove_folder(&entry.path()).map(|()| 1)
            })?;
        }
        Ok(swept)
    }
}

impl Rows<'_> {
    /// The code of that hash, if it is there.
    pub fn code(&self, sha256: &str) -> Result<Option<StoredCode>> {
        self.tx.one(
            "SELECT sha256, zip_bytes, unzipped_bytes FROM function_code WHERE sha256 = ?1",
            [sha256],
            |row| {
                Ok(StoredCode {
                    sha256: row.get(0)?,
                    zip_bytes: row.get::<_, i64>(1)?.cast_unsigned(),
                    unzipped_bytes: row.get::<_, i64>(2)?.cast_unsigned(),
                })
            },
        )
    }

    /// Keeps code for another hour; says whether it is there.
    pub fn touch_code(&self, sha256: &str) -> Result<bool> {
        let sql = "UPDATE function_code SET stored_at = ?2 WHERE sha256 = ?1";
        Ok(self.tx.run(sql, params![sha256, to_micros(self.now)])? > 0)
    }

    /// The size of all zips that functions' versions and layers' versions use, in bytes: one
    /// that is used twice counts twice, as with AWS.
    pub fn code_bytes(&self) -> Result<u64> {
        self.sum(
            "SELECT sum(zip_bytes) FROM (SELECT code FROM function_code_uses
             UNION ALL SELECT code FROM layer_versions)
             JOIN function_code ON code = sha256",
            [],
        )
    }

    fn add_code(&self, code: &StoredCode) -> Result<()> {
        self.tx
            .run(
                "INSERT INTO function_code VALUES (?1, ?2, ?3, ?4)",
                params![
                    code.sha256,
                    code.zip_bytes.cast_signed(),
                    code.unzipped_bytes.cast_signed(),
                    to_micros(self.now)
                ],
            )
            .map(drop)
    }

    /// Forgets code that nothing uses and that is older; says whether it has no row now.
    fn forget_unused_code(&self, sha256: &str, before: Timestamp) -> Result<bool> {
        self.tx.run(
            "DELETE FROM function_code WHERE sha256 = ?1 AND stored_at < ?2
             AND NOT EXISTS (SELECT 1 FROM function_code_uses WHERE code = ?1)
             AND NOT EXISTS (SELECT 1 FROM layer_versions WHERE code = ?1)",
            params![sha256, to_micros(before)],
        )?;
        Ok(self.code(sha256)?.is_none())
    }
}

/// Removes a folder whose folders may be read-only.
fn remove_folder(folder: &Path) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            change_mode(folder, |mode| mode | 0o200)?;
            fs::remove_dir_all(folder).at("remove", folder)
        }
        removed => removed.at("remove", folder),
    }
}

/// Changes the mode of a folder and of all that is in it.
fn change_mode(path: &Path, change: fn(u32) -> u32) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs::symlink_metadata(path).at("read", path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mode = change(metadata.permissions().mode() & 0o7777);
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).at("change", path)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).at("list", path)? {
            change_mode(&entry.at("list", path)?.path(), change)?;
        }
    }
    Ok(())
}

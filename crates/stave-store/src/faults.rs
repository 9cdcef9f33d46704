//! Turns the errors of the file system, SQLite and object_store into
//! [`stave_core::Error`], by what the caller can do about them.

use std::fmt::Display;
use std::io;
use std::path::Path;

use rusqlite::ErrorCode;
use stave_core::{Error, ErrorKind, Result};

/// Says what was being done to which file when the file system refused.
pub(crate) trait IoContext<T> {
    /// `cannot {doing} {path}: …`
    fn at(self, doing: &str, path: &Path) -> Result<T>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn at(self, doing: &str, path: &Path) -> Result<T> {
        self.map_err(|error| io_error(error, doing, path))
    }
}

/// The error of a file operation.
pub(crate) fn io_error(error: io::Error, doing: &str, path: &Path) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::Denied,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::LimitExceeded,
        _ => ErrorKind::Internal,
    };
    let said = Error::new(kind, format!("cannot {doing} {}: {error}", path.display()));
    let said = match kind {
        ErrorKind::LimitExceeded => said
            .coded("InsufficientStorage")
            .hint("the disk is full: free some space, or move the home with --home"),
        ErrorKind::Denied => said.hint("check who owns the home directory"),
        _ => said,
    };
    said.caused_by(error)
}

/// Maps SQLite's errors where there is nothing more to say.
pub(crate) trait SqlContext<T> {
    /// Turns the error into one of ours.
    fn sql(self) -> Result<T>;
}

impl<T> SqlContext<T> for rusqlite::Result<T> {
    fn sql(self) -> Result<T> {
        self.map_err(sql_error)
    }
}

/// The error of a statement.
pub(crate) fn sql_error(error: rusqlite::Error) -> Error {
    let said = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::unavailable("the home's database is busy with another process")
                .hint("try again; if it stays so, look for a hanging stave process")
        }
        Some(ErrorCode::DiskFull) => {
            Error::limit_exceeded("the home's database cannot grow: the disk is full")
                .coded("InsufficientStorage")
                .hint("free some space, or move the home with --home")
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            Error::denied("the home's database cannot be opened for writing")
                .hint("check who owns the home directory")
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            Error::internal("the home's database is damaged")
                .hint("restore stave.db from a backup; the objects are plain files and unaffected")
        }
        _ => Error::internal(format!("the home's database refused a statement: {error}")),
    };
    said.caused_by(error)
}

/// The error of a statement: what `broken` says when it broke a rule of the
/// table (the row is there already, what it belongs to is not).
pub(crate) fn rule_error(error: rusqlite::Error, broken: impl FnOnce() -> Error) -> Error {
    if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) {
        broken()
    } else {
        sql_error(error)
    }
}

/// A text of the database that is not the JSON it was written as.
pub(crate) fn bad_json(what: impl Display, error: serde_json::Error) -> Error {
    Error::internal(format!(
        "{what} is not readable JSON in the home's database"
    ))
    .caused_by(error)
}

/// What is said of storage work that broke off.
pub(crate) const CUT_SHORT: &str = "a storage task ended before its time";

/// The error of an object store, said about `place`.
pub(crate) fn remote_error(error: object_store::Error, place: &str) -> Error {
    use object_store::Error as Remote;
    let said = match &error {
        Remote::NotFound { .. } => Error::not_found(format!("{place} does not exist")),
        Remote::AlreadyExists { .. } => Error::already_exists(format!("{place} exists already")),
        Remote::Precondition { .. } | Remote::NotModified { .. } => Error::new(
            ErrorKind::Precondition,
            format!("a condition of the request does not hold for {place}"),
        ),
        Remote::PermissionDenied { .. } | Remote::Unauthenticated { .. } => {
            Error::denied(format!("the remote server refuses access to {place}"))
                .hint("check the access key, the secret key and the region of the remote bucket")
        }
        Remote::NotSupported { .. } | Remote::NotImplemented { .. } => {
            Error::unsupported(format!("the remote server cannot do this for {place}"))
        }
        Remote::InvalidPath { .. } => Error::invalid(format!("{place} has an unusable key")),
        _ => Error::unavailable(format!("the remote server did not serve {place}"))
            .hint("check the endpoint and the network"),
    };
    said.caused_by(error)
}

/// Our error in object_store's words, for the engine.
pub(crate) fn to_object_store(
    error: Error,
    location: &object_store::path::Path,
) -> object_store::Error {
    let path = location.to_string();
    let source = Box::new(error);
    match source.kind() {
        ErrorKind::NotFound => object_store::Error::NotFound { path, source },
        ErrorKind::AlreadyExists => object_store::Error::AlreadyExists { path, source },
        ErrorKind::Precondition => object_store::Error::Precondition { path, source },
        ErrorKind::Denied => object_store::Error::PermissionDenied { path, source },
        ErrorKind::Unsupported => object_store::Error::NotSupported { source },
        _ => object_store::Error::Generic {
            store: "local",
            source,
        },
    }
}

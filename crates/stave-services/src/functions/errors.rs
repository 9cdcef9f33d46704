//! Lambda's errors, by AWS's codes.

use std::fmt;

use stave_core::{Error, ErrorKind};

/// What was named is not there.
pub(super) fn not_found(message: impl Into<String>) -> Error {
    Error::not_found(message).coded("ResourceNotFoundException")
}

/// An argument is wrong.
pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("InvalidParameterValueException")
}

/// It is there already, or another operation is at work on it.
pub(super) fn conflict(message: impl Into<String>) -> Error {
    Error::conflict(message).coded("ResourceConflictException")
}

/// The revision is not the one that the request is about.
pub(super) fn stale() -> Error {
    Error::new(
        ErrorKind::Precondition,
        "The RevisionId provided does not match the latest RevisionId. Call the GetFunction or \
         the GetAlias API to retrieve the latest RevisionId",
    )
    .coded("PreconditionFailedException")
}

/// The payload is too large.
pub(super) fn too_large(max: usize, operation: &str) -> Error {
    Error::limit_exceeded(format!(
        "Request must be smaller than {max} bytes for the {operation} operation"
    ))
    .coded("RequestTooLargeException")
}

/// Why an invocation was turned away, as `TooManyRequestsException` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleReason {
    /// As many run as the account may have.
    ConcurrentInvocationLimitExceeded,
    /// As many run as are reserved for the function.
    ReservedFunctionConcurrentInvocationLimitExceeded,
}

impl fmt::Display for ThrottleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for ThrottleReason {}

impl ThrottleReason {
    /// Why `error` turned an invocation away, if it did.
    pub fn of(error: &Error) -> Option<Self> {
        let source = std::error::Error::source(error)?;
        source.downcast_ref::<Self>().copied()
    }
}

/// As many run as may.
pub(super) fn throttled(reason: ThrottleReason) -> Error {
    Error::limit_exceeded("Rate Exceeded.")
        .coded("TooManyRequestsException")
        .hint(match reason {
            ThrottleReason::ConcurrentInvocationLimitExceeded => {
                "as many functions run as the account may have at once: try again"
            }
            ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded => {
                "as many of the function run as are reserved for it: try again"
            }
        })
        .caused_by(reason)
}

/// A file of a function could not be used.
pub(super) fn io_error(error: std::io::Error, doing: &str, path: &std::path::Path) -> Error {
    let said = format!("cannot {doing} {}: {error}", path.display());
    let said = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            Error::limit_exceeded(said).hint("the disk is full: free some space")
        }
        std::io::ErrorKind::NotFound => Error::not_found(said),
        _ => Error::internal(said),
    };
    said.caused_by(error)
}

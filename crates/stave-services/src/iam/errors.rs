//! IAM's errors, by AWS's codes.

use stave_core::Error;
use stave_store::iam::EntityKind;

/// What was named is not there.
pub(super) fn no_such(message: impl Into<String>) -> Error {
    Error::not_found(message).coded("NoSuchEntity")
}

/// The entity that was named is not there.
pub(super) fn no_such_entity(kind: EntityKind, name: &str) -> Error {
    no_such(format!(
        "The {} with name {name} cannot be found.",
        kind.as_str()
    ))
}

/// What was to be made is there.
pub(super) fn exists(message: impl Into<String>) -> Error {
    Error::already_exists(message).coded("EntityAlreadyExists")
}

/// A quota is reached.
pub(super) fn limit(message: impl Into<String>) -> Error {
    Error::limit_exceeded(message).coded("LimitExceeded")
}

/// What is to be deleted is still in use.
pub(super) fn delete_conflict(message: impl Into<String>) -> Error {
    Error::conflict(message).coded("DeleteConflict")
}

/// An argument is not of the form that it must have.
pub(super) fn validation(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("ValidationError")
}

/// An argument is of the right form and wrong all the same.
pub(super) fn invalid_input(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("InvalidInput")
}

/// The caller may not do this, for a reason that no policy gives.
pub(super) fn denied(message: impl Into<String>) -> Error {
    Error::denied(message).coded("AccessDenied")
}

/// What a policy document is refused for.
pub(super) fn malformed(error: Error) -> Error {
    if error.kind() == stave_core::ErrorKind::Invalid {
        error.coded("MalformedPolicyDocument")
    } else {
        error.coded("LimitExceeded")
    }
}

//! EventBridge's and the Scheduler's errors, by AWS's codes.

use stave_core::Error;

/// What was named is not there.
pub(super) fn not_found(message: impl Into<String>) -> Error {
    Error::not_found(message).coded("ResourceNotFoundException")
}

/// An argument is wrong.
pub(super) fn validation(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("ValidationException")
}

/// A quota of EventBridge is reached.
pub(super) fn limit(message: impl Into<String>) -> Error {
    Error::limit_exceeded(message).coded("LimitExceededException")
}

/// A quota of the Scheduler is reached.
pub(super) fn quota(message: impl Into<String>) -> Error {
    Error::limit_exceeded(message).coded("ServiceQuotaExceededException")
}

/// A schedule or group of that name is there.
pub(super) fn conflict(message: impl Into<String>) -> Error {
    Error::already_exists(message).coded("ConflictException")
}

/// A rule is not there.
pub(super) fn no_rule(name: &str, bus: &str) -> Error {
    not_found(format!("Rule {name} does not exist on EventBus {bus}."))
}

/// A bus is not there.
pub(super) fn no_bus(name: &str) -> Error {
    not_found(format!("Event bus {name} does not exist."))
}

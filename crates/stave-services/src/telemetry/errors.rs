//! Refusals with AWS's codes.

use stave_core::Error;

/// A parameter of CloudWatch Logs is wrong.
pub(super) fn invalid_parameter(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("InvalidParameterException")
}

/// A thing of CloudWatch Logs is not there.
pub(super) fn no_such(message: impl Into<String>) -> Error {
    Error::not_found(message).coded("ResourceNotFoundException")
}

pub(super) fn no_such_group() -> Error {
    no_such("The specified log group does not exist.")
}

pub(super) fn no_such_stream() -> Error {
    no_such("The specified log stream does not exist.")
}

/// A thing of CloudWatch Logs is there already.
pub(super) fn exists(message: impl Into<String>) -> Error {
    Error::already_exists(message).coded("ResourceAlreadyExistsException")
}

/// A bound of CloudWatch Logs was reached.
pub(super) fn logs_limit(message: impl Into<String>) -> Error {
    Error::limit_exceeded(message).coded("LimitExceededException")
}

/// A parameter of CloudWatch is wrong.
pub(super) fn invalid_value(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("InvalidParameterValue")
}

/// Parameters of CloudWatch do not go together.
pub(super) fn invalid_combination(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("InvalidParameterCombination")
}

/// An alarm is wrong.
pub(super) fn validation(message: impl Into<String>) -> Error {
    Error::invalid(message).coded("ValidationError")
}

/// A page's token that was not given out here.
pub(super) fn bad_token(code: &'static str) -> Error {
    Error::invalid("the token is not one that was given for this request").coded(code)
}

//! Our errors in S3's words: codes and statuses.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>

use http::StatusCode;
use s3s::{S3Error, S3ErrorCode};
use stave_core::sigv4::{Dialect, Refusal};
use stave_core::{Error, ErrorKind, error};
use stave_services::iam::Unauthenticated;
use stave_store::ObjectFault;

/// Says nothing of what went wrong within.
const INTERNAL: &str = "We encountered an internal error. Please try again.";

/// An S3 error of any code.
pub(super) fn s3_error(code: &str, status: u16, message: impl Into<String>) -> S3Error {
    let code = S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
    let mut error = S3Error::with_message(code, message.into());
    error.set_status_code(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST));
    error
}

/// The refusal of what is not there, by its name.
pub(super) fn not_implemented(what: &str) -> S3Error {
    s3_error("NotImplemented", 501, format!("{what} is not implemented."))
}

/// The refusal of a value.
pub(super) fn invalid_argument(message: impl Into<String>) -> S3Error {
    s3_error("InvalidArgument", 400, message)
}

/// The statuses of the codes that errors of services carry.
const CODED: [(&str, u16); 15] = [
    ("AccessDenied", 403),
    ("BadDigest", 400),
    ("BucketAlreadyOwnedByYou", 409),
    ("EntityTooLarge", 400),
    ("EntityTooSmall", 400),
    ("IncompleteBody", 400),
    ("InsufficientStorage", 507),
    ("InvalidRequest", 400),
    ("InvalidStorageClass", 400),
    ("MalformedPolicy", 400),
    ("MalformedXML", 400),
    ("MetadataTooLarge", 400),
    ("NoSuchBucket", 404),
    ("NoSuchKey", 404),
    ("RequestTimeout", 400),
];

fn of_fault(fault: ObjectFault) -> u16 {
    match fault {
        ObjectFault::BucketNotEmpty => 409,
        ObjectFault::InvalidPartNumber | ObjectFault::InvalidRange => 416,
        ObjectFault::MethodNotAllowed => 405,
        ObjectFault::NoSuchConfiguration
        | ObjectFault::NoSuchUpload
        | ObjectFault::NoSuchVersion => 404,
        ObjectFault::BadDigest
        | ObjectFault::EntityTooLarge
        | ObjectFault::EntityTooSmall
        | ObjectFault::IncompleteBody
        | ObjectFault::InvalidPart
        | ObjectFault::InvalidPartOrder
        | ObjectFault::InvalidTag => 400,
    }
}

fn of_kind(kind: ErrorKind) -> (&'static str, u16) {
    match kind {
        ErrorKind::NotFound => ("NoSuchKey", 404),
        ErrorKind::AlreadyExists | ErrorKind::Conflict => ("OperationAborted", 409),
        ErrorKind::Denied => ("AccessDenied", 403),
        ErrorKind::Invalid => ("InvalidArgument", 400),
        ErrorKind::Precondition => ("PreconditionFailed", 412),
        ErrorKind::LimitExceeded => ("InvalidRequest", 400),
        ErrorKind::Unsupported => ("NotImplemented", 501),
        ErrorKind::Unavailable | ErrorKind::Timeout => ("SlowDown", 503),
        ErrorKind::Internal => ("InternalError", 500),
    }
}

/// What is wrong with a signature or a signed body, where an error comes of that.
fn refusal_beneath(error: &Error) -> Option<&Refusal> {
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        if let Some(refusal) = source.downcast_ref::<Refusal>() {
            return Some(refusal);
        }
        next = source.source();
    }
    None
}

/// The S3 error of a service's error. What is our fault is written to the log, here only.
#[allow(clippy::needless_pass_by_value)] // It ends here.
pub(super) fn from_service(error: Error) -> S3Error {
    if let Some(refusal) = refusal_beneath(&error) {
        return from_refusal(refusal);
    }
    let fault = ObjectFault::of(&error);
    let coded = error
        .code()
        .and_then(|code| CODED.iter().find(|(name, _)| *name == code));
    let (code, status) = match (fault, coded) {
        (Some(fault), _) => (fault.code(), of_fault(fault)),
        (None, Some((code, status))) => (*code, *status),
        (None, None) => of_kind(error.kind()),
    };
    if status == 500 {
        tracing::error!(fault = error::chain(&error).join(": "), "a request failed");
        return s3_error(code, status, INTERNAL);
    }
    let message = match code {
        "NoSuchKey" => "The specified key does not exist.".to_owned(),
        "NoSuchBucket" => "The specified bucket does not exist".to_owned(),
        "PreconditionFailed" => {
            "At least one of the pre-conditions you specified did not hold".to_owned()
        }
        _ => match error.hint_text() {
            Some(hint) if error.kind() != ErrorKind::Denied => {
                format!("{}: {hint}", error.message())
            }
            _ => error.message().to_owned(),
        },
    };
    s3_error(code, status, message)
}

/// The S3 error of a signature that is not accepted.
pub(super) fn from_refusal(refusal: &Refusal) -> S3Error {
    s3_error(
        refusal.code(Dialect::S3),
        refusal.status(Dialect::S3),
        refusal.message(Dialect::S3),
    )
}

/// The S3 error of a request that is not let in.
pub(super) fn from_authentication(fault: Unauthenticated, has_token: bool) -> S3Error {
    let error = match fault {
        Unauthenticated::Signature(refusal) => return from_refusal(&refusal),
        Unauthenticated::Key(error) => error,
    };
    match error.code() {
        Some("ExpiredToken") => s3_error("ExpiredToken", 400, "The provided token has expired."),
        Some(_) if has_token => s3_error(
            "InvalidToken",
            400,
            "The provided token is malformed or otherwise invalid.",
        ),
        Some(_) => s3_error(
            "InvalidAccessKeyId",
            403,
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        None => from_service(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_codes_and_statuses_of_s3() {
        for (error, code, status) in [
            (
                Error::not_found("x").coded("NoSuchBucket"),
                "NoSuchBucket",
                404,
            ),
            (Error::not_found("x"), "NoSuchKey", 404),
            (
                Error::denied("x").coded("AccessDenied"),
                "AccessDenied",
                403,
            ),
            (Error::unsupported("x"), "NotImplemented", 501),
            (
                Error::invalid("x").coded("MalformedPolicy"),
                "MalformedPolicy",
                400,
            ),
            (
                Error::new(ErrorKind::Precondition, "x"),
                "PreconditionFailed",
                412,
            ),
            (
                Error::limit_exceeded("x").coded("InsufficientStorage"),
                "InsufficientStorage",
                507,
            ),
            (Error::internal("secret"), "InternalError", 500),
            (
                Error::invalid("x").caused_by(ObjectFault::InvalidRange),
                "InvalidRange",
                416,
            ),
            (
                Error::invalid("x").caused_by(Refusal::Mismatch),
                "SignatureDoesNotMatch",
                403,
            ),
        ] {
            let answer = from_service(error);
            assert_eq!(answer.code().as_str(), code);
            assert_eq!(
                answer.status_code().map(|status| status.as_u16()),
                Some(status)
            );
            assert!(!answer.message().unwrap_or_default().contains("secret"));
        }
    }
}

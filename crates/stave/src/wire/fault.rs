//! The one place that says which code and status an error has, in each protocol.
//!
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>

use stave_core::sigv4::{Dialect, Refusal};
use stave_core::{Caller, Error, ErrorKind, error};
use stave_services::functions::ThrottleReason;
use stave_services::iam::Unauthenticated;

use super::model::{Protocol, Service};

/// What is said of a fault of Stave: what it is stands in the log.
const INTERNAL: &str =
    "The request processing has failed because of an unknown error, exception or failure.";

/// An error as it goes over the wire.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its code in the query protocol.
    pub code: &'static str,
    /// Its name in the JSON protocols.
    pub name: &'static str,
    /// What is wrong.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
    /// Whether the sender is at fault.
    pub is_senders: bool,
    /// The member that holds the message, in the JSON protocols.
    pub message_member: &'static str,
    /// Why it is so, in a word, where the service has words for it.
    pub reason: Option<String>,
}

/// An error that is no service's own: its code in the query protocol, its name in the JSON
/// protocols, and its status in the query, the JSON and the REST protocol.
type Common = (&'static str, &'static str, [u16; 3]);

const ACCESS_DENIED: Common = ("AccessDenied", "AccessDeniedException", [403, 400, 403]);
const INTERNAL_FAILURE: Common = ("InternalFailure", "InternalFailure", [500; 3]);
const NOT_IMPLEMENTED: Common = ("NotImplemented", "NotImplemented", [501; 3]);
const THROTTLING: Common = ("Throttling", "ThrottlingException", [400, 400, 429]);
const UNAVAILABLE: Common = (
    "ServiceUnavailable",
    "ServiceUnavailableException",
    [503; 3],
);
const VALIDATION: Common = ("ValidationError", "ValidationException", [400; 3]);

/// The errors that every service knows.
const COMMON: &[Common] = &[
    ACCESS_DENIED,
    ("ExpiredToken", "ExpiredTokenException", [403, 400, 403]),
    (
        "IncompleteSignature",
        "IncompleteSignatureException",
        [400, 400, 403],
    ),
    (
        "InsufficientStorage",
        "InsufficientStorageException",
        [507; 3],
    ),
    INTERNAL_FAILURE,
    (
        "InvalidAction",
        "UnknownOperationException",
        [400, 400, 404],
    ),
    (
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        [403, 400, 403],
    ),
    ("MalformedInput", "SerializationException", [400; 3]),
    (
        "MissingAction",
        "UnknownOperationException",
        [400, 400, 404],
    ),
    (
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        [403, 400, 403],
    ),
    NOT_IMPLEMENTED,
    ("RequestExpired", "RequestExpired", [400; 3]),
    UNAVAILABLE,
    (
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        [403, 400, 403],
    ),
    THROTTLING,
    VALIDATION,
];

/// What an error is whose kind alone is known.
fn of_kind(kind: ErrorKind) -> Common {
    match kind {
        ErrorKind::NotFound => (
            "ResourceNotFound",
            "ResourceNotFoundException",
            [404, 400, 404],
        ),
        ErrorKind::AlreadyExists => (
            "ResourceAlreadyExists",
            "ResourceAlreadyExistsException",
            [409, 400, 409],
        ),
        ErrorKind::Denied => ACCESS_DENIED,
        ErrorKind::Invalid => VALIDATION,
        ErrorKind::Conflict => ("Conflict", "ConflictException", [409, 400, 409]),
        ErrorKind::Precondition => (
            "PreconditionFailed",
            "PreconditionFailedException",
            [412, 400, 412],
        ),
        ErrorKind::LimitExceeded => ("LimitExceeded", "LimitExceededException", [409, 400, 429]),
        ErrorKind::Unsupported => NOT_IMPLEMENTED,
        ErrorKind::Unavailable => UNAVAILABLE,
        ErrorKind::Timeout => ("RequestTimeout", "RequestTimeoutException", [504; 3]),
        ErrorKind::Internal => INTERNAL_FAILURE,
    }
}

/// The error of `service` in a protocol. A fault of Stave is logged here, and not shown.
pub fn fault(service: &Service, protocol: Protocol, error: &Error, request_id: &str) -> Fault {
    let kind = of_kind(error.kind());
    let which = match protocol {
        Protocol::Query { .. } => 0,
        Protocol::Json { .. } | Protocol::Cbor { .. } => 1,
        Protocol::RestJson => 2,
    };
    let own = error.code().and_then(|code| service.error(code));
    let (code, name, status) = match (own, error.code()) {
        (Some(own), _) => (own.code, own.name, own.status),
        (None, Some(code)) => COMMON
            .iter()
            .find(|(query, json, _)| *query == code || *json == code)
            .map_or((code, code, kind.2[which]), |(query, json, status)| {
                (*query, *json, status[which])
            }),
        (None, None) => (kind.0, kind.1, kind.2[which]),
    };
    let is_ours = error.kind() == ErrorKind::Internal;
    if is_ours {
        tracing::error!(
            request_id,
            service = service.id,
            error = error::chain(error).join(": "),
            "a request has failed"
        );
    }
    Fault {
        code,
        name,
        message: if is_ours {
            INTERNAL.to_owned()
        } else {
            error.message().to_owned()
        },
        status,
        is_senders: own.map_or(status < 500, |own| own.is_senders),
        message_member: own.map_or("message", |own| own.message),
        reason: ThrottleReason::of(error).map(|reason| reason.to_string()),
    }
}

/// Why an operation that is known and not served fails: it is refused to who may not, as it would
/// be if it were served.
pub fn not_implemented(service: &Service, operation: &str, caller: &Caller) -> Error {
    let prefix = match service.signing_name {
        "monitoring" => "cloudwatch",
        name => name,
    };
    let action = format!("{prefix}:{operation}");
    match caller.may(&action, "*") {
        Ok(()) => unsupported(format!("{action} is not implemented")),
        Err(denied) => denied,
    }
}

/// What is not there.
pub fn unsupported(message: String) -> Error {
    Error::unsupported(message).coded("NotImplemented")
}

/// Why a request is not let in, with AWS's codes.
pub fn unauthenticated(error: Unauthenticated) -> Error {
    match error {
        Unauthenticated::Key(error) => error,
        Unauthenticated::Signature(refusal) => of_refusal(&refusal),
    }
}

fn of_refusal(refusal: &Refusal) -> Error {
    let message = refusal.message(Dialect::Query);
    Error::denied(message).coded(refusal.code(Dialect::Query))
}

/// A request that nobody has signed.
pub fn unsigned() -> Error {
    Error::denied("Request is missing Authentication Token").coded("MissingAuthenticationToken")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::model::ErrorShape;

    static ERRORS: &[ErrorShape] = &[
        ErrorShape::new("NoSuchEntity", "NoSuchEntityException", 404),
        ErrorShape::new("ServiceFailure", "ServiceFailureException", 500).of_server(),
    ];
    static SERVICE: Service = Service {
        id: "IAM",
        signing_name: "iam",
        version: "1",
        protocols: &[],
        operations: &[],
        others: &[],
        errors: ERRORS,
    };
    const QUERY: Protocol = Protocol::Query { namespace: "n" };
    const JSON: Protocol = Protocol::Json {
        version: "1.1",
        target: "T",
    };

    #[test]
    fn errors_have_their_codes_in_each_protocol() {
        for (error, code, name, statuses) in [
            (
                Error::not_found("x").coded("NoSuchEntity"),
                "NoSuchEntity",
                "NoSuchEntityException",
                [404; 3],
            ),
            (
                Error::not_found("x").coded("NoSuchEntityException"),
                "NoSuchEntity",
                "NoSuchEntityException",
                [404; 3],
            ),
            (
                Error::denied("x").coded("AccessDenied"),
                "AccessDenied",
                "AccessDeniedException",
                [403, 400, 403],
            ),
            (
                Error::invalid("x"),
                "ValidationError",
                "ValidationException",
                [400; 3],
            ),
            (
                Error::invalid("x").coded("Peculiar"),
                "Peculiar",
                "Peculiar",
                [400; 3],
            ),
            (
                Error::unsupported("x"),
                "NotImplemented",
                "NotImplemented",
                [501; 3],
            ),
            (
                unsigned(),
                "MissingAuthenticationToken",
                "MissingAuthenticationTokenException",
                [403, 400, 403],
            ),
        ] {
            for (protocol, status) in [QUERY, JSON, Protocol::RestJson].into_iter().zip(statuses) {
                let fault = fault(&SERVICE, protocol, &error, "r");
                assert_eq!(
                    (fault.code, fault.name, fault.status),
                    (code, name, status),
                    "{error}"
                );
                assert_eq!(fault.is_senders, status < 500);
            }
        }
    }

    #[test]
    fn a_fault_of_ours_is_not_shown() {
        let fault = fault(&SERVICE, QUERY, &Error::internal("/secret/path"), "r");
        assert_eq!((fault.code, fault.status), ("InternalFailure", 500));
        assert!(!fault.message.contains("secret"));
        assert!(!fault.is_senders);
    }

    #[test]
    fn who_is_not_let_in_hears_why() {
        let error = unauthenticated(Unauthenticated::Signature(Refusal::Mismatch));
        let fault = fault(&SERVICE, QUERY, &error, "r");
        assert_eq!((fault.code, fault.status), ("SignatureDoesNotMatch", 403));
        assert!(
            fault
                .message
                .starts_with("The request signature we calculated")
        );
        let key = Error::denied("x").coded("InvalidClientTokenId");
        let error = unauthenticated(Unauthenticated::Key(key));
        assert_eq!(error.code(), Some("InvalidClientTokenId"));
    }
}

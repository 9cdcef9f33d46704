//! Why a signature is not accepted, by AWS's codes and with AWS's messages.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>

use std::fmt;

/// Whose codes and words an error is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// S3.
    S3,
    /// The query protocol: IAM, STS.
    Query,
    /// The JSON protocols.
    Json,
}

/// Why a signature is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A header or query that signs is not what it should be.
    Malformed {
        /// Whether it is the query.
        query: bool,
        /// What is wrong with it.
        fault: String,
    },
    /// Another way to sign than Signature Version 4.
    Mechanism,
    /// The header signs and the query signs.
    TwoMechanisms,
    /// Neither `X-Amz-Date` nor `Date`, or one that is no date.
    Date(Option<String>),
    /// The scope's day is not the request's.
    ScopeDate {
        /// The scope's.
        scope: String,
        /// The request's time, in basic form.
        date: String,
    },
    /// The scope's region is not this one.
    Region {
        /// Whether the query signs.
        query: bool,
        /// The scope's.
        given: String,
        /// The one that is served.
        expected: String,
    },
    /// The scope's service is not this one.
    Service {
        /// Whether the query signs.
        query: bool,
        /// The scope's.
        given: String,
        /// The one that is served.
        expected: String,
    },
    /// The scope does not end in `aws4_request`.
    Terminator(String),
    /// `host` is not among the signed headers.
    UnsignedHost,
    /// These headers would have to be signed.
    UnsignedHeaders(Vec<String>),
    /// The request is more than 15 minutes old, or ahead.
    Skewed {
        /// The request's time, in basic form.
        request: String,
        /// The server's time, in basic form.
        server: String,
        /// The end of the quarter of an hour that it lies beyond, in basic form.
        bound: String,
        /// Whether the request is from the past.
        past: bool,
    },
    /// A presigned URL that is no longer valid.
    Expired,
    /// A presigned URL that is not yet valid.
    NotYetValid,
    /// The signature is another.
    Mismatch,
    /// S3 wants `x-amz-content-sha256`, and it is not there.
    MissingContentSha256,
    /// `x-amz-content-sha256` is neither a hash nor one of the words.
    ContentSha256(String),
    /// The body is not the one that was signed.
    PayloadMismatch {
        /// The hash that the request claims.
        claimed: String,
        /// The hash of what came.
        computed: String,
    },
    /// The body is not `aws-chunked` as it should be, or ends too early.
    Body(String),
}

impl Refusal {
    /// AWS's code of the error.
    pub fn code(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::S3 => self.s3_code(),
            Dialect::Query if self.is_incomplete() => "IncompleteSignature",
            Dialect::Json if self.is_incomplete() => "IncompleteSignatureException",
            Dialect::Query => "SignatureDoesNotMatch",
            Dialect::Json => "InvalidSignatureException",
        }
    }

    /// The HTTP status of the error.
    pub fn status(&self, dialect: Dialect) -> u16 {
        match dialect {
            Dialect::S3 => match self.s3_code() {
                "AccessDenied" | "RequestTimeTooSkewed" | "SignatureDoesNotMatch" => 403,
                _ => 400,
            },
            Dialect::Query if !self.is_incomplete() => 403,
            Dialect::Query | Dialect::Json => 400,
        }
    }

    fn s3_code(&self) -> &'static str {
        match self {
            Self::Malformed { query: true, .. }
            | Self::Region { query: true, .. }
            | Self::Service { query: true, .. } => "AuthorizationQueryParametersError",
            Self::Malformed { .. }
            | Self::Region { .. }
            | Self::Service { .. }
            | Self::ScopeDate { .. }
            | Self::Terminator(_) => "AuthorizationHeaderMalformed",
            Self::Mechanism | Self::MissingContentSha256 => "InvalidRequest",
            Self::TwoMechanisms | Self::ContentSha256(_) => "InvalidArgument",
            Self::Date(_)
            | Self::UnsignedHost
            | Self::UnsignedHeaders(_)
            | Self::Expired
            | Self::NotYetValid => "AccessDenied",
            Self::Skewed { .. } => "RequestTimeTooSkewed",
            Self::Mismatch => "SignatureDoesNotMatch",
            Self::PayloadMismatch { .. } => "XAmzContentSHA256Mismatch",
            Self::Body(_) => "IncompleteBody",
        }
    }

    fn is_incomplete(&self) -> bool {
        matches!(
            self,
            Self::Malformed { .. } | Self::Mechanism | Self::TwoMechanisms | Self::Date(_)
        )
    }

    /// AWS's message.
    pub fn message(&self, dialect: Dialect) -> String {
        if dialect == Dialect::S3 {
            self.s3_message()
        } else {
            self.to_string()
        }
    }

    fn s3_message(&self) -> String {
        let malformed = |query: bool, fault: &str| {
            if query {
                fault.to_owned()
            } else {
                format!("The authorization header is malformed; {fault}")
            }
        };
        let parsing = "Error parsing the X-Amz-Credential parameter; ";
        match self {
            Self::Malformed { query, fault } => malformed(*query, fault),
            Self::Region {
                query,
                given,
                expected,
            } => malformed(
                *query,
                &format!(
                    "{}the region '{given}' is wrong; expecting '{expected}'",
                    if *query { parsing } else { "" }
                ),
            ),
            Self::Service {
                query,
                given,
                expected,
            } => malformed(
                *query,
                &format!(
                    "{}incorrect service \"{given}\". This endpoint belongs to \"{expected}\".",
                    if *query { parsing } else { "" }
                ),
            ),
            Self::ScopeDate { scope, date } => malformed(
                false,
                &format!(
                    "Invalid credential date \"{scope}\". This date is not the same as X-Amz-Date: \"{}\".",
                    date.get(..8).unwrap_or(date)
                ),
            ),
            Self::Terminator(given) => malformed(
                false,
                &format!("incorrect terminal \"{given}\". This endpoint uses \"aws4_request\"."),
            ),
            Self::Date(_) => {
                "AWS authentication requires a valid Date or x-amz-date header".to_owned()
            }
            Self::UnsignedHost | Self::UnsignedHeaders(_) => {
                "There were headers present in the request which were not signed".to_owned()
            }
            Self::Skewed { .. } => {
                "The difference between the request time and the current time is too large."
                    .to_owned()
            }
            Self::Mismatch => "The request signature we calculated does not match the signature \
                               you provided. Check your key and signing method."
                .to_owned(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { fault, .. } => f.write_str(fault),
            Self::Mechanism => f.write_str(
                "The authorization mechanism you have provided is not supported. Please use \
                 AWS4-HMAC-SHA256.",
            ),
            Self::TwoMechanisms => f.write_str(
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, \
                 Signature query string parameter or the Authorization header should be specified",
            ),
            Self::Date(None) => f.write_str(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' \
                 header.",
            ),
            Self::Date(Some(date)) => write!(
                f,
                "Date must be in ISO-8601 'basic format'. Got '{date}'. See \
                 http://en.wikipedia.org/wiki/ISO_8601"
            ),
            Self::ScopeDate { scope, date } => write!(
                f,
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date \
                 from HTTP: '{scope}' != '{}', from '{date}'.",
                date.get(..8).unwrap_or(date)
            ),
            Self::Region { given, .. } => write!(
                f,
                "Credential should be scoped to a valid region, not '{given}'. "
            ),
            Self::Service { expected, .. } => write!(
                f,
                "Credential should be scoped to correct service: '{expected}'. "
            ),
            Self::Terminator(given) => write!(
                f,
                "Credential should be scoped with a valid terminator: 'aws4_request', not \
                 '{given}'."
            ),
            Self::UnsignedHost => f.write_str(
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
            ),
            Self::UnsignedHeaders(names) => {
                write!(
                    f,
                    "'{}' must be a 'SignedHeader' in the AWS Authorization.",
                    names.join("', '")
                )
            }
            Self::Skewed {
                request,
                server,
                bound,
                past: true,
            } => write!(
                f,
                "Signature expired: {request} is now earlier than {bound} ({server} - 15 min.)"
            ),
            Self::Skewed {
                request,
                server,
                bound,
                ..
            } => write!(
                f,
                "Signature not yet current: {request} is still later than {bound} ({server} + 15 min.)"
            ),
            Self::Expired => f.write_str("Request has expired"),
            Self::NotYetValid => f.write_str("Request is not yet valid"),
            Self::Mismatch => f.write_str(
                "The request signature we calculated does not match the signature you provided. \
                 Check your AWS Secret Access Key and signing method. Consult the service \
                 documentation for details.",
            ),
            Self::MissingContentSha256 => {
                f.write_str("Missing required header for this request: x-amz-content-sha256")
            }
            Self::ContentSha256(_) => f.write_str(
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, \
                 STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, \
                 STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
            ),
            Self::PayloadMismatch { .. } => f.write_str(
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            ),
            Self::Body(fault) => write!(f, "The request body terminated unexpectedly: {fault}"),
        }
    }
}

impl std::error::Error for Refusal {}

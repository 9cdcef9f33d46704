//! What a request presents: the parts of its Authorization header, or of its query.

use std::fmt;

use jiff::Timestamp;

use super::canonical::HttpRequest;
use super::encode::pairs;
use super::refusal::Refusal;
use super::scope::{Scope, parse_basic, parse_date_header};
use super::{ALGORITHM, MAX_EXPIRES_SECONDS};

/// The longest Authorization header that is read, in bytes; session tokens come elsewhere.
const MAX_HEADER_BYTES: usize = 8 * 1024;
/// How many headers may be signed.
const MAX_SIGNED_HEADERS: usize = 128;

/// A signature, with what it claims about itself. Nothing of it is true until it is verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented {
    pub(super) access_key: String,
    pub(super) scope: Scope,
    pub(super) terminator: String,
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: String,
    pub(super) at: Timestamp,
    pub(super) session_token: Option<String>,
    /// How many seconds a presigned URL is valid; none for the header.
    pub(super) expires: Option<i64>,
}

/// Shows neither the signature nor the token, so that they get into no log.
impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("access_key", &self.access_key)
            .field("scope", &self.scope)
            .field("at", &self.at)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Presented {
    /// Finds what the request presents; none when it is not signed.
    pub fn read(request: &HttpRequest) -> Result<Option<Self>, Refusal> {
        let mut headers = request.values("authorization");
        let header = headers.next();
        let in_query = parameter(request, "X-Amz-Algorithm").is_some()
            || parameter(request, "X-Amz-Signature").is_some();
        match header {
            Some(_) if in_query || headers.next().is_some() => Err(Refusal::TwoMechanisms),
            Some(header) => Self::from_header(request, header).map(Some),
            None if in_query => Self::from_query(request).map(Some),
            None => Ok(None),
        }
    }

    /// The access key's id.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// Day, region and service that it is signed for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The session token; the caller compares it with that of the access key.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Whether the signature stands in the query: a presigned URL.
    pub fn is_presigned(&self) -> bool {
        self.expires.is_some()
    }

    fn from_header(request: &HttpRequest, header: &[u8]) -> Result<Self, Refusal> {
        let wrong = |fault: String| Refusal::Malformed {
            query: false,
            fault,
        };
        let text = std::str::from_utf8(header)
            .ok()
            .filter(|text| text.len() <= MAX_HEADER_BYTES)
            .ok_or_else(|| wrong("the header is no text, or too long.".to_owned()))?;
        let fields = match text.trim().split_once(char::is_whitespace) {
            Some((ALGORITHM, fields)) => fields,
            None if text.trim() == ALGORITHM => "",
            _ => return Err(Refusal::Mechanism),
        };
        let (mut credential, mut signed, mut signature) = (None, None, None);
        for field in fields.split(',').map(str::trim).filter(|f| !f.is_empty()) {
            let (name, value) = field.split_once('=').ok_or_else(|| {
                wrong(format!(
                    "the authorization component \"{field}\" is malformed."
                ))
            })?;
            let slot = match name.trim() {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed,
                "Signature" => &mut signature,
                _ => {
                    return Err(wrong(format!(
                        "the authorization component \"{field}\" is malformed."
                    )));
                }
            };
            if slot.replace(value.trim()).is_some() {
                return Err(wrong(format!("\"{name}\" stands there twice.")));
            }
        }
        let missing = [
            ("Credential", credential),
            ("Signature", signature),
            ("SignedHeaders", signed),
        ]
        .iter()
        .filter(|(_, value)| value.is_none_or(str::is_empty))
        .map(|(name, _)| format!("Authorization header requires '{name}' parameter."))
        .collect::<Vec<_>>();
        let (Some(credential), Some(signed), Some(signature), true) =
            (credential, signed, signature, missing.is_empty())
        else {
            return Err(wrong(missing.join(" ")));
        };
        let (access_key, scope, terminator) = credential_parts(credential, false)?;
        Ok(Self {
            access_key,
            scope,
            terminator,
            signed_headers: signed_headers(signed, false)?,
            signature: signature.to_owned(),
            at: header_time(request)?,
            session_token: request.header("x-amz-security-token").map(str::to_owned),
            expires: None,
        })
    }

    fn from_query(request: &HttpRequest) -> Result<Self, Refusal> {
        let wrong = |fault: &str| Refusal::Malformed {
            query: true,
            fault: fault.to_owned(),
        };
        let required = |name: &str| {
            parameter(request, name).ok_or_else(|| {
                wrong(
                    "Query-string authentication version 4 requires the X-Amz-Algorithm, \
                     X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and \
                     X-Amz-Expires parameters.",
                )
            })
        };
        if required("X-Amz-Algorithm")? != ALGORITHM {
            return Err(wrong("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""));
        }
        let credential = required("X-Amz-Credential")?;
        let signature = required("X-Amz-Signature")?;
        let date = required("X-Amz-Date")?;
        let signed = required("X-Amz-SignedHeaders")?;
        let expires = required("X-Amz-Expires")?;
        let at = parse_basic(&date).ok_or_else(|| {
            wrong("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        })?;
        let expires: i64 = expires
            .parse()
            .map_err(|_| wrong("X-Amz-Expires should be a number"))?;
        if expires < 0 {
            return Err(wrong("X-Amz-Expires must be non-negative"));
        }
        if expires > MAX_EXPIRES_SECONDS {
            return Err(wrong(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given \
                 X-Amz-Expires must be less than 604800 seconds",
            ));
        }
        let (access_key, scope, terminator) = credential_parts(&credential, true)?;
        Ok(Self {
            access_key,
            scope,
            terminator,
            signed_headers: signed_headers(&signed, true)?,
            signature,
            at,
            session_token: parameter(request, "X-Amz-Security-Token"),
            expires: Some(expires),
        })
    }
}

/// A query parameter that stands there once, as text.
pub(super) fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    let mut values = pairs(request.query).filter(|(other, _)| other == name.as_bytes());
    let (_, value) = values.next()?;
    if values.next().is_some() {
        return None;
    }
    String::from_utf8(value).ok()
}

fn header_time(request: &HttpRequest) -> Result<Timestamp, Refusal> {
    if let Some(date) = request.header("x-amz-date") {
        return parse_basic(date).ok_or_else(|| Refusal::Date(Some(date.to_owned())));
    }
    let date = request.header("date").ok_or(Refusal::Date(None))?;
    parse_date_header(date).ok_or_else(|| Refusal::Date(Some(date.to_owned())))
}

/// `AKID/20150830/us-east-1/s3/aws4_request`: the key, the scope, and what ends it.
fn credential_parts(text: &str, query: bool) -> Result<(String, Scope, String), Refusal> {
    let wrong = |fault: &str| Refusal::Malformed {
        query,
        fault: if query {
            format!("Error parsing the X-Amz-Credential parameter; {fault}")
        } else {
            fault.to_owned()
        },
    };
    // A key's id holds no slash in AWS; what stands before the last four parts is the id.
    let mut parts = text.rsplitn(5, '/');
    let (Some(terminator), Some(service), Some(region), Some(date), Some(key)) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return Err(wrong(
            "the Credential is mal-formed; expecting \
             \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
        ));
    };
    if key.is_empty() {
        return Err(wrong(
            "a non-empty Access Key (AKID) must be provided in the credential.",
        ));
    }
    if date.len() != 8 || !date.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong(&format!(
            "incorrect date format \"{date}\". This date in the credential must be in the format \
             \"yyyyMMdd\"."
        )));
    }
    let scope = Scope {
        date: date.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
    };
    Ok((key.to_owned(), scope, terminator.to_owned()))
}

/// The names of the signed headers: lower case, sorted, each once.
fn signed_headers(text: &str, query: bool) -> Result<Vec<String>, Refusal> {
    let wrong = |fault: String| Refusal::Malformed { query, fault };
    let names: Vec<String> = text.split(';').map(str::to_owned).collect();
    if names.len() > MAX_SIGNED_HEADERS {
        return Err(wrong(format!(
            "more than {MAX_SIGNED_HEADERS} headers are signed."
        )));
    }
    let is_name = |name: &String| !name.is_empty() && !name.bytes().any(|b| b.is_ascii_uppercase());
    if !names.iter().all(is_name) || !names.is_sorted_by(|a, b| a < b) {
        return Err(wrong(format!(
            "SignedHeaders \"{text}\" are not in lower case and in order."
        )));
    }
    Ok(names)
}

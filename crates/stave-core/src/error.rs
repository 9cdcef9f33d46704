//! The one error of Stave: what kind it is (what the caller can do about it),
//! what is wrong, and a hint that is kept apart from the message.

use std::fmt;

/// The result of every fallible operation in Stave.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What the caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// What was named is not there.
    NotFound,
    /// What was to be made is there already.
    AlreadyExists,
    /// The caller may not do this.
    Denied,
    /// The request is wrong and stays wrong.
    Invalid,
    /// Somebody else changed the same thing; read again and repeat.
    Conflict,
    /// A condition of the request does not hold.
    Precondition,
    /// A bound was reached.
    LimitExceeded,
    /// Stave does not do this; the message names it.
    Unsupported,
    /// Something outside did not answer; try again later.
    Unavailable,
    /// It took longer than allowed.
    Timeout,
    /// A fault of Stave or of the machine it runs on.
    Internal,
}

/// An error that a user can act on.
///
/// `Display` prints the message only: the hint and the source are separate, so
/// that each door can place them.
#[derive(Debug)]
pub struct Error(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: ErrorKind,
    message: String,
    code: Option<&'static str>,
    hint: Option<String>,
    source: Option<Source>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            message: message.into(),
            code: None,
            hint: None,
            source: None,
        }))
    }

    /// What was named is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// What was to be made is there already.
    pub fn already_exists(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::AlreadyExists, message)
    }

    /// The caller may not do this.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Denied, message)
    }

    /// The request is wrong and stays wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// Somebody else changed the same thing.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// A bound was reached.
    pub fn limit_exceeded(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::LimitExceeded, message)
    }

    /// Stave does not do this; the message names what it is.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// Something outside did not answer.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// It took longer than it may.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Timeout, message)
    }

    /// A fault of Stave or of the machine it runs on.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Adds AWS's own code for it, where the kind alone does not tell: `DeleteConflict`.
    pub fn coded(mut self, code: &'static str) -> Self {
        self.0.code = Some(code);
        self
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the error underneath.
    pub fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Puts where it happened before the message: `node "Join": no such column`.
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        self.0.message = format!("{place}: {}", self.0.message);
        self
    }

    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is wrong, without hint or source.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// AWS's code for it, where whoever made the error knows one.
    pub fn code(&self) -> Option<&'static str> {
        self.0.code
    }

    /// What to do about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// The messages of `error` and of everything underneath it, outermost first,
/// without repeating one that the level above already says.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    let mut messages = vec![error.to_string()];
    let mut next = error.source();
    while let Some(source) = next {
        let message = source.to_string();
        if !messages
            .last()
            .is_some_and(|above| above.contains(&message))
        {
            messages.push(message);
        }
        next = source.source();
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_says_the_message_only() {
        let error = Error::not_found("bucket \"a\" does not exist")
            .hint("stave mb s3://a")
            .caused_by("io");
        assert_eq!(error.to_string(), "bucket \"a\" does not exist");
        assert_eq!(error.hint_text(), Some("stave mb s3://a"));
        assert_eq!(chain(&error), ["bucket \"a\" does not exist", "io"]);
    }

    #[test]
    fn a_code_stays_apart_from_the_message() {
        let error = Error::conflict("detach it first")
            .coded("DeleteConflict")
            .within("user \"ann\"");
        assert_eq!(error.code(), Some("DeleteConflict"));
        assert_eq!(error.to_string(), "user \"ann\": detach it first");
        assert_eq!(Error::invalid("no").code(), None);
    }

    #[test]
    fn within_names_the_place_first() {
        let error = Error::invalid("no such column").within("node \"Join\"");
        assert_eq!(error.to_string(), "node \"Join\": no such column");
    }
}

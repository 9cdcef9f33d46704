//! The error of this crate: what kind it is (what the caller can do about
//! it), what is wrong, and a hint kept apart from the message.
//!
//! Never holds a token, a secret or a code: messages are made of our own words
//! and of the short texts in Spotify's error bodies.

use std::fmt;

use jiff::Timestamp;

/// The result of every fallible operation of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What the caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The login is at its end, or there is none: the user has to log in again.
    LoginAgain,
    /// Spotify refuses this to the app or to the account.
    Denied,
    /// What was named is not there, or is hidden from this app.
    NotFound,
    /// A quota is used up: nothing of `bucket` is asked before `until`.
    Closed {
        /// When the bucket opens again.
        until: Timestamp,
        /// The group of endpoints that is closed.
        bucket: &'static str,
    },
    /// The request or the file is wrong and stays wrong.
    Invalid,
    /// Spotify did not answer properly, within all retries; try again later.
    Unavailable,
    /// A fault of Stave or of the machine it runs on.
    Internal,
}

/// An error that a user can act on. `Display` prints the message only.
#[derive(Debug)]
pub struct Error(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    source: Option<Source>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            message: message.into(),
            hint: None,
            source: None,
        }))
    }

    /// The user has to log in again.
    pub fn login_again(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::LoginAgain, message)
            .hint("log in again with `stave spotify login`; what was extracted so far is kept")
    }

    /// Spotify refuses it.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Denied, message)
    }

    /// What was named is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }

    /// The request is wrong and stays wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// Spotify did not answer properly.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// A fault of Stave or of the machine.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
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

    /// Puts where it happened before the message.
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

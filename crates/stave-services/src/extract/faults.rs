//! Errors of the Spotify client as errors of Stave, and back.

use stave_core::{Error, ErrorKind};
use stave_spotify::client::{Error as SpotifyError, ErrorKind as SpotifyErrorKind};

/// In Stave's form: what is wrong, what to do about it, and why.
#[allow(clippy::needless_pass_by_value, reason = "map_err hands it over")]
pub fn to_core(error: SpotifyError) -> Error {
    let kind = match error.kind() {
        SpotifyErrorKind::LoginAgain | SpotifyErrorKind::Denied => ErrorKind::Denied,
        SpotifyErrorKind::NotFound => ErrorKind::NotFound,
        SpotifyErrorKind::Closed { .. } => ErrorKind::LimitExceeded,
        SpotifyErrorKind::Invalid => ErrorKind::Invalid,
        SpotifyErrorKind::Unavailable => ErrorKind::Unavailable,
        SpotifyErrorKind::Internal => ErrorKind::Internal,
    };
    let mut told = Error::new(kind, error.message());
    if let Some(hint) = error.hint_text() {
        told = told.hint(hint);
    }
    // Its own message is told already; what lies under it is not.
    match std::error::Error::source(&error) {
        Some(source) => told.caused_by(source.to_string()),
        None => told,
    }
}

/// In the client's form: where pages or checkpoints can't be kept, a run ends.
#[allow(clippy::needless_pass_by_value, reason = "map_err hands it over")]
pub(super) fn to_spotify(error: Error) -> SpotifyError {
    let mut told = SpotifyError::internal(error.message());
    if let Some(hint) = error.hint_text() {
        told = told.hint(hint);
    }
    match std::error::Error::source(&error) {
        Some(source) => told.caused_by(source.to_string()),
        None => told,
    }
}

//! What `accounts.spotify.com` does: consent, codes, tokens.
//!
//! `grants` keeps what was granted; `authorize` and `token` are the two
//! endpoints. Must not know what a token opens.

mod authorize;
mod grants;
mod token;

pub(super) use authorize::authorize;
pub(super) use grants::{Bearer, Grants, TokenFault};
pub(super) use token::token;

/// The scopes that Spotify has.
const SCOPES: [&str; 19] = [
    "app-remote-control",
    "playlist-modify-private",
    "playlist-modify-public",
    "playlist-read-collaborative",
    "playlist-read-private",
    "streaming",
    "ugc-image-upload",
    "user-follow-modify",
    "user-follow-read",
    "user-library-modify",
    "user-library-read",
    "user-modify-playback-state",
    "user-read-currently-playing",
    "user-read-email",
    "user-read-playback-position",
    "user-read-playback-state",
    "user-read-private",
    "user-read-recently-played",
    "user-top-read",
];

/// Whether a scope is one of Spotify's.
fn is_scope(scope: &str) -> bool {
    SCOPES.contains(&scope)
}

//! Logging in, and having a token at hand: PKCE in the browser, client
//! credentials, the token file, one refresher at a time.
//!
//! Must not open a browser, read the environment or know what is extracted.

mod app;
mod consent;
mod endpoint;
mod file;
mod login;
mod loopback;
mod pkce;
#[cfg(test)]
mod tests;
mod token;
mod user;

pub use app::AppTokens;
pub use consent::{Consent, consent};
pub use file::TokenFile;
pub use login::{Login, LoginSettings, SCOPES};
pub use token::{TokenSet, Tokens};
pub use user::UserTokens;

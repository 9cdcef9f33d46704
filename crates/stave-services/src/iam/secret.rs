//! Secrets, where they come from, and how they are sealed where they are kept.
//!
//! One key file seals everything; each use has a key of its own, derived from it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use stave_core::{Error, Result};

/// The length of a key in bytes.
const KEY_BYTES: usize = 32;
/// The length of a nonce in bytes: long enough to be drawn at random.
const NONCE_BYTES: usize = 24;
/// An access key's secret has so many random bytes: 40 characters.
const SECRET_BYTES: usize = 30;

/// A text that nobody is to see by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret of an access key, from the machine's randomness.
    pub(super) fn generate() -> Result<Self> {
        Ok(Self(STANDARD.encode(random::<SECRET_BYTES>()?)))
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Bytes from the machine's randomness; there is no other source to fall back on.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::internal("the machine gives no randomness").caused_by(error.to_string())
    })?;
    Ok(bytes)
}

/// What secrets are sealed with.
#[derive(Clone)]
pub(super) struct Seal {
    keys: XChaCha20Poly1305,
    tokens: XChaCha20Poly1305,
    sessions: [u8; KEY_BYTES],
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    /// The contents of a new key file.
    pub fn new_file() -> Result<Vec<u8>> {
        let mut text = STANDARD.encode(random::<KEY_BYTES>()?);
        text.push('\n');
        Ok(text.into_bytes())
    }

    /// The seal of a key file's contents.
    pub fn read(file: &[u8]) -> Result<Self> {
        let key: Option<[u8; KEY_BYTES]> = STANDARD
            .decode(file.trim_ascii())
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        let key = key.ok_or_else(|| {
            Error::invalid("seal.key is not 32 bytes in base64")
                .hint("restore it from a backup: what it sealed cannot be read without it")
        })?;
        Ok(Self {
            keys: XChaCha20Poly1305::new(&derive(&key, b"access keys").into()),
            tokens: XChaCha20Poly1305::new(&derive(&key, b"session tokens").into()),
            sessions: derive(&key, b"session secrets"),
        })
    }

    /// Seals the secret of the access key `id`.
    pub fn seal_secret(&self, id: &str, secret: &Secret) -> Result<Vec<u8>> {
        seal(&self.keys, id, secret.0.as_bytes())
    }

    /// Opens the secret of the access key `id`.
    pub fn open_secret(&self, id: &str, sealed: &[u8]) -> Result<Secret> {
        open(&self.keys, id, sealed)
            .and_then(|text| String::from_utf8(text).ok())
            .map(Secret)
            .ok_or_else(|| {
                Error::internal(format!(
                    "the secret of access key {id} was sealed with another seal.key, or is damaged"
                ))
                .hint("restore seal.key from a backup, or make the access key anew")
            })
    }

    /// Seals what a session is into a token that only goes with the access key `id`.
    pub fn seal_token(&self, id: &str, session: &[u8]) -> Result<String> {
        Ok(STANDARD.encode(seal(&self.tokens, id, session)?))
    }

    /// Opens the token of the access key `id`; nothing if it is none of ours.
    pub fn open_token(&self, id: &str, token: &str) -> Option<Vec<u8>> {
        open(&self.tokens, id, &STANDARD.decode(token).ok()?)
    }

    /// The secret of a session's access key, which follows from its id: so it is nowhere kept.
    pub fn session_secret(&self, id: &str) -> Secret {
        Secret(STANDARD.encode(&derive(&self.sessions, id.as_bytes())[..SECRET_BYTES]))
    }
}

fn derive(key: &[u8; KEY_BYTES], purpose: &[u8]) -> [u8; KEY_BYTES] {
    // A key shorter than HMAC's block counts as filled up with zeros.
    let mut block = [0; 64];
    block[..KEY_BYTES].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(b"stave ");
    mac.update(purpose);
    mac.finalize().into_bytes().into()
}

/// The nonce, then the sealed text.
fn seal(cipher: &XChaCha20Poly1305, bound_to: &str, text: &[u8]) -> Result<Vec<u8>> {
    let nonce = random::<NONCE_BYTES>()?;
    let payload = Payload {
        msg: text,
        aad: bound_to.as_bytes(),
    };
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Error::internal("a secret could not be sealed"))?;
    Ok([nonce.as_slice(), sealed.as_slice()].concat())
}

fn open(cipher: &XChaCha20Poly1305, bound_to: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let payload = Payload {
        msg: sealed,
        aad: bound_to.as_bytes(),
    };
    cipher.decrypt(&XNonce::from(*nonce), payload).ok()
}

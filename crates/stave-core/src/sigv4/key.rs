//! Keys, hashes and their texts.

use std::fmt;

use ring::hmac;
use subtle::ConstantTimeEq as _;

use super::scope::Scope;

/// A SHA-256 hash.
pub(super) type Hash = [u8; 32];

/// The key that signs one day's requests to one service in one region.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    /// Derives the key from an access key's secret.
    pub fn derive(secret: &str, scope: &Scope) -> Self {
        let day = hmac(format!("AWS4{secret}").as_bytes(), scope.date.as_bytes());
        let region = hmac(&day, scope.region.as_bytes());
        let service = hmac(&region, scope.service.as_bytes());
        let request = hmac(&service, b"aws4_request");
        Self(hmac::Key::new(hmac::HMAC_SHA256, &request))
    }

    /// The signature of `text`, in hexadecimal: of a string to sign, or of a POST form's policy.
    pub fn sign(&self, text: &[u8]) -> String {
        hex(hmac::sign(&self.0, text).as_ref())
    }

    /// Whether `signature` is that of `text`, in a time that does not tell how much is right.
    pub fn verify(&self, text: &[u8], signature: &str) -> bool {
        self.sign(text)
            .as_bytes()
            .ct_eq(signature.as_bytes())
            .into()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

fn hmac(key: &[u8], text: &[u8]) -> Hash {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text);
    let mut hash = [0; 32];
    hash.copy_from_slice(tag.as_ref());
    hash
}

pub(super) fn sha256(bytes: &[u8]) -> Hash {
    crate::Sha256::of(bytes)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text
}

/// Reads a hash in lower-case hexadecimal.
pub(super) fn unhex(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 64 || text.bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    // from_str_radix takes a sign.
    (!text.contains('+')).then_some(hash)
}

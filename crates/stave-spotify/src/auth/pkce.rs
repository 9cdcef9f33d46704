//! Proof Key for Code Exchange (RFC 7636, S256).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::client::{Error, Result, Secret};

/// A verifier of 86 characters, out of 64 random bytes.
pub(super) fn verifier() -> Result<Secret> {
    Ok(Secret::new(random_text::<64>()?))
}

/// What is shown of the verifier beforehand.
pub(super) fn challenge(verifier: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose()))
}

/// `N` random bytes as URL-safe text.
pub(super) fn random_text<const N: usize>() -> Result<String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal(format!("the system gives no random bytes: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

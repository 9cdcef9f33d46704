//! SHA-256 of bodies. Assembly does it: every byte that comes over HTTP goes through here, and
//! many processors have no instructions for it.

use std::fmt;

use ring::digest::{Context, SHA256};

/// A hash under way.
#[derive(Clone)]
pub struct Sha256(Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256(…)")
    }
}

impl Sha256 {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> [u8; 32] {
        let mut hash = Self::default();
        hash.update(bytes);
        hash.finish()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all of them.
    pub fn finish(self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.finish().as_ref());
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of FIPS 180-4: <https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values>
    #[test]
    fn the_published_example_holds() {
        let mut hash = Sha256::default();
        hash.update(b"a");
        hash.update(b"bc");
        let begin = [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea];
        assert_eq!(hash.finish()[..8], begin);
    }
}

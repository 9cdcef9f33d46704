//! What a signature says of the body.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-streaming.html>

use super::chunks::ChunkSigner;
use super::key::{Hash, hex, unhex};
use super::refusal::Refusal;
use crate::Sha256;

/// What a request's body has to be.
#[derive(Debug, Clone)]
pub enum Payload {
    /// It has this SHA-256: compare with [`Payload::check`] when the body has been read.
    Hash([u8; 32]),
    /// It is not signed.
    Unsigned,
    /// It comes as `aws-chunked`: read it with a [`ChunkedBody`](super::ChunkedBody).
    Chunked {
        /// Checks the chunks' signatures, where they are signed.
        signer: Option<Box<ChunkSigner>>,
        /// Whether trailing headers follow the last chunk.
        trailer: bool,
    },
}

impl Payload {
    /// Checks the hash of a whole body; of what is not signed as a whole there is nothing to check.
    pub fn check(&self, body_sha256: &[u8; 32]) -> Result<(), Refusal> {
        match self {
            Self::Hash(wanted) if wanted != body_sha256 => Err(Refusal::PayloadMismatch {
                claimed: hex(wanted),
                computed: hex(body_sha256),
            }),
            _ => Ok(()),
        }
    }
}

/// Hashes a body as it comes in, to compare it in the end with what is signed.
#[derive(Debug, Clone)]
pub struct BodyHash {
    wanted: Hash,
    hash: Sha256,
}

impl BodyHash {
    /// For a body as `payload` says; none where nothing is said of the body as a whole.
    pub fn new(payload: &Payload) -> Option<Self> {
        match payload {
            Payload::Hash(wanted) => Some(Self {
                wanted: *wanted,
                hash: Sha256::default(),
            }),
            _ => None,
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    /// Says whether that was the body that is signed.
    pub fn finish(self) -> Result<(), Refusal> {
        Payload::Hash(self.wanted).check(&self.hash.finish())
    }
}

/// The value of `x-amz-content-sha256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    Hash(Hash),
    Unsigned,
    Chunked { signed: bool, trailer: bool },
}

impl Claim {
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let chunked = |signed, trailer| Ok(Self::Chunked { signed, trailer });
        match text {
            "UNSIGNED-PAYLOAD" => Ok(Self::Unsigned),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => chunked(true, false),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => chunked(true, true),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => chunked(false, true),
            hash => unhex(hash)
                .map(Self::Hash)
                .ok_or_else(|| Refusal::ContentSha256(hash.to_owned())),
        }
    }
}

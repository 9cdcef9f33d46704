//! What a signature says of the body.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-streaming.html>

use super::chunks::ChunkSigner;
use super::key::{Hash, hex, unhex};
use super::refusal::Refusal;

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

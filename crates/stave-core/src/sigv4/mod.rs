//! AWS Signature Version 4: who has signed a request, and whether the signature is right.
//!
//! [`Presented::read`] finds what a request presents, in its Authorization header or in its
//! query; the caller looks up the access key's secret; [`Presented::verify`] decides.
//! [`sign`] and [`presign`] make the same signatures, from the same canonical request.
//!
//! Must not know: where keys are kept, who they belong to, sockets. The time is handed in.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html>

mod canonical;
mod chunks;
mod encode;
mod key;
mod payload;
mod presented;
mod refusal;
mod scope;
mod sign;
#[cfg(test)]
mod tests;
mod verify;

pub use canonical::HttpRequest;
pub use chunks::{ChunkSigner, ChunkedBody, Trailer};
pub use key::SigningKey;
pub use payload::{BodyHash, Payload};
pub use presented::Presented;
pub use refusal::{Dialect, Refusal};
pub use scope::Scope;
pub use sign::{Credentials, Signer, presign, sign};
pub use verify::{Expected, Verified};

/// The only algorithm that is served.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a request's time may be from the present.
pub const CLOCK_SKEW_SECONDS: i64 = 15 * 60;
/// How long a presigned URL may be valid at most: seven days.
pub const MAX_EXPIRES_SECONDS: i64 = 7 * 24 * 60 * 60;

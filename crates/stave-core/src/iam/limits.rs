//! How large policies may be.
//!
//! IAM does not count white space; S3 counts every byte.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>

/// A managed policy, and a permissions boundary, in characters without white space.
pub const MANAGED_POLICY_CHARS: usize = 6_144;
/// All inline policies of one user together.
pub const USER_INLINE_CHARS: usize = 2_048;
/// All inline policies of one group together.
pub const GROUP_INLINE_CHARS: usize = 5_120;
/// All inline policies of one role together.
pub const ROLE_INLINE_CHARS: usize = 10_240;
/// A role's trust policy.
pub const TRUST_POLICY_CHARS: usize = 2_048;
/// The session policy that is passed in a call, white space included.
pub const SESSION_POLICY_CHARS: usize = 2_048;
/// A bucket policy, in bytes.
pub const BUCKET_POLICY_BYTES: usize = 20_480;
/// The longest text that any operation takes as a policy, in characters.
pub const DOCUMENT_CHARS: usize = 131_072;

/// The size of a policy as IAM counts it: characters, without white space.
pub fn policy_size(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

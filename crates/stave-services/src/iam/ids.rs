//! The unique ids of IAM, by their prefixes.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>

use stave_store::Store;
use stave_store::iam::EntityKind;

const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The id of a new user, group or role.
pub(super) fn entity(store: &Store, kind: EntityKind) -> String {
    let prefix = match kind {
        EntityKind::User => "AIDA",
        EntityKind::Group => "AGPA",
        EntityKind::Role => "AROA",
    };
    unique(prefix, store.iam_id(), 17)
}

/// The id of a new managed policy.
pub(super) fn policy(store: &Store) -> String {
    unique("ANPA", store.iam_id(), 17)
}

/// The id of a policy that AWS manages: the same at all times, though not the one that AWS has.
pub(super) fn aws_policy(arn: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(arn.as_bytes());
    let bits = hash
        .iter()
        .take(16)
        .fold(0, |bits, byte| bits << 8 | u128::from(*byte));
    unique("ANPA", bits, 17)
}

/// The id of a new access key.
pub(super) fn access_key(store: &Store) -> String {
    unique("AKIA", store.iam_id(), 16)
}

/// The id of a new access key of a session.
pub(super) fn session_key(store: &Store) -> String {
    unique("ASIA", store.iam_id(), 16)
}

/// `prefix`, and `length` letters and digits.
fn unique(prefix: &str, mut bits: u128, length: usize) -> String {
    let mut digits = vec![b'A'; length];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(bits & 31) as usize];
        bits >>= 5;
    }
    let digits: String = digits.into_iter().map(char::from).collect();
    format!("{prefix}{digits}")
}

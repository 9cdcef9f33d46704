//! Where ids come from, and the forms they take.

use std::sync::atomic::{AtomicU64, Ordering};

/// A source of 128 bits that nobody had before.
pub trait IdSource: Send + Sync + std::fmt::Debug {
    /// The next 128 bits.
    fn next(&self) -> u128;
}

/// Ids in order, for tests that compare output.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl IdSource for SequentialIds {
    fn next(&self) -> u128 {
        u128::from(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// A job run's id as Glue forms it: `jr_` and 64 hexadecimal digits.
pub fn job_run_id(ids: &dyn IdSource) -> String {
    format!("jr_{:032x}{:032x}", ids.next(), ids.next())
}

/// A random UUID in its text form (RFC 9562, version 4), as Athena and Glue crawls use it.
pub fn uuid(ids: &dyn IdSource) -> String {
    uuid_of(ids.next())
}

/// The UUID that `bits` make, as [`uuid`] makes one of new bits.
pub fn uuid_of(bits: u128) -> String {
    let bits = (bits & !(0xf << 76)) | (0x4 << 76);
    let bits = (bits & !(0x3 << 62)) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_forms() {
        let ids = SequentialIds::default();
        let run = job_run_id(&ids);
        assert_eq!((run.len(), &run[..3]), (67, "jr_"));
        let uuid = uuid(&ids);
        assert_eq!(uuid, "00000000-0000-4000-8000-000000000003");
    }
}

//! The machine's clock and randomness.

use std::hash::{BuildHasher, RandomState};

use jiff::Timestamp;
use stave_core::{Clock, IdSource};

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Ids from the machine's randomness.
#[derive(Debug, Default, Clone, Copy)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn next(&self) -> u128 {
        let mut bytes = [0; 16];
        if getrandom::fill(&mut bytes).is_ok() {
            return u128::from_ne_bytes(bytes);
        }
        // The hasher's keys are random too, and different at each call.
        let half = || u128::from(RandomState::new().hash_one("id"));
        half() << 64 | half()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_repeat() {
        let ids: std::collections::HashSet<u128> = (0..100).map(|_| RandomIds.next()).collect();
        assert_eq!(ids.len(), 100);
    }
}

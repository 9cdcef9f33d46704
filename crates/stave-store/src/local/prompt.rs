//! Small reads are done where they are asked for, as long as the disk answers at once: to hand one
//! to a thread that may wait takes longer than to read what the machine has in its memory. Once a
//! disk has kept somebody waiting, reads go to such threads for a while.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A read that takes longer has waited for a disk.
const LONG: Duration = Duration::from_millis(10);
/// How long reads go elsewhere then.
const PAUSE: Duration = Duration::from_millis(250);

/// Whether the disk answers at once.
#[derive(Debug)]
pub(crate) struct Promptness {
    since: Instant,
    /// In milliseconds from `since`.
    slow_until: AtomicU64,
}

impl Default for Promptness {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            slow_until: AtomicU64::new(0),
        }
    }
}

impl Promptness {
    /// Does a small read here; none when it is better done elsewhere.
    pub(super) fn at_once<T>(&self, read: impl FnOnce() -> T) -> Option<T> {
        let begun_at = Instant::now();
        let until = Duration::from_millis(self.slow_until.load(Ordering::Relaxed));
        if begun_at.duration_since(self.since) < until {
            return None;
        }
        let done = read();
        let now = Instant::now();
        if now.duration_since(begun_at) > LONG {
            let until = now.duration_since(self.since) + PAUSE;
            let until = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
            self.slow_until.store(until, Ordering::Relaxed);
        }
        Some(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_waited_reads_elsewhere() {
        let promptness = Promptness::default();
        let wait = || std::thread::sleep(LONG + Duration::from_millis(1));
        assert_eq!(promptness.at_once(|| 1), Some(1));
        assert_eq!(promptness.at_once(wait), Some(()));
        let until = promptness.slow_until.load(Ordering::Relaxed);
        assert!(until >= u64::try_from(PAUSE.as_millis()).expect("small"));
        // Longer than this test takes, however slow the machine is.
        promptness.slow_until.store(u64::MAX, Ordering::Relaxed);
        assert_eq!(promptness.at_once(|| 1), None);
        promptness.slow_until.store(0, Ordering::Relaxed);
        assert_eq!(promptness.at_once(|| 1), Some(1));
    }
}

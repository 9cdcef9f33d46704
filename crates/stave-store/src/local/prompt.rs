//! Small work is done where it is asked for, as long as the disk answers at once: to hand it to a
//! thread that may wait takes longer than to read what the machine has in its memory, or to write
//! there. Once a disk has kept somebody waiting, such work goes to such threads for a while.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A read that takes longer has waited for a disk.
const LONG_READ: Duration = Duration::from_millis(10);
/// As much for a write: once in a thousand, what was noted of objects is moved to the database
/// file, and that alone is no reason.
const LONG_WRITE: Duration = Duration::from_millis(50);
/// How long such work goes elsewhere then.
const PAUSE: Duration = Duration::from_millis(250);

/// Whether the disk answers at once.
#[derive(Debug)]
pub(crate) struct Promptness {
    long: Duration,
    since: Instant,
    /// In milliseconds from `since`.
    slow_until: AtomicU64,
}

impl Promptness {
    /// In reading.
    pub(crate) fn of_reads() -> Self {
        Self::new(LONG_READ)
    }

    /// In writing what is not flushed.
    pub(crate) fn of_writes() -> Self {
        Self::new(LONG_WRITE)
    }

    fn new(long: Duration) -> Self {
        Self {
            long,
            since: Instant::now(),
            slow_until: AtomicU64::new(0),
        }
    }

    /// Does small work here; none when it is better done elsewhere.
    pub(super) fn at_once<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let begun_at = Instant::now();
        let until = Duration::from_millis(self.slow_until.load(Ordering::Relaxed));
        if begun_at.duration_since(self.since) < until {
            return None;
        }
        let done = work();
        let now = Instant::now();
        if now.duration_since(begun_at) > self.long {
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
    fn who_has_waited_goes_elsewhere() {
        let promptness = Promptness::of_reads();
        let wait = || std::thread::sleep(LONG_READ + Duration::from_millis(1));
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

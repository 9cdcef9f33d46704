//! The two limiters: calls in a rolling window, by client and by bucket.
//!
//! Must not know what is called, nor how a refusal is written.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::options::{Quota, RateLimit};

/// The most clients that are counted apart; those beyond share one count.
const MOST_CLIENTS: usize = 1_000;

/// Which limiter said no, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Rate { retry_after_s: u64 },
    Quota { retry_after_s: u64 },
}

/// The limiters of a sandbox and what they have counted.
#[derive(Debug)]
pub(super) struct Limits {
    rate: Option<RateLimit>,
    quotas: Vec<Quota>,
    by_client: HashMap<String, Window>,
    by_bucket: HashMap<&'static str, Window>,
}

impl Limits {
    pub(super) fn new(rate: Option<RateLimit>, quotas: Vec<Quota>) -> Self {
        Self {
            rate,
            quotas,
            by_client: HashMap::new(),
            by_bucket: HashMap::new(),
        }
    }

    /// Counts a call, unless a limiter refuses it.
    pub(super) fn take(
        &mut self,
        client: &str,
        bucket: &'static str,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let quota = self
            .quotas
            .iter()
            .find(|quota| quota.bucket.as_deref() == Some(bucket))
            .or_else(|| self.quotas.iter().find(|quota| quota.bucket.is_none()))
            .map(|quota| (quota.calls, quota.window));
        if let Some(rate) = self.rate {
            let known = self.by_client.len() < MOST_CLIENTS || self.by_client.contains_key(client);
            let client = if known { client } else { "" };
            let window = self.by_client.entry(client.to_owned()).or_default();
            window
                .room(rate.calls, rate.window, now)
                .map_err(|retry_after_s| Refused::Rate { retry_after_s })?;
        }
        if let Some((calls, window)) = quota {
            let counted = self.by_bucket.entry(bucket).or_default();
            counted
                .room(calls, window, now)
                .map_err(|retry_after_s| Refused::Quota { retry_after_s })?;
            counted.0.push_back(now);
        }
        if self.rate.is_some() {
            let client = if self.by_client.contains_key(client) {
                client
            } else {
                ""
            };
            if let Some(window) = self.by_client.get_mut(client) {
                window.0.push_back(now);
            }
        }
        Ok(())
    }
}

/// When calls went through.
#[derive(Debug, Default)]
struct Window(VecDeque<Timestamp>);

impl Window {
    /// Whether one more goes through, or else after how many seconds.
    fn room(&mut self, calls: u32, window: Duration, now: Timestamp) -> Result<(), u64> {
        let age = |at: Timestamp| Duration::try_from(now.duration_since(at)).unwrap_or_default();
        while self.0.front().is_some_and(|&at| age(at) >= window) {
            self.0.pop_front();
        }
        if self.0.len() < calls as usize {
            return Ok(());
        }
        let wait = self
            .0
            .front()
            .map_or(window, |&at| window.saturating_sub(age(at)));
        Err(wait.as_millis().div_ceil(1_000) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn the_rate_is_a_rolling_window_of_each_client() {
        let mut limits = Limits::new(Some("2/30s".parse().unwrap()), Vec::new());
        assert_eq!(limits.take("a", "me", at(0)), Ok(()));
        assert_eq!(limits.take("a", "me", at(10)), Ok(()));
        let refused = Err(Refused::Rate { retry_after_s: 19 });
        assert_eq!(limits.take("a", "search", at(11)), refused);
        assert_eq!(limits.take("b", "me", at(11)), Ok(()));
        assert_eq!(limits.take("a", "me", at(30)), Ok(()));
        let refused = Err(Refused::Rate { retry_after_s: 9 });
        assert_eq!(limits.take("a", "me", at(31)), refused);
    }

    #[test]
    fn a_quota_is_of_the_account_and_of_one_bucket() {
        let quotas = vec!["search=2".parse().unwrap(), "3/1d".parse().unwrap()];
        let mut limits = Limits::new(None, quotas);
        for client in ["a", "b"] {
            assert_eq!(limits.take(client, "search", at(0)), Ok(()));
        }
        let refused = Err(Refused::Quota {
            retry_after_s: 86_340,
        });
        assert_eq!(limits.take("c", "search", at(60)), refused);
        for _ in 0..3 {
            assert_eq!(limits.take("a", "me", at(60)), Ok(()));
        }
        assert!(limits.take("a", "me", at(60)).is_err());
        assert_eq!(limits.take("a", "search", at(86_400)), Ok(()));
    }
}

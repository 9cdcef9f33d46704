//! What outlives a run: a JSON text by key, which the store does not look into.
//! Checkpoints, marks and budgets of the extractor are kept here.

use rusqlite::{OptionalExtension, params};
use stave_core::{Error, Result};

use super::limit;
use crate::faults::SqlContext;
use crate::liveness::LivenessLock;
use crate::store::{Store, to_micros};

/// The longest key, in bytes.
const MAX_KEY_BYTES: usize = 1024;

impl Store {
    /// What is remembered under `key`.
    pub fn recall(&self, key: &str) -> Result<Option<String>> {
        self.database().read(|tx| {
            let mut statement = tx
                .prepare_cached("SELECT value FROM memory WHERE key = ?1")
                .sql()?;
            statement
                .query_row([key], |row| row.get(0))
                .optional()
                .sql()
        })
    }

    /// Remembers `value` under `key`, in place of what was there. It is on the
    /// disk when this returns.
    pub fn remember(&self, key: &str, value: &str) -> Result<()> {
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            return Err(Error::invalid(format!(
                "a key of {} bytes is not 1 to {MAX_KEY_BYTES}",
                key.len()
            )));
        }
        let now = to_micros(self.now());
        self.database().write(|tx| {
            tx.prepare_cached(
                "INSERT INTO memory VALUES (?1, ?2, ?3) ON CONFLICT (key)
                 DO UPDATE SET value = ?2, updated_at = ?3",
            )
            .sql()?
            .execute(params![key, value, now])
            .sql()
            .map(|_| ())
        })
    }

    /// Forgets `key`; not an error where there is none.
    pub fn forget(&self, key: &str) -> Result<()> {
        self.database().write(|tx| {
            tx.prepare_cached("DELETE FROM memory WHERE key = ?1")
                .sql()?
                .execute([key])
                .sql()
                .map(|_| ())
        })
    }

    /// The keys after `after` that begin with `prefix`, in order.
    pub fn remembered(&self, prefix: &str, after: Option<&str>, max: usize) -> Result<Vec<String>> {
        self.database().read(|tx| {
            let mut statement = tx
                .prepare_cached(
                    "SELECT key FROM memory WHERE key >= ?1 AND key > ?2
                     AND substr(key, 1, length(?1)) = ?1 ORDER BY key LIMIT ?3",
                )
                .sql()?;
            let keys = statement
                .query_map((prefix, after.unwrap_or_default(), limit(max)), |row| {
                    row.get(0)
                })
                .sql()?;
            keys.collect::<rusqlite::Result<_>>().sql()
        })
    }

    /// Claims the one run at a time that an account may have; `None` while
    /// another process, or another part of this one, is at it.
    pub fn claim_extract(&self, account: &str) -> Result<Option<LivenessLock>> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if account.is_empty() || account.len() > 64 || !account.chars().all(plain) {
            return Err(Error::invalid(format!(
                "{account:?} is not 1 to 64 letters, digits, '-', '_' and '.'"
            )));
        }
        LivenessLock::acquire(self.home().extracts().join(format!("{account}.lock")))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use stave_core::{ManualClock, SequentialIds};

    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let store = Store::open(dir.path(), clock, Arc::new(SequentialIds::default()));
        (dir, store.expect("opened"))
    }

    #[test]
    fn what_is_remembered_is_there_until_it_is_forgotten() {
        let (dir, store) = store();
        assert_eq!(store.recall("a/1").expect("asked"), None);
        for (key, value) in [("a/1", "1"), ("a/2", "[]"), ("a_2", "{}"), ("a/1", "2")] {
            store.remember(key, value).expect("kept");
        }
        let again = Store::open(
            dir.path(),
            Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)),
            Arc::new(SequentialIds::default()),
        );
        let again = again.expect("opened");
        assert_eq!(again.recall("a/1").expect("asked").as_deref(), Some("2"));
        let keys = |prefix: &str, after| store.remembered(prefix, after, 10).expect("listed");
        assert_eq!(keys("a/", None), ["a/1", "a/2"]);
        assert_eq!(keys("a/", Some("a/1")), ["a/2"]);
        assert_eq!(keys("", None).len(), 3);
        store.forget("a/1").expect("forgotten");
        store.forget("a/1").expect("again");
        assert_eq!(again.recall("a/1").expect("asked"), None);
        assert!(store.remember("", "1").is_err());
        assert!(store.remember(&"x".repeat(1025), "1").is_err());
    }

    #[test]
    fn one_run_at_a_time_for_an_account() {
        let (_dir, store) = store();
        let first = store.claim_extract("me").expect("asked").expect("free");
        assert!(store.claim_extract("me").expect("asked").is_none());
        assert!(store.claim_extract("you").expect("asked").is_some());
        drop(first);
        assert!(store.claim_extract("me").expect("asked").is_some());
        for wrong in ["", "a/b", "a\0"] {
            assert!(store.claim_extract(wrong).is_err(), "{wrong:?}");
        }
    }
}

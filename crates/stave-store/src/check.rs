//! Whether the database is whole.

use stave_core::Result;

use crate::faults::SqlContext;
use crate::store::Store;

impl Store {
    /// What is wrong with the database, a line each; nothing when it is whole.
    /// Reads all of it.
    pub fn check_database(&self) -> Result<Vec<String>> {
        self.database().read(|tx| {
            let mut statement = tx.prepare("PRAGMA integrity_check(20)").sql()?;
            let lines = statement.query_map([], |row| row.get(0)).sql()?;
            let mut lines: Vec<String> = lines.collect::<rusqlite::Result<_>>().sql()?;
            lines.retain(|line| line != "ok");
            Ok(lines)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use stave_core::{ManualClock, SequentialIds};

    use super::*;

    #[test]
    fn a_new_database_is_whole() {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let store =
            Store::open(dir.path(), clock, Arc::new(SequentialIds::default())).expect("a store");
        assert!(store.check_database().expect("checked").is_empty());
    }
}

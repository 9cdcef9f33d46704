//! Sealing what is full and left, and removing what is old.

use std::fs;
use std::io;
use std::path::Path;

use stave_core::Result;

use super::group::{GroupLog, list, lock, open_path, sealed_path};
use super::seal::seal;
use super::writer::claim;
use super::{SEGMENT_AGE_MS, SEGMENT_BYTES};
use crate::faults::io_error;

/// What was done about the segments of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MaintainedLogs {
    /// Segments that were sealed.
    pub sealed: usize,
    /// Segments that were removed.
    pub removed: usize,
}

impl GroupLog {
    pub(super) fn maintain(
        &self,
        now_ms: i64,
        expired_before_ms: Option<i64>,
    ) -> Result<MaintainedLogs> {
        {
            // Between two requests: the segment of a quiet group becomes old, too.
            let mut writer = lock(&self.writer);
            if writer.as_ref().is_some_and(|writer| writer.is_full(now_ms)) {
                *writer = None;
            }
        }
        let mut done = MaintainedLogs::default();
        for (id, sealed) in list(self.dir())? {
            if sealed {
                // A process died between putting the sealed one into place and this.
                remove(&open_path(self.dir(), id))?;
                continue;
            }
            let Some((mut file, index)) = claim(self.dir(), id)? else {
                continue;
            };
            let old = |began: i64| now_ms.saturating_sub(began) >= SEGMENT_AGE_MS;
            if index.upto < SEGMENT_BYTES && !index.began_ms.is_some_and(old) {
                continue;
            }
            seal(self.dir(), &mut file, &index, self.fsync())?;
            done.sealed += 1;
        }
        let Some(expired) = expired_before_ms else {
            return Ok(done);
        };
        for index in self.indexes()? {
            if index.sealed && index.last_ms().is_none_or(|last| last < expired) {
                remove(&sealed_path(self.dir(), index.id))?;
                done.removed += 1;
            }
        }
        Ok(done)
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error(error, "remove", path))
        }
        _ => Ok(()),
    }
}

//! Carries out lifecycle rules: what a worker calls from time to time.

use jiff::Timestamp;
use rusqlite::Connection;
use stave_core::{BucketName, ObjectKey, Result};

use super::LocalBuckets;
use super::delete::{DeletedBy, EXPIRED, EXPIRED_MARKED};
use crate::faults::SqlContext;
use crate::objects::{DeleteRequest, ListRequest, Lookup, ObjectInfo};
use crate::rows::LifecycleRule;
use crate::store::to_micros;
use crate::transaction::Transaction;

/// How many objects are looked at at once.
const PAGE: usize = 1000;

/// What lifecycle rules did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LifecycleDone {
    /// Objects that expired.
    pub expired: usize,
    /// Uploads that were aborted.
    pub aborted: usize,
}

impl LocalBuckets {
    /// Carries out the lifecycle rules of all buckets as of `now`. Safe to repeat and to
    /// break off. Blocking.
    pub fn apply_lifecycle(&self, now: Timestamp) -> Result<LifecycleDone> {
        let buckets = self.store.database().read(buckets_with_rules)?;
        let mut done = LifecycleDone::default();
        for bucket in buckets {
            if self.existing_root(&bucket).is_err() {
                continue;
            }
            for rule in self.lifecycle(&bucket)? {
                if !rule.enabled {
                    continue;
                }
                if let Some(by) = rule.expired_by(now) {
                    done.expired += self.expire(&bucket, &rule, by)?;
                }
                if let Some(by) = rule.aborted_by(now) {
                    done.aborted += self.abort_old(&bucket, &rule.filter.prefix, by)?;
                }
            }
        }
        Ok(done)
    }

    fn expire(&self, bucket: &BucketName, rule: &LifecycleRule, by: Timestamp) -> Result<usize> {
        let deleted_by = DeletedBy {
            removed: EXPIRED,
            marked: EXPIRED_MARKED,
            // Who is overwritten meanwhile begins a new life.
            written_by: Some(by),
        };
        let mut request = ListRequest::all(rule.filter.prefix.as_str()).max(PAGE);
        let mut expired = 0;
        loop {
            let page = self.list_objects(bucket, request.clone())?;
            let mut due = Vec::new();
            for object in page.objects {
                if object.modified_at <= by && self.is_meant(bucket, rule, &object)? {
                    due.push(DeleteRequest::object(object.key));
                }
            }
            for done in self.delete_batch(bucket, &due, deleted_by)? {
                expired += usize::from(done.is_ok());
            }
            match page.next {
                Some(next) => request = request.after(next),
                None => return Ok(expired),
            }
        }
    }

    fn is_meant(
        &self,
        bucket: &BucketName,
        rule: &LifecycleRule,
        object: &ObjectInfo,
    ) -> Result<bool> {
        if !rule.filter.takes_size(object.size) {
            return Ok(false);
        }
        if rule.filter.tags.is_empty() {
            return Ok(true);
        }
        match self.open_version(bucket, &object.key, None) {
            Ok(Lookup::Found(open)) => Ok(rule.filter.takes_tags(&open.noted.object_tags()?)),
            // Gone meanwhile.
            _ => Ok(false),
        }
    }

    fn abort_old(&self, bucket: &BucketName, prefix: &str, by: Timestamp) -> Result<usize> {
        let old = self
            .store
            .database()
            .read(|tx| uploads_begun_by(tx, bucket, by))?;
        let mut aborted = 0;
        for (id, key) in old {
            if key.starts_with(prefix) {
                let ended = self.abort(bucket, &ObjectKey::new(key)?, &id);
                aborted += usize::from(ended.is_ok());
            }
        }
        Ok(aborted)
    }
}

fn buckets_with_rules(tx: &Transaction<'_>) -> Result<Vec<BucketName>> {
    let mut statement = tx
        .prepare("SELECT bucket FROM bucket_settings WHERE name = 'lifecycle' ORDER BY bucket")
        .sql()?;
    let mut rows = statement.query([]).sql()?;
    let mut buckets = Vec::new();
    while let Some(row) = rows.next().sql()? {
        buckets.push(BucketName::new(row.get::<_, String>(0).sql()?)?);
    }
    Ok(buckets)
}

fn uploads_begun_by(
    tx: &Connection,
    bucket: &BucketName,
    by: Timestamp,
) -> Result<Vec<(String, String)>> {
    let mut statement = tx
        .prepare(
            "SELECT id, key FROM uploads
             WHERE bucket = ?1 AND completed_at IS NULL AND created_at <= ?2",
        )
        .sql()?;
    let rows = statement
        .query_map((bucket.as_str(), to_micros(by)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .sql()?;
    rows.collect::<rusqlite::Result<_>>().sql()
}

//! Brings the partitions of a table to what was found.

use stave_core::Result;
use stave_core::catalog::{Partition, Table};
use stave_engine::crawl::{FoundTable, PartitionChanges, merge_partitions};
use stave_store::OnExisting;

use super::apply::{Apply, PAGE};
use super::figures::CrawlFigures;

/// How many partitions are written at once.
const BATCH: usize = 500;

impl Apply<'_> {
    /// Brings a table's partitions up to date; says whether any changed.
    pub(super) async fn put_partitions(
        &self,
        found: &FoundTable,
        table: &Table,
        figures: &mut CrawlFigures,
    ) -> Result<bool> {
        let keys = table.partition_keys.len();
        if keys != found.partition_keys.len() {
            // The change of the keys is logged, not made: these would not fit.
            return Ok(false);
        }
        let (old, unfit): (Vec<Partition>, Vec<Partition>) = self
            .all_partitions(&table.name)
            .await?
            .into_iter()
            .partition(|partition| partition.values.len() == keys);
        let new = found.partitions(&self.crawl);
        let mut changes = merge_partitions(table, &old, &new, self.policy, self.crawl.at);
        // They are of the keys that the table had before.
        changes
            .delete
            .extend(unfit.into_iter().map(|partition| partition.values));
        self.write_partitions(&table.name, changes, figures).await
    }

    async fn all_partitions(&self, table: &str) -> Result<Vec<Partition>> {
        let mut all = Vec::new();
        let mut after: Option<Vec<String>> = None;
        loop {
            let page = self
                .catalog
                .list_partitions(self.caller, self.database(), table, after, PAGE)
                .await?;
            let is_last = page.len() < PAGE;
            after = page.last().map(|partition| partition.values.clone());
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    async fn write_partitions(
        &self,
        table: &str,
        changes: PartitionChanges,
        figures: &mut CrawlFigures,
    ) -> Result<bool> {
        let (caller, database) = (self.caller, self.database());
        for line in changes.log {
            figures.note(format!("table \"{table}\": {line}"));
        }
        let mut changed = false;
        for batch in changes.add.chunks(BATCH) {
            let made = self.catalog.create_partitions(
                caller,
                database,
                table,
                batch.to_vec(),
                OnExisting::Keep,
            );
            figures.partitions_added += made.await? as u64;
            changed = true;
        }
        for batch in changes.update.chunks(BATCH) {
            let written = self.catalog.create_partitions(
                caller,
                database,
                table,
                batch.to_vec(),
                OnExisting::Replace,
            );
            figures.partitions_updated += written.await? as u64;
            changed = true;
        }
        for batch in changes.delete.chunks(BATCH) {
            let deleted = self
                .catalog
                .delete_partitions(caller, database, table, batch.to_vec());
            figures.partitions_deleted += deleted.await? as u64;
            changed = true;
        }
        Ok(changed)
    }
}

//! Which tables a set of objects makes, as Glue's crawlers find them.
//!
//! Pure over listings and samples: [`sampling`] says which objects to look at,
//! [`group`] makes tables of folders, [`FoundTable`] becomes the catalog's nouns,
//! [`merge`] compares those with what is there. Knows nothing of services or IO.

mod change;
mod folders;
mod found;
mod group;
mod names;
mod sampling;
mod schema;
#[cfg(test)]
mod tests;

pub use change::{
    Change, ChangePolicy, DEPRECATED, DeleteBehavior, PartitionChanges, UpdateBehavior, Vanished,
    merge, merge_partitions, vanished,
};
pub use found::{Crawl, FoundPartition, FoundTable, Statistics};
pub use group::{Grouping, Object, group};
pub use names::{distinct_name, table_name};
pub use sampling::choose_samples;

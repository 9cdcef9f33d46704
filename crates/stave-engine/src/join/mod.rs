//! The hash join of the engine: built by all cores, and bounded.
//!
//! All cores read the build side together and build one table of it. Where it does not
//! fit the memory that the join may reserve, both sides go into files, cut by the hash of
//! their keys, and are joined file by file (a Grace hash join); a file that still does not
//! fit is cut again, and what cannot be cut is joined piece by piece. DataFusion's own join builds on one core and cannot spill.
//! Knows nothing of jobs or SQL: a physical rule puts it where a hash join stood.

mod files;
mod gather;
mod held;
mod keys;
mod pairs;
mod plan;
mod probe;
mod rule;
mod slices;
mod spec;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use plan::HashJoin;
pub(crate) use rule::{OwnJoins, is_ours};

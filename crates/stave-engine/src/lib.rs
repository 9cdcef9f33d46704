//! The engine: reads and writes data, runs job graphs and SQL.
//!
//! The only crate that names DataFusion, arrow and parquet. It is handed object
//! stores and a catalog; it must not know of services or HTTP.

mod build_sides;
pub mod catalog;
pub mod classify;
mod compact;
pub mod crawl;
mod fault;
#[cfg(test)]
mod fuzz;
mod glob;
mod java;
pub mod job;
mod join;
pub mod json;
pub mod listing;
mod physical;
pub mod scan;
mod session;
pub mod sql;
mod storage;
mod tables;
#[cfg(test)]
mod testing;
pub mod text;
pub mod types;
pub mod write;

pub use session::{Buckets, Engine, EngineOptions};

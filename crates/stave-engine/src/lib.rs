//! The engine: reads and writes data, runs job graphs and SQL.
//!
//! The only crate that names DataFusion, arrow and parquet. It is handed object
//! stores and a catalog; it must not know of services or HTTP.

mod fault;
pub mod scan;
mod session;
pub mod text;
pub mod types;
pub mod write;

pub use session::{Buckets, Engine, EngineOptions};

//! Reading text: CSV in three grammars, compressed or not, by all cores.
//!
//! [`chunks`] cuts objects into whole records, [`records`] splits those into
//! fields, [`columns`] makes columns of them, [`decode`] puts the parts together
//! and deals with bad rows. Knows nothing of jobs, catalogs or SQL.

pub(crate) mod blocks;
pub mod chunks;
mod columns;
mod compression;
pub mod decode;
mod dialect;
mod open_csv;
pub mod records;
mod special;
#[cfg(test)]
mod tests;
pub(crate) mod values;
mod views;

pub use chunks::{CHUNK_BYTES, Chunk, Chunks, OpenFile, TextFile};
pub use compression::Compression;
pub use decode::{CsvFormat, Matching};
pub use dialect::{Dialect, Grammar};
pub use records::{Fault, Records, split_records};

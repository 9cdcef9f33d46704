//! Reading JSON: lines, one array, one object or several a file, by all cores.
//!
//! [`cut`] cuts objects into chunks of whole values, [`decode`] makes rows of
//! those with the help of [`cursor`] and [`builders`], [`shape`] finds out which
//! columns there are, [`paths`] where in a value the rows are. Knows nothing of jobs, catalogs or SQL.

mod arrays;
mod builders;
mod cursor;
mod cut;
mod decode;
mod numbers;
mod paths;
mod scalars;
mod scanner;
mod shape;
mod table;
#[cfg(test)]
mod tests;

pub use decode::JsonFormat;
pub use paths::RowPath;
pub use shape::{Flavour, Shape, infer_json};
pub use table::{JsonOptions, json_table};

pub(crate) use cut::{Form, form_of};
pub(crate) use decode::lines;
pub(crate) use scanner::ranges;

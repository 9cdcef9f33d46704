//! The wire types of each service, as `tools/wire-types` writes them from its model.

pub mod iam;
pub mod sts;

//! The wire types of each service, as `tools/wire-types` writes them from its model.

pub mod cloudwatch;
pub mod events;
pub mod iam;
pub mod lambda;
pub mod logs;
pub mod scheduler;
pub mod sts;

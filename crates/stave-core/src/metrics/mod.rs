//! The arithmetic of CloudWatch metrics: statistics of samples, metric math, search
//! expressions, and when an alarm changes its state.
//!
//! Pure over arrays of points. Must not know where points are kept nor who asks.

pub mod alarm;
pub mod composite;
pub mod math;
mod samples;
pub mod search;
mod series;
mod statistic;
#[cfg(test)]
mod tests;

pub use self::alarm::{AlarmRule, AlarmState, Comparison, MissingData};
pub use self::composite::CompositeRule;
pub use self::samples::Samples;
pub use self::series::{Frame, Series};
pub use self::statistic::Statistic;

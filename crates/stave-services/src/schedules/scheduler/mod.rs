//! EventBridge's Scheduler: groups, and schedules with a target each.
//!
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html>

mod definition;
mod groups;
mod schedules;

pub use self::definition::{BusParameters, ScheduleDefinition, ScheduleTarget};
pub use self::groups::{Group, NewGroup};
pub use self::schedules::{Named, NewSchedule, ScheduleFilter, ScheduleInfo};

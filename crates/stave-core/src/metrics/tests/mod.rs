//! The guides' examples, as tables.

mod alarms;
mod composites;
mod math;
mod searches;
mod statistics;

use super::*;

/// A series of a minute's period from 0; `None` is a missing point.
fn series(label: &str, values: &[Option<f64>]) -> Series {
    let points = values.iter().zip((0..).step_by(60));
    Series {
        label: label.to_owned(),
        period: 60,
        points: points
            .filter_map(|(value, at)| Some((at, (*value)?)))
            .collect(),
    }
}

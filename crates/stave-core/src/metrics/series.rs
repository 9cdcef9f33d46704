//! A series of points over time, and the frame it is looked at in.

/// The stretch of time that is looked at, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// The start of the first period.
    pub start: i64,
    /// The end, outside.
    pub end: i64,
    /// The length of a period, in seconds.
    pub period: i64,
}

impl Frame {
    /// The starts of its periods.
    pub fn times(&self) -> impl Iterator<Item = i64> + use<> {
        let (start, end, period) = (self.start, self.end, self.period.max(1));
        (0..)
            .map(move |index: i64| start.saturating_add(index.saturating_mul(period)))
            .take_while(move |at| *at < end)
    }
}

/// A labelled series of points, by time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is called in an answer.
    pub label: String,
    /// The length of a period, in seconds.
    pub period: i64,
    /// The starts of periods (seconds since 1970) with their values, oldest first.
    pub points: Vec<(i64, f64)>,
}

impl Series {
    /// The value at `at`.
    pub fn at(&self, at: i64) -> Option<f64> {
        let found = self.points.binary_search_by_key(&at, |(time, _)| *time);
        found.ok().map(|index| self.points[index].1)
    }

    /// The values without their times.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().map(|(_, value)| *value)
    }

    /// The same with every value changed; one that becomes none or infinite is dropped.
    pub fn map(&self, change: impl Fn(i64, f64) -> Option<f64>) -> Self {
        let changed = self.points.iter().filter_map(|(at, value)| {
            let value = change(*at, *value).filter(|value| value.is_finite())?;
            Some((*at, value))
        });
        Self {
            label: self.label.clone(),
            period: self.period,
            points: changed.collect(),
        }
    }
}

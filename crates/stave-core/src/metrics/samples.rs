//! What was measured in one stretch of time: count, sum, extremes, and as far as it is known
//! which values.

/// How many different values are kept as they are.
pub const MAX_EXACT_VALUES: usize = 200;
/// How far apart two kept values are, once there are more: 1 %, so that a percentile is off by
/// at most half a percent.
const STEP: f64 = 1.01;
/// The most values kept at all: eighty decades' worth of steps never come.
const MAX_VALUES: usize = 4000;

/// The samples of one stretch of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// How many.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
    /// The values with their counts, lowest first; `None` where only a statistic set is known.
    pub values: Option<Vec<(f64, f64)>>,
}

impl Samples {
    /// No sample.
    pub fn none() -> Self {
        Self {
            values: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// `count` samples of one value.
    pub fn of(value: f64, count: f64) -> Self {
        Self {
            count,
            sum: value * count,
            min: value,
            max: value,
            values: Some(vec![(value, count)]),
        }
    }

    /// A statistic set. Its values are known where all must be the same.
    pub fn set(count: f64, sum: f64, min: f64, max: f64) -> Self {
        #[allow(clippy::float_cmp)]
        let same = min == max && sum == min * count;
        Self {
            count,
            sum,
            min,
            max,
            values: same.then(|| vec![(min, count)]),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count <= 0.0
    }

    /// Adds the samples of `other`.
    pub fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            *self = other.clone();
            return;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.values = match (self.values.take(), &other.values) {
            (Some(values), Some(others)) => merged(values, others),
            _ => None,
        };
    }
}

/// The values with others. Where there are many already, one that has a step takes its place there:
/// to round all of them anew for each would take long.
fn merged(mut values: Vec<(f64, f64)>, others: &[(f64, f64)]) -> Option<Vec<(f64, f64)>> {
    let before = values.len();
    for (value, count) in others {
        let place = |values: &[(f64, f64)], value: f64| {
            values.binary_search_by(|(known, _)| known.total_cmp(&value))
        };
        let mut found = place(&values, *value);
        if found.is_err() && values.len() >= MAX_EXACT_VALUES {
            found = place(&values, on_grid(*value)).or(found);
        }
        match found {
            Ok(at) => values[at].1 += count,
            Err(at) => values.insert(at, (*value, *count)),
        }
    }
    if values.len() == before {
        return Some(values);
    }
    bounded(values)
}

/// Rounds the values to steps of 1 % where there are too many; none where that is no help.
fn bounded(values: Vec<(f64, f64)>) -> Option<Vec<(f64, f64)>> {
    if values.len() <= MAX_EXACT_VALUES {
        return Some(values);
    }
    let mut rounded: Vec<(f64, f64)> = Vec::with_capacity(values.len());
    for (value, count) in values {
        let value = on_grid(value);
        match rounded.last_mut() {
            Some(last) if last.0.total_cmp(&value).is_eq() => last.1 += count,
            _ => rounded.push((value, count)),
        }
    }
    (rounded.len() <= MAX_VALUES).then_some(rounded)
}

/// The middle of the step that a value is in. A value in the middle of a step stays there.
fn on_grid(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let step = (value.abs().ln() / STEP.ln()).floor();
    STEP.powf(step + 0.5).copysign(value)
}

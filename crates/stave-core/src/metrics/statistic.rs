//! The statistics of CloudWatch by their names: `Average`, `p99.9`, `TM(10%:90%)`.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>

use std::fmt;
use std::str::FromStr;

use super::Samples;
use crate::error::{Error, Result};

/// A statistic.
#[derive(Debug, Clone, PartialEq)]
pub enum Statistic {
    /// `SampleCount`.
    SampleCount,
    /// `Average`.
    Average,
    /// `Sum`.
    Sum,
    /// `Minimum`.
    Minimum,
    /// `Maximum`.
    Maximum,
    /// `p99`: between 0 and 100.
    Percentile(f64),
    /// `TM(10%:90%)`, `tm99`: the mean of what is within bounds.
    TrimmedMean(Bounds),
    /// `TC(…)`: how many are within bounds.
    TrimmedCount(Bounds),
    /// `TS(…)`: the sum of what is within bounds.
    TrimmedSum(Bounds),
    /// `WM(…)`: the mean where what is outside counts as the bound.
    WinsorizedMean(Bounds),
    /// `PR(:300)`: the percentage of values within bounds.
    PercentileRank(Bounds),
}

/// Two bounds, in percent of the samples or as values. The lower is outside, the upper inside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bounds {
    /// Percentages of the samples, lowest first.
    Percent(f64, f64),
    /// Values.
    Values(Option<f64>, Option<f64>),
}

impl Statistic {
    /// Whether it needs the values themselves and not only a statistic set.
    pub fn is_extended(&self) -> bool {
        !matches!(
            self,
            Self::SampleCount | Self::Average | Self::Sum | Self::Minimum | Self::Maximum
        )
    }

    /// The statistic of `samples`; none where there are no samples, or where it needs values
    /// that are unknown or negative.
    pub fn of(&self, samples: &Samples) -> Option<f64> {
        if samples.is_empty() {
            return None;
        }
        let bounds = match self {
            Self::SampleCount => return Some(samples.count),
            Self::Average => return Some(samples.sum / samples.count),
            Self::Sum => return Some(samples.sum),
            Self::Minimum => return Some(samples.min),
            Self::Maximum => return Some(samples.max),
            Self::Percentile(percent) => {
                let (values, total) = known(samples)?;
                return Some(ranked(values, total * percent / 100.0));
            }
            Self::TrimmedMean(bounds)
            | Self::TrimmedCount(bounds)
            | Self::TrimmedSum(bounds)
            | Self::WinsorizedMean(bounds)
            | Self::PercentileRank(bounds) => bounds,
        };
        let (values, total) = known(samples)?;
        if let Self::WinsorizedMean(bounds) = self {
            return Some(winsorized(values, total, *bounds));
        }
        let (count, sum) = within(values, total, *bounds);
        match self {
            Self::TrimmedCount(_) => Some(count),
            Self::TrimmedSum(_) => Some(sum),
            Self::PercentileRank(_) => Some(100.0 * count / total),
            _ if count > 0.0 => Some(sum / count),
            _ => None,
        }
    }
}

/// The values with the number of samples, if all are known and none is negative.
fn known(samples: &Samples) -> Option<(&[(f64, f64)], f64)> {
    let values = samples.values.as_deref()?;
    let total: f64 = values.iter().map(|(_, count)| count).sum();
    (samples.min >= 0.0 && total > 0.0).then_some((values, total))
}

/// The value of that rank: the lowest such that so many samples are no higher.
fn ranked(values: &[(f64, f64)], rank: f64) -> f64 {
    let mut seen = 0.0;
    for (value, count) in values {
        seen += count;
        // The sum of counts may be off in the last digits.
        if seen >= rank - 1e-9 * rank.abs() {
            return *value;
        }
    }
    values.last().map_or(0.0, |(value, _)| *value)
}

/// How many samples are within bounds, and their sum.
fn within(values: &[(f64, f64)], total: f64, bounds: Bounds) -> (f64, f64) {
    let (mut count, mut sum) = (0.0, 0.0);
    let mut before = 0.0;
    for (value, samples) in values {
        let taken = match bounds {
            Bounds::Values(low, high) => {
                let inside =
                    low.is_none_or(|low| *value > low) && high.is_none_or(|high| *value <= high);
                if inside { *samples } else { 0.0 }
            }
            Bounds::Percent(low, high) => {
                let (low, high) = ((total * low / 100.0).floor(), (total * high / 100.0).ceil());
                (high.min(before + samples) - low.max(before)).max(0.0)
            }
        };
        before += samples;
        count += taken;
        sum += taken * value;
    }
    (count, sum)
}

fn winsorized(values: &[(f64, f64)], total: f64, bounds: Bounds) -> f64 {
    let (low, high) = match bounds {
        Bounds::Values(low, high) => (low, high),
        Bounds::Percent(low, high) => (
            (low > 0.0).then(|| ranked(values, total * low / 100.0)),
            (high < 100.0).then(|| ranked(values, total * high / 100.0)),
        ),
    };
    let clipped = values.iter().map(|(value, count)| {
        let value = low.map_or(*value, |low| value.max(low));
        high.map_or(value, |high| value.min(high)) * count
    });
    clipped.sum::<f64>() / total
}

impl FromStr for Statistic {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let plain = match text {
            "SampleCount" => Some(Self::SampleCount),
            "Average" => Some(Self::Average),
            "Sum" => Some(Self::Sum),
            "Minimum" => Some(Self::Minimum),
            "Maximum" => Some(Self::Maximum),
            "IQM" => Some(Self::TrimmedMean(Bounds::Percent(25.0, 75.0))),
            _ => percentile(text).or_else(|| bounded(text)),
        };
        plain.ok_or_else(|| {
            Error::invalid(format!("\"{text}\" is not a statistic"))
                .coded("InvalidParameterValue")
                .hint("use SampleCount, Average, Sum, Minimum, Maximum, pNN.NN, IQM, or TM, TC, TS, WM, PR with bounds: TM(10%:90%)")
        })
    }
}

fn percentile(text: &str) -> Option<Statistic> {
    let percent = percent(text.strip_prefix('p')?)?;
    Some(Statistic::Percentile(percent))
}

/// A number from 0 to 100 of at most ten decimal places.
fn percent(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let places = text.split_once('.').map_or(0, |(_, places)| places.len());
    let percent: f64 = text.parse().ok()?;
    (digits && places <= 10 && (0.0..=100.0).contains(&percent)).then_some(percent)
}

fn bounded(text: &str) -> Option<Statistic> {
    let (name, rest) = text.split_at_checked(2)?;
    let make: fn(Bounds) -> Statistic = match name.to_ascii_uppercase().as_str() {
        "TM" => Statistic::TrimmedMean,
        "TC" => Statistic::TrimmedCount,
        "TS" => Statistic::TrimmedSum,
        "WM" => Statistic::WinsorizedMean,
        "PR" => Statistic::PercentileRank,
        _ => return None,
    };
    let Some(inner) = rest
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    else {
        let single = name.chars().all(|c| c.is_ascii_lowercase()) && name != "pr";
        let high = percent(rest).filter(|_| single)?;
        return Some(make(Bounds::Percent(0.0, high)));
    };
    if name.chars().any(|c| c.is_ascii_lowercase()) {
        return None;
    }
    let (low, high) = inner.split_once(':')?;
    let is_percent = low.ends_with('%') || high.ends_with('%');
    let bounds = if is_percent {
        let side = |text: &str, open: f64| match text {
            "" => Some(open),
            text => percent(text.strip_suffix('%')?),
        };
        Bounds::Percent(side(low, 0.0)?, side(high, 100.0)?)
    } else {
        let side = |text: &str| match text {
            "" => Some(None),
            text => text.parse().ok().filter(|n: &f64| n.is_finite()).map(Some),
        };
        Bounds::Values(side(low)?, side(high)?)
    };
    let sensible = match bounds {
        Bounds::Percent(low, high) => low < high && name != "PR",
        Bounds::Values(None, None) => false,
        Bounds::Values(Some(low), Some(high)) => low < high,
        Bounds::Values(..) => true,
    };
    sensible.then(|| make(bounds))
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, bounds) = match self {
            Self::SampleCount => return f.write_str("SampleCount"),
            Self::Average => return f.write_str("Average"),
            Self::Sum => return f.write_str("Sum"),
            Self::Minimum => return f.write_str("Minimum"),
            Self::Maximum => return f.write_str("Maximum"),
            Self::Percentile(percent) => return write!(f, "p{percent}"),
            Self::TrimmedMean(bounds) => ("TM", bounds),
            Self::TrimmedCount(bounds) => ("TC", bounds),
            Self::TrimmedSum(bounds) => ("TS", bounds),
            Self::WinsorizedMean(bounds) => ("WM", bounds),
            Self::PercentileRank(bounds) => ("PR", bounds),
        };
        match bounds {
            Bounds::Percent(low, high) => write!(f, "{name}({low}%:{high}%)"),
            Bounds::Values(low, high) => {
                let side = |side: &Option<f64>| side.map_or(String::new(), |n| n.to_string());
                write!(f, "{name}({}:{})", side(low), side(high))
            }
        }
    }
}

//! When an alarm changes its state: a threshold, M of N datapoints, and what is missing.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>

use std::fmt::Write;

use crate::error::{Error, Result};

/// How many periods more than those evaluated are looked at. AWS's number depends on the period
/// and is not told; its examples with three evaluation periods look at five.
pub const EXTRA_PERIODS: usize = 2;

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlarmState {
    /// Within the threshold.
    Ok,
    /// Outside of the threshold.
    Alarm,
    /// Not known.
    InsufficientData,
}

/// How a datapoint is compared with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `GreaterThanOrEqualToThreshold`.
    GreaterOrEqual,
    /// `GreaterThanThreshold`.
    Greater,
    /// `LessThanThreshold`.
    Less,
    /// `LessThanOrEqualToThreshold`.
    LessOrEqual,
}

/// What a missing datapoint counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingData {
    /// As missing: nothing is known.
    #[default]
    Missing,
    /// As within the threshold.
    NotBreaching,
    /// As outside of the threshold.
    Breaching,
    /// As a reason to leave the state as it is.
    Ignore,
}

impl AlarmState {
    /// AWS's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    /// By AWS's name for it.
    pub fn parse(text: &str) -> Result<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| unknown("an alarm state", text))
    }
}

impl MissingData {
    /// AWS's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotBreaching => "notBreaching",
            Self::Breaching => "breaching",
            Self::Ignore => "ignore",
        }
    }

    /// By AWS's name for it.
    pub fn parse(text: &str) -> Result<Self> {
        [
            Self::Missing,
            Self::NotBreaching,
            Self::Breaching,
            Self::Ignore,
        ]
        .into_iter()
        .find(|missing| missing.as_str() == text)
        .ok_or_else(|| unknown("a treatment of missing data", text))
    }
}

fn unknown(what: &str, text: &str) -> Error {
    Error::invalid(format!("\"{text}\" is not {what}")).coded("ValidationError")
}

impl Comparison {
    /// AWS's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "GreaterThanOrEqualToThreshold",
            Self::Greater => "GreaterThanThreshold",
            Self::Less => "LessThanThreshold",
            Self::LessOrEqual => "LessThanOrEqualToThreshold",
        }
    }

    /// By AWS's name for it; those of anomaly detection are refused by name.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "GreaterThanOrEqualToThreshold" => Ok(Self::GreaterOrEqual),
            "GreaterThanThreshold" => Ok(Self::Greater),
            "LessThanThreshold" => Ok(Self::Less),
            "LessThanOrEqualToThreshold" => Ok(Self::LessOrEqual),
            "LessThanLowerOrGreaterThanUpperThreshold"
            | "LessThanLowerThreshold"
            | "GreaterThanUpperThreshold" => Err(Error::unsupported(format!(
                "the comparison {text} (anomaly detection) is not implemented"
            ))),
            _ => Err(unknown("a comparison operator", text)),
        }
    }

    fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterOrEqual => value >= threshold,
            Self::Greater => value > threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Greater => "greater than",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }
}

/// What makes an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlarmRule {
    /// How datapoints are compared with the threshold.
    pub comparison: Comparison,
    /// The threshold.
    pub threshold: f64,
    /// N: how many datapoints are evaluated.
    pub evaluation_periods: usize,
    /// M: how many of them must breach.
    pub datapoints_to_alarm: usize,
    /// What a missing one counts as.
    pub missing: MissingData,
}

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The state to be in; `None` leaves it as it is.
    pub state: Option<AlarmState>,
    /// The datapoints that were evaluated, with their times (seconds since 1970), newest first.
    pub datapoints: Vec<(i64, f64)>,
    /// How many of them breach.
    pub breaching: usize,
    /// How many were filled in.
    pub filled: usize,
}

impl AlarmRule {
    /// How many of the most recent periods are to be looked at.
    pub fn range(&self) -> usize {
        self.evaluation_periods + EXTRA_PERIODS
    }

    /// Evaluates the most recent periods, oldest first, each with its start and its value if
    /// there is one.
    pub fn evaluate(&self, periods: &[(i64, Option<f64>)]) -> Evaluation {
        let known: Vec<(i64, f64)> = periods
            .iter()
            .rev()
            .filter_map(|(at, value)| value.map(|value| (*at, value)))
            .take(self.evaluation_periods)
            .collect();
        let breaches = |(_, value): &&(i64, f64)| self.comparison.breaches(*value, self.threshold);
        let breaching = known.iter().filter(breaches).count();
        let filled = self.evaluation_periods - known.len();
        let mut found = Evaluation {
            state: None,
            datapoints: known,
            breaching,
            filled,
        };
        found.state = if filled == 0 {
            Some(self.by_count(breaching))
        } else {
            match self.missing {
                MissingData::Breaching => Some(self.by_count(breaching + filled)),
                MissingData::NotBreaching => Some(self.by_count(breaching)),
                MissingData::Missing | MissingData::Ignore => self.by_known(&found, periods),
            }
        };
        found
    }

    fn by_count(&self, breaching: usize) -> AlarmState {
        if breaching >= self.datapoints_to_alarm {
            AlarmState::Alarm
        } else {
            AlarmState::Ok
        }
    }

    /// The state where missing datapoints tell nothing.
    fn by_known(&self, found: &Evaluation, periods: &[(i64, Option<f64>)]) -> Option<AlarmState> {
        if found.breaching >= self.datapoints_to_alarm {
            return Some(AlarmState::Alarm);
        }
        if found.datapoints.len() > found.breaching {
            return Some(AlarmState::Ok);
        }
        if self.missing == MissingData::Ignore {
            return None;
        }
        // Breaching long ago and nothing better since: the data did not just begin.
        let oldest = periods.iter().position(|(_, value)| value.is_some());
        let age = oldest.map_or(0, |index| periods.len() - index);
        if age > 0 && age >= self.datapoints_to_alarm {
            Some(AlarmState::Alarm)
        } else {
            Some(AlarmState::InsufficientData)
        }
    }

    /// The reason for a change from `from` to `to`, in AWS's words.
    pub fn reason(&self, found: &Evaluation, from: AlarmState, to: AlarmState) -> String {
        if to == AlarmState::InsufficientData {
            let (datapoints, were) = plural(found.filled.max(1), "datapoint");
            return format!("Insufficient Data: {datapoints} {were} unknown.");
        }
        let mut text = String::from("Threshold Crossed: ");
        if found.datapoints.is_empty() {
            let (periods, _) = plural(found.filled, "period");
            let (missing, were) = plural(found.filled, "missing datapoint");
            let treated = if self.missing == MissingData::Breaching {
                "Breaching"
            } else {
                "NonBreaching"
            };
            let _ = write!(
                text,
                "no datapoints were received for {periods} and {missing} {were} treated as [{treated}]."
            );
            return text;
        }
        let alarming = to == AlarmState::Alarm;
        let counted = if alarming {
            found.breaching
        } else {
            found.datapoints.len() - found.breaching
        };
        let shown: Vec<String> = found.datapoints.iter().map(shown).collect();
        let (_, were) = plural(counted, "");
        let (minimum, _) = plural(
            if alarming {
                self.datapoints_to_alarm
            } else {
                self.evaluation_periods - self.datapoints_to_alarm + 1
            },
            "datapoint",
        );
        let _ = write!(
            text,
            "{counted} out of the last {} datapoints [{}] {were} {}{} the threshold ({}) (minimum {minimum} for {} -> {} transition).",
            found.datapoints.len(),
            shown.join(", "),
            if alarming { "" } else { "not " },
            self.comparison.words(),
            decimal(self.threshold),
            from.as_str(),
            to.as_str(),
        );
        text
    }
}

/// `1 datapoint` and `was`, `2 datapoints` and `were`.
fn plural(count: usize, what: &str) -> (String, &'static str) {
    if count == 1 {
        (format!("1 {what}"), "was")
    } else {
        (format!("{count} {what}s"), "were")
    }
}

/// `5.0 (21/11/26 10:00:00)`.
fn shown((at, value): &(i64, f64)) -> String {
    let at = jiff::Timestamp::from_second(*at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{} ({})", decimal(*value), at.strftime("%d/%m/%y %H:%M:%S"))
}

/// A number as AWS's reasons show it: always with a decimal point.
fn decimal(value: f64) -> String {
    format!("{value:?}")
}

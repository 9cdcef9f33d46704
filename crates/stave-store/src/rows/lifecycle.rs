//! Lifecycle rules: which objects are to go, and which uploads, and when.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use stave_core::{Error, Result};

use crate::objects::Tags;

/// The most rules of a bucket.
const MAX_RULES: usize = 1000;
const DAY_S: i64 = 24 * 60 * 60;

/// A rule of a bucket's lifecycle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LifecycleRule {
    /// Its name, one of its own.
    pub id: String,
    /// Whether it is followed.
    pub enabled: bool,
    /// Which objects it is about.
    pub filter: LifecycleFilter,
    /// When those objects go; where versions are kept, behind a delete marker.
    pub expiration: Option<Expiration>,
    /// After how many days an upload that was not completed is aborted.
    pub abort_uploads_after_days: Option<u32>,
}

/// Which objects a rule is about: those of which all of this holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LifecycleFilter {
    /// The key begins with this.
    pub prefix: String,
    /// It has these tags, and perhaps others.
    pub tags: Tags,
    /// It has more bytes than this.
    pub size_greater_than: Option<u64>,
    /// It has fewer bytes than this.
    pub size_less_than: Option<u64>,
}

/// When an object goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expiration {
    /// So many days after it was written, at the next midnight (UTC).
    Days(u32),
    /// At that time, and all that are written later at once.
    Date(Timestamp),
}

impl LifecycleRule {
    /// Objects that were written by then are to go at `now`.
    pub(crate) fn expired_by(&self, now: Timestamp) -> Option<Timestamp> {
        match self.expiration? {
            Expiration::Days(days) => days_before(now, days),
            Expiration::Date(date) => Some(now).filter(|now| *now >= date),
        }
    }

    /// Uploads that were begun by then are to be aborted at `now`.
    pub(crate) fn aborted_by(&self, now: Timestamp) -> Option<Timestamp> {
        days_before(now, self.abort_uploads_after_days?)
    }
}

/// What is `days` old at the midnight before `now`: S3 rounds up to the next one.
fn days_before(now: Timestamp, days: u32) -> Option<Timestamp> {
    let midnight = now.as_second().div_euclid(DAY_S) * DAY_S;
    let midnight = Timestamp::from_second(midnight).ok()?;
    midnight
        .checked_sub(SignedDuration::from_secs(i64::from(days) * DAY_S))
        .ok()
}

impl LifecycleFilter {
    /// Whether an object is meant, by its size.
    pub(crate) fn takes_size(&self, size: u64) -> bool {
        self.size_greater_than.is_none_or(|least| size > least)
            && self.size_less_than.is_none_or(|most| size < most)
    }

    /// Whether an object is meant, by its tags.
    pub(crate) fn takes_tags(&self, tags: &Tags) -> bool {
        self.tags
            .iter()
            .all(|(name, value)| tags.get(name) == Some(value))
    }
}

/// Refuses rules that S3 refuses.
pub(crate) fn check_lifecycle(rules: &[LifecycleRule]) -> Result<()> {
    if rules.len() > MAX_RULES {
        return Err(Error::invalid(format!(
            "{} lifecycle rules are more than the {MAX_RULES} that S3 allows",
            rules.len()
        )));
    }
    let mut ids = HashSet::new();
    for rule in rules {
        let fault = if rule.id.chars().count() > 255 {
            "has an id of more than 255 characters"
        } else if !ids.insert(&rule.id) {
            "has the id of another rule"
        } else if rule.expiration.is_none() && rule.abort_uploads_after_days.is_none() {
            "says nothing to do"
        } else if rule.expiration == Some(Expiration::Days(0))
            || rule.abort_uploads_after_days == Some(0)
        {
            "has a number of days that is not positive"
        } else if rule.abort_uploads_after_days.is_some()
            && !(rule.filter.tags.is_empty()
                && rule.filter.size_greater_than.is_none()
                && rule.filter.size_less_than.is_none())
        {
            "aborts uploads by tags or size, which they do not have"
        } else {
            continue;
        };
        return Err(Error::invalid(format!(
            "lifecycle rule \"{}\" {fault}",
            rule.id
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn days_end_at_the_next_midnight() {
        let rule = LifecycleRule {
            expiration: Some(Expiration::Days(1)),
            ..LifecycleRule::default()
        };
        // S3's example: written at 10:30 on the 15th with three days, gone on the 19th at 00:00.
        let three = LifecycleRule {
            expiration: Some(Expiration::Days(3)),
            ..LifecycleRule::default()
        };
        let written = at("2014-01-15T10:30:00Z");
        assert!(three.expired_by(at("2014-01-18T23:59:59Z")) < Some(written));
        assert!(three.expired_by(at("2014-01-19T00:00:00Z")) >= Some(written));
        assert_eq!(
            rule.expired_by(at("2026-11-21T10:00:00Z")),
            Some(at("2026-11-20T00:00:00Z"))
        );
    }

    #[test]
    fn rules_are_checked() {
        let good = LifecycleRule {
            id: "a".to_owned(),
            abort_uploads_after_days: Some(7),
            ..LifecycleRule::default()
        };
        check_lifecycle(std::slice::from_ref(&good)).expect("fine");
        assert!(check_lifecycle(&[good.clone(), good.clone()]).is_err());
        let idle = LifecycleRule {
            abort_uploads_after_days: None,
            ..good.clone()
        };
        let never = LifecycleRule {
            expiration: Some(Expiration::Days(0)),
            ..good.clone()
        };
        let mut tagged = good;
        tagged.filter.size_less_than = Some(1);
        for bad in [idle, never, tagged] {
            assert!(check_lifecycle(&[bad]).is_err());
        }
    }
}

//! Figures that wait to be written. Services give several at each request: one whose series is
//! known is added to it without a key of its own being made.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use stave_core::metrics::Samples;
use stave_store::telemetry::{NewPoints, SeriesKey};

/// The most minutes of series that wait.
const MAX_POINTS: usize = 100_000;

/// Which series a figure belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Series<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    /// Names and values, in any order.
    pub(super) dimensions: &'a [(&'a str, &'a str)],
    pub(super) unit: &'a str,
}

impl Series<'_> {
    fn is(&self, key: &SeriesKey) -> bool {
        self.name == key.name
            && self.namespace == key.namespace
            && self.unit == key.unit
            && self.dimensions.len() == key.dimensions.len()
            && self.dimensions.iter().all(|(name, value)| {
                let other = key.dimensions.get(*name);
                other.is_some_and(|other| other == value)
            })
    }

    fn key(&self) -> SeriesKey {
        let pairs = self.dimensions.iter();
        SeriesKey {
            namespace: self.namespace.to_owned(),
            name: self.name.to_owned(),
            dimensions: pairs
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            unit: self.unit.to_owned(),
        }
    }
}

/// What was measured in a minute of a series.
#[derive(Debug)]
struct Point {
    key: SeriesKey,
    minute: i64,
    samples: Samples,
}

/// Minutes of series.
#[derive(Debug, Default)]
pub(super) struct Points {
    by_hash: HashMap<u64, Vec<Point>>,
    hasher: RandomState,
    count: usize,
}

impl Points {
    /// Adds what was measured in a minute of a series; says no where there is no room.
    pub(super) fn add(&mut self, series: &Series<'_>, minute: i64, samples: &Samples) -> bool {
        let hash = self.hash(series, minute);
        let mut alike = self.by_hash.get_mut(&hash).into_iter().flatten();
        let known = alike.find(|point| point.minute == minute && series.is(&point.key));
        if let Some(known) = known {
            known.samples.merge(samples);
            return true;
        }
        let has_room = self.count < MAX_POINTS;
        if has_room {
            self.count += 1;
            self.by_hash.entry(hash).or_default().push(Point {
                key: series.key(),
                minute,
                samples: samples.clone(),
            });
        }
        has_room
    }

    /// The same whatever the order of the dimensions.
    fn hash(&self, series: &Series<'_>, minute: i64) -> u64 {
        let whole = (series.namespace, series.name, series.unit, minute);
        let dimensions = series.dimensions.iter();
        dimensions.fold(self.hasher.hash_one(whole), |hash, pair| {
            hash ^ self.hasher.hash_one(pair)
        })
    }

    /// All that wait, by series and minute.
    pub(super) fn in_order(self) -> Vec<NewPoints> {
        let points = self.by_hash.into_values().flatten();
        let mut points: Vec<Point> = points.collect();
        points.sort_by(|a, b| (&a.key, a.minute).cmp(&(&b.key, b.minute)));
        let mut all: Vec<NewPoints> = Vec::new();
        for Point {
            key,
            minute,
            samples,
        } in points
        {
            match all.last_mut().filter(|last| last.key == key) {
                Some(last) => last.points.push((minute, samples)),
                None => all.push(NewPoints {
                    key,
                    points: vec![(minute, samples)],
                }),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series<'a>(name: &'a str, dimensions: &'a [(&'a str, &'a str)]) -> Series<'a> {
        Series {
            namespace: "N",
            name,
            dimensions,
            unit: "Count",
        }
    }

    #[test]
    fn what_belongs_together_is_merged_and_comes_in_order() {
        let mut points = Points::default();
        let one = Samples::of(1.0, 1.0);
        let (ab, ba) = ([("A", "1"), ("B", "2")], [("B", "2"), ("A", "1")]);
        let other = [("A", "2"), ("B", "1")];
        for (name, dimensions, minute) in [
            ("b", &ab, 60),
            ("a", &ab, 120),
            ("a", &ab, 60),
            ("a", &ba, 60),
            ("a", &other, 60),
        ] {
            assert!(points.add(&series(name, dimensions), minute, &one));
        }
        let mut two = one.clone();
        two.merge(&one);
        let new = |name, dimensions, points| NewPoints {
            key: series(name, dimensions).key(),
            points,
        };
        let expected = [
            new("a", &ab, vec![(60, two), (120, one.clone())]),
            new("a", &other, vec![(60, one.clone())]),
            new("b", &ab, vec![(60, one)]),
        ];
        assert_eq!(points.in_order(), expected);
    }

    #[test]
    fn what_has_no_room_takes_none() {
        let mut points = Points::default();
        let one = Samples::of(1.0, 1.0);
        let room = i64::try_from(MAX_POINTS).expect("small");
        assert!((0..room).all(|minute| points.add(&series("a", &[]), minute, &one)));
        assert!((0..10).all(|minute| !points.add(&series("b", &[]), minute, &one)));
        assert!(points.add(&series("a", &[]), 0, &one));
        assert!(points.by_hash.len() <= MAX_POINTS);
        let kept: Vec<NewPoints> = points.in_order();
        assert_eq!((kept.len(), kept[0].points.len()), (1, MAX_POINTS));
    }
}

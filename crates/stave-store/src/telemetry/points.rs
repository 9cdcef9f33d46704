//! Metrics: an hour of a series is a row, so that a look at days of a few series reads few rows
//! and a minute of many series is one short transaction. Points grow coarser with age, as with
//! AWS: seconds for 3 hours, a minute for 15 days, 5 minutes for 63, an hour for 455.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};
use stave_core::metrics::Samples;
use stave_core::{Error, Result};

use super::TelemetryStore;
use super::codec::{Bytes, put, put_float};
use crate::faults::SqlContext;
use crate::rows::limit;
use crate::transaction::Transaction;

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;
/// From which age points are how far apart at least, in seconds; the youngest last.
const STEPS: [(i64, i64); 3] = [(63 * DAY_S, 3600), (15 * DAY_S, 300), (3 * HOUR_S, 60)];
/// How long points are kept.
const KEPT_S: i64 = 455 * DAY_S;
/// How many rows one transaction of the ageing touches, so that nobody waits for long.
const ROWS_AT_ONCE: usize = 500;

/// Which series points belong to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// `AWS/Lambda`.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// The dimensions, by name.
    pub dimensions: BTreeMap<String, String>,
    /// The unit; `None` as text where there is none.
    pub unit: String,
}

/// A series that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesRow {
    /// Its number.
    pub id: i64,
    /// What it is of.
    pub key: SeriesKey,
    /// The time of its last point, in seconds since 1970.
    pub last_at: i64,
}

/// Points that are to be added: seconds since 1970 with what was measured then.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPoints {
    /// The series.
    pub key: SeriesKey,
    /// The points.
    pub points: Vec<(i64, Samples)>,
}

/// What ageing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RolledPoints {
    /// Hours of series whose points grew coarser.
    pub coarser: usize,
    /// Hours of series that were removed.
    pub removed: usize,
}

impl TelemetryStore {
    /// Adds points; those of a time that a series has points of already are merged with them.
    /// All are kept or none; they survive the death of the process.
    pub fn add_points(&self, all: &[NewPoints]) -> Result<()> {
        self.database().write_relaxed(|tx| {
            for new in all {
                let id = series_id(tx, new)?;
                let mut hours: BTreeMap<i64, Vec<(i64, &Samples)>> = BTreeMap::new();
                for (at, samples) in &new.points {
                    let hour = at.div_euclid(HOUR_S);
                    hours
                        .entry(hour)
                        .or_default()
                        .push((at.rem_euclid(HOUR_S), samples));
                }
                for (hour, points) in hours {
                    add_to_hour(tx, id, hour, &points)?;
                }
            }
            Ok(())
        })
    }

    /// The series of a namespace (or of all) and name (or all), by namespace and name, that come
    /// after `after`, with points at `active_since` or later.
    pub fn series(
        &self,
        namespace: Option<&str>,
        name: Option<&str>,
        active_since: i64,
        after: Option<&SeriesKey>,
        max: usize,
    ) -> Result<Vec<SeriesRow>> {
        let after = after.map(|key| Ok::<_, Error>((key, dimensions_text(&key.dimensions)?)));
        let after = after.transpose()?;
        let (a, b, c, d) = match &after {
            Some((key, dims)) => (&*key.namespace, &*key.name, dims.as_str(), &*key.unit),
            None => ("", "", "", ""),
        };
        self.database().read(|tx| {
            let mut statement = tx
                .prepare_cached(
                    "SELECT id, namespace, name, dimensions, unit, last_at FROM series
                     WHERE (?1 IS NULL OR namespace = ?1) AND (?2 IS NULL OR name = ?2)
                     AND last_at >= ?3 AND (namespace, name, dimensions, unit) > (?4, ?5, ?6, ?7)
                     ORDER BY namespace, name, dimensions, unit LIMIT ?8",
                )
                .sql()?;
            let mut rows = statement
                .query(params![
                    namespace,
                    name,
                    active_since,
                    a,
                    b,
                    c,
                    d,
                    limit(max)
                ])
                .sql()?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().sql()? {
                found.push(read_series(row)?);
            }
            Ok(found)
        })
    }

    /// The series of that metric with exactly those dimensions, of one unit or of all.
    pub fn series_of(&self, key: &SeriesKey, any_unit: bool) -> Result<Vec<SeriesRow>> {
        let dimensions = dimensions_text(&key.dimensions)?;
        let unit = (!any_unit).then_some(&key.unit);
        self.database().read(|tx| {
            let mut statement = tx
                .prepare_cached(
                    "SELECT id, namespace, name, dimensions, unit, last_at FROM series
                     WHERE namespace = ?1 AND name = ?2 AND dimensions = ?3
                     AND (?4 IS NULL OR unit = ?4) ORDER BY unit",
                )
                .sql()?;
            let mut rows = statement
                .query(params![key.namespace, key.name, dimensions, unit])
                .sql()?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().sql()? {
                found.push(read_series(row)?);
            }
            Ok(found)
        })
    }

    /// The points of a series from `from` on and before `to` (seconds since 1970).
    pub fn points(&self, series: i64, from: i64, to: i64) -> Result<Vec<(i64, Samples)>> {
        let hours = (
            from.div_euclid(HOUR_S),
            to.saturating_sub(1).div_euclid(HOUR_S),
        );
        self.database().read(|tx| {
            let mut statement = tx
                .prepare_cached(
                    "SELECT hour, points FROM points
                     WHERE series = ?1 AND hour BETWEEN ?2 AND ?3 ORDER BY hour",
                )
                .sql()?;
            let mut rows = statement.query((series, hours.0, hours.1)).sql()?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().sql()? {
                let hour: i64 = row.get(0).sql()?;
                let points = decode(row.get_ref(1).sql()?.as_blob().map_err(|_| bad())?)?;
                let points = points
                    .into_iter()
                    .map(|(at, samples)| (hour * HOUR_S + at, samples));
                found.extend(points.filter(|(at, _)| (from..to).contains(at)));
            }
            Ok(found)
        })
    }

    /// Makes old points coarser and removes those that are too old. Does a part of the work;
    /// returns nothing done when there is none left.
    pub fn age_points(&self, now: i64) -> Result<RolledPoints> {
        let mut done = RolledPoints::default();
        self.database().write_relaxed(|tx| {
            let oldest = (now - KEPT_S).div_euclid(HOUR_S);
            done.removed = tx
                .prepare_cached("DELETE FROM points WHERE hour < ?1")
                .sql()?
                .execute([oldest])
                .sql()?;
            if done.removed > 0 {
                tx.execute("DELETE FROM series WHERE last_at < ?1", [oldest * HOUR_S])
                    .sql()?;
            }
            for (age, step) in STEPS {
                // An hour is old when its last second is.
                let before = (now - age).div_euclid(HOUR_S);
                done.coarser += coarsen(tx, before, step, ROWS_AT_ONCE - done.coarser)?;
            }
            Ok(())
        })?;
        Ok(done)
    }
}

fn series_id(tx: &Transaction<'_>, new: &NewPoints) -> Result<i64> {
    let last = new
        .points
        .iter()
        .map(|(at, _)| *at)
        .max()
        .unwrap_or_default();
    let key = &new.key;
    tx.prepare_cached(
        "INSERT INTO series (namespace, name, dimensions, unit, last_at)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (namespace, name, dimensions, unit)
         DO UPDATE SET last_at = max(last_at, excluded.last_at) RETURNING id",
    )
    .sql()?
    .query_row(
        params![
            key.namespace,
            key.name,
            dimensions_text(&key.dimensions)?,
            key.unit,
            last
        ],
        |row| row.get(0),
    )
    .sql()
}

fn add_to_hour(tx: &Transaction<'_>, id: i64, hour: i64, new: &[(i64, &Samples)]) -> Result<()> {
    let known: Option<(i64, Vec<u8>)> = tx
        .prepare_cached("SELECT step, points FROM points WHERE series = ?1 AND hour = ?2")
        .sql()?
        .query_row((id, hour), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .sql()?;
    let fine = new.iter().any(|(at, _)| at % 60 != 0);
    let (step, mut points) = match known {
        Some((step, bytes)) => (step, decode(&bytes)?),
        None => (60, Vec::new()),
    };
    for (at, samples) in new {
        // What is coarse already stays so.
        let at = if step > 60 { at - at % step } else { *at };
        merge_at(&mut points, at, samples);
    }
    let step = if fine && step <= 60 { 1 } else { step };
    write_hour(tx, id, hour, step, &points)
}

fn write_hour(
    tx: &Transaction<'_>,
    id: i64,
    hour: i64,
    step: i64,
    points: &[(i64, Samples)],
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO points VALUES (?1, ?2, ?3, ?4) ON CONFLICT (series, hour)
         DO UPDATE SET step = excluded.step, points = excluded.points",
    )
    .sql()?
    .execute(params![id, hour, step, encode(points)])
    .sql()?;
    Ok(())
}

fn merge_at(points: &mut Vec<(i64, Samples)>, at: i64, samples: &Samples) {
    match points.binary_search_by_key(&at, |(time, _)| *time) {
        Ok(place) => points[place].1.merge(samples),
        Err(place) => points.insert(place, (at, samples.clone())),
    }
}

/// Makes hours before `before` that are finer than `step` as coarse.
fn coarsen(tx: &Transaction<'_>, before: i64, step: i64, max: usize) -> Result<usize> {
    let mut statement = tx
        .prepare_cached(
            "SELECT series, hour, points FROM points
             WHERE step IN (1, 60, 300) AND step < ?1 AND hour < ?2 LIMIT ?3",
        )
        .sql()?;
    let mut rows = statement.query((step, before, max as i64)).sql()?;
    let mut old: Vec<(i64, i64, Vec<u8>)> = Vec::new();
    while let Some(row) = rows.next().sql()? {
        old.push((row.get(0).sql()?, row.get(1).sql()?, row.get(2).sql()?));
    }
    for (id, hour, bytes) in &old {
        let mut coarse = Vec::new();
        for (at, samples) in decode(bytes)? {
            merge_at(&mut coarse, at - at % step, &samples);
        }
        write_hour(tx, *id, *hour, step, &coarse)?;
    }
    Ok(old.len())
}

fn read_series(row: &Row<'_>) -> Result<SeriesRow> {
    let dimensions: String = row.get(3).sql()?;
    Ok(SeriesRow {
        id: row.get(0).sql()?,
        key: SeriesKey {
            namespace: row.get(1).sql()?,
            name: row.get(2).sql()?,
            dimensions: serde_json::from_str(&dimensions).map_err(|_| bad())?,
            unit: row.get(4).sql()?,
        },
        last_at: row.get(5).sql()?,
    })
}

/// Dimensions as they are unique: by name, as JSON.
fn dimensions_text(dimensions: &BTreeMap<String, String>) -> Result<String> {
    serde_json::to_string(dimensions).map_err(|error| bad().caused_by(error))
}

fn bad() -> Error {
    Error::internal("a row of metrics is damaged")
}

/// One value once, one value often, a statistic set, values with their counts.
const ONE: u8 = 0;
const SAME: u8 = 1;
const SET: u8 = 2;
const VALUES: u8 = 3;

/// The points of an hour, as seconds of the hour, in few bytes.
pub(super) fn encode(points: &[(i64, Samples)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(points.len() * 6);
    let mut before = 0;
    for (at, samples) in points {
        let values = samples.values.as_deref();
        #[expect(clippy::float_cmp, reason = "a count of one is just that")]
        let kind = match values {
            Some([(_, count)]) if *count == 1.0 => ONE,
            Some([_]) => SAME,
            Some(_) => VALUES,
            None => SET,
        };
        // Seconds of an hour need 12 bits: the kind stands beside them.
        put(
            &mut bytes,
            ((at - before).cast_unsigned() << 2) | u64::from(kind),
        );
        before = *at;
        if let (ONE | SAME, Some([(value, count)])) = (kind, values) {
            put_float(&mut bytes, *value);
            if kind == SAME {
                put_float(&mut bytes, *count);
                put_float(&mut bytes, samples.sum);
            }
            continue;
        }
        for number in [samples.count, samples.sum, samples.min, samples.max] {
            put_float(&mut bytes, number);
        }
        if let Some(values) = values {
            put(&mut bytes, values.len() as u64);
            for (value, count) in values {
                put_float(&mut bytes, *value);
                put_float(&mut bytes, *count);
            }
        }
    }
    bytes
}

/// Reads what [`encode`] wrote.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<(i64, Samples)>> {
    let mut bytes = Bytes(bytes);
    let mut points = Vec::new();
    let mut at = 0;
    while !bytes.is_empty() {
        let head = bytes.number()?;
        at += (head >> 2).cast_signed();
        let samples = match head as u8 & 3 {
            ONE => Samples::of(bytes.float()?, 1.0),
            SAME => {
                let (value, count, sum) = (bytes.float()?, bytes.float()?, bytes.float()?);
                Samples {
                    sum,
                    ..Samples::of(value, count)
                }
            }
            kind => {
                let mut samples = Samples {
                    count: bytes.float()?,
                    sum: bytes.float()?,
                    min: bytes.float()?,
                    max: bytes.float()?,
                    values: None,
                };
                if kind == VALUES {
                    let mut values = Vec::new();
                    for _ in 0..bytes.number()? {
                        values.push((bytes.float()?, bytes.float()?));
                    }
                    samples.values = Some(values);
                }
                samples
            }
        };
        points.push((at, samples));
    }
    Ok(points)
}

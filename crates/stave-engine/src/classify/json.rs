//! JSON: whether an object is, and which columns its values have.

use std::ops::Range;

use stave_core::Result;
use stave_core::catalog::Column;

use super::head::Head;
use super::{Classification, SAMPLE_RECORDS, Sampled};
use crate::json::{Flavour, Form, Shape, form_of, lines, ranges};

/// Whether text can be JSON at all.
pub(super) fn may_be(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Whether the sample ends within its first value.
pub(super) fn needs_more(head: &Head) -> bool {
    !head.whole && records(head).is_empty()
}

/// The whole values of the sample.
fn records(head: &Head) -> Vec<Range<usize>> {
    let text = head.text();
    let skipped = text.len() - text.trim_ascii_start().len();
    // The elements of an array are found behind its bracket.
    let start = skipped + usize::from(text[skipped..].starts_with(b"["));
    let shifted = |range: Range<usize>| start + range.start..start + range.end;
    let body = &text[start..];
    let mut found: Vec<Range<usize>> = match form_of(text, true) {
        Some(Form::Lines) => lines(body).take(SAMPLE_RECORDS + 1).map(shifted).collect(),
        _ => ranges(body).take(SAMPLE_RECORDS + 1).map(shifted).collect(),
    };
    if found.len() > SAMPLE_RECORDS
        || (!head.whole && found.last().is_some_and(|last| last.end == text.len()))
    {
        found.pop();
    }
    found
}

/// What the sample shows; none when no value of it is an object.
pub(super) fn classify(head: &Head) -> Result<Option<Sampled>> {
    let text = head.text();
    let mut rows = Shape::Null;
    let (mut count, mut bytes) = (0_u64, 0_u64);
    let found = records(head);
    let is_all = head.whole && found.len() < SAMPLE_RECORDS;
    for range in found {
        let record = std::str::from_utf8(&text[range.clone()]);
        if let Some(Ok(shape @ Shape::Object(_))) = record.ok().map(Shape::of) {
            rows.add(shape);
            count += 1;
            // A line break or comma stands behind each.
            bytes += range.len() as u64 + 1;
        }
    }
    let columns = rows.columns(Flavour::Glue)?;
    if count == 0 {
        return Ok(None);
    }
    let paths = rows
        .columns(Flavour::Exact)?
        .into_iter()
        .map(|(name, _)| name);
    Ok(Some(Sampled {
        classification: Classification::Json,
        columns: columns
            .into_iter()
            .map(|(name, hive)| Column::new(name, hive.to_string()))
            .collect(),
        paths: paths.collect(),
        records_sampled: count,
        average_record_bytes: (bytes / count).max(1),
        exact_records: is_all.then_some(count),
        ..Sampled::unknown(head.compression)
    }))
}

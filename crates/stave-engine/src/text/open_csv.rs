//! OpenCSVSerde's reading of a line, step by step as opencsv 2.3's `CSVParser`
//! takes it (`strictQuotes` off, `ignoreLeadingWhiteSpace` on).
//!
//! <https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html>

use super::dialect::Dialect;
use super::records::{Field, Records, line_end};

/// Splits lines into fields; a field whose quote is never closed is missing.
pub(super) fn split(chunk: &[u8], dialect: &Dialect, records: &mut Records) {
    let mut at = 0;
    while at < chunk.len() {
        let rest = &chunk[at..];
        let (end, next) = line_end(rest).unwrap_or((rest.len(), rest.len()));
        let first_field = records.fields.len();
        split_line(&rest[..end], dialect, records);
        records.end_record(dialect, first_field, at..at + end);
        at += next;
    }
}

fn split_line(line: &[u8], dialect: &Dialect, records: &mut Records) {
    let mut field_start = records.unescaped.len();
    let mut in_quotes = false;
    let mut was_quoted = false;
    let mut at = 0;
    while at < line.len() {
        let byte = line[at];
        let next = line.get(at + 1).copied();
        if dialect.escape == Some(byte) {
            let escapable = next.is_some() && (next == dialect.quote || next == dialect.escape);
            if in_quotes && escapable {
                records.unescaped.extend(next);
                at += 1;
            }
        } else if dialect.quote == Some(byte) {
            if in_quotes && next == Some(byte) {
                records.unescaped.push(byte);
                at += 1;
            } else {
                let inside = at > 2
                    && line[at - 1] != dialect.delimiter
                    && next.is_some_and(|next| next != dialect.delimiter);
                if inside {
                    keep_stray_quote(byte, field_start, &mut records.unescaped);
                }
                in_quotes = !in_quotes;
                was_quoted = true;
            }
        } else if byte == dialect.delimiter && !in_quotes {
            let end = records.unescaped.len();
            records
                .fields
                .push(Field::unescaped(field_start, end, was_quoted));
            field_start = end;
            was_quoted = false;
        } else {
            records.unescaped.push(byte);
        }
        at += 1;
    }
    if !in_quotes {
        let end = records.unescaped.len();
        records
            .fields
            .push(Field::unescaped(field_start, end, was_quoted));
    }
}

/// A quote in the middle of a value is kept, unless only white space stood before it.
fn keep_stray_quote(quote: u8, field_start: usize, unescaped: &mut Vec<u8>) {
    let before = &unescaped[field_start..];
    if !before.is_empty() && before.iter().all(u8::is_ascii_whitespace) {
        unescaped.truncate(field_start);
    } else {
        unescaped.push(quote);
    }
}

#[cfg(test)]
mod tests {
    use crate::text::dialect::Dialect;
    use crate::text::records::split_records;

    fn fields(line: &str, width: usize) -> Vec<Option<String>> {
        let records = split_records(line.as_bytes(), &Dialect::open_csv(), width);
        records
            .fields
            .iter()
            .map(|field| {
                (!field.is_missing()).then(|| {
                    String::from_utf8(records.value(line.as_bytes(), *field).to_vec())
                        .expect("UTF-8")
                })
            })
            .collect()
    }

    #[test]
    fn quotes_and_escapes_are_those_of_open_csv() {
        for (line, expected) in [
            ("a,b", ["a", "b"]),
            ("\"a,1\",\"b\"", ["a,1", "b"]),
            ("\"say \"\"hi\"\"\",x", ["say \"hi\"", "x"]),
            (r#""a\"b",c"#, ["a\"b", "c"]),
            (r"a\b,c", ["ab", "c"]),
            ("abc\"d\"e,f", ["abc\"d\"e", "f"]),
        ] {
            let expected: Vec<_> = expected.iter().map(|v| Some((*v).to_owned())).collect();
            assert_eq!(fields(line, 2), expected, "{line}");
        }
    }

    #[test]
    fn an_open_quote_and_a_short_line_give_missing_fields() {
        assert_eq!(fields("a,\"b", 2), [Some("a".to_owned()), None]);
        assert_eq!(fields("a", 2), [Some("a".to_owned()), None]);
    }
}

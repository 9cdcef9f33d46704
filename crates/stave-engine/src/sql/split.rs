//! Splits a text into statements at its semicolons.

/// The statements of `text`, each with the byte at which it begins. Semicolons in
/// quotes and comments split nothing; empty statements are left out.
pub fn split_statements(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut statements = Vec::new();
    let (mut start, mut at) = (0, 0);
    // Whether anything but blanks and comments was seen.
    let mut begun = false;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b';', _) => {
                push(&mut statements, text, start..at, begun);
                at += 1;
                (start, begun) = (at, false);
            }
            (b'-', Some(b'-')) => at = end_of_line(bytes, at),
            (b'/', Some(b'*')) => at = end_of_comment(bytes, at),
            (quote @ (b'\'' | b'"' | b'`'), _) => {
                begun = true;
                at = end_of_quote(bytes, at, quote);
            }
            (byte, _) => {
                begun |= !byte.is_ascii_whitespace();
                at += 1;
            }
        }
    }
    push(&mut statements, text, start..bytes.len(), begun);
    statements
}

/// A statement on the line and column where it stands in `text`, so that errors in
/// it point at the file: everything before is made blank.
pub fn in_place(text: &str, offset: usize, statement: &str) -> String {
    let before = text.get(..offset).unwrap_or_default();
    let blank = before
        .chars()
        .map(|c| if c == '\n' || c == '\t' { c } else { ' ' });
    blank.chain(statement.chars()).collect()
}

fn push<'a>(
    statements: &mut Vec<(usize, &'a str)>,
    text: &'a str,
    range: std::ops::Range<usize>,
    begun: bool,
) {
    if begun {
        let part = &text[range.clone()];
        let blanks = part.len() - part.trim_start().len();
        statements.push((range.start + blanks, part.trim()));
    }
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1)
}

/// Comments nest, as the parser has them.
fn end_of_comment(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// A doubled quote needs no care: it closes and opens again.
fn end_of_quote(bytes: &[u8], at: usize, quote: u8) -> usize {
    memchr::memchr(quote, &bytes[at + 1..]).map_or(bytes.len(), |end| at + 1 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        split_statements(text)
            .into_iter()
            .map(|(_, statement)| statement)
            .collect()
    }

    #[test]
    fn quotes_and_comments_split_nothing() {
        for (text, expected) in [
            ("select 1", vec!["select 1"]),
            ("select 1;\nselect 2;\n", vec!["select 1", "select 2"]),
            (
                "select ';''; x';select \"a;\"",
                vec!["select ';''; x'", "select \"a;\""],
            ),
            ("select 1 -- a; b\n;;  ;", vec!["select 1 -- a; b"]),
            (
                "/* a; /* b; */ c; */ select 1; -- end;",
                vec!["/* a; /* b; */ c; */ select 1"],
            ),
            (
                "select `a;b`; select 'open",
                vec!["select `a;b`", "select 'open"],
            ),
            (" \n -- nothing", vec![]),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn offsets_are_where_the_statement_begins() {
        let text = "select 1;\n  select 2";
        let split = split_statements(text);
        assert_eq!(split, [(0, "select 1"), (12, "select 2")]);
        assert_eq!(in_place(text, 12, "select 2"), "         \n  select 2");
    }
}

//! Wildcards in event patterns: `*` is any text, `\*` and `\\` are themselves.

/// A pattern, cut at its wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wildcard {
    pieces: Vec<String>,
}

impl Wildcard {
    /// Reads a pattern; the fault is in AWS's words, which count bytes from an opening quote.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = vec![String::new()];
        let mut rest = text.char_indices().peekable();
        while let Some((at, next)) = rest.next() {
            let place = at + 1;
            let following = rest.peek().map(|(_, following)| *following);
            let piece = match (next, following) {
                ('*', Some('*')) => {
                    return Err(format!("Consecutive wildcard characters at pos {place}"));
                }
                ('*', _) => {
                    pieces.push(String::new());
                    continue;
                }
                ('\\', Some(escaped @ ('*' | '\\'))) => {
                    rest.next();
                    escaped
                }
                ('\\', _) => return Err(format!("Invalid escape character at pos {place}")),
                (plain, _) => plain,
            };
            if let Some(last) = pieces.last_mut() {
                last.push(piece);
            }
        }
        Ok(Self { pieces })
    }

    /// Whether `text` is of this form.
    pub fn matches(&self, text: &str) -> bool {
        let Some((first, more)) = self.pieces.split_first() else {
            return false;
        };
        let Some((last, between)) = more.split_last() else {
            return text == first;
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        // The first place is as good as any: what comes after it can only be longer.
        for piece in between {
            match rest.find(piece.as_str()) {
                None => return false,
                Some(at) => rest = &rest[at + piece.len()..],
            }
        }
        rest.ends_with(last.as_str())
    }
}

//! Reads one JSON text from front to back (<https://www.rfc-editor.org/rfc/rfc8259>).
//!
//! As lenient as Spark's reader and Python's `json`: `NaN`, `Infinity` and raw
//! control characters in strings are read. What is passed over is checked like
//! what is read, so that a row is good or bad whichever columns are asked for.

use std::borrow::Cow;

/// How deep values may nest.
const MAX_DEPTH: usize = 128;

/// Why a text is no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The path to the value that is wrong, where it is one.
    pub(super) column: Option<String>,
    /// What is wrong.
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self {
            column: None,
            reason: reason.into(),
        }
    }

    /// The same fault inside the member `name`.
    pub(super) fn under(mut self, name: &str) -> Self {
        self.column = Some(match self.column {
            Some(rest) if rest.starts_with('[') => format!("{name}{rest}"),
            Some(rest) => format!("{name}.{rest}"),
            None => name.to_owned(),
        });
        self
    }
}

type Read<T> = Result<T, Fault>;

/// What kind of value stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

/// A place in a JSON text.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    fn wrong(&self, wanted: &str) -> Fault {
        match self.text[self.at..].chars().next() {
            Some(found) => Fault::new(format!(
                "it is not JSON: {wanted} is missing before {found:?} at byte {}",
                self.at + 1
            )),
            None => Fault::new(format!("it ends early: {wanted} is missing")),
        }
    }

    fn eat(&mut self, wanted: u8) -> bool {
        self.skip_space();
        let found = self.byte() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// The kind of the value that comes next.
    pub(super) fn kind(&mut self) -> Read<Kind> {
        self.skip_space();
        Ok(match self.byte() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => Kind::Number,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => return Err(self.wrong("a value")),
        })
    }

    /// Steps into an object or array.
    pub(super) fn open(&mut self) -> Read<()> {
        self.kind()?;
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Fault::new(format!(
                "it nests deeper than {MAX_DEPTH} levels"
            )));
        }
        Ok(())
    }

    /// The name of the object's next member, or none behind its end.
    pub(super) fn member(&mut self, first: bool) -> Read<Option<Cow<'a, str>>> {
        if self.eat(b'}') {
            self.depth -= 1;
            return Ok(None);
        }
        if !first && !self.eat(b',') {
            return Err(self.wrong("',' or '}'"));
        }
        self.skip_space();
        if self.byte() != Some(b'"') {
            return Err(self.wrong("a name in quotes"));
        }
        let name = self.string()?;
        if !self.eat(b':') {
            return Err(self.wrong("':'"));
        }
        Ok(Some(name))
    }

    /// Whether the array has another element; false behind its end.
    pub(super) fn element(&mut self, first: bool) -> Read<bool> {
        if self.eat(b']') {
            self.depth -= 1;
            return Ok(false);
        }
        if !first && !self.eat(b',') {
            return Err(self.wrong("',' or ']'"));
        }
        Ok(true)
    }

    /// The string's bytes as written, without its quotes, and whether there are escapes in it.
    fn raw_string(&mut self) -> Read<(&'a str, bool)> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let (mut at, mut escapes) = (start, false);
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
                return Err(Fault::new("it ends early: a string is never closed"));
            };
            at += found;
            if bytes[at] == b'"' {
                self.at = at + 1;
                return Ok((&self.text[start..at], escapes));
            }
            escapes = true;
            at += match bytes.get(at + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                Some(b'u') if hex(bytes, at + 2).is_some() => 6,
                _ => {
                    self.at = at;
                    return Err(self.wrong("a known escape"));
                }
            };
        }
    }

    /// A string. Half of a surrogate pair becomes U+FFFD.
    pub(super) fn string(&mut self) -> Read<Cow<'a, str>> {
        let (raw, escapes) = self.raw_string()?;
        Ok(if escapes {
            Cow::Owned(unescape(raw))
        } else {
            Cow::Borrowed(raw)
        })
    }

    /// A number as it is written.
    pub(super) fn number(&mut self) -> Read<&'a str> {
        let rest = &self.text[self.at..];
        let length = ["NaN", "Infinity", "-Infinity"]
            .iter()
            .find(|word| rest.starts_with(**word))
            .map(|word| word.len())
            .or_else(|| number_length(rest.as_bytes()));
        let ends = |at| {
            matches!(
                rest.as_bytes().get(at),
                None | Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | b']' | b'}')
            )
        };
        match length.filter(|length| ends(*length)) {
            Some(length) => {
                self.at += length;
                Ok(&rest[..length])
            }
            None => Err(self.wrong("a number as JSON writes it")),
        }
    }

    fn word(&mut self, word: &str) -> Read<()> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.wrong("true, false or null"))
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self) -> Read<bool> {
        let value = self.byte() == Some(b't');
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// `null`.
    pub(super) fn null(&mut self) -> Read<()> {
        self.word("null")
    }

    /// Passes over a value; gives its text.
    pub(super) fn skip(&mut self) -> Read<&'a str> {
        let kind = self.kind()?;
        let start = self.at;
        let mut first = true;
        match kind {
            Kind::Object => {
                self.open()?;
                while self.member(first)?.is_some() {
                    first = false;
                    self.skip()?;
                }
            }
            Kind::Array => {
                self.open()?;
                while self.element(first)? {
                    first = false;
                    self.skip()?;
                }
            }
            Kind::String => drop(self.raw_string()?),
            Kind::Number => drop(self.number()?),
            Kind::Boolean => drop(self.boolean()?),
            Kind::Null => self.null()?,
        }
        Ok(&self.text[start..self.at])
    }

    /// Checks that nothing follows.
    pub(super) fn end(&mut self) -> Read<()> {
        self.skip_space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(self.wrong("a line break"))
        }
    }
}

fn hex(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |number, digit| {
        Some(number * 16 + char::from(*digit).to_digit(16)?)
    })
}

/// How long the number at the front of `text` is.
fn number_length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let count = text[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        (count > 0).then_some(from + count)
    };
    let start = usize::from(text.first() == Some(&b'-'));
    let mut end = digits(start)?;
    if text[start] == b'0' && end > start + 1 {
        return None;
    }
    if text.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let signed = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        end = digits(end + 1 + signed)?;
    }
    Some(end)
}

/// Undoes the escapes of a string that [`Cursor::raw_string`] has checked.
fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let bytes = rest.as_bytes();
        let mut length = 2;
        text.push(match bytes.get(at + 1) {
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let (found, used) = unicode(bytes, at);
                length = used;
                found
            }
            Some(other) => char::from(*other),
            None => char::REPLACEMENT_CHARACTER,
        });
        rest = rest.get(at + length..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// The character that `\uXXXX` (or a pair of them) at `at` means, and how long its text is.
fn unicode(bytes: &[u8], at: usize) -> (char, usize) {
    let high = hex(bytes, at + 2).unwrap_or(0xFFFD);
    if (0xD800..0xDC00).contains(&high) && bytes.get(at + 6..at + 8) == Some(b"\\u") {
        let low = hex(bytes, at + 8).unwrap_or(0);
        if (0xDC00..0xE000).contains(&low) {
            let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            return (
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
                12,
            );
        }
    }
    (
        char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER),
        6,
    )
}

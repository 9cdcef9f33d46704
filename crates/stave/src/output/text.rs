//! Text that is safe to print: a name can hold anything, a terminal obeys some of it.

use std::borrow::Cow;
use std::fmt::Write;

use jiff::Timestamp;

/// `text` with control characters written as escapes, on one line.
pub fn printable(text: &str) -> Cow<'_, str> {
    // Marks of direction can make a name look like another.
    let is_unsafe =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unsafe(c) {
            let _ = write!(safe, "{}", c.escape_default());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// A time as `2023-11-21 09:40:14`, UTC.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A number and its noun: `1 object`, `2 objects`, `1,000 objects`.
pub fn counted(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", stave_core::units::count(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(printable("Motörhead 日本"), "Motörhead 日本");
        assert_eq!(printable("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m");
        assert_eq!(printable("x\u{202e}y"), "x\\u{202e}y");
    }

    #[test]
    fn times_and_counts_read_well() {
        assert_eq!(time(Timestamp::UNIX_EPOCH), "1970-01-01 00:00:00");
        assert_eq!(counted(1, "object"), "1 object");
        assert_eq!(counted(2000, "row"), "2,000 rows");
    }
}

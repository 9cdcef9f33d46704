//! Finds where top-level values begin and end, by brackets and quotes alone.
//!
//! What stands inside is not looked at: a value that is cut out may still be no JSON.

use std::ops::Range;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    /// A whole value.
    Value(Range<usize>),
    /// The bracket that opens an array whose elements are the values.
    Opened(usize),
    /// The bracket that closes it.
    Closed(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    /// In a value without brackets or quotes.
    Word,
    /// In brackets, as many as this.
    Nested(u32),
    /// In a string, in as many brackets.
    Quoted(u32),
}

/// The state of a scan over text that arrives bit by bit.
#[derive(Debug, Clone)]
pub(super) struct Scanner {
    at: usize,
    start: usize,
    state: State,
    in_array: bool,
}

impl Scanner {
    /// A scan of a whole file; the elements of a top-level array are values of their own.
    pub(super) fn new() -> Self {
        Self {
            at: 0,
            start: 0,
            state: State::Between,
            in_array: false,
        }
    }

    /// A scan of a chunk whose outer brackets are gone.
    fn of_chunk() -> Self {
        Self {
            in_array: true,
            ..Self::new()
        }
    }

    /// Whether an array is open whose elements are the values.
    pub(super) fn in_array(&self) -> bool {
        self.in_array
    }

    /// Where the value begins that has no end yet.
    pub(super) fn unfinished(&self) -> Option<usize> {
        (self.state != State::Between).then_some(self.start)
    }

    /// Says that `count` bytes were taken from the front of the text.
    pub(super) fn taken(&mut self, count: usize) {
        self.at -= count.min(self.at);
        self.start -= count.min(self.start);
    }

    /// The next mark in `text`, or none until there is more of it.
    pub(super) fn next(&mut self, text: &[u8]) -> Option<Mark> {
        while self.at < text.len() {
            let found = match self.state {
                State::Between => self.between(text[self.at]),
                State::Word => self.word(text),
                State::Nested(depth) => self.nested(text, depth),
                State::Quoted(depth) => {
                    if !self.ends_quoted(text) {
                        return None;
                    }
                    self.state = State::Nested(depth);
                    (depth == 0).then(|| self.value())
                }
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn between(&mut self, byte: u8) -> Option<Mark> {
        let here = self.at;
        self.at += 1;
        self.start = here;
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' | b',' => (),
            b'{' => self.state = State::Nested(1),
            b'[' if self.in_array => self.state = State::Nested(1),
            b'"' => self.state = State::Quoted(0),
            b'[' => {
                self.in_array = true;
                return Some(Mark::Opened(here));
            }
            b']' if self.in_array => {
                self.in_array = false;
                return Some(Mark::Closed(here));
            }
            _ => self.state = State::Word,
        }
        None
    }

    fn word(&mut self, text: &[u8]) -> Option<Mark> {
        const ENDS: &[u8] = b" \n\r\t,{}[]\"";
        let rest = &text[self.at..];
        let end = rest.iter().position(|byte| ENDS.contains(byte));
        self.at += end.unwrap_or(rest.len());
        end.map(|_| self.value())
    }

    fn nested(&mut self, text: &[u8], depth: u32) -> Option<Mark> {
        let mut depth = depth;
        while let Some(byte) = text.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => {
                    self.state = State::Quoted(depth);
                    return None;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => (),
            }
            if depth == 0 {
                return Some(self.value());
            }
        }
        self.state = State::Nested(depth);
        None
    }

    /// Whether the string ends in `text`.
    fn ends_quoted(&mut self, text: &[u8]) -> bool {
        while let Some(found) = memchr::memchr2(b'"', b'\\', &text[self.at..]) {
            self.at += found;
            if text[self.at] == b'"' {
                self.at += 1;
                return true;
            }
            // What a backslash at the very end takes the meaning from is not here yet.
            if self.at + 2 > text.len() {
                return false;
            }
            self.at += 2;
        }
        self.at = text.len();
        false
    }

    fn value(&mut self) -> Mark {
        self.state = State::Between;
        Mark::Value(self.start..self.at)
    }
}

/// The values of a chunk; the last one goes to the end where it is not whole.
pub(crate) fn ranges(chunk: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut scanner = Scanner::of_chunk();
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        match scanner.next(chunk) {
            Some(Mark::Value(range)) => Some(range),
            Some(Mark::Opened(at) | Mark::Closed(at)) => {
                // A bracket that closes nothing is a value that is wrong.
                scanner.in_array = true;
                Some(at..at + 1)
            }
            None => {
                ended = true;
                scanner.unfinished().map(|start| start..chunk.len())
            }
        }
    })
}

//! Walks through the text of a pattern: what all three languages of patterns share.

use super::{invalid, regex::Regex};
use crate::error::Result;

/// A place in the text of a pattern.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    rest: &'a str,
    regexes: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            regexes: 0,
        }
    }

    /// How many regular expressions were read.
    pub(super) fn regexes(&self) -> usize {
        self.regexes
    }

    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Whether there is space before what is next, which is skipped.
    pub(super) fn skip_space(&mut self) -> bool {
        let before = self.rest.len();
        self.rest = self.rest.trim_start();
        self.rest.len() < before
    }

    /// Takes `text` if it is next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes the word `word` if it is next and ends there.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(word) else {
            return false;
        };
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return false;
        }
        self.rest = rest;
        true
    }

    /// Takes all characters that are `wanted`.
    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// Takes a phrase in double quotes, in which `\"` and `\\` are escaped.
    pub(super) fn quoted(&mut self) -> Result<String> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, c @ ('"' | '\\'))) => text.push(c),
                    Some((_, c)) => text.extend(['\\', c]),
                    None => break,
                },
                c => text.push(c),
            }
        }
        Err(invalid(
            "a double quote of the filter pattern is not closed",
        ))
    }

    /// Takes a regular expression between percent signs.
    pub(super) fn regex(&mut self) -> Result<Regex> {
        let body = &self.rest[1..];
        let end = body.find('%').ok_or_else(|| {
            invalid("a regular expression of the filter pattern has no closing %")
        })?;
        self.rest = &body[end + 1..];
        self.regexes += 1;
        Regex::new(&body[..end])
    }

    /// The refusal of what is next.
    pub(super) fn unexpected<T>(&self, wanted: &str) -> Result<T> {
        let shown: String = self.rest.chars().take(20).collect();
        let found = if shown.is_empty() {
            "it ends".to_owned()
        } else {
            format!("there is \"{shown}\"")
        };
        Err(invalid(format!(
            "invalid filter pattern: {wanted} was expected, but {found}"
        )))
    }
}

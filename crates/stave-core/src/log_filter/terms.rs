//! Patterns of terms: all that are named, none that has a minus, or any of those with a
//! question mark.

use super::scan::Scan;
use super::{invalid, regex::Regex};
use crate::error::Result;

#[derive(Debug, Clone)]
enum Term {
    Text(String),
    Regex(Regex),
}

impl Term {
    fn is_in(&self, message: &str) -> bool {
        match self {
            Self::Text(text) => message.contains(text.as_str()),
            Self::Regex(regex) => regex.is_match(message),
        }
    }
}

/// Terms, by what they demand.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    all: Vec<Term>,
    none: Vec<Term>,
    any: Vec<Term>,
}

impl Terms {
    /// Optional terms have no effect beside others, as with AWS.
    pub(super) fn matches(&self, message: &str) -> bool {
        if self.all.is_empty() && self.none.is_empty() {
            return self.any.iter().any(|term| term.is_in(message));
        }
        self.all.iter().all(|term| term.is_in(message))
            && !self.none.iter().any(|term| term.is_in(message))
    }
}

pub(super) fn read(scan: &mut Scan<'_>) -> Result<Terms> {
    let mut terms = Terms::default();
    loop {
        scan.skip_space();
        let into = match scan.peek() {
            None => return Ok(terms),
            Some('-') => {
                scan.eat("-");
                scan.skip_space();
                &mut terms.none
            }
            Some('?') => {
                scan.eat("?");
                &mut terms.any
            }
            Some(_) => &mut terms.all,
        };
        into.push(read_term(scan)?);
    }
}

fn read_term(scan: &mut Scan<'_>) -> Result<Term> {
    match scan.peek() {
        Some('"') => scan.quoted().map(Term::Text),
        Some('%') => scan.regex().map(Term::Regex),
        _ => {
            let word = scan.take_while(|c| !c.is_whitespace());
            if word.is_empty() {
                return scan.unexpected("a term");
            }
            if !word.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return Err(invalid(format!("Invalid character(s) in term '{word}'")));
            }
            Ok(Term::Text(word.to_owned()))
        }
    }
}

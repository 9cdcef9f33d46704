//! The patterns of AWS's models: Java's regular expressions, which a whole text must match.
//!
//! They look ahead and behind, so that they are matched here: by going back, but never twice to
//! the same place, so that no text takes longer than its length times the pattern's.
//!
//! <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html>

mod parse;
mod program;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use self::program::Program;

/// A pattern, read when it is first asked for.
#[derive(Debug)]
pub struct Pattern {
    text: &'static str,
    program: OnceLock<Option<Program>>,
}

impl Pattern {
    /// The pattern of that text.
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            program: OnceLock::new(),
        }
    }

    /// As the model has it.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Whether all of `text` matches. A pattern that cannot be read here matches everything:
    /// what is beyond it is the service's to check.
    pub fn matches(&self, text: &str) -> bool {
        self.program().is_none_or(|program| program.matches(text))
    }

    /// Whether it can be read here.
    pub fn is_read(&self) -> bool {
        self.program().is_some()
    }

    fn program(&self) -> Option<&Program> {
        let program = self.program.get_or_init(|| parse::program(self.text));
        program.as_ref()
    }
}

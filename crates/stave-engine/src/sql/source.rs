//! The text of a statement, and error messages that point into it.

use std::fmt::Write;

use datafusion::sql::sqlparser::ast::Ident;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, Tokenizer, TokenizerError};
use stave_core::{Error, ErrorKind, nearest};

/// The most characters of a line that are shown on each side of a place.
const SHOWN: usize = 60;
/// Words that are often mistyped.
const KEYWORDS: &[&str] = &[
    "select",
    "from",
    "where",
    "group",
    "order",
    "having",
    "join",
    "inner",
    "left",
    "right",
    "outer",
    "limit",
    "union",
    "with",
    "distinct",
    "between",
    "values",
    "explain",
    "describe",
    "show",
    "partition",
];
/// Words that are right as they are, near as they may be to one of those.
const OTHER_WORDS: &[&str] = &[
    "case",
    "when",
    "then",
    "else",
    "over",
    "like",
    "null",
    "cast",
    "true",
    "false",
    "rows",
    "range",
    "cross",
    "full",
    "using",
    "exists",
    "offset",
    "fetch",
    "first",
    "last",
    "nulls",
    "except",
    "intersect",
    "tables",
    "columns",
    "partitions",
    "databases",
];

/// The text of a statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a>(pub(super) &'a str);

/// A place in it: line and column from 1, and how many characters it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    line: u64,
    column: u64,
    width: usize,
}

impl Source<'_> {
    /// The place that a span covers; of several lines the rest of the first.
    pub(super) fn place(&self, span: Span) -> Place {
        self.between(span.start, span.end)
    }

    /// The place from one location to another.
    pub(super) fn between(&self, start: Location, end: Location) -> Place {
        if start.line == 0 {
            return self.end();
        }
        let rest = self.line(start.line).chars().count() as u64 + 1;
        let until = if end.line == start.line {
            end.column
        } else {
            rest
        };
        Place {
            line: start.line,
            column: start.column,
            width: until.saturating_sub(start.column).max(1) as usize,
        }
    }

    /// Behind the last thing that is not blank.
    pub(super) fn end(&self) -> Place {
        let text = self.0.trim_end();
        let last = text.rsplit('\n').next().unwrap_or_default();
        Place {
            line: text.matches('\n').count() as u64 + 1,
            column: last.chars().count() as u64 + 1,
            width: 1,
        }
    }

    fn line(&self, number: u64) -> &str {
        self.0
            .lines()
            .nth(number.saturating_sub(1) as usize)
            .unwrap_or_default()
    }

    /// What is written at a span of one line.
    pub(super) fn text(&self, span: Span) -> String {
        let place = self.place(span);
        let skipped = place.column.saturating_sub(1) as usize;
        self.line(place.line)
            .chars()
            .skip(skipped)
            .take(place.width)
            .collect()
    }

    /// An identifier as it is written, without its quotes.
    pub(super) fn written(&self, ident: &Ident) -> String {
        match ident.quote_style {
            Some(_) if ident.span.start.line > 0 => {
                let text = self.text(ident.span);
                let mut inner = text.chars();
                inner.next();
                inner.next_back();
                inner.as_str().replace("\"\"", "\"")
            }
            _ => ident.value.clone(),
        }
    }

    /// An error that says `message` and points at `place`.
    pub(super) fn error(&self, kind: ErrorKind, place: Place, message: &str) -> Error {
        let Place { line, column, .. } = place;
        let shown = self.excerpt(place);
        Error::new(
            kind,
            format!("line {line}, column {column}: {message}\n{shown}"),
        )
    }

    /// The place of the first identifier that says `name`, if there is one.
    pub(super) fn find(&self, name: &str) -> Option<Place> {
        let tokens = Tokenizer::new(&GenericDialect {}, self.0)
            .tokenize_with_location()
            .ok()?;
        tokens.iter().find_map(|token| match &token.token {
            Token::Word(word) if word.value.eq_ignore_ascii_case(name) => {
                Some(self.place(token.span))
            }
            _ => None,
        })
    }

    /// Whether a double quote stands at a place.
    pub(super) fn is_quoted(&self, place: Place) -> bool {
        let skipped = place.column.saturating_sub(1) as usize;
        self.line(place.line).chars().nth(skipped) == Some('"')
    }

    /// The line of a place and a line of carets beneath.
    fn excerpt(&self, place: Place) -> String {
        let chars: Vec<char> = self.line(place.line).chars().collect();
        let at = (place.column.saturating_sub(1) as usize).min(chars.len());
        let from = at.saturating_sub(SHOWN);
        let to = (at + SHOWN).min(chars.len());
        let mut shown = format!("{:>4} | ", place.line);
        let mut carets = "     | ".to_owned();
        if from > 0 {
            shown.push('…');
            carets.push(' ');
        }
        shown.extend(&chars[from..to]);
        if to < chars.len() {
            shown.push('…');
        }
        // A tab beneath a tab keeps the carets where they belong.
        carets.extend(
            chars[from..at]
                .iter()
                .map(|&c| if c == '\t' { '\t' } else { ' ' }),
        );
        let width = place.width.min(to.saturating_sub(at)).max(1);
        carets.extend(std::iter::repeat_n('^', width));
        format!("{shown}\n{carets}")
    }

    /// An error of the tokenizer.
    pub(super) fn token_error(&self, error: &TokenizerError) -> Error {
        let place = self.between(error.location, error.location);
        let error = self.error(ErrorKind::Invalid, place, &lower_first(&error.message));
        error.hint("strings stand in single quotes, names with odd characters in double quotes; both must be closed")
    }

    /// An error of the parser.
    pub(super) fn parser_error(&self, error: &ParserError) -> Error {
        let text = match error {
            ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.as_str(),
            ParserError::RecursionLimitExceeded => {
                return Error::limit_exceeded("the statement is nested too deeply")
                    .hint("split it up with WITH");
            }
        };
        let (message, place) = match split_location(text) {
            Some((message, location)) => (message, self.word_at(location)),
            None => (text, self.end()),
        };
        let shown = self.error(ErrorKind::Invalid, place, &lower_first(message));
        match self.mistyped(place) {
            Some((word, meant)) => {
                shown.hint(format!("did you mean {meant} instead of \"{word}\"?"))
            }
            None => shown,
        }
    }

    /// The word that begins at a location.
    fn word_at(&self, location: Location) -> Place {
        let line = self.line(location.line);
        let rest = line
            .chars()
            .skip(location.column.saturating_sub(1) as usize);
        let width = rest
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .count();
        Place {
            line: location.line,
            column: location.column,
            width: width.max(1),
        }
    }

    /// A word that is nearly a keyword, at a place or right before it.
    fn mistyped(&self, place: Place) -> Option<(String, String)> {
        let lines = self.0.lines().take(place.line as usize).collect::<Vec<_>>();
        let (last, before) = lines.split_last()?;
        let end = (place.column as usize + place.width).saturating_sub(1);
        let mut text = before.join("\n");
        let _ = write!(text, "\n{}", last.chars().take(end).collect::<String>());
        let words = text
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty());
        let words: Vec<&str> = words.collect();
        words.iter().rev().take(3).find_map(|word| {
            let lower = word.to_lowercase();
            let known = [KEYWORDS, OTHER_WORDS]
                .iter()
                .any(|list| list.contains(&lower.as_str()));
            let meant = nearest::nearest(word, KEYWORDS.iter().copied())?;
            // A longer word is rather a name: `orders`.
            let is_typo = !known && word.len() > 3 && !lower.starts_with(meant);
            is_typo.then(|| ((*word).to_owned(), meant.to_uppercase()))
        })
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// Takes ` at Line: 1, Column: 2` off the end of a message.
fn split_location(text: &str) -> Option<(&str, Location)> {
    let (message, place) = text.rsplit_once(" at Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    let location = Location {
        line: line.trim().parse().ok()?,
        column: column.trim().parse().ok()?,
    };
    Some((message, location))
}

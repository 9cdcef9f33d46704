//! Wildcards and policy variables: `arn:aws:s3:::logs/${aws:username}/*`.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>

use std::borrow::Cow;

use super::request::Context;

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// This character.
    Char(char),
    /// `?`: one character, a colon only if `colon`.
    One { colon: bool },
    /// `*`: any number of characters, colons among them only if `colon`.
    Many { colon: bool },
}

/// A text with wildcards, its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Step>);

impl Pattern {
    /// Whether the whole of `text` is what the pattern says.
    pub fn matches(&self, text: &str) -> bool {
        let mut chars = text.chars();
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Char(wanted) if chars.next() == Some(*wanted) => {}
                Step::Char(_) => return false,
                Step::Many { colon: true } if at + 1 == self.0.len() => return true,
                _ => return walk(&self.0[at..], chars),
            }
        }
        chars.next().is_none()
    }
}

/// Matches from the first wildcard on, all ways at once: its time is bounded by steps times text.
fn walk(steps: &[Step], text: std::str::Chars) -> bool {
    let mut now: Vec<usize> = Vec::with_capacity(8);
    let mut next: Vec<usize> = Vec::with_capacity(8);
    reach(steps, &mut now, 0);
    for c in text {
        next.clear();
        for &at in &now {
            match steps.get(at) {
                Some(Step::Char(wanted)) if *wanted == c => reach(steps, &mut next, at + 1),
                Some(Step::One { colon }) if *colon || c != ':' => {
                    reach(steps, &mut next, at + 1);
                }
                Some(Step::Many { colon }) if *colon || c != ':' => reach(steps, &mut next, at),
                _ => {}
            }
        }
        if next.is_empty() {
            return false;
        }
        std::mem::swap(&mut now, &mut next);
    }
    now.last() == Some(&steps.len())
}

/// Adds `at` and what can be reached from it without a character.
///
/// Places are added in rising order, so the last one tells whether one is there already.
fn reach(steps: &[Step], places: &mut Vec<usize>, at: usize) {
    let mut at = at;
    loop {
        if places.last().is_none_or(|last| *last < at) {
            places.push(at);
        }
        if !matches!(steps.get(at), Some(Step::Many { .. })) {
            return;
        }
        at += 1;
    }
}

/// What a text is compared with, which says where a wildcard may match a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Any text: wildcards match everything.
    Text,
    /// A condition's ARN: wildcards before the fifth colon stay in their part.
    Arn,
    /// A statement's resource: a `*` that ends a part may go beyond it, and parts that are
    /// not written are `*`. Variables stand after the fifth colon only.
    Resource,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Step(Step),
    Variable {
        key: String,
        default: Option<String>,
    },
    /// A variable where none may stand.
    Unknowable,
}

/// A text of a policy, with wildcards and variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Template {
    Fixed(Pattern),
    Variable(Box<[Piece]>),
}

impl Template {
    /// Reads `text`; with `variables` (Version 2012-10-17) `${…}` has a meaning.
    pub fn new(text: &str, shape: Shape, variables: bool) -> Self {
        let shape = if text == "*" { Shape::Text } else { shape };
        let mut pieces = Vec::with_capacity(text.len());
        let mut colons = 0;
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if variables && let Some((name, after)) = variable(rest) {
                pieces.push(match name {
                    "*" | "?" | "$" => Piece::Step(Step::Char(name.chars().next().unwrap_or('$'))),
                    _ if shape == Shape::Resource && colons < 5 => Piece::Unknowable,
                    _ => named(name),
                });
                rest = after;
                continue;
            }
            rest = &rest[c.len_utf8()..];
            let free = shape == Shape::Text || colons >= 5;
            let ends = shape == Shape::Resource && (rest.is_empty() || rest.starts_with(':'));
            pieces.push(Piece::Step(match c {
                '*' => Step::Many {
                    colon: free || ends,
                },
                '?' => Step::One { colon: free },
                c => Step::Char(c),
            }));
            colons += usize::from(c == ':');
        }
        if shape == Shape::Resource {
            for _ in colons..5 {
                pieces.push(Piece::Step(Step::Char(':')));
                pieces.push(Piece::Step(Step::Many { colon: true }));
            }
        }
        Self::from_pieces(pieces)
    }

    fn from_pieces(pieces: Vec<Piece>) -> Self {
        let fixed: Option<Vec<Step>> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Step(step) => Some(*step),
                _ => None,
            })
            .collect();
        match fixed {
            Some(steps) => Self::Fixed(Pattern(steps)),
            None => Self::Variable(pieces.into_boxed_slice()),
        }
    }

    /// The pattern with its variables filled in; `None` when one of them is not known.
    ///
    /// A variable's value stands for itself: a `*` in it is no wildcard.
    pub fn fill(&self, context: &Context) -> Option<Cow<'_, Pattern>> {
        let pieces = match self {
            Self::Fixed(pattern) => return Some(Cow::Borrowed(pattern)),
            Self::Variable(pieces) => pieces,
        };
        let mut steps = Vec::with_capacity(pieces.len() + 32);
        for piece in pieces {
            match piece {
                Piece::Step(step) => steps.push(*step),
                Piece::Variable { key, default } => {
                    let value = context.single(key).or(default.as_deref())?;
                    steps.extend(value.chars().map(Step::Char));
                }
                Piece::Unknowable => return None,
            }
        }
        Some(Cow::Owned(Pattern(steps)))
    }

    /// The text with its variables filled in, wildcards standing for themselves.
    pub fn fill_literal(&self, context: &Context) -> Option<String> {
        let pattern = self.fill(context)?;
        Some(
            pattern
                .0
                .iter()
                .map(|step| match step {
                    Step::Char(c) => *c,
                    Step::One { .. } => '?',
                    Step::Many { .. } => '*',
                })
                .collect(),
        )
    }

    /// The context keys that it names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let pieces: &[Piece] = match self {
            Self::Fixed(_) => &[],
            Self::Variable(pieces) => pieces,
        };
        pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(key.as_str()),
            _ => None,
        })
    }
}

/// The inside of the `${…}` that `text` begins with, and what follows it.
fn variable(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("${")?.split_once('}')
}

/// `aws:username` or `aws:username, 'nobody'`.
fn named(inside: &str) -> Piece {
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            let quoted = default
                .trim()
                .strip_prefix('\'')
                .and_then(|text| text.strip_suffix('\''));
            match quoted {
                Some(text) => (key, Some(text.to_owned())),
                None => return Piece::Unknowable,
            }
        }
    };
    Piece::Variable {
        key: key.trim().to_owned(),
        default,
    }
}

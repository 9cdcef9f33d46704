//! Glob patterns as Glue takes them in `Exclusions`: `*` and `?` stay within a folder,
//! `**` goes through, `[a-z]` and `[!a]` are sets, `{a,b}` are choices, `\` takes the
//! next character as it is.
//!
//! <https://docs.aws.amazon.com/glue/latest/dg/define-crawler-choose-data-sources.html>

use stave_core::{Error, Result};

/// The most patterns that the choices of one pattern may stand for.
const MAX_CHOICES: usize = 1_000;

/// A list of patterns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Globs(Vec<Vec<Part>>);

#[derive(Debug, Clone, PartialEq)]
enum Part {
    One(char),
    AnyOne,
    AnyInFolder,
    Anything,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Globs {
    /// Reads `patterns`.
    pub(crate) fn new(patterns: &[String]) -> Result<Self> {
        let mut all = Vec::new();
        for pattern in patterns {
            let wrong = |what: &str| Error::invalid(format!("the pattern \"{pattern}\" {what}"));
            let mut plain = Vec::new();
            expand(pattern, &mut plain).map_err(wrong)?;
            for pattern in &plain {
                all.push(parse(pattern).map_err(wrong)?);
            }
        }
        Ok(Self(all))
    }

    /// Whether `text` holds a character that means something in a pattern.
    pub(crate) fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?', '[', '{'])
    }

    /// Whether one of the patterns is `path` as a whole.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.0.iter().any(|parts| is_match(parts, path))
    }
}

/// Writes the choices of `pattern` out.
fn expand(pattern: &str, out: &mut Vec<String>) -> Result<(), &'static str> {
    let Some((open, close)) = first_choice(pattern)? else {
        out.push(pattern.to_owned());
        return if out.len() > MAX_CHOICES {
            Err("has too many choices")
        } else {
            Ok(())
        };
    };
    for choice in pattern[open + 1..close].split(',') {
        let one = format!("{}{choice}{}", &pattern[..open], &pattern[close + 1..]);
        expand(&one, out)?;
    }
    Ok(())
}

fn first_choice(pattern: &str) -> Result<Option<(usize, usize)>, &'static str> {
    let mut open = None;
    let mut in_set = false;
    let mut characters = pattern.char_indices();
    while let Some((at, c)) = characters.next() {
        match (c, open) {
            ('\\', _) => drop(characters.next()),
            ('[', _) => in_set = true,
            (']', _) => in_set = false,
            ('{', None) if !in_set => open = Some(at),
            ('{', Some(_)) if !in_set => return Err("has a { within a {"),
            ('}', Some(open)) if !in_set => return Ok(Some((open, at))),
            _ => (),
        }
    }
    if open.is_some() {
        Err("has a { without a }")
    } else {
        Ok(None)
    }
}

fn parse(pattern: &str) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(c) = characters.next() {
        parts.push(match c {
            '*' if characters.next_if_eq(&'*').is_some() => Part::Anything,
            '*' => Part::AnyInFolder,
            '?' => Part::AnyOne,
            '\\' => Part::One(characters.next().ok_or("ends in a backslash")?),
            '[' => parse_set(&mut characters)?,
            c => Part::One(c),
        });
    }
    Ok(parts)
}

fn parse_set(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
) -> Result<Part, &'static str> {
    const OPEN: &str = "has a [ without a ]";
    let negated = characters.next_if(|c| matches!(c, '!' | '^')).is_some();
    let mut ranges = Vec::new();
    loop {
        let from = match characters.next().ok_or(OPEN)? {
            ']' if !ranges.is_empty() => return Ok(Part::Set { negated, ranges }),
            '\\' => characters.next().ok_or(OPEN)?,
            c => c,
        };
        let mut to = from;
        if characters.peek() == Some(&'-') {
            characters.next();
            match characters.peek() {
                Some(']') => ranges.push(('-', '-')),
                _ => to = characters.next().ok_or(OPEN)?,
            }
        }
        ranges.push((from, to));
    }
}

/// Goes through the path once, with the places of the pattern that are reached so far.
fn is_match(parts: &[Part], path: &str) -> bool {
    let mut reached = vec![false; parts.len() + 1];
    reached[0] = true;
    pass_stars(parts, &mut reached);
    for c in path.chars() {
        let mut next = vec![false; parts.len() + 1];
        for (at, part) in parts.iter().enumerate().filter(|(at, _)| reached[*at]) {
            match part {
                Part::Anything => next[at] = true,
                Part::AnyInFolder => next[at] |= c != '/',
                Part::AnyOne => next[at + 1] |= c != '/',
                Part::One(wanted) => next[at + 1] |= c == *wanted,
                Part::Set { negated, ranges } => {
                    let within = ranges.iter().any(|(from, to)| (*from..=*to).contains(&c));
                    next[at + 1] |= c != '/' && within != *negated;
                }
            }
        }
        pass_stars(parts, &mut next);
        reached = next;
    }
    reached[parts.len()]
}

/// A star may stand for nothing.
fn pass_stars(parts: &[Part], reached: &mut [bool]) {
    for (at, part) in parts.iter().enumerate() {
        if reached[at] && matches!(part, Part::Anything | Part::AnyInFolder) {
            reached[at + 1] = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_glue_has_them() {
        for (pattern, path, expected) in [
            ("**.pdf", "a/b/c.pdf", true),
            ("*.pdf", "a/c.pdf", false),
            ("*.pdf", "c.pdf", true),
            ("a/**", "a/b/c", true),
            ("a/**", "ab", false),
            ("?[!x-z]c", "abc", true),
            ("?[!x-z]c", "ayc", false),
            ("[a-]", "-", true),
            ("*.{csv,json}", "x.json", true),
            ("*.{csv,json}", "x.parquet", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("s3://b/**/tmp/*", "s3://b/x/y/tmp/f", true),
            ("", "a", false),
        ] {
            let globs = Globs::new(&[pattern.to_owned()]).expect(pattern);
            assert_eq!(globs.matches(path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn broken_patterns_are_refused() {
        for pattern in ["[a", "{a", "{a,{b}}", "a\\"] {
            assert!(Globs::new(&[pattern.to_owned()]).is_err(), "{pattern}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let globs = Globs::new(&["*a".repeat(200)]).expect("a pattern");
        assert!(!globs.matches(&"a".repeat(190)));
    }
}

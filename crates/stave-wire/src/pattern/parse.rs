//! From the text of a pattern to its program.

use super::program::{Class, Look, Program, Set, Step};

/// The most steps of a program.
const MAX_STEPS: usize = 20_000;
/// The words that may stand for many characters: digits, words, blanks.
const DIGIT: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
const BLANK: &[(char, char)] = &[('\t', '\r'), (' ', ' ')];

/// The program of a pattern; none if it is beyond what is read here.
pub(super) fn program(text: &str) -> Option<Program> {
    let mut parser = Parser {
        rest: text.chars().collect(),
        at: 0,
    };
    let mut steps = parser.alternatives()?;
    if parser.at < parser.rest.len() || steps.len() > MAX_STEPS {
        return None;
    }
    steps.push(Step::Match);
    Some(Program(steps))
}

struct Parser {
    rest: Vec<char>,
    at: usize,
}

/// Moves the targets of `steps` by `by`.
fn moved(steps: &[Step], by: usize) -> impl Iterator<Item = Step> + '_ {
    steps.iter().map(move |step| match step {
        Step::Split(a, b) => Step::Split(a + by, b + by),
        Step::Jump(to) => Step::Jump(to + by),
        other => other.clone(),
    })
}

/// Adds `more` to the end of `steps`.
fn append(steps: &mut Vec<Step>, more: &[Step]) {
    let by = steps.len();
    steps.extend(moved(more, by));
}

/// `steps` between `min` and `max` times.
fn repeated(steps: &[Step], min: usize, max: Option<usize>) -> Option<Vec<Step>> {
    let times = max.unwrap_or(min + 1).max(min);
    if times.saturating_mul(steps.len() + 2) > MAX_STEPS {
        return None;
    }
    let mut made = Vec::new();
    for _ in 0..min {
        append(&mut made, steps);
    }
    match max {
        None => {
            let split = made.len();
            made.push(Step::Split(split + 1, split + steps.len() + 2));
            append(&mut made, steps);
            made.push(Step::Jump(split));
        }
        Some(max) => {
            let each = steps.len() + 1;
            let end = made.len() + max.saturating_sub(min) * each;
            for _ in min..max {
                let split = made.len();
                made.push(Step::Split(split + 1, end));
                append(&mut made, steps);
            }
        }
    }
    Some(made)
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    /// Goes over `text` if it is next.
    fn take(&mut self, text: &str) -> bool {
        let chars = text.chars().count();
        let is_next = self.rest[self.at..]
            .iter()
            .take(chars)
            .copied()
            .eq(text.chars());
        if is_next {
            self.at += chars;
        }
        is_next
    }

    fn alternatives(&mut self) -> Option<Vec<Step>> {
        let first = self.sequence()?;
        if !self.take("|") {
            return Some(first);
        }
        let second = self.alternatives()?;
        let mut made = vec![Step::Split(1, first.len() + 2)];
        append(&mut made, &first);
        made.push(Step::Jump(first.len() + second.len() + 2));
        append(&mut made, &second);
        Some(made)
    }

    fn sequence(&mut self) -> Option<Vec<Step>> {
        let mut made = Vec::new();
        while !matches!(self.peek(), None | Some('|' | ')')) {
            let atom = self.atom()?;
            let atom = self.quantified(atom)?;
            append(&mut made, &atom);
        }
        Some(made)
    }

    fn quantified(&mut self, atom: Vec<Step>) -> Option<Vec<Step>> {
        let (min, max) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.counted(&atom),
            _ => return Some(atom),
        };
        self.at += 1;
        self.greed()?;
        repeated(&atom, min, max)
    }

    fn counted(&mut self, atom: &[Step]) -> Option<Vec<Step>> {
        self.at += 1;
        let min = self.number()?;
        let max = if self.take(",") {
            if self.peek() == Some('}') {
                None
            } else {
                Some(self.number()?)
            }
        } else {
            Some(min)
        };
        if !self.take("}") {
            return None;
        }
        self.greed()?;
        repeated(atom, min, max)
    }

    /// Whether a repetition takes much or little makes no difference to a whole text; one that
    /// never gives back does.
    fn greed(&mut self) -> Option<()> {
        self.take("?");
        (self.peek() != Some('+')).then_some(())
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.at += 1;
            number = Some(number.unwrap_or(0_usize).checked_mul(10)? + digit as usize);
        }
        number
    }

    fn atom(&mut self) -> Option<Vec<Step>> {
        let step = match self.next()? {
            '(' => return self.group(),
            '[' => Step::One(self.set()?),
            '.' => Step::One(Set {
                ranges: vec![('\n', '\n'), ('\r', '\r')],
                classes: Vec::new(),
                negated: true,
            }),
            '^' => Step::Start,
            '$' => Step::End,
            '\\' => Step::One(self.escaped_set()?),
            '*' | '+' | '?' => return None,
            c => Step::One(Set::of(&[(c, c)])),
        };
        Some(vec![step])
    }

    fn group(&mut self) -> Option<Vec<Step>> {
        let look = [
            ("?=", Look::Ahead, false),
            ("?!", Look::Ahead, true),
            ("?<=", Look::Behind, false),
            ("?<!", Look::Behind, true),
        ]
        .into_iter()
        .find(|(sign, ..)| self.take(sign));
        if look.is_none() && self.take("?") {
            let named = self.take("<") && {
                while self.next()? != '>' {}
                true
            };
            if !named && !self.take(":") {
                return None;
            }
        }
        let mut steps = self.alternatives()?;
        if !self.take(")") {
            return None;
        }
        let Some((_, look, negated)) = look else {
            return Some(steps);
        };
        steps.push(Step::Match);
        Some(vec![Step::Look(look, negated, Program(steps))])
    }

    /// What follows a `[`.
    fn set(&mut self) -> Option<Set> {
        let mut set = Set {
            negated: self.take("^"),
            ..Set::default()
        };
        let mut is_first = true;
        loop {
            let c = match self.next()? {
                ']' if !is_first => return Some(set),
                '[' => return None,
                '&' if self.peek() == Some('&') => return None,
                '\\' => match self.escaped()? {
                    Escaped::Char(c) => c,
                    Escaped::Set(more) => {
                        is_first = false;
                        set.add(more)?;
                        continue;
                    }
                },
                c => c,
            };
            is_first = false;
            let to = if self.peek() == Some('-') && self.rest.get(self.at + 1) != Some(&']') {
                self.at += 1;
                match self.next()? {
                    '\\' => match self.escaped()? {
                        Escaped::Char(to) => to,
                        // A class ends no range: the dash is one.
                        Escaped::Set(more) => {
                            set.add(more)?;
                            set.ranges.push(('-', '-'));
                            c
                        }
                    },
                    to => to,
                }
            } else {
                c
            };
            set.ranges.push((c, to));
        }
    }

    fn escaped_set(&mut self) -> Option<Set> {
        Some(match self.escaped()? {
            Escaped::Char(c) => Set::of(&[(c, c)]),
            Escaped::Set(set) => set,
        })
    }

    /// What follows a `\`.
    fn escaped(&mut self) -> Option<Escaped> {
        let negated = |set: Set| Set {
            negated: true,
            ..set
        };
        let char = match self.next()? {
            'd' => return Some(Escaped::Set(Set::of(DIGIT))),
            'D' => return Some(Escaped::Set(negated(Set::of(DIGIT)))),
            'w' => return Some(Escaped::Set(Set::of(WORD))),
            'W' => return Some(Escaped::Set(negated(Set::of(WORD)))),
            's' => return Some(Escaped::Set(Set::of(BLANK))),
            'S' => return Some(Escaped::Set(negated(Set::of(BLANK)))),
            'p' => return self.class().map(Escaped::Set),
            'u' => self.utf16()?,
            'x' => char::from_u32(self.hex(2)?)?,
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            c if c.is_ascii_alphanumeric() => return None,
            c => c,
        };
        Some(Escaped::Char(char))
    }

    /// The class of `\p{L}`.
    fn class(&mut self) -> Option<Set> {
        let class = [
            ("{L}", Class::Letter),
            ("{Z}", Class::Separator),
            ("{N}", Class::Number),
        ];
        let (_, class) = class.into_iter().find(|(name, _)| self.take(name))?;
        Some(Set {
            classes: vec![class],
            ..Set::default()
        })
    }

    /// Four digits after `\u`; eight in two halves beyond the first 65,536 characters.
    fn utf16(&mut self) -> Option<char> {
        let first = self.hex(4)?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        if !self.take("\\u") {
            return None;
        }
        let second = self.hex(4)?.checked_sub(0xdc00)?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second)
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let mut number = 0;
        for _ in 0..digits {
            number = number * 16 + self.next()?.to_digit(16)?;
        }
        Some(number)
    }
}

enum Escaped {
    Char(char),
    Set(Set),
}

//! A pattern as steps, and the way through them.

/// How many steps are gone before a text is given up.
const MAX_WORK: usize = 8_000_000;

/// The steps of a pattern; targets are places in the list.
#[derive(Debug, Clone)]
pub(super) struct Program(pub Vec<Step>);

/// A step.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// One character of a set.
    One(Set),
    /// Either way, the first one first.
    Split(usize, usize),
    /// On to there.
    Jump(usize),
    /// The text begins here.
    Start,
    /// The text ends here.
    End,
    /// What is before or after this place matches, or (when `true`) does not.
    Look(Look, bool, Program),
    /// The pattern has been found.
    Match,
}

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// At what follows.
    Ahead,
    /// At what came before.
    Behind,
}

/// Characters by ranges and classes.
#[derive(Debug, Clone, Default)]
pub(super) struct Set {
    pub ranges: Vec<(char, char)>,
    pub classes: Vec<Class>,
    pub negated: bool,
}

/// A class of Unicode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Letter,
    Separator,
    Number,
}

impl Class {
    fn has(self, c: char) -> bool {
        match self {
            Self::Letter => c.is_alphabetic(),
            Self::Number => c.is_numeric(),
            Self::Separator => c.is_whitespace() && !c.is_control(),
        }
    }
}

impl Set {
    pub fn of(ranges: &[(char, char)]) -> Self {
        Self {
            ranges: ranges.to_vec(),
            ..Self::default()
        }
    }

    /// Adds what another set has; not possible with one that says what it has not.
    pub fn add(&mut self, other: Self) -> Option<()> {
        self.ranges.extend(other.ranges);
        self.classes.extend(other.classes);
        (!other.negated).then_some(())
    }

    fn has(&self, c: char) -> bool {
        let has = self
            .ranges
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&c))
            || self.classes.iter().any(|class| class.has(c));
        has != self.negated
    }
}

/// Where a way through a program must end.
#[derive(Clone, Copy)]
enum Ends {
    Anywhere,
    At(usize),
}

/// That a text takes too long.
struct TooLong;

impl Program {
    /// Whether all of `text` matches; a text that would take too long does.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let mut work = MAX_WORK;
        self.run(&text, 0, Ends::At(text.len()), &mut work)
            .unwrap_or(true)
    }

    fn run(
        &self,
        text: &[char],
        from: usize,
        ends: Ends,
        work: &mut usize,
    ) -> Result<bool, TooLong> {
        let places = text.len() + 1;
        if self.0.len().saturating_mul(places) > MAX_WORK * 8 {
            return Err(TooLong);
        }
        let mut seen = vec![0_u64; (self.0.len() * places).div_ceil(64)];
        let mut ways = vec![(0, from)];
        while let Some((step, at)) = ways.pop() {
            *work = work.checked_sub(1).ok_or(TooLong)?;
            let bit = step * places + at;
            if seen[bit / 64] & (1 << (bit % 64)) != 0 {
                continue;
            }
            seen[bit / 64] |= 1 << (bit % 64);
            let goes_on = match &self.0[step] {
                Step::One(set) => {
                    if text.get(at).is_some_and(|c| set.has(*c)) {
                        ways.push((step + 1, at + 1));
                    }
                    false
                }
                Step::Split(first, second) => {
                    ways.push((*second, at));
                    ways.push((*first, at));
                    false
                }
                Step::Jump(to) => {
                    ways.push((*to, at));
                    false
                }
                Step::Start => at == 0,
                Step::End => at == text.len(),
                Step::Look(look, negated, program) => {
                    program.sees(*look, text, at, work)? != *negated
                }
                Step::Match => match ends {
                    Ends::Anywhere => return Ok(true),
                    Ends::At(end) if end == at => return Ok(true),
                    Ends::At(_) => false,
                },
            };
            if goes_on {
                ways.push((step + 1, at));
            }
        }
        Ok(false)
    }

    fn sees(
        &self,
        look: Look,
        text: &[char],
        at: usize,
        work: &mut usize,
    ) -> Result<bool, TooLong> {
        if look == Look::Ahead {
            return self.run(text, at, Ends::Anywhere, work);
        }
        for from in (0..=at).rev() {
            if self.run(text, from, Ends::At(at), work)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

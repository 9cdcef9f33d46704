//! Reads the text of a query.

use stave_core::{Error, Result};

use super::aggregate::{Aggregate, Kind};
use super::expression::{Expression, Operator};
use super::extract::{Extract, regex};
use super::functions::Function;
use super::value::Value;
use super::{Command, MAX_RESULT_ROWS, Named, malformed};

/// The deepest nesting of expressions.
const MAX_DEPTH: usize = 64;
/// The most commands of a query.
const MAX_COMMANDS: usize = 50;
/// Commands of Insights that Stave does not have.
const NOT_IMPLEMENTED: &[&str] = &[
    "anomaly",
    "diff",
    "filterindex",
    "head",
    "join",
    "lookup",
    "pattern",
    "source",
    "tail",
    "unmask",
    "unnest",
];

pub(super) fn commands(text: &str) -> Result<Vec<Command>> {
    let text = without_comments(text);
    let mut reader = Reader {
        rest: &text,
        depth: 0,
    };
    let mut commands = Vec::new();
    // A query may begin with its pipe.
    reader.eat("|");
    loop {
        commands.push(reader.command()?);
        if commands.len() > MAX_COMMANDS {
            return Err(malformed(format!(
                "the query has more than {MAX_COMMANDS} commands"
            )));
        }
        reader.space();
        if reader.rest.is_empty() {
            return Ok(commands);
        }
        if !reader.eat("|") {
            return reader.unexpected("a | or the end");
        }
    }
}

/// Leaves out what stands behind a `#` that is in no quotes.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let mut quote = None;
        let mut escaped = false;
        let end = line.find(|c: char| {
            match quote {
                _ if escaped => escaped = false,
                Some(_) if c == '\\' => escaped = true,
                Some(open) if c == open => quote = None,
                None if matches!(c, '"' | '\'' | '`' | '/') => quote = Some(c),
                None if c == '#' => return true,
                _ => {}
            }
            false
        });
        kept.push_str(&line[..end.unwrap_or(line.len())]);
        kept.push('\n');
    }
    kept
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '.')
}

/// The operators between expressions, by how loosely they bind; a longer before a shorter.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("=", Operator::Equal),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[
        ("*", Operator::Multiply),
        ("/", Operator::Divide),
        ("%", Operator::Modulo),
    ],
    &[("^", Operator::Power)],
];

impl<'a> Reader<'a> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn unexpected<T>(&self, wanted: &str) -> Result<T> {
        let found: String = self.rest.trim().chars().take(20).collect();
        Err(malformed(format!(
            "unexpected \"{found}\": {wanted} was expected"
        )))
    }

    fn eat(&mut self, text: &str) -> bool {
        self.space();
        let found = self.rest.strip_prefix(text);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// The word that is next, without taking it.
    fn word(&mut self) -> &'a str {
        self.space();
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        &self.rest[..end]
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.word();
        if !found.eq_ignore_ascii_case(word) {
            return false;
        }
        self.rest = &self.rest[found.len()..];
        true
    }

    fn command(&mut self) -> Result<Command> {
        let name = self.word();
        self.rest = &self.rest[name.len()..];
        match name.to_ascii_lowercase().as_str() {
            "fields" => self.named_list().map(Command::Fields),
            "display" => self.named_list().map(Command::Display),
            "filter" => self.expression().map(Command::Filter),
            "parse" => self.parse().map(Command::Parse),
            "stats" => self.stats(),
            "sort" => self.sort(),
            "limit" => self.limit(),
            "dedup" => self.named_list().map(Command::Dedup),
            lower if NOT_IMPLEMENTED.contains(&lower) => Err(Error::unsupported(format!(
                "the command {name} of Logs Insights is not implemented"
            ))
            .coded("MalformedQueryException")),
            _ => {
                self.rest = name;
                self.unexpected(
                    "a command (fields, display, filter, parse, stats, sort, limit, dedup)",
                )
            }
        }
    }

    /// Expressions with the names that they are given, or their own text.
    fn named_list(&mut self) -> Result<Vec<Named<Expression>>> {
        let mut list = Vec::new();
        loop {
            let before = self.at();
            let what = self.expression()?;
            list.push(self.named(before, what)?);
            if !self.eat(",") {
                return Ok(list);
            }
        }
    }

    fn at(&mut self) -> &'a str {
        self.space();
        self.rest
    }

    /// Gives what was read since `before` its name.
    fn named<T>(&mut self, before: &'a str, what: T) -> Result<Named<T>> {
        let text = before[..before.len() - self.rest.len()].trim();
        let plain = text
            .strip_prefix('`')
            .and_then(|text| text.strip_suffix('`'));
        let mut name = plain.unwrap_or(text).to_owned();
        if self.eat_word("as") {
            name = self.name()?;
        }
        Ok(Named { name, what })
    }

    fn name(&mut self) -> Result<String> {
        self.space();
        if let Some(rest) = self.rest.strip_prefix('`') {
            let Some((name, rest)) = rest.split_once('`') else {
                return Err(malformed("a backtick is not closed"));
            };
            self.rest = rest;
            return Ok(name.to_owned());
        }
        let name = self.word();
        if name.is_empty() {
            return self.unexpected("a name");
        }
        self.rest = &self.rest[name.len()..];
        Ok(name.to_owned())
    }

    fn parse(&mut self) -> Result<Extract> {
        self.space();
        // Without a field it is the message.
        let from = if self.rest.starts_with(['"', '\'', '/']) {
            Expression::Field("@message".to_owned())
        } else {
            Expression::Field(self.name()?)
        };
        self.space();
        if self.rest.starts_with('/') {
            let text = self.regex_text()?;
            return Extract::regex(from, &text);
        }
        let pattern = self.quoted()?;
        if !self.eat_word("as") {
            return self.unexpected("as and the names of fields");
        }
        let mut names = vec![self.name()?];
        while self.eat(",") {
            names.push(self.name()?);
        }
        Extract::glob(from, &pattern, names)
    }

    fn stats(&mut self) -> Result<Command> {
        let mut aggregates = Vec::new();
        loop {
            let before = self.at();
            let what = self.aggregate()?;
            aggregates.push(self.named(before, what)?);
            if !self.eat(",") {
                break;
            }
        }
        let by = if self.eat_word("by") {
            self.named_list()?
        } else {
            Vec::new()
        };
        Ok(Command::Stats(aggregates, by))
    }

    fn aggregate(&mut self) -> Result<Aggregate> {
        let name = self.word();
        let Some(mut kind) = Kind::named(name) else {
            return self.unexpected(
                "a function of stats (avg, count, count_distinct, max, min, pct, stddev, sum, earliest, latest, sortsFirst, sortsLast)",
            );
        };
        self.rest = &self.rest[name.len()..];
        if !self.eat("(") {
            return self.unexpected("(");
        }
        let star = kind == Kind::Count && (self.eat("*") || self.at().starts_with(')'));
        let of = if star { None } else { Some(self.expression()?) };
        if let Kind::Percentile(_) = kind {
            let percent = if self.eat(",") {
                self.expression()?
            } else {
                return self.unexpected(", and a percentage");
            };
            match percent {
                Expression::Value(Value::Number(percent)) if (0.0..=100.0).contains(&percent) => {
                    kind = Kind::Percentile(percent);
                }
                _ => return Err(malformed("a percentage from 0 to 100 was expected")),
            }
        }
        if self.eat(")") {
            Ok(Aggregate { kind, of })
        } else {
            self.unexpected(")")
        }
    }

    fn sort(&mut self) -> Result<Command> {
        self.eat_word("by");
        let mut keys = Vec::new();
        loop {
            let before = self.at();
            let expression = self.expression()?;
            // What a stats made is a field of the name that it was written with.
            let text = before[..before.len() - self.rest.len()].trim().to_owned();
            let key = match expression {
                Expression::Field(name) => Expression::Field(name),
                other if text.contains('(') => {
                    Expression::Call(Function::Coalesce, vec![Expression::Field(text), other])
                }
                other => other,
            };
            let descending = self.eat_word("desc");
            if !descending {
                self.eat_word("asc");
            }
            keys.push((key, descending));
            if !self.eat(",") {
                return Ok(Command::Sort(keys));
            }
        }
    }

    fn limit(&mut self) -> Result<Command> {
        let text = self.word();
        self.rest = &self.rest[text.len()..];
        match text.parse() {
            Ok(limit) if (1..=MAX_RESULT_ROWS).contains(&limit) => Ok(Command::Limit(limit)),
            _ => Err(malformed(format!(
                "the limit \"{text}\" is not a number from 1 to {MAX_RESULT_ROWS}"
            ))),
        }
    }

    fn expression(&mut self) -> Result<Expression> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(malformed(format!(
                "the query is nested deeper than {MAX_DEPTH}"
            )));
        }
        let mut left = self.all_of()?;
        while self.eat_word("or") {
            let right = self.all_of()?;
            left = Expression::Binary(Operator::Or, Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn all_of(&mut self) -> Result<Expression> {
        let mut left = self.negation()?;
        while self.eat_word("and") {
            let right = self.negation()?;
            left = Expression::Binary(Operator::And, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expression> {
        let mut negated = false;
        while self.eat_word("not") {
            negated = !negated;
        }
        let inner = self.comparison()?;
        Ok(if negated {
            Expression::Not(Box::new(inner))
        } else {
            inner
        })
    }

    fn comparison(&mut self) -> Result<Expression> {
        let left = self.level(1)?;
        let negated = self.eat_word("not");
        let found = if self.eat_word("like") || self.eat("=~") {
            self.space();
            if self.rest.starts_with('/') {
                let text = self.regex_text()?;
                Expression::Matches(Box::new(left), regex(&text)?)
            } else {
                let part = self.level(1)?;
                Expression::Contains(Box::new(left), Box::new(part))
            }
        } else if self.eat_word("in") {
            Expression::In(Box::new(left), self.list("[", "]")?)
        } else if negated {
            return self.unexpected("like or in after not");
        } else {
            return self.compared(left);
        };
        Ok(if negated {
            Expression::Not(Box::new(found))
        } else {
            found
        })
    }

    fn compared(&mut self, left: Expression) -> Result<Expression> {
        let operator = LEVELS[0].iter().find(|(text, _)| self.eat(text));
        let Some((_, operator)) = operator else {
            return Ok(left);
        };
        let right = self.level(1)?;
        Ok(Expression::Binary(
            *operator,
            Box::new(left),
            Box::new(right),
        ))
    }

    fn level(&mut self, level: usize) -> Result<Expression> {
        let Some(operators) = LEVELS.get(level) else {
            return self.primary();
        };
        let mut left = self.level(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(text, _)| self.eat(text)) {
            let right = self.level(level + 1)?;
            left = Expression::Binary(*operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn list(&mut self, open: &str, close: &str) -> Result<Vec<Expression>> {
        if !self.eat(open) {
            return self.unexpected(open);
        }
        let mut list = Vec::new();
        if self.eat(close) {
            return Ok(list);
        }
        loop {
            list.push(self.expression()?);
            if self.eat(close) {
                return Ok(list);
            }
            if !self.eat(",") {
                return self.unexpected("a comma or the end of the list");
            }
        }
    }

    fn primary(&mut self) -> Result<Expression> {
        self.space();
        let Some(first) = self.rest.chars().next() else {
            return self.unexpected("an expression");
        };
        match first {
            '(' => {
                self.eat("(");
                let inner = self.expression()?;
                if self.eat(")") {
                    Ok(inner)
                } else {
                    self.unexpected(")")
                }
            }
            '-' => {
                self.eat("-");
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(malformed(format!(
                        "the query is nested deeper than {MAX_DEPTH}"
                    )));
                }
                let inner = self.primary()?;
                self.depth -= 1;
                Ok(Expression::Negated(Box::new(inner)))
            }
            '"' | '\'' => self.quoted().map(Value::Text).map(Expression::Value),
            '`' => self.name().map(Expression::Field),
            c if c.is_ascii_digit() => self.number(),
            c if is_name(c) => self.field_or_call(),
            _ => self.unexpected("an expression"),
        }
    }

    /// A number, or a period (`5m`) in milliseconds.
    fn number(&mut self) -> Result<Expression> {
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        let unit_end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (unit, after) = rest.split_at(unit_end);
        let factor = match unit {
            "" | "ms" => 1.0,
            "s" | "sec" | "second" | "seconds" => 1000.0,
            "m" | "min" | "minute" | "minutes" => 60_000.0,
            "h" | "hr" | "hour" | "hours" => 3_600_000.0,
            "d" | "day" | "days" => 86_400_000.0,
            "w" | "week" | "weeks" => 604_800_000.0,
            _ => return self.unexpected("a number or a period like 5m"),
        };
        let Ok(number) = digits.parse::<f64>() else {
            return self.unexpected("a number");
        };
        self.rest = after;
        Ok(Expression::Value(Value::Number(number * factor)))
    }

    fn field_or_call(&mut self) -> Result<Expression> {
        let name = self.name()?;
        if !self.rest.trim_start().starts_with('(') {
            return Ok(match name.as_str() {
                "true" => Expression::Value(Value::Bool(true)),
                "false" => Expression::Value(Value::Bool(false)),
                _ => Expression::Field(name),
            });
        }
        let Some((function, fewest, most)) = Function::named(&name) else {
            // After a stats, what it made is a field of the name that it was written with.
            if Kind::named(&name).is_some() {
                return self.made_by_stats(&name);
            }
            return Err(Error::unsupported(format!(
                "the function {name} of Logs Insights is not implemented"
            ))
            .coded("MalformedQueryException"));
        };
        let arguments = self.list("(", ")")?;
        if !(fewest..=most).contains(&arguments.len()) {
            return Err(malformed(format!(
                "{name} does not take {} arguments",
                arguments.len()
            )));
        }
        Ok(Expression::Call(function, arguments))
    }

    fn made_by_stats(&mut self, name: &str) -> Result<Expression> {
        let Some(end) = self.rest.find(')') else {
            return self.unexpected(")");
        };
        let (inner, rest) = self.rest.split_at(end + 1);
        self.rest = rest;
        Ok(Expression::Field(format!("{name}{inner}")))
    }

    fn quoted(&mut self) -> Result<String> {
        self.space();
        let Some(quote) = self.rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return self.unexpected("a text in quotes");
        };
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.rest = &self.rest[at + 1..];
                return Ok(text);
            }
            if c != '\\' {
                text.push(c);
                continue;
            }
            match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, c)) => text.push(c),
                None => break,
            }
        }
        Err(malformed("a quote is not closed"))
    }

    /// What stands between slashes; `\/` is a slash.
    fn regex_text(&mut self) -> Result<String> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '/' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                '\\' => match chars.next() {
                    Some((_, '/')) => text.push('/'),
                    Some((_, c)) => text.extend(['\\', c]),
                    None => break,
                },
                c => text.push(c),
            }
        }
        Err(malformed("a regular expression is not closed by /"))
    }
}

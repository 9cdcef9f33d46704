//! The functions of expressions.

use super::row::Row;
use super::value::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Ceil,
    Floor,
    Greatest,
    Least,
    Log,
    Sqrt,
    IsPresent,
    Coalesce,
    IsEmpty,
    IsBlank,
    Concat,
    LeftTrim,
    RightTrim,
    Trim,
    Length,
    Upper,
    Lower,
    Part,
    Replace,
    Contains,
    DateFloor,
    DateCeil,
    Bin,
    FromMillis,
    ToMillis,
}

/// Names with the fewest and the most arguments.
const KNOWN: &[(&str, Function, usize, usize)] = &[
    ("abs", Function::Abs, 1, 1),
    ("ceil", Function::Ceil, 1, 1),
    ("floor", Function::Floor, 1, 1),
    ("greatest", Function::Greatest, 1, 100),
    ("least", Function::Least, 1, 100),
    ("log", Function::Log, 1, 1),
    ("sqrt", Function::Sqrt, 1, 1),
    ("ispresent", Function::IsPresent, 1, 1),
    ("coalesce", Function::Coalesce, 1, 100),
    ("isempty", Function::IsEmpty, 1, 1),
    ("isblank", Function::IsBlank, 1, 1),
    ("concat", Function::Concat, 1, 100),
    ("ltrim", Function::LeftTrim, 1, 2),
    ("rtrim", Function::RightTrim, 1, 2),
    ("trim", Function::Trim, 1, 2),
    ("strlen", Function::Length, 1, 1),
    ("toupper", Function::Upper, 1, 1),
    ("tolower", Function::Lower, 1, 1),
    ("substr", Function::Part, 2, 3),
    ("replace", Function::Replace, 3, 3),
    ("strcontains", Function::Contains, 2, 2),
    ("datefloor", Function::DateFloor, 2, 2),
    ("dateceil", Function::DateCeil, 2, 2),
    ("bin", Function::Bin, 1, 1),
    ("frommillis", Function::FromMillis, 1, 1),
    ("tomillis", Function::ToMillis, 1, 1),
];

impl Function {
    /// The function of that name, in whatever case, with the numbers of arguments it takes.
    pub(super) fn named(name: &str) -> Option<(Self, usize, usize)> {
        let name = name.to_ascii_lowercase();
        let known = KNOWN.iter().find(|(known, ..)| *known == name)?;
        Some((known.1, known.2, known.3))
    }

    pub(super) fn of(self, arguments: &[Value], row: &Row) -> Value {
        let first = arguments.first().unwrap_or(&Value::Null);
        match self {
            Self::IsPresent => return Value::Bool(!first.is_null()),
            Self::IsEmpty => return Value::Bool(first.text().is_empty()),
            Self::IsBlank => return Value::Bool(first.text().trim().is_empty()),
            Self::Coalesce => {
                let found = arguments.iter().find(|value| !value.is_null());
                return found.cloned().unwrap_or(Value::Null);
            }
            Self::Concat => return Value::Text(arguments.iter().map(Value::text).collect()),
            Self::Greatest | Self::Least => return self.extreme(arguments),
            Self::Bin => return self.rounded(&row.get("@timestamp"), first),
            _ => {}
        }
        if first.is_null() {
            return Value::Null;
        }
        let second = arguments.get(1).unwrap_or(&Value::Null);
        match self {
            Self::Abs | Self::Ceil | Self::Floor | Self::Log | Self::Sqrt => self.of_number(first),
            Self::DateFloor | Self::DateCeil => self.rounded(first, second),
            Self::FromMillis => first
                .number()
                .map_or(Value::Null, |n| Value::Time(n as i64)),
            Self::ToMillis => first.number().map_or(Value::Null, Value::Number),
            _ => self.of_text(&first.text(), second, arguments.get(2)),
        }
    }

    fn of_number(self, value: &Value) -> Value {
        let Some(number) = value.number() else {
            return Value::Null;
        };
        let number = match self {
            Self::Abs => number.abs(),
            Self::Ceil => number.ceil(),
            Self::Floor => number.floor(),
            Self::Log => number.ln(),
            _ => number.sqrt(),
        };
        if number.is_finite() {
            Value::Number(number)
        } else {
            Value::Null
        }
    }

    fn extreme(self, values: &[Value]) -> Value {
        let known = values.iter().filter(|value| !value.is_null());
        let found = if self == Self::Greatest {
            known.max_by(|a, b| a.order(b))
        } else {
            known.min_by(|a, b| a.order(b))
        };
        found.cloned().unwrap_or(Value::Null)
    }

    /// A time at the start of its period, or at the next start.
    fn rounded(self, time: &Value, period: &Value) -> Value {
        match (time.number(), period.number()) {
            (Some(time), Some(period)) if period >= 1.0 => {
                let (time, period) = (time as i64, period as i64);
                let floor = time.div_euclid(period) * period;
                let up = self == Self::DateCeil && floor < time;
                Value::Time(if up { floor + period } else { floor })
            }
            _ => Value::Null,
        }
    }

    fn of_text(self, text: &str, second: &Value, third: Option<&Value>) -> Value {
        let trimmed: Vec<char> = second.text().chars().collect();
        let cut = |c: char| {
            if trimmed.is_empty() {
                c.is_whitespace()
            } else {
                trimmed.contains(&c)
            }
        };
        Value::Text(match self {
            Self::LeftTrim => text.trim_start_matches(cut).to_owned(),
            Self::RightTrim => text.trim_end_matches(cut).to_owned(),
            Self::Trim => text.trim_matches(cut).to_owned(),
            Self::Upper => text.to_uppercase(),
            Self::Lower => text.to_lowercase(),
            Self::Length => return Value::Number(text.chars().count() as f64),
            Self::Contains => {
                let contains = text.contains(&second.text());
                return Value::Number(f64::from(u8::from(contains)));
            }
            Self::Part => {
                let start = second.number().unwrap_or(0.0).max(0.0) as usize;
                let length = third.and_then(Value::number).unwrap_or(f64::MAX).max(0.0) as usize;
                text.chars().skip(start).take(length).collect()
            }
            _ => {
                let (from, to) = (second.text(), third.map(Value::text).unwrap_or_default());
                if from.is_empty() {
                    text.to_owned()
                } else {
                    text.replace(&from, &to)
                }
            }
        })
    }
}

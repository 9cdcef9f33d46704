//! Expressions of a query, and what they come to in a row.

use regex::Regex;

use super::functions::Function;
use super::row::Row;
use super::value::Value;

#[derive(Debug, Clone)]
pub(super) enum Expression {
    Value(Value),
    Field(String),
    Not(Box<Expression>),
    Negated(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    Contains(Box<Expression>, Box<Expression>),
    Matches(Box<Expression>, Regex),
    In(Box<Expression>, Vec<Expression>),
    Call(Function, Vec<Expression>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
}

impl Expression {
    pub(super) fn of(&self, row: &Row) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Field(name) => row.get(name),
            Self::Not(inner) => Value::Bool(!inner.of(row).truth()),
            Self::Negated(inner) => match inner.of(row).number() {
                Some(number) => Value::Number(-number),
                None => Value::Null,
            },
            Self::Binary(Operator::And, a, b) => {
                Value::Bool(a.of(row).truth() && b.of(row).truth())
            }
            Self::Binary(Operator::Or, a, b) => Value::Bool(a.of(row).truth() || b.of(row).truth()),
            Self::Binary(operator, a, b) => operator.apply(&a.of(row), &b.of(row)),
            Self::Contains(text, part) => {
                let (text, part) = (text.of(row), part.of(row));
                Value::Bool(!text.is_null() && text.text().contains(&part.text()))
            }
            Self::Matches(text, regex) => {
                let text = text.of(row);
                Value::Bool(!text.is_null() && regex.is_match(&text.text()))
            }
            Self::In(value, list) => {
                let value = value.of(row);
                Value::Bool(list.iter().any(|one| one.of(row).equals(&value)))
            }
            Self::Call(function, arguments) => {
                let arguments: Vec<Value> = arguments.iter().map(|one| one.of(row)).collect();
                function.of(&arguments, row)
            }
        }
    }
}

impl Operator {
    fn apply(self, a: &Value, b: &Value) -> Value {
        let compared = |holds: fn(std::cmp::Ordering) -> bool| {
            Value::Bool(!a.is_null() && !b.is_null() && holds(a.order(b)))
        };
        match self {
            Self::Equal => Value::Bool(a.equals(b)),
            Self::NotEqual => Value::Bool(!a.equals(b)),
            Self::Less => compared(std::cmp::Ordering::is_lt),
            Self::LessOrEqual => compared(std::cmp::Ordering::is_le),
            Self::Greater => compared(std::cmp::Ordering::is_gt),
            Self::GreaterOrEqual => compared(std::cmp::Ordering::is_ge),
            _ => self.arithmetic(a, b),
        }
    }

    fn arithmetic(self, a: &Value, b: &Value) -> Value {
        let (Some(a), Some(b)) = (a.number(), b.number()) else {
            return Value::Null;
        };
        let number = match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
            Self::Modulo => a % b,
            Self::Power => a.powf(b),
            _ => return Value::Null,
        };
        if number.is_finite() {
            Value::Number(number)
        } else {
            Value::Null
        }
    }
}

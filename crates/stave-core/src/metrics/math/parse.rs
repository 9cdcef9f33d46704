//! Reads expressions of metric math into trees.

use super::fault;
use crate::error::Result;

/// The deepest nesting.
const MAX_DEPTH: usize = 64;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Number(f64),
    Text(String),
    /// A metric or expression of the request: begins with a lower-case letter.
    Id(String),
    /// `REPEAT`, `AVG`, `DESC` where an argument is a word.
    Word(String),
    List(Vec<Node>),
    Call(String, Vec<Node>),
    Negated(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
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
    Power,
}

/// The operators by how loosely they bind; a longer text before one that begins it.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("||", Operator::Or), ("OR", Operator::Or)],
    &[("&&", Operator::And), ("AND", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

impl Node {
    /// Shows every node of the tree.
    pub(super) fn visit<'a>(&'a self, seen: &mut impl FnMut(&'a Node)) {
        seen(self);
        match self {
            Self::List(nodes) | Self::Call(_, nodes) => {
                for node in nodes {
                    node.visit(seen);
                }
            }
            Self::Negated(node) => node.visit(seen),
            Self::Binary(_, left, right) => {
                left.visit(seen);
                right.visit(seen);
            }
            Self::Number(_) | Self::Text(_) | Self::Id(_) | Self::Word(_) => {}
        }
    }
}

pub(super) fn read(text: &str) -> Result<Node> {
    let mut reader = Reader {
        rest: text,
        depth: 0,
    };
    let node = reader.level(0)?;
    reader.space();
    if reader.rest.is_empty() {
        Ok(node)
    } else {
        reader.unexpected("an operator or the end")
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl Reader<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn unexpected<T>(&self, wanted: &str) -> Result<T> {
        let found: String = self.rest.chars().take(20).collect();
        Err(fault(format!("{wanted} was expected before \"{found}\"")))
    }

    fn eat(&mut self, text: &str) -> bool {
        self.space();
        let Some(rest) = self.rest.strip_prefix(text) else {
            return false;
        };
        let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic());
        if is_name && rest.starts_with(is_word) {
            return false;
        }
        self.rest = rest;
        true
    }

    fn level(&mut self, level: usize) -> Result<Node> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.level(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(text, _)| self.eat(text)) {
            let right = self.level(level + 1)?;
            left = Node::Binary(*operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(fault(format!("it is nested deeper than {MAX_DEPTH}")));
        }
        let node = if self.eat("-") {
            Node::Negated(Box::new(self.unary()?))
        } else {
            let base = self.primary()?;
            if self.eat("^") {
                let power = self.unary()?;
                Node::Binary(Operator::Power, Box::new(base), Box::new(power))
            } else {
                base
            }
        };
        self.depth -= 1;
        Ok(node)
    }

    fn primary(&mut self) -> Result<Node> {
        self.space();
        match self.rest.chars().next() {
            Some('(') => {
                self.eat("(");
                let inner = self.level(0)?;
                if self.eat(")") {
                    Ok(inner)
                } else {
                    self.unexpected(")")
                }
            }
            Some('[') => {
                self.eat("[");
                self.list("]").map(Node::List)
            }
            Some(quote @ ('"' | '\'')) => {
                let Some((text, rest)) = self.rest[1..].split_once(quote) else {
                    return Err(fault("a quote is not closed"));
                };
                self.rest = rest;
                Ok(Node::Text(text.to_owned()))
            }
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_ascii_alphabetic() => self.name(),
            _ => self.unexpected("a number, an id or a function"),
        }
    }

    fn number(&mut self) -> Result<Node> {
        let mut end = self
            .rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(self.rest.len());
        if let Some(power) = self.rest[end..].strip_prefix(['e', 'E']) {
            let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
            let count = digits.bytes().take_while(u8::is_ascii_digit).count();
            if count > 0 {
                end = self.rest.len() - digits.len() + count;
            }
        }
        let (text, rest) = self.rest.split_at(end);
        match text.parse() {
            Ok(number) if !rest.starts_with(is_word) => {
                self.rest = rest;
                Ok(Node::Number(number))
            }
            _ => self.unexpected("a number"),
        }
    }

    fn name(&mut self) -> Result<Node> {
        let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let name = name.to_owned();
        self.rest = rest;
        if self.eat("(") {
            return Ok(Node::Call(name, self.list(")")?));
        }
        if name.starts_with(|c: char| c.is_ascii_lowercase()) {
            Ok(Node::Id(name))
        } else if name.chars().any(|c| c.is_ascii_lowercase()) {
            Err(fault(format!(
                "\"{name}\" is no id: ids begin with a lower-case letter"
            )))
        } else {
            Ok(Node::Word(name))
        }
    }

    fn list(&mut self, close: &str) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        if self.eat(close) {
            return Ok(nodes);
        }
        loop {
            nodes.push(self.level(0)?);
            if self.eat(close) {
                return Ok(nodes);
            }
            if !self.eat(",") {
                return self.unexpected("a comma or the end of the list");
            }
        }
    }
}

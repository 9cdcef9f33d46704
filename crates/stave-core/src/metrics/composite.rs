//! Rules of composite alarms: `ALARM(a) AND (OK("b c") OR NOT INSUFFICIENT_DATA(d))`.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html>

use super::alarm::AlarmState;
use crate::error::{Error, Result};

/// The longest rule, in characters.
pub const MAX_RULE_CHARS: usize = 10_240;
/// The most alarms that a rule may name.
pub const MAX_CHILDREN: usize = 100;
/// The deepest nesting.
const MAX_DEPTH: usize = 64;

/// The rule of a composite alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompositeRule {
    root: Node,
    children: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Constant(bool),
    In(AlarmState, String),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
}

impl CompositeRule {
    /// Reads a rule.
    pub fn parse(text: &str) -> Result<Self> {
        if text.chars().count() > MAX_RULE_CHARS {
            return Err(fault(format!(
                "it is longer than {MAX_RULE_CHARS} characters"
            )));
        }
        let mut reader = Reader {
            rest: text,
            children: Vec::new(),
        };
        let root = reader.or(0)?;
        reader.rest = reader.rest.trim_start();
        if !reader.rest.is_empty() {
            return Err(reader.unexpected("AND, OR or the end"));
        }
        if reader.children.len() > MAX_CHILDREN {
            return Err(fault(format!("it names more than {MAX_CHILDREN} alarms")));
        }
        Ok(Self {
            root,
            children: reader.children,
        })
    }

    /// The names (or ARNs) of the alarms it looks at, each once.
    pub fn children(&self) -> &[String] {
        &self.children
    }

    /// Whether it holds, by the states of its children. An alarm that is not there is in none.
    pub fn holds(&self, state: &impl Fn(&str) -> Option<AlarmState>) -> bool {
        holds(&self.root, state)
    }
}

fn holds(node: &Node, state: &impl Fn(&str) -> Option<AlarmState>) -> bool {
    match node {
        Node::Constant(value) => *value,
        Node::In(wanted, name) => state(name) == Some(*wanted),
        Node::Not(inner) => !holds(inner, state),
        Node::And(all) => all.iter().all(|node| holds(node, state)),
        Node::Or(any) => any.iter().any(|node| holds(node, state)),
    }
}

fn fault(message: impl Into<String>) -> Error {
    Error::invalid(format!("invalid alarm rule: {}", message.into()))
        .coded("ValidationError")
        .hint("write it like ALARM(a) AND NOT (OK(b) OR INSUFFICIENT_DATA(\"c d\"))")
}

struct Reader<'a> {
    rest: &'a str,
    children: Vec<String>,
}

impl<'a> Reader<'a> {
    fn unexpected(&self, wanted: &str) -> Error {
        let found: String = self.rest.chars().take(20).collect();
        fault(format!("{wanted} was expected before \"{found}\""))
    }

    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(self.rest.len());
        &self.rest[..end]
    }

    fn eat(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start();
        let found = self.rest.strip_prefix(text);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn eat_word(&mut self, word: &str) -> bool {
        self.word() == word && self.eat(word)
    }

    fn or(&mut self, depth: usize) -> Result<Node> {
        if depth > MAX_DEPTH {
            return Err(fault(format!("it is nested deeper than {MAX_DEPTH}")));
        }
        let mut any = vec![self.and(depth)?];
        while self.eat_word("OR") {
            any.push(self.and(depth)?);
        }
        Ok(Node::Or(any))
    }

    fn and(&mut self, depth: usize) -> Result<Node> {
        let mut all = vec![self.not(depth)?];
        while self.eat_word("AND") {
            all.push(self.not(depth)?);
        }
        Ok(Node::And(all))
    }

    fn not(&mut self, depth: usize) -> Result<Node> {
        if depth > MAX_DEPTH {
            return Err(fault(format!("it is nested deeper than {MAX_DEPTH}")));
        }
        if self.eat_word("NOT") {
            return Ok(Node::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.eat("(") {
            let inner = self.or(depth + 1)?;
            return self.closed(inner);
        }
        let state = match self.word() {
            "TRUE" => return Ok(self.constant(true)),
            "FALSE" => return Ok(self.constant(false)),
            "ALARM" => AlarmState::Alarm,
            "OK" => AlarmState::Ok,
            "INSUFFICIENT_DATA" => AlarmState::InsufficientData,
            "AT_LEAST" => {
                return Err(Error::unsupported(
                    "AT_LEAST in an alarm rule is not implemented",
                ));
            }
            _ => return Err(self.unexpected("ALARM, OK, INSUFFICIENT_DATA, NOT, TRUE or FALSE")),
        };
        self.eat(state.as_str());
        if !self.eat("(") {
            return Err(self.unexpected("("));
        }
        let name = self.name()?;
        if !self.children.contains(&name) {
            self.children.push(name.clone());
        }
        self.closed(Node::In(state, name))
    }

    fn constant(&mut self, value: bool) -> Node {
        self.eat(if value { "TRUE" } else { "FALSE" });
        Node::Constant(value)
    }

    fn closed(&mut self, inner: Node) -> Result<Node> {
        if self.eat(")") {
            Ok(inner)
        } else {
            Err(self.unexpected(")"))
        }
    }

    /// A name or ARN, in quotes where it holds spaces or parentheses.
    fn name(&mut self) -> Result<String> {
        self.rest = self.rest.trim_start();
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (name, rest) = if let Some(quote) = quote {
            self.rest[1..]
                .split_once(quote)
                .ok_or_else(|| fault("a quote is not closed"))?
        } else {
            let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')');
            self.rest
                .split_at(self.rest.find(ends).unwrap_or(self.rest.len()))
        };
        if name.is_empty() {
            return Err(self.unexpected("the name of an alarm"));
        }
        self.rest = rest;
        Ok(name.to_owned())
    }
}

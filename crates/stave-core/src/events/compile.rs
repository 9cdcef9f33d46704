//! Reads event patterns, and says in AWS's words what is wrong with one.
//!
//! The words and the order of the checks are those of AWS's own open-source matcher,
//! <https://github.com/aws/event-ruler>.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Number, Value};

use super::cidr::{Network, address_of};
use super::matcher::{Comparable, End, MAX_NUMBER, Matcher};
use super::tokens::{Token, Tokens};
use super::wildcard::Wildcard;
use crate::error::{Error, Result};

/// One way in which a pattern can match: what each path must have.
pub(super) type Branch = BTreeMap<String, Arc<Vec<Matcher>>>;

const OR: &str = "$or";
/// How many ways the alternatives of a pattern may make together.
const MAX_BRANCHES: usize = 1000;
/// Names that are no fields within alternatives.
const RESERVED: &[&str] = &[
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];
const ONE_KEY: &str = "Only one key allowed in match expression";
const TOO_MANY: &str = "Too many elements in numeric expression";

/// Reads a pattern.
pub(super) fn compile(text: &str) -> Result<Vec<Branch>> {
    Compiler(Tokens::new(text)).pattern().map_err(|error| {
        Error::invalid(format!(
            "Event pattern is not valid. Reason: {}",
            error.message()
        ))
        .coded("InvalidEventPatternException")
    })
}

struct Compiler<'a>(Tokens<'a>);

impl Compiler<'_> {
    fn pattern(mut self) -> Result<Vec<Branch>> {
        if self.0.next()? != Token::StartObject {
            return Err(self.0.fault("Filter is not an object"));
        }
        let mut branches = Vec::new();
        self.object(&mut branches, "", false)?;
        Ok(branches)
    }

    fn object(&mut self, branches: &mut Vec<Branch>, path: &str, in_or: bool) -> Result<()> {
        let mut is_empty = true;
        while let Token::Name(name) = self.0.next()? {
            is_empty = false;
            if name == OR {
                self.alternatives(branches, path)?;
                continue;
            }
            if in_or && RESERVED.contains(&name.as_str()) {
                return Err(self.0.fault(format!(
                    "{name} is Ruler reserved fieldName which cannot be used inside {OR}."
                )));
            }
            let inner = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            match self.0.next()? {
                Token::StartObject => self.object(branches, &inner, in_or)?,
                Token::StartArray => self.values(branches, &inner)?,
                _ => {
                    return Err(self
                        .0
                        .fault(format!("\"{name}\" must be an object or an array")));
                }
            }
        }
        if is_empty {
            return Err(self.0.fault("Empty objects are not allowed"));
        }
        Ok(())
    }

    fn alternatives(&mut self, branches: &mut Vec<Branch>, path: &str) -> Result<()> {
        if self.0.next()? != Token::StartArray {
            return Err(self
                .0
                .fault(format!("It must be an Array followed with {OR}.")));
        }
        let mut before = std::mem::take(branches);
        if before.is_empty() {
            before.push(Branch::new());
        }
        let mut count = 0;
        loop {
            match self.0.next()? {
                Token::EndArray => break,
                Token::StartObject => {
                    let mut more = before.clone();
                    self.object(&mut more, path, true)?;
                    branches.append(&mut more);
                }
                _ => {
                    return Err(self.0.fault(format!(
                        "Only JSON object is allowed in array of {OR} relationship."
                    )));
                }
            }
            count += 1;
            if branches.len() > MAX_BRANCHES {
                return Err(self.0.fault(format!(
                    "Rule is too complex - {OR} makes more than {MAX_BRANCHES} combinations"
                )));
            }
        }
        if count < 2 {
            return Err(self.0.fault(format!(
                "There must have at least 2 Objects in {OR} relationship."
            )));
        }
        Ok(())
    }

    /// The values of a path, whose opening bracket is read.
    fn values(&mut self, branches: &mut Vec<Branch>, path: &str) -> Result<()> {
        let mut matchers = Vec::new();
        loop {
            match self.0.next()? {
                Token::EndArray => break,
                Token::StartObject => matchers.push(self.expression()?),
                Token::Text(text) => matchers.push(match address_of(&text) {
                    Some(address) => Matcher::Address(address),
                    None => Matcher::Text(text),
                }),
                Token::Number(text) => matchers.push(Matcher::Number(self.number(&text)?)),
                Token::True => matchers.push(Matcher::Literal(Value::Bool(true))),
                Token::False => matchers.push(Matcher::Literal(Value::Bool(false))),
                Token::Null => matchers.push(Matcher::Literal(Value::Null)),
                _ => {
                    return Err(self
                        .0
                        .fault("Match value must be String, number, true, false, or null"));
                }
            }
        }
        if matchers.is_empty() {
            return Err(self.0.fault("Empty arrays are not allowed"));
        }
        if branches.is_empty() {
            branches.push(Branch::new());
        }
        let matchers = Arc::new(matchers);
        for branch in branches {
            branch.insert(path.to_owned(), Arc::clone(&matchers));
        }
        Ok(())
    }

    /// An expression like `{"prefix": "x"}`, whose opening brace is read.
    fn expression(&mut self) -> Result<Matcher> {
        let Token::Name(kind) = self.0.next()? else {
            return Err(self.0.fault("Match expression name not found"));
        };
        match kind.as_str() {
            "exactly" => self.text_of("exact").map(Matcher::Text),
            "prefix" => self.affix(&kind, Matcher::Prefix, Matcher::PrefixIgnoreCase),
            "suffix" => self.affix(&kind, Matcher::Suffix, Matcher::SuffixIgnoreCase),
            "equals-ignore-case" => self.text_of(&kind).map(Matcher::IgnoreCase),
            "wildcard" => {
                let Token::Text(text) = self.0.next()? else {
                    return Err(self.must_be_text("wildcard"));
                };
                self.0.read();
                let wildcard = self.wildcard(&text)?;
                self.end(ONE_KEY)?;
                Ok(wildcard)
            }
            "cidr" => {
                let text = self.text_of("prefix")?;
                Network::parse(&text)
                    .map(Matcher::Cidr)
                    .map_err(Error::invalid)
            }
            "exists" => {
                let matcher = match self.0.next()? {
                    Token::True => Matcher::Exists,
                    Token::False => Matcher::Absent,
                    _ => {
                        return Err(self
                            .0
                            .fault("exists match pattern must be either true or false."));
                    }
                };
                self.end(ONE_KEY)?;
                Ok(matcher)
            }
            "numeric" => {
                if self.0.next()? != Token::StartArray {
                    return Err(self.0.fault("Value of numeric must be an array."));
                }
                let matcher = self.numeric()?;
                self.end(TOO_MANY)?;
                Ok(matcher)
            }
            "anything-but" => self.anything_but(),
            _ => Err(self.0.fault(format!("Unrecognized match type {kind}"))),
        }
    }

    fn end(&mut self, otherwise: &str) -> Result<()> {
        if self.0.next()? == Token::EndObject {
            Ok(())
        } else {
            Err(self.0.fault(otherwise))
        }
    }

    fn must_be_text(&self, kind: &str) -> Error {
        self.0
            .fault(format!("{kind} match pattern must be a string"))
    }

    /// The text of an expression, to its end.
    fn text_of(&mut self, kind: &str) -> Result<String> {
        let Token::Text(text) = self.0.next()? else {
            return Err(self.must_be_text(kind));
        };
        self.end(ONE_KEY)?;
        Ok(text)
    }

    /// A prefix or suffix: a text, or `{"equals-ignore-case": …}`.
    fn affix(
        &mut self,
        kind: &str,
        exactly: fn(String) -> Matcher,
        ignoring_case: fn(String) -> Matcher,
    ) -> Result<Matcher> {
        match self.0.next()? {
            Token::Text(text) => {
                self.end(ONE_KEY)?;
                Ok(exactly(text))
            }
            Token::StartObject => {
                let shown = if kind == "prefix" { "Prefix" } else { "Suffix" };
                match self.0.next()? {
                    Token::Name(name) if name == "equals-ignore-case" => {}
                    Token::Name(name) => {
                        let fault = format!("Unsupported {kind} pattern: {name}");
                        return Err(self.0.fault(fault));
                    }
                    _ => {
                        return Err(self.0.fault(format!("{shown} expression name not found")));
                    }
                }
                let text = self.text_of("equals-ignore-case")?;
                self.end(ONE_KEY)?;
                Ok(ignoring_case(text))
            }
            _ => Err(self.must_be_text(kind)),
        }
    }

    fn wildcard(&self, text: &str) -> Result<Matcher> {
        Wildcard::parse(text)
            .map(Matcher::Wildcard)
            .map_err(|fault| self.0.fault(fault))
    }

    fn anything_but(&mut self) -> Result<Matcher> {
        let mut first = self.0.next()?;
        let mut kind = None;
        if first == Token::StartObject {
            let Token::Name(name) = self.0.next()? else {
                return Err(self.0.fault("Anything-But expression name not found"));
            };
            kind = Some(match name.as_str() {
                "equals-ignore-case" => Affix::IgnoreCase,
                "prefix" => Affix::Prefix,
                "suffix" => Affix::Suffix,
                "wildcard" => Affix::Wildcard,
                _ => {
                    return Err(self
                        .0
                        .fault(format!("Unsupported anything-but pattern: {name}")));
                }
            });
            first = self.0.next()?;
        }
        let others = match first {
            Token::StartArray => self.excluded_list(kind).map_err(|error| {
                // AWS tells the place of such a fault twice.
                self.0.fault(error.message())
            })?,
            Token::Text(_) | Token::Number(_) => vec![self.excluded(kind, first)?],
            _ => {
                return Err(self.0.fault(
                    "Value of anything-but must be an array or single string/number value.",
                ));
            }
        };
        if kind.is_none() {
            let texts = others
                .iter()
                .filter(|other| matches!(other, Matcher::Text(_)));
            let texts = texts.count();
            if others.is_empty() || (texts != 0 && texts != others.len()) {
                return Err(self.0.fault(
                    "Inside anything but list, either all values are number or string, mixed \
                     type is not supported",
                ));
            }
        }
        self.end(TOO_MANY)?;
        if kind.is_some() {
            self.end(TOO_MANY)?;
        }
        Ok(Matcher::AnythingBut(others))
    }

    fn excluded_list(&mut self, kind: Option<Affix>) -> Result<Vec<Matcher>> {
        let mut others = Vec::new();
        loop {
            match self.0.next()? {
                Token::EndArray => return Ok(others),
                token => others.push(self.excluded(kind, token)?),
            }
        }
    }

    /// What is excluded by one value.
    fn excluded(&mut self, kind: Option<Affix>, token: Token) -> Result<Matcher> {
        let text = match (kind, token) {
            (None, Token::Text(text)) => return Ok(Matcher::Text(text)),
            (None, Token::Number(text)) => {
                let number = self.comparable(&text)?;
                return Ok(Matcher::Equal(number));
            }
            (Some(_), Token::Text(text)) => text,
            (kind, _) => {
                return Err(self.0.fault(match kind {
                    None => "Inside anything but list, start|null|boolean is not supported.",
                    Some(Affix::IgnoreCase) => {
                        "Inside anything-but/equals-ignore-case list, number|start|null|boolean \
                         is not supported."
                    }
                    Some(Affix::Wildcard) => "wildcard match pattern must be a string",
                    Some(_) => "prefix/suffix match pattern must be a string",
                }));
            }
        };
        self.0.read();
        match kind {
            Some(Affix::Prefix | Affix::Suffix) if text.is_empty() => {
                Err(self.0.fault("Null prefix/suffix not allowed"))
            }
            Some(Affix::Prefix) => Ok(Matcher::Prefix(text)),
            Some(Affix::Suffix) => Ok(Matcher::Suffix(text)),
            Some(Affix::Wildcard) => self.wildcard(&text),
            _ => Ok(Matcher::IgnoreCase(text)),
        }
    }

    /// `[">", 0, "<=", 5]`, whose opening bracket is read.
    fn numeric(&mut self) -> Result<Matcher> {
        let Token::Text(operator) = self.0.next()? else {
            return Err(self.0.fault("Invalid member in numeric match: "));
        };
        self.0.read();
        let first = match operator.as_str() {
            "=" => self.operand("equals")?,
            ">" | ">=" | "<" | "<=" => self.operand(&operator)?,
            _ => {
                return Err(self
                    .0
                    .fault(format!("Unrecognized numeric range operator: {operator}")));
            }
        };
        let next = self.0.next()?;
        if operator.starts_with('>') {
            let bottom = (first, operator == ">");
            return match next {
                Token::EndArray => Ok(Matcher::Range(Some(bottom), None)),
                Token::Text(second) => {
                    self.0.read();
                    self.range(bottom, &second)
                }
                _ => Err(self.0.fault("Bad value in numeric range: ")),
            };
        }
        if next != Token::EndArray {
            return Err(self.0.fault(TOO_MANY));
        }
        Ok(match operator.as_str() {
            "=" => Matcher::Equal(first),
            _ => Matcher::Range(None, Some((first, operator == "<"))),
        })
    }

    fn range(&mut self, bottom: End, operator: &str) -> Result<Matcher> {
        if operator != "<" && operator != "<=" {
            return Err(self
                .0
                .fault(format!("Bad numeric range operator: {operator}")));
        }
        let top = (self.operand(operator)?, operator == "<");
        if self.0.next()? != Token::EndArray {
            return Err(self.0.fault("Too many terms in numeric range expression"));
        }
        if bottom.0 >= top.0 {
            return Err(self.0.fault("Bottom must be less than top"));
        }
        Ok(Matcher::Range(Some(bottom), Some(top)))
    }

    fn operand(&mut self, operator: &str) -> Result<Comparable> {
        match self.0.next()? {
            Token::Number(text) => self.comparable(&text),
            _ => Err(self.0.fault(format!("Value of {operator} must be numeric"))),
        }
    }

    fn number(&self, text: &str) -> Result<Number> {
        serde_json::from_str(text)
            .map_err(|_| self.0.fault(format!("Invalid numeric value: {text}")))
    }

    fn comparable(&self, text: &str) -> Result<Comparable> {
        self.number(text)?
            .as_f64()
            .and_then(Comparable::of)
            .ok_or_else(|| {
                self.0.fault(format!(
                    "Value must be between -{0:.1}E9 and {0:.1}E9, inclusive",
                    MAX_NUMBER / 1e9
                ))
            })
    }
}

/// What is excluded, other than whole values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Affix {
    IgnoreCase,
    Prefix,
    Suffix,
    Wildcard,
}

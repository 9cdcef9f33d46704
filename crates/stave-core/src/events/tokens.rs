//! JSON as a stream of tokens that knows where it is: a pattern's faults are told with their
//! place, counted as AWS counts it.
//!
//! AWS reads patterns with a parser that takes a string's text only when it is asked for, so the
//! place of a string that nobody asked for is behind its opening quote.

use crate::error::{Error, Result};

/// How much of the source a fault shows, in characters.
const SHOWN_CHARS: usize = 500;
/// How deep objects and arrays may be nested.
const MAX_DEPTH: usize = 1000;

/// One step of the stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    StartObject,
    EndObject,
    StartArray,
    EndArray,
    /// The name of a member; its colon is read.
    Name(String),
    Text(String),
    /// A number, as it is written.
    Number(String),
    True,
    False,
    Null,
}

/// A place in the source.
#[derive(Debug, Clone, Copy)]
struct Place {
    line: usize,
    column: usize,
}

/// What is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// An object, before a member: whether one came already.
    Object { begun: bool },
    /// An object, after a name.
    Member,
    /// An array: whether a value came already.
    Array { begun: bool },
}

/// The stream.
pub(super) struct Tokens<'a> {
    source: &'a str,
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    place: Place,
    /// Where a string begins whose text nobody has asked for.
    unread: Option<Place>,
    inside: Vec<Inside>,
}

impl<'a> Tokens<'a> {
    pub fn new(source: &'a str) -> Self {
        Self {
            source,
            rest: source.chars().peekable(),
            place: Place { line: 1, column: 1 },
            unread: None,
            inside: Vec::new(),
        }
    }

    /// A fault that `message` tells, at the present place.
    pub fn fault(&self, message: impl std::fmt::Display) -> Error {
        Error::invalid(format!("{message}{}", self.location()))
    }

    /// The text of a string has been asked for.
    pub fn read(&mut self) {
        self.unread = None;
    }

    fn location(&self) -> String {
        let shown: String = self.source.chars().take(SHOWN_CHARS).collect();
        let cut = match self.source.chars().count().saturating_sub(SHOWN_CHARS) {
            0 => String::new(),
            more => format!("[truncated {more} chars]"),
        };
        let Place { line, column } = self.unread.unwrap_or(self.place);
        format!("\n at [Source: (String)\"{shown}\"{cut}; line: {line}, column: {column}]")
    }

    /// The next token. There is one: after the outermost value nobody asks.
    pub fn next(&mut self) -> Result<Token> {
        self.unread = None;
        match self.inside.last().copied() {
            Some(Inside::Object { begun }) => self.member(begun),
            Some(Inside::Array { begun }) => {
                let end = self.peek_after_space() == Some(']');
                if begun && !end {
                    self.separator(',', "comma to separate Array entries")?;
                } else if end {
                    self.advance();
                    self.inside.pop();
                    return Ok(Token::EndArray);
                }
                self.set(Inside::Array { begun: true });
                self.value()
            }
            Some(Inside::Member) => {
                self.set(Inside::Object { begun: true });
                self.value()
            }
            None => self.value(),
        }
    }

    fn set(&mut self, inside: Inside) {
        if let Some(last) = self.inside.last_mut() {
            *last = inside;
        }
    }

    fn member(&mut self, begun: bool) -> Result<Token> {
        if self.peek_after_space() == Some('}') {
            self.advance();
            self.inside.pop();
            return Ok(Token::EndObject);
        }
        if begun {
            self.separator(',', "comma to separate Object entries")?;
        }
        match self.peek_after_space() {
            Some('"') => self.advance(),
            Some(other) => return Err(self.unexpected(other, "double-quote to start field name")),
            None => return Err(self.ended()),
        };
        let name = self.text()?;
        self.separator(':', "colon to separate field name and value")?;
        self.set(Inside::Member);
        // AWS's parser has looked at the value when it tells a name.
        self.unread = Some(self.place_in_value());
        Ok(Token::Name(name))
    }

    /// Where AWS's parser stands when it has told a name: in the value.
    fn place_in_value(&mut self) -> Place {
        let _ = self.peek_after_space();
        let mut place = self.place;
        place.column += match self.rest.peek() {
            Some('a'..='z' | '-' | '0'..='9') => self
                .rest
                .clone()
                .take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(*c))
                .count(),
            _ => 1,
        };
        place
    }

    fn value(&mut self) -> Result<Token> {
        let Some(first) = self.peek_after_space() else {
            return Err(self.ended());
        };
        match first {
            '{' => self.begin(Inside::Object { begun: false }, Token::StartObject),
            '[' => self.begin(Inside::Array { begun: false }, Token::StartArray),
            '"' => {
                self.advance();
                let begin = self.place;
                let text = self.text()?;
                self.unread = Some(begin);
                Ok(Token::Text(text))
            }
            '-' | '0'..='9' => self.number(),
            first if first.is_alphabetic() || first == '_' || first == '$' => self.word(),
            other => {
                let values = "a valid value (JSON String, Number, Array, Object or token 'null', \
                              'true' or 'false')";
                Err(self.fault(format!(
                    "Unexpected character ('{other}' (code {})): expected {values}",
                    u32::from(other)
                )))
            }
        }
    }

    fn begin(&mut self, inside: Inside, token: Token) -> Result<Token> {
        self.advance();
        if self.inside.len() == MAX_DEPTH {
            return Err(self.fault(format!("It is nested deeper than {MAX_DEPTH} levels")));
        }
        self.inside.push(inside);
        Ok(token)
    }

    fn word(&mut self) -> Result<Token> {
        let mut word = String::new();
        while let Some(next) = self
            .rest
            .next_if(|c| c.is_alphanumeric() || *c == '_' || *c == '$')
        {
            word.push(next);
            self.place.column += next.len_utf16();
        }
        match word.as_str() {
            "true" => Ok(Token::True),
            "false" => Ok(Token::False),
            "null" => Ok(Token::Null),
            _ => Err(self.fault(format!(
                "Unrecognized token '{word}': was expecting (JSON String, Number, Array, Object \
                 or token 'null', 'true' or 'false')"
            ))),
        }
    }

    fn number(&mut self) -> Result<Token> {
        let mut number = String::new();
        while let Some(next) = self
            .rest
            .next_if(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E'))
        {
            number.push(next);
            self.place.column += 1;
        }
        if serde_json::from_str::<serde_json::Number>(&number).is_err() {
            return Err(self.fault(format!("Invalid numeric value: {number}")));
        }
        Ok(Token::Number(number))
    }

    /// The text of a string whose opening quote is read, with its closing one.
    fn text(&mut self) -> Result<String> {
        let mut raw = String::from("\"");
        loop {
            let Some(next) = self.advance() else {
                return Err(self.fault(
                    "Unexpected end-of-input: was expecting closing quote for a string value",
                ));
            };
            raw.push(next);
            match next {
                '"' => break,
                '\\' => raw.extend(self.advance()),
                _ => {}
            }
        }
        serde_json::from_str(&raw).map_err(|_| {
            self.fault("Illegal character or escape in a string value, which must be escaped")
        })
    }

    fn separator(&mut self, wanted: char, what: &str) -> Result<()> {
        match self.peek_after_space() {
            None => Err(self.ended()),
            Some(found) if found == wanted => {
                self.advance();
                Ok(())
            }
            Some(found) => Err(self.unexpected(found, what)),
        }
    }

    /// A fault of a character that has not been read.
    fn unexpected(&self, found: char, wanted: &str) -> Error {
        self.fault(format!(
            "Unexpected character ('{found}' (code {})): was expecting {wanted}",
            u32::from(found)
        ))
    }

    fn ended(&self) -> Error {
        let what = match self.inside.last() {
            Some(Inside::Object { .. }) => ": expected close marker for Object",
            Some(Inside::Array { .. }) => ": expected close marker for Array",
            Some(Inside::Member) => " within/between Object entries",
            None => "",
        };
        self.fault(format!("Unexpected end-of-input{what}"))
    }

    fn peek_after_space(&mut self) -> Option<char> {
        while let Some(' ' | '\t' | '\r' | '\n') = self.rest.peek() {
            self.advance();
        }
        self.rest.peek().copied()
    }

    fn advance(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        if next == '\n' {
            self.place.line += 1;
            self.place.column = 1;
        } else {
            self.place.column += next.len_utf16();
        }
        Some(next)
    }
}

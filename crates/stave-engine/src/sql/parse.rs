//! From text to a syntax tree: the dialect, the names in lower case, and the
//! statements that are no queries told apart.
//!
//! The place for what Athena's grammar has beyond the parser's.

use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use stave_core::{Error, ErrorKind, Result};

use super::source::Source;

/// How deep expressions may nest.
const DEPTH: usize = 128;

/// The tokens of a statement without blanks, comments and closing semicolons; quoted
/// names are in lower case, as Athena takes them.
pub(super) fn tokens(source: Source<'_>) -> Result<Vec<TokenWithSpan>> {
    let mut tokens = Tokenizer::new(&GenericDialect {}, source.0)
        .tokenize_with_location()
        .map_err(|error| source.token_error(&error))?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    while tokens
        .last()
        .is_some_and(|last| last.token == Token::SemiColon)
    {
        tokens.pop();
    }
    for token in &mut tokens {
        match &mut token.token {
            Token::Word(word) if word.value.starts_with('#') && word.quote_style.is_none() => {
                return Err(hash(source, token));
            }
            Token::Sharp | Token::DoubleSharp => return Err(hash(source, token)),
            Token::Word(word) if word.quote_style.is_some() => {
                word.value = word.value.to_lowercase();
                word.quote_style = Some('"');
            }
            _ => (),
        }
    }
    match tokens.iter().find(|token| token.token == Token::SemiColon) {
        Some(token) => {
            let place = source.place(token.span);
            Err(source
                .error(
                    ErrorKind::Invalid,
                    place,
                    "a second statement begins after this",
                )
                .hint("run one statement at a time, or put them into a file"))
        }
        None if tokens.is_empty() => Err(Error::invalid("there is no statement")),
        None => Ok(tokens),
    }
}

fn hash(source: Source<'_>, token: &TokenWithSpan) -> Error {
    source
        .error(
            ErrorKind::Invalid,
            source.place(token.span),
            "# does not begin a comment",
        )
        .hint("comments begin with --, or stand between /* and */")
}

/// The tree of the one statement that `tokens` are.
pub(super) fn statement(source: Source<'_>, tokens: Vec<TokenWithSpan>) -> Result<Statement> {
    let mut parser = Parser::new(&GenericDialect {})
        .with_recursion_limit(DEPTH)
        .with_tokens_with_locations(tokens);
    let statement = parser
        .parse_statement()
        .map_err(|error| source.parser_error(&error))?;
    let next = parser.peek_token();
    if next.token == Token::EOF {
        return Ok(statement);
    }
    let error = parser.expected_ref::<()>("the end of the statement", &next);
    Err(match error {
        Err(error) => source.parser_error(&error),
        Ok(()) => Error::invalid("the statement does not end where it should"),
    })
}

/// What a statement that is no query is called: `CREATE TABLE`, `INSERT INTO`.
pub(super) fn name_of(tokens: &[TokenWithSpan]) -> String {
    let words = tokens.iter().map_while(|token| match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
        _ => None,
    });
    let words: Vec<String> = words.take(4).collect();
    let kept = match words.first().map(String::as_str) {
        Some("CREATE" | "ALTER" | "DROP" | "SHOW") => {
            let kinds = ["OR", "REPLACE", "EXTERNAL", "TEMPORARY", "TEMP", "CREATE"];
            1 + words[1..]
                .iter()
                .take_while(|word| kinds.contains(&word.as_str()))
                .count()
                + 1
        }
        Some("INSERT" | "DELETE" | "MERGE" | "MSCK" | "EXPLAIN") => 2,
        _ => 1,
    };
    words[..kept.min(words.len())].join(" ")
}

//! Reads an answer: its body within a bound, and what it means.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::Error;

/// More than any page has: 100 entries of a playlist are about 300 KB.
pub(crate) const PAGE_MAX: usize = 16 << 20;

/// What an answer means for the client.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// A JSON object, to be handed on.
    Good,
    /// The token is not taken.
    Expired,
    /// One of the limiters: the wait it names, and whether it is the quota.
    Limited {
        retry_after: Option<Duration>,
        quota: bool,
    },
    /// The page size is larger than this app may ask for.
    LimitTooLarge,
    /// Asking again changes nothing.
    Final(Error),
    /// Asking again may help; says what was wrong.
    Broken(String),
}

#[derive(Default)]
struct Said {
    message: String,
    reason: String,
}

/// Judges an answer. `token` is struck out of whatever the body says.
pub(crate) fn judge(
    status: u16,
    retry_after: Option<&str>,
    body: &[u8],
    what: &str,
    token: &str,
) -> Verdict {
    if (200..300).contains(&status) {
        return good_or_broken(status, body);
    }
    let said = said(body, token);
    match status {
        400 if is_limit(&said.message) => Verdict::LimitTooLarge,
        401 => Verdict::Expired,
        403 => Verdict::Final(denied(&said.message, what)),
        404 => Verdict::Final(
            Error::not_found(format!("{what} is not there{}", colon(&said.message))).hint(
                "it was removed, or it is one of Spotify's own playlists, \
                 which apps made since November 2024 are not shown",
            ),
        ),
        429 => Verdict::Limited {
            // An HTTP date is not sent by Spotify; it counts as missing.
            retry_after: retry_after
                .and_then(|text| text.trim().parse().ok())
                .map(Duration::from_secs),
            quota: said.reason == "QUOTA_EXCEEDED",
        },
        408 | 500..600 => Verdict::Broken(format!("{status}{}", colon(&said.message))),
        300..400 => Verdict::Final(
            Error::invalid(format!(
                "{what} answers with a redirect ({status}), which is not followed"
            ))
            .hint("check the configured host"),
        ),
        _ => Verdict::Final(Error::invalid(format!(
            "Spotify refuses {what} with {status}{}",
            colon(&said.message)
        ))),
    }
}

fn good_or_broken(status: u16, body: &[u8]) -> Verdict {
    let object = body.trim_ascii_start().first() == Some(&b'{');
    // The JSON parser doesn't look into strings that nobody asks for.
    let Ok(text) = std::str::from_utf8(body) else {
        return Verdict::Broken(format!("{status} with a body that is no text"));
    };
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) if object => Verdict::Good,
        Ok(_) => Verdict::Broken(format!("{status} with JSON that is no object")),
        Err(_) if body.is_empty() => Verdict::Broken(format!("{status} with an empty body")),
        Err(error) if object && error.is_eof() => {
            Verdict::Broken(format!("{status} with a truncated body"))
        }
        Err(_) => Verdict::Broken(format!("{status} with a body that is no JSON")),
    }
}

fn is_limit(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("limit") && message.contains("invalid")
}

fn denied(message: &str, what: &str) -> Error {
    let lower = message.to_ascii_lowercase();
    let (why, hint) = if lower.contains("scope") {
        (
            "the login lacks a scope",
            "log in again with `stave spotify login` and grant what it asks for",
        )
    } else if lower.contains("not registered") {
        (
            "this user is not on the app's allow-list",
            "add the account's e-mail address under User Management in the Developer Dashboard",
        )
    } else if lower.contains("premium") {
        (
            "the owner of the app has no active Premium",
            "apps in development mode work only while their owner has Premium",
        )
    } else {
        (
            "this app or account may not read it",
            "apps in development mode read only what the user owns or works on together with others",
        )
    };
    Error::denied(format!("Spotify denies {what}: {why}{}", bracket(message))).hint(hint)
}

/// What an error body of either host says, for a message: short, printable,
/// and without `token`.
pub(crate) fn message_of(body: &[u8], token: &str) -> String {
    said(body, token).message
}

fn said(body: &[u8], token: &str) -> Said {
    #[derive(Deserialize)]
    struct Body {
        error: Option<Inner>,
        error_description: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Inner {
        Text(String),
        Object {
            message: Option<String>,
            reason: Option<String>,
        },
        Other(IgnoredAny),
    }
    let Ok(body) = serde_json::from_slice::<Body>(body) else {
        return Said::default();
    };
    let clean = |text: String| {
        let text = if token.is_empty() {
            text
        } else {
            text.replace(token, "…")
        };
        let printable = text.chars().filter(|c| !c.is_control());
        printable.take(200).collect::<String>()
    };
    match (body.error, body.error_description) {
        (Some(Inner::Object { message, reason }), _) => Said {
            message: clean(message.unwrap_or_default()),
            reason: reason.unwrap_or_default(),
        },
        (Some(Inner::Text(code)), more) => Said {
            message: clean(more.map_or(code.clone(), |more| format!("{code}, {more}"))),
            reason: String::new(),
        },
        _ => Said::default(),
    }
}

fn colon(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}

fn bracket(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(" ({message})")
    }
}

/// Why a body could not be read.
pub(crate) enum Unread {
    TooLarge,
    Broken(String),
}

/// Reads a body of at most `most` bytes.
pub(crate) async fn bounded(mut answer: reqwest::Response, most: usize) -> Result<Vec<u8>, Unread> {
    let announced = answer.content_length().unwrap_or(0);
    if announced > most as u64 {
        return Err(Unread::TooLarge);
    }
    let mut body = Vec::with_capacity(announced as usize);
    loop {
        match answer.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(chunk)) if body.len() + chunk.len() > most => return Err(Unread::TooLarge),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) if error.is_timeout() => {
                return Err(Unread::Broken("the body took too long".to_owned()));
            }
            Err(_) => return Err(Unread::Broken("the body broke off".to_owned())),
        }
    }
}

//! Lists by pages. A page's token says behind which name the next begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stave_core::{Error, Result};

use super::errors::bad_token;

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
}

/// Which page is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// The token that the page before gave.
    pub token: Option<String>,
    /// How many at most.
    pub limit: Option<u32>,
}

impl PageRequest {
    /// How many are wanted: at most `max`, which is also taken where nothing is said.
    pub(super) fn limit(&self, max: u32, refuse: fn(String) -> Error) -> Result<usize> {
        match self.limit {
            None => Ok(max as usize),
            Some(limit) if (1..=max).contains(&limit) => Ok(limit as usize),
            Some(limit) => Err(refuse(format!("the limit {limit} is not from 1 to {max}"))),
        }
    }

    /// The name that the page comes behind.
    pub(super) fn after(&self, code: &'static str) -> Result<Option<String>> {
        let Some(token) = &self.token else {
            return Ok(None);
        };
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| bad_token(code))?;
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| bad_token(code))
    }
}

/// A token that says behind which name a page begins.
pub(super) fn token(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

/// Makes a page of one more than was wanted.
pub(super) fn page<T>(mut items: Vec<T>, limit: usize, name: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| token(&name(last)));
    Page { items, next }
}

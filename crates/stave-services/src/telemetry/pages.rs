//! Lists by pages. A page's token says behind which name the next begins.

use stave_core::{Error, Result};

use super::errors::bad_token;
use crate::pages::{cut, name_behind};

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
        name_behind(token).map(Some).ok_or_else(|| bad_token(code))
    }
}

/// Makes a page of one more than was wanted.
pub(super) fn page<T>(mut items: Vec<T>, limit: usize, name: impl Fn(&T) -> String) -> Page<T> {
    let next = cut(&mut items, limit, name);
    Page { items, next }
}

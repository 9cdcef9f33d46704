//! One request: an endpoint, a path below the API's prefix, a query.

use serde::{Deserialize, Serialize};
use url::Url;

use super::config::under;
use super::endpoint::Endpoint;
use super::error::{Error, Result};

/// A request that can be written down and asked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The endpoint, which decides bucket and page size.
    pub endpoint: Endpoint,
    /// The path below the API's prefix, without a leading slash.
    pub path: String,
    /// The query, in order.
    pub query: Vec<(String, String)>,
}

impl Request {
    /// A request for `path`.
    pub fn new(endpoint: Endpoint, path: impl Into<String>) -> Self {
        Self {
            endpoint,
            path: path.into(),
            query: Vec::new(),
        }
    }

    /// Sets a query parameter.
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.set(name, value.to_string());
        self
    }

    /// The value of a query parameter.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a query parameter that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.value(name)?.parse().ok()
    }

    pub(crate) fn set(&mut self, name: &str, value: String) {
        match self.query.iter_mut().find(|(key, _)| key == name) {
            Some(pair) => pair.1 = value,
            None => self.query.push((name.to_owned(), value)),
        }
    }

    /// The request that a page's `next` link asks for.
    ///
    /// Refused unless scheme, host, port and prefix are those of `api`: the
    /// token must not go anywhere else.
    pub fn following(api: &Url, endpoint: Endpoint, next: &str) -> Result<Self> {
        let url = Url::parse(next).map_err(|error| refused(&format!("it is no URL ({error})")))?;
        let same = url.scheme() == api.scheme()
            && url.host() == api.host()
            && url.port_or_known_default() == api.port_or_known_default();
        if !same || !url.username().is_empty() || url.password().is_some() {
            let host = url.host_str().unwrap_or("no host");
            return Err(refused(&format!("it leads to {host:.80}")));
        }
        let prefix = format!("{}/", api.path().trim_end_matches('/'));
        let Some(path) = url.path().strip_prefix(&prefix) else {
            return Err(refused("it leads out of the API"));
        };
        Ok(Self {
            endpoint,
            path: path.to_owned(),
            query: url.query_pairs().into_owned().collect(),
        })
    }

    /// The URL of this request.
    pub(crate) fn url(&self, api: &Url) -> Url {
        let mut url = under(api, &self.path);
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

fn refused(why: &str) -> Error {
    Error::invalid(format!("the page's `next` link is not followed: {why}"))
        .hint("the token is only ever sent to the configured host; check its configuration")
}

//! Where Spotify is, and how patient the client is with it.

use std::time::Duration;

use url::Url;

use super::error::{Error, Result};

/// The two hosts of Spotify, or of a sandbox.
#[derive(Debug, Clone)]
pub struct Hosts {
    accounts: Url,
    api: Url,
}

impl Hosts {
    /// Spotify itself.
    pub fn spotify() -> Result<Self> {
        Self::new("https://accounts.spotify.com", "https://api.spotify.com/v1")
    }

    /// Hosts at other places: `accounts` answers `/authorize` and
    /// `/api/token`, `api` is the prefix of every endpoint (ends in `/v1`).
    ///
    /// Anything but loopback has to be https, because tokens are sent there.
    pub fn new(accounts: &str, api: &str) -> Result<Self> {
        Ok(Self {
            accounts: base(accounts)?,
            api: base(api)?,
        })
    }

    /// The prefix of the accounts host.
    pub fn accounts(&self) -> &Url {
        &self.accounts
    }

    /// The prefix of every endpoint.
    pub fn api(&self) -> &Url {
        &self.api
    }

    /// `path` on the accounts host.
    pub(crate) fn account(&self, path: &str) -> Url {
        under(&self.accounts, path)
    }
}

/// `base` with `path` behind its own path.
pub(crate) fn under(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

fn base(text: &str) -> Result<Url> {
    let wrong = |why: &str| {
        Error::invalid(format!("{text:?} is no base URL for Spotify: {why}"))
            .hint("give https://HOST, or http://127.0.0.1:PORT for a sandbox")
    };
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    let loopback = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => return Err(wrong("it has no host")),
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return Err(wrong("only https may carry tokens, or http on loopback"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it holds a user name"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it holds a query"));
    }
    Ok(url)
}

/// How long the client waits, and how often it tries.
#[derive(Debug, Clone)]
pub struct Patience {
    /// The least time from the beginning of one call to that of the next.
    pub pace: Duration,
    /// The longest `Retry-After` that is waited for; a longer one closes the bucket.
    pub wait_cap: Duration,
    /// The most that is waited for one page, all its 429s together.
    pub wait_total: Duration,
    /// How often a page is asked for when the answer is broken.
    pub tries: u32,
    /// The longest one request may take.
    pub timeout: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            pace: Duration::from_millis(200),
            wait_cap: Duration::from_mins(1),
            wait_total: Duration::from_mins(3),
            tries: 5,
            timeout: Duration::from_secs(30),
        }
    }
}

/// What a client needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where Spotify is.
    pub hosts: Hosts,
    /// The name under which budgets and checkpoints are kept, such as `default`.
    pub account: String,
    /// How patient it is.
    pub patience: Patience,
}

impl Config {
    /// The configuration of `account` at `hosts`, with the default patience.
    pub fn new(hosts: Hosts, account: &str) -> Result<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if account.is_empty() || account.len() > 32 || !account.chars().all(plain) {
            return Err(Error::invalid(format!("{account:?} is no account name"))
                .hint("use up to 32 letters, digits, '-', '_' and '.'"));
        }
        Ok(Self {
            hosts,
            account: account.to_owned(),
            patience: Patience::default(),
        })
    }
}

/// The HTTP client of both hosts. It follows no redirect: a token never goes
/// where we didn't send it.
pub(crate) fn agent(host: &Url, timeout: Duration) -> Result<reqwest::Client> {
    reqwest::Client::builder()
        // Reading the system's certificates takes longer than a sandbox's answer.
        .tls_built_in_root_certs(host.scheme() == "https")
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(timeout.min(Duration::from_secs(10)))
        .timeout(timeout)
        .user_agent(concat!("stave/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|source| Error::internal("can't set up HTTPS").caused_by(source))
}

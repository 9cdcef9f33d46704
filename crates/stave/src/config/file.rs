//! `<home>/config.toml`: its keys, and what is said about a wrong one.

use std::num::NonZeroUsize;
use std::path::Path;

use serde::Deserialize;
use stave_core::{Error, Result, nearest};
use stave_store::RemoteConfig;
use toml::de::{DeTable, DeValue};

use super::functions::{self, FunctionsConfig};
use super::spotify::FileSpotify;

const KEYS: [&str; 8] = [
    "memory",
    "cores",
    "fsync",
    "account",
    "region",
    "remote",
    "spotify",
    "functions",
];
const SPOTIFY_KEYS: [&str; 2] = ["client_id", "client_secret"];
const REMOTE_KEYS: [&str; 6] = [
    "endpoint",
    "region",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "buckets",
];
/// A configuration is a page, not a book.
const MAX_BYTES: u64 = 1 << 20;

/// What the file says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FileConfig {
    pub(super) memory: Option<String>,
    pub(super) cores: Option<NonZeroUsize>,
    pub(super) fsync: Option<bool>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    #[serde(default)]
    pub(super) remote: Vec<RemoteConfig>,
    #[serde(default)]
    pub(super) spotify: FileSpotify,
    #[serde(default)]
    pub(super) functions: FunctionsConfig,
}

impl FileConfig {
    /// Reads the file; one that is not there says nothing.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| {
            Error::invalid(format!("cannot read {}: {error}", path.display())).caused_by(error)
        };
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(failed(error)),
            Ok(metadata) if metadata.len() > MAX_BYTES => {
                return Err(Error::limit_exceeded(format!(
                    "{} is larger than a configuration can be",
                    path.display()
                )));
            }
            Ok(_) => {}
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        Self::parse(&text).map_err(|error| error.within(path.display()))
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = |error: toml::de::Error| Error::invalid(error.to_string().trim_end());
        let table = DeTable::parse(text).map_err(wrong)?;
        check_keys(text, table.get_ref(), "", &KEYS)?;
        if let Some((_, remotes)) = table.get_ref().iter().find(|(key, _)| is(key, "remote"))
            && let DeValue::Array(remotes) = remotes.get_ref()
        {
            for remote in remotes {
                if let DeValue::Table(remote) = remote.get_ref() {
                    check_keys(text, remote, " of a remote", &REMOTE_KEYS)?;
                }
            }
        }
        let tables = [
            ("spotify", &SPOTIFY_KEYS[..]),
            ("functions", &functions::KEYS),
        ];
        for (name, keys) in tables {
            let found = table.get_ref().iter().find(|(key, _)| is(key, name));
            if let Some(DeValue::Table(table)) = found.map(|(_, value)| value.get_ref()) {
                check_keys(text, table, &format!(" of {name}"), keys)?;
            }
        }
        toml::from_str(text).map_err(wrong)
    }
}

fn is(key: &toml::Spanned<toml::de::DeString<'_>>, name: &str) -> bool {
    key.get_ref().as_ref() == name
}

fn check_keys(text: &str, table: &DeTable<'_>, place: &str, known: &[&str]) -> Result<()> {
    for key in table.keys() {
        if known.iter().all(|name| !is(key, name)) {
            let name = key.get_ref().as_ref();
            let line = text[..key.span().start].matches('\n').count() + 1;
            return Err(
                Error::invalid(format!("line {line}: unknown key \"{name}\"{place}"))
                    .hint(nearest::hint(name, known.iter().copied())),
            );
        }
    }
    Ok(())
}

//! The settings: a flag counts more than the environment, that more than
//! `<home>/config.toml`, that more than the default.
//!
//! Must not open the home, nor build anything.

mod file;
mod functions;
mod remotes;
mod spotify;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use stave_core::caller::DEFAULT_ACCOUNT;
use stave_core::{Error, Result, units};

use self::file::FileConfig;
pub use self::functions::{FunctionsConfig, MissedFirings};
pub use self::remotes::Remote;
pub use self::spotify::SpotifyApp;
use crate::args::GlobalArgs;
use crate::machine::Machine;

/// The least memory that the engine can work with.
const MIN_MEMORY_BYTES: u64 = 64 << 20;

/// The environment's variables.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Those of this process that are text.
    pub fn of_the_process() -> Self {
        let text = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self(text.collect())
    }

    /// Those that are given.
    #[cfg(test)]
    pub fn of(variables: &[(&str, &str)]) -> Self {
        let text = variables.iter();
        Self(
            text.map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
        )
    }

    /// A variable that is set to something.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|v| !v.is_empty())
    }

    /// The first of several variables that is set, with its name.
    pub fn first<'a>(&self, names: &[&'a str]) -> Option<(&'a str, &str)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag(&'static str),
    /// A variable of the environment.
    Environment(String),
    /// The configuration file.
    File,
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File => f.write_str("config.toml"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub origin: Origin,
}

/// The settings, resolved.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where Stave keeps everything.
    pub home: Setting<PathBuf>,
    /// The engine's bound in bytes.
    pub memory: Setting<u64>,
    /// How many cores work at once.
    pub cores: Setting<NonZeroUsize>,
    /// Whether writes survive a loss of power.
    pub fsync: Setting<bool>,
    /// Twelve digits.
    pub account: Setting<String>,
    /// The region that ARNs name.
    pub region: Setting<String>,
    /// The IAM user that the command works as; the home's owner if there is none.
    pub as_user: Option<String>,
    /// Servers that hold some of the buckets; the first that claims a bucket has it.
    pub remotes: Vec<Remote>,
    /// The app that asks Spotify.
    pub spotify: SpotifyApp,
    /// How functions and schedules run.
    pub functions: FunctionsConfig,
}

impl Config {
    /// Resolves the settings.
    pub fn resolve(
        flags: &GlobalArgs,
        environment: &Environment,
        machine: &Machine,
    ) -> Result<Self> {
        let home = home(flags, environment)?;
        let file = FileConfig::read(&home.value.join("config.toml"))?;
        let resolver = Resolver { environment };
        let config = Self {
            memory: resolver.pick(
                flags.memory.map(|bytes| ("--memory", bytes)),
                ("STAVE_MEMORY", |text| units::parse_bytes(text)),
                file.memory
                    .as_deref()
                    .map(units::parse_bytes)
                    .transpose()
                    .map_err(|error| error.within("memory in config.toml"))?,
                machine.memory_bytes / 2,
            )?,
            cores: resolver.pick(
                None,
                ("STAVE_CORES", parse_cores),
                file.cores,
                machine.cores,
            )?,
            fsync: resolver.pick(None, ("STAVE_FSYNC", parse_bool), file.fsync, true)?,
            account: resolver.pick(
                None,
                ("STAVE_ACCOUNT", |text| Ok(text.to_owned())),
                file.account,
                DEFAULT_ACCOUNT.to_owned(),
            )?,
            region: resolver.pick(
                None,
                ("STAVE_REGION", |text| Ok(text.to_owned())),
                file.region,
                "us-east-1".to_owned(),
            )?,
            as_user: flags.as_user.clone(),
            remotes: remotes::resolve(file.remote, environment),
            spotify: spotify::resolve(file.spotify, environment),
            functions: file.functions,
            home,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let said = |origin: &Origin| format!("(from: {origin})");
        if self.memory.value < MIN_MEMORY_BYTES {
            return Err(Error::invalid(format!(
                "{} of memory is too little {}",
                units::bytes(self.memory.value),
                said(&self.memory.origin)
            ))
            .hint(format!(
                "give it {} or more",
                units::bytes(MIN_MEMORY_BYTES)
            )));
        }
        let account = &self.account;
        if account.value.len() != 12 || !account.value.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::invalid(format!(
                "account \"{}\" is not twelve digits {}",
                account.value,
                said(&account.origin)
            )));
        }
        let region = &self.region;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if region.value.is_empty() || !region.value.bytes().all(plain) {
            return Err(Error::invalid(format!(
                "region \"{}\" is not lower-case letters, digits and hyphens {}",
                region.value,
                said(&region.origin)
            )));
        }
        Ok(())
    }
}

fn home(flags: &GlobalArgs, environment: &Environment) -> Result<Setting<PathBuf>> {
    if let Some(home) = &flags.home {
        return Ok(Setting {
            value: home.clone(),
            origin: Origin::Flag("--home"),
        });
    }
    if let Some(home) = environment.get("STAVE_HOME") {
        return Ok(Setting {
            value: PathBuf::from(home),
            origin: Origin::Environment("STAVE_HOME".to_owned()),
        });
    }
    let user = environment.get("HOME").ok_or_else(|| {
        Error::invalid("there is no home directory: HOME is not set")
            .hint("say where Stave is to keep everything: --home DIR or STAVE_HOME")
    })?;
    Ok(Setting {
        value: PathBuf::from(user).join(".stave"),
        origin: Origin::Default,
    })
}

struct Resolver<'a> {
    environment: &'a Environment,
}

impl Resolver<'_> {
    fn pick<T>(
        &self,
        flag: Option<(&'static str, T)>,
        (variable, parse): (&str, impl Fn(&str) -> Result<T>),
        file: Option<T>,
        default: T,
    ) -> Result<Setting<T>> {
        if let Some((name, value)) = flag {
            return Ok(Setting {
                value,
                origin: Origin::Flag(name),
            });
        }
        if let Some(text) = self.environment.get(variable) {
            return Ok(Setting {
                value: parse(text).map_err(|error| error.within(variable))?,
                origin: Origin::Environment(variable.to_owned()),
            });
        }
        Ok(match file {
            Some(value) => Setting {
                value,
                origin: Origin::File,
            },
            None => Setting {
                value: default,
                origin: Origin::Default,
            },
        })
    }
}

fn parse_cores(text: &str) -> Result<NonZeroUsize> {
    text.parse()
        .map_err(|_| Error::invalid(format!("\"{text}\" is not a number of cores from 1 on")))
}

fn parse_bool(text: &str) -> Result<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(Error::invalid(format!("\"{text}\" is not true or false"))),
    }
}

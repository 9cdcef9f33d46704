//! `config`.

use crate::args::config::ConfigCommand;
use crate::config::{Config, Origin, Remote};
use crate::failure::Failure;
use crate::output::{Cell, Output, Table};
use stave_core::units;

/// How much of a key's id is shown.
const SHOWN_OF_KEY: usize = 4;

/// Prints the settings.
pub fn run(command: &ConfigCommand, config: &Config, output: Output) -> Result<(), Failure> {
    match command {
        ConfigCommand::Show => output.table(&settings(config)),
    }
}

fn settings(config: &Config) -> Table {
    let mut table = Table::new(&["Setting", "Value", "Origin"]);
    let mut row = |name: &str, value: Cell, origin: &Origin| {
        table.row([name.into(), value, origin.to_string().into()]);
    };
    let home = config.home.value.display().to_string();
    row("home", home.into(), &config.home.origin);
    row(
        "memory",
        Cell::Text(units::bytes(config.memory.value)),
        &config.memory.origin,
    );
    row(
        "cores",
        Cell::Count(config.cores.value.get() as u64),
        &config.cores.origin,
    );
    row(
        "fsync",
        config.fsync.value.to_string().into(),
        &config.fsync.origin,
    );
    row(
        "account",
        config.account.value.as_str().into(),
        &config.account.origin,
    );
    row(
        "region",
        config.region.value.as_str().into(),
        &config.region.origin,
    );
    let app = &config.spotify;
    if let Some(id) = &app.client_id {
        row("spotify.client_id", id.value.as_str().into(), &id.origin);
    }
    if let Some(secret) = &app.client_secret {
        row("spotify.client_secret", "****".into(), &secret.origin);
    }
    for (at, remote) in config.remotes.iter().enumerate() {
        for (name, value) in remote_values(remote) {
            if let Some(value) = value {
                let origin = remote.origin_of(name);
                row(&format!("remote {}: {name}", at + 1), value.into(), origin);
            }
        }
    }
    table
}

fn remote_values(remote: &Remote) -> [(&'static str, Option<String>); 6] {
    let config = &remote.config;
    let hidden = |secret: &Option<String>| secret.as_ref().map(|_| "****".to_owned());
    [
        ("buckets", Some(config.buckets.join(", "))),
        ("endpoint", config.endpoint.clone()),
        ("region", config.region.clone()),
        ("access_key_id", config.access_key_id.as_deref().map(end_of)),
        ("secret_access_key", hidden(&config.secret_access_key)),
        ("session_token", hidden(&config.session_token)),
    ]
}

/// The end of a key's id, enough to tell it from another.
fn end_of(id: &str) -> String {
    let count = id.chars().count();
    let end = id.chars().skip(count.saturating_sub(SHOWN_OF_KEY));
    let end: String = if count > 2 * SHOWN_OF_KEY {
        end.collect()
    } else {
        String::new()
    };
    format!("****{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_key_is_shown() {
        assert_eq!(end_of("AKIAIOSFODNN7EXAMPLE"), "****MPLE");
        assert_eq!(end_of("short"), "****");
    }
}

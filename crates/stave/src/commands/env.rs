//! `env`: the variables that lead AWS's clients to this home's server.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use stave_core::iam::Principal;
use stave_core::{Error, Result};
use stave_services::iam::{PageRequest, Secret};
use stave_store::Home;

use crate::args::serve::EnvArgs;
use crate::compose::Stave;
use crate::failure::Failure;
use crate::output::Output;
use crate::server;

/// What would lead clients elsewhere.
const UNSET: [&str; 3] = ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE"];

/// An access key with its secret.
struct Key {
    id: String,
    secret: String,
}

/// Prints them, as a shell's commands or as a JSON object.
pub fn run(args: &EnvArgs, stave: &Stave, output: Output) -> Result<(), Failure> {
    let key = key(stave)?;
    let announced = server::announced(stave.store.home());
    let url = announced.as_ref().map_or_else(
        || format!("http://{}", args.listen),
        |announced| announced.url.clone(),
    );
    let region = stave.config.region.value.clone();
    let mut variables = vec![
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", region.clone()),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_ACCESS_KEY_ID", key.id),
        ("AWS_SECRET_ACCESS_KEY", key.secret),
    ];
    if let Some(certificate) = announced.and_then(|announced| announced.certificate) {
        variables.push(("AWS_CA_BUNDLE", certificate.display().to_string()));
    }
    if output.is_json() {
        let object: Map<String, Value> = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        return output.value(&object.into());
    }
    let mut text = String::new();
    for (name, value) in variables {
        let _ = writeln!(text, "export {name}={}", quoted(&value));
    }
    let _ = writeln!(text, "unset {}", UNSET.join(" "));
    output.data(text.as_bytes())
}

/// As a shell reads it back, whatever is in it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

/// The root's key, or one of the user that the command works as.
fn key(stave: &Stave) -> Result<Key> {
    let iam = stave.iam()?;
    let Principal::User { name, .. } = stave.caller.principal() else {
        return root_key(stave.store.home());
    };
    let keys = iam.list_access_keys(&stave.owner(), Some(name), &PageRequest::default())?;
    let active = keys.items.into_iter().find(|key| key.is_active);
    let id = active.map(|key| key.id).ok_or_else(|| {
        Error::not_found(format!("user {name} has no active access key"))
            .hint(format!("stave iam key create {name}"))
    })?;
    let secret: Secret = iam.secret_of(&id)?;
    Ok(Key {
        secret: secret.expose().to_owned(),
        id,
    })
}

/// The key in the file that the first start has made.
fn root_key(home: &Home) -> Result<Key> {
    let path = home.root_credentials();
    let lost = || {
        Error::not_found(format!("{} holds no access key", path.display()))
            .hint("make a user and a key of its own: stave iam user create NAME")
    };
    let text = std::fs::read_to_string(&path).map_err(|error| lost().caused_by(error))?;
    let value = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        let (_, value) = lines.find(|(key, _)| key.trim() == name)?;
        Some(value.trim().to_owned())
    };
    Ok(Key {
        id: value("aws_access_key_id").ok_or_else(lost)?,
        secret: value("aws_secret_access_key").ok_or_else(lost)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_value_back_as_it_was() {
        assert_eq!(quoted("http://127.0.0.1:4566"), "'http://127.0.0.1:4566'");
        assert_eq!(quoted("a'b $(x)"), r"'a'\''b $(x)'");
    }
}

//! Out of arguments and settings: whose data is read, from where, by which app.

use std::time::Duration;

use stave_core::{Error, Result};
use stave_services::extract::{App, Connection};
use stave_spotify::client::{Hosts, Patience};

use crate::args::spotify::account::AccountArgs;
use crate::config::SpotifyApp;

/// Resolves the connection.
pub fn resolve(args: &AccountArgs, app: &SpotifyApp) -> Result<Connection> {
    let mut patience = Patience::default();
    let hosts = match (&args.sandbox, &args.accounts_url, &args.api_url) {
        (Some(sandbox), _, _) => {
            patience.pace = Duration::ZERO;
            let base = sandbox.trim_end_matches('/');
            Hosts::new(base, &format!("{base}/v1"))
        }
        (None, Some(accounts), Some(api)) => Hosts::new(accounts, api),
        _ => Hosts::spotify(),
    };
    let hosts = hosts.map_err(|error| {
        let told = Error::invalid(error.message());
        match error.hint_text() {
            Some(hint) => told.hint(hint),
            None => told,
        }
    })?;
    let is_sandbox = args.sandbox.is_some();
    let default = if is_sandbox { "sandbox" } else { "default" };
    let client_id = args
        .client_id
        .clone()
        .or_else(|| app.client_id.as_ref().map(|id| id.value.clone()));
    let secret = app.client_secret.as_ref();
    Ok(Connection {
        account: args.account.clone().unwrap_or_else(|| default.to_owned()),
        hosts,
        patience,
        app: client_id.map(|client_id| App {
            client_id,
            client_secret: secret.map(|secret| secret.value.clone()),
        }),
        is_sandbox,
    })
}

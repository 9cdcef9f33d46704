//! Whether AWS's clients in this shell would reach this home's server, and be let in.

use std::time::Duration;

use stave_core::{Error, Result, units};

use super::{Check, reach};
use crate::compose::Stave;
use crate::config::Environment;
use crate::server::{self, Announced};

/// How long the server may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// What makes clients look elsewhere for who they are.
const PROFILES: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
/// What leads clients over another machine.
const PROXIES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"];

/// Whether the home's server answers, if one was started.
pub async fn server(stave: &Stave) -> Check {
    let found = match server::announced(stave.store.home()) {
        None => Ok("none runs; stave serve starts one".to_owned()),
        Some(announced) => answers(&announced).await,
    };
    Check {
        name: "server".to_owned(),
        found,
    }
}

async fn answers(announced: &Announced) -> Result<String> {
    match tokio::time::timeout(TIMEOUT, reach::health(announced)).await {
        Ok(answer) => answer.map(|()| format!("answers at {}", announced.url)),
        Err(_) => Err(Error::timeout(format!(
            "{} does not answer within {}",
            announced.url,
            units::duration(TIMEOUT)
        ))
        .hint(format!(
            "end process {} and start it again: stave serve",
            announced.pid
        ))),
    }
}

/// What the variables of this shell say to AWS's clients, where they say anything.
pub fn environment(stave: &Stave, environment: &Environment) -> Vec<Check> {
    let check = |name: &str, found| Check {
        name: name.to_owned(),
        found,
    };
    let mut checks = Vec::new();
    if let Some(endpoint) = environment.get("AWS_ENDPOINT_URL") {
        checks.push(check("AWS_ENDPOINT_URL", leads_here(stave, endpoint)));
        checks.push(check("AWS_ACCESS_KEY_ID", is_known(stave, environment)));
        if let Some((name, profile)) = environment.first(&PROFILES) {
            let said = format!("profile {profile} counts more than the access key");
            checks.push(check(
                name,
                Err(Error::invalid(said).hint(format!("unset {name}"))),
            ));
        }
        if let Some((name, proxy)) = environment.first(&PROXIES)
            && environment.first(&["no_proxy", "NO_PROXY"]).is_none()
        {
            let said = format!("{proxy} stands between clients and this machine");
            let hint = "export NO_PROXY=localhost,127.0.0.1";
            checks.push(check(name, Err(Error::invalid(said).hint(hint))));
        }
    }
    checks
}

fn leads_here(stave: &Stave, endpoint: &str) -> Result<String> {
    let again = "eval \"$(stave env)\"";
    match server::announced(stave.store.home()) {
        Some(announced) if announced.url == endpoint.trim_end_matches('/') => {
            Ok("leads to this home's server".to_owned())
        }
        Some(announced) => Err(Error::invalid(format!(
            "leads to {endpoint}, and the server answers at {}",
            announced.url
        ))
        .hint(again)),
        None => Err(
            Error::unavailable(format!("leads to {endpoint}, and no server runs"))
                .hint("stave serve"),
        ),
    }
}

/// Whether the shell's key is one of this home's, with its secret.
fn is_known(stave: &Stave, environment: &Environment) -> Result<String> {
    let again = "eval \"$(stave env)\"";
    let id = environment
        .get("AWS_ACCESS_KEY_ID")
        .ok_or_else(|| Error::not_found("is not set").hint(again))?;
    let token = environment.get("AWS_SESSION_TOKEN");
    let key = stave
        .iam()?
        .known_key(id, token)
        .map_err(|error| error.within(id).hint(again))?;
    if environment.get("AWS_SECRET_ACCESS_KEY") == Some(key.secret()) {
        return Ok(format!("{id} is let in"));
    }
    Err(Error::denied(format!("the secret is not that of {id}")).hint(again))
}

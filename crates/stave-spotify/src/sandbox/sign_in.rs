//! The user of a sandbox who signs in without a browser.

use std::time::Duration;

use crate::client::{Error, Hosts, Result, agent};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Opens `authorize` (what [`Login::url`] says) as a browser would, and goes
/// back to where the sandbox sends it. Both have to be on loopback: Spotify
/// itself wants a user who looks.
///
/// [`Login::url`]: crate::auth::Login::url
pub async fn sign_in(hosts: &Hosts, authorize: &str) -> Result<()> {
    let failed = |why: &str| {
        Error::unavailable(format!("the sandbox did not sign the user in: {why}"))
            .hint("is it a sandbox, and running? start one with: stave spotify sandbox")
    };
    if !is_loopback(hosts.accounts().as_str()) || !is_loopback(authorize) {
        return Err(failed("it is not on this machine"));
    }
    let http = agent(hosts.accounts(), TIMEOUT)?;
    let answer = http.get(authorize).send().await;
    let answer = answer.map_err(|error| failed("no connection").caused_by(error.without_url()))?;
    let back = answer
        .headers()
        .get("location")
        .and_then(|location| location.to_str().ok())
        .ok_or_else(|| failed(&format!("it answers {}", answer.status().as_u16())))?;
    if !is_loopback(back) {
        return Err(failed("it leads away from this machine"));
    }
    let landed = http.get(back).send().await;
    landed
        .map(|_| ())
        .map_err(|error| failed("nobody was there to come back to").caused_by(error.without_url()))
}

fn is_loopback(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else {
        return false;
    };
    url.scheme() == "http"
        && match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        }
}

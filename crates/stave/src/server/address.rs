//! Where the home's server answers, told to the other commands by a file in the home.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stave_core::{Error, Result};
use stave_store::{Home, Store};

use super::spotify::Trust;
use crate::compose::{Reached, SpotifyProxy};

/// Where a server answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// `http://127.0.0.1:4566`.
    pub url: String,
    /// The certificate that clients are to trust, where it speaks TLS.
    pub certificate: Option<PathBuf>,
    /// The server's process.
    pub pid: u32,
    /// Its proxy that leads functions to Spotify's sandbox.
    #[serde(default)]
    pub spotify: Option<String>,
}

impl Announced {
    /// This process's server at `address`.
    pub fn new(address: SocketAddr, certificate: Option<PathBuf>) -> Self {
        let scheme = if certificate.is_some() {
            "https"
        } else {
            "http"
        };
        Self {
            url: format!("{scheme}://{}", reachable(address)),
            certificate,
            pid: std::process::id(),
            spotify: None,
        }
    }

    /// What leads functions of another process of the home of `store` there.
    pub fn reached(&self, store: &Store) -> Reached {
        let spotify = self.spotify.clone().map(|url| SpotifyProxy {
            url,
            authorities: Arc::new(Trust::new(store.clone())),
        });
        Reached {
            url: self.url.clone(),
            authority: self.certificate.clone(),
            spotify,
        }
    }

    /// Tells the other commands. Of several servers of one home the last to start is told of.
    pub fn write(&self, home: &Home) -> Result<()> {
        let path = home.server_address();
        let draft = path.with_extension(format!("{}.tmp", self.pid));
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::internal("the address has no JSON form").caused_by(error))?;
        let failed = |error: std::io::Error| {
            Error::unavailable(format!("cannot write {}: {error}", path.display())).caused_by(error)
        };
        fs::write(&draft, text).map_err(failed)?;
        fs::rename(&draft, &path).map_err(failed)
    }

    /// Tells them no more, unless another server has come after this one.
    pub fn remove(&self, home: &Home) {
        if announced(home).as_ref() == Some(self) {
            // What is left there only misleads until the next start.
            let _ = fs::remove_file(home.server_address());
        }
    }
}

/// Where the home's server said that it answers. It may be gone by now.
pub fn announced(home: &Home) -> Option<Announced> {
    let text = fs::read(home.server_address()).ok()?;
    serde_json::from_slice(&text).ok()
}

/// An address that a client of this machine can connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_told_and_taken_back_by_who_told_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let home = Home::open(dir.path()).expect("a home");
        assert_eq!(announced(&home), None);
        let first = Announced::new("0.0.0.0:4566".parse().expect("an address"), None);
        assert_eq!(first.url, "http://127.0.0.1:4566");
        first.write(&home).expect("told");
        let second = Announced::new(
            "[::1]:4567".parse().expect("an address"),
            Some("c.pem".into()),
        );
        assert_eq!(second.url, "https://[::1]:4567");
        second.write(&home).expect("told");
        first.remove(&home);
        assert_eq!(announced(&home), Some(second.clone()));
        second.remove(&home);
        assert_eq!(announced(&home), None);
    }
}

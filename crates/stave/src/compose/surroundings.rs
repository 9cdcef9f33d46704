//! What functions are given that leads them to this server: its certificate, and, for those that
//! are to meet the sandbox in Spotify's place, the proxy that leads there.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use stave_core::{Error, Result};
use stave_services::functions::Surroundings as Port;

/// The variable by which a function says whose Spotify it talks to.
pub const SPOTIFY: &str = "STAVE_SPOTIFY";
/// Its value for the sandbox.
pub const SANDBOX: &str = "sandbox";

/// Where this process serves.
#[derive(Debug, Clone)]
pub struct Reached {
    /// `http://127.0.0.1:4566`.
    pub url: String,
    /// What vouches for the server, when it speaks TLS with a certificate of its own making.
    pub authority: Option<PathBuf>,
    /// The proxy that leads to the sandbox.
    pub spotify: Option<SpotifyProxy>,
}

/// The proxy that takes the place of Spotify's hosts.
#[derive(Debug, Clone)]
pub struct SpotifyProxy {
    /// `http://127.0.0.1:49152`.
    pub url: String,
    /// The certificates to trust: the machine's, and the one that vouches for the proxy.
    pub authorities: Arc<dyn Authorities>,
}

/// Knows a file of certificates, which is made when it is first asked for.
pub trait Authorities: Send + Sync + fmt::Debug {
    /// The file, in PEM.
    fn file(&self) -> Result<PathBuf>;
}

/// Gives functions what leads them here.
#[derive(Debug)]
pub(super) struct Surroundings {
    reached: Option<Reached>,
}

/// Who reads which certificates to trust: OpenSSL, Python's requests, curl, Node, boto3.
const TRUST: [&str; 4] = [
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
];
/// What leads to the proxy. Node follows it when it is told to.
const PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];
const LOOPBACK: &str = "127.0.0.1,localhost,::1";

impl Surroundings {
    pub fn new(reached: Option<Reached>) -> Self {
        Self { reached }
    }
}

impl Port for Surroundings {
    fn variables(&self, own: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
        let mut given = BTreeMap::new();
        let mut set = |names: &[&str], value: &str| {
            for name in names {
                given.insert((*name).to_owned(), value.to_owned());
            }
        };
        let reached = self.reached.as_ref();
        if let Some(authority) = reached.and_then(|reached| reached.authority.as_ref()) {
            set(&["AWS_CA_BUNDLE"], &authority.to_string_lossy());
        }
        match own.get(SPOTIFY).map(String::as_str) {
            None | Some("") => {}
            Some(SANDBOX) => {
                let proxy = reached.and_then(|reached| reached.spotify.as_ref());
                let proxy = proxy.ok_or_else(|| {
                    Error::unavailable("no sandbox runs for functions that are to meet it")
                        .hint("it runs with the server: stave serve")
                })?;
                set(&TRUST, &proxy.authorities.file()?.to_string_lossy());
                set(&PROXY, &proxy.url);
                set(&NO_PROXY, LOOPBACK);
                set(&["NODE_USE_ENV_PROXY"], "1");
            }
            Some(other) => {
                return Err(Error::invalid(format!(
                    "{SPOTIFY} is \"{other}\": \"{SANDBOX}\" is what is known"
                )));
            }
        }
        Ok(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Made;

    impl Authorities for Made {
        fn file(&self) -> Result<PathBuf> {
            Ok("/tls/spotify.pem".into())
        }
    }

    fn reached() -> Reached {
        Reached {
            url: "https://127.0.0.1:4566".to_owned(),
            authority: Some("/tls/cert.pem".into()),
            spotify: Some(SpotifyProxy {
                url: "http://127.0.0.1:4567".to_owned(),
                authorities: Arc::new(Made),
            }),
        }
    }

    #[test]
    fn only_who_asks_is_led_to_the_sandbox() {
        let surroundings = Surroundings::new(Some(reached()));
        let plain = surroundings.variables(&BTreeMap::new()).expect("given");
        assert_eq!(plain.keys().collect::<Vec<_>>(), ["AWS_CA_BUNDLE"]);
        let asks = BTreeMap::from([(SPOTIFY.to_owned(), SANDBOX.to_owned())]);
        let led = surroundings.variables(&asks).expect("given");
        assert_eq!(led["HTTPS_PROXY"], "http://127.0.0.1:4567");
        assert_eq!(led["REQUESTS_CA_BUNDLE"], "/tls/spotify.pem");
        assert!(led["NO_PROXY"].contains("127.0.0.1"));
    }

    #[test]
    fn without_a_sandbox_it_is_said() {
        let asks = BTreeMap::from([(SPOTIFY.to_owned(), SANDBOX.to_owned())]);
        let error = Surroundings::new(None)
            .variables(&asks)
            .expect_err("refused");
        assert!(
            error
                .hint_text()
                .is_some_and(|hint| hint.contains("stave serve"))
        );
        let other = BTreeMap::from([(SPOTIFY.to_owned(), "real".to_owned())]);
        assert!(
            Surroundings::new(Some(reached()))
                .variables(&other)
                .is_err()
        );
    }
}

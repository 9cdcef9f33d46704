//! The proxy that takes the place of Spotify's hosts for functions that ask for it.
//!
//! It answers HTTP's CONNECT on a free port of loopback. A connection to `api.spotify.com:443` or
//! `accounts.spotify.com:443` ends here: TLS is spoken with a certificate made on this machine
//! ([`trust`]), and the sandbox answers ([`sandbox`]). One to any other host is passed on as it is
//! ([`tunnel`]), so that the proxy changes nothing but those two.
//!
//! Whoever is on this machine may use it: it gives nobody what the machine does not.
//!
//! Must not know functions, or which of them are led here.

mod ask;
mod destination;
mod sandbox;
#[cfg(test)]
mod tests;
mod trust;
mod tunnel;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use stave_core::{Clock, Error, Result};
use stave_store::Store;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use self::ask::{Lead, ask};
use self::sandbox::Sandboxed;
pub use self::trust::Trust;
use super::certificate::{self, TlsFiles};
use super::stall::Stalling;
use crate::compose::SpotifyProxy;

/// Spotify's hosts.
const HOSTS: [&str; 2] = ["api.spotify.com", "accounts.spotify.com"];
/// Connections at once; more wait to be accepted.
const CONNECTIONS: usize = 512;
/// The time for what a connection begins with.
const HEAD: Duration = Duration::from_secs(10);
/// The time in which a client must take some of what is written to it.
const STALL: Duration = Duration::from_mins(1);
/// How long to wait when the machine has no more file descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// The proxy, bound to its port.
pub struct Proxy {
    listener: TcpListener,
    url: String,
    parts: Arc<Parts>,
}

/// What a connection needs.
struct Parts {
    trust: Arc<Trust>,
    /// Made when the first connection comes, as the sandbox is.
    tls: OnceLock<TlsAcceptor>,
    sandbox: Sandboxed,
    /// Names that are looked up at once: each holds a thread that others want, too.
    lookups: Arc<Semaphore>,
}

impl Proxy {
    /// Binds a free port of loopback; the certificates are those of the home.
    pub async fn bind(store: &Store, clock: &Arc<dyn Clock>) -> Result<Self> {
        let failed = |error: std::io::Error| {
            Error::unavailable(format!(
                "cannot listen on loopback for functions that are to meet Spotify's sandbox: {error}"
            ))
            .caused_by(error)
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            listener,
            url: format!("http://{address}"),
            parts: Arc::new(Parts {
                trust: Arc::new(Trust::new(store.clone())),
                tls: OnceLock::new(),
                sandbox: Sandboxed::new(Arc::clone(clock)),
                lookups: Arc::new(Semaphore::new(tunnel::LOOKUPS)),
            }),
        })
    }

    /// What leads functions here.
    pub fn reached(&self) -> SpotifyProxy {
        let trust = Arc::clone(&self.parts.trust);
        SpotifyProxy {
            url: self.url.clone(),
            authorities: trust,
        }
    }

    /// Serves. When this is dropped, all connections end.
    pub async fn run(self) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut open = JoinSet::new();
        loop {
            while open.try_join_next().is_some() {}
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            match self.listener.accept().await {
                Ok((stream, from)) => {
                    let parts = Arc::clone(&self.parts);
                    open.spawn(async move {
                        parts.connection(stream, from).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection to Spotify's sandbox");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }
}

impl Parts {
    async fn connection(&self, stream: TcpStream, from: SocketAddr) {
        if !from.ip().is_loopback() {
            return;
        }
        let _ = stream.set_nodelay(true);
        let asked = ask(Stalling::new(stream, STALL), &self.lookups).await;
        let ended = match asked {
            Ok(Some((stream, Lead::Sandbox(host)))) => self.sandbox(stream, host).await,
            Ok(Some((stream, Lead::Elsewhere(there)))) => tunnel::pass(stream, there).await,
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            tracing::debug!(%from, %error, "a connection through the proxy broke off");
        }
    }

    fn tls(&self) -> Result<&TlsAcceptor> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let key = &self.trust.trusted()?.key;
        let files = TlsFiles {
            certificate: key.clone(),
            key: key.clone(),
        };
        let tls = certificate::acceptor(&files)?;
        Ok(self.tls.get_or_init(|| tls))
    }

    async fn sandbox(&self, stream: ask::Stream, host: &'static str) -> std::io::Result<()> {
        let tls = self.tls().map_err(std::io::Error::other)?;
        let stream = tokio::time::timeout(HEAD, tls.accept(stream)).await??;
        self.sandbox.answer(stream, host).await
    }
}

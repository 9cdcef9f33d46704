//! `stave serve`: all AWS services on one address.
//!
//! A connection is accepted within bounds (`connections`), each request on it goes through the
//! door (`door`), which tells the services apart (`target`), lets in who has signed, and hands
//! the call to S3 or to the wire protocols of the others. Beside the requests live the upkeep of
//! the home, what functions, rules, notifications and telemetry do by themselves (`background`),
//! and the proxy that leads functions to the sandbox in Spotify's place (`spotify`).
//!
//! Must not know an operation of any service.

mod address;
mod aws;
mod background;
mod body;
mod certificate;
mod connections;
mod door;
mod limits;
mod log;
mod measure;
mod scrape;
mod spotify;
mod stall;
mod target;
mod upkeep;

use std::net::SocketAddr;
use std::sync::Arc;

use stave_core::{Error, Result};
use tokio::net::TcpListener;

pub use self::address::{Announced, announced};
use self::background::Background;
pub use self::certificate::{TlsFiles, made_for};
pub use self::limits::Limits;
pub use self::log::{LogFormat, Logged, start_log};
pub use self::scrape::MetricsFor;
pub use self::target::HEALTH_PATH;
use crate::compose::{Reached, Stave};
use crate::stop::Stop;

/// How a server is to be run.
#[derive(Debug)]
pub struct ServeOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The certificate and its key; without one, plain HTTP is spoken.
    pub tls: Option<TlsFiles>,
    /// The bounds of requests and connections.
    pub limits: Limits,
    /// Who may read the metrics without a signature.
    pub metrics_for: MetricsFor,
}

/// A server that is bound to its address and not yet answering.
pub struct Server {
    listener: TcpListener,
    tls: Option<tokio_rustls::TlsAcceptor>,
    announced: Announced,
    spotify: spotify::Proxy,
    door: Arc<door::Door>,
    stave: Arc<Stave>,
    limits: Limits,
}

impl Server {
    /// Binds the address and opens what answers there.
    pub async fn bind(stave: Arc<Stave>, options: ServeOptions) -> Result<Self> {
        let tls = options
            .tls
            .as_ref()
            .map(certificate::acceptor)
            .transpose()?;
        let listen = options.listen;
        let failed = |error: std::io::Error| {
            Error::unavailable(format!("cannot listen on {listen}: {error}"))
                .hint("is another server running? --listen 127.0.0.1:0 takes a free port")
                .caused_by(error)
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let authority = options.tls.map(|files| files.certificate);
        let spotify = spotify::Proxy::bind(&stave.store, &stave.clock).await?;
        let mut announced = Announced::new(address, authority.clone());
        announced.spotify = Some(spotify.reached().url);
        stave.served_at(Reached {
            url: announced.url.clone(),
            authority,
            spotify: Some(spotify.reached()),
        })?;
        let door = Arc::new(door::Door::open(
            &stave,
            &options.limits,
            options.metrics_for,
        )?);
        Ok(Self {
            listener,
            tls,
            announced,
            spotify,
            door,
            stave,
            limits: options.limits,
        })
    }

    /// The address as clients write it: `http://127.0.0.1:4566`.
    pub fn url(&self) -> &str {
        &self.announced.url
    }

    /// Tells the other commands of the home where it answers. Connections wait from then on.
    pub fn announce(&self) -> Result<()> {
        self.announced.write(self.stave.store.home())
    }

    /// Answers until `stop` is asked; then lets the requests under way come to their end, within
    /// [`Limits::grace`].
    pub async fn run(self, stop: Stop) -> Result<()> {
        let home = self.stave.store.home().clone();
        let announced = self.announced.clone();
        let upkeep = tokio::spawn(upkeep::run(Arc::clone(&self.stave)));
        let background = Background::start(&self.stave).await?;
        self.answer(stop).await;
        upkeep.abort();
        drop(background);
        announced.remove(&home);
        Ok(())
    }

    /// Answers the functions that this process runs, until `stop` is asked. Nobody else is told
    /// of it, and what is queued or due is left to a server that stays.
    pub async fn run_beside(self, stop: Stop) -> Result<()> {
        let flusher = Background::flush(&self.stave)?;
        self.answer(stop).await;
        drop(flusher);
        Ok(())
    }

    async fn answer(self, stop: Stop) {
        let spotify = tokio::spawn(self.spotify.run());
        connections::serve(&self.listener, self.tls, &self.limits, &self.door, stop).await;
        // Requests that were under way may have been those of functions.
        spotify.abort();
    }
}

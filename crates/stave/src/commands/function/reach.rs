//! What a function reaches while this process runs it: the home's server, or one of this process's
//! own for as long as that takes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use stave_core::{Error, Result};
use stave_services::Telemetry;
use tokio::task::JoinHandle;

use super::Desk;
use crate::commands::doctor::health;
use crate::server::{self, Limits, MetricsFor, ServeOptions, Server};
use crate::stop::{Asking, Stop};
use stave_store::blocking;

/// How long the home's server may take to say that it is well.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the last lines of environments may take to be handed over.
const REST: Duration = Duration::from_secs(10);

/// What functions reach.
pub(in crate::commands) enum Reach {
    /// The home's server.
    Server,
    /// One of this process's own.
    Own {
        asking: Asking,
        serving: JoinHandle<Result<()>>,
    },
}

impl Reach {
    /// Finds the home's server, or starts one that answers this process's functions and does
    /// nothing else. Before anything else asks for the platform.
    pub async fn open(desk: &Desk) -> Result<Self> {
        Self::find_or(desk, false).await
    }

    /// Finds the home's server, or starts one that does all that a server does.
    pub async fn serve(desk: &Desk) -> Result<Self> {
        Self::find_or(desk, true).await
    }

    async fn find_or(desk: &Desk, does_all: bool) -> Result<Self> {
        let stave = &desk.stave;
        if let Some(announced) = server::announced(stave.store.home()) {
            let asked = tokio::time::timeout(PATIENCE, health(&announced)).await;
            if matches!(asked, Ok(Ok(()))) {
                stave.served_at(announced.reached(&stave.store))?;
                return Ok(Self::Server);
            }
        }
        let options = ServeOptions {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            tls: None,
            limits: Limits::default(),
            metrics_for: MetricsFor::Nobody,
        };
        let server = Server::bind(Arc::clone(stave), options).await?;
        let (asking, stop) = Stop::new();
        let serving = async move {
            if does_all {
                server.run(stop).await
            } else {
                server.run_beside(stop).await
            }
        };
        let serving = tokio::spawn(serving);
        Ok(Self::Own { asking, serving })
    }

    /// Whether the home's server runs.
    pub fn is_server(&self) -> bool {
        matches!(self, Self::Server)
    }

    /// Ends the functions' environments, writes what they logged, and stops what was started.
    pub async fn close(self, desk: &Desk) -> Result<()> {
        // Lines that take longer are lost, as they are with a process that is killed.
        let _ = tokio::time::timeout(REST, desk.functions()?.rest()).await;
        if let Self::Own { asking, serving } = self {
            asking.ask();
            let ended = |error| Error::internal("serving functions broke off").caused_by(error);
            serving.await.map_err(ended)??;
        }
        flush(desk.platform()?.telemetry.clone()).await
    }
}

async fn flush(telemetry: Telemetry) -> Result<()> {
    let flushed = blocking("writing the log broke off", move || telemetry.flush());
    flushed.await.map(drop)
}

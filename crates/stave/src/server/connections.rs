//! Connections: accepted within bounds, with TLS or without, served one request after another,
//! and ended when the server stops.
//!
//! Must not know what a request means.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;

use super::Limits;
use super::door::{Door, Peer};
use super::stall::Stalling;
use crate::stop::Stop;

/// How long to wait when the machine has no more file descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// What a connection needs to be served.
#[derive(Clone)]
struct Serving {
    door: Arc<Door>,
    limits: Limits,
    tls: Option<TlsAcceptor>,
}

/// Accepts connections and serves them until `stop` is asked, then lets them end.
pub async fn serve(
    listener: &TcpListener,
    tls: Option<TlsAcceptor>,
    limits: &Limits,
    door: &Arc<Door>,
    stop: Stop,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let ending = GracefulShutdown::new();
    let serving = Serving {
        door: Arc::clone(door),
        limits: *limits,
        tls,
    };
    let accept = async {
        loop {
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, from)) => {
                    let connection = serving.clone().connection(stream, from, ending.watcher());
                    tokio::spawn(hold(place, connection));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    };
    tokio::select! {
        () = accept => (),
        () = stop.asked() => (),
    }
    if tokio::time::timeout(limits.grace, ending.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests under way were cut off");
    }
}

/// Keeps its place while `connection` goes on.
async fn hold(_place: OwnedSemaphorePermit, connection: impl Future<Output = ()>) {
    connection.await;
}

impl Serving {
    async fn connection(self, stream: TcpStream, from: SocketAddr, watcher: Watcher) {
        // An answer's last bytes are not to wait for more.
        let _ = stream.set_nodelay(true);
        let stream = Stalling::new(stream, self.limits.stall);
        let Some(tls) = &self.tls else {
            return self.requests(stream, from, watcher).await;
        };
        match tokio::time::timeout(self.limits.handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.requests(stream, from, watcher).await,
            Ok(Err(error)) => tracing::debug!(%from, %error, "no TLS handshake"),
            Err(_) => tracing::debug!(%from, "the TLS handshake took too long"),
        }
    }

    async fn requests<S>(&self, stream: S, from: SocketAddr, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let peer = Peer {
            ip: from.ip(),
            is_tls: self.tls.is_some(),
        };
        let door = &self.door;
        let service = service_fn(|request| async move {
            Ok::<_, Infallible>(Arc::clone(door).answer(request, peer).await)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head)
            .max_buf_size(self.limits.head_bytes)
            .max_headers(self.limits.headers)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%from, %error, "a connection broke off");
        }
    }
}

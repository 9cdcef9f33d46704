//! Connections to hosts that are not Spotify's: opened, and passed on byte for byte.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use super::destination::Destination;

/// How many names are looked up at once.
pub const LOOKUPS: usize = 4;
/// The time for a name to be looked up.
const LOOKUP: Duration = Duration::from_secs(10);
/// The time for one address to answer.
const CONNECT: Duration = Duration::from_secs(10);
/// How many addresses of a host are tried.
const ADDRESSES: usize = 4;
/// How long nothing may pass: as long as a function can wait for an answer.
const IDLE: Duration = Duration::from_mins(15);
/// What is held of each direction, in bytes.
const BUFFER_BYTES: usize = 16 << 10;

/// Connects to `there`; the status and the words of a failure otherwise.
pub async fn open(
    there: &Destination,
    lookups: &Arc<Semaphore>,
) -> Result<TcpStream, (StatusCode, String)> {
    let late = || {
        (
            StatusCode::GATEWAY_TIMEOUT,
            format!("{there} does not answer"),
        )
    };
    let bad = |error: io::Error| {
        let why = format!("cannot reach {there}: {error}");
        (StatusCode::BAD_GATEWAY, why)
    };
    let addresses = timeout(LOOKUP, addresses(there.clone(), Arc::clone(lookups))).await;
    let addresses = addresses.map_err(|_| late())?.map_err(bad)?;
    let mut failed = bad(io::Error::other("its name has no address"));
    for address in addresses {
        match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => failed = bad(error),
            Err(_) => failed = late(),
        }
    }
    Err(failed)
}

/// The addresses of a host. A lookup that nobody waits for any more keeps its place to its end,
/// because it keeps its thread.
async fn addresses(there: Destination, lookups: Arc<Semaphore>) -> io::Result<Vec<SocketAddr>> {
    let place = lookups.acquire_owned().await.map_err(io::Error::other)?;
    let lookup = tokio::spawn(async move {
        let found = tokio::net::lookup_host((there.host.as_str(), there.port)).await;
        drop(place);
        found.map(|found| found.take(ADDRESSES).collect())
    });
    lookup.await.map_err(io::Error::other)?
}

/// Passes on what comes from either side until both have ended, or nothing passes any more.
pub async fn pass(
    here: impl AsyncRead + AsyncWrite,
    there: impl AsyncRead + AsyncWrite,
) -> io::Result<()> {
    within(IDLE, here, there).await
}

pub(super) async fn within(
    idle: Duration,
    here: impl AsyncRead + AsyncWrite,
    there: impl AsyncRead + AsyncWrite,
) -> io::Result<()> {
    let (mut from_here, mut to_here) = tokio::io::split(here);
    let (mut from_there, mut to_there) = tokio::io::split(there);
    let passed = Notify::new();
    let both = async {
        tokio::try_join!(
            one_way(&mut from_here, &mut to_there, &passed),
            one_way(&mut from_there, &mut to_here, &passed),
        )
    };
    let watch = async { while timeout(idle, passed.notified()).await.is_ok() {} };
    tokio::select! {
        ended = both => ended.map(drop),
        () = watch => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn one_way(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    passed: &Notify,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = from.read(&mut buffer).await?;
        passed.notify_one();
        if read == 0 {
            return to.shutdown().await;
        }
        let mut rest = &buffer[..read];
        while !rest.is_empty() {
            let written = to.write(rest).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            passed.notify_one();
            rest = &rest[written..];
        }
        to.flush().await?;
    }
}

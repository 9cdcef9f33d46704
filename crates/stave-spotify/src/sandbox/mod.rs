//! The Spotify sandbox: a server that answers as `accounts.spotify.com` and
//! `api.spotify.com` do, out of a seeded world that nobody has to hold.
//!
//! Both hosts are on one address: `/authorize`, `/api/token`, `/v1/…`. What it
//! doesn't do, it refuses by name. Must not know the rest of Stave.
//!
//! A call goes through `faults` (asked for), `api` (token, limits, class of app,
//! scopes), `reads` (the operation), `view` (JSON), which looks at the `world`.

mod api;
mod errors;
mod faults;
mod fields;
mod limits;
mod oauth;
mod operations;
mod options;
mod params;
mod reads;
mod sent;
mod sign_in;
mod state;
mod trouble;
mod view;
mod world;

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use jiff::Timestamp;
use tokio::net::TcpListener;

pub use faults::Fault;
pub use options::{
    ClientKey, Consent, InvalidOption, Options, Profile, Quota, RateLimit, Shape, TRACKS,
};
pub use sign_in::sign_in;
pub use state::Call;

/// Where time comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A sandbox. Clones are the same one.
#[derive(Clone)]
pub struct Sandbox {
    shared: state::Shared,
}

impl Sandbox {
    /// A sandbox as the options say; an error says which can't be.
    pub fn new(options: Options, clock: Clock) -> Result<Self, InvalidOption> {
        let state = state::SandboxState::new(options, clock)?;
        Ok(Self {
            shared: Arc::new(state),
        })
    }

    /// Everything that it answers, to be called in process or served.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/authorize", get(oauth::authorize))
            .route("/api/token", post(oauth::token))
            .route("/api/token/", post(oauth::token))
            .fallback(api::api)
            .layer(axum::middleware::from_fn_with_state(
                Arc::clone(&self.shared),
                trouble::trouble,
            ))
            .with_state(Arc::clone(&self.shared))
    }

    /// Serves until `shutdown` is done and open calls are answered.
    pub async fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        // A page is more than a packet: its last one must not wait for an acknowledgement.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, self.router())
            .with_graceful_shutdown(shutdown)
            .await
    }

    /// Adds a fault, to be tried after those that are there.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.faults().push(fault);
    }

    /// The last calls that were answered, oldest first; at most 100,000.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls()
    }
}

/// The buckets that a [`Quota`] can be of.
pub fn buckets() -> Vec<&'static str> {
    operations::buckets()
}

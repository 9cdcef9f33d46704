//! The page on loopback that Spotify sends the user's browser back to.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::client::{Error, Result, Secret};

/// How long the last page may take to reach the browser.
const GOODBYE: Duration = Duration::from_secs(2);

/// A listener for one login.
#[derive(Debug)]
pub(super) struct Loopback {
    listener: TcpListener,
    redirect_uri: String,
    state: String,
}

type Outcome = Result<Secret>;

struct Waiting {
    state: String,
    sender: Mutex<Option<oneshot::Sender<Outcome>>>,
}

impl Loopback {
    /// Listens on 127.0.0.1, at any free port where `port` is 0.
    pub async fn listen(port: u16, state: String) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let cannot = |source: std::io::Error| {
            Error::unavailable(format!("can't listen on {address} for the login"))
                .hint("another program may hold that port; choose another with --port")
                .caused_by(source)
        };
        let listener = TcpListener::bind(address).await.map_err(cannot)?;
        let port = listener.local_addr().map_err(cannot)?.port();
        Ok(Self {
            listener,
            // The IP literal: Spotify takes no plain http for "localhost".
            redirect_uri: format!("http://127.0.0.1:{port}/callback"),
            state,
        })
    }

    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Waits for the browser to bring the code.
    pub async fn code(self, timeout: Duration) -> Outcome {
        let (sender, receiver) = oneshot::channel();
        let waiting = Arc::new(Waiting {
            state: self.state,
            sender: Mutex::new(Some(sender)),
        });
        let router = Router::new()
            .route("/callback", get(callback))
            .with_state(waiting);
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(self.listener, router).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        let mut serving = tokio::spawn(async move { serving.await });
        let outcome = tokio::time::timeout(timeout, receiver).await;
        let _ = stop.send(());
        if tokio::time::timeout(GOODBYE, &mut serving).await.is_err() {
            serving.abort();
        }
        match outcome {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Error::internal("the login page ended before the login")),
            Err(_) => Err(Error::unavailable(format!(
                "nobody logged in within {} s",
                timeout.as_secs()
            ))
            .hint("start `stave spotify login` again and open the address that it prints")),
        }
    }
}

async fn callback(
    State(waiting): State<Arc<Waiting>>,
    RawQuery(query): RawQuery,
) -> (StatusCode, Html<&'static str>) {
    let query = query.unwrap_or_default();
    let value = |name: &str| {
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    // Another page in the browser must not be able to end the login: what
    // doesn't know the state is ignored.
    if value("state").as_deref() != Some(waiting.state.as_str()) {
        return (
            StatusCode::BAD_REQUEST,
            Html("<p>This is not the login that Stave waits for.</p>"),
        );
    }
    let outcome = match (value("code"), value("error").as_deref()) {
        (Some(code), None) => Ok(Secret::new(code)),
        (_, Some("access_denied")) => Err(Error::denied("the login was refused in the browser")
            .hint("log in again and agree, or ask for fewer scopes")),
        _ => Err(Error::unavailable("Spotify ended the login with an error").hint("log in again")),
    };
    let page = if outcome.is_ok() {
        Html("<p>Stave has the login. You can close this page.</p>")
    } else {
        Html("<p>The login did not succeed; the terminal says more.</p>")
    };
    let mut sender = waiting
        .sender
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(sender) = sender.take() {
        let _ = sender.send(outcome);
    }
    (StatusCode::OK, page)
}

//! A scripted server on loopback for the tests of this crate: it answers what
//! a closure says and writes down what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::Response;
use serde_json::Value;

use super::{Config, Hosts};

/// A request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub method: String,
    /// Path and query, such as `/v1/me?limit=50`.
    pub target: String,
    pub authorization: String,
    pub body: String,
}

impl Asked {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    pub fn value(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        find(query, name)
    }

    pub fn field(&self, name: &str) -> Option<String> {
        find(&self.body, name)
    }

    pub fn number(&self, name: &str, default: usize) -> usize {
        self.value(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    }
}

fn find(form: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(form.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// What the server answers.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    broken_off: bool,
}

impl Reply {
    pub fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            broken_off: false,
        }
    }

    pub fn bytes(status: u16, body: &[u8]) -> Self {
        Self {
            body: body.to_vec(),
            ..Self::text(status, "")
        }
    }

    pub fn json(body: &Value) -> Self {
        Self::text(200, &body.to_string())
    }

    pub fn error(status: u16, message: &str) -> Self {
        let body = serde_json::json!({"error": {"status": status, "message": message}});
        Self::text(status, &body.to_string())
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Sends the body, and then breaks the connection off.
    pub fn broken_off(mut self) -> Self {
        self.broken_off = true;
        self
    }
}

type Script = Box<dyn Fn(&Asked) -> Reply + Send + Sync>;

struct Inner {
    script: Script,
    log: Mutex<Vec<Asked>>,
}

/// A running server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Fake {
    inner: Arc<Inner>,
    /// `http://127.0.0.1:PORT`
    pub base: String,
}

impl Fake {
    /// Starts a server. The script is made with its base URL at hand.
    pub async fn start<F>(make: impl FnOnce(String) -> F) -> Self
    where
        F: Fn(&Asked) -> Reply + Send + Sync + 'static,
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner {
            script: Box::new(make(base.clone())),
            log: Mutex::default(),
        });
        let router = Router::new().fallback(answer).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, base }
    }

    pub fn hosts(&self) -> Hosts {
        Hosts::new(&self.base, &format!("{}/v1", self.base)).unwrap()
    }

    pub fn config(&self) -> Config {
        let mut config = Config::new(self.hosts(), "test").unwrap();
        config.patience.pace = std::time::Duration::ZERO;
        config
    }

    pub fn log(&self) -> Vec<Asked> {
        self.inner.log.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.inner.log.lock().unwrap().len()
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: HttpRequest) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let header = parts.headers.get("authorization");
    let asked = Asked {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        authorization: header.map_or("", |h| h.to_str().unwrap()).to_owned(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    inner.log.lock().unwrap().push(asked.clone());
    let reply = (inner.script)(&asked);
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let body = if reply.broken_off {
        let parts = [
            Ok(Bytes::from(reply.body)),
            Err(std::io::Error::other("broken off")),
        ];
        Body::from_stream(futures::stream::iter(parts))
    } else {
        Body::from(reply.body)
    };
    response.body(body).unwrap()
}

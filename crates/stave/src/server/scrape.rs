//! `GET /metrics`: metrics for Prometheus, which does not sign.
//!
//! What is measured names buckets, functions and rules, so it is shown to who sits on this
//! machine, unless somebody has said that all may see it.

use bytes::Bytes;
use clap::ValueEnum;
use http::header::{CONTENT_TYPE, HOST, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use s3s::Body;
use stave_core::Caller;
use stave_services::Telemetry;

use super::door::Peer;

/// The form of Prometheus's texts.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Who may read the metrics without a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MetricsFor {
    /// Nobody: /metrics is a bucket's name like any other
    Nobody,
    /// Who asks from this machine
    Local,
    /// Everybody who reaches the address
    All,
}

/// Answers who reads metrics.
pub struct Scrape {
    telemetry: Telemetry,
    owner: Caller,
    readers: MetricsFor,
}

impl Scrape {
    /// Shows the metrics of `telemetry`, as their owner sees them, to `readers`.
    pub fn new(telemetry: Telemetry, owner: Caller, readers: MetricsFor) -> Self {
        Self {
            telemetry,
            owner,
            readers,
        }
    }

    /// Whether `/metrics` is answered here at all.
    pub fn is_on(&self) -> bool {
        self.readers != MetricsFor::Nobody
    }

    /// Answers a request of `peer`.
    pub async fn answer(&self, head: &Parts, peer: Peer) -> Response<Body> {
        if self.readers == MetricsFor::Local && !is_local(head, peer) {
            let said = "the metrics are shown on the machine itself only\n";
            return text(StatusCode::FORBIDDEN, said.to_owned());
        }
        if head.method == Method::HEAD {
            return text(StatusCode::OK, String::new());
        }
        let (telemetry, owner) = (self.telemetry.clone(), self.owner.clone());
        let shown = tokio::task::spawn_blocking(move || telemetry.prometheus(&owner)).await;
        match shown {
            Ok(Ok(metrics)) => text(StatusCode::OK, metrics),
            Ok(Err(error)) => failed(&error.to_string()),
            Err(error) => failed(&error.to_string()),
        }
    }
}

/// Whether somebody on this machine asks: also by the host that it names, so that a web page
/// from elsewhere cannot have a browser ask for it.
fn is_local(head: &Parts, peer: Peer) -> bool {
    let host = head
        .headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| head.uri.host())
        .unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let is_here = name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback());
    is_here && peer.ip.to_canonical().is_loopback()
}

fn failed(error: &str) -> Response<Body> {
    tracing::error!(error, "the metrics could not be read");
    let said = "the metrics could not be read\n";
    text(StatusCode::INTERNAL_SERVER_ERROR, said.to_owned())
}

fn text(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_sits_here_and_says_so_is_local() {
        for (host, ip, expected) in [
            ("127.0.0.1:4566", "127.0.0.1", true),
            ("localhost:4566", "127.0.0.1", true),
            ("LOCALHOST", "::1", true),
            ("[::1]:4566", "::1", true),
            ("localhost", "::ffff:127.0.0.1", true),
            ("localhost:4566", "10.0.0.7", false),
            ("evil.example:4566", "127.0.0.1", false),
            ("localhost.evil.example", "127.0.0.1", false),
            ("", "127.0.0.1", false),
        ] {
            let request = http::Request::builder().header(HOST, host);
            let head = request.body(()).expect("a request").into_parts().0;
            let peer = Peer {
                ip: ip.parse().expect("an address"),
                is_tls: false,
            };
            assert_eq!(is_local(&head, peer), expected, "{host} {ip}");
        }
    }
}

//! The door: every request of every connection comes in here, and gets an id, an answer and a
//! line in the log.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue, SERVER};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use s3s::Body;
use stave_core::{IdSource, Result};
use stave_services::{Functions, Notifications};
use tokio::time::Instant;

use super::Limits;
use super::aws::Services;
use super::body::Paced;
use super::log::Answered;
use super::measure::Measure;
use super::scrape::{MetricsFor, Scrape};
use super::target::Target;
use crate::compose::Stave;
use crate::wire::download;
use crate::wire::s3::{Origin, S3Door, S3Options};

/// Who sits at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address.
    pub ip: IpAddr,
    /// Whether nobody can listen in between.
    pub is_tls: bool,
}

/// What answers.
pub struct Door {
    ids: Arc<dyn IdSource>,
    limits: Limits,
    s3: S3Door,
    services: Services,
    notifications: Notifications,
    functions: Functions,
    measure: Measure,
    scrape: Scrape,
}

impl Door {
    /// Opens the door to the services of `stave`.
    pub fn open(stave: &Stave, limits: &Limits, metrics_for: MetricsFor) -> Result<Self> {
        let options = S3Options {
            region: stave.config.region.value.clone(),
            account: stave.config.account.value.clone(),
            ..S3Options::default()
        };
        let notifications = stave.platform()?.notifications.clone();
        Ok(Self {
            ids: Arc::clone(&stave.ids),
            limits: *limits,
            s3: S3Door::new(
                stave.iam()?.clone(),
                stave.buckets.clone(),
                notifications.clone(),
                options,
            )?,
            services: Services::open(stave, limits)?,
            notifications,
            functions: stave.platform()?.functions.clone(),
            measure: Measure::open(stave)?,
            scrape: Scrape::new(
                stave.platform()?.telemetry.clone(),
                stave.owner(),
                metrics_for,
            ),
        })
    }

    /// Answers a request of `peer`.
    pub async fn answer(self: Arc<Self>, request: Request<Incoming>, peer: Peer) -> Response<Body> {
        let begun_at = Instant::now();
        let request_id = request_id(self.ids.next());
        let (head, body) = request.into_parts();
        let (method, path) = (head.method.clone(), head.uri.path().to_owned());
        let body = Paced::new(body, &self.limits);
        let read = body.read();
        let target = match Target::of(&head) {
            Target::Metrics if !self.scrape.is_on() => Target::S3,
            target => target,
        };
        let mut response = match &target {
            Target::Health => health(&method),
            Target::Code => download(&self.functions, &head).await,
            Target::Metrics => self.scrape.answer(&head, peer).await,
            Target::S3 => {
                let measured = Measure::begin(&self.s3, &head, begun_at);
                let origin = Origin {
                    source_ip: peer.ip,
                    is_tls: peer.is_tls,
                    request_id: request_id.clone(),
                };
                let body = Body::http_body_unsync(body);
                let request = Request::from_parts(head, body);
                let response = self.s3.answer(request, origin).await;
                if !method.is_safe() && response.status().is_success() {
                    self.notifications.wake();
                }
                match measured {
                    Some(measured) => self.measure.end(measured, response).await,
                    None => response,
                }
            }
            Target::Service(service) => {
                let max = self.limits.call_bytes_of(service);
                let answer = self
                    .services
                    .answer(service, (head, body), max, peer, &request_id);
                answer.await.map(Body::from)
            }
        };
        response
            .headers_mut()
            .insert(SERVER, HeaderValue::from_static("Stave"));
        if !read.is_whole() && !response.status().is_success() {
            // The connection ends then: a client that is not told meets that with its next request.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        Answered {
            request_id: &request_id,
            service: match &target {
                Target::Health => "health",
                Target::Code => "lambda",
                Target::Metrics => "metrics",
                Target::S3 => "s3",
                Target::Service(service) => service,
            },
            method: method.as_str(),
            path: &path,
            status: response.status().as_u16(),
            took: begun_at.elapsed(),
            from: peer.ip,
        }
        .log();
        response
    }
}

/// `a1b2c3d4-…`: a UUID's form, as AWS gives request ids.
fn request_id(id: u128) -> String {
    let hex = format!("{id:032x}");
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

fn health(method: &Method) -> Response<Body> {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let text = format!(
        "{{\"status\":\"ok\",\"version\":\"{}\"}}\n",
        env!("CARGO_PKG_VERSION")
    );
    let body = if is_read { text } else { String::new() };
    let mut response = Response::new(Body::from(Bytes::from(body)));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if !is_read {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    }
    response
}

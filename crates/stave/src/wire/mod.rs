//! The wire: AWS's protocols. S3's is in `s3`; of all others this holds: a request that has been
//! authenticated comes in as a [`Call`], an HTTP answer goes out; between them a handler decodes
//! nothing and encodes nothing, it calls one operation of a service.
//!
//! - `stave-wire` has what is generated from AWS's models: operations, shapes, and the types of the
//!   handlers.
//! - `query`, `json`, `rest_json` and `cbor` are the protocols, guided by the shapes.
//! - `door` knows who does which operation; the folders of services (`iam`, `lambda`, `events` …) are
//!   handlers.
//! - `path` is a place in a request, for faults.
//! - `fault` says which code and status an error has.
//!
//! Must not know: sockets, signatures, what an operation does.

mod cbor;
mod cloudwatch;
mod door;
mod events;
mod fault;
mod iam;
mod json;
mod lambda;
mod logs;
mod path;
mod query;
mod reply;
mod rest_json;
pub mod s3;
mod scheduler;
mod stranger;
mod sts;
#[cfg(test)]
mod tests;
mod text;
mod validate;

use std::collections::HashMap;

use bytes::Bytes;
use http::header::HeaderMap;
use http::{Method, Response, Uri};
use stave_core::{Caller, Error};
use stave_services::Iam;
use stave_wire::{model, pattern, shape, types, value};

use self::door::Door;
pub use self::fault::{unauthenticated, unsigned};
pub use self::lambda::{CODE_PATH, download};
use crate::compose::Platform;

/// A request of somebody who is known.
#[derive(Debug)]
pub struct Call {
    /// Who asks.
    pub caller: Caller,
    /// The id that the answer and the log name.
    pub request_id: String,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

/// The services that speak AWS's protocols, by the names that requests to them are signed for.
pub struct Wire {
    doors: HashMap<&'static str, Door>,
}

impl Wire {
    /// The doors of these services.
    #[expect(clippy::needless_pass_by_value, reason = "a service is handed over")]
    pub fn new(iam: Iam, platform: &Platform) -> Self {
        Self::of([
            cloudwatch::door(&platform.telemetry),
            events::door(&platform.schedules),
            iam::door(&iam),
            lambda::door(&platform.functions),
            logs::door(&platform.telemetry),
            scheduler::door(&platform.schedules),
            sts::door(&iam),
        ])
    }

    fn of(doors: impl IntoIterator<Item = Door>) -> Self {
        Self {
            doors: doors
                .into_iter()
                .map(|door| (door.service().signing_name, door))
                .collect(),
        }
    }

    /// Whether a service is served.
    pub fn serves(&self, service: &str) -> bool {
        self.doors.contains_key(service)
    }

    /// Does what a request to a service asks for.
    pub async fn answer(&self, service: &str, call: Call) -> Response<Bytes> {
        if let Some(door) = self.doors.get(service) {
            return door.answer(call).await;
        }
        let error = fault::unsupported(format!("{service} is not implemented"));
        stranger::refuse(&call.headers, &error, &call.request_id)
    }

    /// Says in the service's protocol that a request is refused before it has been decoded.
    pub fn refuse(
        &self,
        service: &str,
        headers: &HeaderMap,
        error: &Error,
        request_id: &str,
    ) -> Response<Bytes> {
        match self.doors.get(service) {
            Some(door) => door.refuse(headers, error, request_id),
            None => stranger::refuse(headers, error, request_id),
        }
    }
}

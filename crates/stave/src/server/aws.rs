//! Calls to all services but S3: the body is read whole, the signature checked, the call handed
//! to the wire.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::header::USER_AGENT;
use http::request::Parts;
use http_body::Body as _;
use stave_core::iam::Context;
use stave_core::sigv4::{Expected, HttpRequest, Presented};
use stave_core::{Caller, Clock, Error, Result};
use stave_services::Iam;
use stave_services::iam::Unauthenticated;

use tokio::sync::Semaphore;

use super::Limits;
use super::body::{Paced, whole};
use super::door::Peer;
use crate::compose::Stave;
use crate::wire::{Call, Wire, unauthenticated, unsigned};
use stave_store::blocking;

/// The services that speak AWS's JSON, query and REST protocols.
pub struct Services {
    iam: Iam,
    clock: Arc<dyn Clock>,
    wire: Wire,
    /// What bodies may still be held, in KiB: who sends them is not known before they are there.
    room: Semaphore,
}

/// What a body takes of the room for bodies when its length is not said, in bytes.
const UNSAID_BYTES: u64 = 1 << 20;

impl Services {
    /// The services of `stave`.
    pub fn open(stave: &Stave, limits: &Limits) -> Result<Self> {
        Ok(Self {
            room: Semaphore::new(limits.held_bytes >> 10),
            iam: stave.iam()?.clone(),
            clock: Arc::clone(&stave.clock),
            wire: Wire::new(stave.iam()?.clone(), stave.platform()?),
        })
    }

    /// Answers a call to `service`, whose body has at most `max_bytes`.
    pub async fn answer(
        &self,
        service: &str,
        (head, body): (Parts, Paced),
        max_bytes: usize,
        peer: Peer,
        request_id: &str,
    ) -> Response<Bytes> {
        let head = Arc::new(head);
        let said = body.size_hint().exact().unwrap_or(UNSAID_BYTES);
        let kib = said.min(max_bytes as u64).div_ceil(1 << 10);
        // It is given back when the answer is there; it is never closed.
        let _held = self.room.acquire_many(kib as u32).await;
        let let_in = async {
            let body = whole(body, max_bytes).await?;
            let caller = self.caller(service, &head, &body, peer).await?;
            Ok::<_, Error>((caller, body))
        };
        let (caller, body) = match let_in.await {
            Ok(let_in) => let_in,
            Err(error) => return self.wire.refuse(service, &head.headers, &error, request_id),
        };
        if !self.wire.serves(service) {
            let error = not_served(service, &head, &body, &caller);
            return self.wire.refuse(service, &head.headers, &error, request_id);
        }
        let call = Call {
            caller,
            request_id: request_id.to_owned(),
            method: head.method.clone(),
            uri: head.uri.clone(),
            headers: head.headers.clone(),
            body,
        };
        self.wire.answer(service, call).await
    }

    /// Who has signed the request.
    async fn caller(
        &self,
        service: &str,
        head: &Arc<Parts>,
        body: &Bytes,
        peer: Peer,
    ) -> Result<Caller> {
        let (iam, clock) = (self.iam.clone(), Arc::clone(&self.clock));
        let (service, head, body) = (service.to_owned(), Arc::clone(head), body.clone());
        // It reads the database, and a password's cost may hold that up.
        blocking("a signature was not checked", move || {
            authenticate(&iam, &*clock, &service, &head, &body, peer)
        })
        .await
    }
}

fn authenticate(
    iam: &Iam,
    clock: &dyn Clock,
    service: &str,
    head: &Parts,
    body: &Bytes,
    peer: Peer,
) -> Result<Caller> {
    let headers: Vec<(&str, &[u8])> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    let request = HttpRequest {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: &headers,
    };
    let refused = |refusal| unauthenticated(Unauthenticated::Signature(refusal));
    let presented = Presented::read(&request).map_err(refused)?;
    let presented = presented.ok_or_else(unsigned)?;
    let expected = Expected {
        service,
        region: None,
        now: clock.now(),
        body: Some(body),
    };
    let keys = request_keys(head, peer);
    let authenticated = iam.authenticate(&request, &presented, &expected, &keys);
    let authenticated = authenticated.map_err(unauthenticated)?;
    if let Some(used) = &authenticated.used {
        // When a key was last used may be lost.
        let _ = iam.note_use(used);
    }
    Ok(authenticated.caller)
}

/// The condition keys that a request brings.
fn request_keys(head: &Parts, peer: Peer) -> Context {
    let mut keys = Context::new();
    keys.set("aws:SourceIp", unmapped(peer.ip).to_string());
    keys.set("aws:SecureTransport", peer.is_tls.to_string());
    let agent = head
        .headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok());
    if let Some(agent) = agent {
        keys.set("aws:UserAgent", agent);
    }
    keys
}

/// An IPv4 address as such, also where a socket of both kinds gives it as IPv6.
fn unmapped(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// Why a call to a service that is not here fails: it is refused to who may not, as it would be
/// if it were here.
fn not_served(service: &str, head: &Parts, body: &Bytes, caller: &Caller) -> Error {
    let Some(operation) = operation(head, body) else {
        return Error::unsupported(format!("{service} is not implemented")).coded("NotImplemented");
    };
    let prefix = match service {
        "monitoring" => "cloudwatch",
        "email" => "ses",
        service => service,
    };
    if let Err(denied) = caller.may(&format!("{prefix}:{operation}"), "*") {
        return denied;
    }
    let said = format!("{operation} of {service} is not implemented");
    Error::unsupported(said).coded("NotImplemented")
}

/// The operation that a call names, in the JSON or the query protocol.
fn operation(head: &Parts, body: &Bytes) -> Option<String> {
    let target = head
        .headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let named = match target.and_then(|target| target.rsplit_once('.')) {
        Some((_, operation)) => operation.to_owned(),
        None => form_urlencoded::parse(body)
            .chain(form_urlencoded::parse(
                head.uri.query().unwrap_or_default().as_bytes(),
            ))
            .find(|(name, _)| name == "Action")?
            .1
            .into_owned(),
    };
    let plain = !named.is_empty() && named.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then_some(named)
}

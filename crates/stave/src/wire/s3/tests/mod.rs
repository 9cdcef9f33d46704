//! The door in process: requests as clients sign them, answers as clients read them.

mod bodies;
mod buckets;
mod objects;
mod signatures;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use s3s::Body;
use stave_core::sigv4::{Credentials, HttpRequest, Signer, sign};
use stave_core::{Arn, Clock, Error, ManualClock, Result, SequentialIds};
use stave_services::iam::IamOptions;
use stave_services::schedules::{Missed, ScheduleOptions, Sender, Shipment, Targets};
use stave_services::{Buckets, Iam, Notifications, Schedules};
use stave_store::{Store, StoreOptions};
use tempfile::TempDir;

use super::{Origin, S3Door, S3Options};

pub(super) const HOST: &str = "127.0.0.1:4566";

/// A home with a door before it.
pub(super) struct World {
    pub(super) dir: TempDir,
    pub(super) clock: Arc<ManualClock>,
    pub(super) iam: Iam,
    pub(super) door: S3Door,
    pub(super) key: Key,
}

/// An access key.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

/// An answer, read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("text"))
    }

    /// What stands in the first element of that name.
    pub(super) fn element(&self, name: &str) -> String {
        let text = self.text();
        let from = text
            .find(&format!("<{name}>"))
            .map(|at| at + name.len() + 2);
        let to = text.find(&format!("</{name}>"));
        match (from, to) {
            (Some(from), Some(to)) => text[from..to].to_owned(),
            _ => String::new(),
        }
    }

    /// The code of an error; empty for none.
    pub(super) fn code(&self) -> String {
        self.element("Code")
    }
}

/// Targets of which every one can be sent to, and takes nothing.
#[derive(Debug)]
struct NoTargets;

#[async_trait]
impl Targets for NoTargets {
    fn check(&self, _: Sender, _: &str, _: &Arn) -> Result<()> {
        Ok(())
    }

    fn needs_role(&self, _: &Arn) -> bool {
        false
    }

    async fn deliver(&self, shipment: &Shipment) -> Result<()> {
        Err(Error::unavailable(format!(
            "{} takes nothing",
            shipment.target_arn
        )))
    }
}

fn notifications(store: &Store, iam: &Iam, buckets: &Buckets) -> Notifications {
    let targets: Arc<dyn Targets> = Arc::new(NoTargets);
    let options = ScheduleOptions {
        region: "us-east-1".to_owned(),
        missed: Missed::default(),
    };
    let schedules = Schedules::open(store.clone(), iam.clone(), Arc::clone(&targets), options);
    let schedules = schedules.expect("opened");
    Notifications::new(store.clone(), buckets.clone(), schedules, targets)
}

pub(super) fn world() -> World {
    let dir = tempfile::tempdir().expect("a directory");
    let at = "2026-11-21T10:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::new(at));
    let ids = Arc::new(SequentialIds::default());
    let options = StoreOptions { fsync: false };
    let store = Store::open_with(dir.path(), Arc::clone(&clock) as _, ids, options);
    let store = store.expect("a store");
    let iam = Iam::open(store.clone(), "123456789012", IamOptions::default()).expect("IAM");
    let buckets = Buckets::new(stave_store::Buckets::new(store.buckets(), Vec::new()));
    let notifications = notifications(&store, &iam, &buckets);
    let options = S3Options::default();
    let door = S3Door::new(iam.clone(), buckets, notifications, options).expect("a door");
    let root = stave_core::Caller::root("123456789012");
    let user = stave_services::iam::NewUser {
        name: "ann".to_owned(),
        ..Default::default()
    };
    iam.create_user(&root, user).expect("made");
    let kind = stave_services::iam::EntityKind::User;
    let policy = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"#;
    iam.put_inline_policy(&root, kind, "ann", "all", policy)
        .expect("put");
    let made = iam.create_access_key(&root, Some("ann")).expect("made");
    let key = Key {
        id: made.key.id.clone(),
        secret: made.secret.expose().to_owned(),
        token: None,
    };
    World {
        dir,
        clock,
        iam,
        door,
        key,
    }
}

/// A request before it is signed.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

pub(super) fn call(method: &'static str, target: &str) -> Call {
    Call {
        method,
        target: target.to_owned(),
        headers: vec![("host".to_owned(), HOST.to_owned())],
        body: Bytes::new(),
    }
}

impl Call {
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// With a signature of `key`, as of `now`; `payload` instead of the body's hash.
    pub(super) fn signed(mut self, key: &Key, now: jiff::Timestamp, payload: Option<&str>) -> Self {
        let length = self.body.len().to_string();
        self = self.header("content-length", &length);
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .filter(|(name, _)| name != "content-length")
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let request = HttpRequest {
            method: self.method,
            path,
            query,
            headers: &headers,
        };
        let hash = hash_of(&self.body);
        let signer = Signer {
            credentials: Credentials {
                access_key: &key.id,
                secret: &key.secret,
                session_token: key.token.as_deref(),
            },
            region: "us-east-1",
            service: "s3",
            now,
        };
        let added = sign(&request, &signer, Some(payload.unwrap_or(&hash)));
        self.headers.extend(
            added
                .into_iter()
                .map(|(name, value)| (name.to_lowercase(), value)),
        );
        self
    }
}

/// SHA-256 in hexadecimal.
pub(super) fn hash_of(body: &[u8]) -> String {
    use base64::Engine;
    use std::fmt::Write;
    let sum = stave_store::ChecksumAlgorithm::Sha256.of(body);
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(sum)
        .expect("base64");
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("written");
        text
    })
}

impl World {
    /// Sends a request as it is.
    pub(super) async fn send(&self, call: Call) -> Answer {
        let mut request = Request::builder().method(call.method).uri(&call.target);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(call.body)).expect("a request");
        let origin = Origin {
            source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            is_tls: false,
            request_id: "REQUEST1".to_owned(),
        };
        read(self.door.answer(request, origin).await).await
    }

    /// Sends a request that Ann has signed.
    pub(super) async fn ask(&self, call: Call) -> Answer {
        self.send(call.signed(&self.key, self.clock.now(), None))
            .await
    }

    /// Writes an object.
    pub(super) async fn put(&self, target: &str, body: &'static str) -> Answer {
        let answer = self.ask(call("PUT", target).body(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }
}

async fn read(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}

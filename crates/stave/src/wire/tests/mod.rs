//! The doors in process: requests as clients write them, a home of its own, a clock that stands
//! still.

mod errors;
mod every;
mod models;
mod rest;
mod steps;
mod strangers;
mod tree;

use std::num::NonZeroUsize;
use std::sync::Arc;

use stave_core::{ManualClock, SequentialIds};
use stave_services::Telemetry;
use stave_services::iam::{EntityKind, IamOptions, NewUser, PasswordCost};
use stave_store::{Store, StoreOptions};
use tempfile::TempDir;

use self::tree::Tree;
use super::*;
use crate::args::GlobalArgs;
use crate::compose::Stave;
use crate::config::{Config, Environment};
use crate::machine::Machine;

const ACCOUNT: &str = "123456789012";

/// A home, and its doors.
struct World {
    _dirs: [TempDir; 2],
    iam: Iam,
    wire: Wire,
}

/// An answer.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn tree(&self) -> Tree {
        Tree::read(&self.body)
    }

    /// The code of an error of the query protocol.
    fn code(&self) -> String {
        self.tree().text("Error/Code").unwrap_or_default()
    }

    fn message(&self) -> String {
        self.tree().text("Error/Message").unwrap_or_default()
    }
}

/// The settings of a home in `dir`, whose services the doors of this world lead to that need
/// more than IAM.
fn config(dir: &TempDir) -> Config {
    let flags = GlobalArgs {
        home: Some(dir.path().to_owned()),
        ..GlobalArgs::default()
    };
    let machine = Machine {
        memory_bytes: 8 << 30,
        cores: NonZeroUsize::MIN,
    };
    let environment = Environment::of(&[("STAVE_FSYNC", "false")]);
    Config::resolve(&flags, &environment, &machine).expect("resolved")
}

fn world() -> World {
    let dir = tempfile::tempdir().expect("a directory");
    let at = "2026-11-21T10:00:00Z".parse().expect("a time");
    let clock = Arc::new(ManualClock::new(at));
    let ids = Arc::new(SequentialIds::default());
    let options = StoreOptions { fsync: false };
    let store = Store::open_with(dir.path(), clock.clone(), ids, options).expect("a store");
    let options = IamOptions {
        password_cost: PasswordCost {
            memory_kib: 8,
            passes: 1,
        },
    };
    let telemetry = Telemetry::open(&store, ACCOUNT, "us-east-1").expect("opened");
    let iam = Iam::open(store, ACCOUNT, options).expect("opened");
    let platform_dir = tempfile::tempdir().expect("a directory");
    let stave = Stave::open(config(&platform_dir)).expect("opened");
    let platform = stave.platform().expect("opened");
    World {
        wire: Wire::of([
            cloudwatch::door(&telemetry),
            events::door(&platform.schedules),
            iam::door(&iam),
            lambda::door(&platform.functions),
            logs::door(&telemetry),
            scheduler::door(&platform.schedules),
            sts::door(&iam),
        ]),
        _dirs: [dir, platform_dir],
        iam,
    }
}

/// `name=value&…` with the action and the version of a service.
fn form(service: &str, action: &str, parameters: &str) -> String {
    let version = match service {
        "iam" => "2010-05-08",
        _ => "2011-06-15",
    };
    format!("Action={action}&Version={version}&{parameters}")
}

fn call(caller: Caller, body: String) -> Call {
    let mut headers = HeaderMap::new();
    let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(http::header::CONTENT_TYPE, form);
    Call {
        caller,
        request_id: "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE".to_owned(),
        method: Method::POST,
        uri: Uri::from_static("/"),
        headers,
        body: body.into(),
    }
}

impl World {
    /// The answer to a call.
    async fn answer(&self, service: &str, call: Call) -> Answer {
        let response = self.wire.answer(service, call).await;
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: String::from_utf8(response.body().to_vec()).expect("text"),
        }
    }

    /// The answer that the account's root gets.
    async fn ask(&self, service: &str, action: &str, parameters: &str) -> Answer {
        let body = form(service, action, parameters);
        self.answer(service, call(Caller::root(ACCOUNT), body))
            .await
    }

    /// A user who may do `action`.
    fn user(&self, name: &str, action: &str) -> Caller {
        let root = Caller::root(ACCOUNT);
        let new = NewUser {
            name: name.to_owned(),
            ..NewUser::default()
        };
        self.iam.create_user(&root, new).expect("made");
        let policy = format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}}}"#
        );
        let user = EntityKind::User;
        self.iam
            .put_inline_policy(&root, user, name, "may", &policy)
            .expect("put");
        self.iam.caller_as(&root, name).expect("there")
    }
}

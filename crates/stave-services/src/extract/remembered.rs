//! What the service itself remembers of an account, beside the extractor's
//! checkpoints: where its pages went, whom and what it belongs to, how its
//! streams stood at the end of their last runs.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stave_core::{Error, Result, S3Uri};
use stave_spotify::client::{Client, Endpoint, ErrorKind, Request};
use stave_spotify::extract::{Report, Standing, StreamReport};
use stave_store::Store;

use super::faults::to_core;
use super::{Connection, Extracts};
use crate::blocking::blocking;

/// What a stream's missing parts are cut to.
const MISSING_MAX: usize = 20;

/// How a stream stood at the end of its last run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// The stream.
    pub stream: String,
    /// `complete`, `partial`, `closed`, `denied`.
    pub standing: String,
    /// When it goes on, where a quota is used up.
    pub closed_until: Option<Timestamp>,
    /// How many rows Spotify said there are.
    pub asked: Option<u64>,
    /// How many rows were got.
    pub got: u64,
    /// How many calls it took.
    pub calls: u64,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Where its pages went.
    pub target: String,
    /// What is missing, and why.
    pub missing: Vec<String>,
}

impl LastRun {
    fn of(report: &StreamReport, ended_at: Timestamp, target: &S3Uri) -> Self {
        let (standing, closed_until) = match report.standing {
            Standing::Complete => ("complete", None),
            Standing::Partial => ("partial", None),
            Standing::ClosedUntil(until) => ("closed", Some(until)),
            Standing::Denied => ("denied", None),
        };
        let missing = report.missing.iter().take(MISSING_MAX);
        Self {
            stream: report.stream.to_string(),
            standing: standing.to_owned(),
            closed_until,
            asked: report.asked,
            got: report.got,
            calls: report.calls,
            ended_at,
            target: target.to_string(),
            missing: missing
                .map(|missing| format!("{}: {}", missing.what, missing.why))
                .collect(),
        }
    }
}

/// Whose data an account holds.
#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    user: String,
    consented_at: Timestamp,
}

/// The key of `name` for an account, as the extractor's own keys are made.
pub(super) fn key(account: &str, name: &str) -> String {
    format!("spotify/{account}/{name}")
}

/// Reads what is under `key`.
pub(super) fn read<T: DeserializeOwned>(store: &Store, key: &str) -> Result<Option<T>> {
    let Some(text) = store.recall(key)? else {
        return Ok(None);
    };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        Error::internal(format!("what is remembered under \"{key}\" can't be read"))
            .hint("it was written by another version of Stave")
            .caused_by(error)
    })
}

/// Writes `value` under `key`.
pub(super) fn write(store: &Store, key: &str, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(value)
        .map_err(|error| Error::internal(format!("can't write down {key}")).caused_by(error))?;
    store.remember(key, &text)
}

impl Extracts {
    /// Refuses to mix two Spotifys in one account: a token of one must not be
    /// sent to the other, nor a list of one be gone on with in the other.
    pub(super) async fn check_hosts(&self, connection: &Connection) -> Result<()> {
        let api = connection.hosts.api();
        // A sandbox has another port each time.
        let name = if connection.is_sandbox {
            "a sandbox".to_owned()
        } else {
            api.to_string()
        };
        let account = connection.account.clone();
        blocking(&self.store, move |store| {
            let key = key(&account, "hosts");
            match read::<String>(store, &key)? {
                None => write(store, &key, &name),
                Some(noted) if noted == name => Ok(()),
                Some(noted) => Err(Error::conflict(format!(
                    "account \"{account}\" was read from {noted}, not from {name}"
                ))
                .hint(format!(
                    "choose another --account, or be rid of the old one: \
                     stave spotify purge --account {account}"
                ))),
            }
        })
        .await
    }

    /// Refuses to go on with one user's lists in another's account. Costs a
    /// call after each login.
    pub(super) async fn check_user(&self, client: &Client, consented_at: Timestamp) -> Result<()> {
        #[derive(Deserialize)]
        struct Me {
            account_id: Option<String>,
            id: Option<String>,
        }
        let account = client.account().to_owned();
        let key = key(&account, "owner");
        let name = key.clone();
        let owner: Option<Owner> = blocking(&self.store, move |store| read(store, &name)).await?;
        if owner
            .as_ref()
            .is_some_and(|o| o.consented_at == consented_at)
        {
            return Ok(());
        }
        let body = match client.get(&Request::new(Endpoint::Me, "me")).await {
            Ok(body) => body,
            // Whatever stands in the way meets the streams too, and is told there.
            Err(error) if error.kind() != ErrorKind::Internal => return Ok(()),
            Err(error) => return Err(to_core(error)),
        };
        let me: Option<Me> = serde_json::from_slice(&body).ok();
        let Some(user) = me.and_then(|me| me.account_id.or(me.id)) else {
            return Ok(());
        };
        if owner.is_some_and(|owner| owner.user != user) {
            return Err(Error::conflict(format!(
                "account \"{account}\" holds the data of another Spotify user than the one who \
                 logged in"
            ))
            .hint(format!(
                "log in with another --account, or be rid of the old data: \
                 stave spotify purge --account {account}"
            )));
        }
        let owner = Owner { user, consented_at };
        blocking(&self.store, move |store| write(store, &key, &owner)).await
    }

    /// Notes where pages of an account go, so that they are found again.
    pub(super) async fn note_target(&self, account: &str, target: &S3Uri) -> Result<()> {
        let key = key(account, "targets");
        let target = S3Uri::new(target.bucket.clone(), target.folder()).to_string();
        blocking(&self.store, move |store| {
            let mut targets: BTreeSet<String> = read(store, &key)?.unwrap_or_default();
            if targets.insert(target) {
                write(store, &key, &targets)?;
            }
            Ok(())
        })
        .await
    }

    /// Where pages of an account went.
    pub(super) async fn targets(&self, account: &str) -> Result<Vec<S3Uri>> {
        let key = key(account, "targets");
        let noted = blocking(&self.store, move |store| {
            read::<BTreeSet<String>>(store, &key)
        });
        let noted = noted.await?.unwrap_or_default();
        noted.iter().map(|text| text.parse()).collect()
    }

    /// Notes how the streams of a run stood at its end.
    pub(super) async fn note_report(
        &self,
        account: &str,
        target: &S3Uri,
        report: &Report,
    ) -> Result<()> {
        let runs = report.streams.iter();
        let runs: Vec<LastRun> = runs
            .map(|stream| LastRun::of(stream, report.ended_at, target))
            .collect();
        let account = account.to_owned();
        blocking(&self.store, move |store| {
            for run in &runs {
                write(store, &key(&account, &format!("last/{}", run.stream)), run)?;
            }
            Ok(())
        })
        .await
    }
}

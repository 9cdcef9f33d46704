//! How the accounts stand: logins, budgets, last runs. Asks Spotify nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use stave_core::{Caller, Error, Result};
use stave_spotify::auth::{Consent, consent};
use stave_spotify::client::Learned;
use stave_spotify::extract::Stream;
use stave_store::Store;

use super::Extracts;
use super::faults::to_core;
use super::remembered::{LastRun, key, read};
use crate::blocking::blocking;

/// More accounts than anybody has.
const ACCOUNTS_MAX: usize = 1000;

/// How an account stands.
#[derive(Debug, Clone)]
pub struct AccountStatus {
    /// Its name.
    pub account: String,
    /// Until when its login lasts; nothing where nobody has logged in.
    pub login: Option<Consent>,
    /// The groups of endpoints that were called, or are closed.
    pub budgets: Vec<BudgetStatus>,
    /// The last run of each stream, in the order of a run.
    pub streams: Vec<LastRun>,
}

/// The calls of a group of endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetStatus {
    /// Its name.
    pub bucket: String,
    /// The calls of the last 24 hours.
    pub calls_today: u32,
    /// How many Spotify took in a day before its quota was used up, where that is known.
    pub takes: Option<u32>,
    /// Nothing is asked before.
    pub closed_until: Option<Timestamp>,
}

impl Extracts {
    /// How every account stands, by name.
    pub async fn status(&self, caller: &Caller) -> Result<Vec<AccountStatus>> {
        caller.may("spotify:GetStatus", &self.arn(caller, "*"))?;
        let accounts = self.accounts().await?;
        let mut all = Vec::with_capacity(accounts.len());
        for account in accounts {
            all.push(self.account_status(account).await?);
        }
        Ok(all)
    }

    async fn account_status(&self, account: String) -> Result<AccountStatus> {
        let now = self.clock.now();
        let login = self.token_file(&account).read().map_err(to_core)?;
        let name = account.clone();
        let (learned, streams) = blocking(&self.store, move |store| {
            let learned: Learned = read(store, &key(&name, "learned"))?.unwrap_or_default();
            Ok((learned, last_runs(store, &name)?))
        })
        .await?;
        let budgets = learned.buckets.iter().map(|(name, bucket)| BudgetStatus {
            bucket: name.clone(),
            calls_today: bucket.calls_today(now),
            takes: bucket.ceiling,
            closed_until: bucket.closed(now),
        });
        let busy = |budget: &BudgetStatus| {
            budget.calls_today > 0 || budget.takes.is_some() || budget.closed_until.is_some()
        };
        Ok(AccountStatus {
            account,
            login: login.map(|tokens| consent(tokens.consented_at, now)),
            budgets: budgets.filter(busy).collect(),
            streams,
        })
    }

    /// The accounts that there are: with a login, or with anything remembered.
    pub(super) async fn accounts(&self) -> Result<BTreeSet<String>> {
        let mut accounts = blocking(&self.store, remembered_accounts).await?;
        let folder = self.store.home().spotify();
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(accounts),
            Err(error) => {
                let what = format!("cannot list {}", folder.display());
                return Err(Error::internal(what).caused_by(error));
            }
        };
        for entry in entries.flatten().take(ACCOUNTS_MAX) {
            if let Ok(name) = entry.file_name().into_string()
                && let Some(account) = name.strip_suffix(".json")
            {
                accounts.insert(account.to_owned());
            }
        }
        Ok(accounts)
    }
}

fn remembered_accounts(store: &Store) -> Result<BTreeSet<String>> {
    let mut accounts = BTreeSet::new();
    let mut after = None;
    while accounts.len() < ACCOUNTS_MAX {
        let found = store.remembered("spotify/", after.as_deref(), 1)?;
        let account = found.first().and_then(|key| key.split('/').nth(1));
        let Some(account) = account else { break };
        // '0' comes right after '/': past all keys of this account.
        after = Some(format!("spotify/{account}0"));
        accounts.insert(account.to_owned());
    }
    Ok(accounts)
}

fn last_runs(store: &Store, account: &str) -> Result<Vec<LastRun>> {
    let runs = Stream::ALL
        .iter()
        .map(|stream| read(store, &key(account, &format!("last/{stream}"))));
    runs.filter_map(Result::transpose).collect()
}

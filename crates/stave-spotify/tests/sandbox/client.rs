//! Our own client and extractor against the sandbox, both on clocks that are moved by months.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stave_spotify::auth::{Login, LoginSettings, TokenFile, UserTokens};
use stave_spotify::client::{Client, Config, ErrorKind, Hosts, InMemory, ManualClock};
use stave_spotify::extract::{
    Extractor, InMemoryPages, Report, Selection, Settings, Standing, Stream,
};
use stave_spotify::sandbox::Profile;

use crate::server::Server;

/// A user of the client: what outlives a run, and the sandbox it is of.
struct Account {
    server: Server,
    clock: Arc<ManualClock>,
    file: TokenFile,
    memory: Arc<InMemory>,
    pages: Arc<InMemoryPages>,
    _folder: tempfile::TempDir,
}

impl Account {
    async fn new() -> Self {
        let server = Server::of(Profile::Extended).await;
        let folder = tempfile::tempdir().unwrap();
        let account = Self {
            server,
            clock: Arc::new(ManualClock::new("2026-11-01T20:00:00Z".parse().unwrap())),
            file: TokenFile::new(folder.path().join("token.json")),
            memory: Arc::default(),
            pages: Arc::default(),
            _folder: folder,
        };
        account.log_in().await;
        account
    }

    fn hosts(&self) -> Hosts {
        let base = &self.server.base;
        Hosts::new(base, &format!("{base}/v1")).unwrap()
    }

    fn set(&self, at: &str) {
        self.server.set(at);
        self.clock.set(at.parse().unwrap());
    }

    fn user(&self) -> UserTokens {
        UserTokens::new(self.file.clone(), self.hosts(), self.clock.clone())
    }

    /// As a browser does: the sandbox sends it back to the client at once.
    async fn log_in(&self) {
        let login = Login::begin(LoginSettings::new(self.hosts(), "client"))
            .await
            .unwrap();
        let url = login.url().to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let visitor = tokio::spawn(http.get(url).send());
        let tokens = login
            .finish(Duration::from_secs(20), self.clock.as_ref())
            .await
            .unwrap();
        assert_eq!(visitor.await.unwrap().unwrap().status(), 200);
        self.file.replace(&tokens).await.unwrap();
    }

    async fn run(&self) -> Report {
        let config = Config::new(self.hosts(), "test").unwrap();
        let client = Client::open(
            config,
            Arc::new(self.user()),
            self.memory.clone(),
            self.clock.clone(),
        );
        let client = Arc::new(client.await.unwrap());
        let extractor = Extractor::new(client, self.pages.clone(), Settings::default());
        let selection = Selection::of(&[Stream::SavedTracks, Stream::Me]);
        extractor.run(&selection).await.unwrap()
    }

    /// How often each saved track was put.
    fn put(&self) -> BTreeMap<String, usize> {
        let mut found = BTreeMap::new();
        for page in self.pages.contents().into_values() {
            if page.stream == Stream::SavedTracks {
                let page: Value = serde_json::from_slice(&page.bytes).unwrap();
                for row in page["items"].as_array().unwrap() {
                    *found.entry(key(row)).or_default() += 1;
                }
            }
        }
        found
    }
}

fn key(row: &Value) -> String {
    format!("{} {}", row["added_at"], row["track"]["uri"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_ends_after_six_months_and_the_next_one_goes_on() {
    let account = Account::new().await;
    assert_eq!(account.run().await.standing(), Standing::Complete);
    let first = account.put();
    assert!(!first.is_empty());

    // Five and a half months later: warned of, and still good, by a token that was rotated.
    account.set("2027-04-20T20:00:00Z");
    let consent = account.user().consent().unwrap().unwrap();
    assert!(consent.warning.is_some(), "{consent:?}");
    assert_eq!(account.run().await.standing(), Standing::Complete);
    let second = account.put();
    assert!(second.len() > first.len());

    // At its end: nothing is put, nothing is called complete, and it says what to do.
    account.set("2027-05-01T20:00:00Z");
    let ended = account.run().await;
    assert_eq!(ended.standing(), Standing::Partial);
    let stopped = ended.stopped.as_ref().unwrap();
    assert_eq!(stopped.kind(), ErrorKind::LoginAgain);
    assert!(stopped.message().contains("expired"), "{stopped}");
    for stream in &ended.streams {
        assert_eq!((stream.got, stream.missing.len()), (0, 1), "{stream:?}");
    }
    assert_eq!(account.put(), second);

    account.log_in().await;
    let report = account.run().await;
    assert_eq!(report.standing(), Standing::Complete, "{report:?}");
    let consent = account.user().consent().unwrap().unwrap();
    assert!(consent.warning.is_none(), "{consent:?}");
    // No row is lost. An incremental run puts its last page whole, so rows of that come twice.
    let me = account.server.me().await;
    let listed = account.server.all(&me, "/me/tracks?limit=50").await;
    let put = account.put();
    assert_eq!(put.len(), listed.len());
    assert!(listed.iter().all(|row| put.contains_key(&key(row))));
}

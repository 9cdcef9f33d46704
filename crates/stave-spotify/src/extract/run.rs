//! A run: every stream that was selected, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::dimension::Queue;
use super::layout::{Grain, Layout};
use super::listing::{Listing, Shape, listings};
use super::pages::Pages;
use super::playlist::PlaylistId;
use super::progress::{Begun, Mark, Progress};
use super::report::{Report, StreamReport};
use super::settle::add;
use super::stream::Stream;
use super::walk::Walked;
use crate::client::{Client, Endpoint, Error, ErrorKind, Memory, Result, recall, remember};

/// How long dimension rows are good for, unless something else is said.
pub const DIMENSION_AGE: Duration = Duration::from_hours(30 * 24);

/// How raw pages are put, and how much is spent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The keys of raw objects.
    pub layout: Layout,
    /// How many pages an object holds.
    pub grain: Grain,
    /// The most calls that one run spends on each dimension stream.
    pub dimension_calls: u32,
    /// Dimension rows are asked for again after so long: Spotify's terms forbid to keep its
    /// content indefinitely, and it changes.
    pub dimension_age: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            layout: Layout::default(),
            grain: Grain::default(),
            dimension_calls: 100,
            dimension_age: DIMENSION_AGE,
        }
    }
}

/// What to extract.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The streams.
    pub streams: BTreeSet<Stream>,
    /// The playlists whose items are read; all of the user's where empty.
    pub playlists: Vec<PlaylistId>,
    /// Reads everything again, also what was read before.
    pub full: bool,
}

impl Selection {
    /// Every stream.
    pub fn all() -> Self {
        Self::of(&Stream::ALL)
    }

    /// These streams.
    pub fn of(streams: &[Stream]) -> Self {
        Self {
            streams: streams.iter().copied().collect(),
            ..Self::default()
        }
    }

    /// The items of these playlists only.
    pub fn playlists(playlists: Vec<PlaylistId>) -> Self {
        Self {
            playlists,
            ..Self::of(&[Stream::PlaylistItems])
        }
    }

    /// The streams, with the list of playlists where it is needed for their items.
    pub(super) fn streams(&self) -> BTreeSet<Stream> {
        let mut streams = self.streams.clone();
        if streams.contains(&Stream::PlaylistItems) && self.playlists.is_empty() {
            streams.insert(Stream::Playlists);
        }
        streams
    }
}

/// Extracts the streams of one account.
pub struct Extractor {
    pub(super) client: Arc<Client>,
    pub(super) pages: Arc<dyn Pages>,
    pub(super) settings: Settings,
}

/// A run at work.
pub(super) struct Run<'a> {
    pub client: &'a Client,
    pub pages: &'a dyn Pages,
    pub settings: &'a Settings,
    pub progress: Progress,
    pub full: bool,
    /// Whether ids are collected for the dimension streams.
    pub collects: bool,
    pub queues: BTreeMap<Stream, Queue>,
}

impl Extractor {
    /// An extractor that asks through `client` and puts pages into `pages`.
    pub fn new(client: Arc<Client>, pages: Arc<dyn Pages>, settings: Settings) -> Self {
        Self {
            client,
            pages,
            settings,
        }
    }

    /// Extracts what is selected, on from where the last run stopped.
    ///
    /// What Spotify refuses is in the report. Fails only where pages or
    /// checkpoints can't be kept; the next run then goes on from the last
    /// page that could. One run at a time for an account.
    pub fn run<'a>(&'a self, selection: &'a Selection) -> BoxFuture<'a, Result<Report>> {
        Box::pin(async move {
            let mut run = self.open(selection).await?;
            let before = self.client.calls();
            let mut reports = Vec::new();
            let mut stopped = None;
            for stream in selection.streams() {
                let calls = self.client.calls();
                let mut report = StreamReport::new(stream);
                if stopped.is_none() {
                    let outcome = run.stream(stream, selection, &reports, &mut report).await;
                    match outcome {
                        Err(error) if error.kind() == ErrorKind::LoginAgain => {
                            report.fail("the rest", &error);
                            stopped = Some(error);
                        }
                        other => other?,
                    }
                } else {
                    report.miss("all of it", "the run ended before it");
                }
                report.calls = self.client.calls() - calls;
                reports.push(report);
            }
            self.client.save().await?;
            let note = run.progress.run.take();
            run.save().await?;
            let ended_at = run.now();
            Ok(Report {
                run: note
                    .as_ref()
                    .map_or_else(String::new, |note| note.id.clone()),
                started_at: note.map_or(ended_at, |note| note.started_at),
                ended_at,
                streams: reports,
                calls: self.client.calls() - before,
                stopped,
            })
        })
    }

    async fn open(&self, selection: &Selection) -> Result<Run<'_>> {
        let memory = self.client.memory().as_ref();
        let key = format!("spotify/{}/progress", self.client.account());
        let mut progress: Progress = recall(memory, &key).await?;
        let begun = progress.begin(self.client.clock().now());
        let mut queues = BTreeMap::new();
        for stream in selection.streams().into_iter().filter(|s| s.is_dimension()) {
            let queue = Queue::load(memory, self.client.account(), stream).await?;
            queues.insert(stream, queue);
            if selection.full && begun == Begun::Anew {
                progress.dimensions.remove(stream.name());
            }
        }
        let mut run = Run {
            client: &self.client,
            pages: self.pages.as_ref(),
            settings: &self.settings,
            progress,
            full: selection.full,
            collects: !queues.is_empty(),
            queues,
        };
        run.save().await?;
        Ok(run)
    }
}

impl Run<'_> {
    async fn stream(
        &mut self,
        stream: Stream,
        selection: &Selection,
        before: &[StreamReport],
        report: &mut StreamReport,
    ) -> Result<()> {
        if let Some(error) = self.barred(stream.endpoint()).await? {
            report.deny(&error);
            return Ok(());
        }
        if stream.is_dimension() {
            return self.dimension(stream, report).await;
        }
        if stream == Stream::PlaylistItems {
            return self.playlist_items(selection, before, report).await;
        }
        let day = self.now().to_zoned(TimeZone::UTC).date().to_string();
        let listings = listings(stream, &day);
        let mut refused = Vec::new();
        for listing in &listings {
            let Some(error) = self.list(listing, &day, report).await? else {
                continue;
            };
            match error.kind() {
                ErrorKind::LoginAgain => return Err(error),
                ErrorKind::Denied | ErrorKind::NotFound if report.got == 0 => refused.push(error),
                _ => report.fail(listing.part.as_deref().unwrap_or("the rest"), &error),
            }
        }
        match refused.first() {
            Some(error) if refused.len() == listings.len() => report.deny(error),
            _ => refused
                .iter()
                .for_each(|error| report.fail("a part", error)),
        }
        Ok(())
    }

    /// Why `endpoint` need not be asked at all.
    async fn barred(&self, endpoint: Endpoint) -> Result<Option<Error>> {
        if !endpoint.needs_user() {
            return Ok(None);
        }
        let tokens = self.client.tokens();
        if !tokens.is_user() {
            return Ok(Some(
                Error::denied(
                    "this needs a user's login; client credentials read the catalogue only",
                )
                .hint("log in with `stave spotify login`"),
            ));
        }
        let Some(granted) = tokens.scopes().await? else {
            return Ok(None);
        };
        let lacks = endpoint
            .scopes()
            .iter()
            .find(|scope| !granted.contains(**scope));
        Ok(lacks.map(|scope| {
            Error::denied(format!("the login lacks the scope {scope}"))
                .hint("log in again with `stave spotify login` and grant it")
        }))
    }

    /// Walks through one list; gives what ended it before its end.
    pub(super) async fn list(
        &mut self,
        listing: &Listing,
        day: &str,
        report: &mut StreamReport,
    ) -> Result<Option<Error>> {
        if let Some(done) = self.progress.done(&listing.key) {
            add(report, listing, done);
            return Ok(None);
        }
        let begun = self.progress.walks.contains_key(&listing.key);
        if listing.shape == Shape::Pages && !self.full && !begun {
            let mark: Mark = recall(self.memory(), &self.key(&listing.mark())).await?;
            if mark.day.as_deref() == Some(day) {
                report.unchanged += 1;
                return Ok(None);
            }
        }
        match self.walk(listing).await? {
            Walked::Through(at) => {
                let done = self.settle(listing, &at, day).await?;
                add(report, listing, &done);
                Ok(None)
            }
            Walked::Stopped(at, error) => {
                report.ask(at.total);
                report.got += at.rows;
                report.nulls += at.nulls;
                report.pages += u64::from(at.page);
                let waits = matches!(
                    error.kind(),
                    ErrorKind::Closed { .. } | ErrorKind::Unavailable | ErrorKind::LoginAgain
                );
                if !waits {
                    self.progress.walks.remove(&listing.key);
                    if at.leaves.inaccessible {
                        self.mark(listing, at.leaves).await?;
                    }
                    self.save().await?;
                }
                Ok(Some(error))
            }
        }
    }

    pub(super) fn memory(&self) -> &dyn Memory {
        self.client.memory().as_ref()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.client.clock().now()
    }

    pub(super) fn run_id(&self) -> &str {
        self.progress.run.as_ref().map_or("", |run| &run.id)
    }

    pub(super) fn key(&self, name: &str) -> String {
        format!("spotify/{}/{name}", self.client.account())
    }

    /// Saves where the run is.
    pub(super) async fn save(&mut self) -> Result<()> {
        let now = self.now();
        if let Some(run) = &mut self.progress.run {
            run.touched_at = now;
        }
        remember(self.memory(), &self.key("progress"), &self.progress).await
    }
}

//! A small Spotify for the tests: an account with a library and playlists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::auth::Tokens;
use crate::client::fake::{Asked, Fake, Reply};
use crate::client::tests::Counted;
use crate::client::{Client, Error, InMemory, ManualClock, Memory, Result, Secret};
use crate::extract::{
    Extractor, InMemoryPages, Pages, RawPage, Report, Selection, Settings, Stream, StreamReport,
};

/// What the world holds; a test changes it as it likes.
pub struct State {
    pub saved: Vec<Value>,
    pub followed: usize,
    pub plays: Vec<Value>,
    pub playlists: BTreeMap<String, List>,
    /// Replies that are given instead, by the beginning of path and query.
    pub instead: Vec<(String, Reply)>,
    pub largest: usize,
    pub batches: bool,
    /// Whether playlists answer with `items` and `item`, and refuse `/tracks`.
    pub new_names: bool,
    /// Whether `/playlists/{id}/tracks` is refused.
    pub tracks_refused: bool,
    /// What changes, once, after an answer to this beginning of path and query.
    pub after: Option<(String, Change)>,
}

pub type Change = fn(&mut State);

pub struct List {
    pub snapshot: String,
    /// Nothing where the content may not be read.
    pub entries: Option<Vec<Value>>,
}

pub type World = Arc<Mutex<State>>;

pub fn id(kind: &str, n: usize) -> String {
    format!("{kind}{n:0width$}", width = 22 - kind.len())
}

pub fn track(n: usize) -> Value {
    json!({
        "id": id("t", n), "uri": format!("spotify:track:{}", id("t", n)), "type": "track",
        "name": format!("Song {n}"),
        "artists": [{"id": id("r", n % 7), "name": "x"}, {"id": null}],
        "album": {"id": id("l", n % 5), "artists": [{"id": id("r", 0)}]},
    })
}

pub fn entry(n: usize) -> Value {
    json!({"added_at": "2024-01-01T00:00:00Z", "is_local": false, "track": track(n)})
}

/// The `n`th song that was ever saved.
pub fn saved(n: usize) -> Value {
    json!({"added_at": format!("2025-01-{:02}T00:00:{:02}Z", 1 + n / 40, n % 40), "track": track(n)})
}

pub fn play(n: usize) -> Value {
    let at = format!("2026-11-21T{:02}:{:02}:00.123Z", n / 60, n % 60);
    json!({"played_at": at, "track": track(n), "context": null})
}

pub fn world() -> World {
    let list = |snapshot: &str, entries: Option<Vec<Value>>| List {
        snapshot: snapshot.to_owned(),
        entries,
    };
    let playlists = BTreeMap::from([
        (id("a", 1), list("s1", Some((0..105).map(entry).collect()))),
        (id("b", 2), list("s2", Some(Vec::new()))),
        (id("c", 3), list("s3", None)),
    ]);
    Arc::new(Mutex::new(State {
        saved: (0..52).rev().map(saved).collect(),
        followed: 52,
        plays: (0..5).rev().map(play).collect(),
        playlists,
        instead: Vec::new(),
        largest: 50,
        batches: false,
        new_names: false,
        tracks_refused: false,
        after: None,
    }))
}

pub async fn serve(world: &World) -> Fake {
    let world = world.clone();
    Fake::start(move |base| move |asked: &Asked| world.lock().unwrap().answer(&base, asked)).await
}

impl State {
    fn answer(&mut self, base: &str, asked: &Asked) -> Reply {
        let reply = self.reply(base, asked);
        if let Some((start, change)) = self.after.take() {
            if asked.target.starts_with(&start) {
                change(self);
            } else {
                self.after = Some((start, change));
            }
        }
        reply
    }

    fn reply(&mut self, base: &str, asked: &Asked) -> Reply {
        if let Some(at) = self
            .instead
            .iter()
            .position(|(start, _)| asked.target.starts_with(start))
        {
            return self.instead[at].1.clone();
        }
        let path = asked.path().strip_prefix("/v1/").unwrap().to_owned();
        if asked.number("limit", 20)
            > self.largest.max(if path.starts_with("playlists/") {
                100
            } else {
                0
            })
        {
            return Reply::error(400, "Invalid limit");
        }
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            ["me"] => Reply::json(&json!({"id": "somebody", "display_name": null})),
            ["me", "tracks"] => offset_page(base, asked, &self.saved),
            ["me", "top", kind] => {
                let rows: Vec<Value> = match kind {
                    "tracks" => (0..3).map(track).collect(),
                    _ => (0..3).map(|n| json!({"id": id("r", n)})).collect(),
                };
                offset_page(base, asked, &rows)
            }
            ["me", "player", "recently-played"] => {
                let rows: Vec<_> = self.plays.iter().take(50).cloned().collect();
                Reply::json(&json!({"items": rows, "next": null, "cursors": null, "limit": 50}))
            }
            ["me", "following"] => self.following(base, asked),
            ["me", "playlists"] => self.my_playlists(base, asked),
            ["playlists", id] => self.playlist(base, asked, id),
            ["playlists", id, name] => {
                if (self.new_names || self.tracks_refused) && name == "tracks" {
                    return Reply::error(403, "Forbidden");
                }
                match self.playlists.get(id).map(|list| &list.entries) {
                    Some(Some(entries)) => offset_page(base, asked, &self.named(entries)),
                    Some(None) => Reply::error(403, "Forbidden"),
                    None => Reply::error(404, "Resource not found"),
                }
            }
            ["artists" | "albums"] if self.batches => {
                let ids = asked.value("ids").unwrap();
                let rows: Vec<Value> = ids.split(',').map(|id| json!({"id": id})).collect();
                Reply::json(&json!({(path.as_str()): rows}))
            }
            ["artists" | "albums" | "tracks", id] => Reply::json(&json!({"id": id})),
            ["artists" | "albums" | "tracks"] => Reply::error(403, "Forbidden"),
            _ => Reply::error(404, "Service not found"),
        }
    }

    fn named(&self, entries: &[Value]) -> Vec<Value> {
        let renamed = |entry: &Value| {
            let mut entry = entry.clone();
            if self.new_names
                && let Some(fields) = entry.as_object_mut()
            {
                let thing = fields.remove("track").unwrap_or_default();
                fields.insert("item".to_owned(), thing);
            }
            entry
        };
        entries.iter().map(renamed).collect()
    }

    fn my_playlists(&self, base: &str, asked: &Asked) -> Reply {
        let mut rows: Vec<Value> = self
            .playlists
            .iter()
            .map(|(id, list)| {
                let total = list.entries.as_ref().map_or(9, Vec::len);
                json!({"id": id, "snapshot_id": list.snapshot, "tracks": {"href": "x", "total": total}})
            })
            .collect();
        rows.push(Value::Null);
        offset_page(base, asked, &rows)
    }

    fn playlist(&self, base: &str, asked: &Asked, id: &str) -> Reply {
        let Some(list) = self.playlists.get(id) else {
            return Reply::error(404, "Resource not found");
        };
        let mut body =
            json!({"id": id, "name": "A list", "snapshot_id": list.snapshot, "images": null});
        if asked.value("fields").is_none()
            && let Some(entries) = &list.entries
        {
            let name = if self.new_names { "items" } else { "tracks" };
            let url = format!("{base}/v1/playlists/{id}/{name}");
            body[name] = page(&url, &self.named(entries), 0, 100, "");
        }
        Reply::json(&body)
    }

    fn following(&self, base: &str, asked: &Asked) -> Reply {
        let after = asked
            .value("after")
            .map_or(0, |after| after[1..].parse::<usize>().unwrap() + 1);
        let limit = asked.number("limit", 20);
        let end = (after + limit).min(self.followed);
        let rows: Vec<Value> = (after..end).map(|n| json!({"id": id("r", n)})).collect();
        let last = id("r", end.saturating_sub(1));
        let next = (end < self.followed)
            .then(|| format!("{base}/v1/me/following?type=artist&after={last}&limit={limit}"));
        let total = self.followed;
        Reply::json(
            &json!({"artists": {"items": rows, "next": next, "total": total, "cursors": {"after": last}}}),
        )
    }
}

fn offset_page(base: &str, asked: &Asked, rows: &[Value]) -> Reply {
    let url = format!("{base}{}", asked.path());
    let (offset, limit) = (asked.number("offset", 0), asked.number("limit", 20));
    let more = asked
        .value("time_range")
        .map(|range| format!("&time_range={range}"))
        .unwrap_or_default();
    Reply::json(&page(&url, rows, offset, limit, &more))
}

fn page(url: &str, rows: &[Value], offset: usize, limit: usize, more: &str) -> Value {
    let end = (offset + limit).min(rows.len());
    let next = (end < rows.len()).then(|| format!("{url}?offset={end}&limit={limit}{more}"));
    let items = rows.get(offset..end).unwrap_or_default();
    json!({"href": url, "items": items, "limit": limit, "next": next,
           "offset": offset, "previous": null, "total": rows.len()})
}

/// Everything that outlives a process.
#[derive(Clone)]
pub struct Kept {
    pub fake: Fake,
    pub pages: Arc<InMemoryPages>,
    pub memory: Arc<InMemory>,
    pub clock: Arc<ManualClock>,
    pub settings: Settings,
}

impl Kept {
    pub async fn new(world: &World) -> Self {
        Self::of(serve(world).await)
    }

    pub fn of(fake: Fake) -> Self {
        let at = "2026-11-21T12:00:00Z".parse().unwrap();
        Self {
            fake,
            pages: Arc::default(),
            memory: Arc::default(),
            clock: Arc::new(ManualClock::new(at)),
            settings: Settings::default(),
        }
    }

    pub async fn extractor(&self) -> Extractor {
        self.faulty(Arc::new(Fault::never())).await
    }

    /// An extractor in a process that `fault` kills.
    pub async fn faulty(&self, fault: Arc<Fault>) -> Extractor {
        self.with_tokens(fault, Arc::new(Counted::default())).await
    }

    pub async fn with_tokens(&self, fault: Arc<Fault>, tokens: Arc<dyn Tokens>) -> Extractor {
        let memory = Arc::new(Faulty(self.memory.clone(), fault.clone()));
        let pages = Arc::new(Faulty(self.pages.clone(), fault));
        let client = Client::open(self.fake.config(), tokens, memory, self.clock.clone());
        Extractor::new(
            Arc::new(client.await.unwrap()),
            pages,
            self.settings.clone(),
        )
    }

    pub async fn run(&self, selection: &Selection) -> Report {
        self.extractor().await.run(selection).await.unwrap()
    }

    pub async fn one(&self, stream: Stream) -> StreamReport {
        let report = self.run(&Selection::of(&[stream])).await;
        report.stream(stream).unwrap().clone()
    }

    /// What the pages hold, keys left out: stream, part and bytes.
    pub fn contents(&self) -> Vec<(Stream, Option<String>, Bytes)> {
        let mut all: Vec<_> = self
            .pages
            .contents()
            .into_values()
            .map(|page| (page.stream, page.part, page.bytes))
            .collect();
        all.sort();
        all
    }

    /// Whether it is written down that the run has ended.
    pub fn ended(&self) -> bool {
        let memory = self.memory.contents();
        let progress = memory.get("spotify/test/progress");
        progress.is_some_and(|progress| progress["run"].is_null())
    }

    pub fn pages_of(&self, stream: Stream) -> Vec<RawPage> {
        let pages = self.pages.contents().into_values();
        pages.filter(|page| page.stream == stream).collect()
    }
}

/// Kills a process at its `n`th save or put: before it is done, or after.
pub struct Fault {
    left: AtomicUsize,
    after: bool,
}

impl Fault {
    pub fn never() -> Self {
        Self::at(usize::MAX, false)
    }

    pub fn at(n: usize, after: bool) -> Self {
        Self {
            left: AtomicUsize::new(n),
            after,
        }
    }

    /// Whether this operation is done, and whether it says so.
    fn next(&self) -> (bool, bool) {
        let step = |left: usize| left.checked_sub(1);
        match self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, step)
        {
            Ok(1) => (self.after, false),
            Ok(_) => (true, true),
            Err(_) => (false, false),
        }
    }
}

pub struct Faulty<T>(Arc<T>, Arc<Fault>);

fn killed<'a>() -> BoxFuture<'a, Result<()>> {
    Box::pin(std::future::ready(Err(Error::internal("killed"))))
}

impl Memory for Faulty<InMemory> {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Value>>> {
        self.0.load(key)
    }

    fn save<'a>(&'a self, key: &'a str, value: Value) -> BoxFuture<'a, Result<()>> {
        let (does, says) = self.1.next();
        let done = does.then(|| self.0.save(key, value));
        done.filter(|_| says).unwrap_or_else(killed)
    }

    fn remove<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<()>> {
        let (does, says) = self.1.next();
        let done = does.then(|| self.0.remove(key));
        done.filter(|_| says).unwrap_or_else(killed)
    }
}

impl Pages for Faulty<InMemoryPages> {
    fn put(&self, page: RawPage) -> BoxFuture<'_, Result<()>> {
        let (does, says) = self.1.next();
        let done = does.then(|| self.0.put(page));
        done.filter(|_| says).unwrap_or_else(killed)
    }
}

/// Tokens that were granted these scopes, of a user or of an app alone.
pub struct Granted {
    pub scopes: Option<BTreeSet<String>>,
    pub user: bool,
    pub ended: bool,
}

impl Tokens for Granted {
    fn access_token(&self) -> BoxFuture<'_, Result<Secret>> {
        let token = if self.ended {
            Err(Error::login_again("the login is at its end"))
        } else {
            Ok(Secret::new("t"))
        };
        Box::pin(std::future::ready(token))
    }

    fn renew<'a>(&'a self, _: &'a Secret) -> BoxFuture<'a, Result<Secret>> {
        self.access_token()
    }

    fn scopes(&self) -> BoxFuture<'_, Result<Option<BTreeSet<String>>>> {
        Box::pin(std::future::ready(Ok(self.scopes.clone())))
    }

    fn is_user(&self) -> bool {
        self.user
    }
}

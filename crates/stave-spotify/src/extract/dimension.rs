//! The dimension streams: tracks, albums and artists by id, once each until they
//! are old, within a budget of calls.
//!
//! Ids are gathered from every page that passes, in a list that only grows;
//! how far it is done is one number. What a page embeds is not asked for.

use std::collections::HashSet;

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

use super::layout::Name;
use super::listing::{Listing, Shape};
use super::playlist::is_id;
use super::progress::Dimension;
use super::report::StreamReport;
use super::run::{Extractor, Run};
use super::stream::Stream;
use super::view::{Named, Paging, Row, Thing};
use crate::client::{Endpoint, Error, ErrorKind, Memory, Request, Result, recall, remember};

/// So many ids are kept in one document.
const SEGMENT: usize = 500;

/// More ids than any library has; beyond, no more are gathered.
const IDS_MAX: usize = 1_000_000;

/// So many missing ids are kept.
const MISSING_MAX: usize = 1000;

/// So many missing ids are named in a warning.
const SHOWN: usize = 8;

/// The ids of a dimension, in the order they were met.
pub(super) struct Queue {
    prefix: String,
    ids: Vec<String>,
    known: HashSet<String>,
}

impl Queue {
    pub async fn load(memory: &dyn Memory, account: &str, stream: Stream) -> Result<Self> {
        let prefix = format!("spotify/{account}/queue/{stream}");
        let mut ids = Vec::new();
        loop {
            let segment = format!("{prefix}/{}", ids.len() / SEGMENT);
            let part: Vec<String> = recall(memory, &segment).await?;
            let last = part.len() < SEGMENT;
            ids.extend(part);
            if last {
                break;
            }
        }
        Ok(Self {
            prefix,
            known: ids.iter().cloned().collect(),
            ids,
        })
    }

    /// Adds what is new, and saves the documents that it is in.
    pub async fn add(&mut self, memory: &dyn Memory, ids: Vec<String>) -> Result<()> {
        let before = self.ids.len();
        for id in ids {
            if is_id(&id) && self.ids.len() < IDS_MAX && self.known.insert(id.clone()) {
                self.ids.push(id);
            }
        }
        if self.ids.len() == before {
            return Ok(());
        }
        for segment in before / SEGMENT..=(self.ids.len() - 1) / SEGMENT {
            let end = self.ids.len().min((segment + 1) * SEGMENT);
            let part = &self.ids[segment * SEGMENT..end];
            remember(memory, &format!("{}/{segment}", self.prefix), &part).await?;
        }
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }
}

impl Extractor {
    /// Adds ids to a dimension stream, such as the tracks of an account export.
    pub async fn seed(&self, stream: Stream, ids: Vec<String>) -> Result<()> {
        if !stream.is_dimension() {
            return Err(Error::invalid(format!("{stream} is not filled by id")));
        }
        let memory = self.client.memory().as_ref();
        let mut queue = Queue::load(memory, self.client.account(), stream).await?;
        queue.add(memory, ids).await
    }
}

/// How ids are asked for.
struct Way {
    one: Endpoint,
    many: Endpoint,
    path: &'static str,
}

impl Way {
    fn of(stream: Stream) -> Self {
        let (one, many, path) = match stream {
            Stream::Albums => (Endpoint::Album, Endpoint::Albums, "albums"),
            Stream::Artists => (Endpoint::Artist, Endpoint::Artists, "artists"),
            _ => (Endpoint::Track, Endpoint::Tracks, "tracks"),
        };
        Self { one, many, path }
    }

    fn request(&self, ids: &[String], many: bool) -> Request {
        if many {
            Request::new(self.many, self.path).with("ids", ids.join(","))
        } else {
            Request::new(self.one, format!("{}/{}", self.path, ids.concat()))
        }
    }
}

impl Run<'_> {
    /// Gathers the ids in a page.
    pub(super) async fn collect(&mut self, listing: &Listing, page: &Bytes) -> Result<()> {
        if listing.shape == Shape::Single || listing.stream == Stream::Playlists {
            return Ok(());
        }
        let (mut albums, mut artists) = (Vec::new(), Vec::new());
        let paging = Paging::read(page, listing.wrapped())?;
        for raw in paging.items.unwrap_or_default().into_iter().flatten() {
            gather(listing.stream, raw, &mut albums, &mut artists);
        }
        let memory = self.client.memory().as_ref();
        for (stream, ids) in [(Stream::Albums, albums), (Stream::Artists, artists)] {
            if let Some(queue) = self.queues.get_mut(&stream) {
                queue.add(memory, ids).await?;
            }
        }
        Ok(())
    }

    /// Fills a dimension stream, as far as its budget goes.
    pub(super) async fn dimension(
        &mut self,
        stream: Stream,
        report: &mut StreamReport,
    ) -> Result<()> {
        let total = self.queues.get(&stream).map_or(0, Queue::len) as u64;
        let mut at = self.dimension_begun(stream, total).await?;
        report.asked = Some(total.saturating_sub(at.next));
        let way = Way::of(stream);
        let batches = format!("{}/ids", way.path);
        let mut many = self
            .client
            .learned()
            .refusal(&batches, self.now())
            .is_none();
        let mut proven = false;
        let before = self.client.calls();
        let mut why = None;
        while at.next < total {
            if self.client.calls() - before >= u64::from(self.settings.dimension_calls) {
                let calls = self.settings.dimension_calls;
                why = Some(
                    Error::unavailable(format!("the {calls} calls of a run are used up"))
                        .hint("the next run goes on; a larger budget asks for more at once"),
                );
                break;
            }
            if let Some(error) = self.spent(if many { way.many } else { way.one }) {
                why = Some(error);
                break;
            }
            let ids = self.next_ids(stream, &at, if many { way.many.widest() } else { 1 });
            match self.client.get(&way.request(&ids, many)).await {
                Ok(bytes) => {
                    proven = true;
                    self.put_dimension(stream, &mut at, &ids, bytes, report)
                        .await?;
                }
                Err(error) if many && is_gone(&error, proven) => {
                    many = false;
                    if !matches!(error.kind(), ErrorKind::Closed { .. }) {
                        self.client.note_refused(&batches, error.message()).await?;
                    }
                }
                Err(error) if !many && error.kind() == ErrorKind::NotFound => {
                    self.skip(stream, &mut at, &ids).await?;
                }
                Err(error) => {
                    if matches!(error.kind(), ErrorKind::Internal | ErrorKind::LoginAgain) {
                        return Err(error);
                    }
                    why = Some(error);
                    break;
                }
            }
        }
        finish(report, stream, &at, total, why.as_ref());
        Ok(())
    }

    async fn dimension_begun(&mut self, stream: Stream, total: u64) -> Result<Dimension> {
        let now = self.now();
        let mut at = self
            .progress
            .dimensions
            .get(stream.name())
            .cloned()
            .unwrap_or_default();
        at.age(total, now, self.settings.dimension_age);
        if at.stamp == 0 && total > 0 {
            at.stamp = self.progress.stamp(now);
            at.begun = at.stamp;
            self.keep_dimension(stream, &at).await?;
        }
        Ok(at)
    }

    async fn keep_dimension(&mut self, stream: Stream, at: &Dimension) -> Result<()> {
        let name = stream.name().to_owned();
        self.progress.dimensions.insert(name, at.clone());
        self.save().await
    }

    fn next_ids(&self, stream: Stream, at: &Dimension, most: u32) -> Vec<String> {
        let rest = self
            .queues
            .get(&stream)
            .map_or(&[][..], |queue| &queue.ids[..]);
        let rest = rest.iter().skip(at.next as usize);
        rest.take(most as usize).cloned().collect()
    }

    /// The learned budget of a day, where it is used up: asking on would only close the bucket.
    fn spent(&self, endpoint: Endpoint) -> Option<Error> {
        let learned = self.client.learned();
        let ceiling = learned.buckets.get(endpoint.bucket())?.spent(self.now())?;
        Some(
            Error::unavailable(format!(
                "Spotify takes {ceiling} such calls a day, and had them"
            ))
            .hint("the next run goes on, a day later"),
        )
    }

    async fn put_dimension(
        &mut self,
        stream: Stream,
        at: &mut Dimension,
        ids: &[String],
        bytes: Bytes,
        report: &mut StreamReport,
    ) -> Result<()> {
        let absent = absent(&bytes, stream, ids);
        let name = Name {
            account: self.client.account(),
            stream,
            part: None,
            begun: at.begun,
            stamp: at.stamp,
            page: at.next as u32,
        };
        self.put_named(&name, bytes).await?;
        report.got += (ids.len() - absent.len()) as u64;
        report.pages += 1;
        note_missing(at, absent);
        at.next += ids.len() as u64;
        at.stamp = self.progress.stamp(self.now());
        self.keep_dimension(stream, at).await
    }

    async fn skip(&mut self, stream: Stream, at: &mut Dimension, ids: &[String]) -> Result<()> {
        note_missing(at, ids.to_vec());
        at.next += ids.len() as u64;
        self.keep_dimension(stream, at).await
    }
}

fn note_missing(at: &mut Dimension, ids: Vec<String>) {
    at.missing.extend(ids);
    at.missing.sort_unstable();
    at.missing.dedup();
    at.missing.truncate(MISSING_MAX);
}

/// Whether many ids at once can't be asked for. An endpoint that was taken
/// away may answer 429 from the first call on.
fn is_gone(error: &Error, proven: bool) -> bool {
    match error.kind() {
        ErrorKind::Denied | ErrorKind::NotFound | ErrorKind::Invalid => true,
        ErrorKind::Closed { .. } => !proven,
        _ => false,
    }
}

fn finish(
    report: &mut StreamReport,
    stream: Stream,
    at: &Dimension,
    total: u64,
    why: Option<&Error>,
) {
    if let Some(error) = why {
        let left = total.saturating_sub(at.next);
        if error.kind() == ErrorKind::Denied && report.got == 0 {
            report.deny(error);
        } else {
            report.fail(format!("{left} {stream}"), error);
        }
    }
    let gone = report
        .asked
        .unwrap_or(0)
        .saturating_sub(report.got + total.saturating_sub(at.next));
    if gone > 0 {
        let shown = at.missing.iter().take(SHOWN).map(String::as_str);
        let more = if at.missing.len() > SHOWN {
            ", …"
        } else {
            ""
        };
        report.warnings.push(format!(
            "{gone} {stream} are not there any more: {}{more}",
            shown.collect::<Vec<_>>().join(", ")
        ));
    }
}

/// The ids that an answer for many has `null` for.
fn absent(bytes: &[u8], stream: Stream, ids: &[String]) -> Vec<String> {
    let Ok(Value::Object(body)) = serde_json::from_slice(bytes) else {
        return Vec::new();
    };
    let Some(Value::Array(rows)) = body.get(stream.name()) else {
        return Vec::new();
    };
    let pairs = ids.iter().zip(rows);
    pairs
        .filter(|(_, row)| row.is_null())
        .map(|(id, _)| id.clone())
        .collect()
}

fn gather(stream: Stream, raw: &RawValue, albums: &mut Vec<String>, artists: &mut Vec<String>) {
    let (thing, row);
    let thing = if stream == Stream::TopTracks {
        thing = Thing::read(raw);
        &thing
    } else {
        row = Row::read(raw);
        match row.thing() {
            Some(thing) => thing,
            None => return,
        }
    };
    let ids = |of: &Option<Vec<Option<Named>>>| -> Vec<String> {
        let named = of.iter().flatten().flatten();
        named.filter_map(|named| named.id.clone()).collect()
    };
    artists.extend(ids(&thing.artists));
    if let Some(album) = &thing.album {
        albums.extend(album.id.clone());
        artists.extend(ids(&album.artists));
    }
}

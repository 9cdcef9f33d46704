//! What a run would cost, in calls.

use futures::future::BoxFuture;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::dimension::Queue;
use super::listing::{Listing, Shape, listings};
use super::playlists::{Ref, refs_of};
use super::progress::{Mark, Progress};
use super::run::{Extractor, Selection};
use super::stream::Stream;
use super::view::Paging;
use crate::client::{Client, ErrorKind, Request, Result, recall};

/// A playlist's own answer embeds so many entries.
const EMBEDDED: u64 = 100;

/// What a stream would cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamCost {
    /// The stream.
    pub stream: Stream,
    /// How many calls.
    pub calls: u64,
    /// Whether that is known, and not guessed from the last run.
    pub exact: bool,
    /// What stands in the way, or is not known yet.
    pub note: Option<String>,
}

/// What a run would cost, stream by stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Every stream that was selected.
    pub streams: Vec<StreamCost>,
    /// How many calls it took to find out.
    pub calls_spent: u64,
}

impl Plan {
    /// How many calls the whole run would cost.
    pub fn calls(&self) -> u64 {
        self.streams.iter().map(|stream| stream.calls).sum()
    }
}

impl Extractor {
    /// Says how many calls a run of `selection` would cost, and puts nothing.
    ///
    /// Finding out takes one call for each list whose length Spotify has to
    /// say, and the list of playlists itself where their items are selected.
    pub fn plan<'a>(&'a self, selection: &'a Selection) -> BoxFuture<'a, Result<Plan>> {
        Box::pin(async move {
            let before = self.client.calls();
            let progress: Progress =
                recall(self.client.memory().as_ref(), &self.key("progress")).await?;
            let mut streams = Vec::new();
            for stream in selection.streams() {
                let mut cost = StreamCost {
                    stream,
                    calls: 0,
                    exact: true,
                    note: None,
                };
                match self.cost(stream, selection, &progress, &mut cost).await {
                    Ok(()) => {}
                    Err(error)
                        if matches!(error.kind(), ErrorKind::Internal | ErrorKind::LoginAgain) =>
                    {
                        return Err(error);
                    }
                    Err(error) => {
                        cost.exact = false;
                        cost.note = Some(error.message().to_owned());
                    }
                }
                if cost.note.is_none() {
                    cost.note = self.limited(&cost);
                }
                if cost.note.is_none() && stream.is_dimension() {
                    let most = self.settings.dimension_calls;
                    cost.note = Some(format!("up to {most} with what the run itself meets"));
                }
                streams.push(cost);
            }
            self.client.save().await?;
            Ok(Plan {
                streams,
                calls_spent: self.client.calls() - before,
            })
        })
    }

    /// What is known of the stream's bucket that the run will meet.
    fn limited(&self, cost: &StreamCost) -> Option<String> {
        let now = self.client.clock().now();
        let learned = self.client.learned();
        let bucket = learned.buckets.get(cost.stream.endpoint().bucket())?;
        if let Some(until) = bucket.closed(now) {
            return Some(format!("closed by Spotify until {until:.0}"));
        }
        let (takes, had) = (
            u64::from(bucket.ceiling?),
            u64::from(bucket.calls_today(now)),
        );
        (had + cost.calls > takes).then(|| {
            format!(
                "Spotify took {takes} such calls a day before; {had} were made in the last 24 h"
            )
        })
    }

    fn key(&self, name: &str) -> String {
        format!("spotify/{}/{name}", self.client.account())
    }

    async fn cost(
        &self,
        stream: Stream,
        selection: &Selection,
        progress: &Progress,
        cost: &mut StreamCost,
    ) -> Result<()> {
        if stream.is_dimension() {
            return self.dimension_cost(stream, selection, progress, cost).await;
        }
        if stream == Stream::PlaylistItems {
            return self.playlists_cost(selection, cost).await;
        }
        let day = self
            .client
            .clock()
            .now()
            .to_zoned(TimeZone::UTC)
            .date()
            .to_string();
        for listing in listings(stream, &day) {
            let mark = self.mark(&listing).await?;
            cost.calls += match listing.shape {
                Shape::Single | Shape::Plays => 1,
                Shape::Pages if mark.day.as_deref() == Some(&day) && !selection.full => 0,
                Shape::NewestFirst if mark.at.is_some() && !selection.full => {
                    // What was removed can hide what was added, so this is a guess.
                    cost.exact = false;
                    let grown = self.total(&listing).await?.saturating_sub(mark.rows);
                    grown / self.size(&listing) + 1
                }
                _ => self
                    .total(&listing)
                    .await?
                    .div_ceil(self.size(&listing))
                    .max(1),
            };
        }
        Ok(())
    }

    async fn mark(&self, listing: &Listing) -> Result<Mark> {
        recall(self.client.memory().as_ref(), &self.key(&listing.mark())).await
    }

    fn size(&self, listing: &Listing) -> u64 {
        page_size(&self.client, &listing.first)
    }

    /// How many rows a list has, by a page of one.
    async fn total(&self, listing: &Listing) -> Result<u64> {
        let request = listing.first.clone().with("limit", 1);
        let bytes = self.client.get(&request).await?;
        let paging = Paging::read(&bytes, listing.wrapped())?;
        Ok(paging.total.unwrap_or(0))
    }

    async fn playlists_cost(&self, selection: &Selection, cost: &mut StreamCost) -> Result<()> {
        for id in &selection.playlists {
            let mark = self.mark(&Listing::playlist(id.as_str(), "track")).await?;
            cost.exact = false;
            cost.calls += self.playlist_calls(mark.rows);
        }
        if !selection.playlists.is_empty() {
            return Ok(());
        }
        for playlist in self.listed().await? {
            let mark = self.mark(&Listing::playlist(&playlist.id, "track")).await?;
            let same = playlist.snapshot.is_some() && mark.snapshot == playlist.snapshot;
            if selection.full || !same {
                cost.exact &= playlist.total.is_some();
                cost.calls += self.playlist_calls(playlist.total.unwrap_or(mark.rows));
            }
        }
        Ok(())
    }

    /// The first call embeds a page; where there are more, a last one sees
    /// whether the playlist was changed meanwhile.
    fn playlist_calls(&self, rows: u64) -> u64 {
        let rest = rows.saturating_sub(EMBEDDED);
        let size = self
            .client
            .page_size(crate::client::Endpoint::PlaylistItems, EMBEDDED as u32);
        1 + rest.div_ceil(u64::from(size)) + u64::from(rest > 0)
    }

    async fn listed(&self) -> Result<Vec<Ref>> {
        let mut refs = Vec::new();
        let mut next = listings(Stream::Playlists, "").pop().map(|list| list.first);
        while let Some(request) = next {
            let bytes = self.client.get(&request).await?;
            refs.extend(refs_of(&bytes)?);
            let link = Paging::read(&bytes, None)?.next;
            next = match link {
                None => None,
                Some(link) => Some(self.client.following(request.endpoint, &link)?)
                    .filter(|next| next.number("offset") > request.number("offset")),
            };
        }
        Ok(refs)
    }

    async fn dimension_cost(
        &self,
        stream: Stream,
        selection: &Selection,
        progress: &Progress,
        cost: &mut StreamCost,
    ) -> Result<()> {
        let memory = self.client.memory().as_ref();
        let queue = Queue::load(memory, self.client.account(), stream).await?;
        let now = self.client.clock().now();
        let known = progress.dimensions.get(stream.name());
        let mut at = known.cloned().unwrap_or_default();
        at.age(queue.len() as u64, now, self.settings.dimension_age);
        let done = if selection.full { 0 } else { at.next };
        let left = (queue.len() as u64).saturating_sub(done);
        let single = self
            .client
            .learned()
            .refusal(&format!("{stream}/ids"), now)
            .is_some();
        let size = match (single, stream) {
            (true, _) => 1,
            (false, Stream::Albums) => 20,
            (false, _) => 50,
        };
        let budget = u64::from(self.settings.dimension_calls);
        cost.calls = left.div_ceil(size).min(budget);
        // The run itself may meet more of them.
        cost.exact = false;
        if left.div_ceil(size) > budget {
            cost.note = Some(format!(
                "{left} are left; a run asks for {} at most",
                budget * size
            ));
        }
        Ok(())
    }
}

fn page_size(client: &Client, request: &Request) -> u64 {
    let wanted = request.number("limit").unwrap_or(1).clamp(1, 1000);
    u64::from(client.page_size(request.endpoint, wanted as u32)).max(1)
}

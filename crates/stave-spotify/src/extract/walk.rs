//! Walks through one list, page by page.

use bytes::Bytes;

use super::layout::{Grain, Name};
use super::listing::{Listing, Shape};
use super::pages::RawPage;
use super::progress::{Checkpoint, Drafts, Mark};
use super::run::Run;
use super::stream::Stream;
use super::view::{Paging, Playlist, Row, joined};
use crate::client::{Endpoint, Error, ErrorKind, Request, Result, recall, remember};

/// More pages than any list has: 100,000 playlists at 50 a page.
const PAGES_MAX: u32 = 10_000;

/// The plays go no further back, whatever is linked.
const PLAYS_PAGES_MAX: u32 = 10;

/// An object of many pages is ended at this size, and the next one begun.
const OBJECT_MAX: u64 = 32 << 20;

/// How a walk ended.
pub(super) enum Walked {
    /// All pages are there.
    Through(Checkpoint),
    /// Spotify did not let it go on. The checkpoint stays for the next run.
    Stopped(Checkpoint, Error),
}

/// What a page says about the pages after it.
struct Turn {
    next: Option<Request>,
    /// Whether the page holds anything worth keeping.
    keep: bool,
}

impl Run<'_> {
    /// Walks through `listing`, on from where it was left.
    pub async fn walk(&mut self, listing: &Listing) -> Result<Walked> {
        let mut at = self.pick_up(listing).await?;
        while let Some(request) = at.next.clone() {
            match self.page(listing, &mut at, &request).await? {
                None => self.keep(listing, &at).await?,
                Some(error) => return Ok(Walked::Stopped(at, error)),
            }
        }
        if at.drafts.to > at.drafts.from {
            self.put_drafts(listing, &mut at).await?;
        }
        Ok(Walked::Through(at))
    }

    async fn pick_up(&mut self, listing: &Listing) -> Result<Checkpoint> {
        if let Some(left) = self.progress.walks.get(&listing.key)
            && (left.full || !self.full)
        {
            return Ok(left.clone());
        }
        let mark: Mark = recall(self.memory(), &self.key(&listing.mark())).await?;
        let now = self.now();
        let begun = self.progress.stamp(now);
        let at = Checkpoint {
            begun_at: now,
            begun,
            stamp: begun,
            next: Some(listing.first.clone()),
            full: self.full,
            page: 0,
            rows: 0,
            nulls: 0,
            fresh: 0,
            total: None,
            until: mark,
            leaves: Mark::default(),
            overlapped: false,
            reached: false,
            unchanged: false,
            drafts: Drafts::default(),
            turned: false,
        };
        // The key of the first page has to be known before it is put.
        self.keep(listing, &at).await?;
        Ok(at)
    }

    async fn keep(&mut self, listing: &Listing, at: &Checkpoint) -> Result<()> {
        self.progress.walks.insert(listing.key.clone(), at.clone());
        self.save().await
    }

    /// Fetches one page and hands it on. Gives the error where Spotify does
    /// not let it go on; fails only where pages or checkpoints can't be kept.
    async fn page(
        &mut self,
        listing: &Listing,
        at: &mut Checkpoint,
        request: &Request,
    ) -> Result<Option<Error>> {
        if at.page >= PAGES_MAX {
            let error = Error::invalid(format!("the list has more than {PAGES_MAX} pages"));
            return Ok(Some(error));
        }
        let bytes = match self.client.get(request).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::Internal => return Err(error),
            Err(error) => {
                if self.turned(at, request, &error).await? {
                    return Ok(None);
                }
                return Ok(Some(error));
            }
        };
        let mut ahead = at.clone();
        let (page, turn) = match self.read(listing, &mut ahead, request, &bytes) {
            Ok(read) => read,
            Err(error) => {
                // The page is not kept, so its rows don't count.
                (at.leaves, at.total) = (ahead.leaves, ahead.total);
                return Ok(Some(error));
            }
        };
        *at = ahead;
        if listing.shape == Shape::Playlists {
            self.note_playlists(at.begun, &page).await?;
        }
        if self.collects && turn.keep {
            self.collect(listing, &page).await?;
        }
        if request.endpoint == Endpoint::Playlist && turn.keep {
            self.put(
                Stream::Playlists,
                listing.part.as_deref(),
                at,
                at.page,
                bytes,
            )
            .await?;
        }
        if turn.keep {
            self.hand_on(listing, at, page).await?;
        }
        at.next = turn.next;
        Ok(None)
    }

    /// `/tracks` is called `/items` now, and each is refused to some apps:
    /// turns to the other one, once.
    async fn turned(
        &mut self,
        at: &mut Checkpoint,
        request: &Request,
        error: &Error,
    ) -> Result<bool> {
        let refused = matches!(error.kind(), ErrorKind::Denied | ErrorKind::NotFound);
        if !refused || at.turned || request.endpoint != Endpoint::PlaylistItems {
            return Ok(false);
        }
        let Some((path, name)) = request.path.rsplit_once('/') else {
            return Ok(false);
        };
        let other = if name == "tracks" { "items" } else { "tracks" };
        let mut next = request.clone();
        next.path = format!("{path}/{other}");
        at.next = Some(next);
        at.turned = true;
        self.client
            .note_refused(&format!("playlists/{name}"), error.message())
            .await?;
        Ok(true)
    }

    /// Reads a page: its bytes as they are handed on, and where it leads.
    fn read(
        &self,
        listing: &Listing,
        at: &mut Checkpoint,
        request: &Request,
        bytes: &Bytes,
    ) -> Result<(Bytes, Turn)> {
        if listing.shape == Shape::Single {
            (at.rows, at.fresh) = (1, 1);
            let turn = Turn {
                next: None,
                keep: true,
            };
            return Ok((bytes.clone(), turn));
        }
        let page = if request.endpoint == Endpoint::Playlist {
            embedded(at, bytes)?
        } else {
            bytes.clone()
        };
        if at.unchanged {
            let turn = Turn {
                next: None,
                keep: false,
            };
            return Ok((page, turn));
        }
        let paging = Paging::read(&page, listing.wrapped())?;
        if let Some(back) = moved_up(listing, at, request, &paging) {
            at.total = paging.total;
            let turn = Turn {
                next: Some(back),
                keep: false,
            };
            return Ok((page, turn));
        }
        let fresh_before = at.fresh;
        let reached = count(listing, at, &paging);
        let turn = Turn {
            next: if reached {
                None
            } else {
                self.next(listing, at, request, &paging)?
            },
            keep: !listing.is_incremental() || at.fresh > fresh_before || is_first(at),
        };
        at.total = paging.total.or(at.total);
        Ok((page, turn))
    }

    fn next(
        &self,
        listing: &Listing,
        at: &Checkpoint,
        request: &Request,
        paging: &Paging<'_>,
    ) -> Result<Option<Request>> {
        let Some(next) = &paging.next else {
            return Ok(None);
        };
        let endpoint = match listing.shape {
            Shape::Plays if at.page + 1 >= PLAYS_PAGES_MAX => return Ok(None),
            Shape::Playlist => Endpoint::PlaylistItems,
            _ => request.endpoint,
        };
        let mut next = self.client.following(endpoint, next)?;
        let moves = match (request.number("offset").unwrap_or(0), next.number("offset")) {
            (here, Some(there)) => there > here,
            (_, None) => next != *request,
        };
        if !moves {
            return Err(
                Error::invalid("the page's `next` link leads back to where it is")
                    .hint("the host is no Spotify, or has a fault"),
            );
        }
        if endpoint == Endpoint::PlaylistItems {
            self.fit_playlist(listing, &mut next);
        }
        Ok(Some(next))
    }

    fn fit_playlist(&self, listing: &Listing, next: &mut Request) {
        if next.value("additional_types").is_none()
            && let Some(types) = listing.first.value("additional_types")
        {
            next.set("additional_types", types.to_owned());
        }
        let learned = self.client.learned();
        if let Some((path, "tracks")) = next.path.rsplit_once('/')
            && learned.refusal("playlists/tracks", self.now()).is_some()
        {
            next.path = format!("{path}/items");
        }
    }

    async fn hand_on(&mut self, listing: &Listing, at: &mut Checkpoint, page: Bytes) -> Result<()> {
        match self.settings.grain {
            Grain::Page => {
                self.put(listing.stream, listing.part.as_deref(), at, at.page, page)
                    .await?;
                at.stamp = self.progress.stamp(self.now());
            }
            Grain::Run => {
                let text = String::from_utf8(page.to_vec())
                    .map_err(|_| Error::invalid("the answer is not UTF-8"))?;
                at.drafts.bytes += text.len() as u64;
                remember(self.memory(), &self.draft(listing, at.drafts.to), &text).await?;
                at.drafts.to += 1;
                if at.drafts.bytes > OBJECT_MAX {
                    self.put_drafts(listing, at).await?;
                }
            }
        }
        at.page += 1;
        Ok(())
    }

    /// Puts the pages that wait as one object.
    async fn put_drafts(&mut self, listing: &Listing, at: &mut Checkpoint) -> Result<()> {
        let names: Vec<String> = (at.drafts.from..at.drafts.to)
            .map(|page| self.draft(listing, page))
            .collect();
        let mut pages = Vec::with_capacity(names.len());
        for name in &names {
            pages.push(recall::<String>(self.memory(), name).await?);
        }
        let object = match pages.as_slice() {
            [one] => one.clone(),
            many => joined(many, listing.wrapped())?,
        };
        let part = listing.part.as_deref();
        self.put(
            listing.stream,
            part,
            at,
            at.drafts.from,
            Bytes::from(object),
        )
        .await?;
        at.stamp = self.progress.stamp(self.now());
        at.drafts.from = at.drafts.to;
        at.drafts.bytes = 0;
        self.keep(listing, at).await?;
        for name in &names {
            self.memory().remove(name).await?;
        }
        Ok(())
    }

    fn draft(&self, listing: &Listing, page: u32) -> String {
        self.key(&format!("draft/{}/{page}", listing.key))
    }

    async fn put(
        &self,
        stream: Stream,
        part: Option<&str>,
        at: &Checkpoint,
        page: u32,
        bytes: Bytes,
    ) -> Result<()> {
        let name = Name {
            account: self.client.account(),
            stream,
            part,
            begun: at.begun,
            stamp: at.stamp,
            page,
        };
        self.put_named(&name, bytes).await
    }

    pub(super) async fn put_named(&self, name: &Name<'_>, bytes: Bytes) -> Result<()> {
        let page = RawPage {
            key: self.settings.layout.key(name),
            account: self.client.account().to_owned(),
            stream: name.stream,
            part: name.part.map(String::from),
            run: self.run_id().to_owned(),
            page: name.page,
            fetched_at: self.now(),
            bytes,
        };
        self.pages.put(page).await
    }
}

/// The page in a playlist's answer; also notes the playlist's state.
fn embedded(at: &mut Checkpoint, bytes: &Bytes) -> Result<Bytes> {
    let playlist = Playlist::read(bytes)?;
    let same = playlist.snapshot_id.is_some() && playlist.snapshot_id == at.until.snapshot;
    let (snapshot, total) = (playlist.snapshot_id.clone(), playlist.total());
    let page = playlist
        .page()
        .map(|raw| bytes.slice_ref(raw.get().as_bytes()));
    at.leaves.snapshot = snapshot;
    let Some(page) = page else {
        at.leaves.inaccessible = true;
        at.total = total;
        return Err(inaccessible());
    };
    at.unchanged = same && !at.full && !at.until.inaccessible;
    Ok(page)
}

pub(super) fn inaccessible() -> Error {
    Error::denied("Spotify shows the playlist, but not what is in it").hint(
        "apps in development mode read only playlists that the user owns or works on; \
         the playlist is not empty",
    )
}

/// Where rows before this page were removed since the last page, the rest has
/// moved up, and as many rows would be skipped: gives the page to read instead.
fn moved_up(
    listing: &Listing,
    at: &Checkpoint,
    request: &Request,
    paging: &Paging<'_>,
) -> Option<Request> {
    // A playlist's state is compared at its end; the others have none.
    if listing.shape == Shape::Playlist {
        return None;
    }
    let removed = at.total?.checked_sub(paging.total?)?;
    let offset = request.number("offset").filter(|offset| *offset > 0)?;
    let mut back = request.clone();
    back.set("offset", offset.saturating_sub(removed).to_string());
    (removed > 0).then_some(back)
}

/// Counts a page's rows; says whether the walk has reached what is known.
fn count(listing: &Listing, at: &mut Checkpoint, paging: &Paging<'_>) -> bool {
    let rows = paging.items.as_deref().unwrap_or_default();
    at.rows += rows.len() as u64;
    at.nulls += rows.iter().filter(|row| row.is_none()).count() as u64;
    if !listing.is_incremental() {
        at.fresh = at.rows;
        return false;
    }
    let rows: Vec<Row> = rows.iter().flatten().map(|raw| Row::read(raw)).collect();
    if listing.shape == Shape::Plays {
        count_plays(at, &rows)
    } else {
        count_added(at, &rows)
    }
}

fn count_added(at: &mut Checkpoint, rows: &[Row]) -> bool {
    let mut older = false;
    for row in rows {
        let (Some(added), uri) = (&row.added_at, row.uri().unwrap_or_default()) else {
            at.fresh += 1;
            continue;
        };
        // ISO 8601 in UTC with a fixed width: the order of the text is that of time.
        match at.leaves.newest.as_ref().map(|newest| added.cmp(newest)) {
            None | Some(std::cmp::Ordering::Greater) => {
                at.leaves.newest = Some(added.clone());
                at.leaves.seen = vec![uri.to_owned()];
            }
            Some(std::cmp::Ordering::Equal) => at.leaves.seen.push(uri.to_owned()),
            Some(std::cmp::Ordering::Less) => {}
        }
        let until = at.until.newest.as_ref();
        older = until.is_some_and(|until| added < until);
        let known = older || until == Some(added) && at.until.seen.iter().any(|seen| seen == uri);
        if known {
            at.overlapped = true;
        } else {
            at.fresh += 1;
        }
    }
    // Only where the page *ends* with older rows: one that is out of order ends nothing.
    at.reached = older && !at.full;
    at.reached
}

fn count_plays(at: &mut Checkpoint, rows: &[Row]) -> bool {
    for row in rows {
        let played = row.played_at.as_deref().unwrap_or_default();
        let play = format!("{played} {}", row.uri().unwrap_or_default());
        if at.until.seen.contains(&play) || at.leaves.seen.contains(&play) {
            at.overlapped = true;
            continue;
        }
        at.fresh += 1;
        at.leaves.seen.push(play);
    }
    // Without an earlier run there is no gap to close.
    at.overlapped || at.until.at.is_none()
}

fn is_first(at: &Checkpoint) -> bool {
    at.full || at.until.at.is_none()
}

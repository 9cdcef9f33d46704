//! Walks through one list, page by page.

use bytes::Bytes;

use super::count::{count, embedded, is_first, moved_up};
use super::listing::{Listing, Shape};
use super::progress::{Checkpoint, Drafts, Mark};
use super::run::Run;
use super::stream::Stream;
use super::view::Paging;
use crate::client::{Endpoint, Error, ErrorKind, Request, Result, recall};

/// More pages than any list has: 100,000 playlists at 50 a page.
const PAGES_MAX: u32 = 10_000;

/// The plays go no further back, whatever is linked.
const PLAYS_PAGES_MAX: u32 = 10;

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

    /// Saves the checkpoint.
    pub(super) async fn keep(&mut self, listing: &Listing, at: &Checkpoint) -> Result<()> {
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
}

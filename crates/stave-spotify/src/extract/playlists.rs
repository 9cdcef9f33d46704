//! The items of playlists: which ones have changed, and each of these.

use std::time::Duration;

use bytes::Bytes;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::count::inaccessible;
use super::listing::Listing;
use super::playlist::is_id;
use super::progress::Mark;
use super::report::{Standing, StreamReport};
use super::run::{Run, Selection};
use super::stream::Stream;
use super::view::{Paging, Playlist};

use crate::client::{Endpoint, ErrorKind, Result, later, recall, remember};

/// A playlist that could not be read is tried again after so long, although
/// it has not changed.
const INACCESSIBLE_KEPT: Duration = Duration::from_hours(14 * 24);

/// More playlists than this are not left in the middle at once.
const LEFT_MAX: usize = 20;

/// The user's playlists, as far as the list of them was read.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Index {
    /// The walk that reads it.
    begun: i64,
    pub refs: Vec<Ref>,
}

/// A playlist, as it stands in a list of playlists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Ref {
    pub id: String,
    pub snapshot: Option<String>,
    pub total: Option<u64>,
}

/// The playlists in a page of `GET /me/playlists`.
pub(super) fn refs_of(page: &[u8]) -> Result<Vec<Ref>> {
    let paging = Paging::read(page, None)?;
    let rows = paging.items.unwrap_or_default().into_iter().flatten();
    Ok(rows
        .filter_map(|raw| {
            let playlist = Playlist::read(raw.get().as_bytes()).ok()?;
            Some(Ref {
                total: playlist.total(),
                id: playlist.id.clone().filter(|id| is_id(id))?,
                snapshot: playlist.snapshot_id,
            })
        })
        .collect())
}

impl Run<'_> {
    /// Notes the playlists of a page of their list, for their items' sake.
    pub(super) async fn note_playlists(&mut self, begun: i64, page: &Bytes) -> Result<()> {
        let key = self.key("playlist-index");
        let mut index: Index = recall(self.memory(), &key).await?;
        if index.begun != begun {
            index = Index {
                begun,
                refs: Vec::new(),
            };
        }
        for found in refs_of(page)? {
            // A page that is read again after a kill is noted again.
            index.refs.retain(|known| known.id != found.id);
            index.refs.push(found);
        }
        remember(self.memory(), &key, &index).await
    }

    /// Reads the items of all selected playlists that have changed.
    pub(super) async fn playlist_items(
        &mut self,
        selection: &Selection,
        before: &[StreamReport],
        report: &mut StreamReport,
    ) -> Result<()> {
        let refs = if selection.playlists.is_empty() {
            if let Some(list) = before.iter().find(|list| list.stream == Stream::Playlists)
                && list.standing != Standing::Complete
            {
                report.miss(
                    "playlists that are not in the list",
                    "the list is not complete",
                );
                report.standing = list.standing;
            }
            let index: Index = recall(self.memory(), &self.key("playlist-index")).await?;
            index.refs
        } else {
            let unlisted = |id: &super::PlaylistId| Ref {
                id: id.to_string(),
                snapshot: None,
                total: None,
            };
            selection.playlists.iter().map(unlisted).collect()
        };
        if report.standing == Standing::Denied {
            return Ok(());
        }
        self.each_playlist(&refs, report).await
    }

    async fn each_playlist(&mut self, refs: &[Ref], report: &mut StreamReport) -> Result<()> {
        let day = self.now().to_zoned(TimeZone::UTC).date().to_string();
        let mut closed = None;
        let mut left = 0;
        for playlist in refs {
            let types = self.settings.layout.additional_types();
            let listing = Listing::playlist(&playlist.id, types);
            let unfinished = self.progress.done(&listing.key).is_none();
            if unfinished && self.passed_over(&listing, playlist, report).await? {
                continue;
            }
            if unfinished && (closed.is_some() || self.progress.walks.len() >= LEFT_MAX) {
                left += 1;
                continue;
            }
            let asked = report.asked;
            let Some(error) = self.list(&listing, &day, report).await? else {
                continue;
            };
            if report.asked == asked {
                report.ask(playlist.total);
            }
            match error.kind() {
                ErrorKind::LoginAgain => return Err(error),
                ErrorKind::Closed { bucket, .. } if bucket == Endpoint::Playlist.bucket() => {
                    left += 1;
                    closed = Some(error);
                }
                _ => report.fail(format!("playlist {}", playlist.id), &error),
            }
        }
        match closed {
            Some(error) => report.fail(format!("{left} playlists"), &error),
            None if left > 0 => report.miss(
                format!("{left} playlists"),
                "too many others were left in the middle",
            ),
            None => {}
        }
        Ok(())
    }

    /// Whether a playlist need not be asked for: it stands as it stood when
    /// it was read, or could not be read.
    async fn passed_over(
        &mut self,
        listing: &Listing,
        playlist: &Ref,
        report: &mut StreamReport,
    ) -> Result<bool> {
        if let Some(walk) = self.progress.walks.get(&listing.key) {
            let moved_on = playlist.snapshot.is_some()
                && walk.leaves.snapshot.is_some()
                && walk.leaves.snapshot != playlist.snapshot;
            if moved_on {
                // What was read of it belongs to a state that is gone.
                self.progress.walks.remove(&listing.key);
            }
            return Ok(false);
        }
        if self.full || playlist.snapshot.is_none() {
            return Ok(false);
        }
        let mark: Mark = recall(self.memory(), &self.key(&listing.mark())).await?;
        if mark.snapshot != playlist.snapshot {
            return Ok(false);
        }
        if !mark.inaccessible {
            report.unchanged += 1;
            return Ok(true);
        }
        let now = self.now();
        let lately = mark.at.is_some_and(|at| now < later(at, INACCESSIBLE_KEPT));
        if lately {
            report.ask(playlist.total);
            report.fail(format!("playlist {}", playlist.id), &inaccessible());
        }
        Ok(lately)
    }
}

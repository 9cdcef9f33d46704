//! Counts the rows of a page, and sees where a list meets what is known.

use bytes::Bytes;

use super::listing::{Listing, Shape};
use super::progress::Checkpoint;
use super::view::{Paging, Playlist, Row};
use crate::client::{Error, Request, Result};

/// The page in a playlist's answer; also notes the playlist's state.
pub(super) fn embedded(at: &mut Checkpoint, bytes: &Bytes) -> Result<Bytes> {
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

/// Why a playlist that is there has no rows.
pub(super) fn inaccessible() -> Error {
    Error::denied("Spotify shows the playlist, but not what is in it").hint(
        "apps in development mode read only playlists that the user owns or works on; \
         the playlist is not empty",
    )
}

/// Where rows before this page were removed since the last page, the rest has
/// moved up, and as many rows would be skipped: gives the page to read instead.
pub(super) fn moved_up(
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
pub(super) fn count(listing: &Listing, at: &mut Checkpoint, paging: &Paging<'_>) -> bool {
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

/// Whether there is no earlier run to compare with.
pub(super) fn is_first(at: &Checkpoint) -> bool {
    at.full || at.until.at.is_none()
}

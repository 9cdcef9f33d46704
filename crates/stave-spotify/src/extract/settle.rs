//! Ends a walk: what it leaves for the next run, and what it has to say.

use super::listing::{Listing, Shape};
use super::progress::{Checkpoint, Done, Mark};
use super::report::{Standing, StreamReport};
use super::run::Run;
use super::view::Playlist;
use crate::client::{Endpoint, ErrorKind, Request, Result, remember};

/// So many plays are remembered, to tell new ones from those seen before.
const PLAYS_KEPT: usize = 300;

impl Run<'_> {
    /// Ends a walk: what it leaves is kept first, its checkpoint let go after that.
    pub(super) async fn settle(
        &mut self,
        listing: &Listing,
        at: &Checkpoint,
        day: &str,
    ) -> Result<Done> {
        let mut done = Done {
            asked: at.total,
            got: at.rows,
            nulls: at.nulls,
            pages: at.page,
            unchanged: at.unchanged,
            ..Done::default()
        };
        let mut mark = at.leaves.clone();
        mark.rows = at.total.unwrap_or(at.rows);
        if listing.is_incremental() {
            done.got = at.fresh;
            done.asked = Some(at.fresh);
            mark.newest = mark.newest.or_else(|| at.until.newest.clone());
        }
        if listing.shape == Shape::Plays {
            done.warning = gap(at);
            mark.seen.extend(at.until.seen.iter().cloned());
            mark.seen.sort_unstable_by(|a, b| b.cmp(a));
            mark.seen.dedup();
            mark.seen.truncate(PLAYS_KEPT);
        }
        if listing.shape == Shape::Pages {
            mark.day = Some(day.to_owned());
        }
        if !at.unchanged && !at.reached && listing.shape != Shape::Plays {
            done.short = short(at);
        }
        if listing.shape == Shape::Playlist && at.page > 1 && done.short.is_none() {
            done.short = self.changed(listing, at).await?;
        }
        if done.short.is_some() {
            (mark.snapshot, mark.day) = (None, None);
        }
        if at.unchanged {
            mark.rows = at.until.rows;
            done.got = 0;
            done.asked = Some(0);
        }
        self.mark(listing, mark).await?;
        self.progress.finish(&listing.key, done.clone());
        self.save().await?;
        Ok(done)
    }

    /// Keeps what the next run has to know of a list.
    pub(super) async fn mark(&self, listing: &Listing, mut mark: Mark) -> Result<()> {
        mark.at = Some(self.now());
        remember(self.memory(), &self.key(&listing.mark()), &mark).await
    }

    /// Whether a playlist of several pages was changed while these were read.
    async fn changed(&self, listing: &Listing, at: &Checkpoint) -> Result<Option<String>> {
        let request =
            Request::new(Endpoint::Playlist, &listing.first.path).with("fields", "snapshot_id");
        match self.client.get(&request).await {
            Ok(bytes) => {
                let now = Playlist::read(&bytes)?.snapshot_id;
                Ok((now != at.leaves.snapshot).then(|| {
                    "the playlist was changed while it was read; the next run reads it again"
                        .to_owned()
                }))
            }
            Err(error) if error.kind() == ErrorKind::Internal => Err(error),
            Err(error) => Ok(Some(format!(
                "whether the playlist was changed while it was read is not known: {error}"
            ))),
        }
    }
}

/// Adds what a list has given to its stream's report.
pub(super) fn add(report: &mut StreamReport, listing: &Listing, done: &Done) {
    report.ask(done.asked);
    report.got += done.got;
    report.nulls += done.nulls;
    report.pages += u64::from(done.pages);
    report.unchanged += u64::from(done.unchanged);
    if let Some(why) = &done.short {
        let what = match (&listing.part, listing.shape) {
            (Some(id), Shape::Playlist) => format!("playlist {id}"),
            (Some(part), _) => part.clone(),
            (None, _) => "some rows".to_owned(),
        };
        report.miss(what, why);
    }
    if let Some(warning) = &done.warning {
        report.warnings.push(warning.clone());
        if report.standing == Standing::Complete {
            report.miss("plays before those", warning);
        }
    }
}

fn gap(at: &Checkpoint) -> Option<String> {
    let suspected = at.until.at.is_some() && !at.until.seen.is_empty() && !at.overlapped;
    (suspected && at.rows >= 50).then(|| {
        "a gap is suspected: all plays that Spotify still has are new, so older ones may be lost; \
         run it more often, or import the account's export"
            .to_owned()
    })
}

fn short(at: &Checkpoint) -> Option<String> {
    if at.until.rows > 0 && at.rows == 0 {
        return Some(format!(
            "the list is empty, and had {} rows before; Spotify sends empty lists by mistake at times",
            at.until.rows
        ));
    }
    let total = at.total?;
    (at.rows < total).then(|| format!("Spotify counts {total} rows and lists {}", at.rows))
}

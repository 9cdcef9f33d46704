//! Plays as rows of a table: written as JSON lines, gzip, which crawlers and
//! Athena read; and the plays that are in the raw pages of an account.

use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::Path;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream::StreamExt;
use jiff::Timestamp;
use stave_core::{Caller, Error, Result};
use stave_spotify::history::{Moment, Play, plays_of_page, write_line};
use stave_store::{ListRequest, PutBody};
use tokio::sync::mpsc;

use super::Extracts;
use super::faults::to_core;
use super::tags::API;

/// A raw object of plays is 32 MiB at most, and a page more.
const PAGE_MAX: usize = 64 << 20;
/// More plays than the API tells of in a hundred years.
const API_PLAYS_MAX: usize = 10_000_000;
/// Plays of the export this far from those of the API can't be the same ones.
const NEAR_MS: i64 = 24 * 3600 * 1000;
/// Pieces of a file are made this large.
const PIECE: usize = 256 << 10;
/// Pieces that wait to be written, or to be compressed.
const WAITING: usize = 4;

type Piece = std::result::Result<Vec<u8>, Error>;

/// Writes plays as an object's body; a thread of its own compresses them.
/// Blocking. Dropped before its end, the object does not appear.
pub(super) struct PlaysWriter {
    lines: Vec<u8>,
    pieces: std::sync::mpsc::SyncSender<Piece>,
}

impl PlaysWriter {
    /// A writer, and the body that it fills.
    pub fn begin() -> (Self, PutBody) {
        let (pieces, to_compress) = std::sync::mpsc::sync_channel(WAITING);
        let (compressed, body) = mpsc::channel(WAITING);
        std::thread::spawn(move || compress(&to_compress, &compressed));
        let body = futures::stream::unfold(body, |mut body| async move {
            let piece = body.recv().await?;
            Some((piece, body))
        });
        let writer = Self {
            lines: Vec::with_capacity(PIECE + 4096),
            pieces,
        };
        (writer, PutBody::Stream(body.boxed()))
    }

    /// Adds a play.
    pub fn write(&mut self, play: &Play) -> Result<()> {
        write_line(play, &mut self.lines).map_err(to_core)?;
        if self.lines.len() >= PIECE {
            self.send()?;
        }
        Ok(())
    }

    /// Brings out what is left.
    pub fn finish(mut self) -> Result<()> {
        self.send()?;
        // An empty piece is the end; without one the object would not be whole.
        self.send_piece(Ok(Vec::new()))
    }

    /// Gives the object up; gives `error` back.
    pub fn fail(self, error: Error) -> Error {
        let told = Error::new(error.kind(), error.message());
        let _ = self.send_piece(Err(told));
        error
    }

    fn send(&mut self) -> Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let empty = Vec::with_capacity(PIECE + 4096);
        let lines = std::mem::replace(&mut self.lines, empty);
        self.send_piece(Ok(lines))
    }

    fn send_piece(&self, piece: Piece) -> Result<()> {
        let sent = self.pieces.send(piece);
        // Whoever writes the object has ended before, and says why.
        sent.map_err(|_| Error::conflict("the object is not written any more"))
    }
}

/// Compresses pieces until the empty one; what ends before that is an error.
fn compress(pieces: &std::sync::mpsc::Receiver<Piece>, out: &mpsc::Sender<Result<Bytes>>) {
    let mut encoder = GzEncoder::new(Body::new(out), Compression::fast());
    loop {
        let piece = pieces.recv();
        let ended = match piece {
            Ok(Ok(piece)) if piece.is_empty() => {
                let _ = encoder.finish().and_then(|mut body| body.flush());
                return;
            }
            Ok(Ok(piece)) => {
                if encoder.write_all(&piece).is_err() {
                    return;
                }
                continue;
            }
            Ok(Err(error)) => error,
            Err(_) => Error::internal("the plays ended before their time"),
        };
        let _ = out.blocking_send(Err(ended));
        // What the encoder holds must not follow.
        encoder.get_mut().is_over = true;
        return;
    }
}

/// An object's body, written to in pieces.
struct Body<'a> {
    held: Vec<u8>,
    out: &'a mpsc::Sender<Result<Bytes>>,
    is_over: bool,
}

impl<'a> Body<'a> {
    fn new(out: &'a mpsc::Sender<Result<Bytes>>) -> Self {
        Self {
            held: Vec::with_capacity(PIECE),
            out,
            is_over: false,
        }
    }
}

impl Write for Body<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let held = std::mem::replace(&mut self.held, Vec::with_capacity(PIECE));
        if held.is_empty() || self.is_over {
            return Ok(());
        }
        let sent = self.out.blocking_send(Ok(Bytes::from(held)));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// When a play was, for telling doubles; nothing where it doesn't say which track or when.
pub(super) fn moment(play: &Play) -> Option<Moment<'_>> {
    Some(Moment {
        uri: play.uri.as_deref()?,
        at_ms: play.played_at?.as_millisecond(),
        duration_ms: play.duration_ms,
    })
}

/// The moments of the export that could be those of the API's plays.
pub(super) struct Moments {
    near: RangeInclusive<i64>,
    kept: Vec<(i64, Box<str>)>,
}

impl Moments {
    /// None so far; those near `plays`, which are in the order of time, are wanted.
    pub fn near(plays: &[Play]) -> Self {
        let mut times = plays.iter().filter_map(moment).map(|moment| moment.at_ms);
        let first = times.next();
        let last = times.next_back().or(first);
        let near = match (first, last) {
            (Some(first), Some(last)) => {
                first.saturating_sub(NEAR_MS)..=last.saturating_add(NEAR_MS)
            }
            // Nothing is in there.
            _ => RangeInclusive::new(1, 0),
        };
        Self {
            near,
            kept: Vec::new(),
        }
    }

    pub fn push(&mut self, moment: Moment<'_>) {
        if self.near.contains(&moment.at_ms) {
            self.kept.push((moment.at_ms, moment.uri.into()));
        }
    }

    /// The moments in the order of time.
    pub fn sorted(&self) -> Vec<Moment<'_>> {
        let mut moments: Vec<_> = self
            .kept
            .iter()
            .map(|(at_ms, uri)| Moment {
                uri,
                at_ms: *at_ms,
                // The export doesn't say.
                duration_ms: None,
            })
            .collect();
        moments.sort_by_key(|moment| moment.at_ms);
        moments
    }
}

/// What was found of an account's plays.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The raw pages.
    pub pages: u64,
    /// The plays in them, in the order of time.
    pub plays: Vec<Play>,
    /// When the oldest page was fetched.
    pub fetched_at: Option<Timestamp>,
}

/// The plays in the raw pages of `account`, wherever its runs have put them.
pub(super) async fn of_api(service: &Extracts, caller: &Caller, account: &str) -> Result<Found> {
    let mut found = Found::default();
    for target in service.targets(account).await? {
        let request = ListRequest::all(target.folder());
        let mut pages = service.buckets.pages(caller, &target.bucket, request);
        while let Some(page) = pages.next().await {
            let tagged = service
                .tagged(caller, &target.bucket, page?.objects)
                .await?;
            for (object, tags) in tagged {
                // Those under `origin=api/` are written by an import, out of these.
                let is_raw = tags.origin == API
                    && tags.stream == "plays"
                    && Path::new(object.key.as_str()).extension() != Some("gz".as_ref());
                if !is_raw || tags.account != account {
                    continue;
                }
                let read = service
                    .buckets
                    .get(caller, &target.bucket, &object.key, None);
                let bytes = read.await?.bytes(PAGE_MAX).await?;
                let name = format!("s3://{}/{}", target.bucket, object.key);
                found
                    .plays
                    .extend(plays_of_page(&bytes, &name).map_err(to_core)?);
                found.pages += 1;
                found.fetched_at = match (found.fetched_at, tags.fetched_at) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                if found.plays.len() > API_PLAYS_MAX {
                    return Err(Error::limit_exceeded(format!(
                        "account \"{account}\" has more than {API_PLAYS_MAX} plays of the API"
                    )));
                }
            }
        }
    }
    found.plays.sort_by_key(|play| play.played_at);
    Ok(found)
}

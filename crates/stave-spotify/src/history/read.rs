//! Reads an export: file by file, row by row.

use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::archive::Archive;
use super::play::Play;
use super::row::{Keep, Looks, play};
use super::rows::cut;
use crate::client::{Error, Result};

/// So many odd rows are named.
const NAMED_MAX: usize = 5;

/// What is kept of an export.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Keeps the addresses that were played from.
    pub keep_ip: bool,
    /// Keeps the user's name and user agent.
    pub keep_user: bool,
}

/// What a file of the export held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileSummary {
    /// Its name.
    pub name: String,
    /// Its rows; every one was given.
    pub rows: u64,
}

/// What an export held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The files that were read, in order.
    pub files: Vec<FileSummary>,
    /// JSON files that hold no plays.
    pub passed_over: Vec<String>,
    /// All rows; every one was given.
    pub rows: u64,
    /// Rows with a time that can't be read, a negative length, or a field of
    /// the wrong type. They were given like the others.
    pub odd: u64,
    /// The first of these, as `file, row`.
    pub odd_rows: Vec<String>,
    /// The first play.
    pub first_at: Option<Timestamp>,
    /// The last play.
    pub last_at: Option<Timestamp>,
}

/// Reads the export at `path` (Spotify's zip, the folder it unpacks to, or one
/// JSON file) and gives every play to `each`, in the order of the files.
///
/// Files are told by what is in them, not by their names. Asks Spotify
/// nothing. Fails where a file is cut off or broken, after its rows before
/// that place were given, and where there are no plays at all. The small
/// "account data" package is refused before any play is given.
pub fn read_export(
    path: &Path,
    options: Options,
    mut each: impl FnMut(Play) -> Result<()>,
) -> Result<Summary> {
    let mut archive = Archive::open(path)?;
    let mut summary = Summary::default();
    let mut names = Vec::new();
    let mut small = false;
    for name in archive.names() {
        match archive.with(&name, |file| Ok(looks(file)))? {
            Looks::History => names.push(name),
            Looks::AccountData => small = true,
            // By its name it should hold plays: reading it says what is wrong with it.
            Looks::Other if is_named_history(&name) => names.push(name),
            Looks::Other => summary.passed_over.push(name),
        }
    }
    if names.is_empty() {
        return Err(none(path, small));
    }
    let keep = Keep {
        ip: options.keep_ip,
        user: options.keep_user,
    };
    for name in names {
        let read = archive.with(&name, |file| {
            cut(file, |at, row| {
                let (mut play, odd) = play(row, keep).map_err(|error| {
                    Error::invalid(format!("row {at} is no JSON object")).caused_by(error)
                })?;
                play.file = Some(name.clone());
                play.row = at;
                summary.note(&play, odd);
                each(play)
            })
        });
        let rows = read.map_err(|error| error.within(&name))?;
        summary.files.push(FileSummary { name, rows });
    }
    Ok(summary)
}

impl Summary {
    fn note(&mut self, play: &Play, odd: bool) {
        self.rows += 1;
        if odd {
            self.odd += 1;
            if self.odd_rows.len() < NAMED_MAX {
                let file = play.file.as_deref().unwrap_or_default();
                self.odd_rows.push(format!("{file}, row {}", play.row));
            }
        }
        if let Some(at) = play.played_at {
            self.first_at = Some(self.first_at.map_or(at, |first| first.min(at)));
            self.last_at = Some(self.last_at.map_or(at, |last| last.max(at)));
        }
    }
}

/// Looks at the first row of a file. A file that is no list of objects holds
/// no plays; whether a list of plays is whole is seen when it is read.
fn looks(file: &mut dyn Read) -> Looks {
    let mut found = None;
    let _ = cut(file, |_, row| {
        found = Some(Looks::of(row));
        // One is enough.
        Err(Error::internal("looked"))
    });
    found.unwrap_or(Looks::Other)
}

fn is_named_history(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    [
        "streaming_history_audio",
        "streaming_history_video",
        "endsong",
        "endvideo",
    ]
    .iter()
    .any(|start| base.starts_with(start))
}

fn none(path: &Path, small: bool) -> Error {
    let path = path.display();
    if small {
        return Error::invalid(format!(
            "{path} is Spotify's small \"Account data\" package: it has one year, to the minute, \
             and no track ids"
        ))
        .hint(
            "request \"Extended streaming history\" at https://www.spotify.com/account/privacy; \
             it comes by e-mail within 30 days, as a zip with Streaming_History_Audio_*.json",
        );
    }
    Error::invalid(format!("{path} holds no streaming history")).hint(
        "give the zip of \"Extended streaming history\" (requested at \
         https://www.spotify.com/account/privacy), or the folder it unpacks to",
    )
}

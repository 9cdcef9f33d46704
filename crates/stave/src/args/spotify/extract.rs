//! `spotify extract`.

use clap::{ArgGroup, Args, ValueEnum};
use stave_core::S3Uri;
use stave_spotify::extract::{Grain, Layout, PlaylistId, Stream};

use super::account::AccountArgs;
use crate::args::values;

/// `stave spotify extract`
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("what").required(true).multiple(true).args(["playlists", "streams", "all"]),
    after_help = "\
Raw answers go into the bucket unchanged. Every page is a checkpoint: a run that was stopped, killed
or limited goes on from its last page when it is run again. What has not changed is not read again:
playlists go by their snapshot_id, the library by added_at, the top lists once a day.

Streams: plays (the last 50, no more: run it hourly), me, top_artists, top_tracks, saved_tracks,
saved_albums, saved_shows, saved_episodes, saved_audiobooks, followed_artists, playlists,
playlist_items (all of the user's playlists, or those of --playlist), and tracks, albums, artists
(of everything seen, within --budget, and again after --refresh-days).

Layouts:
  public     playlists under raw_data/to_processed/spotify_raw_<time>.json, as the public pipelines
             write and read them; other streams under raw_data/<stream>/
  by-stream  raw_data/spotify/<account>/<stream>/<begin>/page-00000.json

A short rate limit is waited for. When a quota is used up (Spotify counts a rolling day), that part
is closed until its time, the others go on, and the end says when to come back.

Exit codes: 0 everything that was asked for is there; 1 something is missing (the report says what
and why) or failed; 2 wrong use; 3 a quota is used up, run it again after the time that is said.

Examples:
  stave spotify extract --playlist 37i9dQZEVXbMDoHDwVN2tF --bucket s3://raw \\
      --sandbox http://127.0.0.1:4568
  stave spotify extract --stream plays --stream saved_tracks --bucket s3://raw/spotify
  stave spotify extract --all --dry-run")]
pub struct ExtractArgs {
    /// The entries of this playlist: its id, URI or address; repeatable
    #[arg(long = "playlist", value_name = "ID|URL", value_parser = playlist)]
    pub playlists: Vec<PlaylistId>,

    /// A stream of the account; repeatable
    #[arg(long = "stream", value_name = "STREAM", value_parser = stream)]
    pub streams: Vec<Stream>,

    /// Every stream
    #[arg(long, conflicts_with_all = ["playlists", "streams"])]
    pub all: bool,

    /// Where the raw pages go
    #[arg(long, value_name = "s3://BUCKET[/PREFIX]", value_parser = values::s3_uri,
          required_unless_present = "dry_run")]
    pub bucket: Option<S3Uri>,

    /// Read everything again, also what has not changed
    #[arg(long)]
    pub full: bool,

    /// Say how many calls it would cost; puts nothing, and may itself call to learn how long lists
    /// are
    #[arg(long)]
    pub dry_run: bool,

    /// The keys of the raw objects
    #[arg(long, value_enum, default_value_t = LayoutArg::Public)]
    pub layout: LayoutArg,

    /// One object a page, exactly as it was sent; or one a list and run, with the rows of all pages
    #[arg(long, value_enum, default_value_t = GrainArg::Page)]
    pub grain: GrainArg,

    /// The most calls for each of the streams tracks, albums, artists
    #[arg(long, value_name = "CALLS", default_value_t = 100)]
    pub budget: u32,

    /// Ask for tracks, albums, artists again that are so old: Spotify's terms forbid to keep its
    /// content indefinitely
    #[arg(long, value_name = "DAYS", default_value_t = 30,
          value_parser = clap::value_parser!(u16).range(1..))]
    pub refresh_days: u16,

    /// Whose data is read, from where.
    #[command(flatten)]
    pub account: AccountArgs,
}

/// The keys of raw objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LayoutArg {
    /// As the public pipelines write.
    #[value(help = "as the public pipelines write and read them")]
    Public,
    /// A folder a stream.
    #[value(help = "a folder a stream")]
    ByStream,
}

impl From<LayoutArg> for Layout {
    fn from(layout: LayoutArg) -> Self {
        match layout {
            LayoutArg::Public => Self::Public,
            LayoutArg::ByStream => Self::ByStream,
        }
    }
}

/// How many pages an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GrainArg {
    /// One.
    #[value(help = "one object a page")]
    Page,
    /// All of a list.
    #[value(help = "one object a list and run")]
    Run,
}

impl From<GrainArg> for Grain {
    fn from(grain: GrainArg) -> Self {
        match grain {
            GrainArg::Page => Self::Page,
            GrainArg::Run => Self::Run,
        }
    }
}

fn playlist(text: &str) -> Result<PlaylistId, String> {
    PlaylistId::parse(text).map_err(|error| told(&error))
}

fn stream(text: &str) -> Result<Stream, String> {
    Stream::parse(text).map_err(|error| told(&error))
}

fn told(error: &stave_spotify::client::Error) -> String {
    match error.hint_text() {
        Some(hint) => format!("{error}\n  hint: {hint}"),
        None => error.to_string(),
    }
}

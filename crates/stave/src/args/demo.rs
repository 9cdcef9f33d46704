//! `demo`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `stave demo`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave demo
  stave demo --scale 10
  stave demo --from ~/Downloads/spotify-2023
  stave demo --pipeline api
  stave demo --pipeline lambda

Everything stays in the bucket stave-demo and the database spotify, to look around in;
the next demo takes its place.")]
pub struct DemoArgs {
    /// Which pipeline: CSV files joined to one table, or playlists of the Spotify Web API
    /// (of a sandbox) made albums, artists and songs, by a job or by two functions in Python
    #[arg(long, value_name = "WHICH", default_value = "batch")]
    pub pipeline: Pipeline,

    /// How large the generated data is: from 0.001 to 100
    #[arg(long, value_name = "F", default_value_t = 1.0, conflicts_with = "from")]
    pub scale: f64,

    /// Another seed gives other data of the same kind
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "from")]
    pub seed: u64,

    /// Run on your own albums.csv, artists.csv and track.csv
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
}

/// The pipelines that the demo can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Pipeline {
    /// Three CSV files, two joins, one table
    Batch,
    /// Sandbox, extract, transform, three tables
    Api,
    /// Functions with spotipy and pandas, started by an object that comes
    Lambda,
}

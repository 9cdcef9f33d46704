//! `sample`.

use clap::{Args, ValueEnum};
use stave_services::transfer::Place;

use super::values;

/// The data sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DataSet {
    /// Albums, artists and tracks, as in the Spotify data set of 2023
    #[value(name = "spotify-2023")]
    Spotify2023,
}

/// `stave sample`
#[derive(Debug, Args)]
#[command(after_help = "\
The same scale and seed always give the same bytes. Scale 1 is 375,000 tracks in 73 MB, with what
real files have: skewed keys, ids without a match, line breaks in quotes, empty cells.

Examples:
  stave sample spotify-2023 --out ./staging
  stave sample spotify-2023 --scale 10 --seed 7 --out s3://lake/staging
  stave sample spotify-2023 --wide --out ./original")]
pub struct SampleArgs {
    /// The data set
    #[arg(value_name = "DATASET", value_enum)]
    pub data_set: DataSet,

    /// How large: from 0.001 to 100
    #[arg(long, value_name = "F", default_value_t = 1.0)]
    pub scale: f64,

    /// Another seed gives another data set of the same kind
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// A directory or an s3:// folder
    #[arg(long, value_name = "DIR|s3://BUCKET/PREFIX", value_parser = values::place)]
    pub out: Place,

    /// The five files of the original instead of the three of the pipeline
    #[arg(long)]
    pub wide: bool,
}

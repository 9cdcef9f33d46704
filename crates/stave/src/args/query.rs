//! `query` and `sql`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ResultFormat {
    /// For eyes
    Table,
    /// With a header
    Csv,
    /// An object a line
    Json,
    /// With Snappy; needs --output
    Parquet,
}

/// `stave query`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stave query 'SELECT count(*) FROM spotify.datawarehouse'
  stave query -d spotify 'SELECT name, popularity FROM datawarehouse ORDER BY 2 DESC LIMIT 10'
  stave query -d spotify -f report.sql --format csv -o report.csv")]
pub struct QueryArgs {
    /// The SQL; several statements are parted by ;
    #[arg(
        value_name = "SQL",
        required_unless_present = "file",
        conflicts_with = "file"
    )]
    pub sql: Option<String>,

    /// The database of names without one
    #[arg(long, short, value_name = "DATABASE")]
    pub database: Option<String>,

    /// Read the SQL from a file; - for standard input
    #[arg(long, short, value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// How results are written: a table unless --output ends in .csv, .json or .parquet
    #[arg(long, value_enum)]
    pub format: Option<ResultFormat>,

    /// Write the result to a file or an s3:// address
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<String>,
}

/// `stave sql`
#[derive(Debug, Args)]
#[command(after_help = "\
Statements end with ; and may span lines. Tab completes the names of tables and columns.")]
pub struct SqlArgs {
    /// The database of names without one
    #[arg(long, short, value_name = "DATABASE")]
    pub database: Option<String>,
}

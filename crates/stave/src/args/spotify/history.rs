//! `spotify import` and `spotify purge`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use jiff::SignedDuration;
use stave_core::S3Uri;

use crate::args::values;

/// `stave spotify import`
#[derive(Debug, Args)]
#[command(after_help = "\
The export is \"Extended streaming history\", requested at https://www.spotify.com/account/privacy;
it comes by e-mail within 30 days. Both of its forms are read (Streaming_History_Audio_*.json, and
endsong_*.json of before 2023); files are told by what is in them. The small \"Account data\" package
has no track ids and is refused.

The table is JSON lines (gzip) in two partitions, each in place of the account's last import:
  <prefix>/origin=export/account=NAME/plays.json.gz   every row of the export
  <prefix>/origin=api/account=NAME/plays.json.gz      plays that `extract --stream plays` has read
                                                      and the export does not have
A play of the API is the same as one of the export when it is the same track within a minute, or
within the track's length. Nothing of the export is left out. Columns: play_key (the same for the
same play in every export), kind, played_at, ms_played, uri, title, artist_or_show, …

Examples:
  stave spotify import my_spotify_data.zip --out s3://lake/plays
  stave crawler create plays --target s3://lake/plays/ --database spotify
  stave crawler run plays
  stave query -d spotify \"SELECT title, round(sum(ms_played) / 3.6e6, 1) AS hours FROM plays
      GROUP BY 1 ORDER BY 2 DESC LIMIT 10\"")]
pub struct ImportArgs {
    /// Spotify's zip, the folder it unpacks to, or one of its JSON files
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// Where the table goes
    #[arg(long, value_name = "s3://BUCKET/PREFIX", value_parser = values::s3_uri)]
    pub out: S3Uri,

    /// Whose export it is
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub account: String,

    /// Keep the IP addresses that were played from
    #[arg(long)]
    pub keep_addresses: bool,

    /// Keep user names and user agents, which older exports have
    #[arg(long)]
    pub keep_user: bool,

    /// Leave out the plays that were extracted from the API
    #[arg(long)]
    pub no_api: bool,
}

/// `stave spotify purge`
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("which").required(true).multiple(true).args(["account", "older_than"]),
    after_help = "\
Objects from Spotify carry their origin, account and time as metadata (origin, spotify-account,
fetched-at). Copies keep it, and what a job makes of them gets it: all are found in every bucket, in
old versions, and in the remote buckets that extracts and jobs have written to (there the current
versions: end old ones by a lifecycle rule). Results of queries and what has left the buckets do not
carry it: delete those yourself.

An account without an age goes altogether: objects, checkpoints, login. With an age, only what the
API sent longer ago goes; the account's own export does not age. The README says what Spotify's
terms ask.

Examples:
  stave spotify purge --older-than 30d --dry-run
  stave spotify purge --account work")]
pub struct PurgeArgs {
    /// What belongs to this account
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,

    /// What was fetched longer ago than this, such as 30d, 12h or 4w
    #[arg(long, value_name = "TIME", value_parser = age)]
    pub older_than: Option<SignedDuration>,

    /// Say what would go; delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Reads `30d`, `12h`, `4w`.
fn age(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("{text:?} is not a time such as 30d, 12h or 4w");
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let hours: i64 = match unit {
        "h" => 1,
        "d" => 24,
        "w" => 24 * 7,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(SignedDuration::from_hours(i64::from(number) * hours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read() {
        for (text, hours) in [("30d", 720), ("12h", 12), ("4w", 672), ("0h", 0)] {
            assert_eq!(age(text), Ok(SignedDuration::from_hours(hours)), "{text}");
        }
        for text in ["", "30", "d", "-3d", "3m", "3 d", "99999999999d"] {
            assert!(age(text).is_err(), "{text}");
        }
    }
}

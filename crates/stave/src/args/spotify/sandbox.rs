//! `spotify sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use stave_spotify::sandbox::{ClientKey, Fault, Profile, Quota, RateLimit, Shape};

/// `stave spotify sandbox`
#[derive(Debug, Args)]
#[command(after_help = "\
Any playlist id of 22 characters answers, the well-known editorial ones too; any client id and
secret are taken. The same seed gives the same ids, names and popularity; the world moves with time.

Point a client at it:
  spotipy    auth.OAUTH_TOKEN_URL = 'http://127.0.0.1:4568/api/token'
             spotify.prefix = 'http://127.0.0.1:4568/v1/'
  stave      stave spotify extract --sandbox http://127.0.0.1:4568 --playlist ID --bucket s3://raw
  curl       curl -u id:secret -d grant_type=client_credentials http://127.0.0.1:4568/api/token

Faults: METHOD PATH: EFFECT [once|xN] [after N], such as
  'GET /v1/me/tracks: 502 x3'        three times 502, then as usual
  'GET /v1/playlists/*: delay 2s'    always slow; ** stands for any end of a path
  '* /v1/search: truncate once'      a body cut off
Effects are delay TIME, truncate, html, and a status of 400 to 599; behind it may stand empty, text,
no-message (bodies), limit, scope, unregistered, premium, quota (reasons), retry-after=SECONDS.

Examples:
  stave spotify sandbox
  stave spotify sandbox --profile dev-new --quota artists.albums=100 --rate-limit 20/30s
  stave spotify sandbox --at 2026-01-01T00:00:00Z --fault 'GET /v1/me/tracks: 502 x3'")]
pub struct SandboxArgs {
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:4568")]
    pub listen: SocketAddr,

    /// Another seed gives another world of the same kind
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// How many tracks there are
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub tracks: u64,

    /// Which class of app calls: extended, dev-old (client id of before 2026-02-11), dev-new
    #[arg(long, value_name = "PROFILE", default_value = "extended")]
    pub profile: Profile,

    /// The keys of playlist entries: tracks, items or both [default: as the profile has them]
    #[arg(long, value_name = "SHAPE")]
    pub shape: Option<Shape>,

    /// The moment it is at the start, such as 2026-01-01T00:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<Timestamp>,

    /// Let only these clients in; repeatable [default: any]
    #[arg(long = "client", value_name = "ID:SECRET")]
    pub clients: Vec<ClientKey>,

    /// The user who signs in
    #[arg(long, value_name = "ID", default_value = "sandbox")]
    pub user: String,

    /// Who signs in says no
    #[arg(long)]
    pub deny: bool,

    /// Calls that go through in a rolling window, such as 180/30s [default: no limit]
    #[arg(long, value_name = "CALLS[/TIME]")]
    pub rate_limit: Option<RateLimit>,

    /// Calls to a bucket of endpoints that go through in a rolling day, such as
    /// artists.albums=100; repeatable [default: no quota]
    #[arg(long = "quota", value_name = "[BUCKET=]CALLS[/TIME]")]
    pub quotas: Vec<Quota>,

    /// Leave out Retry-After where a limit is met
    #[arg(long)]
    pub no_retry_after: bool,

    /// What goes wrong; repeatable
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Vec<Fault>,

    /// A file of faults, one a line; # begins a comment
    #[arg(long, value_name = "FILE")]
    pub fault_file: Option<PathBuf>,

    /// Leave out null entries, local files, hybrid episodes and strange dates
    #[arg(long)]
    pub no_warts: bool,

    /// The host that `next` links name instead of the sandbox's own
    #[arg(long, value_name = "URL")]
    pub hostile_next: Option<String>,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a time such as 2026-01-01T00:00:00Z"))
}

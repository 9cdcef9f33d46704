//! Whose data is read, from where; and `spotify login`.

use clap::Args;

/// Whose data is read, from where.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Account and host")]
pub struct AccountArgs {
    /// The name that login, checkpoints and budgets are kept under [default: default, or sandbox
    /// with --sandbox]
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,

    /// The app's client id [env: SPOTIFY_CLIENT_ID, SPOTIPY_CLIENT_ID] [config: spotify.client_id]
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,

    /// A running sandbox, such as http://127.0.0.1:4568: both hosts, no pace, the user is signed
    /// in by itself
    #[arg(long, value_name = "URL", conflicts_with_all = ["accounts_url", "api_url"])]
    pub sandbox: Option<String>,

    /// Another accounts host than https://accounts.spotify.com
    #[arg(long, value_name = "URL", requires = "api_url")]
    pub accounts_url: Option<String>,

    /// Another API than https://api.spotify.com/v1; the token is sent nowhere else
    #[arg(long, value_name = "URL", requires = "accounts_url")]
    pub api_url: Option<String>,
}

/// `stave spotify login`
#[derive(Debug, Args)]
#[command(after_help = "\
Make an app at https://developer.spotify.com/dashboard (its owner needs Premium), and register the
redirect URI http://127.0.0.1/callback for it, without a port: Spotify then takes any port. With a
port registered (http://127.0.0.1:8888/callback), say --port 8888.

The login is PKCE: it needs the client id, and no secret. It is kept in <home>/spotify/NAME.json,
which only you can read; it lasts six months, whatever is done with it, and `stave spotify status`
warns four weeks ahead. In development mode the user has to be on the app's list of users.

Public playlists need no login: `extract` takes the app's own token where SPOTIFY_CLIENT_ID and
SPOTIFY_CLIENT_SECRET (or SPOTIPY_…, or spotify.client_id and spotify.client_secret in
<home>/config.toml) are set. A secret is never taken from the command line, where others see it.

Examples:
  stave spotify login --client-id 5fe01282e44241328a84e7c5cc169165
  SPOTIFY_CLIENT_ID=… stave spotify login --account work --no-browser")]
pub struct LoginArgs {
    /// Whose login it is.
    #[command(flatten)]
    pub account: AccountArgs,

    /// Only print the address to open, on standard output
    #[arg(long)]
    pub no_browser: bool,

    /// The port of the redirect URI, where it is registered with one [default: any free one]
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub port: u16,

    /// Let Spotify ask again although you agreed before; for another user, for instance
    #[arg(long)]
    pub show_dialog: bool,
}

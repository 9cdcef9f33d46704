//! The app of Spotify's dashboard: its id and its secret.

use serde::Deserialize;
use stave_spotify::client::Secret;

use super::{Environment, Origin, Setting};

const CLIENT_ID: &[&str] = &["SPOTIFY_CLIENT_ID", "SPOTIPY_CLIENT_ID"];
const CLIENT_SECRET: &[&str] = &["SPOTIFY_CLIENT_SECRET", "SPOTIPY_CLIENT_SECRET"];

/// The app of Spotify's dashboard.
#[derive(Debug, Clone)]
pub struct SpotifyApp {
    /// Its client id.
    pub client_id: Option<Setting<String>>,
    /// Its secret, which no argument can give.
    pub client_secret: Option<Setting<Secret>>,
}

/// `[spotify]` of the file.
#[derive(Default, Deserialize)]
pub(super) struct FileSpotify {
    client_id: Option<String>,
    client_secret: Option<String>,
}

impl std::fmt::Debug for FileSpotify {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileSpotify").finish_non_exhaustive()
    }
}

/// What the environment says counts more than the file.
pub(super) fn resolve(file: FileSpotify, environment: &Environment) -> SpotifyApp {
    let pick = |names: &[&'static str], file: Option<String>| match environment.first(names) {
        Some((name, value)) => Some(Setting {
            value: value.to_owned(),
            origin: Origin::Environment(name.to_owned()),
        }),
        None => file.map(|value| Setting {
            value,
            origin: Origin::File,
        }),
    };
    SpotifyApp {
        client_id: pick(CLIENT_ID, file.client_id),
        client_secret: pick(CLIENT_SECRET, file.client_secret).map(|setting| Setting {
            value: Secret::new(setting.value),
            origin: setting.origin,
        }),
    }
}

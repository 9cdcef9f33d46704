//! Plays and the player as the API shows them.

use serde_json::{Value, json};

use super::View;
use crate::sandbox::world::draw::Domain;
use crate::sandbox::world::ids::Kind;
use crate::sandbox::world::library::{Context, Play};

impl View<'_> {
    /// A play of the history.
    pub(in crate::sandbox) fn play(&self, play: &Play) -> Value {
        json!({
            "track": self.track(play.track.index),
            "played_at": play.played_at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "context": self.context(&play.context),
        })
    }

    fn context(&self, context: &Context) -> Value {
        let of = |kind: Kind, index: u64| {
            let identity = self.identity(kind, index);
            json!({
                "type": kind.word(),
                "href": identity.href,
                "external_urls": identity.external_urls,
                "uri": identity.uri,
            })
        };
        match context {
            Context::None => Value::Null,
            Context::Album(index) => of(Kind::Album, *index),
            Context::Artist(index) => of(Kind::Artist, *index),
            Context::Playlist(id) => json!({
                "type": "playlist",
                "href": self.href(&format!("/playlists/{id}")),
                "external_urls": { "spotify": format!("https://open.spotify.com/playlist/{id}") },
                "uri": format!("spotify:playlist:{id}"),
            }),
            Context::Collection => json!({
                "type": "collection",
                "href": self.href("/me/tracks"),
                "external_urls": { "spotify": "https://open.spotify.com/collection/tracks" },
                "uri": format!("spotify:user:{}:collection", self.me()),
            }),
        }
    }

    /// What plays at this moment: the last play, while its track lasts.
    pub(in crate::sandbox) fn playing(&self) -> Option<Value> {
        let play = self.world.plays(self.me(), self.now).into_iter().next()?;
        let progress_ms = self.now.duration_since(play.played_at).as_millis() as u64;
        (progress_ms < play.track.duration_ms).then(|| {
            json!({
                "timestamp": play.played_at.as_millisecond(),
                "context": self.context(&play.context),
                "progress_ms": progress_ms,
                "item": self.track(play.track.index),
                "currently_playing_type": "track",
                "actions": { "disallows": { "resuming": true } },
                "is_playing": true,
            })
        })
    }

    /// The one device of who calls.
    pub(in crate::sandbox) fn device(&self, active: bool) -> Value {
        json!({
            "id": format!("{:040x}", self.world.seed.unique(Domain::User, 0)),
            "is_active": active,
            "is_private_session": false,
            "is_restricted": false,
            "name": "Sandbox",
            "supports_volume": true,
            "type": "Computer",
            "volume_percent": 60,
        })
    }
}

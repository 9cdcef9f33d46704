//! Playlists and their entries as the API shows them: under the old keys, the
//! new ones, or both.

use serde_json::{Value, json};

use super::music::merge;
use super::{View, second};
use crate::sandbox::errors::ApiError;
use crate::sandbox::options::{Profile, Shape};
use crate::sandbox::params::{Window, path_id};
use crate::sandbox::world::draw::{fold, mix};
use crate::sandbox::world::ids::Kind;
use crate::sandbox::world::page;
use crate::sandbox::world::playlists::{
    AddedBy, Content, Entry, LocalFile, Nature, Owner, Playlist, fold_user, is_editorial,
};

/// The page of entries inside a playlist.
const ENTRIES_WITHIN: Window = Window {
    limit: 100,
    offset: 0,
};

impl View<'_> {
    /// The playlist of an id, when an app of this class may see it at all.
    pub(in crate::sandbox) fn find_playlist(&self, id: &str) -> Result<Playlist, ApiError> {
        let id = path_id(id)?;
        if is_editorial(id) && self.profile() != Profile::Extended {
            return Err(ApiError::not_found());
        }
        let playlist = self.world.playlist(id, self.now);
        let private = playlist.public == Some(false) && self.owns(&playlist);
        if private && !self.has_scope("playlist-read-private") {
            return Err(ApiError::new(403, "Insufficient client scope"));
        }
        Ok(playlist)
    }

    fn owns(&self, playlist: &Playlist) -> bool {
        let me = self.bearer.user.as_deref();
        me.is_some_and(|me| playlist.owner == Owner::Folded(fold_user(me)))
    }

    /// Whether who calls owns a playlist or works on it.
    fn works_on(&self, playlist: &Playlist) -> bool {
        let joined = || self.world.followed(self.me()).contains(&playlist.id);
        self.owns(playlist) || (playlist.collaborative && self.bearer.user.is_some() && joined())
    }

    /// Whether an app of this class sees the entries.
    pub(in crate::sandbox) fn sees_entries(&self, playlist: &Playlist) -> bool {
        self.profile() != Profile::DevNew || self.works_on(playlist)
    }

    /// A playlist with its first page of entries, where those are seen.
    pub(in crate::sandbox) fn playlist(&self, playlist: &Playlist) -> Value {
        let mut value = self.playlist_members(playlist);
        value["followers"] = json!({ "href": null, "total": playlist.followers });
        if self.sees_entries(playlist) {
            let items = self.entries(playlist, ENTRIES_WITHIN);
            let next_limit = match self.profile() {
                Profile::DevNew => 50,
                _ => ENTRIES_WITHIN.limit,
            };
            let path = self.entries_path(playlist);
            let page = self.page_within(&path, playlist.total, ENTRIES_WITHIN, next_limit, items);
            self.put(&mut value, ("tracks", "items"), page);
        }
        value
    }

    /// A playlist as it stands in lists: with the count of its entries. Null
    /// where Spotify's own are no longer shown.
    pub(in crate::sandbox) fn simple_playlist(&self, id: &str) -> Value {
        if is_editorial(id) && self.profile() != Profile::Extended {
            return Value::Null;
        }
        let playlist = self.world.playlist(id, self.now);
        let mut value = self.playlist_members(&playlist);
        let entries = if self.sees_entries(&playlist) {
            json!({ "href": self.href(&self.entries_path(&playlist)), "total": playlist.total })
        } else {
            Value::Null
        };
        self.put(&mut value, ("tracks", "items"), entries);
        value
    }

    fn playlist_members(&self, playlist: &Playlist) -> Value {
        let id = &playlist.id;
        json!({
            "collaborative": playlist.collaborative,
            "description": playlist.description,
            "external_urls": { "spotify": format!("https://open.spotify.com/playlist/{id}") },
            "href": self.href(&format!("/playlists/{id}")),
            "id": id,
            "images": self.playlist_images(playlist),
            "name": playlist.name,
            "owner": self.simple_user(&self.state.owner(&playlist.owner)),
            "primary_color": null,
            "public": playlist.public,
            "snapshot_id": playlist.snapshot_id,
            "type": "playlist",
            "uri": format!("spotify:playlist:{id}"),
        })
    }

    /// Covers: one without a size, or none at all for a playlist without entries.
    pub(in crate::sandbox) fn playlist_images(&self, playlist: &Playlist) -> Value {
        if playlist.total == 0 {
            return if self.world.warts {
                Value::Null
            } else {
                json!([])
            };
        }
        let key = mix(fold(&playlist.id) ^ self.world.seed.0);
        let url = match playlist.nature {
            Nature::Chart => format!("https://charts-images.scdn.co/assets/{key:016x}.jpg"),
            _ => format!("https://mosaic.scdn.co/640/{key:032x}"),
        };
        json!([{ "height": null, "url": url, "width": null }])
    }

    fn entries_path(&self, playlist: &Playlist) -> String {
        let old = self.profile() != Profile::DevNew && self.state.options.shape() == Shape::Tracks;
        let last = if old { "tracks" } else { "items" };
        format!("/playlists/{}/{last}", playlist.id)
    }

    /// Puts a value under the old key, the new one, or both.
    fn put(&self, into: &mut Value, (old, new): (&str, &str), value: Value) {
        match self.state.options.shape() {
            Shape::Tracks => into[old] = value,
            Shape::Items => into[new] = value,
            Shape::Both => {
                into[old] = value.clone();
                into[new] = value;
            }
        }
    }

    /// The entries of a playlist that a window shows.
    pub(in crate::sandbox) fn entries(&self, playlist: &Playlist, window: Window) -> Vec<Value> {
        page(playlist.total, window.offset, window.limit)
            .map(|position| self.entry(playlist, &self.world.entry(playlist, position)))
            .collect()
    }

    fn entry(&self, playlist: &Playlist, entry: &Entry) -> Value {
        let added_by = match &entry.added_by {
            AddedBy::Unknown => Value::Null,
            AddedBy::Nobody => self.user_reference(""),
            AddedBy::User(number) => self.user_reference(&self.world.user(*number).id),
            AddedBy::Owner => self.user_reference(&self.state.owner(&playlist.owner).id),
        };
        let mut value = json!({
            "added_at": entry.added_at.map(second),
            "added_by": added_by,
            "is_local": matches!(entry.content, Content::Local(_)),
            "primary_color": null,
        });
        self.put(&mut value, ("track", "item"), self.content(&entry.content));
        value["video_thumbnail"] = json!({ "url": null });
        value
    }

    fn content(&self, content: &Content) -> Value {
        match content {
            Content::Gone => Value::Null,
            Content::Local(file) => local_file(file),
            Content::Track(index) => {
                let mut track = self.track(*index);
                merge(&mut track, json!({ "episode": false, "track": true }));
                track
            }
            Content::Episode(index) => {
                let types = self.params.get("additional_types").unwrap_or("track");
                if types.split(',').any(|kind| kind == "episode") {
                    let mut episode = self.episode(*index);
                    merge(&mut episode, json!({ "episode": true, "track": false }));
                    episode
                } else {
                    self.episode_as_track(*index)
                }
            }
        }
    }

    /// An episode for clients that know tracks only: of both schemas, and
    /// wrong about what it is.
    fn episode_as_track(&self, index: u64) -> Value {
        let episode = self.world.episode(index);
        let show = self.world.show(episode.show);
        let identity = self.identity(Kind::Episode, index);
        let of_show = self.identity(Kind::Show, episode.show);
        let artist = json!({
            "external_urls": of_show.external_urls,
            "href": of_show.href,
            "id": of_show.id,
            "name": show.publisher,
            "type": "artist",
            "uri": of_show.uri,
        });
        json!({
            "album": {
                "album_type": null,
                "artists": [artist],
                "available_markets": [],
                "external_urls": of_show.external_urls,
                "href": of_show.href,
                "id": of_show.id,
                "images": super::images(episode.show),
                "name": show.name,
                "release_date": second(episode.released_at).get(..10),
                "release_date_precision": "day",
                "total_tracks": null,
                "type": "album",
                "uri": of_show.uri,
            },
            "artists": [artist],
            "available_markets": [],
            "disc_number": 0,
            "duration_ms": episode.duration_ms,
            "episode": false,
            "explicit": episode.explicit,
            "external_ids": {},
            "external_urls": identity.external_urls,
            "href": identity.href,
            "id": identity.id,
            "is_local": false,
            "name": episode.name,
            "popularity": 0,
            "preview_url": null,
            "track": true,
            "track_number": 0,
            "type": "episode",
            "uri": identity.uri,
        })
    }
}

/// A file on somebody's own disk: a track without ids.
fn local_file(file: &LocalFile) -> Value {
    let word =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let uri = format!(
        "spotify:local:{}:{}:{}:{}",
        word(&file.artist),
        word(&file.album),
        word(&file.title),
        file.duration_s
    );
    json!({
        "album": {
            "album_type": null,
            "artists": [],
            "available_markets": [],
            "external_urls": {},
            "href": null,
            "id": null,
            "images": [],
            "name": file.album,
            "release_date": null,
            "release_date_precision": null,
            "type": "album",
            "uri": null,
        },
        "artists": [{
            "external_urls": {},
            "href": null,
            "id": null,
            "name": file.artist,
            "type": "artist",
            "uri": null,
        }],
        "available_markets": [],
        "disc_number": 0,
        "duration_ms": file.duration_s * 1_000,
        "explicit": false,
        "external_ids": {},
        "external_urls": {},
        "href": null,
        "id": null,
        "is_local": true,
        "name": file.title,
        "popularity": 0,
        "preview_url": null,
        "track_number": 0,
        "type": "track",
        "uri": uri,
    })
}

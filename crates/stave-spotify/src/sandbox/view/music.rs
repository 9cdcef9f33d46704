//! Tracks, albums and artists as the API shows them.

use serde_json::{Value, json};

use super::{View, images};
use crate::sandbox::params::{Window, markets};
use crate::sandbox::sent::first_markets;
use crate::sandbox::world::draw::mix;
use crate::sandbox::world::ids::Kind;
use crate::sandbox::world::music::{Album, Artist, Release, Track};
use crate::sandbox::world::page;

/// The page of tracks inside an album.
const TRACKS_WITHIN: Window = Window {
    limit: 50,
    offset: 0,
};

impl View<'_> {
    /// A track with its album: relinked where the market has another edition.
    pub(in crate::sandbox) fn track(&self, index: u64) -> Value {
        let shown = self.edition(index);
        let track = self.world.track(shown);
        let album = self.world.album(track.album);
        let mut value = json!({});
        value["album"] = self.simple_album(&album);
        self.add_track_members(&mut value, &track, index);
        value["external_ids"] = json!({ "isrc": track.isrc });
        value["popularity"] = json!(track.popularity);
        value
    }

    /// A track as in an album's list: without album, ids, popularity.
    pub(in crate::sandbox) fn simple_track(&self, index: u64) -> Value {
        let shown = self.edition(index);
        let mut value = json!({});
        self.add_track_members(&mut value, &self.world.track(shown), index);
        value
    }

    /// The edition of a track that is shown in the market.
    fn edition(&self, index: u64) -> u64 {
        match (self.market, self.world.newer_edition(index)) {
            (Some(market), Some(newer)) if !self.sold_in(index, market) => newer,
            _ => index,
        }
    }

    fn add_track_members(&self, value: &mut Value, track: &Track, asked_for: u64) {
        let identity = self.identity(Kind::Track, track.index);
        let artists: Vec<Value> = track
            .artists
            .iter()
            .map(|&artist| self.simple_artist(artist))
            .collect();
        value["artists"] = Value::Array(artists);
        self.add_availability(value, track.index);
        value["disc_number"] = json!(track.disc);
        value["duration_ms"] = json!(track.duration_ms);
        value["explicit"] = json!(track.explicit);
        value["external_urls"] = identity.external_urls;
        value["href"] = json!(identity.href);
        value["id"] = json!(identity.id);
        value["is_local"] = json!(false);
        if asked_for != track.index {
            let original = self.identity(Kind::Track, asked_for);
            value["linked_from"] = json!({
                "external_urls": original.external_urls,
                "href": original.href,
                "id": original.id,
                "type": "track",
                "uri": original.uri,
            });
        }
        value["name"] = json!(track.name);
        let preview = mix(track.index ^ self.world.seed.0);
        value["preview_url"] = json!(format!("https://p.scdn.co/mp3-preview/{preview:040x}"));
        value["track_number"] = json!(track.place);
        value["type"] = json!("track");
        value["uri"] = json!(identity.uri);
    }

    /// With a market, whether it plays there; without, where it does.
    fn add_availability(&self, value: &mut Value, track: u64) {
        if let Some(market) = self.market {
            let playable = self.sold_in(track, market);
            value["is_playable"] = json!(playable);
            if !playable {
                value["restrictions"] = json!({ "reason": "market" });
            }
        } else {
            value["available_markets"] = self.sold_where(track);
        }
    }

    fn sold_where(&self, track: u64) -> Value {
        let all = markets().count() as u64;
        let sold = all.saturating_sub(self.world.markets_left_out(track));
        first_markets(sold as usize)
    }

    fn sold_in(&self, track: u64, market: &str) -> bool {
        let all = markets().count() as u64;
        let sold = all.saturating_sub(self.world.markets_left_out(track));
        markets().take(sold as usize).any(|known| known == market)
    }

    /// An album as it stands in tracks and lists.
    pub(in crate::sandbox) fn simple_album(&self, album: &Album) -> Value {
        let identity = self.identity(Kind::Album, album.index);
        let (release_date, precision) = release(album.release);
        let mut value = json!({
            "album_type": album.kind(),
            "artists": [self.simple_artist(album.artist)],
        });
        self.add_availability(&mut value, album.tracks.start);
        let rest = json!({
            "external_urls": identity.external_urls,
            "href": identity.href,
            "id": identity.id,
            "images": images(album.index ^ self.world.seed.0),
            "name": album.name,
            "release_date": release_date,
            "release_date_precision": precision,
            "total_tracks": album.total_tracks(),
            "type": "album",
            "uri": identity.uri,
        });
        merge(&mut value, rest);
        value
    }

    /// An album with its first page of tracks.
    pub(in crate::sandbox) fn album(&self, index: u64) -> Value {
        let album = self.world.album(index);
        let mut value = self.simple_album(&album);
        let items = self.album_tracks(&album, TRACKS_WITHIN);
        let path = format!("/albums/{}/tracks", self.world.id(Kind::Album, index));
        let limit = TRACKS_WITHIN.limit;
        let year = album.release.year();
        let upc = 10_000_000_000 + mix(index) % 89_999_999_999;
        let rest = json!({
            "copyrights": [
                { "text": format!("{year} {}", album.label), "type": "C" },
                { "text": format!("{year} {}", album.label), "type": "P" },
            ],
            "external_ids": { "upc": format!("0{upc}") },
            "genres": [],
            "label": album.label,
            "popularity": album.popularity,
            "tracks": self.page_within(&path, album.total_tracks(), TRACKS_WITHIN, limit, items),
        });
        merge(&mut value, rest);
        value
    }

    /// The tracks of an album that a window shows.
    pub(in crate::sandbox) fn album_tracks(&self, album: &Album, window: Window) -> Vec<Value> {
        page(album.total_tracks(), window.offset, window.limit)
            .map(|nth| self.simple_track(album.tracks.start + nth))
            .collect()
    }

    /// An artist as it stands in tracks and albums.
    pub(in crate::sandbox) fn simple_artist(&self, index: u64) -> Value {
        let identity = self.identity(Kind::Artist, index);
        json!({
            "external_urls": identity.external_urls,
            "href": identity.href,
            "id": identity.id,
            "name": self.world.artist_name(index),
            "type": "artist",
            "uri": identity.uri,
        })
    }

    /// An artist.
    pub(in crate::sandbox) fn artist(&self, index: u64) -> Value {
        let Artist {
            name,
            genres,
            popularity,
            followers,
            ..
        } = self.world.artist(index);
        let identity = self.identity(Kind::Artist, index);
        json!({
            "external_urls": identity.external_urls,
            "followers": { "href": null, "total": followers },
            "genres": genres,
            "href": identity.href,
            "id": identity.id,
            "images": images(index ^ self.world.seed.0 ^ 1),
            "name": name,
            "popularity": popularity,
            "type": "artist",
            "uri": identity.uri,
        })
    }
}

fn release(release: Release) -> (Option<String>, Option<&'static str>) {
    match release {
        Release::Day(year, month, day) => {
            (Some(format!("{year:04}-{month:02}-{day:02}")), Some("day"))
        }
        Release::Month(year, month) => (Some(format!("{year:04}-{month:02}")), Some("month")),
        Release::Year(year) => (Some(format!("{year:04}")), Some("year")),
        Release::Zero => (Some("0000".to_owned()), Some("year")),
        Release::Unknown => (None, None),
    }
}

/// Adds the members of one object to another.
pub(in crate::sandbox) fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(members), Value::Object(more)) = (value, more) {
        members.extend(more);
    }
}

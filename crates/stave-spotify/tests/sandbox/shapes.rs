//! Every object has the members of the published schema, of their types.
//!
//! The tables are our own words for what Spotify's reference of 2026-05-30 says
//! and what is seen beside it. `?`: may be absent, `|null`: may be null.

use serde_json::Value;
use stave_spotify::sandbox::{Options, Profile};

use crate::server::{Server, options};

/// Kind of object, then `name: type` with commas between.
const SHAPES: &[(&str, &str)] = &[
    (
        "page",
        "href: text, limit: whole, next: text|null, offset: whole, previous: text|null, total: whole, items: list",
    ),
    ("image", "url: text, height: whole|null, width: whole|null"),
    (
        "artist",
        "id: text|null, uri: text|null, href: text|null, name: text, type: text, external_urls: object, images?: list, genres?: list, followers?: object, popularity?: whole",
    ),
    (
        "album",
        "id: text|null, uri: text|null, href: text|null, type: text, album_type: text|null, total_tracks?: whole|null, name: text, release_date: text|null, release_date_precision: text|null, artists: list, images: list, external_urls: object, available_markets?: list, is_playable?: flag, restrictions?: object, album_group?: text, copyrights?: list, external_ids?: object, genres?: list, label?: text, popularity?: whole, tracks?: object",
    ),
    (
        "track",
        "id: text|null, uri: text, href: text|null, type: text, name: text, duration_ms: whole, explicit: flag, disc_number: whole, track_number: whole, is_local: flag, artists: list, album?: object, external_ids?: object, external_urls: object, is_playable?: flag, restrictions?: object, preview_url?: text|null, popularity?: whole, available_markets?: list, linked_from?: object, episode?: flag, track?: flag",
    ),
    (
        "show",
        "id: text, uri: text, href: text, type: text, name: text, description: text, html_description: text, explicit: flag, is_externally_hosted: flag|null, languages: list, media_type: text, total_episodes: whole, images: list, external_urls: object, copyrights: list, publisher?: text, available_markets?: list, episodes?: object",
    ),
    (
        "audiobook",
        "id: text, uri: text, href: text, type: text, name: text, description: text, html_description: text, explicit: flag, languages: list, media_type: text, total_chapters: whole, images: list, external_urls: object, copyrights: list, authors: list, narrators: list, edition?: text, publisher?: text, available_markets?: list, chapters?: object",
    ),
    (
        "episode",
        "id: text, uri: text, href: text, type: text, name: text, description: text, html_description: text, duration_ms: whole, explicit: flag, is_externally_hosted?: flag, is_playable: flag, language?: text, languages: list, release_date: text, release_date_precision: text, images: list, external_urls: object, audio_preview_url: text|null, resume_point?: object, restrictions?: object, show?: object, chapter_number?: whole, available_markets?: list, audiobook?: object, episode?: flag, track?: flag",
    ),
    (
        "playlist",
        "id: text, uri: text, href: text, type: text, name: text, description: text|null, collaborative: flag, public: flag|null, snapshot_id: text, owner: object, images: list|null, external_urls: object, followers?: object, primary_color?: text|null, items?: object|null, tracks?: object|null",
    ),
    (
        "user",
        "id: text, uri: text, href: text, type: text, external_urls: object, display_name?: text|null, account_id?: text, images?: list, country?: text, email?: text, product?: text, explicit_content?: object, followers?: object",
    ),
    (
        "entry",
        "added_at: text|null, added_by: object|null, is_local: flag, primary_color?: text|null, video_thumbnail?: object, item?: object|null, track?: object|null",
    ),
    (
        "audio_features",
        "id: text, uri: text, track_href: text, analysis_url: text, type: text, duration_ms: whole, time_signature: whole, key: whole, mode: whole, danceability: number, energy: number, loudness: number, speechiness: number, acousticness: number, instrumentalness: number, liveness: number, valence: number, tempo: number",
    ),
];

fn is_of(value: &Value, types: &str) -> bool {
    types.split('|').any(|kind| match kind {
        "text" => value.is_string(),
        "whole" => value.is_u64(),
        "number" => value.is_number(),
        "flag" => value.is_boolean(),
        "list" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => panic!("{kind}"),
    })
}

/// Which table an object answers to.
fn kind_of(value: &Value) -> Option<&str> {
    let members = value.as_object()?;
    if members.contains_key("is_local") && members.contains_key("added_at") {
        return Some("entry");
    }
    if members.contains_key("offset") && members.contains_key("previous") {
        return Some("page");
    }
    if members.contains_key("url") && members.contains_key("height") {
        return Some("image");
    }
    let kind = value["type"].as_str()?;
    // An episode for clients that know tracks only, contexts, and links.
    let hybrid = kind == "episode" && members.contains_key("track_number");
    let whole = members.contains_key("name") || kind == "user" || kind == "audio_features";
    match kind {
        _ if hybrid => Some("track"),
        _ if whole && SHAPES.iter().any(|(known, _)| *known == kind) => Some(kind),
        _ => None,
    }
}

fn check(value: &Value, path: &str, seen: &mut Vec<String>) {
    if let Some(kind) = kind_of(value) {
        let (_, shape) = SHAPES.iter().find(|(known, _)| *known == kind).unwrap();
        let members = value.as_object().unwrap();
        let mut allowed = Vec::new();
        for member in shape.split(", ") {
            let (name, types) = member.split_once(": ").unwrap();
            let bare = name.trim_end_matches('?');
            allowed.push(bare);
            match members.get(bare) {
                Some(value) => assert!(is_of(value, types), "{path}: {kind}.{name} is {value}"),
                None => assert!(name.ends_with('?'), "{path}: {kind}.{name} is missing"),
            }
        }
        for name in members.keys() {
            assert!(
                allowed.contains(&name.as_str()),
                "{path}: {kind}.{name} is not in the schema"
            );
        }
        if !seen.iter().any(|other| other == kind) {
            seen.push(kind.to_owned());
        }
    }
    match value {
        Value::Array(list) => list.iter().for_each(|value| check(value, path, seen)),
        Value::Object(members) => members.values().for_each(|value| check(value, path, seen)),
        _ => {}
    }
}

/// A path for each operation that answers 200 to some app.
async fn paths(server: &Server, me: &str) -> Vec<String> {
    let mut paths: Vec<String> = [
        "/me",
        "/me/tracks?limit=50",
        "/me/tracks?market=US",
        "/me/albums",
        "/me/shows",
        "/me/episodes",
        "/me/audiobooks",
        "/me/following?type=artist",
        "/me/top/tracks",
        "/me/top/artists",
        "/me/player/recently-played",
        "/me/player/queue",
        "/me/player/devices",
        "/me/playlists?limit=50",
        "/search?q=the&type=track,album,artist,playlist,show,episode,audiobook",
        "/browse/new-releases",
        "/browse/categories",
        "/browse/categories/pop",
        "/browse/categories/pop/playlists",
        "/browse/featured-playlists",
        "/users/somebody",
        "/users/spotify/playlists",
        "/recommendations?seed_genres=pop",
        "/playlists/37i9dQZEVXbMDoHDwVN2tF",
    ]
    .map(str::to_owned)
    .to_vec();
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let track = server.ok(me, "/me/tracks?limit=1").await["items"][0]["track"].clone();
    let (album, artist) = (id(&track["album"]), id(&track["artists"][0]));
    let track = id(&track);
    paths.extend([
        format!("/tracks/{track}"),
        format!("/tracks?ids={track}"),
        format!("/audio-features/{track}"),
        format!("/audio-analysis/{track}"),
        format!("/albums/{album}"),
        format!("/albums/{album}/tracks"),
        format!("/albums?ids={album}"),
        format!("/artists/{artist}"),
        format!("/artists/{artist}/albums"),
        format!("/artists/{artist}/top-tracks"),
        format!("/artists/{artist}/related-artists"),
    ]);
    let show = id(&server.ok(me, "/me/shows?limit=1").await["items"][0]["show"]);
    let episode = id(&server.ok(me, "/me/episodes?limit=1").await["items"][0]["episode"]);
    let book = id(&server.ok(me, "/me/audiobooks?limit=1").await["items"][0]["audiobook"]);
    let chapter = id(&server
        .ok(me, &format!("/audiobooks/{book}/chapters?limit=1"))
        .await["items"][0]);
    paths.extend([
        format!("/shows/{show}"),
        format!("/shows/{show}/episodes"),
        format!("/shows?ids={show}"),
        format!("/episodes/{episode}"),
        format!("/episodes?ids={episode}"),
        format!("/audiobooks/{book}"),
        format!("/audiobooks/{book}/chapters"),
        format!("/chapters/{chapter}"),
        format!("/chapters?ids={chapter}"),
    ]);
    for playlist in server.ok(me, "/me/playlists?limit=12").await["items"]
        .as_array()
        .unwrap()
    {
        let playlist = id(playlist);
        paths.push(format!("/playlists/{playlist}"));
        paths.push(format!("/playlists/{playlist}/tracks?limit=50"));
        paths.push(format!(
            "/playlists/{playlist}/items?limit=50&additional_types=track,episode"
        ));
    }
    paths
}

#[tokio::test]
async fn answers_have_the_members_of_the_schema() {
    for profile in [Profile::Extended, Profile::DevOld, Profile::DevNew] {
        let server = Server::start(Options {
            seed: 11,
            ..options(profile)
        })
        .await;
        let me = server.me().await;
        let (mut seen, mut answered) = (Vec::new(), 0);
        for path in paths(&server, &me).await {
            let answer = server.get(&me, &path).await;
            match answer.status {
                200 => {
                    check(&answer.json(), &format!("{profile:?} {path}"), &mut seen);
                    answered += 1;
                }
                status => assert!(
                    profile != Profile::Extended && [403, 404].contains(&status),
                    "{profile:?} {path}: {}",
                    answer.text
                ),
            }
        }
        assert!(answered > 40, "{answered}");
        let kinds = SHAPES.len() - usize::from(profile != Profile::Extended);
        assert_eq!(seen.len(), kinds, "{profile:?} {seen:?}");
    }
}

//! The catalogue: single things, batches, markets, search, browsing.

use std::collections::HashSet;

use jiff::SignedDuration;
use serde_json::{Value, json};
use stave_spotify::sandbox::{Options, Profile};

use crate::server::{Server, options};

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[tokio::test]
async fn everything_is_found_by_the_id_that_it_shows() {
    let server = Server::of(Profile::Extended).await;
    let app = server.app().await;
    let chart = server
        .ok(&app, "/playlists/37i9dQZEVXbNG2KDcFcKOF/tracks?limit=3")
        .await;
    for entry in chart["items"].as_array().unwrap() {
        let mut track = entry["track"].clone();
        let full = server.ok(&app, &format!("/tracks/{}", id(&track))).await;
        track
            .as_object_mut()
            .unwrap()
            .retain(|name, _| name != "track" && name != "episode");
        assert_eq!(full, track);
        let album = server
            .ok(&app, &format!("/albums/{}", id(&track["album"])))
            .await;
        assert_eq!(album["name"], track["album"]["name"]);
        let tracks = server
            .all(&app, &format!("/albums/{}/tracks?limit=50", id(&album)))
            .await;
        assert_eq!(tracks.len() as u64, album["total_tracks"].as_u64().unwrap());
        assert!(tracks.iter().any(|other| id(other) == id(&track)));
        assert!(
            tracks
                .iter()
                .all(|track| track.get("album").is_none() && track.get("popularity").is_none())
        );
        let artist = server
            .ok(&app, &format!("/artists/{}", id(&album["artists"][0])))
            .await;
        let albums = server
            .all(&app, &format!("/artists/{}/albums?limit=50", id(&artist)))
            .await;
        assert!(albums.iter().any(|other| id(other) == id(&album)));
        let top = server
            .ok(
                &app,
                &format!("/artists/{}/top-tracks?country=SE", id(&artist)),
            )
            .await;
        assert!((1..=10).contains(&top["tracks"].as_array().unwrap().len()));
    }
    for path in [
        "tracks",
        "albums",
        "artists",
        "shows",
        "episodes",
        "audiobooks",
        "chapters",
    ] {
        let missing = server
            .get(&app, &format!("/{path}/0000000000000000000000"))
            .await;
        assert_eq!(
            (missing.status, missing.message().as_str()),
            (404, "Resource not found")
        );
        assert_eq!(server.get(&app, &format!("/{path}/x")).await.status, 400);
    }
}

#[tokio::test]
async fn albums_of_an_artist_are_chosen_by_group() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let mut groups = HashSet::new();
    for artist in server.ok(&me, "/me/top/artists?limit=50").await["items"]
        .as_array()
        .unwrap()
    {
        let path = format!("/artists/{}/albums?limit=50", id(artist));
        let all = server.all(&me, &path).await;
        let mut counted = 0;
        for group in ["album", "single", "appears_on", "compilation"] {
            let some = server
                .all(&me, &format!("{path}&include_groups={group}"))
                .await;
            assert!(some.iter().all(|album| album["album_group"] == group));
            counted += some.len();
            if !some.is_empty() {
                groups.insert(group);
            }
        }
        assert_eq!(counted, all.len());
        assert_eq!(
            server
                .get(&me, &format!("{path}&include_groups=live"))
                .await
                .status,
            400
        );
    }
    assert_eq!(groups.len(), 4, "{groups:?}");
}

#[tokio::test]
async fn batches_keep_their_order_and_null_for_what_is_missing() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let saved = server.ok(&me, "/me/tracks?limit=2").await;
    let (one, two) = (
        id(&saved["items"][0]["track"]),
        id(&saved["items"][1]["track"]),
    );
    // With a slash at the end, as spotipy asks.
    let path = format!("/tracks/?ids={two},0000000000000000000000,{one}");
    let tracks = server.ok(&me, &path).await;
    assert_eq!(
        (id(&tracks["tracks"][0]), id(&tracks["tracks"][2])),
        (two, one)
    );
    assert!(tracks["tracks"][1].is_null());
    for (path, most) in [
        ("tracks", 50),
        ("albums", 20),
        ("artists", 50),
        ("audio-features", 100),
    ] {
        let ids = |count: usize| vec!["0000000000000000000000"; count].join(",");
        assert_eq!(
            server
                .get(&me, &format!("/{path}?ids={}", ids(most)))
                .await
                .status,
            200
        );
        let over = server
            .get(&me, &format!("/{path}?ids={}", ids(most + 1)))
            .await;
        assert_eq!(
            (over.status, over.message().as_str()),
            (400, "Too many ids requested")
        );
        assert_eq!(server.get(&me, &format!("/{path}")).await.status, 400);
    }
}

#[tokio::test]
async fn a_market_says_what_plays_there_and_relinks() {
    let server = Server::of(Profile::Extended).await;
    let app = server.app().await;
    let song = server
        .ok(&app, "/search?type=track&q=isrc:QZAAA0800007")
        .await;
    let found = song["tracks"]["items"].as_array().unwrap();
    assert_eq!(found.len(), 2, "one song came out twice");
    let (old, new) = (id(&found[0]), id(&found[1]));
    assert_eq!(found[0]["external_ids"], found[1]["external_ids"]);
    assert_eq!(found[0]["available_markets"], json!([]));
    let relinked = server.ok(&app, &format!("/tracks/{old}?market=SE")).await;
    assert_eq!((id(&relinked), id(&relinked["linked_from"])), (new, old));
    assert_eq!(relinked["is_playable"], true);
    assert!(relinked.get("available_markets").is_none());

    let page = server
        .ok(&app, "/playlists/37i9dQZF1DXcBWIGoYBM5M/tracks?market=ZW")
        .await;
    let items = page["items"].as_array().unwrap();
    let blocked = items
        .iter()
        .find(|entry| entry["track"]["is_playable"] == false)
        .unwrap();
    assert_eq!(
        blocked["track"]["restrictions"],
        json!({"reason": "market"})
    );
    assert!(
        items
            .iter()
            .any(|entry| entry["track"]["is_playable"] == true)
    );
    assert_eq!(
        server
            .get(&app, "/playlists/37i9dQZF1DXcBWIGoYBM5M/tracks?market=XX")
            .await
            .status,
        400
    );
    assert_eq!(
        server
            .get(&app, &format!("/tracks/{old}?market=from_token"))
            .await
            .status,
        400
    );
    let me = server.me().await;
    let own = server.ok(&me, &format!("/tracks/{new}?market=ZW")).await;
    assert_eq!(own["is_playable"], true, "the user's own country wins");
}

#[tokio::test]
async fn audiobooks_are_in_some_markets_only() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let books = server.ok(&me, "/me/audiobooks?limit=1").await;
    let book = id(&books["items"][0]["audiobook"]).to_owned();
    let app = server.app().await;
    for (market, status) in [("US", 200), ("GB", 200), ("SE", 404)] {
        let path = format!("/audiobooks/{book}?market={market}");
        assert_eq!(server.get(&app, &path).await.status, status, "{market}");
    }
    let full = server.ok(&app, &format!("/audiobooks/{book}")).await;
    let chapters = server
        .all(&app, &format!("/audiobooks/{book}/chapters?limit=50"))
        .await;
    assert_eq!(
        chapters.len() as u64,
        full["total_chapters"].as_u64().unwrap()
    );
    let chapter = server
        .ok(&app, &format!("/chapters/{}", id(&chapters[1])))
        .await;
    assert_eq!(
        (&chapter["type"], &chapter["audiobook"]["id"]),
        (&json!("episode"), &json!(book))
    );
}

#[tokio::test]
async fn shows_get_episodes_and_resume_points_need_a_scope() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let saved = server.ok(&me, "/me/shows?limit=10").await;
    let (mut nulls, mut grew) = (0, false);
    for item in saved["items"].as_array().unwrap() {
        let path = format!("/shows/{}", id(&item["show"]));
        let show = server.ok(&me, &path).await;
        let episodes = server.ok(&me, &format!("{path}/episodes?limit=50")).await;
        assert_eq!(episodes["total"], show["total_episodes"]);
        for episode in episodes["items"].as_array().unwrap() {
            if episode.is_null() {
                nulls += 1;
            } else {
                assert!(episode["resume_point"]["resume_position_ms"].is_u64());
                assert!(episode["release_date"].as_str() <= Some("2026-11-01"));
            }
        }
        let newest = id(&episodes["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|e| !e.is_null())
            .unwrap()
            .clone())
        .to_owned();
        let app = server.app().await;
        let episode = server.ok(&app, &format!("/episodes/{newest}")).await;
        assert!(episode.get("resume_point").is_none());
        assert_eq!(episode["show"]["id"], show["id"]);
        grew |= show["total_episodes"].as_u64() > Some(50);
    }
    assert!(nulls > 0 && grew, "{nulls}");
    let show = id(&saved["items"][0]["show"]).to_owned();
    let before = server.ok(&me, &format!("/shows/{show}")).await["total_episodes"].as_u64();
    server.pass(SignedDuration::from_hours(24 * 31));
    let app = server.app().await;
    assert!(server.ok(&app, &format!("/shows/{show}")).await["total_episodes"].as_u64() > before);
}

#[tokio::test]
async fn search_finds_by_name_field_and_type() {
    let server = Server::of(Profile::Extended).await;
    let app = server.app().await;
    let types = "track,album,artist,playlist,show,episode,audiobook";
    let found = server
        .ok(&app, &format!("/search?q=the&type={types}&limit=50"))
        .await;
    assert_eq!(found.as_object().unwrap().len(), 7);
    for track in found["tracks"]["items"].as_array().unwrap() {
        let mut names = track["name"].as_str().unwrap().to_owned();
        for artist in track["artists"].as_array().unwrap() {
            names.push_str(artist["name"].as_str().unwrap());
        }
        assert!(names.to_lowercase().contains("the"), "{names}");
    }
    let popularity: Vec<_> = found["tracks"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["popularity"].as_u64())
        .collect();
    assert!(popularity.is_sorted_by(|one, two| one >= two));
    let total = found["tracks"]["total"].as_u64().unwrap();
    assert!((51..=1_000).contains(&total), "{total}");
    let next = found["tracks"]["next"].as_str().unwrap();
    let second = server.ok(&app, next).await;
    assert_ne!(second["tracks"]["items"][0], found["tracks"]["items"][0]);
    let artist = &found["tracks"]["items"][0]["artists"][0];
    let name = artist["name"].as_str().unwrap();
    let query: String =
        url::form_urlencoded::byte_serialize(format!("artist:\"{name}\"").as_bytes()).collect();
    let theirs = server
        .ok(&app, &format!("/search?type=artist,track&q={query}"))
        .await;
    assert!(
        theirs["artists"]["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|other| id(other) == id(artist))
    );
    let years = server.ok(&app, "/search?type=album&q=year:1990-1999").await;
    for album in years["albums"]["items"].as_array().unwrap() {
        assert!(album["release_date"].as_str().unwrap().starts_with("199"));
    }
    for wrong in [
        "q=a",
        "type=track",
        "q=a&type=song",
        "q=a&type=track&offset=1001",
        "q=a&type=track&limit=51",
    ] {
        assert_eq!(
            server.get(&app, &format!("/search?{wrong}")).await.status,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn browsing_answers() {
    let server = Server::of(Profile::Extended).await;
    let app = server.app().await;
    let new = server.ok(&app, "/browse/new-releases?limit=5").await;
    for album in new["albums"]["items"].as_array().unwrap() {
        assert!(album["release_date"].as_str().unwrap().starts_with("2025"));
    }
    let categories = server.ok(&app, "/browse/categories?limit=50").await;
    for category in categories["categories"]["items"].as_array().unwrap() {
        let path = format!("/browse/categories/{}", id(category));
        assert_eq!(server.ok(&app, &path).await, *category);
    }
    assert_eq!(
        server.get(&app, "/browse/categories/none").await.status,
        404
    );
    assert!(
        server.ok(&app, "/markets").await["markets"]
            .as_array()
            .unwrap()
            .len()
            > 180
    );
    let artist = server.ok(&app, "/search?q=the&type=artist").await["artists"]["items"][0].clone();
    let path = format!(
        "/recommendations?limit=30&seed_artists={}&seed_genres=pop",
        id(&artist)
    );
    let recommended = server.ok(&app, &path).await;
    let ids: HashSet<&str> = recommended["tracks"]
        .as_array()
        .unwrap()
        .iter()
        .map(id)
        .collect();
    assert!((25..=30).contains(&ids.len()));
    assert_eq!(recommended["seeds"].as_array().unwrap().len(), 2);
    assert_eq!(server.get(&app, "/recommendations").await.status, 400);
    assert_eq!(
        server
            .get(&app, "/recommendations?seed_artists=x")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_world_of_a_hundred_million_tracks_starts_and_answers_at_once() {
    let started = std::time::Instant::now();
    let server = Server::start(Options {
        tracks: 100_000_000,
        ..options(Profile::Extended)
    })
    .await;
    let app = server.app().await;
    let page = server
        .ok(&app, "/playlists/37i9dQZF1DXcBWIGoYBM5M/tracks?limit=10")
        .await;
    assert_eq!(page["items"].as_array().unwrap().len(), 10);
    // Generous, because machines that test are busy; it takes milliseconds.
    assert!(started.elapsed().as_secs() < 20);
}

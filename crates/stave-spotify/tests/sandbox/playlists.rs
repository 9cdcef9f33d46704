//! Playlists: of Spotify, of users, of any id; their entries, warts and changes.

use std::collections::HashSet;

use jiff::SignedDuration;
use serde_json::{Value, json};
use stave_spotify::sandbox::{Options, Profile, Shape};

use crate::server::{Server, options};

const CHART: &str = "/playlists/37i9dQZEVXbNG2KDcFcKOF";
const EDITORIAL: &str = "/playlists/37i9dQZF1DXcBWIGoYBM5M";

/// The user's playlist with this place in the list: each has a nature of its own.
async fn mine(server: &Server, me: &str, nth: usize) -> Value {
    let page = server.ok(me, "/me/playlists?limit=50").await;
    page["items"][nth].clone()
}

#[tokio::test]
async fn editorial_playlists_are_what_public_pipelines_read() {
    let server = Server::of(Profile::Extended).await;
    let app = server.app().await;
    for (path, entries) in [(CHART, 50), (EDITORIAL, 100)] {
        // As spotipy 2.23 asks, and as 2.26 does.
        let old = server
            .ok(
                &app,
                &format!("{path}/tracks?limit=100&offset=0&additional_types=track"),
            )
            .await;
        let new = server
            .all(
                &app,
                &format!("{path}/items?limit=50&offset=0&additional_types=track%2Cepisode"),
            )
            .await;
        assert_eq!(old["total"], entries);
        assert_eq!(old["items"], json!(new));
        let mut ids = HashSet::new();
        for entry in &new {
            let track = &entry["track"];
            assert!(entry.get("item").is_none());
            assert_eq!(entry["added_at"].as_str().unwrap().len(), 20);
            assert!(track["popularity"].is_u64() && track["duration_ms"].is_u64());
            assert!(
                track["external_urls"]["spotify"]
                    .as_str()
                    .unwrap()
                    .ends_with(track["id"].as_str().unwrap())
            );
            assert!(
                track["artists"][0]["href"].is_string()
                    && track["album"]["artists"][0]["id"].is_string()
            );
            assert_eq!(track["album"]["release_date"].as_str().unwrap().len(), 10);
            assert_eq!(track["album"]["release_date_precision"], "day");
            ids.insert(track["id"].as_str().unwrap().to_owned());
        }
        assert_eq!(ids.len(), entries);
    }
    let playlist = server.ok(&app, EDITORIAL).await;
    assert_eq!(playlist["owner"]["id"], "spotify");
    assert_eq!(playlist["tracks"]["items"].as_array().unwrap().len(), 100);
    let listed = server.ok(&app, "/users/spotify/playlists").await;
    assert!(listed["total"].as_u64().unwrap() >= 10);
}

#[tokio::test]
async fn the_same_seed_is_the_same_world() {
    let (one, two) = (
        Server::of(Profile::Extended).await,
        Server::of(Profile::Extended).await,
    );
    let other = Server::start(Options {
        seed: 8,
        ..options(Profile::Extended)
    })
    .await;
    let mut seen = Vec::new();
    for server in [&one, &two, &other] {
        let page = server
            .get(&server.app().await, &format!("{CHART}/tracks"))
            .await;
        seen.push(page.text.replace(&server.base, ""));
    }
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[0], seen[2]);
}

#[tokio::test]
async fn time_changes_playlists_and_at_sets_it() {
    let server = Server::of(Profile::Extended).await;
    let app = server.app().await;
    let before = server.ok(&app, CHART).await;
    assert_eq!(
        server.ok(&app, CHART).await["snapshot_id"],
        before["snapshot_id"]
    );
    server.pass(SignedDuration::from_hours(24));
    let after = server.ok(&server.app().await, CHART).await;
    assert_ne!(after["snapshot_id"], before["snapshot_id"]);
    assert_ne!(after["tracks"]["items"], before["tracks"]["items"]);
    let at = Some("2026-11-02T20:00:00Z".parse().unwrap());
    let there = Server::start(Options {
        at,
        ..options(Profile::Extended)
    })
    .await;
    let same = there.ok(&there.app().await, CHART).await;
    assert_eq!(same["snapshot_id"], after["snapshot_id"]);
    there.pass(SignedDuration::from_hours(24));
    let moved = there.ok(&there.app().await, CHART).await;
    assert_ne!(moved["snapshot_id"], after["snapshot_id"]);
}

#[tokio::test]
async fn any_id_of_22_characters_answers() {
    let server = Server::of(Profile::Extended).await;
    let app = server.app().await;
    for id in [
        "3cEYpjA9oz9GiPac4AsH4n",
        "0000000000000000000000",
        "zzzzzzzzzzzzzzzzzzzzzz",
    ] {
        let playlist = server.ok(&app, &format!("/playlists/{id}/")).await;
        assert_eq!(playlist["id"], id);
        let all = server
            .all(&app, &format!("/playlists/{id}/tracks?limit=100"))
            .await;
        assert_eq!(
            all.len() as u64,
            playlist["tracks"]["total"].as_u64().unwrap()
        );
        let owner = playlist["owner"]["id"].as_str().unwrap();
        assert_eq!(
            server.ok(&app, &format!("/users/{owner}")).await["id"],
            owner
        );
    }
    for id in ["short", "3cEYpjA9oz9GiPac4AsH4-", "3cEYpjA9oz9GiPac4AsH4nn"] {
        assert_eq!(
            server.get(&app, &format!("/playlists/{id}")).await.status,
            400,
            "{id}"
        );
    }
}

#[tokio::test]
async fn ten_thousand_entries_come_whole() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let big = mine(&server, &me, 0).await;
    let total = big["tracks"]["total"].as_u64().unwrap();
    assert!((9_990..=10_000).contains(&total), "{total}");
    let path = format!("/playlists/{}/items", big["id"].as_str().unwrap());
    let fields = "fields=items(added_at,track(uri)),next,total";
    let last = server
        .ok(
            &me,
            &format!("{path}?limit=100&offset={}&{fields}", total - 30),
        )
        .await;
    assert_eq!(last["items"].as_array().unwrap().len(), 30);
    assert!(last["next"].is_null());
    let middle = server
        .ok(&me, &format!("{path}?limit=100&offset=5000&{fields}"))
        .await;
    assert!(middle["next"].as_str().unwrap().contains("offset=5100"));
    assert!(middle["items"][0]["added_at"].as_str() < last["items"][29]["added_at"].as_str());
}

#[tokio::test]
async fn warts_are_there_and_can_be_left_out() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let empty = mine(&server, &me, 1).await;
    assert_eq!(
        (&empty["images"], &empty["tracks"]["total"]),
        (&Value::Null, &json!(0))
    );
    let odd = mine(&server, &me, 2).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let as_tracks = server.all(&me, &format!("/playlists/{odd}/tracks")).await;
    let with_types = server
        .all(
            &me,
            &format!("/playlists/{odd}/tracks?additional_types=track,episode"),
        )
        .await;
    let (mut null, mut local, mut hybrid) = (0, 0, 0);
    for (entry, typed) in as_tracks.iter().zip(&with_types) {
        let track = &entry["track"];
        if track.is_null() {
            null += 1;
            assert_eq!(entry["added_by"]["id"], "");
        } else if entry["is_local"] == true {
            local += 1;
            assert!(track["id"].is_null() && track["album"]["release_date"].is_null());
            assert!(track["uri"].as_str().unwrap().starts_with("spotify:local:"));
            assert_eq!(track["external_ids"], json!({}));
        } else if track["type"] == "episode" {
            hybrid += 1;
            assert_eq!(
                (&track["track"], &track["episode"]),
                (&json!(true), &json!(false))
            );
            assert!(track["album"].is_object() && track.get("show").is_none());
            let episode = &typed["track"];
            assert_eq!(
                (&episode["episode"], &episode["id"]),
                (&json!(true), &track["id"])
            );
            assert!(episode["show"]["name"].is_string());
        } else {
            assert_eq!(entry, typed);
        }
    }
    assert!(
        null > 5 && local > 5 && hybrid > 5,
        "{null} {local} {hybrid}"
    );
    let old = mine(&server, &me, 5).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let old = server.all(&me, &format!("/playlists/{old}/tracks")).await;
    assert!(
        old.iter()
            .any(|entry| entry["added_at"].is_null() && entry["added_by"].is_null())
    );
    assert!(
        old.iter()
            .any(|entry| entry["added_at"] == "1970-01-01T00:00:00Z")
    );

    let server = Server::start(Options {
        warts: false,
        ..options(Profile::Extended)
    })
    .await;
    let me = server.me().await;
    assert_eq!(mine(&server, &me, 1).await["images"], json!([]));
    for nth in [2, 5] {
        let id = mine(&server, &me, nth).await["id"]
            .as_str()
            .unwrap()
            .to_owned();
        for entry in server
            .all(&me, &format!("/playlists/{id}/tracks?limit=100"))
            .await
        {
            assert!(entry["track"]["id"].is_string() && entry["added_at"].is_string());
        }
    }
}

#[tokio::test]
async fn the_shape_decides_the_keys() {
    for (shape, old, new) in [
        (Shape::Tracks, true, false),
        (Shape::Items, false, true),
        (Shape::Both, true, true),
    ] {
        let server = Server::start(Options {
            shape: Some(shape),
            ..options(Profile::DevOld)
        })
        .await;
        let me = server.me().await;
        let listed = mine(&server, &me, 6).await;
        let path = format!("/playlists/{}", listed["id"].as_str().unwrap());
        let playlist = server.ok(&me, &path).await;
        let entries = server.ok(&me, &format!("{path}/items?limit=100")).await;
        for (value, old_key, new_key) in [
            (&listed, "tracks", "items"),
            (&playlist, "tracks", "items"),
            (&entries["items"][0], "track", "item"),
        ] {
            assert_eq!(value.get(old_key).is_some(), old, "{shape:?} {old_key}");
            assert_eq!(value.get(new_key).is_some(), new, "{shape:?} {new_key}");
            if old && new {
                assert_eq!(value[old_key], value[new_key]);
            }
        }
    }
}

#[tokio::test]
async fn fields_choose_what_comes() {
    let server = Server::of(Profile::Extended).await;
    let app = server.app().await;
    let page = server
        .ok(
            &app,
            &format!("{CHART}/tracks?limit=2&fields=total,items(track(name,album(name)))"),
        )
        .await;
    let names: Vec<&String> = page.as_object().unwrap().keys().collect();
    assert_eq!(names, ["items", "total"]);
    let track = &page["items"][0]["track"];
    assert_eq!(track.as_object().unwrap().len(), 2);
    assert_eq!(track["album"].as_object().unwrap().len(), 1);
    let wrong_name = server
        .ok(
            &app,
            &format!("{CHART}/tracks?limit=2&fields=items(item(name))"),
        )
        .await;
    assert_eq!(wrong_name, json!({"items": [{}, {}]}));
    let dotted = server
        .ok(
            &app,
            &format!("{CHART}?fields=snapshot_id,tracks.items.added_at"),
        )
        .await;
    assert_eq!(dotted["tracks"]["items"][0].as_object().unwrap().len(), 1);
    let without = server.ok(&app, &format!("{CHART}?fields=!tracks")).await;
    assert!(without.get("tracks").is_none() && without["name"].is_string());
    assert_eq!(
        server
            .get(&app, &format!("{CHART}?fields=items("))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn private_and_collaborative_ones_need_their_scopes() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let all = server.all(&me, "/me/playlists?limit=50").await;
    let private = all
        .iter()
        .find(|p| p["public"] == false && p["collaborative"] == false)
        .unwrap();
    let path = format!("/playlists/{}", private["id"].as_str().unwrap());
    assert_eq!(server.get(&me, &path).await.status, 200);
    let little = server.user("user-top-read").await;
    assert_eq!(server.get(&little, &path).await.status, 403);
    assert!(all.iter().any(|p| p["collaborative"] == true));
    let less = server.user("playlist-read-private").await;
    let fewer = server.all(&less, "/me/playlists?limit=50").await;
    assert!(fewer.iter().all(|p| p["collaborative"] == false) && fewer.len() < all.len());
    let public = server.all(&me, "/users/sandbox/playlists?limit=50").await;
    assert!(
        public
            .iter()
            .all(|p| p["public"] == true && p["owner"]["id"] == "sandbox")
    );
}

#[tokio::test]
async fn pages_of_other_users_lead_to_their_playlists() {
    let server = Server::of(Profile::Extended).await;
    let app = server.app().await;
    let listed = server
        .ok(&app, "/users/somebody/playlists?limit=5&offset=5")
        .await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 5);
    for playlist in listed["items"].as_array().unwrap() {
        let path = format!(
            "/playlists/{}?fields=owner,name",
            playlist["id"].as_str().unwrap()
        );
        let full = server.ok(&app, &path).await;
        assert_eq!(
            (&full["owner"]["id"], &full["name"]),
            (&json!("somebody"), &playlist["name"])
        );
    }
    let image = server.ok(&app, &format!("{CHART}/images")).await;
    assert!(image[0]["url"].is_string() && image[0]["height"].is_null());
}

//! What belongs to one user: pages, cursors, growth.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stave_spotify::sandbox::Profile;

use crate::server::Server;

#[tokio::test]
async fn saved_things_come_whole_page_by_page_and_newest_first() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    for (path, key) in [
        ("/me/tracks", "track"),
        ("/me/albums", "album"),
        ("/me/shows", "show"),
        ("/me/episodes", "episode"),
        ("/me/audiobooks", "audiobook"),
    ] {
        let first = server.ok(&me, path).await;
        assert_eq!((&first["limit"], &first["offset"]), (&json!(20), &json!(0)));
        let all = server.all(&me, &format!("{path}?limit=50")).await;
        assert_eq!(all.len() as u64, first["total"].as_u64().unwrap(), "{path}");
        let ids: HashSet<&str> = all
            .iter()
            .map(|item| item[key]["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), all.len(), "{path}");
        assert!(
            all.is_sorted_by(|a, b| a["added_at"].as_str() > b["added_at"].as_str()),
            "{path}"
        );
        let beyond = server.ok(&me, &format!("{path}?offset=99999")).await;
        assert_eq!(
            (&beyond["items"], &beyond["next"]),
            (&json!([]), &Value::Null)
        );
        for wrong in ["limit=51", "limit=0"] {
            let answer = server.get(&me, &format!("{path}?{wrong}")).await;
            assert_eq!(
                (answer.status, answer.message().as_str()),
                (400, "Invalid limit")
            );
        }
    }
}

#[tokio::test]
async fn the_library_grows_with_time() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let before = server.ok(&me, "/me/tracks?limit=2").await;
    server.pass(SignedDuration::from_hours(48));
    let me = server.me().await;
    let after = server.ok(&me, "/me/tracks?limit=2").await;
    assert_eq!(
        after["total"].as_u64(),
        before["total"].as_u64().map(|total| total + 1)
    );
    assert_eq!(after["items"][1], before["items"][0]);
    assert!(after["items"][0]["added_at"].as_str() > before["items"][0]["added_at"].as_str());
}

#[tokio::test]
async fn followed_artists_are_paged_by_cursor() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let mut url = "/me/following?type=artist&limit=50&after=0000000000000000000000".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = server.ok(&me, &url).await["artists"].take();
        assert_eq!(page["total"], 130);
        for artist in page["items"].as_array().unwrap() {
            seen.push(artist["id"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next"].as_str() else {
            assert_eq!(page["cursors"]["after"], Value::Null);
            break;
        };
        assert_eq!(page["cursors"]["after"], *seen.last().unwrap());
        url = next.to_owned();
    }
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 130);
    let asked = format!("/me/following/contains?type=artist&ids={}", seen[7]);
    assert_eq!(server.ok(&me, &asked).await, json!([true]));
    assert_eq!(server.get(&me, "/me/following?type=user").await.status, 400);
}

#[tokio::test]
async fn top_items_differ_by_range_and_change_with_the_days() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let ids = |items: Vec<Value>| -> Vec<String> {
        items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    };
    for kind in ["tracks", "artists"] {
        let mut lists = Vec::new();
        for range in ["short_term", "medium_term", "long_term"] {
            let path = format!("/me/top/{kind}?limit=50&time_range={range}");
            let list = ids(server.all(&me, &path).await);
            assert_eq!(list.len(), list.iter().collect::<HashSet<_>>().len());
            assert_eq!(list.len(), 80);
            lists.push(list);
        }
        assert!(lists[0] != lists[1] && lists[1] != lists[2]);
    }
    let short = ids(server
        .all(&me, "/me/top/tracks?limit=50&time_range=short_term")
        .await);
    server.pass(SignedDuration::from_hours(24));
    let me = server.me().await;
    let later = ids(server
        .all(&me, "/me/top/tracks?limit=50&time_range=short_term")
        .await);
    let same = short
        .iter()
        .zip(&later)
        .filter(|(one, two)| one == two)
        .count();
    assert!((40..80).contains(&same), "{same}");
    assert_eq!(
        server
            .get(&me, "/me/top/tracks?time_range=ever")
            .await
            .status,
        400
    );
    assert_eq!(server.get(&me, "/me/top/genres").await.status, 404);
}

fn played(page: &Value) -> Vec<Timestamp> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["played_at"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test]
async fn the_last_fifty_plays_are_all_there_is() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let path = "/me/player/recently-played";
    let first = server.ok(&me, &format!("{path}?limit=30")).await;
    let (newest, oldest) = (played(&first)[0], played(&first)[29]);
    assert_eq!(
        first["cursors"]["after"],
        newest.as_millisecond().to_string()
    );
    let second = server.ok(&me, first["next"].as_str().unwrap()).await;
    assert_eq!(played(&second).len(), 20);
    assert!(played(&second)[0] < oldest && second["next"].is_null());
    let none = server
        .ok(&me, &format!("{path}?after={}", newest.as_millisecond()))
        .await;
    assert_eq!(
        (&none["items"], &none["cursors"]),
        (&json!([]), &Value::Null)
    );
    let last_ms = played(&second)[19].as_millisecond();
    let ended = server.ok(&me, &format!("{path}?before={last_ms}")).await;
    assert_eq!(ended["items"], json!([]));
    assert_eq!(
        server
            .get(&me, &format!("{path}?after=1&before=2"))
            .await
            .status,
        400
    );
    assert_eq!(
        server
            .get(&me, &format!("{path}?after=yesterday"))
            .await
            .status,
        400
    );
    for item in first["items"].as_array().unwrap() {
        assert!(item["played_at"].as_str().unwrap().ends_with('Z'));
        assert_eq!(item["track"]["type"], "track");
    }
}

#[tokio::test]
async fn plays_are_added_and_some_arrive_late() {
    let server = Server::of(Profile::Extended).await;
    let mut known: HashSet<Timestamp> = HashSet::new();
    let (mut added, mut late) = (0, 0);
    for _ in 0..72 {
        let me = server.me().await;
        let plays = played(&server.ok(&me, "/me/player/recently-played?limit=50").await);
        let newest = known.iter().max().copied();
        for play in plays {
            if known.insert(play) && newest.is_some_and(|newest| newest > play) {
                late += 1;
            } else {
                added += 1;
            }
        }
        server.pass(SignedDuration::from_hours(1));
    }
    assert!(added > 100, "{added}");
    assert!(late > 0 && late < added / 5, "{late} of {added}");
}

#[tokio::test]
async fn what_is_saved_is_known_by_id_and_by_uri() {
    let server = Server::of(Profile::Extended).await;
    let me = server.me().await;
    let mut uris = Vec::new();
    for (path, key) in [
        ("tracks", "track"),
        ("albums", "album"),
        ("shows", "show"),
        ("episodes", "episode"),
        ("audiobooks", "audiobook"),
    ] {
        let page = server
            .ok(&me, &format!("/me/{path}?limit=1&offset=2"))
            .await;
        let thing = &page["items"][0][key];
        uris.push(thing["uri"].as_str().unwrap().to_owned());
        let id = thing["id"].as_str().unwrap();
        let asked = format!("/me/{path}/contains?ids={id},0000000000000000000000");
        assert_eq!(server.ok(&me, &asked).await, json!([true, false]), "{path}");
    }
    let playlist = server.ok(&me, "/me/playlists?limit=1").await;
    uris.push(playlist["items"][0]["uri"].as_str().unwrap().to_owned());
    uris.push("spotify:track:0000000000000000000000".to_owned());
    let asked = format!("/me/library/contains?uris={}", uris.join(","));
    let expected = json!([true, true, true, true, true, true, false]);
    assert_eq!(server.ok(&me, &asked).await, expected);
    let many = vec!["spotify:track:0000000000000000000000"; 41].join(",");
    assert_eq!(
        server
            .get(&me, &format!("/me/library/contains?uris={many}"))
            .await
            .status,
        400
    );
    assert_eq!(
        server
            .get(&me, "/me/library/contains?uris=nothing")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn the_player_plays_what_was_played_last_or_nothing() {
    let server = Server::of(Profile::Extended).await;
    let (mut silent, mut playing) = (false, false);
    for _ in 0..60 {
        let me = server.me().await;
        let answer = server.get(&me, "/me/player").await;
        if answer.status == 204 {
            assert_eq!(answer.text, "");
            silent = true;
        } else {
            let state = answer.json();
            let last = server.ok(&me, "/me/player/recently-played?limit=1").await;
            assert_eq!(state["item"]["id"], last["items"][0]["track"]["id"]);
            assert_eq!(state["device"]["is_active"], true);
            assert_eq!(
                server.ok(&me, "/me/player/queue").await["queue"]
                    .as_array()
                    .unwrap()
                    .len(),
                10
            );
            playing = true;
        }
        server.pass(SignedDuration::from_mins(23));
    }
    assert!(silent && playing);
}

//! The three classes of app: what each may call, see, and page.

use serde_json::{Value, json};
use stave_spotify::sandbox::Profile;

use crate::server::Server;

const EDITORIAL: &str = "/playlists/37i9dQZF1DXcBWIGoYBM5M";

async fn playlist_with(server: &Server, me: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let all = server.all(me, "/me/playlists?limit=50").await;
    all.into_iter()
        .find(|playlist| !playlist.is_null() && fits(playlist))
        .unwrap()
}

#[tokio::test]
async fn what_ended_in_2024_is_left_to_extended_apps() {
    for (profile, status) in [
        (Profile::Extended, 200),
        (Profile::DevOld, 403),
        (Profile::DevNew, 403),
    ] {
        let server = Server::of(profile).await;
        let me = server.me().await;
        let track = server.ok(&me, "/me/tracks?limit=1").await["items"][0]["track"].clone();
        let (id, artist) = (
            track["id"].as_str().unwrap(),
            track["artists"][0]["id"].as_str().unwrap(),
        );
        for path in [
            format!("/audio-features/{id}"),
            format!("/audio-features?ids={id}"),
            format!("/audio-analysis/{id}"),
            "/recommendations?seed_genres=pop".to_owned(),
            "/recommendations/available-genre-seeds".to_owned(),
            format!("/artists/{artist}/related-artists"),
            "/browse/featured-playlists".to_owned(),
            "/browse/categories/pop/playlists".to_owned(),
        ] {
            assert_eq!(
                server.get(&me, &path).await.status,
                status,
                "{profile:?} {path}"
            );
        }
        let editorial = server.get(&me, EDITORIAL).await;
        assert_eq!(
            editorial.status,
            if status == 200 { 200 } else { 404 },
            "{profile:?}"
        );
        let listed = server.all(&me, "/me/playlists?limit=50").await;
        assert_eq!(
            listed.iter().any(Value::is_null),
            status != 200,
            "{profile:?}"
        );
        assert_eq!(track["preview_url"].is_null(), status != 200, "{profile:?}");
    }
}

#[tokio::test]
async fn what_ended_in_2026_is_closed_to_new_apps() {
    for (profile, status) in [
        (Profile::Extended, 200),
        (Profile::DevOld, 200),
        (Profile::DevNew, 403),
    ] {
        let server = Server::of(profile).await;
        let me = server.me().await;
        let saved = server.ok(&me, "/me/tracks?limit=1").await["items"][0]["track"].clone();
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        let (track, album, artist) = (id(&saved), id(&saved["album"]), id(&saved["artists"][0]));
        let show = id(&server.ok(&me, "/me/shows?limit=1").await["items"][0]["show"]);
        let episode = id(&server.ok(&me, "/me/episodes?limit=1").await["items"][0]["episode"]);
        let book = id(&server.ok(&me, "/me/audiobooks?limit=1").await["items"][0]["audiobook"]);
        let chapters = server
            .ok(&me, &format!("/audiobooks/{book}/chapters"))
            .await;
        let chapter = id(&chapters["items"][0]);
        for path in [
            format!("/tracks?ids={track}"),
            format!("/albums?ids={album}"),
            format!("/artists?ids={artist}"),
            format!("/shows?ids={show}"),
            format!("/episodes?ids={episode}"),
            format!("/audiobooks?ids={book}"),
            format!("/chapters?ids={chapter}"),
            format!("/artists/{artist}/top-tracks"),
            "/browse/new-releases".to_owned(),
            "/browse/categories".to_owned(),
            "/browse/categories/pop".to_owned(),
            "/markets".to_owned(),
            "/users/sandbox".to_owned(),
            "/users/sandbox/playlists".to_owned(),
            format!("/me/tracks/contains?ids={track}"),
            format!("/me/following/contains?type=artist&ids={artist}"),
            "/playlists/3cEYpjA9oz9GiPac4AsH4n/followers/contains".to_owned(),
        ] {
            let answer = server.get(&me, &path).await;
            assert_eq!(answer.status, status, "{profile:?} {path} {}", answer.text);
        }
        for path in [
            format!("/tracks/{track}"),
            format!("/albums/{album}"),
            format!("/albums/{album}/tracks"),
            format!("/artists/{artist}"),
            format!("/artists/{artist}/albums"),
            format!("/shows/{show}"),
            format!("/shows/{show}/episodes"),
            format!("/episodes/{episode}"),
            format!("/audiobooks/{book}"),
            format!("/chapters/{chapter}"),
            format!("/me/library/contains?uris=spotify:track:{track}"),
            "/search?q=love&type=track".to_owned(),
            "/me".to_owned(),
        ] {
            assert_eq!(
                server.get(&me, &path).await.status,
                200,
                "{profile:?} {path}"
            );
        }
    }
}

#[tokio::test]
async fn limits_are_smaller_for_new_apps() {
    for (profile, default, most) in [
        (Profile::Extended, 20, 50),
        (Profile::DevOld, 20, 50),
        (Profile::DevNew, 5, 10),
    ] {
        let server = Server::of(profile).await;
        let me = server.me().await;
        let artists = server.ok(&me, "/me/top/artists?limit=1").await;
        let albums = format!(
            "/artists/{}/albums?q=",
            artists["items"][0]["id"].as_str().unwrap()
        );
        for path in [albums.as_str(), "/search?type=track&q=love"] {
            let page = server.ok(&me, path).await;
            let page = page.get("tracks").unwrap_or(&page);
            assert_eq!(page["limit"], default, "{profile:?} {path}");
            assert_eq!(
                server
                    .get(&me, &format!("{path}&limit={most}"))
                    .await
                    .status,
                200
            );
            let over = server.get(&me, &format!("{path}&limit={}", most + 1)).await;
            assert_eq!(
                over.json(),
                json!({"error": {"status": 400, "message": "Invalid limit"}})
            );
        }
    }
}

#[tokio::test]
async fn new_apps_see_the_entries_of_their_own_playlists_only() {
    let server = Server::of(Profile::DevNew).await;
    let me = server.me().await;
    let others = playlist_with(&server, &me, |p| {
        p["owner"]["id"] != "sandbox" && p["collaborative"] == false
    })
    .await;
    assert_eq!(others.get("items"), Some(&Value::Null));
    let path = format!("/playlists/{}", others["id"].as_str().unwrap());
    let full = server.ok(&me, &path).await;
    assert!(full.get("items").is_none() && full.get("tracks").is_none());
    let refused = server.get(&me, &format!("{path}/items")).await;
    assert_eq!(
        refused.json(),
        json!({"error": {"status": 403, "message": "Forbidden"}})
    );

    let empty = playlist_with(&server, &me, |p| p["items"]["total"] == 0).await;
    let path = format!("/playlists/{}", empty["id"].as_str().unwrap());
    assert_eq!(server.ok(&me, &path).await["items"]["items"], json!([]));

    let shared = playlist_with(&server, &me, |p| {
        p["owner"]["id"] != "sandbox" && p["collaborative"] == true
    })
    .await;
    let path = format!("/playlists/{}", shared["id"].as_str().unwrap());
    assert!(server.ok(&me, &path).await["items"]["items"].is_array());
    assert_eq!(
        server
            .get(&me, &format!("{path}/items?limit=50"))
            .await
            .status,
        200
    );
    assert_eq!(
        server
            .get(&me, &format!("{path}/items?limit=51"))
            .await
            .status,
        400
    );
    let old = server.get(&me, &format!("{path}/tracks")).await;
    assert_eq!(
        (old.status, old.json()),
        (403, json!({"error": {"status": 403}}))
    );

    let app = server.app().await;
    assert_eq!(server.get(&app, &format!("{path}/items")).await.status, 403);
}

#[tokio::test]
async fn a_playlist_inside_an_answer_goes_on_where_a_new_app_can_follow() {
    let server = Server::of(Profile::DevNew).await;
    let me = server.me().await;
    let big = playlist_with(&server, &me, |p| p["items"]["total"].as_u64() > Some(9_000)).await;
    let full = server
        .ok(&me, &format!("/playlists/{}", big["id"].as_str().unwrap()))
        .await;
    assert_eq!(full["items"]["items"].as_array().unwrap().len(), 100);
    let next = server
        .ok(&me, full["items"]["next"].as_str().unwrap())
        .await;
    assert_eq!((&next["offset"], &next["limit"]), (&json!(100), &json!(50)));
    assert!(next["items"][0]["item"]["id"].is_string());
    assert!(next["items"][0].get("track").is_none());
}

/// Every object of an answer, by its `type`.
fn objects<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| objects(value, found)),
        Value::Object(members) => {
            found.push(value);
            members.values().for_each(|value| objects(value, found));
        }
        _ => {}
    }
}

#[tokio::test]
async fn fields_are_gone_for_new_apps_and_there_for_the_others() {
    let gone = [
        (
            "track",
            vec!["available_markets", "linked_from", "popularity"],
        ),
        (
            "album",
            vec!["album_group", "available_markets", "label", "popularity"],
        ),
        ("artist", vec!["followers", "popularity"]),
        ("show", vec!["available_markets", "publisher"]),
        ("audiobook", vec!["available_markets", "publisher"]),
        (
            "user",
            vec![
                "country",
                "email",
                "explicit_content",
                "followers",
                "product",
            ],
        ),
    ];
    for profile in [Profile::Extended, Profile::DevOld, Profile::DevNew] {
        let server = Server::of(profile).await;
        let me = server.me().await;
        let mut answers = Vec::new();
        for path in [
            "/me",
            "/me/tracks",
            "/me/albums?limit=5",
            "/me/shows",
            "/me/episodes",
            "/me/audiobooks",
            "/me/top/artists",
            "/me/top/tracks",
            "/me/following?type=artist",
            "/me/player/recently-played",
        ] {
            answers.push(server.ok(&me, path).await);
        }
        let album = answers[2]["items"][0]["album"]["id"].as_str().unwrap();
        answers.push(server.ok(&me, &format!("/albums/{album}")).await);
        let artist = answers[6]["items"][0]["id"].as_str().unwrap();
        answers.push(server.ok(&me, &format!("/artists/{artist}/albums")).await);
        let mut found = Vec::new();
        for answer in &answers {
            objects(answer, &mut found);
        }
        for (kind, names) in &gone {
            let of_kind: Vec<_> = found
                .iter()
                .filter(|object| object["type"] == *kind)
                .collect();
            assert!(!of_kind.is_empty(), "{kind}");
            for name in names.iter().filter(|name| **name != "linked_from") {
                let there = of_kind.iter().any(|object| object.get(*name).is_some());
                assert_eq!(
                    there,
                    profile != Profile::DevNew,
                    "{profile:?} {kind}.{name}"
                );
            }
        }
        let tracks = &answers[1]["items"];
        assert!(
            tracks[0]["track"]["external_ids"]["isrc"].is_string(),
            "restored in March 2026"
        );
        assert!(answers[0]["account_id"].is_string());
    }
}

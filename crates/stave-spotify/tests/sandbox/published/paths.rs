//! A call of every operation that the document has.

use serde_json::Value;

use crate::server::Server;

/// Those that need no id.
const PLAIN: &[&str] = &[
    "/me",
    "/me/tracks?limit=50",
    "/me/tracks?limit=50&market=US",
    "/me/albums?limit=50",
    "/me/shows",
    "/me/episodes",
    "/me/audiobooks",
    "/me/following?type=artist",
    "/me/top/tracks?limit=50",
    "/me/top/artists?limit=50&time_range=long_term",
    "/me/playlists?limit=50",
    "/me/player",
    "/me/player/currently-playing",
    "/me/player/queue",
    "/me/player/devices",
    "/me/player/recently-played?limit=50",
    "/search?q=the&limit=50&type=track,album,artist,playlist,show,episode,audiobook",
    "/search?q=love&limit=50&market=GB&type=track,album,artist,playlist,show,episode,audiobook",
    "/browse/new-releases",
    "/browse/featured-playlists",
    "/browse/categories",
    "/browse/categories/pop",
    "/browse/categories/pop/playlists",
    "/recommendations?seed_genres=pop",
    "/recommendations/available-genre-seeds",
    "/markets",
    "/users/somebody",
    "/users/spotify/playlists",
    "/playlists/37i9dQZEVXbMDoHDwVN2tF",
    "/playlists/37i9dQZEVXbMDoHDwVN2tF/images",
];

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

/// The ids of things in a list, and the list of them as a parameter.
async fn ids(server: &Server, me: &str, path: &str, thing: &str) -> Vec<String> {
    let page = server.ok(me, path).await;
    let things = page["items"].as_array().unwrap().iter();
    things
        .map(|item| {
            if thing.is_empty() {
                id(item)
            } else {
                id(&item[thing])
            }
        })
        .collect()
}

pub(super) async fn of(server: &Server, me: &str) -> Vec<String> {
    let mut paths: Vec<String> = PLAIN.iter().map(|path| (*path).to_owned()).collect();
    let mut add = |path: String| paths.push(path);
    let tracks = ids(server, me, "/me/tracks?limit=10", "track").await;
    for track in &tracks {
        add(format!("/tracks/{track}"));
        add(format!("/tracks/{track}?market=DE"));
    }
    add(format!("/tracks?ids={}", tracks.join(",")));
    add(format!("/me/tracks/contains?ids={}", tracks.join(",")));
    add(format!("/recommendations?seed_tracks={}", tracks[0]));
    add(format!("/audio-features/{}", tracks[0]));
    add(format!("/audio-features?ids={}", tracks.join(",")));
    add(format!("/audio-analysis/{}", tracks[0]));
    let albums = ids(server, me, "/me/albums?limit=8", "album").await;
    for album in &albums {
        add(format!("/albums/{album}"));
        add(format!("/albums/{album}/tracks?limit=50"));
    }
    add(format!("/albums?ids={}", albums.join(",")));
    add(format!("/me/albums/contains?ids={}", albums.join(",")));
    let artists = ids(server, me, "/me/top/artists?limit=8", "").await;
    for artist in &artists {
        add(format!("/artists/{artist}/albums?limit=50"));
    }
    add(format!("/artists/{}", artists[0]));
    add(format!("/artists?ids={}", artists.join(",")));
    add(format!("/artists/{}/top-tracks", artists[0]));
    add(format!("/artists/{}/related-artists", artists[0]));
    add(format!(
        "/me/following/contains?type=artist&ids={}",
        artists.join(",")
    ));
    add(format!("/recommendations?seed_artists={}", artists[0]));
    let shows = ids(server, me, "/me/shows?limit=6", "show").await;
    for show in &shows {
        add(format!("/shows/{show}"));
        add(format!("/shows/{show}/episodes?limit=50"));
    }
    add(format!("/shows?ids={}", shows.join(",")));
    add(format!("/me/shows/contains?ids={}", shows.join(",")));
    let episodes = ids(server, me, "/me/episodes?limit=10", "episode").await;
    add(format!("/episodes/{}", episodes[0]));
    add(format!("/episodes?ids={}", episodes.join(",")));
    add(format!("/me/episodes/contains?ids={}", episodes.join(",")));
    let books = ids(server, me, "/me/audiobooks?limit=3", "audiobook").await;
    let chapters = ids(
        server,
        me,
        &format!("/audiobooks/{}/chapters", books[0]),
        "",
    )
    .await;
    add(format!("/audiobooks/{}", books[0]));
    add(format!("/audiobooks/{}/chapters", books[0]));
    add(format!("/audiobooks?ids={}", books.join(",")));
    add(format!("/me/audiobooks/contains?ids={}", books.join(",")));
    add(format!("/chapters/{}", chapters[0]));
    add(format!("/chapters?ids={}", chapters.join(",")));
    for playlist in ids(server, me, "/me/playlists?limit=10", "").await {
        add(format!("/playlists/{playlist}"));
        add(format!(
            "/playlists/{playlist}/tracks?limit=100&additional_types=track,episode"
        ));
        add(format!("/playlists/{playlist}/images"));
        add(format!("/playlists/{playlist}/followers/contains"));
    }
    paths
}

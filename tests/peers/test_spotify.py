"""spotipy, unmodified but for the host, against `stave spotify sandbox`.

Runs with whichever spotipy is installed; 2.23.0 (which asks for `/tracks`) and
2.26.0 (which asks for `/items`) are those that must pass.
"""

import pytest
from spotipy.exceptions import SpotifyException
from spotipy.oauth2 import SpotifyOAuth, SpotifyOauthError, SpotifyPKCE

from spotify_sandbox import GLOBAL_50, TODAYS_TOP_HITS, pages, sandbox  # noqa: F401


def test_playlists_as_the_public_pipelines_read_them(sandbox):
    spotify = sandbox().app()
    for playlist, count in ((GLOBAL_50, 50), (TODAYS_TOP_HITS, 100)):
        items = pages(spotify, spotify.playlist_tracks(playlist))
        assert items == pages(spotify, spotify.playlist_items(playlist))
        assert len(items) == count == len({item["track"]["id"] for item in items})
        for item in items:
            track, album = item["track"], item["track"]["album"]
            assert item["added_at"] and track["name"] and track["external_urls"]["spotify"]
            assert isinstance(track["duration_ms"], int) and isinstance(track["popularity"], int)
            assert len(album["release_date"]) == 10 and album["total_tracks"] > 0
            for artist in track["artists"]:
                assert artist["name"] and artist["href"].endswith(artist["id"])
        full = spotify.playlist(playlist)
        assert full["owner"]["id"] == "spotify" and full["tracks"]["total"] == count
    assert len(spotify.user_playlists("spotify")["items"]) >= 10


def test_the_catalogue(sandbox):
    spotify = sandbox().app()
    track = spotify.playlist_tracks(GLOBAL_50)["items"][0]["track"]
    artist, album = track["artists"][0]["id"], track["album"]["id"]
    assert spotify.track(track["id"])["name"] == track["name"]
    assert [one["id"] for one in spotify.tracks([track["id"]])["tracks"]] == [track["id"]]
    assert spotify.artist(artist)["followers"]["total"] >= 0
    assert len(spotify.artists([artist])["artists"]) == 1
    albums = pages(spotify, spotify.artist_albums(artist, limit=5))
    assert len({one["id"] for one in albums}) == len(albums) > 0
    assert spotify.album(album)["label"] and len(spotify.albums([album])["albums"]) == 1
    tracks = pages(spotify, spotify.album_tracks(album, limit=5))
    assert track["id"] in {one["id"] for one in tracks}
    assert 0 < len(spotify.artist_top_tracks(artist)["tracks"]) <= 10
    found = spotify.search(q=f'artist:"{track["artists"][0]["name"]}"', type="artist,track", limit=10)
    assert artist in {one["id"] for one in found["artists"]["items"]}
    assert spotify.audio_features([track["id"]])[0]["id"] == track["id"]


@pytest.mark.parametrize("kind", [SpotifyPKCE, SpotifyOAuth])
def test_what_belongs_to_a_user(sandbox, kind):
    spotify = sandbox().user(kind)
    assert spotify.me()["email"] == "sandbox@example.com"
    for read, key in (
        (spotify.current_user_saved_tracks, "track"),
        (spotify.current_user_saved_albums, "album"),
        (spotify.current_user_saved_shows, "show"),
        (spotify.current_user_saved_episodes, "episode"),
    ):
        page = read(limit=50)
        items = pages(spotify, page)
        assert len(items) == page["total"] == len({item[key]["id"] for item in items})
    assert len(pages(spotify, spotify.current_user_playlists(limit=10))) > 40
    for read in (spotify.current_user_top_artists, spotify.current_user_top_tracks):
        assert len(pages(spotify, read(limit=50, time_range="short_term"))) == 80
    assert len(spotify.current_user_recently_played(limit=50)["items"]) == 50
    followed, page = [], spotify.current_user_followed_artists(limit=50)["artists"]
    while True:
        followed += page["items"]
        if not page["next"]:
            break
        page = spotify.next(page)["artists"]
    assert len(followed) == page["total"] == 130
    biggest = max(
        pages(spotify, spotify.current_user_playlists()), key=lambda one: one["tracks"]["total"]
    )
    entries = pages(spotify, spotify.playlist_items(biggest["id"], limit=100))
    assert len(entries) == biggest["tracks"]["total"] >= 9_990


def test_tokens_are_refreshed_and_pkce_rotates(sandbox):
    server = sandbox()
    spotify = server.user()
    auth = spotify.auth_manager
    old = auth.cache_handler.get_cached_token()["refresh_token"]
    new = auth.refresh_access_token(old)["refresh_token"]
    assert new != old
    with pytest.raises(SpotifyOauthError, match="invalid_grant"):
        auth.refresh_access_token(old)
    assert auth.refresh_access_token(new)["access_token"]
    named = sandbox("--client", "client:other")
    with pytest.raises(SpotifyOauthError, match="invalid_client"):
        named.app().playlist(GLOBAL_50)


def test_a_new_app_is_refused_as_by_spotify(sandbox):
    server = sandbox("--profile", "dev-new")
    spotify = server.user(retries=0)
    for call, status in (
        (lambda: spotify.playlist(GLOBAL_50), 404),
        (lambda: spotify.playlist_items("3cEYpjA9oz9GiPac4AsH4n"), 403),
        (lambda: spotify.tracks(["3cEYpjA9oz9GiPac4AsH4n"]), 403),
        (lambda: spotify.search("love", limit=50), 400),
    ):
        with pytest.raises(SpotifyException) as refused:
            call()
        assert refused.value.http_status == status
    assert "popularity" not in spotify.current_user_saved_tracks()["items"][0]["track"]
    assert None in pages(spotify, spotify.current_user_playlists(limit=50))


def test_faults_are_retried_and_limits_are_kept(sandbox):
    server = sandbox("--fault", f"GET /v1/playlists/{GLOBAL_50}: 502 x2")
    assert server.app(backoff_factor=0.01).playlist(GLOBAL_50)["tracks"]["total"] == 50
    server = sandbox("--quota", "playlists=2")
    spotify = server.app(retries=0, status_retries=0, status_forcelist=(599,))
    for _ in range(2):
        spotify.playlist(GLOBAL_50)
    with pytest.raises(SpotifyException) as refused:
        spotify.playlist(GLOBAL_50)
    assert refused.value.http_status == 429
    assert refused.value.reason == "QUOTA_EXCEEDED"
    assert int(refused.value.headers["Retry-After"]) > 86_000
    assert spotify.track(spotify.playlist_items(GLOBAL_50)["items"][0]["track"]["id"])

"""What spotipy reads from a sandbox beside what `stave spotify extract` puts into a bucket.

The records are compared whole. Runs with spotipy 2.23.0 and 2.26.0, as test_spotify.py does.
"""

import json

from spotify_sandbox import GLOBAL_50, pages, sandbox  # noqa: F401

RANGES = ("long_term", "medium_term", "short_term")


# The world moves with time: here it stays as it is for as long as this takes.
MOMENT = ("--at", "2026-03-01T12:00:05Z")


class Extracted:
    """The raw pages that an extract has put."""

    def __init__(self, stave, server, *words):
        stave.run("mb", "s3://raw", check=False)
        self.folder = stave.bucket("raw") / "raw_data/spotify/sandbox"
        done = stave.run(
            "--json", "spotify", "extract", "--sandbox", server.base, "--bucket", "s3://raw",
            "--layout", "by-stream", *words, check=False,
        )
        self.report = {one["stream"]: one for one in json.loads(done.stdout)["streams"]}

    def pages(self, stream):
        """The answers of a stream in order, by the part of it that they are of."""
        found = {}
        for path in sorted((self.folder / stream).rglob("*.json")):
            part = path.relative_to(self.folder / stream).parts[0]
            found.setdefault(part, []).append(json.loads(path.read_text()))
        return found

    def rows(self, stream, part=None):
        (answers,) = [of for name, of in self.pages(stream).items() if part in (None, name)]
        return [row for answer in answers for row in answer["items"]]


def test_playlists(sandbox, stave):
    server = sandbox(*MOMENT)
    spotify = server.user()
    extracted = Extracted(stave, server, "--stream", "playlists")
    lists = pages(spotify, spotify.current_user_playlists(limit=50))
    assert extracted.rows("playlists") == lists and len(lists) > 40
    # Of each nature: of one's own, others', with local files, episodes, and what is gone.
    short = [one["id"] for one in lists[:12] if one["tracks"]["total"] < 1000]
    chosen = [GLOBAL_50, *short]
    words = [word for one in dict.fromkeys(chosen) for word in ("--playlist", one)]
    extracted = Extracted(stave, server, *words)
    kinds = set()
    for playlist in dict.fromkeys(chosen):
        ours = extracted.rows("playlist_items", playlist)
        theirs = pages(spotify, spotify.playlist_items(playlist, limit=50))
        assert ours == theirs, playlist
        # As the older pipelines ask: tracks only, and episodes in their shape.
        old = pages(spotify, spotify.playlist_tracks(playlist, limit=50))
        assert len(old) == len(ours)
        for row, plain in zip(ours, old):
            assert (row["added_at"], row["is_local"]) == (plain["added_at"], plain["is_local"])
            assert (row["track"] or {}).get("uri") == (plain["track"] or {}).get("uri")
            kinds.add("local" if row["is_local"] else (row["track"] or {}).get("type"))
    assert kinds == {"track", "episode", "local", None}


def test_the_library(sandbox, stave):
    server = sandbox(*MOMENT)
    spotify = server.user()
    streams = {
        "saved_tracks": spotify.current_user_saved_tracks,
        "saved_albums": spotify.current_user_saved_albums,
        "saved_shows": spotify.current_user_saved_shows,
        "saved_episodes": spotify.current_user_saved_episodes,
    }
    words = [word for name in streams for word in ("--stream", name)]
    extracted = Extracted(
        stave, server, *words, "--stream", "saved_audiobooks", "--stream", "me",
        "--stream", "plays", "--stream", "top_tracks", "--stream", "top_artists",
        "--stream", "followed_artists",
    )
    for name, read in streams.items():
        ours, theirs = extracted.rows(name), pages(spotify, read(limit=50))
        assert ours == theirs and ours, name
        assert extracted.report[name]["got"] == extracted.report[name]["asked"] == len(theirs)
    # spotipy has no call for audiobooks; they come by its own hand all the same.
    books = pages(spotify, spotify._get("me/audiobooks", limit=50))
    assert extracted.rows("saved_audiobooks") == books and books
    (me,) = extracted.pages("me").values()
    assert me == [spotify.me()]
    plays = spotify.current_user_recently_played(limit=50)["items"]
    assert extracted.rows("plays") == plays and len(plays) == 50
    for kind, read in (
        ("top_tracks", spotify.current_user_top_tracks),
        ("top_artists", spotify.current_user_top_artists),
    ):
        for term in RANGES:
            theirs = pages(spotify, read(limit=50, time_range=term))
            assert extracted.rows(kind, term) == theirs and theirs
    followed, page = [], spotify.current_user_followed_artists(limit=50)["artists"]
    while page:
        followed += page["items"]
        page = page["next"] and spotify.next(page)["artists"]
    (answers,) = extracted.pages("followed_artists").values()
    assert [row for answer in answers for row in answer["artists"]["items"]] == followed


def same(one, other):
    """Asserts that what both tell of a thing is the same."""
    shared = one.keys() & other.keys()
    assert {"id", "name", "uri", "type"} <= shared
    for key in shared - {"href"}:
        assert one[key] == other[key], (one["uri"], key)


def test_the_catalogue(sandbox, stave):
    server = sandbox(*MOMENT)
    spotify = server.user()
    extracted = Extracted(
        stave, server, "--stream", "saved_tracks", "--stream", "albums", "--stream", "artists",
        "--budget", "5",
    )

    def dimension(name):
        (answers,) = extracted.pages(name).values()
        return {row["id"]: row for answer in answers for row in answer[name]}

    albums, artists = dimension("albums"), dimension("artists")
    tracks = {row["track"]["id"]: row["track"] for row in extracted.rows("saved_tracks")}
    assert len(albums) == 100 and len(artists) == 250
    for album in list(albums)[:10]:
        assert spotify.album(album) == albums[album]
        theirs = pages(spotify, spotify.album_tracks(album, limit=50))
        assert theirs[: len(albums[album]["tracks"]["items"])] == albums[album]["tracks"]["items"]
    for artist in list(artists)[:10]:
        assert spotify.artist(artist) == artists[artist]
    met = 0
    for artist in list(artists)[:60]:
        for album in pages(spotify, spotify.artist_albums(artist, limit=50)):
            if album["id"] in albums:
                same({k: v for k, v in album.items() if k != "album_group"}, albums[album["id"]])
                met += 1
    assert met > 20
    met = 0
    for track in list(tracks.values())[:15]:
        assert spotify.track(track["id"]) == track
        named = f'track:"{track["name"]}" artist:"{track["artists"][0]["name"]}"'
        found = spotify.search(q=named, type="track,album,artist", limit=50)
        for one in found["tracks"]["items"]:
            if one["id"] == track["id"]:
                same(one, track)
                met += 1
        for kind, known in (("albums", albums), ("artists", artists)):
            for one in found[kind]["items"]:
                if one["id"] in known:
                    same(one, known[one["id"]])
    assert met == 15

"""The transform's rows beside those of pandas, doing what the public pipelines do."""

import copy
import json

import duckdb
import pandas as pd
import pytest

from program import ROOT

TRANSFORM = ROOT / "examples/spotify-api/transform.yaml"


def track(n, released, artists=("a", "b")):
    """A track as the Web API shapes it."""
    return {
        "id": f"t{n}", "type": "track", "name": f'Song "{n}", live' if n % 2 else f"歌 {n}",
        "duration_ms": 1000 * n, "popularity": n % 100,
        "external_urls": {"spotify": f"https://open.spotify.com/track/t{n}"},
        "artists": [
            {"id": a, "name": f"Artist {a}", "href": f"https://api.spotify.com/v1/artists/{a}",
             "external_urls": {"spotify": f"https://open.spotify.com/artist/{a}"}}
            for a in artists
        ],
        "album": {
            "id": f"l{n // 2}", "name": f"Album {n // 2}", "release_date": released,
            "total_tracks": 10 + n // 2,
            "external_urls": {"spotify": f"https://open.spotify.com/album/l{n // 2}"},
            "artists": [{"id": artists[0]}],
        },
    }


DATES = ["1981-12-15", "1981-12", "1981", "0000", None, "2024-02-29", "2023-02-30", "1999-1"]


def entries():
    """Entries with the warts that occur: each album's tracks share its date."""
    listed = [
        {"added_at": f"2024-01-{n + 1:02}T10:00:00Z", "is_local": False,
         "track": track(n, DATES[n // 2 % len(DATES)], artists=("a", f"x{n % 5}"))}
        for n in range(16)
    ]
    local = track(99, None)
    for thing in [local, local["album"], *local["artists"]]:
        thing["id"] = None
    episode = track(98, "2024-01-01") | {"type": "episode"}
    return [
        listed[0] | {"added_at": "2023-01-01T00:00:00Z"},  # the same song, added before
        *listed,
        None,
        {"added_at": None, "track": None},
        {"added_at": "2024-01-01T00:00:00Z", "is_local": True, "track": local},
        {"added_at": "2024-01-01T00:00:00Z", "track": episode},
    ]


def new_names(listed):
    renamed = copy.deepcopy(listed)
    for entry in renamed:
        if entry:
            entry["item"] = entry.pop("track")
    return renamed


SHAPES = {
    "a page of old names": lambda listed: {"href": "x", "items": listed, "next": None},
    "a page of new names": lambda listed: {"items": new_names(listed)},
    "a page of both": lambda listed: {
        "items": [e and {**e, "item": e["track"]} for e in listed]
    },
    "an old playlist": lambda listed: {"id": "p", "tracks": {"items": listed}},
    "a new playlist": lambda listed: {"id": "p", "items": {"items": new_names(listed)}},
    "a list of playlists": lambda listed: [{"id": "p", "tracks": {"items": listed}}],
}


def by_pandas(listed):
    """Albums, artists and songs as the handlers of the public pipelines make them."""
    albums, artists, songs = [], [], []
    for row in listed:
        # They fail on these; what they mean is that there is no song.
        if not row or not row["track"] or row["track"]["id"] is None or row["track"]["type"] != "track":
            continue
        track = row["track"]
        album = track["album"]
        albums.append({
            "album_id": album["id"], "name": album["name"], "release_date": album["release_date"],
            "total_tracks": album["total_tracks"], "url": album["external_urls"]["spotify"],
        })
        for artist in track["artists"]:
            artists.append({
                "artist_id": artist["id"], "artist_name": artist["name"],
                "external_url": artist["external_urls"]["spotify"],
            })
        songs.append({
            "song_id": track["id"], "song_name": track["name"], "duration_ms": track["duration_ms"],
            "url": track["external_urls"]["spotify"], "popularity": track["popularity"],
            "song_added": row["added_at"], "album_id": album["id"],
            "artist_id": album["artists"][0]["id"],
        })
    albums = pd.DataFrame(albums).drop_duplicates(subset=["album_id"])
    # A date of each precision; what pandas cannot read is none.
    albums["release_date"] = pd.to_datetime(
        albums["release_date"].where(albums["release_date"].str.len().isin([4, 7, 10])),
        format="ISO8601", errors="coerce",
    ).dt.date
    artists = pd.DataFrame(artists).drop_duplicates(subset=["artist_id"])
    songs = pd.DataFrame(songs).sort_values("song_added").drop_duplicates("song_id", keep="last")
    songs["song_added"] = pd.to_datetime(songs["song_added"]).dt.tz_localize(None)
    return {"album_data": albums, "artist_data": artists, "songs_data": songs}


def rows(frame):
    plain = frame.astype(object).where(frame.notna(), None)
    return sorted(tuple(row) for row in plain.itertuples(index=False))


def written(stave, table, form, columns):
    files = f"{stave.bucket('lake')}/transformed_data/{table}/*"
    read = f"read_parquet('{files}')" if form == "parquet" else f"read_csv('{files}')"
    frame = duckdb.sql(f"select {', '.join(columns)} from {read}").df()
    for name in ("release_date",):
        if name in frame:
            frame[name] = pd.to_datetime(frame[name]).dt.date
    return frame


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("shape", SHAPES)
def test_rows_are_those_of_pandas(stave, shape, form):
    stave.run("mb", "s3://lake")
    folder = stave.bucket("lake") / "raw_data/to_processed"
    folder.mkdir(parents=True)
    raw = json.dumps(SHAPES[shape](entries()), indent=1 if form == "csv" else None)
    (folder / "spotify_raw_2024-01-01 00:00:00.000001.json").write_text(raw)
    stave.run("job", "run", TRANSFORM, "--arg", "bucket=s3://lake", "--arg", f"format={form}")
    for table, wanted in by_pandas(entries()).items():
        found = written(stave, table, form, list(wanted.columns))
        assert rows(found) == rows(wanted), table
    assert not list(folder.glob("*.json"))
    assert len(list((stave.bucket("lake") / "raw_data/processed").glob("*.json"))) == 1


def test_each_precision_of_a_release_date_is_told(stave):
    stave.run("mb", "s3://lake")
    folder = stave.bucket("lake") / "raw_data/to_processed"
    folder.mkdir(parents=True)
    (folder / "raw.json").write_text(json.dumps({"items": entries()}))
    stave.run("job", "run", TRANSFORM, "--arg", "bucket=s3://lake")
    files = stave.bucket("lake") / "transformed_data/album_data/*.parquet"
    found = duckdb.sql(
        f"select release_date::varchar, release_date_precision from '{files}' order by total_tracks"
    ).fetchall()
    assert found == [
        ("1981-12-15", "day"), ("1981-12-01", "month"), ("1981-01-01", "year"), (None, None),
        (None, None), ("2024-02-29", "day"), (None, None), (None, None),
    ]

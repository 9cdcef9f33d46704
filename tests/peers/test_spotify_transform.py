"""From the sandbox's odd playlists, warts and all, to tables: beside pandas on the same raw objects."""

import json

from spotify_sandbox import sandbox  # noqa: F401
from test_transform import TRANSFORM, by_pandas, rows, written

MOMENT = ("--at", "2026-03-01T12:00:05Z")


def listed(stave):
    """The user's playlists, as extracted."""
    folder = stave.bucket("lists") / "raw_data/playlists"
    pages = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return [one for page in pages for one in page["items"] if one]


def test_what_is_odd_in_a_playlist_is_in_no_table(sandbox, stave):
    server = sandbox(*MOMENT)
    for bucket in ("s3://lists", "s3://lake"):
        stave.run("mb", bucket)
    extract = ("spotify", "extract", "--sandbox", server.base)
    stave.run(*extract, "--stream", "playlists", "--bucket", "s3://lists", "--account", "lists")
    short = [one["id"] for one in listed(stave) if one["tracks"]["total"] < 500][:12]
    words = [word for one in short for word in ("--playlist", one)]
    stave.run(*extract, *words, "--bucket", "s3://lake")
    entries = []
    for path in sorted((stave.bucket("lake") / "raw_data/to_processed").glob("*.json")):
        entries += json.loads(path.read_text())["items"]
    tracks = [entry["track"] for entry in entries if entry]
    # All that the sandbox knows of oddities is there.
    kinds = {"none" if not track else "local" if track["id"] is None else track["type"] for track in tracks}
    assert kinds == {"none", "local", "episode", "track"}
    dates = {len(track["album"]["release_date"] or "") for track in tracks if track}
    assert {0, 4, 7, 10} <= dates, dates

    stave.run("job", "run", TRANSFORM, "--arg", "bucket=s3://lake")
    # The last entry of a song counts: pandas takes one without a time for the last of all.
    dated = {entry["track"]["id"] for entry in entries if entry and entry["track"] and entry["added_at"]}
    timed = [
        entry for entry in entries
        if not entry or not entry["track"] or entry["added_at"] or entry["track"]["id"] not in dated
    ]
    assert 0 < len(timed) < len(entries)
    for table, wanted in by_pandas(timed).items():
        found = written(stave, table, "parquet", list(wanted.columns))
        assert len(found) == len(wanted) > 100, table
        assert rows(found) == rows(wanted), table
    # What was read is not read again.
    before = sorted((stave.bucket("lake") / "transformed_data").rglob("*.parquet"))
    stave.run("job", "run", TRANSFORM, "--arg", "bucket=s3://lake")
    assert sorted((stave.bucket("lake") / "transformed_data").rglob("*.parquet")) == before

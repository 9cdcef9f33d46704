"""Calls, seconds and memory of the extractor beside spotipy, on one sandbox; and of the import.

    cargo build --release
    python3 benches/spotify/run.py                       # spotipy too, where it is installed
    python3 benches/spotify/run.py --limit-extract 3 --limit-import 2

The sandbox, the extractor and spotipy run on the same machine, on loopback; the user's largest
playlist (10,000 entries) is read from its first page to its last. The export is generated: 280,000
rows of today's form in 18 files, in a zip. Times are those of whole processes.
"""

import argparse
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

SPOTIPY = """
import sys, spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials
base, playlist = sys.argv[1:]
auth = SpotifyClientCredentials("id", "secret", cache_handler=MemoryCacheHandler())
auth.OAUTH_TOKEN_URL = base + "/api/token"
spotify = spotipy.Spotify(auth_manager=auth)
spotify.prefix = base + "/v1/"
page, calls = spotify.playlist_tracks(playlist), 1
rows = len(page["items"])
while page["next"]:
    page = spotify.next(page)
    rows, calls = rows + len(page["items"]), calls + 1
print(rows, calls)
"""


def timed(command, env):
    """Wall seconds, CPU seconds, peak MiB and output of a process."""
    begun = time.monotonic()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.stdout.read(), process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command} failed:\n{err.decode()}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.decode()


def show(name, runs, more=""):
    wall, cpu, peak = (statistics.median(run[at] for run in runs) for at in range(3))
    print(f"{name:28} {wall:7.2f} s wall {cpu:7.2f} s CPU {peak:6.0f} MiB  {more}")
    return wall


def export(path, rows):
    """A zip as Spotify sends it."""
    draw = random.Random(1)
    tracks = [
        ("spotify:track:" + "".join(draw.choices("0123456789abcdefghijkXYZ", k=22)),
         f"A Track of Number {n}", f"Artist {n % 900}", f"The Album, Vol. {n % 4000}")
        for n in range(15_000)
    ]
    per_file, at, number = 15_700, 1_400_000_000, 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        while rows > 0:
            plays = []
            for _ in range(min(per_file, rows)):
                at += draw.randrange(60, 2400)
                uri, title, artist, album = draw.choice(tracks)
                plays.append({
                    "ts": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
                    "platform": "android", "ms_played": draw.randrange(400_000),
                    "conn_country": "DE", "ip_addr": f"192.0.2.{draw.randrange(255)}",
                    "master_metadata_track_name": title,
                    "master_metadata_album_artist_name": artist,
                    "master_metadata_album_album_name": album, "spotify_track_uri": uri,
                    "episode_name": None, "episode_show_name": None, "spotify_episode_uri": None,
                    "audiobook_title": None, "audiobook_uri": None, "audiobook_chapter_uri": None,
                    "audiobook_chapter_title": None, "reason_start": "trackdone",
                    "reason_end": "trackdone", "shuffle": draw.random() < 0.5, "skipped": False,
                    "offline": False, "offline_timestamp": at, "incognito_mode": False,
                })
            name = f"Spotify Extended Streaming History/Streaming_History_Audio_{number}.json"
            archive.writestr(name, json.dumps(plays, indent=2))
            rows, number = rows - len(plays), number + 1


def main():
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("--stave", default=ROOT / "target/release/stave", type=pathlib.Path)
    parse.add_argument("--python", default=sys.executable, help="one that has spotipy")
    parse.add_argument("--runs", default=3, type=int)
    parse.add_argument("--rows", default=280_000, type=int)
    parse.add_argument("--limit-extract", type=float, help="fails when the median is over it, in s")
    parse.add_argument("--limit-import", type=float, help="fails when the median is over it, in s")
    args = parse.parse_args()
    room = pathlib.Path("/dev/shm")
    late = []
    with tempfile.TemporaryDirectory(dir=room if room.is_dir() else None) as work:
        work = pathlib.Path(work)
        env = {name: text for name, text in os.environ.items() if not name.startswith("STAVE_")}
        env["STAVE_HOME"] = str(work / "home")
        stave = lambda *words: [str(args.stave), *map(str, words)]
        sandbox = subprocess.Popen(
            stave("spotify", "sandbox", "--listen", "127.0.0.1:0", "--at", "2026-03-01T00:00:00Z"),
            env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        try:
            base = sandbox.stdout.readline().strip()
            timed(stave("mb", "s3://raw"), env)
            extract = stave("spotify", "extract", "--sandbox", base, "--bucket", "s3://raw", "--json")
            timed([*extract, "--stream", "playlists"], env)
            lists = [
                one
                for page in (work / "home/buckets/raw/raw_data/playlists").iterdir()
                for one in json.loads(page.read_text())["items"]
                if one
            ]
            best = max(lists, key=lambda one: one["tracks"]["total"] or 0)["id"]
            runs = [timed([*extract, "--playlist", best, "--full"], env) for _ in range(args.runs)]
            report = json.loads(runs[-1][3])
            rows = report["streams"][-1]["got"]
            wall = show("extract, first or --full", runs, f"{rows} rows, {report['calls']} calls")
            if args.limit_extract and wall > args.limit_extract:
                late.append(f"the extract took {wall:.2f} s")
            runs = [timed([*extract, "--playlist", best], env) for _ in range(args.runs)]
            calls = json.loads(runs[-1][3])["calls"]
            show("extract, nothing has changed", runs, f"{calls} call")
            try:
                command = [args.python, "-c", SPOTIPY, base, best]
                runs = [timed(command, env) for _ in range(args.runs)]
                rows, calls = runs[-1][3].split()
                show("spotipy, nothing is kept", runs, f"{rows} rows, {calls} calls")
            except SystemExit as failed:
                if not re.search("No module named 'spotipy'", str(failed)):
                    raise
                print("spotipy                      is not installed here (--python)")
        finally:
            sandbox.terminate()
            sandbox.wait()
        export(work / "my_spotify_data.zip", args.rows)
        command = stave("spotify", "import", work / "my_spotify_data.zip", "--out", "s3://raw/plays")
        runs = [timed(command, env) for _ in range(args.runs)]
        wall = show("import of the zip", runs, f"{args.rows} rows")
        if args.limit_import and wall > args.limit_import:
            late.append(f"the import took {wall:.2f} s")
    if late:
        sys.exit("; ".join(late))


if __name__ == "__main__":
    main()

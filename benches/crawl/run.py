#!/usr/bin/env python3
"""A crawl of many small objects: its first time, and again when nothing changed. See benches/README.md."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MEMORY_FILE_SYSTEM = Path("/dev/shm")
BUCKET = "lake"
DAYS = 28


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=10_000, help="how many (default 10000)")
    parser.add_argument("--runs", type=int, default=3, help="each on a new home (default 3)")
    parser.add_argument("--limit", type=float, metavar="SECONDS", help="fail when the first crawl's median is over it")
    parser.add_argument("--stave", type=Path, default=ROOT / "target/release/stave", help="the binary")
    parser.add_argument("--work", type=Path, help="where homes are made (default: in memory)")
    options = parser.parse_args()
    if options.objects < 100 or options.runs < 1:
        parser.error("at least 100 objects and one run")
    options.stave = options.stave.resolve()
    if not options.stave.is_file():
        parser.error(f"there is no {options.stave}; build it: cargo build --release")
    return options


class Home:
    """A home with one bucket, whose objects are dropped in as files."""

    def __init__(self, stave: Path, folder: Path):
        self.folder = folder
        self.command = [str(stave), "--home", str(folder)]
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STAVE_"))}
        self.run("mb", f"s3://{BUCKET}")

    def run(self, *words: str) -> str:
        done = subprocess.run([*self.command, *words], env=self.env, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"stave {' '.join(words)} ended with {done.returncode}:\n{done.stderr}")
        return done.stdout

    def put(self, key: str, content: bytes) -> None:
        path = self.folder / "buckets" / BUCKET / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def crawl(self, name: str) -> tuple[float, dict]:
        """How long the whole process took, and what it said."""
        started = time.perf_counter()
        said = self.run("--json", "crawler", "run", name)
        return time.perf_counter() - started, json.loads(said)


def parquet(home: Home, scratch: Path) -> bytes:
    """A small Parquet file."""
    path = scratch / "one.parquet"
    sql = "select 't1' as track_id, 67 as popularity, 188.36 as duration_sec"
    home.run("query", sql, "-o", str(path))
    return path.read_bytes()


def fill(home: Home, objects: int, scratch: Path) -> None:
    """A third each of CSV in one folder, JSON by hour and Parquet by day, as pipelines leave them."""
    block = parquet(home, scratch)
    for number in range(objects):
        kind, place = number % 3, number // 3
        day, hour = place // 24 % DAYS + 1, place % 24
        if kind == 0:
            rows = "".join(f"a{number}-{row},Album {row},{row * 7 % 100}\n" for row in range(5))
            home.put(f"raw/albums/{number:06}.csv", f"album_id,name,popularity\n{rows}".encode())
        elif kind == 1:
            event = {"id": f"e{number}", "track": {"id": "t1", "ms": number}, "skipped": number % 2 == 0}
            key = f"raw/events/year=2023/month=01/day={day:02}/hour={hour:02}/{number:06}.json"
            home.put(key, (json.dumps(event) + "\n").encode())
        else:
            home.put(f"raw/tracks/day=2023-01-{day:02}/{number:06}.snappy.parquet", block)


def check(crawl: dict, objects: int, created: int) -> None:
    """A crawl that is fast because it missed something is none."""
    found = {table["Table"]: table for table in crawl["Tables"]}
    wrong = (
        sorted(found) != ["albums", "events", "tracks"]
        or crawl["Objects"] != objects
        or crawl["TablesCreated"] != created
        or crawl["TablesUpdated"] != 0
        or sum(table["Objects"] for table in found.values()) != objects
        or (found["events"]["Partitions"], found["tracks"]["Partitions"]) != partitions(objects)
    )
    if wrong:
        sys.exit("the crawl did not find what is there:\n" + json.dumps(crawl, indent=2))


def partitions(objects: int) -> tuple[int, int]:
    """Of the events and of the tracks."""
    hours = {place % (24 * DAYS) for place in range(len(range(1, objects, 3)))}
    days = {place // 24 % DAYS for place in range(len(range(2, objects, 3)))}
    return len(hours), len(days)


def main() -> None:
    options = arguments()
    base = options.work or (MEMORY_FILE_SYSTEM if MEMORY_FILE_SYSTEM.is_dir() else None)
    first, again = [], []
    for run in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="stave-crawl-", dir=base) as scratch:
            home = Home(options.stave, Path(scratch) / "home")
            fill(home, options.objects, Path(scratch))
            home.run("crawler", "create", "bench", "--target", f"s3://{BUCKET}/raw/", "--database", "bench")
            took, crawl = home.crawl("bench")
            check(crawl, options.objects, created=3)
            first.append(took)
            took, crawl = home.crawl("bench")
            check(crawl, options.objects, created=0)
            again.append(took)
            print(f"run {run + 1}: first {first[-1]:.2f} s, again {again[-1]:.2f} s", file=sys.stderr)
            shutil.rmtree(home.folder)
    median = statistics.median(first)
    print(f"crawl of {options.objects:,} objects: {median:.2f} s, again {statistics.median(again):.2f} s (medians of {options.runs})")
    if options.limit and median > options.limit:
        sys.exit(f"over the limit of {options.limit:g} s")


if __name__ == "__main__":
    main()

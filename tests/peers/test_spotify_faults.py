"""Every fault that Spotify is known for, one by one: what the extractor makes of it, as a process.

Each run is beside one without a fault on the same world: the same rows, or the
report, the exit code and the next run say what is missing.
"""

import json
import re
import signal
import subprocess
import time

import pytest

from spotify_sandbox import GLOBAL_50, Sandbox, sandbox  # noqa: F401

# The world moves with time: here it stays as it is for as long as this takes.
MOMENT = ("--at", "2026-03-01T12:00:05Z")
SAVED = ("--stream", "saved_tracks", "--stream", "followed_artists")
# What has a mark to go on from. The list of artists has none: it is read whole by each run.
REST = ("--stream", "saved_tracks")
PARTIAL, CLOSED = 1, 3


class Run:
    """One extract: how it ended and what it said."""

    def __init__(self, done):
        self.code, self.err = done.returncode, done.stderr
        self.report = json.loads(done.stdout)
        self.streams = {one["stream"]: one for one in self.report["streams"]}


def command(server, *words):
    return (
        "--json", "spotify", "extract", "--sandbox", server.base, "--bucket", "s3://raw",
        "--layout", "by-stream", *words,
    )


def extract(stave, server, *words):
    stave.run("mb", "s3://raw", check=False)
    return Run(stave.run(*command(server, *words), check=False))


def rows(stave):
    """Every row in the bucket in order, by stream and part; addresses without a sandbox's port."""
    folder = stave.bucket("raw") / "raw_data/spotify/sandbox"
    found = {}
    for path in sorted(folder.rglob("*.json")):
        stream, *between, _ = path.relative_to(folder).parts
        page = json.loads(re.sub(r"http://127\.0\.0\.1:\d+", "BASE", path.read_text()))
        listed = page if "items" in page else page.get("artists", {"items": [page]})
        found.setdefault((stream, *between[:-1]), []).extend(listed["items"])
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a run without a fault puts."""
    from program import Stave

    stave = Stave(tmp_path_factory.mktemp("whole") / "home")
    server = Sandbox(stave, *MOMENT)
    try:
        done = extract(stave, server, *SAVED)
        assert done.code == 0, done.err
        found = rows(stave)
    finally:
        server.stop()
    assert {stream for stream, *_ in found} == {"saved_tracks", "followed_artists"}
    assert sum(map(len, found.values())) > 1000
    return found


GOT_OVER = {
    "bad gateway": ["502 x3 after 1"],
    "unavailable": ["503 once", "503 once after 2"],
    "gateway timeout": ["504 once"],
    "internal": ["500 once after 1"],
    "html": ["html x2"],
    "cut off": ["truncate x2 after 1"],
    "refused token": ["401 once after 1"],
    "short wait": ["429 retry-after=1 x2 after 1"],
    "no wait said": ["429 once"],
    "late": ["delay 300ms x3"],
    "all at once": ["502 once", "429 retry-after=1 once", "truncate once", "html once", "401 once"],
}


@pytest.mark.parametrize("faults", GOT_OVER.values(), ids=GOT_OVER)
def test_what_passes_is_got_over(sandbox, stave, whole, faults):
    words = [word for one in faults for word in ("--fault", f"GET /v1/me/tracks: {one}")]
    server = sandbox(*MOMENT, *words)
    done = extract(stave, server, *SAVED)
    assert done.code == 0 and done.report["standing"] == "complete", done.err
    assert rows(stave) == whole


def test_a_rate_limit_is_waited_for(sandbox, stave, whole):
    for more in ([], ["--no-retry-after"]):
        server = sandbox(*MOMENT, "--rate-limit", "15/2s", *more)
        done = extract(stave, server, *SAVED, "--full")
        assert done.code == 0, done.err
    # Both runs put all of it.
    assert rows(stave) == {key: 2 * listed for key, listed in whole.items()}


def test_pages_shrink_to_what_is_allowed_and_stay(sandbox, stave, whole, tmp_path):
    faults = tmp_path / "faults"
    faults.write_text("".join(
        f"# as an app in development mode is told\nGET /v1/me/tracks?limit={size}: 400 limit\n" for size in (50, 20)
    ))
    server = sandbox(*MOMENT, "--fault-file", str(faults))
    done = extract(stave, server, *REST)
    saved = done.streams["saved_tracks"]
    assert (done.code, saved["standing"], saved["got"]) == (0, "complete", saved["asked"]), done.err
    assert saved["calls"] == saved["pages"] + 2 == -(-saved["asked"] // 10) + 2
    (key,) = rows(stave)
    assert rows(stave)[key] == whole[key]
    # It is remembered: the next process asks for ten at once.
    again = extract(stave, server, *REST, "--full").streams["saved_tracks"]
    assert again["calls"] == again["pages"] == saved["pages"]


STAYS = {
    "bad gateway": ("502 x5 after 3", "502"),
    "html": ("html x5 after 3", "me/tracks"),
    "cut off": ("truncate x5 after 3", "me/tracks"),
}


@pytest.mark.parametrize("fault, words", STAYS.values(), ids=STAYS)
def test_what_stays_is_said_and_the_next_run_goes_on_from_the_last_page(sandbox, stave, whole, fault, words):
    server = sandbox(*MOMENT, "--fault", f"GET /v1/me/tracks: {fault}")
    done = extract(stave, server, *SAVED)
    saved = done.streams["saved_tracks"]
    assert (done.code, saved["standing"]) == (PARTIAL, "partial"), done.err
    assert (saved["pages"], saved["got"]) == (3, 150) and saved["got"] < saved["asked"]
    assert words in json.dumps(saved["missing"]), saved
    assert done.streams["followed_artists"]["standing"] == "complete"
    again = extract(stave, server, *REST)
    saved = again.streams["saved_tracks"]
    assert (again.code, saved["standing"]) == (0, "complete"), again.err
    assert saved["calls"] == -(-saved["asked"] // 50) - 3
    assert rows(stave) == whole


def test_the_next_run_goes_on_at_another_address(sandbox, stave, whole):
    """A checkpoint holds no host: the sandbox is another process, on another port."""
    server = sandbox(*MOMENT, "--fault", "GET /v1/me/tracks: 502 after 5")
    assert extract(stave, server, *SAVED).code == PARTIAL
    server.stop()
    other = sandbox(*MOMENT)
    done = extract(stave, other, *REST)
    assert done.code == 0 and done.streams["saved_tracks"]["calls"] < 40, done.err
    assert rows(stave) == whole


@pytest.mark.parametrize("said", [True, False], ids=["with Retry-After", "without"])
def test_a_used_up_quota_closes_its_bucket_and_the_others_go_on(sandbox, stave, whole, said):
    more = [] if said else ["--no-retry-after"]
    server = sandbox(*MOMENT, "--quota", "me.tracks=3", *more)
    done = extract(stave, server, *SAVED)
    saved = done.streams["saved_tracks"]
    assert done.code == CLOSED and saved["got"] == 150, done.err
    assert "closed_until" in json.dumps(done.report) and "run it again after that" in done.err
    assert done.streams["followed_artists"]["standing"] == "complete"
    # Nothing is asked of it until then, by any process.
    again = extract(stave, server, *SAVED)
    assert again.code == CLOSED and again.streams["saved_tracks"]["calls"] == 0
    (account,) = json.loads(stave.run("--json", "spotify", "status").stdout)
    (budget,) = [one for one in account["budgets"] if one["bucket"] == "me-tracks"]
    assert budget["closed_until"] and budget["takes"] == 3, budget


def test_runs_under_a_quota_become_one_whole(sandbox, stave, whole):
    """A day of three seconds: each run goes on where the last was stopped."""
    server = sandbox(*MOMENT, "--quota", "me.tracks=12/3s")
    codes, calls = [], 0
    for number in range(12):
        done = extract(stave, server, *(REST if number else SAVED))
        codes.append(done.code)
        calls += done.streams["saved_tracks"]["calls"]
        if done.code == 0:
            break
        time.sleep(3.1)
    assert codes[-1] == 0 and set(codes[:-1]) <= {CLOSED}, (codes, done.err)
    # No page twice: those that were refused are beside them, one a run.
    pages = -(-done.streams["saved_tracks"]["asked"] // 50)
    assert calls <= pages + len(codes), (calls, codes)
    assert rows(stave) == whole


DENIALS = {
    "403": "may not read",
    "403 no-message": "may not read",
    "403 empty": "may not read",
    "403 scope": "scope",
    "403 unregistered": "allow-list",
    "403 premium": "Premium",
    "404": "",
}


@pytest.mark.parametrize("fault, words", DENIALS.items(), ids=DENIALS)
def test_what_is_denied_is_missing_and_never_empty(sandbox, stave, whole, fault, words):
    server = sandbox(*MOMENT, "--fault", f"GET /v1/me/tracks: {fault}")
    done = extract(stave, server, *SAVED)
    saved = done.streams["saved_tracks"]
    assert done.code == PARTIAL and saved["standing"] != "complete", done.err
    assert saved["got"] == 0 and len(saved["missing"]) == 1
    assert words in saved["missing"][0]["why"], saved
    assert done.streams["followed_artists"]["standing"] == "complete"
    assert not [key for key in rows(stave) if key[0] == "saved_tracks"]


def test_a_playlist_that_is_hidden_is_missing_by_its_id(sandbox, stave):
    """Gone (404), forbidden (403), and there but without its entries, as new apps see others' lists."""
    gone, shut = "3cEYpjA9oz9GiPac4AsH4n", "4cEYpjA9oz9GiPac4AsH4n"
    server = sandbox(
        *MOMENT, "--fault", f"GET /v1/playlists/{gone}: 404", "--fault", f"GET /v1/playlists/{shut}: 403 no-message",
    )
    wanted = ["--playlist", gone, "--playlist", shut, "--playlist", GLOBAL_50]
    done = extract(stave, server, *wanted)
    items = done.streams["playlist_items"]
    assert (done.code, items["standing"], items["got"]) == (PARTIAL, "partial", 50), done.err
    told = json.dumps(items["missing"])
    assert len(items["missing"]) == 2 and gone in told and shut in told, told
    new = sandbox(*MOMENT, "--profile", "dev-new")
    done = extract(stave, new, "--stream", "playlist_items", "--account", "new")
    items = done.streams["playlist_items"]
    assert (done.code, items["standing"]) == (PARTIAL, "partial"), done.err
    assert any("not what is in it" in one["why"] for one in items["missing"]), items["missing"]
    assert done.streams["playlists"]["nulls"] > 0


def test_both_names_of_a_field_are_read(sandbox, stave):
    found = {}
    for shape in ("tracks", "items", "both"):
        server = sandbox(*MOMENT, "--shape", shape)
        words = ("--playlist", GLOBAL_50, "--account", shape)
        stave.run("mb", "s3://raw", check=False)
        done = Run(stave.run(*command(server, *words), check=False))
        assert done.code == 0, done.err
        folder = stave.bucket("raw") / "raw_data/spotify" / shape / "playlist_items"
        (path,) = folder.rglob("*.json")
        listed = json.loads(path.read_text())["items"]
        kept = [("track" in one, "item" in one) for one in listed]
        assert set(kept) == {(shape != "items", shape != "tracks")}
        found[shape] = [(one.get("track") or one.get("item"))["id"] for one in listed]
    assert found["tracks"] == found["items"] == found["both"] and len(found["both"]) == 50


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
@pytest.mark.parametrize("page", [0, 1, 2, 5, 11])
def test_a_run_that_ends_at_a_page_is_gone_on_with(sandbox, stave, whole, how, page):
    """The sandbox holds the call after `page` pages back; there the run ends."""
    server = sandbox(*MOMENT, "--fault", f"GET /v1/me/tracks: delay 20s once after {page}")
    stave.run("mb", "s3://raw")
    run = subprocess.Popen(
        stave.command(*command(server, "--stream", "saved_tracks")), env=stave.env,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    folder = stave.bucket("raw")
    begun = time.monotonic()
    while len(list(folder.rglob("page-*.json"))) < page or time.monotonic() - begun < 0.7:
        assert time.monotonic() - begun < 15 and run.poll() is None
        time.sleep(0.02)
    run.send_signal(how)
    said = run.communicate(timeout=10)[1]
    assert run.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL), said
    assert len(list(folder.rglob("page-*.json"))) == page
    done = extract(stave, server, *SAVED)
    assert done.code == 0, done.err
    saved = done.streams["saved_tracks"]
    # The end may have come between the last page and the note of it: that one is asked for again.
    left = -(-saved["asked"] // 50) - page
    assert left <= saved["calls"] <= left + (page > 0)
    assert rows(stave) == whole

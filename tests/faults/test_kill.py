"""kill -9 under a mixed load: what was acknowledged is there and whole, and nothing else is seen."""

import hashlib
import random
import re
import sqlite3
import threading
import time

import pytest
from served import Served
from wire import Closed, Wire, quote

WORKERS = 8
KEYS_A_WORKER = 12
PART = 5 << 20
SIZES = (0, 10, 1_000, 30_000, 300_000, 2_000_000)
GONE = None


def body(rng, size):
    """Random bytes, the same for the same seed; no two bodies are alike."""
    seed = rng.randbytes(min(size, 4096))
    return (seed * (size // max(len(seed), 1) + 1))[:size]


def digest(data):
    return hashlib.md5(data).hexdigest()


class Worker(threading.Thread):
    """Works on keys of its own until the connection breaks off, and knows what each may hold then."""

    def __init__(self, number, server, seed, known, acknowledged):
        super().__init__(daemon=True)
        self.number, self.seed, self.acknowledged = number, seed, acknowledged
        self.wire = Wire(server.port, server.root())
        self.known = known  # key: the digests that it may have, GONE for none
        self.versions = []
        self.fault = None

    def run(self):
        rng = random.Random(self.seed)
        try:
            while True:
                self.step(rng)
                self.acknowledged.release()
        except (Closed, ConnectionError, OSError):
            pass
        except BaseException as fault:  # noqa: BLE001: it is the test's to raise
            self.fault = fault
        finally:
            self.acknowledged.release()
            self.wire.close()

    def step(self, rng):
        key = f"w{self.number}/{'deep/' * rng.randrange(3)}k{rng.randrange(KEYS_A_WORKER)} é"
        way = rng.choices(
            (self.put, self.delete, self.copy, self.in_parts, self.read, self.version), (6, 2, 2, 1, 3, 1)
        )[0]
        way(rng, key)

    def target(self, key, query=""):
        return f"/kill/{quote(key)}{query}"

    def becomes(self, key, content, act):
        """Between the request and its answer both are right."""
        before = self.known.get(key, {GONE})
        self.known[key] = before | {content}
        answer = act()
        assert answer.status in (200, 204), answer
        self.known[key] = {content}
        return answer

    def put(self, rng, key):
        data = body(rng, rng.choice(SIZES))
        self.becomes(key, digest(data), lambda: self.wire.request("PUT", self.target(key), data))

    def delete(self, rng, key):
        self.becomes(key, GONE, lambda: self.wire.request("DELETE", self.target(key)))

    def copy(self, rng, key):
        sources = [one for one, states in self.known.items() if len(states) == 1 and GONE not in states and one != key]
        if not sources:
            return self.put(rng, key)
        source = rng.choice(sorted(sources))
        (content,) = self.known[source]
        headers = {"x-amz-copy-source": self.target(source)[1:]}
        return self.becomes(key, content, lambda: self.wire.request("PUT", self.target(key), headers=headers))

    def in_parts(self, rng, key):
        begun = self.wire.request("POST", self.target(key, "?uploads"))
        upload = re.search(rb"<UploadId>(.*?)</UploadId>", begun.body)[1].decode()
        parts = [body(rng, PART), body(rng, 1000)]
        tags = []
        for number, part in enumerate(parts, 1):
            target = self.target(key, f"?partNumber={number}&uploadId={upload}")
            sent = self.wire.request("PUT", target, part)
            assert sent.status == 200, sent
            tags.append(sent.headers["etag"])
        listed = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>" for number, tag in enumerate(tags, 1)
        )
        document = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        target = self.target(key, f"?uploadId={upload}")
        self.becomes(key, digest(b"".join(parts)), lambda: self.wire.request("POST", target, document))

    def read(self, rng, key):
        """What is seen meanwhile is whole, too."""
        answer = self.wire.request("GET", self.target(key))
        (expected,) = self.known.get(key, {GONE})
        if expected is GONE:
            assert answer.status == 404, answer
        else:
            assert answer.status == 200 and digest(answer.body) == expected, answer

    def version(self, rng, key):
        """In a bucket that keeps versions every one that was acknowledged stays."""
        data = body(rng, rng.choice(SIZES[:4]))
        target = self.target(f"v{self.number}").replace("/kill/", "/versions/")
        sent = self.wire.request("PUT", target, data)
        assert sent.status == 200, sent
        self.versions.append((f"{target}?versionId={sent.headers['x-amz-version-id']}", digest(data)))


@pytest.mark.parametrize("fsync", ["true", "false"])
def test_what_was_acknowledged_survives(stave, long, fsync):
    """Also without flushes: what the kernel has outlives the process."""
    rng = random.Random(20240501)
    known = [{} for _ in range(WORKERS)]
    versions = []
    server = Served(stave, env={"STAVE_FSYNC": fsync})
    try:
        prepare(server)
        for _ in range(50 if long else 5):
            acknowledged = threading.Semaphore(0)
            workers = [
                Worker(number, server, rng.random(), known[number], acknowledged) for number in range(WORKERS)
            ]
            for worker in workers:
                worker.start()
            for _ in range(rng.randrange(20, 300)):
                assert acknowledged.acquire(timeout=60)
            assert server.process.poll() is None
            server.kill()
            for worker in workers:
                worker.join(60)
                if worker.fault:
                    raise worker.fault
                versions += worker.versions
            server.start()
            check(server, known, versions)
        check_files(server, known)
        leftovers(server, long)
    finally:
        server.stop()
    database = sqlite3.connect(stave.home / "stave.db")
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
    assert stave.run("ls", "s3://kill/", "--recursive").returncode == 0


def prepare(server):
    wire = Wire(server.port, server.root())
    assert wire.request("PUT", "/kill").status == 200
    assert wire.request("PUT", "/versions").status == 200
    document = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert wire.request("PUT", "/versions?versioning", document).status == 200
    wire.close()


def check(server, known, versions):
    """Each key holds one of what it may hold; the list agrees; from now on that is what it holds."""
    wire = Wire(server.port, server.root())
    listed = set(wire.keys("kill"))
    for states in known:
        for key, may in states.items():
            answer = wire.request("GET", f"/kill/{quote(key)}")
            found = GONE if answer.status == 404 else digest(answer.body)
            assert answer.status in (200, 404) and found in may, (key, answer.status, len(answer.body), may)
            assert (key in listed) == (found is not GONE), key
            if found is not GONE and "-" not in answer.headers["etag"]:
                assert answer.headers["etag"] == f'"{found}"', key
            listed.discard(key)
            states[key] = {found}
    assert not listed, f"nobody has put {listed}"
    for target, expected in versions[-200:]:
        answer = wire.request("GET", target)
        assert answer.status == 200 and digest(answer.body) == expected, (target, answer)
    wire.close()


def check_files(server, known):
    """The files below the bucket are the objects, and no others."""
    root = server.stave.bucket("kill")
    found = {}
    for path in root.rglob("*"):
        if path.is_file():
            found[str(path.relative_to(root))] = digest(path.read_bytes())
    expected = {key: content for states in known for key, (content,) in states.items() if content is not GONE}
    assert found == expected


def leftovers(server, long):
    """Uploads in parts that were under way are known, and can be aborted; in time nothing of them is left."""
    wire = Wire(server.port, server.root())
    answer = wire.request("GET", "/kill?uploads=")
    for begun in re.findall(rb"<Upload>.*?</Upload>", answer.body, re.DOTALL):
        key = re.search(rb"<Key>(.*?)</Key>", begun)[1].decode()
        upload = re.search(rb"<UploadId>(.*?)</UploadId>", begun)[1].decode()
        assert wire.request("DELETE", f"/kill/{quote(key)}?uploadId={upload}").status == 204
    answer = wire.request("GET", "/kill?uploads=")
    assert b"<UploadId>" not in answer.body, answer
    wire.close()
    if not long:
        return
    # What no row knows goes at the upkeep, some seconds after a start.
    assert server.stop() == 0
    server.start()
    parts = server.stave.home / "multipart"
    until = time.monotonic() + 60
    while (left := [path for path in parts.rglob("*") if path.is_file()]) and time.monotonic() < until:
        time.sleep(0.5)
    assert not left

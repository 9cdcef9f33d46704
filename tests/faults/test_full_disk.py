"""A disk that is full: a clean error, nothing damaged, and on when there is room."""

import hashlib
import os
import sqlite3
import subprocess

import pytest

from program import Stave
from served import Served

DISK = "48m"
BLOCK = 1 << 20


@pytest.fixture
def small(tmp_path):
    """A file system of its own, of a few MiB, in memory."""
    place = tmp_path / "small"
    place.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "tmpfs", str(place)], capture_output=True, text=True
    )
    if mount.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mount.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def content(number):
    return hashlib.sha256(str(number).encode()).digest() * (BLOCK // 32)


def refused(answer):
    """What S3 says of a server's trouble: an error in XML, not a broken connection."""
    assert answer.status in (500, 503, 507), answer
    assert answer.code, answer
    return True


def test_no_room_for_objects(small, wires):
    server = Served(Stave(small / "home"))
    try:
        wire = wires(server)
        assert wire.request("PUT", "/full").status == 200
        put = {}
        for number in range(200):
            answer = wire.request("PUT", f"/full/k{number:03}", content(number))
            if answer.status != 200:
                break
            put[f"k{number:03}"] = content(number)
        assert refused(answer) and 10 < len(put) < 200, len(put)
        # Others' requests go on, and what is there stays as it is.
        first = f"k{0:03}"
        assert refused(wire.request("PUT", f"/full/{first}", content(999) * 2))
        begun = wire.request("POST", "/full/parts?uploads")
        if begun.status == 200:
            upload = begun.body.split(b"<UploadId>")[1].split(b"</UploadId>")[0].decode()
            part = wire.request("PUT", f"/full/parts?partNumber=1&uploadId={upload}", content(1) * 2)
            assert refused(part)
            assert wire.request("DELETE", f"/full/parts?uploadId={upload}").status in (204, 500, 503, 507)
        assert wire.keys("full") == sorted(put)
        for key, data in put.items():
            answer = wire.request("GET", f"/full/{key}")
            assert answer.status == 200 and answer.body == data, key
        # Room is made by deleting: that must be possible on a full disk, or nobody gets out.
        for key in sorted(put)[:8]:
            assert wire.request("DELETE", f"/full/{key}").status == 204, key
            del put[key]
        put["again"] = content(7)
        assert wire.request("PUT", "/full/again", put["again"]).status == 200
        assert wire.keys("full") == sorted(put)
    finally:
        assert server.stop() == 0
    whole(server, put, wires)


def test_no_room_for_rows(small, wires):
    """Other files take the room; then not even a row can be written."""
    server = Served(Stave(small / "home"))
    try:
        wire = wires(server)
        iam = server.client("iam")
        assert wire.request("PUT", "/full").status == 200
        put = {"before": content(1)}
        assert wire.request("PUT", "/full/before", put["before"]).status == 200
        ballast = small / "ballast"
        fill(ballast)
        failures = 0
        for number in range(300):
            answer = wire.request("PUT", f"/full/small{number}", b"x" * 512)
            if answer.status == 200:
                put[f"small{number}"] = b"x" * 512
            else:
                failures += refused(answer)
        assert failures, "the disk was never full"
        with pytest.raises(Exception) as caught:
            for number in range(300):
                iam.create_user(UserName=f"nobody{number}")
        status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status >= 500 and caught.value.response["Error"]["Code"], caught.value.response
        there = {one["UserName"] for one in iam.list_users()["Users"]}
        assert there == {f"nobody{one}" for one in range(len(there))}
        assert wire.request("GET", "/full/before").body == put["before"]
        assert wire.keys("full") == sorted(put)
        ballast.unlink()
        iam.create_user(UserName="somebody")
        put["after"] = content(2)
        assert wire.request("PUT", "/full/after", put["after"]).status == 200
    finally:
        assert server.stop() == 0
    whole(server, put, wires)


def fill(path):
    """Writes until there is no room for a single byte."""
    with path.open("wb", buffering=0) as file:
        for size in (BLOCK, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
    assert os.statvfs(path.parent).f_bfree == 0


def whole(server, put, wires):
    """After a new start all is as it was acknowledged, and the database is whole."""
    server.start()
    try:
        wire = wires(server)
        assert wire.keys("full") == sorted(put)
        for key, data in put.items():
            assert wire.request("GET", f"/full/{key}").body == data, key
    finally:
        assert server.stop() == 0
    database = sqlite3.connect(server.stave.home / "stave.db")
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
    files = {path.name for path in server.stave.bucket("full").rglob("*") if path.is_file()}
    assert files == set(put)

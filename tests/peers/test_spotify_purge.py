"""`stave spotify purge` where a bucket keeps old versions: nothing of Spotify's is left in any of them."""

import json

import pytest

from spotify_sandbox import GLOBAL_50, sandbox  # noqa: F401

COPIES = "copies/"


@pytest.fixture
def kept(serve, stave):
    """A bucket that keeps versions, through a server on the home that the command line works on."""
    stave.run("mb", "s3://raw")
    s3 = serve().client("s3")
    s3.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    return s3


def versions(s3):
    """Keys and ids of all that is kept, and of the delete markers."""
    data, markers = [], []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket="raw"):
        data += [(one["Key"], one["VersionId"]) for one in page.get("Versions", [])]
        markers += [(one["Key"], one["VersionId"]) for one in page.get("DeleteMarkers", [])]
    return sorted(data), sorted(markers)


def extract(stave, server, account):
    stave.run(
        "spotify", "extract", "--sandbox", server.base, "--bucket", "s3://raw", "--account", account,
        "--playlist", GLOBAL_50, "--stream", "me",
    )


def objects(stave, *words):
    groups = stave.run("--json", "spotify", "purge", *words).stdout
    return sum(group["Objects"] for group in json.loads(groups))


def test_old_versions_go_with_the_account(sandbox, stave, kept):
    server = sandbox()
    extract(stave, server, "a")
    extract(stave, server, "b")
    of_account = {}
    for key, _ in versions(kept)[0]:
        owner = kept.head_object(Bucket="raw", Key=key)["Metadata"]["spotify-account"]
        of_account.setdefault(owner, []).append(key)
    assert len(of_account["a"]) == len(of_account["b"]) == 3
    first = of_account["a"][0]
    # Three old versions of a's: one below a copy of itself, one below something else, one deleted.
    kept.copy_object(
        Bucket="raw", Key=first, CopySource={"Bucket": "raw", "Key": first},
        MetadataDirective="REPLACE", Metadata={"mine": "now"},
    )
    kept.copy_object(Bucket="raw", Key=COPIES + "x", CopySource={"Bucket": "raw", "Key": of_account["a"][1]})
    kept.put_object(Bucket="raw", Key=COPIES + "x", Body=b"mine")
    kept.delete_object(Bucket="raw", Key=of_account["a"][2])
    # An old version of the user's own, and one of b's.
    kept.put_object(Bucket="raw", Key="mine.txt", Body=b"one")
    kept.put_object(Bucket="raw", Key="mine.txt", Body=b"two")
    kept.delete_object(Bucket="raw", Key=of_account["b"][2])
    before, markers = versions(kept)
    assert (len(before), len(markers)) == (11, 2)

    # a's three pages and the copy of one of them, wherever they are.
    assert objects(stave, "--account", "a", "--dry-run") == 4
    assert versions(kept) == (before, markers)
    assert objects(stave, "--account", "a") == 4
    after, marked = versions(kept)
    assert marked == markers, "no delete marker is made, and none is needed"
    gone = {key for key, _ in set(before) - set(after)}
    assert gone == {*of_account["a"], COPIES + "x"} and len(after) == 7
    # What took their place stays, and so do b's and the user's own.
    assert kept.get_object(Bucket="raw", Key=COPIES + "x")["Body"].read() == b"mine"
    assert "mine" in kept.head_object(Bucket="raw", Key=first)["Metadata"]
    assert [key for key, _ in after].count("mine.txt") == 2
    assert {key for key, _ in after} >= set(of_account["b"])
    for key, version in after:
        told = kept.head_object(Bucket="raw", Key=key, VersionId=version)["Metadata"]
        assert told.get("spotify-account") != "a", key
    assert objects(stave, "--account", "a") == 0


def test_old_versions_go_by_age(sandbox, stave, kept):
    server = sandbox()
    for _ in range(2):
        extract(stave, server, "a")
    kept.put_object(Bucket="raw", Key="mine.txt", Body=b"mine")
    held = [one for one in versions(kept)[0] if one[0] != "mine.txt"]
    # All of them are old versions now, below delete markers.
    for key in {key for key, _ in held}:
        kept.delete_object(Bucket="raw", Key=key)
    assert objects(stave, "--older-than", "1h") == 0
    assert objects(stave, "--older-than", "0h") == len(held) >= 3
    assert [key for key, _ in versions(kept)[0]] == ["mine.txt"]


def test_suspended_versions_go_too(sandbox, stave, kept):
    server = sandbox()
    extract(stave, server, "a")
    kept.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Suspended"})
    extract(stave, server, "b")
    data, _ = versions(kept)
    # What is written while it is suspended has the version null.
    assert sorted(version == "null" for _, version in data) == [False] * 3 + [True] * 3
    assert objects(stave, "--account", "b") == 3
    left, markers = versions(kept)
    assert (left, markers) == ([one for one in data if one[1] != "null"], [])
    assert objects(stave, "--account", "a") == 3
    assert versions(kept) == ([], [])

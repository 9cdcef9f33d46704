"""`stave spotify purge` where a bucket keeps old versions, and in buckets on other servers."""

import json

import boto3
import pytest
from moto.server import ThreadedMotoServer

from program import Stave
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


@pytest.fixture
def remote(tmp_path):
    """A home whose buckets `far-*` are on another server (moto)."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    moto.start()
    host, port = moto.get_host_and_port()
    env = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1", "STAVE_REMOTE_BUCKETS": "far-*",
    }
    stave = Stave(tmp_path / "remote", env)
    stave.s3 = boto3.client(
        "s3", endpoint_url=env["AWS_ENDPOINT_URL"], aws_access_key_id="test", aws_secret_access_key="test",
        region_name="us-east-1",
    )
    for name in ("far-purged-raw", "far-purged-lake"):
        stave.s3.create_bucket(Bucket=name)
    yield stave
    moto.stop()


def keys(stave, bucket):
    return [one["Key"] for one in stave.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_what_was_written_to_other_servers_goes_too(sandbox, remote):
    server = sandbox()
    remote.run("mb", "s3://near")
    for account in ("a", "b"):
        for bucket in ("s3://far-purged-raw/deep", "s3://near"):
            remote.run(
                "spotify", "extract", "--sandbox", server.base, "--bucket", bucket, "--account", account,
                "--stream", "me",
            )
    remote.s3.put_object(Bucket="far-purged-raw", Key="deep/mine.json", Body=b"{}")
    assert len(keys(remote, "far-purged-raw")) == 3
    # What a job makes of it on a server that nothing was extracted to.
    remote.job({"Name": "copy", "CodeGenConfigurationNodes": {
        "in": {"S3JsonSource": {"Name": "in", "Paths": ["s3://near/raw_data/"], "Recurse": True}},
        "out": {"S3DirectTarget": {
            "Name": "out", "Inputs": ["in"], "Path": "s3://far-purged-lake/derived/", "Format": "json",
        }},
    }})
    made = keys(remote, "far-purged-lake")
    assert made
    remote.s3.put_object(Bucket="far-purged-lake", Key="derived/mine.json", Body=b"{}")
    groups = json.loads(remote.run("--json", "spotify", "purge", "--account", "a", "--dry-run").stdout)
    assert {group["Bucket"] for group in groups} == {"far-purged-raw", "far-purged-lake", "near"}
    remote.run("spotify", "purge", "--account", "a")
    assert keys(remote, "far-purged-lake") == ["derived/mine.json"]
    (of_b,) = [key for key in keys(remote, "far-purged-raw") if key != "deep/mine.json"]
    told = remote.s3.head_object(Bucket="far-purged-raw", Key=of_b)["Metadata"]
    assert told["spotify-account"] == "b"
    remote.run("spotify", "purge", "--older-than", "0h")
    assert keys(remote, "far-purged-raw") == ["deep/mine.json"]

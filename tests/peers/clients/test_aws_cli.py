"""The AWS command line: s3, s3api, iam, sts."""

import os
import urllib.request

import pytest

from aws_process import ONCE


@pytest.fixture
def place(aws, names):
    name = names()
    assert f"make_bucket: {name}" in aws("s3", "mb", f"s3://{name}").stdout.decode()
    return name


def listed(aws, where, *options):
    lines = aws("s3", "ls", where, *options).stdout.decode().splitlines()
    return [line.split(maxsplit=3)[-1] if "PRE" not in line else line.strip() for line in lines]


def test_s3_cp_ls_mv_rm_rb(aws, place, tmp_path):
    (tmp_path / "a b+c.csv").write_text("id,name\n1,ü\n")
    aws("s3", "cp", "a b+c.csv", f"s3://{place}/raw_data/to processed/2024-05-01 10:00:00.json")
    aws("s3", "cp", "a b+c.csv", f"s3://{place}/raw_data/")
    assert listed(aws, f"s3://{place}/") == ["PRE raw_data/"]
    assert listed(aws, f"s3://{place}/raw_data/") == ["PRE to processed/", "a b+c.csv"]
    assert listed(aws, f"s3://{place}", "--recursive") == [
        "raw_data/a b+c.csv", "raw_data/to processed/2024-05-01 10:00:00.json",
    ]
    assert aws("s3", "cp", f"s3://{place}/raw_data/a b+c.csv", "-").stdout.decode() == "id,name\n1,ü\n"
    aws("s3", "cp", "-", f"s3://{place}/piped", data=b"from a pipe")
    assert aws("s3", "cp", f"s3://{place}/piped", "-").stdout == b"from a pipe"
    aws("s3", "mv", f"s3://{place}/piped", f"s3://{place}/moved/piped")
    aws("s3", "cp", f"s3://{place}/raw_data", f"s3://{place}/copies", "--recursive")
    assert listed(aws, f"s3://{place}/copies/", "--recursive") == [
        "copies/a b+c.csv", "copies/to processed/2024-05-01 10:00:00.json",
    ]
    missing = aws("s3", "cp", f"s3://{place}/none", "x", check=False)
    assert missing.returncode == 1 and b"(404)" in missing.stderr
    full = aws("s3", "rb", f"s3://{place}", check=False)
    assert full.returncode == 1 and b"BucketNotEmpty" in full.stderr
    aws("s3", "rm", f"s3://{place}/raw_data/", "--recursive")
    assert listed(aws, f"s3://{place}", "--recursive") == [
        "copies/a b+c.csv", "copies/to processed/2024-05-01 10:00:00.json", "moved/piped",
    ]
    aws("s3", "rb", f"s3://{place}", "--force")
    assert place not in aws("s3", "ls").stdout.decode()


def test_s3_sync_there_and_back(aws, place, tmp_path):
    source = tmp_path / "source"
    for name in ("a.txt", "deep/er/b c.txt", "deep/ü.txt", "big.bin"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(name.encode() * (1_500_000 if name == "big.bin" else 3))
        # S3's times are whole seconds: what was written in the second of its upload looks newer.
        os.utime(source / name, (1_700_000_000, 1_700_000_000))
    aws("s3", "sync", "source", f"s3://{place}/copy")
    assert aws("s3", "sync", "source", f"s3://{place}/copy").stdout == b""  # nothing is left to do
    (source / "a.txt").unlink()
    aws("s3", "sync", "source", f"s3://{place}/copy", "--delete")
    aws("s3", "sync", f"s3://{place}/copy", f"s3://{place}/again")
    aws("s3", "sync", f"s3://{place}/again", "target")
    found = {str(path.relative_to(tmp_path / "target")) for path in (tmp_path / "target").rglob("*") if path.is_file()}
    assert found == {"deep/er/b c.txt", "deep/ü.txt", "big.bin"}
    for name in found:
        assert (tmp_path / "target" / name).read_bytes() == (source / name).read_bytes()


@ONCE
def test_s3_presign(aws, place):
    aws("s3", "cp", "-", f"s3://{place}/a b", data=b"x")
    url = aws("s3", "presign", f"s3://{place}/a b").stdout.decode().strip()
    with urllib.request.urlopen(url, timeout=10) as got:
        assert got.read() == b"x"


@ONCE
def test_s3api(aws, place, tmp_path):
    (tmp_path / "body").write_bytes(b"0123456789")
    put = aws.json("s3api", "put-object", "--bucket", place, "--key", "k", "--body", "body", "--metadata", "a=b",
                   "--checksum-algorithm", "SHA256", "--content-type", "text/plain")
    assert put["ChecksumSHA256"] and put["ETag"]
    head = aws.json("s3api", "head-object", "--bucket", place, "--key", "k", "--checksum-mode", "ENABLED")
    assert head["ContentLength"] == 10 and head["Metadata"] == {"a": "b"} and head["ChecksumSHA256"] == put["ChecksumSHA256"]
    aws("s3api", "get-object", "--bucket", place, "--key", "k", "--range", "bytes=2-4", "part")
    assert (tmp_path / "part").read_bytes() == b"234"
    listed = aws.json("s3api", "list-objects-v2", "--bucket", place, "--query", "Contents[].Key")
    assert listed == ["k"]
    aws("s3api", "put-bucket-versioning", "--bucket", place, "--versioning-configuration", "Status=Enabled")
    assert aws.json("s3api", "get-bucket-versioning", "--bucket", place)["Status"] == "Enabled"
    aws("s3api", "put-object-tagging", "--bucket", place, "--key", "k", "--tagging", "TagSet=[{Key=a,Value=b}]")
    assert aws.json("s3api", "get-object-tagging", "--bucket", place, "--key", "k")["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert aws.json("s3api", "list-object-versions", "--bucket", place)["Versions"][0]["VersionId"] == "null"
    missing = aws("s3api", "get-object", "--bucket", place, "--key", "none", "x", check=False)
    assert missing.returncode == 254 or b"NoSuchKey" in missing.stderr
    refused = aws("s3api", "get-bucket-website", "--bucket", place, check=False)
    assert refused.returncode != 0 and b"NotImplemented" in refused.stderr


@ONCE
def test_iam_and_sts(aws, names):
    assert aws.json("sts", "get-caller-identity")["Arn"] == "arn:aws:iam::123456789012:root"
    user, group = names(), names()
    assert aws.json("iam", "create-user", "--user-name", user)["User"]["UserName"] == user
    aws("iam", "create-group", "--group-name", group)
    aws("iam", "add-user-to-group", "--group-name", group, "--user-name", user)
    aws("iam", "attach-group-policy", "--group-name", group, "--policy-arn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    key = aws.json("iam", "create-access-key", "--user-name", user)["AccessKey"]
    own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    assert aws.json("sts", "get-caller-identity", **own)["Arn"].endswith(f":user/{user}")
    aws("s3", "ls", **own)
    denied = aws("s3", "mb", f"s3://{names()}", check=False, **own)
    assert denied.returncode == 1 and b"AccessDenied" in denied.stderr
    denied = aws("iam", "list-users", check=False, **own)
    assert denied.returncode != 0 and b"is not authorized to perform: iam:ListUsers" in denied.stderr
    users = aws.json("iam", "list-users", "--query", "Users[].UserName")
    assert user in users
    wrong = aws("sts", "get-caller-identity", check=False, AWS_SECRET_ACCESS_KEY="x" * 40)
    assert wrong.returncode != 0 and b"SignatureDoesNotMatch" in wrong.stderr

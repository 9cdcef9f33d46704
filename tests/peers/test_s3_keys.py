"""Keys as people have them: with boto3, and the way of the public pipelines."""

import hashlib
import json
import urllib.parse

import boto3
import pytest

KEYS = [
    "plain.txt",
    "raw_data/to_processed/spotify_raw_2024-05-01 10:00:00.123456.json",
    "with space/and+plus/and%percent/%2F/%20.csv",
    "a&b<c>\"d'e=f;g,h@i$j!k*l(m)n[o]p{q}r^s`t|u~v#w?x",
    "back\\slash",
    "ünïcödé/日本語/🎵 song.json",
    "folder/",
    "folder/inside",
    "double//slash///three",
    "/leading",
    "dots/./and/../up",
    "..",
    ".",
    "...",
    ".hidden",
    "a",
    "a/b",
    "a/b/c",
    "x" * 1024,
    "/".join(["y" * 200] * 5),
    "tab\tand\u00a0nbsp",
    "%~escaped",
    "%+",
    "trailing space ",
    " leading space",
    "date=2024-05-01/hour=10/part-0000.snappy.parquet",
]


@pytest.mark.parametrize("over", ["http", "https"])
def test_every_key_goes_there_and_back(request, names, over):
    s3 = request.getfixturevalue(f"{over}_server").client("s3")
    bucket = names()
    s3.create_bucket(Bucket=bucket)
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={"n": str(len(key))})
    in_order = sorted(KEYS, key=str.encode)
    for listing in (s3.list_objects, s3.list_objects_v2):
        assert [one["Key"] for one in listing(Bucket=bucket)["Contents"]] == in_order
    for key in KEYS:
        got = s3.get_object(Bucket=bucket, Key=key)
        assert got["Body"].read() == key.encode() and got["Metadata"] == {"n": str(len(key))}
        assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)["Contents"]] == [key]
        s3.copy_object(Bucket=bucket, Key=f"copies:{hashlib.md5(key.encode()).hexdigest()}",
                       CopySource={"Bucket": bucket, "Key": key})
    for key in KEYS:
        copy = f"copies:{hashlib.md5(key.encode()).hexdigest()}"
        assert s3.get_object(Bucket=bucket, Key=copy)["Body"].read() == key.encode()
        s3.delete_object(Bucket=bucket, Key=copy)
    half = KEYS[::2]
    for key in half:
        s3.delete_object(Bucket=bucket, Key=key)
    rest = [key for key in in_order if key not in half]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == rest
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in rest]})
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_key_of_more_than_1024_bytes_is_refused(s3, bucket, refused):
    for key in ("x" * 1025, "é" * 513):
        refused("KeyTooLongError", s3.put_object, Bucket=bucket, Key=key, Body=b"", status=400)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_folder_is_there_only_when_somebody_made_it(s3, bucket):
    s3.put_object(Bucket=bucket, Key="transformed_data/album_data/a.csv", Body=b"x")
    assert s3.list_objects_v2(Bucket=bucket, Prefix="transformed_data/album_data/")["KeyCount"] == 1
    s3.put_object(Bucket=bucket, Key="raw_data/to_processed/", Body=b"")
    listed = s3.list_objects(Bucket=bucket, Prefix="raw_data/to_processed/")["Contents"]
    assert [(one["Key"], one["Size"]) for one in listed] == [("raw_data/to_processed/", 0)]
    s3.put_object(Bucket=bucket, Key="raw_data/to_processed/one.json", Body=b"{}")
    s3.delete_object(Bucket=bucket, Key="raw_data/to_processed/")
    listed = s3.list_objects(Bucket=bucket, Prefix="raw_data/to_processed/")["Contents"]
    assert [one["Key"] for one in listed] == ["raw_data/to_processed/one.json"]
    s3.delete_object(Bucket=bucket, Key="raw_data/to_processed/one.json")
    assert "Contents" not in s3.list_objects(Bucket=bucket, Prefix="raw_data/")


def test_the_way_of_the_public_pipelines(http_server, s3, bucket):
    """Extract, transform, and move what was read: by client and by resource, as 24 of 33 projects do."""
    resource = boto3.resource(
        "s3", endpoint_url=http_server.url, region_name="us-east-1",
        aws_access_key_id=http_server.root()[0], aws_secret_access_key=http_server.root()[1],
    )
    raw = {"items": [{"added_at": "2024-05-01T10:00:00Z", "track": {"name": "Ünïcode", "id": "1"}}]}
    stamps = ["2024-05-01 10:00:00.123456", "2024-05-01 11:00:00.654321"]
    for stamp in stamps:
        s3.put_object(
            Bucket=bucket, Key=f"raw_data/to_processed/spotify_raw_{stamp}.json", Body=json.dumps(raw),
        )
    read = []
    for file in s3.list_objects(Bucket=bucket, Prefix="raw_data/to_processed/")["Contents"]:
        if file["Key"].split(".")[-1] == "json":
            content = s3.get_object(Bucket=bucket, Key=file["Key"])["Body"]
            assert json.loads(content.read()) == raw
            read.append(file["Key"])
    assert len(read) == 2
    for folder in ("album_data/album", "artist_data/artist", "songs_data/songs"):
        s3.put_object(
            Bucket=bucket, Key=f"transformed_data/{folder}_transformed_{stamps[0]}.csv", Body="id,name\n1,Ünïcode\n"
        )
    for key in read:
        source = {"Bucket": bucket, "Key": key}
        resource.meta.client.copy(source, bucket, "raw_data/processed/" + key.split("/")[-1])
        resource.Object(bucket, key).delete()
    assert [one.key for one in resource.Bucket(bucket).objects.filter(Prefix="raw_data/")] == [
        f"raw_data/processed/spotify_raw_{stamp}.json" for stamp in stamps
    ]
    assert len(list(resource.Bucket(bucket).objects.all())) == 5
    resource.Bucket(bucket).objects.all().delete()
    resource.Bucket(bucket).delete()
    assert bucket not in {one["Name"] for one in s3.list_buckets()["Buckets"]}


def test_an_object_is_a_file_and_a_file_is_an_object(http_server, s3, bucket):
    """The command line, the files and the server see the same."""
    stave = getattr(http_server, "stave", None)
    if stave is None:
        pytest.skip("needs the server's own home")
    s3.put_object(Bucket=bucket, Key="in/one two.csv", Body=b"a,b\n1,2\n")
    assert (stave.bucket(bucket) / "in/one two.csv").read_bytes() == b"a,b\n1,2\n"
    (stave.bucket(bucket) / "in/dropped: here.csv").write_bytes(b"dropped")
    got = s3.get_object(Bucket=bucket, Key="in/dropped: here.csv")
    assert got["Body"].read() == b"dropped" and got["ETag"] == f'"{hashlib.md5(b"dropped").hexdigest()}"'
    assert s3.list_objects_v2(Bucket=bucket, Prefix="in/")["KeyCount"] == 2
    (stave.bucket(bucket) / "in/one two.csv").unlink()
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["in/dropped: here.csv"]
    said = stave.run("ls", f"s3://{bucket}/in/").stdout
    assert "dropped: here.csv" in said
    stave.run("rm", f"s3://{bucket}/in/dropped: here.csv")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_keys_in_events_and_urls_are_quoted_as_s3_does(s3, bucket):
    """`encoding-type=url`: what no XML can hold comes through a listing."""
    for key in ("bell\x07.txt", "a b+c", "é"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    listed = s3.list_objects_v2(Bucket=bucket, EncodingType="url")
    assert listed["EncodingType"] == "url"
    keys = [one["Key"] for one in listed["Contents"]]
    assert sorted(urllib.parse.unquote_plus(key) for key in keys) == sorted(["bell\x07.txt", "a b+c", "é"])
    assert all(key.isascii() for key in keys) and set(keys) & {"a+b%2Bc", "a%20b%2Bc"}
    plain = s3.list_objects_v2(Bucket=bucket)  # boto3 asks for the encoding and undoes it
    assert {one["Key"] for one in plain["Contents"]} == {"bell\x07.txt", "a b+c", "é"}

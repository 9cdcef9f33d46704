"""boto3 lists objects: both versions, with every option."""

import pytest

KEYS = sorted(
    [f"logs/{day:02}/{hour:02}.json" for day in range(1, 4) for hour in range(4)]
    + ["a.txt", "b b.txt", "data/", "data/x=1/part", "data/x=2/part", "logs.txt", "z/é.csv"],
    key=str.encode,
)


@pytest.fixture(scope="module")
def filled(http_server):
    s3 = http_server.client("s3")
    s3.create_bucket(Bucket="listing-filled")
    for key in KEYS:
        s3.put_object(Bucket="listing-filled", Key=key, Body=key.encode())
    return s3, {"Bucket": "listing-filled"}


def keys(answer):
    return [one["Key"] for one in answer.get("Contents", [])]


def folders(answer):
    return [one["Prefix"] for one in answer.get("CommonPrefixes", [])]


def test_all_of_it(filled):
    s3, place = filled
    first, second = s3.list_objects(**place), s3.list_objects_v2(**place)
    assert keys(first) == keys(second) == KEYS
    for answer in (first, second):
        assert answer["Name"] == place["Bucket"] and not answer["IsTruncated"] and answer["MaxKeys"] == 1000
        for one in answer["Contents"]:
            assert one["Size"] == len(one["Key"].encode()) and one["StorageClass"] == "STANDARD"
            assert len(one["ETag"]) == 34 and one["LastModified"].tzinfo
    assert second["KeyCount"] == len(KEYS) and "Owner" not in second["Contents"][0]
    assert first["Contents"][0]["Owner"]["ID"] and "Marker" in first
    assert s3.list_objects_v2(**place, FetchOwner=True)["Contents"][0]["Owner"]["ID"]


@pytest.mark.parametrize(
    ("prefix", "delimiter", "expected", "rolled"),
    [
        ("", "/", ["a.txt", "b b.txt", "logs.txt"], ["data/", "logs/", "z/"]),
        ("logs/", "/", [], ["logs/01/", "logs/02/", "logs/03/"]),
        ("logs", "/", ["logs.txt"], ["logs/"]),
        ("data/", "/", ["data/"], ["data/x=1/", "data/x=2/"]),
        ("logs/02/", "", [f"logs/02/{hour:02}.json" for hour in range(4)], []),
        ("logs/", "json", [], [f"logs/{day:02}/{hour:02}.json" for day in range(1, 4) for hour in range(4)]),
        ("", "=", [key for key in KEYS if "=" not in key], ["data/x="]),
        ("none", "/", [], []),
        ("z/é", "", ["z/é.csv"], []),
    ],
)
def test_prefix_and_delimiter(filled, prefix, delimiter, expected, rolled):
    s3, place = filled
    for listing in (s3.list_objects, s3.list_objects_v2):
        answer = listing(**place, Prefix=prefix, Delimiter=delimiter)
        assert keys(answer) == expected and folders(answer) == rolled
    assert answer["Prefix"] == prefix and answer["KeyCount"] == len(expected) + len(rolled)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 18, 19, 20])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages(filled, size, delimiter):
    s3, place = filled
    whole = s3.list_objects_v2(**place, Delimiter=delimiter)
    for name in ("list_objects", "list_objects_v2"):
        pages = list(s3.get_paginator(name).paginate(**place, Delimiter=delimiter, PaginationConfig={"PageSize": size}))
        assert [key for page in pages for key in keys(page)] == keys(whole), name
        assert [folder for page in pages for folder in folders(page)] == folders(whole), name
        for page in pages[:-1]:
            assert len(keys(page)) + len(folders(page)) == size and page["IsTruncated"]
        assert not pages[-1]["IsTruncated"]


def test_where_a_listing_starts(filled):
    s3, place = filled
    for after in ("", "a.txt", "b", "logs/02/01.json", "logs/02/01.jso", "zzz"):
        expected = [key for key in KEYS if key.encode() > after.encode()]
        assert keys(s3.list_objects_v2(**place, StartAfter=after)) == expected
        assert keys(s3.list_objects(**place, Marker=after)) == expected
    page = s3.list_objects_v2(**place, StartAfter="logs/", MaxKeys=2)
    rest = s3.list_objects_v2(**place, StartAfter="logs/", ContinuationToken=page["NextContinuationToken"])
    assert keys(page) + keys(rest) == [key for key in KEYS if key.encode() > b"logs/"]
    assert rest["ContinuationToken"] == page["NextContinuationToken"] and rest["StartAfter"] == "logs/"
    rolled = s3.list_objects_v2(**place, Prefix="logs/", Delimiter="/", StartAfter="logs/01/")
    assert folders(rolled) == ["logs/02/", "logs/03/"]  # as the marker of a page that ended there
    # Version 1 names the next marker only where there is a delimiter.
    assert "NextMarker" not in s3.list_objects(**place, MaxKeys=2)
    marked = s3.list_objects(**place, MaxKeys=3, Delimiter="/")
    assert marked["NextMarker"] == "data/"


def test_odd_wishes(filled, refused):
    s3, place = filled
    nothing = s3.list_objects_v2(**place, MaxKeys=0)
    assert nothing["KeyCount"] == 0 and not nothing["IsTruncated"] and keys(nothing) == []
    assert s3.list_objects_v2(**place, MaxKeys=5000)["MaxKeys"] == 1000
    refused("InvalidArgument", s3.list_objects_v2, **place, MaxKeys=-1, status=400)
    refused("InvalidArgument", s3.list_objects_v2, **place, ContinuationToken="made up", status=400)
    refused("NoSuchBucket", s3.list_objects_v2, Bucket="listing-none", status=404)
    refused("NoSuchBucket", s3.list_objects, Bucket="listing-none", status=404)


def test_more_than_a_page(s3, bucket):
    stave_keys = [f"k{number:05}" for number in range(1005)]
    for key in stave_keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    answer = s3.list_objects_v2(Bucket=bucket)
    assert answer["IsTruncated"] and answer["KeyCount"] == 1000 and keys(answer) == stave_keys[:1000]
    answer = s3.list_objects_v2(Bucket=bucket, ContinuationToken=answer["NextContinuationToken"])
    assert not answer["IsTruncated"] and keys(answer) == stave_keys[1000:]

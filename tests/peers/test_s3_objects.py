"""boto3 puts, reads, copies and deletes objects."""

import base64
import datetime
import hashlib
import io
import zlib

import pytest

BODY = bytes(range(256)) * 40
ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]


def md5(data):
    return f'"{hashlib.md5(data).hexdigest()}"'


def encoded(digest):
    return base64.b64encode(digest).decode()


@pytest.fixture(params=["http", "https"])
def both(request):
    """A client over http (payloads are signed) and over https (they come in chunks with a trailer)."""
    return request.getfixturevalue(f"{request.param}_server").client("s3")


@pytest.fixture
def place(both, names):
    name = names()
    both.create_bucket(Bucket=name)
    return name


def test_put_get_head_delete(both, place, refused):
    put = both.put_object(
        Bucket=place, Key="a/b.json", Body=BODY, ContentType="application/json",
        ContentDisposition='attachment; filename="x.json"', ContentEncoding="identity",
        ContentLanguage="en", CacheControl="max-age=60", Expires=datetime.datetime(2030, 1, 2, 3, 4, 5),
        Metadata={"Source": "spotify", "note": "two words"},
    )
    assert put["ETag"] == md5(BODY) and "VersionId" not in put
    got = both.get_object(Bucket=place, Key="a/b.json")
    assert got["Body"].read() == BODY
    for answer in (got, both.head_object(Bucket=place, Key="a/b.json")):
        assert answer["ETag"] == md5(BODY) and answer["ContentLength"] == len(BODY)
        assert answer["ContentType"] == "application/json" and answer["AcceptRanges"] == "bytes"
        assert answer["ContentDisposition"] == 'attachment; filename="x.json"'
        assert answer["ContentLanguage"] == "en" and answer["CacheControl"] == "max-age=60"
        assert answer["ExpiresString"] == "Wed, 02 Jan 2030 03:04:05 GMT"
        assert answer["Metadata"] == {"source": "spotify", "note": "two words"}
        age = datetime.datetime.now(datetime.UTC) - answer["LastModified"]
        assert abs(age) < datetime.timedelta(minutes=5)
        assert answer["ResponseMetadata"]["RequestId"]
    deleted = both.delete_object(Bucket=place, Key="a/b.json")
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    answer = refused("NoSuchKey", both.get_object, Bucket=place, Key="a/b.json", status=404)
    assert answer["Error"]["Key"] == "a/b.json"
    refused("404", both.head_object, Bucket=place, Key="a/b.json", status=404)
    again = both.delete_object(Bucket=place, Key="a/b.json")
    assert again["ResponseMetadata"]["HTTPStatusCode"] == 204
    missing = f"{place}-missing"
    for call in (both.get_object, both.delete_object):
        answer = refused("NoSuchBucket", call, Bucket=missing, Key="k", status=404)
        assert answer["Error"]["BucketName"] == missing
    refused("NoSuchBucket", both.put_object, Bucket=missing, Key="k", Body=b"x", status=404)


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3_000_000])
def test_bodies_of_every_size(both, place, size):
    body = (BODY * (size // len(BODY) + 1))[:size]
    assert both.put_object(Bucket=place, Key="k", Body=body)["ETag"] == md5(body)
    assert both.get_object(Bucket=place, Key="k")["Body"].read() == body
    # A stream whose hash is not known before it is sent.
    both.put_object(Bucket=place, Key="s", Body=io.BytesIO(body))
    assert both.get_object(Bucket=place, Key="s")["Body"].read() == body


def test_an_object_is_replaced_as_a_whole(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"old", Metadata={"a": "1"}, ContentType="text/csv", Tagging="t=1")
    s3.put_object(Bucket=bucket, Key="k", Body=b"newer")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"newer" and got["Metadata"] == {}
    assert got["ContentType"] == "binary/octet-stream" and "TagCount" not in got


def test_ranges(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    size = len(BODY)
    for asked, first, last in (
        ("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=100-", 100, size - 1),
        ("bytes=-7", size - 7, size - 1), (f"bytes=-{size * 2}", 0, size - 1), (f"bytes=5-{size * 2}", 5, size - 1),
    ):
        got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["ContentRange"] == f"bytes {first}-{last}/{size}" and got["ContentLength"] == last - first + 1
        assert got["Body"].read() == BODY[first : last + 1] and got["ETag"] == md5(BODY)
    head = s3.head_object(Bucket=bucket, Key="k", Range="bytes=2-5")
    assert head["ContentLength"] == 4 and head["ResponseMetadata"]["HTTPStatusCode"] == 206
    for wrong in (f"bytes={size}-", "bytes=-0"):
        refused("InvalidRange", s3.get_object, Bucket=bucket, Key="k", Range=wrong, status=416)
    # What is no range is not heeded (RFC 9110, 14.2).
    for ignored in ("bytes=5-2", "lines=1-2"):
        got = s3.get_object(Bucket=bucket, Key="k", Range=ignored)
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 200 and got["Body"].read() == BODY
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    refused("InvalidRange", s3.get_object, Bucket=bucket, Key="empty", Range="bytes=0-1", status=416)


def test_what_an_answer_says_can_be_overridden(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentType="text/plain")
    got = s3.get_object(
        Bucket=bucket, Key="k", ResponseContentType="text/csv", ResponseContentDisposition="inline",
        ResponseCacheControl="no-cache", ResponseContentEncoding="identity", ResponseContentLanguage="de",
        ResponseExpires=datetime.datetime(2031, 1, 1),
    )
    assert got["ContentType"] == "text/csv" and got["ContentDisposition"] == "inline"
    assert got["CacheControl"] == "no-cache" and got["ContentLanguage"] == "de"
    assert got["ExpiresString"] == "Wed, 01 Jan 2031 00:00:00 GMT"


def test_conditions_of_reads(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    head = s3.head_object(Bucket=bucket, Key="k")
    tag, at = head["ETag"], head["LastModified"]
    day = datetime.timedelta(days=1)
    place = {"Bucket": bucket, "Key": "k"}
    for call in (s3.get_object, s3.head_object):
        for holds in (
            {"IfMatch": tag}, {"IfMatch": "*"}, {"IfNoneMatch": '"other"'}, {"IfModifiedSince": at - day},
            {"IfUnmodifiedSince": at + day}, {"IfMatch": tag, "IfUnmodifiedSince": at - day},
        ):
            assert call(**place, **holds)["ETag"] == tag, holds
        for holds in ({"IfNoneMatch": tag}, {"IfModifiedSince": at}, {"IfNoneMatch": tag, "IfModifiedSince": at - day}):
            answer = refused("304", call, **place, **holds, status=304)
            assert answer["ResponseMetadata"]["HTTPHeaders"]["etag"] == tag
        for fails in ({"IfMatch": '"other"'}, {"IfUnmodifiedSince": at - day}):
            refused(("PreconditionFailed", "412"), call, **place, **fails, status=412)


def test_conditions_of_writes(both, place, refused):
    first = both.put_object(Bucket=place, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    refused("PreconditionFailed", both.put_object, Bucket=place, Key="k", Body=b"2", IfNoneMatch="*", status=412)
    refused("PreconditionFailed", both.put_object, Bucket=place, Key="k", Body=b"2", IfMatch='"0"', status=412)
    refused("NoSuchKey", both.put_object, Bucket=place, Key="none", Body=b"2", IfMatch=first, status=404)
    assert both.get_object(Bucket=place, Key="k")["Body"].read() == b"1"
    both.put_object(Bucket=place, Key="k", Body=b"2", IfMatch=first)
    assert both.get_object(Bucket=place, Key="k")["Body"].read() == b"2"


def checksum(algorithm, data):
    if algorithm == "CRC32":
        return encoded(zlib.crc32(data).to_bytes(4, "big"))
    if algorithm in ("SHA1", "SHA256"):
        return encoded(hashlib.new(algorithm, data).digest())
    checksums = pytest.importorskip("awscrt.checksums")
    if algorithm == "CRC32C":
        return encoded(checksums.crc32c(data).to_bytes(4, "big"))
    return encoded(checksums.crc64nvme(data).to_bytes(8, "big"))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_checksums(both, place, refused, algorithm):
    right = checksum(algorithm, BODY)
    member = f"Checksum{algorithm}"
    # Computed by the client: a header over http, a trailer over https.
    put = both.put_object(Bucket=place, Key="computed", Body=BODY, ChecksumAlgorithm=algorithm)
    assert put[member] == right and put["ChecksumType"] == "FULL_OBJECT"
    both.put_object(Bucket=place, Key="given", Body=BODY, **{member: right})
    for key in ("computed", "given"):
        got = both.get_object(Bucket=place, Key=key, ChecksumMode="ENABLED")
        assert got[member] == right and got["Body"].read() == BODY
        head = both.head_object(Bucket=place, Key=key, ChecksumMode="ENABLED")
        assert head[member] == right and head["ChecksumType"] == "FULL_OBJECT"
        attributes = both.get_object_attributes(
            Bucket=place, Key=key, ObjectAttributes=["Checksum", "ETag", "ObjectSize", "StorageClass"]
        )
        assert attributes["Checksum"][member] == right and attributes["ObjectSize"] == len(BODY)
        assert attributes["ETag"] == md5(BODY).strip('"') and attributes["StorageClass"] == "STANDARD"
    refused(
        "BadDigest", both.put_object, Bucket=place, Key="wrong", Body=b"else", **{member: right}, status=400
    )
    refused("404", both.head_object, Bucket=place, Key="wrong")
    # A listing does not say the algorithm yet, as S3's does.
    assert [entry["Key"] for entry in both.list_objects_v2(Bucket=place)["Contents"]] == ["computed", "given"]


def test_md5_of_the_content(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentMD5=encoded(hashlib.md5(b"x").digest()))
    refused("BadDigest", s3.put_object, Bucket=bucket, Key="no", Body=b"x",
            ContentMD5=encoded(hashlib.md5(b"y").digest()), status=400)
    refused("InvalidDigest", s3.put_object, Bucket=bucket, Key="no", Body=b"x", ContentMD5="short", status=400)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]


def test_copy(s3, bucket, names, refused):
    s3.put_object(Bucket=bucket, Key="from a", Body=BODY, ContentType="text/csv", Metadata={"a": "1"}, Tagging="t=1&u=2")
    other = names()
    s3.create_bucket(Bucket=other)
    source = {"Bucket": bucket, "Key": "from a"}
    copied = s3.copy_object(Bucket=other, Key="to b", CopySource=source)
    assert copied["CopyObjectResult"]["ETag"] == md5(BODY) and copied["CopyObjectResult"]["LastModified"]
    head = s3.head_object(Bucket=other, Key="to b")
    assert head["ContentType"] == "text/csv" and head["Metadata"] == {"a": "1"}
    assert s3.get_object_tagging(Bucket=other, Key="to b")["TagSet"] == [
        {"Key": "t", "Value": "1"}, {"Key": "u", "Value": "2"},
    ]
    s3.copy_object(
        Bucket=other, Key="replaced", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"},
        ContentType="text/plain", TaggingDirective="REPLACE", Tagging="v=3",
    )
    head = s3.head_object(Bucket=other, Key="replaced")
    assert head["ContentType"] == "text/plain" and head["Metadata"] == {"b": "2"}
    assert s3.get_object_tagging(Bucket=other, Key="replaced")["TagSet"] == [{"Key": "v", "Value": "3"}]
    # Onto itself only with something changed.
    refused("InvalidRequest", s3.copy_object, Bucket=bucket, Key="from a", CopySource=source, status=400)
    s3.copy_object(Bucket=bucket, Key="from a", CopySource=source, MetadataDirective="REPLACE", Metadata={"c": "3"})
    got = s3.get_object(Bucket=bucket, Key="from a")
    assert got["Metadata"] == {"c": "3"} and got["Body"].read() == BODY
    refused("NoSuchKey", s3.copy_object, Bucket=other, Key="x", CopySource={"Bucket": bucket, "Key": "none"}, status=404)
    refused("NoSuchBucket", s3.copy_object, Bucket=other, Key="x",
            CopySource={"Bucket": f"{bucket}-missing", "Key": "k"}, status=404)
    sha = s3.copy_object(Bucket=other, Key="sha", CopySource=source, ChecksumAlgorithm="SHA256")
    assert sha["CopyObjectResult"]["ChecksumSHA256"] == checksum("SHA256", BODY)


def test_conditions_of_copies(s3, bucket, refused):
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    at = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    day = datetime.timedelta(days=1)
    copy = {"Bucket": bucket, "Key": "to", "CopySource": {"Bucket": bucket, "Key": "k"}}
    for fails in (
        {"CopySourceIfMatch": '"0"'}, {"CopySourceIfNoneMatch": tag},
        {"CopySourceIfModifiedSince": at + datetime.timedelta(seconds=0)}, {"CopySourceIfUnmodifiedSince": at - day},
    ):
        refused("PreconditionFailed", s3.copy_object, **copy, **fails, status=412)
    for holds in ({"CopySourceIfMatch": tag}, {"CopySourceIfNoneMatch": '"0"'}, {"CopySourceIfModifiedSince": at - day}):
        s3.copy_object(**copy, **holds)


def test_many_are_deleted_at_once(both, place):
    keys = ["plain", "with space", "a&b<c>", "é", "x/y/", "100%"]
    for key in keys:
        both.put_object(Bucket=place, Key=key, Body=b"x")
    both.put_object(Bucket=place, Key="stays", Body=b"x")
    answer = both.delete_objects(
        Bucket=place, Delete={"Objects": [{"Key": key} for key in [*keys[:3], "never there"]]}
    )
    assert sorted(one["Key"] for one in answer["Deleted"]) == sorted([*keys[:3], "never there"])
    assert "Errors" not in answer
    quiet = both.delete_objects(
        Bucket=place, Delete={"Objects": [{"Key": key} for key in keys[3:]], "Quiet": True}
    )
    assert "Deleted" not in quiet and "Errors" not in quiet
    assert [one["Key"] for one in both.list_objects_v2(Bucket=place)["Contents"]] == ["stays"]


def test_a_thousand_are_deleted_at_once_and_not_more(s3, bucket, refused):
    for number in range(3):
        s3.put_object(Bucket=bucket, Key=f"k{number:04}", Body=b"")
    many = [{"Key": f"k{number:04}"} for number in range(1001)]
    refused("MalformedXML", s3.delete_objects, Bucket=bucket, Delete={"Objects": many}, status=400)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 3
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": many[:1000]})
    assert len(answer["Deleted"]) == 1000
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_tags_of_an_object(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="stage=raw&a%20b=c%2Bd")
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 2
    tags = {one["Key"]: one["Value"] for one in s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]}
    assert tags == {"stage": "raw", "a b": "c+d"}
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "only", "Value": ""}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "only", "Value": ""}]
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    twice = {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}
    refused("InvalidTag", s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=twice, status=400)
    eleven = {"TagSet": [{"Key": f"k{number}", "Value": "v"} for number in range(11)]}
    refused(("BadRequest", "InvalidTag"), s3.put_object_tagging, Bucket=bucket, Key="k", Tagging=eleven, status=400)
    refused("NoSuchKey", s3.get_object_tagging, Bucket=bucket, Key="none", status=404)


def test_metadata_has_a_bound_and_holds_unicode(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2000})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"]["a"] == "x" * 2000
    refused("MetadataTooLarge", s3.put_object, Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2100}, status=400)


def test_files_of_the_transfer_manager(both, place, tmp_path):
    """upload_file and download_file, in parts above 8 MiB."""
    for size in (0, 1_000, 9 << 20):
        source, target = tmp_path / "source", tmp_path / "target"
        content = hashlib.sha256(str(size).encode()).digest() * (size // 32 + 1)
        source.write_bytes(content[:size])
        both.upload_file(str(source), place, f"of {size}", ExtraArgs={"ContentType": "text/csv"})
        both.download_file(place, f"of {size}", str(target))
        assert target.read_bytes() == content[:size]
        head = both.head_object(Bucket=place, Key=f"of {size}")
        assert head["ContentType"] == "text/csv"
        assert head["ETag"].endswith('-2"') == (size > 8 << 20)
    both.copy({"Bucket": place, "Key": f"of {9 << 20}"}, place, "copied")
    assert both.get_object(Bucket=place, Key="copied")["Body"].read() == content[:size]

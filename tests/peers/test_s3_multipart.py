"""boto3 uploads in parts."""

import hashlib

import pytest

MIB = 1 << 20
PARTS = [b"a" * (5 * MIB), b"b" * (5 * MIB + 1), b"c" * 10]
WHOLE = b"".join(PARTS)


def etag_of(parts):
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


@pytest.fixture(params=["http", "https"])
def both(request, names):
    s3 = request.getfixturevalue(f"{request.param}_server").client("s3")
    bucket = names()
    s3.create_bucket(Bucket=bucket)
    return s3, bucket


def begin(s3, bucket, key="k", **options):
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key, **options)
    assert upload["Bucket"] == bucket and upload["Key"] == key
    return {"Bucket": bucket, "Key": key, "UploadId": upload["UploadId"]}


def send(s3, upload, parts=PARTS):
    return [
        {"PartNumber": number, "ETag": s3.upload_part(**upload, PartNumber=number, Body=part)["ETag"]}
        for number, part in enumerate(parts, 1)
    ]


def test_there_and_back(both, refused):
    s3, bucket = both
    upload = begin(s3, bucket, "dir/a b.bin", ContentType="text/csv", Metadata={"a": "1"}, Tagging="t=1")
    parts = send(s3, upload)
    assert [part["ETag"] for part in parts] == [f'"{hashlib.md5(part).hexdigest()}"' for part in PARTS]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0  # a part is no object
    refused("404", s3.head_object, Bucket=bucket, Key="dir/a b.bin")
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert done["ETag"] == etag_of(PARTS) and done["Bucket"] == bucket and done["Key"] == "dir/a b.bin"
    assert done["Location"]
    got = s3.get_object(Bucket=bucket, Key="dir/a b.bin")
    assert got["Body"].read() == WHOLE and got["ETag"] == etag_of(PARTS)
    assert got["ContentType"] == "text/csv" and got["Metadata"] == {"a": "1"} and got["TagCount"] == 1
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_part_can_be_read(s3, bucket, refused):
    upload = begin(s3, bucket)
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": send(s3, upload)})
    start = 0
    for number, part in enumerate(PARTS, 1):
        got = s3.get_object(Bucket=bucket, Key="k", PartNumber=number)
        assert got["Body"].read() == part and got["PartsCount"] == 3
        assert got["ContentRange"] == f"bytes {start}-{start + len(part) - 1}/{len(WHOLE)}"
        head = s3.head_object(Bucket=bucket, Key="k", PartNumber=number)
        assert head["ContentLength"] == len(part) and head["PartsCount"] == 3
        start += len(part)
    refused(("InvalidPartNumber", "416"), s3.get_object, Bucket=bucket, Key="k", PartNumber=4, status=416)
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts", "ObjectSize"])
    assert attributes["ObjectParts"]["TotalPartsCount"] == 3 and attributes["ObjectSize"] == len(WHOLE)


def test_parts_out_of_order_and_again(s3, bucket):
    upload = begin(s3, bucket)
    third = s3.upload_part(**upload, PartNumber=300, Body=b"last")["ETag"]
    s3.upload_part(**upload, PartNumber=2, Body=b"old" * (2 * MIB))
    first = s3.upload_part(**upload, PartNumber=2, Body=PARTS[0])["ETag"]
    listed = s3.list_parts(**upload)
    assert [(part["PartNumber"], part["Size"]) for part in listed["Parts"]] == [(2, 5 * MIB), (300, 4)]
    assert listed["Parts"][0]["ETag"] == first and listed["StorageClass"] == "STANDARD"
    s3.complete_multipart_upload(
        **upload, MultipartUpload={"Parts": [{"PartNumber": 2, "ETag": first}, {"PartNumber": 300, "ETag": third}]}
    )
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == PARTS[0] + b"last"


def test_only_what_is_named_becomes_the_object(s3, bucket):
    upload = begin(s3, bucket)
    parts = send(s3, upload, [PARTS[0], PARTS[1], b"left out"])
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts[:2]})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == PARTS[0] + PARTS[1]


def test_rules_of_parts(s3, bucket, refused):
    upload = begin(s3, bucket)
    parts = send(s3, upload, [b"small", b"small too"])
    complete = s3.complete_multipart_upload
    refused("EntityTooSmall", complete, **upload, MultipartUpload={"Parts": parts}, status=400)
    refused("InvalidPartOrder", complete, **upload, MultipartUpload={"Parts": parts[::-1]}, status=400)
    wrong = [{"PartNumber": 1, "ETag": '"0123456789abcdef0123456789abcdef"'}]
    refused("InvalidPart", complete, **upload, MultipartUpload={"Parts": wrong}, status=400)
    missing = [*parts[:1], {"PartNumber": 9, "ETag": parts[0]["ETag"]}]
    refused("InvalidPart", complete, **upload, MultipartUpload={"Parts": missing}, status=400)
    refused("MalformedXML", complete, **upload, MultipartUpload={"Parts": []}, status=400)
    for number in (0, 10_001):
        refused("InvalidArgument", s3.upload_part, **upload, PartNumber=number, Body=b"x", status=400)
    # It is as it was: the last part may be small.
    complete(**upload, MultipartUpload={"Parts": parts[1:]})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"small too"


def test_an_upload_that_is_not_there(s3, bucket, refused):
    gone = begin(s3, bucket)
    s3.upload_part(**gone, PartNumber=1, Body=b"x")
    assert s3.abort_multipart_upload(**gone)["ResponseMetadata"]["HTTPStatusCode"] == 204
    for upload in (gone, {**gone, "UploadId": "made-up"}):
        refused("NoSuchUpload", s3.upload_part, **upload, PartNumber=1, Body=b"x", status=404)
        refused("NoSuchUpload", s3.list_parts, **upload, status=404)
        refused("NoSuchUpload", s3.abort_multipart_upload, **upload, status=404)
        refused("NoSuchUpload", s3.complete_multipart_upload, **upload,
                MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": '"x"'}]}, status=404)


def test_completing_again_gives_the_same(s3, bucket):
    upload = begin(s3, bucket)
    parts = send(s3, upload, [b"only"])
    first = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    second = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert first["ETag"] == second["ETag"]


def test_conditions_of_completing(s3, bucket, refused):
    upload = begin(s3, bucket)
    parts = send(s3, upload, [b"new"])
    s3.put_object(Bucket=bucket, Key="k", Body=b"there")
    refused("PreconditionFailed", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": parts},
            IfNoneMatch="*", status=412)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"there"
    tag = s3.head_object(Bucket=bucket, Key="k")["ETag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, IfMatch=tag)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"new"


def test_part_by_copy(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="from é", Body=PARTS[0])
    upload = begin(s3, bucket)
    source = {"Bucket": bucket, "Key": "from é"}
    first = s3.upload_part_copy(**upload, PartNumber=1, CopySource=source)["CopyPartResult"]["ETag"]
    second = s3.upload_part_copy(
        **upload, PartNumber=2, CopySource=source, CopySourceRange="bytes=10-19"
    )["CopyPartResult"]["ETag"]
    assert second == f'"{hashlib.md5(b"a" * 10).hexdigest()}"'
    refused("InvalidArgument", s3.upload_part_copy, **upload, PartNumber=3, CopySource=source,
            CopySourceRange="bytes=0-99999999", status=400)
    refused("NoSuchKey", s3.upload_part_copy, **upload, PartNumber=3,
            CopySource={"Bucket": bucket, "Key": "none"}, status=404)
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == PARTS[0] + b"a" * 10


def test_lists_of_uploads_and_parts_have_pages(s3, bucket):
    keys = [f"k{number % 3}/x" for number in range(7)]
    uploads = [begin(s3, bucket, key) for key in keys]
    pages = list(s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2}))
    listed = [(one["Key"], one["UploadId"]) for page in pages for one in page.get("Uploads", [])]
    assert len(pages) == 4 and len(listed) == 7
    assert set(listed) == {(one["Key"], one["UploadId"]) for one in uploads}
    assert [key for key, _ in listed] == sorted(keys)
    rolled = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [one["Prefix"] for one in rolled["CommonPrefixes"]] == ["k0/", "k1/", "k2/"]
    only = s3.list_multipart_uploads(Bucket=bucket, Prefix="k1")
    assert {one["Key"] for one in only["Uploads"]} == {"k1/x"}
    for number in range(1, 8):
        s3.upload_part(**uploads[0], PartNumber=number, Body=b"x" * number)
    pages = list(s3.get_paginator("list_parts").paginate(**uploads[0], PaginationConfig={"PageSize": 3}))
    assert [[part["Size"] for part in page["Parts"]] for page in pages] == [[1, 2, 3], [4, 5, 6], [7]]
    for upload in uploads:
        s3.abort_multipart_upload(**upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [("CRC32", "FULL_OBJECT"), ("CRC32", "COMPOSITE"), ("CRC64NVME", "FULL_OBJECT"), ("SHA256", "COMPOSITE"), ("CRC32C", "FULL_OBJECT"), ("SHA1", "COMPOSITE")],
)
def test_checksums_of_parts_and_of_the_whole(both, refused, algorithm, kind):
    from test_s3_objects import checksum

    s3, bucket = both
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind)
    assert upload["ChecksumAlgorithm"] == algorithm and upload["ChecksumType"] == kind
    upload = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    member, parts = f"Checksum{algorithm}", []
    for number, part in enumerate(PARTS, 1):
        sent = s3.upload_part(**upload, PartNumber=number, Body=part, ChecksumAlgorithm=algorithm)
        assert sent[member] == checksum(algorithm, part)
        parts.append({"PartNumber": number, "ETag": sent["ETag"], member: sent[member]})
    if kind == "FULL_OBJECT":
        expected = checksum(algorithm, WHOLE)
        wrong = {member: checksum(algorithm, b"else"), "ChecksumType": kind}
        refused("BadDigest", s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": parts}, **wrong, status=400)
        given = {member: expected, "ChecksumType": kind}
    else:
        import base64

        digests = b"".join(base64.b64decode(part[member]) for part in parts)
        expected = f"{checksum(algorithm, digests)}-3"
        given = {}
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, **given)
    assert done[member] == expected and done["ChecksumType"] == kind
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[member] == expected and head["ChecksumType"] == kind
    assert s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["Body"].read() == WHOLE

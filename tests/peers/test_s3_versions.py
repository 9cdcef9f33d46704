"""boto3 on buckets that keep versions."""

import pytest


@pytest.fixture
def versioned(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def put(s3, bucket, key, body):
    return s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]


def listed(s3, bucket, **options):
    """What a listing of versions says: (key, version, is the latest, is a marker), in its order by kind."""
    answer = s3.list_object_versions(Bucket=bucket, **options)
    kinds = (("Versions", False), ("DeleteMarkers", True))
    return [
        (one["Key"], one["VersionId"], one["IsLatest"], is_marker)
        for kind, is_marker in kinds
        for one in answer.get(kind, [])
    ]


def test_the_switch(s3, bucket, refused):
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    for status in ("Enabled", "Suspended", "Enabled"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status
    refused(("MalformedXML", "IllegalVersioningConfigurationException"), s3.put_bucket_versioning, Bucket=bucket,
            VersioningConfiguration={"Status": "Sometimes"}, status=400)


def test_every_put_is_a_version(s3, versioned, refused):
    first, second = put(s3, versioned, "k", b"1"), put(s3, versioned, "k", b"22")
    assert first != second and "null" not in (first, second)
    got = s3.get_object(Bucket=versioned, Key="k")
    assert got["Body"].read() == b"22" and got["VersionId"] == second
    old = s3.get_object(Bucket=versioned, Key="k", VersionId=first)
    assert old["Body"].read() == b"1" and old["VersionId"] == first
    assert s3.head_object(Bucket=versioned, Key="k", VersionId=first)["ContentLength"] == 1
    assert listed(s3, versioned) == [("k", second, True, False), ("k", first, False, False)]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=versioned)["Contents"]] == ["k"]
    refused(("NoSuchVersion", "InvalidArgument"), s3.get_object, Bucket=versioned, Key="k", VersionId="made-up")


def test_delete_leaves_a_marker(s3, versioned, refused):
    first = put(s3, versioned, "k", b"1")
    deleted = s3.delete_object(Bucket=versioned, Key="k")
    marker = deleted["VersionId"]
    assert deleted["DeleteMarker"] is True and marker != first
    answer = refused("NoSuchKey", s3.get_object, Bucket=versioned, Key="k", status=404)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-version-id"] == marker
    answer = refused(("MethodNotAllowed", "405"), s3.get_object, Bucket=versioned, Key="k", VersionId=marker, status=405)
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0
    assert listed(s3, versioned) == [("k", first, False, False), ("k", marker, True, True)]
    assert s3.get_object(Bucket=versioned, Key="k", VersionId=first)["Body"].read() == b"1"
    undone = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    assert undone["DeleteMarker"] is True and undone["VersionId"] == marker
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"1"


def test_a_version_is_deleted_for_good(s3, versioned):
    versions = [put(s3, versioned, "k", str(number).encode()) for number in range(4)]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=versions[3])
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == versions[2]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=versions[1])
    assert [version for _, version, _, _ in listed(s3, versioned)] == [versions[2], versions[0]]
    answer = s3.delete_objects(
        Bucket=versioned,
        Delete={"Objects": [{"Key": "k", "VersionId": versions[2]}, {"Key": "k", "VersionId": versions[0]}]},
    )
    assert {one["VersionId"] for one in answer["Deleted"]} == {versions[2], versions[0]}
    assert listed(s3, versioned) == []


def test_many_deleted_leave_markers(s3, versioned):
    for key in ("a", "b"):
        put(s3, versioned, key, b"x")
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})
    assert all(one["DeleteMarker"] and one["DeleteMarkerVersionId"] for one in answer["Deleted"])
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0 and len(listed(s3, versioned)) == 4


def test_suspended_writes_the_null_version(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    assert listed(s3, bucket) == [("k", "null", True, False)]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    kept = put(s3, bucket, "k", b"kept")
    assert listed(s3, bucket) == [("k", kept, True, False), ("k", "null", False, False)]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"before"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    for body in (b"after", b"after that"):
        assert s3.put_object(Bucket=bucket, Key="k", Body=body).get("VersionId", "null") == "null"
    assert listed(s3, bucket) == [("k", "null", True, False), ("k", kept, False, False)]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"after that"
    assert s3.delete_object(Bucket=bucket, Key="k")["VersionId"] == "null"
    assert listed(s3, bucket) == [("k", kept, False, False), ("k", "null", True, True)]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=kept)["Body"].read() == b"kept"


def test_copies_and_tags_of_versions(s3, versioned):
    old = s3.put_object(Bucket=versioned, Key="k", Body=b"old", Tagging="t=old")["VersionId"]
    new = s3.put_object(Bucket=versioned, Key="k", Body=b"new", Tagging="t=new")["VersionId"]
    copied = s3.copy_object(Bucket=versioned, Key="k", CopySource={"Bucket": versioned, "Key": "k", "VersionId": old})
    assert copied["CopySourceVersionId"] == old and copied["VersionId"] not in (old, new)
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"old"
    for version, value in ((old, "old"), (new, "new"), (copied["VersionId"], "old")):
        tags = s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=version)
        assert tags["TagSet"] == [{"Key": "t", "Value": value}] and tags["VersionId"] == version
    s3.put_object_tagging(Bucket=versioned, Key="k", VersionId=new, Tagging={"TagSet": []})
    assert s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=new)["TagSet"] == []
    assert s3.get_object_tagging(Bucket=versioned, Key="k", VersionId=old)["TagSet"]


def test_pages_of_versions(s3, versioned):
    for key in ("a", "b/1", "b/2", "c"):
        for number in range(3):
            put(s3, versioned, key, str(number).encode())
        if key != "c":
            s3.delete_object(Bucket=versioned, Key=key)
    whole = s3.list_object_versions(Bucket=versioned)
    expected = {(one["Key"], one["VersionId"]) for kind in ("Versions", "DeleteMarkers") for one in whole[kind]}
    assert len(expected) == 15 and not whole["IsTruncated"]
    for size in (1, 4, 15, 16):
        pages = list(s3.get_paginator("list_object_versions").paginate(
            Bucket=versioned, PaginationConfig={"PageSize": size}
        ))
        seen = [
            (one["Key"], one["VersionId"])
            for page in pages for kind in ("Versions", "DeleteMarkers") for one in page.get(kind, [])
        ]
        assert len(seen) == 15 and set(seen) == expected
    rolled = s3.list_object_versions(Bucket=versioned, Delimiter="/")
    assert [one["Prefix"] for one in rolled["CommonPrefixes"]] == ["b/"]
    assert {one["Key"] for one in rolled["Versions"]} == {"a", "c"}
    assert {key for key, *_ in listed(s3, versioned, Prefix="b/2")} == {"b/2"}


def test_uploads_in_parts_make_versions(s3, versioned):
    put(s3, versioned, "k", b"first")
    upload = s3.create_multipart_upload(Bucket=versioned, Key="k")["UploadId"]
    where = {"Bucket": versioned, "Key": "k", "UploadId": upload}
    tag = s3.upload_part(**where, PartNumber=1, Body=b"second")["ETag"]
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    assert done["VersionId"] and len(listed(s3, versioned)) == 2
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == done["VersionId"]


def test_a_bucket_with_versions_is_not_empty(s3, versioned, refused):
    version = put(s3, versioned, "k", b"x")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    refused("BucketNotEmpty", s3.delete_bucket, Bucket=versioned, status=409)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    s3.delete_bucket(Bucket=versioned)

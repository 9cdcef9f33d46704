"""The AWS command line: every operation of s3api."""

import base64
import hashlib
import json

from botocore import xform_name
from command_line import key_of, served_of_s3

ACCOUNT = "123456789012"
BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
PART = b"a" * (5 << 20)


def md5(data):
    return f'"{hashlib.md5(data).hexdigest()}"'


def keys(answer):
    return [one["Key"] for one in answer["Contents"]]


def test_buckets(aws):
    for name in ("lake", "other"):
        assert aws(f"s3api create-bucket --bucket {name}") == {"Location": f"/{name}"}
    assert aws("s3api head-bucket --bucket lake")["BucketRegion"] == "us-east-1"
    assert aws("s3api get-bucket-location --bucket lake") == {"LocationConstraint": None}
    assert [one["Name"] for one in aws("s3api list-buckets")["Buckets"]] == ["lake", "other"]
    aws.refused("404", "s3api head-bucket --bucket none")


def test_objects(aws):
    aws.file("body", b"0123456789")
    put = aws("s3api put-object --bucket lake --key raw/a --body body --metadata a=b --content-type text/plain"
              " --checksum-algorithm SHA256 --tagging stage=raw")
    sha256 = base64.b64encode(hashlib.sha256(b"0123456789").digest()).decode()
    assert (put["ETag"], put["ChecksumSHA256"]) == (md5(b"0123456789"), sha256)
    head = aws("s3api head-object --bucket lake --key raw/a --checksum-mode ENABLED")
    assert (head["ContentLength"], head["ContentType"], head["Metadata"]) == (10, "text/plain", {"a": "b"})
    assert (head["ETag"], head["ChecksumSHA256"]) == (put["ETag"], sha256)
    got = aws("s3api get-object --bucket lake --key raw/a --range bytes=2-4 part")
    assert (got["ContentRange"], got["ContentLength"]) == ("bytes 2-4/10", 3)
    assert (aws.folder / "part").read_bytes() == b"234"
    attributes = aws("s3api get-object-attributes --bucket lake --key raw/a"
                     " --object-attributes ETag ObjectSize Checksum")
    assert (attributes["ETag"], attributes["ObjectSize"]) == (put["ETag"].strip('"'), 10)
    assert attributes["Checksum"]["ChecksumSHA256"] == sha256
    copied = aws("s3api copy-object --bucket lake --key b --copy-source lake/raw/a --metadata-directive REPLACE"
                 " --metadata c=d")
    assert copied["CopyObjectResult"]["ETag"] == put["ETag"]
    assert aws("s3api head-object --bucket lake --key b")["Metadata"] == {"c": "d"}
    aws.refused("404", "s3api head-object --bucket lake --key none")
    aws.refused("NoSuchKey", "s3api get-object --bucket lake --key none part")


def test_tags_of_an_object(aws):
    assert aws("s3api get-object-tagging --bucket lake --key raw/a")["TagSet"] == [{"Key": "stage", "Value": "raw"}]
    aws("s3api put-object-tagging --bucket lake --key raw/a --tagging", "TagSet=[{Key=a,Value=b}]")
    assert aws("s3api get-object-tagging --bucket lake --key raw/a")["TagSet"] == [{"Key": "a", "Value": "b"}]
    aws("s3api delete-object-tagging --bucket lake --key raw/a")
    assert aws("s3api get-object-tagging --bucket lake --key raw/a")["TagSet"] == []


def test_tags_are_counted(aws):
    aws("s3api put-object --bucket lake --key tagged --tagging stage=raw")
    assert aws("s3api get-object --bucket lake --key tagged part")["TagCount"] == 1
    counted = aws("s3api head-object --bucket lake --key tagged")
    aws("s3api delete-object --bucket lake --key tagged")
    assert counted["TagCount"] == 1


def test_listings(aws):
    for version in ("list-objects", "list-objects-v2"):
        assert keys(aws(f"s3api {version} --bucket lake")) == ["b", "raw/a"]
        rolled = aws(f"s3api {version} --bucket lake --delimiter /")
        assert keys(rolled) == ["b"] and rolled["CommonPrefixes"] == [{"Prefix": "raw/"}]
        assert keys(aws(f"s3api {version} --bucket lake --page-size 1")) == ["b", "raw/a"]
    page = aws("s3api list-objects-v2 --bucket lake --max-items 1")
    assert keys(page) == ["b"]
    assert keys(aws(f"s3api list-objects-v2 --bucket lake --starting-token {page['NextToken']}")) == ["raw/a"]


def test_versions_and_deletions(aws):
    assert aws("s3api get-bucket-versioning --bucket lake") is None
    aws("s3api put-bucket-versioning --bucket lake --versioning-configuration Status=Enabled")
    assert aws("s3api get-bucket-versioning --bucket lake") == {"Status": "Enabled"}
    new = aws("s3api put-object --bucket lake --key b --body body")["VersionId"]
    listed = aws("s3api list-object-versions --bucket lake --prefix b")["Versions"]
    assert [(one["VersionId"], one["IsLatest"]) for one in listed] == [(new, True), ("null", False)]
    marker = aws("s3api delete-object --bucket lake --key b")
    assert marker["DeleteMarker"] is True
    (shown,) = aws("s3api list-object-versions --bucket lake --prefix b")["DeleteMarkers"]
    assert (shown["VersionId"], shown["IsLatest"]) == (marker["VersionId"], True)
    gone = [{"Key": "b", "VersionId": version} for version in (new, marker["VersionId"])]
    deleted = aws("s3api delete-objects --bucket lake --delete", json.dumps({"Objects": gone}))["Deleted"]
    assert [(one["Key"], one["VersionId"]) for one in deleted] == [("b", one["VersionId"]) for one in gone]
    assert aws("s3api head-object --bucket lake --key b")["VersionId"] == "null"


def test_uploads_in_parts(aws):
    aws.file("first", PART)
    aws.file("last", b"the end")
    where = "--bucket other --key big"
    begun = aws(f"s3api create-multipart-upload {where} --content-type text/csv")
    assert (begun["Bucket"], begun["Key"]) == ("other", "big")
    upload = f"{where} --upload-id {begun['UploadId']}"
    assert aws(f"s3api upload-part {upload} --part-number 1 --body first")["ETag"] == md5(PART)
    copied = aws(f"s3api upload-part-copy {upload} --part-number 2 --copy-source lake/raw/a"
                 " --copy-source-range bytes=0-4")
    assert copied["CopyPartResult"]["ETag"] == md5(b"01234")
    parts = aws(f"s3api list-parts {upload}")["Parts"]
    assert [(one["PartNumber"], one["Size"], one["ETag"]) for one in parts] == [
        (1, len(PART), md5(PART)), (2, 5, md5(b"01234")),
    ]
    (listed,) = aws("s3api list-multipart-uploads --bucket other")["Uploads"]
    assert (listed["Key"], listed["UploadId"]) == ("big", begun["UploadId"])
    named = [{"PartNumber": one["PartNumber"], "ETag": one["ETag"]} for one in parts]
    aws.file("parts.json", json.dumps({"Parts": named}))
    done = aws(f"s3api complete-multipart-upload {upload} --multipart-upload file://parts.json")
    assert (done["Bucket"], done["Key"], done["ETag"][-3:]) == ("other", "big", '-2"') and done["Location"]
    got = aws("s3api get-object --bucket other --key big whole")
    assert (got["ContentType"], got["ETag"]) == ("text/csv", done["ETag"])
    assert (aws.folder / "whole").read_bytes() == PART + b"01234"
    again = aws(f"s3api create-multipart-upload {where}")["UploadId"]
    aws(f"s3api abort-multipart-upload {where} --upload-id {again}")
    assert "Uploads" not in aws("s3api list-multipart-uploads --bucket other")
    aws.refused("NoSuchUpload", f"s3api list-parts {where} --upload-id {again}")


def test_tags_of_a_bucket(aws):
    aws.refused("NoSuchTagSet", "s3api get-bucket-tagging --bucket lake")
    aws("s3api put-bucket-tagging --bucket lake --tagging", "TagSet=[{Key=team,Value=data}]")
    assert aws("s3api get-bucket-tagging --bucket lake") == {"TagSet": [{"Key": "team", "Value": "data"}]}
    aws("s3api delete-bucket-tagging --bucket lake")
    aws.refused("NoSuchTagSet", "s3api get-bucket-tagging --bucket lake")


def test_who_may_come_to_a_bucket(aws):
    policy = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::lake/*",
    }]}
    aws.file("policy.json", json.dumps(policy))
    aws("s3api put-bucket-policy --bucket lake --policy file://policy.json")
    assert json.loads(aws("s3api get-bucket-policy --bucket lake")["Policy"]) == policy
    assert aws("s3api get-bucket-policy-status --bucket lake") == {"PolicyStatus": {"IsPublic": False}}
    aws("s3api delete-bucket-policy --bucket lake")
    aws.refused("NoSuchBucketPolicy", "s3api get-bucket-policy --bucket lake")

    aws("s3api put-bucket-acl --bucket lake --acl private")
    access = aws("s3api get-bucket-acl --bucket lake")
    (grant,) = access["Grants"]
    assert (grant["Permission"], grant["Grantee"]["ID"]) == ("FULL_CONTROL", access["Owner"]["ID"])

    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    aws("s3api put-bucket-ownership-controls --bucket lake --ownership-controls", json.dumps(controls))
    assert aws("s3api get-bucket-ownership-controls --bucket lake") == {"OwnershipControls": controls}
    aws("s3api delete-bucket-ownership-controls --bucket lake")
    aws.refused("OwnershipControlsNotFoundError", "s3api get-bucket-ownership-controls --bucket lake")

    block = "s3api put-public-access-block --bucket lake --public-access-block-configuration"
    aws(f"{block} BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true")
    assert aws("s3api get-public-access-block --bucket lake") == {"PublicAccessBlockConfiguration": BLOCKED}
    aws("s3api delete-public-access-block --bucket lake")
    aws.refused("NoSuchPublicAccessBlockConfiguration", "s3api get-public-access-block --bucket lake")


def test_how_a_bucket_behaves(aws):
    cors = {"CORSRules": [{
        "ID": "console", "AllowedHeaders": ["*"], "AllowedMethods": ["GET", "PUT"],
        "AllowedOrigins": ["http://localhost:3000"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 3000,
    }]}
    aws("s3api put-bucket-cors --bucket lake --cors-configuration", json.dumps(cors))
    assert aws("s3api get-bucket-cors --bucket lake") == cors
    aws("s3api delete-bucket-cors --bucket lake")
    aws.refused("NoSuchCORSConfiguration", "s3api get-bucket-cors --bucket lake")

    lifecycle = {"Rules": [
        {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "raw/"}, "Expiration": {"Days": 30}},
        {"ID": "parts", "Status": "Enabled", "Filter": {"Prefix": ""},
         "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
    ]}
    aws("s3api put-bucket-lifecycle-configuration --bucket lake --lifecycle-configuration", json.dumps(lifecycle))
    assert aws("s3api get-bucket-lifecycle-configuration --bucket lake")["Rules"] == lifecycle["Rules"]
    aws("s3api delete-bucket-lifecycle --bucket lake")
    aws.refused("NoSuchLifecycleConfiguration", "s3api get-bucket-lifecycle-configuration --bucket lake")

    aws("s3api put-bucket-notification-configuration --bucket lake"
        " --notification-configuration EventBridgeConfiguration={}")
    kept = aws("s3api get-bucket-notification-configuration --bucket lake")
    assert kept == {"EventBridgeConfiguration": {}}


def test_who_may_not(aws):
    aws("iam create-user --user-name ann")
    own = key_of(aws("iam create-access-key --user-name ann")["AccessKey"])
    said = aws.refused("AccessDenied", "s3api get-object --bucket lake --key raw/a none", **own)
    assert f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: s3:GetObject" in said
    assert not (aws.folder / "none").exists()


def test_the_end(aws):
    aws.refused("BucketNotEmpty", "s3api delete-bucket --bucket other")
    aws("s3api delete-object --bucket other --key big")
    aws("s3api delete-bucket --bucket other")
    assert [one["Name"] for one in aws("s3api list-buckets")["Buckets"]] == ["lake"]


def test_that_was_every_operation(aws):
    assert set(map(xform_name, aws.done("s3"))) == served_of_s3()

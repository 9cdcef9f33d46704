"""boto3 makes buckets and says how they behave."""

import json

import pytest

TLS_ONLY = {
    "Version": "2012-10-17",
    "Statement": [{
        "Sid": "none", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket",
        "Resource": "arn:aws:s3:::BUCKET",
        "Condition": {"StringEquals": {"aws:PrincipalTag/never": "there"}},
    }],
}


@pytest.fixture(params=["http", "https"])
def both(request):
    return request.getfixturevalue(f"{request.param}_server").client("s3")


def test_make_head_list_delete(both, names, refused):
    name = names()
    made = both.create_bucket(Bucket=name)
    assert made["Location"] == f"/{name}"
    assert both.head_bucket(Bucket=name)["BucketRegion"] == "us-east-1"
    assert both.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    listed = {one["Name"]: one for one in both.list_buckets()["Buckets"]}
    assert listed[name]["CreationDate"].tzinfo
    assert both.list_buckets()["Owner"]["ID"]
    both.put_object(Bucket=name, Key="k", Body=b"x")
    refused("BucketNotEmpty", both.delete_bucket, Bucket=name, status=409)
    both.delete_object(Bucket=name, Key="k")
    assert both.delete_bucket(Bucket=name)["ResponseMetadata"]["HTTPStatusCode"] == 204
    refused("404", both.head_bucket, Bucket=name, status=404)
    refused("NoSuchBucket", both.delete_bucket, Bucket=name, status=404)


def test_a_bucket_that_is_ours_already(s3, bucket):
    """In us-east-1 that is no error, as AWS has it; nothing is lost by it."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.create_bucket(Bucket=bucket)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


@pytest.mark.parametrize("name", ["ab", "Upper", "under_score", "dot..dot", "192.168.1.1", "-dash", "x" * 64])
def test_names_that_s3_refuses(http_server, refused, name):
    s3 = http_server.client("s3", parameter_validation=False)
    s3.meta.events.unregister("before-parameter-build.s3", _validator())
    refused("InvalidBucketName", s3.create_bucket, Bucket=name, status=400)


def _validator():
    from botocore.handlers import validate_bucket_name

    return validate_bucket_name


def test_pages_of_buckets(s3, names):
    prefix = names()
    for number in range(5):
        s3.create_bucket(Bucket=f"{prefix}-{number}")
    pages = list(s3.get_paginator("list_buckets").paginate(Prefix=prefix, PaginationConfig={"PageSize": 2}))
    assert [[one["Name"][-1] for one in page["Buckets"]] for page in pages] == [["0", "1"], ["2", "3"], ["4"]]


def test_tags(s3, bucket, refused):
    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=bucket, status=404)
    tags = [{"Key": "team", "Value": "data + more"}, {"Key": "é", "Value": ""}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    kept = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert sorted(kept, key=str) == sorted(tags, key=str)
    s3.delete_bucket_tagging(Bucket=bucket)
    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=bucket, status=404)


def test_policy(s3, bucket, refused):
    refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=bucket, status=404)
    policy = json.loads(json.dumps(TLS_ONLY).replace("BUCKET", bucket))
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    for wrong in ("{", "[]", json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]})):
        refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy=wrong, status=400)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False
    s3.delete_bucket_policy(Bucket=bucket)
    refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=bucket, status=404)


def test_cors(s3, bucket, refused):
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=bucket, status=404)
    rules = [{
        "ID": "console", "AllowedHeaders": ["*"], "AllowedMethods": ["GET", "PUT"],
        "AllowedOrigins": ["http://localhost:3000"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 3000,
    }]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules
    s3.delete_bucket_cors(Bucket=bucket)
    refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=bucket, status=404)


def test_lifecycle(s3, bucket, refused):
    missing = "NoSuchLifecycleConfiguration"
    refused(missing, s3.get_bucket_lifecycle_configuration, Bucket=bucket, status=404)
    rules = [
        {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "raw/"}, "Expiration": {"Days": 30}},
        {"ID": "parts", "Status": "Enabled", "Filter": {"Prefix": ""},
         "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
        {"ID": "off", "Status": "Disabled", "Filter": {"And": {"Prefix": "x", "Tags": [{"Key": "a", "Value": "b"}]}},
         "Expiration": {"Days": 1}},
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    kept = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert sorted(kept, key=lambda rule: rule["ID"]) == sorted(rules, key=lambda rule: rule["ID"])
    s3.delete_bucket_lifecycle(Bucket=bucket)
    refused(missing, s3.get_bucket_lifecycle_configuration, Bucket=bucket, status=404)


def test_ownership_and_public_access(s3, bucket, refused):
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]  # of every new bucket, since April 2023
    all_of_it = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == all_of_it
    some = {**all_of_it, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=some)
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == some
    s3.delete_public_access_block(Bucket=bucket)
    refused("NoSuchPublicAccessBlockConfiguration", s3.get_public_access_block, Bucket=bucket, status=404)
    for refusal in ("BucketOwnerPreferred", "ObjectWriter"):  # they are for access lists, which are not served
        refused("NotImplemented", s3.put_bucket_ownership_controls, Bucket=bucket,
                OwnershipControls={"Rules": [{"ObjectOwnership": refusal}]}, status=501)
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    refused("OwnershipControlsNotFoundError", s3.get_bucket_ownership_controls, Bucket=bucket, status=404)


def test_notification_configuration(s3, bucket):
    assert "LambdaFunctionConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    wanted = [{
        "Id": "transform", "LambdaFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:transform",
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [
            {"Name": "prefix", "Value": "raw_data/to_processed/"}, {"Name": "suffix", "Value": ".json"},
        ]}},
    }]
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"LambdaFunctionConfigurations": wanted},
        SkipDestinationValidation=True,
    )
    (kept,) = s3.get_bucket_notification_configuration(Bucket=bucket)["LambdaFunctionConfigurations"]
    for rule in kept["Filter"]["Key"]["FilterRules"]:
        rule["Name"] = rule["Name"].lower()  # S3 answers Prefix and Suffix
    assert kept == wanted[0]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert "LambdaFunctionConfigurations" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_what_is_not_served_is_refused_by_its_name(s3, bucket, refused):
    for call, options in (
        (s3.put_bucket_website, {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}}),
        (s3.put_bucket_replication, {"ReplicationConfiguration": {
            "Role": "arn:aws:iam::123456789012:role/r",
            "Rules": [{"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::other"}}],
        }}),
        (s3.put_object_lock_configuration, {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}),
        (s3.put_bucket_logging, {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "x", "TargetPrefix": "y"}}}),
        (s3.list_bucket_analytics_configurations, {}),
    ):
        answer = refused("NotImplemented", call, Bucket=bucket, **options, status=501)
        assert "not implemented" in answer["Error"]["Message"].lower(), answer
    s3.put_object(Bucket=bucket, Key="k", Body=b"a,b\n1,2\n")
    refused("NotImplemented", s3.select_object_content, Bucket=bucket, Key="k", Expression="select * from s3object",
            ExpressionType="SQL", InputSerialization={"CSV": {}}, OutputSerialization={"CSV": {}}, status=501)


def test_encryption_that_would_be_a_false_promise_is_refused(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="plain", Body=b"x", ServerSideEncryption="AES256")
    assert s3.get_object(Bucket=bucket, Key="plain")["Body"].read() == b"x"
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    https = {"Bucket": bucket, "Key": "sealed", "Body": b"x"}
    for options in (key, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/mine"}):
        refused(("NotImplemented", "InvalidArgument", "InvalidRequest"), s3.put_object, **https, **options)
    refused("404", s3.head_object, Bucket=bucket, Key="sealed")


def test_a_canned_acl_is_private_or_refused(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="private")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL="bucket-owner-full-control")
    refused(("AccessControlListNotSupported", "NotImplemented"), s3.put_object, Bucket=bucket, Key="k", Body=b"y",
            ACL="public-read")
    (grant,) = s3.get_bucket_acl(Bucket=bucket)["Grants"]
    assert grant["Permission"] == "FULL_CONTROL" and grant["Grantee"]["Type"] == "CanonicalUser"


def test_waiters(s3, names):
    name = names()
    s3.create_bucket(Bucket=name)
    fast = {"Delay": 0.1, "MaxAttempts": 2}
    s3.get_waiter("bucket_exists").wait(Bucket=name, WaiterConfig=fast)
    s3.put_object(Bucket=name, Key="k", Body=b"")
    s3.get_waiter("object_exists").wait(Bucket=name, Key="k", WaiterConfig=fast)
    s3.delete_object(Bucket=name, Key="k")
    s3.get_waiter("object_not_exists").wait(Bucket=name, Key="k", WaiterConfig=fast)
    s3.delete_bucket(Bucket=name)
    s3.get_waiter("bucket_not_exists").wait(Bucket=name, WaiterConfig=fast)

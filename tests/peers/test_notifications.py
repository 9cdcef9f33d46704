"""Buckets tell functions what happens in them; so do rules and schedules. What functions were told is
in their logs."""

import concurrent.futures
import datetime
import io
import json
import pathlib
import statistics
import tempfile
import time
import zipfile

import pytest

from functions import RUNTIME, configure
from ledger import ACCOUNT, REGION, role, until

HANDLER = """
import json, os, time

def handler(event, context):
    print("TOLD " + json.dumps({"at": time.time(), "id": context.aws_request_id, "event": event}))
    if "LEDGER" in os.environ:
        ledger = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(ledger, (event["Records"][0]["s3"]["object"]["key"] + "\\n").encode())
        os.close(ledger)
"""
CREATED = ["s3:ObjectCreated:*"]


def zipped(code):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("lambda_function.py", code)
    return file.getvalue()


class Told:
    """A function that notes what it is told, and a bucket that may invoke it."""

    def __init__(self, server, name):
        self.name = name
        self.attach(server)
        self.s3.create_bucket(Bucket=name)
        made = server.client("lambda").create_function(
            FunctionName=name, Runtime=RUNTIME, Handler="lambda_function.handler",
            Role=role(server.client("iam"), name, "lambda.amazonaws.com", "logs:*"),
            Code={"ZipFile": zipped(HANDLER)}, Timeout=30,
        )
        self.arn = made["FunctionArn"]
        server.client("lambda").get_waiter("function_active_v2").wait(FunctionName=name)
        self.let("s3.amazonaws.com", f"arn:aws:s3:::{name}")

    def attach(self, server):
        self.server = server
        self.s3, self.logs = server.client("s3", max_pool_connections=32), server.client("logs")

    def let(self, principal, source):
        self.server.client("lambda").add_permission(
            FunctionName=self.name, StatementId=principal.split(".")[0], Action="lambda:InvokeFunction",
            Principal=principal, SourceArn=source,
        )

    def notify(self, **configuration):
        one = {"Id": "t", "LambdaFunctionArn": self.arn, "Events": CREATED, **configuration}
        self.s3.put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration={"LambdaFunctionConfigurations": [one]},
        )

    def told(self):
        """All that it was told, in no order."""
        found = []
        try:
            pages = self.logs.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{self.name}", filterPattern="TOLD",
            )
            for page in pages:
                found += [json.loads(event["message"].split("TOLD ", 1)[1]) for event in page["events"]]
        except self.logs.exceptions.ResourceNotFoundException:
            pass
        return found

    def keys(self):
        return [told["event"]["Records"][0]["s3"]["object"]["key"] for told in self.told()]

    def await_told(self, count, seconds=60):
        until(lambda: len(self.told()) >= count, f"{count} invocations", seconds)
        return self.told()


@pytest.fixture
def server(stave, serve):
    configure(stave.home)
    return serve()


@pytest.fixture
def told(server):
    return Told(server, "told")


def put_all(s3, bucket, keys):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=b"1"), keys))


def test_queues_and_topics_are_refused_by_name(s3, bucket, refused):
    for list_name, arn_name, service in [
        ("QueueConfigurations", "QueueArn", "sqs"), ("TopicConfigurations", "TopicArn", "sns"),
    ]:
        arn = f"arn:aws:{service}:{REGION}:{ACCOUNT}:theirs"
        answer = refused(
            "NotImplemented", s3.put_bucket_notification_configuration, Bucket=bucket, status=501,
            NotificationConfiguration={list_name: [{arn_name: arn, "Events": CREATED}]},
            SkipDestinationValidation=True,
        )
        assert arn in answer["Error"]["Message"]
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_configurations_are_checked(s3, bucket, refused):
    def put(*configurations, skip=True):
        return refused(
            "InvalidArgument", s3.put_bucket_notification_configuration, Bucket=bucket, status=400,
            NotificationConfiguration={"LambdaFunctionConfigurations": list(configurations)},
            SkipDestinationValidation=skip,
        )["Error"]["Message"]

    def one(**more):
        return {"LambdaFunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", "Events": CREATED, **more}

    def filtered(*rules):
        return one(Filter={"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in rules]}})

    assert put(one(), skip=False).startswith("Unable to validate the following destination configurations")
    assert "overlapping" in put(filtered(("prefix", "a/")), filtered(("prefix", "a/b/")))
    assert "prefix" in put(filtered(("prefix", "a/"), ("prefix", "b/")))
    assert "Same ID" in put(one(Id="a", Events=["s3:ObjectCreated:Put"]), one(Id="a", Events=["s3:ObjectRemoved:*"]))
    assert "s3:Nothing" in put(one(Events=["s3:Nothing"]))
    refused("NoSuchBucket", s3.put_bucket_notification_configuration, Bucket=f"{bucket}-none",
            NotificationConfiguration={"EventBridgeConfiguration": {}})


def test_a_bucket_s_policy_counts(s3, bucket, refused):
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutBucketNotification", "Resource": f"arn:aws:s3:::{bucket}"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    refused("AccessDenied", s3.put_bucket_notification_configuration, Bucket=bucket, status=403,
            NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_the_record_is_s3_s(told):
    told.notify(Filter={"Key": {"FilterRules": [
        {"Name": "prefix", "Value": "raw_data/to_processed/"}, {"Name": "suffix", "Value": ".json"},
    ]}})
    key = "raw_data/to_processed/spotify_raw_2026-11-21 10:00:00.123456 ü.json"
    before = datetime.datetime.now(datetime.timezone.utc)
    for other in ("raw_data/to_processed/a.csv", "other/a.json"):
        told.s3.put_object(Bucket=told.name, Key=other, Body=b"1")
    etag = told.s3.put_object(Bucket=told.name, Key=key, Body=b"hello")["ETag"].strip('"')
    (said,) = told.await_told(1)
    (record,) = said["event"]["Records"]
    at = datetime.datetime.strptime(record.pop("eventTime"), "%Y-%m-%dT%H:%M:%S.%f%z")
    assert abs((at - before).total_seconds()) < 10
    elements = record.pop("responseElements")
    assert sorted(elements) == ["x-amz-id-2", "x-amz-request-id"] and all(elements.values())
    sequencer = record["s3"]["object"].pop("sequencer")
    assert len(sequencer) >= 16 and int(sequencer, 16) > 0
    assert record == {
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION, "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": f"AWS:{ACCOUNT}"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "t",
            "bucket": {
                "name": told.name, "ownerIdentity": {"principalId": ACCOUNT}, "arn": f"arn:aws:s3:::{told.name}",
            },
            "object": {
                "key": "raw_data/to_processed/spotify_raw_2026-11-21+10%3A00%3A00.123456+%C3%BC.json",
                "size": 5, "eTag": etag,
            },
        },
    }


def test_versions_copies_uploads_and_deletions(told):
    told.s3.put_bucket_versioning(Bucket=told.name, VersioningConfiguration={"Status": "Enabled"})
    told.notify(Events=["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])
    version = told.s3.put_object(Bucket=told.name, Key="a", Body=b"1")["VersionId"]
    told.s3.copy_object(Bucket=told.name, Key="b", CopySource={"Bucket": told.name, "Key": "a"})
    upload = told.s3.create_multipart_upload(Bucket=told.name, Key="c")["UploadId"]
    part = told.s3.upload_part(Bucket=told.name, Key="c", UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
    told.s3.complete_multipart_upload(
        Bucket=told.name, Key="c", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]},
    )
    marker = told.s3.delete_object(Bucket=told.name, Key="a")["VersionId"]
    told.s3.delete_object(Bucket=told.name, Key="a", VersionId=version)
    records = [said["event"]["Records"][0] for said in told.await_told(5)]
    by_name = {record["eventName"]: record["s3"]["object"] for record in records}
    assert sorted(by_name) == [
        "ObjectCreated:CompleteMultipartUpload", "ObjectCreated:Copy", "ObjectCreated:Put", "ObjectRemoved:Delete",
        "ObjectRemoved:DeleteMarkerCreated",
    ]
    assert by_name["ObjectCreated:Put"]["versionId"] == by_name["ObjectRemoved:Delete"]["versionId"] == version
    assert by_name["ObjectRemoved:DeleteMarkerCreated"]["versionId"] == marker
    assert "size" not in by_name["ObjectRemoved:Delete"]


def test_a_function_that_lets_nobody_in_is_not_told(told, refused):
    told.server.client("lambda").remove_permission(FunctionName=told.name, StatementId="s3")
    answer = refused(
        "InvalidArgument", told.s3.put_bucket_notification_configuration, Bucket=told.name,
        NotificationConfiguration={"LambdaFunctionConfigurations": [{"LambdaFunctionArn": told.arn, "Events": CREATED}]},
    )
    assert answer["Error"]["Message"].startswith("Unable to validate the following destination configurations")


def test_a_thousand_objects_are_a_thousand_invocations(told):
    told.notify()
    keys = [f"k{n:04}" for n in range(1000)]
    put_all(told.s3, told.name, keys)
    until(lambda: len(told.keys()) >= 1000, "1000 invocations", 300)
    assert sorted(told.keys()) == keys


def test_none_is_lost_when_the_server_is_killed(told):
    """What was under way when it was killed may come twice: 16 deliveries, and the invocations that
    ran. Everything else comes once. The last half second of their logs dies with the server, so they
    write what they were told to a file, too: outside of /tmp, which is the function's own."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        none_is_lost(told, pathlib.Path(folder, "ledger"))


def none_is_lost(told, ledger):
    told.server.client("lambda").update_function_configuration(
        FunctionName=told.name, Environment={"Variables": {"LEDGER": str(ledger)}},
    )
    told.server.client("lambda").get_waiter("function_updated_v2").wait(FunctionName=told.name)
    told.notify()
    keys = [f"k{n:04}" for n in range(1000)]
    put_all(told.s3, told.name, keys[:600])
    told.server.kill()
    told.server.start()
    told.attach(told.server)
    put_all(told.s3, told.name, keys[600:])
    found = lambda: ledger.read_text().split() if ledger.exists() else []  # noqa: E731
    until(lambda: len(set(found())) == 1000, "1000 objects that were told of", 300)
    found = found()
    twice = len(found) - 1000
    print(f"{twice} of 1000 were told twice")
    assert sorted(set(found)) == keys and twice <= 64


def test_it_is_told_at_once(told):
    told.notify()
    told.s3.put_object(Bucket=told.name, Key="warm", Body=b"1")
    told.await_told(1)
    begun = {}
    for n in range(30):
        begun[f"k{n:02}"] = time.time()
        told.s3.put_object(Bucket=told.name, Key=f"k{n:02}", Body=b"1")
        time.sleep(0.1)
    said = told.await_told(31)
    at = {one["event"]["Records"][0]["s3"]["object"]["key"]: one["at"] for one in said}
    took_ms = sorted((at[key] - begun[key]) * 1000 for key in begun)
    print(f"from put to handler: median {statistics.median(took_ms):.1f} ms, worst {took_ms[-1]:.1f} ms")
    assert statistics.median(took_ms) < 250


def test_rules_and_schedules_invoke_functions(told):
    events, scheduler = told.server.client("events"), told.server.client("scheduler")
    arn = events.put_rule(Name="r", EventPattern='{"source": ["com.example"]}')["RuleArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "f", "Arn": told.arn}])
    entry = {"Source": "com.example", "DetailType": "t", "Detail": '{"n": 1}'}
    # Before the function lets the rule in, nothing comes of it.
    events.put_events(Entries=[entry])
    told.let("events.amazonaws.com", arn)
    (put,) = events.put_events(Entries=[entry])["Entries"]
    (said,) = told.await_told(1)
    assert (said["event"]["id"], said["event"]["detail"]) == (put["EventId"], {"n": 1})
    sender = role(told.server.client("iam"), "sender", "scheduler.amazonaws.com", "lambda:InvokeFunction")
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
    for name, target in [
        ("direct", {"Arn": told.arn, "Input": '{"said": "direct"}'}),
        ("called", {
            "Arn": "arn:aws:scheduler:::aws-sdk:lambda:invoke",
            "Input": json.dumps({"FunctionName": told.name, "Payload": '{"said": "called"}'}),
        }),
        ("plain", {"Arn": told.arn}),
    ]:
        scheduler.create_schedule(
            Name=name, ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})", FlexibleTimeWindow={"Mode": "OFF"},
            Target={"RoleArn": sender, **target},
        )
    said = [one["event"] for one in told.await_told(4)]
    assert {"said": "direct"} in said and {"said": "called"} in said
    (plain,) = [event for event in said if event.get("source") == "aws.scheduler"]
    assert plain["detail-type"] == "Scheduled Event" and plain["detail"] == "{}"
    assert plain["resources"] == [f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/plain"]


def test_a_rule_writes_to_a_log_group(server):
    events, logs = server.client("events"), server.client("logs")
    logs.create_log_group(logGroupName="/aws/events/orders")
    events.put_rule(Name="r", EventPattern='{"source": ["com.example"]}')
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/orders"
    events.put_targets(Rule="r", Targets=[{"Id": "l", "Arn": group}])
    ids = [
        events.put_events(Entries=[{"Source": "com.example", "DetailType": "t", "Detail": "{}"}])["Entries"][0]["EventId"]
        for _ in range(20)
    ]

    def logged():
        return logs.filter_log_events(logGroupName="/aws/events/orders")["events"]

    until(lambda: len(logged()) >= 20, "20 lines")
    assert sorted(json.loads(line["message"])["id"] for line in logged()) == sorted(ids)

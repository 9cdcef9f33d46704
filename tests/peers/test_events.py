"""boto3 keeps buses, rules and targets, and puts events; what they lead to is seen in jobs that run."""

import datetime
import json

import pytest

from ledger import ACCOUNT, Ledger, REGION, role, until

PREFIX = f"arn:aws:events:{REGION}:{ACCOUNT}"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:transform"
ORDERS = json.dumps({"source": ["com.example.orders"]})


@pytest.fixture(scope="module")
def events(http_server):
    return http_server.client("events")


@pytest.fixture(scope="module")
def starter(http_server):
    """A role that rules start jobs with."""
    actions = ("glue:StartJobRun", "glue:StartCrawler", "events:PutEvents")
    return role(http_server.client("iam"), "events-starter", "events.amazonaws.com", *actions)


@pytest.fixture
def ledger(http_server, s3, names):
    return Ledger(http_server.stave, s3, names())


@pytest.fixture
def bus(events, names):
    name = names()
    events.create_event_bus(Name=name)
    return name


@pytest.fixture
def rule(events, names):
    name = names()
    events.put_rule(Name=name, EventPattern=ORDERS)
    return name


def order(bus=None, source="com.example.orders", **detail):
    entry = {"Source": source, "DetailType": "Order placed", "Detail": json.dumps(detail)}
    return entry | ({"EventBusName": bus} if bus else {})


def put(events, *entries):
    answer = events.put_events(Entries=list(entries))
    assert answer["FailedEntryCount"] == 0, answer
    return answer["Entries"]


def test_a_bus(events, names, refused):
    name = names()
    made = events.create_event_bus(Name=name, Description="orders", Tags=[{"Key": "a", "Value": "1"}])
    assert made["EventBusArn"] == f"{PREFIX}:event-bus/{name}" and made["Description"] == "orders"
    shown = events.describe_event_bus(Name=name)
    assert (shown["Name"], shown["Arn"]) == (name, made["EventBusArn"]) and shown["CreationTime"].tzinfo
    assert events.update_event_bus(Name=name, Description="more")["Description"] == "more"
    assert events.describe_event_bus(Name=made["EventBusArn"])["Description"] == "more"
    answer = refused("ResourceAlreadyExistsException", events.create_event_bus, Name=name, status=400)
    assert answer["Error"]["Message"] == f"Event bus {name} already exists."
    events.delete_event_bus(Name=name)
    events.delete_event_bus(Name=name)
    answer = refused("ResourceNotFoundException", events.describe_event_bus, Name=name, status=400)
    assert answer["Error"]["Message"] == f"Event bus {name} does not exist."
    answer = refused("ValidationException", events.delete_event_bus, Name="default")
    assert answer["Error"]["Message"] == "Cannot delete event bus default."
    assert events.describe_event_bus()["Arn"] == f"{PREFIX}:event-bus/default"
    for member, value in {
        "KmsKeyIdentifier": "k", "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"},
        "LogConfig": {"Level": "INFO"},
    }.items():
        answer = refused("NotImplemented", events.create_event_bus, Name=name, status=501, **{member: value})
        assert member in answer["Error"]["Message"]


def test_buses_are_listed_by_page(events, names):
    prefix = names()
    for n in range(5):
        events.create_event_bus(Name=f"{prefix}-{n}")
    found, token = [], {}
    while True:
        page = events.list_event_buses(NamePrefix=prefix, Limit=2, **token)
        found += [bus["Name"] for bus in page["EventBuses"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == [f"{prefix}-{n}" for n in range(5)]
    assert "default" in [bus["Name"] for bus in events.list_event_buses()["EventBuses"]]


def test_a_rule(events, names, bus, refused):
    name = names()
    arn = events.put_rule(
        Name=name, EventPattern=ORDERS, Description="what", EventBusName=bus, State="DISABLED",
        Tags=[{"Key": "a", "Value": "1"}],
    )["RuleArn"]
    assert arn == f"{PREFIX}:rule/{bus}/{name}"
    shown = events.describe_rule(Name=name, EventBusName=bus)
    del shown["ResponseMetadata"]
    assert shown == {
        "Name": name, "Arn": arn, "EventPattern": ORDERS, "State": "DISABLED", "Description": "what",
        "EventBusName": bus, "CreatedBy": ACCOUNT,
    }
    events.enable_rule(Name=name, EventBusName=bus)
    assert events.describe_rule(Name=name, EventBusName=bus)["State"] == "ENABLED"
    events.disable_rule(Name=name, EventBusName=bus)
    assert events.describe_rule(Name=name, EventBusName=bus)["State"] == "DISABLED"
    assert [rule["Name"] for rule in events.list_rules(EventBusName=bus)["Rules"]] == [name]
    refused("ValidationException", events.delete_event_bus, Name=bus)
    answer = refused("ValidationException", events.put_rule, Name=name, EventBusName=bus, ScheduleExpression="rate(1 hour)")
    assert answer["Error"]["Message"] == "ScheduleExpression is supported only on the default event bus."
    events.delete_rule(Name=name, EventBusName=bus)
    events.delete_rule(Name=name, EventBusName=bus)
    answer = refused("ResourceNotFoundException", events.describe_rule, Name=name, EventBusName=bus)
    assert answer["Error"]["Message"] == f"Rule {name} does not exist on EventBus {bus}."
    for call in (events.enable_rule, events.disable_rule):
        refused("ResourceNotFoundException", call, Name=name, EventBusName=bus)


def test_what_a_rule_says_is_checked(events, names, refused):
    for said, code in [
        ({}, "ValidationException"),
        ({"EventPattern": "{"}, "InvalidEventPatternException"),
        ({"EventPattern": '{"source": "x"}'}, "InvalidEventPatternException"),
        ({"ScheduleExpression": "rate(1 hours)"}, "ValidationException"),
        ({"ScheduleExpression": "cron(* * * * * *)"}, "ValidationException"),
        ({"ScheduleExpression": "at(2030-01-01T00:00:00)"}, "ValidationException"),
        ({"EventPattern": ORDERS, "EventBusName": "nowhere"}, "ResourceNotFoundException"),
    ]:
        refused(code, events.put_rule, Name=names(), status=400, **said)
    answer = refused(
        "NotImplemented", events.put_rule, Name=names(), EventPattern=ORDERS, status=501,
        State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
    )
    assert "CLOUDTRAIL" in answer["Error"]["Message"]
    name = names()
    events.put_rule(Name=name, ScheduleExpression="cron(0 3 ? * MON-FRI *)")
    assert events.describe_rule(Name=name)["ScheduleExpression"] == "cron(0 3 ? * MON-FRI *)"


def test_rules_are_listed_by_page(events, names):
    prefix = names()
    for n in range(5):
        events.put_rule(Name=f"{prefix}-{n}", ScheduleExpression="rate(1 day)", State="DISABLED")
    found, token = [], {}
    while True:
        page = events.list_rules(NamePrefix=prefix, Limit=2, **token)
        found += [rule["Name"] for rule in page["Rules"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == [f"{prefix}-{n}" for n in range(5)]


def test_targets(events, rule, refused):
    wanted = [
        {"Id": "a", "Arn": FUNCTION, "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60}},
        {"Id": "b", "Arn": FUNCTION, "InputPath": "$.detail"},
        {"Id": "c", "Arn": FUNCTION, "Input": '{"a": 1}'},
        {"Id": "d", "Arn": FUNCTION, "InputTransformer": {
            "InputPathsMap": {"key": "$.detail.key"}, "InputTemplate": '{"k": <key>}',
        }},
    ]
    assert events.put_targets(Rule=rule, Targets=wanted)["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(Rule=rule)["Targets"] == wanted
    page = events.list_targets_by_rule(Rule=rule, Limit=3)
    assert len(page["Targets"]) == 3
    assert events.list_targets_by_rule(Rule=rule, NextToken=page["NextToken"])["Targets"] == wanted[3:]
    names = events.list_rule_names_by_target(TargetArn=FUNCTION)["RuleNames"]
    assert rule in names
    more = [{"Id": "e", "Arn": FUNCTION}, {"Id": "f", "Arn": FUNCTION}]
    refused("LimitExceededException", events.put_targets, Rule=rule, Targets=more)
    answer = refused("ValidationException", events.delete_rule, Name=rule)
    assert answer["Error"]["Message"] == "Rule can't be deleted since it has targets."
    answer = events.remove_targets(Rule=rule, Ids=["a", "b", "c", "d", "none"])
    assert answer["FailedEntryCount"] == 1
    assert answer["FailedEntries"][0]["TargetId"] == "none"
    assert answer["FailedEntries"][0]["ErrorCode"] == "ResourceNotFoundException"
    events.delete_rule(Name=rule)
    refused("ResourceNotFoundException", events.list_targets_by_rule, Rule=rule)
    refused("ResourceNotFoundException", events.put_targets, Rule=rule, Targets=more)
    refused("ResourceNotFoundException", events.remove_targets, Rule=rule, Ids=["a"])


STRANGERS = {
    "SqsParameters": {"MessageGroupId": "g"},
    "KinesisParameters": {"PartitionKeyPath": "$.id"},
    "EcsParameters": {"TaskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/t"},
    "BatchParameters": {"JobDefinition": "d", "JobName": "n"},
    "HttpParameters": {"HeaderParameters": {"a": "b"}},
    "RedshiftDataParameters": {"Database": "d", "Sql": "SELECT 1"},
    "RunCommandParameters": {"RunCommandTargets": [{"Key": "k", "Values": ["v"]}]},
    "SageMakerPipelineParameters": {"PipelineParameterList": []},
    "AppSyncParameters": {"GraphQLOperation": "q"},
    "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"},
}


@pytest.mark.parametrize("member", STRANGERS)
def test_what_no_target_takes_is_refused_by_its_name(events, rule, refused, member):
    target = {"Id": "a", "Arn": FUNCTION, member: STRANGERS[member]}
    answer = refused("NotImplemented", events.put_targets, Rule=rule, Targets=[target], status=501)
    assert member in answer["Error"]["Message"]
    assert events.list_targets_by_rule(Rule=rule)["Targets"] == []


def test_targets_that_are_not_served_are_refused_by_name(events, rule, refused):
    for arn in (
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue", f"arn:aws:sns:{REGION}:{ACCOUNT}:topic",
        f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m",
        "arn:aws:lambda:eu-west-1:123456789012:function:elsewhere",
        f"arn:aws:events:{REGION}:999999999999:event-bus/theirs",
    ):
        answer = refused("NotImplemented", events.put_targets, Rule=rule, Targets=[{"Id": "a", "Arn": arn}], status=501)
        assert arn in answer["Error"]["Message"]
    answer = refused("ValidationException", events.put_targets, Rule=rule, Targets=[{"Id": "a", "Arn": "no-arn"}])
    assert answer["Error"]["Message"] == (
        "Parameter no-arn is not valid. Reason: Provided Arn is not in correct format."
    )
    job = f"arn:aws:glue:{REGION}:{ACCOUNT}:job/etl"
    answer = refused("ValidationException", events.put_targets, Rule=rule, Targets=[{"Id": "a", "Arn": job}])
    assert answer["Error"]["Message"] == f"RoleArn is required for target {job}."
    for wrong in (
        {"Input": "{"}, {"InputPath": "detail"}, {"Input": "{}", "InputPath": "$.detail"},
        {"RetryPolicy": {"MaximumEventAgeInSeconds": 1}},
        {"InputTransformer": {"InputPathsMap": {"a": "$.a"}, "InputTemplate": "<b>"}},
    ):
        with pytest.raises(Exception, match="ValidationException|valid min value"):
            events.put_targets(Rule=rule, Targets=[{"Id": "a", "Arn": FUNCTION, **wrong}])


def test_tags(events, rule, bus, refused):
    for arn in (f"{PREFIX}:rule/{rule}", f"{PREFIX}:event-bus/{bus}"):
        events.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        events.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "3"}])
        events.untag_resource(ResourceARN=arn, TagKeys=["b"])
        assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "3"}]
    none = f"{PREFIX}:rule/none"
    refused("ResourceNotFoundException", events.list_tags_for_resource, ResourceARN=none)
    refused("ResourceNotFoundException", events.tag_resource, ResourceARN=none, Tags=[{"Key": "a", "Value": "1"}])
    refused("ResourceNotFoundException", events.untag_resource, ResourceARN=none, TagKeys=["a"])


def test_a_bus_s_policy(events, bus, refused):
    events.put_permission(
        EventBusName=bus, Action="events:PutEvents", Principal="111122223333", StatementId="partner",
    )
    policy = json.loads(events.describe_event_bus(Name=bus)["Policy"])
    assert policy["Statement"] == [{
        "Sid": "partner", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "events:PutEvents", "Resource": f"{PREFIX}:event-bus/{bus}",
    }]
    answer = refused("ResourceNotFoundException", events.remove_permission, EventBusName=bus, StatementId="none")
    assert answer["Error"]["Message"] == "Statement with the provided id does not exist."
    events.remove_permission(EventBusName=bus, StatementId="partner")
    assert "Policy" not in events.describe_event_bus(Name=bus)
    whole = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Sid": "all", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "events:PutEvents", "Resource": f"{PREFIX}:event-bus/{bus}",
    }]})
    events.put_permission(EventBusName=bus, Policy=whole)
    events.remove_permission(EventBusName=bus, RemoveAllPermissions=True)
    assert "Policy" not in events.describe_event_bus(Name=bus)


def test_put_events_says_what_is_wrong_with_each(events, refused):
    answer = events.put_events(Entries=[
        order(a=1), order(source="aws.s3"), {"Source": "x", "DetailType": "d", "Detail": "[1]"},
        {"Source": "x", "DetailType": "d"}, order(bus="nowhere"),
    ])
    assert answer["FailedEntryCount"] == 3
    codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
    assert codes == [None, "NotAuthorizedForSourceException", "MalformedDetail", "InvalidArgument", None]
    assert len(answer["Entries"][0]["EventId"]) == 36
    answer = refused("ValidationException", events.put_events, Entries=[order(n=n) for n in range(11)])
    assert "less than or equal to 10" in answer["Error"]["Message"]
    large = order(x="x" * 600_000)
    refused("ValidationException", events.put_events, Entries=[large, large])


def test_patterns_are_tested(events, refused):
    event = json.dumps({
        "id": "1", "account": ACCOUNT, "source": "com.example.orders", "time": "2026-11-21T10:00:00Z",
        "region": REGION, "resources": [], "detail-type": "Order placed", "detail": {"state": "new", "n": 5},
    })
    for detail, matches in [
        ({"state": ["new"]}, True), ({"state": [{"anything-but": ["new"]}]}, False),
        ({"n": [{"numeric": [">", 4, "<=", 5]}]}, True), ({"gone": [{"exists": False}]}, True),
        ({"state": [{"prefix": "n"}], "n": [6]}, False),
    ]:
        pattern = json.dumps({"source": ["com.example.orders"], "detail": detail})
        assert events.test_event_pattern(EventPattern=pattern, Event=event)["Result"] is matches, detail
    refused("InvalidEventPatternException", events.test_event_pattern, EventPattern="{", Event=event)
    refused("ValidationException", events.test_event_pattern, EventPattern=ORDERS, Event="{}")


def test_who_may(http_server, names, rule, refused):
    iam = http_server.client("iam")
    name = names()
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    events = http_server.client("events", key=(key["AccessKeyId"], key["SecretAccessKey"]))
    for call, words in [
        (events.put_rule, {"Name": rule, "EventPattern": ORDERS}), (events.describe_rule, {"Name": rule}),
        (events.list_rules, {}), (events.put_events, {"Entries": [order()]}),
        (events.put_targets, {"Rule": rule, "Targets": [{"Id": "a", "Arn": FUNCTION}]}),
        (events.delete_rule, {"Name": rule}), (events.create_event_bus, {"Name": rule}),
        (events.activate_event_source, {"Name": "aws.partner/x"}),
    ]:
        refused("AccessDeniedException", call, status=400, **words)
    policy = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*",
              "Condition": {"StringEquals": {"events:source": "com.example.orders"}}}
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [policy]}
    ))
    put(events, order())
    refused("AccessDeniedException", events.put_events, Entries=[order(source="com.example.others")])


def test_operations_that_are_not_served_are_refused_by_name(events, refused):
    answer = refused("NotImplemented", events.list_archives, status=501)
    assert "ListArchives" in answer["Error"]["Message"]


def test_an_event_starts_a_job(events, ledger, starter, rule):
    events.put_targets(Rule=rule, Targets=[{
        "Id": "job", "Arn": ledger.arn, "RoleArn": starter,
        "InputTransformer": ledger.transformer(
            key="$.detail.key", id="$.id", source="$.source", type="$.detail-type", at="$.time",
            region="$.region", account="$.account", about="$.resources[0]",
        ),
    }])
    at = datetime.datetime(2026, 11, 21, 10, 0, tzinfo=datetime.timezone.utc)
    told = order(key="a b:c ü.json") | {"Time": at, "Resources": ["arn:aws:s3:::lake"]}
    (entry,) = put(events, told)
    put(events, order(source="com.example.others", key="another"))
    (arguments,) = ledger.told(1)
    assert arguments == {
        "key": "a b:c ü.json", "id": entry["EventId"], "source": "com.example.orders", "type": "Order placed",
        "at": "2026-11-21T10:00:00Z", "region": REGION, "account": ACCOUNT, "about": "arn:aws:s3:::lake",
    }
    (run,) = ledger.runs()
    assert run["State"] == "SUCCEEDED"


def test_inputs_and_disabled_rules(events, ledger, starter, rule):
    def aim(**given):
        events.put_targets(Rule=rule, Targets=[{"Id": "job", "Arn": ledger.arn, "RoleArn": starter, **given}])

    aim(Input=json.dumps({"Arguments": {"--said": "constant"}}))
    put(events, order())
    assert ledger.told(1) == [{"said": "constant"}]
    aim(InputPath="$.detail")
    put(events, order(Arguments={"--said": "by path"}))
    assert ledger.told(2)[1] == {"said": "by path"}
    events.disable_rule(Name=rule)
    put(events, order(Arguments={"--said": "unheard"}))
    events.enable_rule(Name=rule)
    put(events, order(Arguments={"--said": "heard"}))
    assert ledger.told(3)[2] == {"said": "heard"}
    aim()
    put(events, order())
    assert ledger.told(4)[3] == {}


def test_the_role_s_policy_counts(http_server, events, ledger, starter, rule, names):
    iam = http_server.client("iam")
    poor = role(iam, names(), "events.amazonaws.com", "glue:StartCrawler")
    target = {"Arn": ledger.arn, "InputTransformer": ledger.transformer(n="$.detail.n")}
    events.put_targets(Rule=rule, Targets=[{"Id": "poor", "RoleArn": poor, **target}])
    put(events, order(n="poor"))
    events.put_targets(Rule=rule, Targets=[{"Id": "poor", "RoleArn": starter, **target}])
    put(events, order(n="rich"))
    assert ledger.told(1) == [{"n": "rich"}]


def test_roles_are_passed(http_server, events, rule, ledger, names, refused):
    iam = http_server.client("iam")
    other = role(iam, names(), "glue.amazonaws.com", "glue:*")
    target = {"Id": "a", "Arn": ledger.arn}
    refused("ValidationException", events.put_targets, Rule=rule, Targets=[{**target, "RoleArn": other}])
    none = f"arn:aws:iam::{ACCOUNT}:role/none"
    with pytest.raises(Exception, match="none"):
        events.put_targets(Rule=rule, Targets=[{**target, "RoleArn": none}])


def test_an_event_goes_from_bus_to_bus(http_server, events, ledger, starter, bus, names):
    """And not to a third."""
    first, third = names(), names()
    events.create_event_bus(Name=third)
    events.put_rule(Name=first, EventPattern=ORDERS, EventBusName=bus)
    default = f"{PREFIX}:event-bus/default"
    events.put_targets(Rule=first, EventBusName=bus, Targets=[{"Id": "d", "Arn": default, "RoleArn": starter}])
    second = names()
    events.put_rule(Name=second, EventPattern=json.dumps({"detail": {"to": [second]}}))
    events.put_targets(Rule=second, Targets=[
        {"Id": "job", "Arn": ledger.arn, "RoleArn": starter, "InputTransformer": ledger.transformer(id="$.id")},
        {"Id": "bus", "Arn": f"{PREFIX}:event-bus/{third}", "RoleArn": starter},
    ])
    events.put_rule(Name=first, EventPattern=ORDERS, EventBusName=third)
    events.put_targets(Rule=first, EventBusName=third, Targets=[{
        "Id": "job", "Arn": ledger.arn, "RoleArn": starter, "Input": '{"Arguments": {"--from": "third"}}',
    }])
    (entry,) = put(events, order(bus=bus, to=second))
    assert ledger.told(1) == [{"id": entry["EventId"]}]
    (entry,) = put(events, order(to=second))
    assert sorted(map(str, ledger.told(3)[1:])) == sorted(map(str, [{"id": entry["EventId"]}, {"from": "third"}]))


def test_objects_are_told_to_eventbridge(events, s3, ledger, starter, bucket, names):
    rule = names()
    events.put_rule(Name=rule, EventPattern=json.dumps({
        "source": ["aws.s3"], "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"suffix": ".json"}]}},
    }))
    events.put_targets(Rule=rule, Targets=[{
        "Id": "job", "Arn": ledger.arn, "RoleArn": starter,
        "InputTransformer": ledger.transformer(
            key="$.detail.object.key", size="$.detail.object.size", reason="$.detail.reason",
            about="$.resources[0]", etag="$.detail.object.etag",
        ),
    }])
    s3.put_object(Bucket=bucket, Key="before.json", Body=b"1")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    key = "raw_data/to_processed/spotify_raw_2026-11-21 10:00:00.123456.json"
    etag = s3.put_object(Bucket=bucket, Key=key, Body=b"hello")["ETag"].strip('"')
    s3.put_object(Bucket=bucket, Key="a.csv", Body=b"1")
    assert ledger.told(1) == [{
        "key": key, "size": "5", "reason": "PutObject", "about": f"arn:aws:s3:::{bucket}", "etag": etag,
    }]


def test_jobs_and_crawlers_tell_how_they_end(http_server, events, s3, ledger, starter, names):
    """Also those that run in another process than the server."""
    stave = http_server.stave
    watched = Ledger(stave, s3, names())
    crawler = names()
    stave.run("crawler", "create", crawler, "--target", f"s3://{watched.name}/in/", "--database", "watched")
    for name, detail in [("jobs", {"jobName": [watched.name]}), ("crawls", {"crawlerName": [crawler]})]:
        rule = f"{watched.name}-{name}"
        pattern = {"source": ["aws.glue"], "detail": detail}
        events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
        template = ledger.transformer(type="$.detail-type", state="$.detail.state", message="$.detail.message")
        # What has quotes in it must not stand in quotes.
        template["InputTemplate"] = template["InputTemplate"].replace('"<message>"', "<message>")
        events.put_targets(Rule=rule, Targets=[{
            "Id": "job", "Arn": ledger.arn, "RoleArn": starter, "InputTransformer": template,
        }])
    stave.run("job", "run", watched.name)
    job = "Glue Job State Change"
    assert ledger.told(1) == [{"type": job, "state": "SUCCEEDED", "message": "Job run succeeded"}]
    stave.run("rm", "--recursive", f"s3://{watched.name}/in/")
    assert stave.run("job", "run", watched.name, check=False).returncode == 1
    failed = ledger.told(2)[1]
    assert (failed["type"], failed["state"]) == (job, "FAILED") and failed["message"]
    s3.put_object(Bucket=watched.name, Key="in/a.csv", Body=b"id\n1\n")
    stave.run("crawler", "run", crawler)
    crawl = "Glue Crawler State Change"
    told = sorted(ledger.told(4)[2:], key=lambda said: said["state"])
    assert told == [
        {"type": crawl, "state": "Started", "message": "Crawler Started"},
        {"type": crawl, "state": "Succeeded", "message": "Crawler Succeeded"},
    ]


def test_a_rule_starts_a_crawler(http_server, events, s3, starter, bucket, rule, names):
    stave = http_server.stave
    crawler = names()
    s3.put_object(Bucket=bucket, Key="t/a.csv", Body=b"id,name\n1,a\n")
    stave.run("crawler", "create", crawler, "--target", f"s3://{bucket}/t/", "--database", "ruled")
    arn = f"arn:aws:glue:{REGION}:{ACCOUNT}:crawler/{crawler}"
    events.put_targets(Rule=rule, Targets=[{"Id": "c", "Arn": arn, "RoleArn": starter}])
    put(events, order())

    def crawls():
        shown = json.loads(stave.run("crawler", "show", crawler, "--json").stdout)
        return shown if "SUCCEEDED" in json.dumps(shown) else None

    until(crawls, "a crawl that succeeded")


def test_no_event_is_lost_when_the_server_is_killed(stave, serve):
    """What was under way may come twice: 16 deliveries at most. The jobs themselves go on."""
    server = serve()
    s3, events, iam = (server.client(name) for name in ("s3", "events", "iam"))
    ledger = Ledger(stave, s3, "ledger")
    starter = role(iam, "starter", "events.amazonaws.com", "glue:StartJobRun")
    s3.create_bucket(Bucket="lake")
    s3.put_bucket_notification_configuration(
        Bucket="lake", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    events.put_rule(Name="r", EventPattern='{"source": ["aws.s3"], "detail": {"bucket": {"name": ["lake"]}}}')
    events.put_targets(Rule="r", Targets=[{
        "Id": "j", "Arn": ledger.arn, "RoleArn": starter,
        "InputTransformer": ledger.transformer(key="$.detail.object.key"),
    }])
    keys = [f"k{n:02}" for n in range(30)]
    for key in keys:
        s3.put_object(Bucket="lake", Key=key, Body=b"1")
    ledger.told(1)
    server.kill()
    server.start()
    # What the killed server had taken is taken up again after a minute.
    ledger.told(30, seconds=180)
    told = until(
        lambda: (all_told := [one["key"] for one in ledger.told(30)]) and set(all_told) == set(keys) and all_told,
        "every object was told of", 180,
    )
    assert len(told) - len(keys) <= 16
    assert {run["State"] for run in ledger.runs()} == {"SUCCEEDED"}

"""boto3 keeps schedules and groups; what is due is seen in jobs that run."""

import datetime
import json
import sqlite3
import time

import pytest

from ledger import ACCOUNT, Ledger, REGION, role, until

PREFIX = f"arn:aws:scheduler:{REGION}:{ACCOUNT}"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:transform"
OFF = {"Mode": "OFF"}
UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def scheduler(http_server):
    return http_server.client("scheduler")


@pytest.fixture(scope="module")
def sender(http_server):
    actions = ("glue:StartJobRun", "glue:StartCrawler", "lambda:InvokeFunction", "events:PutEvents")
    return role(http_server.client("iam"), "scheduler-sender", "scheduler.amazonaws.com", *actions)


@pytest.fixture
def target(sender):
    return {"Arn": FUNCTION, "RoleArn": sender}


@pytest.fixture
def ledger(http_server, s3, names):
    return Ledger(http_server.stave, s3, names())


def soon(seconds=2):
    """`at(…)` in a moment, by a clock that has whole seconds."""
    at = datetime.datetime.now(UTC) + datetime.timedelta(seconds=seconds)
    return f"at({at:%Y-%m-%dT%H:%M:%S})"


def told(ledger, **arguments):
    """The input of Glue's StartJobRun."""
    return json.dumps({"JobName": ledger.name, "Arguments": {f"--{k}": v for k, v in arguments.items()}})


START = "arn:aws:scheduler:::aws-sdk:glue:startJobRun"


def test_a_schedule(scheduler, names, target, refused):
    name = names()
    start = datetime.datetime.now(UTC).replace(microsecond=0) + datetime.timedelta(days=1)
    said = {
        "ScheduleExpression": "cron(0 3 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin",
        "Description": "what", "State": "DISABLED", "StartDate": start,
        "EndDate": start + datetime.timedelta(days=1), "ActionAfterCompletion": "DELETE",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        "Target": {**target, "Input": '{"a": 1}',
                   "RetryPolicy": {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 1}},
    }
    arn = scheduler.create_schedule(Name=name, **said)["ScheduleArn"]
    assert arn == f"{PREFIX}:schedule/default/{name}"
    shown = scheduler.get_schedule(Name=name)
    assert {member: shown[member] for member in said} == said
    assert (shown["Arn"], shown["GroupName"], shown["Name"]) == (arn, "default", name)
    assert shown["CreationDate"].tzinfo and shown["LastModificationDate"] >= shown["CreationDate"]
    answer = refused("ConflictException", scheduler.create_schedule, Name=name, status=409, **said)
    assert answer["Error"]["Message"] == f"Schedule {name} already exists."
    # What is not said when it is updated is as if it had never been said.
    plain = {"ScheduleExpression": "rate(2 hours)", "FlexibleTimeWindow": OFF, "Target": target}
    assert scheduler.update_schedule(Name=name, **plain)["ScheduleArn"] == arn
    shown = scheduler.get_schedule(Name=name)
    assert (shown["State"], shown["ScheduleExpressionTimezone"]) == ("ENABLED", "UTC")
    assert shown["FlexibleTimeWindow"] == OFF and shown["ActionAfterCompletion"] == "NONE"
    assert shown["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    assert "Description" not in shown and "StartDate" not in shown
    (listed,) = scheduler.list_schedules(NamePrefix=name)["Schedules"]
    assert (listed["Arn"], listed["State"], listed["Target"]) == (arn, "ENABLED", {"Arn": FUNCTION})
    scheduler.delete_schedule(Name=name)
    answer = refused("ResourceNotFoundException", scheduler.delete_schedule, Name=name, status=404)
    assert answer["Error"]["Message"] == f"Schedule {name} does not exist."
    refused("ResourceNotFoundException", scheduler.get_schedule, Name=name, status=404)
    refused("ResourceNotFoundException", scheduler.update_schedule, Name=name, status=404, **plain)


def test_what_a_schedule_says_is_checked(scheduler, names, target, refused):
    def create(**said):
        return {"Name": names(), "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": OFF,
                "Target": target, **said}

    past = datetime.datetime.now(UTC) - datetime.timedelta(hours=1)
    for said in (
        {"ScheduleExpression": "rate(0 hours)"}, {"ScheduleExpression": "every day"},
        {"ScheduleExpressionTimezone": "Europe/Nowhere"}, {"StartDate": past}, {"EndDate": past},
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
        {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}},
        {"Target": {**target, "Arn": "no-arn"}},
        {"Target": {**target, "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"}},
    ):
        refused("ValidationException", scheduler.create_schedule, status=400, **create(**said))
    answer = refused("ValidationException", scheduler.create_schedule, **create(ScheduleExpression="rate(0 hours)"))
    assert answer["Error"]["Message"] == "Invalid Schedule Expression rate(0 hours)."
    refused("ResourceNotFoundException", scheduler.create_schedule, status=404, **create(GroupName="nowhere"))
    for member, value in {
        "EcsParameters": {"TaskDefinitionArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/t"},
        "SqsParameters": {"MessageGroupId": "g"}, "KinesisParameters": {"PartitionKey": "k"},
        "SageMakerPipelineParameters": {"PipelineParameterList": []},
        "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"},
    }.items():
        said = create(Target={**target, member: value})
        answer = refused("NotImplemented", scheduler.create_schedule, status=501, **said)
        assert member in answer["Error"]["Message"]
    said = create(KmsKeyArn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k")
    assert "KmsKeyArn" in refused("NotImplemented", scheduler.create_schedule, status=501, **said)["Error"]["Message"]
    for arn in (f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue", "arn:aws:scheduler:::aws-sdk:s3:putObject"):
        said = create(Target={**target, "Arn": arn})
        answer = refused("NotImplemented", scheduler.create_schedule, status=501, **said)
        assert arn in answer["Error"]["Message"]


def test_groups(scheduler, names, target, refused):
    group = names()
    arn = scheduler.create_schedule_group(Name=group, Tags=[{"Key": "a", "Value": "1"}])["ScheduleGroupArn"]
    assert arn == f"{PREFIX}:schedule-group/{group}"
    shown = scheduler.get_schedule_group(Name=group)
    assert (shown["Name"], shown["Arn"], shown["State"]) == (group, arn, "ACTIVE")
    refused("ConflictException", scheduler.create_schedule_group, Name=group, status=409)
    scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    scheduler.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    name = names()
    said = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": OFF, "Target": target}
    scheduler.create_schedule(Name=name, GroupName=group, **said)
    assert scheduler.get_schedule(Name=name, GroupName=group)["Arn"] == f"{PREFIX}:schedule/{group}/{name}"
    refused("ResourceNotFoundException", scheduler.get_schedule, Name=name, status=404)
    assert [one["Name"] for one in scheduler.list_schedule_groups(NamePrefix=group)["ScheduleGroups"]] == [group]
    scheduler.delete_schedule_group(Name=group)
    refused("ResourceNotFoundException", scheduler.get_schedule_group, Name=group, status=404)
    refused("ResourceNotFoundException", scheduler.get_schedule, Name=name, GroupName=group, status=404)
    refused("ResourceNotFoundException", scheduler.delete_schedule_group, Name=group, status=404)
    refused("ResourceNotFoundException", scheduler.tag_resource, ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    refused("ResourceNotFoundException", scheduler.list_tags_for_resource, ResourceArn=arn)
    refused("ValidationException", scheduler.delete_schedule_group, Name="default", status=400)


def test_schedules_are_listed_by_page(scheduler, names, target):
    group = names()
    scheduler.create_schedule_group(Name=group)
    for n in range(5):
        scheduler.create_schedule(
            Name=f"s{n}", GroupName=group, ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target=target,
            State="ENABLED" if n % 2 else "DISABLED",
        )
    found, token = [], {}
    while True:
        page = scheduler.list_schedules(GroupName=group, MaxResults=2, **token)
        found += [one["Name"] for one in page["Schedules"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == [f"s{n}" for n in range(5)]
    enabled = scheduler.list_schedules(GroupName=group, State="ENABLED")["Schedules"]
    assert [one["Name"] for one in enabled] == ["s1", "s3"]


def test_who_may(http_server, names, target, refused):
    iam = http_server.client("iam")
    name = names()
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    scheduler = http_server.client("scheduler", key=(key["AccessKeyId"], key["SecretAccessKey"]))
    said = {"Name": name, "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": OFF, "Target": target}
    for call, words in [
        (scheduler.create_schedule, said), (scheduler.get_schedule, {"Name": name}),
        (scheduler.list_schedules, {}), (scheduler.delete_schedule_group, {"Name": name}),
    ]:
        refused("AccessDeniedException", call, status=403, **words)
    allow = {"Effect": "Allow", "Action": "scheduler:CreateSchedule", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [allow]}
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    # Who may not pass the role may not make a schedule with it.
    answer = refused("AccessDeniedException", scheduler.create_schedule, **said)
    assert "iam:PassRole" in answer["Error"]["Message"]


def test_once_and_gone(scheduler, names, sender, ledger):
    name, expression = names(), soon()
    scheduler.create_schedule(
        Name=name, ScheduleExpression=expression, FlexibleTimeWindow=OFF, ActionAfterCompletion="DELETE",
        Target={"Arn": START, "RoleArn": sender, "Input": told(
            ledger, arn="<aws.scheduler.schedule-arn>", at="<aws.scheduler.scheduled-time>",
            id="<aws.scheduler.execution-id>", attempt="<aws.scheduler.attempt-number>",
        )},
    )
    (arguments,) = ledger.told(1)
    assert len(arguments.pop("id")) > 8
    assert arguments == {
        "arn": f"{PREFIX}:schedule/default/{name}", "at": expression[3:-1] + "Z", "attempt": "1",
    }
    assert not scheduler.list_schedules(NamePrefix=name)["Schedules"]


def test_a_time_zone_counts(scheduler, names, sender, ledger):
    at = datetime.datetime.now(UTC) + datetime.timedelta(seconds=2)
    tokyo = at + datetime.timedelta(hours=9)
    scheduler.create_schedule(
        Name=names(), ScheduleExpression=f"at({tokyo:%Y-%m-%dT%H:%M:%S})", ScheduleExpressionTimezone="Asia/Tokyo",
        FlexibleTimeWindow=OFF,
        Target={"Arn": START, "RoleArn": sender, "Input": told(ledger, at="<aws.scheduler.scheduled-time>")},
    )
    assert ledger.told(1) == [{"at": f"{at:%Y-%m-%dT%H:%M:%S}Z"}]


def test_a_schedule_puts_an_event_on_a_bus(http_server, scheduler, names, sender, ledger):
    events, iam = http_server.client("events"), http_server.client("iam")
    name = names()
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    starter = role(iam, name, "events.amazonaws.com", "glue:StartJobRun")
    paths = {"type": "$.detail-type", "about": "$.resources[0]", "said": "$.detail.said"}
    events.put_targets(Rule=name, Targets=[{
        "Id": "j", "Arn": ledger.arn, "RoleArn": starter, "InputTransformer": ledger.transformer(**paths),
    }])
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    scheduler.create_schedule(
        Name=name, ScheduleExpression=soon(), FlexibleTimeWindow=OFF,
        Target={"Arn": bus, "RoleArn": sender, "Input": '{"said": "it is time"}',
                "EventBridgeParameters": {"DetailType": "Time", "Source": name}},
    )
    assert ledger.told(1) == [
        {"type": "Time", "about": f"{PREFIX}:schedule/default/{name}", "said": "it is time"},
    ]


def shift(home, arn, minutes):
    """Turns the clock of what waits on a home that nobody is at: it is due so much earlier."""
    with sqlite3.connect(home / "stave.db") as database:
        back = minutes * 60 * 1_000_000
        changed = database.execute(
            "UPDATE eventing_timers SET anchor_at = anchor_at - ?1, due_at = due_at - ?1, fire_at = fire_at - ?1 "
            "WHERE owner = ?2", (back, arn),
        )
        assert changed.rowcount == 1


@pytest.mark.parametrize("missed", ["run", "skip"])
def test_what_was_due_while_no_server_ran(stave, serve, missed):
    stave.home.mkdir(parents=True)
    (stave.home / "config.toml").write_text(f'[functions]\nmissed = "{missed}"\n')
    server = serve()
    s3, scheduler, iam = (server.client(name) for name in ("s3", "scheduler", "iam"))
    ledger = Ledger(stave, s3, "ledger")
    sender = role(iam, "sender", "scheduler.amazonaws.com", "glue:StartJobRun")
    aim = {"Arn": START, "RoleArn": sender}
    hourly = scheduler.create_schedule(
        Name="hourly", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow=OFF,
        Target={**aim, "Input": told(ledger, due="hourly")},
    )["ScheduleArn"]
    # A new rate fires at once.
    assert ledger.told(1) == [{"due": "hourly"}]
    assert server.stop() == 0
    shift(stave.home, hourly, 330)
    server.start()
    scheduler = server.client("scheduler")
    scheduler.create_schedule(
        Name="after", ScheduleExpression=soon(1), FlexibleTimeWindow=OFF,
        Target={**aim, "Input": told(ledger, due="after")},
    )
    # Five firings were missed: they are made up for by one, or left out.
    wanted = [{"due": "hourly"}] * (2 if missed == "run" else 1) + [{"due": "after"}]
    assert ledger.told(len(wanted)) == wanted
    time.sleep(1)
    assert len(ledger.runs()) == len(wanted)


def test_two_servers_fire_once(stave, serve):
    first, second = serve(), serve()
    s3, iam = first.client("s3"), first.client("iam")
    ledger = Ledger(stave, s3, "ledger")
    sender = role(iam, "sender", "scheduler.amazonaws.com", "glue:StartJobRun")
    schedulers = [server.client("scheduler") for server in (first, second)]
    due = soon(5)
    for n in range(20):
        schedulers[n % 2].create_schedule(
            Name=f"s{n}", ScheduleExpression=due, FlexibleTimeWindow=OFF,
            Target={"Arn": START, "RoleArn": sender, "Input": told(ledger, n=str(n))},
        )
    found = ledger.told(20, seconds=120)
    assert sorted(int(arguments["n"]) for arguments in found) == list(range(20))
    with sqlite3.connect(stave.home / "stave.db") as database:
        until(lambda: not database.execute("SELECT COUNT(*) FROM eventing_deliveries").fetchone()[0], "no delivery waits")
    assert len(ledger.runs()) == 20

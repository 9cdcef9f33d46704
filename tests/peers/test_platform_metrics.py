"""The platform's own services measure and tell what AWS's do: EventBridge, its Scheduler, Glue, Athena;
and what CloudWatch does with it: alarms invoke functions, events become lines of log groups."""

import datetime
import json
import re

import pytest

from ledger import ACCOUNT, REGION, Ledger, role, until

UTC = datetime.timezone.utc
NOTES = "import json\n\ndef lambda_handler(event, context):\n    print('TOLD ' + json.dumps(event))\n"
ALARMS = "lambda.alarms.cloudwatch.amazonaws.com"
OFF = {"Mode": "OFF"}


@pytest.fixture(scope="module")
def server(function_server):
    return function_server


@pytest.fixture(scope="module")
def cloudwatch(server):
    return server.client("cloudwatch")


@pytest.fixture(scope="module")
def events(server):
    return server.client("events")


@pytest.fixture(scope="module")
def logs(server):
    return server.client("logs")


@pytest.fixture
def note(functions, make_function):
    """A function that notes what it is told: its name and its ARN."""
    name = make_function(NOTES)
    return name, functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]


def dimensions(pairs):
    return [{"Name": name, "Value": value} for name, value in pairs.items()]


@pytest.fixture(scope="module")
def total(cloudwatch):
    """`total(namespace, name, Dimension=value)`: the sum of the last hour, none if there is no such metric."""

    def total(namespace, name, **pairs):
        now = datetime.datetime.now(UTC)
        points = cloudwatch.get_metric_statistics(
            Namespace=namespace, MetricName=name, Dimensions=dimensions(pairs), Statistics=["Sum"], Period=60,
            StartTime=now - datetime.timedelta(hours=1), EndTime=now + datetime.timedelta(minutes=1),
        )["Datapoints"]
        return sum(point["Sum"] for point in points) if points else None

    return total


@pytest.fixture(scope="module")
def told(logs):
    """What a function was told, from its log."""

    def told(function):
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", filterPattern="TOLD")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [json.loads(line["message"].partition("TOLD ")[2]) for line in found]

    return told


def let(functions, name, principal, arn, statement="let"):
    functions.add_permission(
        FunctionName=name, StatementId=statement, Action="lambda:InvokeFunction", Principal=principal, SourceArn=arn)


def put(events, source, count=1, bus=None, **detail):
    entry = {"Source": source, "DetailType": "t", "Detail": json.dumps(detail)} | ({"EventBusName": bus} if bus else {})
    answer = events.put_events(Entries=[entry] * count)
    assert answer["FailedEntryCount"] == 0, answer


def test_rules_that_match_and_invoke(events, functions, note, names, total):
    rule, (function, arn) = names(), note
    made = events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
    let(functions, function, "events.amazonaws.com", made["RuleArn"])
    events.put_targets(Rule=rule, Targets=[{"Id": "f", "Arn": arn}])
    put(events, rule, 3)
    put(events, f"{rule}-other")
    until(lambda: total("AWS/Events", "Invocations", RuleName=rule) == 3, "three invocations")
    for name in ("MatchedEvents", "TriggeredRules", "InvocationAttempts", "SuccessfulInvocationAttempts"):
        assert total("AWS/Events", name, RuleName=rule) == 3, name
        assert total("AWS/Events", name, EventBusName="default") >= 3, name
    assert total("AWS/Events", "Invocations") >= 3
    assert total("AWS/Events", "FailedInvocations", RuleName=rule) is None


def test_invocations_that_fail_on_another_bus(server, events, note, names, total):
    bus, rule, (_, arn) = names(), names(), note
    events.create_event_bus(Name=bus)
    events.put_rule(Name=rule, EventBusName=bus, EventPattern=json.dumps({"source": [rule]}))
    # Nobody has let the rule invoke it.
    events.put_targets(Rule=rule, EventBusName=bus, Targets=[{"Id": "f", "Arn": arn}])
    put(events, rule, 2, bus)
    of_rule = {"EventBusName": bus, "RuleName": rule}
    until(lambda: total("AWS/Events", "FailedInvocations", **of_rule) == 2, "two failed invocations")
    assert total("AWS/Events", "Invocations", **of_rule) == 2
    assert total("AWS/Events", "MatchedEvents", EventBusName=bus) == 2
    assert total("AWS/Events", "SuccessfulInvocationAttempts", **of_rule) is None
    # Only the rules of the default bus are told by their names alone.
    assert total("AWS/Events", "FailedInvocations", RuleName=rule) is None
    letters = json.loads(server.stave.run("rule", "dead-letters", "--json").stdout)
    letters = [letter for letter in letters if letter["Source"].endswith(f"/{rule}")]
    assert [letter["Target"] for letter in letters] == [arn, arn]
    assert all(json.loads(letter["Payload"])["source"] == rule and letter["Error"] for letter in letters)


def test_schedules(server, note, names, total):
    scheduler, group, (function, arn) = server.client("scheduler"), names(), note
    sender = role(server.client("iam"), names(), "scheduler.amazonaws.com", "lambda:InvokeFunction")
    scheduler.create_schedule_group(Name=group)
    soon = datetime.datetime.now(UTC) + datetime.timedelta(seconds=2)
    at = f"at({soon:%Y-%m-%dT%H:%M:%S})"
    missing = arn.replace(function, f"{function}-not")
    for name, target in (("good", arn), ("bad", missing)):
        scheduler.create_schedule(
            Name=name, GroupName=group, ScheduleExpression=at, FlexibleTimeWindow=OFF,
            Target={"Arn": target, "RoleArn": sender})
    until(lambda: total("AWS/Scheduler", "InvocationAttemptCount", ScheduleGroup=group) == 2, "two attempts")
    until(lambda: total("AWS/Scheduler", "InvocationDroppedCount", ScheduleGroup=group) == 1, "one dropped")
    assert total("AWS/Scheduler", "TargetErrorCount", ScheduleGroup=group) == 1


def test_runs_of_a_job(server, cloudwatch, names, total):
    ledger = Ledger(server.stave, server.client("s3"), names())
    for _ in range(2):
        server.stave.run("job", "run", ledger.name)
    runs = [run["Run"] for run in ledger.runs()]
    every = {"JobName": ledger.name, "JobRunId": "ALL", "Type": "count"}
    assert total("Glue", "glue.driver.aggregate.recordsRead", **every) == 2
    assert total("Glue", "glue.driver.aggregate.elapsedTime", **every) > 0
    assert total("Glue", "glue.ALL.s3.filesystem.write_bytes", **every | {"Type": "gauge"}) > 100
    for run in runs:
        one = every | {"JobRunId": run}
        assert total("Glue", "glue.driver.aggregate.recordsRead", **one) == 1
        assert 0 < total("Glue", "glue.driver.aggregate.elapsedTime", **one) < 60_000
    # A run that fails took its time, and read nothing that anybody knows of.
    server.client("s3").put_object(Bucket=ledger.name, Key="in/a.csv", Body=b'id\n"1\n')
    server.stave.run("job", "run", ledger.name, check=False)
    (failed,) = {run["Run"] for run in ledger.runs()} - set(runs)
    found = cloudwatch.list_metrics(
        Namespace="Glue", Dimensions=[{"Name": "JobRunId", "Value": failed}])["Metrics"]
    assert [metric["MetricName"] for metric in found] == ["glue.driver.aggregate.elapsedTime"]


@pytest.fixture
def group(logs, names):
    """A log group that rules may write to: its name and its ARN."""
    name = f"/aws/events/{names()}"
    logs.create_log_group(logGroupName=name)
    return name, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"


def lines(logs, group):
    return logs.filter_log_events(logGroupName=group)["events"]


def test_a_template_for_a_log_group(events, logs, group, names, total, refused):
    rule, (name, arn) = names(), group
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
    paths = {"at": "$.detail.at", "text": "$.detail.text"}

    def target(template):
        return {"Id": "l", "Arn": arn, "InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}

    answer = refused("ValidationException", events.put_targets, Rule=rule, Targets=[target('"<text>"')])
    assert "timestamp and message" in answer["Error"]["Message"]
    events.put_targets(Rule=rule, Targets=[target('{"timestamp": <at>, "message": <text>}')])
    at = datetime.datetime.now(UTC).replace(microsecond=0) - datetime.timedelta(minutes=5)
    ms = int(at.timestamp() * 1000)
    put(events, rule, at=f"{at:%Y-%m-%dT%H:%M:%SZ}", text='it is "so"')
    put(events, rule, at=ms + 1, text="by number")
    until(lambda: len(lines(logs, name)) == 2, "two lines")
    assert [(line["timestamp"], line["message"]) for line in lines(logs, name)] == [
        (ms, 'it is "so"'), (ms + 1, "by number")]
    # What has no time, or no text, is given up.
    put(events, rule, at="yesterday", text="late")
    put(events, rule, at=ms, text={"a": 1})
    until(lambda: total("AWS/Events", "FailedInvocations", RuleName=rule) == 2, "two given up")
    assert len(lines(logs, name)) == 2


def off(cloudwatch, names, namespace, action):
    """An alarm that goes off, and its ARN."""
    name, now = names(), datetime.datetime.now(UTC)
    start = now.replace(second=0, microsecond=0) - datetime.timedelta(minutes=10)
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[
        {"MetricName": "errors", "Value": 9, "Timestamp": start + datetime.timedelta(minutes=n)} for n in range(20)])
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
    return name, arn, lambda: cloudwatch.put_metric_alarm(
        AlarmName=name, AlarmDescription="too many", Namespace=namespace, MetricName="errors", Statistic="Sum",
        Period=60, EvaluationPeriods=1, Threshold=3.0, ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[action])


def acted(cloudwatch, alarm):
    return cloudwatch.describe_alarm_history(AlarmName=alarm, HistoryItemType="Action")["AlarmHistoryItems"]


def test_an_alarm_invokes_a_function(cloudwatch, functions, note, names, told):
    namespace, (function, arn) = names(), note
    name, alarm, go = off(cloudwatch, names, namespace, arn)
    let(functions, function, ALARMS, alarm)
    go()
    until(lambda: told(function), "the function is told")
    (event,) = told(function)
    assert event["source"] == "aws.cloudwatch" and event["alarmArn"] == alarm
    assert (event["accountId"], event["region"]) == (ACCOUNT, REGION)
    data = event["alarmData"]
    assert data["alarmName"] == name
    assert (data["state"]["value"], data["previousState"]["value"]) == ("ALARM", "INSUFFICIENT_DATA")
    assert data["state"]["reason"].startswith("Threshold Crossed: ")
    assert json.loads(data["state"]["reasonData"])["threshold"] == 3.0
    assert event["time"] == data["state"]["timestamp"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", event["time"])
    assert data["configuration"]["description"] == "too many"
    (metric,) = data["configuration"]["metrics"]
    assert metric["returnData"] is True and metric["metricStat"]["period"] == 60
    assert metric["metricStat"]["metric"]["namespace"] == namespace
    assert metric["metricStat"]["metric"]["name"] == "errors"
    assert "Successfully executed" in acted(cloudwatch, name)[0]["HistorySummary"]


def test_an_alarm_that_nobody_lets_does_not_invoke(cloudwatch, functions, note, names, told):
    function, arn = note
    name, alarm, go = off(cloudwatch, names, names(), arn)
    # Another alarm is let, and another service.
    let(functions, function, ALARMS, f"{alarm}-other")
    let(functions, function, "events.amazonaws.com", alarm, "events")
    go()
    until(lambda: acted(cloudwatch, name), "the action was tried")
    assert "Failed to execute" in acted(cloudwatch, name)[0]["HistorySummary"]
    assert told(function) == []


def query_states(logs, group):
    return [json.loads(line["message"]) for line in lines(logs, group)]


def test_queries(server, events, logs, group, names, total):
    rule, (name, arn) = names(), group
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["aws.athena"]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "l", "Arn": arn}])
    of_query = {"WorkGroup": "primary", "QueryType": "DML", "QueryState": "SUCCEEDED"}
    before = total("AWS/Athena", "TotalExecutionTime", **of_query) or 0
    server.stave.run("query", "SELECT 1 AS one")
    until(lambda: len(query_states(logs, name)) == 3, "three states")
    said = sorted(query_states(logs, name), key=lambda event: event["detail"]["sequenceNumber"])
    ids = {event["detail"].pop("queryExecutionId") for event in said}
    assert len(ids) == 1 and re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", *ids)
    same = {"versionId": "0", "statementType": "DML", "workgroupName": "primary"}
    assert [event["detail"] for event in said] == [
        {"currentState": "QUEUED", "sequenceNumber": "1", **same},
        {"currentState": "RUNNING", "previousState": "QUEUED", "sequenceNumber": "2", **same},
        {"currentState": "SUCCEEDED", "previousState": "RUNNING", "sequenceNumber": "3", **same},
    ]
    assert all(event["detail-type"] == "Athena Query State Change" and event["resources"] == [] for event in said)
    assert total("AWS/Athena", "TotalExecutionTime", **of_query) > before
    assert total("AWS/Athena", "ProcessedBytes", **of_query) is not None
    # One that fails says why; one that cannot be read is none.
    server.stave.run("query", "SELECT nothing FROM nowhere.nothing", check=False)
    server.stave.run("query", "SELEC 1", check=False)
    until(lambda: len(query_states(logs, name)) == 6, "three more states")
    last = [event["detail"] for event in query_states(logs, name) if event["detail"]["currentState"] == "FAILED"]
    assert len(last) == 1 and "nowhere" in last[0]["athenaError"]["errorMessage"]
    assert total("AWS/Athena", "TotalExecutionTime", **of_query | {"QueryState": "FAILED"}) > 0
    server.stave.run("query", "SHOW DATABASES")
    utility = of_query | {"QueryType": "UTILITY"}
    until(lambda: total("AWS/Athena", "EngineExecutionTime", **utility) is not None, "the metrics of SHOW")
    events.remove_targets(Rule=rule, Ids=["l"])

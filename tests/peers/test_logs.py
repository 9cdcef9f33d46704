"""boto3 writes logs, reads them, filters them, asks Logs Insights, makes metrics of them."""

import time

import pytest

ACCOUNT = "123456789012"
ARN = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group"


@pytest.fixture(scope="module")
def logs(http_server):
    return http_server.client("logs")


@pytest.fixture
def group(logs, names):
    name = f"/peers/{names()}"
    logs.create_log_group(logGroupName=name)
    return name


@pytest.fixture
def now():
    return int(time.time() * 1000)


@pytest.fixture
def put(logs, group, now):
    """Puts messages into a stream, a millisecond apart."""
    made = set()

    def put(stream, *messages, at=now, **more):
        if stream not in made:
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
            made.add(stream)
        events = [{"timestamp": at + n, "message": message} for n, message in enumerate(messages)]
        return logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events, **more)

    return put


def messages(answer):
    return [event["message"] for event in answer["events"]]


def test_groups(logs, names, refused):
    name = f"/peers/{names()}"
    logs.create_log_group(logGroupName=name, tags={"team": "data"})
    refused("ResourceAlreadyExistsException", logs.create_log_group, logGroupName=name, status=400)
    found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert [one["logGroupName"] for one in found] == [name]
    one = found[0]
    assert one["arn"] == f"{ARN}:{name}:*" and one["logGroupArn"] == f"{ARN}:{name}"
    assert one["metricFilterCount"] == 0 and one["storedBytes"] == 0 and one["logGroupClass"] == "STANDARD"
    assert abs(one["creationTime"] - time.time() * 1000) < 60_000 and "retentionInDays" not in one
    assert logs.describe_log_groups(logGroupNamePattern=name[8:].upper())["logGroups"] == found
    assert logs.describe_log_groups(logGroupIdentifiers=[name])["logGroups"] == found
    assert logs.describe_log_groups(logGroupNamePrefix=name, logGroupClass="INFREQUENT_ACCESS")["logGroups"] == []
    refused("InvalidParameterException", logs.describe_log_groups, logGroupNamePrefix="a", logGroupNamePattern="b")
    refused("InvalidParameterException", logs.describe_log_groups, logGroupNamePrefix="a", logGroupIdentifiers=[name])
    logs.delete_log_group(logGroupName=name)
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"] == []
    answer = refused("ResourceNotFoundException", logs.delete_log_group, logGroupName=name, status=400)
    assert answer["Error"]["Message"] == "The specified log group does not exist."


def test_what_is_wrong_is_refused_by_its_name(logs, group, refused):
    answer = refused("InvalidParameterException", logs.create_log_group, logGroupName="a b", status=400)
    assert "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint" in (
        answer["Error"]["Message"]
    )
    refused("InvalidParameterException", logs.create_log_group, logGroupName="aws/x")
    refused("NotImplemented", logs.create_log_group, logGroupName="k", kmsKeyId="arn:aws:kms:us-east-1:1:key/1")
    refused("InvalidParameterException", logs.describe_log_groups, limit=51)
    refused("InvalidParameterException", logs.describe_log_groups, nextToken="*")
    refused("NotImplemented", logs.create_export_task, logGroupName=group, to=1, destination="b", **{"fromTime": 0})


def test_groups_come_by_pages(logs, names):
    prefix = f"/paged/{names()}/"
    for n in range(7):
        logs.create_log_group(logGroupName=f"{prefix}{n}")
    first = logs.describe_log_groups(logGroupNamePrefix=prefix, limit=3)
    assert [one["logGroupName"][-1] for one in first["logGroups"]] == ["0", "1", "2"] and first["nextToken"]
    pages = logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix=prefix, PaginationConfig={"PageSize": 2}
    )
    found = [one["logGroupName"] for page in pages for one in page["logGroups"]]
    assert found == [f"{prefix}{n}" for n in range(7)]


def test_retention(logs, group, refused):
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == 7
    refused("InvalidParameterException", logs.put_retention_policy, logGroupName=group, retentionInDays=8)
    logs.delete_retention_policy(logGroupName=group)
    assert "retentionInDays" not in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    refused("ResourceNotFoundException", logs.put_retention_policy, logGroupName="/none", retentionInDays=7)


def test_tags(logs, group, refused):
    arn = f"{ARN}:{group}"
    logs.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    logs.tag_log_group(logGroupName=group, tags={"b": "3", "c": "4"})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1", "b": "3", "c": "4"}
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    logs.untag_log_group(logGroupName=group, tags=["c"])
    assert logs.list_tags_log_group(logGroupName=group)["tags"] == {"b": "3"}
    refused("ResourceNotFoundException", logs.list_tags_for_resource, resourceArn=f"{ARN}:/none")
    refused("ResourceNotFoundException", logs.tag_resource, resourceArn=f"{ARN}:/none", tags={"a": "1"})


def test_streams(logs, group, put, now, refused):
    put("b/1", "one", at=now - 5000)
    put("b/2", "two", "three", at=now - 9000)
    logs.create_log_stream(logGroupName=group, logStreamName="a")
    refused("ResourceAlreadyExistsException", logs.create_log_stream, logGroupName=group, logStreamName="a")
    refused("ResourceNotFoundException", logs.create_log_stream, logGroupName="/none", logStreamName="a")
    refused("InvalidParameterException", logs.create_log_stream, logGroupName=group, logStreamName="a:b")
    found = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert [one["logStreamName"] for one in found] == ["a", "b/1", "b/2"]
    assert found[0]["storedBytes"] == 0 and "lastEventTimestamp" not in found[0]
    assert found[2]["firstEventTimestamp"] == now - 9000 and found[2]["lastEventTimestamp"] == now - 8999
    assert found[2]["arn"] == f"{ARN}:{group}:log-stream:b/2" and found[2]["lastIngestionTime"] >= now
    by_time = logs.describe_log_streams(logGroupIdentifier=f"{ARN}:{group}", orderBy="LastEventTime", descending=True)
    assert [one["logStreamName"] for one in by_time["logStreams"]] == ["b/1", "b/2", "a"]
    only = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="b/", limit=1)
    assert [one["logStreamName"] for one in only["logStreams"]] == ["b/1"]
    rest = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="b/", nextToken=only["nextToken"])
    assert [one["logStreamName"] for one in rest["logStreams"]] == ["b/2"] and "nextToken" not in rest
    refused("InvalidParameterException", logs.describe_log_streams, logGroupName=group, logStreamNamePrefix="b", orderBy="LastEventTime")
    refused("InvalidParameterException", logs.describe_log_streams)
    logs.delete_log_stream(logGroupName=group, logStreamName="b/1")
    refused("ResourceNotFoundException", logs.get_log_events, logGroupName=group, logStreamName="b/1")
    refused("ResourceNotFoundException", logs.delete_log_stream, logGroupName=group, logStreamName="b/1")


def test_events_in_and_out(logs, group, put, now):
    answer = put("s", "one", "zwei ü 🎵", " with\ttab\n")
    assert answer["nextSequenceToken"] and "rejectedLogEventsInfo" not in answer
    # Old clients send the token along, and nobody looks at it.
    put("s", "four", at=now + 3, sequenceToken=answer["nextSequenceToken"])
    found = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)
    assert messages(found) == ["one", "zwei ü 🎵", " with\ttab\n", "four"]
    assert [event["timestamp"] for event in found["events"]] == [now, now + 1, now + 2, now + 3]
    assert all(event["ingestionTime"] >= now for event in found["events"])
    some = logs.get_log_events(logGroupName=group, logStreamName="s", startTime=now + 1, endTime=now + 3)
    assert messages(some) == ["zwei ü 🎵", " with\ttab\n"]


def test_events_by_pages_in_both_directions(logs, group, put, now):
    put("s", *(str(n) for n in range(10)))
    ask = dict(logGroupName=group, logStreamName="s", limit=4)
    last = logs.get_log_events(**ask)
    assert messages(last) == ["6", "7", "8", "9"]
    before = logs.get_log_events(**ask, nextToken=last["nextBackwardToken"])
    assert messages(before) == ["2", "3", "4", "5"]
    first = logs.get_log_events(**ask, nextToken=before["nextBackwardToken"])
    assert messages(first) == ["0", "1"]
    # At the end the token stays as it is: that is how clients know.
    end = logs.get_log_events(**ask, nextToken=last["nextForwardToken"])
    assert messages(end) == [] and end["nextForwardToken"] == last["nextForwardToken"]
    put("s", "10", at=now + 10)
    assert messages(logs.get_log_events(**ask, nextToken=end["nextForwardToken"])) == ["10"]
    forward = logs.get_log_events(**ask, startFromHead=True)
    assert messages(forward) == ["0", "1", "2", "3"]
    assert messages(logs.get_log_events(**ask, nextToken=forward["nextForwardToken"])) == ["4", "5", "6", "7"]


def test_what_put_log_events_refuses(logs, group, put, now, refused):
    put("s", "x")
    ask = dict(logGroupName=group, logStreamName="s")
    two = [{"timestamp": now + 1, "message": "b"}, {"timestamp": now, "message": "a"}]
    answer = refused("InvalidParameterException", logs.put_log_events, **ask, logEvents=two)
    assert "chronological order" in answer["Error"]["Message"]
    day = [{"timestamp": now - 25 * 3600_000, "message": "b"}, {"timestamp": now, "message": "a"}]
    refused("InvalidParameterException", logs.put_log_events, **ask, logEvents=day)
    large = [{"timestamp": now, "message": "x" * 250_000}] * 5
    refused("InvalidParameterException", logs.put_log_events, **ask, logEvents=large)
    many = [{"timestamp": now, "message": "x"}] * 10_001
    refused("InvalidParameterException", logs.put_log_events, **ask, logEvents=many)
    refused("ResourceNotFoundException", logs.put_log_events, logGroupName=group, logStreamName="none",
            logEvents=[{"timestamp": now, "message": "a"}])
    old = put("s", "old", at=now - 15 * 24 * 3600_000)
    assert old["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    new = put("s", "now", "new", at=now + 3 * 3600_000)
    assert new["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 0}
    mixed = logs.put_log_events(**ask, logEvents=[
        {"timestamp": now, "message": "good"}, {"timestamp": now + 3 * 3600_000, "message": "new"}])
    assert mixed["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    entity = put("s", "with entity", entity={"keyAttributes": {"Type": "Service", "Name": "x"}})
    assert entity["rejectedEntityInfo"]["errorType"]
    found = messages(logs.get_log_events(**ask, startFromHead=True))
    assert sorted(found) == ["good", "with entity", "x"]


LINES = [
    "[INFO] began",
    "[ERROR] timeout while reading",
    "[ERROR] no such bucket",
    '{"level": "ERROR", "ms": 250, "song": {"name": "One"}}',
    '{"level": "INFO", "ms": 50, "song": {"name": "Two"}}',
    "127.0.0.1 - frank GET /a 404 1534",
]


@pytest.mark.parametrize("pattern, expected", [
    ("", [0, 1, 2, 3, 4, 5]),
    ("ERROR", [1, 2, 3]),
    ("ERROR -timeout", [2, 3]),
    ("ERROR timeout", [1]),
    ("?timeout ?bucket", [1, 2]),
    ('"no such bucket"', [2]),
    ("%tim[e]out|GET%", [1, 5]),
    ('{ $.level = "ERROR" }', [3]),
    ("{ $.ms > 100 || $.song.name = T* }", [3, 4]),
    ("{ $.ms = * }", [3, 4]),
    ("[ip, dash, user, method, path, status=4*, bytes>1000]", [5]),
])
def test_filter_patterns(logs, group, put, pattern, expected):
    put("s", *LINES)
    found = logs.filter_log_events(logGroupName=group, filterPattern=pattern)
    assert messages(found) == [LINES[n] for n in expected]
    tested = logs.test_metric_filter(filterPattern=pattern, logEventMessages=LINES)["matches"]
    assert [(one["eventNumber"], one["eventMessage"]) for one in tested] == [(n + 1, LINES[n]) for n in expected]


def test_a_wrong_pattern_is_refused(logs, group, put, refused):
    put("s", "x")
    for wrong in ("{ $.a = ", "%(%", "[a, b"):
        refused("InvalidParameterException", logs.filter_log_events, logGroupName=group, filterPattern=wrong)


def test_filter_by_pages_and_streams(logs, group, put, now):
    put("a/1", *(f"a{n}" for n in range(5)), at=now)
    put("b/1", *(f"b{n}" for n in range(5)), at=now)
    pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=group, PaginationConfig={"PageSize": 3}, interleaved=True))
    found = [event for page in pages for event in page["events"]]
    assert len(pages) == 4 and sorted(event["message"] for event in found) == [f"{s}{n}" for s in "ab" for n in range(5)]
    assert [event["timestamp"] for event in found] == sorted(event["timestamp"] for event in found)
    assert len({event["eventId"] for event in found}) == 10 and pages[0]["searchedLogStreams"] == []
    one = logs.filter_log_events(logGroupName=group, logStreamNames=["b/1"], startTime=now + 1, endTime=now + 3)
    assert messages(one) == ["b1", "b2"] and {event["logStreamName"] for event in one["events"]} == {"b/1"}
    assert len(messages(logs.filter_log_events(logGroupName=group, logStreamNamePrefix="a/"))) == 5
    # The latest first; the token goes on the same way, whatever is said beside it.
    last = logs.filter_log_events(
        logGroupName=group, logStreamNames=["a/1"], startFromHead=False, startTime=now - 1000, limit=2)
    assert messages(last) == ["a4", "a3"]
    more = logs.filter_log_events(logGroupName=group, logStreamNames=["a/1"], nextToken=last["nextToken"])
    assert messages(more) == ["a2", "a1", "a0"]


def test_metric_filters(logs, http_server, group, put, names, now, refused):
    namespace = names()
    to = {"metricName": "slow", "metricNamespace": namespace, "metricValue": "$.ms", "unit": "Milliseconds",
          "dimensions": {"Song": "$.song.name"}}
    logs.put_metric_filter(logGroupName=group, filterName="f", filterPattern="{ $.ms = * }", metricTransformations=[to])
    count = {"metricName": "errors", "metricNamespace": namespace, "metricValue": "1", "defaultValue": 0.0}
    logs.put_metric_filter(logGroupName=group, filterName="g", filterPattern="ERROR", metricTransformations=[count])
    found = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    assert [(one["filterName"], one["filterPattern"], one["logGroupName"]) for one in found] == [
        ("f", "{ $.ms = * }", group), ("g", "ERROR", group)]
    assert found[0]["metricTransformations"] == [to] and found[1]["metricTransformations"] == [count]
    by_metric = logs.describe_metric_filters(metricName="errors", metricNamespace=namespace)["metricFilters"]
    assert [one["filterName"] for one in by_metric] == ["g"]
    assert [one["filterName"] for one in logs.describe_metric_filters(logGroupName=group, filterNamePrefix="f")["metricFilters"]] == ["f"]
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["metricFilterCount"] == 2
    refused("InvalidParameterException", logs.describe_metric_filters, metricName="errors")
    put("s", *LINES)
    cloudwatch = http_server.client("cloudwatch")
    ask = dict(Namespace=namespace, StartTime=now / 1000 - 300, EndTime=now / 1000 + 300, Period=3600)
    errors = cloudwatch.get_metric_statistics(**ask, MetricName="errors", Statistics=["Sum", "SampleCount"])["Datapoints"]
    assert sum(one["Sum"] for one in errors) == 3 and sum(one["SampleCount"] for one in errors) == 6
    slow = cloudwatch.get_metric_statistics(
        **ask, MetricName="slow", Statistics=["Maximum"], Dimensions=[{"Name": "Song", "Value": "One"}])["Datapoints"]
    assert [(one["Maximum"], one["Unit"]) for one in slow] == [(250.0, "Milliseconds")]
    logs.delete_metric_filter(logGroupName=group, filterName="f")
    refused("ResourceNotFoundException", logs.delete_metric_filter, logGroupName=group, filterName="f")
    both = count | {"dimensions": {"a": "$.a"}}
    refused("InvalidParameterException", logs.put_metric_filter, logGroupName=group, filterName="h",
            filterPattern="x", metricTransformations=[both])
    extracted = logs.test_metric_filter(filterPattern="{ $.ms > 100 }", logEventMessages=LINES)["matches"][0]
    assert extracted["extractedValues"]["$.ms"] == "250"


def answered(logs, query_id, seconds=20):
    """The results of a query, when it is done."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = logs.get_query_results(queryId=query_id)
        if found["status"] not in ("Scheduled", "Running"):
            return found
        time.sleep(0.02)
    raise AssertionError("the query does not end")


@pytest.fixture
def ask(logs, group, now):
    def ask(text, **more):
        started = logs.start_query(
            logGroupName=group, startTime=now // 1000 - 60, endTime=now // 1000 + 60, queryString=text, **more)
        return answered(logs, started["queryId"])

    return ask


def rows(found):
    return [{one["field"]: one["value"] for one in row if one["field"] != "@ptr"} for row in found["results"]]


def test_insights(logs, group, put, ask, refused, now):
    put("a", *LINES[:3])
    put("b", *LINES[3:], at=now + 10)
    found = ask("fields @message | filter @message like /ERROR/ | sort @timestamp asc")
    assert found["status"] == "Complete" and found["queryLanguage"] == "CWLI"
    assert [row["@message"] for row in rows(found)] == [LINES[1], LINES[2], LINES[3]]
    assert found["results"][0][-1]["field"] == "@ptr"
    assert found["statistics"]["recordsScanned"] == 6 and found["statistics"]["recordsMatched"] == 3
    assert found["statistics"]["bytesScanned"] == sum(map(len, LINES))
    assert rows(ask("stats count(*) as n by @logStream | sort @logStream")) == [
        {"@logStream": "a", "n": "3"}, {"@logStream": "b", "n": "3"}]
    assert rows(ask("filter ispresent(ms) | stats avg(ms) as a, max(ms) as m, min(ms) as n, count(*) as c")) == [
        {"a": "150", "m": "250", "n": "50", "c": "2"}]
    assert rows(ask('parse @message "[*] *" as level, rest | filter level = "ERROR" | display rest | sort rest')) == [
        {"rest": "no such bucket"}, {"rest": "timeout while reading"}]
    assert rows(ask("filter ispresent(ms) | stats sum(ms) as s by level | sort s desc")) == [
        {"level": "ERROR", "s": "250"}, {"level": "INFO", "s": "50"}]
    assert len(ask("fields @message", limit=2)["results"]) == 2
    assert len(ask("fields @message | limit 4")["results"]) == 4


def test_queries_are_known(logs, group, put, ask, refused, now):
    put("a", "x", "y", "z")
    ask("fields @message")
    span = dict(startTime=now // 1000 - 60, endTime=now // 1000 + 60)
    many = logs.start_query(logGroupNames=[group], **span, queryString="fields @message | sort @message")["queryId"]
    assert len(answered(logs, many)["results"]) == 3
    first = logs.get_query_results(queryId=many, maxItems=2)
    rest = logs.get_query_results(queryId=many, maxItems=2, nextToken=first["nextToken"])
    assert [row["@message"] for row in rows(first) + rows(rest)] == ["x", "y", "z"] and "nextToken" not in rest
    known = logs.describe_queries(logGroupName=group, status="Complete")["queries"]
    assert [one["queryId"] for one in known][0] == many and len(known) == 2
    assert known[0]["queryString"] == "fields @message | sort @message" and known[0]["logGroupName"] == group
    page = logs.describe_queries(logGroupName=group, maxResults=1)
    assert len(page["queries"]) == 1
    assert len(logs.describe_queries(logGroupName=group, nextToken=page["nextToken"])["queries"]) == 1
    assert logs.describe_queries(logGroupName=group, status="Scheduled")["queries"] == []
    refused("InvalidParameterException", logs.stop_query, queryId=many)
    refused("ResourceNotFoundException", logs.get_query_results, queryId="none")
    refused("ResourceNotFoundException", logs.stop_query, queryId="none")
    refused("MalformedQueryException", logs.start_query, logGroupName=group, **span, queryString="select 1")
    refused("MalformedQueryException", logs.start_query, logGroupName=group, **span, queryString="pattern @message")
    refused("ResourceNotFoundException", logs.start_query, logGroupName="/none", **span, queryString="limit 1")
    refused("InvalidParameterException", logs.start_query, **span, queryString="limit 1")
    refused("NotImplemented", logs.start_query, logGroupName=group, **span, queryString="x", queryLanguage="SQL")


def test_a_query_is_stopped_or_done(logs, group, put, now, refused):
    put("a", *(f"line {n}" for n in range(5000)))
    span = dict(startTime=now // 1000 - 60, endTime=now // 1000 + 60)
    started = logs.start_query(logGroupName=group, **span, queryString="stats count(*) by @message")["queryId"]
    try:
        assert logs.stop_query(queryId=started)["success"] is True
        assert logs.get_query_results(queryId=started)["status"] == "Cancelled"
    except logs.exceptions.InvalidParameterException:
        assert answered(logs, started)["status"] == "Complete"


def test_who_may_not_is_refused(http_server, names, group, refused):
    iam = http_server.client("iam")
    user = names()
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    logs = http_server.client("logs", key=(key["AccessKeyId"], key["SecretAccessKey"]))
    answer = refused("AccessDeniedException", logs.describe_log_streams, logGroupName=group, status=400)
    assert f"{ARN}:{group}:*" in answer["Error"]["Message"]
    refused("AccessDeniedException", logs.start_query, logGroupName=group, startTime=0, endTime=1, queryString="limit 1")

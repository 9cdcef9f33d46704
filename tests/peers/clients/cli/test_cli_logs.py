"""The AWS command line: every operation of logs."""

import json
import time

from command_line import served
from ledger import until

GROUP = "/cli/songs"
ARN = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"

# A query that could still be stopped is over before the next command starts.
REFUSED_ONLY = {"StopQuery"}


def test_groups(aws):
    aws(f"logs create-log-group --log-group-name {GROUP} --tags team=data")
    aws(f"logs put-retention-policy --log-group-name {GROUP} --retention-in-days 7")
    (group,) = aws("logs describe-log-groups --log-group-name-prefix /cli/")["logGroups"]
    assert (group["logGroupName"], group["arn"], group["retentionInDays"]) == (GROUP, f"{ARN}:*", 7)
    aws(f"logs delete-retention-policy --log-group-name {GROUP}")
    (group,) = aws("logs describe-log-groups --log-group-name-prefix /cli/")["logGroups"]
    assert "retentionInDays" not in group
    aws(f"logs tag-resource --resource-arn {ARN} --tags a=1")
    aws(f"logs tag-log-group --log-group-name {GROUP} --tags b=2,c=3")
    tags = {"team": "data", "a": "1", "b": "2", "c": "3"}
    assert aws(f"logs list-tags-for-resource --resource-arn {ARN}") == {"tags": tags}
    aws(f"logs untag-resource --resource-arn {ARN} --tag-keys team a")
    aws(f"logs untag-log-group --log-group-name {GROUP} --tags c")
    assert aws(f"logs list-tags-log-group --log-group-name {GROUP}") == {"tags": {"b": "2"}}


def test_streams_and_events(aws):
    now = int(time.time() * 1000)
    stream = f"--log-group-name {GROUP} --log-stream-name"
    for name in ("one", "two"):
        aws(f"logs create-log-stream {stream} {name}")
    lines = ["[INFO] began", "[ERROR] no such bucket", '{"ms": 250}']
    aws.file("events.json", json.dumps([{"timestamp": now + n, "message": line} for n, line in enumerate(lines)]))
    put = aws(f"logs put-log-events {stream} one --log-events file://events.json")
    assert put["nextSequenceToken"] and "rejectedLogEventsInfo" not in put
    got = aws(f"logs get-log-events {stream} one --start-from-head")
    assert [event["message"] for event in got["events"]] == lines
    assert [event["timestamp"] for event in got["events"]] == [now, now + 1, now + 2]
    last = aws(f"logs get-log-events {stream} one --limit 1")
    assert [event["message"] for event in last["events"]] == lines[2:] and last["nextBackwardToken"]
    (found,) = aws(f"logs filter-log-events --log-group-name {GROUP} --filter-pattern ERROR")["events"]
    assert (found["message"], found["logStreamName"]) == (lines[1], "one") and found["eventId"]
    streams = aws(f"logs describe-log-streams --log-group-name {GROUP}")["logStreams"]
    assert [one["logStreamName"] for one in streams] == ["one", "two"]
    assert (streams[0]["firstEventTimestamp"], streams[0]["lastEventTimestamp"]) == (now, now + 2)
    aws(f"logs delete-log-stream {stream} two")
    (left,) = aws(f"logs describe-log-streams --log-group-name {GROUP}")["logStreams"]
    assert left["logStreamName"] == "one"


def test_metric_filters(aws):
    to = {"metricName": "slow", "metricNamespace": "cli", "metricValue": "$.ms", "defaultValue": 0.5}
    aws(f"logs put-metric-filter --log-group-name {GROUP} --filter-name slow --filter-pattern '{{ $.ms = * }}'"
        " --metric-transformations metricName=slow,metricNamespace=cli,metricValue=$.ms,defaultValue=0.5")
    (kept,) = aws(f"logs describe-metric-filters --log-group-name {GROUP}")["metricFilters"]
    assert (kept["filterName"], kept["filterPattern"]) == ("slow", "{ $.ms = * }")
    assert kept["metricTransformations"] == [to] and kept["logGroupName"] == GROUP
    messages = ['{"ms": 50}', '{"ms": 250}', "no object"]
    tested = aws("logs test-metric-filter --filter-pattern '{ $.ms > 100 }' --log-event-messages", *messages)
    assert tested["matches"] == [{"eventNumber": 2, "eventMessage": messages[1], "extractedValues": {"$.ms": "250"}}]
    aws(f"logs delete-metric-filter --log-group-name {GROUP} --filter-name slow")
    assert aws(f"logs describe-metric-filters --log-group-name {GROUP}")["metricFilters"] == []


def test_queries(aws):
    now, query = int(time.time()), "fields @message | sort @timestamp asc"
    started = aws(f"logs start-query --log-group-name {GROUP} --start-time {now - 600} --end-time {now + 600}"
                  f" --query-string '{query}'")["queryId"]

    def answered():
        found = aws(f"logs get-query-results --query-id {started}")
        return found if found["status"] not in ("Scheduled", "Running") else None

    found = until(answered, "the query is done")
    assert found["status"] == "Complete" and found["statistics"]["recordsScanned"] == 3
    assert [row[0] for row in found["results"]] == [
        {"field": "@message", "value": value} for value in ("[INFO] began", "[ERROR] no such bucket", '{"ms": 250}')
    ]
    (known,) = aws(f"logs describe-queries --log-group-name {GROUP}")["queries"]
    assert (known["queryId"], known["queryString"], known["status"]) == (started, query, "Complete")
    aws.refused("InvalidParameterException", f"logs stop-query --query-id {started}")


def test_the_end(aws):
    aws(f"logs delete-log-group --log-group-name {GROUP}")
    assert aws("logs describe-log-groups")["logGroups"] == []
    said = aws.refused("ResourceNotFoundException", f"logs delete-log-group --log-group-name {GROUP}")
    assert "The specified log group does not exist." in said


def test_that_was_every_operation(aws):
    assert aws.done("logs") | REFUSED_ONLY == served("logs")

"""The AWS command line: logs and cloudwatch."""

import datetime
import json
import time

from aws_process import ONCE

pytestmark = ONCE


def test_logs(aws, names):
    group, now = f"/cli/{names()}", int(time.time() * 1000)
    aws("logs", "create-log-group", "--log-group-name", group)
    aws("logs", "create-log-stream", "--log-group-name", group, "--log-stream-name", "s")
    events = [{"timestamp": now + n, "message": f"line {n}"} for n in range(3)]
    aws("logs", "put-log-events", "--log-group-name", group, "--log-stream-name", "s", "--log-events", json.dumps(events))
    got = aws.json("logs", "get-log-events", "--log-group-name", group, "--log-stream-name", "s", "--start-from-head")
    assert [event["message"] for event in got["events"]] == ["line 0", "line 1", "line 2"]
    filtered = aws.json("logs", "filter-log-events", "--log-group-name", group, "--filter-pattern", '"line 1"')
    assert [event["message"] for event in filtered["events"]] == ["line 1"]
    groups = aws.json("logs", "describe-log-groups", "--log-group-name-prefix", group)["logGroups"]
    assert [one["logGroupName"] for one in groups] == [group]


def test_metrics_and_alarms(aws, names):
    namespace = names()
    at = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0) - datetime.timedelta(minutes=5)
    stamp, later = at.strftime("%Y-%m-%dT%H:%M:%SZ"), (at + datetime.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    aws("cloudwatch", "put-metric-data", "--namespace", namespace, "--metric-name", "rows", "--value", 7, "--unit", "Count",
        "--timestamp", stamp, "--dimensions", "Table=songs")
    found = aws.json(
        "cloudwatch", "get-metric-statistics", "--namespace", namespace, "--metric-name", "rows", "--dimensions",
        "Name=Table,Value=songs", "--start-time", stamp, "--end-time", later, "--period", 60, "--statistics", "Sum")
    assert [point["Sum"] for point in found["Datapoints"]] == [7.0]
    aws("cloudwatch", "put-metric-alarm", "--alarm-name", namespace, "--namespace", namespace, "--metric-name", "rows",
        "--statistic", "Sum", "--period", 60, "--threshold", 5, "--comparison-operator", "GreaterThanThreshold",
        "--evaluation-periods", 1)
    alarms = aws.json("cloudwatch", "describe-alarms", "--alarm-names", namespace)["MetricAlarms"]
    assert [one["AlarmName"] for one in alarms] == [namespace] and alarms[0]["Threshold"] == 5.0

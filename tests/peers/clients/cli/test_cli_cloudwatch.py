"""The AWS command line: every operation of cloudwatch."""

import datetime
import json

import pytest
from command_line import served

ACCOUNT = "123456789012"
ARN = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:page"


@pytest.fixture(scope="module")
def span():
    """A minute ten minutes ago, and five minutes more, as options."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
    start, end = (now - datetime.timedelta(minutes=number) for number in (10, 5))
    return f"--start-time {start:%Y-%m-%dT%H:%M:%SZ} --end-time {end:%Y-%m-%dT%H:%M:%SZ}"


def test_metrics(aws, span):
    at = span.split()[1]
    aws(f"cloudwatch put-metric-data --namespace lake --metric-name rows --value 7 --unit Count --timestamp {at}"
        " --dimensions Table=songs")
    data = [
        {"MetricName": "rows", "Value": 3, "Unit": "Count", "Timestamp": at,
         "Dimensions": [{"Name": "Table", "Value": "songs"}]},
        {"MetricName": "ms", "Values": [1.5, 2.5], "Counts": [3, 1], "Timestamp": at},
    ]
    aws("cloudwatch put-metric-data --namespace lake --metric-data", json.dumps(data))
    songs = {"Namespace": "lake", "MetricName": "rows", "Dimensions": [{"Name": "Table", "Value": "songs"}]}
    assert aws("cloudwatch list-metrics --namespace lake --metric-name rows") == {"Metrics": [songs]}
    found = aws(f"cloudwatch get-metric-statistics --namespace lake --metric-name rows {span} --period 60"
                " --statistics Sum Maximum SampleCount --dimensions Name=Table,Value=songs")
    assert found["Label"] == "rows"
    (point,) = found["Datapoints"]
    # The command line gives times as they are sent: in CBOR, as seconds.
    assert point == {
        "Timestamp": datetime.datetime.fromisoformat(at).timestamp(), "Sum": 10.0, "Maximum": 7.0, "SampleCount": 2.0,
        "Unit": "Count",
    }
    queries = [
        {"Id": "r", "ReturnData": False, "MetricStat": {"Metric": songs, "Period": 60, "Stat": "Sum"}},
        {"Id": "ms", "MetricStat": {"Metric": {"Namespace": "lake", "MetricName": "ms"}, "Period": 60, "Stat": "Sum"}},
        {"Id": "rate", "Expression": "r / ms", "Label": "rows a millisecond"},
    ]
    aws.file("queries.json", json.dumps(queries))
    results = aws(f"cloudwatch get-metric-data {span} --metric-data-queries file://queries.json")["MetricDataResults"]
    assert [(one["Id"], one["Label"], one["Values"], one["StatusCode"]) for one in results] == [
        ("ms", "ms", [7.0], "Complete"), ("rate", "rows a millisecond", [10 / 7], "Complete"),
    ]


def test_alarms(aws):
    aws(f"cloudwatch put-metric-alarm --alarm-name slow --namespace lake --metric-name none --statistic Sum --period 60"
        f" --threshold 5 --comparison-operator GreaterThanThreshold --evaluation-periods 1 --alarm-actions {TOPIC}"
        " --treat-missing-data ignore --no-actions-enabled --tags Key=a,Value=1")
    (alarm,) = aws("cloudwatch describe-alarms --alarm-names slow")["MetricAlarms"]
    assert (alarm["AlarmArn"], alarm["Threshold"], alarm["Statistic"]) == (f"{ARN}:slow", 5.0, "Sum")
    assert (alarm["AlarmActions"], alarm["ActionsEnabled"]) == ([TOPIC], False)
    aws("cloudwatch enable-alarm-actions --alarm-names slow")
    of_metric = "cloudwatch describe-alarms-for-metric --namespace lake --metric-name none"
    assert [(one["AlarmName"], one["ActionsEnabled"]) for one in aws(of_metric)["MetricAlarms"]] == [("slow", True)]
    aws("cloudwatch disable-alarm-actions --alarm-names slow")
    assert [one["ActionsEnabled"] for one in aws(of_metric)["MetricAlarms"]] == [False]
    aws("cloudwatch set-alarm-state --alarm-name slow --state-value ALARM --state-reason 'a trial'")
    (alarm,) = aws("cloudwatch describe-alarms --state-value ALARM")["MetricAlarms"]
    assert (alarm["AlarmName"], alarm["StateReason"]) == ("slow", "a trial")
    items = aws("cloudwatch describe-alarm-history --alarm-name slow --history-item-type StateUpdate")
    assert [one["HistorySummary"] for one in items["AlarmHistoryItems"]] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM",
    ]
    aws("cloudwatch put-composite-alarm --alarm-name any --alarm-rule 'ALARM(slow)' --alarm-description 'all of it'")
    (composite,) = aws("cloudwatch describe-alarms --alarm-types CompositeAlarm")["CompositeAlarms"]
    assert (composite["AlarmName"], composite["AlarmRule"]) == ("any", "ALARM(slow)")
    assert composite["AlarmDescription"] == "all of it"


def test_tags(aws):
    aws(f"cloudwatch tag-resource --resource-arn {ARN}:slow --tags Key=b,Value=2")
    aws(f"cloudwatch untag-resource --resource-arn {ARN}:slow --tag-keys a")
    tags = aws(f"cloudwatch list-tags-for-resource --resource-arn {ARN}:slow")
    assert tags == {"Tags": [{"Key": "b", "Value": "2"}]}


def test_alarms_end(aws):
    aws("cloudwatch delete-alarms --alarm-names any")
    aws("cloudwatch delete-alarms --alarm-names slow")
    assert aws("cloudwatch describe-alarms") == {"MetricAlarms": [], "CompositeAlarms": []}
    said = aws.refused("ResourceNotFound", "cloudwatch delete-alarms --alarm-names slow")
    assert "slow" in said


def test_dashboards(aws):
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "hello"}}]})
    assert aws(f"cloudwatch put-dashboard --dashboard-name board --dashboard-body '{body}'") == {
        "DashboardValidationMessages": [],
    }
    arn = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/board"
    assert aws("cloudwatch get-dashboard --dashboard-name board") == {
        "DashboardArn": arn, "DashboardBody": body, "DashboardName": "board",
    }
    (listed,) = aws("cloudwatch list-dashboards")["DashboardEntries"]
    assert (listed["DashboardName"], listed["DashboardArn"], listed["Size"]) == ("board", arn, len(body))
    aws("cloudwatch delete-dashboards --dashboard-names board")
    assert aws("cloudwatch list-dashboards") == {"DashboardEntries": []}


def test_that_was_every_operation(aws):
    assert aws.done("cloudwatch") == served("cloudwatch")

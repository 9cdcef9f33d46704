"""boto3 measures, asks, watches: CloudWatch in each of the protocols that clients speak."""

import datetime
import gzip
import json
import time
import urllib.error
import urllib.request

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.loaders
import botocore.session
import pytest
from botocore.config import Config

ACCOUNT = "123456789012"
ARN = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}"
PROTOCOLS = {"json": "json", "cbor": "smithy-rpc-v2-cbor", "query": "query"}


class Speaking(botocore.loaders.Loader):
    """Gives models of services that speak one protocol only."""

    protocol = None

    def load_service_model(self, service, type_name, api_version=None):
        model = super().load_service_model(service, type_name, api_version)
        if type_name == "service-2" and service == "cloudwatch":
            model["metadata"] |= {"protocol": self.protocol, "protocols": [self.protocol]}
        return model


def speaking(server, protocol, key=None, **config):
    core = botocore.session.get_session()
    loader = Speaking(extra_search_paths=core.get_component("data_loader").search_paths)
    loader.protocol = PROTOCOLS[protocol]
    core.register_component("data_loader", loader)
    access_key, secret = key or server.root()
    return boto3.session.Session(botocore_session=core).client(
        "cloudwatch", endpoint_url=server.url, region_name="us-east-1", aws_access_key_id=access_key,
        aws_secret_access_key=secret, config=Config(**{"retries": {"total_max_attempts": 1}, **config}),
    )


@pytest.fixture(scope="module", params=PROTOCOLS)
def cloudwatch(request, http_server):
    """CloudWatch, in each protocol."""
    client = speaking(http_server, request.param)
    seen = []
    client.meta.events.register("request-created", lambda request, **_: seen.append(request))
    client.seen = seen
    return client


@pytest.fixture(scope="module")
def usual(http_server):
    """CloudWatch as boto3 speaks to it by itself."""
    return http_server.client("cloudwatch")


@pytest.fixture
def minute():
    """The start of a whole minute, ten minutes ago."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return now.replace(second=0, microsecond=0) - datetime.timedelta(minutes=10)


def minutes(number):
    return datetime.timedelta(minutes=number)


@pytest.fixture
def namespace(names):
    return names()


def test_the_protocol_is_the_one_that_was_meant(cloudwatch, request):
    cloudwatch.list_metrics(Namespace="none")
    sent, protocol = cloudwatch.seen[-1], request.node.callspec.params["cloudwatch"]
    if protocol == "cbor":
        assert sent.headers["smithy-protocol"] in (b"rpc-v2-cbor", "rpc-v2-cbor")
        assert sent.url.endswith("/service/GraniteServiceVersion20100801/operation/ListMetrics")
    elif protocol == "json":
        assert sent.headers["X-Amz-Target"] in (
            b"GraniteServiceVersion20100801.ListMetrics", "GraniteServiceVersion20100801.ListMetrics")
    else:
        assert "X-Amz-Target" not in sent.headers and "smithy-protocol" not in sent.headers


def put(cloudwatch, namespace, name, values, start, dimensions=(), **more):
    """A value a minute."""
    data = [
        {"MetricName": name, "Value": value, "Timestamp": start + minutes(n),
         "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions], **more}
        for n, value in enumerate(values)
    ]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)


def statistics(cloudwatch, namespace, name, start, period=60, to=10, **more):
    found = cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName=name, StartTime=start, EndTime=start + minutes(to), Period=period, **more)
    assert found["Label"] == name
    return sorted(found["Datapoints"], key=lambda point: point["Timestamp"])


def test_data_in_and_statistics_out(cloudwatch, namespace, minute):
    put(cloudwatch, namespace, "rows", [1, 2.5, 4, -3], minute, Unit="Count")
    found = statistics(cloudwatch, namespace, "rows", minute, Statistics=["Sum", "Average", "Minimum", "Maximum", "SampleCount"])
    assert found[0] == {"Timestamp": minute, "Sum": 1.0, "Average": 1.0, "Minimum": 1.0, "Maximum": 1.0,
                        "SampleCount": 1.0, "Unit": "Count"}
    assert [point["Sum"] for point in found] == [1, 2.5, 4, -3]
    assert [point["Timestamp"] for point in found] == [minute + minutes(n) for n in range(4)]
    whole = statistics(cloudwatch, namespace, "rows", minute, period=600, Statistics=["Sum", "Maximum"])
    assert [(point["Sum"], point["Maximum"]) for point in whole] == [(4.5, 4)]
    assert statistics(cloudwatch, namespace, "rows", minute, Unit="Bytes", Statistics=["Sum"]) == []


def test_values_counts_and_sets(cloudwatch, namespace, minute):
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[
        {"MetricName": "m", "Timestamp": minute, "Values": [1.0, 10.0], "Counts": [3.0, 1.0]},
        {"MetricName": "m", "Timestamp": minute, "StatisticValues": {"SampleCount": 2, "Sum": 30, "Minimum": 5, "Maximum": 25}},
        {"MetricName": "m", "Timestamp": minute, "Values": [2.0], "StorageResolution": 1},
    ])
    found = statistics(cloudwatch, namespace, "m", minute, Statistics=["SampleCount", "Sum", "Minimum", "Maximum"])
    assert found == [{"Timestamp": minute, "SampleCount": 7.0, "Sum": 45.0, "Minimum": 1.0, "Maximum": 25.0, "Unit": "None"}]


def test_percentiles(cloudwatch, namespace, minute):
    for first in range(1, 101, 50):
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[
            {"MetricName": "ms", "Timestamp": minute, "Values": [float(n) for n in range(first, first + 50)]}])
    found = statistics(cloudwatch, namespace, "ms", minute, ExtendedStatistics=["p50", "p99", "tm90"])
    values = found[0]["ExtendedStatistics"]
    assert abs(values["p50"] - 50) < 2 and abs(values["p99"] - 99) < 2 and abs(values["tm90"] - 45.5) < 2
    assert set(values) == {"p50", "p99", "tm90"} and "Sum" not in found[0]


def test_seconds_are_kept_apart(cloudwatch, namespace):
    start = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - minutes(2)
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[
        {"MetricName": "s", "Timestamp": start + datetime.timedelta(seconds=n), "Value": n, "StorageResolution": 1}
        for n in range(5)])
    found = statistics(cloudwatch, namespace, "s", start, period=1, to=1, Statistics=["Sum"])
    assert [point["Sum"] for point in found] == [0, 1, 2, 3, 4]
    assert [point["Timestamp"] for point in found] == [start + datetime.timedelta(seconds=n) for n in range(5)]


def test_metrics_are_listed(cloudwatch, namespace, minute):
    put(cloudwatch, namespace, "rows", [1], minute, [("Table", "songs"), ("Stage", "raw")])
    put(cloudwatch, namespace, "rows", [1], minute, [("Table", "albums")])
    put(cloudwatch, namespace, "bytes", [1], minute)
    listed = lambda **more: [
        (one["MetricName"], {d["Name"]: d["Value"] for d in one["Dimensions"]})
        for one in cloudwatch.list_metrics(Namespace=namespace, **more)["Metrics"]]
    albums, songs = {"Table": "albums"}, {"Stage": "raw", "Table": "songs"}
    assert sorted(listed(), key=str) == [("bytes", {}), ("rows", songs), ("rows", albums)]
    assert listed(MetricName="bytes") == [("bytes", {})]
    assert listed(Dimensions=[{"Name": "Stage"}]) == [("rows", songs)]
    assert listed(Dimensions=[{"Name": "Table", "Value": "albums"}]) == [("rows", albums)]
    assert len(listed(RecentlyActive="PT3H")) == 3


def test_metrics_come_by_pages(usual, names, minute):
    namespace = names()
    for first in range(0, 600, 300):
        usual.put_metric_data(Namespace=namespace, MetricData=[
            {"MetricName": f"m{n:04}", "Value": 1, "Timestamp": minute} for n in range(first, first + 300)])
    first = usual.list_metrics(Namespace=namespace)
    assert len(first["Metrics"]) == 500 and first["NextToken"]
    pages = usual.get_paginator("list_metrics").paginate(Namespace=namespace)
    assert [one["MetricName"] for page in pages for one in page["Metrics"]] == [f"m{n:04}" for n in range(600)]


def stat(namespace, name, stat="Sum", period=60, dimensions=()):
    dimensions = [{"Name": key, "Value": text} for key, text in dimensions]
    return {"Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}, "Period": period, "Stat": stat}


def data(cloudwatch, minute, *queries, **more):
    return cloudwatch.get_metric_data(
        MetricDataQueries=list(queries), StartTime=minute, EndTime=minute + minutes(10),
        **{"ScanBy": "TimestampAscending", **more})


def test_metric_data_with_math(cloudwatch, namespace, minute):
    put(cloudwatch, namespace, "errors", [1, 0, 2], minute)
    put(cloudwatch, namespace, "all", [4, 5, 8], minute)
    found = data(
        cloudwatch, minute,
        {"Id": "e", "MetricStat": stat(namespace, "errors"), "ReturnData": False},
        {"Id": "a", "MetricStat": stat(namespace, "all"), "Label": "everything"},
        {"Id": "rate", "Expression": "100 * e / a", "Label": "rate"},
        {"Id": "total", "Expression": "SUM(METRICS())"},
        {"Id": "capped", "Expression": "IF(rate > 20, 20, rate)"},
    )
    results = {one["Id"]: one for one in found["MetricDataResults"]}
    assert list(results) == ["a", "rate", "total", "capped"] and found["Messages"] == []
    assert results["a"]["Label"] == "everything" and results["a"]["Values"] == [4, 5, 8]
    assert results["rate"]["Values"] == [25, 0, 25] and results["rate"]["StatusCode"] == "Complete"
    assert results["rate"]["Timestamps"] == [minute + minutes(n) for n in range(3)]
    assert results["total"]["Values"] == [5, 5, 10] and results["capped"]["Values"] == [20, 0, 20]
    latest = data(cloudwatch, minute, {"Id": "a", "MetricStat": stat(namespace, "all")}, ScanBy="TimestampDescending")
    assert latest["MetricDataResults"][0]["Values"] == [8, 5, 4]


def test_metric_data_with_search(cloudwatch, namespace, minute):
    for name, values in (("songs", [1, 2]), ("albums", [3, 4])):
        put(cloudwatch, namespace, "rows", values, minute, [("Table", name)])
    put(cloudwatch, namespace, "bytes", [9], minute, [("Table", "songs")])
    search = f"SEARCH('{{{namespace},Table}} MetricName=\"rows\"', 'Sum', 60)"
    found = data(cloudwatch, minute, {"Id": "s", "Expression": search})["MetricDataResults"]
    assert sorted((one["Label"], one["Values"]) for one in found) == [("albums rows", [3, 4]), ("songs rows", [1, 2])]
    total = data(cloudwatch, minute, {"Id": "t", "Expression": f"SUM({search})"})["MetricDataResults"]
    assert [one["Values"] for one in total] == [[4, 6]]


def test_metric_data_comes_by_pages(cloudwatch, namespace, minute):
    put(cloudwatch, namespace, "m", range(10), minute)
    query = {"Id": "m", "MetricStat": stat(namespace, "m")}
    first = data(cloudwatch, minute, query, MaxDatapoints=4)
    assert first["MetricDataResults"][0]["StatusCode"] == "PartialData"
    values, token = first["MetricDataResults"][0]["Values"], first["NextToken"]
    while token:
        page = data(cloudwatch, minute, query, MaxDatapoints=4, NextToken=token)
        values += page["MetricDataResults"][0]["Values"]
        token = page.get("NextToken")
    assert values == list(range(10))


def test_what_is_wrong_is_refused(cloudwatch, namespace, minute, refused):
    one = {"MetricName": "m", "Value": 1}
    wrong = [
        ("InvalidParameterValue", {"Unit": "Parsecs"}), ("InvalidParameterCombination", {"Values": [1.0]}),
        ("InvalidParameterCombination", {"StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1, "Maximum": 1}}),
        ("InvalidParameterValue", {"StorageResolution": 7}), ("InvalidParameterValue", {"Timestamp": minute - minutes(60 * 24 * 15)}),
        ("InvalidParameterValue", {"Timestamp": minute + minutes(60 * 3)}),
        ("InvalidParameterValue", {"Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]}),
    ]
    for code, more in wrong:
        codes = (code, "ValidationError") if "Unit" in more else code
        refused(codes, cloudwatch.put_metric_data, Namespace=namespace, MetricData=[one | more], status=400)
    refused("InvalidParameterValue", cloudwatch.put_metric_data, Namespace="AWS/Lambda", MetricData=[one])
    refused("MissingParameter", cloudwatch.put_metric_data, Namespace=namespace, MetricData=[{"MetricName": "m"}])
    refused("InvalidParameterValue", cloudwatch.put_metric_data, Namespace=namespace,
            MetricData=[{"MetricName": "m", "Values": [1.0, 2.0], "Counts": [1.0]}])
    ask = dict(Namespace=namespace, MetricName="m", StartTime=minute, EndTime=minute + minutes(10))
    refused("InvalidParameterValue", cloudwatch.get_metric_statistics, **ask, Period=61, Statistics=["Sum"])
    refused("MissingParameter", cloudwatch.get_metric_statistics, **ask, Period=60)
    refused("InvalidParameterCombination", cloudwatch.get_metric_statistics, **ask, Period=60, Statistics=["Sum"], ExtendedStatistics=["p9"])
    refused("InvalidParameterCombination", cloudwatch.get_metric_statistics, **(ask | {"EndTime": minute + minutes(60 * 48)}),
            Period=60, Statistics=["Sum"])
    for query in ({"Id": "m"}, {"Id": "M", "Expression": "1"}, {"Id": "m", "Expression": "1 +"}, {"Id": "m", "Expression": "m + 1"}):
        answer = refused(("ValidationError", "ValidationException"), data, cloudwatch, minute, query, status=400)
        assert answer["Error"]["Message"]
    refused("NotImplemented", cloudwatch.put_anomaly_detector, Namespace=namespace, MetricName="m", Stat="Sum")
    refused("NotImplemented", data, cloudwatch, minute, {"Id": "m", "Expression": "1", "Label": "${MAX}"})


def test_a_large_request_comes_compressed(http_server, cloudwatch, names, minute):
    namespace = names()
    bodies = []
    cloudwatch.meta.events.register(
        "before-send", lambda request, **_: bodies.append((request.headers.get("Content-Encoding"), request.body)))
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[
        {"MetricName": f"metric-{n:03}", "Value": n, "Timestamp": minute} for n in range(500)])
    encoding, body = bodies[0]
    assert encoding in (b"gzip", "gzip") and len(gzip.decompress(body)) > 10_000
    assert len(cloudwatch.list_metrics(Namespace=namespace)["Metrics"]) == 500


def state(cloudwatch, name, wanted, seconds=30):
    """The alarm, once it is in a state."""
    end = time.monotonic() + seconds
    while True:
        found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        alarm = (found["MetricAlarms"] + found["CompositeAlarms"])[0]
        if alarm["StateValue"] == wanted:
            return alarm
        assert time.monotonic() < end, alarm
        time.sleep(0.1)


def alarm(name, namespace, **more):
    return {
        "AlarmName": name, "Namespace": namespace, "MetricName": "errors", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 3.0, "ComparisonOperator": "GreaterThanThreshold", **more,
    }


def test_an_alarm_is_described_as_it_was_put(cloudwatch, namespace, names, refused):
    name = names()
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:page"
    more = {
        "AlarmDescription": "too many", "Dimensions": [{"Name": "Table", "Value": "songs"}], "Unit": "Count",
        "DatapointsToAlarm": 2, "EvaluationPeriods": 3, "TreatMissingData": "notBreaching",
        "AlarmActions": [topic], "OKActions": [topic], "ActionsEnabled": False,
    }
    cloudwatch.put_metric_alarm(**alarm(name, namespace, **more), Tags=[{"Key": "a", "Value": "1"}])
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    for key, value in alarm(name, namespace, **more).items():
        assert found[key] == value, key
    assert found["AlarmArn"] == f"{ARN}:alarm:{name}" and found["InsufficientDataActions"] == []
    assert found["StateReason"] == "Unchecked: Initial alarm creation" or found["StateValue"] != "ALARM"
    assert "ExtendedStatistic" not in found and "Metrics" not in found
    cloudwatch.enable_alarm_actions(AlarmNames=[name])
    assert cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["ActionsEnabled"] is True
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    assert cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["ActionsEnabled"] is False
    for_metric = lambda **more: [one["AlarmName"] for one in cloudwatch.describe_alarms_for_metric(
        Namespace=namespace, MetricName="errors", **more)["MetricAlarms"]]
    songs = [{"Name": "Table", "Value": "songs"}]
    assert for_metric(Dimensions=songs) == [name] and for_metric() == []
    assert for_metric(Dimensions=songs, Statistic="Sum", Period=60, Unit="Count") == [name]
    assert for_metric(Dimensions=songs, Statistic="Average") == [] and for_metric(Dimensions=songs, Period=300) == []
    cloudwatch.delete_alarms(AlarmNames=[name])
    assert cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []
    answer = refused("ResourceNotFound", cloudwatch.delete_alarms, AlarmNames=[name], status=404)
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.delete_alarms(AlarmNames=[name])
    assert name in answer["Error"]["Message"]


def test_an_alarm_goes_off_and_comes_back(usual, namespace, names, minute):
    name, calm, quiet = names(), names(), names()
    # Also in the minutes to come: whenever it is looked at, there is data.
    put(usual, namespace, "errors", [9] * 20, minute)
    put(usual, namespace, "calm", [1] * 20, minute)
    usual.put_metric_alarm(**alarm(name, namespace))
    usual.put_metric_alarm(**alarm(calm, namespace, MetricName="calm", EvaluationPeriods=2))
    usual.put_metric_alarm(**alarm(quiet, namespace, MetricName="none"))
    off = state(usual, name, "ALARM")
    assert off["StateReason"].startswith("Threshold Crossed: 1 ") and "9.0" in off["StateReason"]
    assert json.loads(off["StateReasonData"])["threshold"] == 3.0
    assert state(usual, calm, "OK")["StateReason"].startswith("Threshold Crossed: ")
    assert state(usual, quiet, "INSUFFICIENT_DATA")
    items = usual.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [one["HistorySummary"] for one in items] == ["Alarm updated from INSUFFICIENT_DATA to ALARM"]
    assert json.loads(items[0]["HistoryData"])["newState"]["stateValue"] == "ALARM"
    # Another threshold: the alarm is looked at anew.
    usual.put_metric_alarm(**alarm(name, namespace, Threshold=10.0))
    state(usual, name, "OK")
    found = usual.describe_alarms(StateValue="OK", AlarmNamePrefix=name)["MetricAlarms"]
    assert [one["AlarmName"] for one in found] == [name]


def test_an_alarm_on_an_expression(usual, namespace, names, minute):
    name = names()
    put(usual, namespace, "errors", [1] * 20, minute)
    put(usual, namespace, "all", [4] * 20, minute)
    metrics = [
        {"Id": "rate", "Expression": "100 * e / a", "Label": "rate", "ReturnData": True},
        {"Id": "e", "MetricStat": stat(namespace, "errors"), "ReturnData": False},
        {"Id": "a", "MetricStat": stat(namespace, "all"), "ReturnData": False},
    ]
    usual.put_metric_alarm(AlarmName=name, Metrics=metrics, EvaluationPeriods=1, Threshold=20.0,
                           ComparisonOperator="GreaterThanOrEqualToThreshold")
    found = state(usual, name, "ALARM")
    assert found["Metrics"] == metrics and "MetricName" not in found


def test_composite_alarms(cloudwatch, names, namespace, refused):
    child, other, name = names(), names(), names()
    for one in (child, other):
        cloudwatch.put_metric_alarm(**alarm(one, namespace, MetricName="none", TreatMissingData="ignore"))
    cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=f"ALARM({child}) AND NOT ALARM({other})", AlarmDescription="both")
    cloudwatch.set_alarm_state(AlarmName=child, StateValue="ALARM", StateReason="a trial", StateReasonData='{"a": 1}')
    found = state(cloudwatch, name, "ALARM")
    assert found["AlarmRule"] == f"ALARM({child}) AND NOT ALARM({other})" and found["AlarmDescription"] == "both"
    assert cloudwatch.describe_alarms(AlarmNames=[name])["CompositeAlarms"] == []
    below = cloudwatch.describe_alarms(ChildrenOfAlarmName=name)["MetricAlarms"]
    assert sorted(one["AlarmName"] for one in below) == sorted([child, other]) and "Threshold" not in below[0]
    above = cloudwatch.describe_alarms(ParentsOfAlarmName=child)["CompositeAlarms"]
    assert above == [{"AlarmName": name, "AlarmArn": f"{ARN}:alarm:{name}"}]
    items = cloudwatch.describe_alarm_history(AlarmName=name, AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"]
    assert {one["AlarmType"] for one in items} == {"CompositeAlarm"}
    code = ("ValidationError", "ValidationException")
    refused(code, cloudwatch.put_composite_alarm, AlarmName=names(), AlarmRule="ALARM(none-such)")
    refused(code, cloudwatch.put_composite_alarm, AlarmName=names(), AlarmRule="ALARM(")
    refused("NotImplemented", cloudwatch.put_composite_alarm, AlarmName=names(), AlarmRule="TRUE", ActionsSuppressor=child)
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_a_state_is_set_and_remembered(cloudwatch, names, namespace, refused):
    name = names()
    cloudwatch.put_metric_alarm(**alarm(name, namespace, MetricName="none", TreatMissingData="ignore"))
    for value in ("ALARM", "OK", "ALARM"):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=value, StateReason=f"now {value}")
    found = state(cloudwatch, name, "ALARM")
    assert found["StateReason"] == "now ALARM"
    history = lambda **more: cloudwatch.describe_alarm_history(AlarmName=name, **more)
    items = history()["AlarmHistoryItems"]
    summaries = [one["HistorySummary"] for one in items]
    assert summaries == [
        "Alarm updated from OK to ALARM", "Alarm updated from ALARM to OK",
        "Alarm updated from INSUFFICIENT_DATA to ALARM", f'Alarm "{name}" created',
    ]
    assert [one["HistoryItemType"] for one in items] == ["StateUpdate"] * 3 + ["ConfigurationUpdate"]
    oldest = history(ScanBy="TimestampAscending", MaxRecords=2)
    assert [one["HistorySummary"] for one in oldest["AlarmHistoryItems"]] == summaries[:1:-1]
    rest = history(ScanBy="TimestampAscending", MaxRecords=2, NextToken=oldest["NextToken"])
    assert [one["HistorySummary"] for one in rest["AlarmHistoryItems"]] == summaries[1::-1] and "NextToken" not in rest
    now = datetime.datetime.now(datetime.timezone.utc)
    assert history(StartDate=now + minutes(1))["AlarmHistoryItems"] == []
    assert history(AlarmTypes=["CompositeAlarm"])["AlarmHistoryItems"] == []
    refused("ResourceNotFound", cloudwatch.set_alarm_state, AlarmName="none", StateValue="OK", StateReason="x", status=404)
    refused("InvalidFormat", cloudwatch.set_alarm_state, AlarmName=name, StateValue="OK", StateReason="x", StateReasonData="{")


def test_alarms_come_by_pages(cloudwatch, names, namespace):
    prefix = names()
    for n in range(5):
        cloudwatch.put_metric_alarm(**alarm(f"{prefix}-{n}", namespace))
    first = cloudwatch.describe_alarms(AlarmNamePrefix=prefix, MaxRecords=2)
    assert len(first["MetricAlarms"]) == 2 and first["NextToken"]
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix, PaginationConfig={"PageSize": 2})
    assert [one["AlarmName"] for page in pages for one in page["MetricAlarms"]] == [f"{prefix}-{n}" for n in range(5)]


def test_what_is_wrong_with_alarms(cloudwatch, names, namespace, refused):
    name, code = names(), ("ValidationError", "ValidationException")
    for more in (
        {"ComparisonOperator": "Above"}, {"DatapointsToAlarm": 2}, {"TreatMissingData": "maybe"},
        {"Period": 3600, "EvaluationPeriods": 200}, {"AlarmActions": ["no arn"]}, {"ExtendedStatistic": "p90"},
        {"Metrics": [{"Id": "a", "Expression": "1"}]},
    ):
        refused(code, cloudwatch.put_metric_alarm, **alarm(name, namespace, **more), status=400)
    refused(("MissingParameter", *code), cloudwatch.put_metric_alarm, AlarmName=name, EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold", Threshold=1.0)
    refused("NotImplemented", cloudwatch.put_metric_alarm, **alarm(name, namespace, ThresholdMetricId="x"))
    refused("InvalidNextToken", cloudwatch.describe_alarms, NextToken="?", status=400)


def test_tags_of_alarms(cloudwatch, names, namespace, refused):
    name = names()
    arn = f"{ARN}:alarm:{name}"
    cloudwatch.put_metric_alarm(**alarm(name, namespace), Tags=[{"Key": "a", "Value": "1"}])
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    none = f"{ARN}:alarm:none"
    refused("ResourceNotFoundException", cloudwatch.list_tags_for_resource, ResourceARN=none)
    refused("ResourceNotFoundException", cloudwatch.tag_resource, ResourceARN=none, Tags=[{"Key": "b", "Value": "2"}])


def test_dashboards(cloudwatch, names, refused):
    name = names()
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "hello"}}]})
    assert cloudwatch.put_dashboard(DashboardName=name, DashboardBody=body)["DashboardValidationMessages"] == []
    found = cloudwatch.get_dashboard(DashboardName=name)
    assert found["DashboardBody"] == body and found["DashboardArn"] == f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}"
    listed = cloudwatch.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    assert [(one["DashboardName"], one["Size"]) for one in listed] == [(name, len(body))] and listed[0]["LastModified"]
    refused("InvalidParameterInput", cloudwatch.put_dashboard, DashboardName=name, DashboardBody="{", status=400)
    cloudwatch.delete_dashboards(DashboardNames=[name])
    refused("ResourceNotFound", cloudwatch.get_dashboard, DashboardName=name, status=404)
    # Two errors have that code in AWS's model; the first is what clients raise.
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.delete_dashboards(DashboardNames=[name])


def test_who_may_not_is_refused(http_server, cloudwatch, names, refused, request):
    iam, user = http_server.client("iam"), names()
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    protocol = request.node.callspec.params["cloudwatch"]
    client = speaking(http_server, protocol, (key["AccessKeyId"], key["SecretAccessKey"]))
    codes = ("AccessDenied", "AccessDeniedException")
    answer = refused(codes, client.list_metrics)
    assert "cloudwatch:ListMetrics" in answer["Error"]["Message"]
    refused(codes, client.put_metric_data, Namespace="x", MetricData=[{"MetricName": "m", "Value": 1}])
    wrong = speaking(http_server, protocol, (key["AccessKeyId"], "not the secret"))
    refused(("SignatureDoesNotMatch", "InvalidSignatureException"), wrong.list_metrics)


def raw(server, path, body, headers):
    """A signed request, as it stands; gives back status, headers and body."""
    access_key, secret = server.root()
    request = botocore.awsrequest.AWSRequest("POST", server.url + path, data=body, headers=headers)
    botocore.auth.SigV4Auth(botocore.credentials.Credentials(access_key, secret), "monitoring", "us-east-1").add_auth(request)
    sent = urllib.request.Request(server.url + path, data=body, headers=dict(request.headers.items()), method="POST")
    try:
        with urllib.request.urlopen(sent) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, dict(answer.headers), answer.read()


CBOR = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor", "accept": "application/cbor"}
SERVICE = "/service/GraniteServiceVersion20100801/operation/"


def test_cbor_that_no_client_writes(http_server):
    # Indefinite lengths: {_ "Namespace": (_ "no", "ne")}.
    body = b"\xbf\x69Namespace\x7f\x62no\x62ne\xff\xff"
    status, headers, answer = raw(http_server, SERVICE + "ListMetrics", body, CBOR)
    assert status == 200 and answer == b"\xa1\x67Metrics\x80"
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["smithy-protocol"] == "rpc-v2-cbor" and headers["content-type"] == "application/cbor"
    for wrong in (b"\xff", b"\xbf", b"\x81" * 10_000, b"\xa1\x69Namespace", b"\xbb" + b"\xff" * 8, b"{}", b"\xa0\xa0"):
        status, headers, answer = raw(http_server, SERVICE + "ListMetrics", wrong, CBOR)
        assert status == 400 and b"SerializationException" in answer, wrong
    status, headers, answer = raw(http_server, SERVICE + "Nothing", b"\xa0", CBOR | {"x-amzn-query-mode": "true"})
    headers = {name.lower(): value for name, value in headers.items()}
    assert status == 400 and b"UnknownOperationException" in answer and headers["x-amzn-query-error"] == "InvalidAction;Sender"


def test_a_bomb_is_not_expanded(http_server):
    bomb = gzip.compress(b"\x00" * (64 << 20))
    status, _, answer = raw(http_server, SERVICE + "PutMetricData", bomb, CBOR | {"content-encoding": "gzip"})
    assert status == 400 and b"SerializationException" in answer
    status, _, answer = raw(http_server, SERVICE + "PutMetricData", b"x", CBOR | {"content-encoding": "br"})
    assert status == 400 and b"use gzip" in answer


def get(url, **headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.headers["content-type"], answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers["content-type"], answer.read().decode()


def test_prometheus_reads_what_was_measured(http_server, usual, names):
    namespace = names().replace("-", "")
    now = datetime.datetime.now(datetime.timezone.utc)
    put(usual, namespace, "rowCount", [4, 4, 4, 4], now - minutes(3), [("Table", 'so"ngs')], Unit="Count")
    status, kind, text = get(http_server.url + "/metrics")
    assert status == 200 and kind == "text/plain; version=0.0.4; charset=utf-8"
    name = f"{namespace}_row_count_sum"
    assert f"# TYPE {name} gauge" in text and f'{name}{{table="so\\"ngs",unit="Count"}} 4 ' in text
    assert "stave_telemetry_dropped_log_lines_total 0" in text
    # A web page that was led here by its name's address is not from here.
    assert get(http_server.url + "/metrics", Host="evil.example")[0] == 403


def test_prometheus_is_switched_off(serve):
    server = serve("--metrics", "nobody")
    status, kind, _ = get(server.url + "/metrics")
    assert status in (403, 404) and kind == "application/xml"
    server.client("s3").create_bucket(Bucket="metrics")
    assert server.client("s3").list_objects_v2(Bucket="metrics")["KeyCount"] == 0


def test_requests_to_buckets_are_measured(http_server, s3, bucket, usual, names):
    body = b"x" * 1000
    for n in range(3):
        s3.put_object(Bucket=bucket, Key=f"k{n}", Body=body)
    assert s3.get_object(Bucket=bucket, Key="k0")["Body"].read() == body
    s3.get_object(Bucket=bucket, Key="k1")["Body"].read()
    s3.list_objects_v2(Bucket=bucket, Prefix="k")
    s3.delete_object(Bucket=bucket, Key="k2")
    with pytest.raises(s3.exceptions.ClientError):
        s3.get_object(Bucket=bucket, Key="none")
    missing = names()
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket=missing)
    now = datetime.datetime.now(datetime.timezone.utc)

    def total(name, statistic="Sum"):
        found = usual.get_metric_statistics(
            Namespace="AWS/S3", MetricName=name, StartTime=now - minutes(60), EndTime=now + minutes(60), Period=7200,
            Statistics=[statistic], Dimensions=[{"Name": "BucketName", "Value": bucket}, {"Name": "FilterId", "Value": "EntireBucket"}])
        return sum(point[statistic] for point in found["Datapoints"])

    end = time.monotonic() + 10
    while total("AllRequests") < 9 and time.monotonic() < end:
        time.sleep(0.05)  # The last answer is measured when it has gone out.
    expected = {
        "AllRequests": 9, "PutRequests": 3, "GetRequests": 3, "ListRequests": 1, "DeleteRequests": 1, "4xxErrors": 1,
        "5xxErrors": 0, "BytesUploaded": 3000,
    }
    assert {name: total(name) for name in expected} == expected
    assert total("BytesDownloaded") >= 2000
    assert total("FirstByteLatency", "SampleCount") == 9 and total("TotalRequestLatency", "Minimum") > 0
    listed = usual.list_metrics(Namespace="AWS/S3", Dimensions=[{"Name": "BucketName", "Value": missing}])["Metrics"]
    assert listed == []

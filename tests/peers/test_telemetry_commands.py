"""`stave logs`, `stave metrics` and `stave alarm`, beside a server and without one."""

import datetime
import json
import subprocess
import time

import pytest

GROUP = "/pipeline/extract"


@pytest.fixture
def server(serve):
    return serve()


def rows(stave, *words):
    return json.loads(stave.run("--json", *words).stdout)


@pytest.fixture
def logs(server):
    client = server.client("logs")
    client.create_log_group(logGroupName=GROUP)
    client.create_log_stream(logGroupName=GROUP, logStreamName="s")

    def put(*messages):
        now = int(time.time() * 1000)
        client.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=[
            {"timestamp": now, "message": message} for message in messages])

    return put


def test_logs(stave, logs):
    logs("[INFO] one", "[ERROR] two\x1b[31m", '{"ms": 5}')
    assert [one["LogGroupName"] for one in rows(stave, "logs", "groups", "/pipe")] == [GROUP]
    assert rows(stave, "logs", "groups", "/none") == []
    streams = rows(stave, "logs", "streams", GROUP)
    assert [one["LogStreamName"] for one in streams] == ["s"] and streams[0]["LastEventTime"]
    lines = stave.run("logs", "tail", GROUP).stdout.splitlines()
    assert [line.split(" ", 2)[1:] for line in lines] == [["s", "[INFO] one"], ["s", "[ERROR] two\\u{1b}[31m"], ["s", '{"ms": 5}']]
    found = stave.run("--json", "logs", "tail", "--filter", "ERROR", "--since", "1h", GROUP).stdout.splitlines()
    assert [json.loads(line)["message"] for line in found] == ["[ERROR] two\x1b[31m"]
    done = stave.run("logs", "query", "filter ispresent(ms) | stats max(ms) as m", GROUP)
    assert "│ 5 │" in done.stdout and "1 event of 3 matched" in done.stderr
    assert rows(stave, "logs", "query", "fields @message | filter @message like 'one'", GROUP)[0]["@message"] == "[INFO] one"
    failed = stave.run("logs", "tail", "/none", check=False)
    assert failed.returncode == 1 and "does not exist" in failed.stderr
    assert f"there is: {GROUP}" in failed.stderr
    for words in (["tail", "/pipeline/extarct"], ["tail", "-f", "/pipeline/extarct"], ["streams", "/pipeline/extarct"],
                  ["query", "fields @message", GROUP, "/pipeline/extarct"]):
        failed = stave.run("logs", *words, check=False)
        assert failed.returncode == 1 and f'did you mean "{GROUP}"?' in failed.stderr, words
    failed = stave.run("logs", "tail", "--stream", "none", GROUP, check=False)
    assert failed.returncode == 1 and f"stave logs streams {GROUP}" in failed.stderr
    failed = stave.run("logs", "query", "nonsense", GROUP, check=False)
    assert failed.returncode == 1 and "error: " in failed.stderr
    assert stave.run("logs", "tail", "--since", "soon", GROUP, check=False).returncode == 2


def test_tail_follows_what_a_server_writes(stave, logs):
    logs("before")
    following = subprocess.Popen(
        stave.command("logs", "tail", "-f", "--filter", "-hidden", GROUP), env=stave.env, stdout=subprocess.PIPE, text=True)
    try:
        assert following.stdout.readline().endswith(" s before\n")
        logs("hidden", "after")
        assert following.stdout.readline().endswith(" s after\n")
    finally:
        following.kill()
        following.wait()
        following.stdout.close()


def test_metrics(stave, server):
    now = datetime.datetime.now(datetime.timezone.utc)
    at = now.replace(second=0, microsecond=0) - datetime.timedelta(minutes=2)
    server.client("cloudwatch").put_metric_data(Namespace="Pipeline", MetricData=[
        {"MetricName": "rows", "Values": [1.0, 2.0, 9.0], "Timestamp": at, "Unit": "Count",
         "Dimensions": [{"Name": "Table", "Value": "songs"}]}])
    assert rows(stave, "metrics", "ls", "Pipeline") == [
        {"Namespace": "Pipeline", "MetricName": "rows", "Dimensions": "Table=songs"}]
    found = rows(stave, "metrics", "get", "Pipeline", "rows", "--dimension", "Table=songs", "--period", "1m",
                 "--stat", "Sum", "--stat", "p50")
    assert [(one["Sum"], one["Unit"]) for one in found] == [(12.0, "Count")] and abs(found[0]["p50"] - 2) < 0.1
    drawn = stave.run("metrics", "get", "Pipeline", "rows", "--dimension", "Table=songs", "--period", "1m").stdout
    assert "┆ 12  ┆ Count │" in drawn
    nothing = stave.run("metrics", "get", "Pipeline", "rows")
    assert nothing.stdout == "" and "nothing was measured" in nothing.stderr


def test_alarms(stave):
    stave.run("alarm", "put", "fails", "--metric", "AWS/Lambda", "Errors", "--dimension", "FunctionName=extract",
              "--when", "gt", "0", "--missing", "notBreaching")
    stave.run("alarm", "put", "any", "--rule", "ALARM(fails)")
    listed = rows(stave, "alarm", "ls")
    assert [(one["AlarmName"], one["StateValue"]) for one in listed] == [
        ("any", "INSUFFICIENT_DATA"), ("fails", "INSUFFICIENT_DATA")]
    assert [one["Watches"] for one in listed] == [
        "ALARM(fails)", "Sum of AWS/Lambda Errors FunctionName=extract > 0, 1 of 1 times 60 s"]
    stave.run("alarm", "set", "fails", "alarm", "--reason", "a trial")
    assert [one["AlarmName"] for one in rows(stave, "alarm", "ls", "--state", "alarm")] == ["fails"]
    history = rows(stave, "alarm", "history", "fails")
    assert [one["HistorySummary"] for one in history] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM", 'Alarm "fails" created']
    stave.run("alarm", "rm", "any", "fails")
    assert rows(stave, "alarm", "ls") == []
    assert "there is no alarm yet; make one with: stave alarm put" in stave.run("alarm", "ls").stderr
    assert "there is no such alarm" in stave.run("alarm", "ls", "--state", "alarm").stderr
    assert stave.run("alarm", "rm", "any", check=False).returncode == 1
    for wrong in (["x"], ["x", "--metric", "a"], ["x", "--metric", "a", "b", "--when", "above", "0"],
                  ["x", "--metric", "a", "b", "--when", "gt", "much"], ["x", "--rule", "ALARM(a)", "--when", "gt", "0"]):
        assert stave.run("alarm", "put", *wrong, check=False).returncode == 2, wrong
    denied = stave.run("iam", "user", "create", "ann")
    assert denied.returncode == 0
    assert stave.run("--as", "ann", "alarm", "ls", check=False).returncode == 1

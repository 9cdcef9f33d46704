"""A function that fails, and what AWS's clients see of it: retries, logs, metrics, an alarm.

Usage: broken.py STAVE FOLDER [ARGUMENT …], with the variables of `stave env`. It takes three and a
half minutes, because Lambda tries again after one minute and after two.
"""

import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import boto3

NAME, PERIOD = "broken", 60
stave, folder, *words = sys.argv[1:]
lambdas, logs, metrics = (boto3.client(name) for name in ("lambda", "logs", "cloudwatch"))


def until(what, found, seconds):
    """Waits until `found()` gives something, and gives that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(1)
    sys.exit(f"{what}: not within {seconds} seconds")


subprocess.run([stave, "function", "create", NAME, "--code", folder, *words], check=True)
metrics.put_metric_alarm(
    AlarmName="broken-fails", Namespace="AWS/Lambda", MetricName="Errors", Statistic="Sum",
    Dimensions=[{"Name": "FunctionName", "Value": NAME}], Period=PERIOD, EvaluationPeriods=1,
    Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold", TreatMissingData="notBreaching",
)
begun_at = datetime.now(timezone.utc)
answer = lambdas.invoke(FunctionName=NAME, InvocationType="Event", Payload=b'{"items": [{"track": null}]}')
print("queued", answer["ResponseMetadata"]["RequestId"], answer["StatusCode"])

alarm = until(
    "the alarm",
    lambda: metrics.describe_alarms(AlarmNames=["broken-fails"], StateValue="ALARM")["MetricAlarms"],
    3 * PERIOD,
)
print("alarm:", alarm[0]["StateValue"], alarm[0]["StateReason"])

group = {"logGroupName": f"/aws/lambda/{NAME}"}
errors = until(
    "three tries",
    lambda: (found := logs.filter_log_events(filterPattern="TypeError", **group)["events"])[2:] and found,
    300,
)
for event in errors:
    print(datetime.fromtimestamp(event["timestamp"] / 1000), event["message"].splitlines()[0])

points = metrics.get_metric_statistics(
    Namespace="AWS/Lambda", MetricName="Errors", Dimensions=[{"Name": "FunctionName", "Value": NAME}],
    StartTime=begun_at - timedelta(minutes=1), EndTime=begun_at + timedelta(minutes=10),
    Period=PERIOD, Statistics=["Sum"],
)["Datapoints"]
print("errors:", int(sum(point["Sum"] for point in points)))

"""The AWS command line: events, scheduler."""

import json

from aws_process import ONCE

ACCOUNT = "123456789012"
TRUST = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole",
}]}


def test_rules_targets_and_events(aws, names):
    name, function = names(), f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:transform"
    pattern = json.dumps({"source": [name], "detail": {"state": ["new"]}})
    made = aws.json("events", "put-rule", "--name", name, "--event-pattern", pattern, "--state", "ENABLED")
    assert made["RuleArn"] == f"arn:aws:events:us-east-1:{ACCOUNT}:rule/{name}"
    put = aws.json("events", "put-targets", "--rule", name, "--targets", f"Id=f,Arn={function}")
    assert put == {"FailedEntryCount": 0, "FailedEntries": []}
    (rule,) = aws.json("events", "list-rules", "--name-prefix", name)["Rules"]
    assert (rule["Name"], rule["EventPattern"], rule["State"]) == (name, pattern, "ENABLED")
    assert aws.json("events", "list-targets-by-rule", "--rule", name)["Targets"] == [{"Id": "f", "Arn": function}]
    entries = [{"Source": name, "DetailType": "t", "Detail": '{"state": "new"}'}, {"Source": name}]
    answer = aws.json("events", "put-events", "--entries", json.dumps(entries))
    assert answer["FailedEntryCount"] == 1 and answer["Entries"][1]["ErrorCode"] == "InvalidArgument"
    assert len(answer["Entries"][0]["EventId"]) == 36
    aws("events", "remove-targets", "--rule", name, "--ids", "f")
    aws("events", "delete-rule", "--name", name)
    gone = aws("events", "describe-rule", "--name", name, check=False)
    assert gone.returncode and b"ResourceNotFoundException" in gone.stderr


@ONCE
def test_schedules(aws, names):
    name = names()
    role = aws.json("iam", "create-role", "--role-name", name, "--assume-role-policy-document", json.dumps(TRUST))
    target = {"Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:extract", "RoleArn": role["Role"]["Arn"]}
    made = aws.json(
        "scheduler", "create-schedule", "--name", name, "--schedule-expression", "cron(0 3 * * ? *)",
        "--schedule-expression-timezone", "Europe/Berlin", "--flexible-time-window", "Mode=OFF",
        "--target", json.dumps(target),
    )
    assert made["ScheduleArn"] == f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/{name}"
    shown = aws.json("scheduler", "get-schedule", "--name", name)
    assert (shown["ScheduleExpressionTimezone"], shown["State"]) == ("Europe/Berlin", "ENABLED")
    assert name in [one["Name"] for one in aws.json("scheduler", "list-schedules")["Schedules"]]
    aws("scheduler", "delete-schedule", "--name", name)


@ONCE
def test_notifications(aws, names):
    name = names()
    aws("s3", "mb", f"s3://{name}")
    aws("s3api", "put-bucket-notification-configuration", "--bucket", name,
        "--notification-configuration", '{"EventBridgeConfiguration": {}}')
    kept = aws.json("s3api", "get-bucket-notification-configuration", "--bucket", name)
    assert kept == {"EventBridgeConfiguration": {}}

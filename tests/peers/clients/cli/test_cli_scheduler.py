"""The AWS command line: every operation of scheduler."""

import json

from command_line import served
from functions import trust

ACCOUNT = "123456789012"
ARN = f"arn:aws:scheduler:us-east-1:{ACCOUNT}"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:extract"


def test_schedules_in_a_group(aws):
    made = aws("scheduler create-schedule-group --name nightly --tags Key=a,Value=1")
    group = made["ScheduleGroupArn"]
    assert group == f"{ARN}:schedule-group/nightly"
    shown = aws("scheduler get-schedule-group --name nightly")
    assert (shown["Name"], shown["Arn"], shown["State"]) == ("nightly", group, "ACTIVE")
    assert [one["Name"] for one in aws("scheduler list-schedule-groups")["ScheduleGroups"]] == ["default", "nightly"]
    aws(f"scheduler tag-resource --resource-arn {group} --tags Key=b,Value=2")
    aws(f"scheduler untag-resource --resource-arn {group} --tag-keys a")
    tags = aws(f"scheduler list-tags-for-resource --resource-arn {group}")
    assert tags == {"Tags": [{"Key": "b", "Value": "2"}]}

    aws("iam create-role --role-name sends --assume-role-policy-document", trust("scheduler.amazonaws.com"))
    target = {"Arn": FUNCTION, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/sends", "Input": '{"n": 1}'}
    aws.file("target.json", json.dumps(target))
    name, more = "--name etl --group-name nightly", "--target file://target.json --flexible-time-window"
    arn = {"ScheduleArn": f"{ARN}:schedule/nightly/etl"}
    assert arn == aws(
        f"scheduler create-schedule {name} --schedule-expression 'cron(0 3 * * ? *)' --description first"
        f" --schedule-expression-timezone Europe/Berlin {more} Mode=FLEXIBLE,MaximumWindowInMinutes=15"
    )
    shown = aws(f"scheduler get-schedule {name}")
    assert (shown["Arn"], shown["GroupName"], shown["State"]) == (arn["ScheduleArn"], "nightly", "ENABLED")
    assert (shown["ScheduleExpression"], shown["ScheduleExpressionTimezone"]) == ("cron(0 3 * * ? *)", "Europe/Berlin")
    assert shown["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
    retries = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    assert shown["Target"] == target | {"RetryPolicy": retries} and shown["Description"] == "first"
    assert arn == aws(
        f"scheduler update-schedule {name} --schedule-expression 'cron(0 4 * * ? *)' --state DISABLED {more} Mode=OFF")
    (listed,) = aws("scheduler list-schedules --group-name nightly")["Schedules"]
    assert (listed["Name"], listed["State"], listed["Target"]) == ("etl", "DISABLED", {"Arn": FUNCTION})
    shown = aws(f"scheduler get-schedule {name}")
    assert (shown["ScheduleExpression"], shown["FlexibleTimeWindow"]) == ("cron(0 4 * * ? *)", {"Mode": "OFF"})
    assert "Description" not in shown

    aws(f"scheduler delete-schedule {name}")
    said = aws.refused("ResourceNotFoundException", f"scheduler get-schedule {name}")
    assert "Schedule etl does not exist." in said
    aws("scheduler delete-schedule-group --name nightly")
    assert [one["Name"] for one in aws("scheduler list-schedule-groups")["ScheduleGroups"]] == ["default"]


def test_that_was_every_operation(aws):
    assert aws.done("scheduler") == served("scheduler")

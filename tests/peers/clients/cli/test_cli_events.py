"""The AWS command line: every operation of events."""

import json

from command_line import served

ACCOUNT = "123456789012"
ARN = f"arn:aws:events:us-east-1:{ACCOUNT}"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:transform"
PATTERN = json.dumps({"source": ["com.example.orders"], "detail": {"state": ["new"]}})


def test_buses(aws):
    made = aws("events create-event-bus --name orders --description first --tags Key=a,Value=1")
    assert made == {"EventBusArn": f"{ARN}:event-bus/orders", "Description": "first"}
    updated = aws("events update-event-bus --name orders --description second")
    assert (updated["Name"], updated["Arn"], updated["Description"]) == ("orders", made["EventBusArn"], "second")
    aws("events put-permission --event-bus-name orders --action events:PutEvents --principal 111122223333"
        " --statement-id partner")
    shown = aws("events describe-event-bus --name orders")
    assert (shown["Name"], shown["Description"]) == ("orders", "second") and shown["CreationTime"]
    assert json.loads(shown["Policy"])["Statement"] == [{
        "Sid": "partner", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "events:PutEvents", "Resource": f"{ARN}:event-bus/orders",
    }]
    aws("events remove-permission --event-bus-name orders --statement-id partner")
    assert "Policy" not in aws("events describe-event-bus --name orders")
    listed = aws("events list-event-buses")["EventBuses"]
    assert sorted(one["Name"] for one in listed) == ["default", "orders"]


def test_rules(aws):
    rule = "--name new --event-bus-name orders"
    made = aws(f"events put-rule {rule} --event-pattern '{PATTERN}' --description what --state DISABLED")
    assert made == {"RuleArn": f"{ARN}:rule/orders/new"}
    aws(f"events enable-rule {rule}")
    assert aws(f"events describe-rule {rule}") == {
        "Name": "new", "Arn": made["RuleArn"], "EventPattern": PATTERN, "State": "ENABLED", "Description": "what",
        "EventBusName": "orders", "CreatedBy": ACCOUNT,
    }
    aws(f"events disable-rule {rule}")
    (listed,) = aws("events list-rules --event-bus-name orders")["Rules"]
    assert (listed["Name"], listed["State"], listed["EventPattern"]) == ("new", "DISABLED", PATTERN)
    aws("events put-rule --name hourly --schedule-expression 'rate(1 hour)' --state DISABLED")
    (listed,) = aws("events list-rules")["Rules"]
    assert (listed["Name"], listed["ScheduleExpression"]) == ("hourly", "rate(1 hour)")


def test_targets(aws):
    rule = "--rule new --event-bus-name orders"
    wanted = [
        {"Id": "a", "Arn": FUNCTION, "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60}},
        {"Id": "b", "Arn": FUNCTION, "InputTransformer": {
            "InputPathsMap": {"key": "$.detail.key"}, "InputTemplate": '{"k": <key>}'}},
    ]
    aws.file("targets.json", json.dumps(wanted))
    put = aws(f"events put-targets {rule} --targets file://targets.json")
    assert put == {"FailedEntryCount": 0, "FailedEntries": []}
    assert aws(f"events list-targets-by-rule {rule}") == {"Targets": wanted}
    named = aws(f"events list-rule-names-by-target --target-arn {FUNCTION} --event-bus-name orders")
    assert named == {"RuleNames": ["new"]}
    aws.refused("ValidationException", "events delete-rule --name new --event-bus-name orders")
    removed = aws(f"events remove-targets {rule} --ids a b")
    assert removed == {"FailedEntryCount": 0, "FailedEntries": []}
    assert aws(f"events list-targets-by-rule {rule}") == {"Targets": []}


def test_tags(aws):
    for arn in (f"{ARN}:event-bus/orders", f"{ARN}:rule/orders/new"):
        aws(f"events tag-resource --resource-arn {arn} --tags Key=a,Value=2 Key=b,Value=3")
        aws(f"events untag-resource --resource-arn {arn} --tag-keys b")
        tags = aws(f"events list-tags-for-resource --resource-arn {arn}")
        assert tags == {"Tags": [{"Key": "a", "Value": "2"}]}


def test_events(aws):
    entry = {
        "Source": "com.example.orders", "DetailType": "Order", "Detail": '{"state": "new"}', "EventBusName": "orders",
    }
    answer = aws("events put-events --entries", json.dumps([entry, {"Source": "com.example.orders"}]))
    assert answer["FailedEntryCount"] == 1 and len(answer["Entries"][0]["EventId"]) == 36
    assert answer["Entries"][1]["ErrorCode"] == "InvalidArgument"
    event = {
        "id": "1", "account": ACCOUNT, "source": "com.example.orders", "time": "2026-11-21T10:00:00Z",
        "region": "us-east-1", "resources": [], "detail-type": "Order", "detail": {"state": "new"},
    }
    for state, matches in (("new", True), ("old", False)):
        event["detail"]["state"] = state
        tested = aws(f"events test-event-pattern --event-pattern '{PATTERN}' --event", json.dumps(event))
        assert tested == {"Result": matches}


def test_the_end(aws):
    aws("events delete-rule --name new --event-bus-name orders")
    aws("events delete-rule --name hourly")
    assert aws("events list-rules") == {"Rules": []}
    aws("events delete-event-bus --name orders")
    said = aws.refused("ResourceNotFoundException", "events describe-event-bus --name orders")
    assert "Event bus orders does not exist." in said


def test_that_was_every_operation(aws):
    assert aws.done("events") == served("events")

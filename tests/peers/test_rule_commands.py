"""`stave rule` and `stave schedule`: what they make is what AWS's clients see, and it works."""

import json

import pytest

from ledger import ACCOUNT, Ledger, REGION, until


@pytest.fixture
def ledger(http_server, s3, names):
    return Ledger(http_server.stave, s3, names())


def shown(stave, *words):
    return json.loads(stave.run(*words, "--json").stdout)


def test_a_rule_that_starts_a_job(http_server, ledger, names):
    stave, events, iam = http_server.stave, http_server.client("events"), http_server.client("iam")
    name = names()
    pattern = json.dumps({"source": [name]})
    said = stave.run(
        "rule", "put", name, "--pattern", pattern, "--target", f"job:{ledger.name}", "--arg", "day=today",
    ).stderr
    role = f"stave-rule-{name}"
    assert f"put rule {name}" in said and f"made role {role}" in said and "glue:StartJobRun" in said
    (target,) = events.list_targets_by_rule(Rule=name)["Targets"]
    assert target["Arn"] == ledger.arn and target["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/{role}"
    policy = iam.get_role_policy(RoleName=role, PolicyName="target")["PolicyDocument"]
    assert policy["Statement"] == [{"Effect": "Allow", "Action": "glue:StartJobRun", "Resource": ledger.arn}]
    events.put_events(Entries=[{"Source": name, "DetailType": "t", "Detail": "{}"}])
    assert ledger.told(1) == [{"day": "today"}]
    rule = shown(stave, "rule", "show", name)
    assert (rule["State"], rule["EventPattern"]) == ("ENABLED", pattern)
    assert rule["Targets"][0]["Input"] == '{"Arguments":{"--day":"today"}}'
    stave.run("rule", "disable", name)
    assert events.describe_rule(Name=name)["State"] == "DISABLED"
    stave.run("rule", "enable", name)
    assert name in [one["Name"] for one in shown(stave, "rule", "ls")]
    assert f"removed role {role}" in stave.run("rule", "rm", name).stderr
    assert name not in stave.run("rule", "ls").stdout
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=role)


def test_patterns_are_tested(stave, tmp_path):
    event = tmp_path / "event.json"
    event.write_text(json.dumps({
        "id": "1", "account": ACCOUNT, "source": "aws.s3", "time": "2026-11-21T10:00:00Z", "region": REGION,
        "resources": [], "detail-type": "Object Created", "detail": {"object": {"key": "a.json"}},
    }))
    pattern = tmp_path / "pattern.json"
    pattern.write_text('{"detail": {"object": {"key": [{"suffix": ".json"}]}}}')
    assert stave.run("rule", "test", "--pattern", f"@{pattern}", "--event", event).stdout == "true\n"
    assert stave.run("rule", "test", "--pattern", '{"source": ["x"]}', "--event", event).stdout == "false\n"
    assert shown(stave, "rule", "test", "--pattern", '{"source": ["x"]}', "--event", event) == {"Result": False}
    stave.run("rule", "put", "r", "--pattern", f"@{pattern}")
    assert stave.run("rule", "test", "--rule", "r", "--event", event).stdout == "true\n"


def test_wrong_use_is_said(stave):
    for words, code, said in [
        (("rule", "put", "r"), 2, "--schedule"),
        (("rule", "put", "r", "--schedule", "rate(1 day)", "--target", "queue:q"), 2, "function:NAME"),
        (("rule", "put", "r", "--schedule", "rate(1 day)", "--target", "spotify-extract"), 2, "--bucket"),
        (("rule", "put", "r", "--schedule", "rate(1 day)", "--target", "crawler:c", "--arg", "a=b"), 2, "--arg"),
        (("rule", "put", "r", "--schedule", "every day"), 1, "ScheduleExpression"),
        (("rule", "show", "none"), 1, "does not exist"),
        (("schedule", "create", "s", "rate(1 day)"), 2, "--target"),
        (("schedule", "create", "s", "--target", "crawler:c"), 2, "EXPRESSION"),
        (("schedule", "create", "s", "rate(1 day)", "--schedule", "rate(1 day)"), 2, "--schedule"),
        (("schedule", "create", "s", "soon", "--target", "crawler:c"), 1, "soon"),
        (("schedule", "show", "none"), 1, "does not exist"),
    ]:
        done = stave.run(*words, check=False)
        assert (done.returncode, said in done.stderr) == (code, True), (words, done.stderr)


def test_a_schedule(stave):
    said = stave.run(
        "schedule", "create", "nightly", "--schedule", "cron(0 3 * * ? *)", "--timezone", "Europe/Berlin", "--flexible", 15,
        "--target", "crawler:warehouse",
    ).stderr
    assert "made role stave-schedule-nightly" in said and "stave serve" in said
    found = shown(stave, "schedule", "show", "nightly")
    assert found["ScheduleExpression"] == "cron(0 3 * * ? *)"
    assert found["ScheduleExpressionTimezone"] == "Europe/Berlin" and found["MaximumWindowInMinutes"] == 15
    assert found["Target"]["Arn"] == f"arn:aws:glue:{REGION}:{ACCOUNT}:crawler/warehouse"
    # What another one would have made is not left behind, nor is this one's role touched.
    again = stave.run("schedule", "create", "nightly", "rate(1 day)", "--target", "job:etl", check=False)
    assert again.returncode == 1 and "already exists" in again.stderr
    wrong = stave.run("schedule", "create", "other", "soon", "--target", "job:etl", check=False)
    assert wrong.returncode == 1 and "removed role stave-schedule-other" in wrong.stderr
    policy = stave.run("iam", "role", "show", "stave-schedule-nightly").stdout
    assert "target" in policy and "stave-schedule-other" not in stave.run("iam", "role", "ls").stdout
    (listed,) = shown(stave, "schedule", "ls")
    assert (listed["Name"], listed["State"]) == ("nightly", "ENABLED")
    assert "removed role stave-schedule-nightly" in stave.run("schedule", "rm", "nightly").stderr
    assert shown(stave, "schedule", "ls") == []


def test_a_rule_extracts_from_the_sandbox(http_server, s3, bucket, names):
    from spotify_sandbox import GLOBAL_50, Sandbox

    stave, events, name = http_server.stave, http_server.client("events"), names()
    sandbox = Sandbox(stave)
    try:
        stave.run(
            "rule", "put", name, "--pattern", json.dumps({"source": [name]}), "--target", "spotify-extract", "--",
            "--playlist", GLOBAL_50, "--bucket", f"s3://{bucket}/", "--sandbox", sandbox.base,
        )
        events.put_events(Entries=[{"Source": name, "DetailType": "t", "Detail": "{}"}])
        until(lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"], "objects of the playlist")
    finally:
        sandbox.stop()

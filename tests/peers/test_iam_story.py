"""The batch pipeline's first steps: examples/iam, as a user runs it, and what it leaves behind."""

import os
import subprocess
import sys

import pytest

from program import ROOT, STAVE

NAME = "spotify-project"


def run(env):
    return subprocess.run(
        [ROOT / "examples/iam/run"], env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )


def test_the_example_starts_its_own_server():
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STAVE_"))}
    done = run(env | {"STAVE": str(STAVE), "PYTHON": sys.executable})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "all as it should be"


@pytest.mark.parametrize("tls", [False, True])
def test_the_example_against_a_running_server(serve, refused, tls):
    server = serve(*(["--tls"] if tls else []))
    done = run(server.environment() | {"PYTHON": sys.executable})
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"arn:aws:iam::123456789012:user/{NAME}" in done.stdout
    iam = server.client("iam")
    # What a user may, the operator can ask; what was denied, a policy can allow.
    key = iam.create_access_key(UserName=NAME)["AccessKey"]
    own = lambda service: server.client(service, key=(key["AccessKeyId"], key["SecretAccessKey"]))  # noqa: E731
    answer = refused(("AccessDenied", "AccessDeniedException"), own("cloudwatch").list_metrics)
    assert "cloudwatch:ListMetrics" in answer["Error"]["Message"], answer
    assert f"user/{NAME}" in answer["Error"]["Message"], answer
    for service, call, options in (
        ("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]}),
        ("logs", "describe_log_groups", {}), ("events", "list_rules", {}),
    ):
        refused(("AccessDenied", "AccessDeniedException"), getattr(own(service), call), **options)
    iam.delete_login_profile(UserName=NAME)
    refused("AccessDenied", own("iam").change_password, OldPassword="Second-Pass-2", NewPassword="Third-Pass-3")

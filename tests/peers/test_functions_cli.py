"""Functions by `stave function`, with boto3 in their code: what they reach, and what starts them."""

import json
import os
import subprocess
import sys
import time

import pytest

from functions import code, configure
from program import ROOT, STAVE

EXAMPLE = ROOT / "examples/lambda"

PUT = """
    import boto3, os
    from datetime import datetime

    def lambda_handler(event, context):
        key = "raw data/to_processed/" + str(datetime.now()) + ".json"
        boto3.client("s3").put_object(Bucket="lake", Key=key, Body=b"{}")
        return key
"""

MOVE = """
    import boto3
    from urllib.parse import unquote_plus

    def lambda_handler(event, context):
        s3 = boto3.resource("s3")
        for record in event["Records"]:
            bucket, key = record["s3"]["bucket"]["name"], unquote_plus(record["s3"]["object"]["key"])
            s3.meta.client.copy({"Bucket": bucket, "Key": key}, bucket, "done/" + key.rsplit("/", 1)[1])
            s3.Object(bucket, key).delete()
            print("moved", key)
"""


@pytest.fixture
def home(stave):
    pytest.importorskip("boto3")
    configure(stave.home)
    return stave


def until(found, what, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} seconds")


def keys(stave, prefix):
    done = stave.run("ls", "--recursive", "--json", f"s3://lake/{prefix}", check=False)
    return [entry["Key"] for entry in json.loads(done.stdout)] if done.returncode == 0 else []


def make(stave, tmp_path, name, source, *words):
    folder = code(tmp_path / name, source)
    stave.run("function", "create", name, "--code", folder, "--no-packages", "--timeout", 60, *words)


def test_a_functions_boto3_reaches_the_command_that_runs_it(home, tmp_path):
    home.run("mb", "s3://lake")
    make(home, tmp_path, "put", PUT)
    key = json.loads(home.run("function", "invoke", "put").stdout)
    assert ":" in key and " " in key and keys(home, "raw data/") == [key]
    assert not (home.home / "server.json").exists(), "nobody else is told of it"


def test_a_role_that_may_not_is_denied(home, tmp_path):
    home.run("mb", "s3://lake")
    home.run("iam", "role", "create", "reader", "--service", "lambda.amazonaws.com", "--attach", "AmazonS3ReadOnlyAccess")
    make(home, tmp_path, "put", PUT, "--role", "reader")
    done = home.run("function", "invoke", "put", check=False)
    assert done.returncode == 1 and "AccessDenied" in done.stderr and "lambda_function.py" in done.stderr
    home.run("function", "rm", "put")
    assert "reader" in home.run("iam", "role", "ls").stdout, "a role that was named is left"


def test_an_object_starts_a_function(home, tmp_path, serve):
    home.run("mb", "s3://lake")
    make(home, tmp_path, "put", PUT)
    make(home, tmp_path, "move", MOVE, "--on", "s3://lake/raw data/to_processed/*.json")
    server = serve()
    put = [json.loads(home.run("function", "invoke", "put").stdout) for _ in range(3)]
    names = sorted(key.rsplit("/", 1)[1] for key in put)
    until(lambda: len(keys(home, "done/")) == 3, "three objects that were moved")
    assert sorted(key.removeprefix("done/") for key in keys(home, "done/")) == names
    until(lambda: not keys(home, "raw data/"), "nothing left")
    log = until(
        lambda: (text := home.run("function", "logs", "move").stdout).count("REPORT") >= 3 and text, "the log"
    )
    assert sorted(line.split("moved ", 1)[1] for line in log.splitlines() if " moved " in line) == sorted(put)
    # No matter who puts it, and what does not match starts nothing.
    server.client("s3").put_object(Bucket="lake", Key="raw data/to_processed/x.csv", Body=b"")
    server.client("s3").put_object(Bucket="lake", Key="raw data/to_processed/é +%.json", Body=b"")
    until(lambda: "done/é +%.json" in keys(home, "done/"), "the object of a client")
    # It copies first and deletes then.
    until(lambda: keys(home, "raw data/") == ["raw data/to_processed/x.csv"], "nothing else left")


def test_events_that_wait_are_worked_on_by_a_server(home, tmp_path, serve):
    home.run("mb", "s3://lake")
    make(home, tmp_path, "put", PUT)
    said = home.run("function", "invoke", "put", "--async").stderr
    assert "stave serve" in said
    assert keys(home, "raw data/") == []
    serve()
    until(lambda: keys(home, "raw data/"), "the event that was queued")
    said = home.run("function", "invoke", "put", "--async").stderr
    assert "stave serve" not in said
    until(lambda: len(keys(home, "raw data/")) == 2, "the event for a server that runs")


def test_logs_are_followed(home, tmp_path):
    make(home, tmp_path, "talk", "def lambda_handler(event, context):\n    print('said', event['what'])\n")
    process = subprocess.Popen(
        home.command("function", "logs", "talk", "-f"), env=home.env, stdout=subprocess.PIPE, text=True
    )
    try:
        for what in ("one", "two"):
            home.run("function", "invoke", "talk", "--event", json.dumps({"what": what}))
            line = next(line for line in process.stdout if "said" in line)
            assert line.rstrip().endswith(f"said {what}")
    finally:
        process.send_signal(2)
        assert process.wait(30) == 0
    assert "said" not in process.stdout.read(), "each line comes once"


def test_packages_that_cannot_be_installed_are_told(home, tmp_path):
    folder = code(tmp_path / "f", "def lambda_handler(event, context):\n    return 1\n")
    (folder / "requirements.txt").write_text("./no-such-package-here\n")
    done = home.run("function", "create", "f", "--code", folder, check=False)
    assert done.returncode == 1 and "cannot install the packages" in done.stderr, done.stderr
    assert "--no-packages" in done.stderr
    # It is there, and can be mended.
    home.run("function", "update", "f", "--no-packages")
    assert home.run("function", "invoke", "f").stdout == "1\n"


def test_the_example_runs_by_one_command(tmp_path):
    pytest.importorskip("pandas")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STAVE_"))}
    done = subprocess.run(
        [EXAMPLE / "run"], env=env | {"STAVE": str(STAVE), "PYTHON": sys.executable, "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 raw objects made 3 files" in done.stdout
    assert '"entries": 50' in done.stdout
    rows = [line for line in done.stdout.splitlines() if "track " in line and "│" in line]
    assert len(rows) == 10, done.stdout
    assert not list(tmp_path.iterdir()), "its home goes with it"


@pytest.mark.skipif("STAVE_ONLINE" not in os.environ, reason="it installs packages: STAVE_ONLINE=1 runs it")
def test_the_demo_runs_end_to_end(home):
    # Its packages come from where pip gets them, and boto3 with them, as on AWS.
    configure(home.home, packages=None)
    said = home.run("demo", "--pipeline", "lambda", check=False, timeout=600)
    assert said.returncode == 0, said.stderr
    assert "50 entries in raw_data/to_processed/spotify_raw_" in said.stderr
    assert "Top tracks" in said.stderr
    # The next demo takes its place.
    home.run("demo", "--pipeline", "lambda", timeout=600)
    counts = home.query("SELECT count(*) AS n, count(DISTINCT song_id) AS ids FROM songs_data", "spotify")
    assert counts == [{"n": 50, "ids": 50}]

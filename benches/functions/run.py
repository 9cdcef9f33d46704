"""How long a function takes beyond what its handler takes: warm, cold, and from an object to it.

    cargo build --release
    tests/.venv/bin/python benches/functions/run.py --limit-warm 5 --limit-cold 150 --limit-event 20

It runs under a Python that has boto3, and the functions run under the same. A server of its own on
loopback, in memory where there is such a place. Each kind is called in turn with the others, so
that a machine that does other work as well spoils all alike; shortest and median are shown.
"""

import argparse
import http.client
import io
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches"))

from served import Server  # noqa: E402

RUNTIME = "python{}.{}".format(*sys.version_info)
CONFIG = f'[functions]\npackages = []\n\n[functions.interpreters]\n"{RUNTIME}" = "{sys.executable}"\n'
ECHO = "def lambda_handler(event, context):\n    return event\n"
# It runs on this machine: when it began is told by a file.
BEGUN = """
import time
def lambda_handler(event, context):
    begun = time.time()
    name = event['Records'][0]['s3']['object']['key'] if 'Records' in event else event['name']
    with open('{folder}/' + name, 'w') as file:
        file.write(str(begun))
"""
PATIENCE_SECONDS = 20


def zipped(code):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("lambda_function.py", code)
    return buffer.getvalue()


def timed(call):
    """How long it takes, in milliseconds."""
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def direct(server, path, body):
    """A call without boto3: signed once, sent on one connection."""
    headers = server.signed("lambda", path, body)
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))

    def call():
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == 200, said

    return call


def makes(server):
    """Makes functions by their names and code."""
    functions, iam = server.client("lambda"), server.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    arn = iam.create_role(RoleName="runs", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]

    def make(name, code):
        made = functions.create_function(
            FunctionName=name, Runtime=RUNTIME, Handler="lambda_function.lambda_handler", Role=arn,
            Code={"ZipFile": zipped(code)}, Timeout=60,
        )
        return made["FunctionArn"]

    return make


def begun_at(path):
    """When a handler began, once it has said so; none when it never does."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        text = path.read_text() if path.exists() else ""
        if text:
            return float(text)
        time.sleep(0.002)
    return None


def events(server, make, work, runs):
    """From an event that is queued, and from an object that is put, to the handler's beginning."""
    functions, s3 = server.client("lambda"), server.client("s3")
    arn = make("begun", BEGUN.format(folder=work))
    functions.invoke(FunctionName="begun", Payload=json.dumps({"name": "warm"}))
    s3.create_bucket(Bucket="lake")
    functions.add_permission(
        FunctionName="begun", StatementId="s3", Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::lake",
    )
    told = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="lake", NotificationConfiguration={"LambdaFunctionConfigurations": [told]}
    )
    queued, put = [], []
    for run in range(runs):
        begun = time.time()
        payload = json.dumps({"name": f"event-{run}"})
        functions.invoke(FunctionName="begun", InvocationType="Event", Payload=payload)
        queued.append(begun_at(work / f"event-{run}") - begun)
        s3.put_object(Bucket="lake", Key=f"put-{run}", Body=b"x")
        begun = time.time()
        at = begun_at(work / f"put-{run}")
        if at is None:
            sys.exit("an object was put, and the function was not invoked")
        # It may begin before boto3 has read the answer.
        put.append(max(0.0, at - begun))
    return [one * 1000 for one in queued], [one * 1000 for one in put]


def show(name, times):
    shortest, median = min(times), statistics.median(times)
    print(f"{name:36} {shortest:8.2f} ms shortest {median:8.2f} ms median")
    return median


def main():
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("--stave", default=ROOT / "target/release/stave", type=pathlib.Path)
    parse.add_argument("--runs", default=300, type=int)
    parse.add_argument("--limit-warm", type=float, help="fails when the median is over it, in ms")
    parse.add_argument("--limit-cold", type=float, help="as well, over Python's own start, in ms")
    parse.add_argument("--limit-event", type=float, help="as well, from a put to the handler, in ms")
    args = parse.parse_args()
    room = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=room if room.is_dir() else None) as work:
        work = pathlib.Path(work)
        server = Server(args.stave, work / "home", CONFIG)
        try:
            functions, make = server.client("lambda"), makes(server)
            make("echo", ECHO)
            functions.invoke(FunctionName="echo", Payload=b"1")
            bare_call = direct(server, "/2015-03-31/functions/echo/invocations", b"1")
            kinds = {
                "warm, without boto3": bare_call,
                "warm, boto3": lambda: functions.invoke(FunctionName="echo", Payload=b"1")["Payload"].read(),
                "boto3 alone (GetAccountSettings)": functions.get_account_settings,
            }
            times = {name: [] for name in kinds}
            for _ in range(args.runs):
                for name, call in kinds.items():
                    times[name].append(timed(call))
            medians = {name: show(name, times[name]) for name in kinds}
            cold, bare = [], []
            for run in range(max(5, args.runs // 20)):
                make(f"cold-{run}", ECHO)
                cold.append(timed(lambda name=f"cold-{run}": functions.invoke(FunctionName=name, Payload=b"1")))
                bare.append(timed(lambda: subprocess.run([sys.executable, "-s", "-c", "pass"], check=True)))
            over = show("cold, boto3", cold) - show("Python alone", bare)
            queued, put = events(server, make, work, max(5, args.runs // 10))
            show("from Invoke (Event) to the handler", queued)
            median = show("from an object put to the handler", put)
        finally:
            server.process.terminate()
            server.process.wait()
    limits = [
        ("a warm invocation", medians["warm, without boto3"], args.limit_warm),
        ("a cold start over Python's own", over, args.limit_cold),
        ("from an object put to the handler", median, args.limit_event),
    ]
    late = [f"{name} took {took:.1f} ms" for name, took, limit in limits if limit and took > limit]
    if late:
        sys.exit("; ".join(late))


if __name__ == "__main__":
    main()

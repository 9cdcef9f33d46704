"""boto3 invokes functions: what comes back, what they may do, and in which languages."""

import base64
import concurrent.futures
import io
import json
import random
import re
import shutil
import ssl
import sys
import tempfile
import time
import urllib.request

import pytest
from functions import ECHO, HANDLER, RUNTIME, answer, configure, role, tail, zipped

PATIENCE_SECONDS = 60


@pytest.fixture
def s3(function_server):
    return function_server.client("s3")


def objects(s3, bucket, count):
    """The keys of a bucket, once there are as many."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        if len(keys) >= count or time.monotonic() > until:
            return keys
        time.sleep(0.05)


WRITES = """
import boto3, os
def lambda_handler(event, context):
    print('written by', context.function_name)
    boto3.client('s3').put_object(Bucket=os.environ['bucket'], Key=event['key'], Body=context.aws_request_id)
"""


def test_an_answer_is_waited_for(functions, make_function):
    name = make_function(
        "def lambda_handler(event, context):\n    print('seen', event)\n"
        "    return {'name': event['name'] + 'ü', 'id': context.aws_request_id, 'left':\n"
        "            context.get_remaining_time_in_millis(), 'arn': context.invoked_function_arn}\n"
    )
    done = functions.invoke(FunctionName=name, Payload=json.dumps({"name": "é"}), LogType="Tail")
    said, request_id = answer(done), done["ResponseMetadata"]["RequestId"]
    assert done["StatusCode"] == 200 and done["ExecutedVersion"] == "$LATEST" and "FunctionError" not in done
    assert said["name"] == "éü" and said["id"] == request_id and 0 < said["left"] <= 60_000
    assert said["arn"].endswith(f":function:{name}")
    log = tail(done)
    assert f"START RequestId: {request_id} Version: $LATEST\n" in log and "seen {'name': 'é'}\n" in log
    assert f"END RequestId: {request_id}\n" in log
    times = r"Duration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB"
    report = re.search(rf"REPORT RequestId: (\S+)\t{times}", log)
    assert report and report[1] == request_id
    assert "LogResult" not in functions.invoke(FunctionName=name, Payload=b'{"name": ""}')


def test_errors_are_told_as_lambda_tells_them(functions, make_function):
    name = make_function(
        "class Missing(Exception):\n    pass\n\n"
        "def lambda_handler(event, context):\n    return fetch(event)\n\n"
        "def fetch(event):\n    raise Missing('no playlist ' + event)\n"
    )
    done = functions.invoke(FunctionName=name, Payload=b'"x"', LogType="Tail")
    said = answer(done)
    assert done["StatusCode"] == 200 and done["FunctionError"] == "Unhandled"
    assert (said["errorType"], said["errorMessage"]) == ("Missing", "no playlist x")
    assert len(said["stackTrace"]) == 2 and "in fetch\n" in said["stackTrace"][1]
    assert said["requestId"] == done["ResponseMetadata"]["RequestId"]
    assert "[ERROR] Missing: no playlist x" in tail(done)
    for code, kind, message in [
        ("def other(event, context):\n    pass\n", "Runtime.HandlerNotFound", "Handler 'lambda_handler' missing"),
        ("import not_there\n", "Runtime.ImportModuleError", "No module named 'not_there'"),
        ("def lambda_handler(:\n", "Runtime.UserCodeSyntaxError", "Syntax error"),
        ("import sys\ndef lambda_handler(e, c):\n    sys.exit(3)\n", "Runtime.ExitError", "exit"),
        ("def lambda_handler(e, c):\n    return {1, 2}\n", "Runtime.MarshalError", "Unable to marshal response"),
    ]:
        done = functions.invoke(FunctionName=make_function(code))
        said = answer(done)
        assert done["FunctionError"] == "Unhandled"
        assert said["errorType"] == kind and message in said["errorMessage"], said


def test_who_takes_too_long_is_stopped(functions, make_function):
    name = make_function("import time\ndef lambda_handler(e, c):\n    time.sleep(e)\n    return 'done'\n", Timeout=1)
    done = functions.invoke(FunctionName=name, Payload=b"300", LogType="Tail")
    assert done["StatusCode"] == 200 and done["FunctionError"] == "Unhandled"
    said, request_id = answer(done), done["ResponseMetadata"]["RequestId"]
    assert said == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }
    assert "Task timed out after 1.00 seconds" in tail(done)
    functions.update_function_configuration(FunctionName=name, Timeout=60)
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert answer(functions.invoke(FunctionName=name, Payload=b"0")) == "done"


def test_an_event_is_queued_and_runs(functions, s3, make_function, bucket):
    may = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    name = make_function(WRITES, may=[may], Environment={"Variables": {"bucket": bucket}})
    sent = functions.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"key": "a"}')
    assert sent["StatusCode"] == 202 and sent["Payload"].read() == b"" and "ExecutedVersion" not in sent
    old = functions.invoke_async(FunctionName=name, InvokeArgs=io.BytesIO(b'{"key": "b"}'))
    assert old["Status"] == 202
    assert objects(s3, bucket, 2) == ["a", "b"]
    body = s3.get_object(Bucket=bucket, Key="a")["Body"].read().decode()
    assert body == sent["ResponseMetadata"]["RequestId"]


def test_a_dry_run_only_asks(functions, s3, make_function, bucket, who_may, refused):
    name = make_function(WRITES, Environment={"Variables": {"bucket": bucket}})
    dry = functions.invoke(FunctionName=name, InvocationType="DryRun", Payload=b'{"key": "a"}')
    assert dry["StatusCode"] == 204 and dry["Payload"].read() == b""
    # The connection is good for what comes next.
    assert functions.get_function(FunctionName=name)["Configuration"]["FunctionName"] == name
    nobody = who_may({"Effect": "Allow", "Action": "lambda:Get*", "Resource": "*"})("lambda")
    said = refused("AccessDeniedException", nobody.invoke, FunctionName=name, InvocationType="DryRun", status=403)
    assert "is not authorized to perform: lambda:InvokeFunction" in said["Error"]["Message"]
    assert objects(s3, bucket, 0) == []


def test_payloads_have_their_bounds(functions, make_function, refused):
    name = make_function(ECHO)
    large = json.dumps("x" * (6 * 1024 * 1024 - 100)).encode()
    assert answer(functions.invoke(FunctionName=name, Payload=large)) == json.loads(large)
    refused("RequestTooLargeException", functions.invoke, FunctionName=name, Payload=b'"' + large * 2, status=413)
    refused(
        "RequestTooLargeException", functions.invoke, FunctionName=name, Payload=large, InvocationType="Event",
        status=413,
    )
    refused("InvalidRequestContentException", functions.invoke, FunctionName=name, Payload=b"{no", status=400)
    assert answer(functions.invoke(FunctionName=name)) == {}


def test_the_largest_code_comes_inline(functions, make_function):
    # 48 MiB that no zip makes smaller: 64 MiB of base64 in the request.
    noise = random.Random(7).randbytes(48 << 20)
    name = make_function(
        ("lambda_function.py", "import os\ndef lambda_handler(e, c):\n    return os.path.getsize('noise')\n"),
        ("noise", noise),
    )
    assert answer(functions.invoke(FunctionName=name)) == len(noise)


def test_client_context_and_trace(functions, make_function):
    name = make_function(
        "import os\ndef lambda_handler(e, c):\n"
        "    return [c.client_context.custom, c.client_context.client.app_title, os.environ['_X_AMZN_TRACE_ID']]\n"
    )
    context = {"custom": {"from": "boto3 ü"}, "client": {"app_title": "lake"}}
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"

    def with_trace(request, **_):
        request.headers["X-Amzn-Trace-Id"] = trace

    functions.meta.events.register_first("before-sign.lambda.Invoke", with_trace)
    try:
        encoded = base64.b64encode(json.dumps(context).encode()).decode()
        custom, title, seen = answer(functions.invoke(FunctionName=name, ClientContext=encoded))
    finally:
        functions.meta.events.unregister("before-sign.lambda.Invoke", with_trace)
    assert (custom, title) == ({"from": "boto3 ü"}, "lake")
    assert seen.startswith("Root=1-5759e988-bd862e3fe1be46a994272793;")


def test_a_role_that_may_read_but_not_write(functions, s3, make_function, bucket):
    s3.put_object(Bucket=bucket, Key="raw_data/a b.json", Body=b'{"items": [1, 2]}')
    may = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    name = make_function(
        """
import boto3, json, os
from botocore.exceptions import ClientError
s3 = boto3.client('s3')
def lambda_handler(event, context):
    bucket = os.environ['bucket']
    read = json.load(s3.get_object(Bucket=bucket, Key='raw_data/a b.json')['Body'])
    who = boto3.client('sts').get_caller_identity()['Arn']
    try:
        s3.put_object(Bucket=bucket, Key='x', Body=b'x')
        refused = None
    except ClientError as error:
        refused = error.response['Error']['Code']
    return read, who, refused
""",
        may=[may], Environment={"Variables": {"bucket": bucket}},
    )
    done = functions.invoke(FunctionName=name, LogType="Tail")
    assert "FunctionError" not in done, tail(done)
    read, who, refused = answer(done)
    assert read == {"items": [1, 2]} and refused == "AccessDenied"
    assert who == f"arn:aws:sts::123456789012:assumed-role/{name}-role/{name}"
    assert objects(s3, bucket, 1) == ["raw_data/a b.json"]


def test_a_function_of_two_files_knows_its_surroundings(functions, make_function):
    name = make_function(
        ("app/main.py", "import os\nfrom app.words import word\ndef run(e, c):\n"
                        "    return [word(), dict(os.environ), c.memory_limit_in_mb, os.getcwd()]\n"),
        ("app/__init__.py", ""), ("app/words.py", "def word():\n    return 'lake'\n"),
        Handler="app/main.run", MemorySize=256, Environment={"Variables": {"client_id": "abc", "EMPTY": ""}},
    )
    word, seen, memory, folder = answer(functions.invoke(FunctionName=name))
    assert word == "lake" and str(memory) == "256" and folder == seen["LAMBDA_TASK_ROOT"]
    assert (seen["client_id"], seen["EMPTY"], seen["_HANDLER"]) == ("abc", "", "app/main.run")
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == name and seen["AWS_REGION"] == "us-east-1"
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA") and seen["AWS_SESSION_TOKEN"]


BOOTSTRAP = f"""#!{sys.executable}
import json, os, urllib.request
api = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/'
while True:
    with urllib.request.urlopen(api + 'next') as asked:
        event, id = json.load(asked), asked.headers['Lambda-Runtime-Aws-Request-Id']
    if event == 'fail':
        where, headers = '/error', {{'Lambda-Runtime-Function-Error-Type': 'Handled'}}
        body = {{'errorType': 'Odd', 'errorMessage': 'it failed'}}
    else:
        where, headers, body = '/response', {{}}, {{'handler': os.environ['_HANDLER'], 'event': event}}
    request = urllib.request.Request(api + id + where, json.dumps(body).encode(), headers, method='POST')
    urllib.request.urlopen(request).close()
"""


def test_an_executable_of_ones_own(functions, make_function):
    name = make_function(("bootstrap", BOOTSTRAP), Runtime="provided.al2023", Handler="any.thing")
    done = functions.invoke(FunctionName=name, Payload=b"[1]", LogType="Tail")
    assert "FunctionError" not in done, tail(done)
    assert answer(done) == {"handler": "any.thing", "event": [1]}
    failed = functions.invoke(FunctionName=name, Payload=b'"fail"')
    assert failed["FunctionError"] == "Handled" and answer(failed) == {"errorType": "Odd", "errorMessage": "it failed"}


@pytest.mark.skipif(not shutil.which("node"), reason="node is not on this machine")
def test_node(functions, make_function):
    name = make_function(
        ("index.mjs", "export const handler = async (event, context) => {\n"
                      "  if (event.fail) throw new TypeError('it failed');\n"
                      "  return { sum: event.a + event.b, id: context.awsRequestId };\n};\n"),
        Runtime="nodejs20.x", Handler="index.handler",
    )
    done = functions.invoke(FunctionName=name, Payload=b'{"a": 1, "b": 2}', LogType="Tail")
    assert "FunctionError" not in done, tail(done)
    assert answer(done) == {"sum": 3, "id": done["ResponseMetadata"]["RequestId"]}
    failed = functions.invoke(FunctionName=name, Payload=b'{"fail": true}')
    said = answer(failed)
    assert failed["FunctionError"] == "Unhandled"
    assert (said["errorType"], said["errorMessage"]) == ("TypeError", "it failed") and said["trace"]


READS = """
import boto3
def lambda_handler(event, context):
    return boto3.client('s3').get_object(Bucket='lake', Key='in')['Body'].read().decode()
"""


def on_its_own(server, code, *statements):
    """A function `f` on a server of the test's own, with a bucket `lake`."""
    server.client("s3").create_bucket(Bucket="lake")
    arn = role(server.client("iam"), "runs", *statements)
    server.client("lambda").create_function(
        FunctionName="f", Runtime=RUNTIME, Handler=HANDLER, Role=arn, Code={"ZipFile": zipped(code)}, Timeout=60,
        Environment={"Variables": {"bucket": "lake"}},
    )


def test_over_tls_too(stave, serve):
    configure(stave.home)
    server = serve("--tls")
    on_its_own(server, READS, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})
    server.client("s3").put_object(Bucket="lake", Key="in", Body=b"read")
    done = server.client("lambda").invoke(FunctionName="f", LogType="Tail")
    assert "FunctionError" not in done and answer(done) == "read", tail(done)
    where = server.client("lambda").get_function(FunctionName="f")["Code"]["Location"]
    trusted = ssl.create_default_context(cafile=str(server.authority))
    with urllib.request.urlopen(where, timeout=30, context=trusted) as response:
        assert response.read() == zipped(READS)


def test_events_outlive_the_server(stave, serve):
    configure(stave.home)
    server = serve()
    on_its_own(server, WRITES, {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"})
    functions = server.client("lambda")
    keys = [f"{n:02}" for n in range(20)]
    for key in keys:
        functions.invoke(FunctionName="f", InvocationType="Event", Payload=json.dumps({"key": key}))
    server.kill()
    server.start()
    assert objects(server.client("s3"), "lake", len(keys)) == keys


def test_many_at_once_run_side_by_side(function_server, make_function):
    # Each waits for all: one after the other they would wait for ever.
    name = make_function(
        "import os, time\ndef lambda_handler(event, context):\n"
        "    open(os.path.join(event['folder'], context.aws_request_id), 'w').close()\n"
        "    while len(os.listdir(event['folder'])) < event['many']:\n        time.sleep(0.01)\n"
        "    return os.getpid()\n"
    )
    # /tmp is each one's own.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, concurrent.futures.ThreadPoolExecutor(6) as pool:
        payload = json.dumps({"folder": folder, "many": 6})

        def invoke(_):
            return answer(function_server.client("lambda").invoke(FunctionName=name, Payload=payload))

        assert len(set(pool.map(invoke, range(6)))) == 6

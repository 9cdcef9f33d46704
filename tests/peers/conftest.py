"""The program under test, in a home of its own; and its server, one for all tests that can share it."""

import importlib.util
import itertools
import os
import re

import pytest

from program import Stave

# Its clients have requirements of their own: tests/requirements-clients.txt.
collect_ignore = [] if importlib.util.find_spec("s3fs") else ["clients"]


@pytest.fixture
def stave(tmp_path):
    return Stave(tmp_path / "home")


@pytest.fixture(scope="session")
def http_server(tmp_path_factory):
    """The server that tests share; `STAVE_PEER_URL` names one that runs already."""
    from served import Elsewhere, Served  # spotipy's tests do without boto3

    running = os.environ.get("STAVE_PEER_URL")
    if running:
        yield Elsewhere(running)
        return
    server = Served(Stave(tmp_path_factory.mktemp("http") / "home"))
    yield server
    assert server.stop() == 0, server.log[-50:]


@pytest.fixture(scope="session")
def https_server(tmp_path_factory):
    """The same over TLS, with the certificate that it makes itself."""
    from served import Served

    if os.environ.get("STAVE_PEER_URL"):
        pytest.skip("the server that runs already speaks no TLS")
    server = Served(Stave(tmp_path_factory.mktemp("https") / "home"), "--tls")
    yield server
    assert server.stop() == 0, server.log[-50:]


@pytest.fixture(scope="session")
def function_server(tmp_path_factory):
    """A server whose functions run on this very Python, with the packages that it has."""
    from functions import configure
    from served import Served

    server = Served(Stave(configure(tmp_path_factory.mktemp("functions") / "home")))
    yield server
    assert server.stop() == 0, server.log[-50:]


@pytest.fixture(scope="session")
def functions(function_server):
    return function_server.client("lambda")


@pytest.fixture
def make_function(function_server, functions, names):
    """Makes a function whose role may do what the statements `may` say; gives back its name."""
    from functions import ECHO, HANDLER, RUNTIME, role, zipped

    def make(*code, may=(), **more):
        name = names()
        arn = more.get("Role") or role(function_server.client("iam"), f"{name}-role"[-64:], *may)
        given = {"Runtime": RUNTIME, "Handler": HANDLER, "Role": arn, "Timeout": 60} | more
        given.setdefault("Code", {"ZipFile": zipped(*code or [ECHO])})
        given.setdefault("FunctionName", name)
        functions.create_function(**given)
        functions.get_waiter("function_active_v2").wait(FunctionName=given["FunctionName"])
        return given["FunctionName"]

    return make


@pytest.fixture
def who_may(function_server, names):
    """Clients of a user who may do what the statements say."""
    import json

    def who_may(*statements):
        iam, name = function_server.client("iam"), names()
        iam.create_user(UserName=name)
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        key = key["AccessKeyId"], key["SecretAccessKey"]
        return lambda service: function_server.client(service, key=key)

    return who_may


@pytest.fixture
def serve(stave):
    """Starts servers on the test's own home, and stops what it started."""
    from served import Served

    running = []

    def start(*words, **options):
        running.append(Served(stave, *words, **options))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def s3(http_server):
    return http_server.client("s3")


NUMBERS = itertools.count(1)


@pytest.fixture
def names(request):
    """Gives names that no other test uses."""
    base = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:40].rstrip("-")
    return lambda: f"{base}-{next(NUMBERS)}"


@pytest.fixture
def bucket(s3, names):
    """A new bucket on the shared server."""
    name = names()
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def refused():
    """`refused(code, call, …)`: the call is refused with AWS's code; gives back the whole answer."""
    from botocore.exceptions import ClientError

    def check(code, call, *args, status=None, **kwargs):
        with pytest.raises(ClientError) as caught:
            call(*args, **kwargs)
        answer = caught.value.response
        codes = (code,) if isinstance(code, str) else code
        assert answer["Error"]["Code"] in codes, answer
        if status:
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer
        return answer

    return check

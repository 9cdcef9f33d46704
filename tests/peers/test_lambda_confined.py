"""Functions are kept to themselves by what the operating system has for it: `stave doctor` says what that is."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import sys

import pytest
from functions import HANDLER, RUNTIME, answer, configure, role, zipped
from ledger import until
from program import Stave
from served import Served

PATIENCE_SECONDS = 20


@pytest.fixture(scope="session")
def confined_by(function_server):
    """What this machine has, in the words of `stave doctor`."""
    checks = json.loads(function_server.stave.run("doctor", "--json").stdout)
    return next(one["Detail"] for one in checks if one["Check"] == "functions")


@pytest.fixture
def namespaces(confined_by):
    if "(namespaces)" not in confined_by:
        pytest.skip(f"no namespaces may be made here: {confined_by}")
    if sys.executable.startswith("/tmp/"):
        pytest.skip("the interpreter is in /tmp, which must stay for it")


@pytest.fixture
def groups(confined_by):
    if "kept by the kernel" not in confined_by:
        pytest.skip(f"no control groups may be made here: {confined_by}")


def ask(functions, function, /, **event):
    return answer(functions.invoke(FunctionName=function, Payload=json.dumps(event)))


def test_tmp_is_the_environments_own(namespaces, functions, make_function):
    code = (
        "import os, pathlib, tempfile\n"
        "def lambda_handler(event, context):\n"
        "    seen = sorted(os.listdir('/tmp'))\n"
        "    pathlib.Path('/tmp', event['name']).write_text('mine')\n"
        "    return [seen, tempfile.gettempdir(), os.getuid()]\n"
    )
    one, other = make_function(code), make_function(code)
    seen, folder, user = ask(functions, one, name="first.txt")
    assert "first.txt" not in seen and folder == "/tmp" and user == os.getuid()
    # The next event finds what the last one left; another function does not, nor does anybody outside.
    assert "first.txt" in ask(functions, one, name="second.txt")[0]
    assert "first.txt" not in ask(functions, other, name="third.txt")[0]
    assert not {"first.txt", "second.txt", "third.txt"} & set(os.listdir("/tmp"))


def test_the_home_is_not_there(namespaces, function_server, functions, make_function):
    home = function_server.stave.home
    assert (home / "root-credentials").is_file()
    name = make_function(
        "import os, pathlib, subprocess\n"
        "def lambda_handler(event, context):\n"
        "    home = pathlib.Path(event['home'])\n"
        "    said = [sorted(os.listdir(home)), pathlib.Path('../' * 20, *home.parts[1:], 'root-credentials').exists()]\n"
        "    freed = subprocess.run(['umount', str(home)], capture_output=True).returncode\n"
        "    again = subprocess.run(['unshare', '--user', '--map-root-user', '--mount', 'umount', str(home)],\n"
        "                           capture_output=True).returncode\n"
        "    try:\n"
        "        (home / 'buckets').mkdir()\n"
        "    except OSError:\n"
        "        pass\n"
        "    folder = pathlib.Path.cwd()\n"
        "    up = [str(one) for one in [folder, *folder.parents] if (one / 'root-credentials').exists()]\n"
        "    return [*said, freed != 0, again != 0, sorted(os.listdir(home)), up, os.path.realpath(os.getcwd())]\n"
    )
    listed, reached, kept, kept_within, after, up, folder = ask(functions, name, home=str(home))
    assert listed == ["functions", "tmp"] and not reached and kept and kept_within and up == []
    assert pathlib.Path(folder).is_relative_to(home / "functions")
    # What it makes there is its own.
    assert set(after) <= {"buckets", "functions", "tmp"} and (home / "stave.db").exists()


def test_who_writes_outside_changes_nothing_of_staves(namespaces, function_server, functions, make_function, names):
    home, bucket = function_server.stave.home, names()
    function_server.client("s3").create_bucket(Bucket=bucket)
    function_server.client("s3").put_object(Bucket=bucket, Key="kept", Body=b"as it was")
    key = (home / "root-credentials").read_bytes()
    name = make_function(
        "import pathlib\n"
        "def lambda_handler(event, context):\n"
        "    for name in event['names']:\n"
        "        path = pathlib.Path(event['home'], name)\n"
        "        path.parent.mkdir(parents=True, exist_ok=True)\n"
        "        path.write_text('changed')\n"
        "    return len(event['names'])\n"
    )
    written = ["root-credentials", "stave.db", f"buckets/{bucket}/kept", f"buckets/{bucket}/new"]
    assert ask(functions, name, home=str(home), names=written) == len(written)
    assert (home / "root-credentials").read_bytes() == key
    listed = function_server.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert [(one["Key"], one["Size"]) for one in listed] == [("kept", 9)]
    assert function_server.client("s3").get_object(Bucket=bucket, Key="kept")["Body"].read() == b"as it was"


def test_a_sudden_taker_of_memory_is_ended_by_the_kernel(groups, functions, make_function):
    code = "def lambda_handler(event, context):\n    return len(bytearray(event['mb'] << 20).replace(b'\\0', b'x'))\n"
    name = make_function(code, MemorySize=256)
    assert ask(functions, name, mb=20) == 20 << 20
    done = functions.invoke(FunctionName=name, Payload=json.dumps({"mb": 4096}), LogType="Tail")
    assert done["FunctionError"] == "Unhandled"
    assert answer(done)["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert ask(functions, name, mb=20) == 20 << 20


STRAY = (
    "import subprocess, time\n"
    "def lambda_handler(event, context):\n"
    "    subprocess.Popen(['sleep', event['seconds']], start_new_session=True)\n"
    "    time.sleep(60)\n"
)


def running(seconds):
    """Whether a process sleeps for so long."""
    for command in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if command.read_bytes() == f"sleep\0{seconds}\0".encode():
                return True
    return False


def hang(functions, name, seconds):
    return functions.invoke(FunctionName=name, Payload=json.dumps({"seconds": seconds}))


def test_what_has_left_the_process_group_ends_with_the_environment(groups, functions, make_function):
    name = make_function(STRAY, Timeout=5)
    seconds = f"86{os.getpid()}"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        hanging = pool.submit(hang, functions, name, seconds)
        until(lambda: running(seconds), "a process that sleeps", PATIENCE_SECONDS)
        assert hanging.result()["FunctionError"] == "Unhandled"
    until(lambda: not running(seconds), "none that sleeps", PATIENCE_SECONDS)


def test_confining_is_a_setting(tmp_path):
    home = configure(tmp_path / "home")
    with (home / "config.toml").open("a") as file:
        file.write("confine = false\n")
    server = Served(Stave(home))
    try:
        functions = server.client("lambda")
        code = "import os\ndef lambda_handler(event, context):\n    return [os.environ['TMPDIR'], os.path.exists(event['home'])]\n"
        functions.create_function(
            FunctionName="open", Runtime=RUNTIME, Handler=HANDLER,
            Role=role(server.client("iam"), "open"), Code={"ZipFile": zipped(code)}, Timeout=30,
        )
        functions.get_waiter("function_active_v2").wait(FunctionName="open")
        folder, sees = ask(functions, "open", home=str(home / "root-credentials"))
        assert pathlib.Path(folder).is_relative_to(home) and sees
    finally:
        assert server.stop() == 0

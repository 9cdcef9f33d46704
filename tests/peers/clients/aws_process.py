"""The AWS command line as a process of its own."""

import json
import pathlib
import subprocess
import sys

import pytest

PROGRAM = pathlib.Path(sys.executable).with_name("aws")

# Each call starts a Python of its own: what is no different over https is asked once.
ONCE = pytest.mark.parametrize("aws", ["http"], indirect=True)


class Aws:
    """Runs `aws` in a folder, with nothing but the environment that `stave env` prints."""

    def __init__(self, server, folder):
        self.environment = server.environment() | {"AWS_PAGER": ""}
        self.folder = folder

    def __call__(self, *words, check=True, data=None, **more):
        done = subprocess.run(
            [sys.executable, str(PROGRAM), *map(str, words)], env=self.environment | more, input=data,
            capture_output=True, cwd=self.folder, timeout=120,
        )
        assert not check or done.returncode == 0, (words, done.stderr.decode())
        return done

    def json(self, *words, **more):
        return json.loads(self(*words, "--output", "json", **more).stdout)

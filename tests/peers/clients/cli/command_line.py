"""Commands of the AWS command line as one types them, and what they answer."""

import json
import pathlib
import re
import shlex
import subprocess
import sys
import tomllib

from program import ROOT

REFUSED = 255


class Warm:
    """`warm_aws.py`, started with the first command."""

    def __init__(self):
        self.process = None

    def run(self, words, environment, folder):
        if self.process is None:
            program = pathlib.Path(__file__).with_name("warm_aws.py")
            self.process = subprocess.Popen(
                [sys.executable, program], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
        asked = {"words": words, "environment": environment, "folder": str(folder)}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"no answer to {words}"
        return json.loads(answer)

    def stop(self):
        if self.process:
            with self.process as process:
                process.stdin.close()
            assert process.returncode == 0


class Aws:
    """The command line at a server. A line is split as a shell does it; what comes after it is taken as it is."""

    def __init__(self, warm, server, folder):
        self.warm = warm
        self.environment = server.environment() | {"AWS_PAGER": ""}
        self.folder = folder
        self.succeeded = set()

    def run(self, line, *more, **environment):
        words = [*shlex.split(line), *map(str, more)]
        done = self.warm.run(words, self.environment | environment, self.folder)
        self.succeeded.update(map(tuple, done["operations"]))
        return done

    def __call__(self, line, *more, **environment):
        """The answer, as parsed JSON; None where nothing is said."""
        done = self.run(line, *more, **environment)
        assert done["code"] == 0 and not done["stderr"], (line, done)
        return json.loads(done["stdout"]) if done["stdout"] else None

    def refused(self, code, line, *more, **environment):
        """What is said of a command that is refused with AWS's code."""
        done = self.run(line, *more, **environment)
        assert done["code"] == REFUSED and f"An error occurred ({code})" in done["stderr"], (line, done)
        return done["stderr"]

    def file(self, name, content):
        """A file in the folder that commands run in."""
        (self.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def done(self, service):
        """The operations of a service that have succeeded so far."""
        return {operation for name, operation in self.succeeded if name == service}


def served(service):
    """The operations of a service that are served."""
    services = tomllib.loads((ROOT / "tools/wire-types/services.toml").read_text())
    return set(services[service]["operations"])


def served_of_s3():
    """S3's, as their functions are called."""
    source = (ROOT / "crates/stave/src/wire/s3/backend.rs").read_text()
    return set(re.findall(r"async fn (\w+)\(", source))


def key_of(answer):
    """The environment of who has the key that the answer shows."""
    token = {"AWS_SESSION_TOKEN": answer["SessionToken"]} if "SessionToken" in answer else {}
    return {"AWS_ACCESS_KEY_ID": answer["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"]} | token

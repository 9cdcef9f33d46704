"""`stave serve` in a home of its own, for benchmarks under a Python that has boto3."""

import os
import pathlib
import subprocess
import sys
import time

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config

REGION = "us-east-1"
PATIENCE_SECONDS = 20


class Server:
    """The server, boto3's clients of it, and calls that are signed without them."""

    def __init__(self, stave, home, config=""):
        home.mkdir()
        (home / "config.toml").write_text(config)
        env = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "STAVE_"))}
        command = [str(stave), "--home", str(home), "serve", "--listen", "127.0.0.1:0"]
        with open(home / "log", "w") as log:
            self.process = subprocess.Popen(command, env=env, stderr=log)
        until = time.monotonic() + PATIENCE_SECONDS
        while "serving at " not in (home / "log").read_text():
            if self.process.poll() is not None or time.monotonic() > until:
                sys.exit("the server did not start:\n" + (home / "log").read_text())
            time.sleep(0.01)
        self.url = (home / "log").read_text().split("serving at ")[1].split()[0].rstrip("/")
        lines = (home / "root-credentials").read_text().splitlines()
        key = dict(line.split(" = ") for line in lines if " = " in line)
        self.session = boto3.session.Session(key["aws_access_key_id"], key["aws_secret_access_key"])

    def client(self, service):
        config = Config(retries={"total_max_attempts": 1}, read_timeout=60)
        return self.session.client(service, endpoint_url=self.url, region_name=REGION, config=config)

    def signed(self, service, path, body, headers=None):
        """The headers of a POST."""
        request = AWSRequest("POST", self.url + path, data=body, headers=headers or {})
        SigV4Auth(self.session.get_credentials(), service, REGION).add_auth(request)
        return dict(request.headers)

    def cpu(self):
        """Processor time of the server so far, in seconds; none where that is not told."""
        try:
            fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

"""`stave serve` on a free port of loopback, and the stock clients that talk to it."""

import configparser
import os
import pathlib
import signal
import subprocess
import threading

import boto3
from botocore.config import Config

REGION = "us-east-1"
ACCOUNT = "123456789012"
START_SECONDS = 30
STOP_SECONDS = 10
SERVING = "stave: serving at "


class Served:
    """A running server. It is stopped by its own process id, never by name."""

    def __init__(self, stave, *words, env=None):
        self.stave = stave
        self.words = [str(word) for word in words]
        self.env = stave.env | (env or {})
        self.log = []
        self.start()

    def start(self):
        """Starts the program, and waits until it says where it answers."""
        self.process = subprocess.Popen(
            self.stave.command("serve", "--listen", "127.0.0.1:0", *self.words),
            env=self.env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )
        said = threading.Event()
        self.url = None
        self.reader = threading.Thread(target=self.read, args=(self.process.stderr, said), daemon=True)
        self.reader.start()
        if not said.wait(START_SECONDS) or self.url is None:
            self.kill()
            raise AssertionError("the server did not start:\n" + "".join(self.log[-50:]))
        self.port = int(self.url.rsplit(":", 1)[1].rstrip("/"))

    def read(self, stream, said):
        """Keeps the log, so that the pipe never fills."""
        for line in stream:
            self.log.append(line)
            if line.startswith(SERVING):
                self.url = line.removeprefix(SERVING).strip()
                said.set()
        said.set()
        stream.close()

    def stop(self):
        """Stops it as a service manager does; gives back the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError("the server did not stop in time:\n" + "".join(self.log[-50:])) from None
        self.reader.join(STOP_SECONDS)
        return self.process.returncode

    def kill(self):
        """`kill -9`."""
        self.process.kill()
        self.process.wait()
        self.reader.join(STOP_SECONDS)

    def rss(self):
        """What it holds in memory now, in bytes."""
        return self.status("VmRSS")

    def status(self, name):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise KeyError(name)

    @property
    def authority(self):
        """The certificate that was made for `--tls`."""
        return self.stave.home / "tls/cert.pem"

    def root(self):
        """The root's access key: its id and its secret."""
        file = configparser.ConfigParser()
        file.read(self.stave.home / "root-credentials")
        key = file["default"]
        return key["aws_access_key_id"], key["aws_secret_access_key"]

    def client(self, service, key=None, token=None, url=None, **config):
        """A boto3 client: the root's, or that of another access key."""
        access_key, secret = key or self.root()
        url = url or self.url
        return boto3.session.Session().client(
            service, endpoint_url=url, region_name=REGION, aws_access_key_id=access_key,
            aws_secret_access_key=secret, aws_session_token=token,
            verify=str(self.authority) if url.startswith("https") else None,
            config=Config(**{"retries": {"total_max_attempts": 1}, "connect_timeout": 10, "read_timeout": 60, **config}),
        )

    def environment(self, key=None):
        """What `stave env` says, and nothing else of AWS: for programs that read the environment."""
        access_key, secret = key or self.root()
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STAVE_"))}
        tls = {"AWS_CA_BUNDLE": str(self.authority)} if self.url.startswith("https") else {}
        return plain | tls | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


class Elsewhere(Served):
    """A server that runs already (moto, to see whether a test means what it should)."""

    def __init__(self, url):
        self.url = url
        self.port = int(url.rsplit(":", 1)[1].rstrip("/"))

    def root(self):
        return "test", "test"

    def stop(self):
        return 0

"""The servers that are measured: how each is installed, started on loopback and stopped."""

import configparser
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE / ".peers"
VENV = PEERS / "venv"
S3S_FS = "0.14.1"
KEY, SECRET = "benchbenchbenchbench", "benchbenchbenchbenchbenchbenchbenchbench"
START_SECONDS = 60


class Failure(Exception):
    """Ends the benchmark with a message and exit code 1."""


def clean_env() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STAVE_"))}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server with its data in a folder of its own."""

    title = ""
    notes = ""
    key, secret = KEY, SECRET
    lists = True
    """Whether it is asked for the long list."""
    syncs = False
    """Whether what it has acknowledged is on the disk."""

    def __init__(self, folder: Path, options):
        self.folder, self.options = folder, options
        self.port = free_port()
        folder.mkdir(parents=True)

    def command(self) -> list[str]:
        raise NotImplementedError

    def env(self) -> dict[str, str]:
        return clean_env()

    def start(self) -> None:
        self.log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            self.command(), env=self.env(), cwd=self.folder, stdout=self.log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.wait()

    def wait(self) -> None:
        """Until it answers anything at all in HTTP."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5)
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise Failure(f"{self.title} did not start:\n{(self.folder / 'log').read_text(errors='replace')[-3000:]}")

    def stop(self) -> None:
        """By its own process id, and those it has started."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.log.close()

    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """User and system time of all its threads until now."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_bytes(self) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) * 1024


class Stave(Server):
    title = "stave"
    syncs = True

    def command(self):
        # None of the others logs requests.
        return [str(self.options.stave), "--home", str(self.folder / "home"), "serve", "--listen", "127.0.0.1:0", "--quiet"]

    def start(self):
        # Its log goes to a file: who reads it meanwhile takes processor time from those who are measured.
        self.log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            self.command(), env=self.env(), stdout=subprocess.DEVNULL, stderr=self.log, start_new_session=True
        )
        until = time.monotonic() + START_SECONDS
        while not (told := re.search(rb"^stave: serving at .*:(\d+)$", (self.folder / "log").read_bytes(), re.M)):
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise Failure(f"stave did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.02)
        self.port = int(told[1])
        file = configparser.ConfigParser()
        file.read(self.folder / "home/root-credentials")
        self.key = file["default"]["aws_access_key_id"]
        self.secret = file["default"]["aws_secret_access_key"]


class StaveUnsynced(Stave):
    title = "stave, fsync off"
    syncs = False

    def env(self):
        return clean_env() | {"STAVE_FSYNC": "false"}


class S3sFs(Server):
    title = "s3s-fs"
    lists = False  # a list of 100,000 takes it minutes

    def command(self):
        (self.folder / "data").mkdir()
        return [
            str(PEERS / "bin/s3s-fs"), "--host", "127.0.0.1", "--port", str(self.port), "--access-key", KEY,
            "--secret-key", SECRET, str(self.folder / "data"),
        ]

    def env(self):
        return clean_env() | {"RUST_LOG": "warn"}


class SeaweedFs(Server):
    title = "seaweedfs"

    def command(self):
        (self.folder / "data").mkdir()
        identity = {
            "identities": [{
                "name": "bench", "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
                "actions": ["Admin", "Read", "Write", "List", "Tagging"],
            }]
        }
        (self.folder / "s3.json").write_text(json.dumps(identity))
        ports = {name: low_port() for name in ("master", "volume", "filer")}
        self.port = low_port()
        return [
            str(VENV / "bin/weed"), "-logtostderr", "-v=0", "server", "-dir", str(self.folder / "data"), "-ip", "127.0.0.1",
            "-ip.bind", "127.0.0.1", f"-master.port={ports['master']}", f"-volume.port={ports['volume']}",
            "-master.volumeSizeLimitMB=1024", "-volume.max=100", "-filer", f"-filer.port={ports['filer']}", "-s3",
            f"-s3.port={self.port}", f"-s3.config={self.folder / 's3.json'}", "-s3.iam=false",
        ]

    def wait(self):
        """It answers before it can keep anything."""
        super().wait()
        time.sleep(5)


def low_port() -> int:
    """It wants the port 10,000 above for gRPC."""
    while True:
        port = free_port() % 20_000 + 20_000
        try:
            for one in (port, port + 10_000):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", one))
            return port
        except OSError:
            continue


class Rclone(Server):
    title = "rclone serve s3"

    def command(self):
        (self.folder / "data").mkdir()
        return [
            str(VENV / "bin/rclone"), "serve", "s3", "--addr", f"127.0.0.1:{self.port}", "--auth-key", f"{KEY},{SECRET}",
            "--config", os.devnull, "--vfs-cache-mode", "off", str(self.folder / "data"),
        ]


class Moto(Server):
    title = "moto_server"
    lists = False  # it takes minutes to be filled
    notes = "in memory; checks no signatures"

    def command(self):
        return [str(VENV / "bin/moto_server"), "-H", "127.0.0.1", "-p", str(self.port)]


SERVERS = {
    "stave": Stave, "stave-unsynced": StaveUnsynced, "s3s-fs": S3sFs, "seaweedfs": SeaweedFs, "rclone": Rclone,
    "moto": Moto,
}


def prepare(names: list[str], say) -> None:
    """Installs what is missing, below benches/s3/.peers."""
    if {"seaweedfs", "rclone", "moto"} & set(names):
        stamp, wanted = VENV / "installed", HERE / "requirements.txt"
        if not stamp.exists() or stamp.read_text() != wanted.read_text():
            say(f"installing {wanted.name} into {VENV}")
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
            pip = [str(VENV / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "-r", str(wanted)]
            subprocess.run(pip, check=True)
            stamp.write_text(wanted.read_text())
    if "s3s-fs" in names and not (PEERS / "bin/s3s-fs").exists():
        say(f"building s3s-fs {S3S_FS}")
        subprocess.run(
            ["cargo", "install", "s3s-fs", "--version", S3S_FS, "--locked", "--features", "binary", "--root", str(PEERS)],
            check=True,
        )


def prepare_load(say) -> Path:
    """The load generator, built."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", PEERS / "target"))
    say("building the load generator")
    subprocess.run(
        ["cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", str(HERE / "load/Cargo.toml"),
         "--target-dir", str(target)],
        check=True,
    )
    return target / "release/load"

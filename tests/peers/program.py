"""The program under test, in a home of its own."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAVE = pathlib.Path(os.environ.get("STAVE", ROOT / "target/release/stave"))


class Stave:
    """Runs `stave` on one home."""

    def __init__(self, home, env=None):
        self.home = pathlib.Path(home)
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "STAVE_"))
        } | (env or {})

    def command(self, *words):
        return [str(STAVE), "--home", str(self.home), *map(str, words)]

    def run(self, *words, check=True, timeout=120):
        done = subprocess.run(
            self.command(*words), env=self.env, capture_output=True, text=True, timeout=timeout
        )
        if check and done.returncode:
            raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stderr}")
        return done

    def query(self, sql, database):
        """The rows of a query, as parsed JSON objects."""
        out = self.run("query", sql, "-d", database, "--format", "json").stdout
        return [json.loads(line) for line in out.splitlines()]

    def bucket(self, name):
        """The folder of a bucket."""
        return self.home / "buckets" / name

    def job(self, graph, *words, check=True):
        """Runs a job that is given as a dict."""
        file = self.home.parent / "job.json"
        file.write_text(json.dumps(graph))
        return self.run("job", "run", file, *words, check=check)

#!/usr/bin/env python3
"""Small and large objects and long lists, on Stave and on other S3 servers. See benches/README.md."""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from servers import SERVERS, Failure, Server, prepare, prepare_load

ROOT = Path(__file__).resolve().parents[2]
KIB, MIB = 1 << 10, 1 << 20
SMALL_KEYS = 1000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=SERVERS, help="repeatable")
    parser.add_argument("--skip", action="append", choices=SERVERS, default=[], help="repeatable")
    parser.add_argument("--runs", type=int, default=3, help="of each server, each on new data (default 3)")
    parser.add_argument("--seconds", type=int, default=3, help="of each figure of small objects (default 3)")
    parser.add_argument("--large", type=int, default=16, help="how many large objects a figure takes (default 16)")
    parser.add_argument("--objects", type=int, default=100_000, help="in the long list (default 100000; 0 for none)")
    parser.add_argument("--stave", type=Path, default=ROOT / "target/release/stave", help="the binary")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()), help="where the data lie: on a disk (default: the temporary folder)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure of every run")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--gate", action="store_true", help="fail where Stave is behind")
    options = parser.parse_args()
    options.servers = [name for name in options.only or SERVERS if name not in options.skip]
    options.stave = options.stave.resolve()
    if any(name.startswith("stave") for name in options.servers) and not options.stave.is_file():
        parser.error(f"there is no {options.stave}; build it: cargo build --release")
    if options.runs < 1 or options.seconds < 1 or options.large < 1:
        parser.error("at least one run, one second and one large object")
    return options


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


class Bench:
    """The figures of one server in one run: operations or bytes a second, and the server's CPU time for them."""

    def __init__(self, server: Server | None, load: Path, options: argparse.Namespace, address: str = ""):
        self.server, self.load, self.options = server, load, options
        self.address = address or server.address()
        self.figures: dict[str, dict] = {}

    def do(self, operation: str, **words) -> dict:
        key, secret = (self.server.key, self.server.secret) if self.server else ("key", "secret")
        command = [str(self.load), operation, "--address", self.address, "--key", key, "--secret", secret]
        for name, value in words.items():
            command += [f"--{name}", str(value)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"{self.server.title if self.server else 'echo'}: {' '.join(command[:2])} {words}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def measure(self, name: str, operation: str, unit: str, **words) -> None:
        before = self.server.cpu_seconds() if self.server else 0
        try:
            done = self.do(operation, **words)
        except Failure as failure:
            if not self.server or self.server.title.startswith("stave"):
                raise
            say(f"  {name:24} failed: {failure}")
            return
        cpu = (self.server.cpu_seconds() if self.server else 0) - before
        count = done["bytes"] / MIB if unit == "MiB/s" else done["requests"]
        if unit == "keys/s":
            count = done["requests"] * self.options.objects
        self.figures[name] = {
            "rate": count / done["seconds"], "unit": unit, "cpu_us": cpu * 1e6 / max(count, 1), **done,
        }
        say(f"  {name:24} {count / done['seconds']:12,.0f} {unit:7} {self.figures[name]['cpu_us']:10,.1f} µs CPU each")

    def small(self) -> None:
        """Puts make new objects; gets read a thousand of them, scattered."""
        self.do("put", prefix="small", requests=SMALL_KEYS, clients=4, size=KIB)
        for clients in (1, 16):
            timed = {"clients": clients, "seconds": self.options.seconds, "size": KIB}
            self.measure(f"put 1 KiB, {clients}", "put", "1/s", prefix=f"put{clients}", **timed)
            self.measure(f"get 1 KiB, {clients}", "get", "1/s", prefix="small", keys=SMALL_KEYS, **timed)

    def large(self) -> None:
        """With the body's hash, as clients sign over http, and without, as they do over https."""
        count = self.options.large
        for clients in (1, 16):
            words = {"clients": clients, "requests": count}
            sized = {"size": 64 * MIB, **words}
            self.measure(f"put 64 MiB, {clients}", "put", "MiB/s", prefix="large", **sized)
            self.measure(f"get 64 MiB, {clients}", "get", "MiB/s", prefix="large", **sized)
            self.do("delete", prefix="large", **words)
            self.measure(f"put unhashed, {clients}", "put", "MiB/s", prefix="unhashed", payload="unsigned", **sized)
            self.do("delete", prefix="unhashed", **words)

    def lists(self) -> None:
        """All keys of one prefix, a thousand a page, all pages; once before the clock starts."""
        count = self.options.objects
        self.do("put", prefix="list", clients=16, requests=count, size=0)
        self.do("list", prefix="list", keys=count, requests=1)
        self.measure(f"list {count:,}, 1", "list", "keys/s", prefix="list", keys=count, requests=3)
        self.measure(f"list {count:,}, 16", "list", "keys/s", prefix="list", keys=count, requests=16, clients=16)

    def run(self) -> dict[str, dict]:
        self.do("create", requests=1)
        self.small()
        self.large()
        if self.options.objects and self.server.lists:
            self.lists()
        self.figures["peak memory"] = {"rate": self.server.peak_bytes() / MIB, "unit": "MiB", "cpu_us": 0}
        return self.figures


def ceiling(load: Path, options: argparse.Namespace) -> dict[str, dict]:
    """What the clients do when the server does nothing."""
    figures = {}
    for size, words, unit in ((KIB, {"seconds": options.seconds}, "1/s"), (64 * MIB, {"requests": options.large}, "MiB/s")):
        with subprocess.Popen([str(load), "echo", "--size", str(size)], stdout=subprocess.PIPE, text=True) as echo:
            try:
                bench = Bench(None, load, options, echo.stdout.readline().strip())
                what = "1 KiB" if size == KIB else "64 MiB"
                for clients in (1, 16):
                    for operation in ("put", "get"):
                        bench.measure(f"{operation} {what}, {clients}", operation, unit, clients=clients, size=size, keys=8, **words)
                figures |= bench.figures
            finally:
                echo.terminate()
    return figures


def touch_memory(options: argparse.Namespace, work: Path) -> None:
    """Writes as much as a server will be given: on a virtual machine, memory is slow when it is used first."""
    path, block = work / "touched", os.urandom(MIB)
    with path.open("wb") as file:
        for _ in range(2 * options.large * 64):
            file.write(block)
    path.unlink()


def run_all(options: argparse.Namespace, load: Path, work: Path) -> dict[str, list[dict]]:
    """All servers in turn, round after round, another one first each time; each on new data and alone."""
    runs: dict[str, list[dict]] = {name: [] for name in options.servers}
    touch_memory(options, work)
    for number in range(1, options.runs + 1):
        first = (number - 1) % len(options.servers)
        for name in options.servers[first:] + options.servers[:first]:
            say(f"run {number} of {options.runs}: {SERVERS[name].title}")
            folder = work / f"{name}-{number}"
            server = SERVERS[name](folder, options)
            server.start()
            try:
                runs[name].append(Bench(server, load, options).run())
            finally:
                server.stop()
                shutil.rmtree(folder, ignore_errors=True)
            os.sync()  # what one has left to be written must not cost the next
            time.sleep(1)
    return runs


def medians(runs: list[dict]) -> dict[str, dict]:
    """Over the runs that a figure came out of: a peer may fail."""
    names = dict.fromkeys(name for run in runs for name in run)
    found = {name: [run[name] for run in runs if name in run] for name in names}
    return {
        name: {
            "rate": statistics.median(figure["rate"] for figure in figures),
            "cpu_us": statistics.median(figure["cpu_us"] for figure in figures), "unit": figures[0]["unit"],
        }
        for name, figures in found.items()
    }


def table(result: dict, markdown: bool) -> str:
    """A row a figure: the rate, and how many times Stave's that is; a second table with the CPU time."""
    servers = [name for name in SERVERS if name in result["medians"]]
    titles = [SERVERS[name].title for name in servers]
    lines = []
    for what in ("rate", "cpu_us"):
        rows = [["" if what == "rate" else "server's CPU", *titles, *(["the clients alone"] if what == "rate" else [])]]
        for name, first in next(iter(result["medians"].values())).items():
            if what == "cpu_us" and first["unit"] == "MiB":
                continue
            row = [f"{name} ({first['unit'] if what == 'rate' else 'µs'})"]
            for server in servers:
                figure = result["medians"][server].get(name)
                row.append(cell(figure, what, ours(result, SERVERS[server], name)) if figure else "–")
            if what == "rate":
                top = result["ceiling"].get(name)
                row.append(f"{top['rate']:,.0f}" if top else "–")
            rows.append(row)
        lines.append(markdown_table(rows) if markdown else plain_table(rows))
    return "\n\n".join(lines)


def ours(result: dict, server: type[Server], name: str) -> dict | None:
    """Stave's figure to compare with: with fsync only where the other has it, too."""
    if server.title.startswith("stave"):
        return None
    like = "stave" if server.syncs else "stave-unsynced"
    figures = result["medians"].get(like) or result["medians"].get("stave") or {}
    return figures.get(name)


def cell(figure: dict, what: str, mine: dict | None) -> str:
    text = f"{figure[what]:,.0f}" if figure[what] >= 10 else f"{figure[what]:,.2f}"
    if not mine or not figure[what]:
        return text
    return f"{text} ({mine[what] / figure[what]:.2f}×)"


def plain_table(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(text.rjust(width) for text, width in zip(row[1:], widths[1:]))]).rstrip()
        for row in rows
    )


def markdown_table(rows: list[list[str]]) -> str:
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "| --- |" + " ---: |" * (len(rows[0]) - 1), *body])


def behind(result: dict) -> list[str]:
    found = []
    for server, figures in result["medians"].items():
        for name, figure in figures.items():
            mine = ours(result, SERVERS[server], name)
            if mine and figure["unit"] != "MiB" and mine["rate"] < figure["rate"]:
                found.append(f"{name}: {mine['rate']:,.0f} {figure['unit']}, {SERVERS[server].title} {figure['rate']:,.0f}")
    return found


def benchmark(options: argparse.Namespace, work: Path) -> dict:
    load = prepare_load(say)
    prepare(options.servers, say)
    say("the clients alone")
    top = ceiling(load, options)
    runs = run_all(options, load, work)
    return {"ceiling": top, "runs": runs, "medians": {name: medians(all_of) for name, all_of in runs.items()}}


def main() -> int:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers are stopped on the way out
    work = Path(tempfile.mkdtemp(prefix="stave-s3-", dir=options.work))
    try:
        result = benchmark(options, work)
    except (Failure, subprocess.CalledProcessError) as failure:
        say(f"error: {failure}")
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(table(result, options.markdown))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    found = behind(result)
    for line in found:
        say(f"Stave is behind: {line}")
    return 1 if found and options.gate else 0


if __name__ == "__main__":
    sys.exit(main())

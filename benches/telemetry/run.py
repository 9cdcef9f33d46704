"""How many log lines a server takes in a second, and how long it looks for some in all of them.

    cargo build --release
    tests/.venv/bin/python benches/telemetry/run.py --limit-in 100000 --limit-filter 1

It runs under a Python that has boto3. A server of its own on loopback, synced to the disk as it
comes, in memory where there is such a place. Bodies of PutLogEvents are made and signed before the
clock starts: what is measured is the server. boto3 does the same afterwards, with its own part. On
a machine that does other work as well, the processor time is the steadier figure.
"""

import argparse
import http.client
import json
import pathlib
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches"))

from served import Server  # noqa: E402

GROUP = "/bench"
# As many as a request may hold; with some 70 bytes each, and 26 that AWS adds, nearly a MiB.
LINES = 10_000
PATTERNS = ["needle", r"%took\s990%", "[..., ms>1007]", "{ $.n = 1 }"]


def signed(server, operation, request):
    """The body and headers of a call."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"Logs_20140328.{operation}"}
    body = json.dumps(request).encode()
    return body, server.signed("logs", "/", body, headers)


def message(n):
    level = "ERROR" if n % 100 == 0 else "INFO"
    needle = " needle" if n % 100_000 == 0 else ""
    some_id = f"{n * 0x9E3779B97F4A7C15 % 2**64:016x}"
    return f"[{level}]\t{some_id}\tread s3://raw/to_process/{n}.json{needle} took {n % 1009}"


def events(first, count, at_ms):
    return [{"timestamp": at_ms, "message": message(n)} for n in range(first, first + count)]


def send(url, calls):
    """Sends the calls one after the other on one connection."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    for body, headers in calls:
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200 or b"rejected" in said:
            sys.exit(f"{answer.status}: {said.decode()}")
    connection.close()


def put(server, streams, lines):
    """Puts so many lines on so many connections, each with a stream; lines a second."""
    calls, at_ms = [], int(time.time() * 1000)
    for stream in streams:
        starts = range(0, lines // len(streams), LINES)
        calls.append([
            signed(server, "PutLogEvents", {
                "logGroupName": GROUP, "logStreamName": stream, "logEvents": events(first, LINES, at_ms),
            })
            for first in starts
        ])
    sent = sum(len(some) for some in calls) * LINES
    size = sum(len(body) for some in calls for body, _ in some)
    threads = [threading.Thread(target=send, args=(server.url, some)) for some in calls]
    cpu, begun = server.cpu(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - begun
    spent = "" if cpu is None else f", the server's processor time {(server.cpu() - cpu) / sent * 1e6:.2f} µs a line"
    print(f"in, {len(streams)} connections: {sent / took:9,.0f} lines/s, {size / took / 1e6:.0f} MB/s{spent}")
    return sent / took


def put_with_boto3(server, stream, lines):
    logs, at_ms = server.client("logs"), int(time.time() * 1000)
    batches = [events(first, LINES, at_ms) for first in range(0, lines, LINES)]
    begun, own = time.perf_counter(), time.process_time()
    for batch in batches:
        logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=batch)
    took, own = time.perf_counter() - begun, time.process_time() - own
    print(f"in, boto3:         {lines / took:9,.0f} lines/s, of which boto3's own part is {own / took:.0%}")


def search(server, pattern):
    """All pages of what a pattern finds; seconds."""
    logs, found = server.client("logs"), 0
    cpu, begun = server.cpu(), time.perf_counter()
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, filterPattern=pattern):
        found += len(page["events"])
    took = time.perf_counter() - begun
    spent = "" if cpu is None else f", processor time {server.cpu() - cpu:.2f} s"
    print(f"filter {pattern:16} {found:6} found in {took:.2f} s{spent}")
    return took


def main():
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("--stave", default=ROOT / "target/release/stave", type=pathlib.Path)
    parse.add_argument("--lines", default=400_000, type=int, help="on one connection, on four, and half as many by boto3")
    parse.add_argument("--limit-in", type=float, help="fails when fewer lines a second come in")
    parse.add_argument("--limit-filter", type=float, help="fails when looking through a million takes longer, in s")
    args = parse.parse_args()
    room = pathlib.Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=room if room.is_dir() else None) as work:
        server = Server(args.stave, pathlib.Path(work) / "home")
        try:
            logs = server.client("logs")
            logs.create_log_group(logGroupName=GROUP)
            streams = ["one", "boto3", "a", "b", "c", "d"]
            for stream in streams:
                logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
            put(server, ["one"], LINES * 4)
            slowest_in = min(put(server, ["one"], args.lines), put(server, streams[2:], args.lines))
            put_with_boto3(server, "boto3", args.lines // 2)
            held = (LINES * 4 + args.lines * 5 // 2) / 1e6
            print(f"{held * 1e6:,.0f} lines are held")
            slowest = max(search(server, pattern) for pattern in PATTERNS) / held
        finally:
            server.process.terminate()
            server.process.wait()
    late = []
    if args.limit_in and slowest_in < args.limit_in:
        late.append(f"{slowest_in:,.0f} lines a second came in")
    if args.limit_filter and slowest > args.limit_filter:
        late.append(f"looking through a million lines took {slowest:.2f} s")
    if late:
        sys.exit("; ".join(late))


if __name__ == "__main__":
    main()

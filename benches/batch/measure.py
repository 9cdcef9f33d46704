"""Runs one command as a whole process and measures it: wall, CPU, peak memory.

Stays small on purpose (standard library only): on Linux a child's peak memory starts at what
its parent had when it forked.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.05
# ru_maxrss is in kilobytes on Linux and in bytes on macOS.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass
class Measurement:
    """One run. Memory and sizes in bytes; `anon` is the part not backed by a file."""

    wall_s: float
    cpu_s: float
    peak_rss: int
    peak_anon: int | None
    exit_code: int


class TreeMemory(threading.Thread):
    """Polls /proc for the memory of a process and all its descendants, where there is /proc."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak_rss = 0
        self.peak_anon = 0
        self.done = threading.Event()

    def run(self) -> None:
        if not Path("/proc/self/status").exists():
            return
        while not self.done.is_set():
            figures = [resident(pid) for pid in tree(self.pid)]
            self.peak_rss = max(self.peak_rss, sum(rss for rss, _ in figures))
            self.peak_anon = max(self.peak_anon, sum(anon for _, anon in figures))
            self.done.wait(POLL_S)


def tree(pid: int) -> list[int]:
    """The process and its descendants, as far as they still live."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                children = Path(f"/proc/{parent}/task/{task}/children").read_text()
                found += [int(child) for child in children.split()]
        except OSError:
            continue  # it ended meanwhile
    return found


def resident(pid: int) -> tuple[int, int]:
    """VmRSS and RssAnon of a process, 0 when it has ended."""
    figures = {"VmRSS": 0, "RssAnon": 0}
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in figures:
                figures[name] = int(value.split()[0]) * 1024
    except OSError:
        pass
    return figures["VmRSS"], figures["RssAnon"]


def measure(
    command: list[str], env: dict[str, str], cwd: Path, log: Path, timeout_s: float
) -> Measurement:
    """Runs to the end or kills the whole process group after `timeout_s`; output goes to `log`."""
    with log.open("wb") as sink:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    memory = TreeMemory(process.pid)
    memory.start()
    killer = threading.Timer(timeout_s, os.killpg, (process.pid, signal.SIGKILL))
    killer.start()
    try:
        # wait4 and not Popen.wait: its figures hold the child and all it has waited for.
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        killer.cancel()
        memory.done.set()
        memory.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Measurement(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        # A tree's peak is polled; a single process's is the kernel's, and exact.
        peak_rss=max(usage.ru_maxrss * MAXRSS_UNIT, memory.peak_rss),
        peak_anon=memory.peak_anon or None,
        exit_code=process.returncode,
    )

#!/usr/bin/env python3
"""The batch job in Stave, DuckDB, Polars and PySpark, side by side. See benches/README.md."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import report
from measure import measure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VENV = HERE.parent / ".venv"
PYTHON = VENV / "bin" / "python"
TOOLS = ("stave", "duckdb", "polars", "pyspark")
FILES = ("albums.csv", "artists.csv", "track.csv")
MEMORY_FILE_SYSTEM = Path("/dev/shm")


class Failure(Exception):
    """Ends the benchmark with a message and exit code 1."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1, help="1 is 375,000 album rows (default)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each tool (default 3)")
    parser.add_argument("--only", action="append", choices=TOOLS, help="repeatable")
    parser.add_argument("--skip", action="append", choices=TOOLS, default=[], help="repeatable")
    parser.add_argument("--threads", type=int, default=report.available_cores())
    parser.add_argument("--stave", type=Path, default=ROOT / "target/release/stave", help="the binary")
    parser.add_argument("--stave-memory", metavar="SIZE", help="given to Stave as --memory")
    parser.add_argument("--data", type=Path, help="folder with the three files, instead of generating")
    parser.add_argument("--work", type=Path, help="working folder, kept with its data (default: a new one in memory, removed)")
    parser.add_argument("--keep", action="store_true", help="keep the outputs, too (with --work)")
    parser.add_argument("--timeout", type=float, default=3600, metavar="SECONDS", help="of one run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure of every run")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--gate", action="store_true", help="fail where Stave is behind: wall, memory, size")
    options = parser.parse_args()
    options.tools = [t for t in options.only or TOOLS if t not in options.skip]
    if not options.tools or options.runs < 1 or options.threads < 1:
        parser.error("nothing to run: look at --only, --skip, --runs and --threads")
    options.stave = options.stave.resolve()
    return options


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def need_stave(options: argparse.Namespace) -> None:
    if not options.stave.is_file():
        raise Failure(
            f"there is no Stave at {options.stave}: build it with `cargo build --release`, "
            "or give --stave, or leave it out with --skip stave and --data"
        )


def prepare_peers(tools: list[str]) -> dict[str, str]:
    """Makes the virtual environment, installs what is missing, gives back the versions."""
    wanted = dict(
        line.split("==")
        for line in (HERE / "requirements.txt").read_text().split("\n")
        if "==" in line and not line.startswith("#")
    )
    wanted = {name: version for name, version in wanted.items() if name in (*tools, "duckdb")}
    if not PYTHON.exists():
        say(f"making {VENV}")
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    missing = [f"{n}=={v}" for n, v in wanted.items() if installed(n) != v]
    if missing:
        say(f"installing {', '.join(missing)}")
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *missing], check=True)
    return {name: version for name, version in wanted.items() if name in tools}


def installed(package: str) -> str | None:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    answer = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True)
    return answer.stdout.strip() or None


def prepare_data(options: argparse.Namespace, work: Path) -> Path:
    """The folder with the three files; a folder of that name is whole, as it is renamed last."""
    if options.data:
        absent = [name for name in FILES if not (options.data / name).is_file()]
        if absent:
            raise Failure(f"{options.data} has no {', '.join(absent)}")
        return options.data.resolve()
    folder = work / f"data-scale{options.scale:g}-seed{options.seed}"
    if not folder.exists():
        need_stave(options)
        say(f"generating {folder}")
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        subprocess.run(
            [str(options.stave), "--home", str(work / "sample-home"), "sample", "spotify-2023"]
            + ["--scale", f"{options.scale:g}", "--seed", str(options.seed), "--out", str(partial)],
            check=True,
        )
        partial.rename(folder)
    return folder


def prepare_home(options: argparse.Namespace, data: Path, home: Path) -> None:
    """A new home whose bucket holds the files, put there by hand; not part of the timing."""
    shutil.rmtree(home, ignore_errors=True)
    make = [str(options.stave), "--home", str(home), "mb", "s3://bench"]
    answer = subprocess.run(make, capture_output=True, text=True)
    if answer.returncode:
        raise Failure(f"{' '.join(make)} failed:\n{answer.stdout}{answer.stderr}")
    staging = home / "buckets/bench/staging"
    staging.mkdir(parents=True)
    for name in FILES:
        try:
            os.link(data / name, staging / name)
        except OSError:  # another file system
            shutil.copyfile(data / name, staging / name)


def run_once(options: argparse.Namespace, tool: str, data: Path, work: Path) -> dict:
    """One timed run of one tool, on a clean place. Gives back its figures."""
    output, scratch = output_of(tool, work), work / "scratch"
    for folder in (output, scratch):
        shutil.rmtree(folder, ignore_errors=True)
    scratch.mkdir(parents=True)
    if tool == "stave":
        home = work / "stave-home"
        prepare_home(options, data, home)
        memory = ["--memory", options.stave_memory] if options.stave_memory else []
        command = [str(options.stave), "--home", str(home), *memory, "job", "run"]
        command += [str(HERE.parents[1] / "examples/batch/job.yaml"), "--arg", "input=s3://bench/staging"]
        command += ["--arg", "output=s3://bench/warehouse"]
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        command = [str(PYTHON), str(HERE / f"peers/{tool}_job.py")]
        command += [str(data), str(output), str(options.threads)]
    env = {**os.environ, "POLARS_TEMP_DIR": str(scratch), "SPARK_LOCAL_DIRS": str(scratch)}
    log = work / f"{tool}.log"
    measured = measure(command, env, scratch, log, options.timeout)
    if measured.exit_code:
        tail = log.read_text(errors="replace")[-4000:]
        raise Failure(f"{tool} failed with {measured.exit_code}: {' '.join(command)}\n{tail}")
    return {**asdict(measured), "output_bytes": size_of(output), "files": len(parquet(output))}


def output_of(tool: str, work: Path) -> Path:
    return work / ("stave-home/buckets/bench/warehouse" if tool == "stave" else f"out/{tool}")


def parquet(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.parquet") if not path.name.startswith((".", "_"))]


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in parquet(folder))


def warm_up(options: argparse.Namespace, data: Path) -> None:
    """Brings the files and the programs into the page cache, so that the first run is as the next."""
    for name in FILES:
        with (data / name).open("rb") as file:
            while file.read(1 << 22):
                pass
    for tool in options.tools:
        start = [str(PYTHON), "-c", f"import {tool}"] if tool != "stave" else [str(options.stave), "--version"]
        subprocess.run(start, check=True, stdout=subprocess.DEVNULL)


def run_all(options: argparse.Namespace, data: Path, work: Path) -> dict[str, list[dict]]:
    """All tools in turn, round after round, so that a slow minute of the machine hits them alike."""
    runs: dict[str, list[dict]] = {tool: [] for tool in options.tools}
    for round_number in range(1, options.runs + 1):
        for tool in options.tools:
            figures = run_once(options, tool, data, work)
            runs[tool].append(figures)
            say(
                f"run {round_number} of {options.runs}  {report.TITLES[tool]:8} "
                f"{figures['wall_s']:7.2f} s wall {figures['cpu_s']:7.2f} s CPU "
                f"{report.mebibytes(figures['peak_rss']):>12}"
            )
            time.sleep(0.2)  # lets the kernel free what the run held
    return runs


def compare(options: argparse.Namespace, work: Path) -> int:
    """The number of rows that all outputs hold alike, or a failure that says what differs."""
    say("comparing the rows")
    outputs = [f"{tool}={output_of(tool, work)}" for tool in options.tools]
    answer = subprocess.run(
        [str(PYTHON), str(HERE / "check.py"), *outputs], stdout=subprocess.PIPE, text=True
    )
    if not answer.stdout.strip():
        raise Failure("the comparison broke off; its message is above")
    verdict = json.loads(answer.stdout)
    if verdict["faults"]:
        lines = [f"  {tool}: {line}" for tool, wrong in verdict["faults"].items() for line in wrong]
        raise Failure("the outputs are not the same:\n" + "\n".join(lines))
    return verdict["rows"]


def benchmark(options: argparse.Namespace, work: Path) -> dict:
    about = report.machine()
    if "stave" in options.tools:
        need_stave(options)
    versions = prepare_peers(options.tools)
    if "stave" in options.tools:
        answer = subprocess.run([str(options.stave), "--version"], capture_output=True, text=True)
        versions = {"stave": answer.stdout.strip().removeprefix("stave "), **versions}
    data = prepare_data(options, work)
    warm_up(options, data)
    runs = run_all(options, data, work)
    given = str(options.data) if options.data else None
    return {
        "machine": about,
        "versions": versions,
        "data": {
            "scale": f"{options.scale:g}" if not given else "unknown (--data)",
            "seed": options.seed if not given else "unknown",
            "bytes": sum((data / name).stat().st_size for name in FILES),
        },
        "threads": options.threads,
        "runs": options.runs,
        "file_system": "memory" if MEMORY_FILE_SYSTEM in work.parents else str(work),
        "rows": compare(options, work),
        "measured": runs,
        "medians": report.medians(runs),
    }


def limit_cores(threads: int) -> None:
    """Every tool inherits the same cores, whatever it makes of its own thread setting."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def main() -> int:
    options = arguments()
    limit_cores(options.threads)
    if options.work:
        options.work.mkdir(parents=True, exist_ok=True)
        work = options.work.resolve()
    else:
        parent = MEMORY_FILE_SYSTEM if MEMORY_FILE_SYSTEM.is_dir() else None
        work = Path(tempfile.mkdtemp(prefix="stave-bench-", dir=parent))
    try:
        result = benchmark(options, work)
    except (Failure, subprocess.CalledProcessError) as failure:
        say(f"error: {failure}")
        return 1
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)
        elif not options.keep:
            for name in ("out", "stave-home", "sample-home", "scratch"):
                shutil.rmtree(work / name, ignore_errors=True)
    result["ratios"] = report.ratios(result["medians"])
    table = report.rows(result["medians"], result["ratios"])
    print(report.markdown_table(table) if options.markdown else report.plain_table(table))
    print(f"\n{report.summary(result)}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    behind = report.misses(result["ratios"])
    for line in behind:
        say(f"Stave is behind: {line}")
    return 1 if behind and options.gate else 0


if __name__ == "__main__":
    sys.exit(main())

"""Medians, ratios and the tables made of them. Knows nothing of how a run is made."""

import os
import platform
import re
import statistics
from pathlib import Path

MIB = 1024 * 1024
TITLES = {"stave": "Stave", "duckdb": "DuckDB", "polars": "Polars", "pyspark": "PySpark"}
FIELDS = ("wall_s", "cpu_s", "peak_rss", "peak_anon", "output_bytes")
# What a figure is held against: the lower of these tools' medians.
BASELINES = {
    "wall_s": ("duckdb", "polars"),
    "cpu_s": ("duckdb", "polars"),
    "peak_rss": ("duckdb",),
    "output_bytes": ("polars",),
}
HEADINGS = ("tool", "wall", "ratio", "CPU", "ratio", "peak memory", "ratio", "of it anonymous", "output", "ratio")


def machine() -> dict:
    """Cores that may be used, memory and load of this machine."""
    facts = {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": available_cores(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load_average": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
    }
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        model = re.search(r"^model name\s*: (.*)$", cpuinfo.read_text(), re.MULTILINE)
        if model:
            facts["processor"] = model.group(1)
    return facts


def available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def medians(runs: dict[str, list[dict]]) -> dict[str, dict]:
    """The median of each figure of each tool; None where a tool gave none."""
    result = {}
    for tool, measured in runs.items():
        result[tool] = {}
        for field in FIELDS:
            values = [run[field] for run in measured if run[field] is not None]
            result[tool][field] = statistics.median(values) if values else None
    return result


def ratios(middle: dict[str, dict]) -> dict[str, dict]:
    """Each median over its baseline; None where the baseline did not run."""
    result: dict[str, dict] = {tool: {} for tool in middle}
    for field, names in BASELINES.items():
        base = min((middle[name][field] for name in names if name in middle), default=None)
        for tool, figures in middle.items():
            result[tool][field] = figures[field] / base if base else None
    return result


def misses(relative: dict[str, dict]) -> list[str]:
    """What Stave does worse than it may: any ratio above 1 except that of CPU time."""
    return [
        f"{field} is {value:.2f} times that of {' and '.join(BASELINES[field])}"
        for field, value in relative.get("stave", {}).items()
        if field != "cpu_s" and value is not None and value > 1
    ]


def rows(middle: dict[str, dict], relative: dict[str, dict]) -> list[list[str]]:
    table = []
    for tool, figures in middle.items():
        ratio = {field: times(value) for field, value in relative[tool].items()}
        table.append(
            [
                TITLES[tool],
                f"{figures['wall_s']:.2f} s",
                ratio["wall_s"],
                f"{figures['cpu_s']:.2f} s",
                ratio["cpu_s"],
                mebibytes(figures["peak_rss"]),
                ratio["peak_rss"],
                mebibytes(figures["peak_anon"]),
                mebibytes(figures["output_bytes"]),
                ratio["output_bytes"],
            ]
        )
    return table


def times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}×"


def mebibytes(value: float | None) -> str:
    return "-" if value is None else f"{value / MIB:,.1f} MiB"


def plain_table(table: list[list[str]]) -> str:
    lines = [list(HEADINGS), *table]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEADINGS))]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:]))])
        for line in lines
    )


def markdown_table(table: list[list[str]]) -> str:
    marks = ["---", *["---:"] * (len(HEADINGS) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in [HEADINGS, marks, *table])


def summary(result: dict) -> str:
    """What the figures stand on: data, machine, versions, in three lines."""
    about, data = result["machine"], result["data"]
    versions = ", ".join(f"{TITLES.get(k, k)} {v}" for k, v in result["versions"].items())
    return "\n".join(
        [
            f"Scale {data['scale']}, seed {data['seed']}: {mebibytes(data['bytes'])} of CSV in, "
            f"{result['rows']:,} rows out; medians of {result['runs']} interleaved runs, whole "
            f"processes, {result['threads']} threads.",
            f"{about.get('processor', about['system'])}, {about['cores']} cores, "
            f"{about['memory_bytes'] / MIB / 1024:.0f} GiB; {about['system']}; load average "
            f"{about['load_average']} at the start; files in {result['file_system']}.",
            f"{versions}.",
        ]
    )

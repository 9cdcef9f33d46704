"""Compares the Parquet folders that the tools wrote: check.py NAME=FOLDER NAME=FOLDER ...

Rows are compared whatever their order, exactly, an empty string apart from NULL. Column
names are compared in lower case, whatever their order. Exits 1 and says what differs.
Runs inside the virtual environment; uses DuckDB as a reader only.
"""

import json
import sys

import duckdb

COLUMNS = {
    "album_id": "VARCHAR",
    "album_name": "VARCHAR",
    "album_popularity": "BIGINT",
    "artist_id": "VARCHAR",
    "artist_popularity": "BIGINT",
    "duration_ms": "BIGINT",
    "duration_sec": "DOUBLE",
    "followers": "BIGINT",
    "genre": "VARCHAR",
    "label": "VARCHAR",
    "name": "VARCHAR",
    "release_date": "VARCHAR",
    "track_id": "VARCHAR",
    "track_name": "VARCHAR",
    "track_popularity": "BIGINT",
}
EXAMPLES = 3


def scan(folder: str) -> str:
    return f"read_parquet('{folder}/**/*.parquet', hive_partitioning = false)"


def schema_faults(connection: duckdb.DuckDBPyConnection, folder: str) -> list[str]:
    rows = connection.execute(f"DESCRIBE SELECT * FROM {scan(folder)}").fetchall()
    found = {name.lower(): kind for name, kind, *_ in rows}
    faults = [f"column {name} is missing" for name in COLUMNS if name not in found]
    faults += [f"column {name} is one too many" for name in found if name not in COLUMNS]
    faults += [
        f"column {name} is {found[name]}, not {kind}"
        for name, kind in COLUMNS.items()
        if found.get(name, kind) != kind
    ]
    codecs = connection.execute(
        f"SELECT DISTINCT compression FROM parquet_metadata('{folder}/**/*.parquet')"
    ).fetchall()
    faults += [f"compression is {codec}" for (codec,) in codecs if codec != "SNAPPY"]
    return faults


def figures(connection: duckdb.DuckDBPyConnection, folder: str) -> dict[str, int]:
    """Row count and a sum of row hashes; for each column NULLs, empty strings, a sum of hashes."""
    wanted = {
        "rows": "count(*)",
        "hash of whole rows": f"sum(hash({', '.join(COLUMNS)})::HUGEINT)",
    }
    for name, kind in COLUMNS.items():
        wanted[f"hash of {name}"] = f"sum(hash({name})::HUGEINT)"
        wanted[f"NULLs in {name}"] = f"count(*) FILTER ({name} IS NULL)"
        if kind == "VARCHAR":
            wanted[f"empty strings in {name}"] = f"count(*) FILTER ({name} = '')"
    row = connection.execute(
        f"SELECT {', '.join(wanted.values())} FROM {scan(folder)}"
    ).fetchone()
    return dict(zip(wanted, (int(value or 0) for value in row)))


def examples(connection: duckdb.DuckDBPyConnection, some: str, others: str) -> list:
    names = ", ".join(COLUMNS)
    return connection.execute(
        f"SELECT {names} FROM {scan(some)} EXCEPT ALL SELECT {names} FROM {scan(others)} "
        f"ORDER BY track_id LIMIT {EXAMPLES}"
    ).fetchall()


def main(outputs: dict[str, str]) -> int:
    connection = duckdb.connect()
    faults: dict[str, list[str]] = {}
    for name, folder in outputs.items():
        wrong = schema_faults(connection, folder)
        if wrong:
            faults[name] = wrong
    if faults:
        print(json.dumps({"rows": 0, "faults": faults}))
        return 1
    (first, first_folder), *rest = outputs.items()
    expected = figures(connection, first_folder)
    for name, folder in rest:
        found = figures(connection, folder)
        wrong = [
            f"{what}: {first} {expected[what]}, {name} {found[what]}"
            for what in expected
            if expected[what] != found[what]
        ]
        if wrong:
            wrong += [f"only in {first}: {row}" for row in examples(connection, first_folder, folder)]
            wrong += [f"only in {name}: {row}" for row in examples(connection, folder, first_folder)]
            faults[name] = wrong
    if not expected["rows"]:
        faults[first] = ["no rows at all"]
    print(json.dumps({"rows": expected["rows"], "faults": faults}))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(dict(argument.split("=", 1) for argument in sys.argv[1:])))

"""The batch job's result beside DuckDB's, and what a killed run leaves."""

import random
import signal
import subprocess
import time

import duckdb
import pytest

import graphs


def fetch(sql):
    return duckdb.sql(sql).fetchall()


def count(sql):
    return fetch(f"select count(*) from ({sql})")[0][0]


def types(sql):
    return [(name, kind) for name, kind, *_ in fetch(f"describe {sql}")]


def expected(folder):
    """The SQL of what the job must write."""
    string = "force_not_null={names}, auto_detect=false, header=true, quote='\"', escape='\"'"

    def read(name, columns):
        types = "{" + ",".join(f"'{column}':'VARCHAR'" for column in columns) + "}"
        options = string.format(names=columns)
        return f"read_csv('{folder}/{name}.csv', columns={types}, {options})"

    albums = read("albums", [
        "track_name", "track_id", "duration_ms", "album_name", "release_date", "label",
        "album_popularity", "album_id", "artist_id", "duration_sec",
    ])
    artists = read("artists", ["id", "name", "artist_popularity", "followers", "genre"])
    track = read("track", ["track_id", "track_popularity"])
    cast = {"bigint": "try_cast({0} as bigint) as {0}", "double": "try_cast({0} as double) as {0}"}
    columns = ", ".join(
        cast[graphs.NUMBERS[name]].format(name) if name in graphs.NUMBERS else name
        for name in graphs.COLUMNS
    )
    return f"select {columns} from {albums} a join {artists} r on artist_id = id join {track} t using (track_id)"


def written(stave, bucket, folder):
    names = ", ".join(graphs.COLUMNS)
    return f"select {names} from '{stave.bucket(bucket)}/{folder}/**/*.parquet'"


def same(one, other):
    missing = count(f"({one}) except all ({other})")
    extra = count(f"({other}) except all ({one})")
    return (missing, extra) == (0, 0)


@pytest.fixture
def staged(stave):
    stave.run("mb", "s3://lake")
    stave.run("sample", "spotify-2023", "--scale", "0.05", "--seed", "3", "--out", "s3://lake/staging")
    return stave


def test_the_batch_job_writes_what_duckdb_computes(staged):
    staged.job(graphs.batch("s3://lake/staging", "s3://lake/warehouse/"))
    one = expected(staged.bucket("lake") / "staging")
    other = written(staged, "lake", "warehouse")
    assert types(one) == types(other)
    assert same(one, other)
    assert 17_000 < count(other) < 18_750


def test_joins_larger_than_memory_go_through_files(stave):
    stave.run("mb", "s3://lake")
    stave.run("sample", "spotify-2023", "--scale", "2", "--seed", "3", "--out", "s3://lake/staging")
    stave.job(graphs.batch("s3://lake/staging", "s3://lake/warehouse/"), "--memory", "64MiB")
    assert same(expected(stave.bucket("lake") / "staging"), written(stave, "lake", "warehouse"))
    assert [path for path in (stave.home / "tmp").rglob("*") if path.is_file() and path.stat().st_size] == []


def test_partitioned_output_is_read_back_by_duckdb(staged):
    staged.job(graphs.batch("s3://lake/staging", "s3://lake/warehouse/", PartitionKeys=[["album_popularity"]]))
    names = ", ".join(graphs.COLUMNS)
    folder = staged.bucket("lake") / "warehouse"
    other = f"select {names} from read_parquet('{folder}/**/*.parquet', hive_partitioning=true)"
    assert same(expected(staged.bucket("lake") / "staging"), other)


def test_a_killed_run_leaves_the_old_output_or_the_new(staged):
    """A hundred runs, killed at random moments; the output is always that of one whole run."""
    graph = graphs.batch("s3://lake/staging", "s3://lake/warehouse/", Mode="overwrite")
    started = time.monotonic()
    staged.job(graph)
    whole = time.monotonic() - started
    rows = count(written(staged, "lake", "warehouse"))
    rng = random.Random(11)
    killed = 0
    for _ in range(100):
        command = staged.command("job", "run", staged.home.parent / "job.json")
        run = subprocess.Popen(
            command, env=staged.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            run.wait(rng.uniform(0, whole * 1.1))
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            killed += 1
        listed = staged.run("ls", "s3://lake/warehouse/", "--recursive").stdout
        files = [line.split()[-1] for line in listed.splitlines() if line.endswith(".parquet")]
        assert len({name.rsplit("/")[-1].split("-part")[0] for name in files}) == 1, files
        assert count(written(staged, "lake", "warehouse")) == rows
    assert killed > 20
    staged.job(graph)
    left = [path for path in (staged.home / "tmp" / "staging").iterdir()]
    assert left == []
    states = staged.run("job", "runs", "job").stdout
    assert "RUNNING" not in states and "FAILED" in states and "SUCCEEDED" in states

"""The CSV reader beside Python's csv module and DuckDB, on files made to be nasty."""

import csv
import io
import json
import random

import duckdb
import pytest

PIECES = [
    "a", "b c", "é", "漢字", "😀", ",", ";", "'", '"', '""', "\n", "\r\n", "\r", "\t", " ",
    "NULL", "007", "1e5", "\\", "#", "x" * 80,
]
COLUMNS = ["one", "two", "three"]


def value(rng):
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(5)))


def write_csv(path, rows, rng):
    """Writes rows as one of the many programs would that write CSV."""
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    if any("\r" in cell for row in rows for cell in row):
        # Python's writer does not see that a lone CR ends a line.
        quoting = csv.QUOTE_ALL
    with open(path, "w", newline="", encoding="utf-8") as out:
        if rng.random() < 0.3:
            out.write("\ufeff")
        writer = csv.writer(out, quoting=quoting, lineterminator=rng.choice(["\n", "\r\n"]))
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def copy_job(source, target, **members):
    return {
        "src": {"S3CsvSource": {
            "Name": "source", "Paths": [source], "Separator": "comma", "QuoteChar": "quote",
            "WithHeader": True, **members,
        }},
        "out": {"S3DirectTarget": {
            "Name": "target", "Inputs": ["src"], "Path": target, "Format": "json",
            "Mode": "overwrite",
        }},
    }


def output(stave, bucket, folder):
    rows = []
    for file in sorted((stave.bucket(bucket) / folder).glob("run-*")):
        rows += [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return sorted(tuple(row[name] for name in COLUMNS) for row in rows)


@pytest.mark.parametrize("seed", range(8))
def test_rows_are_those_of_python_and_duckdb(stave, seed):
    rng = random.Random(seed)
    stave.run("mb", "s3://nasty")
    folder = stave.bucket("nasty") / "in"
    folder.mkdir()
    expected = []
    for number in range(20):
        rows = [[value(rng) for _ in COLUMNS] for _ in range(rng.randrange(1, 60))]
        path = folder / f"{number}.csv"
        write_csv(path, rows, rng)
        with open(path, newline="", encoding="utf-8-sig") as source:
            read = list(csv.reader(source))[1:]
        assert read == rows
        expected += map(tuple, rows)
        if not any("\r" in cell.replace("\r\n", "") for row in rows for cell in row):
            found = duckdb.sql(
                f"from read_csv('{path}', header=true, all_varchar=true, delim=',', quote='\"',"
                " escape='\"', auto_detect=false, force_not_null=['one','two','three'],"
                " columns={'one':'VARCHAR','two':'VARCHAR','three':'VARCHAR'})"
            ).fetchall()
            assert sorted(found) == sorted(map(tuple, rows))
    stave.job(copy_job("s3://nasty/in/", "s3://nasty/out/"))
    assert output(stave, "nasty", "out") == sorted(expected)


def test_a_large_file_with_line_breaks_in_values_is_whole(stave):
    """Larger than many chunks, so that all cores have to share one file."""
    rng = random.Random(7)
    rows = [[f"{number}", value(rng) * 3, f"break\n{number}"] for number in range(60_000)]
    stave.run("mb", "s3://nasty")
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([COLUMNS, *rows])
    (stave.bucket("nasty") / "big.csv").write_bytes(text.getvalue().encode())
    stave.job(copy_job("s3://nasty/big.csv", "s3://nasty/out/"))
    assert output(stave, "nasty", "out") == sorted(map(tuple, rows))


def test_a_bad_row_fails_with_its_place_or_is_set_aside(stave):
    stave.run("mb", "s3://nasty")
    source = "one,two,three\n1,2,3\n\"a\nb\",5\n7,8,9\n"
    (stave.bucket("nasty") / "bad.csv").write_text(source)
    failed = stave.job(copy_job("s3://nasty/bad.csv", "s3://nasty/out/"), check=False)
    assert failed.returncode == 1
    assert "s3://nasty/bad.csv, line 3: too few fields: 2 instead of 3" in failed.stderr
    assert not list((stave.bucket("nasty") / "out").glob("*"))

    job = copy_job(
        "s3://nasty/bad.csv", "s3://nasty/out/", BadRows="reject", RejectsPath="s3://nasty/rejects/"
    )
    stave.job(job)
    assert output(stave, "nasty", "out") == [("1", "2", "3"), ("7", "8", "9")]
    (rejects,) = [path for path in (stave.bucket("nasty") / "rejects").rglob("*") if path.is_file()]
    text = rejects.read_text()
    assert "too few fields: 2 instead of 3" in text and "bad.csv" in text and "a\\nb" in text

"""The batch job in PySpark: pyspark_job.py INPUT_DIR OUTPUT_DIR THREADS."""

import os
import sys

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

ALBUMS = (
    "track_name string, track_id string, duration_ms bigint, album_name string, "
    "release_date string, label string, album_popularity bigint, album_id string, "
    "artist_id string, duration_sec double"
)
ARTISTS = (
    "id string, name string, artist_popularity bigint, followers bigint, genre string"
)
TRACK = "track_id string, track_popularity bigint"


def session(threads: int) -> SparkSession:
    return (
        SparkSession.builder.master(f"local[{threads}]")
        .appName("batch")
        .config("spark.driver.memory", os.environ.get("BENCH_SPARK_MEMORY", "4g"))
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", threads)
        .config("spark.sql.parquet.compression.codec", "snappy")
        .getOrCreate()
    )


def read(spark: SparkSession, source: str, name: str, schema: str) -> DataFrame:
    """Reads with values that hold line breaks, which Spark does on one core a file.

    Without `lineSep` Spark turns the CR LF inside a value of a CR LF file into LF.
    Spark reads an empty cell as null whatever `nullValue` and `emptyValue` say (they tell
    only what an empty cell in quotes is), so string columns are mended behind the reader.
    """
    path = os.path.join(source, name)
    with open(path, "rb") as file:
        line_break = "\r\n" if file.readline().endswith(b"\r\n") else "\n"
    frame = spark.read.csv(
        path,
        schema=schema,
        header=True,
        quote='"',
        escape='"',
        multiLine=True,
        lineSep=line_break,
        mode="FAILFAST",
    )
    return frame.select(
        *(
            F.coalesce(column, F.lit("")).alias(column) if kind == "string" else column
            for column, kind in frame.dtypes
        )
    )


def main(source: str, output: str, threads: int) -> None:
    spark = session(threads)
    albums = read(spark, source, "albums.csv", ALBUMS)
    artists = read(spark, source, "artists.csv", ARTISTS)
    track = read(spark, source, "track.csv", TRACK)
    (
        albums.join(artists, albums.artist_id == artists.id)
        .drop("id")
        .join(track, "track_id")
        .write.parquet(output)
    )
    # Waits for the JVM, so that its CPU time counts as that of a child that was waited for.
    process = spark.sparkContext._gateway.proc
    spark.stop()
    if process.stdin:
        process.stdin.close()
    process.wait()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

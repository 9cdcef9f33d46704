"""The batch job in Polars: polars_job.py INPUT_DIR OUTPUT_DIR THREADS."""

import os
import sys

os.environ["POLARS_MAX_THREADS"] = sys.argv[3]  # read once, at import

import polars as pl  # noqa: E402

ALBUMS = {
    "track_name": pl.String,
    "track_id": pl.String,
    "duration_ms": pl.Int64,
    "album_name": pl.String,
    "release_date": pl.String,
    "label": pl.String,
    "album_popularity": pl.Int64,
    "album_id": pl.String,
    "artist_id": pl.String,
    "duration_sec": pl.Float64,
}
ARTISTS = {
    "id": pl.String,
    "name": pl.String,
    "artist_popularity": pl.Int64,
    "followers": pl.Int64,
    "genre": pl.String,
}
TRACK = {"track_id": pl.String, "track_popularity": pl.Int64}


def scan(source: str, name: str, schema: dict) -> pl.LazyFrame:
    """An empty cell of a string column is '', as Glue reads it; of a number column, null."""
    return pl.scan_csv(
        os.path.join(source, name), schema=schema, empty_string_is_null=False
    )


def main(source: str, output: str) -> None:
    os.makedirs(output)
    (
        scan(source, "albums.csv", ALBUMS)
        .join(
            scan(source, "artists.csv", ARTISTS), left_on="artist_id", right_on="id"
        )
        .join(scan(source, "track.csv", TRACK), on="track_id")
        .sink_parquet(
            os.path.join(output, "part-0.parquet"),
            compression="snappy",
            maintain_order=False,
            engine="streaming",
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

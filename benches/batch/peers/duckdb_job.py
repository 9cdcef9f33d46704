"""The batch job in DuckDB: duckdb_job.py INPUT_DIR OUTPUT_DIR THREADS."""

import os
import sys

import duckdb

# `force_not_null` keeps an empty cell of a string column as '', as Glue reads it;
# an empty cell of a number column stays NULL.
JOB = """
COPY (
    SELECT albums.*, artists.* EXCLUDE (id), track.track_popularity
    FROM read_csv('{input}/albums.csv', {dialect},
            columns = {{
                'track_name': 'VARCHAR', 'track_id': 'VARCHAR', 'duration_ms': 'BIGINT',
                'album_name': 'VARCHAR', 'release_date': 'VARCHAR', 'label': 'VARCHAR',
                'album_popularity': 'BIGINT', 'album_id': 'VARCHAR', 'artist_id': 'VARCHAR',
                'duration_sec': 'DOUBLE'}},
            force_not_null = ['track_name', 'track_id', 'album_name', 'release_date', 'label',
                'album_id', 'artist_id']) AS albums
    JOIN read_csv('{input}/artists.csv', {dialect},
            columns = {{
                'id': 'VARCHAR', 'name': 'VARCHAR', 'artist_popularity': 'BIGINT',
                'followers': 'BIGINT', 'genre': 'VARCHAR'}},
            force_not_null = ['id', 'name', 'genre']) AS artists
        ON albums.artist_id = artists.id
    JOIN read_csv('{input}/track.csv', {dialect},
            columns = {{'track_id': 'VARCHAR', 'track_popularity': 'BIGINT'}},
            force_not_null = ['track_id']) AS track
        ON albums.track_id = track.track_id
) TO '{output}' ({target})
"""

# Nothing to find out, so the sniffer does not run.
DIALECT = (
    "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"'"
)
TARGET = "FORMAT parquet, COMPRESSION snappy"


def main(source: str, output: str, threads: int) -> None:
    connection = duckdb.connect(
        config={"threads": threads, "preserve_insertion_order": False}
    )
    os.makedirs(output)
    connection.execute(
        JOB.format(
            input=source,
            output=os.path.join(output, "part-0.parquet"),
            dialect=DIALECT,
            target=TARGET,
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

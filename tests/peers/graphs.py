"""The batch job of the public pipelines as a graph."""

NUMBERS = {
    "duration_ms": "bigint", "album_popularity": "bigint", "duration_sec": "double",
    "artist_popularity": "bigint", "followers": "bigint", "track_popularity": "bigint",
}
COLUMNS = [
    "track_id", "track_popularity", "track_name", "duration_ms", "album_name", "release_date",
    "label", "album_popularity", "album_id", "artist_id", "duration_sec", "name",
    "artist_popularity", "followers", "genre",
]


def csv_source(name, path):
    return {"S3CsvSource": {
        "Name": name, "Paths": [path], "Separator": "comma", "QuoteChar": "quote",
        "WithHeader": True,
    }}


def join(name, left, left_key, right, right_key):
    return {"Join": {
        "Name": name, "Inputs": [left, right], "JoinType": "equijoin",
        "Columns": [{"From": left, "Keys": [[left_key]]}, {"From": right, "Keys": [[right_key]]}],
    }}


def batch(staging, warehouse, **target):
    """albums ⋈ artists ⋈ track, without the doubled ids, typed, to Parquet with Snappy."""
    mapping = [
        {"ToKey": name, "FromPath": [name], "FromType": "string", "ToType": NUMBERS.get(name, "string")}
        for name in COLUMNS
    ]
    return {
        "albums": csv_source("albums", f"{staging}/albums.csv"),
        "artists": csv_source("artists", f"{staging}/artists.csv"),
        "track": csv_source("track", f"{staging}/track.csv"),
        "join1": join("Join artists", "albums", "artist_id", "artists", "id"),
        "join2": join("Join track", "track", "track_id", "join1", "track_id"),
        "drop": {"DropFields": {"Name": "Drop ids", "Inputs": ["join2"], "Paths": [[".track_id"], ["id"]]}},
        "types": {"ApplyMapping": {"Name": "Types", "Inputs": ["drop"], "Mapping": mapping}},
        "out": {"S3GlueParquetTarget": {
            "Name": "warehouse", "Inputs": ["types"], "Path": warehouse, "Compression": "snappy",
            "PartitionKeys": [], **target,
        }},
    }

"""Makes albums, artists and songs, as CSV, of what the extract has put into the bucket."""

import json
import os
from collections import Counter
from datetime import datetime
from io import StringIO

import boto3
import pandas as pd

RAW, DONE = "raw_data/to_processed/", "raw_data/processed/"


def albums(items):
    for item in items:
        album = item["track"]["album"]
        yield {
            "album_id": album["id"],
            "name": album["name"],
            "release_date": album["release_date"],
            "total_tracks": album["total_tracks"],
            "url": album["external_urls"]["spotify"],
        }


def artists(items):
    all_of_them = [artist for item in items for artist in item["track"]["artists"]]
    songs = Counter(artist["id"] for artist in all_of_them)
    for artist in all_of_them:
        yield {
            "artist_id": artist["id"],
            "artist_name": artist["name"],
            "external_url": artist["href"],
            # Of a file whose columns are all text, a crawler does not see the header.
            "songs": songs[artist["id"]],
        }


def songs(items):
    for item in items:
        track = item["track"]
        yield {
            "song_id": track["id"],
            "song_name": track["name"],
            "duration_ms": track["duration_ms"],
            "url": track["external_urls"]["spotify"],
            "popularity": track["popularity"],
            "song_added": item["added_at"],
            "album_id": track["album"]["id"],
            "artist_id": track["artists"][0]["id"],
        }


TABLES = {
    "album": (albums, "album_id"),
    "artist": (artists, "artist_id"),
    "songs": (songs, "song_id"),
}


def lambda_handler(event, context):
    s3, bucket = boto3.client("s3"), os.environ["bucket"]
    keys = [
        entry["Key"]
        for entry in s3.list_objects(Bucket=bucket, Prefix=RAW).get("Contents", [])
        if entry["Key"].endswith(".json")
    ]
    written = []
    for key in keys:
        raw = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        items = [item for item in json.loads(raw)["items"] if item["track"]]
        for name, (rows, unique) in TABLES.items():
            frame = pd.DataFrame.from_records(rows(items)).drop_duplicates(subset=[unique])
            if name == "album":
                frame["release_date"] = pd.to_datetime(frame["release_date"], errors="coerce")
            if name == "songs":
                frame["song_added"] = pd.to_datetime(frame["song_added"])
            text = StringIO()
            frame.to_csv(text, index=False)
            target = f"transformed_data/{name}_data/{name}_transformed_{datetime.now()}.csv"
            s3.put_object(Bucket=bucket, Key=target, Body=text.getvalue())
            written.append(target)

    s3_resource = boto3.resource("s3")
    for key in keys:
        source = {"Bucket": bucket, "Key": key}
        s3_resource.meta.client.copy(source, bucket, DONE + key.split("/")[-1])
        s3_resource.Object(bucket, key).delete()
    print(f"{len(keys)} raw objects made {len(written)} files")
    return {"read": keys, "written": written}

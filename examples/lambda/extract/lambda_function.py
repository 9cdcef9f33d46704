"""Puts the entries of a playlist, as Spotify's Web API gives them, into the bucket."""

import json
import os
from datetime import datetime

import boto3
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials


def lambda_handler(event, context):
    credentials = SpotifyClientCredentials(
        client_id=os.environ["client_id"],
        client_secret=os.environ["client_secret"],
        cache_handler=MemoryCacheHandler(),
    )
    spotify = spotipy.Spotify(auth_manager=credentials)

    page = spotify.playlist_tracks(os.environ["playlist"])
    items = page["items"]
    while page["next"]:
        page = spotify.next(page)
        items += page["items"]

    key = "raw_data/to_processed/spotify_raw_" + str(datetime.now()) + ".json"
    boto3.client("s3").put_object(
        Bucket=os.environ["bucket"], Key=key, Body=json.dumps({"items": items})
    )
    print(f"{len(items)} entries in {key}")
    return {"entries": len(items), "key": key}

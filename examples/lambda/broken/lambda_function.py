"""Takes for granted what Spotify does not promise: a handler that fails."""


def lambda_handler(event, context):
    track = event["items"][0]["track"]
    return track["name"]

"""The sandbox as a running program, and spotipy clients that talk to it."""

import subprocess
import threading

import pytest
import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler
from spotipy.oauth2 import SpotifyClientCredentials, SpotifyPKCE

REDIRECT = "http://127.0.0.1:9/callback"
SCOPES = (
    "user-library-read user-follow-read user-top-read user-read-recently-played "
    "playlist-read-private playlist-read-collaborative user-read-playback-position "
    "user-read-private user-read-email"
)
GLOBAL_50 = "37i9dQZEVXbMDoHDwVN2tF"
TODAYS_TOP_HITS = "37i9dQZF1DXcBWIGoYBM5M"


class Sandbox:
    """The running program, and spotipy clients that talk to it."""

    def __init__(self, stave, *words):
        self.process = subprocess.Popen(
            stave.command(
                "spotify", "sandbox", "--listen", "127.0.0.1:0", "--seed", "7",
                "--tracks", "20000", *words,
            ),
            env=stave.env, stdout=subprocess.PIPE, text=True,
        )
        watchdog = threading.Timer(30, self.process.kill)
        watchdog.start()
        self.base = self.process.stdout.readline().strip()
        watchdog.cancel()
        assert self.base.startswith("http://127.0.0.1:"), self.base

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)

    def point(self, auth):
        auth.OAUTH_TOKEN_URL = f"{self.base}/api/token"
        auth.OAUTH_AUTHORIZE_URL = f"{self.base}/authorize"
        return auth

    def client(self, auth, **options):
        spotify = spotipy.Spotify(auth_manager=auth, **options)
        spotify.prefix = f"{self.base}/v1/"
        return spotify

    def app(self, secret="secret", **options):
        return self.client(
            self.point(
                SpotifyClientCredentials(
                    client_id="client", client_secret=secret, cache_handler=MemoryCacheHandler()
                )
            ),
            **options,
        )

    def consent(self, auth):
        """Follows the sign-in that a browser would."""
        self.point(auth)
        answer = requests.get(auth.get_authorize_url(), allow_redirects=False, timeout=10)
        return auth.parse_response_code(answer.headers["location"])

    def user(self, kind=SpotifyPKCE, **options):
        secret = {} if kind is SpotifyPKCE else {"client_secret": "secret"}
        auth = kind(
            client_id="client", redirect_uri=REDIRECT, scope=SCOPES,
            cache_handler=MemoryCacheHandler(), open_browser=False, **secret,
        )
        auth.get_access_token(self.consent(auth), check_cache=False)
        return self.client(auth, **options)


@pytest.fixture
def sandbox(stave):
    running = []

    def start(*words):
        running.append(Sandbox(stave, *words))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def pages(spotify, page):
    """All elements of a list, by spotipy's own next()."""
    items = list(page["items"])
    while page["next"]:
        page = spotify.next(page)
        items += page["items"]
    return items

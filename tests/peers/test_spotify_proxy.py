"""Functions with `--spotify sandbox`: code that talks to api.spotify.com reaches the sandbox as it is.

Runs with whichever spotipy is installed; 2.23.0 and 2.26.0 are those that must pass. Nothing leaves
this machine.
"""

import http.server
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from functions import code, configure

GLOBAL_50 = "37i9dQZEVXbNG2KDcFcKOF"

SPOTIPY = f"""
    import spotipy
    from spotipy.cache_handler import MemoryCacheHandler
    from spotipy.oauth2 import SpotifyClientCredentials

    def lambda_handler(event, context):
        credentials = SpotifyClientCredentials("any", "any", cache_handler=MemoryCacheHandler())
        spotify = spotipy.Spotify(auth_manager=credentials)
        page = spotify.playlist_tracks("{GLOBAL_50}", limit=20)
        items, links = page["items"], [page["next"]]
        while page["next"]:
            page = spotify.next(page)
            items += page["items"]
        return {{
            "ids": [item["track"]["id"] for item in items],
            "links": links,
            "others": len(spotify.user_playlists("spotify")["items"]),
        }}
"""

URLLIB = """
    import base64, json, os, urllib.request

    def lambda_handler(event, context):
        basic = base64.b64encode(b"any:any").decode()
        token = urllib.request.urlopen(urllib.request.Request(
            "https://accounts.spotify.com/api/token", data=b"grant_type=client_credentials",
            headers={"Authorization": "Basic " + basic}))
        token = json.load(token)["access_token"]
        answer = urllib.request.urlopen(urllib.request.Request(
            "https://api.spotify.com/v1/search?q=love&type=track&limit=3",
            headers={"Authorization": "Bearer " + token}))
        found = json.load(answer)["tracks"]["items"]
        return {"found": len(found), "proxy": os.environ["HTTPS_PROXY"], "trust": os.environ["SSL_CERT_FILE"]}
"""


@pytest.fixture
def home(stave):
    configure(stave.home)
    return stave


def made(stave, folder, source, *words):
    stave.run("function", "create", "f", "--code", code(folder, source), "--no-packages", "--timeout", 60, *words)


def answer(stave):
    return json.loads(stave.run("function", "invoke", "f").stdout)


def test_spotipy_reads_the_sandbox_without_knowing_it(home, tmp_path):
    made(home, tmp_path / "f", SPOTIPY, "--spotify", "sandbox")
    first = answer(home)
    assert len(first["ids"]) == 50 == len(set(first["ids"])) and first["others"] >= 10
    # What leads on leads back to the proxy: the links are Spotify's.
    assert first["links"][0].startswith(f"https://api.spotify.com/v1/playlists/{GLOBAL_50}/")
    assert answer(home) == first, "the world is the same each time"


def test_urllib_trusts_the_proxy_by_the_variables_of_openssl(home, tmp_path):
    made(home, tmp_path / "f", URLLIB, "--spotify", "sandbox")
    first = answer(home)
    assert first["found"] == 3
    # It is there, or a copy of it where the function does not see the home.
    assert pathlib.Path(first["trust"]).name == "spotify.pem"
    assert "PRIVATE" not in (home.home / "tls/spotify.pem").read_text()
    assert (home.home / "tls/spotify-server.pem").stat().st_mode & 0o777 == 0o600


def test_without_the_setting_a_function_is_led_nowhere(home, tmp_path):
    made(home, tmp_path / "f", """
        import os
        def lambda_handler(event, context):
            return sorted(name for name in os.environ if "PROXY" in name.upper() or "CERT" in name or "BUNDLE" in name)
    """)
    assert answer(home) == []
    home.run("function", "update", "f", "--spotify", "sandbox")
    assert "HTTPS_PROXY" in answer(home)
    home.run("function", "update", "f", "--spotify", "real")
    assert answer(home) == []
    # AWS's own settings can say it, too; what is not known is refused by its name.
    home.run("function", "update", "f", "--env", "STAVE_SPOTIFY=sandbox")
    assert "HTTPS_PROXY" in answer(home)
    home.run("function", "update", "f", "--env", "STAVE_SPOTIFY=mars")
    assert 'STAVE_SPOTIFY is "mars"' in home.run("function", "invoke", "f", check=False).stderr


@pytest.fixture
def other_host(tmp_path):
    """A host that is not Spotify's: HTTPS on loopback, with a certificate that nobody knows."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl to make a certificate with")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"other host"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"localhost:{server.server_port}", cert.read_text()
    server.shutdown()
    thread.join()
    server.server_close()


def test_other_hosts_are_met_themselves(home, tmp_path, other_host):
    address, cert = other_host
    made(home, tmp_path / "f", """
        import os, ssl, urllib.request

        def get(event, context):
            os.environ.pop("NO_PROXY"), os.environ.pop("no_proxy")
            handler = urllib.request.HTTPSHandler(context=context)
            opener = urllib.request.build_opener(urllib.request.ProxyHandler(), handler)
            return opener.open(f"https://{event['address']}/").read().decode()

        def lambda_handler(event, context):
            before = dict(os.environ)
            trusting = ssl.create_default_context(cadata=event["cert"])
            seen = get(event, trusting)
            os.environ.update(before)
            try:
                get(event, ssl.create_default_context())
            except OSError as error:
                return [seen, "CERTIFICATE_VERIFY_FAILED" in str(error)]
    """, "--spotify", "sandbox")
    event = json.dumps({"address": address, "cert": cert})
    out = home.run("function", "invoke", "f", "--event", event).stdout
    assert json.loads(out) == ["other host", True], "its own certificate comes through, and counts"


@pytest.fixture
def proxy(request, home):
    """The address of a running server's proxy."""
    pytest.importorskip("boto3")
    request.getfixturevalue("serve")()
    url = json.loads((home.home / "server.json").read_text())["spotify"]
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


def said(address, request, timeout=30):
    with socket.create_connection(address, timeout) as sock:
        sock.sendall(request)
        answer = b""
        while some := sock.recv(65536):
            answer += some
    return answer.decode("latin-1")


def test_what_is_no_connect_is_refused(proxy):
    for request, status in (
        (b"GET http://api.spotify.com/ HTTP/1.1\r\nHost: api.spotify.com\r\n\r\n", "405"),
        (b"CONNECT api.spotify.com HTTP/1.1\r\n\r\n", "400"),
        (b"CONNECT a@api.spotify.com:443 HTTP/1.1\r\n\r\n", "400"),
        (b"CONNECT :443 HTTP/1.1\r\n\r\n", "400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400"),
        (b"CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n", "502"),
    ):
        assert said(proxy, request).startswith(f"HTTP/1.1 {status}"), request
    # And it is still there.
    assert said(proxy, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").startswith("HTTP/1.1 405")


def test_a_connection_for_spotify_that_speaks_no_tls_is_closed(proxy):
    with socket.create_connection(proxy, 30) as sock:
        sock.sendall(b"CONNECT api.spotify.com:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        answer = b""
        while some := sock.recv(65536):
            answer += some
    assert answer.startswith(b"HTTP/1.1 200") and b"spotify" not in answer.split(b"\r\n\r\n", 1)[1]


def test_only_this_machine_reaches_it(proxy):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # nothing is sent: it only asks which address would be
        except OSError:
            pytest.skip("this machine has no address but loopback")
        foreign = sock.getsockname()[0]
    if foreign.startswith("127."):
        pytest.skip("this machine has no address but loopback")
    with pytest.raises(OSError):
        socket.create_connection((foreign, proxy[1]), 5)


def test_who_does_not_trust_the_authority_is_not_fooled(proxy):
    with socket.create_connection(proxy, 30) as sock:
        sock.sendall(b"CONNECT api.spotify.com:443 HTTP/1.1\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 200")
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE")).wrap_socket(
                sock, server_hostname="api.spotify.com"
            )

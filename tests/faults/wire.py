"""A client by hand: signatures of version 4 over a raw connection, so that each byte can be wrong."""

import datetime
import hashlib
import hmac
import re
import select
import socket
import urllib.parse

REGION = "us-east-1"
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY = hashlib.sha256(b"").hexdigest()


def quote(text, safe="/"):
    return urllib.parse.quote(text, safe=safe + "-_.~")


def now(seconds=0):
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y%m%dT%H%M%SZ")


def signing_key(secret, day, region, service):
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def sign(key, method, target, headers, payload, *, at=None, region=REGION, service="s3", scope_day=None, leave_out=()):
    """The headers of a request, signed; `target` is written as it is sent."""
    access_key, secret = key
    at = at or now()
    day = scope_day or at[:8]
    headers = {**headers, "x-amz-date": at, "x-amz-content-sha256": payload}
    lowered = {name.lower(): " ".join(str(value).split()) for name, value in headers.items()}
    names = ";".join(sorted(name for name in lowered if name not in leave_out))
    path, _, query = target.partition("?")
    pairs = ["=".join(one) for one in sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)]
    lines = "".join(f"{name}:{lowered[name]}\n" for name in names.split(";"))
    canonical = "\n".join([method, path, "&".join(pairs), lines, names, payload])
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", at, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(signing_key(secret, day, region, service), text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


class Closed(Exception):
    """The server has closed the connection without an answer."""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def code(self):
        """AWS's code of an error."""
        found = re.search(rb"<Code>([^<]*)</Code>", self.body)
        return found[1].decode() if found else self.headers.get("x-amzn-errortype")

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:500]!r}"


class Wire:
    """One connection, kept alive; made anew when the server has closed it."""

    def __init__(self, port, key, timeout=30):
        self.port, self.key, self.timeout = port, key, timeout
        self.host = f"127.0.0.1:{port}"
        self.socket = self.stream = None

    def open(self):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.stream = self.socket.makefile("rb")
        return self.socket

    def close(self):
        if self.socket is not None:
            self.stream.close()
            self.socket.close()
            self.socket = self.stream = None

    def headers(self, method, target, body=b"", headers=None, payload=None, **options):
        """The signed headers of a request with that body."""
        headers = {"host": self.host, **(headers or {})}
        if payload is None:
            payload = hashlib.sha256(body).hexdigest()
        return sign(self.key, method, target, headers, payload, **options)

    def head(self, method, target, headers):
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def send(self, data):
        """Bytes as they are. What the server does not take any more is not sent."""
        try:
            self.open().sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def request(self, method, target, body=b"", headers=None, **options):
        """A signed request, and its answer."""
        signed = self.headers(method, target, body, headers, **options)
        if body or method in ("PUT", "POST"):
            signed["content-length"] = len(body)
        if self.socket is not None and select.select([self.socket], [], [], 0)[0]:
            self.close()  # the server has closed it after a body that it did not want
        self.send(self.head(method, target, signed) + body)
        return self.answer(method)

    def raw(self, data, method="GET"):
        """Any bytes, and what is answered to them."""
        self.close()
        self.send(data)
        return self.answer(method)

    def answer(self, method="GET"):
        try:
            return self.read(method)
        except (ConnectionError, Closed):
            self.close()
            raise Closed from None

    def read(self, method):
        line = self.stream.readline(65_536)
        if not line:
            raise Closed
        status = int(line.split()[1])
        headers = {}
        while (line := self.stream.readline(65_536)) not in (b"\r\n", b"\n"):
            if not line:
                raise Closed
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if status == 100:
            return self.read(method)
        body = b"" if method == "HEAD" or status in (204, 304) else self.body(headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body)

    def body(self, headers):
        if "content-length" in headers:
            length = int(headers["content-length"])
            body = self.stream.read(length)
            if len(body) < length:
                raise Closed
            return body
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.stream.read()
        parts = []
        while size := int(self.stream.readline().split(b";")[0] or b"0", 16):
            parts.append(self.stream.read(size))
            self.stream.readline()
        while self.stream.readline() not in (b"\r\n", b""):
            pass
        return b"".join(parts)

    def keys(self, bucket, prefix=""):
        """All keys of a bucket, by pages."""
        keys, token = [], None
        while True:
            query = [f"list-type=2&prefix={quote(prefix, '')}"]
            if token:
                query.insert(0, f"continuation-token={quote(token, '')}")
            answer = self.request("GET", f"/{bucket}?{'&'.join(query)}")
            assert answer.status == 200, answer
            text = answer.body.decode()
            keys += [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", text)]
            found = re.search(r"<NextContinuationToken>(.*?)</NextContinuationToken>", text)
            if not found:
                return keys
            token = unescape(found[1])


def unescape(text):
    for name, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(name, char)
    return text

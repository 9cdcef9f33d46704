"""Heads and bodies that are too large, too slow, too deep, or not what they say they are."""

import base64
import hashlib
import hmac
import socket
import threading
import time
import zlib

import pytest

from wire import UNSIGNED, Closed, Wire, now, quote, signing_key

MIB = 1 << 20
STREAMING = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
TRAILING = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@pytest.fixture(scope="module")
def home(standing):
    wire = Wire(standing.port, standing.root())
    assert wire.request("PUT", "/bodies").status == 200
    wire.close()
    return standing


@pytest.fixture
def wire(home, wires):
    return wires(home)


@pytest.fixture
def steady(home):
    """What a test may make the server hold: not the size of what it is sent."""
    before = home.rss()
    yield
    grown = home.status("VmRSS") - before
    assert grown < 100 * MIB, f"{grown // MIB} MiB more"


def well(wire):
    wire.close()
    return wire.request("PUT", "/bodies/well", b"x").status == 200 and wire.request("GET", "/bodies/well").body == b"x"


def refused(wire, data, method="GET", statuses=(400, 403, 408, 411, 413, 414, 431, 500, 501)):
    """Whatever is answered is no success; the connection may simply be closed."""
    try:
        answer = wire.raw(data, method)
    except Closed:
        return None
    assert answer.status in statuses, answer
    return answer


def test_header_bombs(wire, steady):
    head = f"GET /bodies/k HTTP/1.1\r\nhost: {wire.host}\r\n"
    refused(wire, (head + "".join(f"x-{number}: y\r\n" for number in range(100_000)) + "\r\n").encode())
    refused(wire, (head + "x-long: " + "y" * (8 * MIB) + "\r\n\r\n").encode())
    refused(wire, (head + ("y" * (8 * MIB)) + ": x\r\n\r\n").encode())
    refused(wire, b"GET /" + b"z" * (8 * MIB) + b" HTTP/1.1\r\n\r\n")
    refused(wire, b"G" * (8 * MIB))
    refused(wire, (head + " folded\r\n\tmore\r\n" * 10_000 + "\r\n").encode())
    refused(wire, (head + "x-nul: a\0b\r\n\r\n").encode())
    refused(wire, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500))  # TLS to a port without
    refused(wire, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    refused(wire, b"GET / HTTP/9.9\r\n\r\n")
    refused(wire, b"\r\n" * 1000 + b"GET\r\n\r\n")
    assert well(wire)


def test_a_query_of_many_parameters(wire, steady):
    answer = wire.request("GET", "/bodies?list-type=2&" + "&".join(f"a{number}=b" for number in range(3000)))
    assert answer.status in (200, 400, 414), answer
    signed = wire.headers("PUT", "/bodies/k", b"x", {f"x-amz-meta-{number}": "y" for number in range(100)})
    wire.send(wire.head("PUT", "/bodies/k", {**signed, "content-length": 1}) + b"x")
    assert wire.answer().status in (200, 400, 431)
    assert well(wire)


def put_head(wire, key, headers, payload=UNSIGNED):
    return wire.head("PUT", f"/bodies/{key}", {**wire.headers("PUT", f"/bodies/{key}", payload=payload), **headers})


def absent(wire, key):
    wire.close()
    return wire.request("GET", f"/bodies/{key}").status == 404


def test_lengths_that_lie(wire, home):
    """Less comes than was said: no object; more comes: it is not part of this one."""
    wire.send(put_head(wire, "short", {"content-length": 1000}) + b"only this")
    wire.socket.shutdown(socket.SHUT_WR)
    with pytest.raises(Closed):
        answer = wire.answer()
        assert answer.status == 400, answer
        raise Closed
    assert absent(wire, "short")
    for length in ("-1", "5, 6", "0x10", "99999999999999999999999999", "1e3", "", "+5"):
        refused(wire, put_head(wire, "odd", {"content-length": length}) + b"hello")
    assert absent(wire, "odd")
    for size in (5 * 1024**3 + 1, 1 << 62):
        wire.close()
        wire.send(put_head(wire, "huge", {"content-length": size, "expect": "100-continue"}))
        answer = wire.answer()
        assert answer.status in (400, 413) and answer.code == "EntityTooLarge", answer
    assert absent(wire, "huge")
    head = put_head(wire, "both", {"content-length": 5, "transfer-encoding": "chunked"})
    refused(wire, head + b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n", "PUT")
    twice = put_head(wire, "twice", {"content-length": 3}).replace(b"content-length: 3", b"content-length: 3\r\ncontent-length: 9")
    refused(wire, twice + b"abcdefghi", "PUT")
    assert absent(wire, "twice")
    wire.send(put_head(wire, "none", {}))
    answer = wire.answer()
    assert answer.status in (200, 411), answer
    assert well(wire)


def test_transfer_encoding_chunked(wire):
    head = put_head(wire, "plain", {"transfer-encoding": "chunked"})
    for body in (b"zz\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffffff\r\nhello", b"-5\r\nhello\r\n0\r\n\r\n",
                 b"5\r\nhelloXX5\r\n", b"5;" + b"x" * 100_000 + b"\r\nhello\r\n0\r\n\r\n"):
        refused(wire, head + body, "PUT", statuses=(400, 403, 408, 411, 413, 500, 501))
    assert absent(wire, "plain")
    assert well(wire)


class Chunks:
    """A body of signed chunks, each part of which can be wrong."""

    def __init__(self, wire, target, decoded, payload=STREAMING, **headers):
        self.wire, self.at = wire, now()
        signed = {"content-encoding": "aws-chunked", "x-amz-decoded-content-length": str(decoded), **headers}
        self.headers = wire.headers("PUT", target, headers=signed, payload=payload, at=self.at)
        self.target, self.last = target, self.headers["authorization"].rsplit("=", 1)[1]
        self.body = b""

    def chunk(self, data, size=None, signature=None):
        scope = f"{self.at[:8]}/us-east-1/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", self.at, scope, self.last, hashlib.sha256(b"").hexdigest(),
                          hashlib.sha256(data).hexdigest()])
        key = signing_key(self.wire.key[1], self.at[:8], "us-east-1", "s3")
        self.last = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        self.body += f"{size or format(len(data), 'x')};chunk-signature={signature or self.last}\r\n".encode() + data + b"\r\n"
        return self

    def send(self):
        self.wire.close()
        head = self.wire.head("PUT", self.target, {**self.headers, "content-length": len(self.body)})
        self.wire.send(head + self.body)
        try:
            return self.wire.answer().status
        except Closed:
            return None


def test_chunks_that_lie(wire, steady):
    data = b"d" * 70_000
    target = "/bodies/chunks"
    assert Chunks(wire, target, len(data)).chunk(data[:65_536]).chunk(data[65_536:]).chunk(b"").send() == 200
    wire.close()
    assert wire.request("GET", target).body == data
    assert wire.request("DELETE", target).status == 204
    wrong = {
        "a chunk with another signature": lambda: Chunks(wire, target, 5).chunk(b"hello", signature="0" * 64).chunk(b""),
        "a last chunk with another signature": lambda: Chunks(wire, target, 5).chunk(b"hello").chunk(b"", signature="0" * 64),
        "no last chunk": lambda: Chunks(wire, target, 5).chunk(b"hello"),
        "more than was said": lambda: Chunks(wire, target, 4).chunk(b"hello").chunk(b""),
        "less than was said": lambda: Chunks(wire, target, 6).chunk(b"hello").chunk(b""),
        "a size that is too large": lambda: Chunks(wire, target, 5).chunk(b"hello", size="ffffffffffffffff").chunk(b""),
        "a size of 1 GiB": lambda: Chunks(wire, target, 1 << 30).chunk(b"hello", size="40000000"),
        "a size that is none": lambda: Chunks(wire, target, 5).chunk(b"hello", size="hello").chunk(b""),
        "a negative size": lambda: Chunks(wire, target, 5).chunk(b"hello", size="-5").chunk(b""),
        "no signature": lambda: Chunks(wire, target, 5).chunk(b"hello", signature=" ").chunk(b""),
        "a length that is none": lambda: Chunks(wire, target, "five").chunk(b"hello").chunk(b""),
        "a negative length": lambda: Chunks(wire, target, -5).chunk(b"hello").chunk(b""),
    }
    for what, make in wrong.items():
        status = make().send()
        assert status is None or 400 <= status < 500, (what, status)
        assert absent(wire, "chunks"), what
    endless = Chunks(wire, target, 5)
    endless.body = b"5;" + b"x" * (4 * MIB)
    status = endless.send()
    assert status is None or 400 <= status < 500
    assert absent(wire, "chunks") and well(wire)


def trailing(wire, body, trailer, decoded=None, declared="x-amz-checksum-crc32"):
    chunks = Chunks(wire, "/bodies/trailing", len(body) if decoded is None else decoded, TRAILING, **{"x-amz-trailer": declared})
    chunks.body = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n" + trailer + b"\r\n"
    return chunks.send()


def test_trailers_that_lie(wire, steady):
    right = base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big"))
    assert trailing(wire, b"hello", b"x-amz-checksum-crc32:" + right + b"\r\n") == 200
    wire.close()
    assert wire.request("DELETE", "/bodies/trailing").status == 204
    for what, trailer, options in (
        ("another checksum", b"x-amz-checksum-crc32:AAAAAA==\r\n", {}),
        ("no base64", b"x-amz-checksum-crc32:?\r\n", {}),
        ("none at all", b"", {}),
        ("another algorithm", b"x-amz-checksum-sha256:AAAA\r\n", {}),
        ("a trailer nobody announced", b"x-amz-meta-evil:1\r\n", {}),
        ("an endless one", b"x-amz-checksum-crc32:" + b"A" * (2 * MIB) + b"\r\n", {}),
        ("many", b"x-amz-checksum-crc32:" + right + b"\r\n" + b"x:y\r\n" * 100_000, {}),
        ("another length", b"x-amz-checksum-crc32:" + right + b"\r\n", {"decoded": 6}),
        ("an unknown algorithm", b"x-amz-checksum-md4:AAAA\r\n", {"declared": "x-amz-checksum-md4"}),
    ):
        status = trailing(wire, b"hello", trailer, **options)
        assert status is None or 400 <= status < 500 or status == 501, (what, status)
        assert absent(wire, "trailing"), what
    assert well(wire)


LAUGHS = b"".join(
    [b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">']
    + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">'.encode() for n in range(1, 12)] + [b"]>"]
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a11 SYSTEM "file:///etc/passwd">]>'


def documents():
    """Where XML is read, and a body that puts a text into it."""
    def many(text, times=1):
        return b"<Delete>" + b"<Object><Key>%s</Key></Object>" % text * times + b"</Delete>"

    yield "POST", "/bodies?delete", many
    yield "POST", "/bodies/parts?uploadId=x", lambda text, times=1: (
        b"<CompleteMultipartUpload>" + b"<Part><PartNumber>1</PartNumber><ETag>%s</ETag></Part>" % text * times
        + b"</CompleteMultipartUpload>"
    )
    yield "PUT", "/bodies?tagging", lambda text, times=1: (
        b"<Tagging><TagSet>" + b"<Tag><Key>%s</Key><Value>v</Value></Tag>" % text * times + b"</TagSet></Tagging>"
    )
    yield "PUT", "/bodies?versioning", lambda text, times=1: (
        b"<VersioningConfiguration>" + b"<Status>%s</Status>" % text * times + b"</VersioningConfiguration>"
    )
    yield "PUT", "/bodies?cors", lambda text, times=1: (
        b"<CORSConfiguration><CORSRule>" + b"<AllowedMethod>%s</AllowedMethod>" % text * times
        + b"<AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>"
    )
    yield "PUT", "/bodies?lifecycle", lambda text, times=1: (
        b"<LifecycleConfiguration>" + b"<Rule><ID>%s</ID><Status>Enabled</Status></Rule>" % text * times
        + b"</LifecycleConfiguration>"
    )
    yield "PUT", "/bodies?notification", lambda text, times=1: (
        b"<NotificationConfiguration>" + b"<QueueConfiguration><Queue>%s</Queue></QueueConfiguration>" % text * times
        + b"</NotificationConfiguration>"
    )


def test_xml_bombs(wire, steady):
    md5 = lambda body: {"content-md5": base64.b64encode(hashlib.md5(body).digest()).decode()}  # noqa: E731
    for method, target, make in documents():
        for what, body in (
            ("entities", LAUGHS + make(b"&a11;")),
            ("a file", OUTSIDE + make(b"&a11;")),
            ("deep", b"<a>" * 300_000),
            ("deep within", make(b"<b>" * 200_000)),
            ("attributes", b"<Delete " + b" ".join(b'a%d="x"' % number for number in range(100_000)) + b"/>"),
            ("a long text", make(b"x" * (7 * MIB))),
            ("many", make(b"x", 100_000)),
            ("no XML", b"\x00\xff\xfe" * 1000),
            ("nothing", b""),
            ("not closed", make(b"x")[:-9]),
            ("another document", b"<Other/>"),
            ("another encoding", make(b"x").decode().encode("utf-16")),
        ):
            try:
                answer = wire.request(method, target, body, md5(body))
            except Closed:
                continue
            assert 400 <= answer.status < 500, (target, what, answer)
            assert answer.code and b"root:" not in answer.body and len(answer.body) < 100_000, (target, what)
    assert well(wire)
    assert b"<Status>" not in wire.request("GET", "/bodies?versioning").body


def test_a_document_that_is_too_large(wire, steady):
    """It is refused before it is in memory."""
    for length in (64 * MIB, 1 << 40):
        wire.close()
        headers = wire.headers("POST", "/bodies?delete", payload=UNSIGNED)
        wire.send(wire.head("POST", "/bodies?delete", {**headers, "content-length": length}))
        block = b"<Delete>" + b" " * MIB
        for _ in range(64):
            wire.send(block)
        try:
            answer = wire.answer()
        except Closed:
            continue
        assert 400 <= answer.status < 500, answer
    assert well(wire)


def test_forms_for_iam_that_are_bombs(wire, steady):
    form = {"content-type": "application/x-www-form-urlencoded"}
    for what, body in (
        ("many", b"Action=ListUsers&Version=2010-05-08" + b"&a=b" * 500_000),
        ("a large one", b"Action=CreateUser&UserName=" + b"x" * (7 * MIB)),
        ("members", b"Action=TagUser&UserName=u&" + b"&".join(b"Tags.member.%d.Key=k" % n for n in range(50_000))),
        ("a far member", b"Action=TagUser&UserName=u&Tags.member.4294967295.Key=k&Tags.member.99999999999999.Value=v"),
        ("deep", b"Action=TagUser&UserName=u&Tags" + b".member.1" * 50_000 + b"=x"),
        ("no action", b"x" * 1000),
        ("no text", b"Action=%ff%fe&Version=\xff"),
        ("nothing", b""),
        ("a policy", b"Action=CreatePolicy&Version=2010-05-08&PolicyName=p&PolicyDocument=" + quote("[" * 500_000, "").encode()),
    ):
        try:
            answer = wire.request("POST", "/", body, form, service="iam")
        except Closed:
            continue
        assert 400 <= answer.status < 500, (what, answer)
        assert answer.code and len(answer.body) < 100_000, (what, answer)
    assert well(wire)


def hold(port, key, count, begin):
    """Connections that begin something and do not go on with it."""
    held = []
    for number in range(count):
        wire = Wire(port, key)
        wire.open()
        wire.send(begin(wire, number))
        held.append(wire)
    return held


def test_those_who_are_slow_do_not_keep_others_waiting(wire, home, steady, long):
    def slow_body(wire, number):
        return put_head(wire, f"slow{number}", {"content-length": 1000}) + b"x"

    def slow_head(wire, number):
        return f"GET /bodies/{number} HTTP/1.1\r\nhost: x\r\nx-slow: ".encode()

    def slow_form(wire, number):
        headers = wire.headers("POST", "/", payload=UNSIGNED, service="iam")
        return wire.head("POST", "/", {**headers, "content-length": 100}) + b"Action"

    held = []
    for begin in (slow_body, slow_head, slow_form):
        held += hold(home.port, home.root(), 200, begin)
    for number in range(50):
        assert wire.request("PUT", f"/bodies/quick{number}", b"x" * 1000).status == 200
        assert wire.request("GET", f"/bodies/quick{number}").body == b"x" * 1000
    assert not [key for key in wire.keys("bodies") if key.startswith("slow")]
    if long:
        # In a minute or so the server has had enough of each, though a byte comes now and then.
        until = time.monotonic() + 200
        while held and time.monotonic() < until:
            held = [one for one in held if is_open(one)]
            time.sleep(5)
        assert not held, f"{len(held)} are still held"
        assert not [key for key in wire.keys("bodies") if key.startswith("slow")]
    for one in held:
        one.close()
    assert well(wire)


def is_open(wire):
    """Sends another byte; whether the server still listens."""
    try:
        wire.socket.sendall(b"y")
        wire.socket.settimeout(0.01)
        return bool(wire.socket.recv(1, socket.MSG_PEEK)) and False
    except TimeoutError:
        return True
    except OSError:
        return False


def test_those_who_do_not_read(wire, home, steady):
    """Answers that nobody takes are not gathered in memory."""
    assert wire.request("PUT", "/bodies/large", b"L" * (32 * MIB)).status == 200
    held = []
    for _ in range(20):
        one = Wire(home.port, home.root())
        one.open().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(4):  # one after another on one connection, none of them read
            one.send(one.head("GET", "/bodies/large", one.headers("GET", "/bodies/large")))
        held.append(one)
    assert well(wire)
    for one in held:
        one.close()


def test_more_connections_than_there_are_places(wire, home, steady):
    """They wait; who was there first is served, and who comes after them, too."""
    held = []
    try:
        for _ in range(900):
            held.append(socket.create_connection(("127.0.0.1", home.port), timeout=10))
        assert well(wire)
    finally:
        for one in held:
            one.close()
    done = threading.Event()

    def ask():
        other = Wire(home.port, home.root())
        done.set() if other.request("GET", "/bodies/well").status == 200 else None
        other.close()

    asker = threading.Thread(target=ask)
    asker.start()
    asker.join(30)
    assert done.is_set()

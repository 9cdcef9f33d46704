"""Signatures that are wrong, late, replayed or incomplete; paths that lead out; keys of nobody."""

import hashlib

import pytest

from wire import UNSIGNED, Closed, now, sign

CANARY = b"nobody may read this"


@pytest.fixture(scope="module")
def home(standing):
    """A bucket with an object, and files beside the buckets that no request may reach."""
    from wire import Wire

    wire = Wire(standing.port, standing.root())
    assert wire.request("PUT", "/strangers").status == 200
    assert wire.request("PUT", "/strangers/k", b"content").status == 200
    wire.close()
    (standing.stave.home / "canary").write_bytes(CANARY)
    (standing.stave.home.parent / "canary").write_bytes(CANARY)
    return standing


@pytest.fixture
def wire(home, wires):
    return wires(home)


def unchanged(wire):
    answer = wire.request("GET", "/strangers/k")
    return answer.status == 200 and answer.body == b"content" and wire.keys("strangers") == ["k"]


def replace(headers, name, old, new):
    changed = headers[name].replace(old, new)
    assert changed != headers[name]
    return {**headers, name: changed}


def test_what_was_signed_is_what_counts(wire):
    """One thing changed after signing, and it is nobody's request."""
    def ask(method="PUT", target="/strangers/k", body=b"forged", **changed):
        headers = wire.headers("PUT", "/strangers/k", b"forged", {"x-amz-meta-a": "1"})
        headers = {name: value for name, value in {**headers, **changed}.items() if value is not None}
        headers["content-length"] = len(body)
        wire.send(wire.head(method, target, headers) + body)
        return wire.answer(method)

    for changed, status, code in (
        ({"target": "/strangers/other"}, 403, "SignatureDoesNotMatch"),
        ({"target": "/strangers/k?tagging"}, 403, "SignatureDoesNotMatch"),
        ({"method": "POST"}, 403, "SignatureDoesNotMatch"),
        ({"x-amz-meta-a": "2"}, 403, "SignatureDoesNotMatch"),
        ({"x-amz-meta-a": None}, 403, "SignatureDoesNotMatch"),
        ({"x-amz-content-sha256": UNSIGNED}, 403, "SignatureDoesNotMatch"),
        ({"host": "127.0.0.1:1"}, 403, "SignatureDoesNotMatch"),
        ({"body": b"FORGED"}, 400, "XAmzContentSHA256Mismatch"),
        ({"x-amz-acl": "public-read-write"}, 403, ("AccessDenied", "SignatureDoesNotMatch")),
    ):
        answer = ask(**changed)
        assert answer.status == status, (changed, answer)
        assert answer.code in ((code,) if isinstance(code, str) else code), (changed, answer)
    assert unchanged(wire)


def test_signatures_of_nobody(wire, home):
    access_key, secret = home.root()
    good = wire.headers("GET", "/strangers/k")
    cases = [
        ({**good, "authorization": good["authorization"][:-1]}, None),
        (replace(good, "authorization", "Signature=", "Signature=0"), None),
        (replace(good, "authorization", "AWS4-HMAC-SHA256", "AWS4-HMAC-MD5"), None),
        (replace(good, "authorization", "/s3/", "/iam/"), None),
        (replace(good, "authorization", "us-east-1", "eu-west-1"), None),
        (replace(good, "authorization", "aws4_request", "aws5_request"), None),
        (replace(good, "authorization", access_key, "AKIA0000000000000000"), "InvalidAccessKeyId"),
        (replace(good, "authorization", access_key, ""), None),
        (replace(good, "authorization", access_key, "A" * 5000), None),
        (replace(good, "authorization", "host;", ""), None),
        (replace(good, "authorization", "x-amz-date", "x-amz-dote"), None),
        ({**good, "x-amz-date": "yesterday"}, None),
        ({**good, "x-amz-date": ""}, None),
        ({name: value for name, value in good.items() if name != "x-amz-date"}, None),
        ({**good, "x-amz-security-token": "made up"}, None),
        *[({**good, "authorization": text}, None) for text in (
            "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=", "Basic dXNlcjpwYXNz", "Bearer x",
            "AWS AKIA:xxxx", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f/g, SignedHeaders=, Signature=", "\xff\xfe",
            "AWS4-HMAC-SHA256 " + "Credential=x," * 500,
        )],
    ]
    for headers, code in cases:
        wire.send(wire.head("GET", "/strangers/k", headers))
        answer = wire.answer()
        assert answer.status in (400, 403), (headers, answer)
        assert answer.code and (code is None or answer.code == code), (headers, answer)
        assert b"content" not in answer.body.replace(b"x-amz-content-sha256", b""), answer
        assert secret.encode() not in answer.body
    wrong = sign((access_key, "x" * 40), "GET", "/strangers/k", {"host": wire.host}, UNSIGNED)
    wire.send(wire.head("GET", "/strangers/k", wrong))
    assert wire.answer().code == "SignatureDoesNotMatch"
    assert unchanged(wire)


def test_clocks_that_are_wrong(wire):
    """A quarter of an hour either way; then a request can no longer be replayed."""
    for seconds, works in ((0, True), (-14 * 60, True), (14 * 60, True), (-16 * 60, False), (16 * 60, False),
                           (-86_400, False), (86_400 * 366, False)):
        answer = wire.request("GET", "/strangers/k", at=now(seconds))
        if works:
            assert answer.status == 200, (seconds, answer)
        else:
            assert answer.status == 403 and answer.code == "RequestTimeTooSkewed", (seconds, answer)
    other_day = wire.request("GET", "/strangers/k", scope_day="20200101")
    assert other_day.status in (400, 403) and other_day.code, other_day


def test_what_was_heard_cannot_be_used_for_something_else(wire, home):
    """A listener has a whole signed request; with another method, body or service it is worth nothing."""
    headers = wire.headers("PUT", "/strangers/k", b"content")
    headers["content-length"] = 7
    for method, target in (("DELETE", "/strangers/k"), ("PUT", "/strangers/k2"), ("GET", "/strangers/k")):
        del_body = b"" if method != "PUT" else b"content"
        sent = {**headers, "content-length": len(del_body)}
        wire.send(wire.head(method, target, sent) + del_body)
        assert wire.answer(method).status in (400, 403)
    # A signature for IAM's ListUsers is not one for STS or another action.
    body = b"Action=ListUsers&Version=2010-05-08"
    form = {"content-type": "application/x-www-form-urlencoded"}
    signed = wire.headers("POST", "/", body, form, service="iam")
    for forged in (b"Action=CreateUser&UserName=evil&Version=2010-05-08", body + b"&x=1"):
        wire.send(wire.head("POST", "/", {**signed, "content-length": len(forged)}) + forged)
        answer = wire.answer()
        assert answer.status in (400, 403) and b"evil" not in answer.body, answer
    assert "evil" not in str(home.client("iam").list_users())
    assert unchanged(wire)


def test_a_presigned_url_is_not_more_than_it_says(wire, home):
    import urllib.parse

    s3 = home.client("s3", signature_version="s3v4")
    url = s3.generate_presigned_url("get_object", {"Bucket": "strangers", "Key": "k"}, ExpiresIn=60)
    target = url.split(str(home.port), 1)[1]
    assert wire.raw(f"GET {target} HTTP/1.1\r\nhost: {wire.host}\r\n\r\n".encode()).body == b"content"
    longer = target.replace("X-Amz-Expires=60", "X-Amz-Expires=600")
    other = target.replace("/strangers/k", "/strangers/other")
    host = f"{wire.host}0"
    for method, path, name in (
        ("GET", longer, wire.host), ("GET", other, wire.host), ("DELETE", target, wire.host), ("PUT", target, wire.host),
        ("GET", target + "&tagging", wire.host), ("GET", target + "&versionId=null", wire.host), ("GET", target, host),
        ("GET", target + "&X-Amz-Signature=00", wire.host), ("GET", target.replace("Signature=", "Sig="), wire.host),
        ("GET", target.replace("X-Amz-Expires=60", "X-Amz-Expires=-1"), wire.host),
        ("GET", target.replace("X-Amz-Expires=60", "X-Amz-Expires=99999999999999999999"), wire.host),
    ):
        answer = wire.raw(f"{method} {path} HTTP/1.1\r\nhost: {name}\r\ncontent-length: 0\r\n\r\n".encode(), method)
        assert answer.status in (400, 403) and answer.code, (method, path, name, answer)
    assert urllib.parse.urlsplit(url).query and unchanged(wire)


PATHS = [
    "/strangers/../canary", "/strangers/../../canary", "/../canary", "/../../../../../../etc/passwd",
    "/strangers/%2e%2e/%2e%2e/canary", "/strangers/..%2f..%2fcanary", "/strangers/%2e%2e%2fcanary",
    "/strangers/..%5c..%5ccanary", "/%2e%2e/canary", "/%2e%2e%2fcanary", "/..", "/.", "/%2e", "/..%2f",
    "/strangers/%00", "/strangers/k%00.txt", "/strangers%00/k", "/strangers/%c0%ae%c0%ae/canary",
    "/strangers/%ff%fe", "/strangers/%zz", "/strangers/%", "/strangers/%2", "//strangers//k", "//", "///",
    "//etc/passwd", "/etc/passwd", "/tmp/staging/x", "/stave.db", "/seal.key", "/root-credentials",
    "/strangers/" + "x" * 2000, "/strangers/" + "a/" * 1000, "/" + "y" * 500 + "/k", "/strangers/%25%2e%2e",
    "/strangers/%7e/../k2", "/strangers/file:%2f%2f%2fetc%2fpasswd", "/STRANGERS/k", "/strangers;x/k", "/str angers/k",
]


def outside(home):
    """What lies in the home beside objects and rows."""
    skipped = ("stave.db", "telemetry/", "buckets", "multipart", "versions", "tmp")
    return {
        str(path.relative_to(home)): hashlib.md5(path.read_bytes()).hexdigest()
        for path in [*home.rglob("*"), *home.parent.glob("canary")]
        if path.is_file() and path.is_relative_to(home) and not str(path.relative_to(home)).startswith(skipped)
    }


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_paths_that_lead_nowhere(wire, home, method):
    """Each is a key like any other, or refused; none leads out of its bucket."""
    before = outside(home.stave.home)
    body = b"forged" if method == "PUT" else b""
    for path in PATHS:
        for payload in (None, UNSIGNED):
            try:
                answer = wire.request(method, path, body, payload=payload)
            except Closed:
                continue
            assert answer.status < 500, (path, answer)
            assert CANARY not in answer.body and b"root:" not in answer.body, (path, answer)
            assert home.root()[1].encode() not in answer.body, path
    assert outside(home.stave.home) == before
    assert (home.stave.home.parent / "canary").read_bytes() == CANARY
    buckets = sorted(path.name for path in home.stave.home.joinpath("buckets").iterdir())
    assert all(name.replace("-", "").isalnum() for name in buckets), buckets
    for key in wire.keys("strangers"):
        if key != "k":
            from wire import quote

            assert wire.request("DELETE", f"/strangers/{quote(key)}").status == 204, key
    if not any(key == "k" for key in wire.keys("strangers")):
        assert wire.request("PUT", "/strangers/k", b"content").status == 200
    assert unchanged(wire)


def test_targets_that_are_no_paths(wire):
    signed = wire.headers("GET", "/strangers/k")
    for target in ("*", "strangers/k", "http://127.0.0.1:1/strangers/k", "http://example.com/", "127.0.0.1:80", "?", "#",
                   "/strangers/k#x", "/strangers/k?" + "a=b&" * 3000, "/strangers?list-type=2&max-keys=1e9"):
        for method in ("GET", "CONNECT", "TRACE", "OPTIONS", "PATCH", "BREW"):
            try:
                answer = wire.raw(wire.head(method, target, signed), method)
            except Closed:
                continue
            # A whole URL names the same object (RFC 9112, 3.2.2), as the signed host is this one; so
            # does one with a fragment, which is nothing to a server.
            is_same = method == "GET" and target in ("http://127.0.0.1:1/strangers/k", "/strangers/k#x")
            assert 400 <= answer.status < 500 or answer.status == 501 or is_same, (method, target, answer)
    assert unchanged(wire)


def test_copies_from_where_one_may_not_read(wire):
    for source in ("../canary", "/../canary", "strangers/../../canary", "strangers/%2e%2e/%2e%2e/canary", "%00", "",
                   "strangers", "strangers/", "/", "arn:aws:s3:::strangers/k", "strangers/k?versionId=../../canary",
                   "strangers/k?versionId=", "x" * 3000):
        answer = wire.request("PUT", "/strangers/copied", headers={"x-amz-copy-source": source})
        assert 400 <= answer.status < 500 or (answer.status == 200 and source.startswith("arn:")) or answer.status == 501, (
            source, answer)
        assert CANARY not in answer.body
    wire.request("DELETE", "/strangers/copied")
    assert unchanged(wire)


def test_versions_and_uploads_that_lead_out(wire):
    for word in ("../../canary", "..%2f..%2fcanary", "%00", "x" * 5000, "%2e%2e", "null%00", "a/b"):
        for method, target in (
            ("GET", f"/strangers/k?versionId={word}"), ("DELETE", f"/strangers/k?versionId={word}"),
            ("PUT", f"/strangers/k?partNumber=1&uploadId={word}"), ("GET", f"/strangers/k?uploadId={word}"),
            ("DELETE", f"/strangers/k?uploadId={word}"), ("GET", f"/strangers?list-type=2&continuation-token={word}"),
            ("GET", f"/strangers?marker={word}"), ("GET", f"/strangers?uploads&upload-id-marker={word}&key-marker=k"),
            ("GET", f"/strangers?versions&version-id-marker={word}&key-marker=k"),
        ):
            try:
                answer = wire.request(method, target, b"part" if method == "PUT" else b"")
            except Closed:
                continue
            assert answer.status < 500, (method, target, answer)
            assert CANARY not in answer.body
    assert unchanged(wire)

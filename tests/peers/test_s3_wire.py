"""What stock clients send in other ways: presigned URLs, forms, virtual hosts, chunks, `Expect`."""

import datetime
import io
import socket
import ssl

import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

BODY = b"0123456789" * 1000


@pytest.fixture(params=["http", "https"])
def server(request):
    return request.getfixturevalue(f"{request.param}_server")


@pytest.fixture
def home(server, names, request):
    """A client with a bucket; and how `requests` speaks to the same server."""
    s3 = server.client("s3", signature_version=getattr(request, "param", "s3v4"))
    bucket = names()
    s3.create_bucket(Bucket=bucket)
    web = requests.Session()
    web.trust_env = False
    if server.url.startswith("https"):
        web.verify = str(server.authority)
    return s3, bucket, web


@pytest.mark.parametrize("home", ["s3v4", None], indirect=True, ids=["v4", "as boto3 has it"])
def test_presigned_urls(home):
    """Without a wish, boto3 presigns for us-east-1 with the signature of version 2."""
    s3, bucket, web = home
    place = {"Bucket": bucket, "Key": "a b/é+%.txt"}
    url = s3.generate_presigned_url("put_object", place | {"ContentType": "text/csv"}, ExpiresIn=60)
    assert web.put(url, data=BODY, headers={"Content-Type": "text/csv"}).status_code == 200
    assert web.put(url, data=BODY, headers={"Content-Type": "text/html"}).status_code == 403
    url = s3.generate_presigned_url("get_object", place | {"ResponseContentType": "text/plain"}, ExpiresIn=60)
    got = web.get(url)
    assert got.content == BODY and got.headers["content-type"] == "text/plain"
    part = web.get(url, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == BODY[10:20]
    answer = web.get(url.replace("a%20b", "a%20c"))
    assert answer.status_code == 403 and "<Code>SignatureDoesNotMatch</Code>" in answer.text
    url = s3.generate_presigned_url("head_object", place)
    assert web.head(url).headers["content-length"] == str(len(BODY))
    url = s3.generate_presigned_url("delete_object", place)
    assert web.delete(url).status_code == 204
    answer = web.get(s3.generate_presigned_url("get_object", place))
    assert answer.status_code == 404 and "<Code>NoSuchKey</Code>" in answer.text


def test_a_presigned_url_ends(home, server):
    s3, bucket, web = home
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")

    def presigned(ago, lasts):
        from botocore.auth import S3SigV4QueryAuth

        class Then(S3SigV4QueryAuth):
            def add_auth(self, request):
                at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=ago)
                request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
                self._modify_request_before_signing(request)
                signature = self.signature(self.string_to_sign(request, self.canonical_request(request)), request)
                request.url += f"&X-Amz-Signature={signature}"

        request = AWSRequest("GET", f"{server.url}/{bucket}/k")
        Then(Credentials(*server.root()), "s3", "us-east-1", expires=lasts).add_auth(request)
        return web.get(request.url)

    assert presigned(0, 60).status_code == 200
    assert presigned(50, 600).status_code == 200
    late = presigned(120, 60)
    assert late.status_code == 403 and "<Message>Request has expired</Message>" in late.text
    too_long = presigned(0, 604_801)
    assert too_long.status_code == 400 and "AuthorizationQueryParametersError" in too_long.text


def test_forms(home):
    s3, bucket, web = home
    form = s3.generate_presigned_post(
        bucket, "in/${filename}", Fields={"Content-Type": "text/csv", "x-amz-meta-by": "form"},
        Conditions=[{"Content-Type": "text/csv"}, {"x-amz-meta-by": "form"}, ["content-length-range", 1, 100_000]],
        ExpiresIn=60,
    )
    sent = web.post(form["url"], data=form["fields"], files={"file": ("a b.csv", BODY)})
    assert sent.status_code == 204, sent.text
    got = s3.get_object(Bucket=bucket, Key="in/a b.csv")
    assert got["Body"].read() == BODY and got["ContentType"] == "text/csv" and got["Metadata"] == {"by": "form"}
    # An empty file, one that is too large, a field that the policy does not know.
    assert web.post(form["url"], data=form["fields"], files={"file": ("n", b"")}).status_code == 400
    large = web.post(form["url"], data=form["fields"], files={"file": ("n", b"x" * 100_001)})
    assert large.status_code == 400 and "EntityTooLarge" in large.text
    other = {**form["fields"], "key": "elsewhere"}
    assert web.post(form["url"], data=other, files={"file": ("n", BODY)}).status_code == 403
    forged = {**form["fields"], "x-amz-signature": "0" * 64}
    assert web.post(form["url"], data=forged, files={"file": ("n", BODY)}).status_code == 403
    said = {"success_action_status": "201"}
    form = s3.generate_presigned_post(bucket, "k", Fields=said, Conditions=[said], ExpiresIn=60)
    sent = web.post(form["url"], data=form["fields"], files={"file": ("n", BODY)})
    assert sent.status_code == 201 and "<Key>k</Key>" in sent.text
    assert sorted(one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]) == ["in/a b.csv", "k"]


@pytest.fixture
def localhost(monkeypatch):
    """`*.localhost` is loopback (RFC 6761), whatever this machine's resolver knows of it."""
    found = socket.getaddrinfo

    def loopback(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        return found("127.0.0.1" if name.endswith("localhost") else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", loopback)


@pytest.mark.parametrize("host", ["localhost", "s3.localhost"])
def test_virtual_hosts(server, home, localhost, host):
    s3, bucket, web = home
    url = f"{server.url.split(':')[0]}://{host}:{server.port}"
    virtual = server.client("s3", url=url, signature_version="s3v4", s3={"addressing_style": "virtual"})
    sent = []
    virtual.meta.events.register("before-send.s3", lambda request, **_: sent.append(request.url))
    virtual.put_object(Bucket=bucket, Key="a b/c", Body=BODY)
    assert sent == [f"{url.replace('://', f'://{bucket}.')}/a%20b/c"]
    assert s3.get_object(Bucket=bucket, Key="a b/c")["Body"].read() == BODY
    assert [one["Key"] for one in virtual.list_objects_v2(Bucket=bucket)["Contents"]] == ["a b/c"]
    presigned = virtual.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b/c"})
    assert presigned.startswith(f"{url.replace('://', f'://{bucket}.')}/")
    if host != "localhost" or url.startswith("http:"):  # OpenSSL takes no *.localhost for a name
        assert web.get(presigned).content == BODY
    virtual.upload_fileobj(io.BytesIO(b"x" * (9 << 20)), bucket, "parts")
    assert virtual.head_object(Bucket=bucket, Key="parts")["ContentLength"] == 9 << 20
    assert bucket in {one["Name"] for one in virtual.list_buckets()["Buckets"]}
    made = f"{bucket}-made"
    virtual.create_bucket(Bucket=made)
    virtual.delete_bucket(Bucket=made)


def test_how_bodies_are_sent(server, home):
    """Over http signed, over https in chunks with a trailer; both ask first (`Expect`)."""
    s3, bucket, _ = home
    heads = []
    s3.meta.events.register("before-send.s3.PutObject", lambda request, **_: heads.append(dict(request.headers)))
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    (head,) = [{name.lower(): value for name, value in one.items()} for one in heads]
    text = {name: value.decode() if isinstance(value, bytes) else value for name, value in head.items()}
    assert text["expect"] == "100-continue"
    if server.url.startswith("https"):
        assert text["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        assert text["content-encoding"] == "aws-chunked" and text["x-amz-trailer"] == "x-amz-checksum-crc32"
    else:
        assert len(text["x-amz-content-sha256"]) == 64 and text["x-amz-checksum-crc32"]
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == BODY and "ContentEncoding" not in got


@pytest.mark.parametrize("signed", [True, False])
def test_payloads_signed_and_unsigned(server, home, signed):
    _, bucket, _ = home
    s3 = server.client("s3", s3={"payload_signing_enabled": signed}, request_checksum_calculation="when_required")
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BODY


def connect(server):
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    if not server.url.startswith("https"):
        return plain
    return ssl.create_default_context(cafile=str(server.authority)).wrap_socket(plain, server_hostname="127.0.0.1")


def signed(server, method, path, headers, body):
    request = AWSRequest(method, f"{server.url}{path}", headers=headers, data=body)
    S3SigV4Auth(Credentials(*server.root()), "s3", "us-east-1").add_auth(request)
    request.headers["Host"] = f"127.0.0.1:{server.port}"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read_head(stream):
    status, head = stream.readline(), []
    while (line := stream.readline()) not in (b"\r\n", b""):
        head.append(line)
    return int(status.split()[1]), dict(one.decode().strip().lower().split(": ", 1) for one in head)


def test_who_expects_100_continue_is_told_before_the_body(server, home):
    s3, bucket, _ = home
    head = {"Content-Length": "5", "Expect": "100-continue"}
    with connect(server) as wire:
        stream = wire.makefile("rb")
        wire.sendall(signed(server, "PUT", f"/{bucket}/k", head, b"hello"))
        assert read_head(stream)[0] == 100
        wire.sendall(b"hello")
        assert read_head(stream)[0] == 200
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"hello"
    # Who may not is told so, and need not send the body.
    with connect(server) as wire:
        stream = wire.makefile("rb")
        wire.sendall(signed(server, "PUT", f"/{bucket}-none/k", head, b"hello"))
        status, _ = read_head(stream)
        assert status in (100, 404)
        if status == 100:
            wire.sendall(b"hello")
            assert read_head(stream)[0] == 404


def test_a_connection_serves_many_requests(server, home):
    _, bucket, _ = home
    with connect(server) as wire:
        stream = wire.makefile("rb")
        for number in range(20):
            head = {"Content-Length": "3"}
            wire.sendall(signed(server, "PUT", f"/{bucket}/k{number}", head, b"abc") + b"abc")
            status, answer = read_head(stream)
            assert status == 200 and answer["x-amz-request-id"]
            assert stream.read(int(answer.get("content-length", 0))) == b""


def test_a_stranger_may_nothing(server, home):
    s3, bucket, web = home
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for method, path in (("GET", ""), ("GET", f"{bucket}"), ("GET", f"{bucket}/k"), ("PUT", f"{bucket}/k"),
                         ("DELETE", f"{bucket}/k"), ("DELETE", f"{bucket}")):
        answer = web.request(method, f"{server.url}/{path}")
        assert answer.status_code == 403 and "<Code>AccessDenied</Code>" in answer.text, (method, path, answer.text)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert web.get(f"{server.url}/_stave/health").json()


def test_cross_origin_requests(home, server):
    s3, bucket, web = home
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    asks = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET"}
    assert web.options(url, headers=asks).status_code == 403
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [{
        "AllowedMethods": ["GET"], "AllowedOrigins": ["http://localhost:*"], "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 60,
    }]})
    answer = web.options(url, headers=asks)
    assert answer.status_code == 200 and "GET" in answer.headers["access-control-allow-methods"]
    got = web.get(url, headers={"Origin": "http://localhost:3000"})
    assert got.content == b"x" and got.headers["access-control-allow-origin"] in ("http://localhost:3000", "*")
    assert web.options(url, headers=asks | {"Origin": "http://evil.example"}).status_code == 403

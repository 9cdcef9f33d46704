"""Data frames on buckets: s3fs with pandas, Polars, DuckDB, object_store by obstore."""

import pathlib

import duckdb
import duckdb_extension_httpfs
import obstore
import pandas
import polars
import pytest
import s3fs
from obstore.store import S3Store

ROWS = {"id": [1, 2, 3], "name": ["ü", "a,b", 'q"q'], "score": [1.5, None, -2.0]}
KEY = "staging/date=2024-05-01/a b+c"


@pytest.fixture(params=["http", "https"])
def server(request):
    return request.getfixturevalue(f"{request.param}_server")


@pytest.fixture
def place(server, names):
    name = names()
    server.client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def options(server):
    """How fsspec's file system is told where to go."""
    key, secret = server.root()
    client = {"endpoint_url": server.url, "region_name": "us-east-1"}
    if server.url.startswith("https"):
        client["verify"] = str(server.authority)
    return {"key": key, "secret": secret, "client_kwargs": client, "skip_instance_cache": True}


def test_pandas_by_s3fs(place, options):
    frame = pandas.DataFrame(ROWS)
    for suffix, write, read in (
        ("csv", lambda path: frame.to_csv(path, index=False, storage_options=options), pandas.read_csv),
        ("parquet", lambda path: frame.to_parquet(path, storage_options=options), pandas.read_parquet),
        ("json", lambda path: frame.to_json(path, orient="records", storage_options=options), pandas.read_json),
    ):
        path = f"s3://{place}/{KEY}.{suffix}"
        write(path)
        pandas.testing.assert_frame_equal(read(path, storage_options=options), frame)


def test_s3fs_as_a_file_system(place, options):
    files = s3fs.S3FileSystem(**options)
    content = bytes(range(256)) * 50_000
    with files.open(f"{place}/raw data/big.bin", "wb", block_size=5 << 20) as file:
        file.write(content)
    files.pipe(f"{place}/raw data/small", b"x")
    assert files.ls(f"{place}/raw data") == [f"{place}/raw data/big.bin", f"{place}/raw data/small"]
    assert files.info(f"{place}/raw data/big.bin")["size"] == len(content) and files.isdir(f"{place}/raw data")
    with files.open(f"{place}/raw data/big.bin") as file:
        file.seek(-1000, 2)
        assert file.read() == content[-1000:]
    files.cp(f"{place}/raw data/big.bin", f"{place}/copied")
    files.mv(f"{place}/raw data/small", f"{place}/moved")
    assert sorted(files.find(place)) == [f"{place}/copied", f"{place}/moved", f"{place}/raw data/big.bin"]
    assert files.cat(f"{place}/copied") == content
    assert files.glob(f"{place}/*/*.bin") == [f"{place}/raw data/big.bin"]
    files.rm(place, recursive=True)
    assert not files.exists(place)


@pytest.fixture
def storage(server):
    key, secret = server.root()
    options = {
        "aws_endpoint_url": server.url, "aws_access_key_id": key, "aws_secret_access_key": secret,
        "aws_region": "us-east-1",
    }
    if server.url.startswith("https"):
        options["allow_invalid_certificates"] = "true"  # it takes no file of authorities
    else:
        options["aws_allow_http"] = "true"
    return options


def test_polars(place, storage):
    frame = polars.DataFrame(ROWS)
    where = f"s3://{place}/{KEY}"
    frame.lazy().sink_parquet(f"{where}.parquet", storage_options=storage)
    frame.lazy().sink_csv(f"{where}.csv", storage_options=storage)
    frame.write_parquet(f"s3://{place}/many/part-1.parquet", storage_options=storage)
    frame.write_parquet(f"s3://{place}/many/part-2.parquet", storage_options=storage)
    for read in (polars.scan_parquet(f"{where}.parquet", storage_options=storage),
                 polars.scan_csv(f"{where}.csv", storage_options=storage)):
        assert read.collect().equals(frame)
    projected = polars.scan_parquet(f"{where}.parquet", storage_options=storage).filter(polars.col("id") > 1)
    assert projected.select("name").collect()["name"].to_list() == ROWS["name"][1:]
    many = polars.scan_parquet(f"s3://{place}/many/*.parquet", storage_options=storage)
    assert many.select(polars.len()).collect().item() == 6


def test_duckdb(server, place):
    """With the httpfs extension that is installed from PyPI; it takes the certificate's authority as a setting."""
    key, secret = server.root()
    (extension,) = pathlib.Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension")
    database = duckdb.connect()
    database.execute(f"load '{extension}'")
    tls = server.url.startswith("https")
    if tls:
        database.execute(f"set ca_cert_file = '{server.authority}'")
        database.execute("set enable_server_cert_verification = true")
    database.execute(
        f"create secret (type s3, key_id '{key}', secret '{secret}', region 'us-east-1', url_style 'path', "
        f"endpoint '127.0.0.1:{server.port}', use_ssl {tls})"
    )
    database.execute("create table t as select i as id, 'n' || i as name from range(200000) r(i)")
    for suffix, form in (("parquet", "format parquet"), ("csv", "format csv, header")):
        database.execute(f"copy t to 's3://{place}/{KEY}.{suffix}' ({form})")
        count, total = database.sql(f"select count(*), sum(id) from 's3://{place}/{KEY}.{suffix}'").fetchone()
        assert (count, total) == (200_000, 200_000 * 199_999 // 2)
    database.execute(f"copy (select *, id % 3 as part from t) to 's3://{place}/parts' (format parquet, partition_by (part))")
    rows = database.sql(
        f"select part, count(*) from read_parquet('s3://{place}/parts/*/*.parquet', hive_partitioning = true) "
        "group by part order by part"
    ).fetchall()
    assert rows == [(0, 66_667), (1, 66_667), (2, 66_666)]


def test_object_store(server, place):
    key, secret = server.root()
    tls = server.url.startswith("https")
    client = {"allow_invalid_certificates": True} if tls else {"allow_http": True}
    store = S3Store(
        place, endpoint=server.url, access_key_id=key, secret_access_key=secret, region="us-east-1",
        client_options=client,
    )
    content = bytes(range(256)) * 80_000
    obstore.put(store, "small é", b"x")
    obstore.put(store, "in parts", content, chunk_size=5 << 20)
    assert obstore.get(store, "in parts").bytes().to_bytes() == content
    assert obstore.get_range(store, "in parts", start=1000, length=24).to_bytes() == content[1000:1024]
    ranges = obstore.get_ranges(store, "in parts", starts=[0, 5_000_000], ends=[10, 5_000_010])
    assert [one.to_bytes() for one in ranges] == [content[:10], content[5_000_000:5_000_010]]
    assert obstore.head(store, "small é")["size"] == 1
    with pytest.raises(obstore.exceptions.AlreadyExistsError):
        obstore.put(store, "small é", b"y", mode="create")
    tag = obstore.head(store, "small é")["e_tag"]
    obstore.put(store, "small é", b"z", mode={"e_tag": tag})
    with pytest.raises(obstore.exceptions.PreconditionError):
        obstore.put(store, "small é", b"z", mode={"e_tag": tag})
    obstore.copy(store, "small é", "copied")
    obstore.rename(store, "copied", "renamed")
    keys = sorted(one["path"] for batch in obstore.list(store) for one in batch)
    assert keys == ["in parts", "renamed", "small é"]
    by_folder = obstore.list_with_delimiter(store)
    assert len(by_folder["objects"]) == 3 and by_folder["common_prefixes"] == []
    obstore.delete(store, keys)
    assert not [one for batch in obstore.list(store) for one in batch]
    with pytest.raises(FileNotFoundError):
        obstore.get(store, "renamed")

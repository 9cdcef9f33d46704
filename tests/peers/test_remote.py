"""Buckets on a server that speaks S3 (moto), named by the AWS_* variables alone."""

import threading

import boto3
import duckdb
import pytest
from moto.server import ThreadedMotoServer

import graphs
from program import Stave


@pytest.fixture
def server():
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()
    assert threading.active_count() < 20


@pytest.fixture
def remote(server, tmp_path):
    env = {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "secret-that-nobody-may-see",
        "AWS_REGION": "us-east-1",
        "STAVE_REMOTE_BUCKETS": "far-*",
    }
    stave = Stave(tmp_path / "home", env)
    stave.s3 = boto3.client(
        "s3", endpoint_url=server, aws_access_key_id="test", aws_secret_access_key="test",
        region_name="us-east-1",
    )
    stave.s3.create_bucket(Bucket="far-lake")
    return stave


def test_objects_go_there_and_back(remote, tmp_path):
    source = tmp_path / "odd name: é.txt"
    source.write_text("content")
    remote.run("cp", source, "s3://far-lake/a folder/odd name: é.txt")
    listed = remote.s3.list_objects_v2(Bucket="far-lake")["Contents"]
    assert [entry["Key"] for entry in listed] == ["a folder/odd name: é.txt"]
    assert remote.run("cat", "s3://far-lake/a folder/odd name: é.txt").stdout == "content"
    remote.run("rm", "s3://far-lake/a folder/odd name: é.txt")
    assert "Contents" not in remote.s3.list_objects_v2(Bucket="far-lake")
    shown = remote.run("config", "show")
    assert "secret-that-nobody-may-see" not in shown.stdout + shown.stderr


def test_job_crawler_and_sql_work_there(remote, tmp_path):
    remote.run("sample", "spotify-2023", "--scale", "0.01", "--out", tmp_path / "staging")
    remote.run("cp", "--recursive", tmp_path / "staging", "s3://far-lake/staging")
    remote.job(graphs.batch("s3://far-lake/staging", "s3://far-lake/warehouse/"))
    remote.run("crawler", "create", "far", "--target", "s3://far-lake/warehouse/", "--database", "far")
    remote.run("crawler", "run", "far")
    (row,) = remote.query("select count(*) n, count(distinct artist_id) a from warehouse", "far")
    keys = [entry["Key"] for entry in remote.s3.list_objects_v2(Bucket="far-lake", Prefix="warehouse/")["Contents"]]
    for number, key in enumerate(keys):
        remote.s3.download_file("far-lake", key, str(tmp_path / f"{number}.parquet"))
    (expected,) = duckdb.sql(
        f"select count(*), count(distinct artist_id) from '{tmp_path}/*.parquet'"
    ).fetchall()
    assert (row["n"], row["a"]) == expected
    assert expected[0] > 3000

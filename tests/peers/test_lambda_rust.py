"""A function in Rust over AWS's own `lambda_runtime`: `examples/lambda-rust`, built and invoked."""

import json
import subprocess

import pytest
from functions import answer, tail
from program import ROOT

BUILD = [
    "cargo", "build", "--locked", "--quiet", "--manifest-path", ROOT / "examples/lambda-rust/Cargo.toml",
    "--target-dir", ROOT / "target/lambda-rust",
]


@pytest.fixture(scope="module")
def bootstrap():
    subprocess.run(BUILD, check=True)
    return (ROOT / "target/lambda-rust/debug/bootstrap").read_bytes()


def test_a_function_in_rust(bootstrap, functions, make_function):
    name = make_function(("bootstrap", bootstrap), Runtime="provided.al2023", Handler="bootstrap")
    objects = [("lake", 3), ("lake", 4), ("other", 5)]
    records = [{"s3": {"bucket": {"name": name}, "object": {"key": "a", "size": size}}} for name, size in objects]
    for _ in range(2):
        done = functions.invoke(FunctionName=name, Payload=json.dumps({"Records": records}), LogType="Tail")
        assert "FunctionError" not in done, tail(done)
        assert answer(done) == {
            "bytes": {"lake": 7, "other": 5}, "request": done["ResponseMetadata"]["RequestId"],
        }
        assert '"a" in "other"\n' in tail(done)
    refused = functions.invoke(FunctionName=name, Payload=b"{}")
    assert refused["FunctionError"] == "Unhandled"
    assert "the event has no Records" in answer(refused)["errorMessage"]

#!/usr/bin/env python3
"""Writes the wire types of AWS's services from the models that botocore carries.

    generate.py            writes crates/stave-wire/src/types/*.rs
    generate.py --check    says which of them are not as it would write them, and fails if any

What is written for a service is in services.toml: the model, and the operations that are served;
of all others the name is kept, so that they are refused by it. It needs the botocore of
tests/requirements.txt, and rustfmt.
"""

import argparse
import gzip
import json
import pathlib
import subprocess
import sys
import tomllib

import botocore
from model import Model
from rust import module

HERE = pathlib.Path(__file__).resolve().parent
TYPES = HERE.parents[1] / "crates/stave-wire/src/types"


def load(path):
    """The model of `iam/2010-05-08`."""
    folder = pathlib.Path(botocore.__file__).parent / "data" / path
    packed = folder / "service-2.json.gz"
    if packed.exists():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return json.loads((folder / "service-2.json").read_text())


def formatted(source):
    command = ["rustfmt", "--edition", "2024", "--config-path", str(HERE.parents[1])]
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"rustfmt does not take what was generated:\n{done.stderr}\n{source[:2000]}")
    return done.stdout


def main():
    arguments = argparse.ArgumentParser(description="wire types from botocore's models")
    arguments.add_argument("--check", action="store_true", help="compare, write nothing")
    check = arguments.parse_args().check
    services = tomllib.loads((HERE / "services.toml").read_text())
    stale = []
    for name, service in services.items():
        model = Model(load(service["model"]), service["operations"])
        text = formatted(module(model, service["model"], botocore.__version__))
        path = TYPES / f"{name}.rs"
        if path.exists() and path.read_text() == text:
            continue
        stale.append(path.name)
        if not check:
            path.write_text(text)
    if check and stale:
        sys.exit(f"not as tools/wire-types/generate.py writes them: {', '.join(stale)}")


if __name__ == "__main__":
    main()

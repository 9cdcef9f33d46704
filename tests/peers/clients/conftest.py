"""The AWS command line, started anew for every call."""

import pytest

from aws_process import Aws


@pytest.fixture(params=["http", "https"])
def aws(request, tmp_path):
    return Aws(request.getfixturevalue(f"{request.param}_server"), tmp_path)

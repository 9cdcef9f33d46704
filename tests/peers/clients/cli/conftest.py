"""A server for each file, so that its lists hold nothing else, and one command line for all."""

import pytest

from command_line import Aws, Warm
from functions import configure
from program import Stave
from served import Served


@pytest.fixture(scope="session")
def warm():
    warm = Warm()
    yield warm
    warm.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Served(Stave(configure(tmp_path_factory.mktemp("cli") / "home")))
    yield server
    assert server.stop() == 0, server.log[-50:]


@pytest.fixture(scope="module")
def aws(warm, server, tmp_path_factory):
    return Aws(warm, server, tmp_path_factory.mktemp("aws"))

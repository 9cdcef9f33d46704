"""Servers that are treated badly, each on a home of its own. STAVE_FAULTS=long takes its time."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "peers"))

from program import Stave  # noqa: E402
from served import Served  # noqa: E402
from wire import Wire  # noqa: E402

LONG = os.environ.get("STAVE_FAULTS") == "long"


@pytest.fixture(scope="session")
def long():
    """Whether there is time: 50 kills instead of 5, a minute of load instead of ten seconds."""
    return LONG


@pytest.fixture
def stave(tmp_path):
    return Stave(tmp_path / "home")


@pytest.fixture
def server(stave):
    served = Served(stave)
    yield served
    assert served.process.poll() is None, "the server has died:\n" + "".join(served.log[-50:])
    assert served.stop() == 0


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """A server that the tests of a module share; it must outlive them all."""
    served = Served(Stave(tmp_path_factory.mktemp("standing") / "home"))
    yield served
    assert served.process.poll() is None, "the server has died:\n" + "".join(served.log[-50:])
    assert served.stop() == 0


@pytest.fixture
def wires():
    """Gives connections to a server, and closes them."""
    made = []

    def connect(server, **options):
        made.append(Wire(server.port, server.root(), **options))
        return made[-1]

    yield connect
    for one in made:
        one.close()

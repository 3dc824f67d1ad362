"""A server of its own for each file of tests, in the lab that is around it."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))


def pytest_collection_modifyitems(items):
    if "LAB_DIR" not in os.environ:
        for item in items:
            if "tests/server" in str(item.path):
                item.add_marker(pytest.mark.skip(
                    reason="not inside the lab: tests/lab/lab.py run -- pytest"))


@pytest.fixture
def lab():
    from lab import Lab
    lab = Lab.attach()
    yield lab
    lab.clear_faults()


@pytest.fixture(scope="module")
def options():
    """What a file of tests adds to signet.conf."""
    return {}


@pytest.fixture(scope="module")
def server(tmp_path_factory, options):
    from server import SIGNET, Server
    with Server(SIGNET, tmp_path_factory.mktemp("server"),
                **{"clock.test": "yes", "log.level": "debug", **options}) as running:
        yield running
        assert running.process.poll() is None, running.log()[-3000:]
    assert "AddressSanitizer" not in running.log()

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def corpus():
    return ROOT / "tests" / "corpus"


@pytest.fixture(scope="session")
def signet():
    """Runs the binary that SIGNET names, build/src/cli/signet where it names none."""
    binary = os.path.abspath(os.environ.get("SIGNET", ROOT / "build/src/cli/signet"))

    def run(*args, **kwargs):
        return subprocess.run([binary, *map(str, args)], capture_output=True, text=True,
                              timeout=60, **kwargs)
    return run


@pytest.fixture(scope="session")
def dmarc(signet):
    """The JSON answer of `signet dmarc`."""
    def run(server, sender, *args):
        done = signet("dmarc", "--json", "--dns", server.address, "--dns-timeout-ms", 400,
                      "--from", sender, *args)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\n") == 1
        return json.loads(done.stdout)
    return run

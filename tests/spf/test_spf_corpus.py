"""Every case of the public SPF suites, and of our own, through the binary and a real DNS server."""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "lib"), str(ROOT / "tests" / "spf")]

import suites  # noqa: E402
from dnsserver import DnsServer  # noqa: E402

SIGNET = os.environ.get("SIGNET", str(ROOT / "build" / "src" / "cli" / "signet"))
ZONES, CASES = suites.load()
MEMBERS = ["result", "explanation", "mechanism", "lookups", "void_lookups", "problem"]


def signet(port, case):
    timeout = "1000" if case.has_timeouts else "10000"
    return subprocess.run(
        [SIGNET, "spf", "--json", "--dns", f"127.0.0.1:{port}", "--dns-timeout-ms",
         timeout, "--ip", case.ip, "--helo", case.helo, "--mail-from", case.mail_from],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)


@pytest.fixture(scope="session")
def runs():
    """All evaluations, by the name of the case."""
    with DnsServer() as dns, concurrent.futures.ThreadPoolExecutor(8) as pool:
        ports = {key: dns.add(zone) for key, zone in ZONES.items()}
        done = pool.map(lambda case: signet(ports[case.zone], case), CASES)
        return {case.name: run for case, run in zip(CASES, done)}


def test_every_suite_is_read():
    counts = {}
    for case in CASES:
        suite = case.name.partition(":")[0]
        counts[suite] = counts.get(suite, 0) + 1
    assert counts == {"rfc4408-tests.yml": 191, "pyspf-tests-openspf.yml": 13,
                      "stalwart-rfc7208-appendix-examples.yml": 35,
                      "libspf2-rfc-examples.txt": 23, "rfc7208-cases.yml": 58}
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(runs, case):
    run = runs[case.name]
    assert run.returncode == 0, run.stderr
    assert run.stderr == b""
    answer = json.loads(run.stdout)
    assert list(answer) == MEMBERS
    assert answer["result"] in case.results, answer
    if case.explanation is None:
        return
    if case.explanation in suites.CASELESS:
        answer["explanation"] = answer["explanation"].lower()
    assert answer["explanation"] == case.explanation

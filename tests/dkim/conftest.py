"""What the suites of this folder share: the corpus served by DNS, and the binary."""

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from dnsserver import DnsServer  # noqa: E402


@pytest.fixture(scope="session")
def dns():
    with DnsServer() as server:
        yield server


def zone_of(records):
    """The zone for a dns.json: name -> TXT, SERVFAIL or NXDOMAIN, or lists of strings."""
    zone = {}
    for name, value in records.items():
        if value == "NXDOMAIN":
            continue
        if value in ("SERVFAIL", "TIMEOUT"):
            zone[name] = [(value, None)]
        elif isinstance(value, dict):
            zone[name] = [("TXT", [text.encode() for text in strings])
                          for strings in value["TXT"]]
        else:
            zone[name] = [("TXT", [value.encode()])]
    return zone


@pytest.fixture(scope="session")
def serve(dns):
    """serve(path of a dns.json) gives the --dns arguments for its zone."""
    known = {}

    def start(path):
        if path not in known:
            port = dns.add(zone_of(json.loads(path.read_text())))
            known[path] = ["--dns", f"127.0.0.1:{port}", "--dns-timeout-ms", "500"]
        return known[path]
    return start

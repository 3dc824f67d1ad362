"""The zones of the DMARC corpus, served by tests/lib/dnsserver.py.

A zone here is name -> type -> list of data, where TXT data is a list of strings, or
{"error": "ETIMEOUT"} for silence and any other error for SERVFAIL.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from dnsserver import TYPES, DnsServer, Zone

KINDS = {number: kind for kind, number in TYPES.items()}


def entry(kind, data):
    if kind in ("TXT", "SPF"):
        return kind, [text.encode() for text in ([data] if isinstance(data, str) else data)]
    if kind == "MX":
        return kind, (data.get("priority", 10), data["exchange"])
    return kind, data


def entries(types):
    out = []
    for kind, data in types.items():
        if isinstance(data, dict):
            out.append(("TIMEOUT" if data.get("error") == "ETIMEOUT" else "SERVFAIL", None))
        else:
            out += [entry(kind, item) for item in data]
    return out


class ZoneServer:
    """with ZoneServer(zone) as server: … server.address is "127.0.0.1:PORT"."""

    def __init__(self, zone):
        self.zone = Zone({name: entries(types) for name, types in zone.items()})
        self.server = DnsServer()

    def __enter__(self):
        self.server.__enter__()
        self.address = "127.0.0.1:%d" % self.server.add_zone(self.zone)
        return self

    def __exit__(self, *exc):
        self.server.__exit__(*exc)

    @property
    def asked(self):
        return [(b".".join(labels).decode("latin-1"), KINDS.get(number, str(number)))
                for labels, number in self.zone.asked]

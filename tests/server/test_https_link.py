"""From nothing to a green https link, by itself, after the records appear (issue 5, "What it
must show"): DNS, probes, CAA, an order at a real authority, the edge, a look from outside."""

import http.client
import socket
import ssl

import pytest

import pebble
import world
from server import SIGNET, Server, host, until

EDGE, EDGE6 = pebble.EDGES["us"]


@pytest.fixture
def ca(tmp_path):
    with pebble.Pebble(tmp_path / "pebble") as running:
        yield running


@pytest.fixture
def own(tmp_path, ca):
    pebble.reach(EDGE, EDGE6)
    (tmp_path / "server").mkdir()
    running = Server(SIGNET, tmp_path / "server", **{
        "clock.test": "yes", "probe.private": "yes", "acme.ca_file": str(ca.root()),
        "edge.listen": f"{EDGE}:80 [{EDGE6}]:80",
        "edge.tls_listen": f"{EDGE}:443 [{EDGE6}]:443"}, **ca.options())
    running.prefix = ca.prefix()
    with running:
        yield running


def tracking(server, name):
    return next(row for row in server.api.ok("GET", "/v1/tracking-domains?limit=200")["data"]
                if row["name"] == name)


class ToTheEdge(http.client.HTTPSConnection):
    """By the name, connected to the edge, since this process knows no lab's DNS."""

    def connect(self):
        plain = socket.create_connection((EDGE, 443), self.timeout)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


def get(ca, name, path):
    """As a browser that trusts the authority does."""
    context = ssl.create_default_context(cafile=str(ca.root()))
    connection = ToTheEdge(name, context=context, timeout=10)
    connection.request("GET", path)
    reply = connection.getresponse()
    reply.read()
    connection.close()
    return reply


def test_from_nothing_to_a_green_https_link(lab, own, ca):
    name = "track.green.example"
    own.register(lab, "green.example")
    row = tracking(own, name)
    assert row["status"] == "waiting" and row["link"]["own"] is False
    host(lab, "green.example", world.WEB_SITE + own.zone("green.example"))
    own.step("green.example")        # nobody asks: the schedule finds the records
    assert own.domain("green.example")["status"] == "verified"
    row = until(lambda: (r := tracking(own, name))["https"] == "green" and r, "a green link", 90)
    assert row["status"] == "verified" and row["http"] == "green"
    assert (row["link"]["scheme"], row["link"]["host"]) == ("https", name)
    certificate = own.api.ok("GET", f"/v1/tracking-domains/{row['id']}/certificate")
    assert certificate["state"] == "valid"
    events = [e["type"] for e in own.api.ok(
        "GET", "/v1/events?domain=green.example&limit=200")["data"]]
    assert events.index("tracking.verified") < events.index("tracking.tls_issued") \
        < events.index("tracking.https")
    reply = get(ca, name, "/robots.txt")
    assert reply.status == 200

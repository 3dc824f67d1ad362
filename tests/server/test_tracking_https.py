"""A tracking name through its life with HTTPS: certified by itself, a sealed click over
HTTPS, dangling and back, retired (PEERS C12, C20; issue 5, part 6)."""

import http.client
import json
import re
import socket
import ssl
import subprocess

import pytest

import pebble
import world
from server import SIGNET, Server, host, seconds, until

EDGE, EDGE6 = pebble.EDGES["us"]
NAME, HOST = "fresh.example", "track.fresh.example"


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    with pebble.Pebble(tmp_path_factory.mktemp("pebble")) as running:
        yield running


@pytest.fixture(scope="module")
def server(tmp_path_factory, ca):
    pebble.reach(EDGE, EDGE6)
    running = Server(SIGNET, tmp_path_factory.mktemp("server"), **{
        "edge.listen": f"{EDGE}:80 [{EDGE6}]:80",
        "edge.tls_listen": f"{EDGE}:443 [{EDGE6}]:443",
        "probe.private": "yes", "acme.ca_file": str(ca.root()),
        "clock.test": "yes", "log.level": "debug"}, **ca.options())
    running.prefix = ca.prefix()
    with running:
        yield running
        assert running.process.poll() is None, running.log()[-3000:]


def zone(server):
    text = "".join(line + "\n" for line in server.zone(NAME).splitlines() if "\t" in line)
    return world.WEB_SITE + text


def link(server, name=HOST):
    return server.api.ok("GET", f"/v1/tracking-domains/{name}")


def becomes(server, condition, what, minutes=90):
    """Lets the server's time pass, a minute after the other, until the name is so."""
    for _ in range(minutes):
        for _ in range(4):
            try:
                return until(lambda: condition(d := link(server)) and d, what, 0.5)
            except AssertionError:
                pass
        server.shift(61)
    raise AssertionError(f"{what}: {link(server)}\n{server.log()[-3000:]}")


def events(server):
    found = server.api.ok("GET", "/v1/events?limit=200")["data"]
    return [e["type"] for e in found if e["data"].get("name") == HOST or
            e["data"].get("host") == HOST]


def click(server, ca, to):
    """The answer to a click on a link of the host, its certificate verified."""
    sealed = json.loads(subprocess.run(
        [SIGNET, "token", "seal", "--token-keys", server.data / "token.keys", "--host", HOST,
         "--json", to], check=True, capture_output=True).stdout)["token"]
    context = ssl.create_default_context(cafile=str(ca.root()))
    raw = socket.create_connection((EDGE, 443), timeout=10)
    with context.wrap_socket(raw, server_hostname=HOST) as tls:
        tls.sendall(f"GET /click/{sealed} HTTP/1.1\r\nHost: {HOST}\r\n"
                    "User-Agent: test\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(tls)
        answer.begin()
        return answer.status, answer.getheader("Location")


def test_from_nothing_to_a_green_link(lab, server, ca):
    host(lab, NAME, world.WEB_SITE)
    server.add(NAME)
    assert link(server)["status"] == "waiting"
    assert not link(server)["link"]["own"]
    server.checked(NAME)
    host(lab, NAME, zone(server))                  # the CNAME appears; nobody says so
    found = becomes(server, lambda d: d["https"] == "green", "a green light")
    assert found["status"] == "verified" and found["http"] == "green"
    assert found["certificate"]["valid"] and found["certificate"]["names"] == [HOST]
    assert found["certificate_state"] == "valid"
    assert len(found["addresses"]) == 2            # IPv4 and IPv6, both probed
    assert {c["light"] for c in found["checks"]} == {"green"}, found["checks"]
    assert "addresses" in {c["code"] for c in found["checks"]}
    assert found["link"]["scheme"] == "https" and found["link"]["host"] == HOST
    seen = events(server)
    order = ["tracking.pending", "tracking.verified", "tracking.http", "tracking.https"]
    assert [e for e in seen if e in order] == order, seen
    assert click(server, ca, "https://fresh.example/spring") == (
        302, "https://fresh.example/spring")


def test_where_it_no_longer_opens_another_host_is_used(lab, server, ca):
    """The operator's own host, certified like all, takes over; old links go on for as long
    as the name leads here, and it comes back by itself."""
    own = until(lambda: (d := link(server, "edge.us.mail.example"))["https"] == "green" and d,
                "the platform's host to be certified", 60)
    assert own["mode"] == "operator"
    host(lab, NAME, re.sub(r"track\S*\t.*\n", "track CNAME gone.mail.example.\n",
                           zone(server)))
    server.shift(61)
    found = server.api.ok("POST", f"/v1/tracking-domains/{HOST}/verify?wait=30s")
    assert found["status"] == "lost" and found["dangling"]
    assert found["link"] == {**found["link"], "scheme": "https", "own": False,
                             "host": "edge.us.mail.example", "reason": "dangling"}
    host(lab, NAME, zone(server))
    found = becomes(server, lambda d: d["https"] == "green", "the name to come back")
    assert found["link"]["host"] == HOST


def test_a_retired_name_goes_on(lab, server, ca):
    """Its links redirect over HTTPS; no new ones are made with it (PEERS C20)."""
    identity = link(server)["id"]
    assert server.api.delete(f"/v1/tracking-domains/{HOST}").status == 204
    path = f"/v1/tracking-domains/{identity}"
    row = until(lambda: (d := server.api.ok("GET", path)) and
                seconds(d["next_check_at"]) > seconds(d["retired_at"]) + 3600 and d,
                "a look")
    assert row["link"]["reason"] == "retired"
    server.shift(13 * 3600)
    until(lambda: server.api.ok("GET", path)["checked_at"] > row["checked_at"],
          "another look")
    assert click(server, ca, "https://fresh.example/old") == (
        302, "https://fresh.example/old")

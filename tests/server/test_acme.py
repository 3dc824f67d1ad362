"""Certificates of tracking hosts, from a real authority (pebble) that validates through
the running edge (issue 5, part 5; PEERS C12, C13)."""

import datetime
import http.client
import http.server
import os
import pathlib
import random
import re
import signal
import socket
import ssl
import threading
import time

import pytest

import pebble
import world
from authority import Authority, openssl
from server import SIGNET, Server, host, until

DAY = 86400


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    with pebble.Pebble(tmp_path_factory.mktemp("pebble"), validity=6 * DAY,
                       blocked=["blocked.example"]) as running:
        yield running


def edge_options(authority, region="us"):
    v4, v6 = pebble.EDGES[region]
    return {"edge.listen": f"{v4}:80 [{v6}]:80",
            "edge.tls_listen": f"{v4}:443 [{v6}]:443",
            "probe.private": "yes", "acme.ca_file": str(authority.root()),
            "clock.test": "yes", "log.level": "debug"}


@pytest.fixture(scope="module")
def server(tmp_path_factory, ca):
    pebble.reach(*pebble.EDGES["us"])
    running = Server(SIGNET, tmp_path_factory.mktemp("server"), **edge_options(ca),
                     **ca.options())
    running.prefix = ca.prefix()
    with running:
        yield running
        assert running.process.poll() is None, running.log()[-3000:]
    assert "AddressSanitizer" not in running.log()


def publish(lab, server, name, more=""):
    """The records of the domain, and more."""
    zone = "".join(line + "\n" for line in server.zone(name).splitlines() if "\t" in line)
    host(lab, name, world.WEB_SITE + zone + more)


class Host:
    """A tracking host of a verified domain of its own."""

    def __init__(self, server, name, region="us"):
        self.server, self.domain = server, name
        self.edge = pebble.EDGES[region][0]
        self.row = next(row for row in server.api.ok(
            "GET", "/v1/tracking-domains?limit=200")["data"]
            if row["name"].endswith("." + name))
        self.id, self.name = self.row["id"], self.row["name"]

    @property
    def path(self):
        return f"/v1/tracking-domains/{self.id}/certificate"

    def certificate(self):
        return self.server.api.ok("GET", self.path)

    def becomes(self, state, condition=lambda c: True, seconds=60):
        seen = {}

        def look():
            seen["last"] = self.certificate()
            return seen["last"]["state"] == state and condition(seen["last"]) and seen["last"]
        try:
            return until(look, f"{self.name} to be {state}", seconds)
        except AssertionError as problem:
            raise AssertionError(f"{problem}: {seen['last']}\n{self.server.log()[-4000:]}") \
                from None

    def look(self):
        """Has the host looked at now."""
        self.server.api.ok("POST", f"/v1/tracking-domains/{self.id}/verify?wait=30s")
        self.server.shift(61)

    def events(self):
        return [e["type"] for e in self.server.api.ok(
            "GET", f"/v1/events?domain={self.domain}&limit=200")["data"]
            if e["type"].startswith("tracking.tls_")]

    def served(self):
        """Serial number of what the edge shows for the name, in lower-case hex."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((self.edge, 443), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname=self.name) as tls:
                der = tls.getpeercert(binary_form=True)
        text = openssl("x509", "-inform", "DER", "-noout", "-serial",
                       input=der).stdout.decode()
        return text.split("=")[1].strip().lower()


def verified(lab, server, name, more="", region="us"):
    server.register(lab, name, region=region)
    publish(lab, server, name, more)
    document = server.verify(name)
    assert document["status"] == "verified", document
    return Host(server, name, region)


def metrics(server):
    """Numbers without labels, and those by state: "certificates:valid"."""
    text = server.api.get("/metrics").body.decode()
    return {name + (":" + state if state else ""): float(value) for name, state, value in
            re.findall(r'^signet_(\w+)(?:{state="(\w+)"})? (\S+)$', text, re.M)}


def findings(server, domain, code):
    """What a check that is asked for says of the domain by this code."""
    return [d for d in server.verify(domain)["advice"] if d["code"] == code]


def test_from_a_record_to_a_certificate(lab, server, ca):
    """Nothing but the records is done."""
    one = verified(lab, server, "first.example")
    document = one.becomes("valid")
    assert document["source"] == "acme" and "Pebble" in document["issuer"]
    assert document["days_left"] in (5, 6) and document["error"] is None
    until(lambda: one.served() == document["serial"], "the edge to show it")
    assert one.events() == ["tracking.tls_issued"]
    assert ca.validations(one.name) == 1
    seen = until(lambda: (m := metrics(server)).get("certificates:valid") and m,
                 "the certificates to be counted", 30)
    assert seen["certificate_orders_total"] >= seen["certificate_orders_issued_total"] > 0
    assert seen["tracking_looks_total"] > seen["tracking_looks_failed_total"] == 0
    ends = datetime.datetime.fromisoformat(document["not_after"].replace("Z", "+00:00"))
    # The operator's own host has one too, a moment older or younger.
    assert abs(seen["certificate_not_after_seconds"] - ends.timestamp()) < 600
    assert not any(one.name in path.read_text() and len(path.name) > 40 for path in
                   pathlib.Path(server.data / "acme/challenges").glob("*"))


def test_a_name_that_does_not_lead_here_is_never_asked_for(lab, server, ca):
    """C13: no record, no order; and none for a domain that is not verified."""
    server.register(lab, "away.example")
    away = Host(server, "away.example")
    for _ in range(3):
        away.look()
    assert away.certificate()["state"] == "none"
    publish(lab, server, "away.example")
    other = server.api.ok("POST", "/v1/tracking-domains", {"name": "go.away.example",
                                                          "domain": "away.example"})
    server.verify("away.example")
    away.becomes("valid")
    server.api.ok("POST", f"/v1/tracking-domains/{other['id']}/verify?wait=30s")
    path = f"/v1/tracking-domains/{other['id']}/certificate"
    document = until(lambda: (d := server.api.ok("GET", path))["state"] == "checking" and d,
                     "the other to be looked at")
    assert document["message"], document
    assert ca.validations("go.away.example") == 0


def test_caa_that_forbids(lab, server, ca):
    """RFC 8659: looked up before the authority is asked, and again when it is mended. The
    diagnosis of the domain and the order judge by the same names, those of acme.caa_names."""
    one = verified(lab, server, "caa.example", '@ CAA 0 issue "other.example"\n')
    document = one.becomes("checking", lambda c: c["message"])
    assert "CAA record of caa.example" in document["message"], document
    assert "pebble.example" in document["message"]
    assert ca.validations(one.name) == 0
    found = findings(server, "caa.example", "caa.forbids_issuer")
    assert "does not let pebble.example issue" in found[0]["message"], found
    assert 'flags 0, tag "issue", value "pebble.example"' in found[0]["fix"], found
    publish(lab, server, "caa.example", '@ CAA 0 issue "pebble.example"\n')
    server.shift(700)
    assert findings(server, "caa.example", "caa.forbids_issuer") == []
    one.look()
    one.becomes("valid")
    # The option may change while it runs.
    for name, expected in ("third.example", 1), ("pebble.example", 0):
        server.configure(**{"acme.caa_names": name})
        server.reload()
        found = until(lambda n=expected: len(f := findings(
            server, "caa.example", "caa.forbids_issuer")) == n and [f], "the option to hold")[0]
        assert all(name in d["fix"] for d in found), found


def test_a_challenge_that_cannot_be_reached(lab, server, ca):
    """The name leads to an edge of ours that does not answer: looked at, not ordered."""
    server.register(lab, "dark.example", region="eu")
    publish(lab, server, "dark.example")
    server.verify("dark.example")
    one = Host(server, "dark.example")
    one.look()
    document = one.becomes("checking", lambda c: c["message"])
    assert ca.validations(one.name) == 0, document


def test_what_the_authority_refuses(lab, server, ca):
    """Shown in words with what to do, tried again later and later."""
    one = verified(lab, server, "blocked.example")
    document = one.becomes("failed")
    assert document["error"] == "rejected" and document["attempts"] == 1
    assert "forbidden by policy" in document["message"] and "upload" in document["fix"]
    assert metrics(server)["certificate_orders_failed_total"] > 0
    orders = ca.orders()
    one.look()
    assert one.certificate()["attempts"] == 1
    server.shift(6 * 60)
    one.becomes("failed", lambda c: c["attempts"] == 2)
    assert one.events() == ["tracking.tls_failed"] * 2
    assert ca.orders() == orders


def test_renewal_by_the_clock(lab, server, ca):
    """When a third of its life is left; what it replaces is not shown any more."""
    one = verified(lab, server, "renew.example")
    before = one.becomes("valid")
    server.shift(3 * DAY)
    one.look()
    assert one.certificate()["serial"] == before["serial"]
    server.shift(1.1 * DAY)
    after = one.becomes("valid", lambda c: c["serial"] != before["serial"])
    until(lambda: one.served() == after["serial"], "the edge to show the new one")
    assert one.events() == ["tracking.tls_issued"] * 2


def test_a_customers_own(lab, server, ca, tmp_path):
    own = Authority(tmp_path, "Customer CA")
    one = verified(lab, server, "own.example")
    one.becomes("valid")
    chain, key = own.certify(f"DNS:{one.name}", "good")
    document = server.api.ok("PUT", one.path, {"chain": chain.read_text(),
                                               "key": key.read_text()})
    assert document["state"] == "valid" and document["source"] == "uploaded"
    assert document["issuer"] == "Customer CA"
    until(lambda: one.served() == document["serial"], "the edge to show it")
    for names, other_key in (("DNS:other.example", None), (f"DNS:{one.name}", key)):
        bad, bad_key = own.certify(names, "bad")
        reply = server.api.call("PUT", one.path, {
            "chain": bad.read_text(), "key": (other_key or bad_key).read_text()})
        assert reply.status == 422 and reply.pointers == ["/chain"], reply
    assert one.certificate()["serial"] == document["serial"]
    # Without it the host gets one again by itself.
    assert server.api.delete(one.path).status == 204
    server.shift(601)
    one.becomes("valid", lambda c: c["source"] == "acme")


def test_revoked_on_request(lab, server, ca):
    one = verified(lab, server, "revoke.example")
    serial = one.becomes("valid")["serial"]
    assert not ca.is_revoked(serial)
    assert server.api.delete(one.path).status == 204
    until(lambda: ca.is_revoked(serial), "the revocation")
    server.shift(601)
    assert one.becomes("valid")["serial"] != serial


def test_revoked_when_deleted_and_led_away(lab, server, ca):
    """Old links go on as long as the name leads here; then that is the end of it."""
    one = verified(lab, server, "gone.example")
    serial = one.becomes("valid")["serial"]
    assert server.api.delete(f"/v1/tracking-domains/{one.id}").status in (200, 204)
    assert one.served() == serial
    assert not ca.is_revoked(serial)
    host(lab, "gone.example", world.WEB_SITE)
    server.shift(13 * 3600)  # retired names are looked at twice a day
    until(lambda: ca.is_revoked(serial), "the revocation")


def children(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@pytest.mark.parametrize("role", ["core", "acme", "keys"])
def test_killed_in_the_middle_of_an_order(lab, server, ca, role):
    """kill -9: the order is taken up again. Where acme lives it is the same one."""
    os.kill(ca.process.pid, signal.SIGSTOP)
    try:
        one = verified(lab, server, f"kill-{role}.example")
        one.becomes("issuing")
        acme = server.pids()["acme"]
        until(lambda: children(acme), "uacme to run")
        old = server.kill(role)
        until(lambda: server.pids().get(role, old) != old, f"{role} again")
    finally:
        os.kill(ca.process.pid, signal.SIGCONT)
    until(server.is_up, "all roles")
    one.becomes("valid")
    assert one.events() == ["tracking.tls_issued"]
    assert ca.validations(one.name) == 1


@pytest.fixture
def alone(lab, tmp_path):
    """(server, authority) for one test. Nobody has moved its clock on, so nothing is renewed
    and what is issued can be counted: one it is before, of the operator's own host."""
    pebble.reach(*pebble.EDGES["eu"])
    (tmp_path / "server").mkdir()
    with pebble.Pebble(tmp_path / "pebble") as ca:
        server = Server(SIGNET, tmp_path / "server", **edge_options(ca, "eu"), **ca.options())
        server.prefix = ca.prefix()
        with server:
            until(lambda: re.search(r"acme\.ended .*result=done", server.log()),
                  "the certificate of the operator's own host", 60)
            assert ca.issued() == 1
            yield server, ca


class Relay(http.server.ThreadingHTTPServer):
    """Stands before an authority. While `may_pass` is not set it keeps back what a client
    asks for once its certificate is issued: the certificate."""

    daemon_threads = True

    def __init__(self, authority):
        super().__init__(("127.0.0.1", 0), Relaying)
        self.authority = authority
        self.trust = ssl.create_default_context(cafile=str(authority.own.pem))
        self.may_pass, self.asked = threading.Event(), threading.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.own.certify("IP:127.0.0.1", "relay"))
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def options(self):
        return {"acme.directory": f"https://127.0.0.1:{self.server_port}/dir"}


class Relaying(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def relay(self):
        relay = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/certZ/"):
            relay.asked.set()
            relay.may_pass.wait(120)
        onward = http.client.HTTPSConnection("127.0.0.1", relay.authority.port,
                                             context=relay.trust, timeout=30)
        # With its own Host: the authority makes its addresses of that.
        onward.request(self.command, self.path, body, dict(self.headers))
        reply = onward.getresponse()
        body = reply.read()
        onward.close()
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection",
                                    "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = relay

    def log_message(self, *_ignored):
        pass


@pytest.fixture
def held(lab, alone):
    """(server, authority, relay, host): the certificate of the host is issued, and uacme
    waits for it."""
    server, ca = alone
    with Relay(ca) as relay:
        restart(server, relay)
        one = verified(lab, server, "held.example", region="eu")
        until(relay.asked.is_set, "the certificate to be asked for", 60)
        assert ca.issued() == 2
        yield server, ca, relay, one
        relay.may_pass.set()
        relay.shutdown()


def is_alive(pid):
    return pathlib.Path(f"/proc/{pid}").exists()


def runs(server):
    """The processes that work in the folder of acme, but for acme itself."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            folder = entry.name.isdigit() and os.readlink(entry / "cwd")
        except OSError:
            continue
        if folder == str(server.data / "acme") and int(entry.name) not in \
                server.pids().values():
            found.append(int(entry.name))
    return found


@pytest.mark.parametrize("roles", ["acme", "core acme", "core acme keys", "all of it"])
def test_killed_when_the_certificate_is_issued(held, roles):
    """kill -9 while uacme fetches it: the next acme takes it, none is ordered again."""
    server, ca, relay, one = held
    if roles == "all of it":
        pids = server.pids().values()
        server.process.kill()
        server.process.wait()
        until(lambda: not any(map(is_alive, pids)), "the roles to end")
        server.start()
    else:
        for role in roles.split():
            server.kill(role)
        until(lambda: "acme.joined" in server.log(), "the next acme")
        until(server.is_up, "all roles")
    assert one.certificate()["state"] == "issuing"
    relay.may_pass.set()
    one.becomes("valid")
    assert one.events() == ["tracking.tls_issued"]
    assert ca.issued() == 2 and ca.validations(one.name) == 1
    until(lambda: not runs(server), "the run to end")


def test_an_orderly_end_leaves_no_run(held):
    """Neither one of its own nor one that an acme before it had begun."""
    server, _ca, relay, one = held
    old = server.kill("acme")
    until(lambda: server.pids().get("acme", old) != old, "acme again")
    assert runs(server)
    assert server.stop() == 0
    assert not runs(server)
    relay.may_pass.set()
    server.start()
    one.becomes("valid")


def test_orders_under_fire(lab, alone):
    """kill -9 of core, acme and keys at random while eight hosts are ordered: each gets its
    certificate, is told of it once, and none is ordered twice."""
    server, ca = alone
    chance = random.Random(5)
    names = [f"fire{i}.example" for i in range(8)]
    for name in names:
        server.register(lab, name, region="eu")
        publish(lab, server, name)
    for name in names:
        server.api.ok("POST", f"/v1/domains/{name}/verify")
    for _ in range(12):
        server.kill(chance.choice(["core", "acme", "keys"]))
        time.sleep(chance.uniform(0.1, 0.6))
    until(server.is_up, "all roles")
    hosts = [Host(server, name, "eu") for name in names]
    for one in hosts:
        # What a killed process had under way counts as a fault: tried after a minute.
        until(lambda one=one: one.certificate()["state"] == "valid" or server.shift(20),
              f"{one.name} to be valid", 120)
        assert one.events() == ["tracking.tls_issued"], one.name
        until(lambda one=one: one.served() == one.certificate()["serial"], "the edge")
    assert ca.issued() == 1 + len(names)
    assert [ca.validations(one.name) for one in hosts] == [1] * len(names)


def test_the_authority_has_forgotten_everything(lab, server, ca):
    """Its account is made anew, and all goes on."""
    one = verified(lab, server, "forgotten.example")
    serial = one.becomes("valid")["serial"]
    ca.stop()
    ca.start()
    server.shift(601)
    server.api.ok("POST", one.path + "/renew")
    one.becomes("valid", lambda c: c["serial"] != serial)


def restart(server, authority):
    server.stop()
    server.configure(**authority.options())
    server.start()


def test_another_authority(lab, server, ca, tmp_path):
    """What one authority has refused the next is asked at once, with an account of its own;
    what the first has issued is revoked there."""
    one = verified(lab, server, "other.blocked.example")
    assert one.becomes("failed")["error"] == "rejected"
    kept = verified(lab, server, "kept.example")
    serial = kept.becomes("valid")["serial"]
    with pebble.Pebble(tmp_path) as second:
        # The address of each has to be trusted.
        ca.bundle.write_text(ca.own.pem.read_text() + second.own.pem.read_text())
        restart(server, second)
        one.becomes("valid")
        assert kept.certificate()["serial"] == serial
        assert server.api.delete(kept.path).status == 204
        until(lambda: ca.is_revoked(serial), "the revocation")
    restart(server, ca)
    ca.bundle.write_text(ca.own.pem.read_text())


def test_acme_may_run_nothing_else(server):
    status = server.status_of("acme")
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"


def test_an_account_that_has_to_be_bound(lab, tmp_path):
    """External account binding; without it nothing is ordered, and it says why. All this
    with an authority that refuses a fifth of the good nonces."""
    key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    keys = {"kid-1": key}
    pebble.reach(*pebble.EDGES["eu"])
    (tmp_path / "eab").write_text(key + "\n")
    (tmp_path / "server").mkdir()
    with pebble.Pebble(tmp_path / "pebble", keys=keys, nonces=20) as ca:
        server = Server(SIGNET, tmp_path / "server", **{
            "clock.test": "yes", "probe.private": "yes", "acme.ca_file": str(ca.root()),
            "edge.listen": " ".join(f"{a}:80" if ":" not in a else f"[{a}]:80"
                                    for a in pebble.EDGES["eu"])}, **ca.options())
        server.prefix = ca.prefix()
        with server:
            server.register(lab, "bound.example", region="eu")
            publish(lab, server, "bound.example")
            assert server.verify("bound.example")["status"] == "verified"
            one = Host(server, "bound.example")
            # Its own order, or that of the operator's host which makes all others wait.
            until(lambda: "acme.eab_id" in (one.certificate()["message"] or ""), "the reason")
            server.shift(6 * 60)
            until(lambda: one.certificate()["error"] == "account", "its own order")
            assert ca.orders() == 0
            server.stop()
            server.configure(**{"acme.eab_id": "kid-1", "acme.eab_key": str(tmp_path / "eab")})
            server.start()
            server.shift(40 * 60)
            serial = one.becomes("valid")["serial"]
            assert key not in server.log()
            # The account is there and bound: all goes on, its contact is told again.
            server.stop()
            server.start()
            server.shift(2 * 3600)  # the clock began anew
            server.api.ok("POST", one.path + "/renew")
            one.becomes("valid", lambda c: c["serial"] != serial)

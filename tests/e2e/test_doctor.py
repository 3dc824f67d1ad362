"""`signet doctor` asks the servers of the lab, from the root, and an authority."""

import http.server
import json
import os
import subprocess
import threading

import pytest

import pebble
from lab import Lab
from signetbin import SIGNET, one_json, run

OPTIONS = """data_dir = {path}
instance.mx = mx1.mail.example mx2.mail.example
instance.spf = include:_spf.mail.example
instance.tracking = us=edge.us.mail.example eu=edge.eu.mail.example
instance.bounce_target = bounce.mail.example
instance.verify_target = verify.mail.example
instance.dkim_zone = dkim.mail.example
mail.relay = mail.example:25
mail.from = a@mail.example
api.public_url = http://mail.example:8025
dns.root_hints = {hints}
"""


def configure(tmp_path, **more):
    conf = tmp_path / "signet.conf"
    conf.write_text(OPTIONS.format(path=tmp_path / "data",
                                   hints=os.environ["LAB_ROOT_HINTS"])
                    + "".join(f"{name} = {value}\n" for name, value in more.items() if value))
    return str(conf)


def doctor(tmp_path, status):
    done = run("doctor", "--config", configure(tmp_path), "--json")
    assert done.returncode == status, done.stdout
    return {row["code"]: row for row in one_json(done.stdout)["checks"]}


def test_doctor(tmp_path):
    found = doctor(tmp_path, 0)
    for code in ("dns.answers", "name.mx", "name.tracking", "name.relay", "bounce.mx",
                 "bounce.spf", "name.verify", "name.dkim_zone"):
        assert found[code]["status"] == "ok", found[code]
    # The IPv6 addresses of the MX hosts have neither name nor SPF.
    assert found["ptr.confirmed"]["status"] == "warning"
    assert "2001:db8::1" in found["spf.addresses"]["message"]


def test_doctor_with_the_operators_servers_failing(tmp_path):
    lab = Lab.attach()
    lab.fault("operator", "servfail")
    try:
        found = doctor(tmp_path, 2)
    finally:
        lab.clear_faults()
    assert found["name.mx"]["status"] == "undetermined"
    assert found["dns.answers"]["status"] == "ok"


# ---- an authority that the system trusts ----


def acme(tmp_path, authority, **more):
    """What is said of the authority, by code: [(status, message)]."""
    conf = configure(tmp_path, **{**authority.options(), **more})
    done = subprocess.run([*authority.prefix(), SIGNET, "doctor", "--config", conf, "--json"],
                          capture_output=True, timeout=60, check=False)
    found = {}
    for row in one_json(done.stdout)["checks"]:
        found.setdefault(row["code"], []).append((row["status"], row["message"]))
    worst = {status for rows in found.values() for status, _ in rows}
    assert done.returncode == (1 if "error" in worst else 0), done
    return found


@pytest.fixture(name="ca", scope="module")
def running_pebble(tmp_path_factory):
    with pebble.Pebble(tmp_path_factory.mktemp("pebble")) as running:
        yield running


def test_authority(tmp_path, ca):
    found = acme(tmp_path, ca)
    for code in ("acme.directory", "acme.program", "acme.account", "acme.caa_names"):
        (status, message), = found[code]
        assert status == "ok", message
    assert f"127.0.0.1:{ca.port}/dir answers" in found["acme.directory"][0][1]


def test_what_the_operator_left_out(tmp_path, ca):
    found = acme(tmp_path, ca, **{"acme.contact": None, "acme.caa_names": None})
    assert [s for s, _ in found["acme.account"]] == ["warning"]
    assert [s for s, _ in found["acme.caa_names"]] == ["warning"]


def test_another_page_of_the_authority(tmp_path, ca):
    for path in ("/", "/terms/v7"):
        (status, message), = acme(tmp_path, ca, **{
            "acme.directory": f"https://127.0.0.1:{ca.port}{path}"})["acme.directory"]
        assert status == "error" and "no" in message


def test_an_authority_that_binds_accounts(tmp_path):
    key = tmp_path / "eab"
    key.write_text("zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W\n")
    key.chmod(0o600)
    with pebble.Pebble(tmp_path / "pebble", keys={"kid-1": key.read_text().strip()}) as ca:
        (status, message), = acme(tmp_path, ca)["acme.account"]
        assert status == "error" and "external account binding" in message
        found = acme(tmp_path, ca, **{"acme.eab_id": "kid-1", "acme.eab_key": key})
        assert found["acme.account"][0][0] == "ok"


@pytest.mark.parametrize("body,code,status,part", [
    (b"<h1>welcome</h1>", "acme.directory", "error", "no JSON object"),
    (b'{"newNonce": "https://x/"}', "acme.directory", "error", "no newAccount"),
    (b"[" * 70000, "acme.directory", "error", "larger than"),
    (json.dumps({"newNonce": "n", "newAccount": "a", "newOrder": "o", "revokeCert": "r",
                 "meta": {"caaIdentities": ["pki.example"]}}).encode(),
     "acme.caa_names", "error", "names it pki.example, and acme.caa_names is pebble.example"),
])
def test_what_is_no_directory(tmp_path, ca, body, code, status, part):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_ignored):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        server.socket = ca.own.context("localhost").wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False)
        server.handle_error = lambda *_ignored: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = acme(tmp_path, ca, **{
            "acme.directory": f"https://localhost:{server.server_port}/dir"})[code]
        server.shutdown()
    assert found[0][0] == status and part in found[0][1], found

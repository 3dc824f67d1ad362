"""`signet doctor`: what it says of files, ports, certificate and zone, and its status.

What it asks of the DNS comes from a zone file; tests/e2e asks real servers.
"""

import http.server
import os
import socket
import subprocess
import threading

import pytest

from authority import Authority
from signetbin import fails, one_json, run

ZONE = """$TTL 60
. SOA a.root. x.root. 1 3600 600 86400 60
. NS a.root.
mail.example. SOA ns1.mail.example. dns.mail.example. 1 3600 600 86400 60
mx1.mail.example. A 192.0.2.11
mx2.mail.example. A 192.0.2.12
api.mail.example. A 192.0.2.30
11.2.0.192.in-addr.arpa. PTR mx1.mail.example.
12.2.0.192.in-addr.arpa. PTR mx2.mail.example.
"""
NOW = 1795228200


class Installation:
    def __init__(self, path):
        self.path = path
        self.data = path / "data"
        self.zone = path / "zone"
        self.zone.write_text(ZONE)
        self.options = {
            "data_dir": self.data, "api.listen": f"127.0.0.1:{free_port()}",
            "instance.mx": "mx1.mail.example mx2.mail.example",
            "instance.spf": "ip4:192.0.2.0/24", "mail.relay": "192.0.2.11:25",
            "mail.from": "a@mail.example",
        }
        (self.data / "keys").mkdir(parents=True)
        self.data.chmod(0o750)
        (self.data / "keys").chmod(0o700)
        self.key = self.data / "keys/master.key"
        self.key.write_bytes(bytes(32))
        self.key.chmod(0o600)

    def run(self, *args, now=NOW):
        conf = self.path / "signet.conf"
        conf.write_text("".join(f"{k} = {v}\n" for k, v in self.options.items()))
        return run("doctor", "--config", str(conf), "--zone", str(self.zone), "--now",
                   str(now), *args)

    def findings(self, code, status=None, **kind):
        """What is said by one check; the exit status where given."""
        done = self.run("--json", **kind)
        assert status is None or done.returncode == status, done.stdout
        rows = one_json(done.stdout)["checks"]
        return [(r["status"], r["message"]) for r in rows if r["code"] == code]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(name="here")
def installation(tmp_path):
    return Installation(tmp_path)


def test_all_is_well(here):
    done = here.run("--json")
    answer = one_json(done.stdout)
    wrong = [r for r in answer["checks"]
             if r["status"] not in ("ok", "skipped")
             and r["code"].split(".")[0] not in ("clock", "kernel", "limits")]
    assert done.returncode == 0 and wrong == []
    assert len({r["code"] for r in answer["checks"]}) == 28
    assert all(r["fix"] is None for r in answer["checks"] if r["status"] == "ok")
    text = here.run().stdout.decode()
    assert all(r["message"] in text and r["code"] in text for r in answer["checks"])


def test_the_zone_is_wrong(here):
    here.zone.write_text(ZONE.replace("11.2.0.192", "99.2.0.192"))
    (status, message), = here.findings("ptr.confirmed", 1)
    assert status == "error" and "192.0.2.11" in message
    assert "→ Have whoever" in here.run().stdout.decode()


def test_a_list_refuses(here):
    here.options["doctor.blocklists"] = "list.example"
    here.zone.write_text(ZONE + "list.example. SOA a. b. 1 1 1 1 1\n"
                         "11.2.0.192.list.example. A 127.255.255.254\n")
    assert [s for s, _ in here.findings("blocklist.own", 2)] == ["undetermined"]


@pytest.mark.parametrize("path,mode,code", [
    ("", 0o755, "data.directory"), ("", 0o770, "data.directory"),
    ("keys", 0o750, "keys.directory"), ("keys/master.key", 0o640, "keys.master_key"),
    ("keys/master.key", 0o604, "keys.master_key"),
])
def test_permissions(here, path, mode, code):
    (here.data / path).chmod(mode)
    (status, message), = here.findings(code, 1)
    assert status == "error" and f"{mode:o}" in message
    assert f"→ chmod " in here.run().stdout.decode()


def test_no_first_start_yet(here):
    here.options["data_dir"] = here.path / "later"
    assert [s for s, _ in here.findings("data.directory", 0)] == ["skipped"]
    assert [s for s, _ in here.findings("keys.master_key", 0)] == ["skipped"]
    assert [s for s, _ in here.findings("data.space", 0)] != ["skipped"]


def test_a_port_of_somebody_else(here):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        here.options["api.listen"] = f"127.0.0.1:{s.getsockname()[1]}"
        (status, message), = here.findings("ports.free", 1)
        assert status == "error" and "in use by" in message
    assert [s for s, _ in here.findings("ports.free", 0)] == ["ok"]


def test_an_address_of_another_machine(here):
    here.options["api.listen"] = "192.0.2.99:8025"
    (status, message), = here.findings("ports.free", 1)
    assert status == "error" and "no address of this machine" in message


def certificate(here, name="api.mail.example", days=90):
    """A certificate from today on, and its key."""
    files = here.path / "cert.pem", here.path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", files[1], "-out",
                    files[0], "-days", str(days), "-subj", "/CN=x", "-addext",
                    f"subjectAltName=DNS:{name}"], check=True, capture_output=True)
    files[1].chmod(0o600)
    here.options |= {"api.tls_certificate": files[0], "api.tls_key": files[1],
                     "api.public_url": "https://api.mail.example:8443"}
    date = subprocess.run(["openssl", "x509", "-in", files[0], "-noout", "-startdate",
                           "-dateopt", "iso_8601"], check=True, capture_output=True)
    start = subprocess.run(["date", "-d", date.stdout.decode().split("=")[1].strip(),
                            "+%s"], check=True, capture_output=True)
    return int(start.stdout)


def test_certificate(here):
    start, day = certificate(here), 86400
    for after, status, part in [(day, "ok", "valid until"), (80 * day, "warning", "expires"),
                                (90 * day, "error", "has expired"),
                                (-day, "error", "only from")]:
        (found, message), = here.findings("tls.certificate", now=start + after)
        assert found == status and part in message
    other = here.path / "other.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other],
                   check=True, capture_output=True)
    other.chmod(0o644)
    here.options["api.tls_key"] = other
    found = here.findings("tls.certificate", 1, now=start + day)
    assert any("mode 644" in m for _, m in found)
    assert any("not that of the certificate" in m for _, m in found)


def test_certificate_of_another_name(here):
    start = certificate(here, name="www.mail.example")
    assert any("is not for api.mail.example" in m
               for _, m in here.findings("tls.certificate", 1, now=start + 86400))


def test_certificate_is_none(here):
    certificate(here)
    (here.path / "cert.pem").write_text("hello")
    assert any("holds no certificate" in m
               for _, m in here.findings("tls.certificate", 1))


def test_the_clock_is_wrong(here):
    assert any("2001-09-09" in m for s, m in here.findings("clock.right", 1,
                                                            now=1000000000))


def test_rules_between_options(here):
    here.options["instance.mx"] = "mx1.mail.example"
    (status, message), = here.findings("config.rules", 1)
    assert status == "error" and "name two hosts" in message


# ---- the ACME authority; tests/e2e asks pebble ----

ACME = {"acme.contact": "a@mail.example", "acme.uacme": "/bin/true"}


def test_no_authority(here):
    for code in ("acme.directory", "acme.program", "acme.account", "acme.caa_names"):
        (status, message), = here.findings(code, 0)
        assert status == "skipped" and "acme.directory is not set" in message


def test_the_authority_is_not_there(here):
    port = free_port()
    here.options |= ACME | {"acme.directory": f"https://127.0.0.1:{port}/dir"}
    (status, message), = here.findings("acme.directory", 1)
    assert status == "error" and f"127.0.0.1:{port}" in message and "connect" in message
    assert [s for s, _ in here.findings("acme.account")] == ["undetermined"]
    assert [s for s, _ in here.findings("acme.program")] == ["ok"]


def test_the_authority_without_https(here):
    here.options |= ACME | {"acme.directory": "http://127.0.0.1:9/dir"}
    (status, message), = here.findings("acme.directory", 1)
    assert status == "error" and "not asked by HTTPS" in message


def test_the_authority_is_not_trusted(here, tmp_path):
    served = []

    class Directory(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            served.append(self.path)

    with http.server.HTTPServer(("127.0.0.1", 0), Directory) as server:
        server.socket = Authority(tmp_path / "ca").context("localhost").wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False)
        server.handle_error = lambda *_ignored: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here.options |= ACME | {"acme.directory":
                                f"https://localhost:{server.server_port}/dir"}
        (status, message), = here.findings("acme.directory", 1)
        server.shutdown()
    assert status == "error" and "certificate" in message and served == []
    assert "have the system trust its certificate" in here.run().stdout.decode()


@pytest.mark.parametrize("program", ["/nonexistent/uacme", "/etc/passwd", "/etc"])
def test_uacme_cannot_be_run(here, program):
    here.options |= ACME | {"acme.directory": "https://127.0.0.1:9/dir",
                            "acme.uacme": program}
    (status, message), = here.findings("acme.program", 1)
    assert status == "error" and program in message


@pytest.mark.parametrize("text,mode,part", [
    ("zWNDZM6eQGHWpSRTPal5e", 0o600, None), ("zWNDZM6e_-HWpSRTPal5e==\n", 0o600, None),
    ("zWNDZM6eQGHWpSRTPal5e", 0o644, "mode 644"), ("", 0o600, "no key in base64url"),
    ("kid:zWNDZM6eQG", 0o600, "no key in base64url"), ("a+b/", 0o600, "no key in base64url"),
])
def test_the_key_of_the_binding(here, text, mode, part):
    key = here.path / "eab"
    key.write_text(text)
    key.chmod(mode)
    here.options |= ACME | {"acme.directory": "https://127.0.0.1:9/dir",
                            "acme.eab_id": "kid", "acme.eab_key": key}
    (status, message), = here.findings("acme.account")
    assert status == ("error" if part else "ok") and (part or "") in message


def test_half_a_binding(here):
    here.options |= ACME | {"acme.directory": "https://127.0.0.1:9/dir",
                            "acme.eab_id": "kid"}
    (status, message), = here.findings("acme.account", 1)
    assert status == "error" and "acme.eab_key is not" in message
    assert here.findings("config.rules")[0][0] == "error"


def test_nobody_answers(here):
    """Faults decide nothing."""
    here.run()
    done = run("doctor", "--config", str(here.path / "signet.conf"), "--dns",
               "127.0.0.1:9", "--dns-timeout-ms", "200")
    assert done.returncode == 2 and b"The root cannot be asked" in done.stdout


def test_mistakes(here):
    here.options["keys.pol"] = 1
    assert here.run().returncode == 65
    assert "no such" in fails("doctor", "--zone", os.fspath(here.path / "none"),
                              status=65).lower()

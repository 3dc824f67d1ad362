"""An ACME authority in the lab: Let's Encrypt's pebble (Debian package `pebble`).

    with Pebble(directory) as ca:
        server = Server(SIGNET, tmp, **ca.options())
        server.prefix = ca.prefix()          # trusts pebble's own TLS certificate
        ca.orders(), ca.validations(host), ca.root()

It validates by HTTP on port 80 of the addresses that the lab's resolver gives, which
reach() puts on the loopback of the namespace.  pebble ships no TLS files and uacme
trusts the system's authorities alone: the certificate of pebble's API is made here, and
the server runs in a mount namespace whose bundle holds what has certified it.
"""

import http.client
import json
import os
import pathlib
import re
import ssl
import subprocess

import pytest

from authority import Authority
from server import SIGNET, free_port, until

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
RESOLVER = "127.0.0.53:53"
EDGES = {"us": ("192.0.2.80", "2001:db8::80"), "eu": ("192.0.2.81", "2001:db8::81")}


def reach(*addresses):
    """Makes addresses of the lab's world ours."""
    for address in addresses:
        subprocess.run(["ip", "addr", "replace", address, "dev", "lo", "nodad"]
                       if ":" in address else ["ip", "addr", "replace", address, "dev", "lo"],
                       check=True)


def skip_where_sanitized():
    """uacme starts the program anew as its hook, in a sandbox without /proc, and there
    AddressSanitizer cannot begin."""
    if b"__asan_init" in pathlib.Path(SIGNET).read_bytes():
        pytest.skip("the hook of uacme cannot run with AddressSanitizer")


class Pebble:
    """`validity` seconds of each certificate; `nonces`: how many of a hundred good nonces
    are refused all the same; `keys`: {id: key} where accounts have to be bound."""

    def __init__(self, directory, *, validity=90 * 86400, nonces=0, blocked=(), keys=None):
        skip_where_sanitized()
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port, self.management = free_port(), free_port()
        self.own = Authority(self.directory / "own", "pebble's own")
        chain, key = self.own.certify("DNS:localhost,IP:127.0.0.1", "tls")
        self.bundle = self.directory / "bundle.pem"
        self.bundle.write_text(self.own.pem.read_text())
        config = {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self.management}",
            "certificate": str(chain), "privateKey": str(key),
            "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "",
            "externalAccountBindingRequired": bool(keys),
            "externalAccountMACKeys": keys or {},
            "domainBlocklist": list(blocked), "certificateValidityPeriod": validity}
        self.config = self.directory / "pebble.json"
        self.config.write_text(json.dumps({"pebble": config}))
        self.environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1",
                            "PEBBLE_WFE_NONCEREJECT": str(nonces), "PEBBLE_AUTHZREUSE": "0"}
        self.log_path = self.directory / "log"
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_ignored):
        self.stop()

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["pebble", "-config", str(self.config), "-dnsserver", RESOLVER],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)
        until(self.answers, "pebble")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def answers(self):
        assert self.process.poll() is None, self.log()
        try:
            return self._get("/roots/0")
        except OSError:
            return None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def _get(self, path):
        context = ssl.create_default_context(cafile=str(self.own.pem))
        connection = http.client.HTTPSConnection("127.0.0.1", self.management,
                                                 context=context, timeout=10)
        connection.request("GET", path)
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        return body if reply.status == 200 else None

    def root(self):
        """The authority of what it issues, as PEM in a file."""
        path = self.directory / "root.pem"
        path.write_bytes(self._get("/roots/0"))
        return path

    def is_revoked(self, serial):
        """Whether the certificate with this number (hex) is revoked."""
        body = self._get(f"/cert-status-by-serial/{serial}")
        return bool(body) and json.loads(body)["Status"] == "Revoked"

    def orders(self):
        """How many orders it was given."""
        return len(re.findall(r'Added order "', self.log()))

    def validations(self, host):
        """How often it set out to look at this host."""
        return len(re.findall(rf'Pulled a task .*Value:"{re.escape(host)}"', self.log()))

    def issued(self):
        return len(re.findall(r"Issued certificate serial", self.log()))

    def options(self):
        return {"acme.directory": f"https://127.0.0.1:{self.port}/dir",
                "acme.contact": "ca@mail.example", "acme.caa_names": "pebble.example"}

    def prefix(self):
        """What to run a server with, so that it trusts the authority's own server."""
        return ["unshare", "-m", "sh", "-c",
                f'mount --bind {self.bundle} {BUNDLE} && exec "$@"', "sh"]

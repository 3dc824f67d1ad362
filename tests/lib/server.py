"""Starts `signet serve` inside the lab, in a directory and on ports of its own.

    with Server(signet, directory, **{"clock.test": "yes"}) as server:
        server.api.post("/v1/domains", {"name": "acme.example"})
        server.kill("keys"); server.pids(); server.reload(); server.stop()

Api speaks JSON over urllib-like calls on kept connections; an answer is a Reply with
status, headers and json.  Beside the options that every installation of the lab has,
those that are given go into its signet.conf.
"""

import datetime
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

import world  # of the lab, which sets PYTHONPATH

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIGNET = os.environ.get("SIGNET", str(ROOT / "build/src/cli/signet"))
START_SECONDS = 20


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(condition, what, seconds=START_SECONDS):
    """The first true value of condition(); fails after a time that is never needed."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def seconds(text):
    """A time of the API as seconds since 1970."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def host(lab, name, zone, at="generic", **more):
    """Publishes a zone whose answers nobody keeps, so that no end of a negative cache
    comes between the checks of the schedule."""
    lab.host(name, re.sub(r"\t\d+\tIN\t", "\t0\tIN\t", zone), at, ttl=0, negative=0, **more)


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def pointers(self):
        """The JSON pointers of a problem document."""
        return [e.get("pointer") for e in self.json.get("errors", [])]

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class Api:
    """Calls with one key; a connection per thread."""

    def __init__(self, url, key=None, timeout=60):
        self.url, self.key, self.timeout = url, key, timeout
        self.host = urllib.parse.urlsplit(url).netloc
        self.local = threading.local()

    def with_key(self, key):
        return Api(self.url, key, self.timeout)

    def _send(self, method, path, body, headers):
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self.host, timeout=self.timeout)
            self.local.connection = connection
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.headers, answer.read())
        except BaseException:
            self.close()
            raise
        if answer.will_close:
            self.close()
        return reply

    def close(self):
        connection = getattr(self.local, "connection", None)
        self.local.connection = None
        if connection is not None:
            connection.close()

    def call(self, method, path, body=None, *, raw=None, headers=None, again=True):
        """`again`: once more where a kept connection had been closed meanwhile."""
        send = dict(headers or {})
        if self.key:
            send.setdefault("Authorization", f"Bearer {self.key}")
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            send.setdefault("Content-Type", "application/json")
        kept = getattr(self.local, "connection", None) is not None
        try:
            return self._send(method, path, raw, send)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            if not (kept and again):
                raise
            return self._send(method, path, raw, send)

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.call("POST", path, body, **options)

    def patch(self, path, body=None, **options):
        return self.call("PATCH", path, body, **options)

    def delete(self, path, **options):
        return self.call("DELETE", path, **options)

    def ok(self, method, path, body=None, **options):
        """The JSON of an answer that must be a success."""
        reply = self.call(method, path, body, **options)
        assert 200 <= reply.status < 300, (method, path, reply)
        return reply.json


def lab_options():
    """What an installation in the lab has: its operator is mail.example."""
    return {
        "instance.name": "Lab Mail",
        "instance.mx": "mx1.mail.example mx2.mail.example",
        "instance.spf": "include:_spf.mail.example",
        "instance.dmarc_rua": "dmarc@mail.example",
        "instance.tracking": "us=edge.us.mail.example eu=edge.eu.mail.example",
        "instance.bounce_target": "bounce.mail.example",
        "instance.verify_target": "verify.mail.example",
        "instance.dkim_zone": "dkim-keys.example",
        "dns.root_hints": os.environ["LAB_ROOT_HINTS"],
        "dns.trust_anchor": os.environ["LAB_TRUST_ANCHOR"],
        "mail.from": "signet@mail.example",
        "mail.support": "help@mail.example",
    }


class Server:
    def __init__(self, signet, directory, **options):
        self.signet = str(signet)
        self.directory = pathlib.Path(directory)
        self.data = self.directory / "data"
        self.port, self.edge_port, self.gate_port = (free_port() for _ in range(3))
        self.url = f"http://127.0.0.1:{self.port}"
        self.options = {
            "data_dir": str(self.data),
            "api.listen": f"127.0.0.1:{self.port}",
            "edge.listen": f"127.0.0.1:{self.edge_port}",
            "gate.listen": f"127.0.0.1:{self.gate_port}",
            "api.rate_per_minute": "1000000",
            "keys.pool": "16",
            **lab_options(), **options}
        self.conf = self.directory / "signet.conf"
        self.log_path = self.directory / "log"
        self.process = None
        self.prefix = []  # words before the command, which must become it by exec
        self.api = None
        self.configure()

    def configure(self, **changes):
        self.options |= changes
        self.conf.write_text("".join(f"{name} = {value}\n"
                                     for name, value in self.options.items() if value))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_ignored):
        self.stop()

    # -- life -----------------------------------------------------------------------

    def spawn(self):
        self.data.mkdir(exist_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, self.signet, "serve", "--config", str(self.conf)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=self.directory)

    def start(self):
        """Returns when every role is up."""
        self.spawn()
        until(lambda: self.admin() and self.is_up(), "the server to be up")
        self.api = Api(self.url, self.admin()["key"])
        return self

    def admin(self):
        try:
            return json.loads((self.data / "admin.json").read_text())
        except (OSError, ValueError):
            return None

    def health(self):
        """The document of /healthz, or None where nobody answers."""
        try:
            return Api(self.url, timeout=5).get("/healthz").json
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"signet serve ended with {self.process.returncode}: "
                                 + self.log()[-3000:])
        health = self.health()
        return bool(health) and health["status"] == "ok"

    def log(self):
        return self.log_path.read_text(errors="replace")

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self):
        self.signal(signal.SIGHUP)

    def stop(self, seconds=15):
        """Drains it; the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            for pid in self.pids().values():
                os.kill(pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
            raise AssertionError("did not end at SIGTERM: " + self.log()[-2000:]) from None

    # -- processes ------------------------------------------------------------------

    def pids(self):
        """{"core": pid, …} of the children as they run now."""
        found = {}
        try:
            children = pathlib.Path(
                f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        except OSError:
            return found
        for pid in map(int, children.split()):
            try:
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"role" in words[:-1]:
                found[words[words.index(b"role") + 1].decode()] = pid
        return found

    def pids_of(self, role):
        """The pids of all processes of a role, in the order of their start."""
        text = pathlib.Path(
            f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        found = []
        for pid in map(int, text.split()):
            try:
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[1:3] == [b"role", role.encode()]:
                found.append(pid)
        return found

    def status_of(self, role):
        """/proc/PID/status of a role, as a dict."""
        text = pathlib.Path(f"/proc/{self.pids()[role]}/status").read_text()
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def kill(self, role):
        pid = self.pids().get(role)
        if pid:
            os.kill(pid, signal.SIGKILL)
        return pid

    # -- what tests do all the time -------------------------------------------------

    def shift(self, seconds):
        """Moves the clock of the server on; what is due runs."""
        self.api.ok("POST", "/v1/test/clock", {"shift_ms": int(seconds * 1000)})

    def register(self, lab, name, at="generic", **more):
        """Adds a domain that is delegated already, with nothing but a web site, and
        lets its first check end."""
        host(lab, name, world.WEB_SITE, at)
        document = self.add(name, **more)
        self.checked(name)
        return document

    def add(self, name, **more):
        return self.api.ok("POST", "/v1/domains", {"name": name, **more})

    def domain(self, name):
        return self.api.ok("GET", f"/v1/domains/{name}")

    def zone(self, name):
        """The records to publish, as zone text."""
        reply = self.api.get(f"/v1/domains/{name}/records?format=zone")
        assert reply.status == 200, reply
        return reply.body.decode()

    def verify(self, name):
        """A check now; the clock moves on so that it is allowed again."""
        document = self.api.ok("POST", f"/v1/domains/{name}/verify?wait=30s")
        self.shift(61)
        return document

    def events(self, name):
        """What happened to the domain itself, and not to its tracking hosts."""
        return [e["type"] for e in
                self.api.ok("GET", f"/v1/events?domain={name}&limit=200")["data"]
                if not e["type"].startswith("tracking.")]

    def now(self):
        return seconds(self.api.ok("POST", "/v1/test/clock", {"shift_ms": 0})["now"])

    def checked(self, name, before=None):
        """The domain once it has been checked, or checked again since `before`."""
        seen = before and before["checked_at"]

        def done():
            document = self.domain(name)
            return document["checked_at"] != seen and document
        return until(done, f"a check of {name}", 60)

    def step(self, name):
        """Moves the clock on to the next check of the domain; the domain after it."""
        before = self.checked(name)
        assert before["next_check_at"], before["status"]
        self.shift(max(seconds(before["next_check_at"]) - self.now(), 0) + 1)
        return self.checked(name, before)

    def steps(self, name, hours):
        """Lets the domain be checked by its schedule for that time; what it was after
        each check."""
        end = self.now() + hours * 3600
        seen = []
        while self.now() < end:
            seen.append(self.step(name))
        return seen

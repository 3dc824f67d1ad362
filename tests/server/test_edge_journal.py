"""S2-3 when the disk of the journal does not take anything: requests are answered or
refused, as the policy says, and what was taken is written once there is room again.

The server runs in a mount namespace of its own in which the journal's folder is a small
tmpfs; what is mounted there is reached through /proc/PID/root.
"""

import errno
import pathlib
import re
import subprocess
import sys

import pytest
from server import SIGNET, Server, until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from torture_edge import Clicks, in_journals

CLICKS = str(pathlib.Path(SIGNET).resolve().parents[2] / "tests/bench_clicks")


class OnSmallDisk(Server):
    mount = "size=4m"

    def spawn(self):
        self.journal = self.data / "journal/edge-0"
        self.journal.mkdir(parents=True, exist_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c",
                 'mount -t tmpfs -o "$1" journal "$2" && exec "$3" serve --config "$4"', "sh",
                 f"{self.mount},mode=0750", str(self.journal), self.signet, str(self.conf)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory)

    def remount(self, how):
        subprocess.run(["nsenter", "--target", str(self.process.pid), "--mount", "mount", "-o",
                        f"remount,{how}", str(self.journal)], check=True)

    @property
    def inside(self):
        return pathlib.Path(f"/proc/{self.process.pid}/root{self.journal}")

    def fill(self):
        """Takes all the room there is."""
        with open(self.inside / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                pass

    def free(self):
        (self.inside / "ballast").unlink()

    def count(self):
        """How often each message is in the journal."""
        return in_journals(self, self.inside.parent)


@pytest.fixture(name="start")
def make_start(tmp_path):
    servers = []

    def start(mount="size=4m", **options):
        server = OnSmallDisk(SIGNET, tmp_path, **options)
        server.mount = mount
        servers.append(server)
        return server.start()
    yield start
    for server in servers:
        server.stop()


def click(server, seconds=1, per_second=5000):
    return Clicks(CLICKS, server, seconds, 16, per_second).end()


def metric(server, name):
    return float(re.search(rf"^signet_{name} (\S+)$",
                           server.api.get("/metrics").body.decode(), re.M)[1])


def test_full_and_answer(start):
    server = start()
    before = click(server, 0.2)
    assert before.answered == before.sent > 0
    server.fill()
    during = []
    while "event=journal.failing" not in server.log():
        during.append(click(server))
        assert during[-1].answered == during[-1].sent > 0  # nobody waits or is refused
    last = click(server, 0.3, 1000)
    assert last.answered == last.sent
    assert "reason=\"No space left on device\"" in server.log()
    until(lambda: metric(server, "edge_journal_at_risk_total") >= last.sent, "the metrics")
    assert metric(server, "edge_journal_errno") == errno.ENOSPC
    assert metric(server, "edge_journal_failed_since") > 0
    server.free()
    until(lambda: "event=journal.works_again" in server.log(), "the journal to work")
    until(lambda: metric(server, "edge_journal_failed_since") == 0, "the metrics")
    after = click(server, 0.2)
    assert after.answered == after.sent
    found = server.count()
    for clicks in (before, *during, last, after):
        assert clicks.messages <= found.keys()
    assert set(found.values()) == {1}


def test_full_and_refuse(start):
    server = start(**{"journal.full": "refuse"})
    server.fill()
    answered = set()
    while "event=journal.failing" not in server.log():
        answered |= click(server).messages
    during = click(server)
    assert during.answered == 0 and during.other == during.sent > 0
    assert during.last_status == 503
    until(lambda: metric(server, "edge_journal_refused_total") >= during.sent, "the metrics")
    server.free()
    until(lambda: "event=journal.works_again" in server.log(), "the journal to work")
    after = click(server)
    assert after.answered == after.sent > 0
    found = server.count()
    assert answered | after.messages <= found.keys()
    assert not during.messages & found.keys()
    assert set(found.values()) == {1}


def test_read_only_from_the_start(start):
    server = start("size=4m,ro")
    until(lambda: "event=journal.failing" in server.log(), "the alarm")
    assert "reason=\"Read-only file system\"" in server.log()
    during = click(server, 0.3)
    assert during.answered == during.sent > 0
    server.remount("rw")
    until(lambda: "event=journal.works_again" in server.log(), "the journal to work")
    after = click(server, 0.3)
    found = server.count()
    assert during.messages | after.messages <= found.keys()
    assert set(found.values()) == {1}

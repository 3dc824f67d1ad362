"""kill -9 of edges and core at random while links are clicked as fast as it goes.

    make torture-edge       20 rounds of 60 s; TORTURE_ROUNDS, TORTURE_SECONDS for others

What counts: every click that was answered 302 is in the store exactly once, and none is
there twice. One that was not answered may be there or not. Each click has a message of its
own in its token, so that it can be told.
"""

import array
import collections
import json
import os
import pathlib
import random
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from server import Server, until

EDGES = 2
HOST = "track.acme.example"
PAUSE = (0.2, 2.0)  # between kills
INGEST_SECONDS = 900  # for what the load left behind, on a slow machine


class Clicks:
    """The load: started, and when it has ended what was answered."""

    def __init__(self, tool, server, seconds, connections=64, per_second=0):
        self.out = server.directory / "answered"
        self.process = subprocess.Popen(
            [tool, str(server.edge_port), str(server.data / "token.keys"), HOST, "1",
             str(seconds), str(connections), str(per_second), str(self.out)],
            stdout=subprocess.PIPE, text=True)

    def is_running(self):
        return self.process.poll() is None

    def end(self):
        output, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, self.process.returncode
        for name, value in json.loads(output).items():
            setattr(self, name, value)
        answered = array.array("Q")
        answered.frombytes(self.out.read_bytes())
        self.messages = set(answered)
        assert len(self.messages) == len(answered) == self.answered
        return self


def marks(server):
    """Up to which sequence each journal is on disk, by its name."""
    found = {}
    for state in (server.data / "journal").glob("edge-*/state"):
        found[state.parent.name] = struct.unpack("<8sQQI", state.read_bytes()[:28])[2]
    return found


def database(server):
    return sqlite3.connect(f"file:{server.data}/signet.db?mode=ro", uri=True)


def is_ingested(server):
    db = database(server)
    try:
        cursors = dict(db.execute("SELECT journal, sequence FROM track_cursors"))
    finally:
        db.close()
    return all(cursors.get(name, 0) >= mark for name, mark in marks(server).items())


def in_journals(server, folder=None):
    """How often each message stands in the journals."""
    found = collections.Counter()
    for folder in sorted((folder or server.data / "journal").glob("edge-*")):
        done = subprocess.run([server.signet, "journal", "cat", str(folder)],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found.update(map(int, re.findall(r" message=(\d+) ", done.stdout)))
    return found


def check_journals(server):
    """What `signet journal check` calls damaged: a process that is killed damages none."""
    wrong = []
    for folder in sorted((server.data / "journal").glob("edge-*")):
        done = subprocess.run([server.signet, "journal", "check", str(folder)],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            wrong.append(f"{folder.name}: {done.stdout}{done.stderr}")
    return wrong


def in_store(server):
    db = database(server)
    assert db.execute("PRAGMA quick_check").fetchall() == [("ok",)]
    found = collections.Counter(m & (1 << 64) - 1 for (m,) in
                                db.execute("SELECT message FROM track_events"))
    db.close()
    return found


def judge(clicks, found, what):
    """What is wrong, in words."""
    wrong = []
    lost = clicks.messages - found.keys()
    twice = [m for m, n in found.items() if n > 1]
    strange = [m for m in found if not 0 <= m - clicks.first < clicks.sent]
    if lost:
        wrong.append(f"{what}: {len(lost)} answered clicks lost, as {min(lost)}")
    if twice:
        wrong.append(f"{what}: {len(twice)} clicks twice, as {twice[0]}")
    if strange:
        wrong.append(f"{what}: {len(strange)} clicks that nobody made")
    return wrong


def kill_one(server, chance, killed):
    role = chance.choice(("edge", "edge", "core"))
    pids = server.pids_of(role)
    if pids:
        os.kill(chance.choice(pids), 9)
        killed[role] += 1


def run(signet, tool, directory, seconds, chance):
    """One round: the clicks, the kills, what is wrong."""
    killed = collections.Counter()
    with Server(signet, directory, **{"edge.processes": str(EDGES),
                                      "journal.segment": "1M"}) as server:
        clicks = Clicks(tool, server, seconds)
        while clicks.is_running():
            time.sleep(chance.uniform(*PAUSE))
            if clicks.is_running():
                kill_one(server, chance, killed)
        clicks.end()
        until(server.is_up, "all roles", 60)
        wrong = judge(clicks, in_journals(server), "journals")
        began = time.monotonic()
        until(lambda: is_ingested(server), "the ingest", INGEST_SECONDS)
        clicks.ingest_seconds = time.monotonic() - began
        wrong += judge(clicks, in_store(server), "store")
        if server.stop():
            wrong.append("the server did not end well")
        wrong += check_journals(server)
    return clicks, killed, wrong


def main(signet, tool, rounds, seconds):
    seed = int(os.environ.get("TORTURE_SEED", random.randrange(1 << 32)))
    print(f"torture-edge: seed {seed}", flush=True)
    chance = random.Random(seed)
    answered, kills, faults = 0, 0, []
    for i in range(rounds):
        with tempfile.TemporaryDirectory(prefix="signet-torture-") as directory:
            clicks, killed, wrong = run(signet, tool, directory, seconds, chance)
            for line in wrong:
                print(f"  {line}")
        print(f"round {i + 1}: {killed['edge']} edges and {killed['core']} cores killed, "
              f"{clicks.sent} clicks, {clicks.answered} answered, {clicks.broken} broken "
              f"off, {clicks.other} others, ingest {clicks.ingest_seconds:.0f} s behind: "
              f"{'ok' if not wrong else 'short'}", flush=True)
        answered += clicks.answered
        kills += sum(killed.values())
        faults += wrong
    good = not faults and answered > 0 and kills > 0
    print(f"torture-edge: {rounds} rounds of {seconds:.0f} s, {kills} kills, {answered} "
          f"clicks answered, {len(faults)} faults (target none): "
          f"{'ok' if good else 'short'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]),
                  int(os.environ.get("TORTURE_ROUNDS", "20")),
                  float(os.environ.get("TORTURE_SECONDS", "60"))))

"""kill -9 of roles at random while domains are added through the API.

    make torture        five minutes of it

What counts: no domain that was acknowledged is lost, no key that one of them has, and
every role is back soon.  A request that fails without an answer may or may not have been
done: it is sent again with the same Idempotency-Key, as clients of the API should.
"""

import http.client
import os
import pathlib
import random
import sqlite3
import sys
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from server import Api, Server, until

ROLES = ("core", "keys", "edge", "gate")
BACK_SECONDS = 2.0  # what the server promises
WORKERS = 4


class Result:
    def __init__(self):
        self.acknowledged = []  # (name, id)
        self.kills = 0
        self.back = {role: [] for role in ROLES}  # seconds until it was up again
        self.lost, self.keys_lost, self.strange = [], [], []

    @property
    def added(self):
        return len(self.acknowledged)


def add_domains(server, number, result, end):
    """Adds one domain after the other, each until it is acknowledged."""
    api = Api(server.url, server.api.key, timeout=15)
    count = 0
    while time.monotonic() < end:
        count += 1
        name = f"w{number}n{count}-{uuid.uuid4().hex[:8]}.example"
        token = uuid.uuid4().hex
        while time.monotonic() < end:
            try:
                reply = api.post("/v1/domains", {"name": name}, again=False,
                                 headers={"Idempotency-Key": token})
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            if reply.status == 201:
                result.acknowledged.append((name, reply.json["id"]))
                break
            if reply.status not in (409, 429, 503):
                result.strange.append((name, reply))
                break
            time.sleep(0.05)


def restarts_of(server, role):
    health = server.health()
    if not health:
        return None
    return {r["name"]: (r["state"], r["restarts"]) for r in health["roles"]}.get(role)


def kill_one(server, role, result):
    """Kills a role and waits until it is up again."""
    old = server.kill(role)
    if old is None:
        return
    began = time.monotonic()
    result.kills += 1
    until(lambda: server.pids().get(role, old) != old
          and (restarts_of(server, role) or ("",))[0] == "up", f"{role} to be back")
    result.back[role].append(time.monotonic() - began)


def judge(server, result):
    """What the server says now, and what is on its disk."""
    for name, public_id in result.acknowledged:
        reply = server.api.get(f"/v1/domains/{name}")
        if reply.status != 200 or reply.json["id"] != public_id:
            result.lost.append((name, reply))
    db = sqlite3.connect(f"file:{server.data}/signet.db?mode=ro", uri=True)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    files = {path.stem for path in (server.data / "keys" / "dkim").glob("*.key")}
    result.keys_lost = [ref for (ref,) in db.execute("SELECT key_ref FROM dkim_keys")
                        if str(ref) not in files]
    db.close()


def run(server, seconds, chance):
    result = Result()
    end = time.monotonic() + seconds
    workers = [threading.Thread(target=add_domains, args=(server, n, result, end))
               for n in range(WORKERS)]
    for worker in workers:
        worker.start()
    while time.monotonic() < end:
        time.sleep(chance.uniform(0.3, 2.0))
        kill_one(server, chance.choice(ROLES), result)
    for worker in workers:
        worker.join()
    until(server.is_up, "all roles")
    judge(server, result)
    assert not result.strange, result.strange[:3]
    return result


def main(signet, directory, seconds):
    with Server(signet, directory, **{"keys.pool": "256"}) as server:
        result = run(server, seconds, random.Random())
    slowest = {role: max(times, default=0) for role, times in result.back.items()}
    good = (result.added > 0 and not result.lost and not result.keys_lost
            and max(slowest.values()) <= BACK_SECONDS)
    print(f"torture: {seconds:.0f} s, {result.kills} kills, {result.added} domains "
          f"acknowledged, {len(result.lost)} lost, {len(result.keys_lost)} keys lost, "
          "slowest return " + ", ".join(f"{r} {s:.2f} s" for r, s in slowest.items())
          + f" (target none lost, {BACK_SECONDS:.0f} s): {'ok' if good else 'short'}")
    return 0 if good else 1


if __name__ == "__main__":
    import tempfile
    with tempfile.TemporaryDirectory(prefix="signet-torture-") as where:
        sys.exit(main(os.path.abspath(sys.argv[1]), where,
                      float(os.environ.get("TORTURE_SECONDS", "300"))))

"""make bench-watch: a million domains in the store, each checked every hour.

Runs inside the lab. A server makes its own database, which is then filled through
python's sqlite3 with BENCH_DOMAINS verified domains that fall due evenly over the hour.
Only those due within the slice of BENCH_SECONDS that is watched have zones (in NSD, on
the same machine); the others are rows that the server has to carry. Then domains are
added through the API while the pool of keys is warm.

usage: watch.py SIGNET        BENCH_SMOKE=1: small, and only whether it works
"""

import json
import os
import re
import resource
import sqlite3
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lab"), os.path.join(HERE, "..", "lib")]
import world
from lab import Lab
from server import Api, Server, until

SMOKE = bool(os.environ.get("BENCH_SMOKE"))
DOMAINS = int(os.environ.get("BENCH_DOMAINS", "20000" if SMOKE else "1000000"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "10" if SMOKE else "600"))
ADDS = int(os.environ.get("BENCH_ADDS", "40" if SMOKE else "1500"))
HOUR = 3600
SETTLE_MS = 4000  # from the filled store to the first domain that is due
WORKERS = 16
START_MAX, RSS_MAX, LAG_MAX, ADDS_MIN = 3.0, 400, 60.0, 300
KEPT_UP = 0.95  # of what fell due

# A domain that was verified an hour ago and is due again after its share of the hour.
FILL = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
INSERT INTO domains ({columns})
SELECT {values} FROM n, domains AS t WHERE t.id = :template"""
OWN = {
    "id": ":template + 1 + i",
    "name": "printf('d%06d.bench', i)",
    "settings": ":settings",
    "status": "'verified'",
    "status_since": ":now - 86400000", "started_at": ":now - 86400000",
    "verified_at": ":now - 86400000", "checked_at": ":now - 3600000",
    "next_check_at": ":now + i * :span / :count",
    "checks_done": "24", "tracking_host": "printf('track.d%06d.bench', i)",
}


def say(text):
    print(f"bench-watch: {text}", flush=True)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * resource.getpagesize() / (1 << 20)


def metrics(server):
    text = server.api.get("/metrics").body.decode()
    return {name: float(value) for name, value in
            re.findall(r"^signet_(\w+) ([0-9.e+]+)$", text, re.M)}


def make_template(server):
    """One domain by the API, as a pattern for all rows; off the schedule."""
    document = server.add("template.example", profile="standard")
    return int(document["id"].split("_")[1])


def fill(server, template):
    """The rows of all domains and of the schedule."""
    db = sqlite3.connect(server.data / "signet.db")
    db.row_factory = sqlite3.Row
    db.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-200000;")
    row = db.execute("SELECT * FROM domains WHERE id = ?", (template,)).fetchone()
    settings = json.loads(row["settings"])
    settings |= {k: v for k, v in world.SETTINGS.items() if k in settings}
    columns = row.keys()
    values = [OWN.get(name, f"t.{name}") for name in columns]
    with db:
        db.execute(FILL.format(columns=", ".join(columns), values=", ".join(values)),
                   {"count": DOMAINS, "template": template, "span": HOUR * 1000,
                    "settings": json.dumps(settings),
                    "now": int(time.time() * 1000)})
    with db:  # from the time that it is now
        db.execute("DELETE FROM schedule")
        db.execute("INSERT INTO schedule SELECT id, :first + (id - :template) * :span "
                   "/ :count FROM domains WHERE id > :template",
                   {"count": DOMAINS, "template": template, "span": HOUR * 1000,
                    "first": int(time.time() * 1000) + SETTLE_MS})
    db.close()


def watch(server):
    """Samples core until the slice is over."""
    pid = server.pids()["core"]
    cpu, began = cpu_seconds(pid), time.monotonic()
    before = metrics(server)["checks_total"]
    lag, rss, shown = 0.0, rss_mb(pid), 0
    while (elapsed := time.monotonic() - began) < SECONDS:
        time.sleep(min(1.0, SECONDS - elapsed))
        now = metrics(server)
        lag, rss = max(lag, now["check_lag_seconds"]), max(rss, rss_mb(pid))
        if elapsed - shown >= 30:
            shown = elapsed
            say(f"{elapsed:4.0f} s: {now['checks_total'] - before:.0f} checks, "
                f"lag {now['check_lag_seconds']:.1f} s, RSS {rss:.0f} MB")
    elapsed = time.monotonic() - began
    return {"checks": metrics(server)["checks_total"] - before, "seconds": elapsed,
            "cpu": cpu_seconds(pid) - cpu, "lag": lag, "rss": rss}


def still_verified(server):
    """How many of the domains that were checked again are still verified."""
    db = sqlite3.connect(f"file:{server.data}/signet.db?mode=ro", uri=True)
    found = db.execute("SELECT status = 'verified', count(*) FROM domains "
                       "WHERE name LIKE 'd%.bench' AND checks_done > 24 "
                       "GROUP BY 1").fetchall()
    db.close()
    return dict(found).get(1, 0), dict(found).get(0, 0)


def rest(server):
    """Starts it again with nothing due, since no zones are there for what comes next."""
    server.stop()
    db = sqlite3.connect(server.data / "signet.db")
    with db:
        db.execute("DELETE FROM schedule")
    db.close()
    server.start()


def add_all(server):
    """Adds ADDS domains at once over a few connections; how many a second."""
    numbers = iter(range(ADDS))
    lock, bad = threading.Lock(), []

    def worker():
        api = Api(server.url, server.api.key)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            reply = api.post("/v1/domains", {"name": f"added{number}.example"})
            if reply.status != 201:
                bad.append(reply)

    threads = [threading.Thread(target=worker) for _ in range(WORKERS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if bad:
        say(f"{len(bad)} not added, as {bad[0]}")
    return 0 if bad else ADDS / (time.monotonic() - began)


def prepare(server):
    """The database, and the zones of what falls due in the slice; seconds it took the
    server to be up with all of it."""
    zones = min(DOMAINS, DOMAINS * (SECONDS + 60) // HOUR + 100)
    say(f"starting NSD with {zones} zones: those of {DOMAINS} domains that are due "
        f"within {SECONDS} s")
    Lab.attach().bench_world(zones)
    server.start()
    template = make_template(server)
    server.stop()
    say(f"filling the store with {DOMAINS} domains")
    fill(server, template)
    began = time.monotonic()
    server.start()
    return time.monotonic() - began


def main(signet):
    with tempfile.TemporaryDirectory(prefix="signet-bench-") as directory:
        server = Server(signet, directory, **{
            "keys.pool": str(ADDS), "api.rate_per_minute": "10000000"})
        try:
            start = prepare(server)
            say(f"up in {start:.2f} s; watching for {SECONDS} s")
            seen = watch(server)
            good_ones, demoted = still_verified(server)
            say(f"{good_ones} checked and verified, {demoted} not; making a pool of "
                f"{ADDS} keys")
            rest(server)
            until(lambda: metrics(server)["key_pool"] >= ADDS, "the pool", 1200)
            adds = add_all(server)
        finally:
            server.stop()
    per_second = seen["checks"] / seen["seconds"]
    busy = seen["cpu"] / seen["seconds"]
    due = DOMAINS / HOUR * (seen["seconds"] - SETTLE_MS / 1000)
    kept_up = demoted == 0 and seen["lag"] < LAG_MAX and seen["checks"] >= KEPT_UP * due
    good = (start < START_MAX and seen["rss"] < RSS_MAX and kept_up and busy < 1
            and adds >= ADDS_MIN)
    say(f"{DOMAINS} domains: start {start:.2f} s, RSS {seen['rss']:.0f} MB, "
        f"{per_second:.0f} domains/s checked, {100 * seen['checks'] / due:.0f} % of what "
        f"was due, lag at most {seen['lag']:.1f} s, core {100 * busy:.0f} % of one CPU "
        f"({seen['checks'] / max(seen['cpu'], 0.01):.0f} domains/s per core), "
        f"{adds:.0f} added/s by the API (target start < {START_MAX:.0f} s, RSS < {RSS_MAX} "
        f"MB, {100 * KEPT_UP:.0f} % of what is due, lag < {LAG_MAX:.0f} s, >= {ADDS_MIN} added/s): {'ok' if good else 'short'}")
    if SMOKE:
        return 0 if demoted == 0 and seen["checks"] > 0 and adds > 0 else 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))

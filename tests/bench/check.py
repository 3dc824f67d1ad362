"""make bench-check: how many domains a second one core of Signet checks.

Runs inside the lab. Every domain is a zone of its own behind its own delegation, never
seen before, checked by the `standard` profile in one `signet check --bulk`: root, TLD
and customer's servers are NSD on the same machine. What counts is Signet's own CPU time
(user and system), so that NSD on the other core and a busy machine do not distort it.

usage: check.py SIGNET
"""

import json
import os
import resource
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
from lab import Lab

TARGET_DOMAINS = 1500          # a second of Signet's CPU
TARGET_GROWTH = 64 * 1024      # kB above the start
DOMAINS = int(os.environ.get("BENCH_DOMAINS", "200000"))
SMOKE = bool(os.environ.get("BENCH_SMOKE"))
CONCURRENCY = os.environ.get("BENCH_CONCURRENCY", "100")


def rss_kb(pid):
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * resource.getpagesize() // 1024
    except (OSError, IndexError):
        return 0


def watch_memory(process, samples):
    while process.poll() is None:
        size = rss_kb(process.pid)
        if size:
            samples.append(size)
        time.sleep(0.05)


def run(signet, names, settings):
    command = [signet, "check", "--bulk", names, "--profile", "standard",
               "--root-hints", os.environ["LAB_ROOT_HINTS"], "--concurrency", CONCURRENCY]
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    samples = []
    threading.Thread(target=watch_memory, args=(process, samples), daemon=True).start()
    last = []

    def progress():
        for line in process.stderr:
            last.append(line.strip())
            print("  " + line.strip(), flush=True)
    reader = threading.Thread(target=progress, daemon=True)
    reader.start()
    verified = 0
    for line in process.stdout:
        verified += '"status":"verified","can_send":true' in line[:400]
    _pid, _status, usage = os.wait4(process.pid, 0)
    reader.join(5)
    return {"seconds": time.monotonic() - started, "verified": verified,
            "cpu": usage.ru_utime + usage.ru_stime, "user": usage.ru_utime,
            "samples": samples, "peak": usage.ru_maxrss, "last": last[-1]}


def main():
    signet = sys.argv[1]
    lab = Lab.attach()
    print(f"bench-check: starting NSD with {DOMAINS} zones", flush=True)
    names = lab.bench_world(DOMAINS)
    with open(os.environ["LAB_SETTINGS"], encoding="utf-8") as f:
        settings = json.load(f)
    print(f"bench-check: {DOMAINS} never-seen domains, {CONCURRENCY} at a time", flush=True)
    r = run(signet, names, settings)
    questions = int(r["last"].split(" questions")[0].split()[-1])
    start = r["samples"][min(len(r["samples"]) - 1, 10)]
    growth = r["peak"] - start
    per_core = DOMAINS / r["cpu"]
    print(f"bench-check: {r['seconds']:.1f} s, {r['cpu']:.1f} s CPU of Signet "
          f"({r['user']:.1f} user), {questions} questions, "
          f"{1e6 * r['cpu'] / questions:.0f} us CPU each")
    good = (per_core >= TARGET_DOMAINS and growth < TARGET_GROWTH
            and r["verified"] == DOMAINS)
    print(f"bench-check: {per_core:.0f} domains/s per core ({DOMAINS / r['seconds']:.0f}/s "
          f"by the clock), {questions / r['cpu']:.0f} questions/s per core, "
          f"RSS {start // 1024} MB at start, {r['peak'] // 1024} MB at most, "
          f"{r['verified']} of {DOMAINS} verified "
          f"(target {TARGET_DOMAINS} domains/s per core, RSS < 64 MB above start): "
          f"{'ok' if good else 'short'}")
    if SMOKE:
        return 0 if r["verified"] == DOMAINS else 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

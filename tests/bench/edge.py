"""make bench-edge: what a click costs, beside nginx that answers a constant 302.

Same machine, same run, one worker each, pinned to the same processor; the load comes from
another one. nginx writes a buffered access log; Signet's edge opens a token with a
destination of 200 bytes and has each event on the disk before it answers (sync = each).
  (a) kept connections, 64 at a time (wrk); also shown for 512, where a sync is shared by more
  (b) a new TLS 1.3 connection for each click, ECDSA P-256 (tests/bench/edge_load.c, which
      does not verify the signature so that it is not the limit)
Short rounds alternate; the verdict is on medians. CPU time is user and system time of the
worker with all its threads, from /proc/PID/stat. On a machine that does other work too the
ratios mean more than the figures.

usage: edge.py BUILD       BENCH_SMOKE=1: short, and only whether it works
       BENCH_HOSTS=1: instead, memory with 50,000 hosts and 10,000 idle TLS connections,
       and the first request to a host whose certificate is not in memory
"""

import asyncio
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

SMOKE = bool(os.environ.get("BENCH_SMOKE"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "1" if SMOKE else "7"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "1" if SMOKE else "3"))
HOST = "track.acme.example"
CONNECTIONS, MANY_CONNECTIONS, TLS_CONNECTIONS = 64, 512, 32
HOSTS, IDLE = (500, 100) if SMOKE else (50000, 10000)
KEPT = 5000  # certificates: the default of edge.certificates
RSS_MAX, COLD_MAX_MS = 400, 20
RATIO_MAX, P99_MAX = 1.0, 2.0
TICK = os.sysconf("SC_CLK_TCK")

NGINX = """daemon off; master_process on; worker_processes 1;
pid {dir}/nginx.pid; error_log {dir}/nginx.err;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{
  access_log {dir}/access.log combined buffer=64k flush=1s;
  keepalive_requests 1000000000; client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2;
  fastcgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
  server {{
    listen 127.0.0.1:{http}; listen 127.0.0.1:{https} ssl;
    server_name {host};
    ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;
    ssl_protocols TLSv1.3;
    location / {{ return 302 "{url}"; }}
  }}
}}
"""


def say(text):
    print(f"bench-edge: {text}", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / TICK


def rss_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1]) / 1024


def processors():
    """Where the worker runs, and where the load comes from."""
    all_of_them = sorted(os.sched_getaffinity(0))
    return str(all_of_them[0]), ",".join(map(str, all_of_them[1:] or all_of_them))


SERVER_CPU, LOAD_CPU = processors()


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def make_certificate(directory):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-keyout", f"{directory}/key.pem", "-out", f"{directory}/cert.pem",
        "-days", "30", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}")
    run("openssl", "x509", "-in", f"{directory}/cert.pem", "-outform", "DER", "-out",
        f"{directory}/cert.der")
    run("openssl", "ec", "-in", f"{directory}/key.pem", "-outform", "DER", "-out",
        f"{directory}/key.der")


class Worker:
    """A server under test: its process, the pid that works, its ports."""

    def __init__(self, name, command, ports):
        self.name, self.http, self.https = name, *ports
        self.process = subprocess.Popen(["taskset", "-c", SERVER_CPU, *command],
                                        stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid

    def wait_until_it_listens(self):
        for port in (self.http, self.https):
            for _ in range(500):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if self.process.poll() is not None:
                        raise SystemExit(f"bench-edge: {self.name} does not start") from None
                    time.sleep(0.02)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_edge(build, directory, *more):
    ports = free_port(), free_port()
    edge = Worker("edge", [f"{build}/tests/bench_edge_server", f"{directory}/journal",
                           *map(str, ports), f"{directory}/cert.der",
                           f"{directory}/key.der", *map(str, more)], ports)
    edge.path = edge.process.stdout.readline().strip()
    edge.wait_until_it_listens()
    return edge


def start_nginx(directory, url):
    ports = free_port(), free_port()
    (directory / "nginx.conf").write_text(
        NGINX.format(dir=directory, http=ports[0], https=ports[1], host=HOST, url=url))
    nginx = Worker("nginx", ["nginx", "-e", f"{directory}/nginx.err", "-c",
                             f"{directory}/nginx.conf"], ports)
    nginx.wait_until_it_listens()
    with open(f"/proc/{nginx.pid}/task/{nginx.pid}/children", encoding="ascii") as f:
        nginx.pid = int(f.read().split()[0])
    return nginx


def location_of(edge):
    with socket.create_connection(("127.0.0.1", edge.http)) as s:
        s.sendall(f"GET {edge.path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
                  .encode())
        answer = b"".join(iter(lambda: s.recv(65536), b"")).decode()
    return re.search(r"\r\nLocation: (.*)\r\n", answer)[1]


def milliseconds(text):
    number, unit = re.match(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def load_kept(worker, path, connections=CONNECTIONS):
    out = run("taskset", "-c", LOAD_CPU, "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s",
              "--latency", "-H", f"Host: {HOST}", f"http://127.0.0.1:{worker.http}{path}")
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"bench-edge: {worker.name}: {out}")
    return (int(re.search(r"(\d+) requests in", out)[1]),
            milliseconds(re.search(r"(?m)^ *99%\s+(\S+)", out)[1]))


def load_tls(worker, path, build):
    got = json.loads(run("taskset", "-c", LOAD_CPU, f"{build}/tests/bench_edge_load",
                         str(worker.https), HOST, path, str(SECONDS), str(TLS_CONNECTIONS)))
    if got["failed"] or not got["requests"]:
        raise SystemExit(f"bench-edge: {worker.name}: {got}")
    return got["requests"], got["p99_us"] / 1000


def measure(worker, load, *arguments):
    cpu, began = cpu_seconds(worker.pid), time.monotonic()
    requests, p99 = load(worker, *arguments)
    used = cpu_seconds(worker.pid) - cpu
    return {"us": used / requests * 1e6, "per_s": requests / SECONDS, "p99": p99,
            "busy": used / (time.monotonic() - began)}


def rounds(title, workers, load, *arguments):
    """Medians of each worker, rounds taking turns."""
    seen = {w.name: [] for w in workers}
    for _ in range(ROUNDS):
        for worker in workers:
            seen[worker.name].append(measure(worker, load, *arguments))
    medians = {name: {k: statistics.median(one[k] for one in all_of_it) for k in all_of_it[0]}
               for name, all_of_it in seen.items()}
    for name, m in medians.items():
        say(f"{title} {name}: {m['us']:.2f} us CPU a request, {m['per_s']:.0f} requests/s, "
            f"p99 {m['p99']:.2f} ms, processor {m['busy'] * 100:.0f} % busy")
    # A round of each beside the other: what disturbs both falls out.
    ratio = statistics.median(e["us"] / n["us"] for e, n in zip(seen["edge"], seen["nginx"]))
    return ratio, medians["edge"]["p99"] / medians["nginx"]["p99"]


def compare(build, directory):
    edge = start_edge(build, directory)
    nginx = None
    try:
        nginx = start_nginx(directory, location_of(edge))
        say(f"{ROUNDS} rounds of {SECONDS} s each; worker on processor {SERVER_CPU}, load on "
            f"{LOAD_CPU}; load average {os.getloadavg()[0]:.1f} at the start")
        kept, p99 = rounds("(a) kept", [edge, nginx], load_kept, edge.path)
        many, _ = rounds(f"(a) {MANY_CONNECTIONS} kept", [edge, nginx], load_kept, edge.path,
                         MANY_CONNECTIONS)
        tls, _ = rounds("(b) TLS", [edge, nginx], load_tls, edge.path, build)
    finally:
        edge.stop()
        if nginx:
            nginx.stop()
    ok = kept <= RATIO_MAX and tls <= RATIO_MAX and p99 <= P99_MAX
    say(f"with {MANY_CONNECTIONS} kept connections {many:.2f} of nginx's CPU a request")
    say(f"(a) {kept:.2f} (b) {tls:.2f} of nginx's CPU a request, p99 (a) {p99:.2f} of its "
        "(target ratio ≤ 1.0 (a) and (b), p99 (a) ≤ 2× nginx): "
        + ("works" if SMOKE else "ok" if ok else "short"))
    return 0 if ok or SMOKE else 1


# -- many hosts ---------------------------------------------------------------------------

def client_context():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def open_idle(port, context, count):
    """Connections that have made one request each under a name of their own, and wait."""
    kept, free = [], asyncio.Semaphore(50)

    async def one(i):
        async with free:
            name = f"h{i % HOSTS}.example"
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=context, server_hostname=name)
            writer.write(f"GET /robots.txt HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            await reader.readuntil(b"Disallow: /\n")
            kept.append(writer)
    await asyncio.gather(*(one(i) for i in range(count)))
    return kept


def cold_request_ms(port, context, name):
    began = time.monotonic()
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port)),
                             server_hostname=name) as s:
        s.sendall(f"GET /robots.txt HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        assert s.recv(65536).startswith(b"HTTP/1.1 200 ")
    return (time.monotonic() - began) * 1000


async def many_hosts(build, directory):
    edge = start_edge(build, directory, HOSTS, KEPT)
    try:
        say(f"{HOSTS} hosts known, {KEPT} certificates kept: RSS {rss_mb(edge.pid):.0f} MB")
        context = client_context()
        kept = await open_idle(edge.https, context, IDLE)
        rss = rss_mb(edge.pid)
        cold = [cold_request_ms(edge.https, context, f"h{HOSTS - 1 - i}.example")
                for i in range(20)]
        for writer in kept:
            writer.transport.abort()
    finally:
        edge.stop()
    worst = statistics.median(cold)
    ok = rss < RSS_MAX and worst < COLD_MAX_MS
    say(f"RSS {rss:.0f} MB with {IDLE} idle TLS connections, each of another host; first "
        f"request to a cold host {worst:.1f} ms (target < {RSS_MAX} MB, < {COLD_MAX_MS} ms): "
        + ("works" if SMOKE else "ok" if ok else "short"))
    return 0 if ok or SMOKE else 1


def main():
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="signet-bench-") as name:
        directory = pathlib.Path(name)
        os.chmod(directory, 0o755)  # nginx's worker has another user
        (directory / "journal").mkdir()
        make_certificate(directory)
        if os.environ.get("BENCH_HOSTS"):
            return asyncio.run(many_hosts(build, directory))
        return compare(build, directory)


if __name__ == "__main__":
    sys.exit(main())

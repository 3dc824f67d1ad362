"""The machines of the lab: who has which address, how each is configured, started,
spoken to and stopped.

Every NSD listens twice: on 127.0.0.x port 5300, behind the relay that owns port 53
there, and on 127.0.1.x port 53, where nothing stands in between.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time

import wire
from wire import BACK_PORT

HERE = os.path.dirname(os.path.abspath(__file__))
READY_SECONDS = 10
ZONE_LIST_HEAD = "# NSD zone list\n# name pattern\n"


class LabError(Exception):
    """Something the lab was asked for cannot be done; the text says why."""


# name: (address, the name in NS records)
NSD = {
    "root": ("127.0.0.10", "a.root"),
    "tld": ("127.0.0.11", "a.gtld"),
    "infra": ("127.0.0.12", "ns.dns.test"),
    "operator1": ("127.0.0.21", "ns1.mail.example"),
    "operator2": ("127.0.0.22", "ns2.mail.example"),
    "godaddy1": ("127.0.0.31", "ns07.domaincontrol.com"),
    "godaddy2": ("127.0.0.32", "ns08.domaincontrol.com"),
    "cloudflare1": ("127.0.0.33", "ada.ns.cloudflare.com"),
    "cloudflare2": ("127.0.0.34", "bob.ns.cloudflare.com"),
    "route53a": ("127.0.0.35", "ns-1.awsdns-01.org"),
    "route53b": ("127.0.0.36", "ns-2.awsdns-02.net"),
    "generic1": ("127.0.0.41", "ns1.dns.test"),
    "generic2": ("127.0.0.42", "ns2.dns.test"),
    "generic3": ("127.0.0.43", "ns3.dns.test"),
}
# Started by Lab.bench_world only; no relay in front.
BENCH = {
    "bench-tld": ("127.0.1.90", "ns.benchtld"),
    "bench1": ("127.0.1.91", "ns1.host.bench"),
    "bench2": ("127.0.1.92", "ns2.host.bench"),
}
RESOLVERS = {"fresh": "127.0.0.53", "stale": "127.0.0.54"}
GROUPS = {
    "operator": ("operator1", "operator2"),
    "godaddy": ("godaddy1", "godaddy2"),
    "cloudflare": ("cloudflare1", "cloudflare2"),
    "route53": ("route53a", "route53b"),
    "generic": ("generic1", "generic2"),
}
# Names that Unbound would answer by itself, with NXDOMAIN.
UNBLOCKED = ("test.", "2.0.192.in-addr.arpa.", "100.51.198.in-addr.arpa.",
             "113.0.203.in-addr.arpa.", "8.b.d.0.1.0.0.2.ip6.arpa.")


def server_names(servers):
    """A name, a group or a list of both, as a list of server names."""
    if isinstance(servers, str):
        servers = [servers]
    return [name for item in servers for name in GROUPS.get(item, (item,))]


def ns_name(server):
    if server in NSD or server in BENCH:
        return {**NSD, **BENCH}[server][1]
    if "." in server:
        return server.rstrip(".")
    raise LabError(f"no server {server!r}; there are {', '.join(NSD)}")


def address_of_ns(name):
    """The address of a server known by its NS name, or None."""
    for address, known in [*NSD.values(), *BENCH.values()]:
        if known == name:
            return address
    return None


def direct_address(server):
    """Where the server itself answers on port 53, without the relay."""
    if server in BENCH:
        return BENCH[server][0]
    if server in NSD:
        return NSD[server][0].replace("127.0.0.", "127.0.1.")
    raise LabError(f"no name server {server!r}; there are {', '.join(NSD)}")


def nsd_config(directory, name, listen):
    """Writes DIRECTORY/NAME.conf; zones come from NAME.zones (the zone list)."""
    zones = os.path.join(directory, name)
    os.makedirs(zones, exist_ok=True)
    text = "server:\n" + "".join(f"  ip-address: {where}\n" for where in listen)
    text += f"""  server-count: 1
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{zones}"
  pidfile: "{directory}/{name}.pid"
  xfrdfile: "{directory}/{name}.xfrd"
  xfrdir: "{directory}"
  zonelistfile: "{directory}/{name}.zones"
  logfile: "{directory}/{name}.log"
  rrl-ratelimit: 0
  rrl-size: 1000
  rrl-whitelist-ratelimit: 0
  xfrd-reload-timeout: 0
  tcp-count: 200
remote-control:
  control-enable: yes
  control-interface: "{directory}/{name}.ctl"
pattern:
  name: "lab"
  zonefile: "%s.zone"
"""
    path = os.path.join(directory, name + ".conf")
    with open(path, "w", encoding="ascii") as out:
        out.write(text)
    return path


def unbound_config(directory, name, anchor, hints):
    address = RESOLVERS[name]
    text = f"""server:
  interface: {address}@{BACK_PORT}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  do-ip6: no
  do-daemonize: no
  use-syslog: no
  username: ""
  chroot: ""
  directory: "{directory}"
  pidfile: ""
  logfile: "{directory}/{name}.log"
  num-threads: 1
  outgoing-range: 256
  root-hints: "{hints}"
  trust-anchor-file: "{anchor}"
  infra-host-ttl: 1
  infra-keep-probing: yes
"""
    if name == "stale":
        text += "  cache-min-ttl: 86400\n"
    text += "".join(f'  local-zone: "{zone}" nodefault\n' for zone in UNBLOCKED)
    text += f"""remote-control:
  control-enable: yes
  control-use-cert: no
  control-interface: "{directory}/{name}.ctl"
"""
    path = os.path.join(directory, name + ".conf")
    with open(path, "w", encoding="ascii") as out:
        out.write(text)
    return path


def _exchange(path, data):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(READY_SECONDS)
        sock.connect(path)
        sock.sendall(data)
        answer = b""
        while not (data.startswith(b"{") and answer.endswith(b"\n")):
            part = sock.recv(65536)
            if not part:
                break
            answer += part
    return answer.decode()


def control(directory, name, words):
    """What nsd-control or unbound-control would say to WORDS."""
    magic = "UBCT1" if name in RESOLVERS else "NSDCT1"
    try:
        answer = _exchange(f"{directory}/{name}.ctl", f"{magic} {words}\n".encode())
    except OSError as problem:
        raise LabError(f"{name}: no answer to {words!r}: {problem}") from problem
    if answer.startswith("error"):
        raise LabError(f"{name}: {words!r}: {answer.strip()}")
    return answer


def relay_control(directory, request):
    try:
        answer = json.loads(_exchange(f"{directory}/relay.ctl",
                                      json.dumps(request).encode() + b"\n"))
    except (OSError, ValueError) as problem:
        raise LabError(f"the relay does not answer: {problem}") from problem
    if "error" in answer:
        raise LabError(answer["error"])
    return answer


def until(condition, what, seconds=READY_SECONDS):
    """Polls: the lab has no fixed sleeps."""
    limit = time.monotonic() + seconds
    pause = 0.001
    while not condition():
        if time.monotonic() > limit:
            raise LabError(f"{what}: not within {seconds} s")
        time.sleep(pause)
        pause = min(pause * 2, 0.02)


def serial_at(server, zone):
    """The serial with which a server answers for a zone, or None."""
    answer = wire.ask(direct_address(server), zone, "SOA")
    return wire.soa_serial(answer) if answer else None


def _children(pid):
    """Those that run: one that has ended stays in the list until it is waited for."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as text:
        return [child for child in text.read().split() if not _has_ended(child)]


def _has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def one_answers(directory, name):
    """Whether one process alone answers: while NSD reloads, the one before may still
    give the data of before."""
    try:
        with open(f"{directory}/{name}.pid", encoding="ascii") as pid:
            main = _children(int(pid.read()))
        return len(main) == 1 and len(_children(main[0])) == 1
    except OSError:
        return False


def _die_with_parent():
    """Should the lab be killed outright, the kernel ends its servers."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Processes:
    """The servers this process has started."""

    def __init__(self, directory, dies_with_parent=True):
        self.directory = directory
        self.prepare = _die_with_parent if dies_with_parent else None
        self.running = []

    def start(self, name, command):
        with open(f"{self.directory}/{name}.err", "ab") as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                start_new_session=True, preexec_fn=self.prepare)
        self.running.append((name, process))

    def start_nsd(self, name):
        self.start(name, ["nsd", "-d", "-c", f"{self.directory}/{name}.conf"])

    def start_unbound(self, name):
        self.start(name, ["unbound", "-d", "-c", f"{self.directory}/{name}.conf"])

    def start_relay(self):
        fronts = [f"{name}={where[0]}" for name, where in NSD.items()]
        fronts += [f"{name}={address}" for name, address in RESOLVERS.items()]
        self.start("relay", [sys.executable, "-E", "-S", f"{HERE}/relay.py",
                             f"{self.directory}/relay.ctl", *fronts])

    def check(self):
        """Says which server has died and what it wrote."""
        for name, process in self.running:
            if process.poll() is not None:
                raise LabError(f"{name} ended with {process.returncode}: "
                               + last_words(self.directory, name))

    def stop(self):
        for _name, process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        limit = time.monotonic() + 3
        for _name, process in self.running:
            try:
                process.wait(max(0.01, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running = []


def last_words(directory, name):
    words = ""
    for ending in ("err", "log"):
        try:
            with open(f"{directory}/{name}.{ending}", errors="replace") as log:
                words += log.read()[-600:]
        except OSError:
            pass
    return " / ".join(words.strip().splitlines()[-4:]) or "no message"

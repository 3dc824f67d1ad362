"""A small name space on loopback: a root, a TLD and an operator's server, all NSD.

The servers take port 53 of 127.0.0.10 (root), 127.0.0.11 (tld.) and 127.0.0.12 (the
domains), so this runs in a network namespace of its own:

    unshare -n python3 names.py FOLDER DOMAINS COMMAND…

serves DOMAINS domains d0.tld, d1.tld, … and runs the command with the files HINTS and
ANCHOR in its environment. The root is signed; its name signed. is secure, bogus. was
changed after signing.
"""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

ROOT, TLD, OPERATOR = "127.0.0.10", "127.0.0.11", "127.0.0.12"
SOA = "@ 3600 IN SOA ns.{zone} host.{zone} 1 7200 900 86400 300\n"
APEX = SOA + "@ 3600 IN NS ns.{zone}\nns.{zone} 3600 IN A {address}\n"
# One text serves every domain, since its names are relative to its zone.
DOMAIN = """$TTL 3600
@ IN SOA ns.op.tld. host.op.tld. 1 7200 900 86400 300
@ IN NS ns.op.tld.
@ IN MX 10 mx.op.tld.
@ IN TXT "v=spf1 -all"
sg42 IN MX 10 mx1.op.tld.
sg42 IN MX 10 mx2.op.tld.
sg42 IN TXT "v=spf1 include:_spf.op.tld -all"
s1._domainkey.sg42 IN TXT "v=DKIM1; k=rsa; " "p={key}" "{key}"
track IN CNAME track.op.tld.
_dmarc IN TXT "v=DMARC1; p=none"
""".format(key=196 * "A")


class Server:
    """One NSD with its zones: {name: text}."""

    def __init__(self, folder, address, zones):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        files = {}
        with open(folder / "nsd.conf", "w") as conf:
            conf.write(f"""server:
  ip-address: {address}@53
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  xfrdir: "{folder}"
  logfile: "{folder}/nsd.log"
  server-count: 1
  rrl-ratelimit: 0
  minimal-responses: no
remote-control:
  control-enable: no
""")
            for name, text in zones.items():
                path = files.get(text)
                if path is None:
                    path = files[text] = folder / f"{len(files)}.zone"
                    path.write_text(text)
                conf.write(f'zone:\n  name: "{name}"\n  zonefile: "{path}"\n')
        self.process = subprocess.Popen(["nsd", "-d", "-c", str(folder / "nsd.conf")])
        self.address = address
        self.wait()

    def wait(self):
        query = bytes.fromhex("123400000001000000000000" "00" "00020001")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(0.1)
                s.connect((self.address, 53))
                try:
                    s.send(query)
                    s.recv(512)
                    return
                except OSError:
                    time.sleep(0.05)
        raise RuntimeError(f"NSD on {self.address} does not answer")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def sign(folder, zone, text):
    """Signs a zone; writes its key to folder/anchor."""
    folder.mkdir(parents=True, exist_ok=True)
    key = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone],
                         cwd=folder, check=True, capture_output=True,
                         text=True).stdout.strip()
    (folder / "zone").write_text(text)
    subprocess.run(["ldns-signzone", "-o", zone, "-f", "zone.signed", "zone", key],
                   cwd=folder, check=True, capture_output=True)
    (folder / "anchor").write_text((folder / f"{key}.ds").read_text())
    return (folder / "zone.signed").read_text()


def start(folder, domains, operator_zones=None, tld_text=""):
    """Serves `domains` (names below tld.) and op.tld; returns servers and hints file."""
    folder = pathlib.Path(folder)
    delegations = "".join(f"{d}.tld. 3600 IN NS ns.op.tld.\n" for d in domains)
    root = APEX.format(zone="rootserver.", address=ROOT) + (
        f"tld. 3600 IN NS ns.tld.\nns.tld. 3600 IN A {TLD}\n"
        'signed. 3600 IN TXT "good"\nbogus. 3600 IN TXT "before"\n')
    root = sign(folder / "sign", ".", root.replace("@ ", ". ")).replace(
        '"before"', '"after"')
    tld = APEX.format(zone="tld.", address=TLD) + (
        f"op.tld. 3600 IN NS ns.op.tld.\nns.op.tld. 3600 IN A {OPERATOR}\n"
        ) + delegations + tld_text
    op = APEX.format(zone="op.tld.", address=OPERATOR) + "".join(
        f"{h}.op.tld. 3600 IN A {OPERATOR}\n" for h in ("mx", "mx1", "mx2", "track")
        ) + '_spf.op.tld. 3600 IN TXT "v=spf1 ip4:192.0.2.0/24 -all"\n'
    zones = {f"{d}.tld.": DOMAIN for d in domains}
    zones["op.tld."] = op
    zones.update(operator_zones or {})
    hints = folder / "hints"
    folder.mkdir(parents=True, exist_ok=True)
    hints.write_text(f". 3600 IN NS ns.rootserver.\nns.rootserver. 3600 IN A {ROOT}\n")
    servers = [Server(folder / "root", ROOT, {".": root}),
               Server(folder / "tld", TLD, {"tld.": tld}),
               Server(folder / "operator", OPERATOR, zones)]
    return servers, hints


# Beside the domains: a chain over two zones, a delegated _domainkey, a dead delegation.
EXTRA_TLD = """cut.tld. 3600 IN NS ns.op.tld.
dead.tld. 3600 IN NS ns.dead.tld.
ns.dead.tld. 3600 IN A 127.0.0.99
lame.tld. 3600 IN NS ns.op.tld.
"""
EXTRA_ZONES = {
    "cut.tld.": DOMAIN + """_domainkey IN NS ns.op.tld.
chain IN CNAME track.d0.tld.
gone IN CNAME nothing.d0.tld.
turn IN CNAME around.d0.tld.
""",
    "_domainkey.cut.tld.": """$TTL 3600
@ IN SOA ns.op.tld. host.op.tld. 1 7200 900 86400 300
@ IN NS ns.op.tld.
s1 IN TXT "v=DKIM1; p="
""",
}


def main():
    folder, count, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    servers, hints = start(folder, [f"d{i}" for i in range(count)], EXTRA_ZONES,
                           EXTRA_TLD)
    try:
        done = subprocess.run(command, env={
            **os.environ, "HINTS": str(hints), "ANCHOR": f"{folder}/sign/anchor"})
    finally:
        for server in servers:
            server.stop()
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()

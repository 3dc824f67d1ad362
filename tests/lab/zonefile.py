"""What the lab knows about its zones, and how that becomes zone files.

One JSON file is shared by the process that started the lab and all that attach to
it; `Zones.change` holds a lock around each step.  Per zone: its text on each server
(they may differ: that is a stale secondary), its cuts, its TTLs, its key.
"""

import contextlib
import fcntl
import json
import os
import re
import subprocess

from servers import LabError, address_of_ns, ns_name

SOA = re.compile(r"^[^;\"\n]*\sSOA\s", re.IGNORECASE | re.MULTILINE)
SERIAL = re.compile(r"(\sSOA\s+\S+\s+\S+\s*\(?(?:\s|;[^\n]*\n)*)\d+", re.IGNORECASE)


def zone_name(zone):
    """Lower case, no final dot; the root is "."."""
    return zone.rstrip(".").lower() or "."


def is_below(name, zone):
    return name != zone and (zone == "." or name.endswith("." + zone))


def absolute(name):
    return "." if name == "." else name + "."


class Zones:
    def __init__(self, directory):
        self.directory = directory
        self.path = f"{directory}/zones.json"
        self.data = {"serial": 0, "zones": {}}

    @contextlib.contextmanager
    def change(self):
        """Reads, lets the caller change and writes, alone."""
        with open(f"{self.directory}/lock", "a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.read()
            yield self
            with open(self.path + ".new", "w", encoding="utf-8") as out:
                json.dump(self.data, out)
            os.replace(self.path + ".new", self.path)

    def read(self):
        with contextlib.suppress(FileNotFoundError):
            with open(self.path, encoding="utf-8") as source:
                self.data = json.load(source)

    def all(self):
        return self.data["zones"]

    def get(self, zone):
        return self.data["zones"].setdefault(
            zone, {"text": {}, "cuts": {}, "ttl": 300, "negative": 60, "key": None})

    def forget(self, zone):
        return self.data["zones"].pop(zone, None)

    def next_serial(self):
        self.data["serial"] += 1
        return self.data["serial"]

    def parent_of(self, child):
        """The closest zone above that the lab serves."""
        above = [zone for zone, known in self.all().items()
                 if is_below(child, zone) and known["text"]]
        if not above:
            raise LabError(f"no zone above {child} in the lab")
        return max(above, key=lambda zone: len(zone.strip(".")))

    def delegated_to(self, zone):
        """The servers the parent names, else those that have the zone."""
        for known in self.all().values():
            if zone in known["cuts"]:
                return known["cuts"][zone]
        return list(self.get(zone)["text"])

    def render(self, zone, server, serial):
        """The zone file's text for one server."""
        known = self.get(zone)
        text = known["text"][server]
        lines = [f"$ORIGIN {absolute(zone)}", f"$TTL {known['ttl']}"]
        names = [ns_name(name) for name in self.delegated_to(zone)]
        if SOA.search(text):
            text = SERIAL.sub(lambda found: found[1] + str(serial), text)
        else:
            lines.append(f"@ {known['negative']} SOA {names[0]}. hostmaster "
                         f"{serial} 7200 900 1209600 {known['negative']}")
            lines += [f"@ NS {name}." for name in names]
        lines += [text, f"$ORIGIN {absolute(zone)}"]
        for child, servers in sorted(known["cuts"].items()):
            for name in map(ns_name, servers):
                lines.append(f"{child}. NS {name}.")
                if is_below(name, zone) and address_of_ns(name):
                    lines.append(f"{name}. A {address_of_ns(name)}")
        return "\n".join(lines) + "\n"

    def write(self, zone, server, serial, check=True):
        """Puts the zone file in the server's directory, checked and maybe signed."""
        folder = f"{self.directory}/{server}"
        path = f"{folder}/{zone}.zone"
        draft = path + ".new"
        with open(draft, "w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(self.render(zone, server, serial))
        if check:
            _run(["nsd-checkzone", absolute(zone), draft], f"zone {zone}")
        key = self.get(zone)["key"]
        if key is not None:
            _run(["ldns-signzone", "-f", draft, "-o", absolute(zone), draft, key],
                 f"signing {zone}")
        os.replace(draft, path)

    def make_key(self, zone):
        """A key that signs everything in the zone; returns its DS record."""
        folder = f"{self.directory}/keys"
        os.makedirs(folder, exist_ok=True)
        base = _run(["ldns-keygen", "-k", "-a", "ECDSAP256SHA256", absolute(zone)],
                    f"key of {zone}", folder).strip()
        self.get(zone)["key"] = f"{folder}/{base}"
        return _run(["ldns-key2ds", "-n", "-2", f"{folder}/{base}.key"], "DS record")


def _run(command, what, folder=None):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True,
                          errors="replace", check=False)
    if done.returncode != 0:
        said = " / ".join((done.stdout + done.stderr).strip().splitlines()[-6:])
        raise LabError(f"{what}: {said}")
    return done.stdout

#!/usr/bin/python3
"""A small Internet on loopback, made of real servers (see README.md).

    lab.py run -- COMMAND ARGS     the command inside a fresh lab
    with Lab() as lab:             the same from Python, already in a namespace
    lab = Lab.attach()             from a program that COMMAND runs

    lab.host("shop.example", "@ TXT hello", "godaddy")
    lab.publish("shop.example", "@ TXT new", "godaddy1")     the other one is stale
    lab.fault("godaddy2", "slow", ms=300, type="TXT")
"""

import argparse
import json
import os
import shutil
import sys
import tempfile

import bench
import namespace
import servers
import wire
import world
from servers import LabError, until
from zonefile import Zones, absolute, zone_name

RELAY_FAULTS = ("drop", "servfail", "refused", "lame", "truncated", "slow", "garbage",
                "bogus", "none")


class Lab:
    """The whole lab; a context manager that starts it, or `attach` to one."""

    def __init__(self, directory=None):
        self.directory = directory
        self.zones = Zones(directory) if directory else None
        self.processes = None

    @classmethod
    def attach(cls):
        """The lab this program runs in."""
        directory = os.environ.get("LAB_DIR")
        if not directory or not os.path.isdir(directory):
            raise LabError("not inside a lab: use lab.py run -- COMMAND")
        return cls(directory)

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="signet-lab-")
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_ignored):
        if self.processes is not None:
            self.processes.stop()
        bench.stop(self.directory)
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- starting ---------------------------------------------------------------

    def _start(self):
        self.zones = Zones(self.directory)
        self.processes = servers.Processes(self.directory)
        self.processes.start_relay()
        for name, (address, _ns) in servers.NSD.items():
            servers.nsd_config(self.directory, name,
                               [f"{address}@{servers.BACK_PORT}",
                                f"{servers.direct_address(name)}@53"])
        self._write_world()
        for name in servers.NSD:
            self.processes.start_nsd(name)
        for name in servers.RESOLVERS:
            servers.unbound_config(self.directory, name, self._path("trust-anchor"),
                                   self._path("root.hints"))
            self.processes.start_unbound(name)
        self._wait_until_ready()

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _write_file(self, name, text):
        with open(self._path(name), "w", encoding="ascii") as out:
            out.write(text)

    def _write_world(self):
        with self.zones.change() as zones:
            content = list(world.zones())
            for zone, where, text in content:
                names = servers.server_names(where)
                zones.get(zone)["text"] = dict.fromkeys(names, text)
                if zone != ".":
                    zones.get(zones.parent_of(zone))["cuts"][zone] = names
            anchor = zones.make_key(world.SIGNED)
            lists = {name: servers.ZONE_LIST_HEAD for name in servers.NSD}
            serial = zones.next_serial()
            for zone, known in zones.all().items():
                for name in known["text"]:
                    zones.write(zone, name, serial, check=False)
                    lists[name] += f"add {zone} lab\n"
        for name, text in lists.items():
            self._write_file(f"{name}.zones", text)
        address, root = servers.NSD["root"]
        self._write_file("trust-anchor", anchor)
        self._write_file("root.hints", f". 3600000 NS {root}.\n"
                                       f"{root}. 3600000 A {address}\n")
        self._write_file("settings.json", json.dumps(world.SETTINGS) + "\n")

    def _wait_until_ready(self):
        def ready(zone, name):
            self.processes.check()
            return servers.serial_at(name, zone) is not None

        for zone, known in self.zones.all().items():
            for name in known["text"]:
                until(lambda: ready(zone, name), f"{name} with {zone}")
        until(lambda: os.path.exists(self._path("relay.ctl")), "the relay")
        for address in servers.RESOLVERS.values():
            until(lambda: wire.ask(address, "version.bind", "A"), address)
        for name in servers.RESOLVERS:
            self.flush(name)
        servers.relay_control(self.directory, {"op": "ping"})

    def environment(self):
        """What programs inside the lab find in their environment."""
        here = os.path.dirname(os.path.abspath(__file__))
        path = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
        return {
            "LAB_DIR": self.directory,
            "LAB_ROOT_HINTS": self._path("root.hints"),
            "LAB_TRUST_ANCHOR": self._path("trust-anchor"),
            "LAB_SETTINGS": self._path("settings.json"),
            "LAB_RESOLVERS": ",".join(servers.RESOLVERS.values()),
            "LAB_OPERATOR": world.OPERATOR,
            "PYTHONPATH": os.pathsep.join(path),
        }

    # -- zones ------------------------------------------------------------------

    def host(self, zone, text, server="generic", **ttls):
        """A customer's zone: delegated to the servers and published on all of them."""
        names = servers.server_names(server)
        self.delegate(zone, names)
        self.publish(zone, text, names, **ttls)

    def publish(self, zone, text, server=None, *, ttl=None, negative=None,
                signed=False):
        """Serves `text` for the zone at once, on one server or several.

        Without SOA in the text, SOA and NS records are added; the serial always
        rises.  Without `server`: those that have the zone now, else `generic`.
        """
        zone = zone_name(zone)
        with self.zones.change() as zones:
            known = zones.get(zone)
            names = servers.server_names(server or zones.delegated_to(zone)
                                         or "generic")
            for name in names:
                servers.direct_address(name)
            for key, value in (("ttl", ttl), ("negative", negative)):
                if value is not None:
                    known[key] = value
            if signed and known["key"] is None:
                zones.make_key(zone)
            before = dict(known["text"])
            known["text"].update(dict.fromkeys(names, text))
            self._serve(zone, names, before)

    def delegate(self, child, server, parent=None):
        """Lets the zone above name these servers (names of the lab, or NS names
        of servers that do not exist); an empty list takes the delegation away."""
        child = zone_name(child)
        with self.zones.change() as zones:
            above = zone_name(parent) if parent else zones.parent_of(child)
            cuts = zones.get(above)["cuts"]
            names = servers.server_names(server)
            if names:
                cuts[child] = names
            else:
                cuts.pop(child, None)
            texts = zones.get(above)["text"]
            self._serve(above, list(texts), texts)

    def remove(self, zone, server=None):
        """Takes the zone off a server (which then refuses), or off all of them
        together with its delegation."""
        zone = zone_name(zone)
        with self.zones.change() as zones:
            texts = zones.get(zone)["text"]
            names = servers.server_names(server) if server else list(texts)
            for name in names:
                if texts.pop(name, None) is None:
                    raise LabError(f"{name} does not have {zone}")
                servers.control(self.directory, name, f"delzone {zone}")
                until(lambda: servers.serial_at(name, zone) is None,
                      f"{name} without {zone}")
            if not texts:
                zones.forget(zone)
            above = [other for other, known in zones.all().items()
                     if zone in known["cuts"]]
        if server is None:
            for other in above:
                self.delegate(zone, [], other)

    def _serve(self, zone, names, before):
        serial = self.zones.next_serial()
        for name in names:
            self.zones.write(zone, name, serial)
        for name in names:
            words = f"reload {zone}" if name in before else f"addzone {zone} lab"
            servers.control(self.directory, name, words)
        for name in names:
            until(lambda: servers.serial_at(name, zone) == serial,
                  f"{name} with {absolute(zone)} serial {serial}")
        for name in names:
            until(lambda: servers.one_answers(self.directory, name),
                  f"{name} without the process of before")

    # -- faults -----------------------------------------------------------------

    def fault(self, server, kind, *, ms=0, name=None, type=None, zone=None):
        """Sets a fault on a server, a group or a resolver ("fresh", "stale"), for
        all questions or for one name, type or everything in one zone.  "none"
        takes away what was set for the same questions, alone: everything."""
        if kind not in RELAY_FAULTS:
            raise LabError(f"no fault {kind!r}; there are {', '.join(RELAY_FAULTS)}")
        for front in servers.server_names(server):
            servers.relay_control(self.directory, {
                "op": "fault", "server": front, "kind": kind, "ms": ms,
                "name": name, "type": type, "zone": zone})

    def clear_faults(self):
        servers.relay_control(self.directory, {"op": "reset"})

    def questions(self, server):
        """{"counts": {"udp", "tcp"}, "questions": [[name, type]…]} since the last
        call: what the server was asked."""
        return servers.relay_control(self.directory,
                                     {"op": "questions", "server": server})

    def flush(self, resolver=None):
        """Lets a resolver, or both, forget everything."""
        for name in [resolver] if resolver else servers.RESOLVERS:
            servers.control(self.directory, name, "flush_zone .")
            servers.control(self.directory, name, "flush_infra all")

    # -- addresses --------------------------------------------------------------

    @staticmethod
    def address(server):
        """The public address, where faults apply."""
        if server in servers.RESOLVERS:
            return servers.RESOLVERS[server]
        return servers.direct_address(server).replace("127.0.1.", "127.0.0.")

    @staticmethod
    def direct(server):
        """The server itself on port 53, without the relay: for measurements."""
        return servers.direct_address(server)

    # -- measurements -----------------------------------------------------------

    def bench_world(self, count):
        """Starts servers for `count` customer domains with the records of the
        `standard` profile; returns the file with their names."""
        path = bench.start(self.directory, count)
        self.delegate("bench", ["bench-tld"])
        return path


# -- command line ---------------------------------------------------------------

def parse(arguments):
    parser = argparse.ArgumentParser(prog="lab.py", description="A small Internet.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a command inside a fresh lab")
    run.add_argument("words", nargs=argparse.REMAINDER)
    for name in ("publish", "host"):
        one = commands.add_parser(name, help=f"{name} a zone file (- is stdin)")
        one.add_argument("zone")
        one.add_argument("file", type=argparse.FileType("r"))
        one.add_argument("server", nargs="*")
    for name in ("delegate", "remove"):
        one = commands.add_parser(name, help=f"{name} a zone")
        one.add_argument("zone")
        one.add_argument("server", nargs="*")
    fault = commands.add_parser("fault", help="set a fault, or `none`")
    fault.add_argument("server")
    fault.add_argument("kind", choices=RELAY_FAULTS)
    fault.add_argument("--ms", type=int, default=0)
    for option in ("--name", "--type", "--zone"):
        fault.add_argument(option)
    commands.add_parser("flush", help="empty the caches of the resolvers")
    commands.add_parser("bench-zones", help="serve N customer domains").add_argument(
        "count", type=int)
    return parser.parse_args(arguments)


def drive(options):
    """One command for the lab around us."""
    lab = Lab.attach()
    if options.command in ("publish", "host"):
        act = lab.host if options.command == "host" else lab.publish
        default = "generic" if options.command == "host" else None
        act(options.zone, options.file.read(), options.server or default)
    elif options.command == "delegate":
        lab.delegate(options.zone, options.server)
    elif options.command == "remove":
        lab.remove(options.zone, options.server or None)
    elif options.command == "fault":
        lab.fault(options.server, options.kind, ms=options.ms, name=options.name,
                  type=options.type, zone=options.zone)
    elif options.command == "flush":
        lab.flush()
    else:
        print(lab.bench_world(options.count))


def main(arguments):
    options = parse(arguments)
    try:
        if options.command != "run":
            drive(options)
            return 0
        words = options.words[1:] if options.words[:1] == ["--"] else options.words
        return namespace.run(Lab, words or ["bash"])
    except (LabError, OSError) as problem:
        print(f"lab: {problem}", file=sys.stderr)
        return 70


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A world for measurements: up to 200,000 customer domains, no relay anywhere.

Each domain d000000.bench … is a zone of its own with the records of the `standard`
profile, delegated from the TLD `bench`: a resolver walks root, TLD, customer.  All
zones share one zone file with relative names only, so that the disk holds one small
file; NSD loads it once a zone.
"""

import os
import signal

import servers
import world
from servers import LabError, until

LIMIT = 1_000_000


def _names(count):
    return [f"d{number:06d}.bench" for number in range(count)]


def _customer_zone():
    first, second = (servers.BENCH[name][1] for name in ("bench1", "bench2"))
    return f"""$TTL 300
@ 60 SOA {first}. hostmaster 1 7200 900 1209600 60
@ NS {first}.
@ NS {second}.
{world.standard()}"""


def _write_tld(path, names):
    tld = servers.BENCH["bench-tld"][1]
    hosts = [servers.BENCH[name] for name in ("bench1", "bench2")]
    with open(path, "w", encoding="ascii") as out:
        out.write(f"$ORIGIN .\n$TTL 86400\nbench SOA {tld}. hostmaster.bench. "
                  f"1 7200 900 1209600 60\nbench NS {tld}.\n")
        for address, name in hosts:
            out.write(f"{name}. A {address}\n")
        for name in names:
            for _address, host in hosts:
                out.write(f"{name}. NS {host}.\n")


def start(directory, count):
    """Starts both servers, waits until the last domain answers, returns the path of
    the list of domains."""
    if not 1 <= count <= LIMIT:
        raise LabError(f"{count} domains: 1 to {LIMIT} are possible")
    stop(directory)
    names = _names(count)
    where = {name: f"{known[0]}@53" for name, known in servers.BENCH.items()}
    servers.nsd_config(directory, "bench-tld", [where["bench-tld"]])
    servers.nsd_config(directory, "bench1", [where["bench1"], where["bench2"]])
    _write_tld(f"{directory}/bench-tld/bench.zone", names)
    with open(f"{directory}/bench1/all.zone", "w", encoding="ascii") as out:
        out.write(_customer_zone())
    _replace(f"{directory}/bench1.conf", "%s.zone", "all.zone")
    with open(f"{directory}/bench-tld.zones", "w", encoding="ascii") as out:
        out.write(servers.ZONE_LIST_HEAD + "add bench lab\n")
    with open(f"{directory}/bench1.zones", "w", encoding="ascii") as out:
        out.write(servers.ZONE_LIST_HEAD)
        out.writelines(f"add {name} lab\n" for name in names)
    with open(f"{directory}/bench.names", "w", encoding="ascii") as out:
        out.writelines(name + "\n" for name in names)
    processes = servers.Processes(directory, dies_with_parent=False)
    processes.start_nsd("bench-tld")
    processes.start_nsd("bench1")
    with open(f"{directory}/bench.pids", "w", encoding="ascii") as out:
        out.writelines(f"{one.pid}\n" for _name, one in processes.running)
    for server, zone in (("bench-tld", "bench"), ("bench2", names[-1])):
        until(lambda: _answers(processes, server, zone), f"{server} with {zone}", 120)
    return f"{directory}/bench.names"


def _answers(processes, server, zone):
    processes.check()
    return servers.serial_at(server, zone) is not None


def _replace(path, old, new):
    with open(path, encoding="ascii") as source:
        text = source.read()
    with open(path, "w", encoding="ascii") as out:
        out.write(text.replace(old, new))


def stop(directory):
    """Ends the servers of an earlier start, by their ids."""
    path = f"{directory}/bench.pids"
    if not os.path.exists(path):
        return
    with open(path, encoding="ascii") as source:
        pids = [int(line) for line in source]
    for pid in filter(_is_nsd, pids):
        os.kill(pid, signal.SIGTERM)
        until(lambda: not _is_nsd(pid), f"end of process {pid}")
    os.unlink(path)


def _is_nsd(pid):
    """Still running, not merely waiting to be collected, and still the server."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            _pid, name, state = stat.read().split()[:3]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return name == "(nsd)" and state != "Z"

"""The processes: locked in, told to stop, told to read their configuration again, and
killed at random under load."""

import http.client
import os
import pathlib
import random
import re
import sqlite3
import subprocess
import tempfile
import threading
import time

import pytest

import torture
from server import SIGNET, Api, Server, until

UNIT = pathlib.Path(__file__).resolve().parents[2] / "contrib" / "signet.service.in"
ROLES = ("core", "keys", "edge", "gate")


@pytest.fixture
def own(tmp_path):
    """A server that the test may stop."""
    with Server(SIGNET, tmp_path, **{"clock.test": "yes"}) as running:
        yield running


@pytest.mark.parametrize("role", ROLES)
def test_the_sandbox_is_on(server, role):
    """A seccomp filter that no exec can take off again."""
    status = server.status_of(role)
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"


def test_keys_has_no_way_to_the_net(server):
    """Its descriptors are the channels it was given, and files."""
    pid = server.pids()["keys"]
    inodes = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    sockets = {one[8:-1] for one in inodes if one.startswith("socket:[")}
    for table in ("tcp", "tcp6", "udp", "udp6"):
        with open(f"/proc/{pid}/net/{table}", encoding="ascii") as f:
            assert not sockets & {line.split()[9] for line in f.readlines()[1:]}


def test_every_role_is_in_healthz(server):
    health = server.health()
    assert {r["name"] for r in health["roles"]} >= set(ROLES)
    assert {r["state"] for r in health["roles"]} == {"up"}


def test_edge_and_gate_answer(server):
    assert Api(f"http://127.0.0.1:{server.edge_port}").get("/nothing").status == 404
    import smtplib
    with pytest.raises(smtplib.SMTPConnectError) as refused:
        smtplib.SMTP("127.0.0.1", server.gate_port, timeout=10)
    assert refused.value.smtp_code == 421


def test_admin_json_is_for_its_owner_alone(server):
    assert (server.data / "admin.json").stat().st_mode & 0o777 == 0o600
    assert server.admin()["url"] == server.url


@pytest.mark.parametrize("role", ROLES)
def test_a_killed_role_comes_back(server, role):
    old = server.kill(role)
    until(lambda: server.pids().get(role, old) != old and server.is_up(), f"{role} again")
    assert server.api.get("/v1/domains").status == 200
    assert server.add(f"after-{role}.example")["status"] == "pending"


def test_sigterm_lets_a_request_end(lab, own):
    """What was begun is answered; then all end with status 0."""
    lab.host("drain.example", "@ A 198.51.100.1\n")
    own.add("drain.example")
    own.checked("drain.example")
    own.shift(61)
    lab.fault("generic", "slow", ms=700, zone="drain.example")
    replies = []
    asking = threading.Thread(target=lambda: replies.append(
        own.api.post("/v1/domains/drain.example/verify?wait=10s")))
    asking.start()
    time.sleep(0.3)
    assert own.stop() == 0
    asking.join()
    assert replies and replies[0].status in (200, 202), replies
    assert own.pids() == {}


def test_what_was_acknowledged_is_there_after_a_restart(own):
    document = own.add("stays.example")
    zone = own.zone("stays.example")
    assert own.stop() == 0
    key = own.admin()["key"]
    own.start()
    assert own.admin()["key"] == key
    assert own.domain("stays.example")["id"] == document["id"]
    assert own.zone("stays.example") == zone


def test_sighup_reads_the_configuration_again(own):
    pids = own.pids()
    own.configure(**{"api.rate_per_minute": "1"})
    own.reload()
    refused = until(lambda: (r := own.api.get("/v1/domains")).status == 429 and r,
                    "the new rate")
    assert int(refused.headers["Retry-After"]) > 0
    assert own.pids() == pids, "nobody was restarted for it"


def test_sighup_with_a_broken_configuration_changes_nothing(own):
    before = len(own.log())
    own.configure(**{"api.rate_per_minute": "many"})
    own.reload()
    until(lambda: "api.rate_per_minute" in own.log()[before:], "a line about it")
    assert own.api.get("/v1/domains").status == 200


def test_sighup_names_what_needs_a_restart(own):
    """What cannot change while it runs stays as it was, in every role, and is told."""
    timeout, listen = own.options.get("dns.timeout"), own.options["api.listen"]
    own.configure(**{"dns.timeout": "77s", "api.listen": "127.0.0.1:1",
                     "store.path": "/elsewhere/x.db", "instance.name": "Other"})
    own.reload()
    until(lambda: own.log().count("role.reloaded") >= 2, "the reload")
    told = {line.split("option=")[1].split()[0] for line in own.log().splitlines()
            if "config.needs_restart" in line}
    assert told == {"dns.timeout", "api.listen", "store.path"}
    own.kill("core")
    until(own.is_up, "core with what it was started with")
    assert own.add("after.example")["status"] == "pending"
    own.configure(**{"dns.timeout": timeout, "api.listen": listen, "store.path": None})
    before = len(own.log())
    own.reload()
    until(lambda: "server.reloaded" in own.log()[before:], "the second reload")
    assert "needs_restart" not in own.log()[before:]


@pytest.fixture
def edges(tmp_path):
    """A server with three processes of edge."""
    with Server(SIGNET, tmp_path, **{"edge.processes": "3"}) as running:
        yield running


def edge_states(server):
    return {r["process"]: (r["state"], r["restarts"]) for r in server.health()["roles"]
            if r["name"] == "edge"}


def test_every_process_of_edge_is_told_apart(edges):
    all_up = {0: ("up", 0), 1: ("up", 0), 2: ("up", 0)}
    until(lambda: edge_states(edges) == all_up, "core to be told of them")
    assert len(edges.pids_of("edge")) == 3
    metrics = edges.api.get("/metrics").body.decode()
    for process in range(3):
        assert f'signet_role_up{{role="edge",process="{process}"}} 1' in metrics
    for process in range(3):
        folder = edges.data / "journal" / f"edge-{process}"
        assert folder.stat().st_mode & 0o777 == 0o750


def accepts(port):
    """Whether a request on a connection of its own is answered, which process it is that
    the kernel gives it to being left to chance."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    finally:
        connection.close()


def test_connections_are_spread_and_outlive_a_killed_process(edges):
    """S5-2: kill -9 of one of several: the others serve, it comes back as itself, and no
    connection that comes meanwhile is refused."""
    def answered_by(pid):
        """Its CPU time, in ticks, and the switches it made: more where it did something."""
        text = open(f"/proc/{pid}/status", encoding="ascii").read()
        return int(text.split("voluntary_ctxt_switches:\t")[1].split()[0])

    pids = edges.pids_of("edge")
    before = {pid: answered_by(pid) for pid in pids}
    for _ in range(100):
        assert accepts(edges.edge_port)
    assert all(answered_by(pid) > before[pid] + 10 for pid in pids), "one had no work"
    for process, victim in enumerate(pids):
        os.kill(victim, 9)
        for _ in range(30):
            assert accepts(edges.edge_port)
        until(lambda n=process: edge_states(edges).get(n) == ("up", 1), "it to be back")
    assert edge_states(edges) == {n: ("up", 1) for n in range(3)}
    assert not set(pids) & set(edges.pids_of("edge"))
    assert edges.stop() == 0


def test_the_keys_of_tokens_are_made_once(own):
    path = own.data / "token.keys"
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert own.stop() == 0
    own.start()
    assert path.read_text() == text


def test_a_stop_right_after_kills_ends_soon(own):
    """keys has just been killed, a call waits for it, and the server is told to stop: keys
    is started again, answers, and all end, without anybody running into a timeout."""
    def add(number):
        try:
            own.api.post("/v1/domains", {"name": f"late{number}.example"})
        except (OSError, http.client.HTTPException):
            pass  # it came too late to be accepted
    asking = [threading.Thread(target=add, args=(n,)) for n in range(4)]
    for _ in range(6):
        own.kill("keys")
        time.sleep(0.1)
    for thread in asking:
        thread.start()
    own.kill("keys")
    assert own.stop() == 0
    for thread in asking:
        thread.join()
    assert "server.killing" not in own.log()


def test_nothing_is_lost_under_fire(own):
    """kill -9 of any role at any time: what was acknowledged is there, every key too."""
    result = torture.run(own, seconds=float(os.environ.get("TORTURE_SECONDS", "10")),
                         chance=random.Random(7))
    assert result.added > 0 and result.kills > 0
    assert result.lost == [] and result.keys_lost == []
    until(own.is_up, "all roles")


def test_a_client_that_goes_away_harms_nobody(server):
    for path in ("/v1/domains", "/healthz"):
        connection = http.client.HTTPConnection(f"127.0.0.1:{server.port}")
        connection.request("GET", path)
        connection.close()
    assert server.api.get("/v1/domains").status == 200


def has_users():
    """Whether processes can become other users here: root, and not of a namespace with
    nobody else in it."""
    with open("/proc/self/uid_map", encoding="ascii") as f:
        return os.getuid() == 0 and int(f.read().split()[2]) > 65536


def clicks(server):
    db = sqlite3.connect(f"file:{server.data}/signet.db?mode=ro", uri=True)
    try:
        return db.execute("SELECT count(*) FROM track_events").fetchone()[0]
    finally:
        db.close()


@pytest.fixture
def open_path():
    """A folder that every user may pass; pytest's own is its user's alone."""
    with tempfile.TemporaryDirectory(prefix="signet-users-") as path:
        os.chmod(path, 0o755)
        yield path


@pytest.mark.skipif(not has_users(), reason="not root of a machine")
def test_each_role_as_a_user_of_its_own(open_path):
    """Started as root, with the rights that signet.service leaves it, and users that have
    no group in common: each role owns what it writes, and core may read the journals."""
    rights = re.search("CapabilityBoundingSet=(.*)", UNIT.read_text())[1].lower()
    bounded = ",".join("+" + right[4:] for right in rights.split())
    wrapper = pathlib.Path(open_path) / "signet"
    wrapper.write_text("#!/bin/sh\nexec setpriv --no-new-privs --bounding-set=-all,"
                       f"{bounded} {SIGNET} \"$@\"\n")
    wrapper.chmod(0o755)
    users = {"core": 4001, "keys": 4002, "edge": 4003, "gate": 4004, "acme": 4005}
    options = {f"user.{role}": str(uid) for role, uid in users.items()}
    with Server(wrapper, open_path, **{"edge.processes": "2", **options,
                "acme.directory": "https://127.0.0.1:1/directory"}) as server:
        for role, uid in users.items():
            for pid in server.pids_of(role):
                with open(f"/proc/{pid}/status", encoding="ascii") as f:
                    status = f.read()
                assert f"\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in status
                assert "\nGroups:\t \n" in status
        for path, owner, group, mode in (("journal/edge-0", "edge", "core", 0o2750),
                                         ("journal/edge-1", "edge", "core", 0o2750),
                                         ("acme", "acme", "acme", 0o711),
                                         ("acme/challenges", "acme", "core", 0o775),
                                         ("keys/tls", "keys", "keys", 0o700)):
            info = (server.data / path).stat()
            assert (info.st_uid, info.st_gid) == (users[owner], users[group]), path
            assert info.st_mode & 0o7777 == mode, path
        assert server.add("users.example")["status"] == "pending"
        # A click goes through all of them: keys of tokens, journal, store.
        token = subprocess.run(
            [SIGNET, "token", "seal", "--token-keys", server.data / "token.keys", "--host",
             "track.users.example", "https://shop.example/"],
            check=True, capture_output=True, text=True).stdout.split()[0]
        edge = Api(f"http://127.0.0.1:{server.edge_port}")
        for _ in range(8):
            edge.close()
            reply = edge.get(f"/click/{token}", headers={"Host": "track.users.example"})
            assert reply.status == 302, reply
            assert reply.headers["Location"] == "https://shop.example/"
        until(lambda: clicks(server) == 8, "eight clicks in the store")
        assert server.stop() == 0

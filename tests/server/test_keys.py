"""Key files: each belongs to a domain, whoever is killed in between."""

import os
import pathlib
import signal
import sqlite3
import threading

import pytest

from server import SIGNET, Api, Server, until

HOUR = 3600


@pytest.fixture
def own(tmp_path):
    with Server(SIGNET, tmp_path, **{"clock.test": "yes", "log.level": "debug"}) as running:
        yield running


def key_files(server):
    return {p.stem for p in pathlib.Path(server.data / "keys/dkim").glob("*.key")}


def rows(server, query):
    """From the database as it is on disk."""
    with sqlite3.connect(f"file:{server.data / 'signet.db'}?mode=ro", uri=True) as db:
        return {row[0] for row in db.execute(query)}


def unsettled(server):
    return rows(server, "SELECT key_ref FROM unsettled_keys")


def used(server):
    return rows(server, "SELECT key_ref FROM dkim_keys WHERE stage <> 'retired'")


def test_every_key_is_settled(own):
    """Stored with its domain or given up with it: nothing stays open."""
    for name in ("a.example", "b.example"):
        own.add(name)
    assert unsettled(own) == set() and key_files(own) == used(own) != set()
    own.api.delete("/v1/domains/a.example")
    until(lambda: key_files(own) == used(own) and not unsettled(own), "the key to go")


def test_a_key_taken_before_a_crash_is_given_up(own):
    """kill -9 of core between the taking of a key and the storing of its domain."""
    own.add("kept.example")
    kept = key_files(own)
    pids = own.pids()
    os.kill(pids["keys"], signal.SIGSTOP)
    try:
        def add():
            try:
                Api(own.url, own.api.key, timeout=30).call(
                    "POST", "/v1/domains", {"name": "lost.example"}, again=False)
            except OSError:
                pass
        asking = threading.Thread(target=add)
        asking.start()
        until(lambda: unsettled(own), "the key to be asked for")
        os.kill(pids["core"], signal.SIGSTOP)
    finally:
        os.kill(pids["keys"], signal.SIGCONT)
    left = until(lambda: key_files(own) - kept, "the key that nobody will know of")
    own.kill("core")
    asking.join()
    until(lambda: own.is_up(), "core to be back")
    assert left == unsettled(own)
    assert own.api.get("/v1/domains/lost.example").status == 404
    own.shift(HOUR - 60)
    own.shift(120)
    until(lambda: key_files(own) == kept and not unsettled(own), "the key to go", 60)
    assert used(own) == kept
    assert own.add("lost.example")["status"] == "pending"


def test_a_key_given_up_while_keys_is_away(own):
    """What could not be dropped at its time is dropped later."""
    own.add("gone.example")
    keys = own.pids()["keys"]
    os.kill(keys, signal.SIGSTOP)
    try:
        assert own.api.delete("/v1/domains/gone.example").status == 204
        assert until(lambda: unsettled(own), "the key to be given up") == key_files(own)
        own.kill("core")
    finally:
        own.kill("keys")
    until(lambda: own.is_up(), "all to be back")
    own.shift(HOUR + 60)
    until(lambda: not key_files(own) and not unsettled(own), "the key to go", 60)

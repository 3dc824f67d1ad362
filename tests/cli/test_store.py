"""`signet store backup`: a copy while somebody writes, and what it refuses."""

import json
import sqlite3
import subprocess

import pytest
from signetbin import SIGNET


def backup(data_dir, *words):
    return subprocess.run([SIGNET, "store", "backup", "--data-dir", data_dir, *words],
                          capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(name="store")
def make_store(tmp_path):
    path = tmp_path / "signet.db"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE t (x)")
    db.execute("INSERT INTO t VALUES (1)")
    yield db, tmp_path
    db.close()


def test_copies_what_is_committed_beside_a_writer(store):
    db, folder = store
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO t VALUES (2)")
    done = backup(folder, str(folder / "copy.db"), "--json")
    db.execute("COMMIT")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["backup"] == str(folder / "copy.db")
    with sqlite3.connect(folder / "copy.db") as copy:
        assert copy.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_never_replaces_a_file(store):
    _, folder = store
    (folder / "copy.db").write_text("mine")
    done = backup(folder, str(folder / "copy.db"))
    assert done.returncode != 0
    assert "copy.db" in done.stderr
    assert (folder / "copy.db").read_text() == "mine"


def test_says_where_it_looked(tmp_path):
    done = backup(tmp_path, str(tmp_path / "copy.db"))
    assert done.returncode == 69
    assert "signet.db: there is no store" in done.stderr
    assert not (tmp_path / "copy.db").exists()

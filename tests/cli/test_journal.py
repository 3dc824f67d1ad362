"""`signet journal cat` and `check` on folders made here, byte by byte, from the format's
description (src/journal/format.h) with a checksum of our own."""

import json
import struct

import pytest

from signetbin import run

FOLDER = 0x1122334455667788


def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def header(first):
    body = struct.pack("<8sQQQ28x", b"SIGNETJ1", FOLDER, first, 0)
    return body + struct.pack("<I", crc32c(body))


def record(sequence, data):
    crc = crc32c(struct.pack("<Q", FOLDER))
    for part in (struct.pack("<Q", sequence), data, struct.pack("<I", len(data))):
        crc = crc32c(part, crc)
    return struct.pack("<IIQ", len(data), crc, sequence) + data


def state(mark):
    body = struct.pack("<8sQQ", b"SIGNETJS", FOLDER, mark)
    return body + struct.pack("<I", crc32c(body))


@pytest.fixture
def folder(tmp_path):
    def make(segments, mark):
        for first, data in segments.items():
            (tmp_path / f"{first:020}.journal").write_bytes(header(first) + data)
        if mark is not None:
            (tmp_path / "state").write_bytes(state(mark))
        return str(tmp_path)
    return make


def sequences(*args):
    done = run("journal", "cat", *args, "--json")
    return done.returncode, [r["sequence"] for r in json.loads(done.stdout)]


def test_our_checksum_is_the_one():
    assert crc32c(b"123456789") == 0xE3069283


def test_cat(folder):
    data = b"".join(record(n, b"record %d" % n) for n in range(1, 4))
    path = folder({1: data, 4: record(4, b"\x00\xff") + record(5, b"late")}, 4)
    assert sequences(path) == (0, [1, 2, 3, 4])
    assert sequences(path, "--from", "3") == (0, [3, 4])
    assert sequences(path, "--all") == (0, [1, 2, 3, 4, 5])
    done = run("journal", "cat", path, "--from", "4")
    assert done.stdout == b"4 unknown AP8=\n"


def test_nothing_there(tmp_path):
    assert sequences(str(tmp_path)) == (0, [])
    done = run("journal", "cat", str(tmp_path / "missing"))
    assert done.returncode == 65 and b"No such file" in done.stderr
    done = run("journal", "check", str(tmp_path))
    assert done.returncode == 65 and b"no journal here" in done.stderr
    done = run("journal", "check", str(tmp_path / "missing"))
    assert done.returncode == 65 and b"No such file" in done.stderr


@pytest.mark.parametrize("segments, mark, status, kinds", [
    ({1: record(1, b"a") + record(2, b"b")}, 2, 0, []),
    ({1: record(1, b"a") + record(2, b"b")[:-1]}, 1, 0, ["torn"]),
    ({1: record(1, b"a") + record(2, b"b")}, 1, 0, ["unsynced"]),
    ({1: record(1, b"a") + bytes(5000)}, 1, 0, []),
    ({1: record(1, b"a") + record(2, b"b"), 2: record(2, b"b")}, 2, 0, ["superseded"]),
    ({1: record(1, b"a") + b"?" + record(3, b"c")}, 3, 65, ["damaged"]),
    ({1: record(1, b"a"), 4: record(4, b"d")}, 4, 65, ["damaged"]),
    ({1: record(1, b"a")}, 2, 65, ["damaged"]),
    ({1: record(1, b"a")}, None, 65, ["no_state", "unsynced"]),
])
def test_check(folder, segments, mark, status, kinds):
    path = folder(segments, mark)
    done = run("journal", "check", path, "--json")
    answer = json.loads(done.stdout)
    assert [f["kind"] for f in answer["findings"]] == kinds
    assert done.returncode == status and answer["ok"] == (status == 0)
    done = run("journal", "check", path)
    assert done.returncode == status
    assert done.stdout.splitlines()[-1].endswith(b"sound" if status == 0 else b"damaged")


def test_damage_is_told_and_the_rest_printed(folder):
    path = folder({1: record(1, b"a") + b"?" + record(3, b"c")}, 3)
    done = run("journal", "cat", path)
    assert done.stdout == b"1 unknown YQ==\n3 unknown Yw==\n"
    assert done.returncode == 65 and b"records 2 to 2 cannot be read" in done.stderr


def test_a_header_of_another_folder(folder, tmp_path):
    path = folder({1: record(1, b"a")}, 3)
    (tmp_path / f"{2:020}.journal").write_bytes(b"SIGNETJ1" + bytes(56) + record(2, b"b"))
    answer = json.loads(run("journal", "check", path, "--json").stdout)
    assert [f["kind"] for f in answer["findings"]] == ["header"]
    (tmp_path / "notes.txt").write_text("mine")
    answer = json.loads(run("journal", "check", path, "--json").stdout)
    assert [f["kind"] for f in answer["findings"]] == ["foreign", "header"]

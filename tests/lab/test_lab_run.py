"""Proves that `lab.py run` cleans up, whatever happens.  Needs no lab around it."""

import os
import signal
import subprocess
import sys
import time

import pytest

import namespace
from servers import until

HERE = os.path.dirname(os.path.abspath(__file__))
RUN = [sys.executable, f"{HERE}/lab.py", "run", "--"]


@pytest.fixture(scope="module", autouse=True)
def possible():
    done = subprocess.run([*RUN, "true"], capture_output=True, text=True, check=False)
    if done.returncode == namespace.SKIP:
        pytest.skip(done.stderr.strip())


def members(space):
    """The processes in one network namespace."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{name}/ns/net") == space:
                found.append(int(name))
        except OSError:
            pass
    return found


def start(*words):
    """A running lab: the process, its directory and its namespace. The words are run
    once it has been looked at."""
    script = "echo $LAB_DIR; readlink /proc/self/ns/net; read go; " + " ".join(words)
    process = subprocess.Popen([*RUN, "sh", "-c", script], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    directory = process.stdout.readline().strip()
    space = process.stdout.readline().strip()
    assert os.path.isdir(directory) and len(members(space)) > 20
    process.stdin.write("go\n")
    process.stdin.close()
    return process, directory, space


def nothing_left(directory, space):
    return not os.path.exists(directory) and members(space) == []


@pytest.mark.parametrize("words, status", [
    ("exit 0", 0), ("exit 3", 3), ("kill -SEGV $$", 139),
    ("(setsid sleep 300 >/dev/null &) ; exit 4", 4)])
def test_normal_end_and_crash(words, status):
    process, directory, space = start(words)
    assert process.wait(10) == status
    assert nothing_left(directory, space)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal(number):
    process, directory, space = start("sleep 300")
    process.send_signal(number)
    assert process.wait(10) == 128 + number
    assert nothing_left(directory, space)


def test_signal_while_starting():
    process = subprocess.Popen([*RUN, "sleep", "300"])
    outer = os.readlink("/proc/self/ns/net")

    def starting():
        try:
            space = os.readlink(f"/proc/{process.pid}/ns/net")
        except OSError:
            return False
        return space != outer and len(members(space)) > 3

    until(starting, "the first servers")
    space = os.readlink(f"/proc/{process.pid}/ns/net")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 128 + signal.SIGTERM
    assert members(space) == []


def test_killed_outright_leaves_no_server():
    process, directory, space = start("exec sleep 1")
    process.kill()
    process.wait()
    until(lambda: members(space) == [], "end of the servers")
    subprocess.run(["rm", "-r", directory], check=True)


def test_unknown_command():
    done = subprocess.run([*RUN, "no-such-command"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 127 and done.stderr.count("\n") == 1


def test_skipped_without_namespaces(tmp_path):
    fake = tmp_path / "unshare"
    fake.write_text("#!/bin/sh\necho not permitted >&2\nexit 1\n")
    fake.chmod(0o755)
    done = subprocess.run([*RUN, "true"], capture_output=True, text=True, check=False,
                          env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == namespace.SKIP and done.stderr.count("\n") == 1
    assert "no network namespace here: not permitted" in done.stderr


def test_skipped_without_programs(monkeypatch, capsys):
    monkeypatch.setattr(namespace, "NEEDED", {"no-such-program": "some-package"})
    assert namespace.run(None, ["true"]) == namespace.SKIP
    assert "no-such-program is not installed (package some-package)" \
        in capsys.readouterr().err


def test_starts_in_three_seconds():
    def once():
        begin = time.monotonic()
        subprocess.run([*RUN, "true"], check=True)
        return time.monotonic() - begin

    assert min(once() for _ in range(3)) < 3

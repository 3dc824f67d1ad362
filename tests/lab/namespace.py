"""A private network namespace around the lab, and the command that runs in it.

`lab.py run` replaces itself by `unshare`, which replaces itself by `lab.py run`
again: the process id stays, so whoever started the lab can stop it by that id.
Whatever is left in the namespace at the end was started by the lab or by its
command, and is ended too.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

SKIP = 77
MARK = "LAB_OUTER_NAMESPACE"
NEEDED = {"nsd": "nsd", "nsd-checkzone": "nsd", "unbound": "unbound",
          "ldns-signzone": "ldnsutils", "ldns-keygen": "ldnsutils",
          "ldns-key2ds": "ldnsutils", "unshare": "util-linux"}
STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(Exception):
    """A signal asked the lab to end."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def _current():
    return os.readlink("/proc/self/ns/net")


def run(lab_class, words):
    """Runs the words inside a fresh lab; returns the exit status."""
    outer = os.environ.pop(MARK, None)
    if outer is None:
        return _enter()
    if outer == _current():
        raise OSError("unshare gave no new network namespace")
    for number in STOPPING:
        signal.signal(number, _on_signal)
    try:
        _loopback_up()
        with lab_class() as lab:
            return _command(words, {**os.environ, **lab.environment()})
    except Stopped as stopped:
        return 128 + stopped.number
    finally:
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)
        _sweep()


def _on_signal(number, _frame):
    for other in STOPPING:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped(number)


def _enter():
    os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    for program, package in NEEDED.items():
        if shutil.which(program) is None:
            print(f"lab: skipped: {program} is not installed (package {package})",
                  file=sys.stderr)
            return SKIP
    flags = "-n" if os.geteuid() == 0 else "-rn"
    probe = subprocess.run(["unshare", flags, "true"], capture_output=True, text=True,
                           check=False)
    if probe.returncode != 0:
        print(f"lab: skipped: no network namespace here: {probe.stderr.strip()}",
              file=sys.stderr)
        return SKIP
    os.environ[MARK] = _current()
    os.execvp("unshare", ["unshare", flags, sys.executable, *sys.argv])
    return SKIP


def _loopback_up():
    get_flags, set_flags, up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", b"lo", 0)
        answer = fcntl.ioctl(sock, get_flags, request)
        flags = struct.unpack_from("H", answer, 16)[0] | up
        fcntl.ioctl(sock, set_flags, struct.pack("16sH14x", b"lo", flags))


def _command(words, environment):
    try:
        process = subprocess.Popen(words, env=environment)
    except OSError as problem:
        print(f"lab: {words[0]}: {problem.strerror}", file=sys.stderr)
        return 127
    try:
        status = process.wait()
    except Stopped as stopped:
        _end(process, stopped.number)
        raise
    return 128 - status if status < 0 else status


def _end(process, number):
    """A terminal has already told the command; `kill` has told only us."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1 if number == signal.SIGINT else 0)
    for kind in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(kind)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(3)


def _others():
    """Everyone else in this namespace."""
    here, found = _current(), []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{name}/ns/net") == here:
                    found.append(int(name))
    return found


def _sweep():
    for kind, seconds in ((signal.SIGTERM, 2), (signal.SIGKILL, 2)):
        for pid in _others():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, kind)
        limit = time.monotonic() + seconds
        while _others() and time.monotonic() < limit:
            time.sleep(0.01)
        if not _others():
            return

"""The Debian package (what is in it: tests/cli/test_package.py) installed, used, upgraded,
removed and purged, in a copy of this machine that is thrown away: an overlay in a mount
namespace of its own.

    make package
"""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SIGNET", str(ROOT / "build/src/cli/signet"))).parents[2]

IN_COPY = """
set -e
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay none -o lowerdir=/,upperdir="$1/upper",workdir="$1/work" "$1/root"
mount --rbind /dev "$1/root/dev"
mount -t proc none "$1/root/proc"
mount -t tmpfs none "$1/root/run"
mount -t tmpfs none "$1/root/tmp"
ip link set lo up
cp "$2" "$1/root/tmp/signet.deb"
exec chroot "$1/root" /bin/sh -c "$3"
"""


def run_in_copy(package, folder, script, check=True):
    """Output of a shell script in the copy; everything it starts ends with it."""
    done = subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
         "/bin/sh", "-c", IN_COPY, "sh", str(folder), str(package), "set -e\n" + script],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"})
    assert not check or done.returncode == 0, (done.stdout[-2000:], done.stderr[-3000:])
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deb")
    done = subprocess.run([ROOT / "tools/deb", BUILD, folder], capture_output=True,
                          text=True, check=False,
                          env={k: v for k, v in os.environ.items()
                               if not k.startswith("DEB")})
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip())


@pytest.fixture(scope="module")
def copy(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("copy")
    try:
        run_in_copy(package, folder, "true")
    except AssertionError as problem:
        pytest.skip(f"no overlay in a namespace here: {problem}")
    return lambda script: run_in_copy(package, folder, script)


def test_who_makes_it_maintains_it(tmp_path):
    """contrib/README.md says why."""
    done = subprocess.run([ROOT / "tools/deb", BUILD, tmp_path], capture_output=True,
                          text=True, check=True,
                          env={**os.environ, "DEBFULLNAME": "Jo Doe",
                               "DEBEMAIL": "jo@acme.example"})
    assert "Maintainer: Jo Doe <jo@acme.example>\n" in subprocess.run(
        ["dpkg-deb", "-I", done.stdout.strip()], capture_output=True, text=True,
        check=True).stdout.replace(" Maintainer", "Maintainer")


def test_without_a_name_it_is_the_machines(package):
    assert subprocess.run(["dpkg-deb", "-f", package, "Maintainer"], capture_output=True,
                          text=True, check=True).stdout == "Signet <signet@localhost>\n"


def test_installed_it_works(copy):
    """Users, folders, pages and the program; the unit is one that systemd takes."""
    out = copy("""
dpkg --no-triggers -i /tmp/signet.deb >/dev/null
dpkg --verify signet
/usr/bin/signet --version
signet config check
man -w signet signet.conf
man signet.conf | grep -c '^ *api.listen'
stat -c '%U:%G %a' /var/lib/signet
id -nG signet-core
systemd-analyze verify /usr/lib/systemd/system/signet.service && echo unit ok
systemd-analyze security --offline=true /usr/lib/systemd/system/signet.service | tail -1
""").splitlines()
    assert out[0].startswith("signet ") and out[1] == "/etc/signet/signet.conf: ok"
    assert out[2:4] == ["/usr/share/man/man1/signet.1.gz",
                        "/usr/share/man/man5/signet.conf.5.gz"]
    assert out[4] == "1"
    assert out[5:7] == ["signet-core:signet 750", "signet"]
    assert out[7] == "unit ok"
    assert float(re.search(r"(\d+\.\d)", out[8])[1]) < 4, out[8]


def test_it_serves_as_its_users(copy):
    """Started as the unit starts it: each role as its own user, keys for keys alone."""
    out = copy("""
dpkg --no-triggers -i /tmp/signet.deb >/dev/null
signet serve >/tmp/log 2>&1 &
pid=$!
for i in $(seq 200); do curl -sf http://127.0.0.1:8025/healthz >/tmp/health && break
	sleep 0.1; done
cat /tmp/log >&2
grep -o '"status":"ok"' /tmp/health
ps -eo user:20,args | grep ' role ' | grep -v grep | sed 's/ .* role / /' | sort
stat -c '%U %a %n' /var/lib/signet/keys /var/lib/signet/signet.db
kill -TERM $pid && wait $pid; echo "ended with $?"
""").splitlines()
    assert out[0] == '"status":"ok"'
    users = [line.split() for line in out if line.startswith("signet-") and "/" not in line]
    assert {(user, role) for user, role, *_ in users} >= {
        ("signet-core", "core"), ("signet-keys", "keys")}
    assert "signet-keys 700 /var/lib/signet/keys" in out
    assert out[-1] == "ended with 0"


def test_upgraded_and_purged(copy):
    """What an operator changed is kept, and nothing that a customer's DNS names is lost."""
    out = copy("""
dpkg --no-triggers -i /tmp/signet.deb >/dev/null
echo 'instance.name = Kept' >>/etc/signet/signet.conf
echo data >/var/lib/signet/token.keys
dpkg --no-triggers -i /tmp/signet.deb >/dev/null
tail -1 /etc/signet/signet.conf
dpkg --no-triggers -r signet >/dev/null
ls /etc/signet/signet.conf /usr/bin/signet 2>&1 | sed 's/:.*//'
dpkg --no-triggers -P signet >/dev/null 2>&1
ls -d /etc/signet/signet.conf /var/lib/signet/token.keys 2>/dev/null || true
""").splitlines()
    assert out == ["instance.name = Kept", "ls", "/etc/signet/signet.conf",
                   "/var/lib/signet/token.keys"]

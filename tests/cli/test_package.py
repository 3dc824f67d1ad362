"""`make deb`: what is in the package, and that what is in it runs."""

import gzip
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from signetbin import ROOT, SIGNET

BUILD = pathlib.Path(SIGNET).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    not shutil.which("dpkg-deb") or not (BUILD / "build.ninja").exists(),
    reason="no dpkg-deb, or a binary without its build folder")


def text(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


@pytest.fixture(scope="module", name="package")
def make_package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deb")
    return text(ROOT / "tools/deb", BUILD, folder).strip()


@pytest.fixture(scope="module", name="tree")
def unpack(package, tmp_path_factory):
    tree = tmp_path_factory.mktemp("tree")
    text("dpkg-deb", "-x", package, tree)
    return tree


def test_contents(package):
    rows = [line.split() for line in text("dpkg-deb", "-c", package).splitlines()]
    assert all(owner == "root/root" for _, owner, *_ in rows)
    modes = {row[5]: row[0] for row in rows}
    for path, mode in {
            "./usr/bin/signet": "-rwxr-xr-x", "./etc/signet/signet.conf": "-rw-r--r--",
            "./usr/lib/systemd/system/signet.service": "-rw-r--r--",
            "./usr/lib/sysusers.d/signet.conf": "-rw-r--r--",
            "./usr/lib/tmpfiles.d/signet.conf": "-rw-r--r--",
            "./usr/share/man/man1/signet.1.gz": "-rw-r--r--",
            "./usr/share/man/man5/signet.conf.5.gz": "-rw-r--r--",
            "./usr/share/doc/signet/copyright": "-rw-r--r--",
            "./usr/share/doc/signet/examples/signet.conf.example": "-rw-r--r--",
    }.items():
        assert modes[path] == mode, path
    assert not any("/usr/local" in path or "/home" in path for path in modes)


def test_control(package):
    control = text("dpkg-deb", "-I", package)
    version = text(SIGNET, "--version").split()[1]
    assert f" Version: {version}\n" in control
    depends = re.search(r"^ Depends: (.*)$", control, re.M)[1].split(", ")
    names = [d.split()[0] for d in depends]
    assert {"libc6", "libssl3", "libunbound8", "dns-root-data"} <= set(names)
    for name in names:
        text("dpkg-query", "-W", name)
    assert text("dpkg-deb", "-f", package, "Architecture") == text(
        "dpkg", "--print-architecture")
    for script in ("postinst", "prerm", "postrm"):
        body = text("dpkg-deb", "-I", package, script)
        subprocess.run(["sh", "-n"], input=body, text=True, check=True)
    assert text("dpkg-deb", "-I", package, "conffiles") == "/etc/signet/signet.conf\n"


def test_it_runs(tree, package, tmp_path):
    binary = tree / "usr/bin/signet"
    assert text(binary, "--version") == text(SIGNET, "--version")
    conf = tree / "etc/signet/signet.conf"
    assert text(binary, "config", "check", "--config", conf) == f"{conf}: ok\n"
    shown = text(binary, "config", "show", "--config", conf)
    for role in ("core", "keys", "edge", "gate", "acme"):
        assert f"user.{role} = signet-{role}  #" in shown
    for page in (tree / "usr/share/man").rglob("*.gz"):
        plain = ROOT / "docs" / page.name[:-3]
        assert gzip.decompress(page.read_bytes()) == plain.read_bytes()
    # The sums are those of the files.
    control = tmp_path / "control"
    text("dpkg-deb", "-e", package, control)
    text("md5sum", "--check", "--quiet", control / "md5sums", cwd=tree)


def test_users_and_folder(tree, tmp_path):
    """The unit's users are made, and all are of the group that owns data_dir."""
    for tool in ("systemd-sysusers", "systemd-tmpfiles"):
        if not shutil.which(tool):
            pytest.skip(f"no {tool}")
    (tmp_path / "etc").mkdir()
    rows = tree / "usr/lib/sysusers.d/signet.conf"
    done = subprocess.run(["systemd-sysusers", f"--root={tmp_path}", rows],
                          capture_output=True, text=True, check=False)
    if done.returncode and os.geteuid() != 0:
        pytest.skip("needs root")
    assert done.returncode == 0, done.stderr
    group, = re.findall(r"^signet:x:(\d+):", (tmp_path / "etc/group").read_text(), re.M)
    users = re.findall(r"^signet-(\w+):x:(\d+):(\d+):", (tmp_path / "etc/passwd").read_text(),
                       re.M)
    assert sorted(name for name, _, _ in users) == ["acme", "core", "edge", "gate", "keys"]
    assert {g for _, _, g in users} == {group}
    assert len({uid for _, uid, _ in users}) == 5


def test_unit(tree):
    unit = (tree / "usr/lib/systemd/system/signet.service").read_text()
    for line in ("ExecStart=/usr/bin/signet serve", "Type=exec", "Restart=always",
                 "ExecReload=/bin/kill -HUP $MAINPID", "NoNewPrivileges=yes"):
        assert line in unit.splitlines()
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                           tree / "usr/lib/systemd/system/signet.service"],
                          capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if "signet.service" in line
                  and "is not executable" not in line]
    assert complaints == []

"""`signet dkim keygen`: openssl is the judge of what it makes."""

import base64
import json
import os
import stat
import subprocess

import pytest


def openssl(*args):
    return subprocess.run(["openssl", *map(str, args)], capture_output=True, check=True).stdout


def public_der(path):
    return openssl("pkey", "-in", path, "-pubout", "-outform", "DER")


def make(signet, path, *args):
    done = signet("dkim", "keygen", "--json", "--out", path, *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("args,bits", [
    ([], 2048),
    (["--algorithm", "rsa", "--bits", "1024"], 1024),
    (["--bits=3072"], 3072),
])
def test_rsa(args, bits, signet, tmp_path):
    path = tmp_path / "key.pem"
    made = make(signet, path, *args)
    assert base64.b64decode(made["public_key"]) == public_der(path)
    assert made["record"] == "v=DKIM1; k=rsa; p=" + made["public_key"]
    assert b"(%d bit" % bits in openssl("pkey", "-in", path, "-noout", "-text")


def test_ed25519(signet, tmp_path):
    path = tmp_path / "key.pem"
    made = make(signet, path, "--algorithm", "ed25519")
    public = base64.b64decode(made["public_key"])
    assert len(public) == 32 and public_der(path).endswith(public)
    assert made["record"] == "v=DKIM1; k=ed25519; p=" + made["public_key"]


def test_the_file(signet, tmp_path):
    path = tmp_path / "key.pem"
    old_mask = os.umask(0)
    try:
        make(signet, path, "--algorithm", "ed25519")
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert text.startswith("-----BEGIN PRIVATE KEY-----\n") and text.endswith("-----\n")
    assert os.listdir(tmp_path) == ["key.pem"]


def test_text(signet, tmp_path):
    done = signet("dkim", "keygen", "--algorithm", "ed25519", "--out", tmp_path / "k")
    assert done.stdout.startswith("v=DKIM1; k=ed25519; p=")
    assert done.stdout.count("\n") == 1


def test_an_existing_file_is_kept(signet, tmp_path):
    path = tmp_path / "key.pem"
    path.write_text("precious")
    path.chmod(0o644)
    done = signet("dkim", "keygen", "--algorithm", "ed25519", "--out", path)
    assert done.returncode == 64 and "--force" in done.stderr
    assert path.read_text() == "precious"
    make(signet, path, "--algorithm", "ed25519", "--force")
    assert path.read_text().startswith("-----BEGIN")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("args,status", [
    ([], 64),
    (["--out", ""], 64),
    (["--out", "k", "--bits", "1023"], 64),
    (["--out", "k", "--bits", "8193"], 64),
    (["--out", "k", "--bits", "x"], 64),
    (["--out", "k", "--algorithm", "dsa"], 64),
    (["--out", "k", "--algorithm", "ed25519", "--bits", "2048"], 64),
    (["--out", "no/such/folder/k"], 65),
    (["--out", "."], 64),
])
def test_refused(args, status, signet, tmp_path):
    done = signet("dkim", "keygen", *args, cwd=tmp_path)
    assert done.returncode == status
    assert done.stdout == "" and done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []

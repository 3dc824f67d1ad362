"""How much memory `signet mail rewrite` takes for 25 MB: at most four times the message
beyond what the program has at its start, and for an attachment that it passes through
nothing beside the message itself."""

import base64
import quopri
import random
import subprocess
import sys

import pytest

from signetbin import SIGNET

SIZE = 25 << 20
with open(SIGNET, "rb") as binary:
    IS_SANITIZED = b"__asan_init" in binary.read()
pytestmark = pytest.mark.skipif(
    IS_SANITIZED, reason="the address sanitizer takes memory of its own")
# A small process of its own: what a fork of this one has would count.
MEASURE = """
import os, sys
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(status, usage.ru_maxrss, file=sys.stderr)
"""
HEADER = b"From: a@a.example\r\nMIME-Version: 1.0\r\n"
TEXT = (b'<p><a href="http://x.example/?a=1&amp;b=2">x</a></p>\r\n'
        + b"<p>lorem ipsum dolor sit amet, consectetur adipisici elit</p>\r\n" * 20)
HTML = b"Content-Type: text/html\r\n"


def filled(piece):
    return piece * (SIZE // len(piece))


def lines(encoded):
    return encoded.replace(b"\n", b"\r\n")


def attachment():
    content = random.Random(1).randbytes(24 * 1000 * 1000 // 4 * 3)
    return (HEADER + b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n" + HTML
            + b"\r\n" + TEXT + b"--o\r\nContent-Type: application/octet-stream\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + lines(base64.encodebytes(content))
            + b"--o--\r\n")


def quoted_printable():
    return (HEADER + HTML + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            + filled(lines(quopri.encodestring(TEXT.replace(b"\r\n", b"\n")))))


def base64_html(text):
    return (b"Content-Transfer-Encoding: base64\r\n\r\n"
            + lines(base64.encodebytes(text * (SIZE * 3 // 4 // len(text)))))


def kilobytes(message, tmp_path):
    (tmp_path / "message").write_bytes(message)
    with (tmp_path / "message").open() as given, (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            [sys.executable, "-S", "-c", MEASURE, SIGNET, "mail", "rewrite", "--prefix",
             "http://t.example/?x=", "--text", "--pixel", "http://p.example/"],
            stdin=given, stdout=out, stderr=subprocess.PIPE, check=True)
    status, rss = done.stderr.split()
    assert status == b"0" and (tmp_path / "out").stat().st_size > len(message)
    return int(rss)


@pytest.mark.parametrize("make, most", [
    (attachment, 1.05),
    (lambda: HEADER + HTML + b"\r\n" + filled(TEXT), 2),
    (lambda: HEADER + b"\r\n" + filled(b"http://x.example/ " + b"lorem ipsum\r\n" * 99), 2),
    (quoted_printable, 3),
    (lambda: HEADER + HTML + base64_html(TEXT), 4),
    (lambda: HEADER + b"Content-Type: text/html; charset=utf-16le\r\n"
     + base64_html(TEXT.decode().encode("utf-16le")), 4.2),
], ids=["attachment", "html", "plain", "quoted-printable", "base64", "utf-16"])
def test_of_25_megabytes(make, most, tmp_path):
    message = make()
    start = kilobytes(HEADER + HTML + b"\r\n" + TEXT, tmp_path)
    taken = (kilobytes(message, tmp_path) - start) * 1024 / len(message)
    print(f"{taken:.2f} times the message, from {start} kB on")
    assert taken <= most

"""What is rewritten is signed, and others verify it: dkimpy both signatures, Mail::DKIM the
RSA one; and neither does when one byte of the body is another."""

import base64
import email
import logging
import quopri
import random
import re
import subprocess

import dkim
import pytest

from dnsserver import DnsServer
from signetbin import ROOT, one_json, run

CORPUS = ROOT / "tests/corpus"
PREFIX = "https://track.acme.example/c?a=1&t="
ALGORITHMS = ("rsa", "ed25519")

# Answers for each file named on standard input: the result of its RSA signature.
MAIL_DKIM = """
use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(
    nameservers => ['127.0.0.1'], port => $ARGV[0]));
while (my $path = <STDIN>) {
    chomp $path;
    open my $file, '<:raw', $path or die $path;
    my $message = do { local $/; <$file> };
    my $verifier = Mail::DKIM::Verifier->new();
    $verifier->PRINT($message);
    $verifier->CLOSE();
    my ($rsa) = grep { $_->algorithm eq 'rsa-sha256' } $verifier->signatures;
    print $rsa ? $rsa->result : 'none', "\\n";
}
"""


def crlf(message):
    return message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def is_signable(message):
    """One From and no line of a mailbox file; and a header that all read alike."""
    parsed = email.message_from_bytes(message)
    return (len(parsed.get_all("From", [])) == 1 and not parsed.defects
            and not message.startswith(b"From ") and "DKIM-Signature" not in parsed
            and re.search(rb"\r\n\r\n.*\w", message, re.DOTALL))


def letters():
    """Forty messages as they would be sent, and twenty of HTML alone in each encoding."""
    found = []
    for path in sorted((CORPUS / "mime").iterdir()):
        message = crlf(path.read_bytes())
        if path.suffix not in (".md", ".json", ".tsv") and is_signable(message):
            found.append((path.name, message))
    found.sort(key=lambda letter: b"http" not in letter[1])  # those with links first
    yield from found[:40]
    files = sorted((CORPUS / "html-email").glob("*.html"))
    for number, path in enumerate(files[::len(files) // 20][:20]):
        html = path.read_bytes()
        encoding, body = [
            ("8bit", html), ("base64", base64.encodebytes(html)),
            ("quoted-printable", quopri.encodestring(html))][number % 3]
        yield path.name, crlf(
            b"From: News <news@acme.example>\nTo: b@b.example\nSubject: news\n"
            b"Date: Fri, 27 Nov 2026 10:00:00 +0000\nMessage-ID: <1@acme.example>\n"
            b"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n"
            b"Content-Transfer-Encoding: " + encoding.encode() + b"\n\n" + body)


def answered(*args, stdin=b""):
    done = run(*args, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """Each letter rewritten and signed twice, and the key records."""
    folder = tmp_path_factory.mktemp("keys")
    records, out, changed = {}, {}, 0
    for algorithm in ALGORITHMS:
        key = folder / algorithm
        records[algorithm] = one_json(answered(
            "dkim", "keygen", "--algorithm", algorithm, "--out", str(key), "--json"))["record"]
    for name, message in letters():
        original = message
        message = answered("mail", "rewrite", "--prefix", PREFIX, "--text", stdin=message)
        changed += message != original
        for algorithm in ALGORITHMS:
            message = answered("dkim", "sign", "--domain", "acme.example", "--selector",
                               algorithm, "--key", str(folder / algorithm), stdin=message)
        out[name] = message
    assert changed >= 35
    return out, records


def flipped(message):
    """One letter or digit of the body is another."""
    start = message.index(b"\r\n\r\n") + 4
    places = [i for i in range(start, len(message)) if message[i:i + 1].isalnum()]
    at = random.Random(len(message)).choice(places)
    other = b"x" if message[at:at + 1] != b"x" else b"y"
    return message[:at] + other + message[at + 1:]


def verdicts(message, records):
    """What dkimpy says of both signatures, the last made first."""
    def find(name, timeout=5):
        return records[name.decode().split(".")[0]].encode()

    logging.disable(logging.CRITICAL)
    said = []
    for number in range(len(ALGORITHMS)):
        try:
            said.append(dkim.DKIM(message).verify(idx=number, dnsfunc=find))
        except dkim.ValidationError:
            said.append(False)
    return said


def mail_dkim(messages, records, folder):
    paths = []
    for number, message in enumerate(messages):
        paths.append(folder / str(number))
        paths[-1].write_bytes(message)
    with DnsServer() as dns:
        port = dns.add({f"{selector}._domainkey.acme.example": [("TXT", [record.encode()])]
                        for selector, record in records.items()})
        done = subprocess.run(["perl", "-e", MAIL_DKIM, str(port)], check=True, timeout=60,
                              input="".join(f"{p}\n" for p in paths).encode(),
                              capture_output=True)
    return done.stdout.decode().split()


def test_dkimpy_verifies_all(signed):
    messages, records = signed
    assert len(messages) == 60
    assert [name for name, message in messages.items()
            if verdicts(message, records) != [True, True]] == []


def test_dkimpy_refuses_a_flipped_byte(signed):
    messages, records = signed
    for name, message in messages.items():
        assert verdicts(flipped(message), records) == [False, False], name


def test_mail_dkim_agrees(signed, tmp_path):
    messages, records = signed
    flips = [flipped(m) for m in messages.values()]
    said = mail_dkim([*messages.values(), *flips], records, tmp_path)
    assert said[:len(messages)] == ["pass"] * len(messages)
    assert said[len(messages):] == ["fail"] * len(flips)

"""`signet dkim sign`: dkimpy and Mail::DKIM judge what it makes.

Every algorithm and canonicalisation over messages made to be difficult and over those of
the corpus; and a changed byte of the body never passes.
"""

import itertools
import pathlib
import random
import re
import subprocess
import time

import dkim
import pytest

from signetbin import ROOT, fails, one_json, run

PERL = str(pathlib.Path(__file__).with_name("verify.pl"))
CANONS = ["/".join(pair) for pair in itertools.product(("simple", "relaxed"), repeat=2)]
NOW = int(time.time()) - 60  # dkimpy has no other clock
HEAD = b"From: Joe <joe@acme.example>\r\nTo: you@there.example\r\nSubject: Hello\r\n"

MESSAGES = {
    "plain": HEAD + b"\r\nHow are you?\r\n",
    "empty body": HEAD + b"\r\n",
    "no body": HEAD,
    "no end of the last field": HEAD + b"X-Last: 1",
    "only empty lines": HEAD + b"\r\n\r\n\r\n\r\n",
    "only blanks": HEAD + b"\r\n \t\r\n \r\n\t",
    "no final newline": HEAD + b"\r\nline\r\nlast",
    "no final newline, blanks": HEAD + b"\r\nline\r\nlast \t ",
    "trailing blanks": HEAD + b"\r\na  \r\nb\t\r\n  \r\nc \t d\r\n   \r\n\r\n",
    "leading blanks": HEAD + b"\r\n  a\r\n\tb\r\n\t\t  c\r\n",
    "long lines": HEAD + b"\r\n" + b"word  " * 3000 + b"\r\n" + b"x" * 5000 + b"\r\n",
    "unix file": (HEAD + b"\r\nHow  are\tyou?\r\n \r\nWell.\r\n\r\n").replace(b"\r", b""),
    "mixed line ends": HEAD + b"\r\na\nb\r\nc\n\n\r\n",
    "folded header": b"From: Joe\r\n Doe\r\n\t<joe@acme.example>\r\nSubject:\r\n  a \r\n"
                     b"\tb\r\nTo:\r\n you@there.example\r\n\r\nbody\r\n",
    "empty fields": HEAD + b"Cc:\r\nReply-To: \r\nSender:\t \r\n\r\nbody\r\n",
    "8-bit": HEAD.replace(b"Hello", "Grüße".encode()) + "\r\nÄÖ\r\n".encode("latin-1"),
    "bare CR": HEAD + b"\r\na\rb\r\n\rc\r\r\nd \r e\r\n",
    "NUL": HEAD + b"\r\na\0b \0\r\n",
    "every list field": HEAD + b"List-Id: <a.example>\r\nList-Unsubscribe: <https://u>\r\n"
                               b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
                               b"Feedback-ID: 1:2:3\r\nSender: a@acme.example\r\n\r\nx\r\n",
    "two of a kind": HEAD + b"To: more@there.example\r\nSubject: Other\r\n\r\nbody\r\n",
    "all bytes": HEAD + b"\r\n" + bytes(b for b in range(256) if b not in (10, 13)) * 9,
}


def corpus():
    """Messages of others, without the signatures that came with some, but for those with
    two From fields, which nobody signs."""
    for path in sorted((ROOT / "tests/corpus/dkim").glob("*/*.eml")):
        text = path.read_bytes()
        if len(re.findall(rb"^From:", re.split(rb"\r?\n\r?\n", text)[0], re.I | re.M)) > 1:
            continue
        field = re.match(rb"DKIM-Signature:.*?\n(?![ \t])", text, re.S)
        yield path.parent.name + "/" + path.name, text[field.end():] if field else text


class Key:
    def __init__(self, folder, algorithm):
        self.path = str(folder / algorithm)
        made = run("dkim", "keygen", "--json", "--algorithm", algorithm, "--out", self.path)
        self.record = one_json(made.stdout)["record"].encode()

    def sign(self, message, *args):
        done = run("dkim", "sign", "--domain", "acme.example", "--selector", "s1", "--key",
                   self.path, "--now", str(NOW), *args, stdin=message)
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith(message)
        return done.stdout


@pytest.fixture(scope="module", params=["rsa", "ed25519"])
def key(request, tmp_path_factory):
    return Key(tmp_path_factory.mktemp("keys"), request.param)


@pytest.fixture(scope="module")
def rsa(tmp_path_factory):
    return Key(tmp_path_factory.mktemp("keys"), "rsa")


@pytest.fixture(scope="module")
def ed25519(tmp_path_factory):
    return Key(tmp_path_factory.mktemp("keys"), "ed25519")


def sent(message):
    """What an MTA makes of a message: every line ends with CRLF."""
    text = re.sub(rb"\r?\n", b"\r\n", message)
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def dkimpy(message, record, index=0):
    message = sent(message)
    return dkim.DKIM(message).verify(idx=index, dnsfunc=lambda name, timeout=5: record)


def mail_dkim(message, record):
    done = subprocess.run(["perl", PERL, record.decode()], input=sent(message),
                          timeout=30, capture_output=True, check=True)
    return done.stdout.decode().split()


# -- others verify --------------------------------------------------------------------

@pytest.mark.parametrize("canon", CANONS)
@pytest.mark.parametrize("name", MESSAGES)
def test_dkimpy_verifies(name, canon, key):
    signed = key.sign(MESSAGES[name], "--canon", canon)
    assert dkimpy(signed, key.record)


@pytest.mark.parametrize("canon", CANONS)
def test_dkimpy_verifies_the_corpus(canon, ed25519):
    for name, message in corpus():
        assert dkimpy(ed25519.sign(message, "--canon", canon), ed25519.record), name


@pytest.mark.parametrize("name", MESSAGES)
def test_mail_dkim_verifies(name, rsa):
    for canon in CANONS:
        signed = rsa.sign(MESSAGES[name], "--canon", canon)
        assert mail_dkim(signed, rsa.record) == ["pass"], canon


def test_mail_dkim_verifies_the_corpus(rsa):
    for (name, message), canon in zip(corpus(), itertools.cycle(CANONS)):
        signed = rsa.sign(message, "--canon", canon)
        assert mail_dkim(signed, rsa.record)[0] == "pass", name


@pytest.mark.parametrize("canon", CANONS)
def test_a_changed_byte_fails(canon, rsa, dns):
    """Of the body any byte that is not a blank, of the header any of what is signed."""
    zone = dns.add({"s1._domainkey.acme.example": [("TXT", [rsa.record])]})
    message = HEAD + b"\r\nThe quick brown fox\r\njumps over it.\r\n"
    signed = rsa.sign(message, "--canon", canon)
    start = len(signed) - len(message)
    places = [i for i in range(start, len(signed)) if signed[i:i + 1] not in b" \r\n"]
    for at in random.Random(canon).sample(places, 25):
        changed = bytearray(signed)
        changed[at] ^= 1
        done = run("dkim", "verify", "--json", "--dns", f"127.0.0.1:{zone}", "--now",
                   str(NOW), stdin=bytes(changed))
        results = [s["result"] for s in one_json(done.stdout)["signatures"]] if (
            done.returncode == 0) else []
        assert "pass" not in results, (at, bytes(changed[at - 5:at + 5]))


def test_a_field_that_is_added_fails(rsa, dns):
    """What is oversigned cannot be added; what nobody signs can."""
    zone = dns.add({"s1._domainkey.acme.example": [("TXT", [rsa.record])]})
    signed = rsa.sign(MESSAGES["every list field"])
    for name, result in [("Subject", "fail"), ("From", "fail"), ("Cc", "fail"),
                         ("List-Unsubscribe", "fail"), ("Content-Type", "fail"),
                         ("X-Other", "pass"), ("Received", "pass")]:
        for text in (name.encode() + b": x\r\n" + signed,
                     signed.replace(b"\r\n\r\n", b"\r\n%s: x\r\n\r\n" % name.encode(), 1)):
            done = run("dkim", "verify", "--json", "--dns", f"127.0.0.1:{zone}", "--now",
                       str(NOW), stdin=text)
            assert one_json(done.stdout)["signatures"][0]["result"] == result, name


def test_two_signatures(rsa, ed25519, dns):
    """A second signature on top leaves the first good (RFC 8463 §3)."""
    zone = dns.add({"s1._domainkey.acme.example": [("TXT", [rsa.record])],
                    "s2._domainkey.acme.example": [("TXT", [ed25519.record])]})
    once = rsa.sign(MESSAGES["plain"])
    twice = run("dkim", "sign", "--domain", "acme.example", "--selector", "s2", "--key",
                ed25519.path, "--now", str(NOW), stdin=once).stdout
    assert twice.endswith(once)
    assert dkimpy(twice, ed25519.record, 0) and dkimpy(twice, rsa.record, 1)
    done = run("dkim", "verify", "--json", "--dns", f"127.0.0.1:{zone}", "--now", str(NOW),
               stdin=twice)
    assert [(s["selector"], s["algorithm"], s["key_bits"], s["result"])
            for s in one_json(done.stdout)["signatures"]] == [
        ("s2", "ed25519-sha256", 256, "pass"), ("s1", "rsa-sha256", 2048, "pass")]


# -- the field ------------------------------------------------------------------------

def tags(signed):
    field = re.match(rb"DKIM-Signature: (.*?)\r?\n(?![ \t])", signed, re.S)[1]
    return dict(part.strip().split(b"=", 1) for part in field.split(b";"))


def test_the_field(key):
    signed = key.sign(MESSAGES["plain"], "--expire", str(NOW + 900), "--identity",
                      "joe@mail.acme.example")
    found = tags(signed)
    assert found[b"v"] == b"1" and b"l" not in found
    assert found[b"d"] == b"acme.example" and found[b"s"] == b"s1"
    assert found[b"t"] == b"%d" % NOW and found[b"x"] == b"%d" % (NOW + 900)
    assert found[b"c"] == b"relaxed/relaxed" and found[b"i"] == b"joe@mail.acme.example"
    names = re.sub(rb"\s", b"", found[b"h"]).lower().split(b":")
    assert names.count(b"from") == 2 and names.count(b"to") == 2
    assert names.count(b"cc") == 1 and b"date" not in names
    assert dkimpy(signed, key.record)


def test_ed25519_is_deterministic(ed25519):
    """The field depends on the message, the key and the options alone."""
    assert ed25519.sign(MESSAGES["plain"]) == ed25519.sign(MESSAGES["plain"])


@pytest.mark.parametrize("name", MESSAGES)
def test_no_long_line(name, key):
    field = key.sign(MESSAGES[name])[:-len(MESSAGES[name])]
    end = b"\n" if name == "unix file" else b"\r\n"
    lines = field.split(end)
    assert lines.pop() == b"" and b"\r" not in b"".join(lines)
    assert all(len(line) <= 78 and line.strip() for line in lines), field


def test_long_names(key):
    domain = ".".join(["a" * 60] * 3) + ".example"
    done = run("dkim", "sign", "--domain", domain, "--selector", "b" * 50, "--key",
               key.path, stdin=MESSAGES["plain"])
    assert dkimpy(done.stdout, key.record)
    names = "From:" + "X-" + "c" * 100 + ":Subject"
    assert dkimpy(key.sign(MESSAGES["plain"], "--headers", names), key.record)


def test_chosen_fields(key):
    message = HEAD + b"X-Mine: 1\r\nX-Mine: 2\r\n\r\nbody\r\n"
    signed = key.sign(message, "--headers", "from:x-mine:x-mine:x-mine")
    assert re.sub(rb"\s", b"", tags(signed)[b"h"]) == b"from:x-mine:x-mine:x-mine"
    assert dkimpy(signed, key.record)


def test_other_forms_of_keys(tmp_path, rsa):
    """PKCS #1, and the seed that dkimpy's own files hold."""
    pkcs1 = tmp_path / "pkcs1"
    pkcs1.write_bytes(subprocess.run(["openssl", "rsa", "-traditional", "-in", rsa.path],
                                     capture_output=True, check=True).stdout)
    corpus = ROOT / "tests/corpus/dkim/dkimpy"
    for path, record in [(pkcs1, rsa.record),
                         (corpus / "ed25519test.key",
                          (corpus / "ed25519test.dns").read_bytes().strip())]:
        done = run("dkim", "sign", "--domain", "acme.example", "--selector", "s1", "--key",
                   str(path), stdin=MESSAGES["plain"])
        assert dkimpy(done.stdout, record)


# -- what is refused ------------------------------------------------------------------

@pytest.mark.parametrize("message,why", [
    (b"", "empty"),
    (b"\r\nbody\r\n", "no From"),
    (b"To: a@b.example\r\n\r\n", "no From"),
    (b"From: a@b.example\r\nfrom: a@b.example\r\n\r\n", "2 From fields"),
    (b"From joe Mon Jan 1\nFrom: a@b.example\n\n", "mailbox"),
    (b"From: a@b.example\nno field\n\n", "line 2"),
    (b" From: a@b.example\n\n", "line 1"),
    (b"From: a@b.example\n" + b"X: y\n" * 300000 + b"\n", "1024 kB"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_refused_messages(message, why, ed25519):
    assert why in fails("dkim", "sign", "--domain", "acme.example", "--selector", "s1",
                        "--key", ed25519.path, stdin=message, status=65)


@pytest.mark.parametrize("args,status,why", [
    (["--algorithm", "rsa-sha1"], 64, "neither rsa-sha256"),
    (["--algorithm", "rsa-sha256"], 64, "holds a key for ed25519-sha256"),
    (["--canon", "relaxed"], 64, "--canon"),
    (["--canon", "relaxed/nowsp"], 64, "--canon"),
    (["--headers", "to:subject"], 64, "leave out From"),
    (["--headers", "from::to"], 64, "empty name"),
    (["--headers", "from:a;b"], 64, "no name"),
    (["--headers", "from:a b"], 64, "no name"),
    (["--identity", "joe@other.example"], 64, "not within"),
    (["--identity", "joe"], 64, "no domain"),
    (["--identity", "a;b@acme.example"], 64, "may not stand"),
    (["--expire", "5"], 64, "expires before"),
    (["--timestamp", "9999999999", "--expire", "9999999999"], 64, "expires before"),
    (["--max-bytes", "20"], 65, "larger than 20"),
    (["--json"], 64, "--json"),
])
def test_refused_options(args, status, why, ed25519):
    assert why in fails("dkim", "sign", "--domain", "acme.example", "--selector", "s1",
                        "--key", ed25519.path, *args, stdin=MESSAGES["plain"],
                        status=status)


@pytest.mark.parametrize("domain,selector", [
    ("example", "s1"), ("", "s1"), ("a b.example", "s1"), ("a;b.example", "s1"),
    ("acme.example", "s;1"), ("acme.example", "a b"), ("a..example", "s1"),
    ("acme.example", "a" * 64), ("a\nb.example", "s1")])
def test_refused_names(domain, selector, ed25519):
    fails("dkim", "sign", "--domain", domain, "--selector", selector, "--key",
          ed25519.path, stdin=MESSAGES["plain"], status=64)


def test_refused_keys(tmp_path):
    path = tmp_path / "key"
    args = ["dkim", "sign", "--domain", "acme.example", "--selector", "s1", "--key",
            str(path)]
    assert "No such file" in fails(*args, status=65)
    for text, why in [(b"", "neither PEM"), (b"x" * 20000, "too long"),
                      (b"-----BEGIN PUBLIC KEY-----\n", "public key"),
                      (b"-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n",
                       "damaged")]:
        path.write_bytes(text)
        line = fails(*args, stdin=MESSAGES["plain"], status=65)
        assert str(path) in line and why in line

"""`signet mail links` and `mail rewrite` over real messages: nothing changes that is not
asked for, whatever Python's email package and parse5 say of the message is still so
afterwards, and no bytes bring either down. SIGNET_CORPUS names another folder with
mime/structure.json."""

import base64
import binascii
import email
import functools
import hashlib
import json
import os
import pathlib
import re

import pytest

from signetbin import ROOT, fails, one_json, run

FOLDER = pathlib.Path(os.environ.get("SIGNET_CORPUS", ROOT / "tests/corpus")) / "mime"
STRUCTURE = json.loads((FOLDER / "structure.json").read_text("utf-8"))
NAMES = sorted(STRUCTURE)
PREFIX = "https://track.example/c?t="
PIXEL = "https://track.example/o"
ALL = ["--prefix", PREFIX, "--text", "--pixel", PIXEL]

# Where we see other links than parse5 in what Python decodes, and why that is right.
OTHER_LINKS = {
    "rubymail_spec__fixtures__emails__error_emails__content_transfer_encoding_text-html.eml":
        "its Content-Transfer-Encoding is text/html: nobody knows what its bytes mean, and "
        "RFC 2045 section 6.4 has it treated as application/octet-stream",
    "stalwart_resources__eml__malformed__020.eml":
        "a part with two Content-Type fields is text/plain by the second, text/html by the "
        "first",
}

# Where Python sees another structure, so that what it takes for a part that is no text has
# changed.
OTHER_PARTS = {name: "no empty line ends the header, and the boundary line that follows "
                     "ends it for some, not for others; Python reads no parts at all"
               for name in ("spamassassin_t__data__spam__016",
                            "spamassassin_t__data__spam__badmime2.txt")}


def read(name):
    return (FOLDER / name).read_bytes()


def links(message):
    done = run("mail", "links", "--json", stdin=message)
    assert done.returncode == 0, done.stderr
    return one_json(done.stdout)


def rewrite(message, *options, timeout=30):
    done = run("mail", "rewrite", *options, stdin=message, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return done.stdout


@functools.cache
def links_of(name):
    return links(read(name))


@functools.cache
def changed(name):
    return rewrite(read(name), *ALL)


def header_of(message):
    """Up to the empty line."""
    found = re.search(rb"\r?\n\r?\n", message)
    return message[:found.end()] if found else message


def unescape(value):
    """The bytes of a value as the links are printed: \\233 is a byte that is not UTF-8."""
    return re.sub(rb"\\(\d{3})", lambda m: bytes([int(m[1])]), value.encode())


def token(value):
    return base64.urlsafe_b64encode(unescape(value)).rstrip(b"=").decode()


# -- the corpus -------------------------------------------------------------------------

def test_the_corpus_is_complete():
    listed = [line.split("\t")[0] for line in (FOLDER / "MANIFEST.tsv").open()]
    assert sorted(set(listed) - {"structure.json"}) == NAMES and len(NAMES) >= 300
    assert {*OTHER_LINKS, *OTHER_PARTS} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_asked_changes_nothing(name):
    message = read(name)
    assert rewrite(message, "--remove-header", "X-Nothing-Of-This-Name") == message


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_track_changes_nothing(name):
    message = read(name)
    if not any(link["trackable"] for link in links_of(name)):
        assert rewrite(message, "--prefix", PREFIX, "--text") == message


@pytest.mark.parametrize("name", [n for n in NAMES if not STRUCTURE[n]["defects"]])
def test_the_links_are_those_of_a_parser(name):
    expected = [tuple(link) for part in STRUCTURE[name]["parts"]
                for link in part.get("links", [])]
    found = [(link["element"], link["attribute"], link["value"]) for link in links_of(name)
             if link["element"] and not link.get("conditional")]
    assert (found == expected) == (name not in OTHER_LINKS), OTHER_LINKS.get(name)


@pytest.mark.parametrize("name", NAMES)
def test_trackable_links_are_mapped_and_no_others(name):
    before = links_of(name)
    after = [link for link in links(changed(name)) if link["value"] != PIXEL]
    assert len(after) == len(before)
    for old, new in zip(before, after):
        expected = PREFIX + token(old["value"]) if old["trackable"] else old["value"]
        assert new["value"] == expected
        for member in ("part", "element", "attribute", "conditional"):
            assert new.get(member) == old.get(member)
    assert header_of(changed(name)) == header_of(read(name))


def leaves(part, held=""):
    """Each leaf with why it may not be changed, "" where it may."""
    kind = part.get_content_type()
    if part.get_content_disposition() == "attachment":
        held = held or "attachment"
    if part.is_multipart():
        if kind == "message/rfc822":
            held = "enclosed"
        if kind in ("multipart/signed", "multipart/encrypted"):
            held = held or kind
        for child in part.get_payload():
            yield from leaves(child, held)
        return
    yield part, held or ("" if kind in ("text/html", "text/plain") else "not text")


def digest(part):
    try:
        content = part.get_payload(decode=True)
    except (UnicodeError, ValueError):
        content = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return hashlib.sha256(content or b"").hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_other_parts_stay_as_they_are(name):
    before = list(leaves(email.message_from_bytes(read(name))))
    after = list(leaves(email.message_from_bytes(changed(name))))
    assert len(after) == len(before)
    for (old, held), (new, _) in zip(before, after):
        assert list(new.raw_items()) == list(old.raw_items())
        if held and name not in OTHER_PARTS:
            assert digest(new) == digest(old), held


def undo(message):
    """A rewritten message of 7bit parts and without pixel, as it was."""
    def original(found):
        text = found[1] + b"=" * (-len(found[1]) % 4)
        return base64.urlsafe_b64decode(text)
    return re.sub(re.escape(PREFIX).encode() + rb"([\w-]+)", original, message)


# What takes time by the square of its size takes longer than this on any machine.
HANGS_S = 60


def survives(message):
    """Refused with one line and no output, or all of the letter; whose soft line breaks
    may be others."""
    done = run("mail", "rewrite", "--prefix", PREFIX, "--text", stdin=message,
               timeout=HANGS_S)
    if done.returncode == 65:
        fails("mail", "rewrite", "--prefix", PREFIX, status=65, stdin=message)
        return False
    assert done.returncode == 0
    if b"quoted-printable" in message:
        assert undo(binascii.a2b_qp(done.stdout)) == binascii.a2b_qp(message)
    else:
        assert undo(done.stdout) == message
    assert run("mail", "links", "--json", stdin=message, timeout=HANGS_S).returncode == 0
    return True


# -- what is made to break it -----------------------------------------------------------

SMALL = (b"From: a@a.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
         b"Content-Type: multipart/mixed; boundary=\"o o\"\r\n\r\n"
         b"--o o\r\n\r\nSee http://x.example/1 and <http://x.example/2>.\r\n"
         b"--o o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
         b"--i\r\nContent-Type: text/html\r\n\r\n<a href='http://x.example/3'>3</a>\r\n--i--\r\n"
         b"--o o\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\n"
         b"http://x.example/4\r\n--o o--\r\n")


def test_a_message_that_ends_anywhere():
    assert rewrite(SMALL, "--prefix", PREFIX, "--text").count(PREFIX.encode()) == 3
    for end in range(len(SMALL)):
        assert survives(SMALL[:end])


MULTIPART = b"Content-Type: multipart/mixed; boundary=o\r\n\r\n"
LINK = b"<a href='http://x.example/'>x</a>\r\n"


ODD = [
    b"", b"\n", b"\r", b"\r\n\r\n", b"\0", b":", b": \n\n", b" \n\n",
    MULTIPART, MULTIPART + b"--o", MULTIPART + b"--o--", MULTIPART + b"--o\n--o\n--o--\n",
    MULTIPART + b"--o\r\nContent-Type: text/html\r\n\r\n" + LINK * 3,
    SMALL.replace(b"\r\n", b"\n"), SMALL.replace(b"\r\n", b"\r"),
    SMALL.replace(b"\r\n", b"\r\r\n"), SMALL.replace(b"\r\n", b"\n\r"),
    SMALL.replace(b"\r\n", b"\n", 5), SMALL.replace(b"\n", b"\n\0"),
    SMALL.replace(b" ", b"\0"), SMALL.replace(b"e", b"\xff"), SMALL * 3,
    b"Content-Type: text/html\n\n" + b"\0" * 1000 + LINK + b"\r" * 1000 + LINK,
    b"Content-Type: text/html; charset=no-such-charset\n\n" + LINK,
    b"Content-Type: " + b"text/html;" * 100 + b"\n\n" + LINK,
    b"Content-Type: text/html; charset=" + b"x" * 100000 + b"\n\n" + LINK,
]


@pytest.mark.parametrize("number", range(len(ODD)))
def test_odd_messages(number):
    assert survives(ODD[number])


def named(messages):
    """Each made when its test runs, under its name: they are large."""
    return pytest.mark.parametrize("make", messages.values(), ids=messages.keys())


@named({
    "nested multiparts": lambda: b"".join(
        b"--%d\nContent-Type: multipart/mixed; boundary=%d\n\n" % (n - 1, n)
        for n in range(1, 10000)),
    "nested multiparts of one boundary": lambda:
        b"Content-Type: multipart/mixed; boundary=o\n\n"
        + b"--o\nContent-Type: multipart/mixed; boundary=o\n\n" * 10000,
    "nested messages": lambda: b"Content-Type: message/rfc822\n\n" * 10000,
    "many messages": lambda:
        MULTIPART + b"--o\nContent-Type: message/rfc822\n\n" * 10000,
    "many parts": lambda: MULTIPART + b"--o\n\nx\n" * 10000,
    "long digest": lambda:
        b"Content-Type: multipart/digest; boundary=o\n\n" + b"--o\n\na: b\n\nx\n" * 10000,
    "many lines like boundaries": lambda: b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
        for n in range(49)) + b"\n" + b"--b\n" * (12 << 20),
    "many fields": lambda: b"A: b\n" * 20000,
    "long field": lambda: b"A:" + b" b\n" * 2000000,
    "header without end": lambda: b"A: b\n" * (8 << 20),
    "field without end": lambda: b"A: " + b"b" * ((50 << 20) - 3),
    "too large": lambda: b"A: b\n\n" + b"x" * (51 << 20),
})
def test_more_than_the_limits(make):
    assert not survives(make())


@named({
    "one line": lambda: b"A: b\n\n" + b"x" * ((50 << 20) - 6),
    "empty lines": lambda: b"A: b\n\n" + b"\n" * ((50 << 20) - 6),
    "no boundaries": lambda: b"A: b\n\n" + b"--\n" * 100 + b"--x\n" * (12 << 20),
    "colons": lambda: b"A: b\n\n" + b"http:" * (9 << 20),
    "urls without host": lambda: b"A: b\n\n" + b"http://" * (7 << 20),
    "brackets": lambda: b"A: b\n\n" + b"<http:/x.example/\n" * (2 << 20),
    "tags": lambda: b"Content-Type: text/html\n\n" + b"<" * ((50 << 20) - 30),
    "attribute": lambda:
        b"Content-Type: text/html\n\n<a href='" + b"h" * ((50 << 20) - 40),
    "links on one line": lambda: b"Content-Type: text/html\n\n" + LINK[:-2] * 90000,
    "urls on one line": lambda: b"A: b\n\n" + b"http://x.example/ " * 90000,
    "quoted-printable on one line": lambda:
        b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n"
        + b"http://x.example/ " * 90000,
    "urls that end in punctuation": lambda:
        b"A: b\n\n" + (b"http://x.example/" + b")" * 50 + b" ") * 90000,
    "soft breaks": lambda:
        b"Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
        + b"=\n" * (24 << 20),
    "base64": lambda:
        b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n"
        + b"PGE+" * (12 << 20),
})
def test_large_messages(make):
    assert survives(make())

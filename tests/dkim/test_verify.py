"""`signet dkim verify`: what each tag and each key record does to a signature.

A signer of a few lines makes signatures with any tags, right in everything but what a
case is about (RFC 6376 §3.5, §3.6.1, §6.1).
"""

import base64
import hashlib
import re

import nacl.signing
import pytest

from signetbin import fails, one_json, run

SEED = nacl.signing.SigningKey(bytes(range(32)))
PUBLIC = base64.b64encode(bytes(SEED.verify_key)).decode()
OTHER = base64.b64encode(bytes(nacl.signing.SigningKey(bytes(32)).verify_key)).decode()
KEY = f"v=DKIM1; k=ed25519; p={PUBLIC}"
RSA_1024 = ("MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bd"
            "OKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4h"
            "stT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB")
RSA_512 = ("MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALRZK2Xw474ynxTCwE/sq1cnbe3unO3M9/GrDU5/XeV5J+Ii"
           "sscvjEEgdHB2COzUG+S330PDdVj9Y3Ea93wXS2kCAwEAAQ==")
NOW = 1795300000
BODY = b"How are you?\r\n"
FIELDS = [b"From: Joe <joe@acme.example>", b"To: you@there.example", b"Subject: Hello"]


def relaxed(field):
    name, value = field.split(b":", 1)
    return name.strip().lower() + b":" + re.sub(rb"[ \t\r\n]+", b" ", value).strip()


def make(tags=None, fields=FIELDS, body=BODY, signed_body=None, order=None):
    """A signed message; `tags` replace, add, or (None) remove those of a good signature."""
    good = {"v": "1", "a": "ed25519-sha256", "c": "relaxed/simple", "d": "acme.example",
            "s": "s1", "h": "from:to:subject", "bh": "", "b": ""}
    good["bh"] = base64.b64encode(hashlib.sha256(
        body if signed_body is None else signed_body).digest()).decode()
    good.update(tags or {})
    parts = [f"{name}={value}" for name, value in good.items() if value is not None]
    text = ("DKIM-Signature: " + "; ".join(order(parts) if order else parts)).encode()
    left = list(fields)
    data = b""
    for name in (good["h"] or "").lower().split(":"):
        for field in reversed(left):
            if field.split(b":")[0].strip().lower() == name.strip().encode():
                data += relaxed(field) + b"\r\n"
                left.remove(field)
                break
    data += relaxed(text)
    signature = base64.b64encode(SEED.sign(hashlib.sha256(data).digest()).signature)
    if good["b"] == "":
        text = re.sub(rb"\bb(\t?)=(?=;|$)", rb"b\1=" + signature, text)
    return b"\r\n".join([text, *fields, b"", body])


@pytest.fixture(scope="module")
def verify(dns):
    """verify(message, record or records or status, …) gives the signatures."""
    ports = {}

    def judge(message, key=KEY, now=NOW, names=("s1._domainkey.acme.example",)):
        records = [] if key is None else key if isinstance(key, list) else [key]
        strings = [record if isinstance(record, tuple) else (record,) for record in records]
        entries = ([(key, None)] if key in ("SERVFAIL", "TIMEOUT") else
                   [("TXT", [part.encode() for part in parts]) for parts in strings])
        zone = {name: entries for name in names} if records else {"x.example": []}
        if repr(zone) not in ports:
            ports[repr(zone)] = dns.add(zone)
        port = ports[repr(zone)]
        done = run("dkim", "verify", "--json", "--now", str(now), "--dns",
                   f"127.0.0.1:{port}", "--dns-timeout-ms", "300", stdin=message)
        assert done.returncode == 0, done.stderr
        found = one_json(done.stdout)["signatures"]
        for signature in found:
            assert list(signature) == ["domain", "selector", "algorithm", "key_bits",
                                       "result", "reason", "testing"]
        return found
    return judge


TAGS = [
    # tags of the signature, result, words of the reason
    ({}, "pass", ""),
    ({"c": None}, "fail", "header"),
    ({"c": "relaxed"}, "pass", ""),
    ({"c": "Relaxed/Simple"}, "pass", ""),
    ({"c": "relaxed/nowsp"}, "permerror", "canonicalisation"),
    ({"c": ""}, "permerror", "canonicalisation"),
    ({"v": None}, "permerror", "v= is missing"),
    ({"v": "2"}, "permerror", "v= is not 1"),
    ({"v": "1.0"}, "permerror", "v= is not 1"),
    ({"a": None}, "permerror", "a= is missing"),
    ({"a": "rsa-sha1"}, "permerror", "no longer accepted"),
    ({"a": "rsa-sha256"}, "permerror", "type that a= says"),
    ({"a": "ed25519-sha1"}, "permerror", "algorithm"),
    ({"a": "RSA-SHA256"}, "permerror", "algorithm"),
    ({"d": None}, "permerror", "d= is missing"),
    ({"d": "example"}, "permerror", "top-level"),
    ({"d": "acme..example"}, "permerror", "d= is not a domain"),
    ({"d": "acme example"}, "permerror", "d= is not a domain"),
    ({"d": "a" * 64 + ".example"}, "permerror", "d= is not a domain"),
    ({"d": "ACME.example"}, "pass", ""),
    ({"s": None}, "permerror", "s= is missing"),
    ({"s": ""}, "permerror", "selector"),
    ({"s": "S1"}, "pass", ""),
    ({"s": "s 1"}, "permerror", "selector"),
    ({"s": "s2"}, "permerror", "no key"),
    ({"i": "@acme.example"}, "pass", ""),
    ({"i": "joe@acme.example"}, "pass", ""),
    ({"i": "joe@sub.ACME.example"}, "pass", ""),
    ({"i": '"a@b"@acme.example'}, "pass", ""),
    ({"i": "joe@other.example"}, "permerror", "not within"),
    ({"i": "joe@notacme.example"}, "permerror", "not within"),
    ({"i": "joe"}, "permerror", "no domain"),
    ({"i": ""}, "permerror", "no domain"),
    ({"h": None}, "permerror", "h= is missing"),
    ({"h": ""}, "permerror", "empty name"),
    ({"h": "to:subject"}, "permerror", "From"),
    ({"h": "from::to"}, "permerror", "empty name"),
    ({"h": "From"}, "pass", ""),
    ({"h": "from:from:from:x-none:to:subject:to"}, "pass", ""),
    ({"h": " from :\r\n to : subject "}, "pass", ""),
    ({"h": "from:dkim-signature"}, "pass", ""),
    ({"q": "dns/txt"}, "pass", ""),
    ({"q": "other: dns/txt"}, "pass", ""),
    ({"q": "other"}, "permerror", "q="),
    ({"t": str(NOW)}, "pass", ""),
    ({"t": str(NOW + 10 ** 6)}, "pass", ""),
    ({"t": "x"}, "permerror", "t= is not a time"),
    ({"t": "-1"}, "permerror", "t= is not a time"),
    ({"x": str(NOW)}, "pass", ""),
    ({"x": str(NOW - 1)}, "permerror", "expired"),
    ({"x": "9" * 30}, "permerror", "x= is not a time"),
    ({"t": str(NOW), "x": str(NOW)}, "permerror", "not after"),
    ({"t": str(NOW), "x": str(NOW + 1)}, "pass", ""),
    ({"l": str(len(BODY))}, "pass", ""),
    ({"l": str(len(BODY) + 1)}, "fail", "more than the 14 bytes"),
    ({"l": "x"}, "permerror", "l= is not a number"),
    ({"l": "9" * 76}, "permerror", "l= is not a number"),
    ({"z": "From:joe|To:x"}, "pass", ""),
    ({"unknown": "x=y"}, "pass", ""),
    ({"V": "2"}, "pass", ""),
    ({"1x": "y"}, "permerror", "cannot be read"),
    ({"x-y": "y"}, "permerror", "cannot be read"),
    ({"n": "b\u00fc"}, "permerror", "cannot be read"),
    ({"b": "!!!"}, "permerror", "b= is not base64"),
    ({"b": " "}, "permerror", "b= is empty"),
    ({"b": None}, "permerror", "b= is missing"),
    ({"b": "AAAA"}, "fail", "does not fit"),
    ({"bh": None}, "permerror", "bh= is missing"),
    ({"bh": "AAAA"}, "permerror", "bh= is not as long"),
    ({"bh": "A" * 43 + "="}, "fail", "body"),
    ({"bh": "!"}, "permerror", "bh= is not base64"),
]


@pytest.mark.parametrize("tags,result,reason", TAGS, ids=lambda v: str(v)[:50])
def test_tags(tags, result, reason, verify):
    (signature,) = verify(make(tags))
    assert (signature["result"], reason in signature["reason"]) == (result, True), signature
    assert bool(signature["reason"]) == (result != "pass")


def test_order_and_marks_of_tags(verify):
    for order in (lambda p: p[::-1], lambda p: p[3:] + p[:3], lambda p: p + [""],
                  lambda p: [" " + x.replace("=", "\t=", 1) for x in p]):
        assert verify(make(order=order))[0]["result"] == "pass"
    twice = verify(make(order=lambda p: p + ["d=acme.example"]))
    assert twice[0]["result"] == "permerror" and "more than once" in twice[0]["reason"]


def test_a_part_of_the_body(verify):
    """RFC 6376 §8.2: it passes, and says how much is not covered."""
    (signature,) = verify(make({"l": "5"}, signed_body=BODY[:5]))
    assert signature["result"] == "pass"
    assert signature["reason"] == "l= covers only 5 of 14 bytes"
    (signature,) = verify(make({"l": "0"}, signed_body=b""))
    assert (signature["result"], signature["reason"]) == (
        "pass", "l= covers only 0 of 14 bytes")
    assert verify(make({"l": "5"}, body=b"X" + BODY[1:], signed_body=BODY[:5]))[0][
        "result"] == "fail"


def test_several_fields_of_one_name(verify):
    """The lowest first; one more than was signed breaks it only where it was oversigned."""
    two = [*FIELDS, b"Subject: Second"]
    assert verify(make({"h": "from:subject"}, two))[0]["result"] == "pass"
    for names, result in [("from:subject:subject", "fail"), ("from:subject", "pass")]:
        signed = make({"h": names})
        added = signed.replace(b"From:", b"Subject: x\r\nFrom:", 1)
        assert verify(added)[0]["result"] == result
    below = make({"h": "from:subject"}).replace(b"\r\n\r\n", b"\r\nSubject: x\r\n\r\n", 1)
    assert verify(below)[0]["result"] == "fail"


KEYS = [
    # record, result, words of the reason
    (None, "permerror", "no key: there is no TXT record at s1._domainkey.acme.example"),
    ("SERVFAIL", "temperror", "SERVFAIL"),
    ("TIMEOUT", "temperror", "TIMEOUT"),
    (KEY, "pass", ""),
    ((KEY[:20], KEY[20:]), "pass", ""),
    (f"k=ed25519; p={PUBLIC}", "pass", ""),
    (f"v=DKIM1; t=s; k=ed25519; p={PUBLIC}", "pass", ""),
    (f"v=DKIM1; h=sha256; k=ed25519; p={PUBLIC}", "pass", ""),
    (f"v=DKIM1; h=sha1; k=ed25519; p={PUBLIC}", "permerror", "sha1"),
    (f"v=DKIM1; k=ed25519; p={OTHER}", "fail", "another key"),
    ("v=DKIM1; k=ed25519; p=", "permerror", "revoked"),
    (f"v=DKIM2; k=ed25519; p={PUBLIC}", "permerror", "not a DKIM key record"),
    (f"v=DKIM1; k=rsa; p={RSA_1024}", "permerror", "type that a= says"),
    (f"v=DKIM1; k=rsa; p={RSA_512}", "permerror", "shorter than 1024"),
    (f"v=DKIM1; s=tlsrpt; k=ed25519; p={PUBLIC}", "permerror", "not for email"),
    ("v=spf1 -all", "permerror", "not a DKIM key record"),
    ([f"v=DKIM1; k=ed25519; p={OTHER}", KEY], "pass", ""),
    (["v=spf1 -all", KEY], "pass", ""),
    (["some text", f"v=DKIM1; k=ed25519; p={OTHER}"], "fail", "another key"),
]


@pytest.mark.parametrize("key,result,reason", KEYS, ids=range(len(KEYS)))
def test_keys(key, result, reason, verify):
    (signature,) = verify(make(), key)
    assert (signature["result"], reason in signature["reason"]) == (result, True), signature
    assert signature["key_bits"] in ((256,) if result == "pass" else (0, 256, 512, 1024))


def test_flags_of_a_key(verify):
    strict = f"v=DKIM1; t=s; k=ed25519; p={PUBLIC}"
    (signature,) = verify(make({"i": "@sub.acme.example"}), strict)
    assert signature["result"] == "permerror" and "t=s" in signature["reason"]
    for record, testing in [(f"v=DKIM1; t=y:s; k=ed25519; p={PUBLIC}", True), (KEY, False)]:
        assert verify(make(), record)[0]["testing"] is testing
        assert verify(make({"b": "AAAA"}), record)[0]["testing"] is testing


def test_the_domain_in_its_own_letters(verify):
    """RFC 8616 §4: d= and i= may be U-labels."""
    tags = {"d": "b\u00fccher.example", "i": "@sub.b\u00fccher.example"}
    (signature,) = verify(make(tags), names=("s1._domainkey.xn--bcher-kva.example",))
    assert signature["result"] == "pass" and signature["domain"] == "xn--bcher-kva.example"


def test_signatures_in_header_order(verify):
    message = (make({"s": "s2"}).split(b"\r\n")[0] + b"\r\n"
               + make().split(b"\r\n")[0] + b"\r\nDKIM-signature: v=1\r\n"
               + make().split(b"\r\n", 1)[1])
    assert [(s["selector"], s["result"]) for s in verify(message)] == [
        ("s2", "permerror"), ("s1", "pass"), ("", "permerror")]


def test_too_many_signatures(verify):
    """Ten are verified, a hundred listed; many more cost no more than reading them."""
    field, rest = make().split(b"\r\n", 1)
    found = verify((field + b"\r\n") * 3000 + rest)
    assert [s["result"] for s in found] == ["pass"] * 10 + ["neutral"] * 90
    assert "too many" in found[10]["reason"] and found[10]["domain"] == "acme.example"


def test_long_lists_take_linear_time(verify):
    names = ":".join(["from"] + [f"x{i}" for i in range(10000)] + ["x"] * 10000)
    fields = [*FIELDS, *[b"x: %d" % i for i in range(10000)],
              *[b"x%d: y" % i for i in range(10000)]]
    field = b"DKIM-Signature: v=1; a=ed25519-sha256; d=acme.example; s=s1; h=%s; " % (
        names.encode()) + b"bh=" + b"A" * 43 + b"=; b=AAAA"
    message = b"\r\n".join([field.replace(b":x", b":\r\n x"), *fields, b"", BODY])
    assert verify(message)[0]["result"] == "fail"


@pytest.mark.parametrize("message,count", [
    (b"\n", 0), (b"From: a@b.example\n", 0), (b"\r\nDKIM-Signature: v=1\r\n", 0),
    (b"From: a@b.example\n\nDKIM-Signature: v=1\n", 0), (b"DKIM-Signature:", 1),
    (b"From joe\nDKIM-Signature: v=1\n\n", 1), (b"DKIM-Signature : v=1\r\n\r\n", 1)])
def test_messages_without_a_good_one(message, count, verify):
    found = verify(message)
    assert len(found) == count
    assert all(s["result"] == "permerror" for s in found)


def test_what_is_no_message():
    for text, why in [(b"", "empty"), (b"\x00\x01\x02", "line 1"), (b"no field", "line 1"),
                      (b"From: a@b.example\n no\nno\n", "line 3"),
                      (b"X: y\n" * 300000, "1024 kB")]:
        assert why in fails("dkim", "verify", stdin=text, status=65)
    assert "larger than 5" in fails("dkim", "verify", "--max-bytes", "5", stdin=make(),
                                    status=65)


def test_text_for_people(dns):
    port = dns.add({"s1._domainkey.acme.example": [("TXT", [KEY.encode()])]})
    args = ["dkim", "verify", "--dns", f"127.0.0.1:{port}", "--now", str(NOW)]
    text = run(*args, stdin=make()).stdout.decode()
    assert text == "pass          acme.example, selector s1, ed25519-sha256, 256 bits\n"
    text = run(*args, stdin=make({"s": "s2"})).stdout.decode()
    assert text.startswith("permerror     acme.example, selector s2, ed25519-sha256\n")
    assert "no DKIM-Signature" in run(*args, stdin=b"From: a@b.example\n\n").stdout.decode()

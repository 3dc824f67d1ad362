"""`signet auth`: the three evaluations in one, and the text of RFC 8601."""

import pathlib
import re

import pytest

from signetbin import fails, one_json, run

KEY = ["dkim", "keygen", "--json", "--algorithm", "ed25519", "--out"]
MESSAGE = (b"From: %s\nTo: you@there.example\nSubject: Hello\n\nHow are you?\n")


@pytest.fixture(scope="module")
def world(dns, tmp_path_factory):
    """(sign, auth) over a zone where acme.example has SPF, a key and DMARC."""
    path = str(tmp_path_factory.mktemp("auth") / "key.pem")
    record = one_json(run(*KEY, path).stdout)["record"].encode()
    port = dns.add({
        "acme.example": [("TXT", [b"v=spf1 ip4:192.0.2.0/24 -all"])],
        "mx.acme.example": [("TXT", [b"v=spf1 a -all"]), ("A", "192.0.2.1")],
        "_dmarc.acme.example": [("TXT", [b"v=DMARC1; p=reject"])],
        "s1._domainkey.acme.example": [("TXT", [record])],
        "s1._domainkey.other.example": [("TXT", [record])],
        "other.example": [("TXT", [b"v=spf1 +all"])],
        "slow.example": [("TIMEOUT", None)],
    })

    def sign(message, domain="acme.example", *args):
        done = run("dkim", "sign", "--domain", domain, "--selector", "s1", "--key", path,
                   *args, stdin=message)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def auth(message, mail_from="joe@acme.example", ip="192.0.2.1", authserv="mx.there",
             helo="mx.acme.example"):
        done = run("auth", "--json", "--dns", f"127.0.0.1:{port}", "--dns-timeout-ms",
                   "300", "--ip", ip, "--helo", helo, "--mail-from", mail_from,
                   "--authserv-id", authserv, stdin=message)
        assert done.returncode == 0, done.stderr
        answer = one_json(done.stdout)
        assert set(answer) == {"spf", "dkim", "dmarc", "authentication_results"}
        return answer
    auth.args = ["--dns", f"127.0.0.1:{port}", "--ip", "192.0.2.1"]
    return sign, auth


def message(sender=b"Joe <joe@acme.example>"):
    return MESSAGE % sender


def test_all_pass(world):
    sign, auth = world
    answer = auth(sign(message()))
    assert answer["spf"]["result"] == "pass"
    assert [s["result"] for s in answer["dkim"]["signatures"]] == ["pass"]
    assert answer["dmarc"]["result"] == "pass"
    assert answer["dmarc"]["spf_aligned"] and answer["dmarc"]["dkim_aligned"]
    assert re.fullmatch(
        r'mx\.there; spf=pass smtp\.mailfrom=joe@acme\.example; dkim=pass '
        r'header\.d=acme\.example header\.s=s1 header\.a=ed25519-sha256 '
        r'header\.b=("[A-Za-z0-9+/]{8}"|[A-Za-z0-9+]{8}); dmarc=pass '
        r'header\.from=acme\.example policy\.dmarc=reject',
        answer["authentication_results"])


@pytest.mark.parametrize("mail_from,ip,domain,result,aligned", [
    ("joe@acme.example", "192.0.2.1", None, "pass", (True, False)),
    ("joe@ACME.Example", "192.0.2.1", None, "pass", (True, False)),
    ("joe@acme.example", "198.51.100.1", None, "fail", (False, False)),
    ("joe@acme.example", "198.51.100.1", "acme.example", "pass", (False, True)),
    ("x@other.example", "198.51.100.1", None, "fail", (False, False)),
    ("x@other.example", "198.51.100.1", "other.example", "fail", (False, False)),
    ("", "192.0.2.1", None, "pass", (True, False)),
    ("<>", "198.51.100.1", None, "fail", (False, False)),
])
def test_alignment(world, mail_from, ip, domain, result, aligned):
    sign, auth = world
    text = sign(message(), domain) if domain else message()
    answer = auth(text, mail_from, ip)
    assert answer["dmarc"]["result"] == result
    assert (answer["dmarc"]["spf_aligned"], answer["dmarc"]["dkim_aligned"]) == aligned
    assert f"dmarc={result}" in answer["authentication_results"]
    if not domain:
        assert "; dkim=none;" in answer["authentication_results"]
    assert ("smtp.helo=mx.acme.example" in answer["authentication_results"]) == (
        mail_from in ("", "<>"))


@pytest.mark.parametrize("header,reason", [
    (b"To: a@b.example\n", "no From"),
    (b"From: joe@acme.example\nFrom: x@other.example\n", "several From"),
    (b"From: joe@acme.example, x@other.example\n", "several domains"),
    (b"From: joe\n", "cannot be read"),
    (b"From: nobody:;\n", "no address"),
])
def test_an_author_in_doubt(world, header, reason):
    _, auth = world
    answer = auth(header + b"\nbody\n")
    assert answer["dmarc"]["result"] == "permerror"
    assert reason in answer["authentication_results"]


def test_a_fault_is_told(world):
    _, auth = world
    answer = auth(message(b"a@slow.example"), "a@slow.example")
    assert answer["spf"]["result"] == "temperror"
    assert answer["dmarc"]["result"] in ("none", "temperror")


HOSTILE = ['x"; dkim=pass header.d=bank.example', "a@b\r\nX-Evil: yes", "a\\", "(c)@d",
           "a;spf=pass", "\x7f\x01@x", "bücher@x", "a" * 5000, "a@b@c", "<a@b>; spf=pass"]


def methods(text):
    """The methods of an Authentication-Results value; quoted strings are skipped."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"', "Q", text)
    assert not set(bare) & set('"\\\r\n()')
    return [part.split("=")[0].strip() for part in bare.split(";")[1:]]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_injected(world, text):
    _, auth = world
    for answer in (auth(message(), mail_from=text), auth(message(), authserv=text),
                   auth(message(), mail_from="", helo=text)):
        assert methods(answer["authentication_results"]) == ["spf", "dkim", "dmarc"]


@pytest.mark.parametrize("tag", ["d", "s", "a", "b", "i"])
def test_nothing_is_injected_by_a_signature(world, tag):
    _, auth = world
    for text in HOSTILE:
        tags = {"v": "1", "a": "rsa-sha256", "d": "acme.example", "s": "s1", "h": "from",
                "bh": "AAAA", "b": "AAAA", tag: text.replace(";", ":").replace("\n", "")}
        field = "DKIM-Signature: " + "; ".join(f"{k}={v}" for k, v in tags.items())
        answer = auth(field.encode() + b"\n" + message())
        assert methods(answer["authentication_results"]) == ["spf", "dkim", "dmarc"]


def test_messages_of_the_corpus(world):
    """Mail with results of others in it, well-formed or not, is evaluated as any."""
    _, auth = world
    folder = pathlib.Path(__file__).resolve().parents[1] / "corpus/authentication-results"
    messages = sorted(folder.glob("*.eml"))
    assert len(messages) == 10
    for path in messages:
        answer = auth(path.read_bytes())
        assert methods(answer["authentication_results"])[0] == "spf"


def test_refused(world):
    args = ["auth", "--ip", "192.0.2.1", "--mail-from", "a@b.example", "--authserv-id",
            "mx"]
    assert "empty" in fails(*args, status=65)
    assert "line 1" in fails(*args, stdin=b"no header\n", status=65)
    assert "larger" in fails(*args, "--max-bytes", "10", stdin=message(), status=65)
    assert "--ip" in fails("auth", stdin=message(), status=64)
    assert "--authserv-id" in fails(*args[:5], stdin=message(), status=64)


def test_text_for_people(world):
    _, auth = world
    done = run("auth", *auth.args, "--helo", "h", "--mail-from", "joe@acme.example",
               "--authserv-id", "mx", stdin=message())
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "spf           pass" and "dmarc         pass" in lines
    assert lines[-1].startswith("Authentication-Results: mx; spf=pass")

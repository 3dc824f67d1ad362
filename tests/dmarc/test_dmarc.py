"""`signet dmarc` from outside: RFC 9989 where no public case reaches, and its edges."""

import json

import pytest

from zoneserver import ZoneServer


def txt(*values):
    return {"TXT": [[value] for value in values]}


ZONE = {
    "_dmarc.acme.example": txt("v=DMARC1; p=reject; sp=quarantine; np=reject; t=y"),
    "news.acme.example": {"A": ["192.0.2.1"]},
    "mail.acme.example": {"MX": [{"exchange": "mx.acme.example"}]},
    "_dmarc.bank": txt("v=DMARC1; p=reject; psd=y"),
    "_dmarc.space.example": txt("v = DMARC1 ; p = reject"),
    "_dmarc.lower.example": txt("v=dmarc1; p=reject"),
    "_dmarc.nop.example": txt("v=DMARC1; rua=mailto:x@nop.example"),
    "_dmarc.empty.example": txt("v=DMARC1"),
    "_dmarc.split.example": {"TXT": [["v=DMA", "RC1; p=quar", "antine"]]},
    "_dmarc.xn--bcher-kva.example": txt("v=DMARC1; p=reject"),
    "_dmarc.down.example": {"TXT": {"error": "ESERVFAIL"}},
    "_dmarc.slow.example": txt("v=DMARC1; p=reject; np=none"),
    "ghost.slow.example": {t: {"error": "ESERVFAIL"} for t in ("A", "AAAA", "MX")},
}

CASES = [
    # from, arguments, what must be in the answer
    ("acme.example", [], dict(result="fail", policy="reject", disposition="quarantine",
                              testing=True, record_domain="acme.example")),
    ("news.acme.example", [], dict(policy="quarantine", disposition="none")),
    ("mail.acme.example", [], dict(policy="quarantine")),
    ("nothing.acme.example", [], dict(policy="reject", disposition="quarantine")),
    ("a.news.acme.example", ["--dkim", "acme.example=pass"],
     dict(result="pass", dkim_aligned=True, spf_aligned=False)),
    ("acme.example", ["--spf", "b.acme.example=softfail", "--dkim", "acme.example=fail"],
     dict(result="fail", spf_aligned=False, dkim_aligned=False)),
    ("acme.example", ["--spf", "x.test=pass", "--spf", "Acme.Example.=PASS"],
     dict(result="pass", spf_aligned=True)),
    ("x.one.bank", ["--dkim", "one.bank=pass"],
     dict(result="pass", org_domain="one.bank", record_domain="bank")),
    ("x.one.bank", ["--dkim", "two.bank=pass"], dict(result="fail")),
    ("space.example", [], dict(result="fail", policy="reject")),
    ("lower.example", [], dict(result="none", record=None, policy=None)),
    ("nop.example", [], dict(result="fail", policy="none", disposition="none")),
    ("empty.example", [], dict(result="none", disposition="none", record="v=DMARC1")),
    ("split.example", [], dict(policy="quarantine",
                               record="v=DMARC1; p=quarantine")),
    ("postmaster@bücher.example", ["--dkim", "bücher.example=pass"],
     dict(result="pass", record_domain="xn--bcher-kva.example")),
    ("down.example", [], dict(result="temperror", record=None)),
    ("ghost.slow.example", [], dict(result="temperror")),
    ("ghost.slow.example", ["--dkim", "slow.example=pass"], dict(result="pass")),
    ("nothing.example", ["--dkim", "nothing.example=pass"],
     dict(result="none", org_domain="nothing.example", dkim_aligned=False)),
    (".", [], dict(result="permerror")),
]


@pytest.fixture(scope="module")
def server():
    with ZoneServer(ZONE) as running:
        yield running


@pytest.mark.parametrize("sender,args,want", CASES)
def test_answer(sender, args, want, server, dmarc):
    answer = dmarc(server, sender, *args)
    assert {key: answer[key] for key in want} == want


def test_members(server, dmarc):
    assert list(dmarc(server, "acme.example")) == [
        "result", "disposition", "policy", "org_domain", "record_domain", "record",
        "spf_aligned", "dkim_aligned", "testing"]


def test_at_most_eight_questions(dmarc):
    """RFC 9989 §4.10: the worked example."""
    with ZoneServer({}) as empty:
        dmarc(empty, "a.b.c.d.e.f.g.h.i.j.mail.example.com")
        walked = [name for name, rtype in empty.asked if rtype == "TXT"]
    assert sorted(set(walked)) == sorted("_dmarc." + name for name in (
        "a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com", "i.j.mail.example.com", "j.mail.example.com",
        "mail.example.com", "example.com", "com"))


def test_silence_is_temperror(dmarc):
    with ZoneServer({"_dmarc.mute.example": {"TXT": {"error": "ETIMEOUT"}}}) as mute:
        assert dmarc(mute, "mute.example")["result"] == "temperror"


def test_text(signet, server):
    done = signet("dmarc", "--dns", server.address, "--from", "news.acme.example")
    assert done.returncode == 0
    assert "result        fail" in done.stdout
    assert "disposition   none (t=y" in done.stdout
    assert "_dmarc.acme.example" in done.stdout


@pytest.mark.parametrize("args,word", [
    ([], "--from"),
    (["--from", "a..b"], "--from"),
    (["--from", "a.example", "--dkim", "a.example"], "DOMAIN=RESULT"),
    (["--from", "a.example", "--spf", "a.example=maybe"], "DOMAIN=RESULT"),
    (["--from", "x" * 300 + ".example"], "--from"),
    (["--from", "a.example", "--suffixes", "x"], "--legacy"),
    (["--from", "a.example", "extra"], "argument"),
])
def test_usage(args, word, signet):
    done = signet("dmarc", *args)
    assert done.returncode == 64
    assert done.stdout == ""
    assert done.stderr.startswith("signet: dmarc: ") and done.stderr.count("\n") == 1
    assert word in done.stderr


# Receivers of the old standard: RFC 7489 with the public suffix list.

def test_legacy_ignores_what_is_new(server, dmarc):
    assert dmarc(server, "acme.example", "--legacy")["disposition"] == "reject"
    answer = dmarc(server, "nothing.acme.example", "--legacy")
    assert answer["policy"] == "quarantine" and answer["testing"] is False
    assert answer["org_domain"] == "acme.example"


def test_another_list(server, dmarc, tmp_path):
    (tmp_path / "list").write_text("example\nacme.example\n")
    answer = dmarc(server, "a.nothing.acme.example", "--legacy", "--suffixes",
                   tmp_path / "list")
    assert answer["org_domain"] == "nothing.acme.example"


def psl_cases(corpus):
    text = (corpus / "psl/tests-half.txt").read_text()
    for line in text.splitlines():
        name, want = line.split()
        if name != "null":
            yield name, want


def test_legacy_organizations(corpus, dmarc):
    """Each lookup of the list's own tests; a name that is a suffix stays itself."""
    seen = 0
    with ZoneServer({}) as empty:
        for name, want in psl_cases(corpus):
            if name.startswith("."):
                continue
            answer = dmarc(empty, name, "--legacy")
            want = name if want == "null" else want
            assert answer["org_domain"] == want.lower().encode("idna").decode(), name
            seen += 1
    assert seen > 30


def test_broken_list(signet, tmp_path, server):
    for text, status in ((b"", 65), (b"// empty\n", 65)):
        (tmp_path / "list").write_bytes(text)
        done = signet("dmarc", "--from", "a.example", "--legacy", "--suffixes",
                      tmp_path / "list", "--dns", server.address)
        assert done.returncode == status and done.stderr.count("\n") == 1
    done = signet("dmarc", "--from", "a.example", "--legacy", "--suffixes",
                  tmp_path / "none", "--dns", server.address)
    assert done.returncode == 65
    assert json.dumps(done.stdout) == '""'

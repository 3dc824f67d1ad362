"""`signet check DOMAIN` without a profile, against real servers.  Run it in the lab:

    tests/lab/lab.py run -- /usr/bin/python3 -m pytest tests/e2e/test_audit.py

SIGNET names the binary, else build/src/cli/signet is taken.
"""

import json
import os
import pathlib
import subprocess

import pytest

pytestmark = pytest.mark.skipif("LAB_DIR" not in os.environ,
                                reason="not inside the lab: lab.py run -- pytest")

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIGNET = os.environ.get("SIGNET", str(ROOT / "build/src/cli/signet"))
KEY = ("MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDQlNJU4Ks5nLpHXxyOSxKClXqs0vpbvqLSr70LV9Bd"
       "sZnsmSHG2kLhMEB1g1S5j0pNFgT2v5yqoSSLSLzZ")


@pytest.fixture
def lab():
    from lab import Lab
    lab = Lab.attach()
    yield lab
    lab.clear_faults()
    lab.flush()


def run(domain, *args):
    """Exit status and standard output."""
    roots = [f"--root-hints={os.environ['LAB_ROOT_HINTS']}",
             f"--trust-anchor={os.environ['LAB_TRUST_ANCHOR']}"]
    done = subprocess.run([SIGNET, "check", domain, *roots, *args],
                          capture_output=True, timeout=60, check=False)
    assert done.stderr == b"", done.stderr
    return done.returncode, done.stdout.decode()


def audit(domain, *args):
    status, text = run(domain, "--json", *args)
    assert text.count("\n") == 1
    return status, json.loads(text)


def record(verdict, purpose):
    return next(r for r in verdict["records"] if r["purpose"] == purpose)


def codes(verdict):
    found = [d["code"] for r in verdict["records"] for d in r["diagnosis"]]
    return found + [d["code"] for d in verdict["advice"]]


def test_nested_spf(lab):
    """The tree of includes, each term with its share of the ten look-ups."""
    lab.host("nest.example", """
@ MX 10 mail
@ TXT "v=spf1 mx include:one.nest.example -all"
mail A 192.0.2.1
one TXT "v=spf1 include:two.nest.example include:three.nest.example -all"
two TXT "v=spf1 ip4:192.0.2.0/28 -all"
three TXT "v=spf1 ip6:2001:db8::/32 -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@nest.example"
""", "godaddy")
    status, verdict = audit("nest.example")
    spf = verdict["spf"]
    assert (spf["lookups"], spf["void_lookups"]) == (4, 0)
    assert [(t["term"], t["lookups"]) for t in spf["tree"]] \
        == [("mx", 1), ("include:one.nest.example", 3), ("-all", 0)]
    assert [t["term"] for t in spf["tree"][1]["tree"]] \
        == ["include:two.nest.example", "include:three.nest.example", "-all"]
    assert verdict["provider"]["id"] == "godaddy"
    assert verdict["name_servers"] == ["ns07.domaincontrol.com", "ns08.domaincontrol.com"]
    assert verdict["dmarc"]["effective"] == "reject"
    assert verdict["dmarc"]["reports"] == [
        {"uri": "mailto:dmarc@nest.example", "for": "aggregates", "authorized": True}]
    for purpose in ("mx", "spf", "dmarc"):
        assert record(verdict, purpose)["status"] == "verified"
    assert status == 0 and verdict["status"] == "audited" and codes(verdict) == []
    lab.remove("nest.example")


def test_more_than_ten_lookups(lab):
    includes = '" " '.join(f"include:s{n}.many.example" for n in range(11))
    records = "\n".join(f's{n} TXT "v=spf1 ip4:192.0.2.{n} -all"' for n in range(11))
    lab.host("many.example", f'@ TXT "v=spf1 {includes} -all"\n{records}\n', "generic")
    _status, verdict = audit("many.example")
    assert verdict["spf"]["lookups"] == 11
    assert any("look-up" in problem for problem in verdict["spf"]["problems"])
    lab.remove("many.example")


def test_parked_domain(lab):
    """Null MX, "v=spf1 -all" and p=reject: nothing to complain of."""
    lab.host("parked.example", """
@ MX 0 .
@ TXT "v=spf1 -all"
_dmarc TXT "v=DMARC1; p=reject"
*._domainkey TXT "v=DKIM1; p="
""", "godaddy")
    status, verdict = audit("parked.example")
    assert status == 0 and codes(verdict) == []
    assert verdict["can_send"] is False
    assert verdict["dkim"]["wildcard"] and verdict["dkim"]["selectors"] == []
    assert [r["purpose"] for r in verdict["records"]] == ["mx", "spf", "dmarc"]
    lab.remove("parked.example")


def test_dnssec(lab):
    assert audit("signed.example")[1]["dnssec"] == "signed"
    assert audit("acme.example")[1]["dnssec"] == "unsigned"
    lab.fault("generic", "bogus", zone="signed.example")
    assert audit("signed.example")[1]["dnssec"] == "bogus"


def test_given_selector(lab):
    lab.host("keys.example", f"""
@ TXT "v=spf1 -all"
_dmarc TXT "v=DMARC1; p=reject"
winter26._domainkey TXT "v=DKIM1; p={KEY}"
""", "generic")
    _status, verdict = audit("keys.example")
    assert verdict["dkim"]["selectors"] == []
    _status, verdict = audit("keys.example", "--selector", "winter26", "--selector",
                             "Missing")
    keys = [r for r in verdict["records"] if r["purpose"] == "dkim"]
    assert [r["name"] for r in keys] == ["winter26._domainkey.keys.example",
                                         "missing._domainkey.keys.example"]
    assert keys[1]["status"] == "missing"
    lab.remove("keys.example")


def test_transport_records(lab):
    lab.host("full.example", """
@ MX 10 mail
@ TXT "v=spf1 mx -all"
@ CAA 0 issue "letsencrypt.org"
mail A 192.0.2.1
_dmarc TXT "v=DMARC1; p=reject"
_mta-sts TXT "v=STSv1; id=20260101"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@full.example"
default._bimi TXT "v=BIMI1; l=http://full.example/logo.svg"
""", "generic")
    _status, verdict = audit("full.example")
    assert verdict["mta_sts"] == {"record": "v=STSv1; id=20260101", "id": "20260101",
                                  "problem": None}
    assert verdict["tls_rpt"]["problem"] is None
    assert verdict["bimi"]["problem"] == "the logo's address is not https:"
    assert verdict["caa"] == ['0 issue "letsencrypt.org"']
    lab.remove("full.example")


def test_unknown_domain(lab):
    _status, verdict = audit("nobody-has-this.example")
    assert verdict["records"] == [] and verdict["name_servers"] == []
    assert verdict["services"] == [] and verdict["can_send"] is False


def test_silent_servers(lab):
    """Nothing is concluded where nobody answers: exit status 2 (CLI.md)."""
    lab.host("mute.example", '@ TXT "v=spf1 -all"\n', "generic")
    lab.fault("generic", "servfail", zone="mute.example")
    status, verdict = audit("mute.example")
    assert record(verdict, "spf")["status"] == "undetermined"
    assert status in (1, 2) and verdict["dnssec"] in ("undetermined", "unsigned")
    lab.clear_faults()
    lab.remove("mute.example")


def test_text_for_people(lab):
    _status, text = run("acme.example")
    assert "\033" not in text
    for heading in ("SPF ", "DKIM ", "DMARC ", "Services ", "MTA-STS ", "DNSSEC "):
        assert f"\n{heading}" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_few_questions(lab):
    """An audit of an ordinary domain is a bounded burden on the domain's servers."""
    for server in ("godaddy1", "godaddy2"):
        lab.questions(server)
    audit("acme.example")
    asked = sum(len(lab.questions(server)["questions"])
                for server in ("godaddy1", "godaddy2"))
    assert 10 < asked <= 150

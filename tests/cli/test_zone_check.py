"""`signet check --zone FILE`: the verdict document as DESIGN.md shows it.

What a zone file says is all there is: no network, no clock but --now.
"""

import re

import pytest

from signetbin import (PROFILES, SETTINGS, check, codes, one_json, records_of,
                       render_zone, run, sets)

NOW = 1795228200
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
CODE = re.compile(r"[a-z]+\.[a-z0-9_]+")
STATUSES = {"missing", "mismatch", "conflict", "propagating", "verified", "undetermined",
            "optional_missing"}
PURPOSES = {"ownership", "dkim", "spf", "return_path", "dmarc", "tracking", "reply"}
# What the operator's own zone and those of the services have: the ends of all targets.
TARGETS = """
mail.example. 3600 IN SOA ns1.mail.example. dns.mail.example. 1 3600 600 86400 60
mail.example. 3600 IN NS ns1.mail.example.
_spf.mail.example. 3600 IN TXT "v=spf1 ip4:192.0.2.0/24 -all"
mx1.mail.example. 3600 IN A 192.0.2.11
mx2.mail.example. 3600 IN A 192.0.2.12
edge.us.mail.example. 3600 IN A 192.0.2.80
verify.mail.example. 3600 IN A 192.0.2.80
bounce.mail.example. 3600 IN MX 10 mx1.mail.example.
bounce.mail.example. 3600 IN TXT "v=spf1 include:_spf.mail.example -all"
"""


def apex(zone, ns="ns07.domaincontrol.com"):
    return (f"{zone}. 3600 IN SOA {ns}. dns.jomax.net. 1 3600 600 86400 300\n"
            f"{zone}. 3600 IN NS {ns}.\n{zone}. 3600 IN A 198.51.100.10\n")


def keys():
    """The keys that the DKIM targets of the delegated profile lead to."""
    zone = render_zone("standard", "acme.example")
    record = next(line for line in zone.splitlines() if "_domainkey" in line)
    data = record.split("\t", 1)[1]
    return "".join(f"s{i}.sg42.dkim.mail.example.\t{data}\n" for i in (1, 2))


class ZoneFile:
    """A zone file in a folder of the test, and checks against it."""

    def __init__(self, path):
        self.path = path

    def write(self, *texts):
        self.path.write_text("\n".join(texts) + "\n")
        return self

    def check(self, domain, profile="standard", *args, settings=None, status=None):
        return check(domain, "--profile", profile, "--zone", str(self.path), "--now",
                     str(NOW), *sets(settings), *args, status=status)


@pytest.fixture
def zone(tmp_path):
    return ZoneFile(tmp_path / "zone")


def without(text, *words):
    """Zone text without the lines that have all of the words."""
    return "\n".join(line for line in text.splitlines()
                     if not all(word in line for word in words))


# -- the shape ------------------------------------------------------------------------

def verify_record(record, ids):
    assert set(record) == {"purpose", "type", "name", "host", "value", "priority", "ttl",
                           "required", "status", "found", "diagnosis", "servers",
                           "checked_at", "next_check_at"}
    assert record["purpose"] in PURPOSES and record["status"] in STATUSES
    assert record["type"] in {"TXT", "CNAME", "MX"}
    for member in ("name", "host"):
        assert isinstance(record[member], str) and record[member]
    assert not record["name"].endswith(".")
    assert (record["priority"] is None) == (record["type"] != "MX")
    assert isinstance(record["ttl"], int) and isinstance(record["required"], bool)
    assert set(record["servers"]) == {"with", "asked"}
    assert TIME.fullmatch(record["checked_at"]) and TIME.fullmatch(record["next_check_at"])
    assert record["next_check_at"] > record["checked_at"]
    for found in record["found"]:
        assert set(found) == {"type", "value", "priority", "server", "ttl", "evidence"}
        assert isinstance(found["value"], str) and isinstance(found["ttl"], int)
        ids.add(found["evidence"])
    verify_diagnoses(record["diagnosis"], ids)


def verify_diagnoses(found, ids):
    for diagnosis in found:
        assert set(diagnosis) == {"code", "severity", "message", "fix", "evidence"}
        assert CODE.fullmatch(diagnosis["code"])
        assert diagnosis["severity"] in {"error", "warning", "advice"}
        assert diagnosis["message"][-1] in ".!?" and "\n" not in diagnosis["message"]
        assert diagnosis["evidence"], f"{diagnosis['code']} without evidence"
        ids.update(diagnosis["evidence"])


def verify_shape(verdict):
    """Members, types, and that evidence and citations are the same set."""
    assert set(verdict) == {"domain", "profile", "status", "can_send", "reasons",
                            "provider", "records", "advice", "checked_at", "evidence"}
    assert verdict["status"] in {"pending", "partial", "verified", "undetermined"}
    assert verdict["can_send"] is (verdict["status"] == "verified")
    assert (verdict["reasons"] == []) == verdict["can_send"]
    if verdict["provider"] is not None:
        assert set(verdict["provider"]) == {"id", "name", "evidence"}
        assert all(isinstance(v, str) and v for v in verdict["provider"].values())
    cited = set()
    for record in verdict["records"]:
        verify_record(record, cited)
    verify_diagnoses(verdict["advice"], cited)
    known = [e["id"] for e in verdict["evidence"]]
    assert len(known) == len(set(known)) and set(known) == cited
    for evidence in verdict["evidence"]:
        assert {"id", "question", "server", "rcode", "answer", "ttl", "at"} <= set(
            evidence) <= {"id", "question", "server", "rcode", "answer", "ttl", "at",
                          "why"}
        assert re.fullmatch(r"\S+ [A-Z0-9]+", evidence["question"])
        assert re.fullmatch(r"[A-Z]+", evidence["rcode"])
        assert all(isinstance(line, str) for line in evidence["answer"])
        assert isinstance(evidence["ttl"], int) and TIME.fullmatch(evidence["at"])
    return verdict


# -- verdicts -------------------------------------------------------------------------

@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_rendered_is_verified(zone, profile):
    zone.write(apex("acme.example"), TARGETS, keys(),
               render_zone(profile, "acme.example"))
    verdict = verify_shape(zone.check("acme.example", profile, status=0))
    assert verdict["domain"] == "acme.example" and verdict["profile"] == profile
    assert verdict["status"] == "verified" and verdict["reasons"] == []
    assert {r["status"] for r in verdict["records"]} == {"verified"}
    assert codes(verdict, "error") == []
    assert verdict["provider"] == {"id": "godaddy", "name": "GoDaddy",
                                   "evidence": "NS ns07.domaincontrol.com"}
    assert verdict["checked_at"] == "2026-11-21T02:30:00Z"


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_there_is_pending(zone, profile):
    zone.write(apex("acme.example"), TARGETS)
    verdict = verify_shape(zone.check("acme.example", profile, status=1))
    assert verdict["status"] == "pending"
    for record in verdict["records"]:
        assert record["status"] == (
            "missing" if record["required"] else "optional_missing")
        assert record["found"] == []
    assert verdict["reasons"] == list(dict.fromkeys(
        f"{r['purpose']}: missing" for r in verdict["records"] if r["required"]))


@pytest.mark.parametrize("words,purpose,status", [
    (["_domainkey"], "dkim", "missing"), (["spf1", "sg42"], "spf", "missing"),
    (["mx1.mail", "MX"], "return_path", "missing"), (["CNAME"], "tracking", "missing"),
])
def test_one_missing_is_partial(zone, words, purpose, status):
    zone.write(apex("acme.example"), TARGETS,
               without(render_zone("standard", "acme.example"), *words))
    verdict = verify_shape(zone.check("acme.example", status=1))
    assert verdict["status"] == "partial"
    assert verdict["reasons"] == [f"{purpose}: {status}"]
    assert records_of(verdict, purpose)[0]["status"] == status


def test_no_dmarc_does_not_keep_from_sending(zone):
    """S0-15"""
    zone.write(apex("acme.example"), TARGETS,
               without(render_zone("standard", "acme.example"), "_dmarc"))
    verdict = verify_shape(zone.check("acme.example", status=0))
    assert verdict["can_send"]
    assert records_of(verdict, "dmarc")[0]["status"] == "optional_missing"


def test_compared_by_meaning(zone):
    """Order, case, white space, a split TXT and unrelated records change nothing."""
    text = render_zone("standard", "acme.example")
    text = text.replace("v=DKIM1; k=rsa; p=", "k = rsa ;p=").replace(
        "v=spf1 include:_spf.mail.example -all", "v=spf1  include:_SPF.Mail.Example  -ALL")
    text = text.replace("sg42.acme", "SG42.Acme").replace("edge.us", "EDGE.us")
    zone.write(apex("acme.example"), TARGETS, text,
               'sg42.acme.example. 60 IN TXT "unrelated=1"\n'
               'acme.example. 60 IN TXT "v=spf1 -all"\n')
    verdict = verify_shape(zone.check("acme.example", status=0))
    assert codes(verdict, "error") == []


TRACK = "track.acme.example. 60 IN CNAME edge.us.mail.example.\n"


@pytest.mark.parametrize("code,tracking", [
    ("name.wildcard", "*.acme.example. 60 IN CNAME edge.us.mail.example.\n"),
    ("conflict.cname_and_other", TRACK + 'track.acme.example. 60 IN TXT "beside"\n'),
    ("caa.forbids_issuer", TRACK + 'acme.example. 60 IN CAA 0 issue "ca.example"\n'),
])
def test_what_is_right_is_looked_at_closely(zone, code, tracking):
    """Here as in the scenarios: a right answer that will not last."""
    zone.write(apex("acme.example"), TARGETS, tracking,
               without(render_zone("standard", "acme.example"), "track"))
    assert codes(verify_shape(zone.check("acme.example"))) == [code]


def test_the_text_for_people(zone):
    zone.write(apex("acme.example"), TARGETS,
               without(render_zone("standard", "acme.example"), "spf1", "sg42"))
    args = ["check", "acme.example", "--profile", "standard", "--zone", str(zone.path),
            *sets()]
    done = run(*args)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 1 and done.stderr == b""
    assert lines[0].startswith("acme.example  profile standard  DNS at GoDaddy")
    rows = [line for line in lines if re.match(r"  [x+~?-] ", line)]
    assert len(rows) == len(zone.check("acme.example")["records"])
    assert len({row.index("TXT") for row in rows if " TXT " in row}) == 1
    assert lines[-1] == "acme.example: partial, cannot send (spf: missing)"
    # Each line of a fix or a message stays in its column and within the page.
    after = lines[len(rows) + 2:-2]
    assert all(line == "" or line == "What to do" or line.startswith("  ")
               for line in after)
    long = [line for line in after if len(line) > 78 and not line.strip().startswith(
        "seen:")]
    assert all(" " not in line.strip() for line in long), long


# -- names ----------------------------------------------------------------------------

def test_an_idn_in_both_spellings(zone):
    a_label = "xn--bcher-kva.example"
    zone.write(apex(a_label), TARGETS, render_zone("standard", "bücher.example"))
    verdict = verify_shape(zone.check(a_label, status=0))
    for spelling in ("bücher.example", "BÜCHER.Example.", "bu\u0308cher.example",
                     "XN--BCHER-KVA.EXAMPLE"):
        assert zone.check(spelling) == verdict
    assert verdict["domain"] == a_label


@pytest.mark.parametrize("domain", ["acme.example.", "ACME.Example", "Acme.EXAMPLE."])
def test_case_and_a_final_dot(zone, domain):
    zone.write(apex("acme.example"), TARGETS, render_zone("standard", "acme.example"))
    assert zone.check(domain, status=0) == zone.check("acme.example")


def test_a_domain_within_a_larger_zone(zone):
    """The panel shows the zone: the host is relative to that, not to the domain."""
    domain = "news.acme.example"
    zone.write(apex("acme.example"), TARGETS, render_zone("standard", domain))
    verdict = verify_shape(zone.check(domain, status=0))
    hosts = {r["name"]: r["host"] for r in verdict["records"]}
    assert hosts["sg42.news.acme.example"] == "sg42.news"
    assert all(f"{host}.acme.example" == name for name, host in hosts.items())
    assert verdict["provider"]["id"] == "godaddy"


def test_a_new_subdomain_of_a_zone(zone):
    """The same while nothing is published and the subdomain does not exist."""
    zone.write(apex("acme.example"), TARGETS)
    verdict = verify_shape(zone.check("news.acme.example", status=1))
    for record in verdict["records"]:
        assert record["host"] + ".acme.example" == record["name"]
    assert verdict["provider"]["id"] == "godaddy"


def test_a_subdomain_that_is_a_zone_of_its_own(zone):
    zone.write(apex("acme.example"), apex("news.acme.example", "ns1.desec.io"), TARGETS)
    verdict = verify_shape(zone.check("news.acme.example", status=1))
    assert records_of(verdict, "dmarc")[0]["host"] == "_dmarc"
    assert verdict["provider"]["id"] != "godaddy"


def test_a_domain_that_is_not_registered(zone):
    zone.write(apex("acme.example"), TARGETS)
    verdict = verify_shape(zone.check("other.example", status=1))
    assert records_of(verdict, "dmarc")[0]["host"] == "_dmarc"


def test_names_at_their_limits(zone):
    domain = ".".join(["a" * 63] * 3 + ["b" * 30])
    zone.write(apex(domain))
    assert zone.check(domain, "ses", status=1)["domain"] == domain
    done = run("check", ".".join(["a" * 63] * 3 + ["b" * 60]), "--profile", "ses",
               "--zone", str(zone.path))
    assert done.returncode == 64, "a record's name would be too long"


# -- an audit -------------------------------------------------------------------------

def test_an_audit_needs_no_profile(zone):
    zone.write(apex("acme.example"), TARGETS, render_zone("standard", "acme.example"))
    done = run("check", "acme.example", "--zone", str(zone.path), "--json")
    verdict = one_json(done.stdout)
    assert done.returncode in (0, 1) and verdict["profile"] is None
    assert verdict["status"] == "audited" and verdict["provider"]["id"] == "godaddy"
    cited = set()
    for record in verdict["records"]:
        verify_diagnoses(record["diagnosis"], cited)
        cited.update(f["evidence"] for f in record["found"])
    verify_diagnoses(verdict["advice"], cited)
    assert cited <= {e["id"] for e in verdict["evidence"]}


def test_settings_from_a_file(zone, tmp_path):
    path = tmp_path / "settings"
    path.write_text("".join(f"{k}={v}\n" for k, v in SETTINGS.items()))
    zone.write(apex("acme.example"), TARGETS, render_zone("standard", "acme.example"))
    by_file = check("acme.example", "--profile", "standard", "--zone", str(zone.path),
                    "--now", str(NOW), "--settings", str(path), status=0)
    assert by_file == zone.check("acme.example")

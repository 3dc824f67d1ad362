"""`signet check` through the wire: real servers, delegations, caches, faults.

Run it inside the lab:

    tests/lab/lab.py run -- /usr/bin/python3 -m pytest tests/e2e
"""

import json
import os
import signal
import subprocess

import pytest

from lab import Lab
from signetbin import (PROFILES, SETTINGS, SIGNET, check, codes, records_of, render_zone,
                       run, sets)

pytestmark = pytest.mark.skipif("LAB_DIR" not in os.environ,
                                reason="not inside the lab: lab.py run -- pytest")
WEB_SITE = "@ A 198.51.100.10\nwww A 198.51.100.10\n"
DOMAIN = "shop.example"


def roots():
    return ["--root-hints", os.environ["LAB_ROOT_HINTS"]]


def verdict_of(domain, profile="standard", *args, settings=None, status=None, ways=None):
    return check(domain, "--profile", profile, *(roots() if ways is None else ways),
                 *sets(settings), *args, status=status, timeout=60)


def without(text, *words):
    return "\n".join(line for line in text.splitlines()
                     if not all(word in line for word in words)) + "\n"


def without_record(text, name, record):
    """Zone text without one record of a verdict, at another name."""
    return "\n".join(line for line in text.splitlines() if not (
        line.startswith(f"{name}.\t") and f"\t{record['type']}\t" in line
        and (record["type"] != "MX" or record["value"] in line))) + "\n"


@pytest.fixture
def lab():
    lab = Lab.attach()
    yield lab
    lab.clear_faults()
    lab.flush()


@pytest.fixture
def host(lab):
    """Publishes zones that are gone after the test."""
    zones = []

    def publish(zone, text, server="godaddy", **options):
        lab.host(zone, WEB_SITE + text, server, **options)
        zones.insert(0, zone)
    yield publish
    for zone in zones:
        lab.remove(zone)


# -- profiles -------------------------------------------------------------------------

@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_from_its_records_to_verified(lab, host, profile):
    """What render prints is published as it is, and check finds it right."""
    host(DOMAIN, render_zone(profile, DOMAIN))
    verdict = verdict_of(DOMAIN, profile, status=0)
    assert verdict["status"] == "verified" and verdict["can_send"]
    assert {r["status"] for r in verdict["records"]} == {"verified"}
    assert codes(verdict, "error") == []
    for record in verdict["records"]:
        assert record["servers"] == {"with": 2, "asked": 2}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_required_record_is_missed(lab, host, profile):
    text = render_zone(profile, DOMAIN)
    rows = [r for r in verdict_of("acme.example", profile)["records"] if r["required"]]
    host(DOMAIN, text)
    for row in rows:
        name = row["name"].replace("acme.example", DOMAIN)
        lab.publish(DOMAIN, WEB_SITE + without_record(text, name, row), "godaddy")
        verdict = verdict_of(DOMAIN, profile, status=1)
        wrong = [r for r in verdict["records"]
                 if r["required"] and r["status"] != "verified"]
        assert [(r["name"], r["type"], r["value"], r["status"]) for r in wrong] == [
            (name, row["type"], row["value"], "missing")]
        assert verdict["status"] == ("partial" if len(rows) > 1 else "pending")
        assert verdict["reasons"] == [f"{row['purpose']}: missing"]


@pytest.mark.parametrize("server,provider", [
    ("godaddy", "godaddy"), ("cloudflare", "cloudflare"), ("route53", "route53"),
    ("generic", None)])
def test_the_provider_is_recognised(host, server, provider):
    host(DOMAIN, render_zone("standard", DOMAIN), server)
    found = verdict_of(DOMAIN, status=0)["provider"]
    assert (found and found["id"]) == provider
    if found:
        assert found["evidence"].startswith("NS ")


# -- zone cuts and servers ------------------------------------------------------------

def test_a_delegated_domainkey_is_asked_at_its_own_servers(lab, host):
    """PEERS C2: the keys may live in a zone of their own, elsewhere."""
    text = render_zone("delegated", DOMAIN)
    host(DOMAIN, without(text, "_domainkey"))
    host(f"_domainkey.{DOMAIN}", "".join(
        line + "\n" for line in text.splitlines() if "_domainkey" in line), "generic3")
    for server in ("godaddy1", "godaddy2", "generic3"):
        lab.questions(server)
    verdict = verdict_of(DOMAIN, "delegated", status=0)
    for record in records_of(verdict, "dkim"):
        assert record["status"] == "verified"
        assert record["servers"] == {"with": 1, "asked": 1}
        assert record["host"] in ("s1", "s2"), "relative to the delegated zone"
    names = {r["name"] for r in records_of(verdict, "dkim")}
    asked = {name.lower().rstrip(".") for name, _ in lab.questions("generic3")["questions"]}
    assert names <= asked
    for record in records_of(verdict, "tracking"):
        assert record["servers"] == {"with": 2, "asked": 2}


def test_a_domain_that_is_delegated_below_a_customers_zone(host):
    host(DOMAIN, "")
    host(f"news.{DOMAIN}", render_zone("standard", f"news.{DOMAIN}"), "cloudflare")
    verdict = verdict_of(f"news.{DOMAIN}", status=0)
    assert verdict["provider"]["id"] == "cloudflare"
    assert records_of(verdict, "spf")[0]["host"] == "sg42"


def test_a_stale_server_is_propagating(lab, host):
    text = render_zone("standard", DOMAIN)
    host(DOMAIN, text)
    lab.publish(DOMAIN, WEB_SITE + without(text, "spf1"), "godaddy2")
    verdict = verdict_of(DOMAIN, status=1)
    spf = records_of(verdict, "spf")[0]
    assert spf["status"] == "propagating" and spf["servers"] == {"with": 1, "asked": 2}
    assert verdict["reasons"] == ["spf: propagating"] and verdict["status"] == "partial"
    lab.publish(DOMAIN, WEB_SITE + text, "godaddy2")
    verdict_of(DOMAIN, status=0)


def test_an_idn_customer(host):
    host("xn--bcher-kva.example", render_zone("standard", "bücher.example"), "cloudflare")
    for spelling in ("bücher.example", "xn--bcher-kva.example", "BÜCHER.example."):
        verdict = verdict_of(spelling, status=0)
        assert verdict["domain"] == "xn--bcher-kva.example"
        assert verdict["provider"]["id"] == "cloudflare"


def test_large_answers_come_over_tcp(lab, host):
    """A label with so many TXT records that no UDP answer holds them."""
    text = render_zone("standard", DOMAIN)
    many = "".join(f'sg42 TXT "service-{i}={"x" * 200}"\n' for i in range(40))
    host(DOMAIN, text + many)
    lab.questions("godaddy1"), lab.questions("godaddy2")
    verdict = verdict_of(DOMAIN, status=0)
    assert records_of(verdict, "spf")[0]["servers"] == {"with": 2, "asked": 2}
    for server in ("godaddy1", "godaddy2"):
        assert lab.questions(server)["counts"]["tcp"] > 0


# -- the ways to ask ------------------------------------------------------------------

def test_one_server_for_all_questions(lab):
    for resolver in ("fresh", "stale"):
        verdict = verdict_of("acme.example", status=0,
                             ways=["--dns", Lab.address(resolver)])
        assert verdict["status"] == "verified"


def test_an_authoritative_server_for_all_questions(host):
    """It knows the customer's zone and nothing else: the targets stay open."""
    host(DOMAIN, render_zone("standard", DOMAIN))
    verdict = verdict_of(DOMAIN, ways=["--dns", Lab.address("godaddy1")])
    for purpose in ("dkim", "return_path", "dmarc"):
        assert {r["status"] for r in records_of(verdict, purpose)} == {"verified"}
    assert "missing" not in {r["status"] for r in verdict["records"]}


def test_resolvers_are_asked_what_they_see(lab, host):
    text = render_zone("standard", DOMAIN)
    host(DOMAIN, without(text, "spf1"))
    subprocess.run(["dig", f"@{Lab.address('stale')}", f"sg42.{DOMAIN}", "TXT"],
                   check=True, capture_output=True)
    lab.publish(DOMAIN, WEB_SITE + text, "godaddy")
    lab.questions("fresh"), lab.questions("stale")
    views = [f"--resolver={Lab.address(name)}" for name in ("fresh", "stale")]
    verdict = verdict_of(DOMAIN, "standard", *views)
    spf = records_of(verdict, "spf")[0]
    assert spf["status"] in ("verified", "propagating")
    for name in ("fresh", "stale"):
        asked = [q.lower() for q, kind in lab.questions(name)["questions"]
                 if kind == "TXT"]
        assert any(q.startswith(f"sg42.{DOMAIN}") for q in asked), name
    assert verdict["status"] != "undetermined"


# -- faults ---------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["drop", "servfail", "refused", "lame", "garbage"])
def test_a_fault_concludes_nothing(lab, host, kind):
    host(DOMAIN, render_zone("standard", DOMAIN))
    lab.fault("godaddy", kind, zone=DOMAIN)
    verdict = verdict_of(DOMAIN, "standard", "--dns-timeout-ms", "800", status=2)
    assert verdict["status"] == "undetermined" and not verdict["can_send"]
    assert {r["status"] for r in verdict["records"]} == {"undetermined"}


def test_one_dead_server_of_two_does_not_hurt(lab, host):
    host(DOMAIN, render_zone("standard", DOMAIN))
    lab.fault("godaddy2", "drop", zone=DOMAIN)
    verdict = verdict_of(DOMAIN, status=0)
    assert {r["status"] for r in verdict["records"]} == {"verified"}
    assert {tuple(r["servers"].values()) for r in verdict["records"]} == {(1, 2)}


# -- many domains, and time -------------------------------------------------------------

def test_watching_until_it_is_verified(lab, host):
    text = render_zone("standard", DOMAIN)
    host(DOMAIN, without(text, "CNAME"), negative=1, ttl=1)
    with subprocess.Popen(
            [SIGNET, "check", DOMAIN, "--profile", "standard", *roots(), *sets(),
             "--watch", "--interval", "5", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        first = process.stderr.readline()
        lab.publish(DOMAIN, WEB_SITE + text, "godaddy", negative=1, ttl=1)
        try:
            output, rest = process.communicate(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0
    assert f"{DOMAIN}: 5 of 6 records verified: tracking: missing" in first
    lines = rest.splitlines()
    assert lines and lines[-1].endswith(f"{DOMAIN}: 6 of 6 records verified")
    assert json.loads(output)["status"] == "verified" and output.count("\n") == 1


def test_a_watch_can_be_interrupted(host):
    host(DOMAIN, "")
    with subprocess.Popen(
            [SIGNET, "check", DOMAIN, "--profile", "standard", *roots(), *sets(),
             "--watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert b"0 of 6" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=10)
    assert output == b"" and process.returncode == -signal.SIGINT


BULK = 200


@pytest.fixture(scope="module")
def many():
    """200 domains: good ones, some without SPF, some with a label of their own, and
    what their verdicts must be."""
    lab = Lab.attach()
    expected, lines = {}, ["# customers", ""]
    own = {**SETTINGS, "label": "own7"}
    text = ""
    for i in range(BULK):
        domain = f"c{i:03d}.many.example"
        if i % 10 == 3:
            text += without(render_zone("standard", domain), "spf1")
            lines.append(f"  {domain.upper()}  ")
            expected[domain] = ("partial", 1)
        elif i % 10 == 7:
            text += render_zone("standard", domain, own)
            lines.append(f"{domain}\tlabel=own7")
            expected[domain] = ("verified", 0)
        else:
            text += render_zone("standard", domain)
            lines.append(domain)
            expected[domain] = ("verified", 0)
        if i % 50 == 0:
            lines += ["", "   ", "# a comment", "#" + domain]
    lab.host("many.example", text, "cloudflare")
    yield lines, expected
    lab.remove("many.example")


def bulk(lines, *args, ending="\n"):
    done = run("check", "--bulk", "-", "--profile", "standard", *roots(), *sets(), *args,
               stdin=(ending.join(lines) + ending).encode(), timeout=120)
    return done, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("concurrency", ["1", "17", "200", "5000"])
def test_a_list_of_domains(many, concurrency):
    lines, expected = many
    if concurrency == "1":
        lines = lines[:25]
        expected = {d: e for d, e in expected.items() if any(
            d in line.lower() and line[0] != "#" for line in lines)}
    done, verdicts = bulk(lines, "--concurrency", concurrency)
    assert done.returncode == 1
    assert {v["domain"]: v["status"] for v in verdicts} == {
        d: status for d, (status, _) in expected.items()}
    assert len(verdicts) == len(expected)
    last = done.stderr.decode().splitlines()[-1]
    wrong = sum(status == "partial" for status, _ in expected.values())
    assert last.startswith(f"{len(expected)} done, ")
    assert f" {len(expected) - wrong} verified, {wrong} not, 0 undetermined" in last


def test_the_order_of_the_list_does_not_matter(many):
    lines, _ = many
    def keyed(some):
        _, verdicts = bulk(some)
        return {v["domain"]: [(r["name"], r["status"], r["value"])
                              for r in v["records"]] for v in verdicts}
    assert keyed(lines) == keyed(list(reversed(lines)))


def test_a_list_with_impossible_lines(many):
    lines, _ = many
    good = [line for line in lines if line.startswith("c00")][:3]
    bad = ["a" * 300, "b..example", "https://c000.many.example/", "é\x01.example",
           good[0] + " label", good[1] + " nonsense=1", good[2] + " label=a=b/c"]
    done, verdicts = bulk([*bad[:4], *good, *bad[4:]], ending="\r\n")
    assert done.returncode == 1
    errors = [v for v in verdicts if "error" in v]
    assert len(errors) == len(bad) and len(verdicts) == len(bad) + len(good)
    assert all(set(e) == {"domain", "error"} and e["error"] for e in errors)
    assert f"{len(bad)} unusable lines" in done.stderr.decode()


def test_a_list_that_is_all_right(many):
    lines, expected = many
    good = [d for d in expected if d[3] not in "37"]
    done, verdicts = bulk(good)
    assert done.returncode == 0 and len(verdicts) == len(good)


def test_a_list_with_faults(lab, many):
    lab.fault("cloudflare", "servfail", name="sg42.c001.many.example")
    done, verdicts = bulk(["c000.many.example", "c001.many.example"],
                          "--dns-timeout-ms", "1000")
    assert done.returncode == 2
    assert {v["status"] for v in verdicts} == {"verified", "undetermined"} or {
        v["status"] for v in verdicts} == {"verified", "partial"}


def test_a_list_whose_reader_goes_away(many):
    lines, _ = many
    with subprocess.Popen([SIGNET, "check", "--bulk", "-", "--profile", "standard",
                           *roots(), *sets(), "--concurrency", "1"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdout.close()
        process.stdin.write("\n".join(lines * 5).encode())
        process.stdin.close()
        text = process.stderr.read().decode()
        assert process.wait(60) == 69
    assert "standard output" in text.splitlines()[-1]
    assert int(text.splitlines()[-2].split()[0]) < 200, "it went on for nobody"


# -- audits ---------------------------------------------------------------------------

@pytest.mark.parametrize("domain", ["acme.example", "linked.example", "plain.test",
                                    "mail.example"])
def test_an_audit_of_a_living_domain(domain):
    verdict = check(domain, *roots(), timeout=60)
    assert verdict["status"] == "audited" and verdict["profile"] is None
    assert verdict["evidence"] is not None

"""What `signet check` makes of DNS faults, through the wire: a fault is never taken for a
missing record and never for a verified one (PEERS.md C7), and one server that fails
beside a good one only gives a warning.  Run it inside the lab:

    tests/lab/lab.py run -- /usr/bin/python3 -m pytest tests/e2e/test_faults.py

Each kind of fault has a domain of its own for each profile, so that all checks run at
the same time; what they said is judged by the tests below.
"""

import json
import os
import subprocess

import pytest

import servers
import world
from lab import Lab

pytestmark = pytest.mark.skipif("LAB_DIR" not in os.environ,
                                reason="not inside the lab: lab.py run -- pytest")

SIGNET = os.environ.get("SIGNET", "build/src/cli/signet")
KINDS = ("drop", "servfail", "refused", "lame", "truncated", "slow", "garbage")
PROFILES = {"standard": world.standard, "delegated": world.delegated}
CASES = [(kind, profile) for kind in KINDS for profile in PROFILES]
SLOW_MS = 9000     # beyond every deadline
FAULT_MS = 800     # the time for one question where all servers fail
PATIENT_MS = 4000  # and where some answer
SERVER = "ns07.domaincontrol.com (127.0.0.31)"
OTHER = "ns08.domaincontrol.com (127.0.0.32)"


class Check:
    """`signet check --json` under way."""

    def __init__(self, domain, profile, *options, timeout_ms=PATIENT_MS):
        command = [SIGNET, "check", domain, "--json", "--profile", profile,
                   "--root-hints", os.environ["LAB_ROOT_HINTS"],
                   "--dns-timeout-ms", str(timeout_ms), *options]
        for name, value in world.SETTINGS.items():
            command += ["--set", f"{name}={value}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def result(self):
        out, _ = self.process.communicate(timeout=50)
        return Verdict(self.process.returncode, json.loads(out))


class Verdict:
    def __init__(self, exit_status, document):
        self.exit_status = exit_status
        self.document = document
        self.status = document["status"]
        self.records = document["records"]

    def statuses(self):
        return {f'{r["purpose"]} {r["name"]} {r["value"]}': r["status"]
                for r in self.records}

    def diagnoses(self, code):
        return [d for r in self.records for d in r["diagnosis"] if d["code"] == code]

    def codes(self):
        return {d["code"] for r in self.records for d in r["diagnosis"]}

    def advice(self):
        return {d["code"]: d for d in self.document["advice"]}

    def record(self, purpose):
        return next(r for r in self.records if r["purpose"] == purpose)

    def all_are(self, status):
        assert set(self.statuses().values()) == {status}, self.statuses()
        assert self.status == status
        return True


def check(domain, profile, *options, **more):
    return Check(domain, profile, *options, **more).result()


def run_all(domains, **more):
    """{(kind, profile): verdict} of many checks at the same time."""
    running = {case: Check(domain, case[1], **more) for case, domain in domains.items()}
    return {case: one.result() for case, one in running.items()}


def host_all(lab, prefix, server):
    """A correct domain for each case, then its fault on `server`."""
    domains = {}
    for kind, profile in CASES:
        domain = f"{prefix}-{kind}-{profile}.example"
        lab.host(domain, world.WEB_SITE + PROFILES[profile](), "godaddy")
        domains[kind, profile] = domain
    for (kind, _), domain in domains.items():
        lab.fault(server, kind, ms=SLOW_MS if kind == "slow" else 0, zone=domain)
    return domains


@pytest.fixture(scope="module", name="lab")
def the_lab():
    lab = Lab.attach()
    yield lab
    lab.clear_faults()
    lab.flush()


@pytest.fixture(scope="module")
def total(lab):
    """Every server of the zone at fault, and the same after the repair."""
    domains = host_all(lab, "all", "godaddy")
    during = run_all(domains, timeout_ms=FAULT_MS)
    lab.clear_faults()
    return during, run_all(domains)


@pytest.fixture(scope="module")
def single(lab, total):
    """One of two servers at fault."""
    del total  # its faults are over
    verdicts = run_all(host_all(lab, "one", "godaddy1"))
    lab.clear_faults()
    return verdicts


@pytest.fixture(name="customer")
def a_customer(lab):
    """A correct domain of the standard profile, gone after the test."""
    lab.host("customer.example", world.WEB_SITE + world.standard(), "godaddy")
    yield "customer.example"
    lab.clear_faults()
    lab.remove("customer.example")


# -- every server at fault --------------------------------------------------------------

@pytest.mark.parametrize("kind, profile", CASES)
def test_fault_of_all_servers_is_undetermined(total, kind, profile):
    verdict = total[0][kind, profile]
    assert verdict.all_are("undetermined")
    assert verdict.exit_status == 2
    code = "dns.timeout" if kind in ("drop", "slow", "truncated") else "dns.servfail"
    for record in verdict.records:
        found = [d["code"] for d in record["diagnosis"]]
        assert found == [code], (record["name"], found)
    message = verdict.diagnoses(code)[0]["message"]
    assert SERVER in message and OTHER in message
    assert "GoDaddy" in verdict.diagnoses(code)[0]["fix"]
    assert verdict.diagnoses(code)[0]["evidence"]


@pytest.mark.parametrize("kind, profile", CASES)
def test_verified_again_after_the_fault(total, kind, profile):
    verdict = total[1][kind, profile]
    assert verdict.all_are("verified")
    assert verdict.exit_status == 0
    assert not [code for code in verdict.codes() if code.startswith("dns.")]


@pytest.mark.parametrize("kind", KINDS)
def test_total_failure_names_the_delegation(total, kind):
    advice = total[0][kind, "standard"].advice()["domain.no_delegation"]
    assert f"delegates all-{kind}-standard.example to" in advice["message"]
    wrong = kind in ("refused", "lame")  # nothing that passes by itself
    assert advice["severity"] == ("error" if wrong else "warning")


# -- one server at fault ----------------------------------------------------------------

@pytest.mark.parametrize("kind, profile", CASES)
def test_fault_of_one_server_is_a_warning(single, kind, profile):
    verdict = single[kind, profile]
    assert verdict.all_are("verified")
    assert verdict.exit_status == 0
    for record in verdict.records:
        lame = [d for d in record["diagnosis"] if d["code"] == "dns.server_lame"]
        assert len(lame) == 1 and lame[0]["severity"] == "warning", record["name"]
        assert lame[0]["message"].startswith(SERVER), lame[0]["message"]
        assert OTHER not in lame[0]["message"]
    assert "domain.no_delegation" not in verdict.advice()


# -- DNSSEC -----------------------------------------------------------------------------

def test_bogus_answers_are_undetermined(lab):
    both = [*world.standard().splitlines(), *world.delegated().splitlines()]
    once = dict.fromkeys(line for line in both if not line.startswith("_dmarc"))
    text = world.WEB_SITE + "\n".join(once) + '\n_dmarc TXT "v=DMARC1; p=none"\n'
    anchor = ("--trust-anchor", os.environ["LAB_TRUST_ANCHOR"])
    domains = {("bogus", profile): world.SIGNED for profile in PROFILES}

    def run():
        running = [Check(domain, profile, *anchor)
                   for (_, profile), domain in domains.items()]
        return [one.result() for one in running]

    lab.publish(world.SIGNED, text, signed=True)
    lab.fault("generic", "bogus")
    for verdict in run():
        assert verdict.all_are("undetermined") and verdict.exit_status == 2
        assert verdict.codes() == {"dns.bogus"}
        assert "DS records" in verdict.diagnoses("dns.bogus")[0]["fix"]
    lab.fault("generic", "none")
    for verdict in run():
        assert verdict.all_are("verified") and verdict.exit_status == 0


# -- faults of what a record depends on -------------------------------------------------

def test_fault_at_the_operator_is_nobodys_mistake(lab, customer):
    lab.fault("operator", "servfail", name="_spf.mail.example")
    lab.fault("operator", "drop", name="edge.us.mail.example")
    verdict = check(customer, "standard", timeout_ms=FAULT_MS)
    assert verdict.status == "undetermined" and verdict.exit_status == 2
    assert verdict.record("dkim")["status"] == "verified"
    assert verdict.record("return_path")["status"] == "verified"
    for purpose, code in (("spf", "dns.servfail"), ("tracking", "dns.timeout")):
        record = verdict.record(purpose)
        assert record["status"] == "undetermined"
        assert [d["code"] for d in record["diagnosis"]] == [code]
        assert "ns1.mail.example (127.0.0.21)" in record["diagnosis"][0]["message"]
        assert "the fault is at mail.example" in record["diagnosis"][0]["fix"]


def test_delegation_to_servers_that_do_not_exist(lab):
    lab.delegate("adrift.example", ["ns1.nowhere.example", "ns2.nowhere.example"])
    verdict = check("adrift.example", "standard")
    assert verdict.status == "undetermined" and verdict.exit_status == 2
    advice = verdict.advice()["domain.no_delegation"]
    assert advice["severity"] == "error"
    assert "ns1.nowhere.example and ns2.nowhere.example" in advice["message"]
    lab.delegate("adrift.example", [])


# -- changes on their way ---------------------------------------------------------------

def test_stale_server_is_named(lab, customer):
    newer = world.standard() + "@ TXT newer\n"
    older = "\n".join(line for line in newer.splitlines()
                      if not line.startswith("track ")) + "\n"
    lab.publish(customer, older, "godaddy")
    before = servers.serial_at("godaddy2", customer)
    lab.publish(customer, newer, "godaddy1")
    after = servers.serial_at("godaddy1", customer)
    verdict = check(customer, "standard")
    record = verdict.record("tracking")
    assert record["status"] == "propagating" and verdict.exit_status == 1
    assert [d["code"] for d in record["diagnosis"]][:2] == ["dns.server_stale",
                                                           "dns.propagating"]
    stale, propagating = record["diagnosis"][:2]
    assert f"{OTHER} has older data than {SERVER}" in stale["message"]
    assert f"serial {before} of {customer} instead of {after}" in stale["message"]
    assert "1 of 2 authoritative servers has the record" in propagating["message"]
    assert verdict.record("spf")["status"] == "verified"


def test_stale_resolver_is_advice(lab, customer):
    without = "\n".join(line for line in world.standard().splitlines()
                        if not line.startswith("track ")) + "\n"
    lab.publish(customer, without, "godaddy")
    resolvers = [item for name in ("fresh", "stale")
                 for item in ("--resolver", servers.RESOLVERS[name])]
    assert check(customer, "standard", *resolvers).exit_status == 1
    lab.publish(customer, world.standard(), "godaddy")
    lab.flush("fresh")
    verdict = check(customer, "standard", *resolvers)
    assert verdict.all_are("verified") and verdict.exit_status == 0
    propagating = verdict.record("tracking")["diagnosis"]
    assert [d["code"] for d in propagating] == ["dns.propagating"]
    assert propagating[0]["severity"] == "advice"
    assert "1 of 2 public resolvers sees the record; 127.0.0.54 still has no record " \
        "and may keep that until " in propagating[0]["message"]


def test_cname_to_another_zone_is_not_propagating(lab, customer):
    """The servers of the zone know the CNAME only; what stands there is not theirs."""
    text = "\n".join(line for line in world.standard().splitlines()
                     if not line.startswith("_dmarc ")) + "\n"
    lab.publish(customer, text + "_dmarc CNAME _dmarc.mail.example.\n", "godaddy")
    verdict = check(customer, "standard")
    assert verdict.record("dmarc")["status"] == "verified"
    assert verdict.all_are("verified") and verdict.exit_status == 0

"""Proves the lab with dig and libunbound.  Run it inside:

    tests/lab/lab.py run -- /usr/bin/python3 -m pytest tests/lab
"""

import ctypes
import ctypes.util
import os
import re
import subprocess

import pytest

import servers
from lab import Lab, LabError

pytestmark = pytest.mark.skipif("LAB_DIR" not in os.environ,
                                reason="not inside the lab: lab.py run -- pytest")


class Dig:
    """One question asked with dig."""

    def __init__(self, server, name, kind, *options):
        address = server if server[0].isdigit() else Lab.address(server)
        self.text = subprocess.run(
            ["dig", f"@{address}", "+time=1", "+tries=1", "+norec", *options, name,
             kind], capture_output=True, text=True, check=False).stdout
        found = re.search(r"status: (\w+)", self.text)
        self.status = found[1] if found else None
        found = re.search(r";; flags: ([a-z ]*);", self.text)
        self.flags = found[1].split() if found else []
        self.answer = self._section("ANSWER")
        self.authority = self._section("AUTHORITY")
        found = re.search(r"Query time: (\d+) msec", self.text)
        self.took_ms = int(found[1]) if found else None

    def _section(self, title):
        found = re.search(rf"{title} SECTION:\n(.*?)\n\n", self.text, re.DOTALL)
        lines = found[1].splitlines() if found else []
        return [tuple(line.split(None, 4)[3:]) for line in lines]


def texts(server, name, *options):
    return [value for kind, value in Dig(server, name, "TXT", *options).answer
            if kind == "TXT"]


@pytest.fixture
def lab():
    lab = Lab.attach()
    yield lab
    lab.clear_faults()
    lab.flush()


@pytest.fixture
def customer(lab):
    """A customer's domain at GoDaddy, gone after the test."""
    lab.host("customer.example", "@ TXT first\nwww A 192.0.2.9\n", "godaddy")
    yield "customer.example"
    lab.remove("customer.example")


def test_walk_from_the_root(lab):
    step = Dig("root", "acme.example", "MX")
    assert ("NS", "a.gtld.") in step.authority and "aa" not in step.flags
    step = Dig("tld", "acme.example", "MX")
    assert set(step.authority) == {("NS", "ns07.domaincontrol.com."),
                                   ("NS", "ns08.domaincontrol.com.")}
    step = Dig("godaddy1", "sg42.acme.example", "MX")
    assert "aa" in step.flags and len(step.answer) == 2
    resolved = Dig("fresh", "sg42.acme.example", "MX", "+rec").answer
    assert sorted(resolved) == sorted(step.answer)


@pytest.mark.parametrize("zone, server", [
    ("acme.example", "ns07.domaincontrol.com."), ("books.shop", "ns-1.awsdns-01.org."),
    ("linked.example", "ada.ns.cloudflare.com."), ("plain.test", "ns1.dns.test.")])
def test_providers(lab, zone, server):
    found = Dig("fresh", zone, "NS", "+rec")
    assert ("NS", server) in found.answer and len(found.answer) == 2
    assert Dig("fresh", server, "A", "+rec").answer[0][1].startswith("127.0.0.")


def test_operator(lab):
    assert texts("fresh", "_spf.mail.example", "+rec") \
        == ['"v=spf1 ip4:192.0.2.0/24 -all"']
    answer = Dig("fresh", "s1._domainkey.linked.example", "TXT", "+rec").answer
    assert [kind for kind, _value in answer] == ["CNAME", "TXT"]
    assert Dig("stale", "11.2.0.192.in-addr.arpa", "PTR", "+rec").answer \
        == [("PTR", "mx1.mail.example.")]


def test_publish_is_visible_at_once(lab, customer):
    before = servers.serial_at("godaddy1", customer)
    for number in range(10):
        lab.publish(customer, f"@ TXT n{number}")
        for server in ("godaddy1", "godaddy2"):
            assert texts(server, customer) == [f'"n{number}"']
    assert servers.serial_at("godaddy1", customer) > before


def test_own_soa_gets_a_new_serial(lab, customer):
    text = "@ SOA a.b. c.d. (\n 1 ; serial\n 2 3 4 5 )\n@ NS a.b.\n@ TXT own\n"
    lab.publish(customer, text)
    soa = Dig("godaddy1", customer, "SOA").answer[0][1].split()
    assert soa[0] == "a.b." and int(soa[2]) > 1 and soa[3:] == ["2", "3", "4", "5"]


def test_one_of_two_servers_is_stale(lab, customer):
    lab.publish(customer, "@ TXT second", "godaddy1")
    assert texts("godaddy1", customer) == ['"second"']
    assert texts("godaddy2", customer) == ['"first"']
    assert servers.serial_at("godaddy1", customer) \
        > servers.serial_at("godaddy2", customer)


def test_ttl_and_negative_ttl(lab, customer):
    lab.publish(customer, "@ TXT x", ttl=77, negative=33)
    assert "\t77\tIN\tTXT" in Dig("godaddy1", customer, "TXT").text
    assert "\t33\tIN\tSOA" in Dig("godaddy1", "no." + customer, "TXT").text


def test_bad_zone_is_refused_and_the_old_one_stays(lab, customer):
    with pytest.raises(LabError, match="customer.example"):
        lab.publish(customer, "@ MX not-a-number")
    assert texts("godaddy1", customer) == ['"first"']
    lab.publish(customer, "@ TXT again")
    assert texts("godaddy2", customer) == ['"again"']


def test_remove_from_one_server_makes_it_lame(lab, customer):
    lab.remove(customer, "godaddy1")
    assert Dig("godaddy1", customer, "TXT").status == "REFUSED"
    assert texts("godaddy2", customer) == ['"first"']


def test_remove_everywhere(lab):
    lab.host("gone.shop", "@ TXT here", "route53")
    lab.remove("gone.shop")
    assert Dig("tld", "gone.shop", "TXT").status == "NXDOMAIN"
    assert Dig("route53a", "gone.shop", "TXT").status == "REFUSED"


def test_domainkey_delegated_to_another_server(lab, customer):
    lab.host("_domainkey." + customer, 's1 TXT "v=DKIM1; p="', "generic3")
    name = "s1._domainkey." + customer
    assert Dig("godaddy1", name, "TXT").authority == [("NS", "ns3.dns.test.")]
    assert "aa" in Dig("generic3", name, "TXT").flags
    assert texts("fresh", name, "+rec") == ['"v=DKIM1; p="']
    lab.remove("_domainkey." + customer)
    assert Dig("godaddy1", name, "TXT").status == "NXDOMAIN"


def test_server_that_does_not_exist(lab, customer):
    lab.delegate(customer, ["ns1.nowhere.example"])
    assert Dig("tld", customer, "TXT").authority == [("NS", "ns1.nowhere.example.")]
    assert Dig("fresh", customer, "TXT", "+rec").status == "SERVFAIL"


@pytest.mark.parametrize("server, kind, wrong", [
    ("nobody", "drop", "nobody"), ("godaddy1", "sulk", "sulk")])
def test_unknown_words(lab, server, kind, wrong):
    with pytest.raises(LabError, match=wrong):
        lab.fault(server, kind)


@pytest.mark.parametrize("kind, status", [("servfail", "SERVFAIL"),
                                          ("refused", "REFUSED")])
def test_fault_rcode(lab, customer, kind, status):
    lab.fault("godaddy1", kind)
    assert Dig("godaddy1", customer, "TXT").status == status
    assert Dig("godaddy1", customer, "TXT", "+tcp").status == status
    assert texts("godaddy2", customer) == ['"first"']
    lab.fault("godaddy1", "none")
    assert texts("godaddy1", customer) == ['"first"']
    assert texts("godaddy1", customer, "+tcp") == ['"first"']


def test_fault_drop(lab, customer):
    lab.fault("godaddy1", "drop")
    assert "timed out" in Dig("godaddy1", customer, "TXT").text
    assert "timed out" in Dig("godaddy1", customer, "TXT", "+tcp").text
    lab.fault("godaddy1", "none")
    assert texts("godaddy1", customer) == ['"first"']


def test_fault_lame(lab, customer):
    lab.fault("godaddy1", "lame")
    found = Dig("godaddy1", customer, "TXT")
    assert found.status == "NOERROR" and "aa" not in found.flags
    assert found.answer == [] and found.authority == [("NS", "a.root.")]
    assert texts("fresh", customer, "+rec") == ['"first"']
    lab.fault("godaddy2", "lame")
    lab.flush()
    assert Dig("fresh", customer, "TXT", "+rec").status == "SERVFAIL"


def test_fault_truncated(lab, customer):
    lab.fault("godaddy1", "truncated")
    found = Dig("godaddy1", customer, "TXT", "+ignore")
    assert "tc" in found.flags and found.answer == []
    assert "connection refused" in Dig("godaddy1", customer, "TXT", "+tcp").text
    lab.fault("godaddy1", "none")
    assert texts("godaddy1", customer, "+tcp") == ['"first"']


def test_large_answer_comes_by_tcp(lab, customer):
    words = " ".join(f'"{str(n) * 200}"' for n in range(9))
    lab.publish(customer, f"@ TXT {words}", "godaddy1")
    lab.questions("godaddy1")
    assert "tc" in Dig("godaddy1", customer, "TXT", "+ignore", "+bufsize=512").flags
    assert texts("godaddy1", customer, "+bufsize=512") == [words]
    assert lab.questions("godaddy1")["counts"] == {"udp": 2, "tcp": 1}


def test_fault_slow(lab, customer):
    lab.fault("godaddy1", "slow", ms=300)
    assert Dig("godaddy1", customer, "TXT").took_ms >= 290
    assert Dig("godaddy1", customer, "TXT", "+tcp").took_ms >= 290
    lab.fault("godaddy1", "slow", ms=60000)
    lab.fault("godaddy1", "none")
    assert Dig("godaddy1", customer, "TXT").status == "NOERROR"


def test_fault_garbage(lab, customer):
    lab.fault("godaddy1", "garbage")
    assert "bad packet" in Dig("godaddy1", customer, "TXT").text
    assert "bad packet" in Dig("godaddy1", customer, "TXT", "+tcp").text
    lab.fault("godaddy1", "none")
    assert texts("godaddy1", customer) == ['"first"']


def test_fault_for_some_questions(lab, customer):
    lab.fault("godaddy1", "servfail", name="WWW." + customer, type="A")
    lab.fault("godaddy1", "refused", zone="acme.example")
    assert Dig("godaddy1", "www." + customer, "A").status == "SERVFAIL"
    assert Dig("godaddy1", "www." + customer, "AAAA").status == "NOERROR"
    assert Dig("godaddy1", customer, "A").status == "NOERROR"
    assert Dig("godaddy1", "track.acme.example", "A").status == "REFUSED"
    lab.fault("godaddy1", "none", name="www." + customer, type="A")
    assert Dig("godaddy1", "www." + customer, "A").status == "NOERROR"
    assert Dig("godaddy1", "acme.example", "A").status == "REFUSED"
    lab.fault("godaddy", "none")
    assert Dig("godaddy1", "acme.example", "A").status == "NOERROR"


def test_direct_address_knows_no_faults(lab, customer):
    lab.fault("godaddy1", "drop")
    assert texts(lab.direct("godaddy1"), customer) == ['"first"']


def test_stale_resolver_keeps_the_old_answer(lab, customer):
    lab.publish(customer, "@ TXT old", ttl=1)
    missing = "later." + customer
    for resolver in ("fresh", "stale"):
        assert texts(resolver, customer, "+rec") == ['"old"']
        assert Dig(resolver, missing, "TXT", "+rec").status == "NXDOMAIN"
    lab.publish(customer, "@ TXT new\nlater TXT here", ttl=1, negative=1)
    assert texts("godaddy1", customer) == ['"new"']
    servers.until(lambda: texts("fresh", customer, "+rec") == ['"new"'], "the new one")
    assert texts("stale", customer, "+rec") == ['"old"']
    assert Dig("stale", missing, "TXT", "+rec").status == "NXDOMAIN"
    lab.flush("stale")
    assert texts("stale", customer, "+rec") == ['"new"']


def test_resolver_can_fail_too(lab):
    lab.fault("fresh", "drop")
    assert "timed out" in Dig("fresh", "acme.example", "A", "+rec").text
    assert Dig("stale", "acme.example", "A", "+rec").status == "NOERROR"


def test_signed_zone_is_secure_and_bogus_on_demand(lab):
    assert "ad" in Dig("fresh", "signed.example", "TXT", "+rec", "+ad").flags
    assert "ad" not in Dig("fresh", "acme.example", "TXT", "+rec", "+ad").flags
    lab.fault("generic", "bogus")
    lab.flush()
    assert Dig("fresh", "signed.example", "TXT", "+rec").status == "SERVFAIL"
    assert texts("fresh", "signed.example", "+rec", "+cd") == ['"signed and true"']
    assert Dig("fresh", "plain.test", "A", "+rec").status == "NOERROR"
    lab.fault("generic", "none")
    lab.flush()
    assert "ad" in Dig("fresh", "signed.example", "TXT", "+rec", "+ad").flags


def test_bogus_for_one_name(lab):
    lab.fault("generic", "bogus", name="track.signed.example")
    lab.flush()
    assert Dig("fresh", "track.signed.example", "CNAME", "+rec").status == "SERVFAIL"
    assert "ad" in Dig("fresh", "signed.example", "TXT", "+rec", "+ad").flags


def test_questions_are_counted(lab, customer):
    lab.questions("godaddy2")
    Dig("godaddy2", customer, "TXT")
    Dig("godaddy2", customer, "CAA", "+tcp")
    seen = lab.questions("godaddy2")
    assert seen["counts"] == {"udp": 1, "tcp": 1}
    assert seen["questions"] == [[customer, "TXT"], [customer, "CAA"]]


def test_bench_world(lab):
    with open(lab.bench_world(500), encoding="ascii") as names:
        domains = names.read().split()
    assert len(domains) == 500
    assert Dig("root", domains[0], "NS").authority == [("NS", "ns.benchtld.")]
    for domain in (domains[0], domains[-1]):
        step = Dig(lab.direct("bench-tld"), domain, "MX")
        assert {value for _kind, value in step.authority} \
            == {"ns1.host.bench.", "ns2.host.bench."}
        for server in ("bench1", "bench2"):
            assert len(Dig(lab.direct(server), "sg42." + domain, "MX").answer) == 2
        found = Dig("fresh", "track." + domain, "A", "+rec")
        assert ("CNAME", "edge.us.mail.example.") in found.answer
        missing = Dig("fresh", "none." + domain, "A", "+rec")
        assert missing.status == "NXDOMAIN" and missing.authority[0][0] == "SOA"


class UbResult(ctypes.Structure):
    """struct ub_result of libunbound, as far as it is read here."""
    _fields_ = [("qname", ctypes.c_char_p), ("qtype", ctypes.c_int),
                ("qclass", ctypes.c_int), ("data", ctypes.c_void_p),
                ("len", ctypes.c_void_p), ("canonname", ctypes.c_char_p),
                ("rcode", ctypes.c_int), ("packet", ctypes.c_void_p),
                ("packet_len", ctypes.c_int), ("havedata", ctypes.c_int),
                ("nxdomain", ctypes.c_int), ("secure", ctypes.c_int),
                ("bogus", ctypes.c_int), ("why_bogus", ctypes.c_char_p)]


def libunbound(name, kind):
    """Resolves in this process, from the lab's root hints and trust anchor."""
    library = ctypes.CDLL(ctypes.util.find_library("unbound"))
    library.ub_ctx_create.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.ub_ctx_create())
    for option, value in (("root-hints:", os.environ["LAB_ROOT_HINTS"]),
                          ("trust-anchor-file:", os.environ["LAB_TRUST_ANCHOR"]),
                          ("do-not-query-localhost:", "no"), ("do-ip6:", "no")):
        assert library.ub_ctx_set_option(context, option.encode(), value.encode()) == 0
    result = ctypes.POINTER(UbResult)()
    assert library.ub_resolve(context, name.encode(), kind, 1, ctypes.byref(result)) \
        == 0
    found = result.contents
    answer = found.havedata, found.rcode, found.secure, found.bogus
    library.ub_resolve_free(result)
    library.ub_ctx_delete(context)
    return answer


@pytest.mark.skipif(not ctypes.util.find_library("unbound"), reason="no libunbound")
def test_libunbound_resolves_from_these_roots(lab):
    assert libunbound("signed.example", 16) == (1, 0, 1, 0)
    assert libunbound("sg42.acme.example", 15) == (1, 0, 0, 0)
    lab.fault("generic", "bogus")
    assert libunbound("signed.example", 16)[3] == 1

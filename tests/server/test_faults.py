"""Hours of every kind of DNS fault: nothing is concluded and nobody is demoted
(DESIGN.md, "Domain life cycle"; S1-38 is about what is definitely gone)."""

import pytest

import world
from server import host

KINDS = ("drop", "servfail", "refused", "lame", "truncated", "slow", "garbage")
HOURS = 30  # longer than grace


@pytest.fixture(scope="module")
def options():
    return {"dns.timeout": "400ms"}


@pytest.fixture(scope="module")
def verified(server):
    """A domain for each kind, verified before the fault begins, and one of DNSSEC."""
    from lab import Lab
    lab = Lab.attach()
    names = {kind: f"{kind}.faults.shop" for kind in KINDS}
    for name in names.values():
        server.register(lab, name, "godaddy")
        host(lab, name, server.zone(name), "godaddy")
    names["bogus"] = world.SIGNED
    server.add(world.SIGNED)
    server.checked(world.SIGNED)
    host(lab, world.SIGNED, server.zone(world.SIGNED), signed=True)
    for name in names.values():
        assert server.verify(name)["status"] == "verified", name
    for kind, name in names.items():
        where = "generic" if kind == "bogus" else "godaddy"
        lab.fault(where, kind, ms=3000 if kind == "slow" else 0, zone=name)
    yield names
    lab.clear_faults()


@pytest.mark.parametrize("kind", [*KINDS, "bogus"])
def test_a_fault_demotes_nobody(server, verified, kind):
    seen = server.steps(verified[kind], HOURS)
    assert {(d["status"], d["can_send"]) for d in seen} == {("verified", True)}
    assert "undetermined" in {r["status"] for r in seen[-1]["records"]}, "it is seen"
    assert len(seen) < HOURS, "faults back off"


def test_a_fault_confirms_no_loss(lab, server):
    """A record that is gone once, then faults: no warning until it is seen again."""
    name = "between.faults.shop"
    server.register(lab, name, "godaddy")
    zone = server.zone(name)
    host(lab, name, zone, "godaddy")
    assert server.verify(name)["status"] == "verified"
    host(lab, name, "@ A 198.51.100.1\n", "godaddy")
    assert server.step(name)["status"] == "verified"
    lab.fault("godaddy", "servfail", zone=name)
    assert {d["status"] for d in server.steps(name, HOURS)} == {"verified"}
    lab.fault("godaddy", "none", zone=name)
    host(lab, name, zone, "godaddy")
    assert server.step(name)["status"] == "verified"
    assert "domain.warning" not in server.events(name)


def test_a_fault_of_the_first_days_fails_nobody(lab, server):
    """Three days of silence are not three days without records."""
    name = "early.faults.shop"
    host(lab, name, "@ A 198.51.100.1\n", "godaddy")
    lab.fault("godaddy", "servfail", zone=name)
    server.add(name)
    assert {d["status"] for d in server.steps(name, 80)} == {"pending"}

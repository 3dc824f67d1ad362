"""The life of a domain from adding to verified, lost and back (DESIGN.md, "Domain life
cycle"), with the records in a real name server and the clock in the hand of the test."""

import pytest

import world
from server import host, seconds

HOUR = 3600


def publish(lab, server, name, without=(), server_name="generic"):
    """Hosts the domain with the records that the API says, but for those purposes."""
    records = server.api.ok("GET", f"/v1/domains/{name}/records")["records"]
    leave = {(r["name"], r["type"]) for r in records if r["purpose"] in without}

    def stays(line):
        owner, _ttl, _in, kind = line.split("\t")[:4]
        return (owner.rstrip("."), kind) not in leave
    host(lab, name, "".join(line + "\n" for line in server.zone(name).splitlines()
                            if "\t" in line and stays(line)), server_name)


@pytest.fixture
def shop(lab, server):
    """A domain that is verified."""
    server.register(lab, "shop.example")
    publish(lab, server, "shop.example")
    document = server.verify("shop.example")
    assert document["status"] == "verified", document
    yield "shop.example"
    assert server.api.delete("/v1/domains/shop.example").status == 204


def test_added_published_verified(lab, server):
    """S0-7, S0-15, S1-13, S1-14, S3-11: pending, then the records, then verified."""
    document = server.register(lab, "new.example")
    assert document["status"] == "pending" and document["can_send"] is False
    assert [r["code"] for r in document["can_send_reasons"]] == ["domain_pending"]
    assert {r["purpose"] for r in document["records"]} >= {"dkim", "spf", "return_path",
                                                           "tracking", "dmarc"}
    document = server.checked("new.example")
    assert {r["status"] for r in document["records"] if r["required"]} == {"missing"}
    publish(lab, server, "new.example", without=["tracking"])
    assert server.step("new.example")["status"] == "partial"
    publish(lab, server, "new.example")
    document = server.step("new.example")
    assert document["status"] == "verified" and document["can_send"] is True
    assert document["can_send_reasons"] == []
    assert all(r["status"] == "verified" for r in document["records"] if r["required"])
    assert server.events("new.example")[-2:] == ["domain.partial", "domain.verified"]


def test_what_our_resolver_still_keeps_is_no_word_of_a_server(lab, server):
    """Published a moment after it was looked for: every server has it, so it is verified,
    though our own resolver keeps its absence for some seconds more."""
    lab.host("hasty.example", world.WEB_SITE, "generic", negative=3600)
    server.add("hasty.example")
    assert server.checked("hasty.example")["status"] == "pending"
    lab.publish("hasty.example", world.WEB_SITE + server.zone("hasty.example"), "generic",
                negative=3600)
    document = server.api.ok("POST", "/v1/domains/hasty.example/verify?wait=30s")
    assert {r["status"] for r in document["records"]} == {"verified"}
    codes = {d["code"] for r in document["records"] for d in r["diagnosis"]}
    assert codes <= {"dns.negative_cached"}
    server.shift(61)


def test_records_never_change_under_the_customer(lab, server):
    """S1-11: what was given out stays as it is."""
    server.register(lab, "still.example")
    before = server.zone("still.example")
    server.verify("still.example")
    server.step("still.example")
    assert server.zone("still.example") == before


def test_removed_warned_lost_repaired(lab, server, shop):
    """S1-37, S1-38: a record that goes missing is noticed, warned of, and after a day
    nothing is sent; put back, all is well again."""
    publish(lab, server, shop, without=["spf"])
    seen = server.step(shop)
    assert (seen["status"], seen["can_send"]) == ("verified", True), "seen once only"
    seen = server.step(shop)
    assert (seen["status"], seen["can_send"]) == ("warning", True)
    warned = seconds(seen["warning_since"])
    while seen["status"] == "warning":
        assert seen["can_send"] is True and server.now() < warned + 25 * HOUR
        seen = server.step(shop)
    assert (seen["status"], seen["can_send"]) == ("lost", False)
    assert 24 * HOUR - 5 <= seconds(seen["checked_at"]) - warned <= 24 * HOUR + 300
    assert [r["code"] for r in seen["can_send_reasons"]] == ["domain_lost"]
    publish(lab, server, shop)
    seen = server.step(shop)
    assert (seen["status"], seen["can_send"]) == ("verified", True)
    assert server.events(shop)[-3:] == ["domain.warning", "domain.lost", "domain.recovered"]


def test_repaired_within_grace(lab, server, shop):
    publish(lab, server, shop, without=["return_path"])
    server.step(shop)
    assert server.step(shop)["status"] == "warning"
    publish(lab, server, shop)
    assert server.step(shop)["status"] == "verified"
    assert "domain.lost" not in server.events(shop)[-2:]


def test_failed_after_72_hours_and_retried(lab, server):
    """S0-16, S0-17, S3-22: minutes, then hours, then failed; Retry starts over."""
    host(lab, "late.example", "@ A 198.51.100.1\n")
    server.add("late.example")
    first = server.checked("late.example")
    start = seconds(first["created_at"])
    due = []
    seen = first
    while seen["status"] == "pending":
        due.append(seconds(seen["next_check_at"]) - start)
        assert len(due) < 120
        seen = server.step("late.example")
    assert [round(at / 60) for at in due[:6]] == [1, 2, 5, 10, 15, 30]
    gaps = [b - a for a, b in zip(due[6:-1], due[7:-1])]
    assert gaps and all(53 * 60 <= gap <= 61 * 60 for gap in gaps), gaps
    assert abs(seconds(seen["checked_at"]) - start - 72 * HOUR) < 120
    assert (seen["status"], seen["can_send"]) == ("failed", False)
    assert [r["code"] for r in seen["can_send_reasons"]] == ["domain_failed"]
    again = server.api.ok("POST", "/v1/domains/late.example/retry?wait=30s")
    assert again["status"] == "pending" and again["next_check_at"]
    publish(lab, server, "late.example")
    assert server.step("late.example")["status"] == "verified"


def test_verified_domains_are_looked_at_every_hour(server, shop):
    """S3-22: hourly, with jitter so that a million domains spread."""
    seen = server.steps(shop, 6)
    assert 6 <= len(seen) <= 8
    assert {d["status"] for d in seen} == {"verified"}
    checks = server.api.ok("GET", f"/v1/domains/{shop}/checks")["data"]
    assert checks[0]["cause"] == "schedule" or checks[0]["repeated"] >= 5


def test_verify_is_once_a_minute(server, shop):
    """S3-22: Re-check forces a check, but not more than one a minute."""
    assert server.api.post(f"/v1/domains/{shop}/verify?wait=30s").status == 200
    refused = server.api.post(f"/v1/domains/{shop}/verify")
    assert refused.status == 429 and 0 < int(refused.headers["Retry-After"]) <= 60
    server.shift(61)
    assert server.api.post(f"/v1/domains/{shop}/verify").status in (200, 202)
    server.shift(61)


def test_the_delegated_profile(lab, server):
    """S3-3, S2-5: CNAMEs into the operator's zone, whose keys are published there."""
    server.register(lab, "linked2.example", "cloudflare", profile="delegated")
    records = server.api.ok("GET", "/v1/domains/linked2.example/records")["records"]
    targets = [r["value"] for r in records if r["purpose"] == "dkim"]
    keys = server.api.ok("GET", "/v1/domains/linked2.example/keys")["data"]
    assert len(targets) == 2 and all(t.rstrip(".").endswith(".dkim-keys.example")
                                     for t in targets)
    text = ""
    for target, key in zip(targets, keys + keys):
        value = f"v=DKIM1; k={key['algorithm']}; p={key['public_key']}"
        parts = " ".join(f'"{value[at:at + 250]}"' for at in range(0, len(value), 250))
        text += f"{target.rstrip('.')}. TXT {parts}\n"
    host(lab, "dkim-keys.example", text, "operator")
    publish(lab, server, "linked2.example", server_name="cloudflare")
    document = server.verify("linked2.example")
    assert document["status"] == "verified", [
        (r["purpose"], r["status"], r["diagnosis"]) for r in document["records"]]


def test_two_accounts_with_one_domain(lab, server):
    """S1-2: each account has its own label and key; only who publishes them may send."""
    other = server.api.ok("POST", "/v1/accounts", {"name": "Other",
                                                   "owner_email": "me@other.example"})
    made = server.api.ok("POST", "/v1/keys", {"name": "first", "scopes": ["full"]},
                         headers={"Signet-Account": other["id"]})
    api = server.api.with_key(made["secret"])
    mine = server.register(lab, "twice.example")
    theirs = api.ok("POST", "/v1/domains", {"name": "twice.example"})

    def values(document, purpose):
        return {(r["name"], r["value"]) for r in document["records"]
                if r["purpose"] == purpose}
    assert not values(mine, "dkim") & values(theirs, "dkim")
    assert {n for n, _ in values(mine, "spf")} != {n for n, _ in values(theirs, "spf")}
    publish(lab, server, "twice.example")
    assert server.verify("twice.example")["status"] == "verified"
    seen = api.ok("POST", "/v1/domains/twice.example/verify?wait=30s")
    assert seen["can_send"] is False and seen["status"] in ("pending", "partial")
    assert api.get(f"/v1/domains/{mine['id']}").status == 404
    assert server.api.get(f"/v1/domains/{theirs['id']}").status == 404
    both = server.zone("twice.example") + api.get(
        "/v1/domains/twice.example/records?format=zone").body.decode()
    host(lab, "twice.example", "\n".join(dict.fromkeys(both.splitlines())) + "\n")
    server.shift(61)
    assert api.ok("POST", "/v1/domains/twice.example/verify?wait=30s")["status"] \
        == "verified"


def test_deleted_domains_keep_their_name(server):
    """S3-49, S3-50, S3-46: deleted, shown as deleted, and may be added again."""
    first = server.add("gone.example")
    assert server.api.delete("/v1/domains/gone.example").status == 204
    assert server.api.get("/v1/domains/gone.example").status == 404
    shown = server.api.ok("GET", f"/v1/domains/{first['id']}")
    assert (shown["domain"], shown["status"], shown["can_send"]) == (
        "gone.example (deleted)", "deleted", False)
    second = server.add("gone.example")
    assert second["id"] != first["id"]
    assert [d["id"] for d in listed(server, "?name_prefix=gone.")] == [second["id"]]
    gone = listed(server, "?status=deleted&name_prefix=gone.")
    assert [(d["id"], d["domain"]) for d in gone] == [(first["id"],
                                                       "gone.example (deleted)")]


def listed(server, query=""):
    return server.api.ok("GET", f"/v1/domains{query}")["data"]


def test_lists_by_the_status_that_is_shown(lab, server, shop):
    """A suspended domain is in the list of suspended ones, and in no other."""
    document = server.domain(shop)
    assert document["id"] in {d["id"] for d in listed(server, "?status=verified")}
    server.api.ok("POST", f"/v1/domains/{shop}/suspend")
    for status in ("verified", "warning", "lost", "failed", "review", "rejected",
                   "suspended", "deleted", "pending", "partial"):
        found = listed(server, f"?status={status}")
        assert {d["status"] for d in found} <= {status}
        assert (document["id"] in {d["id"] for d in found}) == (status == "suspended")
    server.api.ok("POST", f"/v1/domains/{shop}/unsuspend")
    assert server.api.get("/v1/domains?status=gone").status == 422


def test_not_checked_yet(lab, server):
    """Before the first check nothing is said about the records."""
    lab.fault("generic", "slow", ms=1500, zone="fresh.example")
    host(lab, "fresh.example", world.WEB_SITE)
    document = server.add("fresh.example")
    assert document["checked"] is False and document["status"] == "pending"
    assert {(r["checked"], r["status"]) for r in document["records"]} == {
        (False, "undetermined")}
    assert {d["checked"] for d in listed(server, "?name_prefix=fresh.")} == {False}
    lab.clear_faults()
    document = server.checked("fresh.example")
    assert document["checked"] is True
    assert {(r["checked"], r["status"]) for r in document["records"]
            if r["required"]} == {(True, "missing")}

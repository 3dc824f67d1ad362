"""From a click to the API: what the edges journal comes into the store, is judged, counted
and given out (S3-35…43, S3-50, C16, C17)."""

import time

import pytest

from server import until
from test_edge import BROWSER, FORM, ONE_CLICK, ask, token

EPOCH_MS = 1577836800000
SAFARI = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) "
          "AppleWebKit/605.1.15 Version/17.4 Mobile/15E148 Safari/604.1"}
SHOP = "https://acme.example/shop"


@pytest.fixture(scope="module")
def options():
    return {"edge.processes": "2"}


def message(ago_seconds, chance=0):
    """The number of a message that was sent so long ago."""
    return ((int(time.time() - ago_seconds) * 1000 - EPOCH_MS) << 22) + chance


@pytest.fixture(scope="module")
def tenant(server):
    """An account of its own, its key, and a domain with a host of links."""
    account = server.api.ok("POST", "/v1/accounts",
                            {"name": "Acme", "owner_email": "o@acme.example"})
    key = server.api.call("POST", "/v1/keys", {"name": "k", "scopes": ["full"]},
                          headers={"Signet-Account": account["id"]}).json
    api = server.api.with_key(key["secret"])
    domain = api.ok("POST", "/v1/domains", {"name": "acme.example"})
    hosts = api.ok("GET", "/v1/tracking-domains")["data"]
    return {"account": account["id"], "number": account["id"].removeprefix("acc_"),
            "api": api, "domain": domain["id"], "host": hosts[0]["name"]}


def link(server, tenant, number, *arguments):
    return token(server, "--tenant", tenant["number"], "--message", number, *arguments,
                 host=tenant["host"])


def listed(tenant, number):
    return tenant["api"].ok("GET", f"/v1/tracking-events?message={number}")["data"]


def events(tenant, number, count):
    """The events of a message, once there are so many."""
    return until(lambda: (e := listed(tenant, number)) and len(e) >= count and e,
                 f"{count} events of {number}")


def click(server, tenant, number, which=0, method="GET", headers=None):
    path = "/click/" + link(server, tenant, number, "--link", which, SHOP)
    got = ask(server, method, path, headers=headers, host=tenant["host"])
    assert got.status == 302 and got.headers["Location"] == SHOP


def test_a_person_clicks(server, tenant):
    number = message(3600, 1)
    click(server, tenant, number, 3)
    [event] = events(tenant, number, 1)
    want = {"type": "click", "verdict": "person", "reasons": [], "link": 3, "url": SHOP,
            "message": str(number), "host": tenant["host"], "domain_id": tenant["domain"],
            "ip": "127.0.0.1", "agent": BROWSER["User-Agent"], "method": "GET", "tls": None,
            "status": 302, "address": None}
    assert {name: event[name] for name in want} == want


@pytest.mark.parametrize("chance, method, headers, reason", [
    (10, "HEAD", {}, "head"),
    (11, "GET", {"User-Agent": "curl/8.5.0"}, "tool"),
    (12, "GET", {"User-Agent": "Barracuda Sentinel (EE)"}, "scanner"),
    (13, "GET", {"User-Agent": "Slackbot-LinkExpanding 1.0"}, "preview"),
    (14, "GET", {"Sec-Purpose": "prefetch"}, "prefetch"),
    (15, "GET", {"User-Agent": ""}, "no_agent"),
])
def test_a_machine_clicks(server, tenant, chance, method, headers, reason):
    number = message(3600, chance)
    click(server, tenant, number, method=method, headers=headers)
    [event] = events(tenant, number, 1)
    assert (event["verdict"], reason in event["reasons"]) == ("machine", True), event


def test_a_click_before_the_message_can_have_arrived(server, tenant):
    number = message(-60, 2)
    click(server, tenant, number)
    [event] = events(tenant, number, 1)
    assert (event["verdict"], event["reasons"]) == ("machine", ["soon"])


def test_all_links_within_seconds(server, tenant):
    """What was taken for a person's is a machine's once the third link is followed."""
    number = message(3600, 3)
    for which in range(4):
        click(server, tenant, number, which)
    found = events(tenant, number, 4)
    assert {e["verdict"] for e in found} == {"machine"}
    assert all("burst" in e["reasons"] for e in found)


def test_an_open_that_says_nothing_until_a_click(server, tenant):
    number = message(3600, 4)
    pixel = "/open/" + link(server, tenant, number, "--kind", "open") + ".png"
    ask(server, "GET", pixel, headers={"User-Agent": "Mozilla/5.0"}, host=tenant["host"])
    [event] = events(tenant, number, 1)
    assert (event["type"], event["verdict"], event["reasons"]) == (
        "open", "undetermined", ["image_relay"])
    click(server, tenant, number, headers=SAFARI)
    first, second = events(tenant, number, 2)
    assert (first["verdict"], first["reasons"]) == ("person", ["image_relay", "later_click"])
    assert second["verdict"] == "person"


def test_unsubscribing(server, tenant):
    """Looking at the page changes nothing; one click does, for this domain (S3-42)."""
    number = message(3600, 5)
    path = "/unsubscribe/" + link(server, tenant, number, "--kind", "unsubscribe",
                                  "Ann@There.example")
    assert ask(server, "GET", path, host=tenant["host"]).status == 200
    [event] = events(tenant, number, 1)
    assert event["type"] == "unsubscribe_page"
    assert tenant["api"].ok("GET", "/v1/unsubscribes")["data"] == []
    bare = {"User-Agent": "", "Accept": "", "Accept-Language": ""}
    for _ in range(2):
        assert ask(server, "POST", path, ONE_CLICK, {**FORM, **bare},
                   host=tenant["host"]).status == 200
    assert [e["verdict"] for e in events(tenant, number, 3)[1:]] == ["person", "person"]
    [row] = tenant["api"].ok("GET", "/v1/unsubscribes?domain=acme.example")["data"]
    assert (row["address"], row["domain_id"]) == ("ann@there.example", tenant["domain"])
    told = tenant["api"].ok("GET", "/v1/events?type=message.unsubscribed")["data"]
    assert [e["data"]["address"] for e in told] == ["ann@there.example"]
    assert tenant["api"].delete(f"/v1/unsubscribes/{row['id']}").status == 204
    assert tenant["api"].ok("GET", "/v1/unsubscribes")["data"] == []


def test_statistics_are_what_the_events_say(server, tenant):
    """Kept, not counted: and yet the same; of a deleted domain too (S3-50)."""
    rows, cursor = [], ""
    while cursor is not None:
        page = tenant["api"].ok("GET", "/v1/tracking-events?limit=20" + cursor)
        rows += page["data"]
        cursor = page["next_cursor"] and "&cursor=" + page["next_cursor"]
    path = f"/v1/domains/{tenant['domain']}/statistics"
    got = tenant["api"].ok("GET", path)
    for kind in ("open", "click", "unsubscribe", "unsubscribe_page"):
        for verdict in ("person", "machine", "undetermined"):
            mine = [e for e in rows if (e["type"], e["verdict"]) == (kind, verdict)]
            number = got["total"][kind][verdict]
            assert number["events"] == len(mine), (kind, verdict)
            if kind in ("open", "click"):
                assert number["messages"] == len({e["message"] for e in mine})
    assert got["total"]["click"]["person"]["events"] > 0
    assert got["total"]["click"]["machine"]["events"] > 5
    assert tenant["api"].delete("/v1/domains/acme.example").status == 204
    after = tenant["api"].ok("GET", path)
    assert after["domain"] == "acme.example (deleted)" and after["total"] == got["total"]
    [row] = tenant["api"].ok("GET", "/v1/statistics")["data"]
    assert row["domain"] == "acme.example (deleted)"


def test_links_of_a_deleted_domain_count_on(server, tenant):
    number = message(3600, 6)
    click(server, tenant, number)
    [event] = events(tenant, number, 1)
    assert event["domain_id"] == tenant["domain"]


@pytest.mark.parametrize("kept, chance, want", [
    ("truncated", 20, "127.0.0.0"), ("none", 21, None), ("full", 22, "127.0.0.1")])
def test_what_is_kept_of_addresses(server, tenant, kept, chance, want):
    tenant["api"].ok("PATCH", "/v1/account", {"addresses": kept})

    def seen():
        number = message(3600, (chance << 10) + int(time.monotonic() * 100) % 1000)
        click(server, tenant, number)
        return events(tenant, number, 1)[0]["ip"] == want
    until(seen, f"the edges to keep {kept}")


def test_numbers_for_operators(server, tenant):
    def metric(name):
        for line in server.api.get("/metrics").body.decode().splitlines():
            if line.startswith(f"signet_{name} "):
                return float(line.split()[1])
        return None
    until(lambda: (metric("edge_clicks_total") or 0) > 5, "the numbers of the edges")
    assert metric("ingest_events_total") > 10
    assert metric("edge_journal_lost_total") == 0
    until(lambda: metric("ingest_waiting") == 0, "all to be in the store")
    assert metric("ingest_lag_seconds") == 0
    assert tenant


def test_nothing_is_read_twice_after_a_restart(server, tenant):
    number = message(3600, 7)
    click(server, tenant, number)
    events(tenant, number, 1)
    before = server.api.ok("GET", "/v1/accounts")  # any call: it is up
    server.kill("core")
    until(server.is_up, "core to be back")
    click(server, tenant, number, headers=SAFARI)
    found = events(tenant, number, 2)
    time.sleep(1.5)  # a poll of the journals later
    assert len(listed(tenant, number)) == len(found) == 2 and before

"""Every record layout through the API, with real name servers: added, published from the
records that the API gave, verified; then each required record is taken out in turn, until
the domain is lost, and put back (DESIGN.md, "Domain life cycle"; S1-13, S1-37, S1-38,
S2-5)."""

import pytest

import world
from server import ROOT, host

HOUR = 3600
PROFILES = sorted(p.stem for p in (ROOT / "data/profiles").glob("*.json"))

# What a customer copies from the service whose layout it is: no installation knows it.
SERVICE = {
    "brevo": {"dkim_target1": "b1.brevo-dkim.com", "dkim_target2": "b2.brevo-dkim.com"},
    "customerio": {"mx1": "mxa.mailgun.org", "mx2": "mxb.mailgun.org"},
    "mailgun": {"dkim_key": world.DKIM_KEY2},
    "mailtrap": {"verify_token": "mt42"},
    "postmark": {"selector": "20260101pm", "dkim_key": world.DKIM_KEY2,
                 "bounce_host": "pm-bounces"},
    "sendgrid": {"dkim_target1": "s1.domainkey.u42.wl.sendgrid.net",
                 "dkim_target2": "s2.domainkey.u42.wl.sendgrid.net",
                 "bounce_target": "u42.wl.sendgrid.net", "region": "eu"},
    "ses": {"label": "bounces"},
    "userpilot": {"label": "up"},
}
# The hosts that those services answer by.
SERVICE_ZONES = {
    "brevo.com": "tracking A 192.0.2.90\n",
    "brevo-dkim.com": "".join(f"b{i} TXT {world.dkim_record(key)}\n" for i, key in
                              ((1, world.DKIM_KEY), (2, world.DKIM_KEY2))),
    "customeriomail.com": "e A 192.0.2.91\n",
    "mailgun.org": "@ A 192.0.2.92\nmxa A 192.0.2.93\nmxb A 192.0.2.94\n",
    "mtasv.net": "pm A 192.0.2.95\npm MX 10 pm\n",
    "sendgrid.net": "eu A 192.0.2.96\nu42.wl A 192.0.2.97\nu42.wl MX 10 u42.wl\n"
                    + "".join(f"s{i}.domainkey.u42.wl TXT {world.dkim_record(key)}\n"
                              for i, key in ((1, world.DKIM_KEY), (2, world.DKIM_KEY2))),
    "amazonses.com": '@ TXT "v=spf1 ip4:192.0.2.0/24 -all"\n'
                     "feedback-smtp.us-west-2 A 192.0.2.98\n",
}
SHOWN = {"godaddy": "GoDaddy", "cloudflare": "Cloudflare", "route53": "Amazon Route 53"}


@pytest.fixture(scope="module")
def services():
    from lab import Lab
    lab = Lab.attach()
    for zone, text in SERVICE_ZONES.items():
        lab.host(zone, text, "generic3")
    yield
    for zone in SERVICE_ZONES:
        lab.remove(zone)


def zone_lines(server, name):
    """What the API says is to be published, as lines of a zone file."""
    return [line for line in server.zone(name).splitlines() if "\t" in line]


def line_of(lines, record):
    """The zone line of a record of the JSON format."""
    found = [line for line in lines
             if line.startswith(f"{record['name']}.\t")
             and f"\t{record['type']}\t" in line
             and (record["type"] != "MX" or line.endswith(f" {record['value']}."))]
    assert len(found) == 1, (record, found)
    return found[0]


def publish(lab, name, lines, at="generic"):
    host(lab, name, world.WEB_SITE + "".join(line + "\n" for line in lines), at)


def publish_operator_keys(lab, server, name):
    """The keys that a delegated domain points to, as the operator publishes them."""
    records = server.api.ok("GET", f"/v1/domains/{name}/records")["records"]
    targets = [r["value"] for r in records if r["purpose"] == "dkim"]
    keys = server.api.ok("GET", f"/v1/domains/{name}/keys")["data"]
    assert len(targets) == len(keys) == 2
    host(lab, "dkim-keys.example", "".join(
        f"{target}. TXT {world.dkim_record(key['public_key'])}\n"
        for target, key in zip(targets, keys)), "operator")


def is_same_value(line, record):
    data = line.split("\t", 4)[4]
    if record["type"] == "TXT":
        return "".join(data.split('"')[1::2]) == record["value"]
    return data == (f"{record['priority']} " if record["type"] == "MX" else "") \
        + record["value"] + "."


def test_all_layouts_are_here(server):
    """The story below leaves none out."""
    listed = {p["id"] for p in server.api.ok("GET", "/v1/profiles")["data"]}
    assert listed == set(PROFILES)
    assert set(SERVICE) | {"standard", "delegated"} == listed


@pytest.mark.parametrize("profile", PROFILES)
def test_from_records_to_verified_and_back(lab, server, services, profile):
    name = f"{profile}.shop"
    more = {"settings": SERVICE[profile]} if profile in SERVICE else {}
    server.register(lab, name, profile=profile, **more)
    answer = server.api.ok("GET", f"/v1/domains/{name}/records")
    records, lines = answer["records"], zone_lines(server, name)
    needed = [r for r in records if r["required"]]
    assert needed and len(lines) == len(records)
    assert all(is_same_value(line_of(lines, r), r) for r in records)
    for shown in ("table", "markdown"):
        text = server.api.get(f"/v1/domains/{name}/records?format={shown}").body.decode()
        assert all(r["host"] in text for r in records), shown

    if profile == "delegated":
        publish_operator_keys(lab, server, name)
    publish(lab, name, lines)
    seen = server.step(name)
    assert (seen["status"], seen["can_send"]) == ("verified", True), [
        (r["purpose"], r["name"], r["status"], r["diagnosis"]) for r in seen["records"]]
    assert {r["status"] for r in seen["records"]} == {"verified"}

    for record in needed:
        publish(lab, name, [line for line in lines if line != line_of(lines, record)])
        where = (record["purpose"], record["name"], record["value"])
        seen = server.step(name)
        assert (seen["status"], seen["can_send"]) == ("verified", True), where
        seen = server.step(name)
        assert (seen["status"], seen["can_send"]) == ("warning", True), where
        wrong = {(r["name"], r["type"]) for r in seen["records"]
                 if r["status"] in ("missing", "mismatch", "conflict")}
        assert wrong == {(record["name"], record["type"])}, where
        server.shift(25 * HOUR)
        seen = server.checked(name, seen)
        assert (seen["status"], seen["can_send"]) == ("lost", False), where
        assert [r["code"] for r in seen["can_send_reasons"]] == ["domain_lost"]
        publish(lab, name, lines)
        seen = server.step(name)
        assert (seen["status"], seen["can_send"]) == ("verified", True), where
    story = ["domain.warning", "domain.lost", "domain.recovered"]
    assert server.events(name) == ["domain.created", "domain.verified",
                                   *(story * len(needed))]


@pytest.mark.parametrize("profile", ["standard", "customerio"])
def test_records_in_the_words_of_a_provider(lab, server, services, profile):
    """S1-14, S3-6: the same records as each panel wants them typed in."""
    name = f"words-{profile}.example"
    more = {"settings": SERVICE[profile]} if profile in SERVICE else {}
    server.register(lab, name, profile=profile, **more)
    path = f"/v1/domains/{name}/records"
    for provider, shown in SHOWN.items():
        answer = server.api.ok("GET", f"{path}?provider={provider}")
        assert answer["provider"] == provider
        assert all(f"{r['host']}.{name}" == r["name"] for r in answer["records"])
        table = server.api.get(f"{path}?provider={provider}&format=table").body.decode()
        assert shown in table and all(r["host"] in table for r in answer["records"])
    mx = [r for r in answer["records"] if r["type"] == "MX"]
    amazon = server.api.get(f"{path}?provider=route53&format=table").body.decode()
    godaddy = server.api.get(f"{path}?provider=godaddy&format=table").body.decode()
    assert all(f"{r['priority']} {r['value']}." in amazon for r in mx), "one field"
    assert '"v=spf1' in amazon and '"v=spf1' not in godaddy
    assert all(f"{r['priority']} {r['value']}" not in godaddy for r in mx)
    unknown = server.api.get(f"{path}?provider=nobody")
    assert unknown.status == 422 and unknown.json["errors"][0]["parameter"] == "provider"


@pytest.mark.parametrize("provider", SHOWN)
def test_the_provider_that_has_the_zone(lab, server, provider):
    """S1-14: without being told, in the words of whoever serves the domain."""
    name = f"at-{provider}.example"
    server.register(lab, name, at=provider)
    assert server.checked(name)["provider"]["id"] == provider
    answer = server.api.ok("GET", f"/v1/domains/{name}/records")
    assert answer["provider"] == provider
    table = server.api.get(f"/v1/domains/{name}/records?format=table").body.decode()
    assert SHOWN[provider] in table

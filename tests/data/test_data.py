"""Checks data/*.json: the exact members, types and spellings, and that the public
lists in tests/corpus/dns-providers are recognised (S1-30, S1-49, S3-9)."""

import functools
import ipaddress
import json
import re
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
CORPUS = TREE / "tests" / "corpus" / "dns-providers"
WANTED = 0.95

TEXT, FLAG, TEXTS = "text", "flag", "texts"
PROVIDER = [
    ("id", TEXT),
    ("name", TEXT),
    ("aliases", TEXTS),
    ("ns", TEXTS),
    ("soa", TEXTS),
    ("host", {"relative", "full"}),
    ("apex", {"@", "", "full"}),
    ("target_dot", {"required", "never", "optional"}),
    ("txt_quotes", {"never", "required", "optional"}),
    ("txt_semicolon", {"plain", "escaped"}),
    ("txt_max", "size"),
    ("txt_split", {"automatic", "manual", "none"}),
    ("mx", {"rows", "one_field"}),
    ("mx_priority", {"field", "value"}),
    ("mx_below_apex", FLAG),
    ("underscores", FLAG),
    ("proxy", "proxy"),
    ("ttl", "ttl"),
    ("panel_url", TEXT),
    ("fields", "fields"),
    ("guide", TEXT),
]
KINDS = {"esp", "mailbox", "filter", "forwarder", "reports", "site"}
SERVICE = [
    ("id", TEXT),
    ("name", TEXT),
    ("kind", KINDS),
    ("cname", TEXTS),
    ("spf", TEXTS),
    ("mx", TEXTS),
    ("selectors", TEXTS),
    ("dmarc", TEXTS),
    ("txt", TEXTS),
]
NETWORK = [("id", TEXT), ("name", TEXT), ("kind", {"proxy"}), ("ranges", TEXTS)]
NAMED = """godaddy cloudflare route53 digitalocean google-cloud-dns namecheap
squarespace wix dnsimple ovhcloud ionos gandi hetzner azure-dns vercel netlify
hostinger bluehost porkbun name-com""".split()

# Name servers as such providers really hand them out.
TYPICAL = {
    "godaddy": "ns07.domaincontrol.com ns08.domaincontrol.com",
    "cloudflare": "ada.ns.cloudflare.com walt.ns.cloudflare.com ns3.cloudflare.com",
    "route53": "ns-2048.awsdns-64.com ns-2049.awsdns-65.net ns-2050.awsdns-66.org"
    " ns-2051.awsdns-67.co.uk ns1.amzndns.com ns2.amzndns.co.uk",
    "digitalocean": "ns1.digitalocean.com ns3.digitalocean.com",
    "google-cloud-dns": "ns-cloud-a1.googledomains.com ns1.google.com",
    "namecheap": "dns1.registrar-servers.com pdns1.registrar-servers.com"
    " dns1.namecheaphosting.com",
    "squarespace": "ns01.squarespacedns.com",
    "wix": "ns12.wixdns.net",
    "dnsimple": "ns1.dnsimple.com ns2.dnsimple-edge.net ns4.dnsimple-edge.org",
    "ovhcloud": "dns12.ovh.net ns12.ovh.net dns200.anycast.me",
    "ionos": "ns1024.ui-dns.com ns1030.ui-dns.de ns1.ionos.com",
    "gandi": "ns-21-a.gandi.net a.dns.gandi.net",
    "hetzner": "hydrogen.ns.hetzner.com helium.ns.hetzner.de ns1.your-server.de"
    " robotns3.second-ns.com",
    "azure-dns": "ns1-01.azure-dns.com ns2-01.azure-dns.net ns3-01.azure-dns.org"
    " ns4-01.azure-dns.info",
    "vercel": "ns1.vercel-dns.com",
    "ns1": "dns1.p01.nsone.net",
    "hostinger": "ns1.dns-parking.com",
    "bluehost": "ns1.bluehost.com",
    "porkbun": "curitiba.ns.porkbun.com",
    "name-com": "ns1abc.name.com",
    "one-com": "ns01.one.com",
    "ultradns": "pdns1.ultradns.net pdns6.ultradns.co.uk",
    "akamai": "a1-67.akam.net",
    "dnspod": "f1g1ns1.dnspod.net ns3.dnsv5.com",
    "dyn": "ns1.p01.dynect.net",
    "strato": "docks01.rzone.de",
}
NO_PROVIDER = "ns1.acme.example dns.phone.com cloudflare.com.acme.example"


def load(name):
    return json.loads((TREE / "data" / f"{name}.json").read_text(encoding="utf-8"))


@functools.cache
def matcher(pattern):
    """Only `*` is special, as the reader has it: any run of characters, dots too."""
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")))


def glob(pattern, name):
    return matcher(pattern).fullmatch(name) is not None


def owners(entries, member, name):
    name = name.lower().rstrip(".")
    return [e["id"] for e in entries if any(glob(p, name) for p in e[member])]


def is_text(value):
    return isinstance(value, str) and value == value.strip()


def check_value(value, kind):
    if isinstance(kind, set):
        return value in kind
    if kind == TEXT:
        return is_text(value) and value != ""
    if kind == TEXTS:
        unique = isinstance(value, list) and len(set(value)) == len(value)
        return unique and all(is_text(v) and v != "" for v in value)
    if kind == FLAG:
        return isinstance(value, bool)
    if kind == "size":
        return value is None or (type(value) is int and 255 <= value <= 65535)
    if kind == "proxy":
        return value is None or (list(value) == ["field", "off"] and texts(value))
    if kind == "ttl":
        seconds = list(value) == ["seconds", "label"] and value["seconds"]
        return type(seconds) is int and 30 <= seconds <= 86400 and texts(value, "label")
    if kind == "fields":
        return list(value) == ["type", "name", "value", "priority"] and texts(value)
    raise AssertionError(kind)


def texts(value, *names):
    return all(is_text(value[n]) and value[n] != "" for n in names or value)


def faults(entry, schema):
    found = []
    if list(entry) != [name for name, _ in schema]:
        found.append(f"members {list(entry)}")
    else:
        wrong = [n for n, kind in schema if not check_value(entry[n], kind)]
        found += [f"{n}={entry[n]!r}" for n in wrong]
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.get("id", "")):
        found.append("id")
    return [f"{entry.get('id')}: {f}" for f in found]


def glob_faults(entries, members):
    shape = re.compile(r"[a-z0-9_*-]+(\.[a-z0-9_*-]+)+")
    found = []
    for entry in entries:
        for member in members:
            for pattern in entry[member]:
                tail = pattern.split(".")[-2:]
                sane = shape.fullmatch(pattern) and "**" not in pattern
                if not sane or tail[0] == "*" or "*" in tail[1]:
                    found.append(f"{entry['id']} {member} {pattern}")
    return found


@pytest.mark.parametrize(
    "name,schema",
    [("providers", PROVIDER), ("services", SERVICE), ("networks", NETWORK)],
)
def test_schema(name, schema):
    entries = load(name)
    assert [f for e in entries for f in faults(e, schema)] == []
    ids = [e["id"] for e in entries]
    assert len(set(ids)) == len(ids)
    names = [e["name"] for e in entries]
    assert len(set(names)) == len(names)


def test_globs():
    assert glob_faults(load("providers"), ["ns", "soa"]) == []
    assert glob_faults(load("services"), ["cname", "spf", "mx", "dmarc"]) == []


def test_providers_are_consistent():
    providers = load("providers")
    assert [n for n in NAMED if n not in {p["id"] for p in providers}] == []
    spelling = re.compile(r"[a-z0-9.-]+")
    spellings = [s for p in providers for s in [p["id"], *p["aliases"]]]
    assert [s for s in spellings if not spelling.fullmatch(s)] == []
    assert sorted({s for s in spellings if spellings.count(s) > 1}) == []
    url = re.compile(r"https://[^\s{}]+(\{domain\}[^\s{}]*)?")
    for p in providers:
        assert p["ns"] or p["soa"], p["id"]
        assert (p["txt_max"] is None) == (p["txt_split"] == "automatic"), p["id"]
        assert url.fullmatch(p["panel_url"]), p["id"]
        assert p["guide"].endswith("."), p["id"]
        assert len(re.split(r"[.\"] (?=[A-Z])", p["guide"])) <= 4, p["id"]
        assert len(p["guide"]) <= 400, p["id"]


def test_requirements():
    by_id = {p["id"]: p for p in load("providers")}
    assert by_id["godaddy"]["host"] == "relative"  # S1-42
    assert by_id["cloudflare"]["proxy"]["off"] == "DNS only"  # S0-13, S1-41
    assert by_id["wix"]["mx_below_apex"] is False  # S1-48
    route53 = by_id["route53"]  # S1-49
    assert (route53["mx"], route53["mx_priority"]) == ("one_field", "value")
    assert [p for p in by_id.values() if p["host"] == "full"] != []  # S3-25


def samples_of(rule):
    """One host for each way a corpus rule can match, from its small set of signs."""
    found = ["ns1." + suffix for suffix in rule["ns_suffix"]]
    for expression in rule["ns_regex"]:
        plain = expression.strip("^$").replace(r"\d+", "17").replace("\\.", ".")
        alternatives = re.search(r"\(([^)]*)\)", plain)
        for choice in alternatives.group(1).split("|"):
            name = plain.replace(alternatives.group(0), choice.replace("\\.", "."))
            assert re.match(expression, name), name
            found.append(name)
    return found


def test_corpus_providers_are_recognised():
    providers = load("providers")
    rules = json.loads((CORPUS / "ns-providers.json").read_text(encoding="utf-8"))
    samples = [(rule["name"], host) for rule in rules for host in samples_of(rule)]
    unknown = [s for s in samples if not owners(providers, "ns", s[1])]
    shared = [s for s in samples if len(owners(providers, "ns", s[1])) > 1]
    print(f"{len(samples) - len(unknown)} of {len(samples)} name servers", unknown)
    assert shared == []
    assert unknown == []
    for rule in rules:
        assert len({owners(providers, "ns", h)[0] for h in samples_of(rule)}) == 1


def test_typical_name_servers():
    providers = load("providers")
    wrong = []
    for wanted, hosts in TYPICAL.items():
        for host in hosts.split():
            found = owners(providers, "ns", host)
            if found != [wanted]:
                wrong.append((host, found))
    wrong += [(h, owners(providers, "ns", h)) for h in NO_PROVIDER.split()
              if owners(providers, "ns", h)]
    assert wrong == []


def test_no_two_providers_share_a_glob():
    providers = load("providers")
    patterns = [(p["id"], g) for p in providers for g in p["ns"]]
    samples = [(i, g.replace("*", "x7")) for i, g in patterns]
    assert [s for s in samples if owners(providers, "ns", s[1]) != [s[0]]] == []


def targets_of(templates):
    """(member, name) for each target that names a service, variables filled in."""
    found = set()
    for template in templates:
        for record in template["records"]:
            rules = record.get("spfRules", "")
            if record["type"] == "TXT" and record.get("data", "").startswith("v=spf1"):
                rules = record["data"]
            for name in re.findall(r"(?:include:|redirect=)(\S+)", rules):
                found.add(("spf", name))
            if record["type"] in ("CNAME", "MX"):
                found.add((record["type"].lower(), record["pointsTo"]))
    return sorted((m, fill(n)) for m, n in found if is_concrete(n))


def is_concrete(name):
    """The part that tells the owner is literal: not %var%, @ or a name in the zone."""
    labels = name.rstrip(".").split(".")
    return len(labels) >= 2 and not any("%" in label for label in labels[-2:])


def fill(name):
    return re.sub(r"%[^%]*%", "x1", name).lower().rstrip(".")


def test_corpus_services_are_recognised():
    services = load("services")
    path = CORPUS / "esp-record-patterns-a.json"
    targets = targets_of(json.loads(path.read_text(encoding="utf-8")))
    unknown = [t for t in targets if not owners(services, t[0], t[1])]
    print(f"{len(targets) - len(unknown)} of {len(targets)} targets; not:", unknown)
    assert len(targets) > 100
    assert len(unknown) <= (1 - WANTED) * len(targets)


def test_services():
    services = load("services")
    assert len(services) >= 90
    assert {s["kind"] for s in services} == KINDS
    wanted = [
        ("cname", "mailgun.org", "mailgun"),
        ("cname", "sendgrid.net", "sendgrid"),
        ("cname", "u1234.wl.sendgrid.net", "sendgrid"),
        ("cname", "pm.mtasv.net", "postmark"),
        ("cname", "tracking.brevo.com", "brevo"),
        ("cname", "e.customeriomail.com", "customer-io"),
        ("cname", "e-eu.customeriomail.com", "customer-io"),
        ("cname", "acme.github.io", "github-pages"),
        ("spf", "_spf.google.com", "google-workspace"),
        ("spf", "spf.protection.outlook.com", "microsoft-365"),
        ("spf", "amazonses.com", "amazon-ses"),
        ("mx", "aspmx.l.google.com", "google-workspace"),
        ("mx", "acme-example.mail.protection.outlook.com", "microsoft-365"),
        ("mx", "feedback-smtp.eu-west-1.amazonses.com", "amazon-ses"),
        ("dmarc", "dmarc.postmarkapp.com", "postmark-dmarc"),
    ]
    assert [w for w in wanted if owners(services, w[0], w[1]) != [w[2]]] == []
    for member in ("cname", "spf", "mx", "dmarc"):
        assert owners(services, member, "mail.acme.example") == []
    selectors = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
    for service in services:
        assert any(service[m] for m in ("cname", "spf", "mx", "dmarc")), service["id"]
        assert [s for s in service["selectors"] if not selectors.fullmatch(s)] == []


def test_no_two_services_share_a_glob():
    services = load("services")
    shared = []
    for service in services:
        for member in ("cname", "spf", "mx", "dmarc"):
            for pattern in service[member]:
                found = owners(services, member, pattern.replace("*", "x7"))
                if found != [service["id"]]:
                    shared.append((member, pattern, found))
    assert shared == []


def test_networks():
    networks = load("networks")
    ranges = [(n["id"], ipaddress.ip_network(r)) for n in networks for r in n["ranges"]]
    assert {r.version for i, r in ranges if i == "cloudflare"} == {4, 6}
    assert len([r for i, r in ranges if i == "cloudflare"]) == 22
    for i, one in ranges:
        assert one.is_global, one
        for j, other in ranges:
            same_family = one.version == other.version
            assert i == j or not same_family or not one.overlaps(other), (one, other)


def test_hsts_preload():
    """Canonical names, each once, none beneath another, and whoever reads it knows whence."""
    lines = (TREE / "data" / "hsts_preload.txt").read_text().splitlines()
    names = [line for line in lines if not line.startswith("#")]
    assert names == sorted(set(names)) and len(names) > 50
    assert {"app", "dev", "page", "new", "bank", "zip"} < set(names)
    for name in names:
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", name)
        assert not any(name.endswith("." + other) for other in names)
    assert "transport_security_state_static.json" in "".join(lines)


BROWSERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.4 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; CUBOT_X30) AppleWebKit/537.36 Chrome/120 Mobile Safari/537",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/450.0]",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; ms-office; Microsoft Outlook 16.0)",
    "Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18",
]


def test_agents():
    """Each piece can be found, tells no browser a machine, and belongs to one row."""
    agents = load("agents")
    assert len({a["id"] for a in agents}) == len(agents) > 80
    before = []
    for agent in agents:
        assert set(agent) in ({"id", "name", "kind", "contains"}, {"id", "name", "kind", "is"})
        assert re.fullmatch("[a-z0-9_]+", agent["id"]) and agent["name"]
        assert agent["kind"] in {"scanner", "preview", "crawler", "tool", "monitor", "proxy",
                                 "relay"}
        for piece in agent.get("contains", []):
            assert len(piece) >= 4, piece
            assert [b for b in BROWSERS if piece.lower() in b.lower()] == [], piece
            assert [p for p in before if p in piece.lower()] == [], piece
            before.append(piece.lower())

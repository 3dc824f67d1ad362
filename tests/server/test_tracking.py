"""Tracking domains in the lab: real DNS, real edges on ports 80 and 443, web sites and a
CDN that can misbehave (S0-20…26, S1-22…33, S2-7…25, S4-6…18)."""

import http.client
import json
import os
import subprocess

import pytest

import tracking
import world
from authority import Authority
from server import SIGNET, host, until
from test_life import publish


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def options(authority):
    return {**tracking.edge_options(authority.directory),
            "tracking.blocklists": "bl.dns.test", "probe.timeout": "2s"}


def proven(lab, server, name):
    """A sending domain that is verified."""
    server.register(lab, name)
    publish(lab, server, name)
    document = server.verify(name)
    assert document["status"] == "verified", document
    return zone_of(server, name)


def zone_of(server, name):
    return "".join(line + "\n" for line in server.zone(name).splitlines() if "\t" in line)


def add(server, name, domain, **more):
    return server.api.ok("POST", "/v1/tracking-domains",
                         {"name": name, "domain": domain, **more})


def get(server, document):
    return server.api.ok("GET", f"/v1/tracking-domains/{document['id']}")


def verify(server, document):
    server.shift(61)
    return server.api.ok(
        "POST", f"/v1/tracking-domains/{document['id']}/verify?wait=30s")


def codes(document):
    return [d["code"] for d in document["diagnosis"]]


def checks(document):
    return {c["code"]: c["light"] for c in document["checks"]}


def events(server, name):
    return [e["type"] for e in server.api.ok("GET", "/v1/events?limit=200&order=newest")
            ["data"] if e["data"].get("name") == name][::-1]


def test_from_waiting_to_reached(lab, server):
    """S1-24, S1-25, S1-26: waits for its domain, then its record, then opens by HTTP."""
    server.register(lab, "wait.example")
    link = add(server, "click.wait.example", "wait.example", http_allowed=True)
    assert link["status"] == "waiting" and "wait.example" in link["reason"]
    assert link["record"]["value"] == "edge.us.mail.example"
    assert link["record"]["host"] == "click"
    assert link["link"]["reason"] == "domain_not_verified"
    publish(lab, server, "wait.example")
    assert server.verify("wait.example")["status"] == "verified"
    link = until(lambda: (d := get(server, link))["checked_at"] and d, "a first look")
    assert link["status"] == "pending" and "record.missing" in codes(link), link
    host(lab, "wait.example", world.WEB_SITE + zone_of(server, "wait.example") +
         "click CNAME edge.us.mail.example.\n")
    link = verify(server, link)
    assert link["status"] == "verified", link
    assert link["http"] == "green" and link["https"] == "red", link["checks"]
    assert link["link"] == {"scheme": "http", "host": "click.wait.example", "own": True,
                            "reason": "http_allowed", "detail": link["link"]["detail"]}
    assert sorted(link["addresses"]) == ["192.0.2.80", "2001:db8::80"]
    assert events(server, "click.wait.example")[-3:] == [
        "tracking.pending", "tracking.verified", "tracking.http"]
    # S2-11: without leave, links by HTTP are not made.
    link = server.api.ok("PATCH", f"/v1/tracking-domains/{link['id']}",
                         {"http_allowed": False})
    assert link["link"]["own"] is False and link["link"]["reason"] == "https_red"
    # The tracking host that came with the domain is one of these.
    hosts = server.api.ok("GET", "/v1/tracking-domains?domain=wait.example")["data"]
    assert [h["name"] for h in hosts] == ["track.wait.example", "click.wait.example"]


def test_refused_at_once(lab, server):
    """S2-17, S2-18, S2-19, S4-15: with a pointer and the reason."""
    proven(lab, server, "no.example")
    for body, pointer, word in [
            ({"name": "no.example"}, "/name", "root"),
            ({"name": "example"}, "/name", "register"),
            ({"name": "192.0.2.1"}, "/name", "address"),
            ({"name": "edge.us.mail.example"}, "/name", "platform"),
            ({"name": "x.no.example", "domain": "nothing.example"}, "/domain", "add it"),
            ({"name": "x.no.example", "region": "mars"}, "/region", "region"),
            ({"name": server.domain("no.example")["records"][1]["name"]}, "/name",
             "purpose")]:
        reply = server.api.post("/v1/tracking-domains", {"domain": "no.example", **body})
        assert reply.status == 422 and pointer in reply.pointers, (body, reply)
        assert word in reply.body.decode(), (body, reply)
    reply = server.api.post("/v1/tracking-domains",
                            {"name": "track.no.example", "domain": "no.example"})
    assert reply.status == 409
    other = add(server, "links.elsewhere.example", "no.example")
    assert [a["code"] for a in other["advice"]] == ["tracking.other_organization"]
    for change in ({"assetlinks": "{}"}, {"assetlinks": "nonsense"},
                   {"apple_app_site_association": "[]"}):
        reply = server.api.patch(f"/v1/tracking-domains/{other['id']}", change)
        assert reply.status == 422 and reply.pointers == ["/" + next(iter(change))]
    changed = server.api.ok("PATCH", f"/v1/tracking-domains/{other['id']}",
                            {"assetlinks": "[]", "apple_app_site_association": "{}"})
    assert changed["assetlinks"] == "[]"


@pytest.mark.parametrize("records, status, code", [
    ("go MX 10 mx.use.example.\n", "in_use", "name.in_use"),             # S2-17
    ("go A 198.51.100.10\n", "in_use", "name.in_use"),
    ("go A 104.16.1.1\n", "pending", "cname.proxied"),                   # S2-21, S0-26
    ("go CNAME sendgrid.net.\n", "pending", "cname.dangling"),           # S2-22, S2-7
    ("go CNAME gone.mail.example.\n", "pending", "cname.dangling"),
    ("go.use.example CNAME edge.us.mail.example.\n", "pending",
     "name.zone_appended_twice"),                                        # S2-10
    ("go A 192.0.2.80\ngo AAAA 2001:db8::80\n", "verified", "cname.flattened"),
])
def test_what_stands_there_instead(lab, server, records, status, code):
    if not any(d["domain"] == "use.example"
               for d in server.api.ok("GET", "/v1/domains?limit=200")["data"]):
        proven(lab, server, "use.example")
    zone = world.WEB_SITE + zone_of(server, "use.example")
    host(lab, "use.example", zone + records)
    link = add(server, "go.use.example", "use.example")
    link = verify(server, link)
    assert link["status"] == status and code in codes(link), link
    assert all(d["fix"] or d["severity"] == "advice" for d in link["diagnosis"])
    assert (link["http"] == "green") == (status == "verified")
    assert server.api.delete(f"/v1/tracking-domains/{link['id']}").status == 204
    assert get(server, link)["retired_at"]


def test_a_web_server_where_nothing_should_be(lab, server):
    """S2-17: found by asking it."""
    zone = proven(lab, server, "site.example")
    host(lab, "site.example", world.WEB_SITE + zone + f"shop A {tracking.SITE}\n")
    with tracking.Site(tracking.SITE):
        link = verify(server, add(server, "shop.site.example", "site.example"))
    assert link["status"] == "in_use" and "web server" in link["reason"], link
    assert "name.in_use" in codes(link)


def test_faults_demote_nothing_and_dangling_does(lab, server):
    zone = proven(lab, server, "dang.example")
    base = world.WEB_SITE + zone
    host(lab, "dang.example", base + "go CNAME edge.us.mail.example.\n")
    link = verify(server, add(server, "go.dang.example", "dang.example"))
    assert link["status"] == "verified" and link["http"] == "green"
    for fault in ("servfail", "drop"):
        lab.fault("generic", fault, zone="dang.example")
        link = verify(server, link)
        assert link["status"] == "verified" and link["http"] == "green", link
    lab.clear_faults()
    host(lab, "dang.example", base + "go CNAME gone.mail.example.\n")
    link = verify(server, link)
    assert link["status"] == "lost" and link["dangling"] is True, link
    assert link["http"] == "red"
    assert link["link"]["reason"] == "dangling" and not link["link"]["own"]
    assert events(server, "go.dang.example")[-3:] == [
        "tracking.lost", "tracking.dangling", "tracking.http_lost"]
    host(lab, "dang.example", base + "go CNAME edge.us.mail.example.\n")
    link = verify(server, link)
    assert link["status"] == "verified" and link["http"] == "green"


def test_hsts_makes_http_red(lab, server, authority):
    """S1-27, S1-33: a policy of the domain above it includes the tracking name."""
    zone = proven(lab, server, "strict.example")
    base = zone + f"@ A {tracking.SITE}\nwww A {tracking.SITE}\n"
    host(lab, "strict.example", base + "go CNAME edge.us.mail.example.\n")
    link = add(server, "go.strict.example", "strict.example", http_allowed=True)
    with tracking.Site(tracking.SITE, authority.context("strict.example")) as site:
        link = verify(server, link)
        assert link["http"] == "green" and checks(link)["hsts"] == "green"
        site.hsts = "max-age=31536000"
        assert verify(server, link)["http"] == "green"
        site.hsts = "max-age=31536000; includeSubDomains"
        link = verify(server, link)
    assert link["http"] == "red" and checks(link)["hsts"] == "red", link["checks"]
    assert "strict.example" in link["reason"]
    assert link["link"]["reason"] == "http_red"
    assert "tracking.http_lost" in events(server, "go.strict.example")


def test_what_a_name_above_says_is_kept(lab, server, authority):
    """A site that is silent for an hour has taken no policy back; after a day it has."""
    zone = proven(lab, server, "kept.example")
    host(lab, "kept.example", zone + f"@ A {tracking.SITE}\ngo CNAME edge.us.mail.example.\n")
    link = add(server, "go.kept.example", "kept.example", http_allowed=True)
    with tracking.Site(tracking.SITE, authority.context("kept.example")) as site:
        site.hsts = "max-age=31536000; includeSubDomains"
        assert verify(server, link)["http"] == "red"
    host(lab, "kept.example",
         zone + f"@ AAAA {tracking.SILENT6}\ngo CNAME edge.us.mail.example.\n")
    with tracking.silent(tracking.SILENT6):
        server.shift(3600)
        link = verify(server, link)
        assert link["http"] == "red" and checks(link)["hsts"] == "red", link["checks"]
        server.shift(24 * 3600)
        assert verify(server, link)["http"] == "green"


def test_a_suffix_of_the_preload_list(lab, server, authority):
    """No policy is seen, and yet no browser opens HTTP there (RFC 6797 §12.3)."""
    zone = proven(lab, server, "acme.app")
    host(lab, "acme.app", world.WEB_SITE + zone +
         f"go CNAME edge.us.mail.example.\ncdn A {tracking.CDN}\n")
    link = verify(server, add(server, "go.acme.app", "acme.app", http_allowed=True))
    assert link["status"] == "verified" and link["http"] == "red", link
    assert checks(link)["http"] == "green" and checks(link)["hsts"] == "red"
    assert ".app" in link["reason"] and "preload" in link["reason"], link["reason"]
    assert link["link"]["reason"] == "http_red" and not link["link"]["own"]
    # HTTPS that works takes nothing away.
    link = add(server, "cdn.acme.app", "acme.app", mode="own_cdn")
    with tracking.Cdn(authority.context("cdn.acme.app")) as cdn:
        link = verify(server, link)
        assert link["http"] == link["https"] == "green", link["checks"]
        assert checks(link)["hsts"] == "green" and not link["reason"]
        cdn.faults = {"other_origin", "no_redirect"}
        link = verify(server, link)
        assert link["http"] == link["https"] == "red" and checks(link)["hsts"] == "red"


def test_block_lists(lab, server):
    """RFC 5782: the name, and its organization."""
    zone = proven(lab, server, "spam.example")
    host(lab, "spam.example", world.WEB_SITE + zone + "go CNAME edge.us.mail.example.\n")
    host(lab, "bl.dns.test", "@ A 192.0.2.1\n")
    link = verify(server, add(server, "go.spam.example", "spam.example"))
    assert link["listed"] is None
    host(lab, "bl.dns.test", "spam.example A 127.0.0.4\n")
    link = verify(server, link)
    assert link["listed"] == {"name": "spam.example", "zone": "bl.dns.test",
                              "answer": "127.0.0.4"}
    assert events(server, "go.spam.example").count("tracking.listed") == 1
    host(lab, "bl.dns.test", "@ A 192.0.2.1\n")
    assert verify(server, link)["listed"] is None
    assert events(server, "go.spam.example")[-1] == "tracking.unlisted"


def test_through_a_cdn(lab, server, authority):
    """S0-21, S0-22, S0-24: each thing that a CDN must do, with its own verdict."""
    zone = proven(lab, server, "cdn.example")
    host(lab, "cdn.example", world.WEB_SITE + zone + f"go A {tracking.CDN}\n")
    link = add(server, "go.cdn.example", "cdn.example", mode="own_cdn")
    assert link["record"]["value"] is None
    assert "edge.us.mail.example" in link["record"]["instruction"]
    with tracking.Cdn(authority.context("go.cdn.example")) as cdn:
        link = verify(server, link)
        assert set(checks(link).values()) == {"green"}, link["checks"]
        assert link["https"] == "green" and link["certificate"]["valid"]
        assert link["link"]["scheme"] == "https" and link["link"]["own"]
        for fault, check, works in [("drops_host", "forwards_host", False),
                                    ("caches", "not_cached", False),
                                    ("no_redirect", "forces_https", True),
                                    ("other_origin", "https", False)]:
            cdn.faults, cdn.cache = {fault}, {}
            link = verify(server, link)
            red = [c for c in link["checks"] if c["light"] == "red"]
            assert [c["code"] for c in red] == [check], (fault, link["checks"])
            assert red[0]["fix"]
            assert (link["https"] == "green") == works, fault
        cdn.faults = set()
        assert verify(server, link)["https"] == "green"
    with tracking.Cdn(authority.context("other.example")):
        link = verify(server, link)
        assert checks(link)["certificate"] == "red" and link["https"] == "red"
        assert "other names" in link["certificate"]["problem"]
    host(lab, "cdn.example", world.WEB_SITE + zone + "go CNAME d1.gone.test.\n")
    link = verify(server, link)
    assert link["dangling"] and link["status"] == "lost", link


def test_every_address_is_tried(lab, server, authority):
    """What one recipient gets is not what another gets: an address that refuses, one that is
    silent, one of several, with its name; none of them takes the light."""
    zone = proven(lab, server, "many.example")
    link = add(server, "go.many.example", "many.example", mode="own_cdn")
    waits = "Recipients with IPv6 wait for it before they try IPv4"
    one = "Recipients who try it first wait"
    cdn, cdn6 = tracking.CDN, tracking.CDN6

    def look(*addresses):
        host(lab, "many.example", world.WEB_SITE + zone + "".join(
            f"go {'AAAA' if ':' in a else 'A'} {a}\n" for a in addresses))
        found = verify(server, link)
        assert sorted(found["addresses"]) == sorted(addresses), found
        return found, {c["code"]: c for c in found["checks"]}

    context = authority.context("go.many.example")
    with tracking.Cdn(context), tracking.Cdn(context, cdn6), \
            tracking.silent(tracking.SILENT6):
        found, check = look(cdn, cdn6)
        assert set(checks(found).values()) == {"green"} and "addresses" in check, found
        found, check = look(cdn6)
        assert found["https"] == "green" and "addresses" not in check, found["checks"]
        for addresses, bad, why, whom in [
                ((cdn, tracking.EMPTY6), tracking.EMPTY6, "the connection is refused", waits),
                ((cdn, tracking.SILENT6), tracking.SILENT6, "no answer in time", waits),
                ((cdn, cdn6, tracking.SILENT6), tracking.SILENT6, "no answer in time", one),
                ((cdn, tracking.EMPTY, cdn6), tracking.EMPTY, "the connection is refused",
                 one),
                ((tracking.EMPTY, cdn6), tracking.EMPTY, "the connection is refused",
                 "Recipients without IPv6 cannot open links.")]:
            found, check = look(*addresses)
            assert found["https"] == "green" and found["http"] == "green", found["checks"]
            assert check["addresses"]["light"] == "amber", found["checks"]
            said = f"{bad} does not answer on ports 80 and 443 ({why}). {whom}"
            assert said in check["addresses"]["message"], check["addresses"]
            assert check["addresses"]["fix"] and found["reason"].startswith(bad)
            assert found["link"]["scheme"] == "https" and found["link"]["own"]
        text = subprocess.run([SIGNET, "tracking", "show", "go.many.example"], text=True,
                              capture_output=True, check=True, timeout=60, env={
                                  **os.environ, "SIGNET_DATA_DIR": str(server.data)}).stdout
        assert "! addresses " in text and "To do" in text and "(addresses)" in text, text
        # This network has no way there: nothing is concluded, but said.
        found, check = look(cdn, tracking.UNROUTED6)
        assert found["https"] == "green" and check["addresses"]["light"] == "unknown"
        assert tracking.UNROUTED6 in check["addresses"]["message"] and not found["reason"]
        found, check = look(tracking.UNROUTED6)
        assert found["https"] == "green", "what cannot be judged changes nothing"
        assert check["https"]["light"] == "unknown"
        found, check = look(tracking.EMPTY, tracking.EMPTY6)
        assert found["https"] == "red" and "addresses" not in check, found["checks"]


def test_the_operators_own_host(lab, server):
    hosts = server.api.ok("GET", "/v1/tracking-domains?limit=200")["data"]
    own = {h["name"]: h for h in hosts if h["mode"] == "operator"}
    assert set(own) == {"edge.us.mail.example", "edge.eu.mail.example"}
    us = until(lambda: (d := get(server, own["edge.us.mail.example"]))["checked_at"] and d,
               "a look")
    assert us["status"] == "verified" and us["http"] == "green", us
    assert server.api.delete(f"/v1/tracking-domains/{us['id']}").status == 409


def test_limited_to_one_look_a_minute(lab, server):
    proven(lab, server, "pace.example")
    link = add(server, "go.pace.example", "pace.example")
    path = f"/v1/tracking-domains/{link['id']}/verify"
    assert server.api.post(path).status == 202
    reply = server.api.post(path)
    assert reply.status == 429 and int(reply.headers["Retry-After"]) <= 60
    server.shift(61)
    assert server.api.post(path + "?wait=30s").status == 200


def test_looks_by_itself(lab, server):
    """Nobody asks: the record appears, and it is found (1, 2, 5 … minutes)."""
    zone = proven(lab, server, "self.example")
    host(lab, "self.example", world.WEB_SITE + zone)
    link = add(server, "go.self.example", "self.example")
    until(lambda: get(server, link)["checked_at"], "a first look")
    host(lab, "self.example", world.WEB_SITE + zone + "go CNAME edge.us.mail.example.\n")
    server.shift(61)
    until(lambda: get(server, link)["status"] == "verified", "a look by schedule")


def test_what_apps_ask_for(lab, server):
    """S1-29: the edges serve the files of each host, at once, and after a restart of theirs;
    also of a host that is retired."""
    proven(lab, server, "apps.example")
    text = '{"applinks":{"details":[]}}'
    path = "/.well-known/apple-app-site-association"

    def served(name):
        connection = http.client.HTTPConnection(tracking.EDGE, 80, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": name})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return None
        finally:
            connection.close()

    link = add(server, "go.apps.example", "apps.example")
    server.api.ok("PATCH", f"/v1/tracking-domains/{link['id']}",
                  {"apple_app_site_association": text})
    until(lambda: served("go.apps.example") == (200, text), "the edge to know")
    assert served("track.apps.example")[0] == 404
    assert server.api.delete(f"/v1/tracking-domains/{link['id']}").status == 204
    server.kill("edge")
    until(lambda: served("go.apps.example") == (200, text), "the new edge to know")


def test_by_the_command_line(lab, server):
    """S1-24, S2-24: add, see what to type, publish, verify, retire."""
    def signet(*args, status=0):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SIGNET_")}
        done = subprocess.run([SIGNET, "tracking", *args], capture_output=True, text=True,
                              timeout=60, check=False,
                              env={**env, "SIGNET_DATA_DIR": str(server.data)})
        assert done.returncode == status, (args, done.stdout, done.stderr)
        return done.stdout + done.stderr

    zone = proven(lab, server, "typed.example")
    assert "--domain is needed" in signet("add", "go.typed.example", status=64)
    text = signet("add", "go.typed.example", "--domain", "typed.example")
    assert 'enter "go"' in text and "edge.us.mail.example" in text, text
    server.shift(61)
    text = signet("verify", "go.typed.example", status=1)
    assert "status pending" in text and "To do" in text, text
    host(lab, "typed.example", world.WEB_SITE + zone + "go CNAME edge.us.mail.example.\n")
    server.shift(61)
    text = signet("verify", "go.typed.example")
    assert "+ http " in text and "x https " in text, text
    assert "new links stay as they are" in text or "new links begin" in text
    table = signet("list", "--domain", "typed.example")
    assert "go.typed.example" in table and "verified" in table and "green" in table
    assert json.loads(signet("show", "go.typed.example", "--json"))["http"] == "green"
    signet("rm", "go.typed.example")
    assert "tracking domain" in signet("show", "go.typed.example", status=64)

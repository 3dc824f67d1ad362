"""`signet profile`: the contract of the command line, judged by independent tools.

Run with python3 -m pytest; SIGNET names the binary, else build/src/cli/signet is taken.
"""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIGNET = os.environ.get("SIGNET", str(ROOT / "build/src/cli/signet"))
KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A" + "Ab+/9" * 72 + "IDAQAB"
KEY2 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
SETTINGS = {
    "label": "sg42", "dkim_key": KEY, "mx1": "mx1.mail.example",
    "mx2": "mx2.mail.example", "spf": "include:_spf.mail.example",
    "track_target": "track.mail.example", "verify_token": "sgv1",
    "verify_target": "verify.mail.example", "bounce_target": "bounce.mail.example",
    "dkim_target1": "k1.mail.example", "dkim_target2": "k2.mail.example",
}
PROFILES = ["brevo", "customerio", "delegated", "mailgun", "mailtrap", "postmark",
            "sendgrid", "ses", "standard", "userpilot"]
FORMATS = ["json", "zone", "table", "markdown"]


def signet(*args, settings=None, status=0):
    """Standard output, or standard error where a failure is expected."""
    sets = [f"--set={name}={value}" for name, value in (settings or {}).items()]
    run = subprocess.run([SIGNET, *args, *sets], capture_output=True, timeout=5,
                         check=False)
    assert run.returncode == status, run.stderr
    if status:
        assert run.stdout == b""
        text = run.stderr.decode()
        assert text.startswith("signet: ") and text.count("\n") == 1
        return text
    assert run.stderr == b""
    return run.stdout.decode()


def render(profile, domain="acme.example", *args, settings=None, status=0):
    settings = SETTINGS if settings is None else settings
    return signet("profile", "render", profile, domain, *args, settings=settings,
                  status=status)


def records(profile, *args, settings=None):
    return json.loads(render(profile, "acme.example", "--json", *args,
                             settings=settings))


def row(purpose, kind, host, value, match, priority=None, required=True):
    return {"purpose": purpose, "type": kind, "name": host + ".acme.example",
            "host": host, "value": value, "priority": priority, "ttl": 3600,
            "required": required, "match": match}


SAME = "cname_or_same_address"
DMARC = row("dmarc", "TXT", "_dmarc", "v=DMARC1; p=none", "dmarc_policy",
            required=False)


def by_name(rows):
    return sorted(rows, key=lambda r: (r["name"], r["type"], r["value"]))


def test_standard_is_as_the_contract_says():
    """S1-2, S1-10: everything in the label, two MX, one SPF, one DKIM."""
    assert by_name(records("standard")) == by_name([
        row("dkim", "TXT", "s1._domainkey.sg42", f"v=DKIM1; k=rsa; p={KEY}", "dkim_key"),
        row("spf", "TXT", "sg42", "v=spf1 include:_spf.mail.example -all",
            "spf_authorizes"),
        row("return_path", "MX", "sg42", "mx1.mail.example", "mx_set", 10),
        row("return_path", "MX", "sg42", "mx2.mail.example", "mx_set", 10),
        row("tracking", "CNAME", "track", "track.mail.example", SAME),
        DMARC,
    ])


def test_delegated_is_as_the_contract_says():
    """S3-3: CNAMEs for verification, two keys and tracking, and DMARC."""
    assert by_name(records("delegated")) == by_name([
        row("ownership", "CNAME", "sgv1", "verify.mail.example", SAME),
        row("dkim", "CNAME", "s1._domainkey", "k1.mail.example", SAME),
        row("dkim", "CNAME", "s2._domainkey", "k2.mail.example", SAME),
        row("return_path", "CNAME", "bounce", "bounce.mail.example", SAME),
        row("tracking", "CNAME", "track", "track.mail.example", SAME),
        DMARC,
    ])


def test_members_stand_in_the_order_of_the_contract():
    assert list(records("standard")[0]) == [
        "purpose", "type", "name", "host", "value", "priority", "ttl", "required",
        "match"]


def test_json_is_one_line_and_the_format_is_the_same():
    text = render("standard", "acme.example", "--json")
    assert text.count("\n") == 1
    assert text == render("standard", "acme.example", "--format", "json")


def test_the_second_key_and_the_account_number():
    settings = {**SETTINGS, "dkim_key2": KEY2, "account": "77"}
    del settings["label"]
    rows = records("standard", settings=settings)
    assert [r["host"] for r in rows if r["purpose"] == "dkim"] == [
        "s1._domainkey.sg77", "s2._domainkey.sg77"]
    assert rows[1]["value"] == f"v=DKIM1; k=ed25519; p={KEY2}"


@pytest.mark.parametrize("profile,settings,target", [
    ("mailgun", {}, "mailgun.org"),                                     # S2-7
    ("mailgun", {"region": "eu"}, "eu.mailgun.org"),
    ("sendgrid", {}, "sendgrid.net"),                                   # S2-7
    ("postmark", {}, "pm.mtasv.net"),                                   # S2-7
    ("brevo", {}, "tracking.brevo.com"),                                # S2-7
    ("ses", {}, "r.us-west-2.awstrack.me"),                             # S0-21
    ("ses", {"track_target": "d1.cloudfront.net"}, "d1.cloudfront.net"),  # S2-7
    ("customerio", {}, "e.customeriomail.com"),                         # S1-22
    ("customerio", {"region": "eu"}, "e-eu.customeriomail.com"),        # S1-22
    ("mailtrap", {"verify_token": "t1"}, "t.mailtrap.live"),            # S3-37
])
def test_tracking_targets(profile, settings, target):
    if profile == "customerio":
        settings = {**SETTINGS, **settings, "account": "1"}
        del settings["track_target"]
    rows = [r for r in records(profile, settings=settings)
            if r["purpose"] == "tracking"]
    assert [(r["type"], r["value"]) for r in rows] == [("CNAME", target)]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("form", FORMATS)
def test_every_profile_renders(profile, form):
    text = render(profile, "acme.example", "--format", form)
    assert "track" in text and text.endswith("\n")


@pytest.mark.parametrize("profile", PROFILES)
def test_name_servers_take_the_zone_text(profile, tmp_path):
    """NSD and ldns read it, and the records are the ones of the JSON form."""
    zone = tmp_path / "zone"
    zone.write_text("$ORIGIN acme.example.\n"
                    "@ 3600 IN SOA ns.acme.example. host.acme.example. 1 2 3 4 5\n"
                    "@ 3600 IN NS ns.acme.example.\nns 3600 IN A 192.0.2.1\n"
                    + render(profile, "acme.example", "--format", "zone"))
    subprocess.run(["/usr/sbin/nsd-checkzone", "acme.example", zone], check=True,
                   capture_output=True)
    read = subprocess.run(["ldns-read-zone", zone], check=True, capture_output=True,
                          text=True).stdout
    found = set()
    for line in read.splitlines():
        name, _, _, kind, data = line.split(maxsplit=4)
        if kind == "TXT":
            data = data[1:-1].replace('" "', "")
        found.add((name, kind, data))
    for r in records(profile):
        data = r["value"] if r["type"] == "TXT" else r["value"] + "."
        if r["type"] == "MX":
            data = f"{r['priority']} {data}"
        assert (r["name"] + ".", r["type"], data) in found


@pytest.mark.parametrize("provider,zone,host", [
    (None, None, "s1._domainkey.sg42"),
    ("godaddy", None, "s1._domainkey.sg42"),                            # S1-42
    ("GoDaddy", "example", "s1._domainkey.sg42.acme"),
    ("cloudflare", "acme.example", "s1._domainkey.sg42"),
])
def test_the_host_is_in_the_panels_form(provider, zone, host):
    args = (["--provider", provider] if provider else []) + (
        ["--zone", zone] if zone else [])
    assert records("standard", *args)[0]["host"] == host


def test_every_provider_gets_a_table():
    providers = json.loads(signet("provider", "list", "--json"))
    assert len(providers) > 20
    for provider in providers:
        text = render("standard", "acme.example", "--provider", provider["id"])
        assert provider["name"] in text and "sg42" in text
        assert provider["name"] in signet("provider", "show", provider["id"])


def test_a_table_in_the_words_of_route_53():
    """S1-49: two MX of one name are one record with two lines."""
    text = render("standard", "acme.example", "--provider", "route53")
    lines = [line.split() for line in text.splitlines()]
    first = next(i for i, words in enumerate(lines) if "mx1.mail.example." in words)
    assert lines[first][-2:] == ["10", "mx1.mail.example."]
    assert lines[first + 1] == ["10", "mx2.mail.example."]
    assert '"v=spf1 include:_spf.mail.example -all"' in text


def test_wix_takes_no_mx_below_the_domain():
    """S1-48"""
    text = " ".join(render("standard", "acme.example", "--provider", "wix").split())
    assert 'Wix takes MX records only for the domain itself, not for "sg42".' in text


def test_names_with_umlauts_become_a_labels():
    rows = json.loads(render("standard", "Bücher.Example.", "--json"))
    assert rows[-1]["name"] == "_dmarc.xn--bcher-kva.example"


def test_lists_and_shows():
    assert [line.split()[0] for line in signet("profile", "list").splitlines()] == PROFILES
    assert [p["id"] for p in json.loads(signet("profile", "list", "--json"))] == PROFILES
    for profile in PROFILES:
        assert json.loads(signet("profile", "show", profile, "--json"))["id"] == profile
        assert "{track_host}.{domain}" in signet("profile", "show", profile)


def test_a_profile_from_a_file(tmp_path):
    path = tmp_path / "mine.json"
    path.write_bytes((ROOT / "data/profiles/standard.json").read_bytes())
    assert records(str(path)) == records("standard")


RECORD = {"purpose": "tracking", "type": "CNAME", "name": "t.{domain}",
          "value": "t.mail.example", "ttl": 3600, "required": True, "match": "exact"}
PROFILE = {"id": "mine", "name": "Mine", "summary": "One record", "variables": [],
           "records": [RECORD]}


@pytest.mark.parametrize("text,why", [
    ("", "mine.json: line 1, column 0: "),
    ("{", "mine.json: line 1, column 1: "),
    ("\xff", "mine.json: line 1, column "),
    ("[]", "mine.json: $: must be an object"),
    (json.dumps({**PROFILE, "records": [RECORD, RECORD, {**RECORD, "type": "TXX"}]}),
     'mine.json: $.records[2].type: unknown type "TXX"'),
    (json.dumps({**PROFILE, "records": [{**RECORD, "ttl": 5}]}),
     "mine.json: $.records[0].ttl: must be from 30 to 604800"),
    (json.dumps({**PROFILE, "records": [{**RECORD, "value": "{nobody}"}]}),
     "mine.json: $.records[0].value: unknown variable {nobody}"),
    (json.dumps({**PROFILE, "records": [{**RECORD, "name": "t.example"}]}),
     "mine.json: $.records[0].name: must be {domain} or end with .{domain}"),
    (json.dumps({**PROFILE, "records": [RECORD] * 33}),
     "mine.json: $.records: must have from 1 to 32 elements, not 33"),
    (json.dumps({**PROFILE, "surprise": 1}), "mine.json: $.surprise: unknown member"),
    ("[" * 100000, "mine.json: line 1, column "),
    (" " * 300000, "mine.json: larger than 262144 bytes"),
], ids=range(12))
def test_a_malformed_profile_is_explained(tmp_path, text, why):
    path = tmp_path / "mine.json"
    path.write_bytes(text.encode("latin-1"))
    assert why in signet("profile", "show", str(path), status=65)
    assert why in render(str(path), status=65)


@pytest.mark.parametrize("args,settings,why", [
    (["none", "acme.example"], {}, 'unknown profile "none", known are brevo, '),
    (["../data/none", "acme.example"], {}, None),
    (["standard"], {}, "missing argument"),
    (["standard", "acme.example", "more"], {}, "too many arguments"),
    (["standard", "acme.example"], {"dkim_key": ""}, '"dkim_key" is not set'),
    (["standard", "acme.example"], {"label": ""}, '"label" is not set'),
    (["standard", "acme.example"], {"colour": "red"},
     "--set colour: profile standard has no such variable; it has account, label"),
    (["standard", "acme.example", "--set", "x"], {}, "--set x: must be name=value"),
    (["standard", "acme.example", "--set", "mx1=a.example"], {}, "mx1: given twice"),
    (["standard", "a" * 300 + ".example"], {}, "domain"),
    (["standard", ".".join(["a" * 60] * 5)], {}, "domain"),
    (["standard", ".".join(["a" * 60] * 4)], {}, "name"),
    (["standard", "a..b"], {}, "domain"),
    (["standard", ""], {}, "domain"),
    (["standard", "acme.example", "--format", "yaml"], {}, "--format"),
    (["standard", "acme.example", "--json", "--format", "zone"], {}, "not both"),
    (["standard", "acme.example", "--provider", "nobody"], {},
     'unknown DNS provider "nobody"'),
    (["standard", "acme.example", "--zone", "other.example"], {}, "--zone"),
    (["standard", "acme.example"], {"mx1": "http://mx.example/x"}, "--set mx1: "),
    (["standard", "acme.example"], {"mx1": "a" * 3000}, "--set mx1: longer than"),
    (["standard", "acme.example"], {"dkim_key": '"p=abc"'}, "--set dkim_key: "),
    (["standard", "acme.example"], {"track_host": "sg42"},
     "a CNAME cannot stand beside another record"),
    (["standard", "acme example"], {}, "domain"),
], ids=range(23))
def test_wrong_usage_is_explained(args, settings, why):
    status = 64 if why else 65
    text = signet("profile", "render", *args, settings={**SETTINGS, **settings},
                  status=status)
    assert (why or "No such file") in text


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - {"verify_token", "verify_target",
                                                         "bounce_target", "dkim_target1",
                                                         "dkim_target2"}))
def test_a_missing_variable_is_named(name):
    settings = {k: v for k, v in SETTINGS.items() if k != name}
    assert f'"{name}" is not set' in render("standard", settings=settings, status=64)

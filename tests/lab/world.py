"""What the lab's Internet contains: the zones, as text.

Zone text here has no SOA and no apex NS: the lab adds them from the delegation.
Names are relative to the zone.
"""

from servers import NSD, RESOLVERS

OPERATOR = "mail.example"
SIGNED = "signed.example"

DKIM_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqhzFo/ra6fsCSrrx0J+SImEvmod2tdyn"
    "pvBMpNytr4rqgh/B5ylwm7gDWxaAtQEYFOOxnl6PJvI7xCh7myU5QfDOIH4geYw1OFyRMvNMLPdf"
    "C5ERnjsTkI+qWMkhBBNKaug0fanFuFWjdxQa9VuYtFXfR0B6euHk0GT60O6z25psEcw2ONiA7AFX"
    "qR1pGzl+rLMqA147wvaq9kJmObXwN3b0yc91mfXTx34sNRCFrOxWV9VCvlcpW7FWc44Y0QLUGjTV"
    "K3f2Wsx0JphJRd3+TgPw2FHL1ewdQxMQPRzuZjBtQ4RlutOkeJVdan5ZlRUft65veuG9utdRHw+Y"
    "d8PlMQIDAQAB")

DKIM_KEY2 = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqzCPp7qIPs74pGpYwdt2o1G/zqXiaT9T"
    "jExag0wTz4zLTO1ta0mZqZvpcca4jedomZNMf6NqkwEKlL7oV4EhQteXFGTvOs8NBH02Dex+SN5/"
    "vRo6ISUl5BlKPvjHRKUypoHeTNKBwU06la6Q+ChUsjul6spQaW4GOIdjVyM28ZYliiSPVDv6mFVr"
    "vLtaYst6eJuD+MPRMo4vcrG9G7mHPwMTrT+OQyPC2wtUSlpeDEPXFa/tcKtm21iBuwkD7uJgBTRk"
    "6GclHzGca/Y97iZBTtMOIGhqlmifBoUHjyV0OSplprGYhiPGIuNFSYegCk7U0BfTsSrOCB+/04Py"
    "BBk2vQIDAQAB")

# What an account of the operator has in its profiles (`--set name=value`).
SETTINGS = {
    "label": "sg42",
    "selector": "s1",
    "selector2": "s2",
    "dkim_key": DKIM_KEY,
    "mx1": "mx1.mail.example",
    "mx2": "mx2.mail.example",
    "spf": "include:_spf.mail.example",
    "track_host": "track",
    "track_target": "edge.us.mail.example",
    "verify_token": "sg-verify-42",
    "verify_target": "verify.mail.example",
    "bounce_target": "bounce.mail.example",
    "dkim_target1": "s1.sg42.dkim.mail.example",
    "dkim_target2": "s2.sg42.dkim.mail.example",
    "dmarc_rua": "dmarc@mail.example",
    "region": "us",
}


def txt(value):
    """A TXT value as zone-file strings of at most 255 bytes."""
    value = value.replace("\\", "\\\\").replace('"', '\\"')
    parts = [value[at:at + 250] for at in range(0, len(value), 250)] or [""]
    return " ".join(f'"{part}"' for part in parts)


def dkim_record(key):
    return txt(f"v=DKIM1; k=rsa; p={key}")


def standard(**changes):
    """The records of the `standard` profile, all right, as text."""
    s = {**SETTINGS, **changes}
    label = s["label"]
    return f"""{label} MX 10 {s['mx1']}.
{label} MX 10 {s['mx2']}.
{label} TXT {txt("v=spf1 " + s['spf'] + " -all")}
{s['selector']}._domainkey.{label} TXT {dkim_record(s['dkim_key'])}
{s['track_host']} CNAME {s['track_target']}.
_dmarc TXT "v=DMARC1; p=none"
"""


def delegated(**changes):
    """The records of the `delegated` profile, all right, as text."""
    s = {**SETTINGS, **changes}
    return f"""{s['verify_token']} CNAME {s['verify_target']}.
{s['selector']}._domainkey CNAME {s['dkim_target1']}.
{s['selector2']}._domainkey CNAME {s['dkim_target2']}.
bounce CNAME {s['bounce_target']}.
{s['track_host']} CNAME {s['track_target']}.
_dmarc TXT "v=DMARC1; p=none; rua=mailto:{s['dmarc_rua']}"
"""


OPERATOR_ZONE = f"""@ A 192.0.2.1
@ MX 10 mx1
@ MX 10 mx2
@ TXT "v=spf1 include:_spf.mail.example -all"
_spf TXT "v=spf1 ip4:192.0.2.0/24 -all"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@mail.example"
*._report._dmarc TXT "v=DMARC1"
ns1 A {NSD["operator1"][0]}
ns2 A {NSD["operator2"][0]}
mx1 A 192.0.2.11
mx1 AAAA 2001:db8::11
mx2 A 192.0.2.12
mx2 AAAA 2001:db8::12
edge.us A 192.0.2.80
edge.us AAAA 2001:db8::80
edge.eu A 192.0.2.81
edge.eu AAAA 2001:db8::81
verify TXT "sg42"
verify A 192.0.2.80
bounce MX 10 mx1
bounce MX 10 mx2
bounce TXT "v=spf1 include:_spf.mail.example -all"
s1.sg42.dkim TXT {dkim_record(DKIM_KEY)}
s2.sg42.dkim TXT {dkim_record(DKIM_KEY2)}
"""

REVERSE_ZONE = """1 PTR mail.example.
11 PTR mx1.mail.example.
12 PTR mx2.mail.example.
80 PTR edge.us.mail.example.
81 PTR edge.eu.mail.example.
"""

# The customer typed the full name into a field that appends the zone, and forgot
# the second MX.
BROKEN_ZONE = f"""@ A 198.51.100.10
sg42 MX 10 mx1.mail.example.
sg42.broken.example TXT "v=spf1 include:_spf.mail.example -all"
s1._domainkey.sg42 TXT {dkim_record(DKIM_KEY)}
track CNAME edge.us.mail.example.
_dmarc TXT "v=DMARC1; p=none"
"""

WEB_SITE = "@ A 198.51.100.10\nwww A 198.51.100.10\n"

TLDS = ("example", "test", "shop", "app", "com", "org", "net", "in-addr.arpa")


def _host(server):
    """`ada.ns A 127.0.0.33` for a server whose NS name is in a zone of two labels."""
    address, name = NSD[server]
    return f"{name.rsplit('.', 2)[0]} A {address}\n"


def zones():
    """All (zone, servers, text) of the world, parents first."""
    yield ".", ["root"], f"a.root. A {NSD['root'][0]}\na.gtld. A {NSD['tld'][0]}\n"
    for tld in TLDS:
        yield tld, ["tld"], ""
    yield "dns.test", ["infra"], "".join(
        _host(name) for name in ("infra", "generic1", "generic2", "generic3")) + (
        f"fresh A {RESOLVERS['fresh']}\nstale A {RESOLVERS['stale']}\n")
    yield "domaincontrol.com", ["infra"], _host("godaddy1") + _host("godaddy2")
    yield "cloudflare.com", ["infra"], _host("cloudflare1") + _host("cloudflare2")
    yield "awsdns-01.org", ["infra"], _host("route53a")
    yield "awsdns-02.net", ["infra"], _host("route53b")
    yield OPERATOR, ["operator"], OPERATOR_ZONE
    yield "2.0.192.in-addr.arpa", ["operator"], REVERSE_ZONE
    yield "acme.example", ["godaddy"], WEB_SITE + standard()
    yield "broken.example", ["godaddy"], BROKEN_ZONE
    yield "linked.example", ["cloudflare"], WEB_SITE + delegated()
    yield "books.shop", ["route53"], WEB_SITE + standard()
    yield "plain.test", ["generic"], WEB_SITE + standard()
    yield SIGNED, ["generic"], WEB_SITE + standard() + '@ TXT "signed and true"\n'

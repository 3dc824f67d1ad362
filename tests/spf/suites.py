"""Reads the public SPF suites of tests/corpus/spf, and our own, into one shape.

A Case is one evaluation: a zone (by the key of its scenario), the arguments of `signet
spf`, the results that are right and, where the suite says one, the explanation.
"""

import dataclasses
import pathlib
import re

import yaml

CORPUS = pathlib.Path(__file__).resolve().parents[1] / "corpus" / "spf"
OPENSPF = [CORPUS / "rfc4408-tests.yml", CORPUS / "pyspf-tests-openspf.yml",
           pathlib.Path(__file__).with_name("rfc7208-cases.yml")]

# Words in our own suite that stand for something long.
LONG = {"LONGNAME": ".".join(["a" * 49] * 5), "LONG": "x" * 3000}

# Where a suite allows several results, the one that RFC 7208 wants, and why.
DISPUTED = {
    "txtonly": ("fail", "§3.1: TXT is the only type"),
    "spfonly": ("none", "§3.1: type 99 is not asked"),
    "spftimeout": ("fail", "§3.1: type 99 is not asked"),
    "txttimeout": ("temperror", "§4.4: the TXT question times out"),
    "nospftxttimeout": ("temperror", "§4.4: the TXT question times out"),
    "spfoverride": ("fail", "§3.1: the TXT record counts"),
    "multitxt1": ("permerror", "§4.5: two TXT records"),
    "multispf1": ("permerror", "§4.5: two records, though equal, when both arrive"),
    "multispf2": ("pass", "§3.1: the one TXT record counts"),
    "invalid-domain-empty-label": ("fail", "§4.8 leaves it open: no match"),
    "invalid-domain-long": ("fail", "§4.8 leaves it open: no match"),
    "invalid-domain-long-via-macro": ("fail", "§4.8 leaves it open: no match"),
    "exists-dnserr": ("temperror", "§5: a DNS error is temperror"),
    "cidr6-0-ip4": ("neutral", "§5: an IPv4 client is never matched by ip6"),
    "cidr6-ip4": ("neutral", "§5: an IPv4-mapped client is an IPv4 client"),
    "p-macro-multiple": ("pass", "§7.3: a name below the domain is preferred"),
    "mx-limit": ("permerror", "§4.6.4: more than 10 MX names"),
    "ptr-limit": ("neutral", "§4.6.4: names past the tenth, as served, are ignored"),
}

# Explanations compared without regard to case: the spelling of hexadecimal digits is
# free, RFC 7208 §7.4 writes small letters and the OpenSPF suite capital ones.
CASELESS = {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.5.d.a.0.8.0.0.0.2.5.0.f.5."
            "example.org"}


@dataclasses.dataclass
class Case:
    name: str
    zone: str
    ip: str
    helo: str
    mail_from: str
    results: list
    explanation: str = None
    has_timeouts: bool = False


def lengthen(text):
    for word, long in LONG.items():
        text = text.replace(word, long)
    return text


def to_bytes(text):
    """YAML's \\xNN are bytes; any other text is UTF-8."""
    text = lengthen(text)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def read_entry(entry):
    """One item of zonedata as (type, value)."""
    if isinstance(entry, str):
        return entry, None
    ((kind, value),) = entry.items()
    if kind in ("TXT", "SPF") and value != "NONE":
        strings = value if isinstance(value, list) else [value]
        return kind, [to_bytes(str(text)) for text in strings]
    return kind, value


def read_zone(zonedata):
    """SPF entries stand for TXT too, unless the name says something about TXT."""
    zone = {}
    for name, entries in zonedata.items():
        read = [read_entry(entry) for entry in entries]
        if not any(kind == "TXT" for kind, _ in read):
            read += [("TXT", value) for kind, value in read if kind == "SPF"]
        zone[name] = [(kind, value) for kind, value in read if value != "NONE"]
    return zone


def openspf(zones):
    for path in OPENSPF:
        suite = path.name
        documents = yaml.safe_load_all(path.read_text())
        for number, scenario in enumerate(filter(None, documents)):
            zone = f"{suite}:{number}"
            zones[zone] = read_zone(scenario["zonedata"])
            slow = any(kind == "TIMEOUT" for entries in zones[zone].values()
                       for kind, _ in entries)
            for name, test in scenario["tests"].items():
                results = test["result"]
                results = results if isinstance(results, list) else [results]
                if len(results) > 1:
                    assert DISPUTED[name][0] in results
                    results = [DISPUTED[name][0]]
                explanation = test.get("explanation")
                yield Case(f"{suite}:{name}", zone, test["host"], test["helo"],
                           lengthen(test["mailfrom"]), results,
                           "" if explanation == "DEFAULT" else explanation, slow)


class Appendix:
    """RFC 7208 appendix A, line by line: a test inherits the records at the top and the
    sender of the first item, and may replace records."""

    FILE = "stalwart-rfc7208-appendix-examples.yml"

    def __init__(self, zones):
        self.zones = zones
        self.base, self.own = {}, {}
        self.sender = self.helo = self.item_sender = self.item_helo = None
        self.ip = self.test = None
        self.in_tests = False

    def add(self, kind, value):
        name, _, rest = value.partition(" ")
        into = self.own if self.in_tests else self.base
        if kind == "spf":
            into[name, "TXT"] = [[rest.encode()]]
        elif kind == "a":
            into[name, "A"] = rest.split(", ")
        elif kind == "ptr":
            reverse = ".".join(reversed(name.split("."))) + ".in-addr.arpa"
            into[reverse, "PTR"] = [rest]
        else:
            hosts = [f"mx{i}-{name}" for i, _ in enumerate(rest.split(", "))]
            into[name, "MX"] = [(10, host) for host in hosts]
            for host, address in zip(hosts, rest.split(", ")):
                into[host, "A"] = [address]

    def zone(self):
        zone = {}
        for (name, kind), values in {**self.base, **self.own}.items():
            zone.setdefault(name, []).extend((kind, value) for value in values)
        return zone

    def begin_item(self):
        self.own = {}
        self.item_sender, self.item_helo = self.sender, self.helo

    def case(self, number, result):
        key = f"{self.FILE}:{number}"
        self.zones[key] = self.zone()
        return Case(key, key, self.ip, self.item_helo, self.item_sender, [result])

    def cases(self):
        for number, line in enumerate((CORPUS / self.FILE).read_text().splitlines()):
            match = re.match(r"\s*(- )?(\w+):\s*(.*?)\s*$", line)
            if not match:
                continue
            dash, key, value = match.groups()
            if key in ("records", "tests"):
                self.in_tests = key == "tests"
                continue
            if dash and key == "name":
                self.begin_item()
            if key in ("mx", "a", "ptr", "spf"):
                self.add(key, value)
            elif key == "sender":
                self.item_sender = value
                self.sender = self.sender or value
            elif key == "domain":
                self.item_helo = value
                self.helo = self.helo or value
            elif key == "ip":
                self.ip = value
            elif key == "expect":
                yield self.case(number, value)


def libspf2(zones):
    """Macro examples, given there as default explanations: here each is the text that
    the sender's record names by exp=."""
    suite = "libspf2-rfc-examples.txt"
    text = (CORPUS / suite).read_text()
    pattern = (r'-default-explanation="(.*?)" -ip=(\S+) -sender=(\S+) -helo=?\s*(\S+)\n'
               r"result\s+/\.\*/ (\S+)\nsmtp-comment\s+/\.\*/ (.*)\n")
    for number, match in enumerate(re.finditer(pattern, text)):
        macro, ip, sender, helo, result, explanation = match.groups()
        key = f"{suite}:{number}"
        zones[key] = {
            sender.partition("@")[2]: [("TXT", [b"v=spf1 -all exp=why.example.org"])],
            "why.example.org": [("TXT", [macro.encode()])],
            "3.2.0.192.in-addr.arpa": [("PTR", "mx.example.org")],
            "mx.example.org": [("A", "192.0.2.3")],
        }
        yield Case(f"{key}:{macro}", key, ip, helo, sender, [result], explanation)


def load():
    """(zones by key, all cases)."""
    zones = {}
    cases = [*openspf(zones), *Appendix(zones).cases(), *libspf2(zones)]
    return zones, cases

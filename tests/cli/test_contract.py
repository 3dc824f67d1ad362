"""The contract of the command line: help, errors, exit statuses, output (CLI.md).

Run with python3 -m pytest; SIGNET names the binary, else build/src/cli/signet is taken.
"""

import json
import os
import pty
import random
import re
import subprocess

import pytest

from dnsserver import DnsServer
from signetbin import (PROFILES, ROOT, SETTINGS, SIGNET, STATUSES, check, fails, one_json,
                       render_zone, run, sets)

COMMANDS = ["check", "profile list", "profile show", "profile render", "provider list",
            "provider show", "spf", "dkim keygen", "dkim sign", "dkim verify", "dmarc",
            "auth", "html links", "html rewrite", "html tokens", "mail links",
            "mail rewrite", "domain add", "domain list", "domain show",
            "domain records", "domain verify", "domain watch", "domain retry",
            "domain rotate", "domain instructions", "domain rm", "sender add",
            "sender list", "sender rm", "tracking add", "tracking list",
            "tracking show", "tracking verify", "tracking rm", "tracking events",
            "certificate list", "certificate show", "certificate upload",
            "certificate renew", "certificate rm", "key add", "key list", "key rm", "user add",
            "user list", "user rm", "token add", "token rm", "token seal",
            "token open", "token rotate", "journal cat", "journal check",
            "account add",
            "account list", "account show", "review list", "review approve",
            "review reject", "review ask", "event list", "statistics", "unsubscribe list",
            "unsubscribe rm", "config check", "config show", "config doc", "doctor", "manual"]
# Those that have nothing to answer without a server's data, and are tried with one.
SERVER = ["store backup", "serve", "edge"]
GROUPS = ["profile", "provider", "dkim", "html", "mail", "domain", "sender",
          "tracking", "unsubscribe", "certificate", "key", "user", "token", "journal", "account", "review", "event",
          "config"]
# Those that are clients of a server; none listens where they are sent here.
ASKS_SERVER = {
    "domain add": ["acme.example"], "domain list": [], "domain show": ["acme.example"],
    "domain records": ["acme.example"], "domain verify": ["acme.example"],
    "domain watch": ["acme.example"], "domain retry": ["acme.example"],
    "domain rotate": ["acme.example"],
    "domain instructions": ["acme.example", "--to", "me@acme.example"],
    "domain rm": ["acme.example"], "sender add": ["me@acme.example"], "sender list": [],
    "sender rm": ["snd_1"],
    "tracking events": [], "statistics": [], "unsubscribe list": [],
    "unsubscribe rm": ["uns_1"],
    "tracking add": ["track.acme.example", "--domain", "acme.example"], "tracking list": [],
    "tracking show": ["trk_1"], "tracking verify": ["trk_1"], "tracking rm": ["trk_1"],
    "certificate list": [], "certificate show": ["trk_1"],
    "certificate upload": ["trk_1", "--chain", "/dev/null", "--key", "/dev/null"],
    "certificate renew": ["trk_1"], "certificate rm": ["trk_1"],
    "key add": ["shop"], "key list": [], "key rm": ["key_1"],
    "user add": ["me@acme.example"], "user list": [], "user rm": ["usr_2"],
    "token add": ["me@acme.example"], "token rm": [],
    "account add": ["Acme", "--email", "me@acme.example"], "account list": [],
    "account show": [], "review list": [], "review approve": ["rev_1"],
    "review reject": ["rev_1", "--reason", "no"],
    "review ask": ["rev_1", "--question", "why"], "event list": [],
}
ASKS_DNS = ["check", "spf", "dkim verify", "dmarc", "auth", "doctor"]
# The least that each command needs, so that what is wrong is what the test adds.
CALLS = {
    "check": ["check", "acme.example"],
    "profile list": ["profile", "list"],
    "profile show": ["profile", "show", "standard"],
    "profile render": ["profile", "render", "ses", "acme.example"],
    "provider list": ["provider", "list"],
    "provider show": ["provider", "show", "godaddy"],
    "spf": ["spf", "--ip", "192.0.2.1", "--helo", "mx.acme.example", "--mail-from",
            "me@acme.example"],
    "dkim keygen": ["dkim", "keygen", "--out", "key.pem"],
    "dkim sign": ["dkim", "sign", "--domain", "acme.example", "--selector", "s1", "--key",
                  "key.pem"],
    "dkim verify": ["dkim", "verify"],
    "dmarc": ["dmarc", "--from", "acme.example"],
    "auth": ["auth", "--ip", "192.0.2.1", "--mail-from", "me@acme.example",
             "--authserv-id", "mx.there.example"],
    "html links": ["html", "links"],
    "html rewrite": ["html", "rewrite", "--prefix", "https://t.example/"],
    "html tokens": ["html", "tokens"],
    "mail links": ["mail", "links"],
    "mail rewrite": ["mail", "rewrite", "--prefix", "https://t.example/"],
    "token seal": ["token", "seal", "--token-keys", "token.keys", "--host",
                   "track.acme.example", "https://acme.example/"],
    "token open": ["token", "open", "--token-keys", "token.keys",
                   "https://track.acme.example/click/x"],
    "token rotate": ["token", "rotate", "--token-keys", "token.keys"],
    "journal cat": ["journal", "cat", "."],
    "journal check": ["journal", "check", "."],
    "config check": ["config", "check"],
    "config show": ["config", "show"],
    "config doc": ["config", "doc"],
    "doctor": ["doctor"],
    "store backup": ["store", "backup", "copy.db"],
    "serve": ["serve"],
    "edge": ["edge", "--standalone", "--token-keys", "token.keys", "--listen",
             "127.0.0.1:0"],
    "manual": ["manual"],
}
CLOSED_PORT = "127.0.0.1:9"
CALLS |= {command: [*command.split(), *rest] for command, rest in ASKS_SERVER.items()}
os.environ |= {"SIGNET_URL": f"http://{CLOSED_PORT}", "SIGNET_KEY": "sk_test"}
# A message whose signature needs a key record.
SIGNED = (b"DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=s1; h=from; b=AAAA;\n"
          b" bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
          b"From: me@acme.example\n\n")
BYTES = [b"\xff\xfe", b"a\xc0\xaf.example", b"\xed\xa0\x80", b"\x1b[31mred", b"a\nb",
         b"%s%n%s", b"\xe2\x80\xae.example", b"' OR 1=1", b"\x7f", b"-", b"="]


def words(command):
    return command.split()


def help_of(command):
    done = run(*words(command), "--help")
    assert done.returncode == 0 and done.stderr == b""
    return done.stdout.decode()


def options_of(command):
    """Names and metavars (None for a flag) of a command, from its help."""
    return dict(re.findall(r"^  --([a-z-]+)(?: (\S+))?$", help_of(command), re.M))


@pytest.fixture(scope="module")
def zone(tmp_path_factory):
    """A zone file with everything of the standard profile, and the check of it."""
    path = tmp_path_factory.mktemp("zone") / "acme.zone"
    path.write_text(render_zone("standard", "acme.example")
                    + 'track.acme.example. 60 IN TXT "no"\n'.replace("track", "www"))
    return str(path)


# -- help ---------------------------------------------------------------------------

def test_the_overview_names_every_command():
    overview = run("--help").stdout.decode()
    assert re.findall(r"^  (\S+(?: \S+)?) {2,}\S", overview, re.M) == (
        COMMANDS[:-2] + SERVER[:1] + COMMANDS[-2:-1] + SERVER[1:] + COMMANDS[-1:])
    for word in ("-h", "help"):
        assert run(word).stdout.decode() == overview


@pytest.mark.parametrize("command", COMMANDS + SERVER)
def test_help_names_the_options(command):
    text = help_of(command)
    assert text.startswith(f"usage: signet {command} [OPTIONS]")
    assert all(len(line) <= 80 for line in text.splitlines())
    options = options_of(command)
    assert {"json", "now", "help"} <= set(options)
    assert ({"server", "key", "account", "ca"} <= set(options)) == (
        command in ASKS_SERVER)
    assert ({"dns", "root-hints", "dns-timeout-ms"} <= set(options)) == (
        command in ASKS_DNS)
    assert run(*words(command), "-h").stdout.decode() == text
    assert run("help", *words(command)).stdout.decode() == text


@pytest.mark.parametrize("group", GROUPS)
def test_help_of_half_a_command(group):
    text = run(group, "--help").stdout.decode()
    mine = [c for c in COMMANDS if c.startswith(group)]
    assert all(c in text for c in mine) and "spf" not in text
    assert run(group, "-h").stdout == run("help", group).stdout == text.encode()
    assert mine[0] in fails(group, status=64)
    assert mine[0] in fails(group, "nonsense", status=64)


def test_the_version_is_one_line():
    for word in ("--version", "-V", "version"):
        assert re.fullmatch(rb"signet \d+\.\d+\.\d+\n", run(word).stdout)


# -- wrong usage ----------------------------------------------------------------------

@pytest.mark.parametrize("args", [[], [""], ["nonsense"], ["--nonsense"], ["-x"],
                                  ["chec"], ["check "], ["help", "nonsense"]])
def test_an_unknown_command(args):
    fails(*args, status=64)


@pytest.mark.parametrize("command", COMMANDS + SERVER)
def test_wrong_usage_of_every_command(command):
    call = CALLS[command]
    assert "--nonsense: unknown option" in fails(*call, "--nonsense", status=64)
    assert "did you mean --json?" in fails(*call, "--jsom", status=64)
    fails(*call, "-x", status=64)
    fails(*call, "--=", status=64)
    assert "takes no value" in fails(*call, "--json=yes", status=64)
    assert "given twice" in fails(*call, "--json", "--json", status=64)
    assert "many" in (text := fails(*call, *["more"] * 3, status=64)) or (
        "takes no arguments" in text)
    for bad in ("", "x", "-1", "1.5", "99999999999999999999", "1 "):
        assert "--now" in fails(*call, "--now", bad, status=64)


@pytest.mark.parametrize("command", COMMANDS + SERVER)
def test_an_option_without_its_value(command):
    valued = [name for name, metavar in options_of(command).items() if metavar]
    assert valued
    for name in valued:
        call = [w for w in CALLS[command] if not w.startswith("--") or name not in w]
        assert f"--{name}: needs a value" in fails(*call, f"--{name}", status=64)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_given_twice(command):
    text = " ".join(help_of(command).split())
    for name, metavar in options_of(command).items():
        again = [f"--{name}={1 if metavar in ('N', 'EPOCH') else 5}" if metavar
                 else f"--{name}"] * 2
        if name in ("interval", "bits", "concurrency", "dns-timeout-ms"):
            again = [f"--{name}=1024"] * 2
        part = text.split(f" --{name}", 1)[1].split(" --", 1)[0]
        if "(repeatable" not in part:
            assert f"--{name}: given twice" in fails(*words(command), *again, status=64)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_value_is_no_value(command):
    """An unset variable of a script must not turn a check into something else."""
    for name, metavar in options_of(command).items():
        if metavar and name not in ("helo", "mail-from", "receiver"):
            call = CALLS[command]
            if f"--{name}" in call:
                call = call[:call.index(f"--{name}")]
            for empty in ([f"--{name}", ""], [f"--{name}="]):
                assert f"--{name}: " in fails(*call, *empty, status=64)


@pytest.mark.parametrize("args,why", [
    (["check"], "missing argument"),
    (["check", "a.example", "b.example"], "too many"),
    (["check", ""], "domain"),
    (["check", "."], "root"),
    (["check", "a..example"], "domain"),
    (["check", "a" * 64 + ".example"], "63"),
    (["check", "a." * 150], "253"),
    (["check", "a." * 146 + "example"], "253"),
    (["check", "https://acme.example/"], "not a domain"),
    (["check", "me@acme.example"], "not a domain"),
    (["check", "192.0.2.1"], "not a domain"),
    (["check", "acme.example", "--selector", "s 1"], "not a DKIM selector"),
    (["check", "acme.example", "--selector", "s" * 64], "--selector"),
    (["check", "acme.example", *(f"--selector=s{i}" for i in range(65))], "more than 64"),
    (["check", "acme.example", "--profile", "nope"], "known are " + ", ".join(PROFILES)),
    (["check", "acme.example", "--profile", ""], "--profile"),
    (["check", "acme.example", "--profile", "standard"], '"label" is not set'),
    (["check", "acme.example", "--profile", "ses", "--set", "nope=1"],
     "profile ses has no such variable; it has region"),
    (["check", "acme.example", "--set", "region=us"], "--profile"),
    (["check", "acme.example", "--watch"], "--profile"),
    (["check", "acme.example", "--retired-key", "AAAA"], "--profile"),
    (["check", "acme.example", "--profile", "ses", "--selector", "s1"], "--selector"),
    (["check", "acme.example", "--interval", "5"], "--watch"),
    (["check", "acme.example", "--concurrency", "5"], "--bulk"),
    (["check", "acme.example", "--bulk", "-"], "--bulk"),
    (["check", "--bulk", "-", "--zone", "x"], "--zone"),
    (["check", "acme.example", "--zone", "x", "--dns", "127.0.0.1"], "--zone"),
    (["check", "acme.example", "--zone", "x", "--resolver", "127.0.0.1"], "--zone"),
    (["check", "acme.example", "--servers", "some"], "all, wrong, none"),
    (["check", "acme.example", "--resolver", "localhost"], "--resolver"),
    (["profile", "show"], "missing argument"),
    (["provider", "show", "nope"], "provider list"),
    (["manual", "nope"], "none of page"),
    (["dkim", "keygen"], "--out"),
    (["dmarc"], "--from"),
    (["html", "rewrite"], "--prefix"),
    (["html", "tokens", "--state", "Data"], "RCDATA state"),
    (["html", "links", "--max-bytes", "0"], "--max-bytes"),
    (["html", "rewrite", "--prefix", "https://a b/"], "byte 9"),
    (["mail", "rewrite"], "--prefix"),
    (["mail", "rewrite", "--prefix", "https://\u00e4/"], "byte 8"),
    (["mail", "rewrite", "--pixel", "a\nb"], "--pixel"),
    (["mail", "rewrite", "--unsubscribe", "a b"], "--unsubscribe"),
    (["mail", "rewrite", "--set-header", "Subject"], "NAME:VALUE"),
    (["mail", "rewrite", "--set-header", "A: 1", "--remove-header", "a"], "twice"),
    (["mail", "rewrite", "--prefix", "x", "--exclude-host", "a..b"], "--exclude-host"),
    (["spf"], "--"),
], ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None)
def test_what_is_wrong_is_said(args, why):
    assert why in fails(*args, status=64)


# -- files ----------------------------------------------------------------------------

FILE_OPTIONS = [
    ["check", "acme.example", "--zone"],
    ["check", "acme.example", "--root-hints"],
    ["check", "acme.example", "--trust-anchor"],
    ["check", "--bulk"],
    ["check", "acme.example", "--profile"],
    ["profile", "show"],
    ["dmarc", "--from", "acme.example", "--legacy", "--suffixes"],
]


@pytest.mark.parametrize("args", FILE_OPTIONS, ids=lambda args: args[-1])
def test_files_that_cannot_be_read(args, tmp_path):
    missing = str(tmp_path / "missing.json")
    assert missing in (text := fails(*args, missing, status=65)) and "No such" in text
    folder = str(tmp_path) + "/"
    assert folder in (text := fails(*args, folder, status=65)) and "directory" in text
    assert "File name too long" in fails(*args, "/" + "x" * 300, status=65)


@pytest.mark.parametrize("text,why", [
    ('@ 60 IN TXT "a"\nx 60 IN BOGUS y\n', "line "),
    ("a.example. 60 IN MX mx\n", "line 1"),
    ('a.example. 60 IN TXT "a"\n\n\nb.example. 60 IN A 1.2.3\n', "line 4"),
    ("\xff\xfe\x00", "NUL"), ("\xff\xfe", "line 1"),
    ("$INCLUDE /etc/passwd\n", "line 1"),
])
def test_an_unreadable_zone_file(tmp_path, text, why):
    path = tmp_path / "bad.zone"
    path.write_bytes(text.encode("latin-1"))
    assert why in fails("check", "a.example", "--zone", str(path), status=65)


@pytest.mark.parametrize("text", [b"", b"\n\n  \n", b"# nothing\n\n#a.example\n"])
def test_a_list_without_a_domain(tmp_path, text):
    path = tmp_path / "list"
    path.write_bytes(text)
    assert "no domain" in fails("check", "--bulk", str(path), status=65)
    assert "no domain" in fails("check", "--bulk", "-", stdin=text, status=65)


@pytest.mark.parametrize("text", [b"nonsense", b"\xff\x00\x01", b". 1 NS\n"])
def test_garbage_as_root_hints(tmp_path, text):
    path = tmp_path / "hints"
    path.write_bytes(text)
    assert "root hints" in fails("check", "acme.example", "--root-hints", str(path),
                                 status=65)


RECORD = {"purpose": "tracking", "type": "CNAME", "name": "t.{domain}",
          "value": "t.mail.example", "ttl": 3600, "required": True, "match": "exact"}
PROFILE = {"id": "mine", "name": "Mine", "summary": "One", "variables": [],
           "records": [RECORD]}


@pytest.mark.parametrize("profile,why", [
    ("", "line 1"), ("{", "line 1"), ("nul", "line 1"), ("\xff", "line 1"),
    ("[]", "$: must be an object"), ("{}", "$."),
    ({**PROFILE, "records": []}, "$.records: "),
    ({**PROFILE, "records": {}}, "$.records: "),
    ({**PROFILE, "records": ["x"]}, "$.records[0]: "),
    ({**PROFILE, "records": [{}]}, "$.records[0]."),
    ({**PROFILE, "records": [RECORD, {**RECORD, "purpose": "fun"}]},
     "$.records[1].purpose: "),
    ({**PROFILE, "records": [{**RECORD, "type": 5}]}, "$.records[0].type: "),
    ({**PROFILE, "records": [{**RECORD, "match": "fuzzy"}]}, "$.records[0].match: "),
    ({**PROFILE, "records": [{**RECORD, "required": "yes"}]}, "$.records[0].required: "),
    ({**PROFILE, "records": [{**RECORD, "ttl": -1}]}, "$.records[0].ttl: "),
    ({**PROFILE, "records": [{**RECORD, "value": "{"}]}, "$.records[0].value: "),
    ({**PROFILE, "records": [{**RECORD, "value": None}]}, "$.records[0].value: "),
    ({**PROFILE, "variables": [{"name": "A B"}]}, "$.variables[0]."),
    ({**PROFILE, "variables": 1}, "$.variables: "),
    ({**PROFILE, "timings": []}, "$.timings: "),
    ({**PROFILE, "id": ""}, "$.id: "),
    ({**PROFILE, "more": 1}, "$.more: unknown member"),
    ({k: v for k, v in PROFILE.items() if k != "name"}, "$.name: "),
], ids=range(23))
def test_a_malformed_profile_says_where_and_why(tmp_path, profile, why):
    path = tmp_path / "mine.json"
    text = profile if isinstance(profile, str) else json.dumps(profile)
    path.write_bytes(text.encode("latin-1"))
    line = fails("check", "acme.example", "--profile", str(path), status=65)
    assert "mine.json: " in line and why in line
    assert not line.endswith(": \n"), "no reason"


# -- DNS ------------------------------------------------------------------------------

# The doctor goes on: that a server cannot be reached is one of the things it finds.
@pytest.mark.parametrize("command", [c for c in ASKS_DNS if c != "doctor"])
def test_an_unreachable_server(command):
    line = fails(*CALLS[command], "--dns", CLOSED_PORT, stdin=SIGNED, status=69)
    assert CLOSED_PORT in line and "refused" in line


@pytest.mark.parametrize("command", ASKS_SERVER)
def test_an_unreachable_api(command):
    line = fails(*CALLS[command], status=69, stdin=b"a password for it\n")
    assert CLOSED_PORT in line and "connect" in line


def test_an_unreachable_server_in_every_mode(tmp_path):
    profile = ["--profile", "ses", "--dns", CLOSED_PORT]
    fails("check", "acme.example", *profile, "--json", status=69)
    fails("check", "acme.example", *profile, "--watch", status=69)
    fails("check", "--bulk", "-", *profile, stdin=b"acme.example\n", status=69)
    fails("check", "acme.example", "--dns", CLOSED_PORT, "--dns", "127.0.0.1:10",
          status=69)


@pytest.mark.parametrize("command", ASKS_DNS)
@pytest.mark.parametrize("address", ["", "localhost", "300.1.1.1", "127.0.0.1:", "::1]",
                                     "127.0.0.1:0", "127.0.0.1:65536", "[::1", ":53",
                                     "127.0.0.1:53:53", " 127.0.0.1"])
def test_a_malformed_server_address(command, address):
    line = fails(*CALLS[command], "--dns", address, status=64)
    assert "--dns" in line and address in line


# -- output ---------------------------------------------------------------------------

def test_json_is_one_value_on_one_line(zone, tmp_path):
    for args in (["profile", "list"], ["provider", "list"], ["provider", "show", "gandi"],
                 ["profile", "show", "delegated"],
                 ["profile", "render", "standard", "acme.example", *sets()],
                 ["check", "acme.example", "--zone", zone],
                 ["check", "acme.example", "--zone", zone, "--profile", "standard",
                  *sets()],
                 ["dkim", "keygen", "--bits", "1024", "--out", str(tmp_path / "key")]):
        done = run(*args, "--json")
        assert done.returncode in (0, 1) and done.stderr == b""
        assert one_json(done.stdout)


def on_terminal(args, env):
    """What the command writes to a terminal."""
    master, slave = pty.openpty()
    with subprocess.Popen([SIGNET, *args], stdout=slave, stderr=subprocess.DEVNULL,
                          env={**os.environ, "TERM": "xterm", **env}) as process:
        os.close(slave)
        output = b""
        try:
            while piece := os.read(master, 65536):
                output += piece
        except OSError:  # Linux: the other end is closed
            pass
        process.wait(10)
    os.close(master)
    return output


def test_colour_only_on_a_terminal(zone):
    args = ["check", "acme.example", "--zone", zone, "--profile", "standard", *sets()]
    plain = run(*args).stdout
    assert b"\x1b" not in plain and b"verified" in plain
    os.environ.pop("NO_COLOR", None)
    coloured = on_terminal(args, {})
    assert b"\x1b[32m" in coloured
    assert re.sub(rb"\x1b\[\d+m", b"", coloured).replace(b"\r\n", b"\n") == plain
    assert b"\x1b" not in on_terminal(args, {"NO_COLOR": "1"})
    assert b"\x1b" not in on_terminal([*args, "--json"], {})


WRITERS = [["--help"], ["manual"], ["provider", "list", "--json"], ["profile", "list"],
           ["check", "--help"], ["check", "acme.example", "--profile", "standard"]]


@pytest.mark.parametrize("args", WRITERS, ids=" ".join)
def test_output_that_cannot_be_written(args, zone):
    if "--profile" in args:
        args = [*args, "--zone", zone, *sets()]
    with open("/dev/full", "wb") as full:
        done = subprocess.run([SIGNET, *args], stdout=full, stderr=subprocess.PIPE,
                              timeout=10, check=False)
    assert done.returncode == 69 and done.stderr.count(b"\n") == 1
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([SIGNET, *args], stdout=write, stderr=subprocess.PIPE,
                          timeout=10, check=False)
    os.close(write)
    assert done.returncode == 69 and done.stderr.count(b"\n") == 1
    done = subprocess.run(["sh", "-c", 'exec "$0" "$@" >&- 2>&-', SIGNET, *args],
                          timeout=10, check=False)
    assert done.returncode in STATUSES


def test_closed_standard_input():
    done = subprocess.run(["sh", "-c", 'exec "$0" check --bulk - <&-', SIGNET],
                          capture_output=True, timeout=10, check=False)
    assert done.returncode == 65 and done.stderr.count(b"\n") == 1


def test_the_clock_of_now(zone):
    for epoch, text in ((1, "1970-01-01T00:00:01Z"), (1795228200, "2026-11-21T02:30:00Z"),
                        (253402300799, "9999-12-31T23:59:59Z")):
        verdict = check("acme.example", "--zone", zone, "--now", str(epoch))
        assert verdict["checked_at"] == text
    fails("check", "acme.example", "--now", "253402300800", status=64)


# -- anything at all ------------------------------------------------------------------

@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("value", BYTES, ids=range(len(BYTES)))
def test_any_bytes_in_every_argument(command, value, tmp_path):
    """No argument kills the program, and an error stays one printable line."""
    dead = ["--dns", CLOSED_PORT] if command in ASKS_DNS else []
    calls = [[*words(command), value, *dead]]
    for name, metavar in options_of(command).items():
        if metavar:
            call = [w for w in CALLS[command]]
            if f"--{name}" in call:
                at = call.index(f"--{name}")
                del call[at:at + 2]
            if name != "dns":
                call += dead
            calls.append([*call, f"--{name}", value])
    for call in calls:
        done = subprocess.run([SIGNET, *call], capture_output=True, timeout=5,
                              check=False, stdin=subprocess.DEVNULL, cwd=tmp_path)
        assert done.returncode in STATUSES, call
        if done.returncode > 2:
            assert done.stderr.startswith(b"signet: ") and done.stderr.count(b"\n") == 1
            assert done.stdout == b""
            assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", done.stderr), call


HUGE = "x" * (100 * 1024)  # Linux takes at most 128 kB in one argument
DOTS = "a." * (50 * 1024)


@pytest.mark.parametrize("value", [HUGE, DOTS, "=" + HUGE, "é" * 50000],
                         ids=["letters", "dots", "equals", "accents"])
def test_huge_arguments(value):
    """2 MB of arguments: the most that the system lets through, in pieces."""
    for call in (["check", value], ["check", "--" + value, "x"], [value],
                 ["check", "a.example", "--profile", value],
                 ["check", "a.example", "--zone", value],
                 ["check", "a.example", "--servers", value],
                 ["check", "a.example", "--resolver", value],
                 ["check", "a.example", "--dns", value],
                 ["profile", "render", value, "a.example"],
                 ["profile", "render", "ses", "a.example", "--provider", value],
                 ["profile", "render", "ses", "a.example", "--format", value],
                 ["profile", "render", "ses", "a.example", "--set", value],
                 ["profile", "render", "ses", "a.example", "--set", "region=" + value],
                 ["profile", "render", "standard", "a.example", *sets(),
                  "--set", "dmarc_rua=" + value],
                 ["provider", "show", value], ["manual", value],
                 ["spf", "--ip", value, "--helo", "x.example"],
                 ["dmarc", "--from", value], ["dmarc", "--from", "x.example", "--spf",
                                              value, "--dns", CLOSED_PORT]):
        done = run(*call, timeout=5)
        assert done.returncode in (64, 65, 69), (call[:3], done.returncode)
        assert done.stderr.count(b"\n") == 1 and len(done.stderr) < 700
    settings = [f"--set=v{i}={value}" for i in range(18)]
    fails("profile", "render", "ses", "a.example", *settings, status=64)


def test_a_list_from_any_editor(tmp_path):
    """A byte order mark, CRLF, blank lines, comments in front and behind."""
    done = run("check", "--bulk", "-", "--dns", CLOSED_PORT, stdin=b"\xef\xbb\xbf# x\r\n \n")
    assert b"no domain in it" in done.stderr
    path = tmp_path / "settings"
    path.write_bytes(b"\xef\xbb\xbflabel=sg1\r\n" + b"".join(
        f"{k}={v}\r\n".encode() for k, v in SETTINGS.items() if k != "label"
        and not k.startswith(("verify", "bounce", "dkim_target"))))
    done = run("profile", "render", "standard", "acme.example", "--settings", str(path))
    assert done.returncode == 0 and b"sg1" in done.stdout
    with DnsServer() as dns:
        port = dns.add({"acme.example": [("A", "192.0.2.1")]})
        done = run("check", "--bulk", "-", "--dns", f"127.0.0.1:{port}",
                   stdin=b"\xef\xbb\xbfacme.example  # ours\r\n\r\n\t# none\nacme.example\t#")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line.get("status") for line in lines] == ["audited", "audited"]


def test_huge_standard_input():
    line = b"x" * (8 << 20)
    done = run("check", "--bulk", "-", "--profile", "ses", stdin=line, timeout=20)
    assert done.returncode == 1
    assert "error" in one_json(done.stdout)


def test_random_argument_lists(zone, tmp_path):
    """Whatever stands in whatever order: never a signal, a known status, 5 s at most."""
    chance = random.Random(8421)
    atoms = [w for c in COMMANDS for w in words(c)]
    atoms += [f"--{name}" for c in COMMANDS for name in options_of(c)
              if name not in ("out", "watch")]
    atoms += ["acme.example", "standard", "ses", zone, "-", "--", "", "0", "1", "-h",
              "127.0.0.1:9", "192.0.2.1", "region=eu", "label=x", "all", "none", "json",
              "zone", "godaddy", "bücher.example", "me@acme.example", "rsa", "=", "--="]
    atoms += [f"--{name}={value}" for name in ("set", "zone", "now", "servers", "format")
              for value in ("", "a=b", zone, "5", "none", "json")]
    for _ in range(400):
        start = words(chance.choice(COMMANDS)) if chance.random() < 0.8 else []
        call = start + [chance.choice(atoms) for _ in range(chance.randrange(7))]
        if call and call[0] in ASKS_DNS and "--zone" not in call:
            call += ["--dns", CLOSED_PORT]
        done = subprocess.run([SIGNET, *call], capture_output=True, timeout=5,
                              check=False, stdin=subprocess.DEVNULL, cwd=tmp_path)
        assert done.returncode in STATUSES, call
        if done.returncode >= 64:
            assert done.stdout == b"" and done.stderr.count(b"\n") == 1, call


def test_what_the_documents_say_is_what_there_is():
    """The manual page names every command and every option."""
    page = run("manual").stdout.decode().replace("\\-", "-")
    for command in COMMANDS:
        assert f"signet {command}" in page
        for name in options_of(command):
            assert f"--{name}" in page, (command, name)
    assert (ROOT / "docs/signet.1").read_text() == run("manual").stdout.decode()
    assert set(SETTINGS) <= set(re.findall(r'"name":"(\w+)"', "".join(
        run("profile", "show", p, "--json").stdout.decode() for p in PROFILES)))

"""Recursion from root hints over real NSD servers in a network namespace."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

TOOL = os.environ["RESOLVE_TOOL"]
BENCH = os.environ["RESOLVE_BENCH"]
NAMES = pathlib.Path(__file__).with_name("names.py")
UNSHARE = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
QUESTIONS = """recursion - d0.tld NS
recursion - sg42.d0.tld MX
recursion - s1._domainkey.sg42.d0.tld TXT
recursion - track.d0.tld A
recursion - chain.cut.tld A
recursion - gone.cut.tld A
recursion - nope.d0.tld TXT
recursion - d0.tld AAAA
recursion - s1._domainkey.cut.tld TXT
recursion - a.dead.tld TXT
recursion - a.lame.tld TXT
recursion - no.such.zone A
authority 127.0.0.11 sg42.d0.tld TXT
authority 127.0.0.12 s1._domainkey.cut.tld TXT
"""


def inside(folder, domains, command, questions=""):
    return subprocess.run(
        UNSHARE + [sys.executable, str(NAMES), str(folder), str(domains), "sh", "-c",
                   command], input=questions, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    done = inside(tmp_path_factory.mktemp("names"), 3,
                  f'exec {TOOL} --timeout-ms 1500 --root-hints "$HINTS"', QUESTIONS)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines, done.stderr
    questions = [line.split() for line in QUESTIONS.splitlines()]
    return {(via, name, rtype): answer for (via, _, name, rtype), answer
            in zip(questions, lines[:-1], strict=True)}


def test_found(answers):
    assert answers["recursion", "d0.tld", "NS"]["records"] == ["ns.op.tld."]
    assert sorted(answers["recursion", "sg42.d0.tld", "MX"]["records"]) == [
        "10 mx1.op.tld.", "10 mx2.op.tld."]
    key = answers["recursion", "s1._domainkey.sg42.d0.tld", "TXT"]
    assert "v=DKIM1" in key["records"][0]
    assert key["ttl"] <= 30


def test_chain_over_zones(answers):
    answer = answers["recursion", "chain.cut.tld", "A"]
    assert answer["status"] == "FOUND"
    assert answer["chain"] == ["track.d0.tld.", "track.op.tld."]
    gone = answers["recursion", "gone.cut.tld", "A"]
    assert gone["status"] == "NXDOMAIN"
    assert gone["chain"] == ["nothing.d0.tld."]


def test_negative_answers_say_how_long(answers):
    gone = answers["recursion", "nope.d0.tld", "TXT"]
    assert (gone["status"], gone["soa_ttl"]) == ("NXDOMAIN", 300)
    empty = answers["recursion", "d0.tld", "AAAA"]
    assert (empty["status"], empty["soa_ttl"]) == ("NODATA", 300)


def test_delegated_domainkey(answers):
    assert answers["recursion", "s1._domainkey.cut.tld", "TXT"]["status"] == "FOUND"
    direct = answers["authority", "s1._domainkey.cut.tld", "TXT"]
    assert direct["status"] == "FOUND"
    assert direct["authoritative"]
    assert direct["ttl"] == 3600


def test_faults_are_no_absence(answers):
    assert answers["recursion", "a.dead.tld", "TXT"]["status"] in ("TIMEOUT", "SERVFAIL")
    assert answers["recursion", "a.lame.tld", "TXT"]["status"] == "SERVFAIL"
    assert answers["recursion", "no.such.zone", "A"]["status"] == "NXDOMAIN"


def test_referral(answers):
    answer = answers["authority", "sg42.d0.tld", "TXT"]
    assert answer["status"] == "REFERRAL"
    assert answer["authority"] == ["ns.op.tld."]


def test_validation(tmp_path):
    questions = "".join(f"recursion - {name} TXT\n"
                        for name in ("signed", "bogus", "sg42.d0.tld", "none"))
    with_anchor = inside(tmp_path / "with", 1, f'exec {TOOL} --root-hints "$HINTS" '
                         '--trust-anchor "$ANCHOR"', questions)
    good, bogus, insecure, none, _ = map(json.loads, with_anchor.stdout.splitlines())
    assert (good["status"], good["secure"]) == ("FOUND", True)
    assert (none["status"], none["secure"]) == ("NXDOMAIN", True)
    assert (insecure["status"], insecure["secure"]) == ("FOUND", False)
    assert (bogus["status"], bogus["records"]) == ("BOGUS", [])
    assert "bogus. TXT" in bogus["why"]
    without = inside(tmp_path / "without", 1, f'exec {TOOL} --root-hints "$HINTS"',
                     questions)
    assert json.loads(without.stdout.splitlines()[1])["status"] == "FOUND"


def test_many_domains(tmp_path):
    done = inside(tmp_path, 400, f'{BENCH} --root-hints "$HINTS" --domains 400 && '
                                 f'{BENCH} --dns 127.0.0.12 --domains 400')
    assert done.stdout.count("NOERROR(1): 3200\n") == 2, done.stdout + done.stderr

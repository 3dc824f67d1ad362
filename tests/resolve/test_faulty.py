"""Direct questions to servers that misbehave: each ends in time, with the right words."""
import json
import os
import subprocess

import pytest

from faulty import Faulty

TOOL = os.environ["RESOLVE_TOOL"]
TIMEOUT = 600


def resolve(questions, *options, timeout=TIMEOUT, status=0):
    done = subprocess.run([TOOL, "--timeout-ms", str(timeout), *options],
                          input="\n".join(questions), capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == status, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()][:-1]


@pytest.fixture(scope="module")
def server():
    return Faulty()


@pytest.fixture(scope="module")
def without_tcp():
    return Faulty(tcp=False)


def ask(server, kind, via="resolver", **more):
    return resolve([f"{via} {server.address} {kind}.test TXT"], **more)[0]


CASES = [
    ("plain", "FOUND", ""),
    ("silent", "TIMEOUT", "no answer in 600 ms"),
    ("garbage", "TIMEOUT", "answer no question of ours"),
    ("short", "TIMEOUT", "answer no question of ours"),
    ("wrongid", "TIMEOUT", "answer no question of ours"),
    ("spoofed", "FOUND", ""),
    ("second", "FOUND", ""),
    ("malformed", "SERVFAIL", "malformed"),
    ("tc", "FOUND", ""),
    ("tcslow", "FOUND", ""),
    ("tcsilent", "TIMEOUT", "truncated, and TCP gave none"),
    ("tcclose", "TIMEOUT", "closed by the server"),
    ("tcagain", "SERVFAIL", "truncated even by TCP"),
    ("oldedns", "FOUND", ""),
    ("oldheader", "FOUND", ""),
    ("notimp", "REFUSED", "code 4"),
    ("servfail", "SERVFAIL", "SERVFAIL"),
    ("refused", "REFUSED", "REFUSED"),
    ("refusedheader", "REFUSED", "REFUSED"),
    ("gone", "NXDOMAIN", ""),
    ("nodata", "NODATA", ""),
]


@pytest.mark.parametrize("via", ["resolver", "authority"])
@pytest.mark.parametrize("kind,status,why", CASES)
def test_one_server(server, via, kind, status, why):
    server.seen.clear()
    answer = ask(server, kind, via)
    assert answer["status"] == status
    assert why in answer["why"]
    assert (answer["records"] != []) == (status == "FOUND")
    assert "spoofed" not in str(answer["records"])
    assert answer["server"] == server.address


@pytest.mark.parametrize("kind,status,why", CASES)
def test_server_of_dns_option(server, kind, status, why):
    server.seen.clear()
    answer = resolve([f"recursion - {kind}.test TXT"], "--dns", server.address)[0]
    assert answer["status"] == status
    assert why in answer["why"]


def test_tcp_refused(without_tcp):
    answer = ask(without_tcp, "tc")
    assert answer["status"] == "TIMEOUT"
    assert "TCP: connection refused" in answer["why"]


def test_refusal_is_known_at_once():
    """Long before the time that a question has."""
    answer = resolve(["resolver 127.0.0.1:1 a.test TXT"], timeout=60000)[0]
    assert answer["status"] == "TIMEOUT"
    assert answer["why"] == "connection refused"


def test_cname_is_not_chased_for_a_resolver_or_authority(server):
    for via in ("resolver", "authority"):
        answer = ask(server, "half", via)
        assert answer["status"] == "NODATA"
        assert answer["chain"] == ["end.test."]


@pytest.mark.parametrize("kind,status,chain,why", [
    ("half", "FOUND", ["end.test."], ""),
    ("halfgone", "NXDOMAIN", ["gone.test."], ""),
    ("halfrefused", "REFUSED", ["refused.test."], "REFUSED"),
    ("loop", "SERVFAIL", ["pool.test.", "loop.test."], "loop"),
])
def test_cname_is_chased_for_dns_option(server, kind, status, chain, why):
    answer = resolve([f"recursion - {kind}.test TXT"], "--dns", server.address)[0]
    assert answer["status"] == status
    assert answer["chain"] == chain
    assert why in answer["why"]


def test_endless_cnames(server):
    answer = resolve(["recursion - hop0.test TXT"], "--dns", server.address)[0]
    assert answer["status"] == "SERVFAIL"
    assert len(answer["chain"]) == 16


def test_next_server_after_silence(server):
    silent = Faulty()
    silent.udp_replies = lambda q, count: []
    answer = resolve(["recursion - a.test TXT"], "--dns", silent.address, "--dns",
                     "127.0.0.1:1", "--dns", server.address)[0]
    assert answer["status"] == "FOUND"
    assert answer["server"] == server.address


def test_failure_is_worth_more_than_silence(server):
    answer = resolve(["recursion - servfail.test TXT"], "--dns", server.address,
                     "--dns", "127.0.0.1:1")[0]
    assert answer["status"] == "SERVFAIL"
    assert answer["server"] == server.address


@pytest.mark.parametrize("count", [500, 3000])
def test_many_at_once(server, count):
    answers = resolve([f"resolver {server.address} {kind}{i}.test TXT"
                       for i in range(count // 2) for kind in ("fast", "silent")],
                      timeout=3000)
    assert len(answers) == count // 2 * 2
    for answer in answers:
        want = "FOUND" if answer["name"].startswith("fast") else "TIMEOUT"
        if count <= 500:
            assert answer["status"] == want
        else:
            assert answer["status"] in (want, "TIMEOUT")


def test_few_descriptors(server):
    done = subprocess.run(
        ["sh", "-c", f"ulimit -n 100; exec {TOOL} --timeout-ms 2000"], text=True,
        input="\n".join(f"resolver {server.address} fast{i}.test TXT"
                        for i in range(500)), capture_output=True, timeout=30)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [a["status"] for a in lines[:-1]] == 500 * ["FOUND"]


def test_reachability(server):
    resolve(["recursion - a.test TXT"], "--dns", server.address, "--probe")
    done = subprocess.run([TOOL, "--dns", "127.0.0.1:1", "--probe"], text=True,
                          input="recursion - a.test TXT", capture_output=True)
    assert done.returncode == 69
    assert done.stderr == (
        "resolve_tool: DNS server 127.0.0.1:1: connection refused\n")


@pytest.mark.parametrize("options,words", [
    (["--dns", "nonsense"], "nonsense: not ADDR"),
    (["--root-hints", "/nonexistent"], "root hints: "),
    (["--root-hints", "/dev/null"], "root hints"),
    (["--trust-anchor", "/nonexistent"], "trust anchor: "),
])
def test_bad_options(options, words):
    done = subprocess.run([TOOL, *options], text=True, capture_output=True,
                          input="recursion - a.test TXT")
    assert done.returncode == 64
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1

"""The public DMARC cases, against the real binary, by the text of RFC 9989.

Every assertion of a case that `signet dmarc` has an answer for is checked; those about
another program's own output form are named in OWN_FORM.
"""

import json
import pathlib

import pytest

from zoneserver import ZoneServer

CORPUS = pathlib.Path(__file__).resolve().parents[1] / "corpus" / "dmarc"

# Cases about the interface of the program they were written for.
NOT_OURS = {
    "verify-24": "an array of two authors; `--from` names one domain",
}
# Paths of assertions that describe that program's own result object.
OWN_FORM = {"info", "error", "alignment.dkim.underSized", "status.header.from",
            "status.header.d", "pct", "tagonly", "isOrgRecord", "v",
            "alignment.dkim.strict", "alignment.spf.strict"}


def load(name):
    return [pytest.param(case, id=case["id"])
            for case in json.loads((CORPUS / name).read_text())]


def names(option, domains):
    for entry in domains:
        domain = entry if isinstance(entry, str) else entry["domain"]
        yield f"--{option}"
        yield f"{domain}=pass"


def tag(answer, name):
    for piece in (answer["record"] or "").split(";"):
        key, _, value = piece.partition("=")
        if key.strip().lower() == name:
            return value.strip()
    return None


def value_at(answer, path):
    values = {"status.result": answer["result"], "policy": answer["policy"],
              "domain": answer["org_domain"], "p": tag(answer, "p"),
              "adkim": tag(answer, "adkim")}
    assert path in values, f"assertion about {path} is not checked"
    return values[path]


def check_assertion(answer, path, op, value):
    if path in OWN_FORM:
        return
    if path == "":
        assert (answer["record"] is None) == (op == "be.false")
    else:
        assert op == "equal"
        assert value_at(answer, path) == value.strip("'")


@pytest.mark.parametrize("case", load("mailauth-verify-a.json"))
def test_verify(case, dmarc):
    if case["id"] in NOT_OURS:
        pytest.skip(NOT_OURS[case["id"]])
    given = case["input"]
    with ZoneServer(case["zone"]) as server:
        answer = dmarc(server, given["headerFrom"], *names("dkim", given["dkimDomains"]),
                       *names("spf", given["spfDomains"]))
    for path, op, value in case["asserts"]:
        check_assertion(answer, path, op, value)
    assert answer["result"] == case["mailauth_output"]["status"]["result"]


@pytest.mark.parametrize("case", load("mailauth-record-a.json"))
def test_record(case, dmarc):
    with ZoneServer(case["zone"]) as server:
        answer = dmarc(server, case["input"])
    for path, op, value in case["asserts"]:
        check_assertion(answer, path, op, value)
    output = case["mailauth_output"]
    if output is False:
        assert answer["result"] == "none"
    elif "error" in output:
        assert answer["result"] == "temperror"
    else:
        assert answer["result"] == "fail"
        assert answer["policy"] == output["p"]


def test_nothing_is_left_out():
    """A corpus that grows is noticed."""
    assert len(load("mailauth-verify-a.json")) == 18
    assert len(load("mailauth-record-a.json")) == 13

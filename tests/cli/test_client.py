"""The command line as a client of the API: what it asks and what it makes of answers."""

import json
import os

import pytest

from fakeapi import FakeApi
from signetbin import one_json, run

DOMAIN = {
    "id": "dom_1", "domain": "acme.example", "profile": "standard", "status": "partial",
    "can_send": False, "reasons": ["Some are not right yet.", "spf: missing"],
    "can_send_reasons": [{"code": "domain_partial", "detail": "Some are not right yet."}],
    "provider": {"id": "godaddy", "name": "GoDaddy", "evidence": "NS"},
    "records": [
        {"purpose": "spf", "type": "TXT", "name": "sg1.acme.example", "host": "sg1",
         "value": "v=spf1 -all", "required": True, "priority": None, "status": "missing",
         "diagnosis": [{"code": "spf.missing", "severity": "error",
                        "message": "It is not there.\x1b[2J", "fix": "Add it."}]},
        {"purpose": "return_path", "type": "MX", "name": "sg1.acme.example",
         "host": "sg1", "value": "mx1.mail.example", "required": True, "priority": 10,
         "status": "verified", "diagnosis": []}],
    "advice": [], "next_check_at": "2026-11-27T00:00:00Z", "environment": "production",
}


@pytest.fixture
def api():
    with FakeApi() as server:
        yield server


def call(api, *args, status=0, env=None):
    done = run(*args, env={**api.env, **(env or {})})
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout.decode(), done.stderr.decode()


def problem(status, **members):
    return status, {"type": "about:blank", "title": "It does not fit", "status": status,
                    "code": "validation_failed", **members}


def test_add_sends_what_was_given(api):
    api.answers["POST", "/v1/domains"] = 201, DOMAIN
    out, _ = call(api, "domain", "add", "acme.example", "--profile", "standard", "--set",
                  "track_host=go", "--tag", "shop", "--tag", "eu", "--sender",
                  "me@acme.example", "--account", "acc_7")
    ((_method, _path, headers, body),) = api.asked
    assert body == {"name": "acme.example", "profile": "standard", "tags": ["shop", "eu"],
                    "settings": {"track_host": "go"}, "sender_address": "me@acme.example"}
    assert headers["Authorization"] == "Bearer sk_test"
    assert headers["Signet-Account"] == "acc_7"
    assert headers["Content-Type"] == "application/json"
    assert "x missing   spf          TXT    sg1  v=spf1 -all\n" in out
    assert "+ verified  return_path  MX     sg1  10 mx1.mail.example\n" in out
    assert "spf.missing" in out and "> Add it." in out
    assert "acme.example: partial, cannot send" in out
    assert "\x1b" not in out, "what a server says does not drive the terminal"


def test_json_is_what_the_server_said(api):
    api.answers["GET", "/v1/domains/acme.example"] = 200, DOMAIN
    out, _ = call(api, "domain", "show", "acme.example", "--json")
    assert one_json(out.encode()) == DOMAIN


def test_names_cannot_leave_their_place_in_the_path(api):
    call(api, "domain", "rm", "../accounts?x#", status=64)
    assert api.asked[0][:2] == ("DELETE", "/v1/domains/..%2Faccounts%3Fx%23")


@pytest.mark.parametrize("answer,status,line", [
    (problem(422, errors=[{"pointer": "/name", "code": "domain_is_public_suffix",
                           "detail": "is a public suffix"}]), 65,
     "name: is a public suffix (422 domain_is_public_suffix)"),
    (problem(422, errors=[{"parameter": "wait", "code": "bad_form", "detail": "no"}]), 65,
     "wait: no (422 bad_form)"),
    (problem(409, code="duplicate", detail="It is there."), 64, "It is there. (409 duplicate)"),
    (problem(401, code="key_missing"), 64, "It does not fit (401 key_missing)"),
    (problem(404, code="not_found"), 64, "It does not fit (404 not_found)"),
    ((*problem(429, code="rate_limited"), {"Retry-After": "17"}), 69,
     "It does not fit (429 rate_limited); again in 17 s"),
    (problem(503, code="unavailable"), 69, "It does not fit (503 unavailable)"),
    ((502, "<html>"), 69, "the server says no more (502)"),
    ((200, "<html>"), 69, "the answer is no JSON: line 1, column 1: "),
    (problem(422, detail="\x1b[2J\nsignet: fine"), 65, "?[2J?signet: fine"),
])
def test_problems_are_one_line(api, answer, status, line):
    api.answers["POST", "/v1/domains"] = answer
    out, err = call(api, "domain", "add", "acme.example", status=status)
    assert out == "" and err.startswith("signet: domain add: ") and line in err
    assert err.count("\n") == 1 and "\x1b" not in err


def test_lists_go_page_by_page(api):
    row = {"id": "key_1", "name": "shop", "hint": "…abcd", "scopes": ["read", "send"],
           "domain_id": None, "created_at": "2026-11-27T00:00:00Z"}
    api.answers["GET", "/v1/keys?limit=200"] = 200, {"data": [row] * 200,
                                                     "next_cursor": "a/b"}
    api.answers["GET", "/v1/keys?limit=200&cursor=a%2Fb"] = 200, {
        "data": [{**row, "id": "key_2"}], "next_cursor": None}
    out, _ = call(api, "key", "list")
    lines = out.splitlines()
    assert lines[0].split() == ["ID", "NAME", "KEY", "SCOPES", "DOMAIN", "CREATED", "USED",
                                "REVOKED"]
    assert len(lines) == 202 and lines[-1].startswith("key_2  shop  …abcd  read, send  -")
    listed, _ = call(api, "key", "list", "--json")
    assert len(json.loads(listed)["data"]) == 201
    api.answers["GET", "/v1/keys?limit=1"] = 200, {"data": [row], "next_cursor": "c"}
    assert call(api, "key", "list", "--limit", "1")[0].endswith("… and more: --limit N\n")


def test_records_are_printed_as_they_come(api):
    api.answers["GET", "/v1/domains/acme.example/records?format=zone&provider=godaddy"] = (
        200, "sg1.acme.example. 60 IN TXT \"a\"\n")
    out, _ = call(api, "domain", "records", "acme.example", "--format", "zone",
                  "--provider", "godaddy")
    assert out == "sg1.acme.example. 60 IN TXT \"a\"\n"


def test_verify_says_by_its_status(api):
    api.answers["POST", "/v1/domains/acme.example/verify?wait=30s"] = 200, DOMAIN
    call(api, "domain", "verify", "acme.example", status=1)
    api.answers["POST", "/v1/domains/acme.example/verify?wait=30s"] = (
        200, {**DOMAIN, "status": "verified", "can_send": True})
    out, _ = call(api, "domain", "verify", "acme.example")
    assert "acme.example: verified, can send" in out


def test_a_domain_that_was_never_looked_at(api):
    """Nobody has looked is not the same as a fault of DNS."""
    records = [{**r, "status": "undetermined", "checked": False} for r in DOMAIN["records"]]
    api.answers["GET", "/v1/domains/acme.example"] = (
        200, {**DOMAIN, "status": "pending", "checked": False, "records": records})
    out, _ = call(api, "domain", "show", "acme.example")
    assert out.count("not checked yet") == len(records) and "undetermined" not in out


def test_watch_reports_changes(api):
    api.answers["GET", "/v1/domains/acme.example"] = 200, {**DOMAIN, "status": "failed"}
    _, err = call(api, "domain", "watch", "acme.example", "--interval", "1", status=1)
    assert "acme.example: failed, 1 of 2 records verified: spf missing\n" in err


def test_a_new_key_is_shown(api):
    api.answers["POST", "/v1/keys"] = 201, {"id": "key_3", "name": "shop", "secret": "sk_x",
                                            "hint": "…x", "scopes": ["send"]}
    out, _ = call(api, "key", "add", "shop", "--scope", "send", "--domain", "acme.example")
    assert "\nsk_x\n" in out
    assert api.asked[0][3] == {"name": "shop", "scopes": ["send"],
                               "domain": "acme.example"}


def test_admin_json(api, tmp_path):
    """Its key goes to its server alone."""
    (tmp_path / "admin.json").write_text(json.dumps({"url": api.url, "key": "sk_admin"}))
    api.answers["GET", "/v1/account"] = 200, {"id": "acc_1", "name": "Acme"}
    env = {"SIGNET_URL": "", "SIGNET_KEY": "", "SIGNET_DATA_DIR": str(tmp_path)}
    out, _ = call(api, "account", "show", env=env)
    assert "acc_1" in out
    assert api.asked[0][2]["Authorization"] == "Bearer sk_admin"
    assert "no key for http://127.0.0.1:1" in call(
        api, "account", "show", "--server", "http://127.0.0.1:1/", env=env, status=64)[1]
    os.unlink(tmp_path / "admin.json")
    assert "admin.json" in call(api, "account", "show", env=env, status=64)[1]
    assert len(api.asked) == 1


@pytest.mark.parametrize("option", ["--key", "--account"])
def test_no_second_header(api, option):
    assert option in call(api, "account", "show", option, "a\r\nX: y", status=64)[1]
    assert api.asked == []

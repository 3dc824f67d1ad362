"""What is wrong is refused with a status, a problem document (RFC 9457) and a pointer,
and leaves nothing behind (S0-3, S3-46)."""

import json

import pytest

LONG = ".".join(["a" * 60] * 4) + ".example"  # 251
LONG = "bbb." + LONG[:250]
assert len(LONG) == 254

NAMES = [
    ("com", "/name", "domain_is_public_suffix"),
    ("co.uk", "/name", "domain_is_public_suffix"),
    ("192.0.2.1", "/name", "domain_is_address"),
    ("2001:db8::1", "/name", "domain_is_address"),
    ("\u0430cme.com", "/name", "domain_mixed_scripts"),
    (LONG, "/name", "too_long"),
    ("a..example", "/name", "domain_invalid"),
    ("-a.example", "/name", "domain_invalid"),
    ("https://acme.example/", "/name", "domain_invalid"),
    ("me@acme.example", "/name", "domain_invalid"),
    ("acme", "/name", None),
    ("", "/name", None),
    (7, "/name", "wrong_type"),
    (None, "/name", "wrong_type"),
]


@pytest.fixture
def nothing_stored(server):
    """Domains and events are the same before and after. Their ids, and no events of looks
    at tracking hosts: what is found of a domain meanwhile is another matter."""
    def all_of():
        return [[row["id"] for row in server.api.ok("GET", path)["data"]
                 if not row.get("type", "").startswith("tracking.")]
                for path in ("/v1/domains?limit=200", "/v1/events?order=newest")]
    before = all_of()
    yield
    assert all_of() == before


def is_problem(reply, status):
    assert reply.status == status, reply
    assert reply.headers["Content-Type"].startswith("application/problem+json")
    document = reply.json
    assert document["status"] == status and document["title"] and document["code"]
    return document


@pytest.mark.parametrize("name,pointer,code", NAMES, ids=range(len(NAMES)))
def test_names_that_are_no_domain(server, nothing_stored, name, pointer, code):
    reply = server.api.post("/v1/domains", {"name": name})
    document = is_problem(reply, 422)
    assert reply.pointers == [pointer]
    if code:
        assert document["errors"][0]["code"] == code
    assert document["errors"][0]["detail"]


@pytest.mark.parametrize("body,pointer,code", [
    ({"name": "ok.example", "profile": "nope"}, "/profile", "no_such"),
    ({"name": "ok.example", "region": "moon"}, "/region", None),
    ({"name": "ok.example", "environment": "moon"}, "/environment", "not_allowed"),
    ({"name": "ok.example", "colour": "red"}, "/colour", "unknown_member"),
    ({"name": "ok.example", "tags": [1]}, "/tags/0", "wrong_type"),
    ({"name": "ok.example", "settings": {"nope": "x"}}, "/settings/nope", None),
    ({"name": "ok.example", "settings": {"dkim_key": "x"}}, "/settings/dkim_key",
     "reserved"),
    ({}, "/name", "required"),
], ids=lambda value: json.dumps(value)[:30] if isinstance(value, dict) else None)
def test_members_that_do_not_fit(server, nothing_stored, body, pointer, code):
    reply = server.api.post("/v1/domains", body)
    document = is_problem(reply, 422)
    assert reply.pointers == [pointer]
    assert code in (None, document["errors"][0]["code"])


def test_a_duplicate(server):
    server.add("double.example")
    for name in ("double.example", "DOUBLE.example", "double.example."):
        reply = server.api.post("/v1/domains", {"name": name})
        assert reply.status == 409, reply
        is_problem(reply, 409)


@pytest.mark.parametrize("raw,status", [
    (b"{", 400), (b"", 400), (b"\xff\xfe", 400), (b"[]", 422), (b'"a"', 422),
    (b'{"name":"a.example","name":"b.example"}', 400), (b"[" * 5000, 400),
    (b'{"name":"\\ud800.example"}', 400), (b'{"name":"a.example"} x', 400),
])
def test_bodies_that_are_no_json_object(server, nothing_stored, raw, status):
    is_problem(server.api.call("POST", "/v1/domains", raw=raw), status)


def test_another_media_type(server, nothing_stored):
    is_problem(server.api.call("POST", "/v1/domains", raw=b"name=a.example",
                               headers={"Content-Type": "text/plain"}), 415)


def test_two_megabytes(server, nothing_stored):
    """Refused by its length, before it is read; the server goes on."""
    body = json.dumps({"name": "big.example", "note": "x" * (2 << 20)}).encode()
    try:
        is_problem(server.api.call("POST", "/v1/domains", raw=body, again=False), 413)
    except (BrokenPipeError, ConnectionResetError):
        pass  # closed before we were done sending, as RFC 9112 §9.3 has it
    assert server.api.get("/v1/domains").status == 200


@pytest.mark.parametrize("key", [None, "sk_" + "A" * 32, "x", "sk_\u00e4"])
def test_no_good_key(server, key):
    headers = {"Authorization": f"Bearer {key}".encode()} if key else {}
    is_problem(server.api.with_key(None).get("/v1/domains", headers=headers), 401)


def test_unknown_places(server):
    is_problem(server.api.get("/v1/nope"), 404)
    is_problem(server.api.get("/v1/domains/nowhere.example"), 404)
    is_problem(server.api.call("PUT", "/v1/domains"), 405)

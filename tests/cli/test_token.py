"""`signet token seal|open|rotate`: what is sealed opens under its host alone (S3-17)."""

import base64
import json
import os
import re
import stat

import pytest

from signetbin import fails, one_json, run

HOST = "track.acme.example"


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "token.keys"
    assert b"Key 1 seals" in run("token", "rotate", "--token-keys", path).stdout
    return path


def seal(keys, *args, host=HOST):
    return one_json(run("token", "seal", "--json", "--token-keys", keys, "--host", host,
                        *args).stdout)


def opened(keys, what, *args):
    return one_json(run("token", "open", "--json", "--token-keys", keys, what, *args).stdout)


def test_a_click(keys):
    made = seal(keys, "--tenant", "42", "--message", "12345678901234567890", "--link", "3",
                "--once", "https://www.acme.example/a?b=c")
    assert made["url"] == f"https://{HOST}/click/{made['token']}"
    assert re.fullmatch(r"[A-Za-z0-9_-]+", made["token"])
    want = {"kind": "click", "host": HOST, "tenant": 42, "link": 3, "once": True,
            "message": "12345678901234567890",
            "destination": "https://www.acme.example/a?b=c"}
    for got in (opened(keys, made["url"]), opened(keys, made["url"].upper()[:5] +
                                                  made["url"][5:] + "?utm=1"),
                opened(keys, made["token"], "--host", HOST.upper())):
        assert {k: got[k] for k in want} == want
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", got["sent_at"])


def test_opens_and_unsubscriptions(keys):
    url = seal(keys, "--kind", "open")["url"]
    assert url.endswith(".png")
    assert opened(keys, url)["kind"] == "open"
    url = seal(keys, "--kind", "unsubscribe", "ann@there.example")["url"]
    assert "/unsubscribe/" in url
    assert opened(keys, url)["address"] == "ann@there.example"


def test_text_for_people(keys):
    out = run("token", "seal", "--token-keys", keys, "--host", HOST,
              "https://acme.example/").stdout.decode().splitlines()
    assert out[1] == f"https://{HOST}/click/{out[0]}"
    text = run("token", "open", "--token-keys", keys, out[1]).stdout.decode()
    assert "destination  https://acme.example/" in text and "once         no" in text


def test_what_does_not_open(keys, tmp_path):
    made = seal(keys, "https://acme.example/")
    token = made["token"]
    ways = [(token[:-4] + "AAAA", HOST, "forged"), (token[:-8], HOST, "(forged|malformed)"),
            (token, "track.other.example", "forged"), ("x", HOST, "malformed"),
            (token + "=", HOST, "malformed"), ("C" + token[1:], HOST, "unknown_key")]
    for text, host, why in ways:
        assert re.search(why, fails("token", "open", "--token-keys", keys, "--host", host,
                                    text, status=65))
    other = tmp_path / "other.keys"
    run("token", "rotate", "--token-keys", other)
    assert "forged" in fails("token", "open", "--token-keys", other, made["url"], status=65)


def test_what_is_not_sealed(keys):
    for bad in ("javascript:alert(1)", "https://a@b.example/", "ftp://a.example/",
                "https://a.example/\nx", "https://a.example/" + "x" * 4090, ""):
        fails("token", "seal", "--token-keys", keys, "--host", HOST, bad, status=65)
    fails("token", "seal", "--token-keys", keys, "https://acme.example/", status=64)
    fails("token", "seal", "--token-keys", keys, "--host", HOST, "--kind", "x", status=64)


def test_rotation(keys):
    before = seal(keys, "https://acme.example/", "--message", "1")
    assert seal(keys, "https://acme.example/", "--message", "1") == before
    made = one_json(run("token", "rotate", "--json", "--token-keys", keys).stdout)
    assert made == {"id": 2, "keys": 2}
    after = seal(keys, "https://acme.example/", "--message", "1")
    assert after["token"] != before["token"]
    assert opened(keys, before["url"])["destination"] == "https://acme.example/"
    assert opened(keys, after["url"])["destination"] == "https://acme.example/"
    assert stat.S_IMODE(os.stat(keys).st_mode) == 0o600
    lines = keys.read_text().splitlines()
    assert len(lines) == 2 and len(base64.b64decode(lines[1].split()[2])) == 64
    # Without its key a link is dead, and the rest work on.
    keys.write_text(lines[1] + "\n")
    assert "unknown_key" in fails("token", "open", "--token-keys", keys, before["url"],
                                  status=65)
    assert opened(keys, after["url"])


def test_a_bad_file_is_left_alone(tmp_path):
    path = tmp_path / "token.keys"
    path.write_text("signet-token-key 1 AAAA 2026-11-27T09:00:00Z\n")
    assert "line 1" in fails("token", "rotate", "--token-keys", path, status=65)
    assert "AAAA" in path.read_text()
    fails("token", "open", "--token-keys", tmp_path / "none", "--host", HOST, "x", status=65)
    fails("token", "open", "--token-keys", tmp_path, "--host", HOST, "x", status=65)

"""`signet user` and `signet token`: what they ask of the API; passwords come by standard
input and are never among the arguments."""

import json

import pytest

from fakeapi import FakeApi
from signetbin import fails, run

USER = {"id": "usr_2", "email": "ann@acme.example", "role": "member",
        "created_at": "2026-11-21T02:30:00Z"}


@pytest.fixture(name="api")
def serve():
    with FakeApi() as api:
        yield api


def test_a_user_is_made(api):
    api.answers["POST", "/v1/users"] = 201, USER
    done = run("user", "add", "ann@acme.example", "--role", "member", env=api.env,
               stdin=b"correct horse battery\nnot this\n")
    assert b"ann@acme.example" in done.stdout and b"horse" not in done.stdout
    assert api.asked[0][3] == {"email": "ann@acme.example", "role": "member",
                               "password": "correct horse battery"}


def test_signing_in_sends_no_key(api):
    """The one call that needs none: whoever signs in has none yet."""
    api.answers["POST", "/v1/sessions"] = 201, {"secret": "ss_x", "user": USER,
                                                "expires_at": "2026-11-22T02:30:00Z"}
    done = run("token", "add", "ann@acme.example", env={"SIGNET_URL": api.url},
               stdin=b"correct horse battery\n")
    assert done.stdout == b"ss_x\n"
    assert "Authorization" not in api.asked[0][2]
    done = run("token", "add", "ann@acme.example", "--json", env={"SIGNET_URL": api.url},
               stdin=b"correct horse battery")
    assert json.loads(done.stdout)["secret"] == "ss_x"


def test_signing_out(api):
    api.answers["DELETE", "/v1/sessions/current"] = 204, None
    run("token", "rm", env=api.env)
    assert api.asked[0][:2] == ("DELETE", "/v1/sessions/current")


@pytest.mark.parametrize("given, said", [(b"", "no password"), (b"\n", "no password"),
                                         (b"x" * 2000, "too long")],
                         ids=["nothing", "empty line", "long"])
def test_no_password(api, given, said):
    assert said in fails("user", "add", "a@b.example", status=64, env=api.env, stdin=given)
    assert not api.asked


def test_wrong_password(api):
    api.answers["POST", "/v1/sessions"] = 401, {"code": "login_failed",
                                                "detail": "Address or password is wrong."}
    assert "login_failed" in fails("token", "add", "a@b.example", status=64,
                                   env=api.env, stdin=b"wrong wrong wrong\n")

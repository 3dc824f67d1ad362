"""The command line against a real server: what a newcomer types, in order."""

import json
import os
import subprocess

import pytest

import world
from server import SIGNET, host


@pytest.fixture
def signet(server):
    def run(*args, status=0):
        env = {k: v for k, v in os.environ.items() if not k.startswith("SIGNET_")}
        done = subprocess.run([SIGNET, *args], capture_output=True, text=True, timeout=60,
                              env={**env, "SIGNET_DATA_DIR": str(server.data)}, check=False)
        assert done.returncode == status, (args, done.stdout, done.stderr)
        return done.stdout if status < 64 else done.stderr
    return run


def test_from_adding_to_verified(lab, server, signet):
    """S0-6 to S0-8, S1-13, S3-10: add, see the records, publish, verify."""
    host(lab, "typed.example", world.WEB_SITE)
    assert "pending, cannot send" in signet("domain", "add", "typed.example")
    table = signet("domain", "records", "typed.example")
    assert "_domainkey" in table and "mx1.mail.example" in table
    server.checked("typed.example")
    host(lab, "typed.example", signet("domain", "records", "typed.example", "--format",
                                      "zone"))
    assert "typed.example: verified, can send" in signet("domain", "verify",
                                                         "typed.example")
    assert "verified, can send" in signet("domain", "watch", "typed.example")
    assert "verified" in signet("domain", "list", "--status", "verified")
    assert json.loads(signet("domain", "show", "typed.example", "--json"))["can_send"]
    assert "domain.verified" in signet("event", "list", "--domain", "typed.example")
    server.shift(61)


def test_senders_keys_and_accounts(server, signet):
    """S1-12, S1-36, S1-34."""
    signet("domain", "add", "sends.example")
    assert "hello@sends.example" in signet("sender", "add", "hello@sends.example",
                                           "--name", "Sends")
    sender = json.loads(signet("sender", "list", "--json", "--domain", "sends.example"))
    signet("sender", "rm", sender["data"][0]["id"])
    made = json.loads(signet("key", "add", "shop", "--scope", "send", "--json"))
    assert made["secret"].startswith("sk_")
    assert "shop" in signet("key", "list")
    signet("key", "rm", made["id"])
    account = json.loads(signet("account", "add", "Acme", "--email", "me@acme.example",
                                "--json"))
    assert "Acme" in signet("account", "show", account["id"])
    assert "Acme" in signet("account", "list")
    assert "sends.example" not in signet("domain", "list", "--account", account["id"])
    assert signet("review", "list") == ""


def test_a_new_key_of_the_domain(lab, server, signet):
    signet("domain", "add", "rolls.example")
    first = json.loads(signet("domain", "show", "rolls.example", "--json"))
    made = json.loads(signet("domain", "rotate", "rolls.example", "--json"))
    assert made["stage"] == "pending"
    assert made["public_key"] not in json.dumps(first)


def test_what_is_wrong_is_one_line(signet):
    assert signet("domain", "add", "co.uk", status=65).startswith("signet: domain add: name: ")
    assert "404" in signet("domain", "show", "nowhere.example", status=64)
    assert "401" in signet("domain", "list", "--key", "sk_" + "A" * 32, status=64)


def test_removed(server, signet):
    signet("domain", "add", "goes.example")
    assert signet("domain", "rm", "goes.example") == ""
    signet("domain", "show", "goes.example", status=64)

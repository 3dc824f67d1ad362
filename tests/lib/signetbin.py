"""Runs the binary under test: the one that SIGNET names, else build/src/cli/signet."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIGNET = os.environ.get("SIGNET", str(ROOT / "build/src/cli/signet"))
STATUSES = {0, 1, 2, 64, 65, 69}

DKIM_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqhzFo/ra6fsCSrrx0J+SImEvmod2tdyn"
    "pvBMpNytr4rqgh/B5ylwm7gDWxaAtQEYFOOxnl6PJvI7xCh7myU5QfDOIH4geYw1OFyRMvNMLPdf"
    "C5ERnjsTkI+qWMkhBBNKaug0fanFuFWjdxQa9VuYtFXfR0B6euHk0GT60O6z25psEcw2ONiA7AFX"
    "qR1pGzl+rLMqA147wvaq9kJmObXwN3b0yc91mfXTx34sNRCFrOxWV9VCvlcpW7FWc44Y0QLUGjTV"
    "K3f2Wsx0JphJRd3+TgPw2FHL1ewdQxMQPRzuZjBtQ4RlutOkeJVdan5ZlRUft65veuG9utdRHw+Y"
    "d8PlMQIDAQAB")

# What an account has in every profile (`--set name=value`).
SETTINGS = {
    "label": "sg42", "dkim_key": DKIM_KEY, "mx1": "mx1.mail.example",
    "mx2": "mx2.mail.example", "spf": "include:_spf.mail.example",
    "track_target": "edge.us.mail.example", "verify_token": "sg-verify-42",
    "verify_target": "verify.mail.example", "bounce_target": "bounce.mail.example",
    "dkim_target1": "s1.sg42.dkim.mail.example",
    "dkim_target2": "s2.sg42.dkim.mail.example",
}
PROFILES = ["brevo", "customerio", "delegated", "mailgun", "mailtrap", "postmark",
            "sendgrid", "ses", "standard", "userpilot"]


def run(*args, stdin=b"", timeout=30, env=None):
    """The finished process; bytes in and out. Fails on a signal or a strange status."""
    done = subprocess.run([SIGNET, *args], input=stdin, capture_output=True,
                          timeout=timeout, check=False,
                          env={**os.environ, **env} if env else None)
    assert done.returncode in STATUSES, (args, done.returncode, done.stderr[-500:])
    return done


def sets(settings=None):
    """`--set=name=value` for each."""
    return [f"--set={name}={value}"
            for name, value in (SETTINGS if settings is None else settings).items()]


def fails(*args, status, stdin=b"", timeout=30, env=None):
    """The one line on standard error of a command that must fail."""
    done = run(*args, stdin=stdin, timeout=timeout, env=env)
    text = done.stderr.decode("utf-8", "replace")
    assert done.returncode == status, (args, done.returncode, text)
    assert done.stdout == b""
    assert text.startswith("signet: ") and text.endswith("\n") and text.count("\n") == 1
    assert all(c.isprintable() for c in text[:-1]), text
    return text


def one_json(data):
    """The value of an output that must be one JSON value on one line."""
    assert data.endswith(b"\n") and data.count(b"\n") == 1
    return json.loads(data)


def check(*args, status=None, stdin=b"", timeout=30):
    """The verdict document of `signet check --json`."""
    done = run("check", *args, "--json", stdin=stdin, timeout=timeout)
    assert status is None or done.returncode == status, (done.returncode, done.stderr,
                                                         done.stdout)
    return one_json(done.stdout)


def render_zone(profile, domain, settings=None):
    """The records of a profile as zone text."""
    done = run("profile", "render", profile, domain, "--format", "zone",
               *sets(settings))
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def records_of(verdict, purpose):
    return [r for r in verdict["records"] if r["purpose"] == purpose]


def codes(verdict, severity=None):
    """The codes of all diagnoses and advice, of one severity where given."""
    lists = [r["diagnosis"] for r in verdict["records"]] + [verdict["advice"]]
    return [d["code"] for found in lists for d in found
            if severity in (None, d["severity"])]

"""Every diagnosis is proven: a scenario where it fires, with words of its fix, and one
where it must not. And all the codes of the contract are there."""

import re
from pathlib import Path

import pytest

from signetbin import run

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
# What the probes of tracking names say has no severity there, and no scenario.
CODES = re.findall(rb"^\| `([a-z0-9_.]+)` \| (?:error|warning|advice) ",
                   run("manual", "diagnoses").stdout, re.M)
CODES = sorted({code.decode() for code in CODES})
UNNAMED = {"dns.negative_cached"}  # need not be named by `expect`


def scenario(code, name):
    return (SCENARIOS / code.split(".")[0] / f"{code}.{name}.scenario").read_text()


def test_there_are_codes():
    assert len(CODES) >= 80


@pytest.mark.parametrize("code", CODES)
def test_it_fires(code):
    text = scenario(code, "fires")
    said = [line for line in text.splitlines() if line.startswith(("expect", "advice"))]
    assert any(code in line.split() for line in said) or code in UNNAMED
    assert re.search(rf"^fix {re.escape(code)} \S", text, re.M), "its fix is not tested"


@pytest.mark.parametrize("code", CODES)
def test_it_is_quiet(code):
    text = scenario(code, "quiet")
    said = [line for line in text.splitlines() if line.startswith(("expect", "advice"))]
    assert not any(code in line.split() for line in said)
    assert said or re.search(r"^(clean|absent )", text, re.M), "nothing is tested"

"""The public DKIM corpora against the real binary: every verdict that dkimpy, Mail::DKIM
and mailauth agree on is ours too; where they do not (`split`), there is only an answer.
"""

import json

import pytest

from signetbin import ROOT, one_json, run

CORPUS = ROOT / "tests/corpus/dkim"
EXPECTED = {"generated": "expected.json", "lieser": "oracle-verdicts.json",
            "stalwart": "oracle-verdicts.json"}
NOW = 1795300000  # after the corpus was signed


def cases():
    for folder, name in EXPECTED.items():
        for message, entry in json.loads((CORPUS / folder / name).read_text()).items():
            path = CORPUS / folder / message
            if path.exists():
                yield pytest.param(path, entry["consensus"], id=f"{folder}/{message}")


def read(path):
    """Messages other than the generated ones are Unix files of CRLF messages."""
    data = path.read_bytes()
    if path.parent.name != "generated":
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return data


def verify(message, args, now=NOW):
    done = run("dkim", "verify", "--json", "--now", str(now), *args, stdin=message)
    assert done.returncode == 0, done.stderr
    return one_json(done.stdout)["signatures"]


@pytest.mark.parametrize("path,consensus", cases())
def test_consensus(path, consensus, serve):
    signatures = verify(read(path), serve(path.parent / "dns.json"))
    assert signatures
    passes = [s for s in signatures if s["result"] == "pass"]
    if consensus == "pass":
        assert passes, signatures
    elif consensus == "notpass":
        assert not passes, signatures
    for signature in signatures:
        assert signature["reason"] or signature["result"] == "pass"


def test_nothing_is_left_out():
    assert len(list(cases())) == 138
